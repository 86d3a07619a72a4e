"""The Clebsch-Gordan product as one product of matrices of spin j (fuzzy sphere)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.floating_point import default_rounding
from coupling.indexing import path_array
from coupling.integers import half
from coupling.kernels.matrix_product import POSITIONS, Plan, matrix_product, tile_shape, work_size
from coupling.kernels.tiles import lanes
from coupling.memory import require_memory
from coupling.numbers.spins import diagonal, doubled_spin, matrix_factor, matrix_factors, smallest_spin, used_degrees
from coupling.portable import Kept
from coupling.products.blocks import BoundKernel
from coupling.products.given_numbers import given_numbers
from coupling.products.operations import COUNTED, matrix_operations
from coupling.products.product import Features, Product
from coupling.products.reach import Masks, Triple, largest, reached_degrees, rows_of
from coupling.quoted import quoted

#: Largest dimension of matrices with unrolled encoding and decoding: beyond, compilation takes seconds.
STRAIGHT = 16

#: Prefetch distance in blocks, and the bytes of features from which on it pays: smaller ones are in the cache.
AHEAD, LARGE_BYTES = 4, 6 << 20

Array = NDArray[np.float64]


class MatrixProduct(Product):
    """All paths of the Clebsch-Gordan product, even and odd, by one product of n×n matrices, n = 2j+1.

        z[l3 m3] = Σ_{l1 l2} a(l1) b(l2) c(l3) N_j(l1, l2, l3) Σ_{m1 m2} C(l1,l2,l3)[m1,m2,m3] x[l1 m1] y[l2 m2]

    C is the real core of unit Frobenius norm, J = l1+l2+l3, and N_j = (-1)^(⌈J/2⌉+2j) √P 6j{l1 l2 l3; j j j} is
    ``normalization``; it is real on even and odd paths, and positive on all when j is large.  The features become
    Hermitian matrices X = Σ x_lm T_lm, XY = H + iK with Hermitian H and K has all even paths in H and all odd ones in
    K, and z_lm = tr T_lm (H + K).  With the inputs exchanged the odd paths change sign.

    spin: j = 0, 1/2, 1, …, not below half the largest degree on a path; by default the smallest with which no N_j
    vanishes on a path.  With another spin N_j may vanish by accident, and what is left of such a path is rounding.
    weights: arrays (a, b, c) of lmax+1 numbers, default ones.  Degrees of the output that no path reaches are exactly
    zero, those of the inputs are not read.  All other degrees of one sample and channel meet in one matrix: a NaN or
    infinity makes all its outputs NaN or infinite, and those of no other.

    Raises ValueError or TypeError for degrees or spins that do not exist, a spin that is too small, and weights that
    are not finite or of another shape.  Source: Hoppe 1982, Madore 1992; derivation ``matrix_product``.

    >>> product = MatrixProduct(1, 1, 1)
    >>> product.spin, float(product.normalization[1, 1, 1])
    (0.5, 1.7320508075688772)
    >>> x, y = np.zeros((4, 1)), np.zeros((4, 1))
    >>> x[3], y[1] = 1, 1                                  # the vectors e_x and e_y, order y, z, x
    >>> product(x, y)[:, 0].round(12)                      # √3 ε/√6: e_x × e_y = e_z
    array([0.        , 0.        , 0.70710678, 0.        ])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        spin: object = None,
        weights: Any = None,
        layout: str = "channels_last",
        workers: int = 1,
    ) -> None:
        super().__init__(lmax_in1, lmax_in2, lmax_out, layout=layout, workers=workers)
        l1, l2, l3 = self.lmax
        self._used = used_degrees(l1, l2, l3)
        twice = max(self._used) if spin is None else doubled_spin(spin)
        require_memory(matrix_plan_bytes(self._used, twice + 1), f"the matrix product to degrees {self.lmax}")
        twice = doubled_spin(smallest_spin(l1, l2, l3) if spin is None else spin)
        if twice < max(self._used):
            least = max(self._used) / 2
            raise ValueError(f"spin must be at least {least}, half the largest degree, got {quoted(spin)}")
        self.spin = twice / 2
        self.weights = _finite([np.ones(l + 1) for l in self.lmax] if weights is None else weights, self.lmax)
        self._plans = Kept()

    def _counts(self) -> list[str]:
        l1, l2, l3 = self.lmax
        paths = [f"{np.count_nonzero(self.path_weights)} paths"] if max(self.lmax) <= COUNTED else []
        total = f"{matrix_operations((l1, l2, l3), self.spin)} multiply-adds"
        return [f"spin {half(round(2 * self.spin))}", *paths, "weights of degrees", total]

    @property
    def normalization(self) -> Array:
        """N_j[l1, l2, l3], sign included, each number correctly rounded; zero off the paths.

        >>> MatrixProduct(2, 2, 2, spin=1).normalization[2, 2]
        array([ 1.29099445,  1.93649167, -1.70782513])
        """
        l1, l2, l3 = self.lmax
        return matrix_factors((l1, l2, l3), self.spin)

    @property
    def path_weights(self) -> Array:
        """The weights [P] on all paths in lexicographic order with which ``ClebschGordan`` is this product.

        >>> MatrixProduct(1, 1, 1).path_weights.round(4)
        array([0.7071, 1.2247, 1.2247, 1.2247, 1.7321])
        """
        a, b, c = self.weights
        weights = self.normalization * a[:, None, None] * b[:, None] * c
        l1, l2, l3 = self.lmax
        found: Array = weights[tuple(path_array((l1, l2, l3)).T)]
        return found

    @cached_property
    def reached(self) -> Masks:
        """The degrees of x, y and z that are on a path with weights and N_j not zero; others are zero, or not read."""
        twice = doubled_spin(self.spin)

        def vanishes(*path: int) -> bool:
            return max(path) > twice or not matrix_factor(*sorted(path), twice)

        return reached_degrees(tuple(self.weights), vanishes=vanishes)

    @cached_property
    def _places(self) -> tuple[Triple, list[NDArray[np.bool_] | None], NDArray[np.bool_] | None]:
        """The largest degrees, masks of the entries of x and y up to them and the absent entries of z; None for all."""
        lmax = largest(self.reached)
        inputs = [rows_of(mask[: l + 1]) for mask, l in zip(self.reached, lmax, strict=True)][:2]
        absent = ~rows_of(self.reached[2])
        return lmax, [None if mask.all() else mask for mask in inputs], absent if absent.any() else None

    @property
    def trimmed_weights(self) -> list[Array]:
        """The weights a, b, c, zero for degrees that no path reaches."""
        return [np.where(mask, w, 0.0) for mask, w in zip(self.reached, self.weights, strict=True)]

    def turn(self) -> MatrixProduct:
        """Return the product (y, z) → x of the same trilinear form.

        >>> MatrixProduct(1, 2, 3).turn().lmax
        (2, 3, 1)
        """
        return self._turned

    @cached_property
    def _turned(self) -> MatrixProduct:
        (l1, l2, l3), (a, b, c) = self.lmax, self.weights
        return MatrixProduct(l2, l3, l1, spin=self.spin, weights=(b, c, a), layout=self.layout, workers=self.workers)

    def _compute(self, x: Features, y: Features, out: Features) -> None:
        lmax, masks, absent = self._places
        if min(lmax) < 0:
            out[:] = 0
            return
        large = x.nbytes + y.nbytes + out.nbytes > LARGE_BYTES
        kernel = self._plans.get((out.dtype, large))
        if kernel is None:
            kernel = self._plans[out.dtype, large] = self._kernel(out.dtype, (0,) * AHEAD if large else ())
        kernel.run(_without(x, masks[0]), _without(y, masks[1]), out, self.workers)
        if absent is not None:
            out[:, absent] = 0

    def _kernel(self, dtype: np.dtype[Any], ahead: tuple[int, ...]) -> BoundKernel:
        """Return the kernel with its tables, for a prefetch distance."""
        lmax = self._places[0]
        plan = matrix_plan(lmax, self.spin, self.trimmed_weights, dtype)
        return BoundKernel(matrix_product, (ahead, plan), plan.w, work_size(plan.w, lmax, plan.n), dtype)


def _without(x: Features, mask: NDArray[np.bool_] | None) -> Features:
    """Return x with zeros for the first entries that are not in a mask, or as it is."""
    if mask is None:
        return x
    x = x.copy()
    x[:, : len(mask)][:, ~mask] = 0
    return x


def matrix_plan_bytes(lmax: tuple[int, int, int], n: int) -> int:
    """Return the bytes of the tables of a product, with the pieces they are joined from, and of a block of lanes.

    >>> matrix_plan_bytes((1, 1, 1), 2) - 8 * work_size(lanes(np.dtype(float)), (1, 1, 1), 2)
    360
    """
    # (n-m+1)/2 numbers for each l ≥ m, twice; entries of the encoders
    tables = sum(sum((n - m + 1) // 2 * (l + 1 - m) for m in range(min(l, n) + 1)) for l in lmax)
    return 40 * tables + 8 * work_size(lanes(np.dtype(float)), lmax, n)


@default_rounding()
def matrix_plan(lmax: tuple[int, int, int], spin: float, weights: list[Array], dtype: np.dtype[Any]) -> Plan:
    """Return the tables of a product in the order in which its kernel reads them."""
    n = int(2 * spin) + 1
    straight = n <= STRAIGHT
    positions = 1 if straight else len(POSITIONS)
    a, b, c = weights
    made = _encoding(lmax[0], n, a, positions), _encoding(lmax[1], n, b, positions), _decoding(lmax[2], n, c)
    starts = np.cumsum([0, *(len(table) for table in made[:2])])
    shape = tile_shape(n)
    size = (0,) * n if straight else ()
    degrees = tuple((0,) * (l + 1) if straight else () for l in lmax)
    tables = np.concatenate(made).astype(dtype)
    rows, columns = (0,) * shape[0], (0,) * shape[1]
    return Plan(lanes(dtype), n, np.array(lmax), tables, starts, rows, columns, size, degrees)


def _encoding(lmax: int, n: int, weight: Array, positions: int) -> Array:
    """Return e_l(t) times the weight of l: for m, for tiles of t, for l = m, m+2, … m+1, m+3, …, for t in the tile."""
    table: list[Array] = []
    for m in range(lmax + 1):
        half, scale, t = (n - m + 1) // 2, 1.0 if m == 0 else np.sqrt(0.5), 0
        while t < half:
            count = positions if t + positions <= half else 1
            table += [scale * weight[l] * diagonal(l, m, n - 1)[t : t + count] for l in _by_parity(m, lmax)]
            t += count
    return np.concatenate(table)


def _decoding(lmax: int, n: int, weight: Array) -> Array:
    """Return e_l(t) times the weight of l: for m, for l = m, m+2, … m+1, m+3, …, for t in the half diagonal.

    An end of a diagonal comes with its mirror image, so the middle counts half; and the matrix comes doubled.
    """
    table: list[Array] = []
    for m in range(lmax + 1):
        count = np.where(2 * np.arange((n - m + 1) // 2) == n - m - 1, 0.5, 1.0)
        scale = (0.5 if m == 0 else np.sqrt(0.125)) * count
        table += [scale * weight[l] * diagonal(l, m, n - 1)[: len(count)] for l in _by_parity(m, lmax)]
    return np.concatenate(table)


def _by_parity(m: int, lmax: int) -> list[int]:
    return [*range(m, lmax + 1, 2), *range(m + 1, lmax + 1, 2)]


def _finite(weights: Any, lmax: tuple[int, ...]) -> list[Array]:
    """Return arrays of lmax+1 finite numbers each, or raise."""
    arrays = [given_numbers(w, "weights") for w in weights]
    shapes = [(l + 1,) for l in lmax]
    if [w.shape for w in arrays] != shapes:
        raise ValueError(f"weights must be arrays of shapes {shapes}, got {[w.shape for w in arrays]}")
    if not all(np.isfinite(w).all() for w in arrays):
        raise ValueError("weights must be finite")
    return arrays
