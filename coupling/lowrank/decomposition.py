"""Multistart search with a seed per start: the best of many local minima.

Starts come in groups: stacks that are solved at once where the problem is small, single ones elsewhere.  The groups of
the first half begin at random.  Those of the second half begin at the best results so far, with noise of very different
sizes (basin hopping).  SHARING of them use the same results, so that the outcome does not depend on the number of
processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from coupling.integers import count, degree
from coupling.lowrank.certificate import Certificate, certify
from coupling.lowrank.cp_tensors import factors_of
from coupling.lowrank.factors import FREE, Array, Factors, Layout, Ties, balanced, growth, largest_first
from coupling.lowrank.fit import EXACT, RIDGES, fit, noise, random_start
from coupling.lowrank.objective import Objective, as_objective, scaled_problem, symmetric_slots
from coupling.lowrank.stacks import polish_many, stack_size, stackable
from coupling.threads import one_thread

T = TypeVar("T")
Progress = Callable[[int, int, float], None]

#: Default number of starts: of large problems, of small ones.
STARTS = 8, 128

#: Number of groups that begin at the same results, and of these results.
SHARING, BEST = 4, 8

#: Errors within this factor of the smallest one count as equal: the result with the smallest terms is taken.
EQUAL = 1.002

#: Sizes of the noise of a start near a result, relative to the root mean square of its unknowns.
NEAR, FAR = 0.01, 1.0


@dataclass(frozen=True, eq=False)
class Decomposition:
    """T ≈ Σ_r a_r ⊗ b_r ⊗ c_r.

    ``factors``: three arrays [n, R], the largest term first, balanced where no symmetry ties them; rows of indices
    without an entry are zero.  ``weights`` is None: the columns hold them.  ``error``: relative Frobenius error in the
    measure of ``certificate``; ``errors``: that of every start, the best first.

    >>> found = decompose(np.ones((2, 3, 4)), 1)
    >>> found.rank, found.factors[2].shape
    (1, (4, 1))
    """

    factors: Factors
    error: float
    certificate: Certificate
    errors: tuple[float, ...] = field(repr=False, default=())
    weights: None = None

    @property
    def rank(self) -> int:
        """The number of terms."""
        return self.factors[0].shape[1]


def decompose(
    tensor: ArrayLike,
    rank: int,
    mask: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    starts: int | None = None,
    seed: int = 0,
    ties: Ties = FREE,
    singles: int | None = None,
    bare: int = 0,
    complex_factors: bool = False,
    seconds: float | None = None,
    workers: int = 1,
    guess: Any = None,
    measure: str = "entries of the tensor",
    progress: Progress | None = None,
) -> Decomposition:
    """Return the best CP (canonical polyadic) decomposition of this rank, for a real tensor of three indices.

    Entries where mask is false, and where weights is zero, are free and may hold anything.  Minimises
    Σ weights² (T̂ - T)²; ``error`` is its root relative to Σ weights² T².  Among starts whose errors agree to 0.2 % the
    one with the smallest terms is returned.

    Every start has a seed of its own.  The first half is random, the others begin near the best so far.  Where tensor
    and weights are symmetric in slots, every other random start has equal factors in them.  Default: 128
    starts where the problem is small enough to solve many at once, else 8.  ties = (0, 0, 0) keeps the three factors
    equal and (0, 0, 1) the first two: fewer unknowns for a tensor with such a symmetry.  singles = s restricts the
    search to sums that are invariant under a cyclic permutation of the slots: s terms a⊗a⊗a and threes
    a⊗b⊗c + b⊗c⊗a + c⊗a⊗b, the latter zero in the first ``bare`` rows, in the order of
    :class:`coupling.lowrank.factors.Layout`.  The first start begins at guess, a sum of at most rank terms as
    :func:`coupling.lowrank.factors_of` takes it, completed by small random columns; every fourth random start begins
    near it.  The search ends early after ``seconds``, and when a start is exact to 1e-12.  workers > 1 spread the
    starts over processes, which changes no result as long as linear algebra has one thread here too
    (:func:`coupling.threads.one_thread`).  progress(done, starts, best) is called after each start.

    Raises ValueError for a rank below 1, a symmetry that the shape cannot have, shapes that differ, numbers that are
    not finite, or nothing to fit.

    >>> ones = np.ones((2, 2, 2)) + np.eye(2)[:, :, None]
    >>> found = decompose(ones, 2)
    >>> found.error < 1e-12, [factor.shape for factor in found.factors]
    (True, [(2, 2), (2, 2), (2, 2)])
    """
    objective, scales = scaled_problem(as_objective(tensor, mask, weights), ties if singles is None else (0, 0, 0))
    rank, starts = count(rank, "rank"), None if starts is None else count(starts, "starts")
    seed, workers = degree(seed, "seed"), count(workers, "workers")
    scaled_guess = (
        None if guess is None else tuple(x / s[:, None] for x, s in zip(factors_of(guess), scales, strict=True))
    )
    layout = Layout(objective.shape, rank, ties, singles, bare)
    arrays = [x for x in (objective.target, objective.weights) if x is not None]
    kind = complex if complex_factors else float
    task = Task(objective, layout, seed, kind, scaled_guess, symmetric_slots(arrays))
    results: list[tuple[float, float, Factors]] = []
    starts = STARTS[stackable(objective, layout)] if starts is None else starts
    for one in run(task, starts, seconds, workers):
        results.append((one.error, one.growth, one.factors))
        if progress:
            progress(len(results), starts, min(error for error, _, _ in results))
    best = best_conditioned(results)
    used = [np.isin(np.arange(n), axis)[:, None] for n, axis in zip(objective.shape, objective.entries, strict=True)]
    a, b, c = (np.where(row, factor * s[:, None], 0) for factor, s, row in zip(best, scales, used, strict=True))
    factors = (a, b, c) if singles is not None else largest_first((a, b, c))
    factors = balanced(factors) if layout == Layout(layout.shape, rank) else factors
    certificate = certify(as_objective(tensor, mask, weights), factors, measure)
    return Decomposition(factors, certificate.relative, certificate, tuple(sorted(error for error, _, _ in results)))


def best_conditioned(results: Sequence[tuple[float, float, T]]) -> T:
    """Return the result with the least growth among (error, growth, result) whose error is ``EQUAL`` to the smallest.

    >>> best_conditioned([(0.1001, 5.0, "tame"), (0.1, 1e5, "divergent"), (0.2, 1.0, "far")])
    'tame'
    """
    best = max(min(error for error, _, _ in results), EXACT)
    return min((one for one in results if one[0] <= EQUAL * best), key=lambda one: one[1])[2]


# -- starts -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Task:
    """A scaled problem and how its unknowns are held.

    guess: three arrays of at most as many columns, or None.  ties: the slots in which the problem is symmetric.
    """

    objective: Objective
    layout: Layout
    seed: int
    dtype: type
    guess: tuple[Array, ...] | None = None
    ties: Ties = FREE


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome of a start."""

    error: float
    growth: float
    unknowns: Array
    factors: Factors


def run(task: Task, starts: int, seconds: float | None, workers: int) -> Iterator[Result]:
    """Yield results as they come, at least one, until all starts are done, one is exact, or time is up."""
    end = time.monotonic() + (np.inf if seconds is None else seconds)
    size = stack_size(task.objective, task.layout)
    groups = [range(first, min(first + size, starts)) for first in range(0, starts, size)]
    half = -(-len(groups) // 2)
    rounds = [groups[:half], *(groups[k : k + SHARING] for k in range(half, len(groups), SHARING))]
    found: list[Result] = []
    with pool(min(workers, len(groups))) as executor:
        for turn in rounds:
            bases = [one.unknowns for one in sorted(found, key=lambda one: one.error)[:BEST]]
            for results in each(executor, [(task, numbers, bases) for numbers in turn]):
                found += results
                yield from results
                if min(one.error for one in results) < EXACT or time.monotonic() > end:
                    return


Call = tuple[Task, range, list[Array]]


def each(executor: ProcessPoolExecutor | None, calls: Sequence[Call]) -> Iterator[list[Result]]:
    """Yield the results of the groups in their order: the same start ends a search in any number of processes."""
    if executor is None:
        yield from (solve(*call) for call in calls)
        return
    futures = [executor.submit(solve, *call) for call in calls]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def solve(task: Task, numbers: range, bases: Sequence[Array]) -> list[Result]:
    """Return the results of a group of starts."""
    generators = [np.random.default_rng(np.random.SeedSequence(task.seed, spawn_key=(n,))) for n in numbers]
    starts = [beginning(task, n, g, bases) for n, g in zip(numbers, generators, strict=True)]
    if stackable(task.objective, task.layout):
        ends = list(polish_many(task.objective, task.layout, np.array(starts)))
    else:
        near = bool(bases) or (task.guess is not None and 0 in numbers)
        ridges = [() if near else RIDGES[n % len(RIDGES)] for n in numbers]
        every = zip(starts, ridges, generators, strict=True)
        ends = [fit(task.objective, task.layout, start, path, g) for start, path, g in every]
    factors = [task.layout.unpack(x) for x in ends]
    return [Result(task.objective.relative(f), growth(f), x, f) for x, f in zip(ends, factors, strict=True)]


def beginning(task: Task, number: int, generator: np.random.Generator, bases: Sequence[Array]) -> Array:
    """Return the unknowns of a start: near one of the bases; at the guess for every fourth; or at random.

    Every other random one is symmetric where the problem is, whether or not its sum has to be.
    """
    start = random_start(task.objective, task.layout, generator, np.dtype(task.dtype))
    if bases:
        base = bases[number % len(bases)]
    elif task.guess is not None and number % 4 == 0:
        base = extended(task.layout, 0.1 * start, task.guess)
        if number == 0:
            return base
    else:
        return symmetric(task, start) if number % 2 else start
    size = np.exp(generator.uniform(np.log(NEAR), np.log(FAR))) * np.sqrt(np.mean(abs(base) ** 2))
    return np.asarray(base + size * noise(generator, base.shape, base.dtype))


def symmetric(task: Task, start: Array) -> Array:
    """Return a start with equal factors in the slots in which the problem is symmetric, where a layout has none."""
    if task.layout != Layout(task.layout.shape, task.layout.rank):
        return start
    tied = Layout(task.layout.shape, task.layout.rank, task.ties)
    return task.layout.pack(tied.unpack(start[: tied.size]))


def extended(layout: Layout, start: Array, guess: Sequence[Array]) -> Array:
    """Return the unknowns of a guess, completed by the further columns of a start."""
    columns = layout.unpack(start)
    joined = [np.hstack([x, y[:, x.shape[1] :]]).astype(y.dtype) for x, y in zip(guess, columns, strict=True)]
    return layout.pack(joined)


@contextmanager
def pool(workers: int) -> Iterator[ProcessPoolExecutor | None]:
    """Yield a pool of spawned processes with one thread of linear algebra each; None for one worker."""
    if workers == 1:
        yield None
        return
    with one_thread():
        executor = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
        try:
            yield executor
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
