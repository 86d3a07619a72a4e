"""What the description of a result in a file must look like, before anything in it is believed or computed with."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from coupling.files import TableError
from coupling.lowrank.exact import GOAL, ExactCertificate
from coupling.lowrank.factors import Array
from coupling.lowrank.problems import Problem, from_spec
from coupling.lowrank.records import Record
from coupling.selection import PARITIES

File = str | os.PathLike[str]
Rule = tuple[Callable[[Any], bool], str]

#: Degrees of a problem, and terms, beyond which a file is not believed.
LARGEST_LMAX, LARGEST_RANK = 64, 1 << 20


def _integer(least: int, most: int = 1 << 62) -> Rule:
    return lambda x: type(x) is int and least <= x <= most, f"an integer from {least} to {most}"


def _or_none(rule: Rule) -> Rule:
    return lambda x: x is None or rule[0](x), f"{rule[1]}, or null"


SIZE: Rule = (lambda x: type(x) is float and 0 <= x < math.inf, "a finite number >= 0")
SMALL: Rule = (lambda x: type(x) is float and 0 <= x < GOAL**0.5, "a number below 1e-20")
TEXT: Rule = (lambda x: type(x) is str, "a text")

RESULT: dict[str, Rule] = {
    "spec": (lambda x: type(x) is dict, "the description of a problem"),
    "rank": _integer(1, LARGEST_RANK),
    "measure": TEXT,
    "error": SIZE,
    "worst": SIZE,
    "growth": _or_none(SIZE),
    "congruence": SIZE,
    "lower": _integer(1),
    "certificate": (lambda x: type(x) is dict, "a certificate"),
    "equivariance": _or_none(SIZE),
    "starts": _integer(1),
    "reached": _integer(0),
    "seed": _integer(0),
}
CERTIFICATE: dict[str, Rule] = {
    "relative": SIZE,
    "worst": SIZE,
    "refined": _or_none(SMALL),
    "radius": _or_none(SMALL),
    "equations": _integer(1),
    "unknowns": _integer(1),
    "independent": _integer(0),
}


def record_fields(record: Record) -> dict[str, Any]:
    """Return the fields of a record, apart from its factors, as JSON values.

    >>> from coupling.lowrank import shipped
    >>> sorted(record_fields(shipped("gaunt", 1)))[:4]
    ['certificate', 'congruence', 'equivariance', 'error']
    """
    values = {f.name: getattr(record, f.name) for f in fields(record) if f.name != "factors"}
    growth = record.growth if math.isfinite(record.growth) else None
    return values | {"certificate": vars(record.certificate), "growth": growth}


def check_result(file: File, where: str, values: Any) -> None:
    """Raise TableError, naming the field, unless types and ranges of a described result are what they must be."""
    _check(file, where, values, RESULT)
    _check(file, f"{where}.certificate", values["certificate"], CERTIFICATE)
    if values["certificate"]["radius"] is not None and values["certificate"]["refined"] is None:
        raise TableError(file, f"{where}.certificate.radius", "null where nothing is refined", "a number")


def record_in(file: File, values: dict[str, Any], factors: Sequence[Array]) -> Record:
    """Return the record of a described result that was checked, with its factors [n, R], which must be finite.

    Whether its claims are true is not asked.
    """
    a, b, c = factors
    for slot, factor in zip("abc", factors, strict=True):
        if not np.isfinite(factor).all():
            raise TableError(file, f"array {slot}", "finite numbers", "NaN or infinity")
    certificate = ExactCertificate(**values["certificate"])
    growth = math.inf if values["growth"] is None else values["growth"]
    return Record(**{**values, "certificate": certificate, "growth": growth}, factors=(a, b, c))


def _check(file: File, where: str, values: Any, rules: Mapping[str, Rule]) -> None:
    if not isinstance(values, dict) or values.keys() != rules.keys():
        found = sorted(values) if isinstance(values, dict) else values
        raise TableError(file, where, sorted(rules), found)
    for name, (holds, words) in rules.items():
        if not holds(values[name]):
            raise TableError(file, f"{where}.{name}", words, values[name])


def shape_of(file: File, spec: dict[str, Any]) -> tuple[int, int, int]:
    """Return the shape of the tensor of a described problem without making it.

    >>> shape_of("", {"problem": "gaunt", "parity": "ooe", "lmax": [4, 4, 4]})
    (2, 2, 3)
    """
    limits, parity, whole = spec.get("lmax"), spec.get("parity"), spec.get("problem") == "whole"
    known = isinstance(limits, list) and all(type(l) is int and 0 <= l <= LARGEST_LMAX for l in limits)
    if not isinstance(limits, list) or not known or len(limits) != (1 if whole else 3) or not isinstance(parity, str):
        raise TableError(file, "problem", "a parity and degree limits as a list", spec)
    if whole:
        return ((limits[0] + 1) ** 2,) * 3
    if parity in PARITIES:
        return limits[0] + 1, limits[1] + 1, limits[2] + 1
    if len(parity) != 3 or not set(parity) <= set("eo"):
        raise TableError(file, "problem", "a parity, or a class such as ooe", parity)
    a, b, c = (len(range("eo".index(letter), l + 1, 2)) for letter, l in zip(parity, limits, strict=True))
    return a, b, c


def problem_of(file: File, spec: dict[str, Any]) -> Problem:
    """Return the problem that a file describes, or raise TableError where there is none or another way to say it.

    >>> problem_of("", {"problem": "whole", "target": "wigner_3j", "parity": "all", "lmax": [1]}).name
    'whole-wigner_3j-all-l1'
    """
    try:
        problem = from_spec(spec)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise TableError(file, "problem", "a problem that exists", f"{type(error).__name__}: {error}") from None
    if problem.spec != spec:
        raise TableError(file, "problem", problem.spec, spec)
    return problem
