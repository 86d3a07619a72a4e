"""The product with every path an output of its own: one small matrix for each pair of degrees."""

from __future__ import annotations

from copy import copy
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.families import with_basis
from coupling.indexing import degree_slice, flat_size, path_array
from coupling.interop.arrays.product import AnyArray, ArrayProduct, Constants, Mask
from coupling.products.clebsch_gordan import checked_table, table_of
from coupling.products.reach import runs
from coupling.selection import PARITIES, one_of
from coupling.tables.table import Table

Integers = NDArray[np.int64]


class Pair(NamedTuple):
    """Two degrees, and the rows of the output that come from them."""

    l1: int
    l2: int
    outputs: slice


class FullProduct(ArrayProduct):
    """The product of :class:`coupling.products.FullProduct` on arrays of any namespace; a matrix for each (l1, l2).

        z[(l1, l2, l3), m3] = Σ_{m1 m2} C[m1, m2, m3] x[l1 m1] y[l2 m2]

    The output is [..., total, channels], or channels first, path after path in the order of ``paths`` [P, 3], from
    ``offsets`` [P+1] on.  Arguments and what raises as there.

    >>> product = FullProduct(1, 1, 1)
    >>> product(np.array([[2.0], [0], [1], [0]]), np.array([[3.0], [0], [1], [0]]))[:8, 0] + 0.0
    array([6.        , 0.        , 1.15470054, 0.        , 0.        , 1.73205081, 0.        , 0.57735027])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        parity: str = "all",
        normalization: str = CORE,
        table: Table | None = None,
        layout: str = "channels_last",
    ) -> None:
        super().__init__(lmax_in1, lmax_in2, lmax_out, layout)
        family = with_basis(normalization, "real", "normalization").text
        table = table_of(self.lmax, family) if table is None else checked_table(table, self.lmax, family)
        self.paths: Integers = path_array(self.lmax, one_of(parity, PARITIES, "parity"))
        self.offsets: Integers = np.concatenate([[0], np.cumsum(2 * self.paths[:, 2] + 1)])
        self._pairs, self._matrices, reached = _pairs(table, family, self.paths)
        self._reached, self._count = runs(reached), int(reached.sum())
        self._total = int(self.offsets[-1])
        self._turns = 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of entries of x, y and z."""
        own = flat_size(self.lmax[0]), flat_size(self.lmax[1]), self._total
        return own[self._turns :] + own[: self._turns]

    def turn(self) -> FullProduct:
        """Return the product of the turned form, (y, z) → x; it has the same paths and offsets."""
        other = copy(self)
        other._turns = (self._turns + 1) % 3
        return other

    def constants(self) -> Constants:
        """Return the matrices of all pairs."""
        return self._matrices

    def compute(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the product."""
        ndim = max(x.ndim, y.ndim) - 1
        if self._turns == 1:
            y = self.read(xp, y, self._reached)
        if self._turns == 2:
            x = self.read(xp, x, self._reached)
        u, v = self.rows(xp, x, ndim), self.rows(xp, y, ndim)
        if self._turns == 0:
            return self.filled(xp, self.from_rows(xp, self._forward(xp, u, v, constants)), self._reached)
        z, other = (v, u) if self._turns == 1 else (u, v)
        return self.from_rows(xp, self._adjoint(xp, z, other, constants))

    def _forward(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        lead = self.lanes(x, y)
        parts = [xp.reshape(x[:0, ...] * y[:0, ...], (0, prod(lead)))]
        for (l1, l2, _), matrix in zip(self._pairs, constants, strict=True):
            outer = x[degree_slice(l1), None, ...] * y[None, degree_slice(l2), ...]
            parts.append(xp.matmul(matrix, xp.reshape(outer, (matrix.shape[1], prod(lead)))))
        return xp.reshape(xp.concat(parts), (self._count, *lead))

    def _adjoint(self, xp: Any, z: AnyArray, other: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the gradient in x from that in z and y, or the one in y from z and x."""
        sums: list[AnyArray] = [0.0] * (self.lmax[self._turns - 1] + 1)  # zero where there is no path
        lanes, shape = prod(z.shape[1:]), tuple(z.shape[1:])
        for (l1, l2, outputs), matrix in zip(self._pairs, constants, strict=True):
            back = xp.matmul(xp.matrix_transpose(matrix), xp.reshape(z[outputs, ...], (matrix.shape[0], lanes)))
            pairs = xp.reshape(back, (2 * l1 + 1, 2 * l2 + 1, *shape))
            if self._turns == 1:
                sums[l1] = sums[l1] + xp.sum(pairs * other[None, degree_slice(l2), ...], axis=1)
            else:
                sums[l2] = sums[l2] + xp.sum(pairs * other[degree_slice(l1), None, ...], axis=0)
        zero = xp.sum(z[:0, ...] * other[:0, ...], axis=0, keepdims=True, dtype=z.dtype)
        rows = [
            xp.broadcast_to(zero, (2 * l + 1, *zero.shape[1:])) if isinstance(s, float) else s
            for l, s in enumerate(sums)
        ]
        return xp.concat(rows)


def _pairs(table: Table, family: str, paths: Integers) -> tuple[list[Pair], Constants, Mask]:
    """Return the pairs of degrees, the matrix [outputs, (2l1+1)(2l2+1)] of each, and which rows of the output have
    coefficients; slices and matrices have only those."""
    both, first = np.unique(paths[:, :2], axis=0, return_index=True)
    pairs: list[Pair] = []
    matrices: list[NDArray[np.float64]] = []
    masks: list[Mask] = [np.zeros(0, bool)]
    count = 0
    ends = [*first[1:], len(paths)][: len(first)]  # none where there is no path
    for (l1, l2), begin, end in zip(both.tolist(), first, ends, strict=True):
        blocks = [table.block(l1, l2, l3, family) for l3 in paths[begin:end, 2].tolist()]
        matrix = np.concatenate([block.reshape(-1, block.shape[2]).T for block in blocks])
        masks.append(np.asarray(matrix.any(axis=1)))
        size = int(masks[-1].sum())
        if size:
            pairs.append(Pair(l1, l2, slice(count, count + size)))
            matrices.append(np.ascontiguousarray(matrix[masks[-1]]))
        count += size
    return pairs, tuple(matrices), np.concatenate(masks)
