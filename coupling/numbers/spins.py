"""The spin of the matrix product: its tensor operators T_lm, its factors, and where these vanish by accident.

Spin j stands for matrices of dimension n = 2j+1.  With p, q = -j … j

    (T_lm)_pq = (-1)^(j-p) √(2l+1) 3j(j l j; -p m q)

and, in the real basis, tr(T1 T2 T3) = N C on even and i N C on odd paths, with N = ±√P |6j{l1 l2 l3; j j j}|.
Source: derivation ``matrix_product``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.exact.reduced import reduced_matrix
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import wigner_3j
from coupling.exact.wigner_6j import doubled_6j
from coupling.quoted import quoted
from coupling.selection import LARGEST_DEGREE, Path, degrees, doubled, paths, triangle


def used_degrees(lmax1: int, lmax2: int, lmax3: int) -> tuple[int, int, int]:
    """Return the largest degree of each slot that is on a path.

    >>> used_degrees(1, 2, 8)
    (1, 2, 3)
    """
    return min(lmax1, lmax2 + lmax3), min(lmax2, lmax1 + lmax3), min(lmax3, lmax1 + lmax2)


def accidental_zeros(spin: object, lmax1: object, lmax2: object, lmax3: object) -> Iterator[Path]:
    """Yield the paths to lmax, their degrees sorted, on which 6j{l1 l2 l3; j j j} = 0 although all l <= 2j.

    Decided in integers.  Raises ValueError or TypeError for a spin that is no half-integer >= 0, or a degree that does
    not exist.

    >>> list(accidental_zeros(1.5, 3, 3, 3)), list(accidental_zeros(2, 3, 3, 3))
    ([(2, 2, 2)], [])
    """
    twice = doubled_spin(spin)
    lmax = degrees(lmax1, lmax2, lmax3)
    for l1, l2, l3 in _sorted_paths(used_degrees(*lmax)):
        if l3 <= twice and not doubled_6j(2 * l1, 2 * l2, 2 * l3, twice, twice, twice):
            yield l1, l2, l3


def _sorted_paths(lmax: tuple[int, int, int]) -> Iterator[Path]:
    low, middle, high = sorted(lmax)
    return (p for p in paths(low, middle, high) if p[0] <= p[1] <= p[2])


@lru_cache(maxsize=256)
def smallest_spin(lmax1: int, lmax2: int, lmax3: int) -> float:
    """Return the smallest spin j = 0, 1/2, 1, … that reaches every path to lmax: 2j >= l and no 6j symbol vanishes.

    >>> [smallest_spin(l, l, l) for l in range(7)]
    [0.0, 0.5, 1.0, 2.0, 2.0, 2.5, 3.5]
    """
    twice = max(used_degrees(*degrees(lmax1, lmax2, lmax3)))
    while next(accidental_zeros(Fraction(twice, 2), lmax1, lmax2, lmax3), None):
        twice += 1
    return twice / 2


def doubled_spin(spin: object) -> int:
    """Return 2j after checking that the spin j is an integer or half-integer 0 … LARGEST_DEGREE.

    >>> doubled_spin(3.5)
    7
    """
    twice = doubled(spin, "spin")
    if twice < 0:
        raise ValueError(f"spin must be >= 0, got {quoted(spin)}")
    if twice > 2 * LARGEST_DEGREE:
        raise ValueError(f"spin must be <= {LARGEST_DEGREE}, got {quoted(spin)}")
    return twice


@lru_cache(maxsize=1 << 14)
def matrix_factor(l1: int, l2: int, l3: int, twice: int) -> Surd:
    """Return N(l1, l2, l3) of the spin j = twice/2, sign included; zero off the paths and for l > 2j.

    N = (-1)^(⌈J/2⌉+2j) √P 6j{l1 l2 l3; j j j}; positive on all paths when j is large.

    >>> matrix_factor(1, 1, 1, 1), matrix_factor(2, 2, 2, 3), matrix_factor(2, 2, 2, 4)
    (√(3), 0, √(45/196))
    """
    sign = parity_sign((l1 + l2 + l3 + 1) // 2 + twice)
    return Surd(sign) * reduced_matrix(l1, l2, l3, Fraction(twice, 2))


def matrix_factors(lmax: tuple[int, int, int], spin: object) -> NDArray[np.float64]:
    """Return N[l1, l2, l3] for degrees to lmax, each correctly rounded.

    >>> matrix_factors((1, 1, 1), 0.5)[1]
    array([[0.        , 1.22474487],
           [1.22474487, 1.73205081]])
    """
    twice = doubled_spin(spin)
    result = np.zeros([l + 1 for l in lmax])
    for l1, l2, l3 in paths(*lmax):
        a, b, c = sorted((l1, l2, l3))
        result[l1, l2, l3] = float(matrix_factor(a, b, c, twice))
    return result


@lru_cache(maxsize=1 << 12)
def diagonal(l: int, m: int, twice: int) -> NDArray[np.float64]:
    """Return the entries (p, p+m) of T_l,-m from p = -j to j-m, each correctly rounded; m >= 0.

    The entry (q, p) that mirrors (p, q) in the other diagonal, (-q, -p), has the sign (-1)^(l-m).

    >>> diagonal(1, 0, 1), diagonal(1, 1, 2)
    (array([-0.70710678,  0.70710678]), array([0.70710678, 0.70710678]))
    """
    size = twice + 1 - m
    half = np.array([float(_entry(l, m, 2 * t - twice, twice)) for t in range((size + 1) // 2)])
    result = np.concatenate([half, parity_sign(l - m) * half[size // 2 - 1 :: -1] if size > 1 else half[:0]])
    result.flags.writeable = False
    return result


def _entry(l: int, m: int, p: int, twice: int) -> Surd:
    """Return the entry (p/2, p/2+m) of T_l,-m."""
    if not triangle(twice, 2 * l, twice):
        return Surd(0)
    j = Fraction(twice, 2)
    symbol = wigner_3j(j, l, j, Fraction(-p, 2), -m, Fraction(p, 2) + m)
    return Surd(parity_sign((twice - p) // 2), 2 * l + 1) * symbol
