"""Find and read a file of any kind by name or path, with numpy and the standard library alone.

The reader knows nothing of how values are made.  It accepts a file only if every byte is what the metadata say it is.
What is shipped is in the manifest, with the digest of each file: it is committed, the larger files are not, and a
rebuild on any machine gives the files it names, byte by byte.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from coupling.files import Kind, TableError, table_folder
from coupling.files.container import Tensor, check_checksum, file_name, read
from coupling.names import is_version, suggestion
from coupling.quoted import quoted

#: Schema of a manifest, and what it lists: tables, the arrays that go with them, and many-body bases.
MANIFEST_VERSION = 3
LISTED = ("tables", "arrays", "bases")


def load(kind: Kind, name: str | os.PathLike[str], verify: bool = True, mapped: bool = True) -> Any:
    """Return what a file of a kind holds: one that is shipped, one that is built on demand, or one at a path.

    verify : False leaves out the checks that read every byte; mapped : False reads the file into memory

    >>> from coupling.files import kind_named
    >>> load(kind_named("table"), "real-l4").request.lmax
    (4, 4, 4)
    """
    if not isinstance(name, str) or Path(name).name != name or name.endswith(".safetensors"):
        return load_file(kind, Path(name), verify, mapped)
    path, entry = shipped_file(name, kind.listed)
    if path is None:
        return _load_cached(kind, name, entry, verify, mapped)
    if verify:
        check_digest(path, entry)
    return load_file(kind, path, verify, mapped)


def load_file(kind: Kind, path: Path, verify: bool = True, mapped: bool = True) -> Any:
    """Return what the file at a path holds; TableError, naming file, field, expected and found, where it is not sound.

    A file whose header promises too much is refused before anything else of it is read.
    """
    if not path.exists():
        raise FileNotFoundError(kind.missing.format(path=path, name=path.name))
    content = read(path, verify=False, mapped=mapped)
    request = check_metadata(kind, path, content.metadata)
    if path.name != file_name(stated := content.metadata.get("name", path.stem)):
        raise TableError(path, "name", f"{file_name(stated)}, the name in its metadata", path.name)
    check_tensors(path, content.tensors, kind.tensors(path, request, content.metadata))
    if verify:
        check_checksum(path, content)
    return kind.value(path, request, content, verify)


def _load_cached(kind: Kind, name: str, entry: dict[str, Any], verify: bool, mapped: bool) -> Any:
    from coupling.files.cache import cached, refused

    request = kind.named(name)
    if request is None:
        shipped = sorted(read_manifest(kind=kind.listed))
        raise FileNotFoundError(
            kind.unknown.format(name=quoted(name), shipped=", ".join(shipped) or "none") + suggestion(name, shipped)
        )
    if entry and entry["request_digest"] != request.digest:
        what = f"the shipped {kind.name} {name!r} is not there"
        raise FileNotFoundError(f"{what}, and its name does not say what it holds")
    path = cached(kind, request)
    try:
        value = load_file(kind, path, verify, mapped)
        if value.request.digest != request.digest:
            raise TableError(path, "request_digest", request.digest, value.request.digest)
    except TableError as error:
        raise refused(error) from None
    return value


# -- what a file says about itself ------------------------------------------------------------


def check_metadata(kind: Kind, path: Path, metadata: dict[str, Any]) -> Any:
    """Return the request of a file whose metadata are complete and consistent, or raise TableError."""
    file = str(path)
    _check_schema(kind, file, metadata)
    request = kind.request(file, metadata)
    expected = kind.constants(request)
    for key, wanted in expected.items():
        found = metadata.get(key, "nothing")
        if found != wanted or type(found) is not type(wanted):
            raise TableError(file, key, wanted, found)
    keys = {*expected, *kind.keys, "package_version", "checksum"}
    if metadata.keys() != keys:
        raise TableError(file, "metadata keys", sorted(keys), sorted(metadata))
    if not is_version(metadata["package_version"]):
        raise TableError(file, "package_version", "a version such as 0.1.0", metadata["package_version"])
    builder = metadata.get("builder", "0" * 64)
    if not isinstance(builder, str) or not re.fullmatch("[0-9a-f]{64}", builder):
        raise TableError(file, "builder", "64 hexadecimal digits", builder)
    return request


def _check_schema(kind: Kind, file: str, metadata: dict[str, Any]) -> None:
    found = metadata.get("schema", "nothing")
    if found != kind.schema:
        advice = "this is a table: coupling.load" if found == "coupling-table" and kind.name == "arrays" else ""
        raise TableError(file, "schema", kind.schema, found, advice)
    version = metadata.get("schema_version")
    if version not in kind.versions or type(version) is not int:
        newer = type(version) is int and version > max(kind.versions)
        advice = "the file is newer: upgrade coupling" if newer else kind.renewal
        raise TableError(file, "schema_version", f"{' or '.join(map(str, kind.versions))} ({advice})", version)


def check_tensors(path: Path, tensors: list[Tensor], expected: list[Tensor]) -> None:
    """Raise TableError unless the arrays of a file are the expected ones, in this order."""
    for found, wanted in zip(tensors, expected, strict=False):
        if found != wanted:
            raise TableError(path, f"array {found.name}", wanted, found)
    if len(tensors) != len(expected):
        raise TableError(path, "arrays", [t.name for t in expected], [t.name for t in tensors])


# -- what is shipped --------------------------------------------------------------------------


def read_manifest(folder: Path | None = None, kind: str = "tables") -> dict[str, dict[str, Any]]:
    """Return the tables, arrays or bases of a manifest: name → bytes, request_digest, sha256, maybe counts.

    No manifest, no tables.

    >>> sorted(read_manifest())
    ['complex-l4', 'real-l12', 'real-l4', 'real-l8']
    """
    file = (folder or table_folder()) / "manifest.json"
    try:
        content = json.loads(file.read_bytes())
        lists = {k: {str(name): dict(entry) for name, entry in content[k].items()} for k in LISTED}
        known = all(isinstance(entry["sha256"], str) for entries in lists.values() for entry in entries.values())
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        keys = ", ".join(LISTED)
        raise TableError(file, "manifest", f"a JSON object with the keys {keys}", repr(error)) from None
    if not known or content.get("schema_version") != MANIFEST_VERSION:
        raise TableError(file, "schema_version", MANIFEST_VERSION, content.get("schema_version"))
    return lists.get(kind, {})


def shipped_file(name: str, kind: str = "tables") -> tuple[Path | None, dict[str, Any]]:
    """Return the file of what is shipped under a name, or None, and its entry in the manifest, which may be empty.

    >>> file, entry = shipped_file("real-l4")
    >>> file.stat().st_size == entry["bytes"]
    True
    """
    entry = read_manifest(kind=kind).get(name, {})
    path = table_folder() / "data" / file_name(name)
    return (path if entry and path.exists() else None), entry


def check_digest(path: Path, entry: dict[str, Any]) -> None:
    """Raise TableError unless a file is the one of its entry in the manifest."""
    digest = file_digest(path)
    if digest != entry["sha256"]:
        raise TableError(path, "sha256", f"{entry['sha256']}, as in the manifest", digest)


def file_digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
