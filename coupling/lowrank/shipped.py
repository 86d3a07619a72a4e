"""Files of factors: results of a study as tables, in the format of all table files, for whoever uses them.

A file is safetensors.  The metadata, checksummed with everything else, list the results with their problems, ranks and
certificates; result number k has the arrays ``k.a``, ``k.b`` and ``k.c`` [n, R], float64.  Loading costs numpy only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coupling.conventions import CONVENTION_ID, GAUNT
from coupling.integers import count, degree
from coupling.lowrank.records import Record
from coupling.lowrank.structure import check_keys, checked_record, described, problem_of
from coupling.lowrank.verification import false_errors
from coupling.quoted import quoted
from coupling.tables.errors import TableError
from coupling.tables.format import Tensor, read, write
from coupling.tables.manifest import table_folder
from coupling.version import __version__

SCHEMA = "coupling-factors"
SCHEMA_VERSION = 1
FIXED = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "convention": CONVENTION_ID}

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
        **FIXED,
        "package_version": __version__,
        "results": [described(record) for record in records],
    }
    return write(file, metadata, tensors, arrays, force=force)


def load_factors(file: str | os.PathLike[str]) -> list[Record]:
    """Return the results of a file of factors.

    file: its path, or "gaunt", "bracket" or "whole" for a shipped one.  Raises TableError, naming file, field, expected
    and found, for a file that is damaged, of another kind, or claims errors that are not those of its factors; files
    that are shipped are not evaluated again.

    >>> records = load_factors("gaunt")
    >>> records[-1].spec["lmax"], records[-1].proved
    ([8, 8, 8], True)
    """
    path = table_folder() / "factors" / f"{file}.safetensors" if file in PROBLEMS else Path(file)
    content = read(path)
    check_keys(path, content.metadata, FIXED, {"results", "package_version", "checksum"})
    results = content.metadata["results"]
    count = len(results) if isinstance(results, list) else 0
    names = [f"{number}.{slot}" for number in range(count) for slot in "abc"]
    if not count or [tensor.name for tensor in content.tensors] != names:
        found = [tensor.name for tensor in content.tensors]
        raise TableError(path, "results", "a list of results with three arrays each", found)
    records = [
        checked_record(path, f"results[{number}]", values, [content.arrays[f"{number}.{slot}"] for slot in "abc"])
        for number, values in enumerate(results)
    ]
    if file not in PROBLEMS:
        for number, record in enumerate(records):
            check_claims(path, f"results[{number}]", record)
    return records


def check_claims(file: Path, where: str, record: Record) -> None:
    """Raise TableError unless the errors of a record are those of its factors, in double precision."""
    wrong = false_errors(problem_of(file, record.spec), record)
    if wrong:
        raise TableError(file, where, "errors that are those of the factors", "; ".join(wrong))


def shipped(problem: str, lmax: int, rank: int | None = None) -> Record:
    """Return a shipped result: of "gaunt", "bracket" (weights 1, degrees to 8) or "whole", the highest rank by default.

    Its ``product_factors`` are what :func:`coupling.products.simulate` takes; ``error`` is that of the product, and
    zero to rounding where ``proved``.  Raises ValueError, naming what there is, for a result that is not shipped.

    >>> record = shipped("gaunt", 3, 1)
    >>> record.rank, round(record.error, 3), [x.shape for x in record.product_factors["even"]]
    (1, 0.06, [(4, 1), (4, 1), (4, 1)])
    """
    if problem not in PROBLEMS:
        raise ValueError(f"shipped factors are those of {', '.join(PROBLEMS)}, got {quoted(problem)}")
    lmax, rank = degree(lmax, "lmax"), None if rank is None else count(rank, "rank")
    found = {record.rank: record for record in load_factors(problem) if record.spec["lmax"][0] == lmax}
    if not found or (rank is not None and rank not in found):
        ranks = f"of degrees to {quoted(lmax)} have ranks {sorted(found)}"
        raise ValueError(f"{problem} factors {ranks}, got {quoted(rank)}")
    return found[max(found) if rank is None else rank]
