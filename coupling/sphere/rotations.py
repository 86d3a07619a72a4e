"""Rotations: proper orthogonal matrices, and what they do to the coefficients of a function on the sphere."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.indexing import degree_slice
from coupling.memory import require_memory
from coupling.selection import of_type
from coupling.sphere.directions import angles
from coupling.sphere.grids import gauss_legendre
from coupling.sphere.harmonics import harmonics
from coupling.sphere.legendre import bounded_degree
from coupling.sphere.quaternions import nearest_rotations

#: Numbers of the harmonics at points that are treated together.
CHUNK = 1 << 22


def random_rotation(random: np.random.Generator) -> NDArray[np.float64]:
    """Return a rotation matrix [3, 3], uniform over all rotations.

    >>> rotation = random_rotation(np.random.default_rng(0))
    >>> np.allclose(rotation @ rotation.T, np.eye(3)), round(float(np.linalg.det(rotation)), 12)
    (True, 1.0)
    """
    of_type(random, np.random.Generator, "random")
    q, r = np.linalg.qr(random.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def rotation_matrix(rotation: ArrayLike, lmax: object) -> NDArray[np.float64]:
    """Return D [(lmax+1)², (lmax+1)²] such that the features x of points r are D x for the points rotation·r.

        R_a(Q r) = Σ_i D[a, i] R_i(r)

    Q is the rotation, R_a the real harmonic of flat index a; the block of a degree is orthogonal, and what
    lies between two degrees is exactly zero.  By exact quadrature of the rotated harmonics, degree by degree.  The
    error of an entry is at most (1 + l/4)·1e-15; memory sets the limit of lmax, 8 (lmax+1)⁴ bytes.

    rotation is a proper or improper one, orthogonal up to the rounding of its dtype; the nearest orthogonal matrix is
    taken.  Raises ValueError for what is no orthogonal matrix [3, 3], MemoryError for a D that does not fit.

    >>> turn = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]  # x → y → -x
    >>> rotation_matrix(turn, 1)[1:, 1:].round(12) + 0.0  # in the order y, z, x
    array([[ 0.,  0.,  1.],
           [ 0.,  1.,  0.],
           [-1.,  0.,  0.]])
    """
    matrix, l_max = _one_matrix(rotation), bounded_degree(lmax, "lmax")
    size = (l_max + 1) ** 2
    require_memory(8 * size * size + 32 * max(CHUNK, size), f"the rotation of features to lmax {l_max}")
    result, grid = np.zeros((size, size)), gauss_legendre(2 * l_max)
    step = max(1, CHUNK // size)
    for start in range(0, len(grid), step):
        part = slice(start, start + step)
        theta, phi = grid.theta[part], grid.phi[part]
        own = harmonics(l_max, theta, phi)
        turned = harmonics(l_max, *angles(_vectors(theta, phi) @ matrix.T)) * grid.weights[part, None]
        for l in range(l_max + 1):
            block = degree_slice(l)
            result[block, block] += turned[:, block].T @ own[:, block]
    return result


def _vectors(theta: NDArray[np.float64], phi: NDArray[np.float64]) -> NDArray[np.float64]:
    sine = np.sin(theta)
    return np.stack([sine * np.cos(phi), sine * np.sin(phi), np.cos(theta)], axis=-1)


def _one_matrix(rotation: ArrayLike) -> NDArray[np.float64]:
    matrix = nearest_rotations(rotation, improper=True)
    if matrix.ndim != 2:
        raise ValueError(f"rotation must be an orthogonal matrix [3, 3], got shape {matrix.shape}")
    return matrix
