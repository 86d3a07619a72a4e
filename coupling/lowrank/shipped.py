"""Files of factors: results of a study as tables, in the format of all table files, for whoever uses them.

A file is safetensors.  The metadata, checksummed with everything else, list the results with their problems, ranks and
certificates; result number k has the arrays ``k.a``, ``k.b`` and ``k.c`` [n, R], float64.  Loading costs numpy only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from coupling.conventions import CONVENTION_ID, GAUNT
from coupling.lowrank.records import Record, from_values
from coupling.tables.errors import TableError
from coupling.tables.format import Tensor, read, write
from coupling.tables.manifest import table_folder
from coupling.version import __version__

SCHEMA = "coupling-factors"
SCHEMA_VERSION = 1

#: Files that are shipped.
PROBLEMS = (GAUNT, "bracket", "whole")


def save_factors(records: Sequence[Record], file: Path, *, force: bool = False) -> dict[str, Any]:
    """Write results with real factors into one file and return its metadata; the same results give the same bytes.

    Raises FileExistsError for a file that is there and holds no factors, or is of a newer schema, unless ``force``.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     metadata = save_factors([shipped("gaunt", 2)], Path(folder) / "mine.safetensors")
    ...     [record.rank for record in load_factors(Path(folder) / "mine.safetensors")]
    [2]
    """
    if any(np.iscomplexobj(record.factors[0]) for record in records):
        raise ValueError("files of factors hold real ones, got complex ones")
    arrays = [np.ascontiguousarray(x, float) for record in records for x in record.factors]
    names = [f"{number}.{slot}" for number in range(len(records)) for slot in "abc"]
    tensors = [Tensor(name, "F64", x.shape) for name, x in zip(names, arrays, strict=True)]
    metadata = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "convention": CONVENTION_ID,
        "package_version": __version__,
        "results": [_described(record) for record in records],
    }
    return write(file, metadata, tensors, arrays, force=force)


def _described(record: Record) -> dict[str, Any]:
    values = {f.name: getattr(record, f.name) for f in fields(record) if f.name != "factors"}
    return values | {"certificate": vars(record.certificate)}


def load_factors(file: str | os.PathLike[str]) -> list[Record]:
    """Return the results of a file of factors.

    file: its path, or "gaunt", "bracket" or "whole" for a shipped one.  Raises TableError, naming file, field, expected
    and found, for a file that is damaged or another kind of file.

    >>> records = load_factors("gaunt")
    >>> records[-1].spec["lmax"], records[-1].proved
    ([8, 8, 8], True)
    """
    path = table_folder() / "factors" / f"{file}.safetensors" if file in PROBLEMS else Path(file)
    content = read(path)
    for key, wanted in (("schema", SCHEMA), ("schema_version", SCHEMA_VERSION), ("convention", CONVENTION_ID)):
        if content.metadata.get(key) != wanted:
            raise TableError(path, key, wanted, content.metadata.get(key, "nothing"))
    try:
        return [
            from_values(values, [content.arrays[f"{number}.{slot}"] for slot in "abc"])
            for number, values in enumerate(content.metadata["results"])
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise TableError(path, "results", "the fields and three arrays of each result", repr(error)) from None


def shipped(problem: str, lmax: int, rank: int | None = None) -> Record:
    """Return a shipped result: of "gaunt", "bracket" (weights 1, degrees to 8) or "whole", the highest rank by default.

    Its ``product_factors`` are what :func:`coupling.products.simulate` takes; ``error`` is that of the product, and
    zero to rounding where ``proved``.  Raises ValueError, naming what there is, for a result that is not shipped.

    >>> record = shipped("gaunt", 3, 1)
    >>> record.rank, round(record.error, 3), [x.shape for x in record.product_factors["even"]]
    (1, 0.06, [(4, 1), (4, 1), (4, 1)])
    """
    if problem not in PROBLEMS:
        raise ValueError(f"shipped factors are those of {', '.join(PROBLEMS)}, got {problem!r}")
    found = {record.rank: record for record in load_factors(problem) if record.spec["lmax"][0] == lmax}
    if not found or (rank is not None and rank not in found):
        raise ValueError(f"{problem} factors of degrees to {lmax} are shipped for ranks {sorted(found)}, got {rank}")
    return found[max(found) if rank is None else rank]
