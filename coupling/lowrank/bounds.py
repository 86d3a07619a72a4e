"""Bounds of the rank without any fit: proved lower bounds, singular values, and sums from quadrature rules.

A floating-point rank is a proof here: singular values of the rounded matrix differ from those of the exact one by less
than its rounding, and only those far above count.

A quadrature rule is a decomposition:

    ∫ R1 R2 R3 dΩ = Σ_q w_q R1(q) R2(q) R3(q)                                          one term for each point
    ∫ R1 {R2, R3} dΩ = Σ_q w_q R1(q) (∂θR2 ∂φR3 - ∂φR2 ∂θR3)(q) / sin θ_q             two terms

are exact for rules of degree l1+l2+l3, the second from one degree less.  With 1/N = Σ_r a_r b_r c_r on the paths they
give the whole coupling tensor with Q R + 2 Q' R' terms; its error is that of the normalizations, and it is exactly
equivariant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, permutations
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import parity_sign
from coupling.integers import count
from coupling.lowrank.factors import Array, Factors
from coupling.lowrank.objective import Objective, log_scales
from coupling.selection import degree, triangle
from coupling.sphere.grids import Grid
from coupling.sphere.harmonics import gradients, harmonics

Floats = NDArray[np.float64]

#: The largest dimension of a Koszul flattening.
LARGEST = 2100


def lower_bound(objective: Objective) -> int:
    """Return a proved lower bound of the rank of every completion of the tensor.

    Without free entries: mode ranks and Koszul flattenings; the latter bound the border rank, so no sequence of sums
    of fewer terms comes arbitrarily close.  With free entries: fully known submatrices of the unfoldings, and 2 when
    log |T| is no sum of functions of one index.

    >>> lower_bound(Objective(np.eye(3)[:, :, None] * np.eye(3)))
    3
    """
    if objective.weights is None:
        return _full_bound(objective.shape, np.ascontiguousarray(objective.target).tobytes())
    known = max(rank_of(matrix) for matrix in known_matrices(objective))
    return max(known, 1 if separable(objective) else 2)


@lru_cache(maxsize=8)
def _full_bound(shape: tuple[int, ...], data: bytes) -> int:
    tensor = np.frombuffer(data).reshape(shape)
    return max(*mode_ranks(tensor), koszul_bound(tensor))


def rank_of(matrix: Floats) -> int:
    """Return a number of singular values that are certainly not zero: above 1e-10 of the largest.

    >>> rank_of(np.diag([1.0, 1e-3, 1e-17]))
    2
    """
    values = np.linalg.svd(matrix, compute_uv=False)
    return int(np.sum(values > 1e-10 * values[0])) if values.size and values[0] else 0


def mode_ranks(tensor: Floats) -> tuple[int, int, int]:
    """Return the ranks of the three unfoldings.

    >>> mode_ranks(np.ones((2, 2, 2)) + np.eye(2)[:, :, None])
    (2, 2, 1)
    """
    a, b, c = (rank_of(np.moveaxis(tensor, axis, 0).reshape(tensor.shape[axis], -1)) for axis in range(3))
    return a, b, c


def koszul_bound(tensor: Floats) -> int:
    """Return ⌈rank(T ∧ p) / binom(2p, p)⌉, the best over p, of matrices up to LARGEST: a lower bound of the border
    rank.

    T ∧ p: Λ^p A ⊗ B* → Λ^(p+1) A ⊗ C maps ω ⊗ β to Σ_i (e_i ∧ ω) ⊗ T_i(β); for a product a ⊗ b ⊗ c its rank is
    binom(2p, p) when A is cut to 2p+1 dimensions, by a random projection.  Source: J. M. Landsberg, G. Ottaviani,
    New lower bounds for the border rank of matrix multiplication, Theory of Computing 11 (2015), section 2.
    """
    generator = np.random.default_rng(0)
    best = 0
    for p in range(1, (len(tensor) + 1) // 2):
        if comb(2 * p + 1, p) * max(tensor.shape[1:]) <= LARGEST:
            projection = np.linalg.qr(generator.standard_normal((len(tensor), 2 * p + 1)))[0]
            rank = rank_of(koszul_flattening(np.einsum("ia,ijk->ajk", projection, tensor), p))
            best = max(best, -(-rank // comb(2 * p, p)))
    return best


def koszul_flattening(tensor: Floats, p: int) -> Floats:
    """Return the matrix of T ∧ p; the first index of the tensor is that of A.

    >>> koszul_flattening(np.ones((3, 1, 1)), 1)
    array([[-1.,  1.,  0.],
           [-1.,  0.,  1.],
           [ 0., -1.,  1.]])
    """
    n, rows, columns = tensor.shape
    domain = {subset: number for number, subset in enumerate(combinations(range(n), p))}
    image = list(combinations(range(n), p + 1))
    matrix = np.zeros((len(image), rows, len(domain), columns))
    for number, subset in enumerate(image):
        for place, index in enumerate(subset):
            rest = subset[:place] + subset[place + 1 :]
            matrix[number, :, domain[rest], :] = tensor[index] * parity_sign(place)
    return matrix.reshape(len(image) * rows, -1)


def known_matrices(objective: Objective) -> Iterator[Floats]:
    """Yield the submatrices of the unfoldings, rows lo, lo+step, … hi, that have no free entry."""
    known = np.zeros(objective.shape, bool)
    known[objective.entries] = True
    for axis in range(3):
        size = objective.shape[axis]
        values = np.moveaxis(objective.target, axis, 0).reshape(size, -1)
        there = np.moveaxis(known, axis, 0).reshape(size, -1)
        for lo in range(size):
            for hi in range(lo, size):
                for step in (1, 2):
                    rows = slice(lo, hi + 1, step)
                    columns = there[rows].all(axis=0)
                    if columns.any():
                        yield values[rows][:, columns]


def separable(objective: Objective) -> bool:
    """Return whether T is s1(i) s2(j) s3(k) on the entries that count: the size up to rounding, the sign exactly.

    >>> separable(Objective(np.array([[[1.0, 2.0], [2.0, 4.0]]]), np.ones((1, 2, 2))))
    True
    >>> separable(Objective(np.array([[[1.0, 1.0], [1.0, -1.0]]]), np.ones((1, 2, 2))))
    False
    """
    values = objective.target[objective.entries]
    product = np.einsum("i,j,k->ijk", *log_scales(objective))[objective.entries]
    return bool(np.allclose(product, abs(values), rtol=1e-9, atol=0)) and signs_separable(objective)


def signs_separable(objective: Objective) -> bool:
    """Return whether the signs are a product of signs, one per index: linear equations modulo 2, by elimination."""
    starts = np.concatenate([[0], np.cumsum(objective.shape)]).tolist()
    pivots: dict[int, int] = {}
    for *index, value in zip(*objective.entries, objective.target[objective.entries], strict=True):
        row = sum(1 << start + int(i) for start, i in zip(starts, index, strict=False))
        row |= int(value < 0) << starts[-1]
        unknowns = (1 << starts[-1]) - 1
        while row & unknowns:
            lowest = row & -row
            if lowest not in pivots:
                pivots[lowest] = row
                break
            row ^= pivots[lowest]
        if row and not row & unknowns:
            return False
    return True


def slot_singular_values(lmax: object, weights: ArrayLike | None = None, slot: int = 0) -> Floats:
    """Return the singular values of the unfolding of a slot of the whole coupling tensor, largest first.

    weights: those of the paths [l1, l2, l3], zero where there is no path; 1 for all paths by default, where the three
    slots agree.  The unfolding commutes with rotations, so each degree l has one value, 2l+1 times, with
    σ² = Σ w² / (2l+1) over the paths with degree l in the slot.

    >>> (slot_singular_values(1) ** 2).round(6).tolist()
    [2.0, 1.0, 1.0, 1.0]
    """
    limit = degree(lmax, "lmax")
    found = _all_ones(limit) if weights is None else np.asarray(weights, float)
    sums = (np.moveaxis(found, slot, 0).reshape(limit + 1, -1) ** 2).sum(axis=1)
    sizes = 2 * np.arange(limit + 1) + 1
    return np.sort(np.repeat(np.sqrt(sums / sizes), sizes))[::-1]


def _all_ones(limit: int) -> Floats:
    ones = np.zeros((limit + 1,) * 3)
    for path in np.ndindex(*ones.shape):
        ones[path] = triangle(*path)
    return ones


def eckart_young(lmax: object, rank: int, weights: ArrayLike | None = None) -> float:
    """Return a lower bound of ‖M - M̂‖ / ‖M‖ for every sum M̂ of rank terms: the truncated singular values.

    Zero, no bound, from rank (lmax+1)² on.  weights are those of :func:`slot_singular_values`.

    >>> round(eckart_young(1, 2), 6), eckart_young(1, 4)
    (0.632456, 0.0)
    """
    rank, slots = count(rank, "rank"), _squares(lmax, weights)
    return float(np.sqrt(max(squares[rank:].sum() / squares.sum() for squares in slots)))


def _squares(lmax: object, weights: ArrayLike | None) -> list[Floats]:
    return [slot_singular_values(lmax, weights, slot) ** 2 for slot in range(3)]


def truncation_bound(lmax: object, rank: int, weights: ArrayLike | None = None) -> float:
    """Return an upper bound of the least ‖M - M̂‖ / ‖M‖ among sums of rank terms, from the same singular values.

    Two slots cut to their p and q largest singular vectors leave p·q slices, so at most p·q terms, with an error of at
    most the root of both sums of squares that are cut off.  Source: L. De Lathauwer, B. De Moor, J. Vandewalle, A
    multilinear singular value decomposition, SIAM J. Matrix Anal. Appl. 21 (2000), property 10.

    >>> round(truncation_bound(1, 4), 6), truncation_bound(1, 16)
    (0.774597, 0.0)
    """
    rank, slots = count(rank, "rank"), _squares(lmax, weights)
    size = len(slots[0])
    cuts = [np.append(np.cumsum(squares[::-1])[::-1], 0.0) for squares in slots]  # cut[p]: sum beyond the first p
    pairs = [(p, min(rank // p, size)) for p in range(1, min(rank, size) + 1)]
    least = min(one[p] + other[q] for one, other in permutations(cuts, 2) for p, q in pairs)
    return float(np.sqrt(max(0.0, least) / slots[0].sum()))


def gaunt_factors(grid: Grid, lmax: object) -> Factors:
    """Return the real Gaunt tensor [(lmax+1)²]³ as a sum over the points of a grid of degree ≥ 3 lmax.

    >>> from coupling.sphere.grids import lebedev
    >>> [x.shape for x in gaunt_factors(lebedev(3), 1)]
    [(4, 6), (4, 6), (4, 6)]
    """
    values = harmonics(degree(lmax, "lmax"), grid.theta, grid.phi).T
    return values, values, values * grid.weights


def bracket_factors(grid: Grid, lmax: object) -> Factors:
    """Return the real antisymmetric Gaunt tensor as a sum of two terms for each point of a grid of degree ≥ 3 lmax - 1.

    >>> from coupling.sphere.grids import lebedev
    >>> [x.shape for x in bracket_factors(lebedev(3), 1)]
    [(4, 12), (4, 12), (4, 12)]
    """
    limit = degree(lmax, "lmax")
    values = harmonics(limit, grid.theta, grid.phi).T * grid.weights
    along, across = (part.T for part in gradients(limit, grid.theta, grid.phi))
    return np.hstack([values, -values]), np.hstack([along, across]), np.hstack([across, along])


def term_products(product: Sequence[Array], scales: Sequence[Array]) -> Factors:
    """Return the product of a sum over (l, m) and a sum over l, term by term: R Q terms.

    scales: three arrays [lmax+1, R] that multiply the degrees.

    >>> from coupling.sphere.grids import lebedev
    >>> [x.shape for x in term_products(gaunt_factors(lebedev(3), 1), [np.ones((2, 5))] * 3)]
    [(4, 30), (4, 30), (4, 30)]
    """
    lmax = len(scales[0]) - 1
    degrees = np.repeat(np.arange(lmax + 1), 2 * np.arange(lmax + 1) + 1)
    a, b, c = (
        (values[:, :, None] * scale[degrees][:, None, :]).reshape(len(values), -1)
        for values, scale in zip(product, scales, strict=True)
    )
    return a, b, c
