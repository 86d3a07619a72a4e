"""Kernels with their tables, run over the lanes of a batch by threads; memory as kernels want it."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.kernels.jit import entry_point
from coupling.portable import read_only


class BoundKernel:
    """A kernel ``(x, y, out, first, last, *tables, space)`` of one type with its tables, for calls that cost little.

    size: the numbers of its work space, zero at first.  A space is kept for the next call; of calls at the same time
    each has its own.  Features are C-contiguous [batch, entries, channels]; a block has ``width`` lanes.

    >>> def kernel(x, y, out, first, last, factor, space):
    ...     out[...] = factor * x * y
    >>> x, out = np.full((2, 1, 1), 3.0), np.empty((2, 1, 1))
    >>> BoundKernel(kernel, (2.0,), 16, 8, np.dtype(float)).run(x, x, out)
    >>> out.ravel()
    array([18., 18.])
    """

    def __init__(self, kernel: Any, tables: tuple[Any, ...], width: int, size: int, dtype: np.dtype[Any]) -> None:
        self.kernel, self.tables, self.width, self.size, self.dtype = kernel, tables, width, size, dtype
        self._entry: list[Callable[..., Any]] = []
        self._spaces: list[NDArray[Any]] = []

    def with_tables(self, tables: tuple[Any, ...]) -> BoundKernel:
        """Return the same kernel with other tables of the same types; what is kept between calls is shared."""
        other = BoundKernel(self.kernel, tables, self.width, self.size, self.dtype)
        other._entry, other._spaces = self._entry, self._spaces
        return other

    def run(self, x: NDArray[Any], y: NDArray[Any], out: NDArray[Any], workers: int = 1) -> None:
        """Run the kernel over all lanes of features, by threads that share them."""
        lanes = out.shape[0] * out.shape[2]
        if workers == 1 or lanes <= self.width:
            self.block(x, y, out, 0, lanes)
        else:
            run_blocks(lambda first, last: self.block(x, y, out, first, last), lanes, self.width, workers)

    def block(self, x: NDArray[Any], y: NDArray[Any], out: NDArray[Any], first: int, last: int) -> None:
        """Run the kernel over the lanes first … last-1."""
        try:
            space = self._spaces.pop()
        except IndexError:
            space = aligned_zeros(self.size, self.dtype)
        if not self._entry:
            given = read_only(x), read_only(y), out, first, last, *self.tables, space
            self._entry.append(entry_point(self.kernel, *given))
        self._entry[0](x, y, out, first, last, *self.tables, space)
        self._spaces.append(space)


def run_blocks(run: Callable[[int, int], object], lanes: int, width: int, workers: int) -> None:
    """Call run(first, last) for consecutive ranges of 0 … lanes that begin on multiples of width, one per worker.

    >>> run_blocks(lambda first, last: print(first, last), 40, 16, 1)
    0 40
    """
    blocks = -(-lanes // width)
    workers = max(1, min(workers, blocks))
    if workers == 1:
        run(0, lanes)
        return
    ends = [min(lanes, width * (blocks * n // workers)) for n in range(workers + 1)]
    run(0, 0)  # compiles, in this thread: Ctrl-C would wait for the end of a compilation in another
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, ends[:-1], ends[1:]))


def aligned_zeros(size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return zeros that start on a multiple of 64 bytes, so that no register straddles two cache lines.

    >>> aligned_zeros(3, np.dtype("float32")).ctypes.data % 64
    0
    """
    return _aligned(np.zeros(size + 64 // dtype.itemsize, dtype), size)


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array that is not written yet and starts on a multiple of 64 bytes.

    >>> aligned_empty((2, 3), np.dtype("float32")).ctypes.data % 64
    0
    """
    size = math.prod(shape)
    return _aligned(np.empty(size + 64 // dtype.itemsize, dtype), size).reshape(shape)


def _aligned(raw: NDArray[Any], size: int) -> NDArray[Any]:
    first = -raw.__array_interface__["data"][0] % 64 // raw.dtype.itemsize
    return raw[first : first + size]
