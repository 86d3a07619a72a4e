"""Weights of paths and weights of an SO(2) layer: the orthogonal matrix between them, exactly.

With the pole along an edge its harmonics are √(2l2+1) δ_{m2,0} in component normalization, and the coupling of a
feature of degree l1 with them to degree l3 leaves the order, or mixes m with -m:

    z_m = a_m x_m - b_m x_-m,    z_-m = a_m x_-m + b_m x_m    (m > 0),    z_0 = a_0 x_0

For the weights w of the 2 min(l1, l3) + 1 paths l2 = |l1-l3| … l1+l3, the numbers (√2 b_m, a_0, √2 a_m) are M w:

    M[0, l2] = √(2l2+1) C[0,0,0],   M[m, l2] = √(2(2l2+1)) C[m,0,m],   M[-m, l2] = √(2(2l2+1)) C[m,0,-m]
"""

from __future__ import annotations

from coupling.exact.real import real_wigner_3j
from coupling.exact.surd import Surd
from coupling.selection import degrees


def edge_frame_matrix(l1: object, l3: object) -> list[list[Surd]]:
    """Return M [2k+1, 2k+1] of Surds, k = min(l1, l3): rows m = -k … k, columns l2 = |l1-l3| … l1+l3.

    M is orthogonal.  Rows m >= 0 hold even paths, l1+l2+l3 even, rows m < 0 odd ones; the others are zero.  Raises
    ValueError or TypeError for a degree that does not exist.  Source: derivation ``edge_frame``.

    >>> edge_frame_matrix(1, 1)
    [[0, -1, 0], [√(1/3), 0, √(2/3)], [√(2/3), 0, -√(1/3)]]
    """
    first, third = degrees(l1, l3)
    k, lowest, highest = min(first, third), abs(first - third), first + third
    return [[_entry(first, l2, third, m) for l2 in range(lowest, highest + 1)] for m in range(-k, k + 1)]


def _entry(l1: int, l2: int, l3: int, m: int) -> Surd:
    core = real_wigner_3j(l1, l2, l3, abs(m), 0, m)
    return core * Surd(1, (2 * l2 + 1) * (2 if m else 1))
