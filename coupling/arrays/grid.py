"""A grid with everything that a product of functions on it needs, each number rounded once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.arrays.fixed import Fixed, array, rounded
from coupling.arrays.harmonics import Theta, column, of_phi, of_theta, orders
from coupling.arrays.points import Points, points_of
from coupling.arrays.request import ArraysRequest

NamedArrays = dict[str, NDArray[Any]]


def build_grid(request: ArraysRequest) -> NamedArrays:
    """Return the arrays of a grid by name, as ``request.tensors`` lists them.

    >>> arrays = build_grid(ArraysRequest("gauss_legendre", 1))
    >>> arrays["harmonics"].shape, float(arrays["weights"].sum() / np.pi)
    ((16, 4), 4.0)
    """
    points = points_of(request)
    theta = of_theta(request.lmax, points.cos_theta, points.sin_theta, points.bits)
    phi = of_phi(request.lmax, points.cos_phi, points.sin_phi, points.bits)
    arrays = _flat(request, points, theta, phi)
    if points.product:
        arrays |= _separable(request, points, theta, phi)
    return arrays


def _flat(request: ArraysRequest, points: Points, theta: Theta, phi: Fixed) -> NamedArrays:
    """Return what has one row per point, rows to a multiple, and the analysis, which is transposed."""
    rows = {tensor.name: np.zeros(tensor.shape, _storage(request)) for tensor in request.tensors}
    analysis = np.zeros_like(rows["harmonics"])
    for first, chunk in _chunks(points):
        part = _rows(request, points, theta, phi, chunk)
        for name, fixed in part.items():
            target = analysis if name == "analysis" else rows[name]
            target[first : first + len(fixed)] = rounded(fixed, points.bits, request.dtype)
    rows["analysis"] = np.ascontiguousarray(analysis.T)
    return rows


def _storage(request: ArraysRequest) -> np.dtype:
    return rounded(np.zeros(1, object), 64, request.dtype).dtype


def _chunks(points: Points) -> list[tuple[int, tuple[Any, Any]]]:
    """Return the first row of some points and where they are on the lines of θ and φ."""
    if points.product:
        n_phi = len(points.cos_phi)
        return [(i * n_phi, (np.full(n_phi, i), np.arange(n_phi))) for i in range(len(points.cos_theta))]
    n = len(points.cos_theta)
    return [(i, (np.arange(i, min(i + 64, n)),) * 2) for i in range(0, n, 64)]


def _rows(request: ArraysRequest, points: Points, theta: Theta, phi: Fixed, where: tuple[Any, Any]) -> dict[str, Fixed]:
    i, j = where
    bits, lmax = points.bits, request.lmax
    columns = np.array([column(l, abs(m)) for l, m in orders(lmax)])
    m = np.array([m for _, m in orders(lmax)])
    f, turned = phi[j][:, lmax + m], phi[j][:, lmax - m] * np.array([-(k > 0) + (k < 0) for k in m.tolist()], object)
    harmonics = theta.legendre[i][:, columns] * f >> bits
    x, y, z, s = points.cos_phi[j], points.sin_phi[j], points.cos_theta[i], points.sin_theta[i]
    return {
        "points": np.stack([s * x >> bits, s * y >> bits, z], axis=-1),
        "angles": _angles(z, s, x, y, bits),
        "weights": points.weights[i],
        "harmonics": harmonics,
        "gradient_theta": theta.slope[i][:, columns] * f >> bits,
        "gradient_phi": theta.over_sine[i][:, columns] * turned >> bits,
        "analysis": harmonics * points.weights[i][:, None] >> bits,
    }


def _angles(z: Fixed, s: Fixed, x: Fixed, y: Fixed, bits: int) -> Fixed:
    """Return θ and φ, 0 <= φ < 2π."""
    from mpmath import mp

    with mp.workprec(bits + 32):

        def angle(sine: int, cosine: int) -> int:
            value = mp.atan2(sine, cosine) if sine or cosine else mp.mpf(0)
            return int(mp.nint(mp.ldexp(value if value >= 0 else value + 2 * mp.pi, bits)))

        pairs = dict.fromkeys([*zip(s.tolist(), z.tolist(), strict=True), *zip(y.tolist(), x.tolist(), strict=True)])
        known = {pair: angle(*pair) for pair in pairs}
        theta = [known[pair] for pair in zip(s.tolist(), z.tolist(), strict=True)]
        phi = [known[pair] for pair in zip(y.tolist(), x.tolist(), strict=True)]
    return np.stack([array(theta), array(phi)], axis=-1)


def _separable(request: ArraysRequest, points: Points, theta: Theta, phi: Fixed) -> NamedArrays:
    fixed = {
        "legendre": theta.legendre,
        "legendre_theta": theta.slope,
        "legendre_phi": theta.over_sine,
        "legendre_weights": points.weights,
        "fourier": phi,
    }
    return {name: rounded(values, points.bits, request.dtype) for name, values in fixed.items()}
