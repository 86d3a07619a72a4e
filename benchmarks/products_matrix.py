"""Time of the matrix product per channel sample, against the sparse product with the same weights and the core's peak.

    python -m benchmarks.products_matrix [--lmax 1 2 3 4 5 6 8 10] [--dtype float32] [--channels 64] [--megabytes 2]
                                         [--sparse 8] [--backward] [--spins]

One thread; its CPU time; what is compared takes turns, and each figure is the median of its turns.  Operations are
multiply-adds of the algorithm: 4n³ for the product of the matrices, and those of the tables for encoding and decoding.
The sparse product computes the same numbers, path weights N_j, to lmax ``--sparse``.  "growth" is the exponent between
a line and the line before.  ``--spins``: time against the spin, at the largest lmax.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from math import log

from benchmarks.peak import multiply_adds  # isort: skip (before numpy)
import numpy as np

from benchmarks.products_sparse import compared
from coupling.products import ClebschGordan, MatrixProduct

Runs = dict[str, Callable[[], object]]


def operations(form: MatrixProduct) -> int:
    """Multiply-adds per channel sample, for degrees that are all on paths.

    >>> operations(MatrixProduct(1, 1, 1))
    44
    """
    n = int(2 * form.spin) + 1
    return 4 * n**3 + sum(_conversion(l, n) for l in form.lmax)


def _conversion(lmax: int, n: int) -> int:
    """Half a diagonal of every |m| times the degrees that have it; twice for both signs of m."""
    return sum((n - m + 1) // 2 * (lmax + 1 - m) * (2 if m else 1) for m in range(lmax + 1))


def runs_of(lmax: int, options: argparse.Namespace) -> tuple[MatrixProduct, int, Runs]:
    """The product, how many channel samples there are, and what to compare."""
    form, dtype = MatrixProduct(lmax, lmax, lmax), np.dtype(options.dtype)
    size = 3 * (lmax + 1) ** 2 * options.channels * dtype.itemsize
    batch = max(1, int(options.megabytes * 1e6) // size)
    random = np.random.default_rng(0)
    x, y, g = (random.standard_normal((batch, (lmax + 1) ** 2, options.channels)).astype(dtype) for _ in range(3))
    runs: Runs = {"matrix": lambda: form(x, y)}
    if lmax <= options.sparse:
        sparse = ClebschGordan(lmax, lmax, lmax, form.normalization)
        runs["sparse"] = lambda: sparse(x, y)
    if options.backward:
        runs["matrix gradients"] = lambda: form.vjp(x, y, g)
        if lmax <= options.sparse:
            runs["sparse gradients"] = lambda: sparse.vjp(x, y, g)
    return form, batch * options.channels, runs


def report(options: argparse.Namespace) -> None:
    """Print a line for each degree."""
    top, before = multiply_adds(np.dtype(options.dtype)), (0, 0.0)
    print(f"{options.dtype}, peak {2 * top / 1e9:.0f} GFLOP/s, {options.megabytes:g} MB of features")
    print("lmax   n  matrix ns  GFLOP/s  of peak  growth  others: ns, times the matrix")
    for lmax in options.lmax:
        form, samples, runs = runs_of(lmax, options)
        times = compared(runs)
        own = times.pop("matrix") / samples * 1e9
        rate = operations(form) / own
        growth = f"{log(own / before[1]) / log(lmax / before[0]):7.2f}" if before[0] else " " * 7
        others = [f"{name} {t / samples * 1e9:.2f}, {t / samples * 1e9 / own:.2f}" for name, t in times.items()]
        start = f"{lmax:4d} {int(2 * form.spin) + 1:3d} {own:10.2f} {2 * rate:8.1f} {rate * 1e9 / top:8.0%}"
        print(f"{start} {growth}  {'; '.join(others)}", flush=True)
        before = lmax, own


def spins(lmax: int, options: argparse.Namespace) -> None:
    """Print times against the spin."""
    print(f"\nlmax {lmax}: ns against 2j, and the paths that are lost")
    random = np.random.default_rng(0)
    x, y = random.standard_normal((2, 64, (lmax + 1) ** 2, options.channels)).astype(options.dtype)
    forms = {str(twice): MatrixProduct(lmax, lmax, lmax, spin=twice / 2) for twice in range(lmax, lmax + 9)}
    every = np.count_nonzero(MatrixProduct(lmax, lmax, lmax).normalization)
    for name, t in compared({name: lambda form=form: form(x, y) for name, form in forms.items()}).items():
        lost = every - np.count_nonzero(forms[name].normalization)
        print(f"{name:>4} {t / 64 / options.channels * 1e9:8.2f} {lost:4d}")


def main() -> None:
    """Read the options and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lmax", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6, 8, 10, 12, 16])
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--megabytes", type=float, default=2.0)
    parser.add_argument("--sparse", type=int, default=8)
    parser.add_argument("--backward", action="store_true")
    parser.add_argument("--spins", action="store_true")
    options = parser.parse_args()
    report(options)
    if options.spins:
        spins(max(options.lmax), options)


if __name__ == "__main__":
    main()
