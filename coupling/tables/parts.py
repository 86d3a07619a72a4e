"""A table in parts: sets of paths that are computed apart and put together in order.

Up to six orderings of the same degrees have the same entries in another order, and paths of the same largest degree and
the same difference of the two others follow from one another (:mod:`coupling.kernels.chain`); a part takes them
together, so that nothing is computed twice, and its file holds the canonical paths l1 ≤ l2 ≤ l3 alone, about a sixth of
its entries in the table.  The division depends on the request alone, so any process on any machine can build
any part.  A finished part is a file ``<part>.safetensors`` in the folder ``<name>.parts`` beside the table; it carries
a checksum and the digest of its request, and is built again if either is wrong.  Resuming, shards and workers need
nothing else.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.files import TableError
from coupling.files.atomic import remove_abandoned, write
from coupling.files.container import Content, Tensor, open_regular, read
from coupling.files.ownership import HEAD, kind_of
from coupling.files.sources import provenance
from coupling.indexing import entry_counts
from coupling.numbers.sizes import ENTRY_BYTES, compact_path_array
from coupling.tables.core import Block, core_blocks
from coupling.tables.reader import KIND
from coupling.tables.request import Request

#: A part begins when the parts before it reach a multiple of this many entries, before zeros are left out.
PART_ENTRIES = 1 << 22
SCHEMA = "coupling-part"
ABANDONED = re.compile(r"\.(\d{6,}\.safetensors)\.[0-9a-f]{16}\.tmp")


class Part(NamedTuple):
    """A finished part: number of entries of each of its paths, the entries, and where arrays begin in the file."""

    counts: NDArray[np.int64]
    block: Block
    starts: dict[str, int]


class Division:
    """The division of a request into parts of about ``part_entries`` entries.

    ``canonical`` [C, 3] are the sorted degrees of all paths, and ``of`` [P] says which of them each path has.  ``part``
    [P] is the part of each path; ``members`` [C] lists the canonical paths by part, in lexicographic order within each;
    those of part i are ``members[bounds[i] : bounds[i+1]]``.

    >>> plan = Division(Request(lmax=4), 500)
    >>> len(plan), plan.paths.shape, plan.paths_of(2).tolist()
    (5, (65, 3), [[2, 3, 4], [3, 4, 4]])
    """

    def __init__(self, request: Request, part_entries: int) -> None:
        self.request, self.part_entries = request, part_entries
        self.paths = compact_path_array(request.lmax, request.parity)
        self.allowed = entry_counts(self.paths, request.basis)
        self.canonical, self.of = np.unique(np.sort(self.paths, axis=1), axis=0, return_inverse=True)
        self.of = self.of.reshape(-1)
        part = _division(self.canonical, np.bincount(self.of, self.allowed).astype(np.int64), part_entries)
        self.part = part[self.of]
        self.sizes = np.bincount(self.part, self.allowed)
        self.members = np.argsort(part, kind="stable")
        self.bounds = np.searchsorted(part[self.members], np.arange(part.max() + 2))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def size(self, index: int) -> int:
        """Return the number of entries of a part in the table, zeros included."""
        return int(self.sizes[index])

    def paths_of(self, index: int) -> NDArray[np.uint8]:
        """Return the canonical paths of a part: those that its file holds."""
        return self.canonical[self.members[self.bounds[index] : self.bounds[index + 1]]]

    def bytes(self, index: int) -> int:
        """Return an upper bound of the bytes of the entries in the file of a part."""
        return ENTRY_BYTES * int(entry_counts(self.paths_of(index), self.request.basis).sum())


def _division(canonical: NDArray[np.uint8], size: NDArray[np.int64], part_entries: int) -> NDArray[np.int64]:
    """Return the part of each canonical path x ≤ y ≤ z: ranges in the order of (z, y-x, x)."""
    x, y, z = canonical.T.astype(np.int64)
    order = np.lexsort((x, y - x, z))
    before, part = np.cumsum(size[order]) - size[order], np.empty_like(order)
    part[order] = np.unique(before // part_entries, return_inverse=True)[1]
    return part


@lru_cache(maxsize=4)
def plan_of(request: Request, part_entries: int) -> Division:
    """Return the plan of a request; a worker that builds many parts makes it once."""
    return Division(request, part_entries)


def part_file(folder: Path, index: int) -> Path:
    """Return the name of the file of a part.

    >>> part_file(Path("real-l32.parts"), 7).name
    '000007.safetensors'
    """
    return folder / f"{index:06}.safetensors"


def build_part(request: Request, part_entries: int, index: int, folder: Path, force: bool = False) -> bool:
    """Compute a part and write its file, over any file if ``force``, unless it is there; return whether it was.

    Executors call this function.  The file is not flushed to the disk: if the machine stops too early, the checksum of
    the file is wrong, and the part is built again.
    """
    plan = plan_of(request, part_entries)
    if finished_part(plan, index, folder):
        return False
    counts, block = core_blocks(plan.paths_of(index), request.basis)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = _tensors(len(counts), len(block.values))
    arrays = block.values, counts, block.orders
    write(part_file(folder, index), _metadata(plan, index), tensors, arrays, flush=False, force=force)
    return True


def remove_parts(request: Request, folder: Path) -> None:
    """Remove the parts of a request from a folder, sound or not, what killed writers of parts left there, and then the
    folder, if it is empty."""
    for file in folder.glob("*.safetensors"):
        if re.fullmatch(r"\d{6,}", file.stem) and _is_part(request, file):
            file.unlink(missing_ok=True)
    for name in {match[1] for file in folder.glob(".*.tmp") if (match := ABANDONED.fullmatch(file.name))}:
        remove_abandoned(folder / name)
    with suppress(OSError):  # it is not there, or holds something else
        folder.rmdir()


def _is_part(request: Request, file: Path) -> bool:
    with suppress(OSError), open_regular(file) as stream:
        head = stream.read(HEAD)
        kind = kind_of(head)
        return kind is not None and kind.name == "part" and request.digest.encode() in head
    return False


def finished_part(plan: Division, index: int, folder: Path) -> Part | None:
    """Return a part, mapped, if its file is there and every byte of it is right."""
    try:
        return _read_part(plan, index, part_file(folder, index))
    except (FileNotFoundError, TableError):
        return None


def _read_part(plan: Division, index: int, file: Path) -> Part:
    content = read(file)
    found = {key: value for key, value in content.metadata.items() if key != "checksum"}
    if found != _metadata(plan, index):
        raise TableError(file, "metadata", _metadata(plan, index), found)
    return _checked(file, len(plan.paths_of(index)), content)


def _checked(file: Path, paths: int, content: Content) -> Part:
    names = [tensor.name for tensor in content.tensors]
    if names != ["core", "counts", "orders"]:
        raise TableError(file, "arrays", "core, counts, orders", ", ".join(names))
    core, counts, orders = content.arrays.values()
    if counts.sum() != len(core) or content.tensors != _tensors(paths, len(core)):
        raise TableError(file, "shapes", "one count per path, their sum the number of entries", content.tensors)
    return Part(counts, Block(orders, core), content.starts)


def _tensors(paths: int, entries: int) -> list[Tensor]:
    return [
        Tensor("core", "F64", (entries,)),
        Tensor("counts", "I64", (paths,)),
        Tensor("orders", "I8", (entries, 3)),
    ]


def _metadata(plan: Division, index: int) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "schema_version": KIND.version,
        "request_digest": plan.request.digest,
        "part": [index, len(plan), plan.part_entries],
        **provenance(),
    }
