"""Assemble a table from finished parts, streamed: each entry is written once, at its place in the table.

Parts hold canonical paths, l1 ≤ l2 ≤ l3.  The other orderings of a path have the same entries, by the symmetry of the
core: a cyclic permutation changes nothing, a swap of two slots multiplies by (-1)^J.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from coupling.files import TableError
from coupling.files.container import open_regular
from coupling.kernels.entries import reorder
from coupling.tables.core import compile_core, core_blocks
from coupling.tables.parts import Division, Part, finished_part, part_file

#: Approximate number of entries in a piece, and largest number of open files.
ENTRIES, FILES = 1 << 17, 200
Pieces = Iterator[tuple[str, NDArray[Any]]]


class Assembly:
    """The parts of a plan, verified by ``workers`` threads.

    The entries of each part are computed again and compared bit by bit, but for those of ``trusted`` parts, which this
    process has just computed: a checksum says that a file is what somebody wrote, not that the numbers are right.
    Raises TableError, naming the file and its first wrong entry.

    ``missing`` lists the parts that are not there or not right; without any, ``counts`` [P] are the entries of each
    path.
    """

    def __init__(self, plan: Division, folder: Path, workers: int, trusted: Collection[int] = ()) -> None:
        self.plan, self.workers = plan, workers
        self.missing: list[int] = []
        counts, self._first = (np.zeros(len(plan.canonical), np.int64) for _ in range(2))
        self._files = PartFiles(folder)

        def verified(index: int) -> Part | None:
            part = finished_part(plan, index, folder)
            if part is not None and index not in trusted:
                check_part(plan, index, part_file(folder, index), part)
            return part

        compile_core(plan.request.basis)
        with ThreadPoolExecutor(workers) as pool:
            for index, part in enumerate(pool.map(verified, range(len(plan)))):
                if part is None:
                    self.missing.append(index)
                else:
                    members = plan.members[plan.bounds[index] : plan.bounds[index + 1]]
                    counts[members], self._first[members] = part.counts, np.cumsum(part.counts) - part.counts
                    self._files.starts[index] = part.starts
        self.counts = counts[plan.of]
        slots = np.argsort(plan.paths, axis=1, kind="stable")
        self._sources = np.argsort(slots, axis=1)
        first, second, third = slots.T
        odd = (first > second) ^ (first > third) ^ (second > third)
        self._signs = np.where(odd & (plan.paths.sum(axis=1, dtype=np.int64) % 2 == 1), -1.0, 1.0)

    def pieces(self) -> Pieces:
        """Give the entries in the order of the table, some paths at a time: their values, then their orders.

        ``workers`` threads make them, a few pieces ahead of the one that is taken.
        """
        edges = np.searchsorted(np.cumsum(self.counts), np.arange(0, self.counts.sum(), ENTRIES))
        bounds = [*dict.fromkeys(edges.tolist()), len(self.counts)]
        self._reordered(0, 1)  # compiled in this thread
        ahead = deque[Future[tuple[NDArray[np.float64], NDArray[np.int8]]]]()
        with ThreadPoolExecutor(self.workers) as pool, self._files:
            for begin, end in pairwise(bounds):
                ahead.append(pool.submit(self._reordered, begin, end))
                if len(ahead) > 2 * self.workers:
                    yield from zip(("core", "orders"), ahead.popleft().result(), strict=True)
            for piece in ahead:
                yield from zip(("core", "orders"), piece.result(), strict=True)

    def _reordered(self, begin: int, end: int) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
        """Return the values and orders of the paths from begin to end."""
        plan, which = self.plan, slice(begin, end)
        bounds = np.concatenate([[0], np.cumsum(self.counts[which])])
        orders, values = self._files.read(plan.part[which], self._first[plan.of[which]], bounds)
        out_orders, out_values = np.empty_like(orders), np.empty_like(values)
        paths, sources, signs = plan.canonical[plan.of[which]], self._sources[which], self._signs[which]
        wrong = reorder(paths, sources, signs, bounds, orders, values, out_orders, out_values)
        if wrong >= 0:
            path, file = paths[wrong].tolist(), self._files.path(int(plan.part[begin + wrong]))
            raise TableError(file, f"orders of the path {path}", "at most its degrees", "one beyond them")
        return out_values, out_orders


class PartFiles:
    """The files of the parts, at most ``FILES`` of them open at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.starts = folder, dict[int, dict[str, int]]()
        self._open, self._lock = OrderedDict[int, BinaryIO](), Lock()

    def path(self, part: int) -> Path:
        """Return the path of a part."""
        return part_file(self.folder, part)

    def read(
        self, parts: NDArray[np.int64], first: NDArray[np.int64], bounds: NDArray[np.int64]
    ) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
        """Return orders and values of entries of some parts: ``bounds[p]`` … ``bounds[p+1]`` are those of ``parts[p]``
        from its entry number ``first[p]`` on."""
        orders, values = np.empty((bounds[-1], 3), np.int8), np.empty(bounds[-1], "<f8")
        for part, start, (begin, end) in zip(parts.tolist(), first.tolist(), pairwise(bounds.tolist()), strict=True):
            with self._lock:
                file = self._file(part)
                for name, array in (("orders", orders), ("core", values)):
                    mine = array[begin:end]
                    file.seek(self.starts[part][name] + start * mine[0].nbytes)
                    if (found := file.readinto(mine.data)) < mine.nbytes:  # type: ignore[attr-defined]
                        raise TableError(self.path(part), name, f"{mine.nbytes} bytes from entry {start} on", found)
        return orders, values

    def _file(self, part: int) -> BinaryIO:
        if part not in self._open:
            if len(self._open) == FILES:
                self._open.popitem(last=False)[1].close()
            self._open[part] = open_regular(self.path(part))
        self._open.move_to_end(part)
        return self._open[part]

    def __enter__(self) -> PartFiles:
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            self._open.popitem()[1].close()


def check_part(plan: Division, index: int, file: Path, part: Part) -> None:
    """Raise TableError unless every count, order and value of a part is what a new computation gives, to the bit."""
    counts, block = core_blocks(plan.paths_of(index), plan.request.basis)
    pairs = (
        ("number of entries of path", counts, part.counts),
        ("orders of entry", block.orders, part.block.orders),
        ("value of entry", block.values, part.block.values),
    )
    for field, expected, found in pairs:
        differ = (expected.view(np.uint8) != found.view(np.uint8)).reshape(len(expected), -1).any(axis=1)
        if differ.any():
            first = int(np.flatnonzero(differ)[0])
            advice = "remove this file and build its part again"
            raise TableError(file, f"{field} {first}", expected[first], found[first], advice)
