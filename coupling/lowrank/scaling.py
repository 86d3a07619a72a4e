"""Separable scales: they change neither the rank nor the residuals, only how hard the fit is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coupling.lowrank.objective import Objective


def scaled_problem(
    objective: Objective, ties: tuple[int, ...] = (0, 1, 2)
) -> tuple[Objective, list[NDArray[np.float64]]]:
    """Return the problem T / (s1 s2 s3) with entries of order one, and the three vectors of scales.

    Separable factors change neither rank nor residuals.  They are fitted to log |T| where the problem is masked,
    one for slots that are tied.
    """
    i, j, k = objective.entries
    values = abs(objective.target[i, j, k])
    if objective.weights is None:
        size = np.cbrt(np.sqrt(np.mean(values**2) * values.size / sum(objective.shape)))
        return Objective(objective.target / size**3), [np.full(n, size) for n in objective.shape]
    free = log_scales(objective)
    longest = {tie: max((s for s, other in zip(free, ties, strict=True) if other == tie), key=len) for tie in ties}
    scales = [longest[tie][:n] for tie, n in zip(ties, objective.shape, strict=True)]
    product = np.einsum("i,j,k->ijk", *scales)
    weights = objective.weights * product
    weights = weights * np.sqrt(sum(objective.shape)) / np.linalg.norm(weights * (objective.target / product))
    return Objective(objective.target / product, weights), scales


def log_scales(objective: Objective) -> list[NDArray[np.float64]]:
    """Return s1, s2, s3 with s1[i] s2[j] s3[k] closest to |T| in the mean square of logarithms.

    >>> scales = log_scales(Objective(np.full((2, 2, 2), 8.0), np.ones((2, 2, 2))))
    >>> [scale.round(6).tolist() for scale in scales]
    [[2.0, 2.0], [2.0, 2.0], [2.0, 2.0]]
    """
    index = [axis[objective.target[objective.entries] != 0] for axis in objective.entries]
    starts = np.concatenate([[0], np.cumsum(objective.shape)])
    design = np.zeros((len(index[0]), starts[-1]))
    for axis, start in zip(index, starts[:-1], strict=True):
        design[np.arange(len(axis)), start + axis] = 1
    logs = np.log(abs(objective.target[tuple(index)]))
    solution = np.exp(np.linalg.lstsq(design, logs, rcond=None)[0])
    return np.split(solution, starts[1:-1])
