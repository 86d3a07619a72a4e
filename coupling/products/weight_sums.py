"""The gradient of a sparse product in the weights of its paths, with its lists kept between calls."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.kernels.jit import entry_point
from coupling.kernels.lanes import width
from coupling.kernels.sparse_product import sparse_weights
from coupling.products.blocks import aligned_zeros
from coupling.products.sums import Sums, ends_of, in_numbers

Array = NDArray[Any]

#: Blocks of lanes whose weight gradients are added in the compute type, before they are added in float64.
ADDED_TOGETHER = 64


class WeightSums:
    """The sums Σ z · path(x, y) over all lanes, for every path by its flat degrees.

    sums: with coefficients times what the product puts on a path of weight one, ``scale``; places: of the entries of x,
    y and z; rows: of a block of lanes; size: the number of flat degrees.
    """

    def __init__(
        self, sums: Sums, scale: NDArray[np.float64], places: Any, rows: int, size: int, dtype: np.dtype[Any]
    ) -> None:
        w = width(dtype)
        parts = np.split(sums.times(scale).astype(dtype), ends_of(sums)[1:-1])
        sections = tuple(
            (*in_numbers(section, w), part, section.paths * w)
            for section, part in zip(sums.sections, parts, strict=True)
        )
        self._tables = w, places, sections
        self._dtype, self._numbers, self._size = dtype, rows * w, size
        self._entry: list[Any] = []
        self._spaces: list[tuple[Array, Array]] = []

    def __call__(self, x: Array, y: Array, z: Array) -> NDArray[np.float64]:
        """Return the sums, by features [batch, entries, channels] of one type; blocks are added in float64."""
        w, lanes, gradient = self._tables[0], x.shape[0] * x.shape[2], np.zeros(self._size)
        try:
            space, sums = self._spaces.pop()
        except IndexError:
            space, sums = aligned_zeros(self._numbers, self._dtype), aligned_zeros(self._size * w, self._dtype)
        for lane in range(0, lanes, ADDED_TOGETHER * w):
            sums.fill(0)
            given = x, y, z, lane, min(lanes, lane + ADDED_TOGETHER * w), *self._tables, space, sums
            if not self._entry:
                self._entry.append(entry_point(sparse_weights, *given))
            self._entry[0](*given)
            gradient += sums.reshape(-1, w).sum(axis=1, dtype=float)
        self._spaces.append((space, sums))
        return gradient
