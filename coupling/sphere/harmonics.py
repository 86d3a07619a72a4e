"""Orthonormal spherical harmonics and their surface gradients at points of the sphere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.indexing import degree_slice
from coupling.memory import require_memory
from coupling.selection import check_basis
from coupling.sphere.directions import Angles, broadcast_angles
from coupling.sphere.legendre import LONG, Long, bounded_degree, legendre

#: Points treated together: as many as fill arrays [m, point] of this size, and at least one.
CHUNK = 1 << 14

#: Bytes for each entry of such an array that are held at once, at most.
WORK = 400


def harmonics(lmax: object, theta: ArrayLike, phi: ArrayLike, basis: str = "real") -> NDArray[np.inexact]:
    """Return the orthonormal harmonics of degrees 0 … lmax as an array [..., (lmax+1)²], flat index l²+l+m last.

        R_l0 = P_l0(θ),    R_lm = √2 P_lm(θ) cos mφ,    R_{l,-m} = √2 P_lm(θ) sin mφ    (m > 0)
        Y_lm = (-1)^m P_lm(θ) e^{imφ},    Y_{l,-m} = P_lm(θ) e^{-imφ}    (m ≥ 0)
        P_lm(θ) = √((2l+1)/4π (l-m)!/(l+m)!) sin^m θ (d/d cos θ)^m P_l(cos θ)

    theta (colatitude, 0 … π) and phi, of any real dtype, broadcast to the leading shape.  "complex": Y with
    Condon-Shortley phase, complex128; "real": R without it, m < 0 the sine, float64.

    Range and error: lmax <= 10 000, every θ and φ; the error is at most 1e-15 √((2l+1)/4π), the root of Σ_m |Y_lm|²,
    where numpy's long double has 64 bits (x86), and l times a rounding of float64 where it does not.  θ outside 0 … π
    by a rounding of its dtype counts as the pole.

    Raises ValueError or TypeError for an lmax or basis that does not exist, lmax > 10 000, angles that are no finite
    numbers and θ out of range, MemoryError for a result that does not fit (0.8 GB for each point at degree 10 000).
    Source: ``coupling.conventions``; recurrence of :mod:`coupling.sphere.legendre`.

    >>> (harmonics(1, np.pi / 2, 0.0) * np.sqrt(4 * np.pi / 3)).round(12) + 0.0
    array([0.57735027, 0.        , 0.        , 1.        ])
    """
    l_max, points = bounded_degree(lmax, "lmax"), broadcast_angles(theta, phi)
    result = _room(l_max, points, check_basis(basis), 1)
    for part, rows, (upper, lower) in _parts(l_max, points, basis):
        for l, p in enumerate(rows):
            _write(result[0, part], l, p, upper, lower)
    return result.reshape(*points[0].shape, result.shape[-1])


def gradients(lmax: object, theta: ArrayLike, phi: ArrayLike, basis: str = "real") -> NDArray[np.inexact]:
    """Return (∂θ, ∂φ/sin θ) of the harmonics of degrees 0 … lmax as an array [2, ..., (lmax+1)²].

    The two components belong to the tangent frame (e_θ, e_φ), so r·(∇f × ∇g) = f_θ g_φ - f_φ g_θ.  At a pole they are
    the limits along the meridian phi.  Arguments, dtypes, range and what raises as in :func:`harmonics`; the error is
    at most 1e-15 √(l(l+1)(2l+1)/4π).  Source: recurrences of the associated Legendre functions that are regular at
    the poles, in the P_lm of :mod:`coupling.sphere.legendre`,

        ∂θ P_lm = ½ [√((l+m)(l-m+1)) P_{l,m-1} - √((l-m)(l+m+1)) P_{l,m+1}]
        m P_lm / sin θ = ½ √((2l+1)/(2l-1)) [√((l-m)(l-m-1)) P_{l-1,m+1} + √((l+m)(l+m-1)) P_{l-1,m-1}]

    >>> (gradients(1, 0.0, 0.0)[:, 1:] * np.sqrt(4 * np.pi / 3)).round(12) + 0.0
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    l_max, points = bounded_degree(lmax, "lmax"), broadcast_angles(theta, phi)
    result = _room(l_max, points, check_basis(basis), 2)
    for part, rows, (upper, lower) in _parts(l_max, points, basis):
        turned = (-lower, upper) if basis == "real" else (1j * upper, -1j * lower)
        before = np.zeros((1, part.stop - part.start), LONG)
        for l, p in enumerate(rows):
            _write(result[0, part], l, _slope(l, p), upper, lower)
            _write(result[1, part], l, _over_sine(l, before), *turned)
            before = p
    return result.reshape(2, *points[0].shape, result.shape[-1])


def _room(lmax: int, points: tuple[Angles, Angles], basis: str, components: int) -> NDArray[Any]:
    """Return an array [components, points, (lmax+1)²] to be filled."""
    dtype, n = np.dtype(float if basis == "real" else complex), points[0].size
    needed = components * n * (lmax + 1) ** 2 * dtype.itemsize + WORK * max(CHUNK, lmax + 1) + 64 * n
    require_memory(needed, f"harmonics to lmax {lmax} at {n} points")
    return np.empty((components, n, (lmax + 1) ** 2), dtype)


def _parts(
    lmax: int, points: tuple[Angles, Angles], basis: str
) -> Iterator[tuple[slice, Iterator[Long], tuple[NDArray[Any], NDArray[Any]]]]:
    """Yield slices of the points, P_lm there, and the functions of φ that belong to m and to -m."""
    theta, phi = (angle.ravel() for angle in points)
    size = max(1, CHUNK // (lmax + 1))
    for start in range(0, len(theta), size):
        part = slice(start, min(start + size, len(theta)))
        yield part, legendre(lmax, theta[part]), _orders(lmax, phi[part], basis)


def powers_of_phase(lmax: int, phi: Angles) -> NDArray[Any]:
    """Return e^{imφ}, m = 0 … lmax, as an array [m, point] of complex long doubles.

    By products of squares: m roundings of a long double from its value, whatever φ is.

    >>> powers_of_phase(2, np.array([np.pi / 2])).astype(complex).round(12)[:, 0] + 0.0
    array([ 1.+0.j,  0.+1.j, -1.+0.j])
    """
    angle = phi.astype(LONG)
    turn = np.ones((lmax + 1, len(phi)), np.result_type(LONG, np.complex64))
    base, known = np.cos(angle) + 1j * np.sin(angle), 1
    while known <= lmax:
        part = turn[known : 2 * known]
        part[:] = turn[: len(part)] * base
        base, known = base * base, 2 * known
    return turn


def _orders(lmax: int, phi: Angles, basis: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return what P_lm is multiplied with for m and for -m, m = 0 … lmax, as arrays [m, point]."""
    turn = powers_of_phase(lmax, phi)
    if basis == "complex":
        sign = (1 - 2 * (np.arange(lmax + 1) % 2))[:, None]
        return (sign * turn).astype(complex), turn.conj().astype(complex)
    turn[1:] *= np.sqrt(LONG(2))
    return turn.real.astype(float), turn.imag.astype(float)


def _write(result: NDArray[Any], l: int, p: Long, upper: NDArray[Any], lower: NDArray[Any]) -> None:
    """Write the orders of degree l to result [point, l²+l+m] from p [m, point]."""
    values, block = p.astype(np.float64), result[:, degree_slice(l)]
    block[:, l:] = (values * upper[: l + 1]).T
    block[:, :l] = (values[1:] * lower[1 : l + 1])[::-1].T


def _slope(l: int, p: Long) -> Long:
    """Return ∂θ P_lm [m, point], m = 0 … l."""
    m = np.arange(1, l + 1, dtype=LONG)[:, None]
    slope = np.zeros_like(p)
    if l:
        slope[0] = -np.sqrt(LONG(l * (l + 1))) * p[1]
        slope[1:] = np.sqrt((l + m) * (l - m + 1)) / 2 * p[:-1]
        slope[1:-1] -= np.sqrt((l - m) * (l + m + 1))[:-1] / 2 * p[2:]
    return slope


def _over_sine(l: int, before: Long) -> Long:
    """Return m P_lm / sin θ [m, point], m = 0 … l, from the functions of degree l-1."""
    m = np.arange(1, l + 1, dtype=LONG)[:, None]
    ratio = np.zeros((l + 1, before.shape[1]), LONG)
    if l:
        scale = np.sqrt(LONG(2 * l + 1) / (2 * l - 1)) / 2
        ratio[1:] = scale * np.sqrt((l + m) * (l + m - 1)) * before
        ratio[1:-2] += scale * np.sqrt((l - m) * (l - m - 1))[:-2] * before[2:]
    return ratio
