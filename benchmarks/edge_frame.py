"""Where message passing is faster in the frame of an edge than by coupling coefficients, on one core.

    python -m benchmarks.edge_frame [--edges 256] [--channels 64] [--degrees 1 2 3 4 5 6] [--turns 5] [--write]

Messages of edges in float32, each to a receiver of its own, features, harmonics and outputs to one degree L, natural
parity, weights for each edge and path, and for each channel or not: ``Convolution`` from the vectors of edges, and
``EdgeFrame`` with SO(2) weights that were converted before, as where the map is folded into a radial network.
A time is given where values differ by less than 1e-5 of the largest from the convolution in float64.  --write renews
docs/benchmarks/edge-frame.md and its picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from os import getloadavg
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import writing
from benchmarks.peak import multiply_add_run
from benchmarks.timing import compared, told
from coupling.lowrank.records import table
from coupling.products import Convolution, EdgeFrame

FOLDER = Path(__file__).parent.parent / "docs" / "benchmarks"
PROGRAMS = "convolution", "edge frame"
RIGHT = 1e-5
SINGLE = np.dtype(np.float32)


def runs_of(lmax: int, edges: int, channels: int, each: bool) -> tuple[dict[str, Callable[[], np.ndarray]], np.ndarray]:
    """The programs on one input, and the values in float64.

    each: whether channels have weights of their own
    """
    conv, random = Convolution(lmax, lmax, lmax), np.random.default_rng(0)
    frame = EdgeFrame(lmax, lmax, lmax_edge=lmax, paths=conv.paths)
    shape = (edges, len(conv.paths), *((channels,) if each else ()))
    exact = [random.standard_normal(one) for one in ((edges, (lmax + 1) ** 2, channels), (edges, 3), shape)]
    x, r, w = (value.astype(SINGLE) for value in exact)
    index = np.arange(edges)
    s = np.ascontiguousarray(np.tensordot(w, frame.matrix.astype(SINGLE), (1, 1)).swapaxes(1, -1))
    runs: dict[str, Callable[[], np.ndarray]] = {
        PROGRAMS[0]: lambda: conv(x, r, w, senders=index, receivers=index),
        PROGRAMS[1]: lambda: frame(x, r, s),
    }
    wide = [value.astype(np.float64) for value in (x, r, w)]
    return runs, conv(*wide, senders=index, receivers=index)


class Measured(NamedTuple):
    """Of one degree: nanoseconds for an edge and channel, the largest error of each program, and the peak."""

    nanoseconds: dict[str, float]
    errors: dict[str, float]
    rate: float  # multiply-adds in a second

    def row(self, lmax: int, each: bool) -> list[str]:
        """The line of the table."""
        cells = [told(int(self.errors[name] > RIGHT), f"{time:.1f}")[0] for name, time in self.nanoseconds.items()]
        share = 1e9 * EdgeFrame(lmax, lmax).multiplications / self.nanoseconds["edge frame"] / self.rate
        worst = max(self.errors.values())
        return [str(lmax), "channel" if each else "edge", *cells, f"{share:.0%}", f"{worst:.0e}"]


def measured(lmax: int, edges: int, channels: int, each: bool, turns: int) -> Measured:
    """The figures of one degree."""
    runs, exact = runs_of(lmax, edges, channels, each)
    errors = {name: float(abs(run() - exact).max() / abs(exact).max()) for name, run in runs.items()}
    peak, number = multiply_add_run(SINGLE)
    times = compared({**runs, "peak": peak}, turns)
    nanoseconds = {name: 1e9 * times[name] / (edges * channels) for name in runs}
    return Measured(nanoseconds, errors, number / times["peak"])


PAGE = """# Messages in the frame of an edge

<!-- Written by `python -m benchmarks.edge_frame --write`. -->

Features, harmonics and outputs to one degree L, natural parity, weights for each edge and path (*edge*), or for each
edge, path and channel (*channel*); {edges} edges with a receiver each, {channels} channels, float32, one thread.
*Convolution* sums over the coefficients from the vectors of the edges; *edge frame* rotates, applies SO(2) weights,
which were converted before, and rotates back. Both take turns; nanoseconds for an edge and channel, medians. *Peak* is
the fraction that the frame reaches of the {rate:.0f} billion multiply-adds per second of the core (load {load:.1f}).
*Error* is the larger of the two errors, relative to the largest value.

{table}

![Time for an edge and channel by degree](edge-frame.png)

{verdict}
"""
HEADER = ["L", "weights of each", *PROGRAMS, "peak", "error"]
Results = dict[bool, dict[int, Measured]]


def first_win(found: dict[int, Measured]) -> int | None:
    """The degree from which on the frame takes less time, to the largest that was measured."""
    wins = {lmax: one.nanoseconds[PROGRAMS[1]] < one.nanoseconds[PROGRAMS[0]] for lmax, one in found.items()}
    return min((lmax for lmax in found if all(win for other, win in wins.items() if other >= lmax)), default=None)


def verdict(results: Results) -> str:
    """Where the frame wins, in words."""
    said = []
    for each, found in results.items():
        first, whose = first_win(found), "channels" if each else "edges alone"
        where = "at no degree here" if first is None else f"from L = {first} on"
        said.append(f"with weights of {whose} {where}")
    return f"The frame is faster {', '.join(said)}."


def draw(file: Path, results: Results, force: bool) -> None:
    """Draw time against degree."""
    from coupling.plots import curves
    from coupling.plots.style import save

    series = {
        f"{name}, weights of {'channels' if each else 'edges'}": (
            list(found),
            [one.nanoseconds[name] for one in found.values()],
        )
        for each, found in results.items()
        for name in PROGRAMS
    }
    ax = curves(series, xlabel="degree L", ylabel="nanoseconds for an edge and channel", yscale="log")
    save(ax.figure, file, dpi=110, force=force)


def page(results: Results, edges: int, channels: int) -> str:
    """The page of what was measured."""
    rows = [one.row(lmax, each) for each, found in results.items() for lmax, one in found.items()]
    rates = [one.rate for found in results.values() for one in found.values()]
    values = {"edges": edges, "channels": channels, "rate": np.median(rates) / 1e9, "load": getloadavg()[0]}
    return PAGE.format(table=table(HEADER, rows), verdict=verdict(results), **values)


def main() -> None:
    """Print the table; write the page and its picture on request."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("edges", 256), ("channels", 64), ("turns", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--degrees", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6])
    writing.add_options(parser, "docs/benchmarks/edge-frame.md and its picture")
    given = parser.parse_args()
    files = FOLDER / "edge-frame.md", FOLDER / "edge-frame.png"
    if given.write:
        writing.require(parser, given.force, "python -m benchmarks.edge_frame", *files)
    results: Results = {False: {}, True: {}}
    for each, found in results.items():
        for lmax in sorted(given.degrees):
            found[lmax] = measured(lmax, given.edges, given.channels, each, given.turns)
            print(f"| {' | '.join(found[lmax].row(lmax, each))} |", flush=True)
    print(verdict(results))
    if given.write:
        writing.write(files[0], page(results, given.edges, given.channels), given.force)
        draw(files[1], results, given.force)


if __name__ == "__main__":
    main()
