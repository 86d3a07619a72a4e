"""How long a route takes: operation counts times measured seconds.

The counts of a route are its *work*: a few numbers that its time is a sum of, per channel sample, such as its
multiply-adds, the rows it copies, and what it does per sum.  What one of each costs has been measured on one machine
and fitted, for each kind of code (unrolled or loops) and each type of number, by ``python -m
benchmarks.cost_model --write``, which writes ``costs.json`` beside this file; ``coupling calibrate`` scales them to
another processor (:mod:`coupling.products.calibration`).  Sizes that were not measured are
extrapolated by the counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.indexing import flat_size
from coupling.kernels.lanes import width
from coupling.numbers.spins import used_degrees
from coupling.products.matrix_product import STRAIGHT as MATRIX_STRAIGHT
from coupling.products.ratios import ratios
from coupling.products.sparse_program import few_sums, sparse_counts
from coupling.products.spherical import STRAIGHT as SPHERE_STRAIGHT

Lmax = tuple[int, int, int]

#: The file of fitted costs.
FILE = Path(__file__).with_name("costs.json")

#: What is counted for each route, in the order of the numbers.
COUNTS = {
    "sparse": ("sample", "rows", "sums", "coefficients"),
    "sphere": ("sample", "rows", "points times orders", "Legendre", "sums over orders"),
    "matrix": ("sample", "rows", "matrix elements", "conversions", "matrix multiply-adds"),
    "added": ("output rows",),
}


class WorkCounts(NamedTuple):
    """Counts of one kind of code for one channel sample."""

    code: str
    counts: tuple[float, ...]


def sparse_work(lmax: Lmax, paths: NDArray[np.int64]) -> WorkCounts:
    """Return the work of the sparse product over some paths [P, 3].

    >>> sparse_work((1, 1, 1), np.array([[1, 1, 1]]))
    WorkCounts(code='sparse straight', counts=(1.0, 12.0, 9.0, 6.0))
    """
    return WorkCounts(f"sparse {'straight' if few_sums(lmax, paths) else 'loops'}", sparse_counts(lmax, paths))


def sphere_work(lmax: Lmax, gaunts: int, brackets: int) -> WorkCounts:
    """Return the work of a sum of Gaunt products and brackets.

    >>> sphere_work((2, 2, 2), 1, 0)
    WorkCounts(code='sphere straight', counts=(1.0, 27.0, 60.0, 54.0, 152.0))
    """
    used = used_degrees(*lmax)
    orders = sum(2 * l + 1 for l in used)
    m1, m2 = np.ogrid[-used[0] : used[0] + 1, -used[1] : used[1] + 1]
    pairs = 2 * int((abs(m1 + m2) <= used[2]).sum())
    counts = np.zeros(5)
    for kind, terms in ((0, gaunts), (1, brackets)):
        points = max(0, sum(used) - kind) // 2 + 1
        rows = [flat_size(l) * (1 + kind * (slot < 2)) for slot, l in enumerate(used)]
        half = -(-points // 2)
        counts += terms * np.array([0, 0, points * orders, half * sum(rows), points * pairs * (1 + kind)])
    counts[:2] = 1, sum(map(flat_size, lmax))
    code = "straight" if max(used) <= SPHERE_STRAIGHT else "loops"
    return WorkCounts(f"sphere {code}", tuple(counts.tolist()))


def matrix_work(lmax: Lmax, spin: float) -> WorkCounts:
    """Return the work of one matrix product.

    >>> matrix_work((2, 2, 2), 1)
    WorkCounts(code='matrix straight', counts=(1.0, 27.0, 9.0, 36.0, 27.0))
    """
    n = round(2 * spin) + 1
    diagonals = [(l, m) for l in used_degrees(*lmax) for m in range(l + 1)]
    conversions = sum((n - m + 1) // 2 * (l + 1 - m) * (2 if m else 1) for l, m in diagonals)
    counts = 1, sum(map(flat_size, lmax)), n * n, conversions, n**3
    return WorkCounts(f"matrix {'straight' if n <= MATRIX_STRAIGHT else 'loops'}", tuple(map(float, counts)))


def added_work(lmax: Lmax) -> WorkCounts:
    """Return the work of adding one more product to an output.

    >>> added_work((2, 2, 2))
    WorkCounts(code='added', counts=(9.0,))
    """
    return WorkCounts("added", (float(flat_size(lmax[2])),))


@cache
def fitted() -> dict[str, Any]:
    """Return the fitted costs: seconds of each count by type and code, and of a call and of a thread.

    >>> sorted(fitted())
    ['call', 'dtypes', 'measured', 'thread']
    """
    return json.loads(FILE.read_text(encoding="utf-8"))


def seconds(work: Sequence[WorkCounts], dtype: np.dtype[Any], samples: int, workers: int = 1) -> float:
    """Return the predicted seconds of one call with ``samples`` channel samples, batch times channels.

    Samples are done in blocks of :func:`coupling.kernels.lanes.width`, which workers share.

    >>> one = sparse_work((2, 2, 2), np.ones((3, 3, 3)))
    >>> f = np.dtype(np.float32)
    >>> seconds([one], f, 64) < seconds([one], f, 640) < seconds([one, one], f, 640)
    True
    """
    known, here = fitted(), ratios().get(dtype.name, {})
    costs = known["dtypes"][dtype.name]
    each = sum(here.get(one.code, 1.0) * float(np.dot(costs[one.code], one.counts)) for one in work)
    blocks = -(-samples // width(dtype))
    threads = max(1, min(workers, blocks, os.cpu_count() or 1))
    start = known["call"] * len(work) + (known["thread"] * threads if threads > 1 else 0)
    return start + each * width(dtype) * -(-blocks // threads)
