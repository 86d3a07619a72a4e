"""Which paths a product has, in which order, and weights for them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.indexing import path_array
from coupling.memory import require_memory
from coupling.numbers.plan import checked_paths
from coupling.products.given_numbers import given_numbers
from coupling.selection import PARITIES, one_of

Integers = NDArray[np.int64]
Lmax = tuple[int, int, int]


def selected_paths(lmax: Lmax, paths: Any = "all") -> Integers:
    """Return the paths [P, 3] to some degrees in lexicographic order: "all", "even" or "odd" ones, or those listed.

    Raises ValueError or TypeError for what is no path, a path twice, or degrees beyond lmax.

    >>> selected_paths((1, 1, 1), "odd").tolist(), selected_paths((1, 1, 1), [(1, 1, 0), (0, 0, 0)]).tolist()
    ([[1, 1, 1]], [[0, 0, 0], [1, 1, 0]])
    """
    if isinstance(paths, str):
        one_of(paths, PARITIES, "paths")
        require_memory(24 * prod(l + 1 for l in lmax), f"a list of the paths to lmax {lmax}")
        return path_array(lmax, paths)
    listed = checked_paths(paths)
    beyond = listed[(listed > lmax).any(axis=1)]
    if len(beyond):
        raise ValueError(f"paths must have degrees to lmax {lmax}, got {tuple(beyond[0].tolist())}")
    return listed[np.lexsort(listed.T[::-1])]


def path_weights(paths: NDArray[Any], weights: ArrayLike | None) -> NDArray[np.float64]:
    """Return weights [P], one for each path, read-only; ones by default.

    Raises ValueError for another shape.  An array over degrees becomes weights by ``w[tuple(paths.T)]``.

    >>> path_weights(selected_paths((0, 1, 1)), None)
    array([1., 1.])
    """
    given = np.ones(len(paths)) if weights is None else given_numbers(weights, "weights")
    if given.shape != (len(paths),):
        raise ValueError(
            f"weights must have shape ({len(paths)},), one per path, got {given.shape}; "
            "an array w over degrees is w[tuple(product.paths.T)]"
        )
    given.flags.writeable = False
    return given


def by_degrees(lmax: Lmax, paths: NDArray[Any], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights [P] as an array over degrees [lmax1+1, lmax2+1, lmax3+1], zero off the paths.

    >>> by_degrees((0, 1, 1), selected_paths((0, 1, 1)), np.array([2.0, 3])).tolist()
    [[[2.0, 0.0], [0.0, 3.0]]]
    """
    result = np.zeros([l + 1 for l in lmax])
    result[tuple(paths.T)] = weights
    return result
