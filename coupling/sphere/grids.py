"""Points and weights on the unit sphere that integrate every polynomial up to a degree exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import lebedev_rule

from coupling.memory import require_memory
from coupling.portable import Portable
from coupling.quoted import quoted
from coupling.selection import degree as check_degree
from coupling.sphere.legendre import LARGEST, LONG, Long, bounded_degree, legendre

#: Degrees of the Lebedev rules that SciPy holds; 13, 25 and 27 have negative weights and are left out.
LEBEDEV_DEGREES = (*range(3, 12, 2), *range(15, 24, 2), 29, 31, *range(35, 132, 6))

#: Steps of Newton's method at most; each doubles the digits, of which the first angles have three or more.
NEWTON = 4


@dataclass(frozen=True, eq=False)
class Grid(Portable):
    """A quadrature rule on the sphere, exact up to a degree of f.

        Σ_p w_p f(θ_p, φ_p) = ∫ f dΩ

    ``theta`` (colatitude, 0 … π), ``phi`` (0 … 2π) and ``weights`` (they sum to 4π) are float64 arrays [n],
    read-only.  ``shape`` is (n_theta, n_phi) for a product of two lines of points, theta the slow one, and (n,)
    otherwise; ``kind`` is "gauss_legendre" or "lebedev".  Source: ``coupling.conventions``, grids.

    >>> grid = gauss_legendre(3)
    >>> grid.shape, grid.degree, float(grid.weights @ np.cos(grid.theta) ** 2 / np.pi)
    ((2, 4), 3, 1.3333333333333333)
    """

    theta: NDArray[np.float64]
    phi: NDArray[np.float64]
    weights: NDArray[np.float64]
    degree: int
    kind: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        for array in (self.theta, self.phi, self.weights):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.weights)


def gauss_legendre(degree: object) -> Grid:
    """Return the product of Gauss-Legendre points in cos θ with uniform points in φ, exact to a total degree.

    n_θ = ceil((degree+1)/2) and n_φ = degree+1; no point is a pole.  Degrees 0 … 20 000, which is what the analysis of
    degree 10 000 needs; θ is right to one rounding and a weight to a few, relatively, where numpy's long double has 64
    bits, and to about degree of them where it does not.  Raises ValueError or TypeError for a degree that does not
    exist or is larger, MemoryError for a grid that does not fit.  Source: Gauss 1814 for θ; for φ the n-point rule is
    exact on e^{imφ} with |m| < n.

    >>> len(gauss_legendre(6)), gauss_legendre(6).shape
    (28, (4, 7))
    """
    d = bounded_degree(degree, "degree of the grid", 2 * LARGEST)
    n_theta, n_phi = d // 2 + 1, d + 1
    require_memory(60 * n_theta * n_phi, f"the Gauss-Legendre grid of degree {d}")
    line, w = gauss_points(n_theta)
    theta = np.repeat(line, n_phi)
    phi = np.tile(2 * np.pi / n_phi * np.arange(n_phi), n_theta)
    return Grid(theta, phi, np.repeat(2 * np.pi / n_phi * w, n_phi), d, "gauss_legendre", (n_theta, n_phi))


def gauss_points(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the n Gauss-Legendre points as angles θ, from north to south, and their weights, which sum to 2.

    Newton's method in θ, not in cos θ, which near the poles does not tell neighbouring angles apart: the first weight
    of 2 000 points has eight digits if it is computed from cos θ.  It begins with θ_k = φ_k + cot φ_k / 8n²,
    φ_k = (4k-1)π/(4n+2).  Weights are 2/(dP_n/dθ)².  Source: NIST Digital Library of Mathematical Functions, 18.16.8
    and 3.5.

    >>> theta, weights = gauss_points(2)
    >>> np.cos(theta).round(6), weights
    (array([ 0.57735, -0.57735]), array([1., 1.]))
    """
    phi = (4 * np.arange(1, n // 2 + 1) - 1) * np.pi / (4 * n + 2)
    theta = phi + 1 / np.tan(phi) / (8 * n * n)
    for _ in range(NEWTON):
        value, slope = _polynomial(n, theta)
        theta = theta - value / slope
        if (abs(value / slope) < 1e-11 / n).all():
            break
    north = theta.astype(np.float64)
    weights = _weight(n, north)
    middle = [np.pi / 2] * (n % 2)
    line = np.concatenate([north, middle, (_pi() - north[::-1]).astype(np.float64)])
    return line, np.concatenate([weights, _weight(n, np.array(middle)), weights[::-1]])


def _polynomial(n: int, theta: Long) -> tuple[Long, Long]:
    """Return P_n0 of :mod:`coupling.sphere.legendre` and its derivative in θ."""
    for row in legendre(n, theta, most=1):
        last = row
    return last[0], -np.sqrt(LONG(n * (n + 1))) * last[1]


def _weight(n: int, theta: NDArray[np.float64]) -> NDArray[np.float64]:
    slope = _polynomial(n, theta)[1]
    weight: NDArray[np.float64] = ((2 * n + 1) / (2 * _pi() * slope * slope)).astype(np.float64)
    return weight


def _pi() -> Any:
    return 4 * np.arctan(LONG(1))


def lebedev(degree: object) -> Grid:
    """Return the smallest Lebedev rule with positive weights that is exact to at least the degree.

    About two thirds of the points of :func:`gauss_legendre`; the poles are among them.  ``grid.degree`` is the degree
    reached, at most 131; integrals are exact to 1e-13, the rounding of SciPy's points.  Raises ValueError or TypeError
    for a degree that does not exist or exceeds 131.  Source: Lebedev and Laikov 1999, through
    ``scipy.integrate.lebedev_rule``.

    >>> len(lebedev(6)), lebedev(6).degree
    (26, 7)
    """
    d = check_degree(degree, "degree of the grid")
    if d > LEBEDEV_DEGREES[-1]:
        raise ValueError(f"degree of the grid must be <= {LEBEDEV_DEGREES[-1]} for a Lebedev rule, got {quoted(d)}")
    reached = min(known for known in LEBEDEV_DEGREES if known >= d)
    (x, y, z), weights = lebedev_rule(reached)
    theta, phi = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x) % (2 * np.pi)
    return Grid(theta, phi, np.array(weights), reached, "lebedev", (len(weights),))
