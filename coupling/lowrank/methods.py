"""The same problem by other programs: tensorly's CP and Tucker decompositions beside ours, with error and time.

All minimise Σ (T̂ - T)² over the entries that count, each the same, as tensorly does.  Tucker's error is that of a core
[R, R, R], or as large as a side, with a matrix for each slot: more numbers than R terms, and no sum of products.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.integers import count, degree
from coupling.lowrank.baseline import tensorly, tensorly_decompose
from coupling.lowrank.by_rank import study
from coupling.lowrank.objective import Objective, as_objective
from coupling.lowrank.problems import Problem
from coupling.selection import of_type, one_of

Floats = NDArray[np.float64]

OURS, PARAFAC, TUCKER = "ours", "parafac", "tucker"
METHODS = OURS, PARAFAC, TUCKER

#: Sweeps of a Tucker decomposition.
SWEEPS = 2000


@dataclass(frozen=True)
class MethodResult:
    """What a method reaches: relative error over the entries that count, seconds, and how many numbers it keeps."""

    method: str
    rank: int
    error: float
    seconds: float
    numbers: int


def tucker_error(
    tensor: ArrayLike, rank: object, mask: ArrayLike | None = None, *, starts: object = 8, seed: object = 0
) -> tuple[float, int]:
    """Return the relative error of ``tensorly.decomposition.tucker``, the best of several starts, and its size.

    rank: the largest side of the core; the size is the number of elements of core and matrices.  tensorly fills masked
    entries in; they do not count.  Starts are random, since with masked entries its start by singular values may stay
    where it is.  Raises ValueError for a rank below 1 and without tensorly, which the extra ``study`` installs.

    >>> error, numbers = tucker_error(np.ones((2, 3, 4)), 1)
    >>> error < 1e-14, numbers
    (True, 10)
    """
    objective, rank = as_objective(tensor, mask, None), count(rank, "rank")
    starts, seed = count(starts, "starts"), degree(seed, "seed")
    sides = [min(rank, n) for n in objective.shape]
    known = None if objective.weights is None else (objective.weights != 0).astype(float)
    errors = [_tucker(objective, sides, known, (seed, number)) for number in range(starts)]
    return min(errors), int(np.prod(sides) + np.dot(sides, objective.shape))


def _tucker(objective: Objective, sides: list[int], known: Floats | None, seed: tuple[int, int]) -> float:
    """Return the error of one start."""
    state = int(np.random.SeedSequence(seed[0], spawn_key=seed[1:]).generate_state(1)[0])
    options = {"n_iter_max": SWEEPS, "tol": 1e-12, "mask": known, "init": "random", "random_state": state}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        core, factors = tensorly("decomposition").tucker(objective.target, sides, **options)
    found = np.einsum("abc,ia,jb,kc->ijk", core, *factors)
    ones = 1.0 if known is None else known
    return float(np.linalg.norm((found - objective.target) * ones) / np.linalg.norm(objective.target * ones))


def unweighted(problem: Problem) -> Problem:
    """Return the same problem with all entries that count weighing the same."""
    weights = None if problem.mask is None else problem.mask.astype(float)
    return Problem(problem.tensor, problem.mask, weights, problem.measure, problem.spec, problem.degrees)


def compare_methods(
    problem: Problem, rank: object, methods: Sequence[str] = METHODS, *, starts: object = 8, seed: object = 0
) -> list[MethodResult]:
    """Return what each method reaches on a problem, from the same number of seeded starts.

    methods: "ours", "parafac" and "tucker".  Raises ValueError for others.

    >>> from coupling.lowrank import normalization_problem
    >>> [(one.method, one.numbers) for one in compare_methods(normalization_problem("gaunt", 1), 1, starts=2)]
    [('ours', 6), ('parafac', 6), ('tucker', 7)]
    """
    of_type(problem, Problem, "problem")
    plain, rank = unweighted(problem), count(rank, "rank")
    starts, seed, found = count(starts, "starts"), degree(seed, "seed"), []
    for method in methods:
        one_of(method, METHODS, "method")
        begin = time.perf_counter()
        if method == TUCKER:
            error, numbers = tucker_error(plain.tensor, rank, plain.mask, starts=starts, seed=seed)
        else:
            error, numbers = _sum_of_terms(plain, rank, method, starts, seed), rank * sum(plain.tensor.shape)
        found.append(MethodResult(method, rank, error, time.perf_counter() - begin, numbers))
    return found


def _sum_of_terms(problem: Problem, rank: int, method: str, starts: int, seed: int) -> float:
    if method == PARAFAC:
        return tensorly_decompose(problem.tensor, rank, problem.mask, starts=starts, seed=seed).error
    [record] = study(problem, [rank], starts=starts, seed=seed)
    return 0.0 if record.exact else record.error
