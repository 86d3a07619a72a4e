"""``coupling derive``: derive every formula again."""

from __future__ import annotations

from pathlib import Path

import click

from coupling.cli.errors import says_what_is_wrong
from coupling.cli.overwriting import may_overwrite


@click.command(
    short_help="Derive the formulas again, in SymPy, and print what is proved.",
    epilog="""\b
Examples:
  coupling derive
  coupling derive antisymmetric_gaunt --lmax 8
""",
)
@click.argument("ids", nargs=-1, metavar="[DERIVATION]...")
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
    try:
        from derivations.run import main as run
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "derivations":
            raise
        raise ValueError("the derivations are in the repository, not in the package: run in a checkout") from None
    raise click.exceptions.Exit(run(list(ids) or None, lmax, write, pages, click.echo, force))
