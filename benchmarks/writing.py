"""Pages and pictures of the benchmarks: nothing that a benchmark did not write is replaced without ``--force``.

The rule is that of the package, :mod:`coupling.files.ownership`: a page says which command wrote it, a picture which
program, and only its own kind may take its place.  A page that would be refused is refused before anything is measured.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from coupling.files import Kind
from coupling.files.atomic import write_file
from coupling.files.ownership import require_replaceable
from coupling.plots.style import require_picture


def add_options(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--write`` and ``--force``."""
    parser.add_argument("--write", action="store_true", help=f"write {what}")
    parser.add_argument("--force", action="store_true", help="write over files that no benchmark wrote")


def require(parser: argparse.ArgumentParser, force: bool, by: str, *files: Path) -> None:
    """End the program unless pages that ``by`` writes, and pictures, may be written."""
    try:
        for file in files:
            if file.suffix == ".png":
                require_picture(file, force)
            else:
                require_replaceable(file, Kind(f"page of {by}"), force)
    except OSError as error:
        parser.error(str(error))


def write(file: Path, text: str, force: bool) -> None:
    """Write a page, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_file(file, text.encode(), force=force)
