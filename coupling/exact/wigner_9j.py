"""Wigner 9j symbols, exactly."""

from __future__ import annotations

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.exact.wigner_6j import doubled_6j
from coupling.selection import doubled_degrees


def wigner_9j(
    j1: object,
    j2: object,
    j3: object,
    j4: object,
    j5: object,
    j6: object,
    j7: object,
    j8: object,
    j9: object,
) -> Surd:
    """Return the Wigner 9j symbol, rows first, as an exact Surd.

        {j1 j2 j3; j4 j5 j6; j7 j8 j9} = Σ_x (-1)^2x (2x+1) {j1 j4 j7; j8 j9 x} {j2 j5 j8; j4 x j6} {j3 j6 j9; x j1 j2}

    Every triangle coefficient that holds x occurs twice, so all terms are rational multiples of
    one surd.  Degrees are integers or half-integers.  Zero when a row or column breaks the
    triangle rule.  Raises ValueError or TypeError for a degree that does not exist.  Source:
    Edmonds 1957, eq. 6.4.3.

    >>> wigner_9j(1, 1, 1, 1, 1, 1, 1, 1, 0), wigner_9j(1, 1, 2, 1, 1, 2, 2, 2, 4)
    (1/18, 1/25)
    """
    a, b, c, d, e, f, g, h, i = doubled_degrees(j1, j2, j3, j4, j5, j6, j7, j8, j9)
    total = Surd(0)
    for x in range(max(abs(a - i), abs(d - h), abs(b - f)), min(a + i, d + h, b + f) + 1):
        term = doubled_6j(a, d, g, h, i, x) * doubled_6j(b, e, h, d, x, f) * doubled_6j(c, f, i, x, a, b)
        total += parity_sign(x) * (x + 1) * term
    return total
