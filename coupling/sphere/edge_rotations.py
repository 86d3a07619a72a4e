"""The rotations that take edges to the pole."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.sphere.directions import real_numbers


def edge_rotations(vectors: ArrayLike) -> NDArray[np.float64]:
    """Return unit quaternions [..., 4] of the rotations R that take vectors v [..., 3] to the pole.

        R v = |v| (0, 0, 1)

    The shortest turn for z >= 0; for z < 0 a half turn about x first, so that no direction is singular.  What an SO(2)
    layer makes in the frame does not depend on the choice.  Raises ValueError for a vector of length zero.

    >>> edge_rotations([0.0, 0.0, -2.0])  # a half turn about x
    array([0., 1., 0., 0.])
    """
    v = real_numbers(vectors, "vectors")
    if v.ndim == 0 or v.shape[-1] != 3:
        raise ValueError(f"vectors must have shape [..., 3], got {v.shape}")
    if not v.any(axis=-1).all():
        raise ValueError("vectors must not have length zero: the zero vector has no frame")
    u = v / abs(v).max(axis=-1, keepdims=True)
    u = u / np.linalg.norm(u, axis=-1, keepdims=True)
    south = u[..., 2] < 0
    x, y, z = u[..., 0], np.where(south, -u[..., 1], u[..., 1]), abs(u[..., 2])
    q = np.stack([1 + z, y, -x, np.zeros_like(x)], -1)  # takes (x, y, z) to the pole
    q /= np.linalg.norm(q, axis=-1, keepdims=True)
    flipped = np.stack([-q[..., 1], q[..., 0], q[..., 3], -q[..., 2]], -1)  # q i
    return np.where(south[..., None], flipped, q) + 0.0
