"""Families of 3j symbols in one degree, beside ducc0: part of the page that :mod:`benchmarks.symbols` writes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import coupling
from benchmarks.timing import compared, told, wrong
from coupling.exact.wigner_3j import doubled_3j

Family = tuple[int, int, int, int]
Values = Callable[..., Any]

#: Symbols of a family that are compared with exact ones, at least.
COMPARED = 20

HEADER = """| degrees | length | coupling, µs | ducc0, µs | coupling / ducc0 | ns per symbol | correctly rounded |
| --- | --- | --- | --- | --- | --- | --- |"""

TEXT = """
## Families

All symbols of a family in one degree, `wigner_3j_family` and `ducc0.misc.wigner3j_int`, called in turn for the same
random families; the ratio is that of the medians. Correctly rounded: coupling, then ducc0.

ducc0 runs the recurrence in doubles, about ten operations for a symbol, and its values are right to some 10⁻¹³. Here it
runs in doubles as well; residuals of its rows, with coefficients of twice the digits, then give a correction and a
bound of what is left, and a value is returned where both ends of that interval round to it. These are about 140
operations for a symbol, in loops over registers of four doubles. At degree 20 more than half of the time is the call
from Python, with its checks of arguments.
"""


def one(l1: int, l2: int, m1: int, m2: int) -> Any:
    return coupling.wigner_3j_family(l1, l2, m1, m2).values


def ducc0() -> Values:
    from ducc0.misc import wigner3j_int

    return lambda *family: wigner3j_int(*family)[1]


def programs() -> dict[str, Values]:
    return {"coupling": one, "ducc0": ducc0()}


def rows(asked: dict[int, list[Family]]) -> list[str]:
    """Return a line for each largest degree, of which families are given."""
    return [row(largest, families, programs()) for largest, families in asked.items()]


def row(largest: int, families: list[Family], known: dict[str, Values]) -> str:
    used = compared({name: partial(all_of, function, families) for name, function in known.items()})
    found = {name: all_of(function, families) for name, function in known.items()}
    steps = [max(1, len(values) // COMPARED) for values in found["coupling"]]
    values = {name: np.concatenate([v[::n] for v, n in zip(all_, steps, strict=True)]) for name, all_ in found.items()}
    true, count = exact_values(families, steps), len(families)
    size = sum(map(len, found["coupling"])) / count
    cells, same = [], []
    for name in ("coupling", "ducc0"):
        cells.append(told(wrong(values[name], true), f"{1e6 * used[name] / count:.3g}")[0])
        same.append(f"{100 * (values[name] == true).mean():.0f} %")
    right = not any(wrong(found, true) for found in values.values())
    ratio = f"{used['coupling'] / used['ducc0']:.1f}" if right else "–"
    each = f"{1e9 * used['coupling'] / count / size:.3g}" if right else "–"
    return f"| ≤ {largest} | {size:.0f} | {cells[0]} | {cells[1]} | {ratio} | {each} | {same[0]}, {same[1]} |"


def all_of(function: Values, families: list[Family]) -> list[Any]:
    return [function(*family) for family in families]


def exact_values(families: list[Family], steps: list[int]) -> np.ndarray:
    """Symbols of each family, every one that a step meets, on their own and from exact integers."""
    found = []
    for (l1, l2, m1, m2), step in zip(families, steps, strict=True):
        a, b, p, q = 2 * l1, 2 * l2, 2 * m1, 2 * m2
        first = max(abs(a - b), abs(p + q))
        found += [float(doubled_3j(a, b, c, p, q, -p - q)) for c in range(first, a + b + 1, 2 * step)]
    return np.array(found)
