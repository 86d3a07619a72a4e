"""The core of a table, path by path: what knows how its values are computed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.floating_point import default_rounding
from coupling.kernels.entries import keep_non_zero
from coupling.tabulation import FIRST, tabulate_paths


class Block(NamedTuple):
    """Non-zero entries of one path or several: orders int8 [E, 3], values float64 [E]."""

    orders: NDArray[np.int8]
    values: NDArray[np.float64]


def compile_core(basis: str) -> None:
    """Compile in the calling thread what :func:`core_blocks` runs; see :func:`coupling.tabulation.compile_first`.

    >>> compile_core("real")
    """
    core_blocks(np.array(FIRST, np.uint8), basis)


@default_rounding()
def core_blocks(paths: NDArray[np.uint8], basis: str, workers: int = 1) -> tuple[NDArray[np.int64], Block]:
    """Return the number of non-zero entries of each path, and those of all paths in one Block, correctly rounded.

    The core is C(l1,l2,l3) in the real basis and 3j(l1 l2 l3; m1 m2 m3) in the complex one.  workers threads share
    the work.  Allocates the arrays of the Block, with room for the zeros, and nothing else of their size.

    >>> counts, block = core_blocks(np.array([[1, 0, 1]], np.uint8), "real")
    >>> counts, block.orders.tolist(), block.values
    (array([3]), [[-1, 0, -1], [0, 0, 0], [1, 0, 1]], array([0.57735027, 0.57735027, 0.57735027]))
    """
    table = tabulate_paths(CORE, paths, basis, workers)
    orders, counts = np.empty((len(table.values), 3), np.int8), np.empty(len(paths), np.int64)
    kept = keep_non_zero(table.paths, table.offsets, basis == "real", table.values, orders, table.values, counts)
    return counts, Block(orders[:kept], table.values[:kept])
