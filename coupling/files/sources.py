"""The sources that have built a file: version of the package and a digest of everything that determines the numbers.

Both are in the metadata of every table, part and file of arrays.  What is kept to save work, an entry of the cache, a
part or the output of an earlier ``coupling build``, is used again only where they are those of this package; a file
that is loaded by its path is read whatever sources have built it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from coupling.files import Kind, table_folder
from coupling.version import __version__

#: Folders of the package whose sources enter the digest, with the modules beside them: all that the builders import.
FOLDERS = (
    "arrays", "exact", "families", "files", "foreign", "kernels", "manybody", "numbers", "programs", "sphere", "tables",
)  # fmt: skip
#: The data that they read.
DATA = "designs.safetensors"
KEYS = ("builder", "package_version")


def provenance() -> dict[str, Any]:
    """Return the metadata that say which sources are these."""
    return {"builder": builder_digest(), "package_version": __version__}


def describe(kind: Kind, request: Any) -> dict[str, Any]:
    """Return the metadata of a file that these sources build, without its checksum and what is counted in it.

    >>> from coupling.files import kind_named
    >>> from coupling.arrays import ArraysRequest
    >>> describe(kind_named("arrays"), ArraysRequest("lebedev", 4))["facts"]
    {'degree': 15, 'points': 86, 'rows': 96, 'weights_sum': '4 pi'}
    """
    return {**kind.constants(request), **provenance()}


def outdated(metadata: Mapping[str, Any]) -> str | None:
    """Return which other sources have built a file, by its metadata; None when these have.

    >>> outdated(provenance()), outdated({"package_version": "0.0.1"})
    (None, 'coupling 0.0.1')
    """
    found = {key: metadata.get(key) for key in KEYS}
    if found == provenance():
        return None
    version = found["package_version"]
    return f"other sources of coupling {version}" if version == __version__ else f"coupling {version}"


@cache
def builder_digest() -> str:
    """Return the SHA-256 of the builders' sources, the same for a checkout and an installed package.

    >>> len(builder_digest())
    64
    """
    return digest_of(source_files())


def source_files() -> Iterator[tuple[str, Path]]:
    """Give name and path of every file that enters the digest.

    >>> "tables/core.py" in dict(source_files())
    True
    """
    package = Path(__file__).parent.parent
    files = [*package.glob("*.py"), *(file for folder in FOLDERS for file in (package / folder).rglob("*.py"))]
    yield from ((file.relative_to(package).as_posix(), file) for file in files)
    yield DATA, table_folder() / DATA


def digest_of(files: Iterator[tuple[str, Path]]) -> str:
    """Return the SHA-256 over names and contents, in the order of the names; the ends of lines do not count."""
    digest = hashlib.sha256()
    for name, file in sorted(files):
        content = file.read_bytes()
        content = content.replace(b"\r\n", b"\n") if name.endswith(".py") else content
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
