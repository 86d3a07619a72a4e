"""Where message passing is faster in the frame of an edge than by coupling coefficients, on one core.

    python -m benchmarks.edge_frame [--edges 256] [--channels 64] [--degrees 1 2 3 4 5 6] [--turns 5]

Messages of edges in float32, each to a receiver of its own, features, harmonics and outputs to one degree L, natural
parity, weights for each edge and path, and for each channel or not: ``Convolution`` from the vectors of edges, and
``EdgeFrame`` with SO(2) weights that were converted before, as where the map is folded into a radial network.
A time is told where values differ by less than 1e-5 of the largest from the convolution in float64.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from benchmarks.peak import multiply_add_run
from benchmarks.timing import compared, told
from coupling.products import Convolution, EdgeFrame

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
        "convolution": lambda: conv(x, r, w, senders=index, receivers=index),
        "edge frame": lambda: frame(x, r, s),
    }
    wide = [value.astype(np.float64) for value in (x, r, w)]
    return runs, conv(*wide, senders=index, receivers=index)


def row(lmax: int, edges: int, channels: int, each: bool, turns: int) -> list[str]:
    """The figures of one degree."""
    runs, exact = runs_of(lmax, edges, channels, each)
    bad = {name: float(abs(run() - exact).max()) > RIGHT * abs(exact).max() for name, run in runs.items()}
    peak, number = multiply_add_run(SINGLE)
    times = compared({**runs, "peak": peak}, turns)
    rate, samples = number / times["peak"], edges * channels
    work = EdgeFrame(lmax, lmax).multiplications * samples
    figures = [told(int(bad[name]), f"{1e9 * times[name] / samples:.1f}")[0] for name in runs]
    return [str(lmax), "channel" if each else "edge", *figures, f"{work / times['edge frame'] / rate:.0%}"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("edges", 256), ("channels", 64), ("turns", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--degrees", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6])
    given = parser.parse_args()
    print(
        "Nanoseconds for an edge and channel; of the peak: of the multiply-adds that the core can do, by the frame.\n"
    )
    names = ["L", "weights of each", "convolution", "edge frame", "of the peak"]
    print(*(f"| {' | '.join(line)} |" for line in (names, ["---"] * len(names))), sep="\n")
    for each in (False, True):
        for lmax in given.degrees:
            print(f"| {' | '.join(row(lmax, given.edges, given.channels, each, given.turns))} |", flush=True)


if __name__ == "__main__":
    main()
