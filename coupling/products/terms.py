"""Path weights as a sum of terms: w(l1, l2, l3) = N(l1, l2, l3) Σ_r a_r(l1) b_r(l2) c_r(l3) on the paths of a product.

N is what the product itself puts on a path; a term is one evaluation of it.  Only sums that are exact up to rounding
count, and whose terms do not cancel: then the result is that of the sparse product, to rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from coupling.lowrank.objective import Objective

Array = NDArray[np.float64]
Factors = tuple[Array, Array, Array]

#: Largest difference from the wanted weights, relative to the largest of them: 64 roundings of float64.
EXACT = 64 * np.finfo(float).eps

#: Largest sum of the sizes of the terms on a path, relative to the largest weight: what cancellation may cost.
GROWTH = 16.0

#: Starts of the search for terms.
STARTS = 12

#: From this degree on, search for a single term only: more would take minutes.
SEVERAL = 17


def find_terms(weights: Array, normalization: Array, most: int) -> Factors | None:
    """Return factors [lmax1+1, R], [lmax2+1, R], [lmax3+1, R] with the least R <= most that is found, or None.

    Entries where normalization is zero are free.  A proved lower bound of R avoids most searches without a result;
    the others begin at random places and may miss a sum that exists, but not a single term.  Weights that are all zero
    have no term.

    >>> n, a = np.array([[[1.0, 2.0], [3.0, 0.0]]]), np.array([1.0, 5.0])
    >>> [f.shape for f in find_terms(n * a, n, 1)]
    [(1, 1), (2, 1), (2, 1)]
    """
    mask = normalization != 0
    wanted = np.where(mask, weights, 0.0)
    used = [np.flatnonzero(wanted.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    box = np.ix_(*used)
    found = _search(wanted[box], normalization[box], most) if wanted.any() else [np.zeros((0, 0))] * 3
    if found is None:
        return None
    a, b, c = (np.zeros((size, f.shape[1])) for size, f in zip(wanted.shape, found, strict=True))
    for full, rows, factor in zip((a, b, c), used, found, strict=True):
        full[rows] = factor
    return a, b, c


def _search(wanted: Array, normalization: Array, most: int) -> list[Array] | None:
    """Return factors of the part of the weights in which no degree vanishes."""
    from coupling.lowrank.bounds import lower_bound, separable
    from coupling.lowrank.objective import Objective

    ratio = np.divide(wanted, normalization, out=np.zeros_like(wanted), where=normalization != 0)
    problem = Objective(ratio, normalization)
    if not ratio[problem.entries].all() or not separable(problem):
        first = max(2, lower_bound(problem)) if most > 1 else 2
    else:
        first, most = 1, min(1, most)
    return next((found for rank in range(first, most + 1) if (found := _fit(problem, wanted, rank))), None)


def _fit(problem: Objective, wanted: Array, rank: int) -> list[Array] | None:
    """Return exact factors of a given number of terms, or None."""
    from coupling.lowrank import decompose

    n = np.asarray(problem.weights)
    factors = decompose(problem.target, rank, n != 0, n, starts=STARTS).factors
    terms = n[..., None] * np.einsum("ir,jr,kr->ijkr", *factors)
    largest = abs(wanted).max()
    exact = abs(terms.sum(axis=-1) - wanted).max() <= EXACT * largest
    tame = abs(terms).sum(axis=-1).max() <= GROWTH * largest
    return list(factors) if exact and tame else None
