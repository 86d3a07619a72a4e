"""Symmetric and antisymmetric powers of one irrep: monomials, and orthogonal multiplets with integer coefficients.

A monomial f_(k1) … f_(kn) of divided powers lowers the highest weight nl by s = k1 + … + kn.  The highest states of
degree L are the kernel of J₊ on the monomials of s = nl - L, a matrix of integers; since J₊ maps onto those of s - 1,
their number is the difference of the two numbers of monomials.  Pinned: monomials of one s are in lexicographic order
of k1 ≤ … ≤ kn; the kernel has the basis that the reduced row echelon form gives, in the order of the free columns; it
is made orthogonal in this order (Gram-Schmidt); every vector is primitive, its first coefficient that is not zero
positive.  Source: derivation ``many_body``.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, combinations_with_replacement
from math import comb, factorial, gcd, lcm, prod
from typing import NamedTuple

import numpy as np

from coupling.manybody.integral import Integers, fitted, largest, matrix_product

Monomial = tuple[int, ...]
SparseRow = dict[int, int]


class Multiplets(NamedTuple):
    """Multiplets of one degree in a space of monomials.

    vectors  integers [multiplets, monomials], the divided powers of J₋ of the highest states, all weights in one row
    norms    n! times the squared norm of each highest state, as a tensor of n slots
    """

    vectors: Integers
    norms: tuple[int, ...]


class Power:
    """The n-fold power of an irrep of degree twice/2, symmetric or antisymmetric.

    monomials  [number, n], lexicographic within each s, s ascending
    lowering   s of each monomial

    >>> Power(2, 2, "symmetric").monomials.tolist()
    [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]]
    >>> Power(2, 2, "symmetric").multiplets(0).vectors
    array([[ 0,  0,  4, -1,  0,  0]])
    """

    def __init__(self, twice: int, n: int, symmetry: str) -> None:
        self.twice, self.n, self.symmetric = twice, n, symmetry != "antisymmetric"
        choose = combinations_with_replacement if self.symmetric else combinations
        found = sorted(choose(range(twice + 1), n), key=lambda ks: (sum(ks), ks))
        self.monomials = np.array(found, np.int64).reshape(len(found), n)
        self.lowering = self.monomials.sum(1)
        self.by_lowering: dict[int, list[Monomial]] = {}
        for ks in found:
            self.by_lowering.setdefault(sum(ks), []).append(ks)
        self._start = {s: int(np.searchsorted(self.lowering, s)) for s in self.by_lowering}
        self._kept: dict[int, Multiplets] = {}

    def degrees(self) -> list[int]:
        """Return twice the degrees that occur, descending.

        >>> Power(2, 3, "symmetric").degrees()
        [6, 2]
        """
        top = self.n * self.twice
        return [top - 2 * s for s in self.by_lowering if 2 * s <= top and self.number(top - 2 * s)]

    def number(self, degree: int) -> int:
        """Return how often the degree, doubled, occurs.

        >>> Power(6, 3, "symmetric").number(6)
        2
        """
        s = (self.n * self.twice - degree) // 2
        return len(self.by_lowering.get(s, ())) - len(self.by_lowering.get(s - 1, ()))

    def multiplets(self, degree: int) -> Multiplets:
        """Return the multiplets of a degree, doubled."""
        if degree not in self._kept:
            s = (self.n * self.twice - degree) // 2
            highest = orthogonal(kernel(self._raising(s), len(self.by_lowering[s])), self._weights(s))
            self._kept[degree] = Multiplets(
                self._lowered(highest, s, degree),
                tuple(_squared(v, self._weights(s)) for v in highest),
            )
        return self._kept[degree]

    def _weights(self, s: int) -> list[int]:
        """Return n! times the squared norm of each monomial: binomials, and factorials of repetitions."""
        return [
            prod(comb(self.twice, k) for k in ks) * prod(factorial(ks.count(k)) for k in set(ks))
            for ks in self.by_lowering[s]
        ]

    def _moved(self, ks: Monomial, step: int) -> list[tuple[Monomial, int]]:
        """Return what J₊ (step -1) or J₋ (step 1) makes of a monomial."""
        found = []
        for i, k in enumerate(ks):
            factor = k + 1 if step > 0 else self.twice - k + 1
            moved = tuple(sorted((*ks[:i], k + step, *ks[i + 1 :])))
            if 0 <= k + step <= self.twice and (self.symmetric or len(set(moved)) == len(moved)):
                found.append((moved, factor))
        return found

    def _raising(self, s: int) -> list[SparseRow]:
        """Return the rows of J₊ from the monomials of s to those of s - 1."""
        place = {ks: i for i, ks in enumerate(self.by_lowering.get(s - 1, ()))}
        rows: list[SparseRow] = [{} for _ in place]
        for column, ks in enumerate(self.by_lowering[s]):
            for moved, factor in self._moved(ks, -1):
                row = rows[place[moved]]
                row[column] = row.get(column, 0) + factor
        return rows

    def _lowered(self, highest: list[list[int]], s: int, degree: int) -> Integers:
        """Return the divided powers of J₋ of the highest states, all weights in one row."""
        result = np.zeros((len(highest), len(self.monomials)), object)
        level = np.array(highest, object).reshape(len(highest), -1)
        for k in range(degree + 1):
            start = self._start[s + k]
            result[:, start : start + level.shape[1]] = level
            if k < degree:
                level = matrix_product(level, self._lowering_matrix(s + k)) // (k + 1)
        return fitted(result, largest(result))

    def _lowering_matrix(self, s: int) -> Integers:
        place = {ks: i for i, ks in enumerate(self.by_lowering[s + 1])}
        matrix = np.zeros((len(self.by_lowering[s]), len(place)), np.int64)
        for i, ks in enumerate(self.by_lowering[s]):
            for moved, factor in self._moved(ks, 1):
                matrix[i, place[moved]] += factor
        return matrix


@lru_cache(maxsize=256)
def power(twice: int, n: int, symmetry: str) -> Power:
    """Return the power, which keeps its multiplets for the next use.

    >>> power(2, 2, "symmetric") is power(2, 2, "symmetric")
    True
    """
    return Power(twice, n, symmetry)


def _squared(vector: Sequence[int], weights: Sequence[int]) -> int:
    return sum(x * x * w for x, w in zip(vector, weights, strict=True))


def kernel(rows: list[SparseRow], columns: int) -> list[list[int]]:
    """Return the vectors that all rows annihilate, by the reduced row echelon form, each primitive.

    >>> kernel([{0: 2, 1: 1, 2: 0}], 3)
    [[-1, 2, 0], [0, 0, 1]]
    """
    pivots: dict[int, SparseRow] = {}
    for row in rows:
        _reduce(row, pivots)
        leading = min((column for column, value in row.items() if value), default=None)
        if leading is not None:
            for other in pivots.values():
                _eliminate(other, row, leading)
            pivots[leading] = row
    return [_null_vector(pivots, free, columns) for free in range(columns) if free not in pivots]


def _reduce(row: SparseRow, pivots: dict[int, SparseRow]) -> None:
    for column in [c for c in row if c in pivots]:
        _eliminate(row, pivots[column], column)


def _eliminate(row: SparseRow, pivot: SparseRow, column: int) -> None:
    """Make the entry of a column zero with a multiple of the pivot row; the row stays primitive."""
    value = row.get(column, 0)
    if not value:
        return
    common = gcd(value, pivot[column])
    factor, other = pivot[column] // common, value // common
    for key in row:
        row[key] *= factor
    for key, entry in pivot.items():
        row[key] = row.get(key, 0) - other * entry
    divisor = gcd(*row.values())
    for key in [key for key, entry in row.items() if not entry]:
        del row[key]
    for key in row:
        row[key] //= divisor


def _null_vector(pivots: dict[int, SparseRow], free: int, columns: int) -> list[int]:
    ratios = {c: Fraction(-row[free], row[c]) for c, row in pivots.items() if row.get(free)}
    scale = lcm(*(ratio.denominator for ratio in ratios.values()))
    vector = [0] * columns
    vector[free] = scale
    for column, ratio in ratios.items():
        vector[column] = int(ratio * scale)
    return vector


def orthogonal(vectors: list[list[int]], weights: Sequence[int]) -> list[list[int]]:
    """Return primitive orthogonal vectors of the same spans, in order; the first coefficient of each is positive.

    >>> orthogonal([[0, -1, 0], [1, 1, 0]], [1, 1, 1])
    [[0, 1, 0], [1, 0, 0]]
    """
    found: list[list[int]] = []
    for vector in vectors:
        rest: list[Fraction] = [Fraction(x) for x in vector]
        for other in found:
            overlap = sum(x * y * w for x, y, w in zip(rest, other, weights, strict=True))
            ratio = Fraction(overlap) / _squared(other, weights)
            rest = [x - ratio * y for x, y in zip(rest, other, strict=True)]
        found.append(_primitive(rest))
    return found


def _primitive(vector: Sequence[Fraction]) -> list[int]:
    scale = lcm(*(x.denominator for x in vector))
    whole = [int(x * scale) for x in vector]
    common = gcd(*whole) * (1 if next(x for x in whole if x) > 0 else -1)
    return [x // common for x in whole]
