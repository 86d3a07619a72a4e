"""Errors of a problem, rank by rank, and a baseline: alternating least squares with line search of tensorly.

Every result is stored as soon as it is found, so that a study can be resumed.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from coupling.extras import from_extra
from coupling.integers import count, degree
from coupling.lowrank.certificate import certify
from coupling.lowrank.decomposition import Decomposition, best_conditioned, decompose
from coupling.lowrank.decomposition import Progress as StartProgress
from coupling.lowrank.factors import FREE, Factors, Layout, balanced, largest_first, layout_of, tied
from coupling.lowrank.fit import EXACT, random_start
from coupling.lowrank.objective import Objective, as_objective
from coupling.lowrank.problems import Problem
from coupling.lowrank.records import Record, record_of
from coupling.lowrank.store import keep, stored_record
from coupling.selection import of_type

#: Called with the rank, its starts that are done, their number, the best error so far.
RankProgress = Callable[[int, int, int, float], None]

#: Cyclic sums are tried with LAYOUTS numbers of single terms, those nearest to the fraction SINGLES of the rank.
SINGLES, LAYOUTS = 0.45, 4

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
    start of a rank begins at the result of the rank before, so that errors never rise.  Where the problem has a
    symmetry, three of four starts keep it, or all where the problem is large.

    With a folder as store, results are written there, and read from there when they were searched with at least as
    many starts; a time limit does not count against them, and a search with more starts never makes them worse.  A
    file there that is damaged, belongs to another problem or makes a false claim is moved aside, its rank is searched
    again, and tell is called with a sentence about it.  guesses are factors by rank: where they are better than the
    result, the rank is searched again from them.

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
        record, step = old, None if progress is None else partial(progress, rank)
        if record is None or not enough(record, effort):
            record = better(searched(problem, rank, effort, records[-1].factors if records else None, step), old)
        guess = (guesses or {}).get(rank)
        if guess is not None and not record.exact and problem.objective.relative(guess) < 0.99 * record.error:
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
    best = best_conditioned([(one.error, one.certificate.growth, one) for one in found])
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
    progress: StartProgress | None,
) -> Decomposition:
    fits = guess is not None and layout.singles is None and layout_of(guess, layout.ties).ties == layout.ties
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


# -- the baseline ------------------------------------------------------------------------------


def tensorly(module: str) -> Any:
    """Return a module of tensorly, or raise ValueError that says how to install it.

    >>> tensorly("decomposition").parafac is not None
    True
    """
    return from_extra(f"tensorly.{module}", "study", "the baseline needs")


def tensorly_decompose(
    tensor: ArrayLike,
    rank: int,
    mask: ArrayLike | None = None,
    *,
    starts: int = 8,
    seed: int = 0,
    iterations: int = 2000,
    measure: str = "entries of the tensor",
) -> Decomposition:
    """Return the best of several runs of ``tensorly.decomposition.parafac`` with line search, from normal starts.

    parafac takes no weights (its mask holds 0 and 1 only), so its result minimises Σ (T̂ - T)² over the known entries.
    A run that ends in a singular matrix is dropped.  Raises as :func:`coupling.lowrank.decompose`, ArithmeticError when
    all runs end so, ValueError without tensorly, which the extra ``study`` installs.

    >>> tensorly_decompose(np.ones((2, 2, 2)) + np.eye(2)[:, :, None], 2, starts=2).error < 1e-6
    True
    """
    objective = as_objective(tensor, mask, None)
    rank, starts, seed = count(rank, "rank"), count(starts, "starts"), degree(seed, "seed")
    tensorly("decomposition")
    layout = Layout(objective.shape, rank)
    results = []
    for number in range(starts):
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
        start = layout.unpack(random_start(objective, layout, generator, np.dtype(float)))
        factors = _parafac(objective, start, iterations)
        if factors is not None:
            results.append((objective.relative(factors), factors))
            if results[-1][0] < EXACT:
                break
    if not results:
        raise ArithmeticError(f"tensorly found no decomposition of rank {rank}: all {starts} runs were singular")
    results.sort(key=lambda result: result[0])
    certificate = certify(objective, results[0][1], measure)
    return Decomposition(results[0][1], certificate.relative, certificate, tuple(error for error, _ in results))


def _parafac(objective: Objective, factors: Factors, iterations: int) -> Factors | None:
    mask = None if objective.weights is None else (objective.weights != 0).astype(float)
    start = tensorly("cp_tensor").CPTensor((np.ones(factors[0].shape[1]), [x.copy() for x in factors]))
    options = {"n_iter_max": iterations, "init": start, "tol": 1e-10, "linesearch": True, "mask": mask}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            weights, found = tensorly("decomposition").parafac(objective.target, factors[0].shape[1], **options)
    except np.linalg.LinAlgError:
        return None
    if not all(np.isfinite(x).all() for x in found):
        return None
    return largest_first(balanced((found[0] * weights, found[1], found[2])))
