"""The product with one output block per path (e3nn: FullTensorProduct): one small matrix for each pair of degrees."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.backends.array_api.product import AnyArray, ArrayProduct, Constants, Mask
from coupling.indexing import degree_slice
from coupling.products.full import FullProduct
from coupling.products.reach import runs

Integers = NDArray[np.int64]


class DegreePair(NamedTuple):
    """Two degrees, and the rows of the output that come from them."""

    l1: int
    l2: int
    outputs: slice


class Full(ArrayProduct):
    """The product of :class:`coupling.products.FullProduct`, a matrix for each (l1, l2).

    >>> from coupling.products import FullProduct
    >>> z = Full(FullProduct(1, 1, 1))(np.array([[2.0], [0], [1], [0]]), np.array([[3.0], [0], [1], [0]]))
    >>> z[:8, 0] + 0.0
    array([6.        , 0.        , 1.15470054, 0.        , 0.        , 1.73205081, 0.        , 0.57735027])
    """

    product: FullProduct

    def __init__(self, product: FullProduct) -> None:
        super().__init__(product)
        self.paths, self.offsets, self._turns = product.paths, product.offsets, product.turns
        self._pairs, self._matrices, reached = _pairs(product)
        self._reached, self._count = runs(reached), int(reached.sum())

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


def _pairs(product: FullProduct) -> tuple[list[DegreePair], Constants, Mask]:
    """Return the pairs of degrees, the matrix [outputs, (2l1+1)(2l2+1)] of each, and which rows of the output have
    coefficients; slices and matrices have only those."""
    paths = product.paths
    both, first = np.unique(paths[:, :2], axis=0, return_index=True)
    pairs: list[DegreePair] = []
    matrices: list[NDArray[np.float64]] = []
    masks: list[Mask] = [np.zeros(0, bool)]
    count = 0
    ends = [*first[1:], len(paths)][: len(first)]  # none where there is no path
    for (l1, l2), begin, end in zip(both.tolist(), first, ends, strict=True):
        blocks = [product.block(l1, l2, l3) for l3 in paths[begin:end, 2].tolist()]
        matrix = np.concatenate([block.reshape(-1, block.shape[2]).T for block in blocks])
        masks.append(np.asarray(matrix.any(axis=1)))
        size = int(masks[-1].sum())
        if size:
            pairs.append(DegreePair(l1, l2, slice(count, count + size)))
            matrices.append(np.ascontiguousarray(matrix[masks[-1]]))
        count += size
    return pairs, tuple(matrices), np.concatenate(masks)
