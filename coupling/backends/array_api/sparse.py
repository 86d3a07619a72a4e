"""The Clebsch-Gordan product with a weight for every path: four matrix products over sorted orders."""

from __future__ import annotations

from itertools import accumulate
from math import prod
from typing import Any

import numpy as np
from array_api_compat import device

from coupling.backends.array_api.grading import graded_entries
from coupling.backends.array_api.product import AnyArray, ArrayProduct, Constants
from coupling.products.clebsch_gordan import ClebschGordan


class Sparse(ArrayProduct):
    """The product of :class:`coupling.products.ClebschGordan` by four matrix products.

    ``product(x, y, weights)`` takes weights [P] of the paths; they are differentiable like the features.  The four
    matrices are a third to three quarters full (:mod:`coupling.backends.array_api.grading`); a quarter of all products
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
