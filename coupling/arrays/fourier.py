"""Harmonics as double Fourier series: exact coefficients, square roots of rationals over π.

The orthonormal P_lm (no Condon-Shortley sign) is a trigonometric polynomial in θ of degree l: a sum of cosines when m
is even, of sines when m is odd,

    P_lm(θ) = Σ_k s[l, m, k] cos kθ   (m even)        P_lm(θ) = Σ_k s[l, m, k] sin kθ   (m odd)

with s = 0 unless k and l have the same parity.  Times F_m(φ) this is R_lm on the torus, θ from 0 to 2π.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import chain
from typing import Any

from numpy.typing import NDArray

from coupling.arrays.fixed import rounded_surds
from coupling.arrays.harmonics import order_column
from coupling.arrays.request import ArraysRequest
from coupling.exact.surd import Surd

Polynomial = list[Fraction]


def build_fourier(request: ArraysRequest) -> dict[str, NDArray[Any]]:
    """Return ``series`` [(lmax+1)(lmax+2)/2, lmax+1]: row l(l+1)/2 + m, column k.

    >>> build_fourier(ArraysRequest("fourier", 1))["series"].round(6)
    array([[0.282095, 0.      ],
           [0.      , 0.488603],
           [0.      , 0.345494]])
    """
    (tensor,) = request.tensors
    return {"series": rounded_surds(chain.from_iterable(series(request.lmax)), tensor.shape, request.dtype)}


def series(lmax: int) -> list[list[Surd]]:
    """Return the coefficients as exact numbers.

    >>> series(2)[order_column(2, 1)][2], series(2)[order_column(2, 0)][2]
    (√(15/(32π)), √(45/(64π)))
    """
    rows: list[list[Surd]] = [[]] * ((lmax + 1) * (lmax + 2) // 2)
    for m in range(lmax + 1):
        for l, polynomial in enumerate(_legendre(m, lmax), m):
            scale = Surd(1, (2 * l + 1) * math.factorial(l - m), 4 * math.factorial(l + m), 1)
            rows[order_column(l, m)] = [scale * Surd.rational(value) for value in polynomial]
    return rows


def _legendre(m: int, lmax: int) -> list[Polynomial]:
    """Return (2m-1)!! sin^m θ and its successors in l, the associated Legendre functions, as sums over k."""
    size = lmax + 2
    current: Polynomial = [Fraction(1), *[Fraction(0)] * (size - 1)]
    for k in range(m):
        current = [(2 * k + 1) * value for value in _times_sine(current, odd=k % 2 == 1)]
    before, result = [Fraction(0)] * size, []
    for l in range(m, lmax + 1):
        result.append(current[: lmax + 1])
        raised = _times_cosine(current, odd=m % 2 == 1)
        pairs = zip(raised, before, strict=True)
        before, current = current, [((2 * l + 1) * a - (l + m) * b) / (l - m + 1) for a, b in pairs]
    return result


def _times_cosine(p: Polynomial, odd: bool) -> Polynomial:
    """cos θ cos kθ = ½ [cos (k+1)θ + cos |k-1|θ]; cos θ sin kθ = ½ [sin (k+1)θ + sin (k-1)θ]."""
    result = [Fraction(0)] * (len(p) + 1)
    for k, value in enumerate(p):
        result[k + 1] += value / 2
        if k or not odd:
            result[abs(k - 1)] += value / 2
    return _sines_begin_at_one(result[: len(p)], odd)


def _times_sine(p: Polynomial, odd: bool) -> Polynomial:
    """sin θ cos kθ = ½ [sin (k+1)θ - sin (k-1)θ]; sin θ sin kθ = ½ [cos (k-1)θ - cos (k+1)θ]."""
    result = [Fraction(0)] * (len(p) + 1)
    for k, value in enumerate(p):
        up, down = (-value / 2, value / 2) if odd else (value / 2, -value / 2)
        result[k + 1] += up
        result[abs(k - 1)] += down if k or odd else -down  # sin(-θ) = -sin θ
    return _sines_begin_at_one(result[: len(p)], not odd)


def _sines_begin_at_one(p: Polynomial, odd: bool) -> Polynomial:
    return [Fraction(0), *p[1:]] if odd else p
