"""Newton steps for a sum of terms and its path weights together, with many digits: evidence that an exact sum exists.

The equations Σ_r a_r ⊗ b_r ⊗ c_r - Σ w C = 0 have the factors and the weights as unknowns.  There are more of them than
the rank of their derivative, so a residual that falls to nothing is no accident; it is no proof either.  Residuals are
evaluated with all digits, steps in double precision: each gains about fourteen.
"""

from __future__ import annotations

from collections.abc import Sequence

import mpmath
import numpy as np

from coupling.exact import real_wigner_3j
from coupling.lowrank.certificate import NOISE
from coupling.lowrank.factors import Array
from coupling.lowrank.free_weights import free_objective
from coupling.lowrank.objective import Objective


def refined_residuals(lmax: int, factors: Sequence[Array], steps: int = 3, digits: int = 50) -> tuple[list[float], int]:
    """Return the norms of the residual before each step and after the last, and the rank of the derivative at first.

    >>> from coupling.lowrank import constructed
    >>> norms, rank = refined_residuals(1, constructed(1, complex_factors=True).factors, steps=2)
    >>> norms[0] < 1e-14, norms[-1] < 1e-30, rank < 64
    (True, True, True)
    """
    objective = free_objective(lmax)
    start = [np.asarray(factor, complex) for factor in factors]
    values = np.einsum("ir,jr,kr->ijk", *start)
    with mpmath.workdps(digits):
        x = [np.array([[mpmath.mpc(v) for v in row] for row in factor.tolist()], object) for factor in start]
        weights = [mpmath.mpc(w) for w in objective.components(values).tolist()]
        blocks = _exact_blocks(objective.blocks, lmax)
        norms, first = [], 0
        for number in range(steps + 1):
            left = _residual(x, weights, blocks)
            size = mpmath.sqrt(mpmath.fsum(abs(v) ** 2 for v in left.ravel()))
            norms.append(float(size))
            if number == steps:
                break
            inverse, rank = _inverse([part.astype(complex) for part in x], objective.blocks)
            first = first or rank
            step = -inverse @ (left / size).astype(complex).ravel()
            parts = np.split(step, np.cumsum([part.size for part in x]))
            for part, change in zip(x, parts[:3], strict=True):
                part += np.vectorize(mpmath.mpc, otypes=[object])(change.reshape(part.shape)) * size
            weights = [w + mpmath.mpc(change) * size for w, change in zip(weights, parts[3].tolist(), strict=True)]
    return norms, first


def _exact_blocks(blocks: Array, lmax: int) -> list[list[tuple[tuple[int, ...], mpmath.mpf]]]:
    """Return the entries of the blocks that are not zero, in the current precision of mpmath."""
    found = []
    places = [(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]
    for block in blocks:
        entries = [tuple(index) for index in np.argwhere(block).tolist()]
        symbols = [[places[i] for i in entry] for entry in entries]
        values = [real_wigner_3j(*(l for l, _ in three), *(m for _, m in three)) for three in symbols]
        found.append([(entry, mpmath.mpmathify(v)) for entry, v in zip(entries, values, strict=True)])
    return found


def _residual(x: Sequence[Array], weights: Sequence[mpmath.mpc], blocks: Sequence[list]) -> Array:
    a, b, c = x
    pairs = (a[:, None] * b[None]).reshape(len(a) * len(b), -1)
    left: Array = (pairs @ c.T).reshape(len(a), len(b), len(c))
    for weight, entries in zip(weights, blocks, strict=True):
        for entry, value in entries:
            left[entry] -= weight * value
    return left


def _inverse(x: Sequence[Array], blocks: Array) -> tuple[Array, int]:
    """Return the pseudo-inverse of the derivative in factors and weights, and its rank."""
    a, b, c = x
    columns = Objective(np.ones((len(a), len(b), len(c)))).jacobian((a, b, c))
    matrix = np.concatenate([columns, -blocks.reshape(len(blocks), -1).T], axis=1)
    u, s, vh = np.linalg.svd(matrix, full_matrices=False)
    kept = s > 1e4 * NOISE * s[0]
    return (vh[kept].conj().T / s[kept]) @ u[:, kept].conj().T, int(kept.sum())
