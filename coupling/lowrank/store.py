"""Results of a study as files: one for each problem and rank, whole or absent, and none that is not true.

A file is safetensors with one canonical JSON text of metadata and a checksum, as all files of this package.  The
metadata say the problem, the rank and the kind of numbers (``request``) and what is claimed (``result``); the arrays
are the factors ``a``, ``b`` and ``c`` [n, R], complex ones [n, R, 2], and the ``weights`` of a problem that has its
own.  When a file is read, its errors are evaluated again from the factors against the exact entries of the problem, and
what is called exact is refined and proved again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from coupling.conventions import CONVENTION_ID
from coupling.lowrank.factors import Array
from coupling.lowrank.problems import Problem, from_spec
from coupling.lowrank.records import Record, file_name
from coupling.lowrank.shipped import load_factors
from coupling.lowrank.structure import check_keys, checked_record, described, problem_of, shape_of, stem
from coupling.lowrank.verification import claims_in_vain
from coupling.tables.errors import TableError
from coupling.tables.format import Content, Tensor, check_checksum, read, write
from coupling.version import __version__

SCHEMA = "coupling-record"
SCHEMA_VERSION = 1
FIXED = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "convention": CONVENTION_ID}
REQUEST = {"complex", "problem", "rank"}

#: Checksums of files that this process has written or found true.
TRUE: set[str] = set()


def keep(record: Record, folder: Path) -> Path:
    """Write a record into a folder, under the name of its problem and rank, and return the file.

    >>> from tempfile import TemporaryDirectory
    >>> from coupling.lowrank import shipped
    >>> with TemporaryDirectory() as folder:
    ...     file = keep(shipped("gaunt", 2), Path(folder))
    ...     file.name, kept(file).error == shipped("gaunt", 2).error
    ('gaunt-inverse-all-real-unit-l2.2.2-r2.safetensors', True)
    """
    problem, is_complex = from_spec(record.spec), bool(np.iscomplexobj(record.factors[0]))
    file = folder / file_name(problem, record.rank, is_complex)
    result = {key: value for key, value in described(record).items() if key not in ("spec", "rank")}
    spec, arrays = dict(record.spec), {slot: _real(x) for slot, x in zip("abc", record.factors, strict=True)}
    if not isinstance(spec.get("weights", ""), str):  # too long for a header
        arrays["weights"], spec["weights"] = np.array(spec["weights"], float), None
    request = {"problem": spec, "rank": record.rank, "complex": is_complex}
    metadata = {**FIXED, "name": stem(file), "request": request, "result": result, "package_version": __version__}
    folder.mkdir(parents=True, exist_ok=True)
    tensors = [Tensor(name, "F64", array.shape) for name, array in arrays.items()]
    TRUE.add(write(file, metadata, tensors, arrays.values())["checksum"])
    return file


def _real(factor: Array) -> Array:
    factor = np.ascontiguousarray(factor)
    return np.stack([factor.real, factor.imag], axis=-1) if np.iscomplexobj(factor) else factor.astype(float)


def read_record(file: str | os.PathLike[str]) -> Record:
    """Return the record of a file that is what it says it is; whether its claims are true is not asked.

    Raises TableError, naming file, field, expected and found, for a file that is damaged, of another kind, or under
    another name.
    """
    content = read(Path(file), verify=False)
    check_keys(file, content.metadata, FIXED, {"name", "request", "result", "package_version", "checksum"})
    spec, rank = _request(file, content)
    check_checksum(Path(file), content)
    problem = problem_of(file, spec)
    name = stem(file_name(problem, rank, content.metadata["request"]["complex"]))
    for found in (content.metadata["name"], stem(file)):
        if found != name:
            raise TableError(file, "name", f"{name}, after its problem and rank", found)
    result = content.metadata["result"]
    values = {**result, "spec": problem.spec, "rank": rank} if isinstance(result, dict) else result
    factors = [_numbers(content.arrays[slot]) for slot in "abc"]
    return checked_record(file, "result", values, factors)


def _request(file: str | os.PathLike[str], content: Content) -> tuple[dict[str, Any], int]:
    """Return problem and rank after checking that the arrays of the file are theirs."""
    request = content.metadata["request"]
    if not isinstance(request, dict) or request.keys() != REQUEST or not isinstance(request["problem"], dict):
        raise TableError(file, "request", f"an object with the keys {', '.join(sorted(REQUEST))}", request)
    rank, spec = request["rank"], dict(request["problem"])
    if type(rank) is not int or rank < 1 or type(request["complex"]) is not bool:
        raise TableError(file, "request", "a rank >= 1, and whether factors are complex", request)
    parts = (2,) if request["complex"] else ()
    expected = [Tensor(s, "F64", (n, rank, *parts)) for s, n in zip("abc", shape_of(file, spec), strict=True)]
    if spec.get("weights", "") is None:
        expected.append(Tensor("weights", "F64", tuple(l + 1 for l in spec["lmax"])))
        spec["weights"] = content.arrays["weights"].tolist() if "weights" in content.arrays else None
    if content.tensors != expected:
        raise TableError(file, "arrays", expected, content.tensors)
    return spec, rank


def _numbers(array: Array) -> Array:
    """Return factors in memory, so that the file may be replaced, complex ones as such."""
    own = np.array(array)
    return own.view(complex)[..., 0] if own.ndim == 3 else own


def kept(file: str | os.PathLike[str]) -> Record:
    """Return the record of a file, all of whose claims hold; raise TableError otherwise.

    What this process has written or verified itself is not verified once more.
    """
    record = read_record(file)
    checksum = read(Path(file), verify=False).metadata["checksum"]
    if checksum not in TRUE:
        wrong = claims_in_vain(record)
        if wrong:
            raise TableError(file, "result", "claims that hold", "; ".join(wrong))
        TRUE.add(checksum)
    return record


def read_any(file: Path) -> list[Record]:
    """Return the records of a file of either kind: one result, or those of a file of factors.

    Raises TableError for any other file; whether claims of a single result are true is not asked.
    """
    if read(file, verify=False).metadata.get("schema") == SCHEMA:
        return [read_record(file)]
    return load_factors(file)


def stored(
    problem: Problem, rank: int, complex_factors: bool, folder: Path, tell: Callable[[str], object]
) -> Record | None:
    """Return what a folder holds for a problem and rank; None, if there is nothing or nothing that is true.

    A file that is refused is told, with the reason, and moved aside, never removed: it may not be ours.
    """
    file = folder / file_name(problem, rank, complex_factors)
    if not file.is_file():
        return None
    try:
        return kept(file)
    except TableError as error:
        reason = str(error)
    aside = next(f for n in range(1, 1 << 30) if not (f := file.with_name(f"{file.name}.refused{n}")).exists())
    with suppress(FileNotFoundError):  # another process was faster
        os.replace(file, aside)
    tell(f"{reason}; it is moved to {aside.name}, and rank {rank} is searched again")
    return None
