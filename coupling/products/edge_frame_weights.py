"""Which weights an edge frame has, and the matrix from those of paths to those of its SO(2) layer."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.exact.edge_frame import edge_frame_matrix
from coupling.quoted import quoted
from coupling.selection import degrees, triangle


def pairs_of(lmax_in: int, lmax_out: int, mmax: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs (l1, l3) [n, 2] and where their SO(2) weights begin [n+1].

    >>> [array.tolist() for array in pairs_of(1, 1, 1)]
    [[[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 2, 3, 6]]
    """
    pairs = np.array([(l1, l3) for l1 in range(lmax_in + 1) for l3 in range(lmax_out + 1)], np.int64)
    sizes = 2 * np.minimum(pairs.min(1), mmax) + 1
    return pairs, np.concatenate([[0], np.cumsum(sizes)])


def edge_frame_paths(paths: Any, lmax_in: int, lmax_edge: int, lmax_out: int) -> NDArray[np.int64]:
    """Return paths (l1, l2, l3) [n, 3], all to these degrees sorted by l1, l3, l2 where none are given, or raise.

    >>> edge_frame_paths(None, 1, 1, 1).tolist()
    [[0, 0, 0], [0, 1, 1], [1, 1, 0], [1, 0, 1], [1, 1, 1]]
    """
    if paths is None:
        return np.array(
            [
                (l1, l2, l3)
                for l1 in range(lmax_in + 1)
                for l3 in range(lmax_out + 1)
                for l2 in range(abs(l1 - l3), min(l1 + l3, lmax_edge) + 1)
            ],
            np.int64,
        ).reshape(-1, 3)
    try:
        found = [degrees(*path) for path in paths]
    except TypeError as error:
        raise TypeError(f"paths must be triples of degrees (l1, l2, l3): {error}") from None
    for path in found:
        if len(path) != 3 or not triangle(*path) or path[0] > lmax_in or path[2] > lmax_out:
            raise ValueError(f"a path must couple degrees of x, the edge and z, got {quoted(path)}")
    if len(set(found)) < len(found):
        raise ValueError("a path is listed twice")
    return np.array(found, np.int64).reshape(-1, 3)


def conversion(
    pairs: NDArray[np.int64], starts: NDArray[np.int64], paths: NDArray[np.int64], mmax: int
) -> NDArray[np.float64]:
    """Return the matrix [SO(2) weights, paths] of all pairs together.

    >>> pairs, starts = pairs_of(0, 1, 0)
    >>> conversion(pairs, starts, edge_frame_paths(None, 0, 1, 1), 0)
    array([[1., 0.],
           [0., 1.]])
    """
    result = np.zeros((int(starts[-1]), len(paths)))
    place = {pair: int(start) for pair, start in zip(map(tuple, pairs.tolist()), starts, strict=False)}
    for column, (l1, l2, l3) in enumerate(paths.tolist()):
        k = min(l1, l3)
        kept = min(k, mmax)
        rows = _rounded(l1, l3)[k - kept : k + kept + 1, l2 - abs(l1 - l3)]
        result[place[l1, l3] : place[l1, l3] + 2 * kept + 1, column] = rows
    return result


@lru_cache(maxsize=1 << 10)
def _rounded(l1: int, l3: int) -> NDArray[np.float64]:
    return np.array([[float(entry) for entry in row] for row in edge_frame_matrix(l1, l3)])
