"""The values of a table: its core, path by path, and its reduced factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.families import Family
from coupling.families import family as known
from coupling.floating_point import default_rounding
from coupling.kernels.entries import keep_non_zero
from coupling.numbers.half_integers import half_integer_factor, row_values, symbol_rows
from coupling.numbers.sizes import half_integer_counts
from coupling.numbers.tabulation import FIRST, tabulate_paths

#: Entries of half-integer degrees that are computed at a time.
PIECE = 1 << 20


class Block(NamedTuple):
    """Non-zero entries of one path or several: orders int8 [E, 3], values float64 [E]."""

    orders: NDArray[np.int8]
    values: NDArray[np.float64]


def compile_core(basis: str) -> None:
    """Compile in the calling thread what :func:`core_blocks` runs, as ``compile_first`` of the tabulation does.

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


@default_rounding()
def half_core_blocks(paths: NDArray[np.uint8]) -> tuple[NDArray[np.int64], Block]:
    """Return what :func:`core_blocks` returns for doubled degrees, with doubled orders: 3j symbols, correctly rounded.

    >>> counts, block = half_core_blocks(np.array([[1, 1, 0]], np.uint8))
    >>> counts, block.orders.tolist(), block.values
    (array([2]), [[-1, 1, 0], [1, -1, 0]], array([-0.70710678,  0.70710678]))
    """
    allowed = half_integer_counts(paths)
    edges = np.searchsorted(np.cumsum(allowed), np.arange(PIECE, allowed.sum() + 1, PIECE)) + 1
    orders, values = np.empty((int(allowed.sum()), 3), np.int8), np.empty(int(allowed.sum()))
    counts, end = [], 0
    for part in np.split(paths, np.unique(edges)):
        count, block = _half_core_block(part)
        counts.append(count)
        begin, end = end, end + len(block.values)
        orders[begin:end], values[begin:end] = block
    return np.concatenate(counts), Block(orders[:end], values[:end])


def _half_core_block(paths: NDArray[np.uint8]) -> tuple[NDArray[np.int64], Block]:
    record, degrees = known(CORE), [(j1, j2, j3) for j1, j2, j3 in paths.tolist()]
    rows = np.concatenate([np.zeros((0, 6), np.int64), *(symbol_rows(record, path) for path in degrees)])
    values, path = row_values(record, rows), np.repeat(np.arange(len(paths)), half_integer_counts(paths))
    kept = values != 0
    return np.bincount(path[kept], minlength=len(paths)), Block(rows[kept, 3:].astype(np.int8), values[kept])


def half_reduced_vectors(families: Sequence[str], paths: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """Return the reduced factors of some families on every path of doubled degrees, by their names.

    >>> half_reduced_vectors(["clebsch_gordan"], np.array([[1, 1, 2], [1, 2, 1]], np.uint8))
    {'clebsch_gordan': array([1.73205081, 1.41421356])}
    """
    degrees = [(j1, j2, j3) for j1, j2, j3 in paths.tolist()]
    factor = {name: [float(half_integer_factor(known(name), path)) for path in degrees] for name in families}
    return {name: np.array(numbers, np.float64) for name, numbers in factor.items()}


def reduced_vector(family: str | Family, paths: NDArray[np.uint8], basis: str) -> NDArray[np.float64]:
    """Return the reduced factor of a family on every path, correctly rounded; 0 where the family does not live.

    An imaginary factor (antisymmetric_gaunt in the complex basis) is given without its i.  It is computed once for all
    paths of one kind.

    >>> reduced_vector("antisymmetric_gaunt", np.array([[1, 1, 1], [1, 1, 2]], np.uint8), "complex")
    array([1.19682684, 0.        ])
    """
    record = known(family)
    _, first, where = np.unique(path_kinds(record, paths), return_index=True, return_inverse=True)
    values = [reduced_number(record, path, basis) for path in paths[first].tolist()]
    return np.array(values, np.float64)[where]


def reduced_vectors(families: Sequence[str], paths: NDArray[np.uint8], basis: str) -> dict[str, NDArray[np.float64]]:
    """Return the reduced factors of some families on every path, by their names.

    >>> list(reduced_vectors(["gaunt"], np.array([[1, 1, 0]], np.uint8), "real"))
    ['gaunt']
    """
    return {family: reduced_vector(family, paths, basis) for family in families}


def path_kinds(family: Family, paths: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return an integer for each path such that paths with the same one have the same factor.

    >>> from coupling.families import family
    >>> len(np.unique(path_kinds(family("gaunt"), np.array([[1, 1, 2], [2, 1, 1], [1, 2, 3]]))))
    2
    """
    l1, l2, l3 = paths.astype(np.int64).T
    if family.kind is not None:
        return np.asarray(family.kind(l1, l2, l3))
    if family.symmetry == "total":
        l1, l2, l3 = np.sort(paths.astype(np.int64), axis=1).T
    elif family.symmetry == "last two":
        l2, l3 = np.minimum(l2, l3), np.maximum(l2, l3)
    kinds: NDArray[np.int64] = (l1 * 256 + l2) * 256 + l3
    return kinds


def reduced_number(family: Family, path: Sequence[int], basis: str) -> float:
    """Return the reduced factor of a path, correctly rounded, without an i.

    >>> from coupling.families import family
    >>> reduced_number(family("antisymmetric_gaunt"), [1, 1, 1], "complex")
    1.196826841204298
    """
    l1, l2, l3 = path
    factor = family.reduced(l1, l2, l3, basis)
    return complex(factor).imag if factor.unit else float(factor)
