"""What one core of this machine can do: fused multiply-adds in registers, and bytes between memory and registers.

    python -m benchmarks.peak

``multiply_add_run`` and ``traffic_run`` do what the two bounds of every kernel are, to be timed in turn with the
kernel.  Times are CPU time of the calling thread; printed here is the best of several.  Importing this module before
numpy keeps numpy's matrix products to that thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from time import thread_time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

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
    start = thread_time()
    for _ in range(repeats):
        run()
    return (thread_time() - start) / repeats


def multiply_add_run(dtype: np.dtype, n: int = 100_000) -> tuple[Callable[[], None], int]:
    """A function that does nothing but multiply-adds, and how many."""
    x, out = np.full(width(dtype), 0.5, dtype), np.zeros(width(dtype), dtype)
    return (lambda: chains(x, out, n)), 6 * width(dtype) * n


def traffic_run(size: int, dtype: np.dtype) -> tuple[Callable[[], None], int]:
    """A function that only reads two arrays and writes a third one, about size bytes together, and how many."""
    n = max(1, size // 3 // dtype.itemsize // width(dtype)) * width(dtype)
    x, y, out = (aligned_zeros(n, dtype) for _ in range(3))
    x += 1
    y += 2
    return (lambda: sums(x, y, out, width(dtype))), 3 * n * dtype.itemsize


def best_rate(run: Callable[[], None], amount: int, turns: int = 9) -> float:
    """Amount per second of CPU time."""
    run()
    repeats = max(1, int(0.01 / max(seconds(run), 1e-7)))
    return amount / min(seconds(run, repeats) for _ in range(turns))


def multiply_adds(dtype: np.dtype) -> float:
    """Multiply-adds per second of one core."""
    return best_rate(*multiply_add_run(dtype))


def main() -> None:
    """Print both bounds."""
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        print(f"{dtype}: {2 * multiply_adds(dtype) / 1e9:.0f} GFLOP/s")
    for size in (1 << 14, 1 << 18, 1 << 22, 1 << 28):
        rate = best_rate(*traffic_run(size, np.dtype(np.float32)))
        print(f"{size >> 10} KiB in three arrays: {rate / 1e9:.1f} GB/s")


if __name__ == "__main__":
    main()
