"""The best of many starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from coupling.integers import count, degree
from coupling.lowrank.batch import stackable
from coupling.lowrank.certificate import Certificate, certify
from coupling.lowrank.factors import Factors, balanced, largest_first
from coupling.lowrank.fit import EXACT
from coupling.lowrank.layout import FREE, Layout, Ties
from coupling.lowrank.objective import Objective
from coupling.lowrank.scaling import scaled_problem
from coupling.lowrank.search import Task, run

T = TypeVar("T")
Progress = Callable[[int, int, float], None]

#: Starts when none are asked for: of large problems, of small ones.
STARTS = 8, 128


@dataclass(frozen=True, eq=False)
class Decomposition:
    """T ≈ Σ_r a_r ⊗ b_r ⊗ c_r.

    ``factors``: three arrays [n, R], the largest term first, balanced where no symmetry ties them; ``weights`` is
    None, the columns hold them; rows of indices that no entry has are zero.  ``error``: relative Frobenius error in the
    measure of ``certificate``; ``errors``:
    that of every start, the best first.

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
    guess: Factors | None = None,
    measure: str = "entries of the tensor",
    progress: Progress | None = None,
) -> Decomposition:
    """Return the best sum of rank outer products that the starts lead to, for a real tensor of three indices.

    Entries where mask is false, and where weights is zero, are free and may hold anything.  Minimises
    Σ weights² (T̂ - T)²; ``error`` is its root relative to Σ weights² T².  Of starts
    whose errors agree within 1 % the one with the smallest terms is returned.

    The first half of the starts, seeded one by one, is random; the others begin near the best so far.  Default: 128
    starts where the problem is small enough to solve many at once, else 8.
    ties = (0, 0, 0) keeps the three factors equal and (0, 0, 1) the first two: fewer unknowns for a tensor with such a
    symmetry.  singles = s looks among sums that do not change when the slots go round, of s terms a⊗a⊗a and of threes
    a⊗b⊗c + b⊗c⊗a + c⊗a⊗b, the latter zero in the first ``bare`` rows, in the order of
    :class:`coupling.lowrank.layout.Layout`.  guess, three arrays with at most
    rank columns, is where the first start begins, with more columns that are small, and near which every fourth of the
    random ones does.  The search ends early after so many seconds, and when a start is exact to 1e-12; with workers >
    1, which spread the starts over processes, it may then be another one.  progress(done, starts, best) is called
    after each start.

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
    scaled_guess = None if guess is None else tuple(x / s[:, None] for x, s in zip(guess, scales, strict=True))
    layout = Layout(objective.shape, rank, ties, singles, bare)
    task = Task(objective, layout, seed, complex if complex_factors else float, scaled_guess)
    results: list[tuple[float, float, Factors]] = []
    starts = STARTS[stackable(objective, layout)] if starts is None else starts
    for one in run(task, starts, seconds, workers):
        results.append((one.error, one.growth, one.factors))
        if progress:
            progress(len(results), starts, min(error for error, _, _ in results))
    best = tamest(results)
    used = [np.isin(np.arange(n), axis)[:, None] for n, axis in zip(objective.shape, objective.entries, strict=True)]
    a, b, c = (np.where(row, factor * s[:, None], 0) for factor, s, row in zip(best, scales, used, strict=True))
    factors = (a, b, c) if singles is not None else largest_first((a, b, c))
    factors = balanced(factors) if layout == Layout(layout.shape, rank) else factors
    certificate = certify(as_objective(tensor, mask, weights), factors, measure)
    return Decomposition(factors, certificate.relative, certificate, tuple(sorted(error for error, _, _ in results)))


def tamest(results: Sequence[tuple[float, float, T]]) -> T:
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
