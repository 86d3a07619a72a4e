"""The best of many starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from os import environ
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from coupling.lowrank.certificate import Certificate, certify, growth
from coupling.lowrank.factors import Array, Factors, Layout, balanced, ordered
from coupling.lowrank.fit import EXACT, RIDGES, fit, random_start
from coupling.lowrank.objective import Objective
from coupling.lowrank.scaling import scaled
from coupling.selection import integer

T = TypeVar("T")
Progress = Callable[[int, int, float], None]

#: Threads of the linear algebra inside one process of several.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, eq=False)
class Decomposition:
    """T ≈ Σ_r a_r ⊗ b_r ⊗ c_r.

    ``factors``: three arrays [n, R], the columns balanced, the largest term first; ``weights`` is None, the columns
    hold them.  ``error``: relative Frobenius error in the measure of ``certificate``; ``errors``: that of every start,
    the best first.

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
    starts: int = 8,
    seed: int = 0,
    ties: tuple[int, int, int] = (0, 1, 2),
    complex_factors: bool = False,
    seconds: float | None = None,
    workers: int = 1,
    guess: Factors | None = None,
    measure: str = "entries of the tensor",
    progress: Progress | None = None,
) -> Decomposition:
    """Return the best sum of rank outer products that the starts lead to, for a real tensor of three indices.

    Entries where mask is false, and where weights is zero, are free and may hold anything.  Minimises
    Σ weights² (T̂ - T)²; ``error`` is its root relative to Σ weights² T².  Of starts
    whose errors agree within 1 % the one with the smallest terms is returned.

    Starts are seeded one by one and do not depend on one another.  ties = (0, 0, 0) keeps the three factors equal and
    (0, 0, 1) the first two: fewer unknowns for a tensor with such a symmetry.  guess, three arrays with at most rank
    columns, is where the first start begins, with more columns that are small.  The search ends early after so many
    seconds, and when a start is exact to 1e-12; with workers > 1, which spread the starts over processes, it may then
    be another one.  progress(done, starts, best) is called after each start.

    Raises ValueError for a rank below 1, shapes that differ, numbers that are not finite, or nothing to fit.

    >>> ones = np.ones((2, 2, 2)) + np.eye(2)[:, :, None]
    >>> found = decompose(ones, 2)
    >>> found.error < 1e-12, [factor.shape for factor in found.factors]
    (True, [(2, 2), (2, 2), (2, 2)])
    """
    objective, scales = scaled(as_objective(tensor, mask, weights), ties)
    rank, starts = integer(rank, "rank"), integer(starts, "starts")
    if rank < 1 or starts < 1:
        raise ValueError(f"rank and starts must be >= 1, got {rank} and {starts}")
    layout = Layout(objective.shape, rank, ties)
    scaled_guess = None if guess is None else [x / s[:, None] for x, s in zip(guess, scales, strict=True)]
    results = []
    for result in run_starts((objective, layout, seed, complex_factors, scaled_guess), starts, seconds, workers):
        results.append(result)
        if progress:
            progress(len(results), starts, min(error for _, error, _ in results))
    best = tamest([(error, growth(factors), factors) for _, error, factors in sorted(results, key=lambda one: one[0])])
    factors = ordered([factor * scale[:, None] for factor, scale in zip(best, scales, strict=True)])
    factors = balanced(factors) if ties == (0, 1, 2) else factors
    certificate = certify(as_objective(tensor, mask, weights), factors, measure)
    return Decomposition(factors, certificate.relative, certificate, tuple(sorted(error for _, error, _ in results)))


def tamest(results: list[tuple[float, float, T]]) -> T:
    """Return the result with the least growth among (error, growth, result) that are within 1 % of the smallest error.

    >>> tamest([(0.1005, 5.0, "tame"), (0.1, 1e5, "divergent"), (0.2, 1.0, "far")])
    'tame'
    """
    best = max(min(error for error, _, _ in results), EXACT)
    return min((one for one in results if one[0] <= 1.01 * best), key=lambda one: one[1])[2]


def as_objective(tensor: ArrayLike, mask: ArrayLike | None, weights: ArrayLike | None) -> Objective:
    """Return the least-squares problem of a tensor with mask and weights, after checking them."""
    target = np.asarray(tensor, float)
    if target.ndim != 3:
        raise ValueError(f"the tensor must have three indices, got shape {target.shape}")
    factor = np.ones(target.shape) if weights is None else np.asarray(weights, float)
    active = np.ones(target.shape, bool) if mask is None else np.asarray(mask, bool)
    if factor.shape != target.shape or active.shape != target.shape:
        shapes = target.shape, active.shape, factor.shape
        raise ValueError(f"tensor, mask and weights must have one shape, got {shapes}")
    active = active & (factor != 0)
    if not np.isfinite(target[active]).all() or not np.isfinite(factor[active]).all() or not target[active].any():
        raise ValueError("tensor and weights must be finite, and the tensor not zero, where entries count")
    if mask is None and weights is None:
        return Objective(target)
    return Objective(np.where(active, target, 0.0), np.where(active, factor, 0.0))


Result = tuple[int, float, Factors]


def one_start(
    objective: Objective, layout: Layout, seed: int, complex_factors: bool, guess: Factors | None, number: int
) -> Result:
    """Return (number, relative error, factors) of one start; the same whoever runs it."""
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    start = random_start(objective, layout, generator, np.dtype(complex if complex_factors else float))
    ridges = RIDGES[number % len(RIDGES)]
    if guess is not None and number == 0:
        start, ridges = extended(layout, 0.1 * start, guess), ()
    factors = fit(objective, layout, start, ridges, generator)
    return number, objective.relative(factors), factors


def extended(layout: Layout, start: Array, guess: Sequence[Array]) -> Array:
    """Return unknowns that begin with the columns of a guess and go on with those of a start."""
    columns = layout.unpack(start)
    joined = [np.hstack([x, y[:, x.shape[1] :]]).astype(y.dtype) for x, y in zip(guess, columns, strict=True)]
    return layout.pack(joined)


def run_starts(task: tuple[Any, ...], starts: int, seconds: float | None, workers: int) -> Iterator[Result]:
    """Yield the results of the starts as they come, until one is exact or the time is over; at least one."""
    end = time.monotonic() + (np.inf if seconds is None else seconds)
    calls = ((*task, number) for number in range(starts))
    for result in in_order(calls, end) if workers == 1 else in_processes(calls, end, workers):
        yield result
        if result[1] < EXACT:
            return


def in_order(calls: Iterator[tuple[Any, ...]], end: float) -> Iterator[Result]:
    """Run the starts one after the other."""
    for number, call in enumerate(calls):
        if number and time.monotonic() > end:
            return
        yield one_start(*call)


def in_processes(calls: Iterator[tuple[Any, ...]], end: float, workers: int) -> Iterator[Result]:
    """Run the starts in fresh processes, as many at a time as there are workers."""
    with processes(workers) as pool:
        running = {pool.submit(one_start, *call) for _, call in zip(range(workers), calls, strict=False)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            if time.monotonic() < end:
                running |= {pool.submit(one_start, *call) for _, call in zip(done, calls, strict=False)}
            for future in done:
                yield future.result()


@contextmanager
def processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of spawned processes whose linear algebra runs in one thread each."""
    before = {name: environ.get(name) for name in THREADS}
    environ.update(THREADS)
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            environ.pop(name) if value is None else environ.update({name: value})
