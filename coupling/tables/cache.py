"""Files that are not shipped: built by whoever asks first, into the user's cache folder, and kept.

One process builds an entry while the others that ask for it wait; an entry appears whole or not at all.  It is verified
whenever it is loaded.  A damaged one is refused and stays where it is: something has gone wrong on this disk, and the
message says how to renew the file.  An entry that other sources have built, an older version or these before a change,
is built again, and a warning says so.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path

from coupling.conventions import CONVENTION_ID
from coupling.tables.atomic import locked
from coupling.tables.errors import TableError
from coupling.tables.format import read
from coupling.tables.ownership import Kind, file_kind, require_replaceable
from coupling.tables.request import Request, file_name
from coupling.tables.size import table_bytes
from coupling.tables.sources import outdated

#: A larger table is built by ``coupling build``, which goes on after an interruption and takes many workers.
TABLE_LIMIT = 1 << 30
#: Kinds of files in the cache.
KINDS = ("table", "arrays")
#: What a table is called that has not been given a name.
NAME = re.compile(r"(real|complex)-l(\d{1,9})(?:-(\d{1,9})-(\d{1,9}))?(?:-(even|odd))?", re.ASCII)


def cache_folder(version: int = 1) -> Path:
    """Return the folder of what is built on demand, for a version of the file's schema; it need not exist.

    It is where the operating system wants such files (``platformdirs.user_cache_path``), such as
    ``~/.cache/coupling`` or ``$XDG_CACHE_HOME/coupling`` on Linux.  It can be removed at any time.

    >>> cache_folder().name
    '1-coupling-1'
    """
    from platformdirs import user_cache_path

    return user_cache_path("coupling", appauthor=False) / f"{version}-{CONVENTION_ID}"


def request_of(name: str) -> Request | None:
    """Return the request whose default name this is, all families included; None when it is no such name.

    >>> request_of("complex-l24").lmax, request_of("real-l08"), request_of("real-l4-4-8-even").parity
    ((24, 24, 24), None, 'even')
    """
    match = NAME.fullmatch(name)
    if not match:
        return None
    basis, *degrees, parity = match.groups()
    lmax = [int(l) for l in degrees if l is not None]
    request = Request(lmax=lmax[0] if len(lmax) == 1 else lmax, basis=basis, parity=parity or "all")
    return request if request.name == name else None


def cached_table(request: Request) -> Path:
    """Return the file of a table in the cache, built now if it is not there.

    Raises ValueError for a table beyond 1 GiB, OSError where nothing can be written or the disk is too small; nothing
    is left behind then.
    """
    from coupling.tables.builder import build

    file, bytes = cache_folder() / file_name(request.name), _bytes(request)
    command = f"coupling build --lmax {','.join(map(str, request.lmax))} --basis {request.basis}"
    if bytes > TABLE_LIMIT and (not file.exists() or other_builder(file)):
        raise ValueError(
            f"a table is built on demand up to {TABLE_LIMIT} bytes, {request.name} has about {bytes}: "
            f"build it with `{command}` and load the file"
        )
    return cached(file, lambda: build(request, file))


def cached(file: Path, make: Callable[[], object]) -> Path:
    """Return a file of the cache; make() writes it, atomically, if it is not there, in one process at a time.

    A file that other sources have built, of another version or changed since, is written again, with a warning.
    """
    other = None
    try:
        if not file.exists() or other_builder(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            with locked(file):
                other = other_builder(file) if file.exists() else None
                if other or not file.exists():  # else another process has built it in the meantime
                    make()
    except OSError as error:
        raise type(error)(f"{file.stem} is not shipped and cannot be built into {file.parent}: {error}") from error
    if other:
        warnings.warn(f"{file} was built by {other} and has been built again", stacklevel=4)
    return file


def other_builder(file: Path) -> str | None:
    """Return which other sources have built a file; None for these, and for what the reader will refuse."""
    kind = file_kind(file)
    if kind is None or kind.name not in KINDS:
        return None
    try:
        return outdated(read(file, verify=False).metadata)
    except TableError:
        return None


def refused(error: TableError) -> TableError:
    """Return the error of a damaged cache entry with the words that say how to renew it."""
    name = Path(error.file).stem
    advice = f"remove this file, or run `coupling load {name} --renew`, and it is built again"
    return TableError(error.file, error.field, error.expected, error.found, advice)


def remove(file: Path, kind: Kind, force: bool = False) -> None:
    """Remove a file of the cache, if it is there, while nobody builds it; one of another kind only by ``force``."""
    if file.parent.exists():
        with locked(file):
            require_replaceable(file, kind, force)
            file.unlink(missing_ok=True)


def _bytes(request: Request) -> int:
    return table_bytes(request.lmax, request.basis, request.parity, len(request.families))
