"""Running a kernel over the lanes of a batch, by threads; memory as kernels want it."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
