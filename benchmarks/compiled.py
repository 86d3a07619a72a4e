"""Full tables without the cost of Python calls: functions of other programs called from compiled loops.

    python -m benchmarks.compiled [--lmax 4 8 16 32] [--write]

Their C and Fortran symbols are taken from the installed wheels.  CPU time of one thread, medians of alternating runs;
for tables of coupling also wall times of one and two threads, and the first call of a process.  --write renews
docs/benchmarks/compiled.md.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peak import best_rate, multiply_adds, traffic_run  # isort: skip (before numpy)
import numpy as np
from numba import njit

from benchmarks import writing
from benchmarks.peers import REAL, installed, wigxjpf
from benchmarks.tables import HEADER, cpu, machine, row, timed
from benchmarks.timing import told, wrong
from coupling.numbers.accuracy import orders_of
from coupling.numbers.tabulation import Tabulation, tabulate, tabulate_paths
from coupling.version import __version__

PAGE = Path(__file__).parent.parent / "docs/benchmarks/compiled.md"
OWN_HEADER = """| table | entries | CPU ms | ns per entry | million entries/s | wall ms, one thread | two threads |
| --- | --- | --- | --- | --- | --- | --- |"""
BLOCK_HEADER = """| block | program | s | largest absolute error | largest relative error |
| --- | --- | --- | --- | --- |"""

Call = Callable[[], np.ndarray]


def library(module: str) -> ctypes.CDLL:
    """Return the shared library of an extension module."""
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None
    return ctypes.CDLL(spec.origin)


def function(code: ctypes.CDLL, name: str, *types: Any) -> Any:
    """Return a C function of the given types that returns a double."""
    found = getattr(code, name)
    found.argtypes, found.restype = types, ctypes.c_double
    return found


# codes that compute one coefficient after the other


#: The places of (l1, l2, l3, m1, m2, m3) among the arguments of a function.
DEGREES_FIRST, IN_PAIRS = [0, 1, 2, 3, 4, 5], [0, 3, 1, 4, 2, 5]


def one_by_one(symbol: Any, factor: int, table: Tabulation, order: list[int] = DEGREES_FIRST) -> Call:
    """Return a loop that calls a function of (l1, l2, l3, m1, m2, m3), all times factor, for every entry of a table.

    order : where its arguments stand, DEGREES_FIRST or IN_PAIRS: (l1, m1, l2, m2, l3, m3)
    """
    values = np.empty(len(table.values))
    entries = np.ascontiguousarray(arguments(table)[:, order])

    @njit
    def loop(entries: np.ndarray, values: np.ndarray) -> None:
        for i in range(len(entries)):
            a, b, c, d, e, f = entries[i]
            values[i] = symbol(factor * a, factor * b, factor * c, factor * d, factor * e, factor * f)

    def call() -> np.ndarray:
        loop(entries, values)
        return values

    loop(entries[:1], values[:1])
    return call


def arguments(table: Tabulation) -> np.ndarray:
    """Return (l1, l2, l3, m1, m2, m3) of every entry, int32 [E, 6]."""
    entries = np.empty((len(table.values), 6), np.int32)
    for path, begin, end in zip(table.paths.tolist(), table.offsets, table.offsets[1:], strict=False):
        entries[begin:end, :3] = path
        entries[begin:end, 3:] = orders_of(tuple(path), table.basis).T
    return entries


def wigners(table: Tabulation) -> Call:
    """Its cache of 200 000 symbols is cleared before each table: a second one would be looked up."""
    types = [ctypes.c_uint32] * 3 + [ctypes.c_int32] * 3
    spec = importlib.util.find_spec("wigners")
    assert spec is not None and spec.origin is not None
    code = ctypes.CDLL(str(Path(spec.origin).parent / "_wigners.so"))
    symbols, clear = one_by_one(function(code, "wigner_3j", *types), 1, table), code.clear_wigner_3j_cache
    clear.argtypes, clear.restype = [], None

    def call() -> np.ndarray:
        clear()
        return symbols()

    return call


def wignernj(name: str, order: list[int]) -> Callable[[Tabulation], Call]:
    """Its functions take doubled degrees and orders: wigner3j(2j1, 2j2, 2j3, 2m1, 2m2, 2m3), but
    gaunt(2l1, 2m1, 2l2, 2m2, 2l3, 2m3), and gaunt_real likewise: ``wignernj.h`` and the docstrings of the package."""
    return lambda table: one_by_one(function(library("wignernj._wignernj"), name, *[ctypes.c_int] * 6), 2, table, order)


def pywigxjpf(table: Tabulation) -> Call:
    wigxjpf(2 * 100)  # makes its tables
    return one_by_one(function(library("pywigxjpf_ffi"), "wig3jj", *[ctypes.c_int] * 6), 2, table)


# codes that compute all l1 for given l2, l3, m2, m3


def by_family(family: Any, state: Any, table: Tabulation) -> Call:
    """Return a loop over family(l2, l3, m2, m3, buffer, state), which writes values from max(|l2-l3|, |m2+m3|) on."""
    lmax = int(table.paths.max())
    starts, buffer, values = row_starts(table, lmax), np.zeros(2 * lmax + 8), np.zeros(len(table.values))

    @njit
    def loop(lmax: int, starts: np.ndarray, buffer: np.ndarray, state: Any, values: np.ndarray) -> None:
        for l2 in range(lmax + 1):
            for l3 in range(lmax + 1):
                for m2 in range(-l2, l2 + 1):
                    for m3 in range(-l3, l3 + 1):
                        first = max(abs(l2 - l3), abs(m2 + m3))
                        if first <= lmax:
                            family(l2, l3, m2, m3, buffer, state)
                        for l1 in range(first, min(lmax, l2 + l3) + 1):
                            values[starts[l1, l2, l3, l1 - m2 - m3] + m2] = buffer[l1 - first]

    def call() -> np.ndarray:
        loop(lmax, starts, buffer, state, values)
        return values

    loop(0, starts, buffer, state, values)
    return call


def row_starts(table: Tabulation, lmax: int) -> np.ndarray:
    """Return the position of entry (m1, m2) of a path, less m2, at [l1, l2, l3, m1 + l1]."""
    starts = np.zeros((lmax + 1, lmax + 1, lmax + 1, 2 * lmax + 1), np.int64)
    for (l1, l2, l3), position in zip(table.paths.tolist(), table.offsets.tolist(), strict=False):
        m1 = np.arange(-l1, l1 + 1)
        first, last = np.maximum(-l2, -l3 - m1), np.minimum(l2, l3 - m1)
        sizes = last - first + 1
        starts[l1, l2, l3, : 2 * l1 + 1] = position + np.cumsum(sizes) - sizes - first
    return starts


def camb(table: Tabulation) -> Call:
    """A Fortran subroutine, its arguments by reference."""
    spec = importlib.util.find_spec("camb")
    assert spec is not None and spec.origin is not None
    code = ctypes.CDLL(str(Path(spec.origin).parent / "camblib.so"))
    threej = function(code, "__mathutils_MOD_getthreejs", *[ctypes.c_void_p] * 5)
    threej.restype = None

    @njit
    def family(l2: int, l3: int, m2: int, m3: int, buffer: np.ndarray, state: np.ndarray) -> None:
        state[0], state[1], state[2], state[3] = l2, l3, m2, m3
        first = state.ctypes.data
        threej(buffer.ctypes.data, first, first + 4, first + 8, first + 12)

    return by_family(family, np.zeros(4, np.int32), table)


def spherical(table: Tabulation) -> Call:
    from spherical import Wigner3jCalculator

    @njit
    def family(l2: int, l3: int, m2: int, m3: int, buffer: np.ndarray, state: Any) -> None:
        values = state.calculate(l2, l3, m2, m3)
        first = max(abs(l2 - l3), abs(m2 + m3))
        for l1 in range(first, l2 + l3 + 1):
            buffer[l1 - first] = values[l1]

    lmax = int(table.paths.max())
    return by_family(family, Wigner3jCalculator(lmax, lmax), table)


#: (family, basis) → program → (distribution, how to call it, largest lmax)
TABLES: dict[tuple[str, str], dict[str, tuple[str, Callable[[Tabulation], Call], int]]] = {
    ("wigner_3j", "complex"): {
        "camb, family": ("camb", camb, 32),
        "spherical, family": ("spherical", spherical, 32),
        "wigners": ("wigners", wigners, 32),
        "pywigxjpf": ("pywigxjpf", pywigxjpf, 32),
        "wignernj": ("wignernj", wignernj("wigner3j", DEGREES_FIRST), 32),
    },
    ("gaunt", "complex"): {"wignernj": ("wignernj", wignernj("gaunt", IN_PAIRS), 16)},
    ("gaunt", "real"): {"wignernj": ("wignernj", wignernj("gaunt_real", IN_PAIRS), 16)},
}


def rows(family: str, basis: str, lmax: int) -> list[str]:
    """Return the rows of a table."""
    table = tabulate(family, lmax, basis)
    calls: dict[str, Call] = {"coupling": lambda: tabulate(family, lmax, basis).values}
    for name, (distribution, prepare, limit) in TABLES[family, basis].items():
        if lmax <= limit and installed(distribution):
            calls[name] = prepare(table)
    found = []
    for name, (seconds, values) in timed(calls).items():
        found.append(row(f"{family}, {basis}, {lmax}", name, seconds, len(table.values), values, table.values))
    return found


# the tables of coupling


def own_rows(lmax: int) -> list[str]:
    found = []
    for family in ("wigner_3j", "clebsch_gordan", "gaunt", "antisymmetric_gaunt"):
        for basis in ("complex", "real"):
            entries = len(tabulate(family, lmax, basis).values)
            seconds = median(cpu(partial(tabulate, family, lmax, basis))[0] for _ in range(5))
            one, two = (wall(family, lmax, basis, workers) for workers in (1, 2))
            found.append(
                f"| {family}, {basis}, {lmax} | {entries} | {1e3 * seconds:.3g} | {1e9 * seconds / entries:.3g} | "
                f"{entries / seconds / 1e6:.3g} | {1e3 * one:.3g} | {1e3 * two:.3g} |"
            )
    return found


def wall(family: str, lmax: int, basis: str, workers: int) -> float:
    """Return the shortest wall time of many calls: other programs on the machine can only lengthen it."""
    shortest, begin = float("inf"), time.perf_counter()
    while time.perf_counter() - begin < 1:
        start = time.perf_counter()
        tabulate(family, lmax, basis, workers=workers)
        shortest = min(shortest, time.perf_counter() - start)
    return shortest


def dense(lmax: int) -> Any:
    return tabulate("wigner_3j", lmax).blocks()


def dense_rows() -> list[str]:
    """All real blocks, dense, as machine-learning programs ask for them."""
    found = []
    for lmax in (10, 16, 20):
        entries = len(tabulate("wigner_3j", lmax).values)
        seconds = median(cpu(partial(dense, lmax))[0] for _ in range(5))
        found.append(
            f"| wigner_3j, real, dense blocks, {lmax} | {entries} | {1e3 * seconds:.3g} | "
            f"{1e9 * seconds / entries:.3g} | {entries / seconds / 1e6:.3g} | | |"
        )
    return found


FIRST = """
import time
begin = time.process_time()
from coupling.numbers.tabulation import tabulate
loaded = time.process_time()
tabulate("wigner_3j", 16)
print(loaded - begin, time.process_time() - loaded)
"""


def first_call() -> tuple[float, float]:
    """Return the CPU seconds of the import and of the first call in a new process, compiled code cached."""
    runs = []
    for _ in range(4):
        done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
        runs.append(tuple(map(float, done.stdout.split())))
    imports, calls = zip(*runs[1:], strict=True)
    return min(imports), min(calls)


# single real blocks of large degrees

BLOCKS = (10, 10, 20), (12, 12, 24), (16, 16, 16)


def block_rows() -> list[str]:
    found = []
    for path in BLOCKS:
        exact = tabulate_paths("wigner_3j", np.array([path])).blocks()[path]
        calls = {"coupling": lambda path=path: tabulate_paths("wigner_3j", np.array([path])).blocks()[path]}
        for peer, (load, _) in REAL.items():
            if installed(peer) and peer != "e3x":  # its table ends at 15
                calls[peer] = lambda load=load, path=path: load()(*path)
        for peer, call in calls.items():
            call() if peer == "coupling" else None
            begin = time.process_time()
            try:
                block = np.asarray(call())
            except AssertionError:
                found.append(f"| {path} | {peer} | raises AssertionError | | |")
            else:
                seconds, error = time.process_time() - begin, abs(block - exact)
                relative = (error[exact != 0] / abs(exact[exact != 0])).max()
                (shown,) = told(wrong(block, exact), f"{seconds:.3g}")
                found.append(f"| {path} | {peer} | {shown} | {error.max():.1e} | {relative:.1e} |")
            print(found[-1], flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lmax", type=int, nargs="+", default=[4, 8, 16, 32])
    writing.add_options(parser, "docs/benchmarks/compiled.md")
    given = parser.parse_args()
    if given.write:
        writing.require(parser, given.force, "make bench", PAGE)
    lines = []
    peak, bandwidth = 2e-9 * multiply_adds(np.dtype(float)), 1e-9 * best_rate(*traffic_run(1 << 28, np.dtype(float)))
    for family, basis in TABLES:
        for lmax in given.lmax:
            lines += rows(family, basis, lmax)
            print("\n".join(lines[-6:]), flush=True)
    own = [line for lmax in given.lmax for line in own_rows(lmax)] + dense_rows()
    print("\n".join(own), flush=True)
    blocks, (imports, first) = block_rows(), first_call()
    if given.write:
        versions = ", ".join(
            f"{name} {installed(name)}" for name in ("camb", "spherical", "wigners", "pywigxjpf", "wignernj", *REAL)
        )
        writing.write(
            PAGE,
            TEXT.format(
                head=f"coupling {__version__} beside {versions}; {machine()}",
                tables="\n".join([HEADER, *lines]),
                own="\n".join([OWN_HEADER, *own]),
                blocks="\n".join([BLOCK_HEADER, *blocks]),
                imports=imports,
                first=first,
                load=os.getloadavg()[0],
                peak=peak,
                bandwidth=bandwidth,
            ),
            given.force,
        )


TEXT = """# Full tables, from compiled code

Made by `make bench`; {head}; load average at the end {load:.1f}.

[Tables](tables.md) shows what a Python user waits for. Here the functions of the other programs are called from a
compiled loop that writes the table, without the cost of calls from Python; `coupling` is still called from Python. CPU
time of one thread, warm, medians of alternating runs; what takes more than five seconds ran once. The machine is shared
with other work: ratios mean more than milliseconds. In the same run one core did {peak:.0f} GFLOP/s of multiply-adds in
double precision and moved {bandwidth:.1f} GB/s between memory and registers. A program is timed only where none of its
values is wrong (relative error above 1e-6). The tables of pywigxjpf are made beforehand, the cache of wigners (200 000
symbols) is cleared before each table, and coupling keeps the constants of its recurrences. Family codes compute all l1
at once, also those beyond lmax, which are not counted. Accuracy is on all entries, against the table whose every entry
is compared with exact integers ([accuracy](accuracy.md)). ducc0 and py3nj have no function that compiled code can call;
they are in [tables](tables.md).

{tables}

## Tables of coupling

All families and both bases, warm. Wall times are the shortest of a second's calls on a shared machine. In a new
process with compiled code in the cache the import takes {imports:.2f} s of CPU time and the first table (3j, real,
lmax 16) {first:.2f} s.

{own}

## Single real blocks

One call, in float64; coupling is warm.

{blocks}
"""

if __name__ == "__main__":
    main()
