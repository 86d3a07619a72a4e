"""Rotations: proper orthogonal matrices, and what they do to the coefficients of a function on the sphere."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.quoted import quoted
from coupling.selection import degree
from coupling.sphere.grids import gauss_legendre
from coupling.sphere.harmonics import harmonics
from coupling.sphere.transforms import analysis


def random_rotation(random: np.random.Generator) -> NDArray[np.float64]:
    """Return a rotation matrix [3, 3], uniform over all rotations.

    >>> rotation = random_rotation(np.random.default_rng(0))
    >>> np.allclose(rotation @ rotation.T, np.eye(3)), round(float(np.linalg.det(rotation)), 12)
    (True, 1.0)
    """
    q, r = np.linalg.qr(random.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def angles(vectors: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return θ (0 … π) and φ of vectors [..., 3], which need not have unit length.

    >>> [float(a) for a in angles([0.0, 0.0, -2.0])] == [np.pi, 0.0]
    True
    """
    x, y, z = np.moveaxis(np.asarray(vectors, float), -1, 0)
    return np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)


def rotation_matrix(rotation: ArrayLike, lmax: object) -> NDArray[np.float64]:
    """Return D [(lmax+1)², (lmax+1)²] such that the features x of points r are D x for the points rotation·r.

    That is R_a(rotation r) = Σ_i D[a, i] R_i(r) for the real harmonics; blocks of one degree are orthogonal.  By exact
    quadrature of the rotated harmonics.  Raises ValueError for what is no rotation or reflection [3, 3].

    >>> turn = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]  # x → y → -x
    >>> rotation_matrix(turn, 1)[1:, 1:].round(12) + 0.0  # in the order y, z, x
    array([[ 0.,  0.,  1.],
           [ 0.,  1.,  0.],
           [-1.,  0.,  0.]])
    """
    matrix, l_max = np.asarray(rotation, float), degree(lmax, "lmax")
    if matrix.shape != (3, 3) or not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-12):
        raise ValueError(f"rotation must be an orthogonal matrix [3, 3], got {quoted(matrix.tolist())}")
    grid = gauss_legendre(2 * l_max)
    sine = np.sin(grid.theta)
    points = np.stack([sine * np.cos(grid.phi), sine * np.sin(grid.phi), np.cos(grid.theta)], axis=-1)
    turned = harmonics(l_max, *angles(points @ matrix.T))
    return analysis(turned.T, grid, l_max).real
