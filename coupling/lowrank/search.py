"""Many starts, seeded one by one: random ones first, then others near the best so far.

Starts come in groups: stacks that are solved at once where the problem is small, single ones elsewhere.  The groups of
the first half begin at random.  Those of the second half begin at the best results so far, with noise of very different
sizes (basin hopping); four of them share what they begin with, so that what is found does not depend on the number of
processes that share the work.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from os import environ

import numpy as np

from coupling.lowrank.batch import polish_many, stack_size, stackable
from coupling.lowrank.certificate import growth
from coupling.lowrank.factors import Array, Factors
from coupling.lowrank.fit import EXACT, RIDGES, fit, noise, random_start
from coupling.lowrank.layout import Layout
from coupling.lowrank.objective import Objective

#: Groups that begin at the same results, and how many results that are.
SHARING, BEST = 4, 8

#: Sizes of the noise that a start near a result begins with, relative to the root mean square of its unknowns.
NEAR, FAR = 0.01, 1.0

#: Threads of the linear algebra inside one process of several.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, eq=False)
class Task:
    """A scaled problem and how its unknowns are held; guess: three arrays of at most as many columns, or None."""

    objective: Objective
    layout: Layout
    seed: int
    dtype: type
    guess: tuple[Array, ...] | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """What a start led to."""

    error: float
    growth: float
    unknowns: Array
    layout: Layout

    @property
    def factors(self) -> Factors:
        """The three arrays."""
        return self.layout.unpack(self.unknowns)


def run(task: Task, starts: int, seconds: float | None, workers: int) -> Iterator[Result]:
    """Yield results as they come, at least one, until all starts are done, one is exact, or the time is over."""
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
    """Yield the results of the groups, in any order."""
    if executor is None:
        yield from (solve(*call) for call in calls)
        return
    futures = [executor.submit(solve, *call) for call in calls]
    try:
        for future in as_completed(futures):
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
    return [_result(task, x) for x in ends]


def beginning(task: Task, number: int, generator: np.random.Generator, bases: Sequence[Array]) -> Array:
    """Return where a start begins: near one of the bases; on the guess, if it is every fourth; or at random."""
    start = random_start(task.objective, task.layout, generator, np.dtype(task.dtype))
    if bases:
        base = bases[number % len(bases)]
    elif task.guess is not None and number % 4 == 0:
        base = extended(task.layout, 0.1 * start, task.guess)
        if number == 0:
            return base
    else:
        return start
    size = np.exp(generator.uniform(np.log(NEAR), np.log(FAR))) * np.sqrt(np.mean(abs(base) ** 2))
    return np.asarray(base + size * noise(generator, base.shape, base.dtype))


def extended(layout: Layout, start: Array, guess: Sequence[Array]) -> Array:
    """Return unknowns that begin with the columns of a guess and go on with those of a start."""
    columns = layout.unpack(start)
    joined = [np.hstack([x, y[:, x.shape[1] :]]).astype(y.dtype) for x, y in zip(guess, columns, strict=True)]
    return layout.pack(joined)


def _result(task: Task, x: Array) -> Result:
    factors = task.layout.unpack(x)
    return Result(task.objective.relative(factors), growth(factors), x, task.layout)


@contextmanager
def pool(workers: int) -> Iterator[ProcessPoolExecutor | None]:
    """Give a pool of spawned processes whose linear algebra runs in one thread each; None for one worker."""
    if workers == 1:
        yield None
        return
    before = {name: environ.get(name) for name in THREADS}
    environ.update(THREADS)
    executor = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            environ.pop(name) if value is None else environ.update({name: value})
