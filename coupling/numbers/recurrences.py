"""Families of 3j and 6j symbols in one degree, every entry correctly rounded.

The kernels prove an error bound for each entry; the few that are not certain (zeros inside the range, as a rule) are
taken from :mod:`coupling.exact`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import doubled_3j
from coupling.exact.wigner_6j import doubled_6j
from coupling.floating_point import default_rounding
from coupling.integers import half
from coupling.kernels.recurrences import round_family, rows_3j, rows_6j
from coupling.kernels.tridiagonal import null_vector
from coupling.numbers.factors import double_double
from coupling.selection import doubled_degrees, doubled_symbol, doubled_triangle

Floats = NDArray[np.float64]

#: Largest doubled degree of a 6j family: below it B of the recurrence fits into 64 bits.
LARGEST_6J = 1 << 14


class Symbols(NamedTuple):
    """Symbols for the degrees first, first+1, …: ``values[i]`` belongs to ``first + i``."""

    first: float
    values: Floats


def wigner_3j_family(j1: object, j2: object, m1: object, m2: object) -> Symbols:
    """Return 3j(j1 j2 j; m1 m2 -m1-m2) for all j = max(|j1-j2|, |m1+m2|) … j1+j2, correctly rounded.

    Integer or half-integer degrees up to 100 000; ``first`` is an integer where j1+j2 is one.  Raises ValueError or
    TypeError for a degree that does not exist, |m| > j, or an order that does not exist for its degree.  Source:
    Schulten and Gordon 1975; error bounds in ``coupling.kernels.tridiagonal``.

    >>> wigner_3j_family(1, 1, 1, 0)
    Symbols(first=1, values=array([-0.40824829, -0.31622777]))
    >>> wigner_3j_family(1.5, 1, 0.5, 0)
    Symbols(first=0.5, values=array([ 0.40824829, -0.12909944, -0.31622777]))
    """
    a, b, _, p, q, _ = doubled_symbol(j1, j2, 0, m1, m2, 0)
    first = max(abs(a - b), abs(p + q))
    sign = Surd(parity_sign((a - b + p + q) // 2))
    rows = partial(rows_3j, a, b, p, q, first)
    values = _family(first, (a + b - first) // 2 + 1, rows, sign, lambda j: doubled_3j(a, b, j, p, q, -p - q))
    return Symbols(_first(first), values)


def wigner_6j_family(j2: object, j3: object, j4: object, j5: object, j6: object) -> Symbols:
    """Return 6j{j1 j2 j3; j4 j5 j6} for all j1 = max(|j2-j3|, |j5-j6|) … min(j2+j3, j5+j6), correctly rounded.

    Integer or half-integer degrees up to 8192.  Empty when (j4 j2 j6) or (j4 j5 j3) breaks the triangle rule or no j1
    is left.  Raises ValueError or TypeError for a degree that does not exist.  Source: Schulten and Gordon 1975; error
    bounds in ``coupling.kernels.tridiagonal``.

    >>> wigner_6j_family(1, 1, 0.5, 0.5, 0.5)
    Symbols(first=0, values=array([ 0.40824829, -0.33333333]))
    """
    b, c, d, e, f = doubled_degrees(j2, j3, j4, j5, j6)
    if max(b, c, d, e, f) > LARGEST_6J:
        raise ValueError(f"degrees of a 6j family must be <= {LARGEST_6J // 2}, got {half(max(b, c, d, e, f))}")
    first, last = max(abs(b - c), abs(e - f)), min(b + c, e + f)
    if not (doubled_triangle(d, b, f) and doubled_triangle(d, e, c)) or last < first:
        return Symbols(_first(first), np.zeros(0))
    scale = Surd(parity_sign((b + c + e + f) // 2), 1, d + 1)
    rows = partial(rows_6j, b, c, d, e, f, first)
    values = _family(first, (last - first) // 2 + 1, rows, scale, lambda twice: doubled_6j(twice, b, c, d, e, f))
    return Symbols(_first(first), values)


def _first(twice: int) -> float:
    return twice / 2 if twice % 2 else twice // 2


@default_rounding()
def _family(twice: int, size: int, rows: Callable[..., Any], factor: Surd, value: Callable[[int], Surd]) -> Floats:
    """Return f(l)·factor for l = twice/2 + 0 … size-1, Σ(2l+1) f² = 1 and f(last) > 0; value(2l) where in doubt."""
    off, diagonal, f, ratio = np.empty((2, size + 1)), np.empty((2, size)), np.empty((2, size)), np.empty((2, size))
    exponent, error, values, doubtful = np.empty(size), np.empty(size), np.empty(size), np.empty(size, np.bool_)
    rows(off, diagonal)
    null_vector(twice, off, diagonal, f, exponent, error, ratio)
    high, low = double_double(factor)
    round_family(factor.sign * high, factor.sign * low, f, exponent, error, values, doubtful)
    for i in np.flatnonzero(doubtful):
        values[i] = float(value(twice + 2 * int(i)))
    return values
