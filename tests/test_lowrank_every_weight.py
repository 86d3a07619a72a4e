"""The bound of the border rank for every choice of weights: its determinant against the flattening in floats."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from coupling.exact import triangle_coefficient, wigner_3j
from coupling.lowrank import constructed, every_weight
from coupling.lowrank.bounds import koszul_flattening, rank_of
from coupling.lowrank.every_weight import (
    bound_for_every_weight,
    flattening_blocks_of,
    fraction_determinant,
    losing_roots,
    rational_3j,
    spin_factors,
)
from coupling.numbers.tabulation import tabulate


def degree_part(lmax: int, weights: dict[tuple[int, int], float]) -> np.ndarray:
    """The tensor of the paths (lmax, l2, l3), its first slot the degree lmax, in the real basis."""
    blocks, n = tabulate("wigner_3j", lmax).blocks(), (lmax + 1) ** 2
    found = np.zeros((2 * lmax + 1, n, n))
    for (l1, l2, l3), values in blocks.items():
        if l1 == lmax:
            place = slice(None), slice(l2 * l2, (l2 + 1) ** 2), slice(l3 * l3, (l3 + 1) ** 2)
            found[place] = values * weights.get((l2, l3), 1.0)
    return found


def unit_weight(tau: Fraction) -> float:
    """The weight of (2, 2, 2), with 1 for the others, that has this τ over the scales of the rational numbers."""
    ratio = (
        triangle_coefficient(2, 1, 2)
        * triangle_coefficient(2, 2, 1)
        / (triangle_coefficient(2, 1, 1) * triangle_coefficient(2, 2, 2))
    )
    return float(ratio) * float(tau)


def test_the_rational_numbers_are_the_symbols() -> None:
    met = 0
    for l2, l3 in np.ndindex(3, 3):
        for m1, m2 in np.ndindex(5, 2 * l2 + 1):
            orders = m1 - 2, m2 - l2, -(m1 - 2) - (m2 - l2)
            if abs(orders[2]) <= l3 and wigner_3j(2, l2, l3, *orders):
                scales = np.prod([float(comb(2 * l, l + m)) ** -0.5 for l, m in zip((2, l2, l3), orders, strict=True)])
                size = scales * np.prod([float(every_weight.factorial(2 * l)) ** 0.5 for l in (2, l2, l3)])
                value = float(rational_3j((2, l2, l3), orders)) * float(triangle_coefficient(2, l2, l3)) * size
                assert value == pytest.approx(float(wigner_3j(2, l2, l3, *orders)), rel=1e-12)
                met += 1
    assert met > 60


def test_the_spins_make_up_the_flattening() -> None:
    for lmax, size in ((1, 12), (2, 90)):
        blocks = flattening_blocks_of(lmax, {})
        assert sum(map(len, blocks.values())) == size == comb(2 * lmax + 1, lmax) * (lmax + 1) ** 2
        assert all(len(rows) == len(rows[0]) for rows in blocks.values())


def test_the_rank_falls_at_the_roots_alone_and_by_their_multiplicity() -> None:
    found = losing_roots(2)
    assert sorted(found.items()) == [
        (Fraction(-28, 9), 3),
        (Fraction(-4, 15), 5),
        (Fraction(-4, 27), 7),
        (Fraction(20, 9), 9),
    ]
    for tau, lost in found.items():
        assert rank_of(koszul_flattening(degree_part(2, {(2, 2): unit_weight(tau)}), 2)) == 90 - lost
    random = np.random.default_rng(0)
    for _ in range(3):
        weights = {(l2, l3): random.choice([-1, 1]) * random.uniform(0.3, 3) for l2, l3 in np.ndindex(3, 3)}
        assert rank_of(koszul_flattening(degree_part(2, weights), 2)) == 90
    assert losing_roots(1) == {} and all(slope == 0 for _, slope in spin_factors(1).values())


def test_the_bounds_are_below_what_is_known() -> None:
    assert bound_for_every_weight(1) == constructed(1, complex_factors=True).rank == 6  # attained at ρ = 1/3
    assert bound_for_every_weight(2) == 14 and bound_for_every_weight(2, lost=0) == 15 < constructed(2).rank
    with pytest.raises(ValueError, match="lmax must be 1 or 2"):
        bound_for_every_weight(3)


def test_factors_that_are_wrong_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    true = every_weight.fraction_determinant
    monkeypatch.setattr(every_weight, "fraction_determinant", lambda rows: true(rows) + (len(rows) == 7))
    with pytest.raises(ArithmeticError, match="not the product of linear factors"):
        spin_factors(2)
    assert fraction_determinant([]) == 1
