"""One request, one file: whoever builds it, in however many pieces, and however often it is killed."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from coupling.tables import Request, build, build_shard, load, merge, parts
from coupling.tables.atomic import remove_abandoned, replacing
from coupling.tables.builder import parts_folder, up_to_date
from coupling.tables.parts import Plan, build_part, missing_parts, part_file

SMALL = Request(lmax=6)
#: More than one part as the package divides it; for tests that start processes.
LARGE = Request(lmax=14)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def many_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    """Make parts small, in this process, and return how many SMALL has then."""
    monkeypatch.setattr(parts, "PART_ENTRIES", 1000)
    parts.plan_of.cache_clear()
    yield len(Plan(SMALL))
    parts.plan_of.cache_clear()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[Request, str]:
    """The digests of the files that one process writes in one go."""
    folder = tmp_path_factory.mktemp("expected")
    result = {}
    for request in (SMALL, LARGE):
        build(request, folder / f"{request.name}.safetensors")
        result[request] = digest(folder / f"{request.name}.safetensors")
    assert not list(folder.glob("*.parts"))
    return result


def only_the_table(folder: Path) -> bool:
    return [path.suffix for path in folder.iterdir()] == [".safetensors"]


# -- parts ------------------------------------------------------------------------------------


def test_parts_are_consecutive_bounded_and_complete(many_parts: int) -> None:
    plan = Plan(SMALL)
    pieces = [plan.paths_of(index) for index in range(len(plan))]
    assert np.array_equal(np.concatenate(pieces), plan.paths) and all(map(len, pieces))
    assert sum(plan.size(index) for index in range(len(plan))) == plan.allowed.sum()
    assert max(plan.size(index) for index in range(len(plan))) < 1000 + plan.allowed.max()
    assert many_parts == len(plan) > 10


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor], ids=["alone", "executor"])
def test_in_parts_or_in_one_piece(
    executor: type[Executor] | None, many_parts: int, expected: dict[Request, str], tmp_path: Path
) -> None:
    path, heard = tmp_path / "real-l6.safetensors", list[int]()
    pool = executor(3) if executor else None
    build(SMALL, path, executor=pool, progress=heard.append)
    assert digest(path) == expected[SMALL] and only_the_table(tmp_path)
    assert sum(heard) == Plan(SMALL).allowed.sum() and len(heard) == many_parts + 1
    in_memory = build(SMALL)
    loaded = load(path)
    assert np.array_equal(in_memory.core, loaded.core) and np.array_equal(in_memory.orders, loaded.orders)


@pytest.mark.parametrize("shards", [1, 2, 5, 13])
def test_shards_in_any_order_merge_to_the_same_bytes(
    shards: int, many_parts: int, expected: dict[Request, str], tmp_path: Path
) -> None:
    path, left = tmp_path / "real-l6.safetensors", many_parts
    for shard in random.Random(shards).sample(range(shards), shards):
        with pytest.raises(ValueError, match=f"{left} of {many_parts} parts of real-l6 are not built yet"):
            merge(SMALL, path)
        built = build_shard(SMALL, path, shard, shards)
        assert built == len(range(shard, many_parts, shards))
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
    many_parts: int, expected: dict[Request, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "real-l6.safetensors"
    folder = parts_folder(path)
    build_shard(SMALL, path, 0, 1)
    plan = Plan(SMALL)
    assert missing_parts(plan, folder) == []
    damaged = part_file(folder, 2)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    flipped = bytearray(part_file(folder, 4).read_bytes())
    flipped[-1] ^= 1
    part_file(folder, 4).write_bytes(flipped)
    part_file(folder, 6).unlink()
    part_file(folder, 8).write_bytes(part_file(folder, 9).read_bytes())  # a sound part, but another one
    build_part(Request(lmax=6, families=["gaunt"]), 10, folder)  # of another request
    assert missing_parts(plan, folder) == [2, 4, 6, 8, 10]
    built = []
    monkeypatch.setattr(
        "coupling.tables.builder.build_part", lambda *args: built.append(args[1]) or build_part(*args)
    )
    build(SMALL, path)
    assert built == [2, 4, 6, 8, 10]
    assert digest(path) == expected[SMALL] and only_the_table(tmp_path)


def test_an_interrupted_build_keeps_its_parts(
    many_parts: int, expected: dict[Request, str], tmp_path: Path
) -> None:
    path, rounds = tmp_path / "real-l6.safetensors", 0
    while not path.exists():
        calls = iter([None, None])

        def stop(entries: int, calls=calls) -> None:
            if next(calls, 0) == 0:
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            build(SMALL, path, progress=stop)
        rounds += 1
    assert rounds >= many_parts // 2
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


@pytest.mark.parametrize("damage", ["truncated", "flipped", "another request", "another version", "text"])
def test_a_stale_or_damaged_file_is_built_again(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "real-l3.safetensors"
    if damage == "another version":
        monkeypatch.setattr("coupling.tables.metadata.__version__", "0.0.1")
    build(Request(lmax=4 if damage == "another request" else 3), path)
    monkeypatch.undo()
    raw = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(raw[:-7])
    elif damage == "flipped":
        raw[-1] ^= 1
        path.write_bytes(raw)
    elif damage == "text":
        path.write_text("not a table")
    assert up_to_date(Request(lmax=3), path) is None
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
    with pytest.raises(RuntimeError), replacing(path) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with replacing(path) as stream:
        stream.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


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


def command(*arguments: object, cwd: Path, root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "coupling", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[bytes]) -> None:
    output = process.communicate()[0]
    assert process.returncode == 0, output.decode()


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_write_the_same_bytes(workers: int, expected: dict[Request, str], tmp_path: Path) -> None:
    path = tmp_path / "real-l14.safetensors"
    build(LARGE, path, workers=workers)
    assert digest(path) == expected[LARGE] and only_the_table(tmp_path)


@pytest.mark.parametrize("workers", [0, -1, True, 1.5])
def test_numbers_of_workers_that_make_no_sense(workers: object, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="workers must be an integer >= 1"):
        build(SMALL, tmp_path / "real-l6.safetensors", workers=workers)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_any_executor_writes_the_same_bytes(expected: dict[Request, str], tmp_path: Path) -> None:
    path = tmp_path / "real-l14.safetensors"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        build(LARGE, path, executor=executor)
    assert digest(path) == expected[LARGE] and only_the_table(tmp_path)


def test_two_processes_at_once_lose_nothing(expected: dict[Request, str], tmp_path: Path, root: Path) -> None:
    both = [command("build", "--lmax", 14, cwd=tmp_path, root=root) for _ in range(2)]
    for process in both:
        finish(process)
    assert digest(tmp_path / "real-l14.safetensors") == expected[LARGE] and only_the_table(tmp_path)


def ended(session: int) -> bool:
    """Whether no process of a session is left, within ten seconds."""
    for _ in range(200):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_moments_and_resumed(workers: int, tmp_path: Path, root: Path) -> None:
    """kill -9 at random, now at any time, now just after a file or temporary file has appeared; then to the end."""
    request = Request(lmax=17)
    clean, folder = tmp_path / "clean" / "real-l17.safetensors", tmp_path / "killed"
    build(request, clean)
    folder.mkdir()
    path, rng, kills, sessions = folder / clean.name, random.Random(workers), 0, list[int]()
    for attempt in range(6):
        process = command("build", "--lmax", 17, "--workers", workers, cwd=folder, root=root)
        if attempt % 2:
            wait_for_a_file(process, folder)
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.random() * (0.1 if attempt % 2 else 1))
        kills += process.poll() is None
        process.kill()
        process.communicate()
        sessions.append(process.pid)
        assert not path.exists() or load(path).request == request
    finish(command("build", "--lmax", 17, "--workers", workers, cwd=folder, root=root))
    assert path.read_bytes() == clean.read_bytes()
    assert only_the_table(folder)
    assert all(map(ended, sessions)), "workers outlive their parent"
    assert kills >= 3


def wait_for_a_file(process: subprocess.Popen[bytes], folder: Path) -> None:
    before = set(folder.rglob("*"))
    while process.poll() is None and set(folder.rglob("*")) <= before:
        time.sleep(0.002)
