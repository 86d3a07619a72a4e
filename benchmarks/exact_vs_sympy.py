"""Exact 3j symbols against SymPy's, on the same list in one run, and the two times that the exact layer promises.

    python -m benchmarks.exact_vs_sympy [lmax ...]

Both sides compute the list in turn, several times; medians are printed.  SymPy's cache is emptied before each of its
turns, our table of path norms before each of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter

from sympy.core.cache import clear_cache
from sympy.external.gmpy import GROUND_TYPES
from sympy.physics.wigner import wigner_3j as sympy_wigner_3j

from benchmarks.timing import told
from coupling.exact import wigner_3j
from coupling.exact.wigner_3j import norm
from coupling.selection import complex_orders

Symbol = tuple[int, int, int, int, int, int]


def canonical(lmax: int) -> list[Symbol]:
    """The 3j symbols with l1 >= l2 >= l3 that may be non-zero, one of each pair ±m.

    >>> canonical(1)[:3]
    [(0, 0, 0, 0, 0, 0), (1, 1, 0, 0, 0, 0), (1, 1, 0, 1, -1, 0)]
    """
    return [
        (l1, l2, l3, *m)
        for l1 in range(lmax + 1)
        for l2 in range(l1 + 1)
        for l3 in range(l1 - l2, l2 + 1)
        for m in complex_orders(l1, l2, l3)
        if m >= (0, 0, 0)
    ]


def sample(lmax: int, size: int) -> list[Symbol]:
    """At most `size` of the canonical symbols, evenly spaced."""
    symbols = canonical(lmax)
    return symbols[:: -(-len(symbols) // size)]


def seconds(function: Callable[..., object], symbols: Iterable[Symbol]) -> float:
    """The time for all symbols."""
    start = perf_counter()
    for symbol in symbols:
        function(*symbol)
    return perf_counter() - start


def compare(symbols: list[Symbol], repeats: int = 5) -> tuple[float, float]:
    """Median seconds for the list, ours and SymPy's, in alternation."""
    ours, theirs = [], []
    for _ in range(repeats):
        norm.cache_clear()
        ours.append(seconds(wigner_3j, symbols))
        clear_cache()
        theirs.append(seconds(sympy_wigner_3j, symbols))
    return median(ours), median(theirs)


def all_up_to(lmax: int, repeats: int = 3) -> tuple[int, float]:
    """The number of canonical symbols up to lmax, and median seconds for all."""
    symbols = canonical(lmax)
    times = []
    for _ in range(repeats):
        norm.cache_clear()
        times.append(seconds(wigner_3j, symbols))
    return len(symbols), median(times)


#: Symbols near degree 1000: dense, stretched, in the forbidden region, half-integer.
LARGE = [
    (1000, 1000, 1000, 3, -5, 2),
    (1000, 1000, 1000, 0, 0, 0),
    (1000, 900, 1100, 333, -500, 167),
    (1000, 1000, 2000, 1000, -1000, 0),
    (1001.5, 999.5, 1000, 0.5, -0.5, 0),
]


def one_large() -> float:
    """The longest of the times of single symbols near degree 1000, each the median of five, rounding included."""
    return max(
        median(seconds(lambda *symbol: float(wigner_3j(*symbol)), [symbol]) for _ in range(5)) for symbol in LARGE
    )


def agree(symbols: list[Symbol]) -> bool:
    """Whether both give the same numbers: SymPy's square is ours, and so is its sign."""
    pairs = [(wigner_3j(*symbol), sympy_wigner_3j(*symbol)) for symbol in symbols]
    return all(x.square == y**2 and (x.sign > 0) == (y > 0) for x, y in pairs)


def main(lmaxes: list[int]) -> None:
    """Print the tables."""
    print(f"SymPy ground types: {GROUND_TYPES}\n")
    print(f"{'lmax':>6}{'symbols':>9}{'ours µs':>10}{'SymPy µs':>11}{'ratio':>11}")
    for lmax in lmaxes:
        symbols = sample(lmax, 2000)
        ours, theirs = (1e6 * t / len(symbols) for t in compare(symbols))
        time, ratio = told(not agree(symbols), f"{theirs:.1f}", f"{theirs / ours:.0f}")
        print(f"{lmax:>6}{len(symbols):>9}{ours:>10.2f}{time:>11}{ratio:>11}")
    count, total = all_up_to(20)
    print(f"\nall {count} canonical 3j symbols up to lmax 20: {total:.2f} s")
    print(f"one 3j symbol near degree 1000: at most {1e3 * one_large():.1f} ms")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [4, 8, 12, 20, 40])
