"""``coupling manybody``: counts and bases of tensor powers."""

from __future__ import annotations

import re
from typing import Any

import click

from coupling.cli.console import Commands
from coupling.cli.errors import says_what_is_wrong
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


def inputs(command: Any) -> Any:
    """Add the options that say of which tensor power a command speaks."""
    for option in (
        click.option(
            "--symmetry",
            default="symmetric",
            show_default=True,
            metavar="NAME",
            help="symmetric, antisymmetric, plain, or a partition such as 2,1.",
        ),
        click.option("--order", type=click.IntRange(1, 32), required=True, help="Number ν of factors."),
        click.option("--irreps", metavar="TEXT", help='Of a factor, as "4x0e + 1o" or "0 + 1/2 + 1".'),
        click.option("--lmax", type=click.IntRange(0, 1000), help="A factor has the degrees 0 to lmax of harmonics."),
    ):
        command = option(command)
    return command


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
    """Count how often each irrep occurs in the tensor powers of a space, of the orders 1 to ν.

    Every number is exact.  A cell is the number of a symmetry of the factors; behind the stroke, the number of paths
    without it, so many weights a full basis has.
    """
    from coupling.manybody.report import count_table

    space, kind = spaces(lmax, irreps), symmetry_of(symmetry)
    click.echo(count_table(space, order, kind, [output] if output else None, plain))
