"""Points and weights of the grids, in fixed point.

Gauss-Legendre points are the roots of P_n, found by Newton's method to all bits.  Lebedev points and weights are
SciPy's doubles, design points those of ``designs.safetensors``; their exact directions are what the harmonics are
evaluated at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coupling.arrays.fixed import Fixed, array, exact, roots
from coupling.arrays.harmonics import circle
from coupling.arrays.request import ArraysRequest


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


def pi(bits: int) -> int:
    """Return π in fixed point.

    >>> pi(4) / 16
    3.125
    """
    from mpmath.libmp import pi_fixed

    return int(pi_fixed(bits))


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
