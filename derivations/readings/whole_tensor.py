"""The statements on the whole tensor: matrices with real index against the 6j and real 3j symbols of the package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.matrix_trace import sorted_paths
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import PATHS, SLOTS, degrees, path_instances, surd
from derivations.readings import matrices
from derivations.readings.matrix_product import real_tensor, six_j
from derivations.readings.real_basis import unitary


def time_reversal(names: Names) -> sp.Matrix:
    """V"""
    n = names["n"]
    return sp.Matrix(n, n, lambda row, column: (-1) ** row if row + column == n - 1 else 0)


def real_matrix(names: Names) -> sp.Matrix:
    """i^l times T with real index."""
    l, row = names["l"], unitary(names["l"]).row(names["l"] + names["m"])
    parts = (row[l + m] * matrices.tensor(names["n"], l, m) for m in range(-l, l + 1))
    return (sp.I**l * sum(parts, sp.zeros(names["n"]))).applyfunc(sp.expand)


def entries(names: Names) -> Indexed:
    """X by its row and column, which are orders, or as a whole."""
    whole, orders = real_matrix(names), matrices.spins(names["n"])
    return Indexed(lambda p, q: whole[orders.index(p), orders.index(q)], bare=lambda: whole)


def of_slot(slot: int) -> Any:
    """X of a slot."""
    return lambda n: sp.I ** n[f"l_{slot}"] * real_tensor(slot)(n)


def lost(rows: list[list[str]]) -> Iterator[sp.Integer]:
    """Zeros when each degree limit of a table has the sorted path whose 6j symbol vanishes, or none."""
    (first, *limits), (second, *paths) = rows
    yield sp.Integer((first, second) != ("L", "\\text{lost}"))
    for limit, text in zip(map(int, limits), paths, strict=True):
        j = sp.Rational(limit, 2)
        found = [path for path in sorted_paths(limit) if not exact.wigner_6j(*path, j, j, j)]
        yield sp.Integer([str(path).replace(" ", "") for path in found] != ([] if text == "-" else [text]))


RULES: dict[str, Any] = {
    **PATHS,
    "j": lambda n: sp.Rational(n["n"] - 1, 2),
    "\\overline": lambda _: sp.conjugate,
    "\\bar": lambda _: sp.conjugate,
    "\\mathrm{tr}": matrices.traced,
    "6j": lambda n: Indexed(surd(exact.wigner_6j), bare=lambda: six_j(n)),
    "w": lambda n: sp.Integer(-1) ** (n["n"] - 1) * sp.sqrt(sp.prod([2 * l + 1 for l in degrees(n)])) * six_j(n),
    "C": lambda n: Indexed(lambda *m: surd(exact.real_wigner_3j)(*(m if len(m) == 6 else (*degrees(n), *m)))),
    "V": time_reversal,
    **{f"T_{i}": real_tensor(i) for i in SLOTS},
    **{f"X_{i}": of_slot(i) for i in SLOTS},
}
SINGLE: dict[str, Any] = {
    "X": entries,
    "U": lambda n: Indexed(lambda mu, m: unitary(int(n["j"]))[int(n["j"]) + mu, int(n["j"]) + m]),
    "\\alpha": lambda n: n["X"].value(n["p"], n["q"]),
    "\\beta": lambda n: sp.Integer(-1) ** (n["j"] + n["q"]) * n["X"].value(n["p"], -n["q"]),
    "range p": lambda n: matrices.spins(n["n"]),
    "range q": lambda n: matrices.spins(n["n"]),
}
TRIPLES = tuple(
    given | {"n": max(given[f"l_{i}"] for i in SLOTS) + 1 + number % 2}
    for number, given in enumerate(path_instances(2, 30, real=True))
)
HALF = sp.Rational(1, 2)


def at(n: int, l: int, m: int, p: Any, q: Any) -> dict[str, Any]:
    return {"n": n, "l": l, "m": m, "p": p, "q": q}


ENTRIES = (
    *(at(3, l, m, p, q) for l, m, p, q in ((1, 1, 1, 0), (1, -1, 0, 1), (2, -2, 1, -1), (2, 1, 0, -1), (1, 0, 1, 1))),
    *(at(2, l, m, p, q) for l, m, p, q in ((1, 1, HALF, -HALF), (1, -1, -HALF, HALF), (1, 0, HALF, HALF))),
    *(at(4, 3, m, p * HALF, q * HALF) for m, p, q in ((-2, 3, -1), (3, -3, 3), (1, 1, -1), (0, -1, -1))),
)
REAL = tuple(
    {"n": n, "l": l, "m": m, "\\mu": mu, "\\nu": nu}
    for n, l, m, mu, nu in (
        (3, 1, 1, 1, 0),
        (3, 1, -1, -1, 0),
        (3, 2, -2, -1, 1),
        (3, 1, 0, -1, 1),
        (3, 0, 0, -1, -1),
        (5, 3, -2, 1, -1),
        (5, 3, 1, 2, 1),
        (5, 4, -3, -2, 1),
        (3, 2, 2, 1, 1),
    )
)
BLOCKS = (
    *(given for given in ENTRIES if given["n"] % 2 == 0 and given["p"] > 0),
    at(2, 1, 1, HALF, HALF),
    at(2, 1, -1, HALF, HALF),
    at(4, 2, 1, HALF, 3 * HALF),
    at(4, 2, -2, 3 * HALF, HALF),
    at(4, 1, 1, HALF, HALF),
)

READING = Reading(
    RULES,
    TRIPLES,
    {
        "Powers of i make every path real": Reading({}, TRIPLES),
        "Time reversal": Reading(SINGLE, ENTRIES),
        "These are all matrices that commute with Θ": Reading({}, tuple({"n": n} for n in range(1, 8))),
        "Even 2j: real matrices": Reading(SINGLE, REAL),
        "Odd 2j: matrices of quaternions": Reading(SINGLE, BLOCKS),
        "Paths of weight zero at 2j = L, degree limits 0 to 12": Reading({"table": lambda _: lost}, ({},)),
    },
)
