"""Wigner 12j symbols: the contraction of eight 3j symbols, symmetries of the two graphs, reductions, orthogonality."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from math import factorial

import numpy as np
import pytest

import coupling
from coupling.conventions import parity_sign
from coupling.exact import Surd, triangle_coefficient, wigner_12j
from tests.domain import couples, half, orders, six_degrees, sixj, threej, triad_indicator
from tests.test_exact_6j_9j import count_nine, nine_degrees, ninej

Row = tuple[int, ...]
KINDS = (1, 2)


@cache
def twelvej(kind: int, a: Row, b: Row, c: Row) -> Surd:
    """The symbol of rows of doubled degrees."""
    return wigner_12j(*map(half, (*a, *b, *c)), kind=kind)


def closed(kind: int, a: Row, c: Row) -> tuple[Row, Row]:
    """Both lines, with what follows their last degree."""
    return ((*a, c[0]), (*c, a[0])) if kind == 1 else ((*a, a[0]), (*c, c[0]))


def triads_of(kind: int, a: Row, b: Row, c: Row) -> list[Row]:
    return [(line[i], line[i + 1], b[i]) for line in closed(kind, a, c) for i in range(4)]


def twelve_degrees(kind: int, limit: int) -> Iterator[tuple[Row, Row, Row]]:
    """The doubled degrees up to a limit whose eight triads couple."""
    for a, c in product(product(range(limit + 1), repeat=4), repeat=2):
        upper, lower = closed(kind, a, c)
        pairs = [
            [b for b in range(limit + 1) if couples(upper[i], upper[i + 1], b) and couples(lower[i], lower[i + 1], b)]
            for i in range(4)
        ]
        yield from ((a, b, c) for b in product(*pairs))


def count_twelve(kind: int, limit: int) -> int:
    """The number of these, by a trace of products of matrices whose rows are pairs of degrees."""
    t = triad_indicator(limit)
    pairs = np.einsum("abx,cdx->acbd", t, t)
    n = limit + 1
    ring = np.linalg.matrix_power(pairs.reshape(n * n, n * n), 4).reshape(n, n, n, n)
    return int(np.einsum("acca->" if kind == 1 else "acac->", ring))


# -- the definition: 3j symbols at the vertices of a graph ------------------------------------------


def rational(number: Surd) -> Fraction:
    root = number.sign * Fraction(*(int(np.sqrt(float(n)) + 0.5) for n in (number.numerator, number.denominator)))
    assert root * abs(root) == number.sign * number.square
    return root


@cache
def vertex(a: int, b: int, c: int) -> np.ndarray:
    """3j(a b c; m n -p) / (Δ √Π (j+m)!(j-m)!) [m, n, p], which is rational."""
    block = np.zeros((a + 1, b + 1, c + 1), object)
    for (i, m), (k, n), (l, p) in product(*(enumerate(orders(j)) for j in (a, b, c))):
        if m + n == p:
            weights = Surd(1, int(np.prod([weight(j, o) for j, o in ((a, m), (b, n), (c, p))], dtype=object)))
            block[i, k, l] = rational(threej(a, b, c, m, n, -p) / triangle_coefficient(*map(half, (a, b, c))) / weights)
    return block


def weight(j: int, m: int) -> int:
    return factorial((j + m) // 2) * factorial((j - m) // 2)


def edge(j: int) -> np.ndarray:
    """(-1)^(j-m) (j+m)! (j-m)!: the metric of a line, and the roots of its two ends."""
    return np.array([parity_sign((j - m) // 2) * weight(j, m) for m in orders(j)], object)


def contraction(kind: int, a: Row, b: Row, c: Row) -> Surd:
    """Σ over all orders of Π 3j(a_i b_i a_{i+1}; m_i n_i -m_{i+1}) 3j(c_i b_i c_{i+1}; p_i -n_i -p_{i+1}) times
    (-1)^(j-m) of each of the twelve lines."""
    upper, lower = closed(kind, a, c)
    ring = None
    for i in range(4):
        top = vertex(upper[i], b[i], upper[i + 1]) * edge(b[i])[:, None] * edge(upper[i + 1])
        bottom = vertex(lower[i], b[i], lower[i + 1])[:, ::-1] * edge(lower[i + 1])
        rung = np.tensordot(top, bottom, ([1], [1])).transpose(0, 2, 1, 3)  # m p m' p'
        ring = rung if ring is None else np.tensordot(ring, rung, ([2, 3], [0, 1]))
    axes = (1, 0) if kind == 1 else (0, 1)
    total = np.trace(np.trace(ring.transpose(0, 1, 2 + axes[0], 2 + axes[1]), axis1=0, axis2=2))
    factor = Surd.rational(Fraction(total))
    for triad in triads_of(kind, a, b, c):
        factor *= triangle_coefficient(*map(half, triad))
    return factor


@pytest.mark.parametrize("kind", KINDS)
def test_12j_is_the_sum_over_eight_3j_symbols(kind: int) -> None:
    """First kind: (-1)^(2c1) times the contraction, whose lines run from left to right and cross once; second kind:
    (-1)^S times it.  All doubled degrees to 1, and every 97th of those to 2; both signs and half-integers occur."""
    met, negative = 0, 0
    for limit, step in ((1, 1), (2, 97)):
        for a, b, c in list(twelve_degrees(kind, limit))[::step]:
            sign = parity_sign(c[0] if kind == 1 else (sum(a) + sum(b) + sum(c)) // 2)
            assert contraction(kind, a, b, c) == sign * twelvej(kind, a, b, c), (a, b, c)
            met, negative = met + 1, negative + (sign < 0)
    whole = [count_twelve(kind, limit) for limit in (1, 2)]
    assert met == whole[0] + -(-whole[1] // 97) and negative > 20


LARGER = (
    (1, (2, 2, 5, 3), (2, 5, 2, 3), (2, 2, 5, 5)),
    (1, (2, 5, 3, 5), (3, 2, 4, 5), (2, 3, 5, 3)),
    (2, (3, 4, 2, 3), (5, 4, 3, 4), (4, 3, 5, 2)),
    (2, (3, 5, 3, 5), (2, 4, 2, 4), (5, 5, 5, 5)),
)


def test_12j_of_larger_degrees_is_the_sum_over_eight_3j_symbols() -> None:
    for kind, a, b, c in LARGER:
        sign = parity_sign(c[0] if kind == 1 else (sum(a) + sum(b) + sum(c)) // 2)
        assert contraction(kind, a, b, c) == sign * twelvej(kind, a, b, c) != 0


# -- symmetries ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_16_symmetries_of_the_ladders(kind: int) -> None:
    """Columns moved along the ring, read backwards, and both lines exchanged: no sign; of the first kind there are no
    others."""
    met = 0
    for a, b, c in twelve_degrees(kind, 2):
        value, (upper, lower) = twelvej(kind, a, b, c), closed(kind, a, c)
        assert twelvej(kind, upper[1:], (*b[1:], b[0]), lower[1:]) == value
        assert twelvej(kind, c, b, a) == value
        assert twelvej(kind, upper[:0:-1], b[::-1], lower[:0:-1]) == value
        met += 1
    assert met == count_twelve(kind, 2)


def test_the_48_symmetries_of_the_cube() -> None:
    """A rotation of the cube of the second kind that makes rungs of lines gives (-1)^(b1+b2+b3+b4+a2+a4+c2+c4+2a1+2c3);
    with the 16 others it generates all."""
    met, signs = 0, set()
    for a, b, c in twelve_degrees(2, 2):
        (a1, a2, a3, a4), (b1, b2, b3, b4), (c1, c2, c3, c4) = a, b, c
        sign = parity_sign((sum(b) + a2 + a4 + c2 + c4) // 2 + a1 + c3)
        turned = twelvej(2, (a1, b1, c1, b4), (a2, c2, c4, a4), (a3, b2, c3, b3))
        assert turned == sign * twelvej(2, a, b, c)
        signs.add(sign)
        met += 1
    assert met == count_twelve(2, 2) and signs == {1, -1}


# -- one degree is zero ----------------------------------------------------------------------------------


def test_a_rung_of_zero_makes_a_9j_of_the_first_kind() -> None:
    """{a b c c1; d e f 0; c1 c2 c3 a}: 9j{b e c; a c3 f; d c2 c1} / √((2a+1)(2c1+1))."""
    met = 0
    for a2, b2, a3, a1, c3, b3, b1, c2, c1 in nine_degrees(3):
        nine = ninej(a2, b2, a3, a1, c3, b3, b1, c2, c1)
        found = twelvej(1, (a1, a2, a3, c1), (b1, b2, b3, 0), (c1, c2, c3, a1))
        assert found == nine * Surd(1, 1, (a1 + 1) * (c1 + 1))
        met += 1
    assert met == count_nine(3)


def pairs_of_six(limit: int) -> Iterator[tuple[Row, Row]]:
    """Two tetrahedra with a triad in common, the first row of both."""
    by_row: dict[Row, list[Row]] = {}
    for six in six_degrees(limit):
        by_row.setdefault(six[:3], []).append(six[3:])
    yield from ((row + one, row + two) for row, rest in by_row.items() for one, two in product(rest, repeat=2))


def test_a_rung_of_zero_makes_two_6j_of_the_second_kind() -> None:
    """(-1)^R {b1 b2 b3; a3 a1 a2} {b1 b2 b3; c3 c1 c2} / √((2a1+1)(2c1+1)), R = a2+a3+b1+b2+b3+c2+c3: Biedenharn and
    Elliott's sum."""
    met = 0
    for (b1, b2, b3, a3, a1, a2), (*_, c3, c1, c2) in pairs_of_six(3):
        sign = parity_sign((a2 + a3 + b1 + b2 + b3 + c2 + c3) // 2)
        wanted = sign * sixj(b1, b2, b3, a3, a1, a2) * sixj(b1, b2, b3, c3, c1, c2) * Surd(1, 1, (a1 + 1) * (c1 + 1))
        assert twelvej(2, (a1, a2, a3, a1), (b1, b2, b3, 0), (c1, c2, c3, c1)) == wanted
        met += 1
    assert met == np.einsum("abc,aef,dbf,dec,ahi,gbi,ghc->", *[triad_indicator(3)] * 7, optimize=True)


def test_the_second_kind_of_yutsis_levinson_and_vanagas_has_the_sign_of_s() -> None:
    """The Rust crate wigner-3nj-symbols 0.2.0 renders their equation (17.2) and prints 1/9 and 1/18 for two symbols of
    three rungs: with a fourth, of zero, they are (-1)^S times ours times the root of (2a1+1)(2c1+1)."""
    for (j1, j2, j3), value in (((1, 1, 1), Fraction(1, 9)), ((3, 1, 1), Fraction(1, 18))):
        a, b, c = (j1, j2, j3, j1), (2, 2, 2, 0), (1, 1, 1, 1)
        sign = parity_sign((sum(a) + sum(b) + sum(c)) // 2)
        assert sign * twelvej(2, a, b, c) * Surd(1, (j1 + 1) * 2) == Surd.rational(value)
        assert twelvej(2, a, b, c) == sign * contraction(2, a, b, c)


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_of_zero_makes_two_6j(kind: int) -> None:
    """a4 = 0: one term of the sum is left, x = c4, with {a1 c1 c4; c2 a2 b1} {a2 c2 c4; c3 a3 b2}."""
    met = 0
    for c4, c1, a1, b1, a2, c2 in six_degrees(3):
        for b2, c3, a3 in product(range(4), repeat=3):
            if couples(a2, a3, b2) and couples(c2, c3, b2) and couples(c3, c4, a3):
                a, b, c = (a1, a2, a3, 0), (b1, b2, a3, c1 if kind == 1 else a1), (c1, c2, c3, c4)
                exponent = a1 + a3 + c1 + c3 + 2 * c4 + (sum((*a, *b, *c)) - c4 if kind == 1 else 0)
                pair = sixj(a1, c1, c4, c2, a2, b1) * sixj(a2, c2, c4, c3, a3, b2)
                wanted = parity_sign(exponent // 2) * pair * Surd(1, 1, (a3 + 1) * (b[3] + 1))
                assert twelvej(kind, a, b, c) == wanted
                met += 1
    assert met == np.einsum("abc,aef,dbf,dec,egi,fgh,hai->", *[triad_indicator(3)] * 7, optimize=True)


# -- floats ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_floats_are_the_exact_values_rounded(kind: int) -> None:
    """Of single symbols and of arrays, to the bit; what does not couple is a positive zero."""
    rows = [(*a, *b, *c) for a, b, c in list(twelve_degrees(kind, 2))[::7]]
    found = coupling.wigner_12j(*(np.array(rows) / 2).T, kind=kind)
    wanted = [float(twelvej(kind, row[:4], row[4:8], row[8:])) for row in rows]
    assert found.tobytes() == np.array(wanted).tobytes() and np.count_nonzero(found) > 100
    assert [coupling.wigner_12j(*map(half, row), kind=kind) for row in rows[:20]] == wanted[:20]
    grid = coupling.wigner_12j([[1], [2]], *[1] * 10, [1, 2, 3], kind=kind)
    assert grid.shape == (2, 3) and grid[1, 1] == coupling.wigner_12j(2, *[1] * 10, 2, kind=kind)
    zero = coupling.wigner_12j(*[1] * 7, 3, *[1] * 4, kind=kind)
    assert zero == 0 and not np.signbit(zero) and wigner_12j(*[1] * 7, 3, *[1] * 4, kind=kind) == 0
    assert coupling.wigner_12j(*[1] * 11, -1, kind=kind, outside="zero") == 0


def test_kinds_and_degrees_that_do_not_exist_are_refused() -> None:
    for function in (wigner_12j, coupling.wigner_12j):
        with pytest.raises(ValueError, match=r"^kind must be 1 or 2, got 3$"):
            function(*[1] * 12, kind=3)
        with pytest.raises(TypeError, match=r"^kind must be an integer, got str 'first'$"):
            function(*[1] * 12, kind="first")
        with pytest.raises(ValueError, match=r"^degree 12 must be >= 0, got -1$"):
            function(*[1] * 11, -1)
    with pytest.raises(ValueError, match=r"^degree 12 must be >= 0, got -1 at index 1$"):
        coupling.wigner_12j(*[1] * 11, [1, -1])


def test_both_kinds_differ_and_their_texts_are_those_of_exact_numbers() -> None:
    first, second = (wigner_12j(1, 1, 2, 1, 1, 1, 1, 2, 1, 1, 1, 2, kind=kind) for kind in KINDS)
    assert first and second and first != second
    assert str(wigner_12j(0.5, 0.5, 0.5, 0.5, 1, 1, 1, 0, 0.5, 0.5, 0.5, 0.5)) == "5/72"
    assert wigner_12j(*[1] * 12).latex() == r"\frac{1}{72}"
