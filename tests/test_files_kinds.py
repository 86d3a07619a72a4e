"""Every kind of file is one record: read, refused and checked by the same code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from coupling.arrays import build_arrays
from coupling.cli import main
from coupling.files import Kind, TableError, checks, kind_named, register
from coupling.files.atomic import write
from coupling.files.container import read
from coupling.files.ownership import file_kind
from coupling.files.reader import load_file
from coupling.lowrank import save_factors, shipped
from coupling.lowrank.store import keep
from coupling.manybody import build_bases
from coupling.tables import Request, build

WRITERS: dict[str, Callable[[Path], Path]] = {
    "table": lambda folder: build(Request(lmax=2)).save(folder),
    "arrays": lambda folder: build_arrays("fourier-l2").save(folder),
    "bases": lambda folder: build_bases("symmetric-l1-n2").save(folder),
    "factors": lambda folder: saved(folder / "mine.safetensors"),
    "record": lambda folder: keep(shipped("gaunt", 2), folder),
}


def saved(file: Path) -> Path:
    save_factors([shipped("gaunt", 2)], file)
    return file


def rewritten(file: Path, **changes: object) -> None:
    """The same arrays under other metadata, with a checksum that fits."""
    content = read(file)
    arrays = [array.copy() for array in content.arrays.values()]
    metadata = {key: value for key, value in content.metadata.items() if key != "checksum"}
    write(file, {**metadata, **changes}, content.tensors, arrays, force=True)


@pytest.mark.parametrize("name", WRITERS)
def test_each_kind_is_recognised_read_and_refused_alike(name: str, tmp_path: Path) -> None:
    file, kind = WRITERS[name](tmp_path), kind_named(name)
    assert kind is not None and file_kind(file) == kind
    assert checks(name, load_file(kind, file)).passed
    refusals: tuple[tuple[dict[str, object], str], ...] = (
        ({"schema": "coupling-other"}, f"schema: expected coupling-{name}, found coupling-other"),
        ({"schema_version": 3}, r"schema_version: expected 1( or 2)? \(the file is newer: upgrade coupling\), found 3"),
        ({"schema_version": 1.0}, "schema_version"),
        ({"convention": "other-1"}, "convention: expected coupling-1, found other-1"),
        ({"package_version": "*/ x"}, "package_version: expected a version such as 0.1.0"),
        ({"more": 1}, "metadata keys"),
    )
    sound = file.read_bytes()
    for changes, words in refusals:
        file.write_bytes(sound)
        rewritten(file, **changes)
        with pytest.raises(TableError, match=words):
            load_file(kind, file)
    file.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    with pytest.raises(TableError, match="checksum"):
        load_file(kind, file)


@pytest.mark.parametrize("name", WRITERS)
def test_the_command_checks_files_of_every_kind(name: str, tmp_path: Path) -> None:
    file = WRITERS[name](tmp_path)
    result = CliRunner().invoke(main, ["check", str(file)])
    assert result.exit_code == 0 and "  ok " in result.output and "FAILED" not in result.output


def test_a_false_claim_fails_the_check(tmp_path: Path) -> None:
    sound = shipped("gaunt", 2)
    for file in (keep(replace(sound, error=0.5), tmp_path), tmp_path / "mine.safetensors"):
        if not file.exists():
            save_factors([replace(sound, lower=2000)], file)
        result = CliRunner().invoke(main, ["check", str(file)])
        assert result.exit_code == 1 and "FAILED  claims" in result.output, result.output


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="the kind table is registered already"):
        register(Kind("table", 2))
    assert kind_named("picture") is None
    with pytest.raises(ValueError, match="files of the kind picture have no checks"):
        checks("picture", None)
