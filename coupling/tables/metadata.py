"""What a table file says about itself: written by the builder, required by the reader.

The metadata hold no date, no host and no path, so the same request gives the same bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CONVENTION_ID
from coupling.families import family as known
from coupling.families import names
from coupling.indexing import entry_counts
from coupling.tables.errors import TableError
from coupling.tables.format import Tensor
from coupling.tables.ownership import Kind
from coupling.tables.request import Request
from coupling.tables.size import symmetry_zeros
from coupling.tables.sources import KEYS, check_provenance, provenance

SCHEMA = "coupling-table"
SCHEMA_VERSION = 1
ROUNDING = {
    "core": "float64 nearest to the exact value, ties to even; exact zeros are not stored",
    "reduced": "float64 nearest to the exact value, ties to even",
}
SOURCE = "square roots of rational numbers, for integrals over pi; each rounded once"
KIND = Kind("table", SCHEMA_VERSION)
COUNTS = ("accidental_zeros", "entries", "paths", "symmetry_zeros")


def describe(request: Request, paths: NDArray[np.uint8], entries: int) -> dict[str, Any]:
    """Return the metadata of a table, without its checksum."""
    return {**constant_part(request), **provenance(), "counts": count(request, paths, entries)}


def count(request: Request, paths: NDArray[np.uint8], entries: int) -> dict[str, int]:
    """Return the numbers of paths, entries and zeros of a table."""
    allowed = int(entry_counts(paths, request.basis).sum())
    symmetric = int(symmetry_zeros(paths, request.basis).sum())
    counts = (allowed - symmetric - entries, entries, len(paths), symmetric)
    return dict(zip(COUNTS, counts, strict=True))


def constant_part(request: Request) -> dict[str, Any]:
    """Return what is known about a table before it is built, whichever sources build it."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "convention": CONVENTION_ID,
        "name": request.name,
        "request": request.content,
        "request_digest": request.digest,
        "imaginary": list(imaginary_families(request)),
        "rounding": ROUNDING,
        "source": SOURCE,
    }


def imaginary_families(request: Request) -> tuple[str, ...]:
    """Return the families whose stored reduced factor is to be multiplied by i."""
    return tuple(f for f in request.families if known(f).is_imaginary(request.basis))


def tensors(request: Request, paths: int, entries: int) -> list[Tensor]:
    """Return the arrays of a table file in the order of the file, the float64 arrays first."""
    return [
        Tensor("core", "F64", (entries,)),
        *(Tensor(f"reduced_{family}", "F64", (paths,)) for family in request.families),
        Tensor("offsets", "I64", (paths + 1,)),
        Tensor("orders", "I8", (entries, 3)),
        Tensor("paths", "U8", (paths, 3)),
    ]


def check_metadata(file: str, metadata: dict[str, Any]) -> Request:
    """Return the request of a table whose metadata are complete and consistent, or raise TableError."""
    _check_schema(file, metadata)
    request = _request(file, metadata)
    expected = constant_part(request)
    for key in expected:
        if metadata.get(key) != expected[key]:
            raise TableError(file, key, expected[key], metadata.get(key, "nothing"))
    keys = {*expected, *KEYS, "counts", "checksum"}
    if metadata.keys() != keys:
        raise TableError(file, "metadata keys", sorted(keys), sorted(metadata))
    check_provenance(file, metadata)
    _check_counts(file, metadata["counts"])
    return request


def _check_schema(file: str, metadata: dict[str, Any]) -> None:
    if metadata.get("schema") != SCHEMA:
        raise TableError(file, "schema", SCHEMA, metadata.get("schema", "nothing"))
    version = metadata.get("schema_version")
    if version != SCHEMA_VERSION or type(version) is not int:
        newer = type(version) is int and version > SCHEMA_VERSION
        advice = "the file is newer: upgrade coupling" if newer else "build the table again: coupling build"
        raise TableError(file, "schema_version", f"{SCHEMA_VERSION} ({advice})", version)


def _request(file: str, metadata: dict[str, Any]) -> Request:
    content = metadata.get("request")
    _check_families(file, content)
    try:
        return Request(**content, name=metadata.get("name"))  # type: ignore[arg-type]
    except (ArithmeticError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise TableError(file, "request", "a valid request", error) from None


def _check_families(file: str, content: object) -> None:
    """Refuse a family that this process does not know, and say what to do."""
    given = content.get("families") if isinstance(content, dict) else None
    for text in given if isinstance(given, list) else []:
        if isinstance(text, str) and text.split(":")[0] not in names():
            advice = "a family that is known here; one of your own: register it with coupling.families.register"
            raise TableError(file, "families", advice, text)


def _check_counts(file: str, counts: object) -> None:
    if not isinstance(counts, dict) or sorted(counts) != list(COUNTS):
        raise TableError(file, "counts", COUNTS, counts)
    if not all(type(n) is int and n >= 0 for n in counts.values()):
        raise TableError(file, "counts", "integers >= 0", counts)
