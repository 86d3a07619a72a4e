"""Time of the sparse product and of the full product per channel sample, against the bounds of the core.

    python -m benchmarks.products_sparse [--lmax 1 2 3 4 6 8 10] [--dtype float32] [--channels 128] [--megabytes 4]
                                         [--dense 6] [--backward] [--full]

One thread; its CPU time; what is compared takes turns, and each figure is the median of its turns.  Operations are
the multiply-adds that are done (``ClebschGordan.operations``), not those of the real table, which are up to twice as
many.  "of peak" is their share of the multiply-adds that the core does in registers, "of memory" the share of the
traffic that the core sustains with arrays of the same size and no work, both measured in the same run; the larger of
the two says which bound is near.  The dense product is opt_einsum on the tensor of all coefficients, to ``--dense``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median

from benchmarks.peak import multiply_add_run, seconds, traffic_run  # isort: skip (before numpy)
import numpy as np

from coupling.indexing import degree_slice
from coupling.products import ClebschGordan, FullProduct
from coupling.tabulation import tabulate

TURNS = 9
SECONDS = 0.03

Runs = dict[str, Callable[[], object]]


def compared(runs: Runs) -> dict[str, float]:
    """The median seconds of each function, all in turn."""
    repeats = {}
    for name, run in runs.items():
        run()
        repeats[name] = max(1, int(SECONDS / max(seconds(run), 1e-7)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(TURNS):
        for name, run in runs.items():
            times[name].append(seconds(run, repeats[name]))
    return {name: median(values) for name, values in times.items()}


def dense(lmax: int) -> np.ndarray:
    """All coefficients C[i, j, k]."""
    tensor = np.zeros([(lmax + 1) ** 2] * 3)
    for path, block in tabulate("wigner_3j", lmax).blocks().items():
        tensor[tuple(degree_slice(l) for l in path)] = block
    return tensor


def path_sets(lmax: int) -> dict[str, np.ndarray]:
    """Weights one on all, the even and the odd paths."""
    total = sum(np.ogrid[: lmax + 1, : lmax + 1, : lmax + 1])
    return {"all": np.ones(total.shape), "even": (total % 2 == 0) * 1.0, "odd": (total % 2) * 1.0}


def report(name: str, times: dict[str, float], samples: int, operations: int, amounts: tuple[int, int]) -> None:
    """Print a line: what was done, and its share of what the core did in the same turns."""
    each, peak, memory = times[name] / samples, times["peak"] / amounts[0], times["memory"] / amounts[1]
    print(
        f"  {name:<9} {each * 1e9:9.2f} ns  {2e-9 * operations / each:6.1f} GFLOP/s  {operations * peak / each:5.0%} "
        f"of peak  {amounts[1] * memory / times[name]:5.0%} of memory",
        flush=True,
    )


def sparse(lmax: int, batch: int, channels: int, dtype: np.dtype, limit: int, backward: bool) -> None:
    """Print a line for each path set, and for the dense product."""
    random = np.random.default_rng(0)
    x, y, g = (random.standard_normal((batch, (lmax + 1) ** 2, channels)).astype(dtype) for _ in range(3))
    products = {name: ClebschGordan(lmax, lmax, lmax, weights) for name, weights in path_sets(lmax).items()}
    runs: Runs = {name: lambda one=one: one(x, y) for name, one in products.items()}
    (runs["peak"], multiply_adds), (runs["memory"], moved) = multiply_add_run(dtype), traffic_run(3 * x.nbytes, dtype)
    if backward:
        runs["gradients"] = lambda: products["all"].vjp(x, y, g)
        runs["weights"] = lambda: products["all"].weight_gradient(x, y, g)
    if lmax <= limit:
        from opt_einsum import contract_expression

        tensor = dense(lmax).astype(dtype)
        contract = contract_expression("ijk,bic,bjc->bkc", tensor, x.shape, y.shape, constants=[0])
        runs["dense"] = lambda: contract(x, y)
    times, samples = compared(runs), batch * channels
    for name in products:
        report(name, times, samples, products[name].operations, (multiply_adds, moved))
    for name in list(runs)[len(products) + 2 :]:
        ratio = times[name] / times["all"]
        print(f"  {name:<9} {times[name] / samples * 1e9:9.2f} ns  {ratio:6.1f} times the product of all paths")


def full(lmax: int, batch: int, channels: int, dtype: np.dtype) -> None:
    """Print the product with separate paths and its two adjoints."""
    one = FullProduct(lmax, lmax, lmax)
    random = np.random.default_rng(0)
    x, y, g = (random.standard_normal((batch, size, channels)).astype(dtype) for size in one.sizes)
    size, outputs = x.nbytes + y.nbytes + g.nbytes, one.sizes[2]
    runs: Runs = {"full": lambda: one(x, y), "full, x": lambda: one.turn()(y, g)}
    runs["memory"], moved = traffic_run(size, dtype)
    times = compared(runs)
    for name in list(runs)[:2]:
        each, share = times[name] / (batch * channels), times["memory"] / moved * size / times[name]
        one_output = f"{each / outputs * 1e9:6.3f} ns for each of {outputs}"
        print(f"  {name:<9} {each * 1e9:9.2f} ns  {one_output}  {share:5.0%} of memory")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmax", type=int, nargs="+", default=[1, 2, 3, 4, 6, 8, 10])
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--channels", type=int, default=128)
    parser.add_argument("--megabytes", type=float, default=4, help="of the two inputs and the output together")
    parser.add_argument("--dense", type=int, default=6)
    parser.add_argument("--backward", action="store_true")
    parser.add_argument("--full", action="store_true")
    given = parser.parse_args()
    dtype = np.dtype(given.dtype)
    print(f"{dtype}, {given.megabytes:g} MB in two inputs and the output")
    for lmax in given.lmax:
        batch = max(1, int(given.megabytes * 1e6 / (3 * (lmax + 1) ** 2 * given.channels * dtype.itemsize)))
        print(f"lmax {lmax}, {batch} x {given.channels} samples")
        sparse(lmax, batch, given.channels, dtype, given.dense, given.backward)
        if given.full:
            full(lmax, max(1, batch // (lmax + 1)), given.channels, dtype)


if __name__ == "__main__":
    main()
