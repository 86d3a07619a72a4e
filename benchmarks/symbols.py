"""Single 3j, 6j and 9j symbols against other programs: time and accuracy in one run.

    python -m benchmarks.symbols [--write]

Random degrees, each symbol computed once in a pass by every program; microseconds of CPU time per symbol, the median of
passes in turn.  A family code computes the whole family in one degree for it.  Errors are relative, against
``coupling.exact``; *wrong* is above 1e-6, or not a number.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import coupling
from benchmarks import families, writing
from benchmarks.peers import installed
from benchmarks.timing import compared, told
from coupling import exact
from coupling.numbers.compiled import FUNCTIONS

PAGE = Path(__file__).parent.parent / "docs/benchmarks/symbols.md"
HEADER = """| symbols | degrees | program | µs per symbol | largest error | correctly rounded | wrong |
| --- | --- | --- | --- | --- | --- | --- |"""
#: symbol, largest degree → how many
CASES = {
    ("3j", 20): 400, ("3j", 200): 200, ("3j", 2000): 30,
    ("6j", 5): 200, ("6j", 20): 200, ("6j", 100): 100,
    ("9j", 4): 60, ("9j", 10): 60, ("9j", 30): 20,
}  # fmt: skip
EXACT: dict[str, Callable[..., Any]] = {"3j": exact.wigner_3j, "6j": exact.wigner_6j, "9j": exact.wigner_9j}

Symbol = tuple[int, ...]
Programs = dict[str, tuple[int, Callable[..., float]]]


def couples(*degrees: int) -> bool:
    return 2 * max(degrees) <= sum(degrees)


def drawn(kind: str, largest: int, rng: random.Random) -> Symbol | None:
    """Return a symbol, or None where a selection rule forbids it."""
    if kind == "3j":
        l1, l2 = rng.randint(largest // 2, largest), rng.randint(largest // 2, largest)
        l3 = rng.randint(abs(l1 - l2), min(l1 + l2, largest))
        m1, m2 = rng.randint(-l1, l1), rng.randint(-l2, l2)
        return (l1, l2, l3, m1, m2, -m1 - m2) if abs(m1 + m2) <= l3 else None
    degrees = tuple(rng.randint(largest // 3, largest) for _ in range(6 if kind == "6j" else 9))
    if kind == "6j":
        a, b, c, d, e, f = degrees
        return degrees if couples(a, b, c) and couples(a, e, f) and couples(d, b, f) and couples(d, e, c) else None
    lines = [degrees[i : i + 3] for i in (0, 3, 6)] + [degrees[i::3] for i in range(3)]
    return degrees if all(couples(*line) for line in lines) else None


def symbols(kind: str, largest: int, count: int) -> list[Symbol]:
    """Draw symbols that no selection rule forbids, that do not vanish and that a double can hold."""
    rng = random.Random(largest)
    found: list[Symbol] = []
    while len(found) < count:
        symbol = drawn(kind, largest, rng)
        if symbol and abs(float(EXACT[kind](*symbol))) > 1e-290:
            found.append(symbol)
    return found


def family(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> float:
    """The whole family in one degree."""
    first, values = coupling.wigner_3j_family(l1, l2, m1, m2)
    return float(values[l3 - int(first)])


def ducc0(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> float:
    from ducc0.misc import wigner3j_int

    first, values = wigner3j_int(l1, l2, m1, m2)
    return float(values[l3 - first])


def pyshtools(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> float:
    from pyshtools.utils import Wigner3j

    values, first, _ = Wigner3j(l1, l2, m3, m1, m2)
    return float(values[l3 - first])


def camb(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> float:
    from camb.mathutils import threej

    return float(threej(l1, l2, m1, m2)[l3 - max(abs(l1 - l2), abs(m3))])


def doubled(function: Callable[..., Any]) -> Callable[..., float]:
    """A function of doubled degrees and orders."""
    return lambda *symbol: float(function(*(2 * x for x in symbol)))


def wigxjpf(kind: str) -> Callable[..., float]:
    import pywigxjpf

    pywigxjpf.wig_table_init(2 * 4000 if kind == "3j" else 2 * 200, int(kind[0]))
    pywigxjpf.wig_temp_init(2 * 4000 if kind == "3j" else 2 * 200)
    function = getattr(pywigxjpf, f"wig{kind}j")
    return doubled(function)


def programs(kind: str) -> Programs:
    """Return the programs and the largest degree that each computes."""
    found: Programs = {"coupling": (2000, getattr(coupling, f"wigner_{kind}"))}
    if kind == "3j":
        found["coupling, family"] = (2000, family)
    if installed("wignernj"):
        import wignernj

        found["wignernj"] = (2000, getattr(wignernj, f"wigner{kind}"))
    if installed("pywigxjpf"):
        found["pywigxjpf"] = (2000, wigxjpf(kind))
    if installed("py3nj"):
        import py3nj

        found["py3nj"] = (2000, doubled(getattr(py3nj, f"wigner{kind}")))
    if kind == "3j":
        if installed("wigners"):
            import wigners

            found["wigners"] = (2000, Forgetful(wigners.wigner_3j, wigners.clear_wigner_3j_cache))
        for name, function in (("ducc0", ducc0), ("pyshtools", pyshtools), ("camb", camb)):
            if installed(name):
                found[name] = (2000, function)
    from sympy.physics import wigner

    function = getattr(wigner, f"wigner_{kind}")
    found["sympy"] = ({"3j": 200, "6j": 20, "9j": 4}[kind], lambda *s: float(function(*s)))
    return found


def rows(cases: dict[tuple[str, int], int] = CASES) -> list[str]:
    lines = []
    for (kind, largest), count in cases.items():
        asked = symbols(kind, largest, count)
        true = np.array([float(EXACT[kind](*symbol)) for symbol in asked])
        asked_of = {name: f for name, (limit, f) in programs(kind).items() if largest <= limit}
        used = compared({name: partial(values_of, function, asked) for name, function in asked_of.items()}, turns=5)
        for name, function in asked_of.items():
            lines.append(row(kind, largest, name, used[name] / count, values_of(function, asked), true))
            print(lines[-1], flush=True)
    return lines


def values_of(function: Callable[..., float], asked: list[Symbol]) -> list[float]:
    getattr(function, "forget", int)()
    return [function(*symbol) for symbol in asked]


class Forgetful:
    """A function of a program that keeps its values, which are forgotten before each pass."""

    def __init__(self, function: Callable[..., float], forget: Callable[[], None]) -> None:
        self.function, self.forget = function, forget

    def __call__(self, *symbol: int) -> float:
        return self.function(*symbol)


def row(kind: str, largest: int, name: str, seconds: float, values: list[float], true: np.ndarray) -> str:
    with np.errstate(all="ignore"):
        errors = abs(np.array(values) - true) / abs(true)
    errors[~np.isfinite(errors)] = math.inf
    wrong = int((errors > 1e-6).sum())
    (shown,) = told(wrong, f"{1e6 * seconds:.3g}")
    same = 100 * (np.array(values) == true).mean()
    return f"| {kind} | ≤ {largest} | {name} | {shown} | {errors.max():.1e} | {same:.0f} % | {wrong} |"


COMPILED_HEADER = """| function | degrees | ns per symbol | correctly rounded |
| --- | --- | --- | --- |"""
COMPILED = {
    ("wigner_3j", 20): 400, ("wigner_3j", 200): 200, ("wigner_3j", 2000): 30, ("wigner_6j", 20): 400,
    ("wigner_6j", 100): 100, ("wigner_9j", 20): 100, ("wigner_9j", 30): 40,
}  # fmt: skip


def compiled_rows() -> list[str]:
    """The functions of ``coupling.numba`` in a loop that numba compiles; half-integers are among the degrees."""
    from numba import njit

    import coupling.numba as inside

    lines = []
    for (name, largest), count in COMPILED.items():
        kind, function = name[-2:], getattr(inside, name)
        halves = np.array(half_integer_symbols(kind, largest, count))
        true = [float(EXACT[kind](*(coupling_half(x) for x in row))) for row in halves.tolist()]
        call = ", ".join(f"r[n, {i}]" for i in range(halves.shape[1]))
        scope: dict[str, Any] = {"f": function}
        exec(f"def loop(r, out):\n    for n in range(len(r)):\n        out[n] = f({call})", scope)
        loop, out = njit(scope["loop"]), np.empty(count)
        used = compared({name: partial(loop, halves, out)}, turns=9)[name] / count
        same = 100 * (out == true).mean()
        (shown,) = told(int((~np.isclose(out, true, rtol=1e-6, atol=0)).sum()), f"{1e9 * used:.3g}")
        lines.append(f"| `coupling.numba.{name}` | ≤ {largest} | {shown} | {same:.0f} % |")
        print(lines[-1], flush=True)
    return lines


def coupling_half(twice: int) -> Any:
    from fractions import Fraction

    return Fraction(twice, 2)


def half_integer_symbols(kind: str, largest: int, count: int) -> list[Symbol]:
    """Draw doubled symbols of which about half hold half-integers."""
    rng, found = random.Random(largest), []
    parities = list(product((0, 1), repeat=6 if kind == "6j" else 9))
    while len(found) < count:
        if kind == "3j":
            a, b = rng.randint(largest, 2 * largest), rng.randint(largest, 2 * largest)
            c = rng.randrange(abs(a - b), min(a + b, 2 * largest) + 1, 2)
            p, q = rng.randrange(-a, a + 1, 2), rng.randrange(-b, b + 1, 2)
            row: Symbol = (a, b, c, p, q, -p - q)
            good = abs(p + q) <= c
        else:
            row = tuple(2 * rng.randint(largest // 3, largest - 1) + p for p in rng.choice(parities))
            good = bool(EXACT[kind](*map(coupling_half, row)))
        if good and abs(float(EXACT[kind](*map(coupling_half, row)))) > 1e-290:
            found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    writing.add_options(parser, "docs/benchmarks/symbols.md")
    given = parser.parse_args()
    if given.write:
        writing.require(parser, given.force, "make bench", PAGE)
    FUNCTIONS.load()
    parts = [TEXT, HEADER, *rows()]
    if installed("ducc0"):
        drawn_ones = {top: symbols("3j", top, count) for (kind, top), count in CASES.items() if kind == "3j"}
        asked = {top: [(a, b, p, q) for a, b, _, p, q, _ in found] for top, found in drawn_ones.items()}
        parts += [families.TEXT, families.HEADER, *families.rows(asked)]
    parts += [INSIDE, COMPILED_HEADER, *compiled_rows()]
    if given.write:
        writing.write(PAGE, "\n".join(parts) + "\n", given.force)


TEXT = """# Single symbols

Made by `make bench`. Random degrees, of 3j symbols between half the given one and it, of others between a third of it
and it; the same symbols for every program, CPU time of one thread from Python, arguments checked. ducc0, pyshtools
and camb compute the whole family in one degree for a symbol, and so does *coupling, family*; where a family is
wanted, divide by its length. Errors are relative, against `coupling.exact`; *wrong* is above 1e-6 or not a number. A
program is timed only where none of its values is wrong; pyshtools states in its documentation that it is usable to
degrees of about 165. The compiled functions of coupling are loaded, as they are in every program after its first 20
000 symbols; before that, symbols come from exact integers. wigners keeps the values it has computed; they are
forgotten before each pass.
"""

INSIDE = """
## Inside compiled code

The functions of [coupling.numba](../reference/api/numba.md) in a loop that numba compiles, half-integers among the
degrees.
"""

if __name__ == "__main__":
    main()
