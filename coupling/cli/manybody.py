"""``coupling manybody``: counts and bases of tensor powers."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coupling.cli.console import Commands, progress_bar
from coupling.cli.errors import FAILED, says_what_is_wrong
from coupling.cli.options import may_overwrite, with_options
from coupling.quoted import quoted

if TYPE_CHECKING:
    from coupling.manybody import BasesRequest, Basis

FORMATS, DTYPES = ("npz", "safetensors", "json", "c", "mace"), ("float64", "float32")
NEW = click.Path(dir_okay=False, path_type=Path)


@click.group(
    cls=Commands,
    short_help="Count and build many-body couplings.",
    epilog="""\b
Examples:
  coupling manybody count --lmax 3 --order 3
  coupling manybody build --lmax 2 --order 3 --output 1o
  coupling manybody export --lmax 2 --order 3 --output 1o -o basis.npz
  coupling manybody check basis.npz
""",
)
def manybody() -> None:
    """Count and build many-body couplings: bases of tensor powers, as ACE, MACE and their like contract with."""


def spaces(lmax: int | None, irreps: str | None) -> int | str:
    """Return the inputs that exactly one of two options gives.

    >>> spaces(3, None), spaces(None, "0e + 1o")
    (3, '0e + 1o')
    """
    given = [value for value in (lmax, irreps) if value is not None]
    if len(given) != 1:
        raise ValueError(f"the inputs are given by one of --lmax and --irreps, got {quoted(lmax)} and {quoted(irreps)}")
    return given[0]


def symmetry_of(text: str) -> str | tuple[int, ...]:
    """Return the symmetry that an option names: a word, or the parts of a partition.

    >>> symmetry_of("plain"), symmetry_of("2,1")
    ('plain', (2, 1))
    """
    return tuple(int(part) for part in text.split(",")) if re.fullmatch(r"\d{1,2}(,\d{1,2})*", text, re.ASCII) else text


#: The options that state the tensor power of a command.
inputs = with_options(
    click.option("--lmax", type=click.IntRange(0, 1000), help="A factor has the degrees 0 to lmax of harmonics."),
    click.option("--irreps", metavar="TEXT", help='Irreps of a factor, as "4x0e + 1o" or "0 + 1/2 + 1".'),
    click.option("--order", type=click.IntRange(1, 32), required=True, help="Number of factors."),
    click.option(
        "--symmetry",
        default="symmetric",
        show_default=True,
        metavar="NAME",
        help="symmetric, antisymmetric, plain, or a partition such as 2,1.",
    ),
)


@manybody.command(
    short_help="Count how often each irrep occurs.",
    epilog="""\b
Examples:
  coupling manybody count --lmax 3 --order 4
  coupling manybody count --lmax 3 --order 4 --output 0o
  coupling manybody count --irreps "0 + 1/2 + 1" --order 3 --symmetry 2,1
""",
)
@inputs
@click.option("--output", metavar="IRREP", help="One output; default: all to the largest degree of a factor.")
@click.option("--plain/--no-plain", default=True, show_default=True, help="Also count without symmetry.")
@says_what_is_wrong
def count(lmax: int | None, irreps: str | None, order: int, symmetry: str, output: str | None, plain: bool) -> None:
    """Count how often each irrep occurs in the tensor powers of a space, of the orders 1 to --order.

    Every number is exact.  A cell has the count for the symmetry of the factors, and after the slash the number of
    paths without it, which is the number of weights of a full basis.
    """
    from coupling.manybody.report import count_table

    space, kind = spaces(lmax, irreps), symmetry_of(symmetry)
    click.echo(count_table(space, order, kind, [output] if output else None, plain))


def made(command: Any, one: bool = True) -> Any:
    """Add the options that say of which kind a basis is; ``one`` requires its output."""
    for option in (
        click.option(
            "--basis",
            type=click.Choice(["real", "complex"]),
            default="real",
            show_default=True,
            help="Basis of the harmonics.",
        ),
        click.option("--paths", default="kernel", show_default=True, metavar="NAME", help=f"{', '.join(PATHS)}."),
        click.option("--natural", is_flag=True, help="Only natural partial results (plain paths)."),
        click.option("--output", required=one, metavar="IRREP", help="The output, as 1o, or a degree."),
    ):
        command = option(command)
    return command


#: The names of coupling.manybody.paths, which is not imported for a help text.
PATHS = ("kernel", "mace", "e3nn", "cuequivariance")


def built(lmax: int | None, irreps: str | None, order: int, output: str, symmetry: str, **options: Any) -> Any:
    """Return the basis that the options name; an output without a parity is one of harmonics.

    >>> built(1, None, 2, "0", "symmetric", paths="kernel")
    Basis('0e + 1o', 2, '0e', 'symmetric', 'kernel', 'real': 2 paths, 4 entries)
    """
    from coupling.manybody import basis

    return basis(spaces(lmax, irreps), order, _irrep(output), symmetry_of(symmetry), **options)


@manybody.command(
    short_help="Build a file of bases, or print the paths of one.",
    epilog="""\b
Examples:
  coupling manybody build --lmax 3 --order 3
  coupling manybody build --lmax 4 --order 4 --workers 2 --check
  coupling manybody build --lmax 3 --order 3 --output 1o
  coupling manybody build --lmax 2 --order 3 --output 0 --exact
  coupling manybody build --lmax 3 --order 3 --output 1o --symmetry plain --paths mace

Interrupt it at any time: the same command resumes, and the bytes are the same.
""",
)
@inputs
@partial(made, one=False)
@click.option("--exact", is_flag=True, help="Print every polynomial, exactly.")
@click.option(
    "--file", "-o", "file", type=click.Path(path_type=Path), metavar="PATH", help="Folder, or NAME.safetensors."
)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Number of processes.")
@click.option("--check", "checked", is_flag=True, help="Check what was built.")
@click.option("--force", is_flag=True, help="Build again what is up to date, and write over any file.")
@says_what_is_wrong
def build(
    lmax: int | None,
    irreps: str | None,
    order: int,
    output: str | None,
    symmetry: str,
    basis: str,
    paths: str,
    natural: bool,
    exact: bool,
    file: Path | None,
    workers: int,
    checked: bool,
    force: bool,
) -> None:
    """Build the bases of the orders 1 to --order to every irrep of a factor, into a file, or print one of them.

    The file holds exact integers, norms and labels, and the correctly rounded values.  With --output the coupling tree
    of every path of that basis is printed; with --output and --file it is written alone.
    """
    kinds = {"basis": basis, "paths": paths, "intermediates": "natural" if natural else "all"}
    if output is not None and file is None:
        found = built(lmax, irreps, order, output, symmetry, **kinds)
        _print(found, exact)
        return
    if exact or irreps is not None or lmax is None:
        raise ValueError(
            "a file of bases is described by --lmax and --order, --exact prints; "
            "`coupling manybody export` writes a basis of other irreps"
        )
    from coupling.manybody import BasesRequest

    _build_file(BasesRequest(lmax, order, _irrep(output), symmetry, **kinds), file, workers, checked, force)


def _irrep(output: str | None) -> int | str | None:
    return int(output) if output and re.fullmatch(r"\d{1,4}", output, re.ASCII) else output


def _build_file(request: BasesRequest, place: Path | None, workers: int, checked: bool, force: bool) -> None:
    from coupling.cli.tables import ARRAY_COLUMNS, arrays_summary, fail_if_any_failed
    from coupling.files.catalogue import build_one
    from coupling.files.container import file_name
    from coupling.manybody.reader import KIND

    file = place if place and place.suffix == ".safetensors" else (place or Path()) / file_name(request.name)
    test = (lambda bases, built: KIND.call("check", bases, rebuilt=not built)) if checked else None
    with progress_bar(request.name, request.monomials) as heard:
        outcome = build_one(KIND, request, file, test, force=force, workers=workers, progress=heard)
    click.echo(ARRAY_COLUMNS.format("bases", "numbers", "bytes", "seconds", "checks"))
    click.echo(arrays_summary(outcome))
    click.echo(f"{outcome.value!r}\nfile  {file} ({'written' if outcome.built else 'unchanged'})")
    fail_if_any_failed([outcome])


def _print(found: Basis, exact: bool) -> None:
    click.echo(repr(found))
    for path, label in enumerate(found.labels):
        click.echo(f"{path:>5}  {label}")
        if exact:
            for component in range(found.shape[1]):
                click.echo(f"       {_polynomial(found, path, component)}")


def _polynomial(found: Basis, path: int, component: int) -> str:
    from fractions import Fraction

    order = Fraction(2 * component - found.irrep.twice, 2)
    terms = found.polynomial(path, order).items()
    text = " + ".join(f"{value} " + " ".join(f"A{i}" for i in monomial) for monomial, value in terms)
    return f"m = {order}: {text.replace('+ -', '- ')}"


@manybody.command(
    short_help="Write a basis for another program.",
    epilog="""\b
Examples:
  coupling manybody export --lmax 3 --order 3 --output 1o -o basis.npz
  coupling manybody export --lmax 3 --order 3 --output 0e -f json -o exact.json
  coupling manybody export --lmax 2 --order 3 --output 0e -f c -o basis.h
  coupling manybody export --lmax 3 --order 3 --output 0 --symmetry plain --paths mace -f mace -o U.npz
""",
)
@inputs
@made
@click.option("--format", "-f", "form", type=click.Choice(FORMATS), help="Format of the file.  [default: its suffix]")
@click.option("--dtype", type=click.Choice(DTYPES), default="float64", show_default=True, help="Type of the values.")
@click.option("--file", "-o", "file", required=True, type=NEW, help="File to write.")
@may_overwrite
@says_what_is_wrong
def export(
    lmax: int | None,
    irreps: str | None,
    order: int,
    output: str,
    symmetry: str,
    basis: str,
    paths: str,
    natural: bool,
    form: str | None,
    dtype: str,
    file: Path,
    force: bool,
) -> None:
    """Write a basis: arrays as npz, safetensors or a C header, exact numbers as JSON, or the dense tensor of MACE."""
    from coupling.export.bases import FORMATS, export_basis
    from coupling.files.atomic import write_file

    suffixes = {suffix: name for name, suffix in reversed(FORMATS.items())}
    form = form or suffixes.get(file.suffix)
    if form is None:
        raise ValueError(f"--format is needed: the suffix of {file} is none of {', '.join(suffixes)}")
    kind = "natural" if natural else "all"
    found = built(lmax, irreps, order, output, symmetry, basis=basis, paths=paths, intermediates=kind)
    content = export_basis(found, form, dtype)
    write_file(file, content, force=force)
    click.echo(f"{file}: {len(found.labels)} paths, {len(found.path)} entries, {len(content)} bytes")


@manybody.command(
    short_help="Compare files with bases built anew.",
    epilog="""\b
Examples:
  coupling manybody check basis.npz exact.json
""",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@says_what_is_wrong
def check(files: tuple[Path, ...]) -> None:
    """Compare files of bases (npz, safetensors, JSON), byte for byte, with the bases they name, built anew."""
    from coupling.export.bases import is_as_requested

    failed = False
    for file in files:
        good = is_as_requested(file.read_bytes())
        click.echo(f"{file}: {'as built anew' if good else 'differs from the basis it names'}")
        failed |= not good
    if failed:
        raise click.exceptions.Exit(FAILED)
