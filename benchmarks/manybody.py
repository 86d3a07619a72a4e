"""Generating bases of symmetric tensor powers, beside cuEquivariance: time and agreement in one run.

    python -m benchmarks.manybody [--write]

All outputs of natural parity to lmax.  Every run is a process of its own with empty caches, the programs in turn; CPU
seconds of one thread without imports, medians.  cuEquivariance is timed where its basis has the span of the exact one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import writing
from benchmarks.timing import told

BY = "python -m benchmarks.manybody"
PAGE = Path(__file__).parent.parent / "docs/benchmarks/manybody.md"
HEADER = """| lmax, order | paths | entries | coupling, exact | and rounded | cuEquivariance | ratio |
| --- | --- | --- | --- | --- | --- | --- |"""
#: (lmax, order), turns, whether cuEquivariance runs.
SIZES = [((3, 3), 5, True), ((4, 3), 3, True), ((3, 4), 5, False), ((4, 4), 5, False), ((6, 4), 3, False)]


def coupling_run(lmax: int, order: int) -> dict[str, Any]:
    """Build all outputs exactly, then round their values."""
    from coupling.manybody import basis

    begin = time.process_time()
    found = [basis(lmax, order, output) for output in range(lmax + 1)]
    exact = time.process_time()
    entries = sum(len(each.values) for each in found)
    rounded = time.process_time()
    paths = sum(each.shape[0] for each in found)
    return {"exact": exact - begin, "rounded": rounded - exact, "paths": paths, "entries": entries}


def cuequivariance_run(lmax: int, order: int) -> dict[str, Any]:
    """Build all outputs; how many paths are not in the span of the exact basis."""
    import cuequivariance as cue

    from coupling.manybody.space import factor_irreps

    names = [irrep.name for irrep in factor_irreps(lmax)]
    irreps = cue.Irreps("O3", " + ".join(names))
    begin = time.process_time()
    found = cue.reduced_symmetric_tensor_product_basis(irreps, order, keep_ir=cue.Irreps("O3", " + ".join(names)))
    used = time.process_time() - begin
    segments = {
        str(irrep): np.moveaxis(x, (-2, -1), (0, 1)) for (_, irrep), x in zip(found.irreps, found.segments, strict=True)
    }
    return {"seconds": used, "wrong": sum(outside(segments.get(name), lmax, order, name) for name in names)}


def outside(theirs: np.ndarray | None, lmax: int, order: int, output: str) -> int:
    """How many paths of one output are not in the span of the exact basis, or are missing."""
    from coupling.manybody import basis

    ours = basis(lmax, order, output).tensor()
    if theirs is None or theirs.shape != ours.shape:
        return len(ours)
    a, b = (tensor.reshape(len(tensor), -1) for tensor in (ours, theirs))
    return int((abs((b @ a.T) @ a / ours.shape[1] - b).max(1) > 1e-9).sum())


RUNS: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "coupling": coupling_run,
    "cuequivariance": cuequivariance_run,
}


def fresh(program: str, size: tuple[int, int]) -> dict[str, Any]:
    """Return what a run in a new process says."""
    command = [sys.executable, "-m", "benchmarks.manybody", "--run", program, *map(str, size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def rows(
    run: Callable[[str, tuple[int, int]], dict[str, Any]] = fresh,
    sizes: Sequence[tuple[tuple[int, int], int, bool]] = SIZES,
) -> list[str]:
    """One line of the page per size, the programs in turn."""
    lines = []
    for size, turns, both in sizes:
        programs = [name for name in RUNS if both or name == "coupling"]
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in programs}
        for _ in range(turns):
            for name in programs:
                found[name].append(run(name, size))
        lines.append(line(size, found))
        print(lines[-1], flush=True)
    return lines


def line(size: tuple[int, int], found: dict[str, list[dict[str, Any]]]) -> str:
    """One line from what all turns gave."""
    ours = found["coupling"]
    exact, rounded = (statistics.median(each[name] for each in ours) for name in ("exact", "rounded"))
    cells = ["–", "–"]
    if theirs := found.get("cuequivariance"):
        used = statistics.median(each["seconds"] for each in theirs)
        wrong = sum(each["wrong"] for each in theirs)
        cells = list(told(wrong, f"{used:.2f} s", f"{used / (exact + rounded):.0f}"))
    counts = f"{ours[0]['paths']} | {ours[0]['entries']}"
    return f"| {size[0]}, {size[1]} | {counts} | {exact:.3f} s | {rounded:.3f} s | {cells[0]} | {cells[1]} |"


def peak() -> str:
    """What one core can do, which names the machine."""
    from benchmarks.peak import multiply_adds

    return f"{2e-9 * multiply_adds(np.dtype(np.float32)):.0f} GFLOP/s"


def main() -> None:
    """Print the table, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    writing.add_options(parser, "docs/benchmarks/manybody.md")
    parser.add_argument("--run", nargs=3, metavar=("PROGRAM", "LMAX", "ORDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(RUNS[options.run[0]](int(options.run[1]), int(options.run[2]))))
        return
    if options.write:
        writing.require(parser, options.force, BY, PAGE)
    lines = rows()
    if options.write:
        writing.write(PAGE, TEXT.format(peak=peak()) + "\n".join([HEADER, *lines]) + "\n", options.force)


TEXT = """# Generating many-body bases

Made by `python -m benchmarks.manybody --write`. Symmetric tensor powers of 0e + 1o + 2e + … to lmax, all outputs of the
same irreps, in real components. CPU seconds of one thread without imports; every run is a process of its own with empty
caches, the programs in turn, medians. The core reaches {peak} of fused multiply-adds in float32.

*Exact* is the time for all integers, norms and labels; *rounded* is the time that the correctly rounded values of all
entries take in addition. cuEquivariance computes in doubles with a tolerance; its time is given only if each of its
paths is in the span of the exact basis. At order 4 it is not run.

"""

if __name__ == "__main__":
    main()
