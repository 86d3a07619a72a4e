"""Errors of a problem, rank by rank.

Every result is stored, so that a study can be resumed.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from coupling.integers import count, degree
from coupling.lowrank.continuation import carried, without_terms
from coupling.lowrank.decomposition import EQUAL, Decomposition, best_conditioned, decompose
from coupling.lowrank.decomposition import Progress as StartProgress
from coupling.lowrank.factors import FREE, Factors, Layout, growth, layout_of, tied
from coupling.lowrank.fit import EXACT
from coupling.lowrank.problems import Problem
from coupling.lowrank.records import Record, record_of
from coupling.lowrank.store import keep, stored_record
from coupling.selection import of_type

#: Called with the rank, its starts that are done, their number, the best error so far.
RankProgress = Callable[[int, int, int, float], None]

#: Cyclic sums are tried with LAYOUTS numbers of single terms, those nearest to the fraction SINGLES of the rank.
SINGLES, LAYOUTS = 0.45, 4

#: Relative gain that another start must bring for its result to be taken.
GAIN = 1e-6

#: Sums without the symmetry of the problem are tried up to this number of unknowns: of whole and of masked tensors.
MOST_FREE = 1000, 200


@dataclass(frozen=True)
class Effort:
    """The effort spent on each rank: the arguments of :func:`coupling.lowrank.decompose` of these names."""

    starts: int = 64
    seed: int = 0
    seconds: float | None = None
    workers: int = 1
    complex_factors: bool = False


def study(
    problem: Problem,
    ranks: Iterable[int],
    *,
    starts: int = 64,
    seed: int = 0,
    seconds: float | None = None,
    workers: int = 1,
    complex_factors: bool = False,
    store: Path | None = None,
    guesses: Mapping[int, Factors] | None = None,
    progress: RankProgress | None = None,
    tell: Callable[[str], object] = warnings.warn,
) -> list[Record]:
    """Return the best decomposition of each rank, in rising order, up to the first that is exact.

    starts, seed, seconds and workers are those of :func:`coupling.lowrank.decompose`, for each rank.  Every fourth
    start of a rank begins at the result of the rank before, so that errors never rise; in the end every result is
    compared with what that of the next rank leads to without one of its terms.  Where the problem has a symmetry, three
    of four starts keep it, or all where the problem is large.

    With a folder as store, results are written there, and read from there when they were searched with at least as
    many starts; a time limit does not count against them, and a search with more starts never makes them worse.  A
    file there that is damaged, belongs to another problem or makes a false claim is moved aside, its rank is searched
    again, and tell is called with a sentence about it.  guesses are factors by rank, for this or another degree limit:
    what they lead to (:mod:`coupling.lowrank.continuation`) is taken where it is better.

    >>> from coupling.lowrank.problems import normalization_problem
    >>> [(record.rank, record.exact) for record in study(normalization_problem("gaunt", 2), range(1, 4))]
    [(1, False), (2, True)]
    """
    of_type(problem, Problem, "problem")
    numbers = count(starts, "starts"), degree(seed, "seed"), seconds, count(workers, "workers")
    effort = Effort(*numbers, complex_factors)
    found: dict[int, Record] = {}
    new = False
    for rank in sorted(count(rank, "rank") for rank in ranks):
        old = None if store is None else stored_record(problem, rank, complex_factors, store, tell)
        record, step = old, None if progress is None else partial(progress, rank)
        if record is None or not enough(record, effort):
            before = found[max(found)].factors if found else None
            record = better(searched(problem, rank, effort, before, step), old)
        if (guess := (guesses or {}).get(rank)) is not None:
            record = improved(problem, record, guess, effort)
        found[rank], new = record, new or record is not old
        if store is not None and record is not old:
            keep(record, store)
        if record.exact:
            break
    for record in from_next_ranks(problem, found, effort) if new else ():
        if store is not None:
            keep(record, store)
    return until_exact(found)


def until_exact(found: Mapping[int, Record]) -> list[Record]:
    """Return results in rising rank, up to the first that is exact."""
    records = [found[rank] for rank in sorted(found)]
    last = next((n for n, record in enumerate(records) if record.exact), len(records))
    return records[: last + 1]


def from_next_ranks(problem: Problem, found: dict[int, Record], effort: Effort) -> Iterator[Record]:
    """Replace results by what that of the next rank leads to without a term, where that is better; yield these."""
    for lower, higher in reversed(list(pairwise(sorted(found)))):
        record = found[lower]
        for guess in without_terms(problem, found[higher].factors, lower):
            record = improved(problem, record, guess, effort)
        if record is not found[lower]:
            found[lower] = record
            yield record


def improved(problem: Problem, record: Record, guess: Factors, effort: Effort) -> Record:
    """Return the result that a guess leads to, where it is better by more than rounding, or the record.

    A proof is better than none.
    """
    at = None if record.proved else carried(problem, guess)
    if at is None or not (record.exact or gains(problem.objective.relative(at), growth(at), record)):
        return record
    one = _decomposed(problem, layout_of(at, problem.ties), 0.0, effort, at, None)
    new = record_of(problem, provable(problem, one, effort), effort.seed)
    if new.proved:
        return replace(new, starts=max(new.starts, record.starts))
    new = better(new, record)
    return new if gains(new.error, new.growth, record) else record


def gains(error: float, size: float, record: Record) -> bool:
    """Return whether an error is smaller than that of a record, or equal with terms of half the size.

    A smaller error that counts as equal is no gain where the terms grow.
    """
    if error * EQUAL < record.error:
        return True
    less = error < (1 - GAIN) * record.error and size <= 2 * record.growth
    return less or (error <= EQUAL * record.error and 2 * size < record.growth)


def better(new: Record, old: Record | None) -> Record:
    """Return the better of two results of one rank, with the starts of the larger search."""
    starts = max(new.starts, 0 if old is None else old.starts)
    each = [(one.error, one.growth, one) for one in (new, old) if one is not None]
    return replace(best_conditioned(each), starts=starts)


def enough(record: Record, effort: Effort) -> bool:
    """Return whether no new search of this size would change a stored result; exact ones always count."""
    return record.exact or (record.starts >= effort.starts and record.seed == effort.seed)


def searched(
    problem: Problem,
    rank: int,
    effort: Effort,
    guess: Factors | None,
    progress: StartProgress | None = None,
) -> Record:
    """Return the best decomposition of a rank among sums with and without the symmetries of the problem.

    There are no more kinds of sums with symmetry than starts.
    """
    layouts, free = symmetries(problem, rank)[: effort.starts], Layout(problem.tensor.shape, rank)
    shares = [0.75 / len(layouts)] * len(layouts) + [0.25] if layouts else [1.0]
    if not layouts or free.size <= MOST_FREE[problem.mask is not None]:
        layouts.append(free)
    found: list[Decomposition] = []
    for layout, share in zip(layouts, shares, strict=False):
        found.append(_decomposed(problem, layout, share, effort, guess, progress))
        if found[-1].error < EXACT:
            break
    best = provable(problem, best_conditioned([(one.error, one.certificate.growth, one) for one in found]), effort)
    errors = np.sort([error for one in found for error in one.errors])
    record = record_of(problem, replace(best, errors=tuple(errors.tolist())), effort.seed)
    return record if effort.seconds is not None else replace(record, starts=effort.starts)


def provable(problem: Problem, best: Decomposition, effort: Effort) -> Decomposition:
    """Return an exact sum with equal factors where there is one: fewer equations, which are easier to prove."""
    equal = len(set(problem.tensor.shape)) == 1 and problem.ties != FREE
    if best.error < EXACT and equal and layout_of(best.factors, problem.ties).ties == FREE:
        layout = Layout(problem.tensor.shape, best.rank, problem.ties)
        kept = _decomposed(problem, layout, 0.0, effort, tied(best.factors, problem.ties), None)
        return kept if kept.error < EXACT else best
    return best


def symmetries(problem: Problem, rank: int) -> list[Layout]:
    """Return the layouts of the sums that have the symmetry of the problem.

    >>> from coupling.lowrank.problems import normalization_problem, whole_problem
    >>> [layout.ties for layout in symmetries(normalization_problem("gaunt", 2), 2)]
    [(0, 0, 0)]
    >>> [layout.ties for layout in symmetries(normalization_problem("gaunt", (2, 2, 4)), 2)]
    [(0, 0, 0), (0, 0, 1)]
    >>> [layout.singles for layout in symmetries(whole_problem(1), 8)]
    [5, 2, 8]
    """
    shape = problem.tensor.shape
    if problem.ties != FREE:
        nested = [(0, 0, 1)] if problem.ties == (0, 0, 0) and len(set(shape)) > 1 else []
        return [Layout(shape, rank, ties) for ties in (problem.ties, *nested)]
    numbers = sorted(range(rank % 3, rank + 1, 3), key=lambda s: abs(s - SINGLES * rank))
    return [Layout(shape, rank, singles=s, bare=problem.bare) for s in numbers[:LAYOUTS]] if problem.cyclic else []


def _decomposed(
    problem: Problem,
    layout: Layout,
    share: float,
    effort: Effort,
    guess: Factors | None,
    progress: StartProgress | None,
) -> Decomposition:
    known = None if guess is None else layout_of(guess, layout.ties)
    fits = known is not None and (known.ties == layout.ties if layout.singles is None else known == layout)
    return decompose(
        problem.tensor,
        layout.rank,
        problem.mask,
        problem.weights,
        starts=max(1, math.ceil(share * effort.starts)),
        seed=effort.seed,
        ties=layout.ties,
        singles=layout.singles,
        bare=layout.bare,
        complex_factors=effort.complex_factors,
        seconds=share * effort.seconds if effort.seconds and share else None,
        workers=effort.workers,
        guess=guess if fits else None,
        measure=problem.measure,
        progress=progress,
    )


def whole_ranks(lmax: int) -> list[int]:
    """Return the default ranks of a search: up to that of a generic tensor of this size, ⌈n³/(3n-2)⌉, and 7L², 7L²+1.

    >>> whole_ranks(1), whole_ranks(2)
    ([2, 3, 4, 5, 7, 8], [10, 15, 20, 25, 28, 29, 30])
    """
    n = (lmax + 1) ** 2
    generic = -(-(n**3) // (3 * n - 2))
    parts = {generic * k // 6 for k in range(2, 7)} | {7 * lmax**2, 7 * lmax**2 + 1}
    return sorted(rank for rank in parts if rank <= generic + 1)
