"""The real core C and the real integrals, from the change of basis, in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import permutations, product

import pytest

from coupling.conventions import parity_sign
from coupling.exact import (
    Surd,
    antisymmetric_gaunt,
    clebsch_gordan,
    gaunt,
    real_antisymmetric_gaunt,
    real_clebsch_gordan,
    real_gaunt,
    real_wigner_3j,
)
from coupling.families import family as known
from coupling.selection import Path, paths, real_orders, triangle
from tests.domain import orders_with_sum, threej

I = Surd(1, unit=1)


def change(m: int) -> dict[int, Surd]:
    """Row m of U, by complex order: R_m = [Y_{-m} + (-1)^m Y_m]/√2, R_{-m} = i [Y_{-m} - (-1)^m Y_m]/√2."""
    half = Surd(1, 1, 2)
    if m == 0:
        return {0: Surd(1)}
    sign = parity_sign(m) * half
    return {-m: half, m: sign} if m > 0 else {m: I * half, -m: -sign * I}


def symbol(l: Path, m: Path) -> Surd:
    return threej(*(2 * x for x in l), *(2 * x for x in m))


@cache
def core(l: Path) -> dict[Path, Surd]:
    """(-i)^J (U1 ⊗ U2 ⊗ U3) 3j of all orders, from the definition."""
    return {m: (-I) ** sum(l) * _to_real(symbol, l, m) for m in all_orders(l)}


def _to_real(coefficient: object, l: Path, m: Path) -> Surd:
    total = Surd(0)
    for terms in product(*(change(x).items() for x in m)):
        mus, factors = zip(*terms, strict=True)
        if sum(mus) == 0:
            total += factors[0] * factors[1] * factors[2] * coefficient(l, mus)  # type: ignore[operator]
    return total


def all_orders(l: Path) -> list[Path]:
    return list(product(*(range(-x, x + 1) for x in l)))  # type: ignore[arg-type]


def block_sizes(lmax: int) -> int:
    return sum((2 * a + 1) * (2 * b + 1) * (2 * c + 1) for a, b, c in paths(lmax))


def test_change_of_basis_is_unitary() -> None:
    orders = range(-4, 5)
    met = 0
    for m, n in product(orders, repeat=2):
        total = Surd(0)
        for mu, value in change(m).items():
            total += value * change(n).get(mu, Surd(0)).conjugate()
        assert total == int(m == n)
        met += 1
    assert met == 81


def test_core_is_its_definition(lmax: int) -> None:
    met = 0
    for l in paths(lmax):
        for m, value in core(l).items():
            assert value.unit == 0
            assert real_wigner_3j(*l, *m) == value, (l, m)
            met += 1
    assert met == block_sizes(lmax)


def test_core_has_unit_norm(lmax: int) -> None:
    met = 0
    for l in paths(lmax):
        assert sum((real_wigner_3j(*l, *m).square for m in all_orders(l)), Fraction(0)) == 1
        met += 1
    assert met == sum(triangle(*l) for l in product(range(lmax + 1), repeat=3))


def test_core_is_cyclic_and_swaps_with_the_parity(lmax: int) -> None:
    met = 0
    for l1, l2, l3 in paths(lmax):
        sign = parity_sign(l1 + l2 + l3)
        for m1, m2, m3 in all_orders((l1, l2, l3)):
            value = real_wigner_3j(l1, l2, l3, m1, m2, m3)
            assert real_wigner_3j(l2, l3, l1, m2, m3, m1) == value
            assert real_wigner_3j(l2, l1, l3, m2, m1, m3) == sign * value
            met += 1
    assert met == block_sizes(lmax)


def test_core_of_three_vectors_is_the_cross_product() -> None:
    """C(1,1,1) = ε/√6 in the order y, z, x."""
    met = 0
    for m in product((-1, 0, 1), repeat=3):
        epsilon = {p: _sign(p) for p in permutations((-1, 0, 1))}.get(m, 0)
        assert real_wigner_3j(1, 1, 1, *m) == epsilon * Surd(1, 1, 6)
        met += 1
    assert met == 27


def _sign(p: tuple[int, ...]) -> int:
    return parity_sign(sum(p[i] > p[k] for i in range(3) for k in range(i, 3)))


def test_core_with_a_scalar_is_the_identity(lmax: int) -> None:
    """C(0, l, l) = δ/√(2l+1): positive for all l."""
    met = 0
    for l in range(2 * lmax + 1):
        for m, n in product(range(-l, l + 1), repeat=2):
            assert real_wigner_3j(0, l, l, 0, m, n) == int(m == n) * Surd(1, 1, 2 * l + 1)
            met += 1
    assert met == sum((2 * l + 1) ** 2 for l in range(2 * lmax + 1))


def test_real_selection_rules_are_complete(lmax: int) -> None:
    """Nothing outside `real_orders` in the definition; inside, only where the 3j symbol itself vanishes by accident."""
    met = accidental = 0
    for l in paths(lmax):
        allowed = set(real_orders(*l))
        for m, value in core(l).items():
            if m not in allowed:
                assert value == 0, (l, m)
            elif value == 0:
                assert not symbol(l, _balanced(m))
                accidental += 1
            met += 1
    assert met == block_sizes(lmax)
    assert accidental == _zeros_of_real_blocks(lmax)


def _balanced(m: Path) -> Path:
    """Signs for |m| that make the sum zero."""
    return next(mu for mu in product(*({x, -x} for x in m)) if sum(mu) == 0)  # type: ignore[return-value]


def _zeros_of_real_blocks(lmax: int) -> int:
    """The zeros of the complex blocks, which come in pairs (m, -m), times the real entries of the same sizes |m|."""
    zeros = 0
    for l in paths(lmax):
        for m1, m2 in product(range(-l[0], l[0] + 1), range(-l[1], l[1] + 1)):
            m = (m1, m2, -m1 - m2)
            if abs(m[2]) <= l[2] and not symbol(l, m):
                zeros += _real_entries(l, m)
    return zeros // 2


def _real_entries(l: Path, m: Path) -> int:
    """Real entries with the sizes |m| that the number of negative orders allows."""
    sizes = product(*({abs(x), -abs(x)} for x in m))
    return sum((sum(x < 0 for x in choice) + sum(l)) % 2 == 0 for choice in sizes)


def test_real_orders_are_listed_in_order_and_once(lmax: int) -> None:
    """Against a filter over all orders: the largest |m| is half of the sum, the negative orders have J's parity."""
    met = 0
    for l in paths(lmax):
        listed = list(real_orders(*l))
        expected = [
            m
            for m in all_orders(l)
            if max(map(abs, m)) * 2 == sum(map(abs, m)) and (sum(x < 0 for x in m) + sum(l)) % 2 == 0
        ]
        assert listed == expected  # lexicographic, each once
        met += 1
    assert met == sum(triangle(*l) for l in product(range(lmax + 1), repeat=3))


@pytest.mark.parametrize(
    ("complex_one", "real_one", "family"),
    [
        (gaunt, real_gaunt, "gaunt"),
        (antisymmetric_gaunt, real_antisymmetric_gaunt, "antisymmetric_gaunt"),
    ],
)
def test_real_integrals_are_the_transformed_complex_ones(
    complex_one: object, real_one: object, family: str, lmax: int
) -> None:
    """∫ over R = (U1 ⊗ U2 ⊗ U3) ∫ over Y, by linearity; it is the positive factor times C."""
    met = 0
    for l in paths(lmax):
        for m in all_orders(l):
            value = real_one(*l, *m)  # type: ignore[operator]
            assert value == _to_real(lambda l, mus: complex_one(*l, *mus), l, m)  # type: ignore[operator]
            assert value == known(family).reduced(*l, basis="real") * real_wigner_3j(*l, *m)
            met += 1
    assert met == block_sizes(lmax)


def test_columns_of_the_real_clebsch_gordan_matrix_have_norm_one(lmax: int) -> None:
    """Σ_{m1 m2} entry² = 1 for every (l3, m3)."""
    met = 0
    for l1, l2 in product(range(lmax), repeat=2):
        degrees = range(abs(l1 - l2), l1 + l2 + 1)
        for l3 in degrees:
            for n in range(-l3, l3 + 1):
                column = {m: real_clebsch_gordan(l1, l2, l3, *m, n) for m in product(_orders(l1), _orders(l2))}
                assert sum((v.square for v in column.values()), Fraction(0)) == 1
                met += 1
    assert met == lmax**4


def _orders(l: int) -> range:
    return range(-l, l + 1)


def test_real_and_complex_coefficients_have_the_same_squares(lmax: int) -> None:
    """Σ over the orders of a path: √(2l3+1) C and ⟨|⟩ have equal norms."""
    met = 0
    for l in paths(lmax):
        real = sum((real_clebsch_gordan(*l, *m).square for m in all_orders(l)), Fraction(0))
        complex_ = sum((clebsch_gordan(*l, *m).square for m in all_orders(l)), Fraction(0))
        assert real == complex_ == 2 * l[2] + 1
        met += orders_with_sum(0, *(2 * x for x in l))
    assert met == sum(sum(1 for m in all_orders(l) if sum(m) == 0) for l in paths(lmax))
