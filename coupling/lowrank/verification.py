"""Verification of stored results: the structure of their description, and every claim, on an independent route.

A description is checked for types, ranges and shapes before anything is computed from it.

The sum of a result is formed in integers: its factors are doubles, so integers over a power of two.  Intervals enclose
the entries of the tensor, which are exact Surds, so the errors come out as intervals that enclose the true ones.  The
mean equivariance error and the lower bound are computed from the definition of the problem.  Existence is proved once
more, by the theorem in :mod:`coupling.lowrank.certificate`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from coupling.files import TableError
from coupling.lowrank.bounds import lower_bound
from coupling.lowrank.certificate import GOAL, ExactCertificate, exact_certificate, to_mpf
from coupling.lowrank.factors import Array, congruence, growth
from coupling.lowrank.problems import Problem, from_spec
from coupling.lowrank.records import Record, mean_equivariance_error
from coupling.selection import PARITIES

File = str | os.PathLike[str]
Rule = tuple[Callable[[Any], bool], str]

#: Bits of the intervals.
BITS = 200

#: Tolerance of claims, which are rounded to doubles; the mean equivariance error is computed in doubles.
RELATIVE, ABSOLUTE = 1e-9, 1e-15

#: Tolerance of numbers that another machine has computed in doubles.
DOUBLES = 1e-6

#: Largest degree and rank that the description of a result may state.
LARGEST_LMAX, LARGEST_RANK = 64, 1 << 20


def false_claims(record: Record) -> list[str]:
    """Return the claims of a record that do not hold.

    >>> from coupling.lowrank.problems import normalization_problem
    >>> from coupling.lowrank.by_rank import study
    >>> false_claims(study(normalization_problem("gaunt", 2), [2])[0])
    []
    """
    rank = record.factors[0].shape[1]
    if record.rank != rank or len({x.shape[1] for x in record.factors}) != 1:
        return [f"the factors have {rank} columns, not {record.rank}"]
    problem = from_spec(record.spec)
    about = _errors(problem, record), _symptoms(problem, record), _equivariance(problem, record)
    return [claim for claims in (*about, _bound(problem, record), _proof(problem, record)) for claim in claims]


def false_errors(problem: Problem, record: Record) -> list[str]:
    """Return the wrong claims of a record about its errors, evaluated in double precision, and about its terms.

    >>> from coupling.lowrank import normalization_problem, shipped
    >>> false_errors(normalization_problem("gaunt", 2), shipped("gaunt", 2))
    []
    """
    errors = problem.objective.relative(record.factors), problem.objective.worst(record.factors)
    claims = ("relative error", record.error, errors[0]), ("largest error", record.worst, errors[1])
    return _wrong(claims, DOUBLES, 1e-12) + _symptoms(problem, record)


def _wrong(claims: Iterable[tuple[str, float, float]], relative: float, absolute: float) -> list[str]:
    """Return a sentence for each (name, claim, value) where claim and value differ."""
    return [
        f"the {name} is {value:.6e}, not {claim:.6e}"
        for name, claim, value in claims
        if not math.isclose(claim, value, rel_tol=relative, abs_tol=absolute)
    ]


def _symptoms(problem: Problem, record: Record) -> list[str]:
    """Return the wrong claims about growth and congruence of the terms, and about the measure of the errors."""
    found = growth(record.factors), congruence(record.factors)
    names = "growth of the terms", "congruence of the terms"
    wrong = _wrong(zip(names, (record.growth, record.congruence), found, strict=True), DOUBLES, DOUBLES)
    if record.measure != problem.measure:
        wrong.append(f"errors are those of {problem.measure!r}, not of {record.measure!r}")
    return wrong


def _errors(problem: Problem, record: Record) -> list[str]:
    relative, worst = enclosed_errors(problem, record.factors)
    claims = (("relative error", record.error, relative), ("largest error", record.worst, worst))
    return [
        f"the {name} is {float(found.mid):.6e}, not {claim:.6e}"
        for name, claim, found in claims
        if not float(found.a) * (1 - RELATIVE) - ABSOLUTE <= claim <= float(found.b) * (1 + RELATIVE) + ABSOLUTE
    ]


def enclosed_errors(problem: Problem, factors: Sequence[Array]) -> tuple[Any, Any]:
    """Return intervals that enclose (relative, worst) of :class:`coupling.lowrank.certificate.ExactCertificate`.

    >>> from coupling.lowrank.problems import normalization_problem
    >>> ones = [np.ones((2, 1))] * 3
    >>> relative, worst = enclosed_errors(normalization_problem("gaunt", 1), ones)  # 1/N is √(4π) and √(4π/3)
    >>> bool(relative.delta < 1e-50), bool(abs(worst.mid - (1 - 1 / np.sqrt(4 * np.pi))) < 1e-15)
    (True, True)
    """
    iv = mpmath.iv
    iv.prec = BITS
    sums, exponent = integer_sums(factors, problem.entries)
    weights = np.ones(len(sums)) if problem.weights is None else problem.weights[problem.entries]
    squares, sizes = [], []
    entries = zip(*(axis.tolist() for axis in problem.entries), strict=True)
    for (real, imaginary), entry, weight in zip(sums, entries, weights.tolist(), strict=True):
        target = to_mpf(problem.exact(*entry), iv)
        difference = iv.ldexp(iv.mpf(real), -exponent) - target
        squares.append(iv.mpf(weight) ** 2 * (difference**2 + iv.ldexp(iv.mpf(imaginary), -exponent) ** 2))
        sizes.append((iv.mpf(weight) * target) ** 2)
    relative = iv.sqrt(sum(squares, iv.mpf(0)) / sum(sizes, iv.mpf(0)))
    return relative, iv.sqrt(_largest(squares) / _largest(sizes))


def integer_sums(factors: Sequence[Array], entries: Sequence[NDArray[Any]]) -> tuple[list[tuple[int, int]], int]:
    """Return Σ_r a[i,r] b[j,r] c[k,r] at the entries, as (real, imaginary) integers over 2**exponent, without rounding.

    >>> integer_sums([np.full((1, 1), 0.5)] * 3, [np.array([0])] * 3)
    ([(1, 0)], 3)
    """
    parts, exponents = zip(*map(_integers, factors), strict=True)
    a, b, c = (part[:, axis] for part, axis in zip(parts, entries, strict=True))
    ab = a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]
    real = (ab[0] * c[0] - ab[1] * c[1]).sum(axis=-1)
    imaginary = (ab[0] * c[1] + ab[1] * c[0]).sum(axis=-1)
    return list(zip(real.tolist(), imaginary.tolist(), strict=True)), sum(exponents)


def _integers(factor: Array) -> tuple[NDArray[Any], int]:
    """Return the real and the imaginary parts of factor · 2**e as Python integers, and e, the least >= 0."""
    parts = np.stack([np.real(factor), np.imag(factor)])
    ratios = [part.as_integer_ratio() for part in parts.ravel().tolist()]
    exponent = max(denominator.bit_length() - 1 for _, denominator in ratios)
    found = np.empty(parts.size, dtype=object)
    found[:] = [numerator * 2**exponent // denominator for numerator, denominator in ratios]
    return found.reshape(parts.shape), exponent


def _largest(values: Sequence[Any]) -> Any:
    return mpmath.iv.mpf([max(value.a for value in values), max(value.b for value in values)])


def _equivariance(problem: Problem, record: Record) -> list[str]:
    found = mean_equivariance_error(problem, record.factors) or 0.0
    claim = "mean equivariance error", record.equivariance or 0.0, found
    return _wrong([claim], RELATIVE, 1e-7)  # the root of a difference of rounded squares


def _bound(problem: Problem, record: Record) -> list[str]:
    lower = lower_bound(problem.objective)
    return [f"the proved lower bound of the rank is {lower}, not {record.lower}"] if record.lower > lower else []


def _proof(problem: Problem, record: Record) -> list[str]:
    claimed = record.certificate
    found = exact_certificate(problem, record.factors, refine=record.exact)
    if record.exact and found.refined is None:
        return ["refinement does not converge"]
    if record.proved and not found.proved:
        return ["existence of an exact decomposition is not proved"]
    if found.proved and not record.proved:
        return ["existence of an exact decomposition is proved, which the record does not claim"]
    counts = [(c.equations, c.unknowns, c.independent) for c in (found, claimed)]
    wrong = [f"equations, unknowns and rank are {counts[0]}, not {counts[1]}"] if counts[0] != counts[1] else []
    if (claimed.relative, claimed.worst) != (record.error, record.worst):
        wrong.append("the certificate has other errors than the result")
    return wrong


# -- the description of a result in a file -----------------------------------------------------


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
    """Raise TableError, naming the field, unless types and ranges of a described result are valid."""
    _check(file, where, values, RESULT)
    _check(file, f"{where}.certificate", values["certificate"], CERTIFICATE)
    if values["certificate"]["radius"] is not None and values["certificate"]["refined"] is None:
        raise TableError(file, f"{where}.certificate.radius", "null where nothing is refined", "a number")


def record_in(file: File, values: dict[str, Any], factors: Sequence[Array]) -> Record:
    """Return the record of a checked description, with its factors [n, R], which must be finite.

    Its claims are not verified.
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
    """Return the problem that a file describes; raise TableError where it does not exist or is not in normal form.

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
