"""The comparison page: every row compared again where its program is installed; and the comparison itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.special import sph_harm_y

import coupling
from coupling.cli import main
from coupling.crosscheck import PROGRAMS, PeerProgram, Row, crosscheck, write_page
from coupling.crosscheck.comparison import cases_of, compare
from coupling.crosscheck.page import line, page_header, read_rows
from coupling.crosscheck.program import FAMILY, HARMONICS, angles
from coupling.crosscheck.reference import points_on_sphere, reference, reference_harmonics
from coupling.foreign import CONVENTIONS, named

PAGE = Path(__file__).resolve().parent.parent / "docs" / "comparison.md"
ROWS = read_rows(PAGE)


def marked(row: Row) -> Any:
    """Cases that are known to be hard, and degrees beyond 5, take minutes in some programs."""
    slow = not row.domain.startswith("≤") or int(row.domain[1:]) > 5
    name = "-".join([row.program, row.convention, row.quantity, row.domain]).replace(" ", "_")
    return pytest.param(row, id=name, marks=[pytest.mark.slow] if slow else [])


@pytest.mark.filterwarnings("ignore")  # what other programs warn of is theirs
@pytest.mark.parametrize("row", [marked(row) for row in ROWS])
def test_row_of_the_page(row: Row) -> None:
    """The same verdict, over as many entries, and no more than twice the difference that is on the page."""
    program = next(p for p in PROGRAMS if (p.distribution, p.convention) == (row.program, row.convention))
    if program.version is None:
        pytest.skip(f"{row.program} with the convention {row.convention} is not installed")
    found = compare(program, program.functions()[row.quantity], row.quantity, row.domain)
    if program.version == row.version:
        assert (found.cases, found.entries, found.verdict) == (row.cases, row.entries, row.verdict)
        assert not isfinite(row.relative) or found.relative <= 2 * row.relative + 1e-15
    else:  # another version may be better
        assert found.cases == row.cases and (found.agrees or not row.agrees), found.verdict


def test_the_page_has_a_row_for_everything() -> None:
    """Each program and convention; each quantity to degree 5, or to where it ends; each case known to be hard."""
    on_page = {(row.program, row.convention) for row in ROWS}
    assert on_page == {(program.distribution, program.convention) for program in PROGRAMS}
    hard = {(row.program, row.quantity, row.domain) for row in ROWS if not row.domain.startswith("≤")}
    wanted = {
        (program.distribution, quantity, " ".join(map(str, case)))
        for program in PROGRAMS
        for quantity, cases in program.hard.items()
        for case in cases
    }
    assert hard == wanted
    compared = {row.convention for row in ROWS}
    assert set(CONVENTIONS) - compared == set() and len(ROWS) > 60


def test_the_page_is_what_write_page_writes(tmp_path: Path) -> None:
    assert write_page(tmp_path / "page.md", ROWS) == len(ROWS)
    assert (tmp_path / "page.md").read_text() == PAGE.read_text()


def test_all_agree_to_degree_five() -> None:
    """Also said in README and docs; what is wrong is wrong elsewhere."""
    assert all(row.agrees for row in ROWS if row.domain in ("≤ 3", "≤ 4", "≤ 5"))
    wrong = {row.program for row in ROWS if row.verdict.startswith("wrong")}
    assert wrong == {"e3nn", "e3nn-jax", "sphericart", "pyshtools", "spherical"}


# -- the comparison finds what is different ----------------------------------------------------


def stand_in(convention: str, **functions: Callable[..., np.ndarray]) -> PeerProgram:
    """A program that is surely installed."""
    return PeerProgram(convention, "numpy", lambda: functions, limits={"": 3})


def block(*path: int) -> np.ndarray:
    return coupling.block("wigner_3j", *path)


def verdict(function: Callable[..., np.ndarray], convention: str = "coupling", lmax: int = 3) -> str:
    (row,) = crosscheck(lmax, (stand_in(convention, wigner_3j=function),))
    assert row.cases == {2: 15, 3: 34}[lmax] and row.agrees == row.verdict.startswith("agrees")
    return row.verdict


def failing(*path: int) -> np.ndarray:
    raise KeyError(path)


def nearly(*path: int) -> np.ndarray:
    """A zero lost and a zero made."""
    result = block(*path)
    if path == (2, 2, 2):
        result.flat[np.flatnonzero(result)[3]] = 0
    return result


def noisy(*path: int) -> np.ndarray:
    return block(*path) + 1e-17 * (block(*path) == 0)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (block, "agrees"),
        (lambda *path: block(*path) * (1 + 1e-9), "loses digits"),
        (lambda *path: block(*path) * (-1 if sum(path) % 2 else 1), "wrong: sign in 11 of 34"),
        (lambda *path: block(*path) * (2 * path[2] + 1) ** 0.5, "wrong: scale in 30 of 34"),
        (lambda *path: block(*path)[::-1], "wrong: order or signs in "),
        (lambda *path: block(*path) + (path == (1, 1, 1)), "wrong: values in 1 of 34"),
        (lambda *path: block(*path).transpose(2, 0, 1), "wrong: shape in 30 of 34"),
        (lambda *path: block(*path) * (np.nan if path == (3, 3, 3) else 1), "wrong: not a number in 1 of 34"),
        (failing, "wrong: raises KeyError in 34 of 34"),
        (nearly, "wrong: values in 1 of 34"),
        (noisy, "agrees, 2"),
    ],
)
def test_verdicts(function: Callable[..., np.ndarray], words: str) -> None:
    assert verdict(function).startswith(words)


def test_an_answer_in_another_convention_is_not_taken_for_agreement() -> None:
    """Every named real convention against every other one: they agree only if their tensors are the same."""
    real = [name for name, c in CONVENTIONS.items() if c.basis == "real"]
    met = 0
    for source, target in product(real, repeat=2):
        found = verdict(lambda *path, c=source: coupling.block("wigner_3j", *path, convention=c), target, 2)
        paths = cases_of("wigner_3j", "≤ 2")
        blocks = ([coupling.block("wigner_3j", *path, convention=name) for path in paths] for name in (source, target))
        same = all(a.shape == b.shape and np.allclose(a, b) for a, b in zip(*blocks, strict=True))
        assert found.startswith("agrees") == same, (source, target, found)
        met += not same
    assert met > 60


def test_small_values_that_are_zero_are_counted() -> None:
    """An underflow does not make a large difference; it is said all the same."""
    family = coupling.wigner_3j_family(1000, 990, 411, -502).values
    program = stand_in("sympy", **{FAMILY: lambda *_: np.where(abs(family) < 1e-30, 0, family)})
    row = compare(program, program.functions()[FAMILY], FAMILY, "1000 990 411 -502")
    assert row.verdict == f"agrees, 0 for {(abs(family) < 1e-30).sum()} entries that are not" and row.ulp > 1e15


def test_absent_programs_have_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = PeerProgram("e3nn", "no-such-distribution", lambda: {"wigner_3j": block})
    assert absent.version is None and not list(crosscheck(1, (absent,)))
    old = PeerProgram("e3nn", "numpy", lambda: {"wigner_3j": block}, lambda version: version < (0, 5))
    assert old.version is None and not list(crosscheck(1, (old,)))
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.5.1+cpu.7")  # what follows + is no number of it
    built = PeerProgram("e3nn", "numpy", lambda: {"wigner_3j": block}, lambda version: version == (0, 5, 1))
    assert built.version == "0.5.1+cpu.7"


# -- the reference -----------------------------------------------------------------------------


def test_reference_harmonics_against_scipy() -> None:
    """Long arithmetic against doubles, complex and real, up to a large degree."""
    points = points_on_sphere()
    for l in (0, 1, 2, 7, 25):
        theirs = np.stack([sph_harm_y(l, m, *angles(points)) for m in range(-l, l + 1)], -1)
        np.testing.assert_allclose(reference_harmonics(named("scipy"), l, points), theirs, atol=2e-14)
        ours = coupling.foreign.change_of_basis(l, "scipy", "e3x") @ theirs[..., None]
        np.testing.assert_allclose(reference_harmonics(named("e3x"), l, points), ours[..., 0].real, atol=2e-14)


def test_reference_harmonics_do_not_depend_on_the_length() -> None:
    points = points_on_sphere(7)
    for convention in CONVENTIONS.values():
        here, there = (reference_harmonics(convention, 3, scale * points) for scale in (1.0, 4.0))
        assert np.array_equal(here, there) and here.shape == (7, 7)


def test_reference_of_every_quantity() -> None:
    assert np.array_equal(
        reference(named("e3x"), "gaunt", (1, 1, 2)), coupling.block("gaunt", 1, 1, 2, convention="e3x")
    )
    assert len(reference(named("sympy"), FAMILY, (5, 4, 1, 2))) == 7
    assert reference(named("mlff"), HARMONICS, (2,)).shape == (60, 5)


# -- the command -------------------------------------------------------------------------------


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["crosscheck", *arguments], prog_name="coupling")


def test_command_prints_rows_and_names_what_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = PeerProgram("e3nn", "no-such-distribution", lambda: {"wigner_3j": block})
    monkeypatch.setattr("coupling.crosscheck.PROGRAMS", (stand_in("coupling", wigner_3j=block), absent))
    result = run("--lmax", "2")
    assert result.exit_code == 0 and result.stdout.startswith(page_header())
    assert re.search(
        r"\| numpy \| \S+ \| coupling \| wigner_3j \| ≤ 2 \| 15 \| 615 \| 0.0e\+00 \| 0 \| agrees \|", result.stdout
    )
    assert result.stdout.endswith("not installed: no-such-distribution\n") and result.stdout.count("agrees") == 1
    alone = run("--lmax", "2", "--program", "e3nn")  # nothing compared is no agreement
    assert alone.exit_code == 1 and "agrees" not in alone.stdout and "not installed: no-such-dist" in alone.stdout


def test_command_fails_when_a_program_differs_or_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> dict:
        raise ImportError("needs a GPU")

    wrong = stand_in("cuequivariance", wigner_3j=block)
    programs = (wrong, PeerProgram("e3x", "numpy", broken))
    monkeypatch.setattr("coupling.crosscheck.PROGRAMS", programs)
    assert run("--lmax", "1", "--program", "cuequivariance").exit_code == 1
    result = run("--lmax", "1", "--program", "e3x")
    assert result.exit_code == 1 and "numpy cannot be asked: ImportError: needs a GPU" in result.stderr


def test_command_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments, words in (
        (("--program", "e3n"), "no program or convention is called 'e3n'; there are "),
        (("--write",), "there is no folder docs here"),
        (("--lmax", "-1"), "Invalid value for '--lmax'"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2 and words in result.stderr and not list(tmp_path.iterdir())


def test_command_writes_rows_beside_those_of_other_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    rows = [row for row in ROWS if row.program in ("e3nn", "e3x")]
    write_page(page, rows)
    result = run("--lmax", "2", "--program", "scipy", "--write", "--page", str(page))
    assert result.exit_code == 0 and f"{page}: {len(rows) + 1} rows" in result.stdout
    assert set(map(line, rows)) < set(map(line, read_rows(page))) and len(read_rows(page)) == len(rows) + 1


def test_the_page_without_rows(tmp_path: Path) -> None:
    assert write_page(tmp_path / "page.md", []) == 0 and read_rows(tmp_path / "page.md") == []


def test_another_file_is_not_taken_for_the_page(tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("mine\n")
    with pytest.raises(FileExistsError, match=r"notes\.md is kept: it is a file that coupling did not write"):
        write_page(notes, ROWS)
    assert notes.read_text() == "mine\n"
