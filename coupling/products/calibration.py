"""The costs of the routes on this processor: a few products are timed, and what was fitted elsewhere is scaled to them.

``costs.json`` was fitted on one processor.  On another one kind of code is faster than predicted, another slower, by up
to 1.7; one number for each code and type takes most of that away.  The file lies in the user's cache folder, names the
processor, and counts for that one alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any, NamedTuple

import numpy as np

from coupling.files.atomic import write_file
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.costs import fitted, matrix_work, sparse_work, sphere_work
from coupling.products.gaunt import Gaunt
from coupling.products.matrix_product import MatrixProduct
from coupling.products.product import Product
from coupling.products.ratios import BY, calibration_file, processor, ratios, read_ratios

#: Channels, bytes of features, seconds and repetitions of each time that is measured.
CHANNELS, BYTES, SECONDS, TURNS = 64, 1 << 20, 0.02, 5

TYPES = (np.dtype(np.float32), np.dtype(np.float64))


class TimedProduct(NamedTuple):
    """A product and its predicted work."""

    product: Product
    work: Any


def cases() -> Iterator[TimedProduct]:
    """Yield two products of each kind of code, or one where two would take long.

    >>> sorted({case.work.code for case in cases()})  # doctest: +NORMALIZE_WHITESPACE
    ['matrix loops', 'matrix straight', 'sparse loops', 'sparse straight', 'sphere loops', 'sphere straight']
    """
    for l in (2, 4, 6, 8):
        sparse = ClebschGordan(l, l, l)
        yield TimedProduct(sparse, sparse_work((l, l, l), sparse.paths))
    for l in (4, 8, 24):
        yield TimedProduct(Gaunt(l, l, l), sphere_work((l, l, l), 1, 0))
    for l in (4, 8, 20):
        matrix = MatrixProduct(l, l, l)
        yield TimedProduct(matrix, matrix_work((l, l, l), matrix.spin))


def seconds_per_sample(product: Product, dtype: np.dtype[Any]) -> float:
    """Return the median processor seconds of a product for a channel sample, one thread, features of about a megabyte.

    >>> from coupling.products import Gaunt
    >>> 0 < seconds_per_sample(Gaunt(1, 1, 1), np.dtype("float32")) < 1e-3
    True
    """
    random = np.random.default_rng(0)
    batch = max(1, BYTES // (sum(product.sizes) * CHANNELS * dtype.itemsize))
    x, y = (random.standard_normal((batch, size, CHANNELS)).astype(dtype) for size in product.sizes[:2])
    product(x, y)  # compiled, and its tables made
    repeats = max(1, int(SECONDS / max(_timed(lambda: product(x, y), 1), 1e-7)))
    return median(_timed(lambda: product(x, y), repeats) for _ in range(TURNS)) / (batch * CHANNELS)


def _timed(run: Callable[[], object], repeats: int) -> float:
    start = thread_time()
    for _ in range(repeats):
        run()
    return (thread_time() - start) / repeats


def measured_ratios(tell: Callable[[str], object] = lambda line: None) -> dict[str, dict[str, float]]:
    """Return for each type and code the measured over the predicted time, the median of its products."""
    known, made = fitted()["dtypes"], list(cases())
    found: dict[str, dict[str, float]] = {}
    for dtype in TYPES:
        ratios: dict[str, list[float]] = {}
        for product, work in made:
            time = seconds_per_sample(product, dtype)
            ratios.setdefault(work.code, []).append(time / float(np.dot(known[dtype.name][work.code], work.counts)))
        found[dtype.name] = {code: float(f"{median(each):.3g}") for code, each in ratios.items()}
        for code, ratio in found[dtype.name].items():
            tell(f"{dtype.name}  {code:16} {ratio:5.2f} of the time predicted")
    return found


def calibrate(tell: Callable[[str], object] = lambda line: None) -> Path:
    """Measure, keep the ratios for this processor, return their file; FileExistsError for one that is not ours."""
    content = {"by": BY, "processor": processor(), "ratios": measured_ratios(tell)}
    file = calibration_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_file(file, (json.dumps(content, indent=1) + "\n").encode(), force=read_ratios(file) is not None)
    ratios.cache_clear()
    return file
