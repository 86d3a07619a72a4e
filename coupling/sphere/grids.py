"""Points and weights on the unit sphere that integrate every polynomial up to a degree exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import lebedev_rule

from coupling.memory import require_memory
from coupling.portable import Portable
from coupling.selection import degree as check_degree

#: Degrees of the Lebedev rules that SciPy holds; 13, 25 and 27 have negative weights and are left out.
LEBEDEV_DEGREES = (*range(3, 12, 2), *range(15, 24, 2), 29, 31, *range(35, 132, 6))


@dataclass(frozen=True, eq=False)
class Grid(Portable):
    """A quadrature rule on the sphere: Σ_p weights[p] f(theta[p], phi[p]) = ∫ f dΩ up to a degree.

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

    n_θ = ceil((degree+1)/2) and n_φ = degree+1; no point is a pole.  Raises ValueError or TypeError for a degree that
    does not exist, MemoryError for a grid that does not fit.  Source: Gauss 1814 for θ; for φ the n-point rule is
    exact on e^{imφ} with |m| < n.

    >>> len(gauss_legendre(6)), gauss_legendre(6).shape
    (28, (4, 7))
    """
    d = check_degree(degree, "degree of the grid")
    n_theta, n_phi = d // 2 + 1, d + 1
    require_memory(24 * n_theta * n_phi + 8 * n_theta**2, f"the Gauss-Legendre grid of degree {d}")
    x, w = np.polynomial.legendre.leggauss(n_theta)
    theta = np.repeat(np.arccos(-x), n_phi)
    phi = np.tile(2 * np.pi / n_phi * np.arange(n_phi), n_theta)
    return Grid(theta, phi, np.repeat(2 * np.pi / n_phi * w, n_phi), d, "gauss_legendre", (n_theta, n_phi))


def lebedev(degree: object) -> Grid:
    """Return the smallest Lebedev rule with positive weights that is exact to at least the degree.

    About two thirds of the points of :func:`gauss_legendre`; the poles are among them.  ``grid.degree`` is the degree
    reached.  Raises ValueError or TypeError for a degree that does not exist or exceeds 131.  Source: Lebedev and
    Laikov 1999, through ``scipy.integrate.lebedev_rule``.

    >>> len(lebedev(6)), lebedev(6).degree
    (26, 7)
    """
    d = check_degree(degree, "degree of the grid")
    if d > LEBEDEV_DEGREES[-1]:
        raise ValueError(f"degree of the grid must be <= {LEBEDEV_DEGREES[-1]} for a Lebedev rule, got {d}")
    reached = min(known for known in LEBEDEV_DEGREES if known >= d)
    (x, y, z), weights = lebedev_rule(reached)
    theta, phi = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x) % (2 * np.pi)
    return Grid(theta, phi, np.array(weights), reached, "lebedev", (len(weights),))
