"""One request, one file: whoever builds it, in however many pieces, and however often it is killed."""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from stat import S_ISDIR
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from coupling.files import atomic
from coupling.files.atomic import remove_abandoned, replacing, write
from coupling.files.catalogue import up_to_date
from coupling.files.container import read
from coupling.kernels.regge import MAX_TOTAL
from coupling.numbers.sizes import table_bytes
from coupling.tables import Request, Table, TableError, assembly, build, build_shard, builder, load, merge, parts
from coupling.tables.builder import parts_folder
from coupling.tables.core import core_blocks
from coupling.tables.parts import Division, build_part, finished_part, part_file
from coupling.tables.reader import KIND

SMALL = Request(lmax=6)
#: Degrees with sums below and above MAX_TOTAL, where another kernel takes over.
LARGE = Request(lmax=(4, 52, 52))
#: Entries of a part in these tests.
PART = {SMALL: 1000, LARGE: 30_000}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unfinished(plan: Division, folder: Path) -> list[int]:
    return [index for index in range(len(plan)) if not finished_part(plan, index, folder)]


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Division:
    """Divide tables into small parts, even small tables, and return the plan of SMALL, or of the parameter."""
    wanted = getattr(request, "param", SMALL)
    monkeypatch.setattr(parts, "PART_ENTRIES", PART[wanted])
    monkeypatch.setattr(builder, "AT_ONCE", 0)
    return Division(wanted, PART[wanted])


large = pytest.mark.parametrize("plan", [LARGE], indirect=True, ids=["large"])
small_and_large = pytest.mark.parametrize("plan", [SMALL, LARGE], indirect=True, ids=["small", "large"])


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[Request, str]:
    """The digests of the files that one process writes in one go."""
    folder = tmp_path_factory.mktemp("expected")
    files = {request: folder / f"{request.name}.safetensors" for request in PART}
    for request, file in files.items():
        build(request, file)
    assert sorted(folder.iterdir()) == sorted(files.values())
    return {request: digest(file) for request, file in files.items()}


def only_the_table(folder: Path) -> bool:
    return [path.suffix for path in folder.iterdir()] == [".safetensors"]


# -- parts ------------------------------------------------------------------------------------


@small_and_large
def test_parts_are_complete_bounded_and_in_order(plan: Division) -> None:
    pieces = [np.flatnonzero(plan.part == index) for index in range(len(plan))]
    assert np.array_equal(np.sort(np.concatenate(pieces)), np.arange(len(plan.paths)))
    assert all(len(piece) for piece in pieces)
    sizes = [plan.size(index) for index in range(len(plan))]
    assert sum(sizes) == plan.allowed.sum() == builder.allowed_entries(plan.request)
    assert max(sizes) < plan.part_entries + 6 * plan.allowed.max()
    assert len(plan) == {SMALL: 13, LARGE: 26}[plan.request]


@small_and_large
def test_nothing_is_computed_twice(plan: Division) -> None:
    """No part shares a canonical path with another, and each but the first shares at most one chain with the others
    before it."""
    x, y, z = np.sort(plan.paths.astype(int), axis=1).T
    for kind, shared in (([x, y, z], 0), ([z, y - x], len(plan) - 1)):
        pairs = len(np.unique(np.column_stack([*kind, plan.part]), axis=0))
        assert pairs <= len(np.unique(np.column_stack(kind), axis=0)) + shared
    assert (plan.paths.sum(axis=1) > MAX_TOTAL).sum() == {SMALL: 0, LARGE: 70}[plan.request]


@small_and_large
@pytest.mark.parametrize("workers", [1, 3])
def test_in_parts_or_in_one_piece(workers: int, plan: Division, expected: dict[Request, str], tmp_path: Path) -> None:
    path, heard = tmp_path / f"{plan.request.name}.safetensors", list[int]()
    build(plan.request, path, workers=workers, progress=heard.append)
    assert digest(path) == expected[plan.request] and only_the_table(tmp_path)
    assert sorted(heard) == sorted(plan.size(index) for index in range(len(plan)))
    in_memory, loaded = build(plan.request, workers=workers), load(path)
    assert np.array_equal(in_memory.core, loaded.core) and np.array_equal(in_memory.orders, loaded.orders)


@pytest.mark.parametrize("shards", [1, 2, 5, 13])
def test_shards_in_any_order_merge_to_the_same_bytes(
    shards: int, plan: Division, expected: dict[Request, str], tmp_path: Path
) -> None:
    path, left = tmp_path / "real-l6.safetensors", len(plan)
    for shard in random.Random(shards).sample(range(shards), shards):
        with pytest.raises(ValueError, match=f"{left} of 13 parts of real-l6 are not built yet"):
            merge(SMALL, path)
        built = build_shard(SMALL, path, shard, shards, workers=1 + shard % 2)
        assert built == len(range(shard, len(plan), shards))
        left -= built
    assert left == 0
    assert not path.exists()
    assert merge(SMALL, path).request == SMALL
    assert digest(path) == expected[SMALL] and only_the_table(tmp_path)
    assert build_shard(SMALL, path, 0, shards) == 0  # there is nothing left to do
    assert merge(SMALL, path).request == SMALL


@pytest.mark.parametrize(("shard", "shards"), [(-1, 2), (2, 2), (0, 0)])
def test_shards_that_do_not_exist(shard: int, shards: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 <= k < n"):
        build_shard(SMALL, tmp_path / "real-l6.safetensors", shard, shards)
    assert not list(tmp_path.iterdir())


def test_only_missing_and_damaged_parts_are_built(
    plan: Division, expected: dict[Request, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "real-l6.safetensors"
    folder = parts_folder(path)
    assert build_shard(SMALL, path, 0, 1) == len(plan) and unfinished(plan, folder) == []
    damaged = part_file(folder, 2)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    flipped = bytearray(part_file(folder, 4).read_bytes())
    flipped[-1] ^= 1
    part_file(folder, 4).write_bytes(flipped)
    part_file(folder, 6).unlink()
    part_file(folder, 8).write_bytes(part_file(folder, 9).read_bytes())  # a sound part, but another one
    part_file(folder, 10).unlink()
    build_part(Request(lmax=6, families=["gaunt"]), PART[SMALL], 10, folder)  # of another request
    part_file(folder, 11).unlink()
    build_part(SMALL, 1001, 11, folder)  # of another division
    part_file(folder, 12).unlink()
    with monkeypatch.context() as other:
        other.setattr("coupling.files.sources.builder_digest", lambda: "0" * 64)
        build_part(SMALL, PART[SMALL], 12, folder)  # by other sources
    assert unfinished(plan, folder) == [2, 4, 6, 8, 10, 11, 12]
    built = []
    monkeypatch.setattr(
        "coupling.tables.parts.core_blocks", lambda paths, basis: built.append(paths) or core_blocks(paths, basis)
    )
    build(SMALL, path)
    assert len(built) == 7 and all(map(np.array_equal, built, map(plan.paths_of, [2, 4, 6, 8, 10, 11, 12])))
    assert digest(path) == expected[SMALL] and only_the_table(tmp_path)


def forged(path: Path, change: Callable[[dict[str, np.ndarray]], object]) -> None:
    """Change the arrays of a part, and compute its checksum again."""
    content = read(path)
    arrays = {name: array.copy() for name, array in content.arrays.items()}
    change(arrays)
    metadata = {key: value for key, value in content.metadata.items() if key != "checksum"}
    write(path, metadata, content.tensors, arrays.values())


def flip_sign(arrays: dict[str, np.ndarray]) -> None:
    arrays["core"][7] *= -1


def one_ulp(arrays: dict[str, np.ndarray]) -> None:
    arrays["core"][0] = np.nextafter(arrays["core"][0], 0)


def swap_pair(arrays: dict[str, np.ndarray]) -> None:
    """Two values change places, with their orders: every norm and every sum stays."""
    for name in ("core", "orders"):
        arrays[name][[3, 4]] = arrays[name][[4, 3]]


def swap_values(arrays: dict[str, np.ndarray]) -> None:
    other = int(np.flatnonzero(arrays["core"] != arrays["core"][3])[0])
    arrays["core"][[3, other]] = arrays["core"][[other, 3]]


def swap_counts(arrays: dict[str, np.ndarray]) -> None:
    other = int(np.flatnonzero(arrays["counts"] != arrays["counts"][0])[0])
    arrays["counts"][[0, other]] = arrays["counts"][[other, 0]]


def every_sign(arrays: dict[str, np.ndarray]) -> None:
    """What every identity of second order and every symmetry between orderings leaves as it is."""
    arrays["core"] *= -1


@pytest.mark.parametrize("change", [flip_sign, one_ulp, swap_pair, swap_values, swap_counts, every_sign])
@pytest.mark.parametrize("index", [0, 6, 12])
def test_wrong_numbers_with_a_fitting_checksum_are_not_merged(
    change: Callable[[dict[str, np.ndarray]], object], index: int, plan: Division, expected: dict[Request, str],
    tmp_path: Path,
) -> None:  # fmt: skip
    path = tmp_path / "real-l6.safetensors"
    build_shard(SMALL, path, 0, 1)
    file = part_file(parts_folder(path), index)
    forged(file, change)
    assert finished_part(plan, index, parts_folder(path))  # its checksum fits
    words = "number of entries of path 0" if change is swap_counts else r"(value|orders) of entry \d+"
    for call in (merge, build):
        with pytest.raises(TableError, match=rf"{file.name}: {words}: expected .*; remove this file and build its"):
            call(SMALL, path)
        assert not path.exists()
    file.unlink()
    build(SMALL, path)
    assert digest(path) == expected[SMALL] and only_the_table(tmp_path)


@pytest.mark.parametrize("basis", ["real", "complex"])
@pytest.mark.parametrize(("lmax", "parity"), [((6, 6, 6), "all"), ((7, 3, 5), "all"), ((3, 6, 9), "odd"), (5, "even")])
def test_all_orderings_follow_from_the_canonical_ones(
    basis: str, lmax: int | tuple[int, int, int], parity: str, plan: Division, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    request = Request(lmax=lmax, basis=basis, parity=parity, name="table")
    monkeypatch.setattr(assembly, "ENTRIES", 100)
    monkeypatch.setattr(assembly, "FILES", 2)  # files are closed and opened again
    made, whole = tmp_path / "a" / "table.safetensors", tmp_path / "b" / "table.safetensors"
    assert len(build_in_parts(request, made).core) == len(build(request).core) > 300
    whole.parent.mkdir()
    build(request).save(whole)
    assert made.read_bytes() == whole.read_bytes()


def build_in_parts(request: Request, path: Path) -> Table:
    table = build(request, path, workers=2)
    assert only_the_table(path.parent)
    return table


def test_a_table_in_parts_is_written_once(plan: Division, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts hold a sixth of the entries, all orderings being one; of the table itself no byte is written twice."""
    written: list[int] = []
    create = atomic._create

    class Counted(io.FileIO):
        def write(self, data: bytes) -> int:  # type: ignore[override]
            count = super().write(data)
            written.append(count)
            return count

    def counted(path: Path) -> tuple[Path, object]:
        temporary, file = create(path)
        file.close()
        return temporary, Counted(temporary, "r+")

    monkeypatch.setattr(atomic, "_create", counted)
    path = tmp_path / "real-l6.safetensors"
    build(SMALL, path)
    size = path.stat().st_size
    header = min(read(path).starts.values())
    parts_written = sum(plan.bytes(index) for index in range(len(plan)))
    assert size < sum(written) < size + header + parts_written + 13 * 1500
    assert parts_written < 11 * plan.allowed.sum() / 3


@pytest.mark.parametrize("order", [100, -100, -128])
def test_a_part_that_changes_after_it_was_verified(order: int, plan: Division, tmp_path: Path) -> None:
    path = tmp_path / "real-l6.safetensors"
    build_shard(SMALL, path, 0, 1)
    file, every = part_file(parts_folder(path), 12), range(len(plan))

    def beyond(arrays: dict[str, np.ndarray]) -> None:
        arrays["orders"][-1, 0] = order  # of no path: never used as an index

    sound = file.read_bytes()
    for damage, words in ((lambda file: forged(file, beyond), "at most its degrees"), (cut, "bytes from entry")):
        file.write_bytes(sound)
        ready = assembly.Assembly(plan, parts_folder(path), 1, every)
        damage(file)
        with pytest.raises(TableError, match=words):
            list(ready.pieces())


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def test_an_interrupted_build_keeps_its_parts(plan: Division, expected: dict[Request, str], tmp_path: Path) -> None:
    path = tmp_path / "real-l6.safetensors"
    folder, left = parts_folder(path), [len(plan)]

    def stop(entries: int) -> None:
        if len(unfinished(plan, folder)) < left[-1]:
            raise KeyboardInterrupt

    while left[-1]:
        with suppress(KeyboardInterrupt):
            build(SMALL, path, progress=stop)
        left.append(len(unfinished(plan, folder)) if folder.exists() else 0)
    assert left == sorted(set(left), reverse=True)
    assert build(SMALL, path).request == SMALL
    assert digest(path) == expected[SMALL] and only_the_table(tmp_path)


def test_disk_is_asked_for_what_is_not_there_yet(
    plan: Division, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "real-l6.safetensors"
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("coupling.tables.builder.shutil.disk_usage", lambda folder: usage)
    whole, entries = table_bytes((6, 6, 6), "real", "all", 4), [plan.bytes(index) for index in range(len(plan))]
    needs = [
        (lambda: build(SMALL, path), sum(entries) + whole),
        (lambda: build_shard(SMALL, path, 1, 3), sum(entries[1::3])),
    ]
    for call, needed in needs:
        with pytest.raises(OSError, match=f"building real-l6 needs {needed} bytes of disk"):
            call()
    assert not list(tmp_path.iterdir())
    usage.free = sum(entries[::3])
    assert build_shard(SMALL, path, 0, 3) == 5
    usage.free = 0
    assert build_shard(SMALL, path, 0, 3) == 0
    with pytest.raises(OSError, match=f"needs {sum(entries[1::3] + entries[2::3]) + whole} bytes"):
        build(SMALL, path)
    usage.free = whole - 1
    build_shards = [build_shard(SMALL, path, shard, 3) for shard in (1, 2)]
    with pytest.raises(OSError, match=f"needs {whole} bytes"):
        merge(SMALL, path)
    usage.free = whole
    assert merge(SMALL, path).request == SMALL and build_shards == [4, 4]


def test_parts_that_vanish_because_another_process_was_first(
    plan: Division, expected: dict[Request, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "real-l6.safetensors"

    def late(*arguments: object) -> Table:
        monkeypatch.undo()
        builder.remove_leftovers(SMALL, path)
        raise FileNotFoundError

    monkeypatch.setattr(builder, "_assemble", late)
    build(SMALL, path)
    assert digest(path) == expected[SMALL] and only_the_table(tmp_path)


# -- files that are there already -------------------------------------------------------------


def test_an_up_to_date_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "real-l3.safetensors"
    build(Request(lmax=3), path)
    stamp = path.stat().st_mtime_ns, path.stat().st_ino
    build(Request(lmax=3), path)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == stamp
    build(Request(lmax=3), path, force=True)
    assert path.stat().st_ino != stamp[1] or path.stat().st_mtime_ns != stamp[0]


@pytest.mark.parametrize(
    "damage", ["truncated", "flipped", "another request", "another version", "other sources", "empty"]
)
def test_a_stale_or_damaged_file_is_built_again(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "real-l3.safetensors"
    if damage == "another version":
        monkeypatch.setattr("coupling.files.sources.__version__", "0.0.1")
    if damage == "other sources":
        monkeypatch.setattr("coupling.files.sources.builder_digest", lambda: "0" * 64)
    build(Request(lmax=4 if damage == "another request" else 3), path)
    monkeypatch.undo()
    raw = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(raw[:-7])
    elif damage == "flipped":
        raw[-1] ^= 1
        path.write_bytes(raw)
    elif damage == "empty":
        path.write_bytes(b"")
    assert up_to_date(KIND, Request(lmax=3), path) is None
    build(Request(lmax=3), path)
    fresh = tmp_path / "fresh" / path.name
    build(Request(lmax=3), fresh)
    assert path.read_bytes() == fresh.read_bytes()


def test_the_name_is_that_of_the_file(tmp_path: Path) -> None:
    build(Request(lmax=2, name="mine"), tmp_path / "yours.safetensors")
    assert load(tmp_path / "yours.safetensors").request.name == "yours"


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path, force=True) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with replacing(path, force=True) as stream:
        stream.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("flush", [True, False])
def test_a_file_is_on_the_disk_before_it_takes_its_place(
    flush: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All bytes reach the system, the disk, and only then the name; then the folder reaches the disk."""
    seen: list[tuple[str, object]] = []
    fsync, rename = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        state = os.fstat(descriptor)
        seen.append(("fsync", "folder" if S_ISDIR(state.st_mode) else state.st_size))
        fsync(descriptor)

    def renamed(source: Path, target: Path) -> None:
        seen.append(("rename", source.stat().st_size))
        rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    with replacing(tmp_path / "file", flush=flush) as stream:
        stream.write(b"fewer bytes than a buffer holds")
    order = [("fsync", 31), ("rename", 31), ("fsync", "folder")]
    assert seen == (order if flush else order[1:2])


def test_a_file_does_not_take_the_place_of_a_folder_or_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="must be a file, or new, to be written"), replacing(path) as stream:
            stream.write(b"new")
    assert (tmp_path / "pipe").is_fifo() and tmp_path.is_dir()


def test_only_abandoned_files_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    abandoned, other = tmp_path / f".file.{'0' * 16}.tmp", tmp_path / ".note.tmp"
    abandoned.write_text("")
    other.write_text("")
    with replacing(path) as mine:
        mine.write(b"x")
        assert not abandoned.exists() and other.exists()
        assert remove_abandoned(path) == 0  # mine is locked
    assert sorted(tmp_path.iterdir()) == [other, path]


# -- processes --------------------------------------------------------------------------------

#: The command, with small parts.
PROGRAM = f"""
from coupling.cli import main
from coupling.tables import builder, parts
builder.AT_ONCE, parts.PART_ENTRIES = 0, {PART[LARGE]}
main()
"""
IN_PARTS = ("-c", PROGRAM, "build", "--lmax", "4,52,52")
AT_ONCE = ("-m", "coupling", "build", "--lmax", "4,52,52")


def start(*arguments: object, cwd: Path, root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process: subprocess.Popen[bytes]) -> None:
    output = process.communicate()[0]
    assert process.returncode == 0, output.decode()


@pytest.mark.parametrize("workers", [0, -1, True, 1.5])
def test_numbers_of_workers_that_make_no_sense(workers: object, tmp_path: Path) -> None:
    for call in (build, lambda *arguments, **options: build_shard(*arguments, 0, 1, **options)):
        error = TypeError if workers is True else ValueError
        with pytest.raises(error, match="workers must be an integer >= 1"):
            call(SMALL, tmp_path / "real-l6.safetensors", workers=workers)  # type: ignore[operator]
    assert not list(tmp_path.iterdir())


@contextmanager
def dask_cluster(workers: int) -> Iterator[Executor]:
    dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
    options = {"n_workers": workers, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with (
        TemporaryDirectory() as scratch,
        dask.config.set(temporary_directory=scratch),
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert len(set(client.run(os.getpid).values()) - {os.getpid()}) == workers
        yield client.get_executor()


def spawned(workers: int) -> Executor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


@large
@pytest.mark.parametrize("pool", [ThreadPoolExecutor, spawned, dask_cluster], ids=["threads", "processes", "dask"])
def test_any_executor_writes_the_same_bytes(
    pool: Callable[[int], AbstractContextManager[Executor]],
    plan: Division,
    expected: dict[Request, str],
    tmp_path: Path,
) -> None:
    path, heard = tmp_path / f"{LARGE.name}.safetensors", list[int]()
    with pool(3) as executor:
        build(LARGE, path, executor=executor, progress=heard.append)
    assert digest(path) == expected[LARGE] and only_the_table(tmp_path)
    assert sorted(heard) == sorted(plan.size(index) for index in range(len(plan)))


def test_two_processes_at_once_lose_nothing(expected: dict[Request, str], tmp_path: Path, root: Path) -> None:
    for process in [start(*IN_PARTS, cwd=tmp_path, root=root) for _ in range(2)]:
        finish(process)
    assert digest(tmp_path / f"{LARGE.name}.safetensors") == expected[LARGE] and only_the_table(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
@pytest.mark.parametrize("arguments", [IN_PARTS, AT_ONCE], ids=["in parts", "at once"])
def test_killed_at_random_moments_and_resumed(
    arguments: tuple[str, ...], expected: dict[Request, str], tmp_path: Path, root: Path
) -> None:
    """kill -9 at random, now at any time, now just after a file or temporary file has appeared; then to the end."""
    path, rng, kills = tmp_path / f"{LARGE.name}.safetensors", random.Random(0), 0
    for attempt in range(5):
        process = start(*arguments, "--workers", 1 + attempt % 2, cwd=tmp_path, root=root)
        if attempt:
            wait_for_a_file(process, tmp_path)
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.random() * (0.05 if attempt else 0.5))
        kills += process.poll() is None
        process.kill()
        process.communicate()
        assert not path.exists() or digest(path) == expected[LARGE]
    finish(start(*arguments, "--workers", 2, cwd=tmp_path, root=root))
    assert digest(path) == expected[LARGE] and only_the_table(tmp_path)
    assert kills >= (3 if "-c" in arguments else 1)


def wait_for_a_file(process: subprocess.Popen[bytes], folder: Path) -> None:
    before = set(folder.rglob("*"))
    while process.poll() is None and set(folder.rglob("*")) <= before:
        time.sleep(0.002)


def test_a_process_that_waits_for_a_lock_sleeps_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks again after each pause, and does not keep the processor busy."""
    answers, slept = [False, False, False, True], []
    monkeypatch.setattr(atomic, "_lock", lambda file: answers.pop(0))
    monkeypatch.setattr(atomic.time, "sleep", slept.append)
    with open(tmp_path / "lock", "wb") as file:
        atomic._wait_for(file, tmp_path / "table", 60.0)
    assert not answers and slept == [atomic.PAUSE] * 3 and atomic.PAUSE > 0
