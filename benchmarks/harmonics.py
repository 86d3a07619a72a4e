"""Harmonics of vectors beside sphericart, on one core: values compared first, then both timed in turn.

    python -m benchmarks.harmonics [--points N]

Nanoseconds per point for values, values and gradients, and Hessians besides, least of several turns; the ratio is
sphericart over coupling.  sphericart runs with OMP_NUM_THREADS=1, which this script sets.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from coupling.sphere import cartesian_gradients, cartesian_harmonics, cartesian_hessians

TURNS = 15
DEGREES = (1, 2, 3, 4, 6, 8, 12, 16)
OURS = (cartesian_harmonics, cartesian_gradients, cartesian_hessians)
THEIRS = ("compute", "compute_with_gradients", "compute_with_hessians")


def agree(ours: Any, theirs: Any) -> bool:
    """Return whether all arrays agree, relative to the largest entry of each.

    >>> agree([np.ones(3)], [np.ones(3)]), agree([np.ones(3)], [np.zeros(3)])
    (True, False)
    """
    for a, b in zip(ours, theirs, strict=True):
        slack = 2e4 * np.finfo(a.dtype).eps * abs(a).max()
        if a.shape != b.shape or not (abs(a - b) <= slack).all():
            return False
    return True


def least(functions: list[Callable[[], Any]]) -> list[float]:
    """Return the least seconds of functions that are called in turn."""
    best = [float("inf")] * len(functions)
    for _ in range(TURNS):
        for n, function in enumerate(functions):
            begin = time.perf_counter()
            function()
            best[n] = min(best[n], time.perf_counter() - begin)
    return best


def row(lmax: int, dtype: Any, points: int) -> str:
    """Return a line of the table; a program whose values differ is not timed."""
    import sphericart

    v = np.random.default_rng(0).standard_normal((points, 3)).astype(dtype)
    peer, cells = sphericart.SphericalHarmonics(lmax), [np.dtype(dtype).name, str(lmax)]
    for function, name in zip(OURS, THEIRS, strict=True):
        other = getattr(peer, name)
        found, expected = (x if isinstance(x, tuple) else (x,) for x in (function(v, lmax), other(v)))
        if not agree(found, expected):
            cells.append("values differ")
            continue
        ours, theirs = least([lambda f=function: f(v, lmax), lambda f=other: f(v)])  # type: ignore[misc]
        cells.append(f"{ours / points * 1e9:.1f} / {theirs / points * 1e9:.1f} ({theirs / ours:.2f})")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    os.environ["OMP_NUM_THREADS"] = "1"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10_000)
    points = parser.parse_args().points
    print("| type | lmax | values | and gradients | and Hessians |\n| --- | --- | --- | --- | --- |")
    for dtype in (np.float64, np.float32):
        for lmax in DEGREES:
            print(row(lmax, dtype, points), flush=True)


if __name__ == "__main__":
    main()
