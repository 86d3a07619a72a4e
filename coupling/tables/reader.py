"""From a file to a table, with numpy and the standard library alone.

The reader knows nothing of how values are made.  It accepts a file only if every byte is what the metadata say it is.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import Any

from coupling.tables.errors import TableError
from coupling.tables.format import Content, read
from coupling.tables.manifest import file_digest, read_manifest, table_folder
from coupling.tables.metadata import check_metadata, tensors
from coupling.tables.request import Request, file_name
from coupling.tables.structure import check_entries, check_paths
from coupling.tables.table import Table


def load(name: str | os.PathLike[str], *, verify: bool = True) -> Table:
    """Return the table of a file, memory-mapped and read-only.

    name : the name of a shipped table ("real-l8"), or the path of a ``.safetensors`` file
    verify : False leaves out the checks that read every byte, for a large file that has been verified before

    Raises TableError, naming file, field, expected and found, for a file that is damaged, of another schema, or not
    what it says it is; FileNotFoundError, saying how to make it, for one that does not exist.

    >>> load("real-l4").block(1, 1, 1, "gaunt").any()
    np.False_
    """
    if isinstance(name, str) and Path(name).name == name and not name.endswith(".safetensors"):
        return _load_shipped(name, verify)
    return _load_file(Path(name), verify)


def _load_file(path: Path, verify: bool) -> Table:
    if not path.exists():
        raise FileNotFoundError(f"there is no table file {path}; make one with: coupling build --output {path.name}")
    content = read(path, verify)
    request = check_metadata(str(path), content.metadata)
    if path.name != file_name(request.name):
        raise TableError(path, "name", f"{file_name(request.name)}, the name in its metadata", path.name)
    table = _table(path, request, content)
    check_paths(path, table)
    if verify:
        check_entries(path, table)
    return table


def _table(path: Path, request: Request, content: Content) -> Table:
    counts = content.metadata["counts"]
    expected = tensors(request, counts["paths"], counts["entries"])
    for found, wanted in zip(content.tensors, expected, strict=False):
        if found != wanted:
            raise TableError(path, f"array {found.name}", wanted, found)
    if len(content.tensors) != len(expected):
        raise TableError(path, "arrays", [t.name for t in expected], [t.name for t in content.tensors])
    arrays = content.arrays
    factors = MappingProxyType({family: arrays[f"reduced_{family}"] for family in request.families})
    metadata = MappingProxyType(content.metadata)
    return Table(request, metadata, arrays["paths"], arrays["offsets"], arrays["orders"], arrays["core"], factors)


def _load_shipped(name: str, verify: bool) -> Table:
    entry = read_manifest().get(name)
    path = table_folder() / "data" / file_name(name)
    if entry is None:
        known = ", ".join(sorted(read_manifest())) or "none"
        raise FileNotFoundError(f"no shipped table is called {name!r} (they are: {known}); a path ends in .safetensors")
    if not path.exists():
        raise FileNotFoundError(f"the table {name} is not shipped but built on demand: coupling build --all")
    if verify:
        _check_file(path, entry)
    return _load_file(path, verify)


def _check_file(path: Path, entry: dict[str, Any]) -> None:
    digest = file_digest(path)
    if digest != entry["sha256"]:
        raise TableError(path, "sha256", f"{entry['sha256']}, as in the manifest", digest)
