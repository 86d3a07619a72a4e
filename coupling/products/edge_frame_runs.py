"""Calls of the compiled edge frame: its tables, and work space that is kept from one call to the next."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.floating_point import default_rounding
from coupling.kernels.edge_frame import edge_frame
from coupling.kernels.jit import entry_point
from coupling.kernels.lanes import width
from coupling.portable import read_only
from coupling.products.blocks import aligned_zeros
from coupling.sphere.wigner import wigner_D

Array = NDArray[Any]

#: Largest degree of the kernel, whose tables and rotations grow with its third power.
LARGEST_COMPILED = 40


@lru_cache(maxsize=8)
@default_rounding()
def quarter_turns(top: int) -> NDArray[np.float64]:
    """Return K of the degrees 0 … top one after another: D of the quarter turn that takes z to y.

    >>> quarter_turns(1).round(12).tolist()  # order y, z, x
    [1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    """
    turn = np.array([1.0, -1.0, 0.0, 0.0]) / np.sqrt(2)
    matrices = [np.where(abs(d) < 1e-12, 0, d) + 0.0 for d in (wigner_D(l, turn) for l in range(top + 1))]
    return read_only(np.concatenate([d.ravel() for d in matrices]))


class CompiledFrame:
    """The kernel of an edge frame for arrays of a type, with its tables; work space is kept.

    >>> one = CompiledFrame((0, 0, 0), np.zeros((1, 1), np.int64), 1, np.dtype(float))
    >>> one.run(np.ones((1, 1, 2)), np.ones((1, 3)), np.ones((1, 1, 1)))
    array([[[1., 1.]]])
    """

    def __init__(self, degrees: tuple[int, int, int], starts: NDArray[np.int64], count: int, dtype: Any) -> None:
        lmax_in, lmax_out, _ = degrees
        top = max(lmax_in, lmax_out)
        self.dtype, self._degrees, self._rows = dtype, (*degrees, top, count), (lmax_out + 1) ** 2
        self._tables, self._width = (quarter_turns(top), starts), width(dtype)
        rows = (lmax_in + 1) ** 2 + (top + 1) ** 2 + (lmax_out + 1) ** 2 + count
        matrices = 2 * (top + 1) * (2 * top + 1) * (2 * top + 3) // 3 + (2 * top + 1) ** 2
        self._size = rows * self._width + matrices
        self._entry: list[Any] = []
        self._spaces: list[Array] = []

    def run(self, x: Array, vectors: Array, weights: Array) -> Array:
        """Return the messages of checked, C-contiguous arrays of the type, weights of three axes."""
        try:
            space = self._spaces.pop()
        except IndexError:
            space = aligned_zeros(self._size, self.dtype)
        steps = (weights[0].size if weights.shape[0] > 1 else 0, int(weights.shape[2] > 1), weights.shape[2])
        scaled = (vectors / abs(vectors).max(axis=-1, keepdims=True)).astype(self.dtype)
        out = np.empty((x.shape[0], self._rows, x.shape[2]), self.dtype)
        arrays = (read_only(x), read_only(scaled), read_only(weights), out)
        given = (*arrays, 0, x.shape[0], self._degrees, self._width, steps, self._tables, space)
        if not self._entry:
            self._entry.append(entry_point(edge_frame, *given))
        self._entry[0](*given)
        self._spaces.append(space)
        return out
