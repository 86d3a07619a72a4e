"""Build a table from a request: in memory or to a file, with several threads, processes or machines.

A table of up to ``AT_ONCE`` entries is computed in memory and written.  A larger one leaves its finished parts in
``<name>.parts`` beside the table until all are there.  They hold a sixth of its entries; the table is made from them by
streaming and written once, so that memory holds one part per worker and a few arrays as long as the list of paths.
Nothing in the result depends on who built which part, or how often the work was interrupted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import coupling.tables.parts as parts
from coupling.files import TableError
from coupling.files.atomic import remove_abandoned, write_pieces
from coupling.files.catalogue import up_to_date
from coupling.files.ownership import require_replaceable
from coupling.files.sources import describe
from coupling.integers import count, integer
from coupling.memory import require_memory
from coupling.numbers.plan import PATH_BYTES
from coupling.quoted import quoted
from coupling.selection import of_type
from coupling.tables.assembly import Assembly
from coupling.tables.core import compile_core, core_blocks, half_core_blocks, half_reduced_vectors, reduced_vectors
from coupling.tables.parts import Division, build_part, part_file, plan_of, remove_parts
from coupling.tables.reader import KIND, count_entries, load
from coupling.tables.request import Request, table_name
from coupling.tables.request_file import read_request
from coupling.tables.table import Table

Progress = Callable[[int], object]
#: Largest number of entries, zeros included, of a table that is computed in memory; it needs 11 bytes for each.
AT_ONCE = 1 << 26
#: Attempts to build a table while another process builds the same one and removes its parts.
ATTEMPTS = 3


def build(
    request: Request | str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    workers: int = 1,
    executor: Executor | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Table:
    """Return the table of a request, correctly rounded; with ``output``, write it to a file as well.

    request : a Request, or the path of a request file (TOML)
    output : ``<name>.safetensors``; an up-to-date file is kept, finished parts of an earlier attempt are used
    workers : number of threads; or give any ``concurrent.futures.Executor`` that sees the same file system
    force : build again what is up to date, and write over any file
    progress : called with the number of entries, zeros included, that have just been finished

    The same request gives the same bytes.  Raises ValueError or TypeError for a bad request, MemoryError or OSError,
    naming the bytes, for a table that does not fit in memory or on the disk, FileExistsError for an output that exists
    and is no table, or one of a newer schema; nothing is written then.

    >>> build(Request(lmax=4, basis="complex", parity="even"))
    Table('complex-l4-even': complex basis, lmax 4, 42 paths, 798 entries, 3 families)
    """
    request = request if isinstance(request, Request) else read_request(request)
    workers = count(workers, "workers")
    done = progress or (lambda entries: None)
    if output is None:
        return _build_in_memory(request, workers, done)
    target = Path(output)
    request = request.renamed(table_name(target))
    require_replaceable(target, KIND, force)
    table = None if force else up_to_date(KIND, request, target)
    if table is None:
        table = _build_file(request, target, workers, executor, done, force)
    remove_leftovers(request, target)
    return table


def build_shard(
    request: Request,
    output: str | os.PathLike[str],
    shard: int,
    shards: int,
    *,
    workers: int = 1,
    executor: Executor | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> int:
    """Build the missing parts i with i % shards == shard, and return how many were built.

    ``merge`` makes the table when all shards are done.  force : also where the output is a file that merge would refuse

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = f"{folder}/real-l2.safetensors"
    ...     [build_shard(Request(lmax=2), file, shard, 2) for shard in (0, 1)]  # one part: the second has nothing to do
    ...     merge(Request(lmax=2), file)
    [1, 0]
    Table('real-l2': real basis, lmax 2, 15 paths, 137 entries, 4 families)
    """
    of_type(request, Request, "request")
    target = Path(output)
    workers = count(workers, "workers")
    shard, shards = integer(shard, "shard"), integer(shards, "shards")
    if not 0 <= shard < shards:
        raise ValueError(f"shard must be k/n with 0 <= k < n, got {quoted(shard)}/{quoted(shards)}")
    plan = _plan(request.renamed(table_name(target)))
    require_replaceable(target, KIND, force)
    if up_to_date(KIND, plan.request, target):
        return 0
    mine = range(shard, len(plan), shards)
    _require_disk(_bytes_of_parts(plan, target, mine), plan.request, target)
    return len(_build_parts(plan, target, mine, workers, executor, progress or (lambda entries: None), force))


def shard_entries(request: Request, shard: int, shards: int) -> int:
    """Return the number of entries of a shard, zeros included.

    >>> shard_entries(Request(lmax=2), 0, 2)
    137
    """
    plan = _plan(request)
    return sum(plan.size(index) for index in range(shard, len(plan), shards))


def merge(request: Request, output: str | os.PathLike[str], *, workers: int = 1, force: bool = False) -> Table:
    """Put the finished parts of a request together and return the table.

    Every part is computed again and compared, bit by bit; that about doubles the time of the processor.  Raises
    ValueError when parts are missing, TableError for one that holds a wrong number, FileExistsError for an output that
    exists and is no table, or one of a newer schema, unless ``force``.

    >>> merge(Request(lmax=2), "no/such/place/real-l2.safetensors")
    Traceback (most recent call last):
    ValueError: 1 of 1 parts of real-l2 are not built yet, the first is part 0: build them, then merge
    """
    of_type(request, Request, "request")
    workers, target = count(workers, "workers"), Path(output)
    request = request.renamed(table_name(target))
    require_replaceable(target, KIND, force)
    table = up_to_date(KIND, request, target)
    if table is None:
        plan = _plan(request)
        assembly = Assembly(plan, parts_folder(target), workers)
        if assembly.missing:
            raise ValueError(
                f"{len(assembly.missing)} of {len(plan)} parts of {request.name} are not built yet, "
                f"the first is part {assembly.missing[0]}: build them, then merge"
            )
        _require_disk(request.bytes, request, target)
        table = _assemble(assembly, target, force)
    remove_leftovers(request, target)
    return table


def allowed_entries(request: Request) -> int:
    """Return the number of entries of a table, zeros included: what the progress of a build adds up to.

    >>> allowed_entries(Request(lmax=2))
    137
    """
    return int(request.entry_counts(request.path_array()).sum())


def parts_folder(target: Path) -> Path:
    """Return the folder of the parts of a table.

    >>> parts_folder(Path("data/real-l32.safetensors")).name
    'real-l32.parts'
    """
    return target.with_suffix(".parts")


def _plan(request: Request) -> Division:
    if request.half_integers:
        raise ValueError(f"a table of half-integers is built at once, without shards; got {request.name}")
    return plan_of(request, parts.PART_ENTRIES)


def _build_in_memory(request: Request, workers: int, done: Progress) -> Table:
    paths = request.path_array()
    require_memory(request.bytes + PATH_BYTES * len(paths), f"building {request.name} in memory")
    if request.half_integers:
        (counts, block), factors = half_core_blocks(paths), half_reduced_vectors(request.families, paths)
    else:
        counts, block = core_blocks(paths, request.basis, workers)
        factors = reduced_vectors(request.families, paths, request.basis)
    metadata = _metadata(request, paths, len(block.values))
    table = Table(request, metadata, paths, _offsets(counts), block.orders, block.values, factors)
    done(allowed_entries(request))
    return table


def _build_file(
    request: Request, target: Path, workers: int, executor: Executor | None, done: Progress, force: bool
) -> Table:
    if _at_once(request, target, executor):
        _require_disk(request.bytes, request, target)
        target.parent.mkdir(parents=True, exist_ok=True)
        _build_in_memory(request, workers, done).save(target, force=force)
        return load(target, verify=False)
    plan = _plan(request)
    _require_disk(_bytes_of_parts(plan, target, range(len(plan))) + request.bytes, request, target)
    own: set[int] = set()
    for _ in range(ATTEMPTS):
        own |= _build_parts(plan, target, range(len(plan)), workers, executor, done, force)
        assembly = Assembly(plan, parts_folder(target), workers, own)
        with suppress(FileNotFoundError):
            if not assembly.missing:
                return _assemble(assembly, target, force)
        # another process has just finished this table and removed the parts
        table = up_to_date(KIND, request, target)
        if table is not None:
            return table
    removed = "parts that another process removed during the merge"
    raise TableError(target, "parts", f"{len(plan)} parts in {parts_folder(target)}", removed, "run the command again")


def _at_once(request: Request, target: Path, executor: Executor | None) -> bool:
    """Return whether a table is computed in memory and written: a small one, or one of half-integers."""
    if request.half_integers:
        return True
    small = len(_plan(request)) == 1 or (executor is None and allowed_entries(request) <= AT_ONCE)
    return small and not parts_folder(target).exists()


def _build_parts(
    plan: Division, target: Path, indices: range, workers: int, executor: Executor | None, done: Progress, force: bool
) -> set[int]:
    """Build the parts that are not there; return which those were."""
    what = plan.request, plan.part_entries
    folder, built = parts_folder(target), set[int]()
    compile_core(plan.request.basis)
    with nullcontext(executor) if executor else ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(build_part, *what, index, folder, force): index for index in indices}
        try:
            for future in as_completed(futures):
                built |= {futures[future]} if future.result() else set()
                done(plan.size(futures[future]))
        finally:
            for future in futures:
                future.cancel()
    return built


def _assemble(assembly: Assembly, target: Path, force: bool) -> Table:
    plan = assembly.plan
    offsets, factors = _offsets(assembly.counts), reduced_vectors(plan.request.families, plan.paths, plan.request.basis)
    entries = int(offsets[-1])
    reduced = {f"reduced_{family}": factor for family, factor in factors.items()}

    def pieces() -> Iterator[tuple[str, NDArray[Any]]]:
        yield from assembly.pieces()
        yield from reduced.items()
        yield "offsets", offsets
        yield "paths", plan.paths

    metadata = _metadata(plan.request, plan.paths, entries)
    write_pieces(target, metadata, plan.request.tensors(len(plan.paths), entries), pieces(), force=force)
    return load(target, verify=False)


def remove_leftovers(request: Request, target: Path) -> None:
    """Remove the parts of a table that is complete, and what killed writers left; nothing else."""
    remove_abandoned(target)
    remove_parts(request, parts_folder(target))


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)])


def _metadata(request: Request, paths: NDArray[np.uint8], entries: int) -> dict[str, Any]:
    return {**describe(KIND, request), "counts": count_entries(request, paths, entries)}


def _bytes_of_parts(plan: Division, target: Path, indices: range) -> int:
    """Return the bytes of the parts that are not there yet."""
    folder = parts_folder(target)
    return sum(plan.bytes(index) for index in indices if not part_file(folder, index).exists())


def _require_disk(needed: int, request: Request, target: Path) -> None:
    """Raise OSError unless ``needed`` bytes fit on the disk."""
    folder = next(parent for parent in target.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(f"building {request.name} needs {needed} bytes of disk, {folder} has {free}")
