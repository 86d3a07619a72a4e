"""``coupling load``: is a table there, where is its file, and is it sound."""

from __future__ import annotations

import click

from coupling.cli.errors import says_what_is_wrong


@click.command(
    short_help="Load tables by name; build and keep those that are not shipped.",
    epilog="""\b
Examples:
  coupling load real-l8                shipped
  coupling load real-l16 complex-l24   built into the cache folder, if they are not there yet
  coupling load real-l16 --renew       built again
""",
)
@click.argument("tables", nargs=-1, required=True, metavar="TABLE...")
@click.option("--renew", is_flag=True, help="Remove the file in the cache folder first.")
@says_what_is_wrong
def load(tables: tuple[str, ...], renew: bool) -> None:
    """Load tables by name, every byte verified, and print where they are.

    TABLE is what coupling.load takes: a shipped name, another such as real-l16, complex-l24 or real-l9-even, or a
    file.  What is not shipped is built once and kept in the user's cache folder.
    """
    from coupling.tables import load as load_table

    for name in tables:
        if renew:
            _remove(name)
        click.echo(f"{load_table(name)!r}\n  {_place(name)}")


def _remove(name: str) -> None:
    from coupling.tables.cache import cache_folder, remove
    from coupling.tables.reader import shipped_file
    from coupling.tables.request import file_name

    if shipped_file(name)[0] or name.endswith(".safetensors"):
        raise ValueError(f"--renew is for tables in the cache folder; {name} is not one of them")
    remove(cache_folder() / file_name(name))


def _place(name: str) -> str:
    from coupling.tables.cache import cache_folder
    from coupling.tables.reader import shipped_file
    from coupling.tables.request import file_name

    if name.endswith(".safetensors"):
        return name
    shipped, _ = shipped_file(name)
    file = shipped or cache_folder() / file_name(name)
    return f"{file} ({'shipped' if shipped else 'cache'}, {file.stat().st_size} bytes)"
