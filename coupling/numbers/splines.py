"""Splines of degree 5 on evenly spaced knots for functions of a distance with many values, as radial networks are.

With u = r/h and t = u - j, of the interval j that u is in,

    S(r) = Σ_{k=0}^{5} N_k(t) c[j + k]          N_k(t) = Σ_p M[p, k] t^p

S has four continuous derivatives.  At the last knot it may be *flat*: its first and second derivative are 0 there, as
those of a cutoff are, so that S stays smooth where it goes over into a constant.  At the other ends the sixth
differences of c are 0: no jump of the fifth derivative at the two knots next to the end.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from math import comb, factorial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.quoted import quoted

Array = NDArray[Any]

DEGREE = 5

#: Where errors are measured in an interval of length 1: next to knots those of derivatives are largest, in the middle
#: those of values.
POINTS = (0.0, 0.2, 0.5, 0.8, 0.98)

#: Numbers of intervals that are tried, the smallest first.
INTERVALS = (16, 32, 64, 128, 256, 512, 1024)


def relative_tolerance(value: object) -> float:
    """Return a tolerance, a number between 0 and 1, or raise.

    >>> relative_tolerance(1e-7)
    1e-07
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"tolerance must be a number between 0 and 1, got {type(value).__name__} {quoted(value)}")
    if not 0 < float(value) < 1:
        raise ValueError(f"tolerance must be a number between 0 and 1, got {quoted(value)}")
    return float(value)


def basis_matrix(degree: int = DEGREE) -> Array:
    """Return M [p, k], the coefficients of t^p in the pieces N_k; every row but the first adds up to 0.

    >>> (120 * basis_matrix()[0]).tolist()
    [1.0, 26.0, 66.0, 26.0, 1.0, 0.0]
    """
    d = degree
    signs = [parity_sign(i) * comb(d + 1, i) for i in range(d + 1)]
    rows = [
        [comb(d, p) * sum(signs[i] * (d - k - i) ** (d - p) for i in range(d - k + 1)) for k in range(d + 1)]
        for p in range(d + 1)
    ]
    return np.array(rows) / factorial(d)


def interpolate(values: Array, flat: bool) -> Array:
    """Return the coefficients [intervals + 5, n] of the spline with values [intervals + 1, n] at the knots.

    flat: whether the first two derivatives at the last knot are 0

    >>> quintic = RadialSpline(8.0, interpolate(np.arange(9.0)[:, None] ** 5, False), (0.0, 0.0))
    >>> bool(abs(quintic(np.array([2.5]))[0, 0] - 2.5**5) < 1e-9)
    True
    """
    knots, pieces = len(values), basis_matrix()
    system, right = np.zeros((knots + 4, knots + 4)), np.zeros((knots + 4, values.shape[1]))
    for j in range(knots):
        system[j, j : j + DEGREE] = pieces[0, :DEGREE]
    right[:knots] = values
    sixth = [parity_sign(k) * comb(DEGREE + 1, k) for k in range(DEGREE + 2)]
    for row in (0, 1):
        system[knots + row, row : row + DEGREE + 2] = sixth
        if flat:
            system[knots + 2 + row, knots - 1 :] = pieces[1 + row, :DEGREE]
        else:
            system[knots + 2 + row, knots - 3 - row : knots + 4 - row] = sixth
    return np.linalg.solve(system, right)


class RadialSpline(NamedTuple):
    """A spline on 0 … high, constant beyond; and how far it is from what it stands for.

    coefficients [intervals + 5, n]; errors: largest deviation of values, and of derivatives, each relative to the
    largest there is

    >>> spline = fit_spline(lambda r: (np.cos(r)[:, None], -np.sin(r)[:, None]), 3.0, 1e-8, flat=False)
    >>> spline.intervals, max(spline.errors) < 1e-8, bool(abs(spline(np.array([1.0]))[0, 0] - np.cos(1.0)) < 1e-9)
    (128, True, True)
    """

    high: float
    coefficients: Array
    errors: tuple[float, float]

    @property
    def intervals(self) -> int:
        """The number of intervals between knots."""
        return len(self.coefficients) - DEGREE

    @property
    def tables(self) -> Array:
        """The coefficients [6, intervals + 5, n] of the spline and of its derivatives, rows that these lack are 0."""
        found = np.zeros((DEGREE + 1, *self.coefficients.shape))
        for order in range(DEGREE + 1):
            rows = np.diff(self.coefficients, order, axis=0) * (self.intervals / self.high) ** order
            found[order, : len(rows)] = rows
        return found

    def __call__(self, r: Array, order: int = 0) -> Array:
        """Return the values [len(r), n] at distances in 0 … high, or those of a derivative."""
        u = np.asarray(r) * (self.intervals / self.high)
        first = np.clip(u.astype(int), 0, self.intervals - 1)
        powers = (u - first)[:, None] ** np.arange(DEGREE + 1 - order)
        factors, table = powers @ basis_matrix(DEGREE - order), self.tables[order]
        found: Array = sum(factors[:, k, None] * table[first + k] for k in range(factors.shape[1]))
        return found


def fit_spline(
    function: Callable[[Array], tuple[Array, Array]], high: float, tolerance: float, flat: bool
) -> RadialSpline:
    """Return the spline of fewest intervals that is as near as wanted, or the nearest; see its ``errors``.

    function: of distances [m], values [m, n] and derivatives [m, n]; flat: as :func:`interpolate`

    Errors are measured at five points of every interval.
    """
    for count in INTERVALS:
        values, _ = function(high * np.arange(count + 1) / count)
        made = RadialSpline(high, interpolate(values, flat), (np.inf, np.inf))
        coarse = _errors(made, function, 8)
        if max(coarse) <= tolerance or count == INTERVALS[-1]:
            made = made._replace(errors=_errors(made, function, 1))
            if max(made.errors) <= tolerance:
                break
    return made


def _errors(spline: RadialSpline, function: Callable[[Array], tuple[Array, Array]], step: int) -> tuple[float, float]:
    """Return the largest deviations of values and derivatives in every step-th interval, relative to the largest."""
    largest = np.zeros((2, 2))
    for starts in np.array_split(np.arange(0, spline.intervals, step), max(1, spline.intervals // (64 * step))):
        r = (starts[:, None] + np.array(POINTS)).ravel() * (spline.high / spline.intervals)
        for order, wanted in enumerate(function(r)):
            found = abs(spline(r, order) - wanted).max(), abs(wanted).max()
            largest[order] = np.maximum(largest[order], found)
    ratios = [deviation / size if size else deviation for deviation, size in largest.tolist()]
    return ratios[0], ratios[1]
