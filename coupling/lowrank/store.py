"""Results of a study as files: records, one for each problem and rank, and files of factors with several results.

Both are files of this package, safetensors with metadata and checksum.  *Factors*: the metadata list the results with
their problems, ranks and certificates; result number k has the arrays ``k.a``, ``k.b`` and ``k.c`` [n, R].  *Record*:
the metadata state the problem, the rank and the kind of numbers (``request``) and the claims (``result``); the arrays
are ``a``, ``b`` and ``c`` [n, R], complex ones [n, R, 2], and the ``weights`` of a problem that has its own.

A record is written as a whole, and used only when it is true: its errors are evaluated again from the factors against
the exact entries of the problem, and exact results are refined and proved again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coupling.conventions import GAUNT
from coupling.files import Kind, TableError, register, table_folder
from coupling.files.atomic import write
from coupling.files.container import Content, Tensor, read
from coupling.files.ownership import file_kind
from coupling.files.reader import load_file
from coupling.files.report import Report, verdict
from coupling.integers import count, degree
from coupling.lowrank.factors import Array
from coupling.lowrank.problems import Problem, from_spec
from coupling.lowrank.records import Record, factor_file_name
from coupling.lowrank.verification import (
    check_result,
    false_claims,
    false_errors,
    problem_of,
    record_fields,
    record_in,
    shape_of,
)
from coupling.quoted import quoted
from coupling.version import __version__

#: Files of factors that are shipped.
PROBLEMS = (GAUNT, "bracket", "whole")

#: Checksums of records that this process has written or found true.
TRUE: set[str] = set()


# -- several results in one file --------------------------------------------------------------


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
        raise ValueError("factor files store real factors only; these are complex")
    arrays = [np.ascontiguousarray(x, float) for record in records for x in record.factors]
    names = [f"{number}.{slot}" for number in range(len(records)) for slot in "abc"]
    tensors = [Tensor(name, "F64", x.shape) for name, x in zip(names, arrays, strict=True)]
    results = [record_fields(record) for record in records]
    metadata = {**FACTORS.constants(None), "package_version": __version__, "results": results}
    return write(file, metadata, tensors, arrays, force=force)


def load_factors(file: str | os.PathLike[str]) -> list[Record]:
    """Return the results of a file of factors.

    file: its path, or "gaunt", "bracket" or "whole" for a shipped one.  Raises TableError, naming file, field, expected
    and found, for a file that is damaged, of another kind, or claims errors that are not those of its factors; files
    that are shipped are not evaluated again.

    >>> records = load_factors("gaunt")
    >>> records[-1].spec["lmax"], records[-1].rank
    ([16, 16, 16], 8)
    """
    path = table_folder() / "factors" / f"{file}.safetensors" if file in PROBLEMS else Path(file)
    records: list[Record] = load_file(FACTORS, path)
    for number, record in enumerate(records if file not in PROBLEMS else []):
        if wrong := false_errors(problem_of(path, record.spec), record):
            raise TableError(path, f"results[{number}]", "errors that are those of the factors", "; ".join(wrong))
    return records


def _results(file: str, metadata: dict[str, Any]) -> list[dict[str, Any]]:
    results = metadata.get("results")
    if not isinstance(results, list) or not results:
        raise TableError(file, "results", "a list of results with three arrays each", results)
    for number, values in enumerate(results):
        check_result(file, f"results[{number}]", values)
    return results


def _arrays_of_results(file: str, results: list[dict[str, Any]], metadata: dict[str, Any]) -> list[Tensor]:
    return [
        Tensor(f"{number}.{slot}", "F64", (n, values["rank"]))
        for number, values in enumerate(results)
        for slot, n in zip("abc", shape_of(file, values["spec"]), strict=True)
    ]


def _records(file: Path, results: list[dict[str, Any]], content: Content, verify: bool) -> list[Record]:
    arrays = content.arrays
    return [record_in(file, one, [arrays[f"{n}.{slot}"] for slot in "abc"]) for n, one in enumerate(results)]


def shipped(problem: str, lmax: int, rank: int | None = None) -> Record:
    """Return a shipped result, the highest rank by default: of "gaunt", "bracket" (weights 1, to degree 16) or "whole".

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
        ranks = f"have ranks {sorted(found)}, got {quoted(rank)}" if found else "are not shipped"
        raise ValueError(f"{problem} factors of degrees to {quoted(lmax)} {ranks}")
    return found[max(found) if rank is None else rank]


# -- one result, kept while a study runs -------------------------------------------------------


def keep(record: Record, folder: Path) -> Path:
    """Write a record into a folder, under the name of its problem and rank, and return the file.

    >>> from tempfile import TemporaryDirectory
    >>> from coupling.lowrank import shipped
    >>> with TemporaryDirectory() as folder:
    ...     file = keep(shipped("gaunt", 2), Path(folder))
    ...     file.name, kept(file).error == shipped("gaunt", 2).error
    ('gaunt-inverse-all-real-unit-l2.2.2-r2.safetensors', True)
    """
    is_complex = bool(np.iscomplexobj(record.factors[0]))
    file = folder / factor_file_name(from_spec(record.spec), record.rank, is_complex)
    result = {key: value for key, value in record_fields(record).items() if key not in ("spec", "rank")}
    spec, kind, parts = dict(record.spec), complex if is_complex else float, (2,) if is_complex else ()
    real = (np.ascontiguousarray(x, kind).view(float).reshape(*x.shape, *parts) for x in record.factors)
    arrays = dict(zip("abc", real, strict=True))
    if isinstance(spec.get("weights"), list):  # too long for a header
        arrays["weights"], spec["weights"] = np.array(spec["weights"], float), None
    request = {"problem": spec, "rank": record.rank, "complex": is_complex}
    own = {"name": file.name.removesuffix(".safetensors"), "request": request, "result": result}
    metadata = {**RECORD.constants(None), **own, "package_version": __version__}
    folder.mkdir(parents=True, exist_ok=True)
    tensors = [Tensor(name, "F64", array.shape) for name, array in arrays.items()]
    TRUE.add(write(file, metadata, tensors, arrays.values())["checksum"])
    return file


class RecordRequest(NamedTuple):
    """The problem of a record, its rank, and whether its factors are complex."""

    problem: dict[str, Any]
    rank: int
    complex: bool


def read_record(file: str | os.PathLike[str]) -> Record:
    """Return the record of a file; its claims are not verified.

    Raises TableError, naming file, field, expected and found, for a file that is damaged, of another kind, or under
    another name.
    """
    record: Record = load_file(RECORD, Path(file))
    return record


def _request_in(file: str, metadata: dict[str, Any]) -> RecordRequest:
    request, keys = metadata.get("request"), sorted(RecordRequest._fields)
    if not isinstance(request, dict) or sorted(request) != keys or not isinstance(request["problem"], dict):
        raise TableError(file, "request", f"an object with the keys {', '.join(keys)}", request)
    if type(request["rank"]) is not int or request["rank"] < 1 or type(request["complex"]) is not bool:
        raise TableError(file, "request", "a rank >= 1, and whether factors are complex", request)
    return RecordRequest(**request)


def _arrays_of_record(file: str, request: RecordRequest, metadata: dict[str, Any]) -> list[Tensor]:
    spec, parts = request.problem, (2,) if request.complex else ()
    shapes = zip("abc", shape_of(file, spec), strict=True)
    sizes = tuple(l + 1 for l in (spec["lmax"] * 3)[:3])
    own = [Tensor("weights", "F64", sizes)] if spec.get("weights", "") is None else []
    return [*(Tensor(slot, "F64", (n, request.rank, *parts)) for slot, n in shapes), *own]


def _record(file: Path, request: RecordRequest, content: Content, verify: bool) -> Record:
    spec = dict(request.problem)
    if "weights" in content.arrays:
        spec["weights"] = content.arrays["weights"].tolist()
    problem = problem_of(file, spec)
    if file.name != (name := factor_file_name(problem, request.rank, request.complex)):
        raise TableError(file, "name", f"{name}, after its problem and rank", file.name)
    result = content.metadata["result"]
    values = {**result, "spec": problem.spec, "rank": request.rank} if isinstance(result, dict) else result
    check_result(file, "result", values)
    return record_in(file, values, [_numbers(content.arrays[slot]) for slot in "abc"])


def _numbers(array: Array) -> Array:
    """Return factors in memory, so that the file may be replaced, complex ones as such."""
    return array.copy() if array.ndim == 2 else np.array(array).view(complex)[..., 0]


def kept(file: str | os.PathLike[str]) -> Record:
    """Return the record of a file if all its claims hold; raise TableError otherwise.

    A record that this process has written or verified is not verified again.
    """
    record = read_record(file)
    checksum = read(Path(file), verify=False).metadata["checksum"]
    if checksum not in TRUE and (wrong := false_claims(record)):
        raise TableError(file, "result", "claims that hold", "; ".join(wrong))
    TRUE.add(checksum)
    return record


def stored_record(
    problem: Problem, rank: int, complex_factors: bool, folder: Path, tell: Callable[[str], object]
) -> Record | None:
    """Return the record of a problem and rank in a folder, or None where there is none or its claims do not hold.

    A file that is refused is moved aside, never removed: it may belong to another program.  tell is called with the
    reason.
    """
    file = folder / factor_file_name(problem, rank, complex_factors)
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


def read_any(file: Path) -> list[Record]:
    """Return the records of a file of either kind: one result, or those of a file of factors.

    Raises TableError for any other file.  Claims of a single result are not verified.
    """
    return [read_record(file)] if file_kind(file) == RECORD else load_factors(file)


def check(records: Record | Sequence[Record], full: bool = False) -> Report:
    """Check every claim of the results of a file, each evaluated again from its factors.

    >>> check([shipped("gaunt", 2)])
    1 results of gaunt-inverse-all-real-unit-l2.2.2
      ok      claims                   1 cases   errors, bounds and proofs hold
    """
    each = [records] if isinstance(records, Record) else list(records)
    wrong = [f"{record.name}, rank {record.rank}: {claim}" for record in each for claim in false_claims(record)]
    names = ", ".join(dict.fromkeys(record.name for record in each))
    found = verdict("claims", len(each), wrong, "errors, bounds and proofs hold")
    return Report(f"{len(each)} results of {names}", (found,))


FACTORS = register(
    Kind(
        "factors",
        1,
        request=_results,
        keys=("results",),
        tensors=_arrays_of_results,
        value=_records,
        check="coupling.lowrank.store:check",
        missing="there is no file of factors {path}",
    )
)
RECORD = register(
    Kind(
        "record",
        1,
        request=_request_in,
        keys=("name", "request", "result"),
        tensors=_arrays_of_record,
        value=_record,
        check="coupling.lowrank.store:check",
        missing="there is no record {path}",
    )
)
