"""Associated Legendre functions, orthonormal on the sphere, degree by degree up to 10 000.

    P_lm(θ) = √((2l+1)/4π (l-m)!/(l+m)!) sin^m θ (d/d cos θ)^m P_l(cos θ),    Y_lm = (-1)^m P_lm e^{imφ}   (m >= 0)

The usual recurrence in l loses digits as l² near the poles, where cos θ does not tell neighbouring angles apart, and
begins with sin^m θ, which leaves the range of a double from m = 646 on.  So it is written for differences, with
t = 1 - cos θ = 2 sin²(θ/2), which is right to one rounding at every θ: with u_l = P_lm / P_mm at fixed m and
r = √((2l+1)(l+m) / ((2l-1)(l-m))),

    δ_l = r [(l-m-1) δ_{l-1} - (2l-1) t u_{l-1}] / (l+m)        u_l = r u_{l-1} + δ_l

(NIST Digital Library of Mathematical Functions, 18.9.1 for Gegenbauer polynomials that are 1 at the pole, times the
ratio of two norms), with θ replaced by π-θ in the south, P_lm(π-θ) = (-1)^{l+m} P_lm(θ); and every number carries a
power of two of its own.  Arithmetic is numpy's long double.  Where that has 64 bits, as on x86, values are right to a
few roundings of a double, relative to √((2l+1)/4π), to the last degree; where it is a double, to about l of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.quoted import quoted
from coupling.selection import degree

#: Largest degree of the functions of this package.
LARGEST = 10_000

#: Degrees between two adjustments of the powers of two: in one step a number grows or shrinks by less than 2^8.
ADJUST = 16

#: The type of the recurrence.
LONG: Any = np.longdouble

Long = NDArray[Any]  # long double, which the types of numpy do not follow through arithmetic


def bounded_degree(value: object, name: str, largest: int = LARGEST) -> int:
    """Return value as a degree 0 … largest, or raise ValueError or TypeError.

    >>> bounded_degree(10_000, "lmax")
    10000
    """
    l = degree(value, name)
    if l > largest:
        raise ValueError(f"{name} must be <= {largest} for functions on the sphere, got {quoted(l)}")
    return l


def legendre(lmax: int, theta: NDArray[Any], most: int | None = None) -> Iterator[Long]:
    """Yield, for l = 0 … lmax, P_lm as an array [m, point], m = 0 … min(l, most), long double.

    theta [points] in 0 … π.  What is below the range of a long double is zero.

    >>> rows = list(legendre(2, np.array([0.0, np.pi / 2])))
    >>> rows[2].astype(float).round(6)
    array([[ 0.630783, -0.315392],
           [ 0.      ,  0.      ],
           [ 0.      ,  0.386274]])
    """
    orders = np.arange(1 + (lmax if most is None else min(most, lmax)), dtype=LONG)[:, None]
    t, sine, south = _colatitudes(theta)
    value, power = _diagonal(len(orders) - 1, sine)
    step = np.zeros_like(value)
    for l in range(lmax + 1):
        n = min(l, len(orders))
        _advance(l, orders[:n], t, value[:n], step[:n])
        if l % ADJUST == 0:
            adjust(value[:n], step[:n], power[:n])
        row = np.ldexp(value[: l + 1], power[: l + 1])
        row[(l + 1) % 2 :: 2] *= south
        yield row


def _colatitudes(theta: NDArray[Any]) -> tuple[Long, Long, Long]:
    """Return 1 - |cos θ|, sin θ and the sign of cos θ."""
    angle: Long = theta.astype(LONG)
    south = theta > np.pi / 2
    half = np.where(south, np.cos(angle / 2), np.sin(angle / 2))
    return 2 * half * half, np.sin(angle), np.where(south, -1, 1).astype(LONG)


def _advance(l: int, m: Long, t: Long, value: Long, step: Long) -> None:
    """Bring P_l-1,m and its δ, for orders m < l, to degree l in place."""
    ratio = np.sqrt(((2 * l + 1) * (l + m)) / ((2 * l - 1) * (l - m)))
    turned = t * value
    turned *= (2 * l - 1) / (l + m) * ratio
    step *= (l - m - 1) / (l + m) * ratio
    step -= turned
    value *= ratio
    value += step


def adjust(value: Long, step: Long, power: NDArray[np.int32]) -> None:
    """Move powers of two out of value and step, in place.

    >>> value, step, power = np.array([12.0]), np.array([3.0]), np.array([0], np.int32)
    >>> adjust(value, step, power)
    >>> value, step, power
    (array([0.75]), array([0.1875]), array([4], dtype=int32))
    """
    shift = np.frexp(np.maximum(abs(value), abs(step)))[1]
    value[:], step[:] = np.ldexp(value, -shift), np.ldexp(step, -shift)
    power += shift


def _diagonal(most: int, sine: Long) -> tuple[Long, NDArray[np.int32]]:
    """Return P_mm, m = 0 … most, as numbers [m, point] below 1 and powers of two."""
    pi = 4 * np.arctan(LONG(1))
    values = np.zeros((most + 1, len(sine)), LONG)
    powers = np.zeros(values.shape, np.int32)
    values[0] = 1 / np.sqrt(4 * pi)
    for m in range(1, most + 1):
        factor = np.sqrt(LONG(2 * m + 1) / (2 * m))
        values[m], shift = np.frexp(values[m - 1] * sine * factor)
        powers[m] = powers[m - 1] + shift
    return values, powers
