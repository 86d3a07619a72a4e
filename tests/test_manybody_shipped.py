"""Files of many-body bases: shipped, cached, refused when damaged, built on after an interruption."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from coupling.cli import main
from coupling.files import TableError, table_folder
from coupling.files.atomic import write
from coupling.files.cache import cache_folder
from coupling.files.catalogue import manifest_entry, shipped_names
from coupling.files.container import read
from coupling.files.reader import read_manifest
from coupling.manybody import Bases, BasesRequest, Basis, basis, build_bases, builder, count, load_bases
from coupling.manybody.check import check
from coupling.manybody.request import bases_request

SHIPPED = ("symmetric-l3-n4", "symmetric-l4-n3")
#: One of each symmetry, of each program and of each kind of components.
NAMES = (
    "symmetric-l2-n3", "antisymmetric-l2-n3", "plain-l1-n3", "symmetric-l2-n3-mace", "plain-l2-n2-mace",
    "plain-l2-n3-e3nn-natural", "symmetric-l2-n2-cuequivariance", "symmetric-l2-n3-complex", "symmetric-l3-n3-1e",
)  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (folder := tmp_path / "here").mkdir()
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], prog_name="coupling")


def same(left: Basis, right: Basis) -> bool:
    pairs = [(getattr(left, f.name), getattr(right, f.name)) for f in fields(Basis)]
    pairs.append((left.values, right.values))
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


# -- what is shipped --------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_a_rebuild_gives_the_bytes_of_the_manifest(name: str, tmp_path: Path, shipped_sources: str) -> None:
    manifest = read_manifest(kind="bases")
    assert sorted(manifest) == sorted(shipped_names(table_folder(), "bases")) == list(SHIPPED)
    bases = build_bases(name)
    file = bases.save(tmp_path)
    assert manifest_entry(file, bases.metadata) == manifest[name], f"{name}: run `coupling build --all`"
    assert file.stat().st_size < 600_000


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_bases_are_those_that_are_built(name: str) -> None:
    bases = load_bases(name)
    met = 0
    for (order, output), found in bases.items():
        assert same(found, basis(bases.request.lmax, order, output))
        assert len(found.labels) == count(bases.request.lmax, order, output)
        met += len(found.path)
    assert met == bases.metadata["counts"]["entries"] > 15_000 and bases.check().passed


def test_what_is_shipped_is_read_without_building(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("built")

    monkeypatch.setattr("coupling.manybody.builder.basis", refused)
    monkeypatch.setattr(Basis, "_rounded", refused)
    found = load_bases("symmetric-l3-n4")
    assert len(found) == 16 and found[4, "3o"].values.size
    assert str(found[2, "0e"].coefficient(1)) == "√(1/3)"


# -- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_files_of_every_kind_hold_the_bases(name: str, tmp_path: Path) -> None:
    request = bases_request(name)
    assert request is not None and BasesRequest(**request.content) == request  # type: ignore[arg-type]
    built = build_bases(name, tmp_path / f"{name}.safetensors")
    loaded = load_bases(tmp_path / f"{name}.safetensors")
    assert list(built) == list(loaded) == [(each.order, each.output) for each in request.members]
    for key, found in loaded.items():
        kinds = {"paths": request.paths, "basis": request.basis, "intermediates": request.intermediates}
        assert same(found, basis(request.lmax, *key, request.symmetry, **kinds)) and same(found, built[key])
    report = check(loaded)
    assert report.passed and {"structure", "characters", "rebuilt"} < {one.name for one in report.checks}
    copy = pickle.loads(pickle.dumps(loaded))
    assert copy.request == request and all(same(copy[key], loaded[key]) for key in loaded)


@pytest.mark.parametrize("name", ["symmetric-l2-n3", "antisymmetric-l2-n3", "plain-l2-n3-mace", "symmetric-l3-n3-1e"])
@pytest.mark.parametrize("law", ["orthonormal", "rotation"])
def test_the_laws_find_a_wrong_number(law: str, name: str) -> None:
    """Of each basis the last value, one part in a million off: a file with a fitting checksum is a matter for check."""
    bases = build_bases(name)
    for key, found in bases.items():
        if not found.values.size:
            continue
        changed = Basis(**{f.name: getattr(found, f.name) for f in fields(Basis)})
        values = found.values.copy()
        values[-1] *= 1 + 1e-6
        vars(changed)["values"] = values
        entries = found.entries.copy()
        entries[-1] *= 1 + 1e-6
        vars(changed)["entries"] = entries
        forged = Bases(bases.request, bases.metadata, bases.held, {**bases.bases, key: changed})
        failed = [one.name for one in check(forged, rebuilt=False).checks if not one.passed]
        assert law in failed or (law == "rotation" and len(values) == 1), (key, failed)


def rewritten(file: Path, change: Callable[[dict[str, Any], dict[str, np.ndarray]], None]) -> None:
    """The file with other arrays or metadata, and a checksum that fits."""
    content = read(file, mapped=False)
    arrays = {name: array.copy() for name, array in content.arrays.items()}
    metadata = {key: value for key, value in json.loads(json.dumps(content.metadata)).items() if key != "checksum"}
    change(metadata, arrays)
    write(file, metadata, content.tensors, arrays.values(), force=True)


def put(name: str, place: int, value: float) -> Callable[[dict[str, Any], dict[str, np.ndarray]], None]:
    def change(_: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        arrays[name][place] = value

    return change


def text(old: bytes, new: bytes) -> Callable[[dict[str, Any], dict[str, np.ndarray]], None]:
    def change(_: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        whole = arrays["text"].tobytes()
        assert old in whole and len(old) == len(new)
        arrays["text"][:] = np.frombuffer(whole.replace(old, new, 1), np.uint8)

    return change


FORGED = {
    "offsets": put("offsets", 0, 1),
    "offsets ": put("offsets", 1, 3),
    "monomial of order": put("monomial", 0, 5),
    "monomial of order ": put("monomial", -1, 1 << 31),
    "radicands of order": put("radicand", 0, 9),
    "monomials of order": put("monomials", 0, 99),
    "monomials of order ": put("monomials", 4, 3),
    "values of order": put("values", -1, np.nan),
    "values of order ": put("values", -1, -1.0),
    "values of order  ": put("integers", -1, 0),
    "text": text(b'"norms"', b'"Norms"'),
    "text ": text(b'"1/2"', b'"2/4"'),
    "text  ": text(b'"1/2"', b'"1/0"'),
    "norms of order": text(b'["1","12"]', b'["1","-2"]'),
    "text   ": text(b'"norms":["1"', b'"norms":[ 11'),
    "members": lambda metadata, _: metadata["members"].append([0, 0, 0]),
    "members ": lambda metadata, _: metadata["members"].__setitem__(0, [True, 1, 1]),
    "counts": lambda metadata, _: metadata["counts"].update(paths=1),
    "request": lambda metadata, _: metadata["request"].update(lmax=-1),
    "bases": lambda metadata, _: metadata["bases"].pop(),
}


@pytest.mark.parametrize("field", FORGED)
def test_a_file_that_is_not_what_it_says_is_refused(field: str, tmp_path: Path) -> None:
    file = tmp_path / "symmetric-l1-n2.safetensors"
    build_bases("symmetric-l1-n2", file)
    rewritten(file, FORGED[field])
    with pytest.raises(TableError) as refused:
        load_bases(file)
    assert refused.value.field.startswith(field.strip())


def test_every_damaged_byte_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "symmetric-l1-n2.safetensors"
    build_bases("symmetric-l1-n2", file)
    sound = file.read_bytes()
    for place in range(0, len(sound), 7):
        file.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        with pytest.raises(TableError):
            load_bases(file)
    file.write_bytes(sound[:-1])
    with pytest.raises(TableError, match="size"):
        load_bases(file)


# -- names and the cache ----------------------------------------------------------------------


def test_other_names_are_built_on_first_request_and_kept(here: Path) -> None:
    found = load_bases("symmetric-l2-n2")
    file = cache_folder() / "symmetric-l2-n2.safetensors"
    assert file.is_file() and same(found[2, "1o"], basis(2, 2, "1o"))
    result = run("load", "symmetric-l2-n2", "symmetric-l3-n4")
    assert result.exit_code == 0 and "(cache, " in result.stdout and "(shipped, 556960 bytes)" in result.stdout
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(TableError, match="remove this file, or run `coupling load symmetric-l2-n2 --renew`"):
        load_bases("symmetric-l2-n2")
    assert run("load", "symmetric-l2-n2", "--renew").exit_code == 0 and load_bases("symmetric-l2-n2")


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("symmetrical-l3-n4", FileNotFoundError, "unknown bases"),
        ("symmetric-l3-n04", FileNotFoundError, "names look like symmetric-l3-n4"),
        ("symmetric-l8-n4", ValueError, "coupling manybody build --lmax 8 --order 4"),
        ("symmetric-l128-n2", ValueError, "lmax of a file of bases must be <= 127, got 128"),
        ("symmetric-l2-n40", ValueError, "order must be <= 32, got 40"),
        ("plain-l2-n2-cuequivariance", ValueError, "symmetric"),
        ("no-file.safetensors", FileNotFoundError, "there is no file of many-body bases"),
    ],
)
def test_names_that_stand_for_nothing(name: str, error: type[Exception], words: str, here: Path) -> None:
    with pytest.raises(error, match=words):
        load_bases(name)
    assert not list(here.parent.rglob("*.safetensors"))


@pytest.mark.parametrize("key", [(5, "0e"), "1o", (1, "0o"), None, [1]])
def test_a_basis_that_a_file_does_not_hold(key: Any) -> None:
    with pytest.raises(KeyError, match=r"symmetric-l1-n1 has no basis .*; it has "):
        build_bases("symmetric-l1-n1")[key]


def test_integers_beyond_64_bits_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = basis(1, 2, "0e")
    large = Basis(
        **{f.name: getattr(found, f.name) for f in fields(Basis)} | {"integers": found.integers.astype(object) * 2**63}
    )
    vars(large)["values"] = found.values
    monkeypatch.setattr("coupling.manybody.builder.basis", lambda *_, **__: large)
    with pytest.raises(OverflowError, match="more than 64 bits"):
        build_bases("symmetric-l1-n2-0e")


# -- resuming, processes, Ctrl-C --------------------------------------------------------------


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "AT_ONCE", 0)


def test_parts_and_processes_give_the_same_bytes(here: Path, in_parts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [here / f"{way}" / "symmetric-l2-n3.safetensors" for way in ("parts", "processes", "memory")]
    heard: list[int] = []
    build_bases("symmetric-l2-n3", names[0], progress=heard.append)
    assert sum(heard) == BasesRequest(2, 3).monomials and len(heard) == 1 + 9
    build_bases("symmetric-l2-n3", names[1], workers=2)
    monkeypatch.setattr(builder, "AT_ONCE", 1 << 18)
    build_bases("symmetric-l2-n3", names[2])
    assert len({file.read_bytes() for file in names}) == 1
    assert [file.name for folder in names for file in folder.parent.iterdir()] == ["symmetric-l2-n3.safetensors"] * 3


def test_an_interrupted_build_goes_on_where_it_stopped(
    here: Path, in_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, made = here / "symmetric-l2-n3.safetensors", basis
    built: list[tuple[object, ...]] = []

    def counted(*arguments: Any, **kinds: Any) -> Basis:
        if len(built) == 4:
            raise KeyboardInterrupt
        built.append(arguments)
        return made(*arguments, **kinds)

    monkeypatch.setattr(builder, "basis", counted)
    with pytest.raises(KeyboardInterrupt):
        build_bases("symmetric-l2-n3", file)
    kept = sorted((here / "symmetric-l2-n3.parts").iterdir())
    assert len(kept) == 4 and not file.exists()
    kept[0].write_bytes(kept[0].read_bytes()[:-1])  # a damaged one is built again
    foreign = here / "symmetric-l2-n3.parts" / "notes.txt"
    foreign.write_text("mine")
    built.clear()
    monkeypatch.setattr(builder, "basis", lambda *a, **k: built.append(a) or made(*a, **k))
    build_bases("symmetric-l2-n3", file)
    assert len(built) == 9 - 3 and load_bases(file).check().passed
    assert [f.name for f in foreign.parent.iterdir()] == ["notes.txt"], "what is not ours stays"
    before, time_before = file.read_bytes(), file.stat().st_mtime_ns
    built.clear()
    build_bases("symmetric-l2-n3", file)
    assert not built and (file.read_bytes(), file.stat().st_mtime_ns) == (before, time_before)
    build_bases("symmetric-l2-n3", file, force=True)
    assert len(built) == 9 and file.read_bytes() == before


def test_a_part_of_other_sources_is_built_again(here: Path, in_parts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = here / "symmetric-l2-n2.parts"
    folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr("coupling.files.sources.builder_digest", lambda: "0" * 64)
        builder.build_member((BasesRequest(2, 2, "0e").content, folder))
    build_bases("symmetric-l2-n2", here / "symmetric-l2-n2.safetensors")
    found = load_bases(here / "symmetric-l2-n2.safetensors")
    assert found.metadata["builder"] != "0" * 64 and not folder.exists()


def test_other_files_are_kept(here: Path) -> None:
    file = here / "symmetric-l1-n2.safetensors"
    file.write_text("mine")
    with pytest.raises(FileExistsError, match="a file that coupling did not write"):
        build_bases("symmetric-l1-n2", file)
    assert file.read_text() == "mine"
    with pytest.raises(ValueError, match=r"is called symmetric-l1-n2\.safetensors, got 'other\.safetensors'"):
        build_bases("symmetric-l1-n2", here / "other.safetensors")
    assert build_bases("symmetric-l1-n2", file, force=True)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_finished_bases_and_says_so(workers: int, here: Path) -> None:
    """Sent to the whole group, as a terminal does: processes print nothing, and end."""
    words = ["manybody", "build", "--lmax", "6", "--order", "4", "--workers", str(workers)]
    parts = here / "symmetric-l6-n4.parts"
    with subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.signal(2, signal.default_int_handler); "
         "from coupling.cli import main; main()", *words],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        start = time.monotonic()
        while len(list(parts.glob("*.safetensors"))) < 2:
            assert process.poll() is None and time.monotonic() - start < 60
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    kept = list(parts.glob("[!.]*.safetensors"))
    assert process.returncode == 130 and len(kept) >= 2
    assert said.splitlines()[-1].startswith("Interrupted. ") and "finished files are kept" in said
    assert "run the same command to resume" in said and "Traceback" not in said


# -- the command ------------------------------------------------------------------------------


def test_the_command_builds_checks_and_describes(here: Path) -> None:
    result = run("manybody", "build", "--lmax", 2, "--order", 3, "--check")
    assert result.exit_code == 0 and "4 of 4 passed" in result.stdout
    assert "file  symmetric-l2-n3.safetensors (written)" in result.stdout
    assert "kept" in (again := run("manybody", "build", "--lmax", 2, "--order", 3, "--check")).stdout
    assert "5 of 5 passed" in again.stdout and "(unchanged)" in again.stdout
    one = run("manybody", "build", "--lmax", 2, "--order", 3, "--output", 1, "-o", here)
    assert one.exit_code == 0 and (here / "symmetric-l2-n3-1o.safetensors").is_file()
    told = run("info", "symmetric-l2-n3.safetensors").stdout
    assert "(3, '1o')           5 paths       71 entries" in told and "monomials" in told
    assert json.loads(run("info", "symmetric-l2-n3.safetensors", "--json").stdout)["schema"] == "coupling-bases"
    checked = run("check", "symmetric-l2-n3.safetensors", "symmetric-l4-n3")
    assert checked.exit_code == 0 and checked.stdout.count("  ok ") == 10


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("manybody build --irreps 0e --order 2", "a file of bases is described by --lmax and --order"),
        ("manybody build --lmax 2 --order 2 --exact", "--exact prints"),
        ("manybody build --lmax 2 --order 2 --symmetry 2,1", "symmetry must be one of"),
        ("manybody build --lmax 2 --order 2 -o other.safetensors", "is called symmetric-l2-n2.safetensors"),
        ("export symmetric-l3-n4 -f csv", "`coupling manybody export` writes these"),
        ("info symmetric-l3-n4 --plot x.png", "--plot is for tables"),
    ],
)
def test_commands_that_are_refused(words: str, says: str, here: Path) -> None:
    result = run(*words.split())
    assert result.exit_code == 2 and says in result.output and "Traceback" not in result.output
    assert not list(here.iterdir())
