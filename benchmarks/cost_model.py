"""Measure what the routes of a Clebsch-Gordan product cost, fit their operation counts, and write the cost model.

    python -m benchmarks.cost_model [--write]        measure, fit, print measured and fitted times; write costs.json
    python -m benchmarks.cost_model --check          measure again and compare with the costs as they are

One thread and its CPU time, 64 channels, features of about 1 MB, medians of turns.  A fit is a non-negative
combination of the counts (``coupling.products.costs``) that is closest in relative error.  The time of a call
is what a single sample takes beyond its share, the time of a thread that of starting one.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import NamedTuple

from benchmarks.peak import seconds  # isort: skip (before numpy)
import numpy as np
from scipy.optimize import nnls

from benchmarks import writing
from coupling.kernels.lanes import width
from coupling.products import AntisymmetricGaunt, ClebschGordan, Gaunt, MatrixProduct, Product, costs
from coupling.products.blocks import run_blocks
from coupling.products.costs import WorkCounts, added_work, matrix_work, sparse_work, sphere_work
from coupling.products.ratios import processor

Lmax = tuple[int, int, int]

BY = "python -m benchmarks.cost_model"
CHANNELS = 64
BYTES = 1 << 20
TURNS = 7
SECONDS = 0.02

SMALL = [(1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (1, 1, 2), (2, 1, 3), (3, 1, 3), (2, 4, 3)]
MIDDLE = [(5, 5, 5), (6, 6, 6), (8, 8, 8), (10, 10, 10), (2, 8, 8), (8, 3, 6), (6, 6, 12), (4, 4, 8)]
LARGE = [(12, 12, 12), (14, 14, 14), (16, 16, 16), (20, 20, 20)]
HUGE = [(21, 21, 21), (24, 24, 24), (32, 32, 32), (48, 48, 48), (24, 8, 24), (40, 20, 30), (8, 32, 32)]


class Case(NamedTuple):
    """A product, and its work."""

    product: Product
    work: WorkCounts


def cases() -> Iterator[Case]:
    """What is measured."""
    for lmax in [*SMALL, *MIDDLE, *LARGE[:1]]:
        for parity in ("all", "even", "odd"):
            product = ClebschGordan(*lmax, paths=parity)
            yield Case(product, sparse_work(lmax, product.paths))
    for lmax in [*SMALL, *MIDDLE, *LARGE, *HUGE]:
        yield Case(Gaunt(*lmax), sphere_work(lmax, 1, 0))
        yield Case(AntisymmetricGaunt(*lmax), sphere_work(lmax, 0, 1))
    spins = [(l, None) for l in [*SMALL, *MIDDLE, *LARGE, (24, 24, 24)]]
    for lmax, spin in [*spins, ((4, 4, 4), 8), ((4, 4, 4), 16), ((8, 8, 8), 9), ((8, 8, 8), 14), ((12, 8, 12), 20)]:
        form = MatrixProduct(*lmax, spin=spin)
        yield Case(form, matrix_work(lmax, form.spin))


def inputs(form: Product, dtype: np.dtype, batch: int) -> list[np.ndarray]:
    """Random features."""
    random = np.random.default_rng(0)
    return [random.standard_normal((batch, size, CHANNELS)).astype(dtype) for size in form.sizes[:2]]


def timed(run: Callable[[], object]) -> float:
    """The median seconds of a call."""
    run()
    repeats = max(1, int(SECONDS / max(seconds(run), 1e-7)))
    return median(seconds(run, repeats) for _ in range(TURNS))


def measured(case: Case, dtype: np.dtype) -> tuple[float, float]:
    """Seconds per channel sample, and of a call."""
    batch = max(1, BYTES // (sum(case.product.sizes) * CHANNELS * dtype.itemsize))
    x, y = inputs(case.product, dtype, batch)
    each = timed(lambda: case.product(x, y)) / (batch * CHANNELS)
    one = [a[:1, :, :1].copy() for a in (x, y)]
    return each, timed(lambda: case.product(*one)) - each * width(dtype)


def adding(dtype: np.dtype) -> float:
    """Seconds to add one number of an output."""
    out, term = np.ones((2, BYTES // dtype.itemsize), dtype)
    return timed(lambda: np.add(out, term, out=out)) / out.size


def starting_a_thread() -> float:
    """Wall-clock seconds for each of two threads."""

    def both() -> float:
        start = perf_counter()
        run_blocks(lambda first, last: None, 64, 32, 2)
        return perf_counter() - start

    return median(both() for _ in range(200)) / 2


def fit(points: list[tuple[WorkCounts, float]]) -> list[float]:
    """Seconds of each count."""
    design = np.array([work.counts for work, _ in points]) / np.array([[time] for _, time in points])
    solution = nnls(design, np.ones(len(points)))[0]
    return [float(f"{value:.4g}") for value in solution]


def fitted(dtype: np.dtype) -> tuple[dict[str, list[float]], list[float]]:
    """The costs of all codes for a type, and what the calls took."""
    points: dict[str, list[tuple[WorkCounts, float]]] = {}
    calls = []
    for case in cases():
        each, call = measured(case, dtype)
        points.setdefault(case.work.code, []).append((case.work, each))
        calls.append(call)
        print(f"  {dtype} {case.work.code:16} {case.product.lmax!s:14} {1e9 * each:9.2f} ns", flush=True)
    found = {code: fit(each) for code, each in points.items()}
    found[added_work((0, 0, 0)).code] = [float(f"{adding(dtype):.4g}")]
    for code, each in points.items():
        ratios = [np.dot(found[code], work.counts) / time for work, time in each]
        print(f"{dtype} {code}: {len(each)} sizes, fitted/measured {min(ratios):.2f} … {max(ratios):.2f}")
    return found, calls


def model() -> dict[str, object]:
    """The whole cost model."""
    results = {dtype.name: fitted(dtype) for dtype in (np.dtype(np.float32), np.dtype(np.float64))}
    call = float(f"{median([max(call, 0.0) for _, calls in results.values() for call in calls]):.3g}")
    return {
        "measured": {"by": f"{BY} --write", "processor": processor(), "channels": CHANNELS},
        "call": call,
        "thread": float(f"{starting_a_thread():.3g}"),
        "dtypes": {name: found for name, (found, _) in results.items()},
    }


def check() -> None:
    """Print measured over predicted times with the costs as they are."""
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        for case in cases():
            each, _ = measured(case, dtype)
            predicted = np.dot(costs.fitted()["dtypes"][dtype.name][case.work.code], case.work.counts)
            print(f"{dtype} {case.work.code:16} {case.product.lmax!s:14} {each / predicted:6.2f}", flush=True)


def main() -> None:
    """Read the options; measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    writing.add_options(parser, costs.FILE.name)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if given.check:
        check()
        return
    if given.write:
        writing.require(parser, given.force, BY, costs.FILE)
    found = model()
    if given.write:
        writing.write(costs.FILE, json.dumps(found, indent=1) + "\n", given.force)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
