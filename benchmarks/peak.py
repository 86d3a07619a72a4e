"""What one core of this machine can do: fused multiply-adds in registers, and bytes between memory and registers.

    python -m benchmarks.peak

``multiply_adds`` and ``bytes_moved`` measure the two bounds that every kernel is held against, in the same run as the
kernel.  Both are process CPU time and best of several turns: a busy neighbour can only make them slower.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np
from numba import njit

from coupling.kernels.lanes import add, flat, fma, load, store, width, zero
from coupling.products.blocks import aligned_zeros


@njit(error_model="numpy")
def chains(x, out, n):
    """Six independent chains of multiply-adds, two registers of 512 bits each."""
    memory = flat(x)
    u, a, b, c = load(memory, 0), zero(memory), zero(memory), zero(memory)
    d, e, f = zero(memory), zero(memory), zero(memory)
    for _ in range(n):
        a, b, c, d, e, f = fma(a, u, u), fma(b, u, u), fma(c, u, u), fma(d, u, u), fma(e, u, u), fma(f, u, u)
    store(flat(out), 0, add(add(add(a, b), c), add(add(d, e), f)))


@njit(error_model="numpy")
def sums(x, y, out, lanes):
    """The traffic of a product without its work: read x and y, write out."""
    first, second, target = flat(x), flat(y), flat(out)
    for at in range(0, out.size, lanes):
        store(target, at, add(load(first, at), load(second, at)))


def seconds(run: Callable[[], object], repeats: int = 1) -> float:
    """The CPU time of one call."""
    start = process_time()
    for _ in range(repeats):
        run()
    return (process_time() - start) / repeats


def multiply_adds(dtype: np.dtype, turns: int = 9) -> float:
    """Multiply-adds per second of one core."""
    x, out, n = np.full(width(dtype), 0.5, dtype), np.zeros(width(dtype), dtype), 300_000
    chains(x, out, 1)
    return 6 * width(dtype) * n / min(seconds(lambda: chains(x, out, n)) for _ in range(turns))


def bytes_moved(size: int, dtype: np.dtype = np.dtype("float32"), turns: int = 9) -> float:
    """Bytes per second of one core, read and written, when three arrays have so many bytes together."""
    n = max(1, size // 3 // dtype.itemsize // width(dtype)) * width(dtype)
    x, y, out = (aligned_zeros(n, dtype) for _ in range(3))
    x += 1
    y += 2
    sums(x, y, out, width(dtype))
    repeats = max(1, 30_000_000 // (3 * n * dtype.itemsize))
    times = [seconds(lambda: sums(x, y, out, width(dtype)), repeats) for _ in range(turns)]
    return 3 * n * dtype.itemsize / min(times)


def main() -> None:
    """Print both bounds."""
    for dtype in (np.dtype("float32"), np.dtype("float64")):
        print(f"{dtype}: {2 * multiply_adds(dtype) / 1e9:.0f} GFLOP/s")
    for size in (1 << 14, 1 << 18, 1 << 22, 1 << 28):
        print(f"{size >> 10} KiB in three arrays: {bytes_moved(size) / 1e9:.1f} GB/s")


if __name__ == "__main__":
    main()
