"""From gradients in harmonics of edges to gradients in their vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.sphere.cartesian import cartesian_gradients

Array = NDArray[Any]

#: Edges whose harmonics have gradients in memory at the same time.
EDGES_AT_ONCE = 4096


def vector_gradients(vectors: Array, gradients: Array, lmax: int, normalization: str) -> Array:
    """Return gradients in vectors [E, 3] from those in their harmonics [E, (lmax+1)²], some edges at a time.

    >>> vector_gradients(np.array([[0.0, 0.0, 2.0]]), np.array([[0.0, 0.0, 0.0, 1.0]]), 1, "norm")
    array([[0.5, 0. , 0. ]])
    """
    found = np.empty_like(vectors, gradients.dtype)
    for first in range(0, len(found), EDGES_AT_ONCE):
        part = slice(first, first + EDGES_AT_ONCE)
        _, slopes = cartesian_gradients(vectors[part], lmax, normalization=normalization)
        found[part] = (slopes @ gradients[part, :, None].astype(slopes.dtype))[..., 0]
    return found
