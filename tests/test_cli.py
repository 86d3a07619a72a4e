"""The command `coupling`: what it prints, how it ends, and what it leaves behind."""

from __future__ import annotations

import errno
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from itertools import product
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

import coupling
from coupling import exact
from coupling.cli import main
from coupling.conventions import BASES, FAMILIES
from coupling.files.catalogue import shipped_names
from coupling.tables import Request, build, load
from coupling.version import __version__


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="coupling")


def fails(result: Result, words: str, status: int = 2) -> bool:
    """Whether a command ended with one sentence on standard error, and no traceback."""
    clean = result.exit_code == status and isinstance(result.exception, SystemExit)
    return clean and re.search(words, result.stderr, re.S) is not None and "Traceback" not in result.output


# -- help -------------------------------------------------------------------------------------


def commands(group: click.Group = main, words: str = "") -> dict[str, click.Command]:
    """Every command, the parts of groups included, by what one types."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        found |= {f"{words}{name}": command}
        found |= commands(command, f"{words}{name} ") if isinstance(command, click.Group) else {}
    return found


@pytest.mark.parametrize("command", main.commands)
def test_every_command_has_help_with_examples(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0 and examples(command) + bare(command)
    assert run(command, "-h").stdout == result.stdout
    assert f"\n  {command} " in run("--help").stdout


def bare(command: str) -> list[list[str]]:
    """The example of a command without options."""
    return [[]] * len(re.findall(rf"^ +coupling {command}$", run(command, "--help").stdout, re.M))


def test_the_tour_of_the_help_is_accepted_word_by_word(here: Path) -> None:
    """Every example of every help names commands, options and values that exist; none is executed."""
    met = 0
    for words, command in commands().items():
        for arguments in examples(words):
            for file in (Path(word) for word in arguments if Path(word).suffix):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
            if isinstance(command, click.Group):
                part = command.commands[arguments[0]]
                part.make_context(arguments[0], arguments[1:])
            else:
                command.make_context(words, list(arguments))
            met += 1
    assert met >= 60


def test_every_option_says_what_it_does() -> None:
    met = 0
    for words, command in commands().items():
        for option in command.params:
            if isinstance(option, click.Option):
                said = re.sub(r"\[.*?\]", "", option.help or "").split()
                assert len(said) >= 3 and said[0] != "Of", f"coupling {words} {option.opts}: {option.help}"
                met += 1
    assert met > 100


def examples(command: str) -> list[list[str]]:
    lines = re.findall(rf"^ +coupling {command} (.*)$", run(command, "--help").stdout, re.M)
    return [re.split(r" {3,}", line)[0].split() for line in lines]


def test_the_examples_in_the_help_of_value_run(here: Path) -> None:
    met = [run("value", *arguments).exit_code for arguments in examples("value")]
    assert met == [0] * 12
    assert (here / "block.png").is_file()


def test_version() -> None:
    assert run("--version").stdout == f"coupling {__version__}\n"


def test_no_command_and_unknown_command() -> None:
    assert run("tabulate").exit_code == 2
    assert run().exit_code == 2


def test_help_is_immediate_and_light(root: Path) -> None:
    program = "import sys; from coupling.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True).stdout.split()
    assert "click" in loaded and not {"numpy", "numba", "sympy", "scipy", "matplotlib"} & set(loaded)
    times = []
    for _ in range(5):  # seconds of the processor: others may use it as well
        start = os.times()
        done = subprocess.run([sys.executable, "-m", "coupling", "--help"], cwd=root, capture_output=True)
        end = os.times()
        times.append(end.children_user + end.children_system - start.children_user - start.children_system)
        assert done.returncode == 0
    assert min(times) < 0.3


def test_completion_offers_commands_and_families(root: Path) -> None:
    def complete(words: str, position: int) -> str:
        env = {**os.environ, "_COUPLING_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(position)}
        program = "from coupling.cli import main; main(prog_name='coupling')"
        return subprocess.run([sys.executable, "-c", program], cwd=root, env=env, capture_output=True, text=True).stdout

    for words, position, offered in (
        ("coupling bu", 1, "build"),
        ("coupling value anti", 2, "antisymmetric_gaunt"),
        ("coupling export real", 2, "real-l12"),
        ("coupling info leb", 2, "lebedev-l4"),
        ("coupling check comp", 2, "complex-l4"),
        ("coupling load matrix", 2, "matrix-l8"),
        ("coupling export real-l4 --convention e3nn_", 4, "e3nn_jax"),
        ("coupling crosscheck --program py3", 3, "py3nj"),
        ("coupling derive anti", 2, "antisymmetric_gaunt"),
    ):
        found = complete(words, position).splitlines()
        assert f"plain,{offered}" in found, words
        assert all(line.startswith(f"plain,{words.split()[-1]}") for line in found), words


# -- value ------------------------------------------------------------------------------------


def test_the_example_of_the_readme() -> None:
    result = run("value", "antisymmetric_gaunt", 3, 4, 4, 1, 2, -3, "--exact")
    assert (result.exit_code, result.stdout) == (0, "i·√(486/(121π)) = 1.1307081255425524j\n")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("basis", BASES)
def test_values_are_those_of_the_package(family: str, basis: str) -> None:
    function = getattr(exact, family if basis == "complex" else f"real_{family}")
    met = 0
    for m1, m2, m3 in product(range(-1, 2), range(-2, 3), range(-2, 3)):
        number = function(1, 2, 2, m1, m2, m3)
        double = repr(complex(number) if number.unit else float(number))
        arguments = ("value", family, 1, 2, 2, m1, m2, m3, "--basis", basis)
        assert run(*arguments).stdout == f"{double}\n"
        assert run(*arguments, "--exact").stdout == f"{number} = {double}\n"
        met += 1
    assert met == 75


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        ("3j 2 6 4 0 0 0", repr(coupling.wigner_3j(2, 6, 4, 0, 0, 0))),
        ("wigner_3j 2 6 4 0 0 0 --basis complex", repr(coupling.wigner_3j(2, 6, 4, 0, 0, 0))),
        ("3j 1/2 1/2 1 1/2 -1/2 0 --exact", "√(1/6) = 0.408248290463863"),
        ("3j 0.5 0.5 1 -0.5 0.5 0 --exact", "√(1/6) = 0.408248290463863"),
        ("--exact clebsch_gordan 1/2 1/2 1 1/2 -1/2 0", "√(1/2) = 0.7071067811865476"),
        ("clebsch_gordan -- 3/2 1/2 1 -3/2 1/2 -1", repr(coupling.clebsch_gordan(1.5, 0.5, 1, -1.5, 0.5, -1))),
        ("gaunt 1 1 2 0 0 1", "0.0"),
        ("gaunt +1 1 02 0 -0 0", repr(coupling.gaunt(1, 1, 2, 0, 0, 0))),
        ("antisymmetric_gaunt 1 1 1 1 -1 0 --exact", "i·√(3/(4π)) = 0.4886025119029199j"),
        ("antisymmetric_gaunt 1 1 1 1 -1 0 --exact --basis real", "√(3/(4π)) = 0.4886025119029199"),
        ("6j 1 1 1 1 1 1 --exact", "1/6 = 0.16666666666666666"),
        ("wigner_6j 1/2 1/2 1 1/2 1/2 1 --exact", "1/6 = 0.16666666666666666"),
        ("9j 1 1 2 1 1 2 2 2 4 --exact", "1/25 = 0.04"),
        ("12j 1 1 1 1 1 1 1 1 1 1 1 1 --exact", "1/72 = 0.013888888888888888"),
        ("wigner_12j 1 1 1 1 1 1 1 1 1 1 1 1 --kind 2 --exact", "1/54 = 0.018518518518518517"),
        ("12j 1/2 1/2 0.5 0.5 1 1 1 0 1/2 1/2 1/2 1/2 --latex", r"\frac{5}{72}"),
        ("matrix 1 1 1 --j 1 --exact", "√(3/4) = 0.8660254037844386"),
        ("matrix 1 1 2 --j 1/2", "0.0"),
        ("CG 1/2 1/2 1 1/2 -1/2 0 --exact", "√(1/2) = 0.7071067811865476"),
        ("ag 1 1 1 1 -1 0", repr(coupling.antisymmetric_gaunt(1, 1, 1, 1, -1, 0))),
        ("Gaunt 1 1 2 0 0 0 --latex", r"\sqrt{\frac{1}{5\,\pi}}"),
        ("racah_v 1 1 1 1 0 -1 --exact", "√(1/6) = 0.408248290463863"),
        ("racah_w 1/2 1/2 1/2 1/2 1 0", "0.5"),
        ("fano_x 1 1 1 1 1 1 1 1 2", "0.5"),
    ],
)
def test_printed_values(arguments: str, printed: str) -> None:
    result = run("value", *arguments.split())
    assert (result.exit_code, result.stdout) == (0, f"{printed}\n")


def test_three_degrees_print_the_coefficients_of_their_path() -> None:
    for name, basis, degrees in (("gaunt", "real", (2, 1, 3)), ("clebsch_gordan", "complex", (1, 1, 2))):
        lines = run("value", name, *degrees, "--basis", basis).stdout.splitlines()
        block = np.zeros([2 * l + 1 for l in degrees])
        for line in lines:
            *orders, number = line.split()
            block[tuple(int(m) + l for m, l in zip(orders, degrees, strict=True))] = float(number)
        np.testing.assert_array_equal(block, coupling.block(name, *degrees, basis=basis))
        assert len(lines) == np.count_nonzero(block) > 5
    second = run("value", "cg", "1/2", "1/2", 1, "--exact").stdout.splitlines()[1]
    assert second == "-1/2  1/2    0  √(1/2) = 0.7071067811865476"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("3j 1 1 5", "they do not satisfy |l1-l2| <= l3 <= l1+l2"),
        ("cg 1/2 1 1", "they do not satisfy |l1-l2| <= l3 <= l1+l2"),
        ("gaunt 1 1 1", "these l1+l2+l3 are of the other parity"),
    ],
)
def test_a_path_without_coefficients_says_why(arguments: str, words: str) -> None:
    result = run("value", *arguments.split())
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"every coefficient of these degrees is zero: {words}\n"


def test_the_block_of_a_path_is_drawn_without_orders(here: Path) -> None:
    result = run("value", "gaunt", 1, 1, 2, "--basis", "Real", "--plot", "block.png")
    assert result.exit_code == 0 and (here / "block.png").is_file()
    assert result.stdout == run("value", "gaunt", 1, 1, 2, "--basis", "real").stdout


def test_derivations_need_a_checkout_before_they_need_sympy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert fails(run("derive"), "the derivations are in the repository, not in the package: run in a checkout")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("real_l4", r"unknown table 'real_l4': .*; did you mean real-l4\?"),
        ("complx-l4", r"did you mean complex-l4\?"),
        ("lebedev", "grids look like lebedev-l4"),
    ],
)
def test_a_name_that_nearly_exists_is_suggested(name: str, words: str) -> None:
    assert fails(run("info", name), words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("gaunt 1 1 2 0 3 0", r"order 2 must satisfy \|m\| <= 1, the degree, got 3"),
        ("gaunt -1 1 2 0 0 0", r"degree 1 must be >= 0, got -1"),
        ("gaunt 1/2 1/2 1 0 0 0", r"degree 1 must be an integer, got"),
        ("gaunt 1 1 2 0.5 -0.5 0", r"order 1 must be an integer"),
        ("3j 1/3 1 1 0 0 0", r"integer or half-integer"),
        ("3j 1 1 1 1/2 -1/2 0", r"order 1 must be"),
        ("3j 1 1 1 0 0", r"wigner_3j takes 6 numbers, l1 l2 l3 m1 m2 m3, or the three degrees of a path; got 5"),
        ("3j", r"got 0"),
        ("6j 1 1 1 1 1 1 1", r"wigner_6j takes 6 numbers, j1 j2 j3 j4 j5 j6; got 7"),
        ("6j 1 1 1 1 1 -1", r"must be >= 0"),
        ("3j nan 1 1 0 0 0", r"integers or half-integers such as 3, -2, 1/2, 0.5, separated by spaces; got 'nan'"),
        ("3j inf 1 1 0 0 0", r"got 'inf'"),
        ("3j 1e9 1 1 0 0 0", r"got '1e9'"),
        ("3j 1/0 1 1 0 0 0", r"got '1/0'"),
        ("3j 9999999999999 1 1 0 0 0", r"got '9999999999999'"),
        ("3j 100001 1 1 0 0 0", r"100000, got 100001"),
        ("3j 1 1 1 0 0 x", r"got 'x'"),
        ("3j 1 1 1 0 0 ١", r"got '١'"),
        ("3j 1 1 1 0 0 0 --exat", r"No such option:? '?--exat'?.* Did you mean '?--exact'?\?"),
        ("3j 1 1 1 0 0 0 -x", r"No such option:? '?-x"),
        ("3j 1 1 1 0 0 0 --exact --latex", r"--latex is the exact value: give --latex or --exact"),
        ("3j 1 1 -1", r"degree 3 must be >= 0, got -1"),
        ("Gaut 1 1 2 0 0 0", r"got 'Gaut'; did you mean gaunt\?"),
        ("3j 1 1 1 0 0 0 --basis polar", r"'polar' is not one of 'complex', 'real'"),
        ("3j 1 1 1 0 0 0 --j 1", r"--j, the spin, is only for the family matrix; got the family wigner_3j"),
        ("6j 1 1 1 1 1 1 --basis real", r"--basis is for wigner_3j, .* wigner_6j does not"),
        ("matrix 1 1 1", r"--j, the spin, is needed by the family matrix"),
        ("matrix 1 1 1 --j -1", r"spin must be .* got -1"),
        ("matrix 1 1 1 --j 1/3", r"integer or half-integer, got 1/3"),
        ("matrix 1 1 1 --j 1 --basis real", r"matrix does not depend"),
        ("elsasser 1 1 1 0 0 0", r"family must be one of wigner_3j, .* matrix, .* got 'elsasser'"),
    ],
)
def test_bad_values(arguments: str, words: str) -> None:
    assert fails(run("value", *arguments.split()), words)


# -- build, merge -----------------------------------------------------------------------------


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_build_from_options(here: Path) -> None:
    result = run("build", "--lmax", 3, "--check")
    assert result.exit_code == 0
    header, line, file = result.stdout.splitlines()
    assert file == "file  real-l3.safetensors (written)"
    assert header.split()[:3] == ["table", "paths", "non-zeros"]
    assert re.fullmatch(r"real-l3 +34 +611 +24 +6 +\d \d{3} +\d\.\d\d  6 of 6 passed", line)
    assert files(here) == ["real-l3.safetensors"]
    again = run("build", "--lmax", 3)
    assert "kept  not checked" in again.stdout
    assert "kept" not in run("build", "--lmax", 3, "--force").stdout


def test_build_from_files_into_a_folder(here: Path) -> None:
    (here / "a.toml").write_text('lmax = 2\nname = "first"')
    (here / "b.toml").write_text('lmax = [1, 2, 3]\nbasis = "complex"\nparity = "odd"')
    result = run("build", "a.toml", "b.toml", "-o", "out", "--check")
    assert result.exit_code == 0
    assert files(here / "out") == ["complex-l1-2-3-odd.safetensors", "first.safetensors"]
    assert load(here / "out" / "first.safetensors").request.name == "first"


def test_options_are_those_of_the_request(here: Path) -> None:
    options = ("--lmax", "1,2,3", "--basis", "complex", "--families", "gaunt,wigner_3j", "--parity", "even")
    assert run("build", *options, "--output", "x.safetensors").exit_code == 0
    expected = Request(lmax=(1, 2, 3), basis="complex", families=["wigner_3j", "gaunt"], parity="even", name="x")
    assert load("x.safetensors").request == expected


def test_shards_and_merge(here: Path) -> None:
    build(Request(lmax=3), here / "whole" / "real-l3.safetensors")
    for shard in ("1/2", "0/2"):
        assert fails(run("merge", "--lmax", 3), "1 of 1 parts of real-l3 are not built yet") or shard == "0/2"
        assert run("build", "--lmax", 3, "--shard", shard).exit_code == 0
    assert files(here / "real-l3.parts") == ["000000.safetensors"]
    result = run("merge", "--lmax", 3)
    assert result.exit_code == 0 and "Table('real-l3'" in result.stdout
    assert (here / "real-l3.safetensors").read_bytes() == (here / "whole" / "real-l3.safetensors").read_bytes()
    assert not (here / "real-l3.parts").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "nothing to build: give request files, --lmax, or --all"),
        ("--basis real", "--lmax is missing"),
        ("--lmax -1", "--lmax is a degree"),
        ("--lmax 4.0", "--lmax is a degree"),
        ("--lmax 4,4", "--lmax is a degree, as in 8, or three"),
        ("--lmax 99999999999999999999", "--lmax is a degree"),
        ("--lmax 128", r"lmax must be <= 127 because a table stores orders as int8, got 128; .* bytes"),
        ("--lmax 4 --basis polar", "'polar' is not one of"),
        ("--lmax 4 --families elsasser", "each family must be one of"),
        ("--lmax 4 --families gaunt,gaunt", "families must be distinct"),
        ("--lmax 4 --families gaunt --parity odd", "gaunt is zero on every odd path"),
        ("--lmax 4 --parity none", "'none' is not one of"),
        ("--lmax 4 --workers 0", "0 is not in the range x>=1"),
        ("--lmax 4 --shard 2/2", "--shard is K/N with 0 <= K < N"),
        ("--lmax 4 --shard 1", "--shard is K/N"),
        ("--lmax 4 --output bad^name.safetensors", "name must be"),
        ("missing.toml", "missing.toml: no such file or directory"),
        (".", "must be a regular file, got a folder"),
        ("bad.toml", "bad.toml: unknown key 'l_max'"),
        ("good.toml bad.toml", "bad.toml: unknown key"),
        ("good.toml --lmax 4", "give request files, or --lmax with further options, not both"),
        ("good.toml good.toml --output one.safetensors", "is one file, there are 2 requests"),
        ("--all --lmax 3", "--all takes no request"),
        ("--all --shard 0/2", "--all takes no request"),
        ("--all good.toml", "--all takes no request"),
    ],
)
def test_bad_builds_write_nothing(arguments: str, words: str, here: Path) -> None:
    (here / "bad.toml").write_text("lmax = 2\nl_max = 3")
    (here / "good.toml").write_text("lmax = 2")
    assert fails(run("build", *arguments.split()), words)
    assert files(here) == ["bad.toml", "good.toml"]


def test_an_interrupt_is_not_an_error_report(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("coupling.tables.builder.build", interrupt)
    assert fails(run("build", "--lmax", 3), "Interrupted. Nothing was finished, and nothing is kept.", 130)
    assert not files(here)


def interrupt_after(function: Callable[..., object], calls: int) -> Callable[..., object]:
    """A function that is interrupted, as by Ctrl-C, when it is called once more than so many times."""
    left = [calls]

    def called(*args: object, **kwargs: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return function(*args, **kwargs)

    return called


def test_an_interrupt_says_what_is_kept(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from coupling.lowrank import by_rank
    from coupling.tables import builder

    nothing = r"Interrupted\. Nothing was finished, and nothing is kept\.$"
    study = ("study", "gaunt", "--lmax", 2, "--rank", 1, "--rank", 2, "--starts", 1)
    with monkeypatch.context() as patch:  # the second of two tables
        (here / "a.toml").write_text("lmax = 1")
        (here / "b.toml").write_text("lmax = 2")
        patch.setattr(builder, "build", interrupt_after(builder.build, 1))
        result = run("build", "a.toml", "b.toml", "-o", "out")
        assert fails(result, "Interrupted. out/real-l1.safetensors is kept; run the same command to resume.", 130)
        assert files(here / "out") == ["real-l1.safetensors"]
    with monkeypatch.context() as patch:  # the third of several parts
        patch.setattr(builder.parts, "PART_ENTRIES", 100)
        patch.setattr(builder, "AT_ONCE", 0)
        patch.setattr(builder, "build_part", interrupt_after(builder.build_part, 2))
        result = run("build", "--lmax", 3)
        assert fails(result, "2 finished files are kept, the last is real-l3.parts/000001.safetensors", 130)
        assert len(files(here / "real-l3.parts")) == 2
    kept = r"Interrupted\. store/.* is kept"
    for options, words in (((), nothing), (("--store", "store"), kept)):  # the second rank
        with monkeypatch.context() as patch:
            patch.setattr(by_rank, "searched", interrupt_after(by_rank.searched, 1))
            assert fails(run(*study, *options), words, 130)
    for command in (("check", "real-l4"), ("info", "real-l4"), ("load", "real-l4"), ("export", "real-l4", "-f", "csv")):
        with monkeypatch.context() as patch:
            patch.setattr("coupling.tables.load", interrupt_after(load, 0))
            patch.setattr(sys.modules["coupling.cli.load"], "load_any", interrupt_after(load, 0))
            assert fails(run(*command), nothing, 130), command


# -- errors of the system ---------------------------------------------------------------------


def test_a_full_disk_is_named_with_its_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for command in (("build", "--lmax", 1), ("export", "real-l4", "-f", "csv", "-o", "x.csv")):
        name = "real-l1.safetensors" if command[0] == "build" else "x.csv"
        assert fails(run(*command), rf"^Error: {name}: no space left on device$"), command
    assert not files(here)


def test_a_file_that_cannot_be_mapped_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(Request(lmax=1), here / "real-l1.safetensors")

    def refuses(*args: object, **options: object) -> None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    monkeypatch.setattr("numpy.memmap", refuses)
    assert fails(run("info", "real-l1.safetensors"), r"^Error: real-l1.safetensors: no such device$")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_standard_output_is_named(root: Path) -> None:
    for command in (("value", "3j", "1", "1", "2", "0", "0", "0"), ("export", "real-l4", "-f", "csv", "-o", "-")):
        with open("/dev/full", "wb") as full:
            run = [sys.executable, "-m", "coupling", *command]
            done = subprocess.run(run, cwd=root, stdout=full, stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (2, "Error: standard output: no space left on device\n")


# -- long values ------------------------------------------------------------------------------

LONG = "9" * 100_000


@pytest.mark.parametrize(
    "arguments",
    [
        ("value", "3j", LONG, 1, 1, 0, 0, 0),
        ("value", LONG, 1, 1, 0, 0, 0),
        ("value", "matrix", 1, 1, 1, "--j", LONG),
        ("value", "3j", 1, 1, 1, 0, 0, 0, "--basis", LONG),
        ("build", "--lmax", LONG),
        ("build", "--lmax", 4, "--workers", LONG[:4000], "--shard", LONG),
        ("build", "--lmax", 4, "--workers", "x" * 100_000),
        ("build", "--lmax", 4, "--families", LONG),
        ("build", "--lmax", 1, "--output", f"{LONG}.safetensors"),
        ("build", f"{LONG}.toml"),
        ("build", "long.toml"),
        ("build", "list.toml"),
        ("build", "key.toml"),
        ("merge", "--lmax", LONG),
        ("load", LONG),
        ("load", f"{LONG}.safetensors"),
        ("info", LONG),
        ("check", LONG),
        ("check", "--accuracy", "--lmax", LONG[:4000]),
        ("check", "--accuracy", "--path", 1, 2, LONG[:4000]),
        ("export", "real-l4", "-f", LONG),
        ("export", "real-l4", "-f", "csv", "-c", LONG),
        ("export", "real-l4", "-f", "csv", "-o", LONG),
        ("export", "real-l4", "-f", "csv", "--channels", LONG),
        ("crosscheck", "--program", LONG),
        ("simulate", LONG),
        ("simulate", "--seed", f"-{LONG}"),
        ("study", "gaunt", "--parity", LONG),
        ("study", "matrix", "--spin", LONG),
        ("study", "gaunt", "--rank", LONG),
        ("study", "verify", LONG),
        ("derive", LONG),
        (LONG,),
        (f"--{LONG}",),
        ("value", f"--{LONG}"),
        ("study", f"--{LONG}"),
        ("study", LONG),
    ],
    ids=lambda arguments: " ".join(map(str, arguments))[:40],
)
def test_a_long_value_is_shortened_in_every_message(arguments: tuple[object, ...], here: Path) -> None:
    (here / "long.toml").write_text(f"lmax = {LONG[:4000]}")
    (here / "list.toml").write_text(f"lmax = [{'1, ' * 10_000}]")
    (here / "key.toml").write_text(f"{LONG[:50_000]} = 1")
    result = run(*arguments)
    assert result.exit_code in (1, 2) and isinstance(result.exception, SystemExit), result.exception
    assert len(result.stderr) < 2000 and len(result.output) < 4000
    assert "Traceback" not in result.output and "integer string conversion" not in result.output


# -- the main job -----------------------------------------------------------------------------


@pytest.fixture
def checkout(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of tables/ without its generated files."""
    folder = tmp_path / "tables"
    shutil.copytree(root / "tables" / "requests", folder / "requests")
    for name in ("arrays.toml", "bases.toml", "designs.safetensors"):
        shutil.copy(root / "tables" / name, folder)
    for module in ("files", "files.reader", "files.sources", "arrays.designs", "lowrank.store"):
        import_module(f"coupling.{module}")
        monkeypatch.setattr(f"coupling.{module}.table_folder", lambda: folder)
    shutil.copy(root / "pyproject.toml", tmp_path)  # by which a checkout is known
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_main_job(checkout: Path, root: Path, shipped_sources: str) -> None:
    result = run("build", "--all")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["complex-l4", "real-l4", "real-l8", "real-l12"]
    assert all("passed" in line and "kept" not in line for line in lines[1:5])
    assert lines[-2:] == [
        "manifest  tables/manifest.json (written)",
        "picture   tables/data/coupling-structure.png (drawn)",
    ]
    assert (checkout / "manifest.json").read_bytes() == (root / "tables" / "manifest.json").read_bytes()
    names = ["complex-l4", "real-l12", "real-l4", "real-l8", *shipped_names(checkout, "arrays")]
    names += shipped_names(checkout, "bases")
    assert files(checkout / "data") == sorted(["coupling-structure.png", *(f"{name}.safetensors" for name in names)])
    again = run("build", "--all").stdout.splitlines()
    assert all("kept" in line and "passed" in line for line in again[1:5])
    assert [line.split()[-1] for line in again[-2:]] == ["(unchanged)", "(unchanged)"]


def test_the_main_job_takes_less_than_ten_seconds_warm(checkout: Path) -> None:
    run("build", "--all")
    start = time.process_time()  # what an idle machine takes; this one may have other things to do
    assert "kept" not in run("build", "--all", "--force").stdout
    assert time.process_time() - start < 10


def test_the_main_job_builds_what_is_damaged_and_nothing_else(checkout: Path) -> None:
    run("build", "--all")
    damaged = checkout / "data" / "real-l4.safetensors"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1])
    lines = run("build", "--all").stdout.splitlines()
    assert ["kept" in line for line in lines[1:5]] == [True, False, True, True]
    assert damaged.read_bytes() == whole


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no request file"),
        ("lmax = -3", "real-l4.toml: lmax must be >= 0"),
        ('lmax = 8\nname = "real-l8"', "have the same name"),
    ],
)
def test_the_main_job_with_bad_requests_writes_nothing(text: str | None, words: str, checkout: Path) -> None:
    if text is None:
        shutil.rmtree(checkout / "requests")
    else:
        (checkout / "requests" / "real-l4.toml").write_text(text)
    assert fails(run("build", "--all"), words)
    assert not (checkout / "data").exists() and not (checkout / "manifest.json").exists()


def test_a_failed_check_fails_the_main_job_and_leaves_the_manifest(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coupling.tables.check.reduced_number", lambda *args: 0.378)
    result = run("build", "--all")
    assert fails(result, "FAILED +reduced factors", 1)
    assert not (checkout / "manifest.json").exists()


# -- check, info, derive ----------------------------------------------------------------------


def test_check_files_and_names(here: Path) -> None:
    run("build", "--lmax", 2)
    result = run("check", "real-l2.safetensors", "real-l4", "--full")
    assert result.exit_code == 0
    assert result.stdout.count("  ok ") == 12 and result.stdout.count("Table(") == 2


def test_check_tells_which_file_failed(here: Path) -> None:
    run("build", "--lmax", 2)
    (here / "real-l3.safetensors").write_bytes((here / "real-l2.safetensors").read_bytes()[:-1])
    result = run("check", "real-l3.safetensors", "real-l2.safetensors")
    assert fails(result, "1 of 2 tables failed", 1)
    assert "FAILED  real-l3.safetensors: size: expected" in result.stdout and "  ok " in result.stdout
    assert fails(run("check", "absent.safetensors"), "there is no table file absent.safetensors")
    assert fails(run("check", "no-such-name"), "unknown table 'no-such-name'")
    assert run("check").exit_code == 2


def test_info(here: Path) -> None:
    run("build", "--lmax", 2, "--basis", "complex")
    text = run("info", "complex-l2.safetensors").stdout
    assert "antisymmetric_gaunt (times i)" in text and "zeros left out" in text
    metadata = json.loads(run("info", "complex-l2.safetensors", "--json").stdout)
    assert metadata == load("complex-l2.safetensors").metadata
    (here / "complex-l2.safetensors").write_text("{}")
    assert fails(run("info", "complex-l2.safetensors"), "complex-l2.safetensors: size: expected at least 8 bytes")


def test_derive_passes_its_arguments_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr("derivations.run.main", lambda *args: calls.append(args) or 1)
    assert run("derive", "gaunt", "--lmax", 3, "--write").exit_code == 1
    assert run("derive", "--pages", "folder").exit_code == 1
    assert [call[:4] for call in calls] == [(["gaunt"], 3, True, None), (None, None, False, Path("folder"))]


def test_derive_without_a_checkout_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "derivations"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "derivations", None)
    assert fails(run("derive"), "in the repository, not in the package")


def test_derive_an_unknown_derivation() -> None:
    assert run("derive", "no_such_derivation").exit_code == 2


# -- the other ways in ------------------------------------------------------------------------


def test_the_package_is_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``python -m coupling``, in this process."""
    monkeypatch.setattr(sys, "argv", ["coupling", "value", "gaunt", "0", "0", "0", "0", "0", "0"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("coupling", run_name="__main__")
    assert ended.value.code == 0 and capsys.readouterr().out.startswith("0.28209479177387814")
    monkeypatch.setattr(sys, "argv", ["coupling", "--help"])
    with pytest.raises(SystemExit):
        runpy.run_module("coupling", run_name="__main__")
    assert capsys.readouterr().out.startswith("Usage: coupling ")
    runpy.run_module("coupling.__main__", run_name="imported")
