"""Products on a CUDA device: right to rounding, and how near to what the device can do, beside other programs.

On a fresh machine with a device, from the root of the repository (Linux, Python 3.11 or newer, a driver for CUDA 13):

    python3 -m venv .venv-gpu
    .venv-gpu/bin/pip install -e '.[cuda]' torch
    .venv-gpu/bin/pip install e3nn cuequivariance cuequivariance-torch cuequivariance-ops-torch-cu13  # to compare with
    .venv-gpu/bin/python -m pytest tests/test_interop_cuda.py tests/test_interop_triton.py
    .venv-gpu/bin/python -m benchmarks.gpu --write        # a few minutes; writes docs/benchmarks/gpu.md

    python -m benchmarks.gpu --simulate                   # anywhere: the same program, a few samples, errors alone

Every product, and the products that are its gradients, is compared with float64 on the processor before anything is
timed; what is wrong is named, and has no times.  What is compared takes turns on the same features, between events of
the device; each figure is the median of its turns.
Bytes are those of two inputs and one output, each moved once.  "of memory" is their fraction of the bandwidth of a
kernel that only adds two arrays of the same size, "of peak" the fraction of the multiply-adds that chains in registers
reach, both measured in the same run.  Errors are ‖z - exact‖ / ‖exact‖ over the first samples, exact in float64 on the
processor.
e3nn and cuEquivariance form the same product as "sparse" ("uuu", all paths, no weights); OpenEquivariance has none of
this kind.  "fields" is ``VectorSignal`` of vector harmonics, three components in and out; "single" is the one vector
product of scalar features that reaches every path but (0, 0, 0).
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

# read when numba and triton are imported
os.environ["NUMBA_ENABLE_CUDASIM"] = str(int("--simulate" in sys.argv))
os.environ["TRITON_INTERPRET"] = os.environ["NUMBA_ENABLE_CUDASIM"]

import numpy as np
from numba import cuda, from_dtype

from benchmarks import writing
from benchmarks.gpu_peers import cuequivariance_product, e3nn_product
from benchmarks.gpu_products import CHECKED, Run, found, kernels, operations, products, right
from benchmarks.timing import told

BY = "python -m benchmarks.gpu"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "gpu.md"
TURNS, SECONDS = 9, 0.02


class Row(NamedTuple):
    """One line of the report; seconds for all lanes, error or what went wrong."""

    lmax: int
    dtype: str
    name: str
    seconds: float
    error: float
    lanes: int
    bytes: int
    operations: int
    memory: float
    peak: float


# -- what the device can do -------------------------------------------------------------------


@cuda.jit
def add(x: Any, y: Any, z: Any) -> None:
    """The traffic of a product without its work."""
    for i in range(cuda.grid(1), z.size, cuda.gridsize(1)):
        z[i] = x[i] + y[i]


def multiply_adds(dtype: np.dtype) -> Any:
    """A kernel of eight independent chains of n multiply-adds in every thread."""
    kind = from_dtype(dtype)

    @cuda.jit
    def chains(out: Any, n: Any) -> None:
        u = kind(out.size) * kind(1e-9)
        a = b = c = d = e = f = g = h = kind(cuda.threadIdx.x)
        for _ in range(n):
            a, b, c, d = a * u + u, b * u + a, c * u + b, d * u + u
            e, f, g, h = e * u + d, f * u + u, g * u + f, h * u + g
        out[cuda.grid(1)] = a + b + c + d + e + f + g + h

    return chains


def seconds(run: Run, repeats: int = 1) -> float:
    """The time on the device of one call."""
    begin, end = cuda.event(), cuda.event()
    begin.record()
    for _ in range(repeats):
        run()
    end.record()
    end.synchronize()
    return max(begin.elapsed_time(end) / 1e3 / repeats, 1e-9)


def compared(runs: dict[str, Run]) -> dict[str, float]:
    """The median seconds of each, all in turn; what was compiled in the first call is not counted."""
    repeats = {}
    for name, run in runs.items():
        run()
        repeats[name] = max(1, int(SECONDS / seconds(run)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(TURNS):
        for name, run in runs.items():
            times[name].append(seconds(run, repeats[name]))
    return {name: median(values) for name, values in times.items()}


def once(runs: dict[str, Run]) -> dict[str, float]:
    """Run each once; time means nothing here."""
    for run in runs.values():
        run()
    return dict.fromkeys(runs, 1.0)


# -- the measurement --------------------------------------------------------------------------


def checked(lmax: int, dtype: np.dtype, channels: int, simulate: bool) -> list[str]:
    """Print the largest error of every product of a degree and of its two gradients; return what is wrong."""
    wrong = []
    for name, product in products(lmax).items():
        once = product.turn()
        for kind, one in ((name, product), (f"{name}, by x", once), (f"{name}, by y", once.turn())):
            errors = kernels(kind, one, dtype, channels, 2 if simulate else CHECKED, simulate).errors()
            print("  " + "; ".join(f"{route} {error:.1e}" for route, error in errors.items()), flush=True)
            wrong += [f"{route}, lmax {lmax}, {dtype}" for route, error in errors.items() if not right(error, dtype)]
            wrong += [] if errors else [f"{kind}, lmax {lmax}, {dtype}: no kernel ran"]
    return wrong


def measured(lmax: int, dtype: np.dtype, channels: int, megabytes: float, simulate: bool) -> list[Row]:
    """All products and routes of one degree and type, each product with the bounds of the device beside it."""
    rows = []
    for name, product in products(lmax).items():
        lane = sum(product.sizes) * dtype.itemsize
        batch = 2 if simulate else max(CHECKED, int(megabytes * 1e6 / (lane * channels)))
        one = kernels(name, product, dtype, channels, batch, simulate)
        if name == "sparse":
            for make in (e3nn_product, cuequivariance_product):
                one.runs.update(found(make, lmax, *one.features, "cpu" if simulate else "cuda"))
        errors, (bounds, amounts) = one.errors(), bounds_of(dtype, one.features[0].size, simulate)
        times = once(one.runs | bounds) if simulate else compared(one.runs | bounds)
        rates = amounts[0] / times["memory"], amounts[1] / times["peak"]
        work, size = operations(product, dtype), batch * channels * lane
        for route in one.runs:
            shares = [
                amount / times[route] / rate
                for amount, rate in zip((size, batch * channels * work), rates, strict=True)
            ]
            rows.append(
                Row(lmax, str(dtype), route, times[route], errors[route], batch * channels, size, work, *shares)
            )
    return rows


def bounds_of(dtype: np.dtype, size: int, simulate: bool) -> tuple[dict[str, Run], tuple[int, int]]:
    """Functions that do nothing but move three arrays of a size, and nothing but multiply-adds; and how much."""
    blocks, threads, n = (1, 8, 2) if simulate else (132 * 16, 256, 4096)
    a, b, c = (cuda.to_device(np.ones(min(size, 64) if simulate else size, dtype)) for _ in range(3))
    out, chains = cuda.to_device(np.zeros(blocks * threads, dtype)), multiply_adds(dtype)
    runs = {
        "memory": lambda: add[blocks, threads](a, b, c),
        "peak": lambda: chains[blocks, threads](out, n),
    }
    return runs, (3 * a.size * dtype.itemsize, 8 * n * blocks * threads)


# -- the report -------------------------------------------------------------------------------


def table_of(rows: list[Row], figures: bool) -> str:
    """The report as a Markdown table; of a simulation, errors alone."""
    head = "| lmax | type | route | error |" + " ns per channel sample | GB/s | of memory | of peak |" * figures
    lines = [head, "| --- " * (8 if figures else 4) + "|"]
    for row in rows:
        each, rate = row.seconds / row.lanes * 1e9, row.bytes / row.seconds / 1e9
        cells = told(
            not right(row.error, row.dtype), f"{each:.4f}", f"{rate:.0f}", f"{row.memory:.0%}", f"{row.peak:.0%}"
        )
        times = f" {' | '.join(cells)} |" * figures
        lines.append(f"| {row.lmax} | {row.dtype} | {row.name} | {row.error:.1e} |{times}")
    return "\n".join(lines)


def device_name() -> str:
    """What the device calls itself."""
    name = cuda.get_current_device().name
    return name.decode() if isinstance(name, bytes) else str(name)


def main() -> None:
    """Measure, print, and write the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmax", type=int, nargs="+")
    parser.add_argument("--dtype", nargs="+", default=["float32", "float64"])
    parser.add_argument("--channels", type=int)
    parser.add_argument("--megabytes", type=float, default=2000, help="of the two inputs and the output together")
    parser.add_argument("--simulate", action="store_true", help="on a processor, to see that it runs; no figures")
    writing.add_options(parser, "docs/benchmarks/gpu.md")
    given = parser.parse_args()
    if given.simulate and given.write:
        parser.error("a simulation has no figures to write")
    if given.write:
        writing.require(parser, given.force, BY, PAGE)
    if not cuda.is_available():
        parser.error("no CUDA device: nothing is measured; --simulate checks every product without one")
    lmax = given.lmax or ([1, 2] if given.simulate else [1, 2, 3, 4, 5, 6, 8, 10])
    channels = given.channels or (3 if given.simulate else 128)
    name = "simulator" if given.simulate else device_name()
    wrong: list[str] = []
    for dtype in given.dtype:
        for l in lmax:
            print(f"{name}, lmax {l}, {dtype}: errors of products and gradients", flush=True)
            wrong += checked(l, np.dtype(dtype), min(channels, 32), given.simulate)
    print("wrong: " + "; ".join(wrong) if wrong else "all products and gradients are right to rounding", flush=True)
    rows: list[Row] = []
    for dtype in given.dtype:
        for l in lmax:
            print(f"{name}, lmax {l}, {dtype}, {channels} channels", flush=True)
            rows += measured(l, np.dtype(dtype), channels, given.megabytes, given.simulate)
    report = table_of(rows, not given.simulate)
    print(report)
    worst = {dtype: max(row.error for row in rows if row.dtype == dtype) for dtype in given.dtype}
    print("largest error:", ", ".join(f"{dtype} {error:.1e}" for dtype, error in worst.items()))
    if given.write:
        intro = f"{name}, {date.today()}, {channels} channels; written by `{BY} --write`."
        notes = __doc__.split("\n\n")[-1]
        writing.write(PAGE, f"# Products on a GPU\n\n{intro}\n\n{notes}\n{report}\n", given.force)


if __name__ == "__main__":
    main()
