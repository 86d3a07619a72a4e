"""Single 3j symbols of large degrees against other programs: time and accuracy in one run.

    python -m benchmarks.symbols [--write]

Random degrees up to 20, 200 and 2000, each computed once by every program; microseconds of CPU time per symbol.  A
family code computes the whole family in one degree for it.  Errors are relative, against ``coupling.exact``; *wrong* is
above 1e-6, or not a number.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Callable
from pathlib import Path

import coupling
from benchmarks import writing
from benchmarks.peers import installed, wigxjpf
from benchmarks.timing import told
from coupling import exact

PAGE = Path(__file__).parent.parent / "docs/benchmarks/symbols.md"
HEADER = """| degrees | program | µs per symbol | largest error | correctly rounded | wrong |
| --- | --- | --- | --- | --- | --- |"""
SIZES = {20: 400, 200: 200, 2000: 30}

Symbol = tuple[int, int, int, int, int, int]


def symbols(largest: int, count: int) -> list[Symbol]:
    """Draw symbols that no selection rule forbids and that a double can hold."""
    rng = random.Random(largest)
    found: list[Symbol] = []
    while len(found) < count:
        l1, l2 = rng.randint(largest // 2, largest), rng.randint(largest // 2, largest)
        l3 = rng.randint(abs(l1 - l2), min(l1 + l2, largest))
        m1, m2 = rng.randint(-l1, l1), rng.randint(-l2, l2)
        if abs(m1 + m2) <= l3 and abs(coupling.wigner_3j(l1, l2, l3, m1, m2, -m1 - m2)) > 1e-290:
            found.append((l1, l2, l3, m1, m2, -m1 - m2))
    return found


def family(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> float:
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


def programs() -> dict[str, tuple[int, Callable[..., float]]]:
    """Return the programs and the largest degree that each computes."""
    found: dict[str, tuple[int, Callable[..., float]]] = {
        "coupling": (2000, coupling.wigner_3j),
        "coupling, family": (2000, family),
    }
    if installed("wignernj"):
        from wignernj import wigner3j

        found["wignernj"] = (2000, wigner3j)
    if installed("wigners"):
        from wigners import wigner_3j

        found["wigners"] = (2000, wigner_3j)
    if installed("pywigxjpf"):
        found["pywigxjpf"] = (2000, wigxjpf(2 * 4000))
    for name, function in (("ducc0", ducc0), ("pyshtools", pyshtools), ("camb", camb)):
        if installed(name):
            found[name] = (2000, function)
    from sympy.physics.wigner import wigner_3j as sympy_3j

    found["sympy"] = (200, lambda *s: float(sympy_3j(*s)))
    return found


def rows() -> list[str]:
    lines = []
    for largest, count in SIZES.items():
        asked = symbols(largest, count)
        true = [float(exact.wigner_3j(*symbol)) for symbol in asked]
        for name, (limit, function) in programs().items():
            if largest <= limit:
                function(*asked[0])
                begin = time.process_time()
                values = [function(*symbol) for symbol in asked]
                used = (time.process_time() - begin) / count
                errors = [
                    abs(v - t) / abs(t) if math.isfinite(v) else math.inf for v, t in zip(values, true, strict=True)
                ]
                same = 100 * sum(v == t for v, t in zip(values, true, strict=True)) / count
                wrong = sum(not e <= 1e-6 for e in errors)
                (shown,) = told(wrong, f"{1e6 * used:.3g}")
                lines.append(f"| ≤ {largest} | {name} | {shown} | {max(errors):.1e} | {same:.0f} % | {wrong} |")
                print(lines[-1], flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    writing.add_options(parser, "docs/benchmarks/symbols.md")
    given = parser.parse_args()
    if given.write:
        writing.require(parser, given.force, "make bench", PAGE)
    lines = rows()
    if given.write:
        writing.write(PAGE, TEXT + "\n".join([HEADER, *lines]) + "\n", given.force)


TEXT = """# Single symbols of large degrees

Made by `make bench`. Random degrees between half the given one and it, the same symbols for every program, CPU time of
one thread from Python. ducc0, pyshtools and camb compute the whole family in one degree for a symbol, and so does
*coupling, family*; where a family is wanted, divide by its length. Errors are relative, against `coupling.exact`;
*wrong* is above 1e-6 or not a number. A program is timed only where none of its values is wrong; pyshtools
states in its documentation that it is usable to degrees of about 165.

"""

if __name__ == "__main__":
    main()
