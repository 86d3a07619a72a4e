"""``coupling check`` and ``coupling info``: is a table right, and what is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coupling.cli.errors import FAILED, says_what_is_wrong
from coupling.cli.overwriting import may_overwrite

if TYPE_CHECKING:
    from coupling.arrays import Arrays
    from coupling.tables import Table


@click.command(
    short_help="Check tables: file, structure, identities, exact values.",
    epilog="""\b
Examples:
  coupling check real-l8                      a shipped table
  coupling check tables/data/*.safetensors    files
  coupling check lebedev-l8 matrix-l4         grids and other arrays
  coupling check --accuracy                   every entry that is tabulated, degrees to 16 and some paths beyond
  coupling check --accuracy --full            the same to 32, and paths to degrees of thousands
""",
)
@click.argument("tables", nargs=-1, metavar="TABLE...")
@click.option("--full", is_flag=True, help="Compare every value with the exact one, however many there are.")
@click.option("--accuracy", is_flag=True, help="Check the tabulation instead: every entry against exact integers.")
@click.option("--lmax", type=int, multiple=True, metavar="L", help="With --accuracy: all degrees up to L.  Repeatable.")
@click.option(
    "--path", "paths", type=int, nargs=3, multiple=True, metavar="L1 L2 L3", help="With --accuracy: a whole path."
)
@says_what_is_wrong
def check(
    tables: tuple[str, ...], full: bool, accuracy: bool, lmax: tuple[int, ...], paths: tuple[tuple[int, int, int], ...]
) -> None:
    """Check tables: file, structure, identities, exact values.  Exit status 1 when a check fails."""
    if bool(tables) == accuracy or ((lmax or paths) and not accuracy):
        raise ValueError("check takes tables, or --accuracy with --lmax and --path")
    if accuracy:
        check_accuracy(full, lmax, paths)
    else:
        check_tables(tables, full)


def check_accuracy(full: bool, lmax: tuple[int, ...], paths: tuple[tuple[int, int, int], ...]) -> None:
    """Print the certificates of the tabulation; without lmax and paths, the standard ones."""
    from coupling.numbers.accuracy import HEADER, LARGE_PATHS, PATHS, certificates, row

    if not lmax and not paths:
        lmax, paths = ((4, 8, 16, 32), PATHS + LARGE_PATHS) if full else ((16,), PATHS)
    failed = 0
    for number, (where, certificate) in enumerate(certificates(lmax, paths)):
        if number == 0:
            click.echo(f"| {HEADER} |\n|{' --- |' * (HEADER.count('|') + 1)}")
        click.echo(f"| {row(where, certificate)} |")
        failed += not certificate.passed
    if failed:
        click.echo(f"{failed} certificates failed.", err=True)
        raise click.exceptions.Exit(FAILED)


def check_tables(tables: tuple[str, ...], full: bool) -> None:
    """Check files of any kind, or what is shipped, and print what was found."""
    from coupling.cli.arrays import kind_of_name, load_any
    from coupling.files import TableError
    from coupling.files.reader import load_file

    failed = 0
    for name in tables:
        try:
            kind = kind_of_name(name)
            loaded = load_any(name) if kind.listed else load_file(kind, Path(name))
            report = kind.call("check", loaded, full)
        except TableError as error:
            click.echo(f"{name}\n  FAILED  {error}")
            failed += 1
        else:
            click.echo(repr(report))
            failed += not report.passed
    if failed:
        click.echo(f"{failed} of {len(tables)} tables failed.", err=True)
        raise click.exceptions.Exit(FAILED)


@click.command(
    short_help="Say what a table holds.",
    epilog="""\b
Examples:
  coupling info real-l8
  coupling info real-l8.safetensors --json
  coupling info real-l8 --plot sparsity.png
  coupling info gauss_legendre-l8
""",
)
@click.argument("table", metavar="TABLE")
@click.option("--json", "as_json", is_flag=True, help="Print the metadata of the file as JSON.")
@click.option("--plot", metavar="FILE", help="Draw how full the table is, as .png, .svg or .pdf.")
@may_overwrite
@says_what_is_wrong
def info(table: str, as_json: bool, plot: str | None, force: bool) -> None:
    """Say what a table or a file of arrays holds: a name (real-l8, lebedev-l4) or a file."""
    from coupling.cli.arrays import describe_arrays as describe_arrays
    from coupling.cli.arrays import load_any
    from coupling.tables import Table

    loaded = load_any(table)
    if plot is not None:
        _draw(loaded, plot, force)
    text = describe_table(loaded) if isinstance(loaded, Table) else describe_arrays(loaded)
    click.echo(json.dumps(dict(loaded.metadata), indent=2) if as_json else text)


def _draw(loaded: Table | Arrays, plot: str, force: bool) -> None:
    from coupling.plots import save, sparsity
    from coupling.plots.style import require_picture
    from coupling.tables import Table

    if not isinstance(loaded, Table):
        raise ValueError(f"--plot is for tables; {loaded.request.name} are arrays")
    require_picture(plot, force)
    save(sparsity(loaded), plot, force=force)


def describe_table(table: Table) -> str:
    """Return what a table holds, one line per property."""
    metadata, request = table.metadata, table.request
    counts, rounding = metadata["counts"], metadata["rounding"]
    lines = {
        "table": request.name,
        "basis": request.basis,
        "lmax": ", ".join(map(str, request.lmax)),
        "parity": request.parity,
        "families": ", ".join(f"{f} (times i)" if f in metadata["imaginary"] else f for f in request.families),
        "paths": counts["paths"],
        "entries": counts["entries"],
        "zeros left out": f"{counts['symmetry_zeros']} by symmetry, {counts['accidental_zeros']} accidental",
        "core": rounding["core"],
        "reduced factors": rounding["reduced"],
        "source": metadata["source"],
        "convention": metadata["convention"],
        "schema": f"{metadata['schema']} {metadata['schema_version']}",
        "written by": f"coupling {metadata['package_version']}, sources {metadata['builder'][:12]}",
        "request": metadata["request_digest"],
        "checksum": metadata["checksum"],
    }
    return "\n".join(f"{key:<16} {text}" for key, text in lines.items())
