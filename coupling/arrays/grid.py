"""Grids: points, weights, and everything that a product of functions on them needs, each number rounded once.

Gauss-Legendre points are the roots of P_n, found by Newton's method to all bits.  Lebedev points and weights are
SciPy's doubles, design points those of ``designs.safetensors``; harmonics are evaluated at their exact directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.arrays.fixed import Fixed, array, exact, pi, roots, rounded
from coupling.arrays.harmonics import Theta, circle, flat_orders, of_phi, of_theta, order_column
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
    columns = np.array([order_column(l, abs(m)) for l, m in flat_orders(lmax)])
    m = np.array([m for _, m in flat_orders(lmax)])
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


# -- points -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Points:
    """cos θ, sin θ, cos φ, sin φ and weights (they sum to 4π), fixed-point arrays.

    With ``product``, θ and φ are two lines of points: arrays [n_theta], [n_theta], [n_phi], [n_phi], [n_theta].
    """

    cos_theta: Fixed
    sin_theta: Fixed
    cos_phi: Fixed
    sin_phi: Fixed
    weights: Fixed
    bits: int
    product: bool


def points_of(request: ArraysRequest) -> Points:
    """Return the points of a grid, with as many bits as its harmonics need.

    >>> points = points_of(ArraysRequest("gauss_legendre", 1))
    >>> [int(x) / 2**points.bits for x in points.cos_theta]
    [0.5773502691896257, -0.5773502691896257]
    """
    if request.kind == "gauss_legendre":
        return _gauss_legendre(request)
    xyz, weights = lebedev_rule(request.reached) if request.kind == "lebedev" else design(request.reached)
    smallest = np.hypot(xyz[:, 0], xyz[:, 1])
    bits = _bits(request.lmax, float(smallest[smallest > 0].min(initial=1.0)))
    x, y, z = (array([exact(value, bits) for value in axis]) for axis in xyz.T.tolist())
    norm = roots((x * x + y * y + z * z) >> bits, bits)
    x, y, z = (x << bits) // norm, (y << bits) // norm, (z << bits) // norm
    sine = roots((x * x + y * y) >> bits, bits)
    pole = sine == 0
    safe = np.where(pole, 1 << bits, sine)
    cos_phi = np.where(pole, 1 << bits, (x << bits) // safe)  # at a pole, φ = 0
    sin_phi = np.where(pole, 0, (y << bits) // safe)
    fixed = array([exact(value, bits) for value in weights.tolist()])
    if request.kind == "design":
        fixed = array([4 * pi(bits) // len(x)] * len(x))
    return Points(z, sine, cos_phi, sin_phi, fixed, bits, product=False)


def lebedev_rule(degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points [n, 3] and weights of a Lebedev rule, as SciPy has them."""
    from scipy.integrate import lebedev_rule as rule

    points, weights = rule(degree)
    return np.ascontiguousarray(points.T) + 0.0, np.array(weights)


def design(strength: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points [n, 3] and equal weights of a design."""
    from coupling.arrays.designs import read_design

    points = read_design(strength)
    return points, np.full(len(points), 4 * np.pi / len(points))


def _bits(lmax: int, smallest_sine: float) -> int:
    """Bits below the binary point: the smallest harmonics, about sin^lmax θ, keep two hundred of their own."""
    return 256 + 4 * lmax + int(lmax * -np.log2(smallest_sine))


def _gauss_legendre(request: ArraysRequest) -> Points:
    n_theta, n_phi = request.shape
    start = np.polynomial.legendre.leggauss(n_theta)[0][::-1]
    bits = _bits(request.lmax, float(np.sqrt(1 - start.max() ** 2)))
    x = array([exact(value, bits) for value in (start + 0.0).tolist()])
    if n_theta % 2:
        x[n_theta // 2] = 0
    for _ in range(int(np.ceil(np.log2(bits / 40))) + 1):  # 2^-40 at first, twice as many bits each time
        value, derivative = _polynomial(n_theta, x, bits)
        x = x - (value << bits) // derivative
    x[n_theta - n_theta // 2 :] = -x[: n_theta // 2][::-1]
    _, derivative = _polynomial(n_theta, x, bits)
    square = (1 << bits) - (x * x >> bits)
    # 2/((1-x²) P'²) for θ, 2π/n for φ
    weights = (4 * pi(bits) << bits) // n_phi * (1 << bits) // ((square * derivative >> bits) * derivative)
    return Points(x, roots(square, bits), *circle(n_phi, bits), weights, bits, product=True)


def _polynomial(n: int, x: Fixed, bits: int) -> tuple[Fixed, Fixed]:
    """Return P_n(x) and its derivative."""
    before, value = np.zeros(len(x), object), np.full(len(x), 1 << bits, object)
    for l in range(n):
        before, value = value, ((2 * l + 1) * (x * value >> bits) - l * before) // (l + 1)
    square = (1 << bits) - (x * x >> bits)
    return value, n * ((before - (x * value >> bits)) << bits) // square
