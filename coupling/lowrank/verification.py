"""Stored results checked again, with as little as possible of what made them.

The sum of a result is formed in integers: its factors are doubles, so integers over a power of two.  The entries of the
tensor are exact Surds, here enclosed in intervals, so that the errors come out as intervals that hold the true ones.
The mean equivariance error and the lower bound are computed from the definition of the problem.  Existence is proved
once more, by the theorem in :mod:`coupling.lowrank.exact`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from coupling.exact import Surd
from coupling.lowrank.bounds import lower_bound
from coupling.lowrank.certificate import growth
from coupling.lowrank.decomposition import as_objective
from coupling.lowrank.exact import exact_certificate
from coupling.lowrank.factors import Array, congruence
from coupling.lowrank.problems import Problem, from_spec
from coupling.lowrank.records import Record, mean_equivariance_error

#: Bits of the intervals.
BITS = 200

#: Claims are rounded to doubles, and the mean equivariance error is computed in them.
RELATIVE, ABSOLUTE = 1e-9, 1e-15

#: Numbers computed in doubles on another machine agree as far as this.
DOUBLES = 1e-6


def claims_in_vain(record: Record) -> list[str]:
    """Return what a record claims in vain; an empty list when all holds.

    >>> from coupling.lowrank.problems import normalization_problem
    >>> from coupling.lowrank.by_rank import study
    >>> claims_in_vain(study(normalization_problem("gaunt", 2), [2])[0])
    []
    """
    rank = record.factors[0].shape[1]
    if record.rank != rank or len({x.shape[1] for x in record.factors}) != 1:
        return [f"the factors have {rank} columns, not {record.rank}"]
    problem = from_spec(record.spec)
    about = _errors(problem, record), _symptoms(problem, record), _equivariance(problem, record)
    return [claim for claims in (*about, _bound(problem, record), _proof(problem, record)) for claim in claims]


def false_errors(problem: Problem, record: Record) -> list[str]:
    """Return what a record says wrongly about its errors, evaluated in double precision, and about its terms.

    >>> from coupling.lowrank import normalization_problem, shipped
    >>> false_errors(normalization_problem("gaunt", 2), shipped("gaunt", 2))
    []
    """
    objective = as_objective(problem.tensor, problem.mask, problem.weights)
    found = objective.relative(record.factors), objective.worst(record.factors)
    claims = (("relative error", record.error, found[0]), ("largest error", record.worst, found[1]))
    wrong = [
        f"the {name} is {value:.6e}, not {claim:.6e}"
        for name, claim, value in claims
        if not math.isclose(claim, value, rel_tol=DOUBLES, abs_tol=1e-12)
    ]
    return wrong + _symptoms(problem, record)


def _symptoms(problem: Problem, record: Record) -> list[str]:
    """Return what is wrong in the words for the errors, the growth and the congruence of the terms."""
    found = growth(record.factors), congruence(record.factors)
    claims = (("growth", record.growth, found[0]), ("congruence", record.congruence, found[1]))
    wrong = [
        f"the {name} of the terms is {value:.6e}, not {claim:.6e}"
        for name, claim, value in claims
        if not math.isclose(claim, value, rel_tol=DOUBLES, abs_tol=DOUBLES)
    ]
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
    """Return intervals that hold (relative, worst) of :class:`coupling.lowrank.exact.ExactCertificate`.

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
        target = interval(problem.exact(*entry))
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
    exponents = [_exponent(factor) for factor in factors]
    a, b, c = (_integers(factor, e)[:, axis] for factor, e, axis in zip(factors, exponents, entries, strict=True))
    ab = a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]
    real = (ab[0] * c[0] - ab[1] * c[1]).sum(axis=-1)
    imaginary = (ab[0] * c[1] + ab[1] * c[0]).sum(axis=-1)
    return list(zip(real.tolist(), imaginary.tolist(), strict=True)), sum(exponents)


def _exponent(factor: Array) -> int:
    """Return the least e >= 0 with integers factor · 2**e."""
    parts = np.concatenate([np.real(factor).ravel(), np.imag(factor).ravel()]).tolist()
    return max(part.as_integer_ratio()[1].bit_length() - 1 for part in parts)


def _integers(factor: Array, exponent: int) -> NDArray[Any]:
    """Return the real and the imaginary parts of factor · 2**exponent as Python integers."""
    parts = np.stack([np.real(factor), np.imag(factor)])
    whole = [n * 2**exponent // d for n, d in (part.as_integer_ratio() for part in parts.ravel().tolist())]
    found = np.empty(len(whole), dtype=object)
    found[:] = whole
    return found.reshape(parts.shape)


def interval(value: Surd) -> Any:
    """Return an interval that holds a real Surd.

    >>> bool(math.sqrt(0.5) in interval(Surd(1, 1, 2)) or interval(Surd(1, 1, 2)).delta < 1e-50)
    True
    """
    iv = mpmath.iv
    root = iv.sqrt(iv.mpf(value.numerator) / iv.mpf(value.denominator))
    return value.sign * root / iv.sqrt(iv.pi) ** value.pi_power


def _largest(values: Sequence[Any]) -> Any:
    return mpmath.iv.mpf([max(value.a for value in values), max(value.b for value in values)])


def _equivariance(problem: Problem, record: Record) -> list[str]:
    found, claim = mean_equivariance_error(problem, record.factors) or 0.0, record.equivariance or 0.0
    if math.isclose(claim, found, rel_tol=RELATIVE, abs_tol=1e-7):  # a root of a difference of rounded squares
        return []
    return [f"the mean equivariance error is {found:.6e}, not {claim:.6e}"]


def _bound(problem: Problem, record: Record) -> list[str]:
    lower = lower_bound(as_objective(problem.tensor, problem.mask, problem.weights))
    return [f"the proved lower bound of the rank is {lower}, not {record.lower}"] if record.lower > lower else []


def _proof(problem: Problem, record: Record) -> list[str]:
    claimed = record.certificate
    found = exact_certificate(problem, record.factors, refine=record.exact)
    if record.exact and found.refined is None:
        return ["refinement does not converge"]
    if record.proved and not found.proved:
        return ["existence of an exact decomposition is not proved"]
    if found.proved and not record.proved:
        return ["existence of an exact decomposition is proved, which is not said"]
    counts = [(c.equations, c.unknowns, c.independent) for c in (found, claimed)]
    wrong = [f"equations, unknowns and rank are {counts[0]}, not {counts[1]}"] if counts[0] != counts[1] else []
    if (claimed.relative, claimed.worst) != (record.error, record.worst):
        wrong.append("the certificate has other errors than the result")
    return wrong
