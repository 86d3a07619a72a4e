"""Windows, simulated: open files cannot be renamed or removed, consoles lack signs, some names are devices."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import coupling
from coupling.arrays import build_arrays
from coupling.cli import main
from coupling.files import atomic
from coupling.lowrank import load_factors, normalization_problem, save_factors, study
from coupling.tables import Request, build
from coupling.tables.builder import build_shard, merge
from tests.sources import modules, tree, where

linux = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are listed in /proc")


# -- open files -------------------------------------------------------------------------------


def in_use(path: str | os.PathLike[str]) -> bool:
    """Whether this process has a file open or mapped."""
    real = os.path.realpath(path)
    if any(os.path.realpath(f"/proc/self/fd/{number}") == real for number in os.listdir("/proc/self/fd")):
        return True
    return any(line.split(maxsplit=5)[5:] == [real] for line in Path("/proc/self/maps").read_text().splitlines())


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """No locks, and no renaming or removing of what is in use; gives the names of all files that were renamed."""
    renamed: list[str] = []

    def refusing(function: Callable[..., None]) -> Callable[..., None]:
        def called(*paths: Any, dir_fd: int | None = None, **options: Any) -> None:
            if dir_fd is None and any(in_use(path) for path in paths):
                raise PermissionError(13, "The process cannot access the file because it is being used", str(paths[0]))
            renamed.append(Path(paths[0]).name)
            function(*paths, **options) if dir_fd is None else function(*paths, dir_fd=dir_fd, **options)

        return called

    monkeypatch.setattr(atomic, "fcntl", None)
    for name in ("replace", "rename", "unlink", "remove"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    return renamed


@linux
def test_the_simulation_refuses_what_windows_refuses(windows: list[str], tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"1")
    with open(tmp_path / "x", "rb"), pytest.raises(PermissionError):
        os.replace(tmp_path / "x", tmp_path / "y")
    build(Request(lmax=1)).save(tmp_path)
    table = coupling.load(tmp_path / "real-l1.safetensors")
    with pytest.raises(PermissionError):
        (tmp_path / "real-l1.safetensors").unlink()
    assert len(table)
    os.replace(tmp_path / "x", tmp_path / "y")


@linux
def test_every_kind_of_file_is_written_where_open_files_keep_their_names(windows: list[str], tmp_path: Path) -> None:
    build(Request(lmax=2), tmp_path / "real-l2.safetensors")
    for shard in (0, 1):
        build_shard(Request(lmax=3), tmp_path / "real-l3.safetensors", shard, 2)
    merge(Request(lmax=3), tmp_path / "real-l3.safetensors")
    save_factors(load_factors("gaunt")[:1], tmp_path / "one.safetensors")
    study(normalization_problem("gaunt", 1), [1], starts=1, store=tmp_path / "store")
    build_arrays("fourier-l2").save(tmp_path)
    with atomic.replacing(tmp_path / "text") as file:
        file.write(b"old")
    with atomic.replacing(tmp_path / "text", force=True) as file:
        file.write(b"new")
    assert (tmp_path / "text").read_bytes() == b"new"
    left = [path.name for path in tmp_path.rglob("*") if path.name.endswith(".tmp") or "parts" in path.name]
    assert not left and len([name for name in windows if name.endswith(".tmp")]) >= 7


@linux
def test_a_failed_writer_leaves_nothing(windows: list[str], tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic.replacing(tmp_path / "text") as file:
        file.write(b"half")
        raise RuntimeError
    assert not list(tmp_path.iterdir())


# -- consoles and pipes -----------------------------------------------------------------------

#: Of Windows, of old Linux, and none at all: click takes ASCII for a mistake and writes UTF-8.
ENCODINGS = {"cp1252": "cp1252", "latin-1": "latin-1", "ascii": "utf-8"}


def piped(encoding: str, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run Python with standard streams of an encoding."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, cwd=folder)


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give every command, groups and what is in them."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_help_of_every_command_in_any_encoding(encoding: str) -> None:
    every = list(commands(main))
    program = f"from coupling.cli import main\nfor c in {every!r}: main([*c, '--help'], standalone_mode=False)"
    done = piped(encoding, "-c", program)
    text = done.stdout.decode(ENCODINGS[encoding])
    assert (done.returncode, done.stderr) == (0, b"") and text.count("Usage: ") == len(every) >= 18
    assert "?" not in text  # every sign of ours has a spelling


OUTPUTS = {
    "value gaunt 1 1 2 0 0 0 --exact": "sqrt(1/(5pi)) = 0.252313252202016",
    "value antisymmetric_gaunt 3 4 4 1 2 -3 --exact": "sqrt(486/(121pi)) = 1.1307081255425524j",
    "value 3j 1/2 1/2 1 1/2 -1/2 0 --exact": "sqrt(1/6) = 0.408248290463863",
    "info real-l4": "coupling-1",
    "info lebedev-l4": "lebedev",
    "info real-l4 --json": '"schema": "coupling-table"',
    "check real-l4": "ok      exact values",
    "load real-l4": "real-l4",
    "export real-l4 -f csv -o -": "sqrt(5/",
    "export real-l4 -f python": "bytes",
    "build --lmax 1": "real-l1",
    "simulate --lmax 1 --channels 1": "within 4 Å",
    "study gaunt --lmax 1 --max-rank 1 --starts 1": "Relative error by rank",
    "study whole --lmax 1 --rank 2 --starts 1": "whole coupling tensor",
    "crosscheck --lmax 1 --program sympy": "sympy",
    "value gaunt 1 1 2 0 0 x": "such as 3, -2, 1/2",
    "build --lmax 4 --shard 9/2": "3/4",
    "build 漢√.toml": "sqrt.toml",
}


@pytest.mark.parametrize(
    ("line", "encoding"),
    [(line, encoding) for line in OUTPUTS for encoding in ENCODINGS if encoding == "cp1252" or "value" in line],
)
def test_the_output_of_the_commands_in_any_encoding(line: str, encoding: str, tmp_path: Path) -> None:
    done = piped(encoding, "-m", "coupling", *line.split(), folder=tmp_path)
    written = "utf-8" if " -o -" in line else ENCODINGS[encoding]
    text = (done.stdout + done.stderr).decode(written)
    assert "Traceback" not in text and "codec" not in text, text
    failing = line.startswith("build 漢") or "9/2" in line or line.endswith(" x")
    assert done.returncode == 2 * failing, text
    wanted = OUTPUTS[line]
    if written == "utf-8":
        wanted = wanted.replace("sqrt", "√").replace("pi)", "π)")
    assert wanted in text, text


# -- names and bytes --------------------------------------------------------------------------


def test_no_table_has_the_name_of_a_device() -> None:
    for name in ("con", "NUL", "aux.real", "Com1", "lpt9.x"):
        with pytest.raises(ValueError, match="name must not be that of a device on Windows"):
            Request(lmax=1, name=name)
    for name in ("console", "com", "com10", "nul-l4", "x.con"):
        assert Request(lmax=1, name=name).name == name


def test_text_is_opened_with_its_encoding_and_written_with_its_ends_of_lines() -> None:
    """open, read_text, write_text: UTF-8 or ASCII said, and "\\n" wherever text is written; bytes are bytes."""
    met = 0
    for name, path in modules().items():
        if not name.startswith(("coupling", "derivations")):
            continue
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func).split(".")[-1]
            said = {keyword.arg for keyword in node.keywords}
            modes = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if called in ("read_text", "write_text", "open") and ast.unparse(node.func) != "os.open":
                binary = called == "open" and any("b" in mode for mode in modes)
                assert binary or "encoding" in said, where(name, node.lineno)
                assert called != "write_text" or "newline" in said, where(name, node.lineno)
                met += 1
    assert met >= 6
