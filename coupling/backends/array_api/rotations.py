"""Wigner D as polynomials of a unit quaternion, in the arrays of one framework, real basis.

Degree 1 is quadratic in (w, x, y, z); degree l is, with the orthogonal Clebsch-Gordan matrix B of 1 ⊗ (l-1) → l,

    D^l = Bᵀ (D^1 ⊗ D^{l-1}) B

a polynomial of degree 2l without a singular direction, so that derivatives of any order exist at every rotation: Euler
angles have none at their poles.  Every step is a compression by an isometry, so errors add up and do not grow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CLEBSCH_GORDAN
from coupling.numbers.coefficients import block

Array = Any

#: Largest degree: a matrix is made from all before.
LARGEST_RECURRED = 100


def degree_one(xp: Any, rotation: Array) -> Array:
    """Return D^1 [..., 3, 3] in the order y, z, x, of quaternions [..., 4], which are normalized, or of matrices.

    >>> degree_one(np, np.array([1.0, 0.0, 0.0, 1.0]))  # a quarter turn about z: x → y → -x
    array([[ 0.,  0.,  1.],
           [ 0.,  1.,  0.],
           [-1.,  0.,  0.]])
    """
    if rotation.shape[-1] == 3:
        rows = [[rotation[..., a, b] for b in (1, 2, 0)] for a in (1, 2, 0)]
    else:
        w, x, y, z = (rotation[..., i] for i in range(4))
        s = w * w + x * x + y * y + z * z
        rows = [
            [(w * w - x * x + y * y - z * z) / s, 2 * (y * z - w * x) / s, 2 * (x * y + w * z) / s],
            [2 * (y * z + w * x) / s, (w * w - x * x - y * y + z * z) / s, 2 * (x * z - w * y) / s],
            [2 * (x * y - w * z) / s, 2 * (x * z + w * y) / s, (w * w + x * x - y * y - z * z) / s],
        ]
    return xp.stack([xp.stack(row, -1) for row in rows], -2)


def wigner_matrices(xp: Any, rotation: Array, lmax: int, constant: Callable[[Any], Array]) -> list[Array]:
    """Return D^0 … D^lmax, each [..., 2l+1, 2l+1], of quaternions [..., 4] or matrices [..., 3, 3].

    >>> [d.shape for d in wigner_matrices(np, np.ones(4), 2, np.asarray)]
    [(1, 1), (3, 3), (5, 5)]
    """
    return recurred(xp, rotation, [constant(isometry(l)) for l in range(2, lmax + 1)])[: lmax + 1]


def recurred(xp: Any, rotation: Array, isometries: Sequence[Array]) -> list[Array]:
    """Return D^0, D^1 and a matrix for each isometry, those of the degrees 2, 3, … in the arrays of xp.

    >>> [d.shape for d in recurred(np, np.ones(4), [isometry(2)])]
    [(1, 1), (3, 3), (5, 5)]
    """
    first = degree_one(xp, rotation)
    found = [xp.ones_like(first[..., :1, :1]), first]
    for b in isometries:
        right = xp.einsum("...xa,abc->...xbc", first, b)
        both = xp.einsum("...yb,...xbc->...xyc", found[-1], right)
        found.append(xp.einsum("xyk,...xyc->...kc", b, both))
    return found


@lru_cache(maxsize=64)
def isometry(l: int) -> NDArray[np.float64]:
    """Return the Clebsch-Gordan matrix [3, 2l-1, 2l+1] of 1 ⊗ (l-1) → l in the real basis.

    >>> b = isometry(3).reshape(-1, 7)
    >>> bool(np.allclose(b.T @ b, np.eye(7)))
    True
    """
    return block(CLEBSCH_GORDAN, 1, l - 1, l)


def require_rotation_shape(shape: tuple[int, ...]) -> None:
    """Raise for a shape of neither quaternions nor matrices.

    >>> require_rotation_shape((5, 4)), require_rotation_shape((3, 3))
    (None, None)
    """
    if shape[-2:] != (3, 3) and shape[-1:] != (4,):
        raise ValueError(f"rotation must be quaternions [..., 4] or matrices [..., 3, 3], got shape {shape}")
