"""The sparse Clebsch-Gordan product: every non-zero coefficient of a table, with a weight for every path."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import CORE
from coupling.families import with_basis
from coupling.floating_point import default_rounding
from coupling.kernels.lanes import width
from coupling.kernels.sparse_product import sparse_product
from coupling.memory import native
from coupling.portable import Kept, read_only
from coupling.products.blocks import BoundKernel
from coupling.products.paths import by_degrees, path_weights, selected_paths
from coupling.products.product import Features, Product
from coupling.products.separate import separate_rows, spread_paths
from coupling.products.sparse_program import Integers, Section, places, row_count, sparse_sections
from coupling.products.sums import Sums, TypedSums, ends_of, in_numbers, straight_address
from coupling.products.table import checked_table, table_of
from coupling.products.weight_sums import WeightSums
from coupling.tables.table import Table

#: Patterns of zero weights whose lists are kept.
PATTERNS = 16


class ClebschGordan(Product):
    """The Clebsch-Gordan product with one weight per path.

        z[l3 m3] = Σ_p w_p Σ_{m1 m2} C[m1, m2, m3] x[l1 m1] y[l2 m2]        p = (l1, l2, l3)

    C is the real 3j symbol, of unit Frobenius norm for every path; normalization "clebsch_gordan", "gaunt" or another
    family with a real basis takes that family's coefficients in its place.  ``paths`` [P, 3] are the paths in
    lexicographic order: those that are selected ("all", "even", "odd" or a list of degrees), that the table holds, and
    whose coefficients are not all zero.  weights [P] are ones by default.  table holds the coefficients (real basis);
    by default one is built.

    ``product(x, y, weights)`` takes other weights: [P], shared by all samples and channels, or [..., P, channels]
    (channels_first: [..., channels, P]), which broadcasts with the features, as radial networks make them; then every
    path is formed separately.

    Paths of weight zero are not computed, with weights of one shared row.  A coefficient that vanishes by accident on
    orders that may couple is multiplied like any other, so that the infinity it meets gives NaN; nothing else is.  Sums
    are in the type of the inputs, with fused multiply-adds.

    Raises ValueError or TypeError for degrees, weights, paths, a table or features that do not fit.  Source:
    derivations ``real_basis``, ``adjoints``.

    >>> product = ClebschGordan(1, 1, 1, paths="odd")
    >>> x, y = np.array([[0.0], [1], [0], [0]]), np.array([[0.0], [0], [1], [0]])  # two vectors, along y and z
    >>> product.paths.tolist(), product(x, y)[:, 0], product(x, y, [2.0])[3]  # ε/√6: along x
    ([[1, 1, 1]], array([0.        , 0.        , 0.        , 0.40824829]), array([0.81649658]))
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        weights: ArrayLike | None = None,
        *,
        paths: Any = "all",
        normalization: str = CORE,
        table: Table | None = None,
        layout: str = "channels_last",
        workers: int = 1,
    ) -> None:
        super().__init__(lmax_in1, lmax_in2, lmax_out, layout=layout, workers=workers)
        family = with_basis(normalization, "real", "normalization").text
        wanted = selected_paths(self.lmax, paths)
        self.table = table_of(self.lmax, family) if table is None else checked_table(table, self.lmax, family)
        held = self.table.normalization(family)[tuple(slice(l + 1) for l in self.lmax)][tuple(wanted.T)]
        self.paths, self._scale = read_only(wanted[held != 0]), read_only(held[held != 0])
        self.given_table = table  #: the table that was given, if one was
        self.family = family  #: whose coefficients these are
        self.turns = 0  #: how often the slots are turned
        self._bound = Kept()
        self._set(weights)

    def _set(self, weights: ArrayLike | None) -> None:
        self.weights = path_weights(self.paths, weights)
        self._ready, self._last = Kept(), Kept()

    def with_weights(self, weights: ArrayLike | None) -> ClebschGordan:
        """Return the same product with other weights; what does not depend on them is shared.

        >>> ClebschGordan(1, 1, 1).with_weights(np.zeros(5))(np.ones((4, 1)), np.ones((4, 1))).any()
        np.False_
        """
        other = object.__new__(type(self))
        vars(other).update({name: value for name, value in vars(self).items() if name != "_turned"})
        other._set(weights)
        return other

    def __call__(self, x: Features, y: Features, weights: ArrayLike | None = None) -> Features:
        """Return the product of x and y, in their common dtype, with these weights or its own."""
        if weights is None:
            return super().__call__(x, y)
        if np.ndim(weights) > 1:
            return self._weigh(x, y, np.asarray(weights))
        given = path_weights(self.paths, weights)
        (first, second), call = self._prepared(x, y)
        out = np.empty(call.flat[2], call.dtype)
        self.compute_weighted(first, second, out, given)
        return call.shaped(out)

    def _weigh(self, x: Features, y: Features, weights: NDArray[Any]) -> Features:
        """Return the product with weights of samples and channels: every path is formed, or read, separately."""
        x, y = self._feature(x, 0), self._feature(y, 1)
        last = self.layout == "channels_last"
        w = np.asarray(native(weights) if last else np.swapaxes(native(weights), -1, -2), np.result_type(x, y))
        if w.shape[-2] != len(self.paths):
            axis = -2 if last else -1
            raise ValueError(f"weights must have {len(self.paths)} paths on axis {axis}, got {w.shape[-2]}")
        if self.turns:
            x, y = (x, spread_paths(y, w, self.paths)) if self.turns == 1 else (spread_paths(x, w, self.paths), y)
            z = self._separate(x, y)
        else:
            z = separate_rows(self.paths, self.lmax[2]).summed(np, self._separate(x, y), w)
        return z if last else np.ascontiguousarray(np.swapaxes(z, -1, -2))

    def turn(self) -> ClebschGordan:
        """Return the product (y, z) → x of the same trilinear form: C does not change when its slots are turned.

        It has the same paths and weights, in the same order: degrees of the slots before turning.

        >>> ClebschGordan(1, 2, 3).turn().lmax
        (2, 3, 1)
        """
        return self._turned

    @cached_property
    def _turned(self) -> ClebschGordan:
        other = copy(self)
        other.lmax = (*self.lmax[1:], self.lmax[0])
        other.turns = (self.turns + 1) % 3
        other._bound, other._ready, other._last = Kept(), Kept(), Kept()
        return other

    @property
    def operations(self) -> int:
        """The number of multiply-adds for one channel of one sample.

        >>> ClebschGordan(2, 2, 2).operations
        205
        """
        double, single, mixed = self._sums(self._scale * self.weights).sections
        pairs = sum(2 * len(s.core) + 4 * sums * len(s.items) for s, sums in ((double, 2), (single, 1)))
        return pairs + len(mixed.core) + 2 * len(mixed.items)

    def weight_gradient(self, x: Features, y: Features, cotangent: Features) -> NDArray[np.float64]:
        """Return the gradient [P] of Σ cotangent · (x, y, weights) in weights shared by all samples and channels.

        The sum runs over all leading axes and channels; its blocks are added in float64.

        >>> ClebschGordan(1, 1, 0).weight_gradient(np.ones((4, 1)), np.ones((4, 1)), np.ones((1, 1)))
        array([1.        , 1.73205081])
        """
        return self.sum_weight_gradient(*self._broadcast(x, y, cotangent))

    def sum_weight_gradient(self, x: Features, y: Features, z: Features) -> NDArray[np.float64]:
        """Return the gradient in the weights; arrays as for ``_compute``, unchecked."""
        key = "weights", x.dtype
        if key not in self._bound:
            self._bound[key] = self._weight_sums(x.dtype)
        gradient: NDArray[np.float64] = self._bound[key](x, y, z)[self._flat_paths]
        return gradient

    @default_rounding()
    def _weight_sums(self, dtype: np.dtype[Any]) -> WeightSums:
        size = prod(l + 1 for l in self.lmax)
        return WeightSums(self._sums(self._scale), self._scale, self._places, self._rows, size, dtype)

    def _compute(self, x: Features, y: Features, out: Features) -> None:
        kernel = self._ready.get(x.dtype)
        if kernel is None:
            kernel = self._ready[x.dtype] = self._kernel(x.dtype, self.weights)
        kernel.run(x, y, out, self.workers)

    def compute_weighted(self, x: Features, y: Features, out: Features, weights: NDArray[Any]) -> None:
        """Write the product with weights [P] to out; arrays as for ``_compute``, unchecked.

        The kernel of the last weights is kept: they change once in a step of training, not in every call.
        """
        given, last = weights.tobytes(), self._last.get(x.dtype)
        if last is None or last[0] != given:
            last = self._last[x.dtype] = given, self._kernel(x.dtype, weights.astype(np.float64, copy=False))
        last[1].run(x, y, out, self.workers)

    @default_rounding()
    def _kernel(self, dtype: np.dtype[Any], weights: NDArray[np.float64]) -> BoundKernel:
        """Return the kernel with what it reads for weights [P]: places, sections, unrolled code and coefficients."""
        factors = self._scale * weights
        key = dtype, (factors != 0).tobytes()
        if (bound := self._bound.get(key)) is None:
            if len(self._bound) >= PATTERNS:  # learned weights may have many patterns of zeros
                self._bound.clear()
            bound = self._bound[key] = self._bind(dtype, factors)
        sums, kernel = bound
        constants = sums.sums.times(factors).astype(dtype)
        parts = zip(sums.sections, pairwise(sums.ends), strict=True)
        sections = tuple((*section, constants[begin:end]) for section, (begin, end) in parts)
        return kernel.with_tables((kernel.width, self._places, sections, sums.straight, constants))

    @cached_property
    def _rows(self) -> int:
        return row_count(self.lmax)

    @cached_property
    def _places(self) -> tuple[Integers, ...]:
        return tuple(places(l) for l in self.lmax)

    def _bind(self, dtype: np.dtype[Any], factors: NDArray[np.float64]) -> tuple[TypedSums, BoundKernel]:
        """Return what the kernel reads, and the kernel without it; paths of factor zero are left out."""
        found, w = self._sums(factors), width(dtype)
        sections = tuple(in_numbers(section, w) for section in found.sections)
        straight = straight_address(self.lmax, self._turned_paths[factors != 0], dtype)
        kernel = BoundKernel(sparse_product, (), w, self._rows * w, dtype)
        return TypedSums(sections, ends_of(found), straight, found), kernel

    def sums(self) -> tuple[tuple[Section, Section, Section], NDArray[np.float64]]:
        """Return the sums of this product, for other compilers, and their coefficients times weights in a row.

        The sections are those of :mod:`coupling.kernels.sparse_product`, positions in rows.

        >>> sections, coefficients = ClebschGordan(1, 1, 0).sums()
        >>> [len(section.items) for section in sections], coefficients.round(3)
        ([0, 1, 2], array([0.577, 1.   , 0.577]))
        """
        factors = self._scale * self.weights
        found = self._sums(factors)
        return found.sections, found.times(factors)

    def entries(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the flat indices (i, j, k) [E, 3] of all coefficients of this product, sorted by k, i, j, and the
        coefficients times weights [E], zeros left out.

        z[k] = Σ coefficient · x[i] y[j].  What the table is to a program that has no use for orders and paths.

        >>> index, coefficients = ClebschGordan(1, 1, 0).entries()
        >>> index[:, :2].tolist(), coefficients.round(3)
        ([[0, 0], [1, 1], [2, 2], [3, 3]], array([1.   , 0.577, 0.577, 0.577]))
        """
        table, factors = self.table, by_degrees(self.lmax, self._turned_paths, self._scale * self.weights)
        l = np.repeat(table.paths.astype(np.int64), np.diff(table.offsets), axis=0)
        l, m = np.roll(l, -self.turns, axis=1), np.roll(table.orders.astype(np.int64), -self.turns, axis=1)
        inside = np.flatnonzero((l <= self.lmax).all(axis=1))
        coefficients = table.core[inside] * factors[tuple(l[inside].T)]
        index = (l * l + l + m)[inside]
        order = np.lexsort((index[:, 1], index[:, 0], index[:, 2]))
        order = order[coefficients[order] != 0]
        return index[order], coefficients[order]

    @property
    def _turned_paths(self) -> Integers:
        """The degrees of x, y and z on each path."""
        return np.roll(self.paths, -self.turns, axis=1)

    @cached_property
    def _flat_paths(self) -> Integers:
        flat: Integers = np.ravel_multi_index(tuple(self._turned_paths.T), tuple(l + 1 for l in self.lmax))
        return flat

    def _sums(self, factors: NDArray[np.float64]) -> Sums:
        """Return the sums over the paths whose factors [P] are not zero."""
        allowed = by_degrees(self.lmax, self._turned_paths, factors != 0).astype(bool)
        found = sparse_sections(self.table, self.turns, self.lmax, allowed.tobytes())
        number = np.zeros(allowed.size, np.int64)
        number[self._flat_paths] = np.arange(len(self.paths))
        core, path = (np.concatenate([getattr(section, name) for section in found]) for name in ("core", "paths"))
        return Sums(found, core, number[path])

    @cached_property
    def _separate(self) -> Product:
        """The product, turned as this one, whose outputs are the paths of this one."""
        from coupling.products.full import FullProduct  # which needs the tables of this module

        lmax = tuple(np.roll(self.lmax, self.turns).tolist())
        options: Any = {"normalization": self.family, "table": self.table, "paths": self.paths}
        one: Product = FullProduct(*lmax, workers=self.workers, **options)
        for _ in range(self.turns):
            one = one.turn()
        return one
