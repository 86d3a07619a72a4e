"""A baseline: alternating least squares with line search of tensorly, from the starts of our own searches."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from coupling.extras import from_extra
from coupling.integers import count, degree
from coupling.lowrank.certificate import certify
from coupling.lowrank.decomposition import Decomposition
from coupling.lowrank.factors import Factors, Layout, balanced, largest_first
from coupling.lowrank.fit import EXACT, random_start
from coupling.lowrank.objective import Objective, as_objective


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
