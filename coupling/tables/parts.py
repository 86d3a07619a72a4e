"""A table in parts: ranges of consecutive paths that are computed apart and put together in order.

The division depends on the request alone, so any process on any machine can build any part.  A finished part is a file
``<part>.safetensors`` in the folder ``<name>.parts`` beside the table; it carries a checksum and the digest of its
request, and is built again if either is wrong.  That is all there is to resuming, to shards and to workers.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.indexing import entry_counts
from coupling.tables.core import Block, core_blocks
from coupling.tables.errors import TableError
from coupling.tables.format import Content, Tensor, read, write
from coupling.tables.metadata import SCHEMA_VERSION
from coupling.tables.request import Request
from coupling.tables.size import path_array
from coupling.version import __version__

#: A part begins when the parts before it reach a multiple of this many entries, before zeros are left out.
PART_ENTRIES = 1 << 19
SCHEMA = "coupling-part"


class Part(NamedTuple):
    """Number of entries of each path of a part, and the entries."""

    counts: NDArray[np.int64]
    block: Block


class Plan:
    """The division of a request into parts.

    >>> plan = Plan(Request(lmax=4))
    >>> len(plan), plan.paths.shape
    (1, (65, 3))
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.paths = path_array(request.lmax, request.parity)
        self.allowed = entry_counts(self.paths, request.basis)
        part_of_path = (np.cumsum(self.allowed) - self.allowed) // PART_ENTRIES
        self.bounds = np.append(np.unique(part_of_path, return_index=True)[1], len(self.paths))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def size(self, index: int) -> int:
        """Return the number of entries of a part, zeros included."""
        return int(self.allowed[self.bounds[index] : self.bounds[index + 1]].sum())

    def paths_of(self, index: int) -> NDArray[np.uint8]:
        """Return the paths of a part."""
        return self.paths[self.bounds[index] : self.bounds[index + 1]]

    def compute(self, index: int) -> Part:
        """Return a part, computed here."""
        return Part(*core_blocks(self.paths_of(index), self.request.basis))


@lru_cache(maxsize=4)
def plan_of(request: Request) -> Plan:
    """Return the plan of a request; a worker that builds many parts makes it once."""
    return Plan(request)


def part_file(folder: Path, index: int) -> Path:
    """Return the name of the file of a part.

    >>> part_file(Path("real-l32.parts"), 7).name
    '000007.safetensors'
    """
    return folder / f"{index:06}.safetensors"


def build_part(request: Request, index: int, folder: Path) -> int:
    """Compute a part, write its file and return its number; what an executor is given to do."""
    plan = plan_of(request)
    part = plan.compute(index)
    folder.mkdir(parents=True, exist_ok=True)
    chunks = (part.block.values, part.counts, part.block.orders)
    write(part_file(folder, index), _metadata(plan, index), _tensors(part), chunks)
    return index


def read_part(plan: Plan, index: int, folder: Path) -> Part:
    """Return a finished part, mapped; raise TableError or FileNotFoundError when there is none to be trusted."""
    file = part_file(folder, index)
    content = read(file)
    found = {key: value for key, value in content.metadata.items() if key != "checksum"}
    if found != _metadata(plan, index):
        raise TableError(file, "metadata", _metadata(plan, index), found)
    return _checked(file, plan, index, content)


def _checked(file: Path, plan: Plan, index: int, content: Content) -> Part:
    names = [tensor.name for tensor in content.tensors]
    if names != ["core", "counts", "orders"]:
        raise TableError(file, "arrays", "core, counts, orders", ", ".join(names))
    core, counts, orders = content.arrays.values()
    part = Part(counts, Block(orders, core))
    if len(counts) != len(plan.paths_of(index)) or counts.sum() != len(core) or content.tensors != _tensors(part):
        raise TableError(file, "shapes", "one count per path, their sum the number of entries", content.tensors)
    return part


def missing_parts(plan: Plan, folder: Path) -> list[int]:
    """Return the parts of a plan that have no file to be trusted."""
    return [index for index in range(len(plan)) if not _is_finished(plan, index, folder)]


def _is_finished(plan: Plan, index: int, folder: Path) -> bool:
    try:
        read_part(plan, index, folder)
    except (FileNotFoundError, TableError):
        return False
    return True


def _tensors(part: Part) -> list[Tensor]:
    return [
        Tensor("core", "F64", part.block.values.shape),
        Tensor("counts", "I64", part.counts.shape),
        Tensor("orders", "I8", (len(part.block.values), 3)),
    ]


def _metadata(plan: Plan, index: int) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "request_digest": plan.request.digest,
        "part": [index, len(plan)],
        "package_version": __version__,
    }
