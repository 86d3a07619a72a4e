"""From a request to a table: in memory, to a file, by several processes or machines.

A request of one part is computed and written at once.  A larger one leaves its finished parts in ``<name>.parts``
beside the table until all are there, and is then put together by streaming, so that memory never holds more than one
part per process.  Nothing in the result depends on who built which part, or how often the work was interrupted.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import nullcontext, suppress
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.memory import require_memory
from coupling.tables.atomic import remove_abandoned
from coupling.tables.core import reduced_vector
from coupling.tables.errors import TableError
from coupling.tables.format import write
from coupling.tables.metadata import constant_part, describe, tensors
from coupling.tables.parts import Part, Plan, build_part, missing_parts, read_part
from coupling.tables.reader import load
from coupling.tables.request import Request, read_request, table_name
from coupling.tables.size import table_bytes
from coupling.tables.table import Table

Progress = Callable[[int], object]
#: Two processes that build the same table may take each other's parts away; so often is it tried again.
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
    """Return the table of a request, correctly rounded; with ``output``, as a file that is there afterwards.

    request : a Request, or the path of a request file (TOML)
    output : ``<name>.safetensors``; an up-to-date file is kept, finished parts of an earlier attempt are used
    workers : so many processes; or give any ``concurrent.futures.Executor`` that sees the same file system
    force : build again what is up to date
    progress : called with the number of entries, zeros included, that have just been finished

    The same request gives the same bytes.  Raises ValueError or TypeError for a bad request, MemoryError or OSError,
    naming the bytes, for a table that does not fit in memory or on the disk; nothing is written then.

    >>> build(Request(lmax=4, basis="complex", parity="even"))
    Table('complex-l4-even': complex basis, lmax 4, 42 paths, 798 entries, 3 families)
    """
    request = request if isinstance(request, Request) else read_request(request)
    done = progress or (lambda entries: None)
    if output is None:
        return _build_in_memory(request, done)
    target = Path(output)
    request = request.renamed(table_name(target))
    with _executor(workers, executor) as pool:
        table = None if force else up_to_date(request, target)
        if table is None:
            _require_disk(request, target)
            table = _build_file(Plan(request), target, pool, done)
    _remove_leftovers(target)
    return table


def build_shard(
    request: Request, output: str | os.PathLike[str], shard: int, shards: int, *, progress: Progress | None = None
) -> int:
    """Build the parts i with i % shards == shard that are not there yet, and return how many were built.

    ``merge`` makes the table when all shards are done.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = f"{folder}/real-l2.safetensors"
    ...     [build_shard(Request(lmax=2), file, shard, 2) for shard in (0, 1)]  # one part: the second has nothing to do
    ...     merge(Request(lmax=2), file)
    [1, 0]
    Table('real-l2': real basis, lmax 2, 15 paths, 137 entries, 4 families)
    """
    target = Path(output)
    if not 0 <= shard < shards:
        raise ValueError(f"shard must be k/n with 0 <= k < n, got {shard}/{shards}")
    plan = Plan(request.renamed(table_name(target)))
    if up_to_date(plan.request, target):
        return 0
    _require_disk(plan.request, target)
    mine = [i for i in missing_parts(plan, parts_folder(target)) if i % shards == shard]
    _build_parts(plan, target, mine, None, progress or (lambda entries: None))
    return len(mine)


def merge(request: Request, output: str | os.PathLike[str]) -> Table:
    """Put the finished parts of a request together and return the table; ValueError when some are missing.

    >>> merge(Request(lmax=2), "no/such/place/real-l2.safetensors")
    Traceback (most recent call last):
    ValueError: 1 of 1 parts of real-l2 are not built yet, the first is part 0: build them, then merge
    """
    target = Path(output)
    plan = Plan(request.renamed(table_name(target)))
    table = up_to_date(plan.request, target)
    if table is None:
        missing = missing_parts(plan, parts_folder(target))
        if missing:
            raise ValueError(
                f"{len(missing)} of {len(plan)} parts of {plan.request.name} are not built yet, "
                f"the first is part {missing[0]}: build them, then merge"
            )
        table = _assemble(plan, target)
    _remove_leftovers(target)
    return table


def up_to_date(request: Request, target: Path) -> Table | None:
    """Return the table of a file that is sound and is what this version would build, or None."""
    try:
        table = load(target)
    except (FileNotFoundError, TableError):
        return None
    return table if constant_part(request).items() <= table.metadata.items() else None


def parts_folder(target: Path) -> Path:
    """Return the folder of the parts of a table.

    >>> parts_folder(Path("data/real-l32.safetensors")).name
    'real-l32.parts'
    """
    return target.with_suffix(".parts")


def _build_in_memory(request: Request, done: Progress) -> Table:
    size = table_bytes(request.lmax, request.basis, request.parity, len(request.families))
    require_memory(2 * size, f"building {request.name} in memory")
    plan = Plan(request)
    parts = []
    for index in range(len(plan)):
        parts.append(plan.compute(index))
        done(plan.size(index))
    paths, offsets, factors = _path_arrays(plan, [part.counts for part in parts])
    orders = np.concatenate([part.block.orders for part in parts])
    core = np.concatenate([part.block.values for part in parts])
    return Table(request, describe(request, paths, len(core)), paths, offsets, orders, core, factors)


def _build_file(plan: Plan, target: Path, pool: Executor | None, done: Progress) -> Table:
    target.parent.mkdir(parents=True, exist_ok=True)
    if len(plan) == 1 and not parts_folder(target).exists():
        part = plan.compute(0)
        done(plan.size(0))
        return _write_table(plan, target, lambda index: part)
    for attempt in range(ATTEMPTS):
        try:
            missing = missing_parts(plan, parts_folder(target))
            done(int(plan.allowed.sum()) - sum(plan.size(index) for index in missing))
            _build_parts(plan, target, missing, pool, done)
            return _assemble(plan, target)
        except FileNotFoundError:  # another process has just finished this table and removed the parts
            table = up_to_date(plan.request, target)
            if table is not None or attempt == ATTEMPTS - 1:
                break
    if table is None:
        raise TableError(target, "parts", f"{len(plan)} parts in {parts_folder(target)}", "that they disappear")
    return table


def _build_parts(plan: Plan, target: Path, indices: Sequence[int], pool: Executor | None, done: Progress) -> None:
    folder = parts_folder(target)
    if pool is None:
        for index in indices:
            done(plan.size(build_part(plan.request, index, folder)))
        return
    futures = [pool.submit(build_part, plan.request, index, folder) for index in indices]
    try:
        for future in as_completed(futures):
            done(plan.size(future.result()))
    finally:
        for future in futures:
            future.cancel()


def _assemble(plan: Plan, target: Path) -> Table:
    folder = parts_folder(target)
    return _write_table(plan, target, lambda index: read_part(plan, index, folder))


def _remove_leftovers(target: Path) -> None:
    """Remove the parts of a table that is complete, and what killed writers left."""
    remove_abandoned(target)
    with suppress(FileNotFoundError):
        shutil.rmtree(parts_folder(target))


def _write_table(plan: Plan, target: Path, part: Callable[[int], Part]) -> Table:
    counts = [np.array(part(index).counts) for index in range(len(plan))]
    paths, offsets, factors = _path_arrays(plan, counts)
    entries = int(offsets[-1])
    metadata = describe(plan.request, paths, entries)

    def chunks() -> Iterator[NDArray[Any]]:
        yield from (part(index).block.values for index in range(len(plan)))
        yield from (*factors.values(), offsets)
        yield from (part(index).block.orders for index in range(len(plan)))
        yield paths

    write(target, metadata, tensors(plan.request, len(paths), entries), chunks())
    return load(target)


def _path_arrays(
    plan: Plan, counts: Iterable[NDArray[np.int64]]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(list(counts)))]).astype(np.int64)
    families = plan.request.families
    return plan.paths, offsets, {f: reduced_vector(f, plan.paths, plan.request.basis) for f in families}


def _executor(workers: int, executor: Executor | None) -> Any:
    """Return a context that gives an executor, or None for this process alone."""
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ValueError(f"workers must be an integer >= 1, got {workers!r}")
    if executor is not None or workers == 1:
        return nullcontext(executor)
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker)


def _start_worker() -> None:
    """A worker leaves the keyboard interrupt to its parent, and ends when the parent does, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _require_disk(request: Request, target: Path) -> None:
    """The parts and the table are on the disk at the same time."""
    needed = 2 * table_bytes(request.lmax, request.basis, request.parity, len(request.families))
    folder = next(parent for parent in target.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(f"building {request.name} needs {needed} bytes of disk, {folder} has {free}")
