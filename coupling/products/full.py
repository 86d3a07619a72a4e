"""The full product: one output block per path (e3nn: FullTensorProduct)."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.families import with_basis
from coupling.floating_point import default_rounding
from coupling.indexing import flat_size
from coupling.kernels.full_product import full_adjoint, full_product
from coupling.kernels.lanes import width
from coupling.portable import Kept
from coupling.products.blocks import BoundKernel
from coupling.products.paths import selected_paths
from coupling.products.product import Features, Product
from coupling.products.table import checked_table, table_of
from coupling.quoted import quoted
from coupling.tables.table import Table

Integers = NDArray[np.int64]

#: Largest number of products x_i y_j of a pair of degrees that leaves room for four blocks of lanes in the first cache.
MANY_PRODUCTS = 32


class RowEntries(NamedTuple):
    """Coefficients: the rows of x, y and z, and the values."""

    i: Integers
    j: Integers
    k: Integers
    values: NDArray[np.float64]

    def sorted_by(self, *keys: Integers) -> RowEntries:
        """Return the same in another order, the first key the slowest."""
        order = np.lexsort(keys[::-1])
        return RowEntries(self.i[order], self.j[order], self.k[order], self.values[order])


class Lists(NamedTuple):
    """What a kernel reads, and the size of its block of lanes in rows."""

    arrays: tuple[Any, ...]
    coefficients: NDArray[np.float64]
    rows: int


class FullProduct(Product):
    """The Clebsch-Gordan product with every path separate.

        z[(l1, l2, l3), m3] = Σ_{m1 m2} C[m1, m2, m3] x[l1 m1] y[l2 m2]

    The output is [..., total, channels], or channels first, path after path in lexicographic order: ``paths`` [P, 3]
    are those that are selected ("all", "even", "odd" or a list of degrees) and ``offsets`` [P+1] where they begin.
    With weights w, the sum of w(l1, l2, l3) z over the paths to one l3 is :class:`coupling.products.ClebschGordan`.  C,
    normalization, table and what raises are as there; a table has to hold all paths.  Source: derivation
    ``real_basis``.

    >>> product = FullProduct(1, 1, 1)
    >>> product.paths.tolist(), product.offsets.tolist()
    ([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1]], [0, 1, 4, 7, 8, 11])
    >>> product(np.array([[2.0], [0], [1], [0]]), np.array([[3.0], [0], [1], [0]]))[:8, 0]
    array([6.        , 0.        , 1.15470054, 0.        , 0.        , 1.73205081, 0.        , 0.57735027])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        paths: Any = "all",
        normalization: str = CORE,
        table: Table | None = None,
        layout: str = "channels_last",
        workers: int = 1,
    ) -> None:
        super().__init__(lmax_in1, lmax_in2, lmax_out, layout=layout, workers=workers)
        family = with_basis(normalization, "real", "normalization").text
        self.paths: Integers = selected_paths(self.lmax, paths)
        table = table_of(self.lmax, family) if table is None else checked_table(table, self.lmax, family)
        self.offsets: Integers = np.concatenate([[0], np.cumsum(2 * self.paths[:, 2] + 1)])
        self._entries = _entries(table, family, self.paths, self.offsets)
        self._kernels = Kept()
        self.turns = 0  #: how often the slots are turned

    def block(self, l1: int, l2: int, l3: int) -> NDArray[np.float64]:
        """Return the coefficients [m1, m2, m3] of a path.

        >>> FullProduct(1, 1, 1).block(1, 1, 0)[:, :, 0].round(4)
        array([[0.5774, 0.    , 0.    ],
               [0.    , 0.5774, 0.    ],
               [0.    , 0.    , 0.5774]])
        """
        (number,) = np.flatnonzero((self.paths == (l1, l2, l3)).all(axis=1))
        begin, end = self.offsets[number : number + 2]
        i, j, k, values = self._entries
        here = (begin <= k) & (k < end)
        found = np.zeros((2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1))
        found[i[here] - l1 * l1, j[here] - l2 * l2, k[here] - begin] = values[here]
        return found

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of entries of x, y and z."""
        own = flat_size(self.lmax[0]), flat_size(self.lmax[1]), int(self.offsets[-1])
        return own[self.turns :] + own[: self.turns]

    def turn(self) -> FullProduct:
        """Return the product of the turned form, (y, z) → x; it has the same paths and offsets.

        >>> FullProduct(1, 1, 1).turn().sizes
        (4, 11, 4)
        """
        return self._turned

    @cached_property
    def _turned(self) -> FullProduct:
        other = copy(self)
        other.turns = (self.turns + 1) % 3
        return other

    def size_name(self, slot: int) -> str:
        """Return the number of entries of a slot, and why it is this, in words."""
        if (slot + self.turns) % 3 < 2:
            return f"{self.sizes[slot]} = (lmax+1)² entries for lmax {self.lmax[(slot + self.turns) % 3]}"
        return f"{self.sizes[slot]} entries, 2·l3+1 for each of {len(self.paths)} paths"

    def _compute(self, x: Features, y: Features, out: Features) -> None:
        kernel = self._kernels.get(x.dtype)
        if kernel is None:
            kernel = self._kernels[x.dtype] = self._kernel(x.dtype)
        kernel.run(*((y, x) if self.turns == 2 else (x, y)), out, self.workers)

    @default_rounding()
    def _kernel(self, dtype: np.dtype[Any]) -> BoundKernel:
        """Return the kernel with its lists."""
        lists, w = self._lists[self.turns], width(dtype)
        tables = w, *lists.arrays, lists.coefficients.astype(dtype)
        return BoundKernel(full_adjoint if self.turns else full_product, tables, w, lists.rows * w, dtype)

    @cached_property
    def _lists(self) -> tuple[Lists, Lists, Lists]:
        own = flat_size(self.lmax[0]), flat_size(self.lmax[1]), int(self.offsets[-1])
        i, j, k, values = self._entries
        entries, swapped = RowEntries(i, j, k, values), RowEntries(j, i, k, values)
        product = _product_lists(self.paths, own, entries)
        return product, _adjoint(own, own[0], entries), _adjoint(own, own[1], swapped)


def _entries(table: Table, family: str, paths: Integers, offsets: Integers) -> RowEntries:
    """Return all coefficients that are not zero."""
    index = np.array([-1 if n is None else n for n in (table.index(*path) for path in paths.tolist())], np.int64)
    if (index < 0).any():
        raise ValueError(f"table must hold all {len(paths)} paths, got {quoted(table)}")
    counts = np.diff(table.offsets)[index]
    path = np.repeat(np.arange(len(paths)), counts)
    entry = np.arange(len(path)) - np.repeat(np.cumsum(counts) - counts, counts) + table.offsets[index][path]
    values = table.core[entry] * table.factors[family][index][path]
    l, m = paths[path], table.orders[entry].astype(np.int64)
    i, j = (l * l + l + m)[:, :2].T
    k = offsets[path] + l[:, 2] + m[:, 2]
    keep = values != 0
    return RowEntries(i[keep], j[keep], k[keep], values[keep])


def _product_lists(paths: Integers, own: tuple[int, int, int], entries: RowEntries) -> Lists:
    """Return together, pairs, counts and rows of :func:`coupling.kernels.full_product.full_product`."""
    (l1, l2), first = (a.T for a in np.unique(paths[:, :2], axis=0, return_index=True))
    outputs = np.add.reduceat(2 * paths[:, 2] + 1, first) if len(paths) else first
    pairs = np.column_stack([l1 * l1, 2 * l1 + 1, l2 * l2, 2 * l2 + 1, outputs])
    i, j, k, values = entries.sorted_by(entries.k, entries.i, entries.j)
    a, b = np.sqrt(i).astype(np.int64), np.sqrt(j).astype(np.int64)
    rows = (i - a * a) * (2 * b + 1) + j - b * b
    products = int((pairs[:, 1] * pairs[:, 3]).max(initial=0))
    together = 4 if products <= MANY_PRODUCTS else 2
    lists = together, pairs, np.bincount(k, minlength=own[2]), rows
    alone = own[0] + own[1] + products + int(outputs.max(initial=0))
    return Lists(lists, values, max(alone, together * products))


def _adjoint(own: tuple[int, int, int], outputs: int, entries: RowEntries) -> Lists:
    """Return groups, items and rows of :func:`coupling.kernels.full_product.full_adjoint` for outputs i."""
    i, j, k, values = entries.sorted_by(entries.i, entries.j, entries.k)
    new = np.ones(len(i), bool)
    new[1:] = (np.diff(i) != 0) | (np.diff(j) != 0)
    first = np.flatnonzero(new)
    items = np.column_stack([j[first], np.diff(np.append(first, len(i)))])
    return Lists((np.bincount(i[first], minlength=outputs), items, k), values, sum(own))
