"""Products on a CUDA device: right to rounding, and how near to what the device can do, beside other programs.

On a fresh machine with a device, from the root of the repository (Linux, Python 3.11 or newer, a driver for CUDA 13):

    python3 -m venv .venv-gpu
    .venv-gpu/bin/pip install -e '.[cuda]' torch
    .venv-gpu/bin/pip install e3nn cuequivariance cuequivariance-torch cuequivariance-ops-torch-cu13  # to compare with
    .venv-gpu/bin/python -m pytest tests/test_interop_cuda.py tests/test_interop_triton.py
    .venv-gpu/bin/python -m benchmarks.gpu --write        # a few minutes; writes docs/benchmarks/gpu.md

    python -m benchmarks.gpu --simulate                   # anywhere: the same program, a few samples, errors alone

What is compared takes turns on the same features, between events of the device; each figure is the median of its turns.
Bytes are those of two inputs and one output, each moved once; "of memory" is their share of what a kernel sustains that
only adds two arrays of the same size, "of peak" the share of the multiply-adds that chains in registers reach, both
measured in the same run.  Errors are ‖z - exact‖ / ‖exact‖ over the first samples, exact in float64 on the processor.
e3nn and cuEquivariance form the same product ("uuu", all paths, no weights); OpenEquivariance has none of this kind.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

# read when numba and triton are imported
os.environ["NUMBA_ENABLE_CUDASIM"] = str(int("--simulate" in sys.argv))
os.environ["TRITON_INTERPRET"] = os.environ["NUMBA_ENABLE_CUDASIM"]

import numpy as np
from numba import cuda, from_dtype

import coupling
from benchmarks import writing
from benchmarks.gpu_peers import Foreign, cuequivariance_product, e3nn_product
from benchmarks.timing import told
from coupling.interop.cuda import CudaProduct
from coupling.products import ClebschGordan, MatrixProduct, Product
from coupling.products.straight import straight_program

BY = "python -m benchmarks.gpu"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "gpu.md"
TURNS, SECONDS = 9, 0.02
#: Samples that are compared with float64; the longest program that is compiled, degree 8 (half a minute).
CHECKED, STRAIGHT = 16, 40_000
#: Largest error at which a time is told, in units of the rounding of the type.
RIGHT = 1000

Run = Callable[[], Any]


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


# -- what is compared -------------------------------------------------------------------------


def own(product: Product, x: Any, y: Any, z: Any, routes: tuple[str, ...]) -> dict[str, Run]:
    """The kernels of this package for a product, by name; each fills z."""
    kind = "sparse" if isinstance(product, ClebschGordan) else "matrix"
    products = {f"{kind}, {route}": CudaProduct(product, route=route) for route in routes}
    return {name: lambda one=one: one(x, y, out=z) for name, one in products.items()}


def triton_kernels(product: Product, x: np.ndarray, y: np.ndarray, device: str) -> dict[str, Run]:
    """Triton's kernel for a product."""
    import torch

    from coupling.interop.triton import TritonProduct

    a, b = (torch.as_tensor(array, device=device) for array in (x, y))
    one = TritonProduct(product)
    kind = "sparse" if isinstance(product, ClebschGordan) else "matrix"
    return {f"{kind}, Triton {one.route}": lambda: one.compute(a, b)}


def found(make: Callable[..., dict[str, Run]], *arguments: Any) -> dict[str, Run]:
    """What make gives, or nothing, and why."""
    try:
        runs = make(*arguments)
        for run in runs.values():
            run()
        return runs
    except Exception as reason:
        print(f"  {make.__name__}: {type(reason).__name__}: {str(reason).splitlines()[0] if str(reason) else ''}")
        return {}


# -- the measurement --------------------------------------------------------------------------


def measured(lmax: int, dtype: np.dtype, channels: int, megabytes: float, simulate: bool) -> list[Row]:
    """All routes of one degree and type."""
    lane = 3 * (lmax + 1) ** 2 * dtype.itemsize
    batch = 2 if simulate else max(CHECKED, int(megabytes * 1e6 / (lane * channels)))
    random = np.random.default_rng(lmax)
    some = random.standard_normal((2, min(batch, 4096), (lmax + 1) ** 2, channels)).astype(dtype)
    x, y = (np.resize(s, (batch, *s.shape[1:])) for s in some)
    on_device = [cuda.to_device(array) for array in (x, y)]
    z = cuda.to_device(np.full_like(x, np.nan))
    table = coupling.load("real-l8") if lmax <= 8 else coupling.load("real-l12")
    products = {"sparse": ClebschGordan(lmax, lmax, lmax, table=table), "matrix": MatrixProduct(lmax, lmax, lmax)}
    device = "cpu" if simulate else "cuda"
    runs: dict[str, tuple[str, Run]] = {}
    for kind, product in products.items():
        few = not simulate and straight_program(product, dtype).operations <= STRAIGHT
        routes = ("straight", "loops") if few else ("loops",)
        runs |= {n: (kind, r) for n, r in found(own, product, *on_device, z, routes).items()}
        runs |= {n: (kind, r) for n, r in found(triton_kernels, product, x, y, device).items()}
    runs |= {n: ("sparse", r) for n, r in found(e3nn_product, lmax, x, y, device).items()}
    runs |= {n: ("sparse", r) for n, r in found(cuequivariance_product, lmax, x, y, device).items()}
    errors = {}
    for name, (kind, run) in runs.items():
        exact = products[kind](x[:CHECKED].astype(float), y[:CHECKED].astype(float))
        errors[name] = np.linalg.norm(first_samples(run, z) - exact) / np.linalg.norm(exact)
    bounds, amounts = bounds_of(dtype, x.size, simulate)
    timed = {name: run for name, (_, run) in runs.items()} | bounds
    times = once(timed) if simulate else compared(timed)
    rates = amounts[0] / times["memory"], amounts[1] / times["peak"]
    rows = []
    for name, (kind, _) in runs.items():
        work = straight_program(products[kind], dtype).operations
        size = 3 * x.nbytes, batch * channels * work
        shares = [amount / times[name] / rate for amount, rate in zip(size, rates, strict=True)]
        rows.append(Row(lmax, str(dtype), name, times[name], errors[name], batch * channels, size[0], work, *shares))
    return rows


def first_samples(run: Run, z: Any) -> np.ndarray:
    """The first samples of what a function computes, in float64."""
    result = run()
    if result is z:
        return np.asarray(z[:CHECKED].copy_to_host(), float)
    result = run.features(result[:CHECKED]) if isinstance(run, Foreign) else result[:CHECKED]
    return np.asarray(result.detach().cpu(), float)


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
        right = row.error < RIGHT * np.finfo(row.dtype).eps  # of NaN neither is
        cells = told(not right, f"{each:.4f}", f"{rate:.0f}", f"{row.memory:.0%}", f"{row.peak:.0%}")
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
        parser.error("no CUDA device; --simulate runs without one")
    lmax = given.lmax or ([1, 2] if given.simulate else [1, 2, 3, 4, 5, 6, 8, 10])
    channels = given.channels or (3 if given.simulate else 128)
    name = "simulator" if given.simulate else device_name()
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
