"""How fast, how exact: every measurement of the other pages, at one size, in one run on one machine.

    make speed                                           the page, in the environment of `make bench`
    python -m benchmarks.speed [--quick] [--write]       with the programs that are installed

Each section calls the benchmark that has a page of its own: what is compared takes turns, CPU time of one thread,
medians, and a program is timed where its values are right in this run.  malloc is told to keep its memory, for all.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import writing
from benchmarks.contraction import KEPT

BY = "python -m benchmarks.speed"
ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/benchmarks/speed.md"
#: Programs that the sections compare with, by distribution.
PROGRAMS = """
torch jax e3nn e3nn-jax e3x cuequivariance cuequivariance-jax cuequivariance-torch opt_einsum wigners wignernj pywigxjpf
py3nj ducc0 camb pyshtools spherical sympy
""".split()
Lines = list[str]


class Section(NamedTuple):
    """A table of the page: its title, what it says, its header, and its rows in a quick or a full run."""

    title: str
    text: str
    header: str
    rows: Callable[[bool], Lines]
    needs: str = ""


def tables(quick: bool) -> Lines:
    """All 3j symbols to a degree."""
    from benchmarks.tables import complex_rows

    return [row for lmax in ((4,) if quick else (8, 16)) for row in complex_rows(lmax)[0]]


def single(quick: bool) -> Lines:
    """Single symbols."""
    from benchmarks.symbols import CASES, rows
    from coupling.numbers.compiled import FUNCTIONS

    FUNCTIONS.load()
    return rows({case: count for case, count in CASES.items() if not quick or case[1] <= 20})


def small(quick: bool) -> Lines:
    """Products of few rows, and of many: beside the strongest simple rivals."""
    import torch

    from benchmarks.latency import rows_of

    torch.set_num_threads(1)
    sizes = [(2, 1, 8), (2, 10, 8), (4, 64, 128)] if quick else [(2, 1, 8), (2, 10, 8), (3, 64, 128), (4, 64, 128)]
    return [f"| {l} | {c} {row}" for l, n, c in sizes for row in rows_of(l, n, c, 5 if quick else 15)]


def routes(quick: bool) -> Lines:
    """All routes of the product of 4 MB, and programs of equivariant learning."""
    import numpy as np

    from benchmarks.product_peers import PEERS, installed
    from benchmarks.products import Peers, measure

    peers = [name for name in PEERS if installed(name) and not (quick and "compiled" in name)]
    kinds = {"sparse": "any weights", "matrix": "rank-one weights", "Gaunt + bracket": "rank-one weights"}
    lines, shared = [], Peers(peers, np.dtype(np.float32))
    for lmax in (4,) if quick else (2, 4, 6):
        for row in measure(lmax, np.dtype(np.float32), list(kinds), shared, False):
            name = f"coupling, {row['name']}" if row["name"] in kinds else row["name"]
            rate = f"{2 * row['operations'] / row['ns'] / row['peak']:.0%}" if row["operations"] else ""
            weights = kinds.get(row["name"], "ones")
            lines.append(f"| {lmax} | {name} | {weights} | {row['ns']:.1f} | {rate} | {row['error']:.0e} |")
    return lines


def messages(quick: bool) -> Lines:
    """Messages along edges, paths apart."""
    from benchmarks.convolution import CASES, rows_of

    return [row for name in list(CASES)[: 1 if quick else 2] for row in rows_of(name, True, 1280, 64, 128, 5)]


def contractions(quick: bool) -> Lines:
    """Symmetric contractions."""
    from benchmarks.contraction import peer_rows

    return peer_rows()


def bases(quick: bool) -> Lines:
    """Generating many-body bases."""
    from benchmarks.manybody import SIZES, rows

    return rows(sizes=SIZES[:1] if quick else SIZES)


def networks(quick: bool) -> Lines:
    """A whole MACE model, in its own environment."""
    command = [str(ROOT / ".venv-mace/bin/python"), "-m", "benchmarks.mace", "--turns", "3" if quick else "12"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return [line for line in done.stdout.splitlines() if line.startswith("| ")]


FIRST = """
import re, time
import numpy as np
begin = time.process_time()
from coupling.products import ClebschGordan
loaded = time.process_time()
x = np.ones((32, 25, 128), np.float32)
z = ClebschGordan(4, 4, 4)(x, x)
most = re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())
print(loaded - begin, time.process_time() - loaded, most[1])
"""


def first_calls(quick: bool) -> Lines:
    """The first product of a process: nothing compiled, then compiled code in the cache; and its memory."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for cache in ("empty", "filled", "filled, again"):
            environ = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
            environ |= {"NUMBA_CACHE_DIR": folder, "XDG_CACHE_HOME": folder}
            done = subprocess.run(
                [sys.executable, "-c", FIRST], capture_output=True, text=True, check=True, env=environ
            )
            loaded, called, kilobytes = map(float, done.stdout.split())
            lines.append(f"| {cache} | {loaded:.2f} | {called:.2f} | {kilobytes / 1024:.0f} |")
            print(lines[-1], flush=True)
    return lines


def header(*columns: str) -> str:
    """Two lines of Markdown.

    >>> print(header("a", "b"))
    | a | b |
    | --- | --- |
    """
    return f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"


SECTIONS = (
    Section(
        "Tables of 3j symbols",
        "All symbols of degrees to lmax, from Python ([more](tables.md)). Accuracy is on every entry.",
        header("table", "program", "ms", "million entries/s", "largest error (ulp)", "correctly rounded", "wrong",
               "non-zero for zero"),
        tables,
    ),
    Section(
        "Single symbols",
        "Random symbols, arguments checked ([more](symbols.md)).",
        header("symbols", "degrees", "program", "µs per symbol", "largest error", "correctly rounded", "wrong"),
        single,
    ),
    Section(
        "Products, few rows and many",
        "The Clebsch-Gordan product with all paths, weights one, float32, beside the strongest simple rivals: four "
        "dense products sorted by parity, one matrix product with the outer product, one einsum ([more](latency.md)). "
        "Microseconds.",
        header("lmax", "channels", "rows", "library", "program", "value", "gradient", "error"),
        small,
        "torch e3nn",
    ),
    Section(
        "Products, 4 MB",
        "Two inputs and the output are 4 MB, 128 channels, float32 ([more](products.md)). The routes matrix and Gaunt "
        "+ bracket compute all paths with weights of rank one, sparse with any weights. *Peak* is the fraction of the "
        "multiply-adds that the core does.",
        header("L", "program", "weights", "ns per sample and channel", "peak", "error"),
        routes,
    ),
    Section(
        "Messages along edges",
        "1280 edges, 64 nodes, 128 channels, degrees to 3, float32, a weight for each edge, path and channel "
        "([more](convolution.md)). Milliseconds; *cold* takes the weights from memory; in brackets the "
        "fraction of the peak.",
        header("case", "program", "messages", "messages, cold", "gradients", "gradients, cold", "error"),
        messages,
        "torch e3nn",
    ),
    Section(
        "Symmetric contractions",
        "64 atoms, 2 species, 128 channels, lmax 3, order 3, outputs 0e + 1o, float32, in torch "
        "([more](contraction.md)).",
        header("program", "basis", "values, ms", "with the gradient in A", "and in the weights",
               "deviation: values / gradient"),
        contractions,
        "torch",
    ),
    Section(
        "Generating many-body bases",
        "All natural outputs; ours are exact, cuEquivariance computes in doubles ([more](manybody.md)).",
        header("lmax, order", "paths", "entries", "coupling, exact", "and rounded", "cuEquivariance", "ratio"),
        bases,
        "cuequivariance",
    ),
    Section(
        "A MACE model",
        "Energy, forces and stress of 64 atoms, mace-torch 0.3.16, float32 ([more](mace.md)).",
        header("model", "edges", "shortest, ms", "median, ms", "ratio", "of medians", "deviations, float64",
               "deviations, float32"),
        networks,
        ".venv-mace/bin/python",
    ),
    Section(
        "The first call",
        "A process that imports `coupling.products` and multiplies 32 samples of 128 channels at lmax 4: CPU seconds, "
        "and the most memory of the process. Compiled code is kept in a folder.",
        header("cache", "import, s", "first product, s", "memory, MB"),
        first_calls,
        "/proc/self/status",
    ),
)  # fmt: skip


def absent(section: Section) -> str:
    """What a section needs and is not here; empty when all is."""
    missing = [
        name for name in section.needs.split() if not ((ROOT / name).exists() if "/" in name else find_spec(name))
    ]
    return ", ".join(missing)


def processor() -> str:
    """The name of the processor, of Linux at least."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def machine() -> str:
    """One paragraph on the machine: processor, what a core can do, programs."""
    import numpy as np

    from benchmarks.peak import best_rate, multiply_adds, traffic_run

    single, double = (2e-9 * multiply_adds(np.dtype(kind)) for kind in (np.float32, np.float64))
    near, far = (1e-9 * best_rate(*traffic_run(size, np.dtype(np.float32))) for size in (1 << 14, 1 << 28))
    return (
        f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}; one core "
        f"reaches {single:.0f} GFLOP/s of fused multiply-adds in float32 and {double:.0f} in float64, {near:.0f} GB/s "
        f"in the first cache and {far:.1f} GB/s to and from memory. Load {os.getloadavg()[0]:.1f}."
    )


def programs() -> tuple[list[str], list[str]]:
    """The programs that are installed, with their versions, and those that are not."""
    found: tuple[list[str], list[str]] = ([], [])
    for name in PROGRAMS:
        try:
            found[0].append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found[1].append(name)
    return found


def page(quick: bool) -> Iterator[str]:
    """The parts of the page, each as soon as it is measured."""
    here, missing = programs()
    command = f"{BY}{' --quick' if quick else ''} --write"
    yield f"# How fast, how exact\n\nMade by `{command}` on {datetime.now(UTC):%d %B %Y}, in one run. {TEXT}"
    yield f"At the beginning: {machine()}"
    yield f"Beside coupling: {', '.join(here)}. Not installed: {', '.join(missing) or 'none'}."
    for section in SECTIONS:
        print(f"-- {section.title}", flush=True)
        if lacking := absent(section):
            yield f"## {section.title}\n\nNot measured in this run: {lacking} is not here."
            continue
        yield f"## {section.title}\n\n{section.text}\n\n" + "\n".join([section.header, *section.rows(quick)])
    yield f"At the end: {machine()}"


TEXT = """CPU time of one thread; what is compared takes turns, and a figure
is the median of its turns. A program is timed only where its values were found right in this run; otherwise the line
says so. malloc is told to keep its memory, for all programs. The machine is shared: ratios mean more than times."""


def main() -> None:
    """Print the tables, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    writing.add_options(parser, "docs/benchmarks/speed.md, and its figures into README.md")
    parser.add_argument("--quick", action="store_true", help="one small size of everything")
    options = parser.parse_args()
    if options.write:
        writing.require(parser, options.force, BY, PAGE)
    if not KEPT.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.speed", *sys.argv[1:]], os.environ | KEPT)
    parts: list[Any] = list(page(options.quick))
    if options.write:
        writing.write(PAGE, "\n\n".join(parts) + "\n", options.force)
        if not options.quick:
            from benchmarks.quoted import renew

            renew()


if __name__ == "__main__":
    main()
