"""Full tables against other programs: speed and accuracy in one run.

    python -m benchmarks.tables [--lmax 4 8 16 32] [--write] [--draw]

CPU time of one thread (``make bench`` sets OMP_NUM_THREADS=1), medians of alternating runs; million entries per second
and core.  Accuracy on all entries against our table, which ``coupling check --accuracy`` compares with exact integers.
--write renews docs/benchmarks/tables.md and its picture, --draw the picture alone, of the page as it is.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import writing
from benchmarks.peers import COMPLEX, REAL, arrange, installed
from benchmarks.timing import told, wrong
from coupling.indexing import entry_counts, path_array
from coupling.numbers.tabulation import tabulate
from coupling.plots import curves, new_axes, save
from coupling.version import __version__

PAGE = Path(__file__).parent.parent / "docs/benchmarks/tables.md"
HEADER = """| table | program | ms | million entries/s | largest error (ulp) | correctly rounded | wrong | \
non-zero for zero |
| --- | --- | --- | --- | --- | --- | --- | --- |"""


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU time of a call, repeated to 50 ms when it is short, and its result."""
    begin, calls, used = time.process_time(), 0, 0.0
    while used < 0.05:
        result = call()
        calls, used = calls + 1, time.process_time() - begin
    return used / calls, result


def timed(calls: dict[str, Callable[[], Any]]) -> dict[str, tuple[float, Any]]:
    """Return the median CPU time and the result of each, in turn.

    Nine turns, so that the first touches of fresh memory, several times the work itself at lmax 32, are not the median;
    three for runs above half a second, one above five.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    results: dict[str, Any] = {}
    for turn in range(9):
        for name, call in calls.items():
            if turn == 0 or seconds[name][0] < 0.5 or (turn < 3 and seconds[name][0] < 5):
                used, results[name] = cpu(call)
                seconds[name].append(used)
    return {name: (median(seconds[name]), results[name]) for name in calls}


def accuracy(values: np.ndarray, exact: np.ndarray) -> str:
    """Describe values against the correctly rounded ones: ulp to half an ulp, and counts."""
    zero = exact == 0
    with np.errstate(invalid="ignore", divide="ignore"):
        ulp = np.abs(values - exact)[~zero] / np.spacing(np.abs(exact[~zero]))
    same = 100 * np.mean(values == exact)
    largest = "0.5" if (values == exact).all() else f"{np.nanmax(ulp) + 0.5:.3g}"
    return f"{largest} | {same:.2f} % | {wrong(values, exact)} | {int((values[zero] != 0).sum())}"


def row(table: str, program: str, seconds: float, entries: int, values: np.ndarray, exact: np.ndarray) -> str:
    """Describe speed and accuracy of one program; its speed only when all its values are right."""
    shown, rate = told(wrong(values, exact), f"{1e3 * seconds:.3g}", f"{entries / seconds / 1e6:.3g}")
    return f"| {table} | {program} | {shown} | {rate} | {accuracy(values, exact)} |"


def complex_rows(lmax: int) -> tuple[list[str], dict[str, float]]:
    name = f"3j, complex, {lmax}"
    calls: dict[str, Callable[[], Any]] = {"coupling": lambda: tabulate("wigner_3j", lmax, "complex").values}
    for peer, (load, limit) in COMPLEX.items():
        if lmax <= limit and installed(peer):
            calls[peer] = partial(load(), lmax)
    for call in (calls["coupling"], calls.get("spherical")):  # what is compiled is compiled before
        call() if call else None
    found = timed(calls)
    exact = found["coupling"][1]
    rows, speeds = [], {}
    for peer, (seconds, raw) in found.items():
        values = raw if peer == "coupling" else arrange(raw, lmax)
        rows.append(row(name, peer, seconds, len(exact), values, exact))
        if not wrong(values, exact):
            speeds[peer] = len(exact) / seconds / 1e6
    return rows, speeds


def real_rows(lmax: int) -> list[str]:
    name = f"real blocks, {lmax}"
    blocks = tabulate("wigner_3j", lmax).blocks()
    exact = np.concatenate([block.ravel() for block in blocks.values()])
    entries = int((exact != 0).sum())
    calls: dict[str, Callable[[], Any]] = {"coupling": lambda: list(tabulate("wigner_3j", lmax).blocks().values())}
    for peer, (load, limit) in REAL.items():
        if lmax <= limit and installed(peer):
            block = load()
            calls[peer] = lambda block=block: [block(*path) for path in blocks]
    rows = []
    for peer, call in calls.items():  # the first call of a fresh process: some programs keep what they have computed
        seconds, raw = cpu(call)
        values = np.concatenate([np.asarray(block).ravel() for block in raw])
        rows.append(row(name, peer, seconds, entries, values, exact))
    return rows


def draw(speeds: dict[int, dict[str, float]], path: Path, force: bool) -> None:
    series: dict[str, tuple[Any, ...]] = {}
    for peer in dict.fromkeys(name for row in speeds.values() for name in row):
        points = [(lmax, row[peer]) for lmax, row in speeds.items() if peer in row]
        line = {"linewidth": 2.4} if peer == "coupling" else {}
        series[f"{peer}{growth(points)}"] = *(list(values) for values in zip(*points, strict=True)), line
    words = {"xlabel": "lmax", "ylabel": "million entries per second and core"}
    title = "Full tables of 3j symbols, complex basis"
    save(curves(series, xscale="log2", yscale="log", title=title, ax=new_axes((8, 4.2)), **words), path, force=force)


def read_speeds(page: str) -> dict[int, dict[str, float]]:
    """Return the speeds of full complex tables, by lmax and program, that a page holds."""
    speeds: dict[int, dict[str, float]] = {}
    for lmax, peer, speed in re.findall(r"^\| 3j, complex, (\d+) \| ([\w-]+) \| [^|]* \| ([^|]*) \|", page, re.M):
        speeds.setdefault(int(lmax), {})[peer] = float(speed.replace(",", ""))
    return speeds


def growth(points: list[tuple[int, float]]) -> str:
    """Return the fitted exponent of the time in lmax, from 8 on; the number of entries grows with 4.9."""
    late = [(lmax, speed) for lmax, speed in points if lmax >= 8]
    if len(late) < 2:
        return ""
    seconds = [entries(lmax) / speed for lmax, speed in late]
    return f", time ~ lmax^{np.polyfit(np.log([lmax for lmax, _ in late]), np.log(seconds), 1)[0]:.1f}"


def entries(lmax: int) -> int:
    return int(entry_counts(path_array((lmax,) * 3), "complex").sum())


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lmax", type=int, nargs="+", default=[4, 8, 16, 32])
    writing.add_options(parser, "docs/benchmarks/tables.md and its picture")
    parser.add_argument("--draw", action="store_true")
    given = parser.parse_args()
    if given.draw:
        draw(read_speeds(PAGE.read_text(encoding="utf-8")), PAGE.with_suffix(".png"), given.force)
        return
    if given.write:
        writing.require(parser, given.force, "make bench", PAGE, PAGE.with_suffix(".png"))
    lines, speeds = [HEADER], {}
    for lmax in given.lmax:
        rows, speeds[lmax] = complex_rows(lmax)
        lines += rows
        print("\n".join(rows), flush=True)
    for lmax in (6, 8):
        rows = real_rows(lmax)
        lines += rows
        print("\n".join(rows), flush=True)
    if given.write:
        versions = ", ".join(f"{name} {installed(name)}" for name in (*COMPLEX, *REAL) if installed(name))
        missing = [name for name in (*COMPLEX, *REAL) if not installed(name)]
        head = f"coupling {__version__} beside {versions}; {machine()}."
        if missing:
            head += f" Not installed: {', '.join(missing)}."
        draw(speeds, PAGE.with_suffix(".png"), given.force)
        writing.write(PAGE, TEXT.format(head=head, table="\n".join(lines)), given.force)


TEXT = """# Full tables, beside other programs

Made by `make bench`; {head}

CPU time of one thread, medians of alternating runs in one process, warm; what a Python user waits for. The machine is
shared, so ratios mean more than milliseconds. Accuracy is on all entries, against the table of `coupling`, whose every
entry is compared with exact integers by `coupling check --accuracy` ([accuracy](accuracy.md)); the error is the
distance to the correctly rounded double plus half an ulp. *Wrong* counts relative errors above 1e-6, *non-zero for
zero* entries that must vanish. A program is timed only where none of its values is wrong. wigners keeps the symbols
that it has computed; they are cleared before each of its tables.

Family codes (ducc0, camb, pyshtools, spherical) are called once per family in one degree and also compute degrees
beyond lmax, which are not counted for them; calling them from Python costs more than the work at these sizes. A C
library called from C is faster than here: the fastest known, measured earlier on a machine of this kind, gave 76
million entries per second at lmax 32, of which 16 % were correctly rounded. SymPy is measured at lmax 4 only. Real
blocks are dense, and their non-zero entries are counted; the other programs cache blocks, so their time is that of the
first call of the process.

![Million entries per second and core against lmax](tables.png)

{table}
"""

if __name__ == "__main__":
    main()
