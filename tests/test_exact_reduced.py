"""The degree-only factors: closed forms against 3j symbols, and the matrices whose traces give the matrix family."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product

import pytest

from coupling.conventions import FAMILIES, parity_sign
from coupling.exact import (
    Surd,
    antisymmetric_gaunt,
    bracket_factor,
    clebsch_gordan,
    gaunt,
    reduced_matrix,
    wigner_3j,
    wigner_3j_at_zero,
)
from coupling.families import family as known
from coupling.selection import complex_orders, paths, triangle
from tests.domain import half, orders, orders_with_sum, threej


def paths_up_to(lmax: int, parity: int) -> int:
    """The number of paths with all three degrees up to lmax and J of a parity, counted without the enumeration."""
    triples = product(range(lmax + 1), repeat=3)
    return sum(max(l) * 2 <= sum(l) and sum(l) % 2 == parity for l in triples)


def degrees_product(l1: int, l2: int, l3: int) -> int:
    return (2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1)


def test_3j_at_zero_orders(lmax: int) -> None:
    """The closed form is the 3j symbol, everywhere; it vanishes for odd J and never on an even path."""
    met = 0
    for l in product(range(2 * lmax + 1), repeat=3):
        value = wigner_3j_at_zero(*l)
        assert value == wigner_3j(*l, 0, 0, 0)
        assert bool(value) == (triangle(*l) and sum(l) % 2 == 0)
        met += bool(value)
    assert met == paths_up_to(2 * lmax, 0)


def test_the_four_forms_of_the_bracket_factor(lmax: int) -> None:
    """K on every odd path, from four expressions; it never vanishes there."""
    met = 0
    for l1, l2, l3 in paths(2 * lmax, parity="odd"):
        k, total = bracket_factor(l1, l2, l3), l1 + l2 + l3
        assert k and min(l1, l2, l3) > 0
        spin = Surd(1, l1 * (l1 + 1) * l2 * (l2 + 1))
        assert k == spin * wigner_3j(l1, l2, l3, 1, -1, 0)
        shifted = (total + 2) * (l1 + l2 - l3 + 1) * (-l1 + l2 + l3 + 1) * (l1 - l2 + l3)
        assert k == Surd(1, shifted, 4) * wigner_3j(l1, l2 + 1, l3, 0, 0, 0)
        gaps = [total - 2 * l for l in (l1, l2, l3)]
        below = Surd(1, (total**2 - 1) * gaps[0] * gaps[1] * gaps[2], 4 * total)
        assert abs(k) == below * abs(wigner_3j(l1 - 1, l2 - 1, l3 - 1, 0, 0, 0))
        above = (total + 2) * (total + 4) * (gaps[0] + 1) * (gaps[1] + 1) * (gaps[2] + 1)
        assert k == Surd(-1, above, 4 * (total + 3)) * wigner_3j(l1 + 1, l2 + 1, l3 + 1, 0, 0, 0)
        met += 1
    assert met == paths_up_to(2 * lmax, 1)


def test_the_parity_gate_of_the_bracket_factor(lmax: int) -> None:
    """K = 0 off the odd paths, where the spin-weighted 3j symbol alone is not zero."""
    lmax = max(lmax, 2)
    met = gated = 0
    for l in product(range(lmax + 1), repeat=3):
        if not (triangle(*l) and sum(l) % 2):
            assert bracket_factor(*l) == 0
            met += 1
            gated += min(l[:2]) > 0 and bool(wigner_3j(*l, 1, -1, 0))
    assert met == (lmax + 1) ** 3 - paths_up_to(lmax, 1)
    assert gated


COEFFICIENTS = {
    "wigner_3j": wigner_3j,
    "clebsch_gordan": clebsch_gordan,
    "gaunt": gaunt,
    "antisymmetric_gaunt": antisymmetric_gaunt,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_coefficient_is_reduced_factor_times_3j(family: str, lmax: int) -> None:
    met = 0
    for l in paths(lmax):
        for m1, m2, m3 in complex_orders(*l):
            turned = family == "clebsch_gordan"
            sign = parity_sign(m3) if turned else 1
            value = COEFFICIENTS[family](*l, m1, m2, -m3 if turned else m3)
            assert value == sign * known(family).reduced(*l) * wigner_3j(*l, m1, m2, m3)
            met += 1
    assert met == sum(orders_with_sum(0, *(2 * x for x in l)) for l in paths(lmax))


@pytest.mark.parametrize("family", FAMILIES)
def test_real_factor_is_the_size_of_the_complex_one(family: str, lmax: int) -> None:
    met = 0
    for l in product(range(lmax + 1), repeat=3):
        assert known(family).reduced(*l, basis="real") == abs(known(family).reduced(*l))
        assert known(family).reduced(*l, basis="real") >= 0
        met += 1
    assert met == (lmax + 1) ** 3


@cache
def matrix(j: int, l: int, m: int) -> dict[tuple[int, int], Surd]:
    """T_lm of doubled spin j: (-1)^(j-p) √(2l+1) 3j(j l j; -p m q), by doubled (p, q)."""
    return {
        (p, p - 2 * m): parity_sign((j - p) // 2) * Surd(1, 2 * l + 1) * threej(j, 2 * l, j, -p, 2 * m, p - 2 * m)
        for p in orders(j)
        if abs(p - 2 * m) <= j
    }


def trace(*matrices: dict[tuple[int, int], Surd]) -> Surd:
    """The trace of a product of matrices."""
    chain = matrices[0]
    for factor in matrices[1:]:
        chain = {(p, s): a * b for (p, q), a in chain.items() for (r, s), b in factor.items() if q == r}
    total = Surd(0)
    for (p, q), value in chain.items():
        total = total + value if p == q else total
    return total


@pytest.mark.parametrize("j", range(7))
def test_matrices_are_orthonormal(j: int) -> None:
    """tr(T_lm T_l'm'†) = δ δ, T_lm† = (-1)^m T_l,-m: (2j+1)² matrices, a basis."""
    names = [(l, m) for l in range(j + 1) for m in range(-l, l + 1)]
    assert len(names) == (j + 1) ** 2
    for l, m in names:
        turned = {(q, p): value for (p, q), value in matrix(j, l, m).items()}
        assert turned == {place: parity_sign(m) * value for place, value in matrix(j, l, -m).items()}
        for other in range(abs(m), j + 1):
            assert trace(matrix(j, other, m), turned) == int(l == other)


@pytest.mark.parametrize("j", range(7))
def test_trace_of_three_matrices(j: int, lmax: int) -> None:
    """tr(T1 T2 T3) = (-1)^(2j+J) √P 6j{l1 l2 l3; j j j} 3j(l1 l2 l3; m1 m2 m3), on all degrees up to lmax and 2j."""
    limit = min(j, lmax)
    met = 0
    for l in product(range(limit + 1), repeat=3):
        factor = parity_sign(j + sum(l)) * reduced_matrix(*l, half(j))
        for m1, m2 in product(range(-l[0], l[0] + 1), range(-l[1], l[1] + 1)):
            m3 = -m1 - m2
            if abs(m3) <= l[2]:
                value = trace(matrix(j, l[0], m1), matrix(j, l[1], m2), matrix(j, l[2], m3))
                assert value == factor * wigner_3j(*l, m1, m2, m3), (l, m1, m2)
                met += 1
    harmonics = [m for l in range(limit + 1) for m in range(-l, l + 1)]
    assert met == sum(-m1 - m2 == m3 for m1, m2, m3 in product(harmonics, repeat=3))


def test_matrix_factor_vanishes_beyond_the_spin() -> None:
    met = 0
    for j in range(6):
        for l in product(range(7), repeat=3):
            if max(l) > j:
                assert reduced_matrix(*l, half(j)) == 0
                met += 1
    assert met == sum(7**3 - (j + 1) ** 3 for j in range(6))


def test_matrix_factor_tends_to_the_other_families() -> None:
    """With n = 2j+1, √n √P 6j → √P 3j(000) for even J and n √n √P 6j → √P K for odd J, up to order 1/n²."""
    met = 0
    for l in paths(4):
        first, second = (_error(l, n) for n in (101, 1001))
        assert first < Fraction(1, 20)
        assert second <= first / 95
        met += 1
    assert met == paths_up_to(4, 0) + paths_up_to(4, 1)


def _error(l: tuple[int, int, int], n: int) -> Fraction:
    """How far the square of the ratio is from 1."""
    value = abs(reduced_matrix(*l, Fraction(n - 1, 2))) * Surd(1, n)
    ratio = value * n / bracket_factor(*l) if sum(l) % 2 else value / wigner_3j_at_zero(*l)
    return abs((ratio / Surd(1, degrees_product(*l))).square - 1)
