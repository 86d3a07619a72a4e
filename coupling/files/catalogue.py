"""Files that are built, kept and checked one after the other, and the manifest of those that are shipped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CONVENTION_ID
from coupling.files import Kind, TableError
from coupling.files.atomic import write_file
from coupling.files.reader import LISTED, MANIFEST_VERSION, file_digest, load_file
from coupling.files.report import Report
from coupling.files.sources import describe
from coupling.version import __version__

ArrayMapping = Mapping[str, NDArray[Any]]
ManifestEntries = Iterable[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Outcome:
    """A requested value and its file, whether it was built just now and how long that took, its checks."""

    value: Any
    file: Path
    built: bool
    seconds: float
    report: Report | None

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return self.file.stat().st_size

    @property
    def entry(self) -> tuple[str, dict[str, Any]]:
        """Name and entry of the manifest."""
        return self.value.request.name, manifest_entry(self.file, self.value.metadata)


def build_one(
    kind: Kind,
    request: Any,
    file: Path,
    check: Callable[[Any, bool], Report] | None = None,
    *,
    force: bool = False,
    same: Callable[[], ArrayMapping] | None = None,
    **options: Any,
) -> Outcome:
    """Build a file unless it is up to date, and check it, in either case, where a check(value, built) is given.

    same : gives the arrays that these sources compute: a file that differs in nothing but the digest of the sources is
        kept then, so that a shipped file changes with its numbers and not with every change of the sources
    options : of the builder of the kind
    """
    start, before = time.perf_counter(), _stamp(file)
    value = with_these_numbers(kind, request, file, same) if same and not force else None
    if value is None:
        value = kind.call("build", request, file, force=force, **options)
    built, seconds = _stamp(file) != before, time.perf_counter() - start
    return Outcome(value, file, built, seconds, check(value, built) if check else None)


def up_to_date(kind: Kind, request: Any, file: Path) -> Any | None:
    """Return what a file holds that is sound and is what these sources would build, or None."""
    try:
        value = load_file(kind, file)
    except (FileNotFoundError, TableError):
        return None
    return value if describe(kind, request).items() <= value.metadata.items() else None


def _stamp(file: Path) -> tuple[int, int] | None:
    return (status.st_ino, status.st_mtime_ns) if file.exists() and (status := file.stat()) else None


def with_these_numbers(kind: Kind, request: Any, file: Path, same: Callable[[], ArrayMapping]) -> Any | None:
    """Return what a file holds if these sources would build it, but for their digest; else None."""
    try:
        value = load_file(kind, file)
    except (FileNotFoundError, TableError):
        return None
    expected = describe(kind, request)
    differ = {key for key in expected if value.metadata[key] != expected[key]}
    kept = not differ or (differ == {"builder"} and same_numbers(value.held, same()))
    return value if kept else None


def same_numbers(left: ArrayMapping, right: ArrayMapping) -> bool:
    """Return whether arrays have equal names, and equal numbers to the bit.

    >>> same_numbers({"x": np.zeros(2)}, {"x": np.zeros(2)}), same_numbers({"x": np.zeros(2)}, {"x": -np.zeros(2)})
    (True, False)
    """
    bits = ({name: array.reshape(-1).view(np.uint8) for name, array in arrays.items()} for arrays in (left, right))
    first, second = bits
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def shipped_names(folder: Path, listed: str) -> list[str]:
    """Return the names of what is shipped under a key of the manifest, ``<key>.toml`` of a folder.

    >>> from coupling.files import table_folder
    >>> shipped_names(table_folder(), "bases")
    ['symmetric-l4-n3', 'symmetric-l3-n4']
    """
    import tomllib

    return [str(name) for name in tomllib.loads((folder / f"{listed}.toml").read_text(encoding="utf-8"))["names"]]


def manifest_entry(file: Path, metadata: Any) -> dict[str, Any]:
    """Return the entry of a file in the manifest."""
    return {
        "bytes": file.stat().st_size,
        **({"counts": metadata["counts"]} if "counts" in metadata else {}),
        "request_digest": metadata["request_digest"],
        "sha256": file_digest(file),
    }


def write_manifest(folder: Path, *lists: ManifestEntries, force: bool = False) -> bool:
    """Write the manifest of a folder, a list for each name of ``LISTED``; return whether it differs from the last."""
    content = {
        "schema": "coupling-manifest",
        "schema_version": MANIFEST_VERSION,
        "convention": CONVENTION_ID,
        "package_version": __version__,
        **{name: dict(sorted(entries)) for name, entries in zip(LISTED, lists, strict=True)},
    }
    text = (json.dumps(content, indent=2, ensure_ascii=True) + "\n").encode()
    return write_file(folder / "manifest.json", text, force=force)
