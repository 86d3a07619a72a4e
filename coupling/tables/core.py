"""The numbers of a table: the core path by path, and the reduced factors.

Everything that knows how a value is computed is in this module; the rest of the package moves arrays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import FAMILIES
from coupling.exact import reduced
from coupling.floating_point import default_rounding
from coupling.kernels.entries import keep_non_zero
from coupling.tabulation import tabulate_paths


class Block(NamedTuple):
    """Non-zero entries of one path or several: orders int8 [E, 3], values float64 [E]."""

    orders: NDArray[np.int8]
    values: NDArray[np.float64]


@default_rounding()
def core_blocks(paths: NDArray[np.uint8], basis: str, workers: int = 1) -> tuple[NDArray[np.int64], Block]:
    """Return the number of non-zero entries of each path, and those of all paths in one Block, correctly rounded.

    The core is C(l1,l2,l3) in the real basis and 3j(l1 l2 l3; m1 m2 m3) in the complex one.  workers threads share
    the work.  Allocates the arrays of the Block, with room for the zeros, and nothing else of their size.

    >>> counts, block = core_blocks(np.array([[1, 0, 1]], np.uint8), "real")
    >>> counts, block.orders.tolist(), block.values
    (array([3]), [[-1, 0, -1], [0, 0, 0], [1, 0, 1]], array([0.57735027, 0.57735027, 0.57735027]))
    """
    table = tabulate_paths("wigner_3j", paths, basis, workers)
    orders, counts = np.empty((len(table.values), 3), np.int8), np.empty(len(paths), np.int64)
    kept = keep_non_zero(table.paths, table.offsets, basis == "real", table.values, orders, table.values, counts)
    return counts, Block(orders[:kept], table.values[:kept])


def reduced_vector(family: str, paths: NDArray[np.uint8], basis: str) -> NDArray[np.float64]:
    """Return the reduced factor of a family on every path, correctly rounded; 0 where the family does not live.

    An imaginary factor (antisymmetric_gaunt in the complex basis) is given without its i.

    >>> reduced_vector("antisymmetric_gaunt", np.array([[1, 1, 1], [1, 1, 2]], np.uint8), "complex")
    array([1.19682684, 0.        ])
    """
    _, first, where = np.unique(_kind(family, paths), return_index=True, return_inverse=True)
    values = [_reduced(family, l1, l2, l3, basis) for l1, l2, l3 in paths[first].tolist()]
    return np.array(values, np.float64)[where]


def _kind(family: str, paths: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return an integer for each path such that paths with the same one have the same factor.

    The factor of clebsch_gordan depends on l3 and the parity of l1-l2; those of both integrals are symmetric.
    """
    l1, l2, l3 = (paths if family in FAMILIES[:2] else np.sort(paths, axis=1)).astype(np.int64).T
    if family == "wigner_3j":
        return np.zeros(len(paths), np.int64)
    return 2 * l3 + (l1 + l2) % 2 if family == "clebsch_gordan" else (l1 * 256 + l2) * 256 + l3


def _reduced(family: str, l1: int, l2: int, l3: int, basis: str) -> float:
    factor = reduced(family, l1, l2, l3, basis)
    return complex(factor).imag if factor.unit else float(factor)
