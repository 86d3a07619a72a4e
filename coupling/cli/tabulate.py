"""``coupling tabulate``: all 6j or 9j symbols to a largest degree."""

from __future__ import annotations

from pathlib import PurePath

import click

from coupling.cli.errors import says_what_is_wrong
from coupling.cli.export import deliver
from coupling.cli.options import may_overwrite
from coupling.cli.value import ALIASES, parse_number

SYMBOLS = ("wigner_6j", "wigner_9j", "6j", "9j")


@click.command(
    short_help="Tabulate 6j or 9j symbols.",
    epilog="""\b
Examples:
  coupling tabulate 6j --lmax 4
  coupling tabulate 6j --lmax 5/2 --half-integers --exact
  coupling tabulate 9j --lmax 2 -o wigner-9j.npz
""",
)
@click.argument("symbol", type=click.Choice(SYMBOLS, case_sensitive=False), metavar="SYMBOL")
@click.option("--lmax", metavar="L", required=True, help="The largest degree.")
@click.option("--half-integers", is_flag=True, help="Half-integer degrees as well.")
@click.option("--exact", is_flag=True, help="In csv, the exact value of each symbol as well.")
@click.option("--output", "-o", metavar="FILE", help="NAME.csv or NAME.npz.  [default: standard output, as csv]")
@may_overwrite
@says_what_is_wrong
def tabulate(symbol: str, lmax: str, half_integers: bool, exact: bool, output: str | None, force: bool) -> None:
    """Write all 6j or 9j symbols with degrees to a largest one.

    SYMBOL is wigner_6j (6j) or wigner_9j (9j).  Every symbol whose triads couple has a row, accidental zeros too; every
    value is the double nearest to the exact one.  In Python it is coupling.tabulate("wigner_6j", lmax).  Tables of the
    other families are made by `coupling build`, which has --half-integers too.
    """
    name = ALIASES.get(symbol, symbol)
    form = "csv" if output in (None, "-") else PurePath(str(output)).suffix[1:]
    if form not in ("csv", "npz"):
        raise ValueError(f"--output is NAME.csv or NAME.npz, got {output}")
    from coupling.export.recoupling import export_recoupling
    from coupling.numbers.recoupling_tables import tabulate_recoupling

    table = tabulate_recoupling(name, parse_number(lmax), half_integers=half_integers)
    deliver(export_recoupling(table, form, exact), output or "-", "", force)
