"""Families of 3j and 6j symbols in one degree, every entry correctly rounded.

The kernels prove an error bound for each entry; the few that are not certain (zeros inside the range, as a rule) are
taken from :mod:`coupling.exact`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import doubled_3j
from coupling.exact.wigner_6j import doubled_6j
from coupling.floating_point import default_rounding
from coupling.integers import half
from coupling.kernels.jit import entry_point
from coupling.kernels.recurrences import family_3j, family_6j
from coupling.numbers.factors import double_double
from coupling.selection import LARGEST_DEGREE, doubled_degrees, doubled_symbol, doubled_triangle

Floats = NDArray[np.float64]

#: Largest doubled degree of a 6j family: below it B of the recurrence fits into 64 bits.
LARGEST_6J = 1 << 14


_new = tuple.__new__


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
    if (
        type(j1) is type(j2) is type(m1) is type(m2) is int
        and -j1 <= m1 <= j1 <= LARGEST_DEGREE
        and -j2 <= m2 <= j2 <= LARGEST_DEGREE
    ):
        start, m = j1 - j2 if j1 > j2 else j2 - j1, m1 + m2  # max and abs take longer
        if start < m:
            start = m
        elif start < -m:
            start = -m
        values = np.empty(j1 + j2 - start + 1)
        if _entry_3j()(2 * j1, 2 * j2, 2 * m1, 2 * m2, 2 * start, 1.0, values):
            _write_3j(2 * j1, 2 * j2, 2 * m1, 2 * m2, 2 * start, values)
        return _new(Symbols, (start, values))
    a, b, _, p, q, _ = doubled_symbol(j1, j2, 0, m1, m2, 0)
    first = max(abs(a - b), abs(p + q))
    values = np.empty((a + b - first) // 2 + 1)
    _write_3j(a, b, p, q, first, values)
    return _new(Symbols, (_first(first), values))


def _write_3j(a: int, b: int, p: int, q: int, first: int, values: Floats) -> None:
    for i in _uncertain(_entry_3j(), a, b, p, q, first, 1.0, values):
        values[i] = float(doubled_3j(a, b, first + 2 * i, p, q, -p - q))


def _uncertain(kernel: Callable[..., int], *given: Any) -> list[int]:
    """Let a kernel write values, the last argument; return the places of those that are not certain."""
    count, values = kernel(*given), given[-1]
    if count < 0:
        with default_rounding():
            count = kernel(*given)
    return np.flatnonzero(np.isnan(values)).tolist() if count else []


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
    high, low = _inverse_root(d + 1)
    sign = 1.0 - (b + c + e + f & 2)
    values = np.empty((last - first) // 2 + 1)
    for i in _uncertain(_entry_6j(), b, c, d, e, f, first, sign * high, sign * low, 1.0, values):
        values[i] = float(doubled_6j(first + 2 * i, b, c, d, e, f))
    return _new(Symbols, (_first(first), values))


@lru_cache(maxsize=1 << 10)
def _inverse_root(number: int) -> tuple[float, float]:
    return double_double(Surd(1, 1, number))


def _first(twice: int) -> float:
    return twice / 2 if twice % 2 else twice // 2


@cache
def _entry_3j() -> Callable[..., int]:
    return cast(Callable[..., int], entry_point(family_3j, 2, 2, 0, 0, 0, 1.0, np.empty(1)))


@cache
def _entry_6j() -> Callable[..., int]:
    return cast(Callable[..., int], entry_point(family_6j, 2, 2, 2, 2, 2, 0, 1.0, 0.0, 1.0, np.empty(1)))
