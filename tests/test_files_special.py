"""Files that are no files, numbers that are none, locks that somebody holds, structures that do not fit."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import coupling
import coupling.files.cache
from coupling.arrays import build_arrays, load_arrays
from coupling.cli import main
from coupling.crosscheck.page import read_lines
from coupling.files.atomic import locked, remove_abandoned, replacing
from coupling.files.catalogue import up_to_date
from coupling.files.container import read
from coupling.foreign.reader import read_convention
from coupling.lowrank.store import load_factors
from coupling.manybody import load_bases
from coupling.tables import Request, TableError, build, build_shard, load, merge, read_request
from coupling.tables.builder import parts_folder
from coupling.tables.parts import part_file
from coupling.tables.reader import KIND

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pipes among the files, no alarms")


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Ten seconds, then whatever waits is interrupted."""

    def stop(*_: object) -> None:
        raise AssertionError("it waits for ever")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


# -- pipes and devices --------------------------------------------------------------------------

READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "load": ("real-l2.safetensors", load),
    "load a copy": ("real-l2.safetensors", lambda path: load(path, mapped=False)),
    "load_arrays": ("design-l1.safetensors", load_arrays),
    "load_bases": ("symmetric-l1-n2.safetensors", load_bases),
    "load_factors": ("mine.safetensors", load_factors),
    "up_to_date": ("real-l2.safetensors", lambda path: up_to_date(KIND, Request(lmax=2), path)),
    "build": ("real-l2.safetensors", lambda path: build(Request(lmax=2), path)),
    "merge": ("real-l2.safetensors", lambda path: merge(Request(lmax=2), path)),
    "request": ("mine.toml", read_request),
    "convention": ("mine.toml", read_convention),
    "block": ("mine.toml", lambda path: coupling.block("gaunt", 1, 1, 2, convention=path)),
    "page": ("page.md", read_lines),
}
COMMANDS = {
    "info": ("real-l2.safetensors", "info PATH"),
    "check": ("real-l2.safetensors", "check PATH"),
    "load": ("real-l2.safetensors", "load PATH"),
    "export": ("real-l2.safetensors", "export PATH -f csv -o -"),
    "export -c": ("mine.toml", "export real-l4 -f csv -c PATH -o -"),
    "build": ("mine.toml", "build PATH"),
    "simulate": ("mine.xyz", "simulate PATH"),
    "study verify": ("mine.safetensors", "study verify PATH"),
}


def by_command(words: str) -> Callable[[Path], object]:
    def call(path: Path) -> None:
        result = CliRunner().invoke(main, words.replace("PATH", str(path)).split())
        assert isinstance(result.exception, SystemExit) and result.exit_code in (1, 2), result.output
        raise OSError(result.output)

    return call


EVERY = {**READERS, **{f"$ {name}": (file, by_command(words)) for name, (file, words) in COMMANDS.items()}}


@pytest.mark.parametrize("kind", ["pipe", "zero", "link to zero", "folder"])
@pytest.mark.parametrize(("file", "reader"), EVERY.values(), ids=EVERY.keys())
def test_what_is_no_file_is_not_read(file: str, reader: Callable[[Path], object], kind: str, tmp_path: Path) -> None:
    path = tmp_path / file
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(OSError) as error:
        reader(path)
    words = {"pipe": "a pipe", "folder": r"(a folder|[Ii]s a directory)"}.get(kind, "a device")
    assert re.search(rf"must be a (regular )?file.* got {words}|directory", str(error.value))
    assert file in str(error.value)


def test_long_files_are_not_read(tmp_path: Path) -> None:
    for reader, limit in ((read_request, 65536), (read_convention, 1 << 20)):
        path = tmp_path / "mine.toml"
        with open(path, "wb") as stream:
            stream.truncate(1 << 40)
        with pytest.raises(ValueError, match=rf"mine\.toml.* (has|have) at most {limit} bytes"):
            reader(path)


def test_pipes_in_the_places_of_locks_temporary_files_and_parts(tmp_path: Path) -> None:
    path = tmp_path / "real-l2.safetensors"
    abandoned = tmp_path / f".{path.name}.{'0' * 16}.tmp"
    os.mkfifo(abandoned)
    assert remove_abandoned(path) == 0
    with replacing(path) as stream:
        stream.write(b"mine")
    assert abandoned.is_fifo() and path.read_bytes() == b"mine"
    path.unlink()
    os.mkfifo(tmp_path / f".{path.name}.lock")
    with pytest.raises(OSError, match="must be a regular file, got a pipe"), locked(path):
        pass
    parts_folder(path).mkdir()
    os.mkfifo(part_file(parts_folder(path), 0))
    with pytest.raises(OSError, match=r"000000\.safetensors must be a .*file.* got a pipe"):
        build_shard(Request(lmax=2), path, 0, 1)


# -- numbers that are none ----------------------------------------------------------------------

VALUES = [
    "1e999", "-1e999", "NaN", "Infinity", "1e308", "-0.0", "9" * 400, "9" * 5000, "true", "null", '"x"', "{}", "[]",
    '"\\ud800"', "[" * 900 + "]" * 900, "[1e999]", '{"a":' * 300 + "1" + "}" * 300, '{"a":1,"a":2}',
]  # fmt: skip


def hostile(raw: bytes, key: str, value: str) -> bytes:
    """A file of the same arrays, one key of whose metadata has another value; with the right length."""
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    metadata = json.loads(header["__metadata__"]["coupling"])
    texts = {k: value if k == key else json.dumps(v, separators=(",", ":")) for k, v in metadata.items()}
    header["__metadata__"]["coupling"] = "{" + ",".join(f'"{k}":{text}' for k, text in texts.items()) + "}"
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 64)
    return len(text).to_bytes(8, "little") + text + raw[8 + size :]


@pytest.mark.parametrize("name", ["real-l2", "design-l1"])
def test_any_value_of_any_field_is_refused_and_the_file_is_built_again(name: str, tmp_path: Path) -> None:
    table = name == "real-l2"
    path = (build(Request(lmax=2)) if table else build_arrays(name)).save(tmp_path)
    reader: Callable[[Path], object] = load if table else load_arrays
    sound, met = path.read_bytes(), 0
    for key in sorted(read(path).metadata):
        for value in VALUES:
            if (forged := hostile(sound, key, value)) == sound:
                continue
            path.write_bytes(forged)
            with pytest.raises(TableError) as error:
                reader(path)
            assert error.value.file == str(path) and error.value.field and len(str(error.value)) < 3000
            if table and key not in ("schema", "schema_version"):  # else it says that it is no table of this version
                assert up_to_date(KIND, Request(lmax=2), path) is None
                build(Request(lmax=2), path)
                assert path.read_bytes() == sound
            met += 1
    assert met >= 13 * len(VALUES) - 1


def test_shapes_of_the_header_that_are_none(tmp_path: Path) -> None:
    path = build(Request(lmax=2)).save(tmp_path)
    sound, met = path.read_bytes(), 0
    size = int.from_bytes(sound[:8], "little")
    for old in (b'"shape":[137]', b'"data_offsets":[0,1096]'):
        for value in VALUES:
            text = sound[8 : 8 + size].replace(old, old.split(b"[")[0] + value.encode(), 1)
            text += b" " * (-(8 + len(text)) % 64)
            path.write_bytes(len(text).to_bytes(8, "little") + text + sound[8 + size :])
            with pytest.raises(TableError):
                load(path)
            build(Request(lmax=2), path)
            assert path.read_bytes() == sound
            met += 1
    assert met == 2 * len(VALUES)


TOML = ["1e999", "inf", "nan", "-inf", "9" * 400, "9" * 5000, "true", "1979-05-27", "'x'", "[]", "[[[]]]", "{}",
        "[" * 5000 + "]" * 5000, "{a=" * 2000 + "1" + "}" * 2000]  # fmt: skip


def test_any_value_in_a_toml_file_is_an_error_with_the_name_of_the_file(tmp_path: Path) -> None:
    path, met = tmp_path / "mine.toml", 0
    fields = {
        read_request: ("lmax", "basis", "families", "parity", "order", "name", "other"),
        read_convention: tuple("name basis axes orders phase norm scale slots sign lmax other".split()),
    }
    for reader, keys in fields.items():
        for key in keys:
            deep = f"{key}{'.a' * 3000} = 1"
            for line in (*(f"{key} = {value}" for value in TOML), deep, f"{key} = 1\n{key} = 1"):
                path.write_text(line if key == "lmax" or reader is read_convention else f"{line}\nlmax = 1")
                try:
                    reader(path)
                except (TypeError, ValueError) as error:
                    assert str(error).startswith(f"{path}: ")
                    met += 1
    assert met > 240


# -- a copy in memory ---------------------------------------------------------------------------


def test_a_copy_does_not_need_its_file(tmp_path: Path) -> None:
    for built, reader in ((build(Request(lmax=3)), load), (build_arrays("fourier-l2"), load_arrays)):
        path = built.save(tmp_path)
        mapped, copied = reader(path), reader(path, mapped=False)
        arrays = [copied.core, copied.orders] if reader is load else list(copied.values())
        same = [mapped.core, mapped.orders] if reader is load else list(mapped.values())
        assert all(map(np.array_equal, arrays, same))
        assert not any(a.flags.writeable or not a.flags.aligned for a in arrays)
        kept = [array.tobytes() for array in arrays]
        del mapped, same
        os.truncate(path, 100)
        assert [array.tobytes() for array in arrays] == kept
    assert "SIGBUS" in (load.__doc__ or "")


PROGRAM = """
import os, sys, coupling
table = coupling.load(sys.argv[1], mapped=sys.argv[2] == "mapped")
os.truncate(sys.argv[1], 64)
print(table.core.sum(), table.orders.sum())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what the system does with a file that is cut short")
def test_what_becomes_of_a_mapped_table_whose_file_is_cut_short(tmp_path: Path) -> None:
    """As the docstring of load says."""
    returned = {}
    for how in ("mapped", "copied"):
        (tmp_path / how).mkdir()
        path = build(Request(lmax=8)).save(tmp_path / how)
        run = subprocess.run([sys.executable, "-c", PROGRAM, str(path), how], capture_output=True)
        returned[how] = run.returncode
    assert returned == {"mapped": -signal.SIGBUS, "copied": 0}


# -- locks --------------------------------------------------------------------------------------

HOLD = """
import sys, time
from pathlib import Path
from coupling.files.atomic import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_waited_for_only_so_long_and_its_holder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "real-l5.safetensors"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
        start = time.monotonic()
        with pytest.raises(TimeoutError) as error, locked(path, 0.3):
            pass
        assert 0.3 <= time.monotonic() - start < 5
        words = rf"real-l5\.safetensors has been locked by process {holder.pid} on .* for 0\.3 s: wait until"
        assert re.search(words, str(error.value)) and ".real-l5.safetensors.lock" in str(error.value)
    finally:
        holder.kill()
        holder.communicate()
    with locked(path, 5):  # the lock ends with its holder
        pass


def test_the_cache_says_who_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("coupling.files.atomic.PATIENCE", 0.2)
    path = coupling.files.cache.cache_folder() / "real-l3.safetensors"
    path.parent.mkdir(parents=True)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None and holder.stdout.readline()
        with pytest.raises(TimeoutError, match=rf"cannot be built .* locked by process {holder.pid} on "):
            load("real-l3")
    finally:
        holder.kill()
        holder.communicate()
    assert len(load("real-l3")) == 34


# -- structures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("count", ["3", "1000000000000", "9" * 30, "-1", "1e3", "NaN", "0x2", "two"])
def test_counts_of_atoms_that_the_file_does_not_hold(count: str, tmp_path: Path) -> None:
    pytest.importorskip("ase")
    from coupling.atoms import read_structure

    frame = "2\n\nH 0 0 0\nH 0 0 1\n"
    for text in (f"{count}\n\nH 0 0 0\nH 0 0 1\n", f"{frame}{count}\n\nH 0 0 0\n"):
        path = tmp_path / "mine.xyz"
        path.write_text(text)
        with pytest.raises(ValueError, match=r"mine\.xyz line (1|5) must be a number of atoms, at most [12], got "):
            read_structure(path)
    path.write_text(frame * 3)
    assert len(read_structure(path)) == 2


def test_cells_that_are_much_smaller_than_the_cutoff(tmp_path: Path) -> None:
    ase = pytest.importorskip("ase")
    from coupling.atoms import neighbours

    words = r"finding the neighbours of 1 atoms within 5 Å needs \d{14,} bytes, this machine has"
    with pytest.raises(MemoryError, match=words):
        neighbours(ase.Atoms("H", cell=[1e-3] * 3, pbc=True), 5.0)
    with pytest.raises(MemoryError):
        neighbours(ase.Atoms("H", cell=[1.0] * 3, pbc=True), 1e9)
    for cell in ([[1, 0, 0], [1, 0, 0], [0, 0, 1]], [1e-300] * 3):
        with pytest.raises(ValueError, match="a periodic cell must have a volume"):
            neighbours(ase.Atoms("H", cell=cell, pbc=True), 5.0)
    path = tmp_path / "tiny.xyz"
    path.write_text('1\nLattice="0.001 0 0 0 0.001 0 0 0 0.001" pbc="T T T"\nH 0 0 0\n')
    result = CliRunner().invoke(main, ["simulate", str(path)])
    assert result.exit_code == 2 and "needs" in result.output and "Traceback" not in result.output


def test_a_crowd_at_one_place_is_refused_before_it_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    ase = pytest.importorskip("ase")
    from coupling.atoms import neighbours

    monkeypatch.setattr("coupling.memory.physical_memory", lambda: 1 << 28)
    crowd = ase.Atoms("H2000", positions=np.random.default_rng(0).random((2000, 3)))
    with pytest.raises(MemoryError, match="neighbours of 2000 atoms within 5 Å needs 4093952000 bytes"):
        neighbours(crowd, 5.0)


def test_the_pairs_are_counted_as_they_are_found() -> None:
    pytest.importorskip("ase")
    from ase.build import bulk, fcc111, molecule

    from coupling.atoms import neighbours, read_structure
    from coupling.atoms.reading import PAIR_BYTES, _bytes

    cases = [(read_structure(), 7.0), (molecule("C6H6"), 2.0), (bulk("Cu"), 6.0), (bulk("Cu").repeat(4), 4.0),
             (fcc111("Al", (2, 2, 3), vacuum=8), 5.0)]  # fmt: skip
    for atoms, cutoff in cases:
        atoms.rattle(0.05)
        atoms.positions += 13.7
        assert _bytes(atoms, cutoff) == PAIR_BYTES * len(neighbours(atoms, cutoff).centres) > 0
