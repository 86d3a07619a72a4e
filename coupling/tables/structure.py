"""What the arrays of a table must look like, whatever their values: when it is read, and when it is checked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coupling.families import family as known
from coupling.floating_point import default_rounding
from coupling.indexing import entry_counts
from coupling.tables.errors import TableError
from coupling.tables.metadata import count
from coupling.tables.size import path_array
from coupling.tables.table import Table

#: How far the elementary size of a factor, computed in floats, may be from the correctly rounded one.
ROUNDINGS = 4 * 2.0**-53

#: About so many entries are looked at together.
CHUNK = 1 << 16


def check_paths(file: str | os.PathLike[str], table: Table) -> None:
    """Check everything that is as long as the list of paths; raise TableError.

    The paths are those of the request, offsets start at 0, rise by at least 1 and at most by the number of allowed
    entries, and end at the number of entries; reduced factors are finite; the counts in the metadata agree.
    """
    paths = path_array(table.request.lmax, table.request.parity)
    if not np.array_equal(table.paths, paths):
        raise TableError(file, "paths", "the paths of the request in lexicographic order", "others")
    _check_offsets(file, table)
    counts = count(table.request, paths, len(table.core))
    if table.metadata["counts"] != counts:
        raise TableError(file, "counts", counts, table.metadata["counts"])
    for family, factor in table.factors.items():
        if not np.isfinite(factor).all():
            raise TableError(file, f"reduced_{family}", "finite numbers", "NaN or infinity")
        _check_factor(file, table, family, factor)


@default_rounding()
def _check_factor(file: str | os.PathLike[str], table: Table, family: str, factor: NDArray[np.float64]) -> None:
    """Refuse the factors of another family: zero off its parity, and sign and size as its outline has them."""
    record, (l1, l2, l3) = known(family), table.paths.T.astype(np.int64)
    odd = (l1 + l2 + l3) % 2 == 1
    alive = np.ones(len(odd), bool) if record.parity == "all" else odd == (record.parity == "odd")
    _refuse_factor(file, family, ~alive & (factor != 0), f"0 off the {record.parity} paths", factor)
    if record.outline is not None:
        sign, size = record.outline(l1, l2, l3)
        if table.request.basis == "real":
            sign = sign * record.real_signs(l1 + l2 + l3, sign, "complex")
        wrong = (np.sign(factor) != sign) | (abs(abs(factor) - size) > (ROUNDINGS * size if record.integral else 0))
        _refuse_factor(file, family, alive & wrong, f"the factor of {family}", factor)


def _refuse_factor(
    file: str | os.PathLike[str], family: str, wrong: NDArray[np.bool_], words: str, factor: NDArray[np.float64]
) -> None:
    if wrong.any():
        path = int(np.flatnonzero(wrong)[0])
        raise TableError(file, f"reduced_{family} of path {path}", words, float(factor[path]))


def _check_offsets(file: str | os.PathLike[str], table: Table) -> None:
    steps = np.diff(table.offsets)
    allowed = entry_counts(table.paths, table.request.basis)
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
    for first, orders, degrees, core, starts in _chunks(table):
        size = abs(core)
        _refuse(file, "core", "finite, not 0, at most 1 in size", (size > 0) & (size <= 1), core, first)
        allowed = _allowed(orders, degrees, table.request.basis)
        _refuse(file, "orders", "orders that the selection rules allow", allowed, orders.T, first)
        key = (orders[0].astype(np.int32) * 256 + orders[1]) * 256 + orders[2]
        rising = np.append(True, key[1:] > key[:-1])
        rising[starts] = True
        _refuse(file, "orders", "lexicographic order within the path", rising, orders.T, first)
    return len(table.core)


def _chunks(table: Table) -> Iterator[tuple[int, NDArray, NDArray, NDArray, NDArray]]:
    """Give first entry, orders [3, e], degrees [3, e], core [e] and the starts of the paths, some paths at a time."""
    bounds = np.searchsorted(table.offsets, np.arange(0, len(table.core) + CHUNK, CHUNK)).clip(max=len(table))
    for begin, end in pairwise(dict.fromkeys(bounds.tolist())):  # np.unique would import numpy.ma
        offsets = table.offsets[begin : end + 1]
        where = slice(int(offsets[0]), int(offsets[-1]))
        orders = np.ascontiguousarray(table.orders[where].T, np.int16)
        degrees = np.repeat(table.paths[begin:end].T.astype(np.int16), np.diff(offsets), axis=1)
        yield where.start, orders, degrees, table.core[where], offsets[:-1] - where.start


def _allowed(orders: NDArray[np.int16], degrees: NDArray[np.int16], basis: str) -> NDArray[np.bool_]:
    size = abs(orders)
    inside = (size <= degrees).all(axis=0)
    if basis == "complex":
        return inside & (orders[0] + orders[1] + orders[2] == 0)
    balanced = 2 * size.max(axis=0) == size[0] + size[1] + size[2]
    parity = (orders[0] < 0) ^ (orders[1] < 0) ^ (orders[2] < 0)
    return inside & balanced & (parity == ((degrees[0] + degrees[1] + degrees[2]) & 1))


def _refuse(
    file: str | os.PathLike[str], field: str, expected: str, good: NDArray[np.bool_], found: NDArray, first: int
) -> None:
    if not good.all():
        at = int(np.flatnonzero(~good)[0])
        raise TableError(file, f"{field} of entry {first + at}", expected, found[at])
