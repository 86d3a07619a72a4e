"""Associated Legendre functions and their quadrature in θ: normalised, to any degree.

Near the poles P_l(cos θ) changes by l²/2 times a change of cos θ: with cos θ in double precision, digits are lost as
l².  Points, weights and recurrences are therefore in numpy's long double.  Where that has 64 bits, as on x86, the
tables are right to about one rounding of a double; where it is a double itself, to l² roundings at the poles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Long = NDArray[Any]  # long double, which the types of numpy do not follow through arithmetic


@dataclass(frozen=True, eq=False)
class Colatitudes:
    """Gauss-Legendre points θ of the northern half, from the pole to the equator, which is a point if their number n
    in all is odd; cos θ, sin θ, and weights that count the southern mirror image separately."""

    cosine: Long
    sine: Long
    weights: Long
    equator: bool


def colatitudes(degree: int) -> Colatitudes:
    """Return the points that integrate polynomials in cos θ up to a degree exactly.

    >>> points = colatitudes(2)
    >>> points.cosine.astype(float).round(6), points.weights.astype(float).round(6), points.equator
    (array([0.57735]), array([1.]), False)
    """
    n = degree // 2 + 1
    x: Long = np.polynomial.legendre.leggauss(n)[0][n // 2 :][::-1].astype(np.longdouble)
    if n % 2:
        x[-1] = 0
    for _ in range(2):  # Newton's method
        value, derivative = _polynomial(n, x)
        x -= value / derivative
    sine = np.sqrt((1 - x) * (1 + x))
    return Colatitudes(x, sine, 2 / (sine * _polynomial(n, x)[1]) ** 2, bool(n % 2))


def _polynomial(n: int, x: Long) -> tuple[Long, Long]:
    """Return P_n(x) and its derivative."""
    before: Long = np.zeros_like(x)
    value: Long = np.ones_like(x)
    for l in range(n):
        before, value = value, ((2 * l + 1) * x * value - l * before) / (l + 1)
    return value, n * (before - x * value) / ((1 - x) * (1 + x))


def legendre_values(lmax: int, points: Colatitudes) -> Array:
    """Return P[l, m, θ], m = 0 … lmax+1, with R_l0 = P_l0 and R_l,±m = √2 P_lm (cos, sin) mφ; zero for m > l.

    P_mm is a product of sines that leaves the range of a double at high orders near the poles, though P_lm comes back
    into it; so every number carries a power of two of its own.  Recurrence in l: P_l = a (x P_l-1 - P_l-2 / a'),
    a = √((4l²-1)/(l²-m²)), a' that of l-1.  Source: NIST Digital Library of Mathematical Functions, 14.10.3.

    >>> legendre_values(2, colatitudes(0))[2, :, 0].round(6) + 0.0  # at the equator
    array([-0.315392,  0.      ,  0.386274,  0.      ])
    """
    result: Array = np.zeros((lmax + 1, lmax + 2, len(points.cosine)))
    m = np.arange(lmax + 1)[:, None].astype(np.longdouble)
    current, exponent = _diagonal(lmax, points.sine)
    before = np.zeros_like(current)
    table, powers = np.zeros_like(current), np.zeros_like(exponent)
    for l in range(lmax + 1):
        table[l], powers[l] = current[l], exponent[l]
        result[l, : l + 1] = np.ldexp(table[: l + 1], powers[: l + 1])
        a, b = _ratio(l + 1, m[: l + 1]), _ratio(l, m[:l])
        new = table[: l + 1] * points.cosine
        new[:l] -= before[:l] / b
        new *= a
        shift = np.frexp(np.maximum(abs(new), abs(table[: l + 1])))[1]
        before[: l + 1], table[: l + 1] = np.ldexp(table[: l + 1], -shift), np.ldexp(new, -shift)
        powers[: l + 1] += shift
    return result


def _ratio(l: int, m: Long) -> Long:
    return np.sqrt((4 * l * l - 1) / ((l - m) * (l + m)))


def _diagonal(lmax: int, sine: Long) -> tuple[Long, NDArray[np.int64]]:
    """Return P_mm as numbers [m, θ] of size 1 and powers of two."""
    pi = 4 * np.arctan(np.longdouble(1))
    value, power = np.full_like(sine, 1 / np.sqrt(4 * pi)), np.zeros(len(sine), np.int64)
    values, powers = [value], [power]
    for m in range(1, lmax + 1):
        value, shift = np.frexp(value * sine * np.sqrt(np.longdouble(2 * m + 1) / (2 * m)))
        power = power + shift
        values.append(value)
        powers.append(power)
    return np.array(values), np.array(powers)


def slope(p: Array) -> Array:
    """Return ∂P/∂θ [l, m, θ], m = 0 … lmax, from P: ½[√((l+m)(l-m+1)) P_l,m-1 - √((l-m)(l+m+1)) P_l,m+1].

    >>> p = legendre_values(1, colatitudes(0))
    >>> (slope(p)[1, :, 0] / p[0, 0]).round(12) + 0.0
    array([-1.73205081,  0.        ])
    """
    l, m = np.arange(p.shape[0])[:, None, None], np.arange(p.shape[1] - 1)[:, None]
    lower = np.concatenate([-p[:, 1:2], p[:, :-2]], axis=1)  # P_l,-1 = -P_l1 in this sign
    down, up = np.maximum((l + m) * (l - m + 1), 0), np.maximum((l - m) * (l + m + 1), 0)
    return 0.5 * (np.sqrt(down) * lower - np.sqrt(up) * p[:, 1:])
