"""What the arrays of a table must look like, whatever their values: when it is read, and when it is checked."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from coupling.tables.errors import TableError
from coupling.tables.metadata import describe
from coupling.tables.size import allowed_entries, path_array
from coupling.tables.table import Table

#: Entries are looked at in pieces of this size.
CHUNK = 1 << 20


def check_paths(file: str | os.PathLike[str], table: Table) -> None:
    """Check everything that is as long as the list of paths; raise TableError.

    The paths are those of the request, offsets start at 0, rise by at least 1 and at most by the number of allowed
    entries, and end at the number of entries; reduced factors are finite; the counts in the metadata agree.
    """
    paths = path_array(table.request.lmax, table.request.parity)
    if not np.array_equal(table.paths, paths):
        raise TableError(file, "paths", "the paths of the request in lexicographic order", "others")
    _check_offsets(file, table)
    counts = describe(table.request, paths, len(table.core))["counts"]
    if table.metadata["counts"] != counts:
        raise TableError(file, "counts", counts, table.metadata["counts"])
    for family, factor in table.factors.items():
        if not np.isfinite(factor).all():
            raise TableError(file, f"reduced_{family}", "finite numbers", "NaN or infinity")


def _check_offsets(file: str | os.PathLike[str], table: Table) -> None:
    steps = np.diff(table.offsets)
    allowed = allowed_entries(table.paths, table.request.basis)
    if table.offsets[0] != 0 or table.offsets[-1] != len(table.core):
        ends = table.offsets[[0, -1]].tolist()
        raise TableError(file, "offsets", f"first 0, last {len(table.core)}", ends)
    if (steps < 1).any() or (steps > allowed).any():
        path = int(np.flatnonzero((steps < 1) | (steps > allowed))[0])
        raise TableError(file, f"offsets of path {path}", f"1 to {allowed[path]} entries", int(steps[path]))


def check_entries(file: str | os.PathLike[str], table: Table) -> int:
    """Check every entry: orders allowed by the selection rules and sorted, value finite, not zero, at most 1.

    Return the number of entries, or raise TableError.
    """
    for first, orders, degrees, core, path in _chunks(table):
        good = np.isfinite(core) & (core != 0) & (abs(core) <= 1)
        _refuse(file, "core", "finite, not 0, at most 1 in size", good, core, first)
        good = _allowed(orders, degrees, table.request.basis)
        _refuse(file, "orders", "orders that the selection rules allow", good, orders, first)
        key = _key(path, orders)
        good = np.append(True, key[1:] > key[:-1])
        _refuse(file, "orders", "lexicographic order within the path", good, orders, first)
    return len(table.core)


def _chunks(table: Table) -> Iterator[tuple[int, NDArray, NDArray, NDArray, NDArray]]:
    """Give (first entry, orders, degrees, core, position of the path) in pieces that overlap by one entry."""
    for start in range(0, len(table.core), CHUNK):
        where = slice(max(0, start - 1), start + CHUNK)
        entries = np.arange(where.start, min(where.stop, len(table.core)))
        path = np.searchsorted(table.offsets, entries, side="right") - 1
        degrees = table.paths[path].astype(np.int16)
        yield where.start, table.orders[where].astype(np.int16), degrees, table.core[where], path


def _allowed(orders: NDArray[np.int16], degrees: NDArray[np.int16], basis: str) -> NDArray[np.bool_]:
    size = abs(orders)
    inside = (size <= degrees).all(axis=1)
    if basis == "complex":
        return inside & (orders.sum(axis=1) == 0)
    balanced = 2 * size.max(axis=1) == size.sum(axis=1)
    return inside & balanced & (((orders < 0).sum(axis=1) + degrees.sum(axis=1)) % 2 == 0)


def _key(path: NDArray[np.int64], orders: NDArray[np.int16]) -> NDArray[np.int64]:
    m1, m2, m3 = orders.astype(np.int64).T + 128
    return ((path * 256 + m1) * 256 + m2) * 256 + m3


def _refuse(
    file: str | os.PathLike[str], field: str, expected: str, good: NDArray[np.bool_], found: NDArray, first: int
) -> None:
    if not good.all():
        at = int(np.flatnonzero(~good)[0])
        raise TableError(file, f"{field} of entry {first + at}", expected, found[at])
