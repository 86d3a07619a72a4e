"""Continuation: the sum of one degree limit or rank as the beginning of a fit for another.

Cut to degrees L' < L, a sum for degrees to L keeps its largest error or gets a smaller one, and its root mean square
error grows by at most √(N_L/N_L'), N the number of paths.  The other way, it grows degree by degree: rows of the next
degree are extrapolated, and the nearest minimum of that degree limit is found before the next one.  A sum of R terms
without one of them begins a fit of R - 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from coupling.lowrank.decomposition import Task, run
from coupling.lowrank.factors import Array, Factors, Layout, column_norms, layout_of
from coupling.lowrank.fit import noise
from coupling.lowrank.objective import Objective, scaled_problem
from coupling.lowrank.problems import Problem

#: What the last difference of two rows is multiplied by, to be added to the last row: the best of these is taken; and
#: the size of new rows of a whole tensor, relative to the root mean square of the others.
SLOPES, SMALL = (0.5, 1.0, 0.0), 0.1

#: With more unknowns a fit takes minutes, and no sum is carried to another degree limit or rank.
MOST_CARRIED = 1000

#: Terms that are left out, one at a time, where each fit takes long: the smallest ones.
SMALLEST = 3


def cut(factors: Sequence[Array], shape: Sequence[int]) -> Factors:
    """Return factors without the rows beyond a shape.

    >>> [len(x) for x in cut([np.ones((4, 2))] * 3, (2, 3, 5))]
    [2, 3, 4]
    """
    a, b, c = (factor[:n] for factor, n in zip(factors, shape, strict=True))
    return a, b, c


def shapes_between(small: Sequence[int], large: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield shapes from the next after a small one to a large one, in steps of one in the first slot that grows least.

    >>> list(shapes_between((3, 3, 5), (5, 5, 9)))
    [(4, 4, 7), (5, 5, 9)]
    """
    steps = min((n - m for m, n in zip(small, large, strict=True) if n > m), default=0)
    for step in range(1, steps + 1):
        yield tuple(m + (n - m) * step // steps for m, n in zip(small, large, strict=True))


def carried(problem: Problem, guess: Factors) -> Factors | None:
    """Return the sum of a problem that a sum of another degree limit leads to; None where that takes too long.

    guess: factors of as many terms for a smaller or larger degree limit, or the same one.  Symmetries of the guess are
    kept.  Where a fit takes long, a guess for a larger degree limit is cut, and nothing more.

    >>> from coupling.lowrank import normalization_problem, shipped
    >>> problem = normalization_problem("gaunt", 5)
    >>> found = carried(problem, shipped("gaunt", 4, 2).factors)
    >>> round(problem.objective.relative(found), 3)
    0.019
    """
    shape = problem.tensor.shape
    start = cut(guess, shape)
    layout = layout_of(start, problem.ties)
    whole = replace(layout, shape=shape)
    if whole.size > MOST_CARRIED:
        return start if layout.shape == shape else None
    symmetric = whole.ties if whole.singles is None else (0, 0, 0)
    objective, scales = scaled_problem(problem.objective, symmetric)
    found = _turned(start, [1 / s for s in scales])
    for larger in shapes_between([len(x) for x in start], shape):
        slopes = SLOPES if problem.mask is not None else (None,)
        corner, wider = _corner(objective, larger), replace(layout, shape=larger)
        ends = [_settled(corner, wider, _with_rows(found, larger, slope)) for slope in slopes]
        found = min(ends, key=corner.relative)
    if layout.shape == shape:
        found = _settled(objective, layout, found)
    return _turned(found, scales)


def without_terms(problem: Problem, factors: Factors, rank: int) -> Iterator[Factors]:
    """Yield factors of fewer terms that begin a fit: without one of them each, or without the smallest ones.

    >>> from coupling.lowrank import normalization_problem, shipped
    >>> record = shipped("gaunt", 5)
    >>> [len(x[0]) for x in without_terms(normalization_problem("gaunt", 5), record.factors, 3)][0], record.rank
    (6, 4)
    """
    layout = layout_of(factors, problem.ties)
    smallest = np.argsort(column_norms(factors), kind="stable").tolist()
    excess = len(smallest) - rank
    if layout.singles is not None and layout.singles >= excess:  # threes stay whole
        smallest = [column for column in smallest if column < layout.singles]
    tries = len(smallest) if problem.mask is not None else SMALLEST
    for first in range(min(tries, len(smallest) - excess + 1) if excess > 1 else min(tries, len(smallest))):
        left = np.setdiff1d(np.arange(len(factors[0].T)), smallest[first : first + excess])
        a, b, c = (factor[:, left] for factor in factors)
        yield a, b, c


def _turned(factors: Sequence[Array], scales: Sequence[Array]) -> Factors:
    a, b, c = (factor * scale[: len(factor), None] for factor, scale in zip(factors, scales, strict=True))
    return a, b, c


def _corner(objective: Objective, shape: Sequence[int]) -> Objective:
    """Return the problem of the first indices of each slot."""
    box = tuple(slice(n) for n in shape)
    return Objective(objective.target[box], None if objective.weights is None else objective.weights[box])


def _with_rows(factors: Factors, shape: Sequence[int], slope: float | None) -> Factors:
    """Return factors with further rows: extrapolated where they are smooth in the degree, else small random ones.

    Rows that slots share stay shared.
    """
    found = []
    for factor, n in zip(factors, shape, strict=True):
        generator = np.random.default_rng(n)
        rows = list(factor)
        while len(rows) < n:
            difference = rows[-1] - rows[-2] if len(rows) > 1 else 0 * rows[-1]
            size = SMALL * np.sqrt(np.mean(abs(factor) ** 2))
            small = size * noise(generator, rows[-1].shape, factor.dtype)
            rows.append(small if slope is None else rows[-1] + slope * difference)
        found.append(np.array(rows))
    a, b, c = found
    return a, b, c


def _settled(objective: Objective, layout: Layout, guess: Factors) -> Factors:
    """Return the minimum that a guess leads to."""
    task = Task(objective, layout, 0, complex if np.iscomplexobj(guess[0]) else float, guess)
    [result] = run(task, 1, None, 1)
    return result.factors
