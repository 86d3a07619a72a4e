"""Nothing that the package did not write is replaced or removed, by no command and no function, unless it is forced."""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from coupling import plots
from coupling.arrays import build_arrays
from coupling.cli import main
from coupling.crosscheck import write_page
from coupling.crosscheck.comparison import Row
from coupling.files import Kind
from coupling.files.cache import cache_folder
from coupling.files.catalogue import write_manifest
from coupling.files.ownership import file_kind, kind_of
from coupling.lowrank import normalization_problem, study
from coupling.lowrank.records import factor_file_name
from coupling.lowrank.store import keep, save_factors, shipped
from coupling.manybody import build_bases
from coupling.tables import Request, build, build_shard, builder, merge, parts
from coupling.tables.parts import part_file
from tests.sources import ROOT, inside, modules, tree

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="XDG_CACHE_HOME moves the cache")


PROBLEM = normalization_problem("gaunt", 2, "ooe")


class Writer(NamedTuple):
    """What writes a file: its path in the folder of the test, what it is, and the call, forced or not."""

    file: str
    kind: Kind
    write: Callable[[Path, bool], object]


def command(*arguments: str) -> Callable[[Path, bool], object]:
    """A command in the folder of the test; it raises what it says when it refuses."""

    def call(path: Path, force: bool) -> None:
        words = [word.replace("FILE", str(path)) for word in arguments]
        result = CliRunner().invoke(main, [*words, *(["--force"] if force else [])])
        if result.exit_code:
            assert result.exit_code == 2 and isinstance(result.exception, SystemExit), result.output
            assert not result.output.startswith("Error: Error") and "Traceback" not in result.output
            raise OSError(result.output)

    return call


def merged(path: Path, force: bool) -> object:
    build_shard(Request(lmax=2), path, 0, 1, force=True)
    return merge(Request(lmax=2), path, force=force)


def merged_by_command(path: Path, force: bool) -> object:
    build_shard(Request(lmax=2), path, 0, 1, force=True)
    return command("merge", "--lmax", "2", "-o", "FILE")(path, force)


def recorded(path: Path, force: bool) -> object:
    [record] = study(PROBLEM, [1], starts=4)
    if force and path.is_file():
        path.unlink()  # records are never written over anything else
    return keep(record, path.parent)


def derived(path: Path, force: bool) -> object:
    from derivations import registry, run

    return run.write_files((registry.load("gaunt"),), False, path.parent, force)


def compared(path: Path, force: bool) -> object:
    row = Row("e3x", "e3x", "1.0.2", "harmonics", "≤ 1", 2, 240, 1e-16, 1.0, "agrees")
    return write_page(path, [row], force=force)


def drawn(path: Path, force: bool) -> object:
    return plots.save(plots.new_axes((1, 1)), path, force=force)


CURVES = {"even": {"L = 2": ([1, 2], [0.05, 0.0])}}
TABLE, ARRAYS, FACTORS, BASES = (Kind(name, 1) for name in ("table", "arrays", "factors", "bases"))
PICTURE, EXPORT = Kind("picture"), Kind("export", 1)

FUNCTIONS = {
    "build": Writer("real-l2.safetensors", TABLE, lambda path, force: build(Request(lmax=2), path, force=force)),
    "merge": Writer("real-l2.safetensors", TABLE, merged),
    "Table.save": Writer("t.safetensors", TABLE, lambda path, force: build(Request(lmax=2)).save(path, force=force)),
    "Arrays.save": Writer(
        "design-l1.safetensors", ARRAYS, lambda path, force: build_arrays("design-l1").save(path.parent, force=force)
    ),
    "save_factors": Writer(
        "f.safetensors", FACTORS, lambda path, force: save_factors([shipped("gaunt", 2)], path, force=force)
    ),
    "plots.save png": Writer("p.png", PICTURE, drawn),
    "plots.save svg": Writer("p.svg", PICTURE, drawn),
    "plots.save pdf": Writer("p.pdf", PICTURE, drawn),
    "save_errors": Writer("e.png", PICTURE, lambda path, force: plots.save_errors(path, CURVES, "R", force=force)),
    "save_structure": Writer("s.png", PICTURE, lambda path, force: plots.save_structure(path, 1, force=force)),
    "Bases.save": Writer(
        "symmetric-l1-n2.safetensors",
        BASES,
        lambda path, force: build_bases("symmetric-l1-n2").save(path.parent, force=force),
    ),
    "build_bases": Writer(
        "symmetric-l1-n2.safetensors", BASES, lambda path, force: build_bases("symmetric-l1-n2", path, force=force)
    ),
    "coupling manybody build": Writer(
        "symmetric-l1-n2.safetensors",
        BASES,
        command("manybody", "build", "--lmax", "1", "--order", "2", "--file", "FILE"),
    ),
    "write_manifest": Writer(
        "manifest.json", Kind("manifest", 3), lambda path, force: write_manifest(path.parent, (), (), (), force=force)
    ),
    "write_page": Writer("page.md", Kind("page of coupling crosscheck"), compared),
    "derivations": Writer("README.md", Kind("page of coupling derive"), derived),
    "record": Writer(factor_file_name(PROBLEM, 1, False), Kind("record", 1), recorded),
}
SMALL = "small/real-l1.safetensors"
COMMANDS = {
    "build": Writer("real-l2.safetensors", TABLE, command("build", "--lmax", "2", "-o", "FILE")),
    "build in a folder": Writer("real-l2.safetensors", TABLE, command("build", "--lmax", "2")),
    "merge": Writer("real-l2.safetensors", TABLE, merged_by_command),
    "value": Writer("v.png", PICTURE, command(*"value gaunt 1 1 2 0 0 0 --plot FILE".split())),
    "info": Writer("i.svg", PICTURE, command(*"info real-l4 --plot FILE".split())),
    **{
        f"export {form}": Writer(f"file{number}", kind, command("export", SMALL, *form.split(), "-o", "FILE"))
        for number, (form, kind) in enumerate(
            {
                "-f npz": EXPORT,
                "-f c": Kind("header"),
                "-f python": EXPORT,
                "-f triton": EXPORT,
                "-f e3j": EXPORT,
                "-f cuequivariance": EXPORT,
                "-f openequivariance": EXPORT,
                "-f json": EXPORT,
                "-f csv": Kind("sheet"),
            }.items()
        )
    },
    "tabulate csv": Writer("a.csv", Kind("sheet"), command(*"tabulate 6j --lmax 1 -o FILE".split())),
    "tabulate npz": Writer("a.npz", EXPORT, command(*"tabulate 6j --lmax 1 -o FILE".split())),
    "export arrays npz": Writer("a.npz", ARRAYS, command(*"export design-l1 -f npz -o FILE".split())),
    "export arrays c": Writer("a.h", Kind("header"), command(*"export design-l1 -f c -o FILE".split())),
    "export arrays python": Writer("a.py", ARRAYS, command(*"export design-l1 -f python -o FILE".split())),
    "export arrays": Writer("a.safetensors", ARRAYS, command(*"export design-l1 -f safetensors -o FILE".split())),
    "study": Writer(
        "chart.png", PICTURE, command(*"study gaunt --lmax 1 --max-rank 1 --starts 1 --chart FILE".split())
    ),
}
WRITERS = {**{f"{name}()": writer for name, writer in FUNCTIONS.items()}, **COMMANDS}
every_writer = pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a small table beside it, and a cache elsewhere."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "here"
    folder.mkdir()
    build(Request(lmax=1), folder / SMALL)
    monkeypatch.chdir(folder)
    return folder


def refused(writer: Writer, path: Path, force: bool = False) -> str | None:
    """What a writer says when it refuses; None when it writes."""
    try:
        writer.write(path, force)
    except OSError as error:
        return str(error)
    return None


def same(path: Path, written: bytes) -> bool:
    """Whether a file is what was written before; matplotlib invents new names in every SVG."""
    content = path.read_bytes()
    return content == written or (path.suffix == ".svg" and file_kind(path) == PICTURE and len(content) == len(written))


FOREIGN = [b"my own notes\n", b'{"a": 1}\n', b"\x89PNG\r\n\x1a\n my picture", b"PK\x03\x04", b"\0" * 70_000]


@every_writer
def test_a_foreign_file_is_kept_unless_it_is_forced(writer: Writer, here: Path) -> None:
    path = here / writer.file
    assert refused(writer, path) is None
    written = path.read_bytes()
    assert kind_of(written) == writer.kind == file_kind(path)
    for content in FOREIGN:
        path.write_bytes(content)
        said = refused(writer, path)
        assert said is not None and "is kept: it is a file that coupling did not write" in said and "--force" in said
        assert path.name in said and path.read_bytes() == content
    assert refused(writer, path, force=True) is None
    assert same(path, written)


@every_writer
def test_a_file_of_the_same_kind_and_an_empty_one_are_replaced(writer: Writer, here: Path) -> None:
    """Twice in a row is fine, and so is one of ours that is damaged at its end, or from another version."""
    path = here / writer.file
    assert refused(writer, path) is None
    written = path.read_bytes()
    for content in (written, b"", written + b"\n", written.replace(b"0.1.0", b"0.0.1")):
        path.write_bytes(content)
        assert refused(writer, path) is None
        assert same(path, written)


@every_writer
def test_a_newer_schema_and_another_kind_are_kept(writer: Writer, here: Path) -> None:
    path = here / writer.file
    assert refused(writer, path) is None
    written, met = path.read_bytes(), 0
    newer = written
    for code, quote in (("utf-8", '\\"'), ("utf-8", '"'), ("utf-32-le", '"')):
        for space in ("", " "):
            old, new = (f"schema_version{quote}:{space}{n}".encode(code) for n in (writer.kind.version, 7))
            newer = newer.replace(old, new)
    other = build(Request(lmax=0)).save(here / "other.safetensors").read_bytes()
    if writer.kind.name == "table":
        other = (here / "other.png").write_bytes(b"") or b"<!-- Written by `coupling derive --write` -->"
    for content in (newer, other):
        if content != written:
            path.write_bytes(content)
            said = refused(writer, path)
            assert said is not None and path.read_bytes() == content
            assert "of schema 7, which is newer than" in said or "of coupling, not a" in said
            met += 1
    assert met == 1 + bool(writer.kind.version)


@every_writer
def test_folders_pipes_and_links(writer: Writer, here: Path) -> None:
    """A folder and a pipe keep their place even by force; a link stays, and what it leads to is what counts."""
    path, target = here / writer.file, here / "elsewhere"
    path.mkdir()
    (path / "mine").write_text("mine")
    for force in (False, True):  # some write into a folder that they are given
        said = refused(writer, path, force)
        assert said is None or re.search(r"got a folder|is a directory", said)
        assert (path / "mine").read_text() == "mine"
    shutil.rmtree(path)
    os.mkfifo(path)
    for force in (False, True):
        assert "must be a file, or new, to be written; got a pipe" in (refused(writer, path, force) or "")
    assert path.is_fifo()
    path.unlink()
    path.symlink_to(target)
    assert refused(writer, path) is None and path.is_symlink() and file_kind(target) == writer.kind
    target.write_bytes(b"mine")
    assert refused(writer, path) is not None and target.read_bytes() == b"mine" and path.is_symlink()


# -- folders of parts, the cache, whole pages ---------------------------------------------------


@pytest.mark.parametrize("kept", [False, True], ids=["built", "kept"])
def test_a_folder_of_the_user_beside_a_table_is_kept(kept: bool, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the table is built or kept: only the parts of this table go, and what killed writers of them left."""
    path, folder = here / "real-l6.safetensors", here / "real-l6.parts"
    monkeypatch.setattr(parts, "PART_ENTRIES", 1000)
    if kept:
        build(Request(lmax=6), path)
    folder.mkdir()
    mine = {"notes.txt": b"mine", "000000.txt": b"mine", "weights.safetensors": b"mine", "999999.safetensors": b"mine"}
    for name, content in mine.items():
        (folder / name).write_bytes(content)
    parts.build_part(Request(lmax=5), 1000, 0, here / "other")
    mine["000500.safetensors"] = part_file(here / "other", 0).read_bytes()  # a part of another table
    (folder / "000500.safetensors").write_bytes(mine["000500.safetensors"])
    (folder / f".000003.safetensors.{'0' * 16}.tmp").write_bytes(b"half")
    build_shard(Request(lmax=6), path, 0, 2)
    build(Request(lmax=6), path)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == mine
    build(Request(lmax=6), path)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == mine


def test_a_foreign_file_in_the_place_of_a_part_is_kept(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = here / "real-l6.safetensors"
    monkeypatch.setattr(parts, "PART_ENTRIES", 1000)
    monkeypatch.setattr(builder, "AT_ONCE", 0)
    mine = part_file(here / "real-l6.parts", 3)
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"000003\.safetensors is kept"):
        build(Request(lmax=6), path)
    assert mine.read_bytes() == b"mine" and not path.exists()
    build(Request(lmax=6), path, force=True)
    assert not mine.parent.exists()


def test_the_cache_is_renewed_but_not_emptied_of_what_is_foreign() -> None:
    file = cache_folder() / "real-l1.safetensors"
    renew = command("load", "real-l1", "--renew")
    renew(file, False)
    sound = file.read_bytes()
    renew(file, False)
    file.write_bytes(b"mine")
    with pytest.raises(OSError, match="is kept: it is a file that coupling did not write"):
        renew(file, False)
    assert file.read_bytes() == b"mine"
    renew(file, True)
    assert file.read_bytes() == sound


@pytest.mark.parametrize("name", ["ranks.md", "whole.png", "gaunt.safetensors"])
def test_the_study_page_asks_before_it_searches(name: str, here: Path) -> None:
    (here / "study").mkdir()
    (here / "study" / name).write_text("mine")
    with pytest.raises(OSError, match=f"{name} is kept"):
        command("study", "page", "--folder", str(here / "study"))(here, False)
    assert [file.name for file in (here / "study").iterdir()] == [name]


def test_what_takes_long_asks_before_it_begins(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coupling.atoms.read_structure", pytest.fail)
    monkeypatch.setattr("coupling.crosscheck.crosscheck", pytest.fail)
    monkeypatch.setattr("coupling.lowrank.limits.study", pytest.fail)
    monkeypatch.setattr("coupling.tables.builder.core_blocks", pytest.fail)
    monkeypatch.setattr("coupling.tables.parts.core_blocks", pytest.fail)
    for words in ("simulate --plot x.png", "crosscheck --write --page x.md", "study gaunt --chart x.png",
                  "study whole --chart x.png", "build --lmax 8 -o x.safetensors",
                  "build --lmax 8 --shard 0/1 -o x.safetensors"):  # fmt: skip
        file = here / words.split()[-1]
        file.write_text("mine")
        with pytest.raises(OSError, match=f"{file.name} is kept"):
            command(*words.split())(file, False)
        assert file.read_text() == "mine"


# -- nothing else writes ------------------------------------------------------------------------

#: Where the package opens, moves or removes files itself: everything goes through these.
OWN = {
    ("coupling.plots.picture", "savefig"),  # into memory
    ("coupling.plots.style", "savefig"),  # into memory
    ("coupling.files.atomic", "open"),
    ("coupling.files.atomic", "replace"),
    ("coupling.files.atomic", "unlink"),
    ("coupling.tables.parts", "rmdir"),  # which leaves a folder that holds anything
    ("coupling.manybody.builder", "rmdir"),
    ("coupling.manybody.builder", "unlink"),  # of finished bases, when the file that holds all of them is there
    ("coupling.lowrank.store", "replace"),  # a refused record moves aside, to a new name
    ("coupling.files.cache", "unlink"),
    ("coupling.tables.parts", "unlink"),
}
CALLS = {"write_text", "write_bytes", "savefig", "unlink", "remove", "rmdir", "rmtree", "rename", "move", "copyfile",
         "copy2", "tofile", "save_file", "savez", "savetxt", "to_csv", "touch", "truncate", "symlink_to"}  # fmt: skip


def writes(node: ast.Call) -> str | None:
    """The name of a call that may write or remove a file."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "open":
        modes = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        return name if any(set(mode) & set("wax+") and len(mode) <= 3 for mode in modes) else None
    of_os = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in ("os", "shutil")
    return name if name in CALLS - {"truncate", "remove", "move"} or (of_os and name in (*CALLS, "replace")) else None


def calls_that_write(sources: dict[str, Path]) -> set[tuple[str, str]]:
    """(module, call) for everything that may write or remove a file."""
    return {
        (name, call)
        for name, path in sources.items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and (call := writes(node))
    }


def test_no_other_place_writes_files() -> None:
    sources = {name: path for name, path in modules().items() if inside(name, "coupling", "derivations")}
    assert calls_that_write(sources) == OWN


def test_no_benchmark_and_no_generator_of_the_site_writes_files_itself() -> None:
    """But into folders of their own, of the compiler and of the site, and what lets the mark of a peak begin anew."""
    sources = {path.stem: path for folder in ("benchmarks", "docs") for path in (ROOT / folder).rglob("*.py")}
    assert calls_that_write(sources) == {
        ("gpu_compile", "write_text"),
        ("mace", "write_text"),
        ("conf", "write_bytes"),
    }
