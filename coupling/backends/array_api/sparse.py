"""The Clebsch-Gordan product with a weight for every path, as four small dense matrix products over sorted orders.

Real orders have the grade (l + [m < 0]) mod 2 and the grade m mod 2.  An entry C[m1, m2, m3] that is not zero has as
many negative orders, mod 2, as J = l1+l2+l3, and one |m| is the sum of the other two: both grades of the three orders
add up to 0.  Entries of x, y and z, sorted by grade, therefore couple by 16 of 64 blocks; each pair (x, y) is in one
block, and the matrix [z of grade g, pairs of grade g] is 75 to 33 % full (lmax 2 to 8).  Source: derivation
``real_basis``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import prod
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import device
from numpy.typing import NDArray

from coupling.backends.array_api.product import AnyArray, ArrayProduct, Constants
from coupling.indexing import flat_size
from coupling.portable import Portable
from coupling.products.clebsch_gordan import ClebschGordan

Integers = NDArray[np.int64]


class Sparse(ArrayProduct):
    """The product of :class:`coupling.products.ClebschGordan` by four matrix products.

    ``product(x, y, weights)`` takes weights [P] of the paths; they are differentiable like the features.  The four
    matrices are a third to three quarters full; a quarter of all products
    x_i y_j of a channel sample is in memory at a time.

    >>> from coupling.products import ClebschGordan
    >>> product = Sparse(ClebschGordan(1, 1, 1, paths="odd"))
    >>> x, y = np.array([[0.0], [1], [0], [0]]), np.array([[0.0], [0], [1], [0]])  # two vectors, along y and z
    >>> product.paths.tolist(), product(x, y, np.array([2.0]))[:, 0] + 0.0  # 2 ε/√6: along x
    ([[1, 1, 1]], array([0.        , 0.        , 0.        , 0.81649658]))
    """

    product: ClebschGordan

    def __init__(self, product: ClebschGordan) -> None:
        super().__init__(product)
        self.paths = product.paths
        self._graded = graded = graded_entries(product)
        self._counts, self._shapes = graded.counts, graded.shapes
        self._some_zero = len(graded.order[2]) < len(graded.back)
        self._path_count = len(self.paths)
        self._places = graded.of_path.shape
        self._own = None if (product.weights == 1).all() else product.weights

    def constants(self) -> Constants:
        """Return coefficients and a zero, their paths, what is where in the four matrices and back, rows by grade, and
        the weights of the product."""
        graded = self._graded
        x, y, z = graded.order
        entries = graded.entries
        places = graded.source, graded.position, graded.of_path.ravel()
        return entries.values, np.zeros(1), entries.path, *places, x, y, z, graded.back, self.product.weights

    def __call__(self, x: AnyArray, y: AnyArray, weights: AnyArray = None) -> AnyArray:
        """Return the product of x and y, in their common type."""
        xp, (x, y) = self.inputs(x, y)
        constants = self.constants_like(xp, x)
        return self.compute(xp, x, y, constants, self._checked(xp, weights, x))

    def compute(
        self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...], weights: AnyArray = None
    ) -> AnyArray:
        """Return the product."""
        values, zero, path, source, *_, by_x, by_y, _, back, own = constants
        weights = own if weights is None and self._own is not None else weights
        if weights is not None:
            values = values * xp.take(weights, path, axis=0)
        filled = xp.take(xp.concat([values, zero]), source, axis=0)
        ndim = max(x.ndim, y.ndim) - 1
        pairs, lead = self._pairs(xp, self.rows(xp, x, ndim), self.rows(xp, y, ndim), by_x, by_y)
        parts, begin = [], 0
        for g, (rows, width) in enumerate(self._shapes):
            matrix = xp.reshape(filled[begin : begin + rows * width], (rows, width))
            parts.append(xp.matmul(matrix, pairs(g)))
            begin += rows * width
        if self._some_zero:
            parts.append(xp.zeros((1, prod(lead)), dtype=x.dtype, device=device(x)))
        z = xp.take(xp.concat(parts), back, axis=0)
        return self.from_rows(xp, xp.reshape(z, (z.shape[0], *lead)))

    def weight_gradient(self, x: AnyArray, y: AnyArray, cotangent: AnyArray) -> AnyArray:
        """Return the gradient [P] of Σ cotangent · product(x, y, weights) in the weights; the inputs broadcast.

        >>> one = np.ones((4, 1))
        >>> from coupling.products import ClebschGordan
        >>> Sparse(ClebschGordan(1, 1, 0)).weight_gradient(one, one, np.ones((1, 1)))
        array([1.        , 1.73205081])
        """
        xp, (x, y, z) = self.inputs(x, y, cotangent)
        values, zero, _, _, position, of_path, by_x, by_y, by_z, _, _ = self.constants_like(xp, x)
        ndim = max(value.ndim for value in (x, y, z)) - 1
        u, v, w = (self.rows(xp, value, ndim) for value in (x, y, z))
        lead = self.lanes(u[:1, ...] * v[:1, ...], w)
        u, w = (xp.broadcast_to(rows, (rows.shape[0], *lead)) for rows in (u, w))
        pairs, _ = self._pairs(xp, u, v, by_x, by_y)
        third = xp.reshape(xp.take(w, by_z, axis=0), (by_z.shape[0], prod(lead)))
        parts, begin = [], 0
        for g, (rows, width) in enumerate(self._shapes):
            part = xp.matmul(third[begin : begin + rows, ...], xp.matrix_transpose(pairs(g)))
            parts.append(xp.reshape(part, (rows * width,)))
            begin += rows
        found = values * xp.take(xp.concat(parts), position, axis=0)
        grouped = xp.reshape(xp.take(xp.concat([found, zero]), of_path, axis=0), self._places)
        return xp.sum(grouped, axis=1)

    def _checked(self, xp: Any, weights: AnyArray, x: AnyArray) -> AnyArray:
        if weights is None:
            return None
        if tuple(weights.shape) != (self._path_count,):
            raise ValueError(f"weights must have shape ({self._path_count},), one per path, got {tuple(weights.shape)}")
        return xp.astype(weights, x.dtype, copy=False)

    def _pairs(self, xp: Any, u: AnyArray, v: AnyArray, by_x: AnyArray, by_y: AnyArray) -> Any:
        """Return a function from a grade to the products x_i y_j of it, [pairs, lanes], for rows of x and y; and the
        shape of the lanes."""
        lead = self.lanes(u, v)
        (n, m, _), lanes = self._counts, prod(lead)
        first, second = (
            _split(xp.take(rows, order, axis=0), counts) for rows, order, counts in ((u, by_x, n), (v, by_y, m))
        )

        def pairs(g: int) -> AnyArray:
            outer = (first[h][:, None, ...] * second[g ^ h][None, ...] for h in range(4))
            return xp.concat([xp.reshape(o, (n[h] * m[g ^ h], lanes)) for h, o in enumerate(outer)])

        return pairs, lead


def _split(rows: AnyArray, counts: list[int]) -> list[AnyArray]:
    ends = list(accumulate(counts))
    return [rows[end - count : end, ...] for end, count in zip(ends, counts, strict=True)]


# -- grades -----------------------------------------------------------------------------------


class FlatEntries(NamedTuple):
    """Coefficients of a table: flat [E, 3], indices l²+l+m; values [E], the path of each, and the paths [P, 3]."""

    flat: Integers
    values: NDArray[np.float64]
    path: Integers
    paths: Integers


def flat_entries(product: ClebschGordan) -> FlatEntries:
    """Return the coefficients of a product before its slots are turned, those that are not zero.

    >>> from coupling.products import ClebschGordan
    >>> flat_entries(ClebschGordan(1, 1, 1, paths="odd")).flat[0]
    array([1, 2, 3])
    """
    table, paths = product.table, product.paths
    where = np.array([table.index(*path) for path in paths.tolist()], np.int64)
    counts = np.diff(table.offsets)[where]
    path = np.repeat(np.arange(len(paths)), counts)
    entry = np.arange(len(path)) - np.repeat(np.cumsum(counts) - counts, counts) + table.offsets[where][path]
    l, values = paths[path], table.core[entry] * table.factors[product.family][where][path]
    return FlatEntries(l * l + l + table.orders[entry], values, path, paths)


def graded_entries(product: ClebschGordan) -> Graded:
    """Return the coefficients of a product as four matrices.

    >>> from coupling.products import ClebschGordan
    >>> graded_entries(ClebschGordan(1, 1, 1)).shapes
    [(1, 4), (1, 4), (1, 4), (1, 4)]
    """
    l1, l2, l3 = np.roll(product.lmax, product.turns).tolist()
    graded = Graded(flat_entries(product), (l1, l2, l3))
    for _ in range(product.turns):
        graded = graded.turn()
    return graded


def grades(lmax: int) -> Integers:
    """Return the grades, 0 … 3, of the orders l²+l+m.

    >>> grades(1)
    array([0, 2, 1, 3])
    """
    l = np.repeat(np.arange(lmax + 1), 2 * np.arange(lmax + 1) + 1)
    m = np.arange(flat_size(lmax)) - l * l - l
    return (l + (m < 0)) % 2 + 2 * (m % 2)


@dataclass(frozen=True, eq=False)
class Graded(Portable):
    """The entries of a trilinear form as four matrices; slots says which of them are x, y and z.

    ``order`` lists the rows of each slot by grade, ``counts`` how many there are of each.
    """

    entries: FlatEntries
    lmax: tuple[int, int, int]
    slots: tuple[int, int, int] = (0, 1, 2)

    @cached_property
    def order(self) -> list[Integers]:
        """The rows of x, y and z that some entry has, by grade; the others are zero, or not read."""
        found = [np.unique(self.entries.flat[:, slot]) for slot in self.slots]
        return [rows[np.argsort(grades(l)[rows], kind="stable")] for rows, l in zip(found, self.lmax, strict=True)]

    @cached_property
    def counts(self) -> list[list[int]]:
        """How many of these rows of x, y and z have the grades 0 … 3."""
        return [
            np.bincount(grades(l)[rows], minlength=4).tolist() for rows, l in zip(self.order, self.lmax, strict=True)
        ]

    @cached_property
    def shapes(self) -> list[tuple[int, int]]:
        """The shapes of the four matrices."""
        first, second, third = self.counts
        return [(third[g], sum(first[h] * second[g ^ h] for h in range(4))) for g in range(4)]

    @cached_property
    def position(self) -> Integers:
        """Where each entry is in the four matrices, one after the other in memory."""
        rank = []
        for order, counts, l in zip(self.order, self.counts, self.lmax, strict=True):
            rank.append(np.zeros(flat_size(l), np.int64))
            rank[-1][order] = np.concatenate([np.arange(n) for n in counts])
        i, j, k = (self.entries.flat[:, slot] for slot in self.slots)
        g, h = grades(self.lmax[2])[k], grades(self.lmax[0])[i]
        first, second, _ = (np.array(c) for c in self.counts)
        sizes = first * second[np.arange(4)[:, None] ^ np.arange(4)]  # [g, h]
        begins = np.cumsum(sizes, axis=1) - sizes
        columns = begins[g, h] + rank[0][i] * second[g ^ h] + rank[1][j]
        areas = np.array([rows * width for rows, width in self.shapes])
        widths = np.array([width for _, width in self.shapes])
        return (np.cumsum(areas) - areas)[g] + rank[2][k] * widths[g] + columns

    @cached_property
    def back(self) -> Integers:
        """Where each row of z is among those by grade; the number of these for a row that is zero."""
        result = np.full(flat_size(self.lmax[2]), len(self.order[2]))
        result[self.order[2]] = np.arange(len(self.order[2]))
        return result

    @cached_property
    def source(self) -> Integers:
        """Which entry is at each place of the four matrices; the number of entries where there is none."""
        result = np.full(sum(rows * width for rows, width in self.shapes), len(self.entries.values))
        result[self.position] = np.arange(len(self.position))
        return result

    @cached_property
    def of_path(self) -> Integers:
        """The entries of each path [P, most], filled up with the number of entries."""
        counts = np.bincount(self.entries.path, minlength=len(self.entries.paths))
        result = np.full((len(counts), int(counts.max(initial=0))), len(self.entries.path))
        begins = np.cumsum(counts) - counts
        result[self.entries.path, np.arange(len(self.entries.path)) - begins[self.entries.path]] = np.arange(
            len(self.entries.path)
        )
        return result

    def turn(self) -> Graded:
        """Return the matrices of the form with its slots turned."""
        (l1, l2, l3), (a, b, c) = self.lmax, self.slots
        return Graded(self.entries, (l2, l3, l1), (b, c, a))
