"""Constructed terms of the whole tensor as products, against the routes with the same path weights.

    python -m benchmarks.constructed [--lmax 1 2 3 4 5] [--dtype float64] [--write]

One thread; process CPU time; the routes take turns and each figure is the median of its turns.  The values of every
route are compared with the sparse product of its own path weights in the same run; a time is given for right values
alone.  --write renews docs/benchmarks/constructed.md.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import writing
from benchmarks.timing import compared, told, wrong
from coupling.lowrank import Construction, constructed
from coupling.lowrank.records import table
from coupling.products import ClebschGordan, FactoredProduct, MatrixProduct

CHANNELS = 64
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks" / "constructed.md"

Route = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Measured(NamedTuple):
    """A line: what the terms are, multiply-adds, nanoseconds by route, and the number of wrong values by route."""

    found: Construction
    operations: tuple[int, int]
    times: dict[str, float]
    wrong: dict[str, int]


def weights_of(found: Construction, product: FactoredProduct) -> list[float]:
    """The path weights, in the order of a product."""
    return [float(found.path_weights[path[0], path[1], path[2]]) for path in product.paths.tolist()]


def by_matrices(product: FactoredProduct, dtype: np.dtype) -> Route:
    """The same terms by three multiplications of matrices."""
    a, b, c = (np.ascontiguousarray(matrix.astype(dtype)) for matrix in product.matrices)
    return lambda x, y: np.matmul(c, np.matmul(a, x) * np.matmul(b, y))


def measure(found: Construction, dtype: np.dtype) -> Measured:
    """Return what the routes take for one channel sample."""
    lmax, batch = found.lmax, max(1, 4096 // (found.lmax + 1) ** 2)
    shape = (batch, (lmax + 1) ** 2, CHANNELS)
    x, y = (np.random.default_rng(n).standard_normal(shape).astype(dtype) for n in range(2))
    factored, matrix = FactoredProduct(lmax, lmax, lmax, factors=found), MatrixProduct(lmax, lmax, lmax)
    sparse = ClebschGordan(lmax, lmax, lmax, weights=weights_of(found, factored))
    own = ClebschGordan(lmax, lmax, lmax, weights=matrix.path_weights)
    routes = {"sparse": sparse, "terms": factored, "by BLAS": by_matrices(factored, dtype), "matrix": matrix}
    same = {name: own if name == "matrix" else sparse for name in routes}
    few = [value[:2].astype(float) for value in (x, y)]
    bad = {name: differing(route(x[:2], y[:2]), same[name](*few), dtype) for name, route in routes.items()}
    times = compared({name: lambda route=route: route(x, y) for name, route in routes.items()})
    scaled = {name: 1e9 * t / (batch * CHANNELS) for name, t in times.items()}
    return Measured(found, (factored.operations, sparse.operations), scaled, bad)


def differing(values: np.ndarray, exact: np.ndarray, dtype: np.dtype) -> int:
    """How many outputs are wrong, relative to the largest of all: terms cancel one another."""
    scale = abs(exact).max()
    return wrong(values / scale + 1, exact / scale + 1) if dtype == np.float64 else wrong_single(values, exact)


def wrong_single(values: np.ndarray, exact: np.ndarray) -> int:
    """The same in single precision, to 1e-5 of the largest."""
    return int(np.count_nonzero(~(abs(values - exact) <= 1e-5 * abs(exact).max())))


def line(one: Measured) -> list[str]:
    """A line of the table."""
    figures = [told(one.wrong[name], f"{time:.1f}")[0] for name, time in one.times.items()]
    ratio = f"{one.times['terms'] / one.times['sparse']:.1f}"
    return [str(one.found.lmax), str(one.found.rank), *map(str, one.operations), *figures, ratio]


HEADER = [
    "L",
    "terms",
    "multiply-adds: terms",
    "sparse",
    "ns: sparse",
    "terms",
    "terms by BLAS",
    "matrix product",
    "terms : sparse",
]

TEXT = """<!-- Written by `python -m benchmarks.constructed --write`. -->

# Constructed terms as products

Nanoseconds for one sample of one channel, one thread, {dtype}, {channels} channels; medians of alternating turns,
process CPU time, at a load of {load:.1f}. "terms" is `FactoredProduct(L, L, L, factors=constructed(L))`, exact for its
path weights; "sparse" is `ClebschGordan` with the same weights, "matrix product" `MatrixProduct(L, L, L)` with its own.
The values of every route were compared with the sparse product in float64 in the same run.

{table}

Fewer products of features, R instead of the non-zeros of the tensor, do not make a faster product: the linear forms
around them cost 3 (L+1)² R multiply-adds, since their zeros are not used. What an algorithm for matrices saves appears
in the last route, which multiplies the (L+1) × (L+1) matrices themselves.
"""


def main() -> None:
    """Print the table; write the page on request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmax", type=int, nargs="*", default=[1, 2, 3, 4, 5])
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    writing.add_options(parser, "docs/benchmarks/constructed.md")
    given = parser.parse_args()
    if given.write:
        writing.require(parser, given.force, "python -m benchmarks.constructed", PAGE)
    load, rows = os.getloadavg()[0], []
    for lmax in given.lmax:
        rows.append(line(measure(constructed(lmax), np.dtype(given.dtype))))
        print(" | ".join(rows[-1]), flush=True)
    if given.write:
        text = TEXT.format(dtype=given.dtype, channels=CHANNELS, load=load, table=table(HEADER, rows))
        writing.write(PAGE, text, given.force)


if __name__ == "__main__":
    main()
