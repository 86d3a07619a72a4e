"""The sparse Clebsch-Gordan product: every non-zero coefficient of a table, with a weight for every path."""

from __future__ import annotations

from copy import copy
from functools import cached_property, lru_cache
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import CORE
from coupling.families import with_basis
from coupling.floating_point import default_rounding
from coupling.kernels.compiled import compiled
from coupling.kernels.lanes import width
from coupling.kernels.sparse_product import sparse_product, sparse_weights
from coupling.memory import require_memory
from coupling.portable import Kept, read_only
from coupling.products.blocks import aligned_zeros, run_blocks
from coupling.products.product import Features, Product
from coupling.products.sparse_program import Integers, Lmax, Section, places, row_count, sparse_sections
from coupling.programs.sparse import sparse_sums
from coupling.programs.tape import record
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.tables.builder import build
from coupling.tables.request import Request
from coupling.tables.table import Table

#: Up to so many multiply-adds, lmax 4, sums are written out as straight code, which the instruction cache still holds.
STRAIGHT = 2100

#: Blocks of lanes whose weight gradients are added in the compute type, before they are added in float64.
ADDED_TOGETHER = 64


class Bound(NamedTuple):
    """A section as the kernels read it: positions in numbers, coefficients times weights in the compute type, those of
    all sections as constants."""

    groups: Integers
    items: Integers
    rows: Integers
    coefficients: NDArray[Any]
    paths: Integers
    constants: NDArray[Any]


class ClebschGordan(Product):
    """The Clebsch-Gordan product with one weight per path.

        z[l3 m3] = Σ_{l1 l2} w(l1, l2, l3) Σ_{m1 m2} C[m1, m2, m3] x[l1 m1] y[l2 m2]

    C is the real 3j symbol, of unit Frobenius norm for every path; normalization "clebsch_gordan", "gaunt" or another
    family with a real basis takes that family's coefficients in its place.  weights [lmax1+1, lmax2+1, lmax3+1] are
    ones by default; where the triangle rule fails they are ignored.  table holds the coefficients (real basis; paths
    that it does not hold contribute nothing); by default one is built.

    Paths of weight zero are not computed.  A coefficient that vanishes by accident on orders that may couple is
    multiplied like any other, so that the infinity it meets gives NaN; nothing else is.  Sums are in the type of the
    inputs, with fused multiply-adds.

    Raises ValueError or TypeError for degrees, weights, a table or features that do not fit.  Source: derivations
    ``real_basis``, ``adjoints``.

    >>> product = ClebschGordan(1, 1, 1)
    >>> x, y = np.array([[0.0], [1], [0], [0]]), np.array([[0.0], [0], [1], [0]])  # two vectors, along y and z
    >>> product(x, y)[:, 0]  # ε/√6: along x
    array([0.        , 0.        , 0.        , 0.40824829])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        weights: ArrayLike | None = None,
        *,
        normalization: str = CORE,
        table: Table | None = None,
        layout: str = "channels_last",
        workers: int = 1,
    ) -> None:
        super().__init__(lmax_in1, lmax_in2, lmax_out, layout=layout, workers=workers)
        family = with_basis(normalization, "real", "normalization").text
        self.table = table_of(self.lmax, family) if table is None else checked_table(table, self.lmax, family)
        self._scale = self.table.normalization(family)[tuple(slice(l + 1) for l in self.lmax)]
        self._turns = 0
        self._set(weights)

    def _set(self, weights: ArrayLike | None) -> None:
        self.weights = path_weights(self.lmax, weights)
        self._bound = Kept()

    def with_weights(self, weights: ArrayLike | None) -> ClebschGordan:
        """Return the same product with other weights; what does not depend on them is shared.

        >>> ClebschGordan(1, 1, 1).with_weights(np.zeros((2, 2, 2)))(np.ones((4, 1)), np.ones((4, 1))).any()
        np.False_
        """
        other = copy(self)
        other._set(weights)
        return other

    def turn(self) -> ClebschGordan:
        """Return the product (y, z) → x of the same trilinear form: C does not change when its slots are turned.

        >>> ClebschGordan(1, 2, 3).turn().lmax
        (2, 3, 1)
        """
        return self._turned

    @cached_property
    def _turned(self) -> ClebschGordan:
        other = copy(self)
        other.lmax = (*self.lmax[1:], self.lmax[0])
        other._turns = (self._turns + 1) % 3
        other._scale = np.transpose(self._scale, (1, 2, 0))
        other._set(np.transpose(self.weights, (1, 2, 0)))
        return other

    @property
    def operations(self) -> int:
        """The number of multiply-adds for one channel of one sample.

        >>> ClebschGordan(2, 2, 2).operations
        205
        """
        double, single, mixed = self._sections(np.dtype(float), self.weights)
        pairs = sum(2 * len(s.coefficients) + 4 * sums * len(s.items) for s, sums in ((double, 2), (single, 1)))
        return pairs + len(mixed.coefficients) + 2 * len(mixed.items)

    def weight_gradient(self, x: Features, y: Features, cotangent: Features) -> NDArray[np.float64]:
        """Return the gradient of Σ cotangent · (x, y) in the weights, an array like them, zero off the paths.

        The sum runs over all leading axes and channels; its blocks are added in float64.

        >>> product = ClebschGordan(1, 1, 0)
        >>> product.weight_gradient(np.ones((4, 1)), np.ones((4, 1)), np.ones((1, 1)))[:, :, 0]
        array([[1.        , 0.        ],
               [0.        , 1.73205081]])
        """
        (first, second, third), _ = self._broadcast(x, y, cotangent)
        w, lanes = width(first.dtype), first.shape[0] * first.shape[2]
        sections = tuple(tuple(s) for s in self._sections(first.dtype, np.ones_like(self._scale)))
        where, gradient = self._places, np.zeros(self._scale.size)

        def run(begin: int, end: int) -> None:
            space = aligned_zeros(row_count(self.lmax) * w, first.dtype)
            for lane in range(begin, end, ADDED_TOGETHER * w):
                sums = aligned_zeros(self._scale.size * w, first.dtype)
                last = min(end, lane + ADDED_TOGETHER * w)
                sparse_weights(first, second, third, lane, last, w, where, sections, space, sums)
                np.add(gradient, sums.reshape(-1, w).sum(axis=1, dtype=float), out=gradient)

        run_blocks(run, lanes, w, 1)
        return gradient.reshape(self._scale.shape)

    def _compute(self, x: Features, y: Features, out: Features) -> None:
        if x.dtype not in self._bound:
            self._bound[x.dtype] = self._sections(x.dtype, self.weights), self._straight(x.dtype)
        (sections, function), w, where = self._bound[x.dtype], width(x.dtype), self._places
        tables, straight = tuple(tuple(section[:4]) for section in sections), function.address if function else 0
        constants = sections[0].constants

        def run(first: int, last: int) -> None:
            space = aligned_zeros(row_count(self.lmax) * w, x.dtype)
            sparse_product(read_only(x), read_only(y), out, first, last, w, where, tables, straight, constants, space)

        run_blocks(run, x.shape[0] * x.shape[2], w, self.workers)

    @property
    def _places(self) -> tuple[Integers, ...]:
        return tuple(places(l) for l in self.lmax)

    @default_rounding()
    def _sections(self, dtype: np.dtype[Any], weights: NDArray[np.float64]) -> tuple[Bound, ...]:
        """Return what the kernel reads; paths whose coefficients or weights are zero are left out."""
        found, coefficients = self._sums(self._scale * weights)
        ends = np.cumsum([0, *(len(section.core) for section in found)])
        constants = coefficients.astype(dtype)
        parts = [constants[begin:end] for begin, end in pairwise(ends)]
        return tuple(_bind(section, part, constants, width(dtype)) for section, part in zip(found, parts, strict=True))

    def sums(self) -> tuple[tuple[Section, Section, Section], NDArray[np.float64]]:
        """Return the sums of this product, for other compilers, and their coefficients times weights in a row.

        The sections are those of :mod:`coupling.kernels.sparse_product`, positions in rows.

        >>> sections, coefficients = ClebschGordan(1, 1, 0).sums()
        >>> [len(section.items) for section in sections], coefficients.round(3)
        ([0, 1, 2], array([0.577, 1.   , 0.577]))
        """
        return self._sums(self._scale * self.weights)

    def entries(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the flat indices (i, j, k) [E, 3] of all coefficients of this product, sorted by k, i, j, and the
        coefficients times weights [E], zeros left out.

        z[k] = Σ coefficient · x[i] y[j].  What the table is to a program that has no use for orders and paths.

        >>> index, coefficients = ClebschGordan(1, 1, 0).entries()
        >>> index[:, :2].tolist(), coefficients.round(3)
        ([[0, 0], [1, 1], [2, 2], [3, 3]], array([1.   , 0.577, 0.577, 0.577]))
        """
        table, factors = self.table, self._scale * self.weights
        l = np.repeat(table.paths.astype(np.int64), np.diff(table.offsets), axis=0)
        l, m = np.roll(l, -self._turns, axis=1), np.roll(table.orders.astype(np.int64), -self._turns, axis=1)
        inside = np.flatnonzero((l <= self.lmax).all(axis=1))
        coefficients = table.core[inside] * factors[tuple(l[inside].T)]
        index = (l * l + l + m)[inside]
        order = np.lexsort((index[:, 1], index[:, 0], index[:, 2]))
        order = order[coefficients[order] != 0]
        return index[order], coefficients[order]

    def _sums(self, scale: NDArray[np.float64]) -> tuple[tuple[Section, Section, Section], NDArray[np.float64]]:
        factors = scale.ravel()
        found = sparse_sections(self.table, self._turns, self.lmax, (factors != 0).tobytes())
        return found, np.concatenate([section.core * factors[section.paths] for section in found])

    @default_rounding()
    def _straight(self, dtype: np.dtype[Any]) -> Any:
        """Return the compiled function for these paths if they are all there are, all even or all odd ones, and few."""
        paths = self._scale * self.weights != 0
        l1, l2, l3 = np.ogrid[tuple(slice(l + 1) for l in self.lmax)]
        there = (abs(l1 - l2) <= l3) & (l3 <= l1 + l2)
        sets = {there.tobytes(), *((there & ((l1 + l2 + l3) % 2 == odd)).tobytes() for odd in (0, 1))}
        if self.operations > STRAIGHT or paths.tobytes() not in sets:
            return None
        return _compiled(self.lmax, paths.tobytes(), dtype)


@lru_cache(maxsize=64)
def _compiled(lmax: Lmax, allowed: bytes, dtype: np.dtype[Any]) -> Any:
    """Return the compiled function for some paths, whatever the table, its turns and the weights."""
    double, single, mixed = (section[:3] for section in sparse_sections(table_of(lmax, CORE), 0, lmax, allowed))
    last = row_count(lmax)
    rows_of_z = range(last - 3 * len(places(lmax[2])), last)
    return compiled(record(sparse_sums, (double, single, mixed), rows_of_z), dtype)


def path_weights(lmax: tuple[int, ...], weights: ArrayLike | None) -> NDArray[np.float64]:
    """Return weights [lmax1+1, lmax2+1, lmax3+1], read-only, ones by default, or raise ValueError for another shape.

    >>> path_weights((0, 1, 1), None).shape
    (1, 2, 2)
    """
    shape = tuple(l + 1 for l in lmax)
    require_memory(16 * prod(shape), f"an array of path weights to lmax {lmax}")
    given = np.ones(shape) if weights is None else np.array(weights, float)
    if given.shape != shape:
        raise ValueError(f"weights must have the shape {shape} = [lmax1+1, lmax2+1, lmax3+1], got {given.shape}")
    given.flags.writeable = False
    return given


def _bind(section: Section, coefficients: NDArray[Any], constants: NDArray[Any], w: int) -> Bound:
    """Return a section with positions in numbers, for rows of w lanes, and where sums over paths are."""
    groups, items = np.multiply(section.groups, [w, w, w, 1]), np.multiply(section.items, [1, 1, w, w])
    return Bound(groups, items, section.rows * w, coefficients, section.paths * w, constants)


@lru_cache(maxsize=8)
def table_of(lmax: Lmax, family: str) -> Table:
    """Return a table for degrees up to lmax, with the factors of a family.

    >>> table_of((1, 1, 2), "gaunt")
    Table('real-l1-1-2': real basis, lmax (1, 1, 2), 6 paths, 27 entries, 2 families)
    """
    return build(Request(lmax=lmax, families=list(dict.fromkeys((CORE, family)))))


def checked_table(table: object, lmax: Lmax, family: str) -> Table:
    """Return table if it holds coefficients of a family for degrees up to lmax, or raise.

    >>> checked_table(table_of((1, 1, 2), "gaunt"), (1, 1, 1), "gaunt").request.lmax
    (1, 1, 2)
    """
    if not isinstance(table, Table):
        raise TypeError(f"table must be a coupling.Table, got {type(table).__name__} {quoted(table)}")
    if table.request.basis != "real":
        raise ValueError(f"table must be in the real basis, got {quoted(table)}")
    if any(have < want for have, want in zip(table.request.lmax, lmax, strict=True)):
        raise ValueError(f"table must reach lmax {lmax}, got {table.request.lmax}")
    one_of(family, tuple(table.factors), "normalization")
    return table
