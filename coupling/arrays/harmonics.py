"""Real harmonics and their surface gradients at points of the sphere, in fixed point.

R_lm = P_l|m|(θ) F_m(φ), ∂θ R_lm = P'_l|m|(θ) F_m(φ), ∂φ R_lm / sin θ = -sign(m) Q_l|m|(θ) F_-m(φ) with

    F_0 = 1,    F_m = √2 cos mφ,    F_-m = √2 sin mφ    (m > 0)
    Q_lm = m P_lm / sin θ

Q is regular at the poles; P is orthonormal, without Condon-Shortley sign.  P and Q obey one recurrence in l, P_l = a
(cos θ P_l-1 - P_l-2 / a'), a = √((4l²-1)/(l²-m²)), a' that of l-1; they begin with P_mm = √((2m+1)/2m) sin θ
P_m-1,m-1 (NIST Digital Library of Mathematical Functions, 14.10.3).  Nothing here is shared with ``coupling.sphere``,
which computes in floats by another recurrence and is what the tests compare with.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coupling.arrays.fixed import Fixed, array, pi, root


class Theta(NamedTuple):
    """Functions of θ, arrays [points, (lmax+1)(lmax+2)/2], column l(l+1)/2 + m."""

    legendre: Fixed
    slope: Fixed
    over_sine: Fixed


def order_column(l: int, m: int) -> int:
    """Return the column of (l, m), m >= 0.

    >>> [order_column(l, m) for l in range(3) for m in range(l + 1)]
    [0, 1, 2, 3, 4, 5]
    """
    return l * (l + 1) // 2 + m


def of_theta(lmax: int, cosine: Fixed, sine: Fixed, bits: int) -> Theta:
    """Return P, P' and Q at points with these cosines and sines of θ.

    >>> one = 1 << 60
    >>> p = of_theta(1, array([one]), array([0]), 60)  # at the north pole
    >>> [[round(int(x) / one, 12) for x in part[0]] for part in p]
    [[0.282094791774, 0.488602511903, 0.0], [0.0, 0.0, 0.345494149471], [0.0, 0.0, 0.345494149471]]
    """
    one = 1 << bits
    start = np.full(len(cosine), root(one, 4 * pi(bits), bits), object)
    p, q = _recurrence(lmax, cosine, sine, start, bits)
    half = (lmax + 1) * (lmax + 2) // 2
    slope = np.zeros((len(cosine), half), object)
    for l in range(lmax + 1):
        for m in range(l + 1):
            lower = -p[:, order_column(l, 1)] if m == 0 and l else p[:, order_column(l, m - 1)] if m else 0
            upper = p[:, order_column(l, m + 1)] if m < l else 0
            down, up = root((l + m) * (l - m + 1), 4, bits), root((l - m) * (l + m + 1), 4, bits)
            slope[:, order_column(l, m)] = (down * lower - up * upper) >> bits if l else 0
    return Theta(p, slope, q)


def _recurrence(lmax: int, cosine: Fixed, sine: Fixed, start: Fixed, bits: int) -> tuple[Fixed, Fixed]:
    """Return P and Q."""
    half = (lmax + 1) * (lmax + 2) // 2
    p, q = np.zeros((len(cosine), half), object), np.zeros((len(cosine), half), object)
    diagonal = start
    for m in range(lmax + 1):
        if m:
            scaled = diagonal * root(2 * m + 1, 2 * m, bits) >> bits
            q[:, order_column(m, m)] = m * scaled
            diagonal = scaled * sine >> bits
        p[:, order_column(m, m)] = diagonal
        for table in (p, q) if m else (p,):
            for l in range(m + 1, lmax + 1):
                a = root(4 * l * l - 1, l * l - m * m, bits)
                new = (a * cosine >> bits) * table[:, order_column(l - 1, m)] >> bits
                if l > m + 1:
                    k = l - 1
                    ratio = root((4 * l * l - 1) * (k * k - m * m), (l * l - m * m) * (4 * k * k - 1), bits)
                    new = new - (ratio * table[:, order_column(l - 2, m)] >> bits)
                table[:, order_column(l, m)] = new
    return p, q


def of_phi(lmax: int, cosine: Fixed, sine: Fixed, bits: int) -> Fixed:
    """Return F_m(φ), m = -lmax … lmax, as an array [points, 2 lmax + 1], at points with these cosines and sines of φ.

    >>> one = 1 << 60
    >>> [round(int(x) / one, 12) for x in of_phi(2, array([0]), array([one]), 60)[0]]
    [0.0, 1.414213562373, 1.0, 0.0, -1.414213562373]
    """
    result = np.zeros((len(cosine), 2 * lmax + 1), object)
    one, root2 = 1 << bits, root(2, 1, bits)
    result[:, lmax] = one
    real, imag = np.full(len(cosine), one, object), np.zeros(len(cosine), object)
    for m in range(1, lmax + 1):
        real, imag = (real * cosine - imag * sine) >> bits, (real * sine + imag * cosine) >> bits
        result[:, lmax + m], result[:, lmax - m] = real * root2 >> bits, imag * root2 >> bits
    return result


def circle(n: int, bits: int) -> tuple[Fixed, Fixed]:
    """Return cosines and sines of the angles 2πj/n, j = 0 … n-1.

    >>> [[int(x) for x in part] for part in circle(4, 1)]
    [[2, 0, -2, 0], [0, 2, 0, -2]]
    """
    from mpmath import mp

    with mp.workprec(bits + 32):
        angles = [2 * mp.pi * j / n for j in range(n)]
        return tuple(  # type: ignore[return-value]
            array([int(mp.nint(mp.ldexp(function(angle), bits))) for angle in angles]) for function in (mp.cos, mp.sin)
        )


def flat_orders(lmax: int) -> list[tuple[int, int]]:
    """Return (l, m) in the order of the flat index.

    >>> flat_orders(1)
    [(0, 0), (1, -1), (1, 0), (1, 1)]
    """
    return [(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]
