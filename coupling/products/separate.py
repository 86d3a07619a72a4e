"""Weights of samples and channels: every path formed separately, weighted and added to the degree that it leads to.

Rows are those of :class:`coupling.products.FullProduct`, path after path.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class Separate(NamedTuple):
    """The rows of separate paths, sorted by the degree that they lead to.

    rows [total]: rows of one degree after those of the one before; paths [P]: paths likewise; counts [lmax+1]: how many
    paths lead to each degree.
    """

    rows: Integers
    paths: Integers
    counts: list[int]

    def summed(self, xp: Any, separate: Any, weights: Any) -> Any:
        """Return Σ_p w_p z_p [..., (lmax+1)², channels] of separate paths [..., total, channels] and weights
        [..., P, channels]; xp is numpy, or jax.numpy."""
        separate, weights = separate[..., self.rows, :], weights[..., self.paths, :]
        sums, at, path = [], 0, 0
        for l, n in enumerate(self.counts):
            part = separate[..., at : at + n * (2 * l + 1), :]
            part = part.reshape(*part.shape[:-2], n, 2 * l + 1, part.shape[-1])
            sums.append((part * weights[..., path : path + n, None, :]).sum(-3))
            at, path = at + n * (2 * l + 1), path + n
        return xp.concatenate(sums, -2)


def separate_rows(paths: Integers, lmax: int) -> Separate:
    """Return where the rows of the paths [P, 3] are that lead to the degrees 0 … lmax.

    >>> separate_rows(np.array([[0, 1, 1], [1, 1, 0]]), 1)
    Separate(rows=array([3, 0, 1, 2]), paths=array([1, 0]), counts=[1, 1])
    """
    degrees = paths[:, 2].astype(np.int64)
    path, of_row = np.argsort(degrees, kind="stable"), np.repeat(degrees, 2 * degrees + 1)
    return Separate(np.argsort(of_row, kind="stable"), path, np.bincount(degrees, minlength=lmax + 1).tolist())


def spread_paths(z: Any, weights: Any, paths: Integers) -> Any:
    """Return the separate paths w_p z [..., total, channels] of a feature z [..., (lmax+1)², channels].

    >>> spread_paths(np.arange(4.0)[:, None], np.array([[2.0], [3.0]]), np.array([[0, 1, 1], [1, 1, 0]]))[:, 0]
    array([2., 4., 6., 0.])
    """
    sizes = 2 * paths[:, 2].astype(np.int64) + 1
    rows = np.concatenate([np.arange(l * l, (l + 1) ** 2) for l in paths[:, 2].tolist()] or [np.zeros(0, np.int64)])
    return z[..., rows, :] * weights[..., np.repeat(np.arange(len(paths)), sizes), :]
