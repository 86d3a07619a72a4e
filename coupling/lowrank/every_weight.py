"""A lower bound of the border rank of the tensor of all paths that holds for every choice of weights without a zero.

One slot is cut to the degree l = lmax, 2l+1 coordinates.  The Koszul flattening Λ^l A ⊗ B* → Λ^(l+1) A ⊗ C is then a
square matrix; a tensor of border rank r has rank r binom(2l, l) there at most.  Only the weights w(l, l2, l3) are in
it, and scales of the degrees of B and C, which change no rank, make all of them 1 but, for lmax = 2, one:

    τ = w211 w222 / (w212 w221)      from  w(2, l2, l3) s(l2) t(l3).

Its determinant is a polynomial in τ.  In the basis of orders it falls into blocks, one for each sum M of orders, and
the block of M holds the spins J ≥ |M| once each, so det_M / det_(M+1) is the factor of spin J = M, and that has the
power 2J+1 in the determinant.  A rank falls at a root by no more than its multiplicity.  Without τ, at lmax = 1, the
determinant is a product of weights, and never zero.

All is exact: with √((l+m)!(l-m)!) for each component, and Δ(l1 l2 l3) for each path, taken out of the 3j symbols, what
remains are rational numbers.  Source: G. Racah, Theory of complex spectra II, Phys. Rev. 62 (1942) 438, equation (15).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations, product
from math import comb, factorial, prod

from coupling.conventions import parity_sign
from coupling.exact import Surd, triangle_coefficient, wigner_3j
from coupling.lowrank.exact_sums import square_part
from coupling.selection import Path, triangle

RationalRows = list[list[Fraction]]

#: Constant and slope of a linear polynomial in τ.
Line = tuple[Fraction, Fraction]

#: Bounds by degree limit, where the weights that occur leave one invariant, or none.
EVERY_WEIGHT = {1: 6, 2: 14}


def rational_3j(path: Path, orders: tuple[int, int, int]) -> Fraction:
    """Return a 3j symbol over Δ and over √((l+m)!(l-m)!) of its three components.

    >>> rational_3j((1, 1, 2), (1, 1, -2))
    Fraction(1, 4)
    """
    square = 1
    for l, m in zip(path, orders, strict=True):
        square *= factorial(l + m) * factorial(l - m)
    value = wigner_3j(*path, *orders) / (triangle_coefficient(*path) * Surd(1, square))
    (above, rest), (below, other) = square_part(value.numerator), square_part(value.denominator)
    if value and (rest, other) != (1, 1):
        raise ArithmeticError(f"{value} is not rational: 3j of {path} {orders}")
    return Fraction(value.sign * above, below)


def flattening_blocks_of(lmax: int, weights: Mapping[tuple[int, int], Fraction]) -> dict[int, RationalRows]:
    """Return the blocks of the flattening by their sum of orders; weights: of (l2, l3), 1 where none is given.

    >>> sorted((M, len(rows)) for M, rows in flattening_blocks_of(1, {}).items() if M >= 0)
    [(0, 4), (1, 3), (2, 1)]
    """
    n = [(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]
    rows: dict[int, dict[object, int]] = defaultdict(dict)
    columns: dict[int, dict[object, int]] = defaultdict(dict)
    found: dict[int, dict[tuple[int, int], Fraction]] = defaultdict(dict)
    for chosen in combinations(range(lmax, -lmax - 1, -1), lmax + 1):
        for place, first in enumerate(chosen):
            rest = chosen[:place] + chosen[place + 1 :]
            for (l2, m2), (l3, m3) in product(n, n):
                if m3 != -first - m2 or not triangle(lmax, l2, l3):
                    continue
                value = rational_3j((lmax, l2, l3), (first, m2, m3)) * weights.get((l2, l3), Fraction(1))
                total = sum(chosen) + m2
                row = rows[total].setdefault((chosen, l2, m2), len(rows[total]))
                column = columns[total].setdefault((rest, l3, m3), len(columns[total]))
                found[total][row, column] = value * parity_sign(place)
    return {
        total: [[entries.get((i, j), Fraction(0)) for j in range(len(columns[total]))] for i in range(len(rows[total]))]
        for total, entries in found.items()
    }


def fraction_determinant(matrix: Sequence[Sequence[Fraction]]) -> Fraction:
    """Return a determinant, by elimination; 1 for no rows.

    >>> fraction_determinant([[Fraction(1), Fraction(2)], [Fraction(3), Fraction(4)]])
    Fraction(-2, 1)
    """
    rows, found = [list(row) for row in matrix], Fraction(1)
    for column in range(len(rows)):
        pivot = next((i for i in range(column, len(rows)) if rows[i][column]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != column:
            rows[column], rows[pivot], found = rows[pivot], rows[column], -found
        top = rows[column]
        found *= top[column]
        for i in range(column + 1, len(rows)):
            if ratio := rows[i][column] / top[column]:
                rows[i] = [x - ratio * y for x, y in zip(rows[i], top, strict=True)]
    return found


def spin_factors(lmax: int) -> dict[int, Line]:
    """Return the factor c0 + c1 τ of each spin J in the determinant, over the scales of :func:`rational_3j`.

    They are found from two values of τ, and their products compared with the determinants of all blocks at more values
    than these have degrees, so that the polynomials agree.  Raises ArithmeticError where they do not.

    >>> {spin: -line[0] / line[1] for spin, line in spin_factors(2).items() if line[1]}  # the roots
    {1: Fraction(-28, 9), 2: Fraction(-4, 15), 3: Fraction(-4, 27), 4: Fraction(20, 9), 5: Fraction(0, 1)}
    """
    values = [_determinants(lmax, tau) for tau in range(1, len(flattening_blocks_of(lmax, {})[0]) + 3)]
    top = max(values[0])
    found = {}
    for spin in range(top + 1):
        one, two = (at[spin] / at.get(spin + 1, Fraction(1)) for at in values[:2])
        found[spin] = 2 * one - two, two - one
    for tau, at in enumerate(values, 1):
        for order, value in at.items():
            lines = [found[spin] for spin in range(order, top + 1)]
            if value != prod(c0 + c1 * tau for c0, c1 in lines):
                raise ArithmeticError(f"the determinant of order {order} is not the product of linear factors")
    return found


def _determinants(lmax: int, tau: int) -> dict[int, Fraction]:
    every = flattening_blocks_of(lmax, {(2, 2): Fraction(tau)})
    return {order: fraction_determinant(rows) for order, rows in every.items() if order >= 0}


def losing_roots(lmax: int) -> dict[Fraction, int]:
    """Return the multiplicities of the roots τ ≠ 0 of the determinant: what its rank can lose at most.

    >>> losing_roots(1), sorted(losing_roots(2).values())
    ({}, [3, 5, 7, 9])
    """
    found: dict[Fraction, int] = defaultdict(int)
    for spin, (c0, c1) in spin_factors(lmax).items():
        if not (c0 or c1):
            raise ArithmeticError("the determinant is zero")
        if c0 and c1:
            found[-c0 / c1] += 2 * spin + 1
    return dict(found)


def bound_for_every_weight(lmax: int, lost: int | None = None) -> int:
    """Return a lower bound of the border rank for all weights that are not zero, complex ones too, or at one root.

    lost: what the rank of the flattening loses; by default the most that it can.  Raises ValueError for other degrees.

    >>> bound_for_every_weight(1), bound_for_every_weight(2), bound_for_every_weight(2, lost=0)
    (6, 14, 15)
    """
    if lmax not in EVERY_WEIGHT:
        raise ValueError(f"lmax must be 1 or 2, where the weights of the flattening leave one invariant, got {lmax}")
    size = comb(2 * lmax + 1, lmax) * (lmax + 1) ** 2
    worst = max(losing_roots(lmax).values(), default=0) if lost is None else lost
    return -(-(size - worst) // comb(2 * lmax, lmax))
