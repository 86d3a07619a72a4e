"""``coupling crosscheck``: what other programs compute, against what this one says they do."""

from __future__ import annotations

from pathlib import Path

import click

from coupling.cli.errors import FAILED, says_what_is_wrong
from coupling.cli.overwriting import may_overwrite
from coupling.quoted import quoted

PAGE = Path("docs/comparison.md")


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
@click.option("--program", "chosen", multiple=True, metavar="NAME", help="Program or convention; repeatable.")
@click.option("--hard", is_flag=True, help="Also the cases in which a program is known to fail.")
@click.option("--write", is_flag=True, help="Write the rows into the comparison page; rows of other programs stay.")
@click.option("--page", type=click.Path(path_type=Path), default=PAGE, show_default=True, metavar="PATH")
@may_overwrite
@says_what_is_wrong
def crosscheck(lmax: int, chosen: tuple[str, ...], hard: bool, write: bool, page: Path, force: bool) -> None:
    """Compare coupling tensors, integrals and harmonics with every program of the field that is installed here.

    Each is asked for all triples of degrees up to lmax, and its answers are compared with this package in the named
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
