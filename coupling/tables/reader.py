"""From a file to a table, with numpy and the standard library alone.

The reader knows nothing of how values are made.  It accepts a file only if every byte is what the metadata say it is.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import Any

from coupling.quoted import quoted
from coupling.tables.errors import TableError
from coupling.tables.format import Content, check_checksum, read
from coupling.tables.manifest import check_digest, read_manifest, shipped_file
from coupling.tables.metadata import check_metadata, tensors
from coupling.tables.request import Request, file_name
from coupling.tables.structure import check_entries, check_paths
from coupling.tables.table import Table


def load(name: str | os.PathLike[str], *, verify: bool = True, mapped: bool = True) -> Table:
    """Return the table of a file, memory-mapped and read-only.

    name : the name of a shipped table ("real-l8"), the name of any other ("real-l16", "complex-l24", "real-l4-4-8",
        "real-l9-even": basis, largest degree or one per slot, parity), or the path of a ``.safetensors`` file
    verify : False leaves out the checks that read every byte, for a large file that has been verified before
    mapped : False reads the file into memory, once.  A mapped table reads its file as long as it lives: should another
        program cut that file short, the system ends this process (SIGBUS) when it next reads there.  This package
        never does so, it puts a new file in the place of an old one; for a file that others write to, take a copy

    A table that is not shipped is built when it is asked for, up to 1 GiB (degree 39 in the real basis, 45 in the
    complex one), and kept in the user's cache folder, ``coupling.tables.cache.cache_folder()``.  Nothing else is ever
    written.

    Raises TableError, naming file, field, expected and found, for a file that is damaged, of another schema, or not
    what it says it is; FileNotFoundError, with the names that are valid, for a name or file that does not exist;
    another OSError for a folder, a pipe or a device;
    ValueError or OSError, with the bytes needed, for a table that is too large.

    >>> load("real-l4").block(1, 1, 1, "gaunt").any()
    np.False_
    """
    if isinstance(name, str) and Path(name).name == name and not name.endswith(".safetensors"):
        return _load_named(name, verify, mapped)
    return _load_file(Path(name), verify, mapped)


def _load_file(path: Path, verify: bool, mapped: bool) -> Table:
    if not path.exists():
        advice = f"make one with: coupling build --lmax L --output {path.name}"
        raise FileNotFoundError(f"there is no table file {path}; {advice}")
    content = read(path, verify=False, mapped=mapped)
    request = check_metadata(str(path), content.metadata)
    if path.name != file_name(request.name):
        raise TableError(path, "name", f"{file_name(request.name)}, the name in its metadata", path.name)
    table = _table(path, request, content)
    if verify:
        check_checksum(path, content)
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


def _load_named(name: str, verify: bool, mapped: bool) -> Table:
    path, entry = shipped_file(name)
    if path is None:
        return _load_cached(name, entry, verify, mapped)
    if verify and entry:
        check_digest(path, entry)
    return _load_file(path, verify, mapped)


def _load_cached(name: str, entry: dict[str, Any], verify: bool, mapped: bool) -> Table:
    from coupling.tables.cache import cached_table, refused, request_of

    request = request_of(name)
    if request is None:
        known = ", ".join(sorted(read_manifest())) or "none"
        raise FileNotFoundError(
            f"no table is called {quoted(name)}: shipped are {known}; built when asked for are real-l<N> and "
            "complex-l<N>, such as real-l16; a path ends in .safetensors"
        )
    if entry and entry["request_digest"] != request.digest:
        raise FileNotFoundError(f"the shipped table {name!r} is not there, and its name does not say what it holds")
    path = cached_table(request)
    try:
        table = _load_file(path, verify, mapped)
        if table.request.digest != request.digest:
            raise TableError(path, "request_digest", request.digest, table.request.digest)
    except TableError as error:
        raise refused(error) from None
    return table
