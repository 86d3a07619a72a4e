"""``coupling manybody``: counts and bases of tensor powers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from coupling.cli.console import Commands
from coupling.cli.errors import FAILED, says_what_is_wrong
from coupling.cli.options import may_overwrite, with_options
from coupling.quoted import quoted


@click.group(cls=Commands, short_help="Count and build many-body couplings.")
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
    click.option("--irreps", metavar="TEXT", help='Of a factor, as "4x0e + 1o" or "0 + 1/2 + 1".'),
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

    Every number is exact.  A cell has the count for the symmetry of the factors, and behind the stroke the number of
    paths without it, which is the number of weights of a full basis.
    """
    from coupling.manybody.report import count_table

    space, kind = spaces(lmax, irreps), symmetry_of(symmetry)
    click.echo(count_table(space, order, kind, [output] if output else None, plain))


def made(command: Any) -> Any:
    """Add the options that say of which kind a basis is."""
    for option in (
        click.option(
            "--basis",
            type=click.Choice(["real", "complex"]),
            default="real",
            show_default=True,
            help="Of the harmonics.",
        ),
        click.option("--paths", default="kernel", show_default=True, metavar="NAME", help=f"{', '.join(PATHS)}."),
        click.option("--natural", is_flag=True, help="Only natural partial results (plain paths)."),
        click.option("--output", required=True, metavar="IRREP", help="The output, as 1o, or a degree."),
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

    degree = int(output) if re.fullmatch(r"\d{1,4}", output, re.ASCII) else output
    return basis(spaces(lmax, irreps), order, degree, symmetry_of(symmetry), **options)


@manybody.command(
    short_help="Build a basis and print its paths.",
    epilog="""\b
Examples:
  coupling manybody build --lmax 3 --order 3 --output 1o
  coupling manybody build --lmax 2 --order 3 --output 0 --exact
  coupling manybody build --lmax 3 --order 3 --output 1o --symmetry plain --paths mace
""",
)
@inputs
@made
@click.option("--exact", is_flag=True, help="Print every polynomial, exactly.")
@says_what_is_wrong
def build(
    lmax: int | None,
    irreps: str | None,
    order: int,
    output: str,
    symmetry: str,
    basis: str,
    paths: str,
    natural: bool,
    exact: bool,
) -> None:
    """Build a basis and print the coupling tree of every path."""
    kind = "natural" if natural else "all"
    found = built(lmax, irreps, order, output, symmetry, basis=basis, paths=paths, intermediates=kind)
    click.echo(repr(found))
    for path, label in enumerate(found.labels):
        click.echo(f"{path:>5}  {label}")
        if exact:
            for component in range(found.shape[1]):
                click.echo(f"       {_polynomial(found, path, component)}")


def _polynomial(found: Any, path: int, component: int) -> str:
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
@click.option(
    "--format", "-f", "form", type=click.Choice(["npz", "safetensors", "json", "c", "mace"]), help="[default: suffix]"
)
@click.option(
    "--dtype", type=click.Choice(["float64", "float32"]), default="float64", show_default=True, help="Rounded once."
)
@click.option("--file", "-o", "file", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to.")
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
