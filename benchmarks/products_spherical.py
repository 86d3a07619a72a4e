"""Time of the spherical products per channel sample, against our own sparse product and against the peak of the core.

    python benchmarks/products_spherical.py [--lmax 2 3 4 6 8] [--dtype float32] [--backward]

One thread; process CPU time; the routes take turns, and each figure is the median of its turns, so that what else the
machine does weighs on all alike.  Operations are multiply-adds of the algorithm as it stands, counted by formula in
``operations``; the peak is that of independent fused multiply-adds in registers, measured in the same run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numba import njit

from coupling.kernels.lanes import add, flat, fma, load, store, width, zero
from coupling.products import ClebschGordan, Gaunt, VectorSpherical, VectorTensorProduct, simulation

CHANNELS = 64
SECONDS = 0.02
TURNS = 15


@njit(error_model="numpy")
def multiply_add(x, out, n):
    """Six independent chains of fused multiply-adds of two registers each."""
    memory = flat(x)
    u, a, b, c = load(memory, 0), zero(memory), zero(memory), zero(memory)
    d, e, f = zero(memory), zero(memory), zero(memory)
    for _ in range(n):
        a, b, c, d, e, f = fma(a, u, u), fma(b, u, u), fma(c, u, u), fma(d, u, u), fma(e, u, u), fma(f, u, u)
    store(flat(out), 0, add(add(add(a, b), c), add(add(d, e), f)))


def peak(dtype: np.dtype) -> float:
    """Return multiply-adds per second of one core."""
    x, n = np.full(width(dtype), 0.5, dtype), 500_000
    multiply_add(x, np.empty_like(x), 10)
    return 6 * width(dtype) * n / min(seconds(lambda: multiply_add(x, np.empty_like(x), n)) for _ in range(9))


def seconds(run: Callable[[], object], repeats: int = 1) -> float:
    """Return the CPU time of one call; results are dropped at once, so that their memory is used again."""
    start = time.process_time()
    for _ in range(repeats):
        run()
    return (time.process_time() - start) / repeats


def operations(lmax: int, kind: int) -> int:
    """Return the multiply-adds of a Gaunt product (kind 0) or bracket (1), all degrees to lmax.

    (lmax+1)² for each transform and each northern θ; 6 lmax² + 1 for each sum over orders and θ, without order 0 of
    the second factor in a bracket.
    """
    n_theta = (3 * lmax - kind) // 2 + 1
    sums = 6 * lmax**2 + 1 if kind == 0 else 2 * (6 * lmax**2 - 2 * lmax)
    return (3 + 2 * kind) * (lmax + 1) ** 2 * -(-n_theta // 2) + n_theta * sums


def path_weights(lmax: int, parity: int) -> np.ndarray:
    """Return ones on the paths of a parity."""
    return (np.add.outer(np.add.outer(*[np.arange(lmax + 1)] * 2), np.arange(lmax + 1)) % 2 == parity).astype(float)


def routes(lmax: int) -> dict[str, Callable]:
    """Return the products that are compared."""
    even, odd = (ClebschGordan(lmax, lmax, lmax, weights=path_weights(lmax, p)) for p in (0, 1))
    return {
        "sparse even": even,
        "gaunt": Gaunt(lmax, lmax, lmax),
        "sparse odd": odd,
        "bracket": VectorSpherical(lmax, lmax, lmax),
        "sparse": ClebschGordan(lmax, lmax, lmax),
        "gaunt+bracket": simulation(lmax, lmax, lmax),
    }


def medians(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median CPU seconds of each call, the calls taking turns."""
    repeats = {}
    for name, call in calls.items():
        call()
        repeats[name] = max(1, int(SECONDS / max(1e-9, seconds(call))))
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(TURNS):
        for name, call in calls.items():
            times[name].append(seconds(call, repeats[name]))
    return {name: float(np.median(t)) for name, t in times.items()}


def measure(lmax: int, dtype: np.dtype, backward: bool) -> dict[str, float]:
    """Return nanoseconds per channel sample of each route."""
    batch = max(1, 4096 // (lmax + 1) ** 2)
    shape = (batch, (lmax + 1) ** 2, CHANNELS)
    x, y, g = (np.random.default_rng(n).standard_normal(shape).astype(dtype) for n in range(3))
    if backward:
        calls = {name: lambda p=p: p.vjp(x, y, g) for name, p in routes(lmax).items()}
    else:
        calls = {name: lambda p=p: p(x, y) for name, p in routes(lmax).items()}
    return {name: 1e9 * t / (batch * CHANNELS) for name, t in medians(calls).items()}


def nine(product: VectorTensorProduct, x: np.ndarray, y: np.ndarray) -> None:
    """Multiply the fields of each shift of x with those of each shift of y."""
    alone = np.eye(3, dtype=x.dtype)[:, None, :, None, None]
    for f in alone * x:
        for g in alone * y:
            product(f, g)


def nine_against_one(lmax: int, dtype: np.dtype) -> None:
    """Print the cost of the nine pairs of shifts, of one vector product and of one bracket."""
    x, y = (np.random.default_rng(n).standard_normal((16, 3, (lmax + 1) ** 2, 32)).astype(dtype) for n in range(2))
    f, g = (np.ascontiguousarray(z[:, 1]) for z in (x, y))
    vector, bracket = VectorTensorProduct(lmax, lmax, lmax), VectorSpherical(lmax, lmax, lmax)
    calls = {"nine": lambda: nine(vector, x, y), "one": lambda: vector(x, y), "bracket": lambda: bracket(f, g)}
    times = medians(calls)
    row = ", ".join(f"{name} {1e9 * t / (16 * 32):.1f} ns" for name, t in times.items())
    print(f"lmax {lmax}: {row}; nine / one = {times['nine'] / times['one']:.1f}", flush=True)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmax", type=int, nargs="*", default=[1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16])
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--backward", action="store_true")
    parser.add_argument("--nine", action="store_true", help="only the nine pairs of shifts against one product")
    given = parser.parse_args()
    dtype = np.dtype(given.dtype)
    if given.nine:
        for lmax in given.lmax:
            nine_against_one(lmax, dtype)
        return
    top = peak(dtype)
    print(f"{given.dtype}, peak {2 * top / 1e9:.0f} GFLOP/s; ns per channel sample; % of peak")
    passes = 2 if given.backward else 1
    for lmax in given.lmax:
        t = measure(lmax, dtype, given.backward)
        shares = [100 * passes * operations(lmax, k) / (1e-9 * t[n] * top) for k, n in enumerate(("gaunt", "bracket"))]
        row = "  ".join(f"{name} {value:9.2f}" for name, value in t.items())
        print(f"lmax {lmax:3d}  {row}  peak: gaunt {shares[0]:4.1f} %, bracket {shares[1]:4.1f} %", flush=True)


if __name__ == "__main__":
    main()
