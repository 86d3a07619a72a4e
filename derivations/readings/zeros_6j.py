"""The statements on zeros of 6j symbols, with the symbols of the package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

from derivations import matrix_trace
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import degrees
from derivations.reading.texts import CASE, PART
from derivations.readings.matrix_product import RULES, bound
from derivations.readings.matrix_texts import in_use


def columns(rows: list[list[str]]) -> Iterator[sp.Integer]:
    """Zeros when the 6j symbol of every column vanishes."""
    (first, *paths), (second, *spins) = rows
    yield sp.Integer((first, second) != ("(l_1,l_2,l_3)", "2j"))
    for path, doubled in zip(paths, spins, strict=True):
        spin = sp.Rational(int(doubled), 2)
        numbers = map(int, path[1:-1].split(","))
        yield in_use(*numbers, spin, spin, spin)


def polynomial(names: Names) -> Any:
    """W as a polynomial in n: a function of it, and its value."""

    def at(n: Any) -> sp.Expr:
        terms = (weight * over(n, k) for k, weight in matrix_trace.weights(degrees(names)))
        return sum(terms, sp.Integer(0))

    return Indexed(at, bare=lambda: at(sp.Integer(names["n"])))


def over(n: Any, k: int) -> sp.Expr:
    """binom(n + k, 2k + 1) for any n."""
    factors = [n - k + step for step in range(2 * k + 1)]
    return sp.prod(factors) / sp.factorial(2 * k + 1)


PATHS_AND_SPINS = tuple(
    {"l_1": p, "l_2": q, "l_3": r, "n": n}
    for p, q, r, n in (
        (0, 0, 0, 1),
        (2, 2, 2, 4),
        (2, 2, 2, 5),
        (3, 5, 5, 7),
        (1, 2, 3, 4),
        (3, 5, 6, 13),
        (1, 1, 1, 20),
        (3, 4, 4, 20),
    )
)

READING = Reading(
    {**RULES, "W": polynomial, "\\beta": bound, "table": lambda _: columns},
    ({},),
    {"Each path has finitely many zeros": Reading({}, PATHS_AND_SPINS)},
    {"Statement": Reading({}, PATHS_AND_SPINS)},
    {CASE: (r"l_1\le l_2\le l_3\le2j",), PART: ("6j(l_1l_2l_3;jjj)", "W/n")},
)
