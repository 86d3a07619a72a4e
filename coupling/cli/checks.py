"""``coupling check``, ``derive``, ``crosscheck``: files, formulas, and the answers of other programs."""

from __future__ import annotations

from pathlib import Path

import click

from coupling.cli.completion import derivation_names, program_names, table_names
from coupling.cli.errors import FAILED, says_what_is_wrong
from coupling.cli.options import may_overwrite
from coupling.quoted import quoted

PAGE = Path("docs/comparison.md")


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
@click.argument("tables", nargs=-1, metavar="TABLE...", shell_complete=table_names)
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
    from coupling.cli.load import kind_of_name, load_any
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
    short_help="Derive the formulas again, in SymPy, and print what is proved.",
    epilog="""\b
Examples:
  coupling derive
  coupling derive antisymmetric_gaunt --lmax 8
""",
)
@click.argument("ids", nargs=-1, metavar="[DERIVATION]...", shell_complete=derivation_names)
@click.option("--lmax", type=click.IntRange(min=0), help="Degree of the exact instances, instead of each one's own.")
@click.option("--write", is_flag=True, help="Write certificates, and pages to docs/theory, if everything holds.")
@click.option("--pages", type=click.Path(file_okay=False, path_type=Path), help="Folder for the pages.")
@may_overwrite
@says_what_is_wrong
def derive(ids: tuple[str, ...], lmax: int | None, write: bool, pages: Path | None, force: bool) -> None:
    """Derive the formulas from their definitions, in SymPy, and print what is proved.

    All derivations, or the ones named and those they use.  Needs a checkout of the repository: the derivations are
    not part of the installed package.
    """
    from importlib.util import find_spec

    from coupling.extras import from_extra

    if find_spec("derivations") is None:
        raise ValueError("the derivations are in the repository, not in the package: run in a checkout")
    from_extra("sympy", "symbolic", "derivations need")
    from derivations.run import main as run

    raise click.exceptions.Exit(run(list(ids) or None, lmax, write, pages, click.echo, force))


@click.command(
    short_help="Compare with the other programs that are installed.",
    epilog="""\b
Examples:
  coupling crosscheck
  coupling crosscheck --lmax 8 --program cuequivariance
  coupling crosscheck --hard --write                      into docs/comparison.md, in the repository

Exit status 1 when a program differs or cannot be imported, or nothing could be compared; what --hard
adds is known to differ, and does not count.
""",
)
@click.option("--lmax", type=click.IntRange(min=0), default=5, show_default=True, metavar="L", help="All degrees to L.")
@click.option(
    "--program",
    "chosen",
    multiple=True,
    metavar="NAME",
    help="Program or convention; repeatable.",
    shell_complete=program_names,
)
@click.option("--hard", is_flag=True, help="Also the cases in which a program is known to fail.")
@click.option("--write", is_flag=True, help="Write the rows into the comparison page; rows of other programs stay.")
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    default=PAGE,
    show_default=True,
    metavar="PATH",
    help="Page that --write writes.",
)
@may_overwrite
@says_what_is_wrong
def crosscheck(lmax: int, chosen: tuple[str, ...], hard: bool, write: bool, page: Path, force: bool) -> None:
    """Compare coupling tensors, integrals and harmonics with every program of the field that is installed here.

    Each computes all triples of degrees up to lmax, and its answers are compared with this package in the named
    convention of that program: signs, order and scale of every entry.
    """
    from coupling.crosscheck import PROGRAMS, write_page
    from coupling.crosscheck import crosscheck as compare
    from coupling.crosscheck.page import line, page_header, require_page

    if write and not page.parent.is_dir():
        raise ValueError(f"there is no folder {page.parent} here; run it in the repository, or say --page")
    if write:
        require_page(page, force)
    names = {name for p in PROGRAMS for name in (p.convention, p.distribution)}
    for name in chosen:
        if name not in names:
            raise ValueError(f"no program or convention is called {quoted(name)}; there are {', '.join(sorted(names))}")
    wanted = [p for p in PROGRAMS if not chosen or {p.convention, p.distribution} & set(chosen)]
    click.echo(page_header())
    rows, failed = [], 0
    for program in wanted:
        try:
            for row in compare(lmax, (program,), hard):
                click.echo(line(row))
                rows.append(row)
        except Exception as error:  # whatever another program does when it is imported
            click.echo(f"{program.distribution} cannot be asked: {type(error).__name__}: {error}", err=True)
            failed += 1
    absent = sorted({p.distribution for p in wanted} - {p.distribution for p in wanted if p.version is not None})
    click.echo(f"\nnot installed: {', '.join(absent) or 'none'}")
    if write:
        click.echo(f"{page}: {write_page(page, rows, force=force)} rows")
    if failed or not rows or not all(row.agrees for row in rows if row.domain.startswith("≤")):
        raise click.exceptions.Exit(FAILED)
