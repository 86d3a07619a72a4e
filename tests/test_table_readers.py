"""The examples in C and Fortran read a shipped table, with nothing of this package, and print what it holds."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import coupling
from coupling.conventions import FAMILIES
from coupling.files import table_folder
from coupling.selection import orders
from coupling.tables import Request
from tests.test_export_consumers import need

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"
COMPILERS = {
    "read_table.c": ["gcc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"],
    "read_table.f90": ["gfortran", "-std=f2018", "-pedantic", "-Wall", "-Werror"],
}


@pytest.fixture(params=COMPILERS)
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    command = COMPILERS[request.param]
    need(command[0])
    shutil.copy(EXAMPLES / request.param, tmp_path)
    subprocess.run([*command, request.param, "-o", "read_table"], cwd=tmp_path, check=True)
    return tmp_path / "read_table"


@pytest.mark.parametrize(
    ("basis", "family"),
    [*(("real", family) for family in FAMILIES), ("complex", FAMILIES[0]), ("complex", FAMILIES[2])],
)
def test_a_reader_prints_every_coefficient(reader: Path, family: str, basis: str) -> None:
    file = table_folder() / "data" / f"{basis}-l4.safetensors"
    printed = subprocess.run([reader, file, family], capture_output=True, text=True, check=True).stdout
    rows = np.array([line.split() for line in printed.splitlines()], float)
    found = {tuple(row[:6].astype(int)): row[6] for row in rows}
    assert len(found) == len(rows) > 500
    table = coupling.tabulate(family, 4, basis)
    for index, path in enumerate(table.paths.tolist()):
        for m, value in zip(orders(*path, basis), table.of_path(index), strict=True):
            assert abs(found.pop((*path, *m), 0.0) - value) <= 3e-16 * abs(value)
    assert not any(found.values())


def test_a_reader_says_what_is_wrong(reader: Path, tmp_path: Path) -> None:
    table = table_folder() / "data" / "real-l4.safetensors"
    (tmp_path / "text").write_text("nothing of this kind, but long enough")
    spins = coupling.build(Request(lmax=0.5, basis="complex", half_integers=True)).save(tmp_path)
    for file, family, word in (
        (table, "gant", "no such array"),
        (tmp_path / "text", "gaunt", "not a table"),
        (spins, "wigner_3j", "not a table of version 1"),
    ):
        done = subprocess.run([reader, file, family], capture_output=True, text=True)
        assert done.returncode != 0 and not done.stdout and word in done.stderr


def test_the_page_shows_the_readers_and_they_are_short() -> None:
    page = (EXAMPLES.parent / "table-format.md").read_text(encoding="utf-8")
    for file in EXAMPLES.glob("read_table.*"):
        assert re.search(rf"\(examples/{re.escape(file.name)}\)", page)
        assert len(file.read_text(encoding="utf-8").splitlines()) < 80
