"""The least-squares problem behind a decomposition: its value, gradient and Gauss-Newton equations.

    f(a, b, c) = ½ Σ W² |T̂ - T|² + ½ ridge (‖a‖² + ‖b‖² + ‖c‖²)        over the entries that count

Factors are real or complex; the residual is holomorphic in them, so the complex Gauss-Newton step solves
(J^H J + μ) s = -J^H r as the real one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.lowrank.factors import Array, Factors, khatri_rao, tensor

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Objective:
    """A target [n1, n2, n3] and weights W of the same shape (zero: the entry is free), or None for all ones."""

    target: Floats
    weights: Floats | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The three dimensions."""
        return self.target.shape

    @cached_property
    def entries(self) -> tuple[NDArray[np.intp], ...]:
        """Index arrays of the entries that count."""
        return np.nonzero(np.ones(self.shape) if self.weights is None else self.weights)

    @cached_property
    def norm(self) -> float:
        """‖W T‖, the denominator of relative errors."""
        return float(np.linalg.norm(self._weighted(self.target)))

    def same_as(self, other: Objective) -> bool:
        """Return whether two problems have the same numbers, bit by bit."""
        return np.array_equal(self.target, other.target) and np.array_equal(
            np.ones(self.shape) if self.weights is None else self.weights,
            np.ones(other.shape) if other.weights is None else other.weights,
        )

    def _weighted(self, values: Array) -> Array:
        return values if self.weights is None else self.weights * values

    def residual(self, factors: Sequence[Array]) -> Array:
        """Return W (T̂ - T), [n1, n2, n3]."""
        return self._weighted(tensor(factors) - self.target)

    def relative(self, factors: Sequence[Array]) -> float:
        """Return ‖W (T̂ - T)‖ / ‖W T‖."""
        return float(np.linalg.norm(self.residual(factors))) / self.norm

    def worst(self, factors: Sequence[Array]) -> float:
        """Return the largest |W (T̂ - T)| over the largest |W T|; with W = w/T, of the error of a path's weight."""
        return float(abs(self.residual(factors)).max() / abs(self._weighted(self.target)).max())

    def value_gradient(self, factors: Factors, ridge: float) -> tuple[float, Factors]:
        """Return f and its gradient (of the real and imaginary parts, for complex factors) as three arrays."""
        a, b, c = factors
        residual = self.residual(factors)
        flat = self._weighted(residual).reshape(len(a), -1)
        value = 0.5 * (np.vdot(residual, residual).real + ridge * sum(np.vdot(x, x).real for x in factors))
        mixed = (flat.T @ a.conj()).reshape(len(b), len(c), -1)
        grad_b = np.einsum("jkr,kr->jr", mixed, c.conj())
        grad_c = np.einsum("jkr,jr->kr", mixed, b.conj())
        return value, (flat @ khatri_rao(b, c).conj() + ridge * a, grad_b + ridge * b, grad_c + ridge * c)

    def jacobian(self, factors: Factors) -> Array:
        """Return J[entry, (row of the stacked factors, r)] = ∂(W T̂)/∂factor."""
        a, b, c = factors
        i, j, k = self.entries
        rows, rank = np.arange(len(i)), a.shape[1]
        matrix = np.zeros((len(i), len(a) + len(b) + len(c), rank), a.dtype)
        matrix[rows, i] = b[j] * c[k]
        matrix[rows, len(a) + j] = a[i] * c[k]
        matrix[rows, len(a) + len(b) + k] = a[i] * b[j]
        if self.weights is not None:
            matrix *= self.weights[i, j, k][:, None, None]
        return matrix.reshape(len(i), -1)

    def normal_matrix(self, factors: Factors) -> Array:
        """Return J^H J; without weights it is made of Gram matrices, at a cost that does not depend on the entries."""
        if self.weights is not None:
            matrix = self.jacobian(factors)
            return matrix.conj().T @ matrix
        return _gram_blocks(factors)


def _gram_blocks(factors: Factors) -> Array:
    """Return J^H J of the unweighted problem: ⟨∂_{a[i,r]}T̂, ∂_{b[j,s]}T̂⟩ = a[i,s] b̄[j,r] (c̄_r·c_s), and so on."""
    grams = [x.conj().T @ x for x in factors]
    sizes = [len(x) for x in factors]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    rank = factors[0].shape[1]
    matrix = np.zeros((starts[-1], rank, starts[-1], rank), factors[0].dtype)
    for p in range(3):
        for q in range(p, 3):
            rows, columns = slice(starts[p], starts[p + 1]), slice(starts[q], starts[q + 1])
            if p == q:
                others = np.prod([grams[t] for t in range(3) if t != p], axis=0)
                diagonal = np.arange(starts[p], starts[p + 1])
                matrix[diagonal, :, diagonal, :] = others
            else:
                gram = grams[3 - p - q]
                block = np.einsum("is,jr,rs->irjs", factors[p], factors[q].conj(), gram)
                matrix[rows, :, columns, :] = block
                matrix[columns, :, rows, :] = block.conj().transpose(2, 3, 0, 1)
    return matrix.reshape(starts[-1] * rank, -1)


def real_view(vector: Array) -> Floats:
    """Return a complex vector as real pairs, a real one as it is."""
    return vector.view(np.float64) if np.iscomplexobj(vector) else vector


def as_objective(values: ArrayLike, mask: ArrayLike | None, weights: ArrayLike | None) -> Objective:
    """Return the least-squares problem of a tensor with mask and weights, after checking them."""
    target = np.asarray(values, float)
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


def symmetric_slots(arrays: Sequence[Floats], degrees: Sequence[Sequence[int]] | None = None) -> tuple[int, int, int]:
    """Return the slots that may share their factor, as numbers: all arrays are symmetric in slots with the same number.

    Slots of different dimensions count where both indices are in range of both and the longer one is the last; with
    degrees [slot][index], these must agree there.

    >>> symmetric_slots([np.ones((2, 2, 3))]), symmetric_slots([np.arange(8.0).reshape(2, 2, 2)])
    ((0, 0, 0), (0, 1, 2))
    """

    def alike(slot1: int, slot2: int) -> bool:
        shape = arrays[0].shape
        common = min(shape[slot1], shape[slot2])
        box = tuple(slice(common) if slot in (slot1, slot2) else slice(None) for slot in range(3))
        same = degrees is None or degrees[slot1][:common] == degrees[slot2][:common]
        cuts = [array[box] for array in arrays]
        swapped = (np.allclose(x, np.swapaxes(x, slot1, slot2), rtol=1e-12, atol=0) for x in cuts)
        return shape[slot1] <= shape[slot2] and same and all(swapped)

    first, last = alike(0, 1), alike(1, 2)
    if first and last:
        return 0, 0, 0
    if first or last:
        return (0, 0, 1) if first else (0, 1, 1)
    return (0, 1, 0) if alike(0, 2) else (0, 1, 2)


def scaled_problem(
    objective: Objective, ties: tuple[int, ...] = (0, 1, 2)
) -> tuple[Objective, list[NDArray[np.float64]]]:
    """Return the problem T / (s1 s2 s3) with entries of order one, and the three vectors of scales.

    Separable scales change neither the rank nor the residuals, only the conditioning of the fit.  They are fitted to
    log |T| where the problem is masked; tied slots share one.
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
