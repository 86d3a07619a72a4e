"""Spin-weighted spherical harmonics, degree by degree up to 10 000.

    sY_lm(θ, φ) = (-1)^s √((2l+1)/4π) d^l_{m,-s}(θ) e^{imφ}

(Goldberg and others 1967): of spin weight s, which ð raises, and 0Y_lm = Y_lm.  With a = |m+s|, b = |m-s|,
l0 = max(|m|, |s|) and n = l - l0, a value is, but for a sign, N sin^a(θ/2) cos^b(θ/2) p, where p is the Jacobi
polynomial P_n^(a,b)(cos θ) divided by its value at θ = 0.  The recurrence in n is written for the differences δ of p,
as that of :mod:`coupling.sphere.legendre`, so that no digit is lost where cos θ does not tell angles apart: with
t = 1 - cos θ = 2 sin²(θ/2) and r = N_l / N_l-1 = √[(2l+1)(n+a)(n+2l0) / ((2l-1) n (n+b))],

    δ_l = r l / ((n+a)(n+2l0)) · [(n-1)(n-1+b)/(l-1) δ_l-1 - (2l-1) t u_l-1]        u_l = r u_l-1 + δ_l

(NIST Digital Library of Mathematical Functions, 18.9.1).  In the south θ is replaced by π-θ and s by -s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.indexing import degree_slice
from coupling.integers import integer
from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.sphere.directions import Angles, broadcast_angles
from coupling.sphere.harmonics import CHUNK, WORK, powers_of_phase
from coupling.sphere.legendre import ADJUST, LARGEST, LONG, Long, adjust, bounded_degree

#: Exponents of two.
Powers = NDArray[np.int32]


def spin_weighted_harmonics(lmax: object, spin: object, theta: ArrayLike, phi: ArrayLike) -> NDArray[np.complex128]:
    """Return the spin-weighted harmonics sY_lm of degrees 0 … lmax as an array [..., (lmax+1)²], flat index l²+l+m
    last.

        sY_lm(θ, φ) = (-1)^s √((2l+1)/4π) d^l_{m,-s}(θ) e^{imφ}
        ð sY_lm = √((l-s)(l+s+1)) s+1Y_lm      ð = -(∂θ + (i/sin θ) ∂φ - s cot θ)
        conj(sY_lm) = (-1)^(s+m) -sY_{l,-m}

    They are complex128, in the frame (e_θ, e_φ); those of spin 0 are Y with Condon-Shortley phase.  Zero for l < |s|,
    where no such harmonic exists.  theta and phi broadcast as in :func:`harmonics`; at a pole the value depends on phi,
    as the frame does.

    Range and error: lmax <= 10 000, |s| <= 10 000, every θ and φ; the error is at most 2e-15 √((2l+1)/4π), the root of
    Σ_m |sY_lm|², where numpy's long double has 64 bits (x86), and l times a rounding of float64 where it does not.

    Raises as :func:`harmonics`, and ValueError or TypeError for a spin that is larger or no integer.  The integrals of
    three of them are the family ``spin_weighted_gaunt``.  Source: Newman and Penrose 1966; Goldberg and others 1967;
    derivation ``spin_weighted_gaunt``; recurrence of :mod:`coupling.sphere.spin_weighted`.

    >>> (spin_weighted_harmonics(1, 1, np.pi / 2, 0.0) * np.sqrt(16 * np.pi / 3)).round(12) + 0.0
    array([ 0.        +0.j, -1.        +0.j,  1.41421356+0.j, -1.        +0.j])
    """
    l_max, s, (angle, turn) = bounded_degree(lmax, "lmax"), _spin(spin), broadcast_angles(theta, phi)
    n, rows = angle.size, 2 * l_max + 1
    needed = 16 * n * (l_max + 1) ** 2 + WORK * max(CHUNK, rows) + 64 * n
    require_memory(needed, f"spin-weighted harmonics to lmax {l_max} at {n} points")
    result = np.zeros((n, (l_max + 1) ** 2), np.complex128)
    flat, size = (angle.ravel(), turn.ravel()), max(1, CHUNK // rows)
    for south in (False, True):
        places = np.flatnonzero((flat[0] > np.pi / 2) == south)
        for start in range(0, len(places), size):
            part = places[start : start + size]
            _write(result, part, l_max, s, *(values[part] for values in flat))
    return result.reshape(*angle.shape, result.shape[-1])


def _spin(value: object) -> int:
    spin = integer(value, "spin")
    if abs(spin) > LARGEST:
        raise ValueError(f"spin must satisfy |spin| <= {LARGEST} for functions on the sphere, got {quoted(value)}")
    return spin


def _write(result: NDArray[Any], part: NDArray[np.intp], lmax: int, s: int, theta: Angles, phi: Angles) -> None:
    """Write the harmonics at points of one hemisphere to result[part]."""
    south, m = bool(theta[0] > np.pi / 2), np.arange(-lmax, lmax + 1)
    half = theta.astype(LONG) / 2
    sine, cosine = (np.cos(half), np.sin(half)) if south else (np.sin(half), np.cos(half))
    odd = np.where(m < s, s + m, 0) if south else np.where(m + s < 0, s, m)
    upper = powers_of_phase(lmax, phi)
    turn = np.concatenate([upper[:0:-1].conj(), upper]) * (1 - 2 * (odd % 2))[:, None]
    for l, values in enumerate(_magnitudes(lmax, -s if south else s, sine, cosine)):
        rows = turn[lmax - l : lmax + l + 1] * (-1 if south and l % 2 else 1)
        result[part, degree_slice(l)] = (values.astype(np.float64) * rows.astype(np.complex128)).T


def _magnitudes(lmax: int, s: int, sine: Long, cosine: Long) -> Iterator[Long]:
    """Yield, for l = 0 … lmax, √((2l+1)/4π) d^l_{m,-s} as an array [m, point], m = -l … l, positive next to θ = 0, from
    sine and cosine of θ/2; zero for l < |s|."""
    m = np.arange(-lmax, lmax + 1, dtype=LONG)[:, None]
    a, b, first = abs(m + s), abs(m - s), np.maximum(abs(m), abs(s))
    value, power = _first_values(lmax, s, sine, cosine)
    step, t = np.zeros_like(value), 2 * sine * sine
    for l in range(lmax + 1):
        here = slice(lmax - l, lmax + l + 1)
        if l > abs(s):
            inner = slice(lmax - l + 1, lmax + l)
            _advance(l, a[inner], b[inner], first[inner], t, value[inner], step[inner])
        if l % ADJUST == 0:
            adjust(value[here], step[here], power[here])
        yield np.ldexp(value[here], power[here]) if l >= abs(s) else np.zeros((2 * l + 1, len(t)), LONG)


def _advance(l: int, a: Long, b: Long, first: Long, t: Long, value: Long, step: Long) -> None:
    """Bring values and differences of degree l-1 to degree l in place."""
    n = l - first
    ratio = np.sqrt((2 * l + 1) * (n + a) * (n + 2 * first) / ((2 * l - 1) * n * (n + b)))
    scale = ratio * l / ((n + a) * (n + 2 * first))
    step *= (n - 1) * (n - 1 + b) / max(l - 1, 1) * scale
    step -= (2 * l - 1) * scale * t * value
    value *= ratio
    value += step


def _first_values(lmax: int, s: int, sine: Long, cosine: Long) -> tuple[Long, Powers]:
    """Return the values at l = max(|m|, |s|) as numbers [m, point] below 1 and powers of two, m = -lmax … lmax.

    √((2l+1)/4π binom(2l, a)) sin^a cos^b: rising a at l = |s|, then one more of both in every step of |m|.
    """
    values, size = np.zeros((2 * lmax + 1, len(sine)), LONG), abs(s)
    powers = np.zeros(values.shape, np.int32)
    if size > lmax:
        return values, powers
    orders = range(-size, size + 1) if s >= 0 else range(size, -size - 1, -1)  # a = |m+s| rises
    value, power = (
        np.full(len(sine), np.sqrt((2 * size + 1) / (16 * np.arctan(LONG(1))))),
        np.zeros(len(sine), np.int32),
    )
    for _ in range(2 * size):
        value, power = _scaled(value * cosine, power)
    for a, m in enumerate(orders):
        values[lmax + m], powers[lmax + m] = value, power
        value, power = _scaled(value * sine / cosine * np.sqrt(LONG(2 * size - a) / (a + 1)), power)
    for m in range(size + 1, lmax + 1):
        factor = sine * cosine * np.sqrt(LONG(2 * m + 1) * (2 * m) / ((m + size) * (m - size)))
        for place, before in ((lmax + m, lmax + m - 1), (lmax - m, lmax - m + 1)):
            values[place], powers[place] = _scaled(values[before] * factor, powers[before])
    return values, powers


def _scaled(value: Long, power: Powers) -> tuple[Long, Powers]:
    part, shift = np.frexp(value)
    return part, power + shift
