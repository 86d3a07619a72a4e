"""Read and validate a table file: everything it must hold whatever its values, on every load and in every check.

The metadata hold no date, no host and no path, so the same request gives the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.families import family as known
from coupling.families import names
from coupling.files import Kind, TableError, register
from coupling.files.container import Content, canonical_json
from coupling.files.reader import load as load_kind
from coupling.floating_point import default_rounding
from coupling.tables.request import Request, request_of, require_on_demand
from coupling.tables.table import Table

ROUNDING = {
    "core": "float64 nearest to the exact value, ties to even; exact zeros are not stored",
    "reduced": "float64 nearest to the exact value, ties to even",
}
SOURCE = "square roots of rational numbers, for integrals over pi; each rounded once"
COUNTS = ("accidental_zeros", "entries", "paths", "symmetry_zeros")
#: How far the elementary size of a factor, computed in floats, may be from the correctly rounded one.
ROUNDINGS = 4 * 2.0**-53

#: Number of entries checked at a time.
CHUNK = 1 << 16


def load(name: str | os.PathLike[str], *, verify: bool = True, mapped: bool = True) -> Table:
    """Return the table of a file, memory-mapped and read-only.

    name : the name of a shipped table ("real-l8"), the name of any other ("real-l16", "complex-l24", "real-l4-4-8",
        "real-l9-even": basis, largest degree or one per slot, parity), or the path of a ``.safetensors`` file
    verify : False leaves out the checks that read every byte, for a large file that has been verified before
    mapped : False reads the file into memory, once.  A mapped table reads its file as long as it lives: should another
        program cut that file short, the system ends this process (SIGBUS) when it next reads there.  This package
        never does so, it puts a new file in the place of an old one; for a file that others write to, take a copy

    A table that is not shipped is built on first request, up to 1 GiB (degree 39 in the real basis, 45 in the
    complex one), and kept in the user's cache folder, ``coupling.files.cache.cache_folder()``.  Nothing else is ever
    written.

    Raises TableError, naming file, field, expected and found, for a file that is damaged, of another schema, or not
    what it says it is; FileNotFoundError, with the names that are valid, for a name or file that does not exist;
    another OSError for a folder, a pipe or a device;
    ValueError or OSError, with the bytes needed, for a table that is too large.

    >>> load("real-l4").block("gaunt", 1, 1, 1).any()
    np.False_
    """
    table: Table = load_kind(KIND, name, verify, mapped)
    return table


def count_entries(request: Request, paths: NDArray[np.uint8], entries: int) -> dict[str, int]:
    """Return the numbers of paths, entries and zeros of a table."""
    allowed, symmetric = int(request.entry_counts(paths).sum()), int(request.symmetry_zeros(paths).sum())
    counts = (allowed - symmetric - entries, entries, len(paths), symmetric)
    return dict(zip(COUNTS, counts, strict=True))


def check_paths(file: str | os.PathLike[str], table: Table) -> None:
    """Check paths, offsets, counts and reduced factors; raise TableError.

    The paths are those of the request, offsets start at 0, rise by at least 1 and at most by the number of allowed
    entries, and end at the number of entries; reduced factors are finite; the counts in the metadata agree.
    """
    paths = table.request.path_array()
    if not np.array_equal(table.paths, paths):
        first = int(np.flatnonzero((table.paths != paths).any(axis=1))[0])
        raise TableError(file, f"path {first}", tuple(paths[first].tolist()), tuple(table.paths[first].tolist()))
    _check_offsets(file, table)
    counts = count_entries(table.request, paths, len(table.core))
    if table.metadata["counts"] != counts:
        raise TableError(file, "counts", counts, table.metadata["counts"])
    for family, factor in table.factors.items():
        if not np.isfinite(factor).all():
            raise TableError(file, f"reduced_{family}", "finite numbers", "NaN or infinity")
        _check_factor(file, table, family, factor)


@default_rounding()
def _check_factor(file: str | os.PathLike[str], table: Table, family: str, factor: NDArray[np.float64]) -> None:
    """Refuse the factors of another family: zero off its parity, and sign and size as its outline has them."""
    record, (l1, l2, l3) = known(family), table.degrees.T
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
    allowed = table.request.entry_counts(table.paths)
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
    for first, orders, degrees, core, starts in chunks(table):
        size = abs(core)
        _refuse(file, "core", "finite, not 0, at most 1 in size", (size > 0) & (size <= 1), core, first)
        allowed = _allowed(orders, degrees, table.request)
        _refuse(file, "orders", "orders that the selection rules allow", allowed, orders.T, first)
        key = (orders[0].astype(np.int32) * 256 + orders[1]) * 256 + orders[2]
        rising = np.append(True, key[1:] > key[:-1])
        rising[starts] = True
        _refuse(file, "orders", "lexicographic order within the path", rising, orders.T, first)
    return len(table.core)


def chunks(table: Table) -> Iterator[tuple[int, NDArray, NDArray, NDArray, NDArray]]:
    """Give first entry, orders [3, e], degrees [3, e], core [e] and the starts of the paths, some paths at a time.

    Orders and degrees are those of the arrays, times the denominator of the request.
    """
    bounds = np.searchsorted(table.offsets, np.arange(0, len(table.core) + CHUNK, CHUNK)).clip(max=len(table))
    for begin, end in pairwise(dict.fromkeys(bounds.tolist())):  # np.unique would import numpy.ma
        offsets = table.offsets[begin : end + 1]
        where = slice(int(offsets[0]), int(offsets[-1]))
        orders = np.ascontiguousarray(table.orders[where].T, np.int16)
        degrees = np.repeat(table.paths[begin:end].T.astype(np.int16), np.diff(offsets), axis=1)
        yield where.start, orders, degrees, table.core[where], offsets[:-1] - where.start


def _allowed(orders: NDArray[np.int16], degrees: NDArray[np.int16], request: Request) -> NDArray[np.bool_]:
    size = abs(orders)
    inside = ((size <= degrees) & ((size + degrees) % request.denominator == 0)).all(axis=0)
    if request.basis == "complex":
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


def facts(request: Request) -> dict[str, Any]:
    """Return what is known about a table before it is built."""
    return {
        "imaginary": list(request.imaginary),
        "rounding": ROUNDING,
        "source": SOURCE,
    }


def _request_in(file: str, metadata: dict[str, Any]) -> Request:
    content = metadata.get("request")
    _check_families(file, content)
    try:
        request = Request(**content, name=metadata.get("name"))  # type: ignore[arg-type]
    except (ArithmeticError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise TableError(file, "request", "a valid request", error) from None
    if canonical_json(content) != canonical_json(request.content):  # 2.0 for 2, True for 1
        raise TableError(file, "request", canonical_json(request.content), content)
    return request


def _check_families(file: str, content: object) -> None:
    """Refuse a family that this process does not know, and say what to do."""
    given = content.get("families") if isinstance(content, dict) else None
    for text in given if isinstance(given, list) else []:
        if isinstance(text, str) and text.split(":")[0] not in names():
            advice = "a family that is known here; one of your own: register it with coupling.families.register"
            raise TableError(file, "families", advice, text)


def _check_counts(file: str, counts: object) -> None:
    if not isinstance(counts, dict) or sorted(counts) != list(COUNTS):
        raise TableError(file, "counts", COUNTS, counts)
    if not all(type(n) is int and n >= 0 for n in counts.values()):
        raise TableError(file, "counts", "integers >= 0", counts)


def _table(path: Path, request: Request, content: Content, verify: bool) -> Table:
    """Return the table of a file after checking its paths, offsets and factors, and with ``verify`` every entry."""
    arrays, metadata = content.arrays, MappingProxyType(content.metadata)
    factors = MappingProxyType({family: arrays[f"reduced_{family}"] for family in request.families})
    table = Table(request, metadata, arrays["paths"], arrays["offsets"], arrays["orders"], arrays["core"], factors)
    check_paths(path, table)
    if verify:
        check_entries(path, table)
    return table


def _tensors(file: str, request: Request, metadata: dict[str, Any]) -> Any:
    _check_counts(file, metadata["counts"])
    return request.tensors(metadata["counts"]["paths"], metadata["counts"]["entries"])


KIND = register(
    Kind(
        "table",
        1,
        newest=2,
        version_of=lambda request: request.denominator,
        listed="tables",
        request=_request_in,
        named=request_of,
        facts=facts,
        keys=("builder", "counts"),
        tensors=_tensors,
        value=_table,
        on_demand=require_on_demand,
        build="coupling.tables.builder:build",
        check="coupling.tables.check:check",
        missing="there is no table file {path}; make one with: coupling build --lmax L --output {name}",
        unknown="unknown table {name}: shipped are {shipped}; built on first request are real-l<N>, complex-l<N> and "
        "complex-half-l<N>, such as real-l16; grids look like lebedev-l4, many-body bases like symmetric-l3-n4; a path "
        "ends in .safetensors",
        renewal="build the table again: coupling build",
    )
)
