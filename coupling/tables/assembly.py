"""From finished parts to the arrays of a table, streamed.

Neighbours in the table are often in different parts, but within each part paths have the order of the table: every
part file is read once from its beginning to its end, in turns with the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.files import TableError
from coupling.files.container import DTYPES, Tensor
from coupling.tables.core import core_blocks
from coupling.tables.parts import Part, Plan, finished_part, part_file


class Assembly:
    """The parts of a plan, verified by ``workers`` threads.

    The entries of each part are computed again and compared bit by bit, but for those of ``trusted`` parts, which this
    process has just computed: a checksum says that a file is what somebody wrote, not that the numbers are right.
    Raises TableError, naming the file and its first wrong entry.

    ``missing`` lists the parts that are not there or not right; without any, ``counts`` [P] are the entries of each
    path.
    """

    def __init__(self, plan: Plan, folder: Path, workers: int, trusted: Collection[int] = ()) -> None:
        self.plan, self.folder = plan, folder
        self.counts = np.zeros(len(plan.paths), np.int64)
        self.missing: list[int] = []
        self._starts: dict[int, dict[str, int]] = {}

        def verified(index: int) -> Part | None:
            part = finished_part(plan, index, folder)
            if part is not None and index not in trusted:
                check_part(plan, index, part_file(folder, index), part)
            return part

        with ThreadPoolExecutor(workers) as pool:
            for index, part in enumerate(pool.map(verified, range(len(plan)))):
                if part is None:
                    self.missing.append(index)
                else:
                    self.counts[plan.members_of(index)] = part.counts
                    self._starts[index] = part.starts

    def chunks(self, tensor: Tensor) -> Iterator[NDArray[Any]]:
        """Give an array of all entries, "core" or "orders", in the order of the table."""
        dtype, width = DTYPES[tensor.dtype], int(np.prod(tensor.shape[1:], dtype=np.int64))
        edges = np.flatnonzero(np.diff(self.plan.part, prepend=-1, append=-1))
        entries = np.add.reduceat(self.counts, edges[:-1])
        positions = self._positions()[edges[:-1]]
        runs = zip(self.plan.part[edges[:-1]].tolist(), positions.tolist(), entries.tolist(), strict=True)
        for part, position, count in runs:
            file = part_file(self.folder, part)
            start = self._starts[part][tensor.name] + position * width * dtype.itemsize
            chunk = np.fromfile(file, dtype, count * width, offset=start)
            if len(chunk) < count * width:
                raise TableError(file, tensor.name, f"{count * width} numbers from byte {start} on", len(chunk))
            yield chunk

    def _positions(self) -> NDArray[np.int64]:
        """Return for each path [P] how many entries of its part are before it."""
        plan = self.plan
        ordered = self.counts[plan.members]
        before = np.cumsum(ordered) - ordered
        positions = np.empty_like(before)
        for begin, end in pairwise(plan.bounds.tolist()):
            positions[plan.members[begin:end]] = before[begin:end] - before[begin]
        return positions


def check_part(plan: Plan, index: int, file: Path, part: Part) -> None:
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
