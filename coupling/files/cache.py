"""Files that are not shipped: built on first request and cached, in the user's cache folder.

One process builds an entry while the others that request it wait; an entry appears whole or not at all.  It is verified
whenever it is loaded.  A damaged one is refused and stays where it is: something has gone wrong on this disk, and the
message says how to renew the file.  An entry that other sources have built, an older version or these before a change,
is built again, and a warning says so.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from coupling.conventions import CONVENTION_ID
from coupling.files import Kind, TableError, kind_named
from coupling.files.atomic import locked
from coupling.files.container import file_name, read
from coupling.files.ownership import file_kind, require_replaceable
from coupling.files.sources import outdated


def cache_folder(version: int = 1) -> Path:
    """Return the folder of what is built on demand, for a version of the file's schema; it need not exist.

    The operating system determines its place (``platformdirs.user_cache_path``), such as
    ``~/.cache/coupling`` or ``$XDG_CACHE_HOME/coupling`` on Linux.  It can be removed at any time.

    >>> cache_folder().name
    '1-coupling-1'
    """
    from platformdirs import user_cache_path

    return user_cache_path("coupling", appauthor=False) / f"{version}-{CONVENTION_ID}"


def cached(kind: Kind, request: Any) -> Path:
    """Return the file of a request in the cache; the kind's builder writes it, if it is not there, one process at a
    time.

    A file that other sources have built, of another version or changed since, is written again, with a warning.
    Raises OSError where nothing can be written, and what the builder raises for a request beyond the size that is
    built on demand; nothing is left behind then.
    """
    file, other = cache_folder(kind.version) / file_name(request.name), None
    try:
        if not file.exists() or other_builder(file):
            if kind.on_demand:
                kind.on_demand(request)
            file.parent.mkdir(parents=True, exist_ok=True)
            with locked(file):
                other = other_builder(file) if file.exists() else None
                if other or not file.exists():  # else another process has built it in the meantime
                    kind.call("build", request, file)
    except OSError as error:
        raise type(error)(f"{file.stem} is not shipped and cannot be built into {file.parent}: {error}") from error
    if other:
        warnings.warn(f"{file} was built by {other} and has been built again", stacklevel=5)
    return file


def other_builder(file: Path) -> str | None:
    """Return which other sources have built a file; None for these, and for what the reader will refuse."""
    found = file_kind(file)
    kind = kind_named(found.name) if found else None
    if kind is None or not kind.build:
        return None
    try:
        return outdated(read(file, verify=False).metadata)
    except TableError:
        return None


def refused(error: TableError) -> TableError:
    """Return the error of a damaged cache entry, with advice on how to renew it."""
    name = Path(error.file).stem
    advice = f"remove this file, or run `coupling load {name} --renew`, and it is built again"
    return TableError(error.file, error.field, error.expected, error.found, advice)


def remove(file: Path, kind: Kind, force: bool = False) -> None:
    """Remove a file of the cache, if it is there and no process builds it; one of another kind only by ``force``."""
    if file.parent.exists():
        with locked(file):
            require_replaceable(file, kind, force)
            file.unlink(missing_ok=True)
