"""What a simulation with factors costs against the exact routes: the rank at which it stops paying.

    python -m benchmarks.ranks [--lmax 1 2 3 4 5 6 7 8] [--dtype float32] [--write]

All paths with weights 1, degrees to L in inputs and output.  One thread; process CPU time; the routes take turns and
each figure is the median of its turns.  Beside each time stands the relative error of the output against the sparse
product in float64, for normal features.  --write renews docs/study/cost.md and its picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import writing
from benchmarks.timing import compared
from coupling.lowrank import Record, shipped
from coupling.lowrank.records import number, table
from coupling.products import ClebschGordan, MatrixProduct, Simulation

CHANNELS = 64

FOLDER = Path(__file__).parent.parent / "docs" / "study"

#: Evaluations of each kind that are timed to find where a simulation stops paying.
RANKS = range(1, 9)

#: Degree limits of which factors of the whole tensor are shipped.
WHOLE = (1, 2, 3)

Route = Callable[[np.ndarray, np.ndarray], np.ndarray]


def simulated(lmax: int, rank: int) -> Route:
    """Return the simulation with the shipped factors of a rank, or the exact ones where that many are not needed."""
    records = [_of_rank(name, lmax, rank) for name in ("gaunt", "bracket")]
    return Simulation(lmax, lmax, lmax, {key: f for record in records for key, f in record.product_factors.items()})


def _of_rank(name: str, lmax: int, rank: int) -> Record:
    return shipped(name, lmax, min(rank, shipped(name, lmax).rank))


def repeated(lmax: int, rank: int) -> Route:
    """Return a simulation of ``rank`` Gaunt products and brackets, whatever its error."""
    generator = np.random.default_rng(rank)
    three = {kind: [generator.uniform(0.5, 1, (lmax + 1, rank)) for _ in range(3)] for kind in ("even", "odd")}
    return Simulation(lmax, lmax, lmax, three)


def terms(lmax: int, dtype: np.dtype) -> Route:
    """Return the product from the shipped terms of the whole tensor: three multiplications of matrices."""
    a, b, c = (np.ascontiguousarray(f.astype(dtype)) for f in shipped("whole", lmax).factors)
    return lambda x, y: np.matmul(c, np.matmul(a.T, x) * np.matmul(b.T, y))


def needed(lmax: int) -> int:
    """Return the rank at which the simulation is exact."""
    return max(shipped(name, lmax).rank for name in ("gaunt", "bracket"))


def measure(lmax: int, dtype: np.dtype) -> tuple[dict[str, float], dict[str, float]]:
    """Return nanoseconds per channel sample, and relative errors, of each route."""
    batch = max(1, 4096 // (lmax + 1) ** 2)
    shape = (batch, (lmax + 1) ** 2, CHANNELS)
    x, y = (np.random.default_rng(n).standard_normal(shape).astype(dtype) for n in range(2))
    routes: dict[str, Route] = {"sparse": ClebschGordan(lmax, lmax, lmax), "matrix": MatrixProduct(lmax, lmax, lmax)}
    routes |= {f"useful {r}": simulated(lmax, r) for r in range(1, needed(lmax) + 1)}
    routes |= {f"any {r}": repeated(lmax, r) for r in RANKS}
    if lmax in WHOLE:
        routes["terms"] = terms(lmax, dtype)
    exact = ClebschGordan(lmax, lmax, lmax)(x.astype(float), y.astype(float))
    size = np.linalg.norm(exact)
    errors = {name: float(np.linalg.norm(route(x, y) - exact) / size) for name, route in routes.items()}
    times = compared({name: lambda route=route: route(x, y) for name, route in routes.items()})
    return {name: 1e9 * t / (batch * CHANNELS) for name, t in times.items()}, errors


def line(lmax: int, times: dict[str, float], errors: dict[str, float]) -> list[str]:
    """Return a line of the table."""
    paying = [r for r in RANKS if times[f"any {r}"] < times["sparse"]]
    exact = needed(lmax)
    most = "none" if not paying else f"{max(paying)}{' or more' if max(paying) == RANKS[-1] else ''}"
    best = f"useful {min(max(paying), exact)}" if paying else ""
    return [
        str(lmax),
        f"{times['sparse']:.0f}",
        f"{times['useful 1']:.0f} ({number(errors['useful 1'])})",
        f"{times[f'useful {exact}']:.0f} ({number(errors[f'useful {exact}'])})",
        str(exact),
        most,
        number(errors[best]) if best else "",
        f"{times['terms']:.0f} ({number(errors['terms'])})" if "terms" in times else "",
        f"{times['matrix']:.0f}",
    ]


HEADER = [
    "L",
    "sparse",
    "simulated, R = 1 (error)",
    "simulated, exact R (error)",
    "exact R",
    "pays up to R",
    "error there",
    "terms of the whole tensor (error)",
    "matrix product, weights of its own",
]

PAGE = """<!-- Written by `python -m benchmarks.ranks --write`. -->

# Cost of a simulation by rank

Nanoseconds for one sample of one channel, one thread, {dtype}, {channels} channels; medians of alternating turns. All
paths with weights 1, degrees to L in inputs and output. "sparse" is `products.ClebschGordan`, the exact route.
"simulated" is `products.Simulation` with R Gaunt products and R brackets from the shipped factors. "pays up to R": the
largest R with less time than the sparse product; beside it, the error of the output at that R.

{table}

![Error against time](cost.png)

The matrix product covers all paths at once, but with weights of its own; a sum of R of them, see
[ranks](ranks.md), costs R times the last column. The terms of the whole tensor are three multiplications of matrices,
here by NumPy for each sample; on machines with fast matrix units they may fare better.
"""


def draw(file: Path, found: dict[int, tuple[dict[str, float], dict[str, float]]], force: bool) -> None:
    """Draw error against time: simulations of rising rank, each curve one degree limit, and the sparse product."""
    from coupling.plots import curves
    from coupling.plots.style import save

    series = {}
    for lmax, (times, errors) in found.items():
        names = [name for name in times if name.startswith("useful")]
        relative = [times[name] / times["sparse"] for name in names]
        series[f"L = {lmax}"] = (relative, [max(errors[name], 1e-8) for name in names])
    ax = curves(
        series,
        xlabel="time of the simulation / time of the sparse product",
        ylabel="relative error of the product",
        xscale="log2",
        yscale="log",
        marks={"sparse product": (1, None)},
    )
    save(ax.figure, file, dpi=110, force=force)


def main() -> None:
    """Print the table; write the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmax", type=int, nargs="*", default=list(range(1, 9)))
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    writing.add_options(parser, "docs/study/cost.md and its picture")
    given = parser.parse_args()
    if given.write:
        writing.require(parser, given.force, "python -m benchmarks.ranks", FOLDER / "cost.md", FOLDER / "cost.png")
    found = {}
    for lmax in given.lmax:
        found[lmax] = measure(lmax, np.dtype(given.dtype))
        print(" | ".join(line(lmax, *found[lmax])), flush=True)
    text = table(HEADER, [line(lmax, *one) for lmax, one in found.items()])
    print(text)
    if given.write:
        page = PAGE.format(dtype=given.dtype, channels=CHANNELS, table=text)
        writing.write(FOLDER / "cost.md", page, given.force)
        draw(FOLDER / "cost.png", {lmax: one for lmax, one in found.items() if lmax > 1}, given.force)


if __name__ == "__main__":
    main()
