"""The arithmetic under the tables: double-doubles against fractions, Regge's integers against Python's."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from coupling.exact.blocks import integer_rows
from coupling.kernels import chain
from coupling.kernels.doubledouble import (
    add,
    fma,
    inverse_root,
    is_rounded,
    product,
    quotient,
)
from coupling.kernels.path import MASK, combine, leading, round_scaled
from coupling.kernels.regge import BASE, MAX_TOTAL, binomials, first_block, next_block

U = Fraction(1, 2**53)


def double_doubles(count: int) -> list[tuple[float, float]]:
    """Normalised pairs h + l over a wide range, with extreme and with missing low parts."""
    rng = random.Random(1)
    found = []
    for _ in range(count):
        h = math.ldexp(rng.uniform(1, 2), rng.randint(-40, 40)) * rng.choice((-1, 1))
        l = rng.choice((0.0, 1.0, 0.999, rng.random())) * rng.choice((-1, 1)) * math.ulp(h) / 2
        if h + l == h:
            found.append((h, l))
    return found


def value(pair: tuple[float, float]) -> Fraction:
    return Fraction(pair[0]) + Fraction(pair[1])


def test_products_quotients_and_sums_keep_their_bounds() -> None:
    numbers = double_doubles(1500)
    pairs = list(pairwise(numbers))
    assert len(pairs) > 1000
    for a, b in pairs:
        true = value(a) * value(b)
        assert abs(value(product(*a, *b)) - true) <= 7 * U**2 * abs(true)
        ratio = value(a) / value(b)
        assert abs(value(quotient(*a, *b)) - ratio) <= 16 * U**2 * abs(ratio)
        total = value(a) + value(b)
        assert abs(value(add(*a, *b)) - total) <= 3 * U**2 * (abs(value(a)) + abs(value(b)))


def test_inverse_roots_keep_their_bound() -> None:
    met = 0
    for h, l in double_doubles(3000):
        if h > 0:
            root = value(inverse_root(h, l))
            # |root·√x - 1| ≤ ε is |root²x - 1| ≤ 2ε + ε²
            assert abs(root * root * value((h, l)) - 1) <= 2 * 12 * U**2 + (12 * U**2) ** 2
            met += 1
    assert met > 1000


def test_fma_rounds_once() -> None:
    rng = random.Random(2)
    for _ in range(500):
        a, b = rng.uniform(-2, 2), rng.uniform(-2, 2)
        assert fma(a, b, -(a * b)) == float(Fraction(a) * Fraction(b) - Fraction(a * b))


def test_the_rounding_test_is_certain_when_it_says_so() -> None:
    """With the true value anywhere within the bound of h + l, h is its nearest double."""
    met = 0
    for h, l in double_doubles(2000):
        for error in (2.0**-96, 2.0**-60, 2.0**-54):
            if is_rounded(h, l, error):
                slack = abs(Fraction(h)) * Fraction(error)
                assert float(value((h, l)) - slack) == float(value((h, l)) + slack) == h
                met += 1
    assert met > 2000
    assert not is_rounded(1.0, math.ulp(1.0) / 2, 2.0**-96)


@pytest.mark.parametrize("exponent", [0, -900, -1021, -1022, -1050, -1073, -1074, -1075, -1076, -1200])
def test_scaled_values_are_rounded_through_the_subnormal_numbers(exponent: int) -> None:
    met = 0
    for h, l in double_doubles(300):
        scale = math.frexp(h)[1]
        h, l = math.ldexp(h, -scale), math.ldexp(l, -scale)  # 1/2 ≤ |h| < 1
        found, certain = round_scaled(h, l, exponent, 2.0**-96)
        if certain:
            true = value((h, l)) * Fraction(2) ** exponent
            assert found == true.numerator / true.denominator
            met += 1
    assert met > 150


@pytest.mark.parametrize("exponent", [0, -1020, -1021, -1022, -1050, -1073])
def test_scaled_values_near_the_middle_of_two_doubles_are_doubtful(exponent: int) -> None:
    """Nearer to a middle than the bound h + l is doubtful; an eighth of a unit away it is certain."""
    error, met = 2.0**-80, 0
    for h in (0.5, 0.625, 0.75 + 2.0**-53):
        spacing = Fraction(max(2.0**-53, math.ldexp(1.0, -1074 - exponent)))
        middle = (Fraction(h) // spacing) * spacing + spacing / 2
        near = [k * Fraction(error) * Fraction(h) for k in map(Fraction, (-0.99, -0.5, 0, 0.5, 0.99))]
        for away in (-spacing / 8, *near, spacing / 8):
            high = float(middle + away)
            low = float(middle + away - Fraction(high))
            for sign in (1, -1):
                _, certain = round_scaled(sign * high, sign * low, exponent, error)
                assert certain == (abs(away) == spacing / 8), (h, away)
                met += 1
    assert met == 42


def test_binomials_are_exact_to_the_end() -> None:
    size = MAX_TOTAL + 2
    hi, lo = np.zeros((size, size)), np.zeros((size, size))
    binomials(size, hi, lo)
    for n in range(size):
        for k in range(n + 1):
            assert int(hi[n, k]) * int(BASE) + int(lo[n, k]) == math.comb(n, k)
    assert abs(lo).max() <= BASE / 2
    assert abs(hi).max() < 2.0**52


def chain_of(b: int, c: int) -> list[tuple[int, np.ndarray, np.ndarray]]:
    size = b + c + 8
    hi, lo = np.zeros((MAX_TOTAL + 2,) * 2), np.zeros((MAX_TOTAL + 2,) * 2)
    binomials(MAX_TOTAL + 2, hi, lo)
    now = np.zeros((size, size)), np.zeros((size, size))
    then = np.zeros((size, size)), np.zeros((size, size))
    blocks = []
    for a in range(b & 1, min(c, MAX_TOTAL - b - c) + 1, 2):
        if a < 2:
            first_block(a, b, c, hi, lo, *now)
        else:
            next_block(a, b, c, *now, *then)
            now, then = then, now
        blocks.append((a, now[0].copy(), now[1].copy()))
    return blocks


@pytest.mark.parametrize(
    ("b", "c"), [(0, 0), (1, 1), (6, 4), (7, 3), (12, 12), (33, 33), (34, 32), (50, 50), (49, 49), (80, 10)]
)
def test_integers_of_a_chain_are_exact(b: int, c: int) -> None:
    """Half a block and one row, to J = 100, where S takes all bits there are."""
    blocks = chain_of(b, c)
    assert len(blocks) == (min(c, MAX_TOTAL - b - c) - (b & 1)) // 2 + 1
    for a, hi, lo in blocks:
        l1, l2, l3 = (a + c) // 2, (a + b) // 2, (b + c) // 2
        for p1, row in enumerate(integer_rows(l1, l2, l3)):
            if p1 > l1:
                break
            found = [int(hi[p1 + 2, p2 + 2]) * int(BASE) + int(lo[p1 + 2, p2 + 2]) for p2 in range(2 * l2 + 1)]
            assert found == row.tolist(), (a, b, c, p1)
        assert abs(hi).max() < 2.0**52 and abs(lo).max() < 2.0**51


def from_digits(digits: np.ndarray, length: int) -> int:
    return sum(int(d) << (32 * i) for i, d in enumerate(digits[:length]))


def test_digits_are_combined_and_divided_exactly() -> None:
    rng = random.Random(3)
    grown = 0
    for case in range(400):
        divisor = rng.randint(1, 1 << 26) if case % 4 else 1 << case // 4 % 27
        quotient_ = rng.randint(-(1 << 200), 1 << 200) >> rng.randint(0, 190)
        x, y = rng.randint(-(1 << 26), 1 << 26) | 1, rng.randint(-(1 << 26), 1 << 26)
        # choose t freely and s such that x·s + y·t = quotient·divisor
        t = x * rng.randint(-(1 << 90), 1 << 90)
        rest = quotient_ * divisor * x - y * t
        s = rest // x
        assert x * s + y * t == quotient_ * divisor * x
        length = max(s.bit_length(), t.bit_length()) // 32 + 1
        digits_s, digits_t = to_digits_of_length(s, length), to_digits_of_length(t, length)
        result = np.zeros(length + 4, np.int64)
        new = combine(x, digits_s, y, digits_t, divisor, length, result)
        assert from_digits(result, new) == quotient_ * x
        grown += new > length
    assert grown > 0


def to_digits_of_length(number: int, length: int) -> np.ndarray:
    """Digits in base 2^32, the last one signed, in an array with room for more."""
    digits = np.zeros(length + 4, np.int64)
    for i in range(length - 1):
        digits[i] = (number >> (32 * i)) & MASK
    digits[length - 1] = number >> (32 * (length - 1))
    return digits


def test_leading_digits_give_a_double_double() -> None:
    rng = random.Random(4)
    for bits in (0, 1, 20, 31, 32, 33, 63, 64, 90, 130, 200, 400, 1000):
        for number in (1 << bits, (1 << bits) - 1, -(1 << bits), 1 - (1 << bits), rng.getrandbits(bits + 1)):
            for padding in (0, 1, 3):
                length = number.bit_length() // 32 + 1 + padding
                h, l, exponent = leading(to_digits_of_length(number, length), length)
                found = value((h, l)) * Fraction(2) ** exponent
                assert abs(found - number) <= 8 * U**2 * abs(number)
                assert (h == 0) == (number == 0)


def test_families_are_numbered_as_in_the_conventions() -> None:
    from coupling.conventions import FAMILIES

    numbers = chain.WIGNER_3J, chain.CLEBSCH_GORDAN, chain.GAUNT, chain.ANTISYMMETRIC_GAUNT
    assert numbers == tuple(range(4))
    assert FAMILIES == ("wigner_3j", "clebsch_gordan", "gaunt", "antisymmetric_gaunt")


def test_where_nothing_can_be_written_kernels_are_compiled_without_a_cache() -> None:
    """A read-only installation without a writable home: numba finds no place for its cache and refuses."""
    code = """
from numba import njit
from numba.core.caching import CacheImpl
CacheImpl._locator_classes = []
try:
    njit(lambda x: x, cache=True)
    raise SystemExit("numba has found a place")
except RuntimeError as error:
    assert "no locator available" in str(error)
from coupling.kernels.doubledouble import product
assert product(0.1, 0.0, 10.0, 0.0) == (1.0, 5.551115123125783e-17)
assert not product.stats.cache_path
print("compiled")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "compiled", done.stderr
