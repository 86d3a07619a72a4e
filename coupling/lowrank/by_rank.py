"""Errors of a problem, rank by rank: every result kept as soon as it is there, so that a study can be resumed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from coupling.integers import count, degree
from coupling.lowrank.decomposition import Decomposition, as_objective, decompose, tamest
from coupling.lowrank.factors import Factors
from coupling.lowrank.fit import EXACT
from coupling.lowrank.layout import FREE, Layout, layout_of, tied
from coupling.lowrank.problems import Problem
from coupling.lowrank.records import Record, record_of
from coupling.lowrank.store import keep, stored_record
from coupling.selection import of_type

#: Called with the rank, its starts that are done, their number, the best error so far.
Progress = Callable[[int, int, int, float], None]


#: Of the sums that do not change when the slots go round, those are tried whose share of single terms is next to this.
SINGLES, LAYOUTS = 0.45, 4

#: The most unknowns, of whole and of masked tensors, with which sums without the symmetry of the problem are tried.
MOST_FREE = 1000, 200


@dataclass(frozen=True)
class Effort:
    """How hard each rank is searched: the arguments of :func:`coupling.lowrank.decompose` of these names."""

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
    progress: Progress | None = None,
    tell: Callable[[str], object] = warnings.warn,
) -> list[Record]:
    """Return the best decomposition of each rank, in rising order, up to the first that is exact.

    starts, seed, seconds and workers are those of :func:`coupling.lowrank.decompose`, for each rank.  Every fourth
    start of a rank begins at the result of the rank before, so that errors never rise.  Where the problem has a
    symmetry, three of four starts keep it, or all where the problem is large.  With a folder as store, results are
    written there and taken from there when they were searched with at least as many starts; a time limit does not
    count against them, and a search with more starts never makes them worse.  tell is called with a sentence on each
    file there that is damaged, belongs to another problem or claims what is not true; it is moved aside, and its rank
    is searched again.  guesses, factors by rank, are where a rank is searched once more, if they alone are better than
    what was found.

    >>> from coupling.lowrank.problems import normalization_problem
    >>> [(record.rank, record.exact) for record in study(normalization_problem("gaunt", 2), range(1, 4))]
    [(1, False), (2, True)]
    """
    of_type(problem, Problem, "problem")
    numbers = count(starts, "starts"), degree(seed, "seed"), seconds, count(workers, "workers")
    effort = Effort(*numbers, complex_factors)
    records: list[Record] = []
    for rank in sorted(count(rank, "rank") for rank in ranks):
        old = None if store is None else stored_record(problem, rank, complex_factors, store, tell)
        record, step = old, _of_rank(progress, rank)
        if record is None or not enough(record, effort):
            record = better(searched(problem, rank, effort, records[-1].factors if records else None, step), old)
        guess = (guesses or {}).get(rank)
        if guess is not None and not record.exact and _error(problem, guess) < 0.99 * record.error:
            record = better(searched(problem, rank, effort, guess, step), record)
        if store is not None and record is not old:
            keep(record, store)
        records.append(record)
        if record.exact:
            break
    return records


def better(new: Record, old: Record | None) -> Record:
    """Return the better of two results of one rank, with the starts of the new one."""
    return new if old is None or new.error < old.error else replace(old, starts=new.starts)


def _error(problem: Problem, factors: Factors) -> float:
    return as_objective(problem.tensor, problem.mask, problem.weights).relative(factors)


def enough(record: Record, effort: Effort) -> bool:
    """Return whether no new search of this size would change a stored result; exact ones always count."""
    return record.exact or (record.starts >= effort.starts and record.seed == effort.seed)


def _of_rank(progress: Progress | None, rank: int) -> Callable[[int, int, float], None] | None:
    return None if progress is None else partial(progress, rank)


def searched(
    problem: Problem,
    rank: int,
    effort: Effort,
    guess: Factors | None,
    progress: Callable[[int, int, float], None] | None = None,
) -> Record:
    """Return the best decomposition of a rank among sums with and without the symmetries of the problem."""
    layouts, free = symmetries(problem, rank), Layout(problem.tensor.shape, rank)
    shares = [0.75 / len(layouts)] * len(layouts) + [0.25] if layouts else [1.0]
    if not layouts or free.size <= MOST_FREE[problem.mask is not None]:
        layouts.append(free)
    found: list[Decomposition] = []
    for layout, share in zip(layouts, shares, strict=False):
        found.append(_decomposed(problem, layout, share, effort, guess, progress))
        if found[-1].error < EXACT:
            break
    best = tamest([(one.error, one.certificate.growth, one) for one in found])
    equal = len(set(problem.tensor.shape)) == 1 and problem.ties != FREE
    if best.error < EXACT and equal and layout_of(best.factors, problem.ties).ties == FREE:
        kept = _decomposed(problem, layouts[0], 0.0, effort, tied(best.factors, problem.ties), None)
        best = kept if kept.error < EXACT else best  # equal factors have fewer equations, which are easier to prove
    errors = np.sort([error for one in found for error in one.errors])
    record = record_of(problem, replace(best, errors=tuple(errors.tolist())), effort.seed)
    return record if effort.seconds is not None else replace(record, starts=effort.starts)


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
    progress: Callable[[int, int, float], None] | None,
) -> Decomposition:
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
        guess=guess if _fits(guess, layout) else None,
        measure=problem.measure,
        progress=progress,
    )


def _fits(guess: Sequence[np.ndarray] | None, layout: Layout) -> bool:
    """Return whether the columns of a guess, and more, have this layout: none that goes round."""
    return guess is not None and layout.singles is None and layout_of(guess, layout.ties).ties == layout.ties


def whole_ranks(lmax: int) -> list[int]:
    """Return ranks worth a search: up to that of a generic tensor of this size, ⌈n³/(3n-2)⌉, and 7L², 7L²+1.

    >>> whole_ranks(1), whole_ranks(2)
    ([2, 3, 4, 5, 7, 8], [10, 15, 20, 25, 28, 29, 30])
    """
    n = (lmax + 1) ** 2
    generic = -(-(n**3) // (3 * n - 2))
    parts = {generic * k // 6 for k in range(2, 7)} | {7 * lmax**2, 7 * lmax**2 + 1}
    return sorted(rank for rank in parts if rank <= generic + 1)
