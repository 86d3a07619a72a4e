"""``coupling load``: is a table there, where is its file, and is it sound."""

from __future__ import annotations

from pathlib import Path

import click

from coupling.cli.arrays import kind_of_name, load_any
from coupling.cli.errors import says_what_is_wrong


@click.command(
    short_help="Load tables by name; build and keep those that are not shipped.",
    epilog="""\b
Examples:
  coupling load real-l8                shipped
  coupling load real-l16 complex-l24   built into the cache folder, if they are not there yet
  coupling load lebedev-l6-float32     a grid, likewise
  coupling load real-l16 --renew       built again
""",
)
@click.argument("tables", nargs=-1, required=True, metavar="TABLE...")
@click.option("--renew", is_flag=True, help="Remove the file in the cache folder first.")
@click.option("--force", is_flag=True, help="With --renew: whatever that file is.")
@says_what_is_wrong
def load(tables: tuple[str, ...], renew: bool, force: bool) -> None:
    """Load tables by name, every byte verified, and print where they are.

    TABLE is what coupling.load or coupling.load_arrays takes: a shipped name, another such as real-l16, complex-l24,
    real-l9-even or lebedev-l6, or a file.  What is not shipped is built once and kept in the user's cache folder.
    """
    for name in tables:
        shipped = _shipped(name)
        if renew:
            _remove(name, shipped, force)
        loaded = load_any(name)
        file = Path(name) if name.endswith(".safetensors") else shipped or _cached(loaded.request.name)
        place = "shipped" if shipped else "file" if name.endswith(".safetensors") else "cache"
        click.echo(f"{loaded!r}\n  {file} ({place}, {file.stat().st_size} bytes)")


def _shipped(name: str) -> Path | None:
    from coupling.files.reader import shipped_file

    return shipped_file(name, kind_of_name(name).listed)[0]


def _cached(name: str) -> Path:
    from coupling.files.cache import cache_folder
    from coupling.files.container import file_name

    return cache_folder(kind_of_name(name).version) / file_name(name)


def _remove(name: str, shipped: Path | None, force: bool) -> None:
    from coupling.files.cache import remove

    if shipped or name.endswith(".safetensors"):
        raise ValueError(f"--renew is for files in the cache folder; {name} is not one of them")
    remove(_cached(name), kind_of_name(name), force)
