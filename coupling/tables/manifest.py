"""The manifest: which tables and arrays belong to this version of the package, and the digest of each file.

It is committed; the larger tables are not.  A rebuild on any machine must give the files it names, byte by byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coupling.conventions import CONVENTION_ID
from coupling.tables.atomic import write_file
from coupling.tables.errors import TableError
from coupling.version import __version__

SCHEMA = "coupling-manifest"
SCHEMA_VERSION = 2
#: What a manifest lists: tables, and the arrays that go with them.
KINDS = ("tables", "arrays")


def table_folder() -> Path:
    """Return the folder of manifest and data: inside an installed package, or ``tables`` of a checkout.

    >>> (table_folder() / "manifest.json").exists()
    True
    """
    inside = Path(__file__).parent
    return inside if (inside / "manifest.json").exists() else inside.parents[1] / "tables"


def read_manifest(folder: Path | None = None, kind: str = "tables") -> dict[str, dict[str, Any]]:
    """Return the tables, or the arrays, of a manifest: name → bytes, request_digest, sha256, and counts of tables.

    No manifest, no tables.

    >>> sorted(read_manifest())
    ['complex-l4', 'real-l12', 'real-l4', 'real-l8']
    """
    file = (folder or table_folder()) / "manifest.json"
    try:
        content = json.loads(file.read_bytes())
        lists = {k: {str(name): dict(entry) for name, entry in content[k].items()} for k in KINDS}
        known = all(isinstance(entry["sha256"], str) for entries in lists.values() for entry in entries.values())
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TableError(file, "manifest", "a JSON object with the keys 'tables' and 'arrays'", repr(error)) from None
    if not known or content.get("schema_version") != SCHEMA_VERSION:
        raise TableError(file, "schema_version", SCHEMA_VERSION, content.get("schema_version"))
    return lists[kind]


def shipped_file(name: str, kind: str = "tables") -> tuple[Path | None, dict[str, Any]]:
    """Return the file of what is shipped under a name, or None, and its entry in the manifest, which may be empty.

    >>> file, entry = shipped_file("real-l4")
    >>> file.stat().st_size == entry["bytes"]
    True
    """
    entry = read_manifest(kind=kind).get(name, {})
    path = table_folder() / "data" / f"{name}.safetensors"
    return (path if entry and path.exists() else None), entry


def check_digest(path: Path, entry: dict[str, Any]) -> None:
    """Raise TableError unless a file is the one of its entry in the manifest."""
    digest = file_digest(path)
    if digest != entry["sha256"]:
        raise TableError(path, "sha256", f"{entry['sha256']}, as in the manifest", digest)


def manifest_entry(file: Path, metadata: Any) -> dict[str, Any]:
    """Return the entry of a file of a table or of arrays."""
    return {
        "bytes": file.stat().st_size,
        **({"counts": metadata["counts"]} if "counts" in metadata else {}),
        "request_digest": metadata["request_digest"],
        "sha256": file_digest(file),
    }


def file_digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


Entries = Iterable[tuple[str, dict[str, Any]]]


def write_manifest(folder: Path, tables: Entries, arrays: Entries, *, force: bool = False) -> bool:
    """Write the manifest of a folder; return whether it differs from the one that was there."""
    content = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "convention": CONVENTION_ID,
        "package_version": __version__,
        "tables": dict(sorted(tables)),
        "arrays": dict(sorted(arrays)),
    }
    text = (json.dumps(content, indent=2, ensure_ascii=True) + "\n").encode()
    return write_file(folder / "manifest.json", text, force=force)
