"""What commands print besides numbers: conventions in words, where files are, what was selected; and who reads it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from fractions import Fraction
from itertools import product
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

import coupling
from tests.sources import ROOT


def invoke(arguments: list[str]) -> Result:
    return CliRunner().invoke(coupling_command(), arguments, prog_name="coupling")


def coupling_command() -> click.Command:
    from coupling.cli import main

    return main


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("gaunt 1 1 2 0 0 0", ("∫ Y1 Y2 Y3 dΩ", "complex harmonics", "Condon-Shortley phase", "orthonormal harmonics")),
        ("gaunt 1 1 2 0 0 0 --basis real", ("real harmonics", "degree 1 is (y, z, x)", "no Condon-Shortley sign")),
        ("cg 1 1 2", ("definition: ⟨l1 m1", "Edmonds (1957)", "√(2l3+1)")),
        ("3j 1 1 2 0 0 0 --basis real", ("unit Frobenius norm", "the sign of the Gaunt integrals")),
        ("6j 1 1 1 1 1 1", ("Edmonds 1957, eq. 6.3.7", "no phase of harmonics")),
        ("9j 1 1 2 1 1 2 2 2 4", ("Edmonds 1957, eq. 6.4.3, rows first",)),
        ("12j 1 1 1 1 1 1 1 1 1 1 1 1", ("Ord-Smith 1954 (kind 1)", "rows first")),
        ("matrix 1 1 2 --j 1", ("6j{l1 l2 l3; j j j}",)),
    ],
)
def test_value_says_its_convention_when_asked(arguments: str, words: tuple[str, ...]) -> None:
    quiet, told = (invoke(["value", *arguments.split(), *more]) for more in ([], ["-v"]))
    assert told.output.startswith(quiet.output) and quiet.exit_code == told.exit_code == 0
    assert all(word in told.output for word in words) and not any(word in quiet.output for word in words)


def test_every_number_has_words() -> None:
    from coupling.cli.value import DEFINED, OTHERS

    assert DEFINED.keys() == OTHERS.keys()


def test_info_says_basis_phase_and_normalizations() -> None:
    for name, *words in (
        ("real-l4", "degree 1 is (y, z, x)", "no Condon-Shortley sign; the sign of the Gaunt"),
        ("complex-l4", "complex harmonics, orders -l ... l", "3j symbols as in Edmonds (1957)"),
    ):
        lines = dict(line.strip().split(maxsplit=1) for line in invoke(["info", name]).output.splitlines())
        assert words[0] in lines["harmonics"] and words[1] in lines["phase"]
        assert "unit Frobenius norm" in lines["wigner_3j"] and "orthonormal" in lines["gaunt"]
        assert "√(2l3+1)" in lines["clebsch_gordan"] and "orthonormal" in lines["antisymmetric_gaunt"]


def rows_of(output: str) -> list[list[str]]:
    return [line.split(",") for line in output.splitlines() if not line.startswith("#")]


def test_csv_says_its_convention_and_may_leave_exact_numbers_out() -> None:
    full, short = (invoke(["export", "real-l4", "-f", "csv", "-c", "e3nn", "-o", "-", *more]).output
                   for more in ([], ["--no-exact"]))  # fmt: skip
    for words in ("degree 1 is (x y z)", "no Condon-Shortley sign", "unit Frobenius norm"):
        assert words in full and words in short
    assert [row[:-1] for row in rows_of(full)] == rows_of(short) and rows_of(full)[0][-1] == "exact"
    refused = invoke(["export", "real-l4", "-f", "json", "--no-exact", "-o", "-"])
    assert refused.exit_code == 2 and "has no option exact" in refused.output


@pytest.mark.parametrize("form", ["csv", "json"])
def test_export_selects_paths_and_orders(form: str) -> None:
    from coupling.export import read_exact_json

    def symbols(*options: str) -> dict[tuple[int, ...], str]:
        output = invoke(["export", "real-l4", "-f", form, "-o", "-", *options]).output
        if form == "json":
            return {key: str(value) for key, value in read_exact_json(output).items()}
        return {tuple(map(int, row[:6])): row[-1] for row in rows_of(output)[1:]}

    every = symbols()
    assert len(every) == 2052
    chosen = symbols(*"--path 2 2 any --path 1 1 0 --orders any any 0 --orders -1 -1 any".split())
    expected = {
        s: v for s, v in every.items() if (s[:2] == (2, 2) or s[:3] == (1, 1, 0)) and (s[5] == 0 or s[3:5] == (-1, -1))
    }
    assert chosen == expected and 20 < len(chosen) < 100
    for options, words in (
        (("--path", "2", "2", "9"), "no entry of the table has the path 2 2 9"),
        (("--orders", "4", "4", "4"), "no entry of the table has the orders 4 4 4"),
        (("--path", "0", "0", "0", "--orders", "1", "any", "any"), "no entry has both"),
        (("--path", "x", "0", "0"), "three integers, or any for each; got 'x'"),
    ):
        refused = invoke(["export", "real-l4", "-f", form, "-o", "-", *options])
        assert refused.exit_code == 2 and words in refused.output


@pytest.mark.parametrize(("form", "exact"), [("csv", True), ("csv", False), ("json", True)])
def test_long_exports_count_what_they_have_written(form: str, exact: bool) -> None:
    from coupling.export import export

    heard: list[int] = []
    table = coupling.load("real-l4")
    export(table, form, exact=exact, progress=heard.append)
    assert sum(heard) == len(table.core) and len(heard) >= 65


def test_a_bar_moves_ten_times_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is told: a bar drawn for each entry took longer than the export. Nothing where nobody looks."""
    from coupling.cli.console import progress_bar

    shown, clock = Terminal(), iter(k / 1000 for k in range(10_000))  # a thousand entries a second
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setattr("coupling.cli.console.time.monotonic", lambda: next(clock))
    with progress_bar("real-l20", 5000) as count:
        for _ in range(5000):
            count(1)
    drawn = shown.getvalue().count("/5000")
    assert 30 <= drawn <= 50 and "5000/5000" in shown.getvalue()
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with progress_bar("real-l20", 5000) as count:
        for _ in range(5000):
            count(1)
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]


class Terminal(io.StringIO):
    """What a person sees."""

    def isatty(self) -> bool:
        return True


def test_build_says_where_the_file_is_and_refuses_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for state in ("written", "unchanged"):
        made = invoke(["build", "--lmax", "2", "-o", "here"])
        assert f"file  {Path('here') / 'real-l2.safetensors'} ({state})" in made.output and made.exit_code == 0
    for command, name in product(("build", "merge"), ("x.npz", "x.csv", "folder.v2")):
        refused = invoke([command, "--lmax", "2", "-o", name])
        assert refused.exit_code == 2 and "NAME.safetensors" in refused.output and not Path(name).exists()
    Path("folder.v2").mkdir()
    assert invoke(["build", "--lmax", "2", "-o", "folder.v2"]).exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_reader_that_has_enough_is_no_error() -> None:
    """As of every program of Unix: no words, and the status of SIGPIPE."""
    for arguments in ("value gaunt 6 6 6", "export real-l4 -f csv -o -", "derive none-such", "info real-l4"):
        command = f"{sys.executable} -m coupling {arguments} | true; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT)
        assert "ipe" not in done.stderr and "Traceback" not in done.stderr, done.stderr
        assert done.returncode in (0, 2, 141)
    loud = f"{sys.executable} -m coupling export real-l4 -f csv -o - | true; exit ${{PIPESTATUS[0]}}"
    assert subprocess.run(["bash", "-c", loud], capture_output=True, cwd=ROOT).returncode == 141


def test_tables_of_a_study_are_for_people() -> None:
    done = invoke(["study", "gaunt", "--lmax", "2", "--max-rank", "2", "--starts", "4"])
    assert done.exit_code == 0 and "| ---" not in done.output and "**" not in done.output
    assert "degrees  R = 1  R = 2  rank" in done.output


def test_every_option_says_what_it_does() -> None:
    from coupling.cli import main

    met = 0
    commands = [c for each in main.commands.values() for c in (each, *getattr(each, "commands", {}).values())]
    for command in commands:
        for option in command.params:
            if isinstance(option, click.Option):
                met += 1
                assert option.help, f"{command.name} --{option.name}"
    assert met >= 60


# -- tables of 6j and 9j symbols ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lmax", "half_integers"), [("6j", "5/2", True), ("6j", "3", False), ("9j", "1", True)]
)
def test_tabulate_writes_every_symbol_with_its_exact_value(name: str, lmax: str, half_integers: bool) -> None:
    table = coupling.tabulate(f"wigner_{name}", Fraction(lmax), half_integers=half_integers)
    options = ["--half-integers"] * half_integers
    header, *rows = rows_of(invoke(["tabulate", name.upper(), "--lmax", lmax, "--exact", *options]).output)
    assert header == [f"j{k + 1}" for k in range(int(name[0]))] + ["value", "exact"]
    assert len(rows) == len(table) > 100
    exactly = getattr(coupling.exact, f"wigner_{name}")
    for row, doubled, value in zip(rows, table.doubled.tolist(), table.values.tolist(), strict=True):
        degrees = [Fraction(text) for text in row[:-2]]
        assert [2 * degree for degree in degrees] == doubled
        assert float(row[-2]) == value and row[-1] == str(exactly(*degrees)) and float(exactly(*degrees)) == value


def test_tabulate_writes_files_of_its_own_and_replaces_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for lmax in ("2", "1"):  # the second replaces the first
        for file in ("symbols.npz", "symbols.csv"):
            assert invoke(["tabulate", "9j", "--lmax", lmax, "-o", file]).exit_code == 0
    with np.load("symbols.npz") as arrays:
        facts = json.loads(str(arrays["metadata"]))
        assert np.array_equal(arrays["values"], coupling.tabulate("wigner_9j", 1).values)
        assert facts["definition"].startswith("Edmonds 1957") and facts["largest degree"] == "1"
    text = Path("symbols.csv").read_text()
    assert "# definition: Edmonds 1957 eq. 6.4.3" in text and "# largest degree: 1\n" in text
    Path("mine.csv").write_text("j1,j2\n")
    for arguments, words in (
        ("9j --lmax 1 -o mine.csv", "mine.csv is kept: it is a file that coupling did not write"),
        ("9j --lmax 1 -o symbols.txt", "--output is NAME.csv or NAME.npz, got symbols.txt"),
        ("9j --lmax 1 --exact -o symbols.npz", "exact values are a column of csv; npz holds doubles alone"),
        ("6j --lmax 1/2", "lmax must be an integer without half_integers, got 1/2"),
        ("6j --lmax x", "integers or half-integers such as 3, -2, 1/2, 0.5, separated by spaces; got 'x'"),
        ("7j --lmax 1", "'7j' is not one of 'wigner_6j', 'wigner_9j', '6j', '9j'"),
        ("6j", "Missing option '--lmax'"),
    ):
        refused = invoke(["tabulate", *arguments.split()])
        assert refused.exit_code == 2 and words in refused.output, arguments
