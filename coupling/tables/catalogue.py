"""The shipped tables: every request of a folder becomes a checked table file, and together they become the manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.tables.builder import Progress, allowed_entries, build
from coupling.tables.check import Report, check
from coupling.tables.errors import TableError
from coupling.tables.manifest import Entries, manifest_entry, write_manifest
from coupling.tables.metadata import constant_part
from coupling.tables.reader import load
from coupling.tables.request import Request, file_name, read_request
from coupling.tables.sources import provenance
from coupling.tables.table import Table

#: Gives what hears of the progress of a table of so many entries.
ProgressOf = Callable[[Request, int], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class Outcome:
    """A table that was asked for: its file, whether it was built just now and how long that took, its checks."""

    table: Table
    file: Path
    built: bool
    seconds: float
    report: Report | None

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return self.file.stat().st_size


def read_requests(folder: Path) -> list[Request]:
    """Return the requests of a folder, the smallest first; ValueError when there are none or two have one name."""
    files = sorted((folder / "requests").glob("*.toml"))
    requests = [read_request(file) for file in files]
    requests.sort(key=lambda request: (request.basis, request.lmax, request.name))
    names = [request.name for request in requests]
    if not names:
        raise ValueError(f"there is no request file (*.toml) in {folder / 'requests'}")
    if len(set(names)) < len(names):
        raise ValueError(f"two request files in {folder / 'requests'} have the same name: {names}")
    return requests


def build_catalogue(
    folder: Path, progress: ProgressOf, *, workers: int = 1, executor: Executor | None = None, force: bool = False
) -> Iterator[Outcome]:
    """Build and check the tables of a folder, one after the other."""
    for request in read_requests(folder):
        file, start = folder / "data" / file_name(request.name), time.perf_counter()
        kept = None if force else _with_these_numbers(request, file, workers)
        if kept is None:
            yield build_one(request, file, progress, workers=workers, executor=executor, force=force, checked=True)
        else:
            yield Outcome(kept, file, False, time.perf_counter() - start, check(kept))


def _with_these_numbers(request: Request, file: Path, workers: int) -> Table | None:
    """Return the table of a file that these sources would build, but for the digest of the sources, or None.

    So a shipped file, which the manifest identifies, changes with its numbers and not with every change of the sources.
    """
    try:
        table = load(file)
    except (FileNotFoundError, TableError):
        return None
    expected = {**constant_part(request), **provenance()}
    differ = {key for key in expected if table.metadata[key] != expected[key]}
    if not differ:
        return table
    same = differ == {"builder"} and _same_numbers(table, build(request, workers=workers))
    return table if same else None


def _same_numbers(left: Table, right: Table) -> bool:
    pairs = zip(_arrays(left), _arrays(right), strict=True)
    return all(np.array_equal(a.reshape(-1).view(np.uint8), b.reshape(-1).view(np.uint8)) for a, b in pairs)


def _arrays(table: Table) -> list[NDArray[Any]]:
    return [table.paths, table.offsets, table.orders, table.core, *table.factors.values()]


def build_one(
    request: Request,
    file: Path,
    progress: ProgressOf,
    *,
    workers: int = 1,
    executor: Executor | None = None,
    force: bool = False,
    checked: bool = False,
) -> Outcome:
    """Build a table unless it is up to date; check it, in either case, if wanted."""
    start, heard = time.perf_counter(), list[int]()
    with progress(request, allowed_entries(request)) as count:

        def done(entries: int) -> None:
            heard.append(entries)
            count(entries)

        table = build(request, file, workers=workers, executor=executor, force=force, progress=done)
    seconds = time.perf_counter() - start
    return Outcome(table, file, bool(heard), seconds, check(table) if checked else None)


def record(folder: Path, outcomes: list[Outcome], arrays: Entries = (), *, force: bool = False) -> bool:
    """Write the manifest of tables and, beside them, arrays; return whether it has changed."""
    tables = [(o.table.request.name, manifest_entry(o.file, o.table.metadata)) for o in outcomes]
    return write_manifest(folder, tables, arrays, force=force)
