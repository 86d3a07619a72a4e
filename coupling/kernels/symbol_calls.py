"""Symbols as Python calls them: single ones with their arguments checked, and rows of them.

What a call cannot answer (an argument that does not exist, a degree above 2048) is NaN: the caller looks at it.
"""

from __future__ import annotations

import math

from coupling.kernels.factorials import LARGEST, LARGEST_LONG, ROOTS
from coupling.kernels.jit import kernel
from coupling.kernels.long_symbols import long_3j, long_6j, long_9j
from coupling.kernels.symbols import ERROR, GAUNT, ninej, sixj, threej


@kernel
def doubled_or_beyond(x):
    """Return 2x of an integer or half-integer to 2048, or something beyond.

    >>> doubled_or_beyond(0.5), doubled_or_beyond(2), doubled_or_beyond(0.3) > LARGEST_LONG
    (1, 4, True)
    """
    if x >= -LARGEST_LONG and x <= LARGEST_LONG:  # before it is doubled: an int64 might overflow
        whole = int(2 * x)
        if whole == 2 * x:
            return whole
    return 2 * LARGEST_LONG + 2


@kernel
def exists(j, m):
    """Return whether a doubled order exists for a doubled degree to 4096."""
    return j <= LARGEST_LONG and abs(m) <= j and not (j + m) & 1


@kernel
def any_3j(j1, j2, j3, m1, m2, m3, kind):
    """Return the 3j symbol, or what kind says, of doubled degrees to 4096 and orders that exist."""
    if max(j1, j2, j3) <= LARGEST:
        return threej(j1, j2, j3, m1, m2, m3, kind, ROOTS, ERROR)
    return long_3j(j1, j2, j3, m1, m2, m3, kind, ERROR)


@kernel
def any_6j(a, b, c, d, e, f):
    """Return the 6j symbol of doubled degrees to 4096."""
    if max(a, b, c, d, e, f) <= LARGEST:
        return sixj(a, b, c, d, e, f, ROOTS, ERROR)
    return long_6j(a, b, c, d, e, f, ERROR)


@kernel
def any_9j(a, b, c, d, e, f, g, h, i):
    """Return the 9j symbol of doubled degrees to 4096, rows first."""
    if max(a, b, c, d, e, f, g, h, i) <= LARGEST:
        return ninej(a, b, c, d, e, f, g, h, i, ROOTS, ERROR)
    return long_9j(a, b, c, d, e, f, g, h, i, ERROR)


@kernel
def single_3j(j1, j2, j3, m1, m2, m3, kind):
    """Return the 3j symbol, or what kind says, of degrees and orders, integers or floats.

    >>> single_3j(2, 2, 2, 0, 0, 0, 0), single_3j(1, 1, 1, 2, -1, -1, 0)
    (-0.23904572186687872, nan)
    """
    a, b, c, p, q, r = (
        doubled_or_beyond(j1),
        doubled_or_beyond(j2),
        doubled_or_beyond(j3),
        doubled_or_beyond(m1),
        doubled_or_beyond(m2),
        doubled_or_beyond(m3),
    )
    if exists(a, p) and exists(b, q) and exists(c, r) and not (kind == GAUNT and (a | b | c) & 1):
        return any_3j(a, b, c, p, q, r, kind)
    return math.nan


@kernel
def single_6j(j1, j2, j3, j4, j5, j6):
    """Return the 6j symbol of degrees, integers or floats.

    >>> single_6j(1, 1, 1, 1, 1, 1)
    0.16666666666666666
    """
    a, b, c, d, e, f = (
        doubled_or_beyond(j1),
        doubled_or_beyond(j2),
        doubled_or_beyond(j3),
        doubled_or_beyond(j4),
        doubled_or_beyond(j5),
        doubled_or_beyond(j6),
    )
    if min(a, b, c, d, e, f) >= 0 and max(a, b, c, d, e, f) <= LARGEST_LONG:
        return any_6j(a, b, c, d, e, f)
    return math.nan


@kernel
def single_9j(j1, j2, j3, j4, j5, j6, j7, j8, j9):
    """Return the 9j symbol of degrees, integers or floats.

    >>> single_9j(1, 1, 1, 1, 1, 1, 1, 1, 0)
    0.05555555555555555
    """
    a, b, c, d, e, f = (
        doubled_or_beyond(j1),
        doubled_or_beyond(j2),
        doubled_or_beyond(j3),
        doubled_or_beyond(j4),
        doubled_or_beyond(j5),
        doubled_or_beyond(j6),
    )
    g, h, i = doubled_or_beyond(j7), doubled_or_beyond(j8), doubled_or_beyond(j9)
    if min(a, b, c, d, e, f, g, h, i) >= 0 and max(a, b, c, d, e, f, g, h, i) <= LARGEST_LONG:
        return any_9j(a, b, c, d, e, f, g, h, i)
    return math.nan


@kernel
def many_3j(rows, kind, values):
    """Write the symbols of rows of doubled degrees and orders that exist; NaN where a degree is above 2048."""
    for n in range(len(rows)):
        a, b, c, p, q, r = rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3], rows[n, 4], rows[n, 5]
        values[n] = any_3j(a, b, c, p, q, r, kind) if max(a, b, c) <= LARGEST_LONG else math.nan


@kernel
def many_6j(rows, values):
    """Write the 6j symbols of rows of doubled degrees; NaN where a degree is above 2048."""
    for n in range(len(rows)):
        a, b, c, d, e, f = rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3], rows[n, 4], rows[n, 5]
        values[n] = any_6j(a, b, c, d, e, f) if max(a, b, c, d, e, f) <= LARGEST_LONG else math.nan


@kernel
def many_9j(rows, values):
    """Write the 9j symbols of rows of doubled degrees; NaN where a degree is above 2048."""
    for n in range(len(rows)):
        a, b, c, d, e, f = rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3], rows[n, 4], rows[n, 5]
        g, h, i = rows[n, 6], rows[n, 7], rows[n, 8]
        known = max(a, b, c, d, e, f, g, h, i) <= LARGEST_LONG
        values[n] = any_9j(a, b, c, d, e, f, g, h, i) if known else math.nan
