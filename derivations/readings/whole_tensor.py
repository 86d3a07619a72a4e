"""The statements on the whole tensor: matrices with real index against the 6j and real 3j symbols of the package."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.matrix_trace import sorted_paths
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import PATHS, SLOTS, degrees, path_instances, surd, wigner_3j
from derivations.reading.texts import CASE, NOTATION, PART
from derivations.readings import matrices
from derivations.readings.matrices import six_j
from derivations.readings.matrix_product import real_tensor
from derivations.readings.matrix_texts import of_orders
from derivations.readings.matrix_texts import of_slot as unitary_of_slot
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
    yield sp.Integer((first, second) != ("L", "\\text{lost}") or limits != [str(n) for n, _ in enumerate(limits)])
    for limit, text in zip(map(int, limits), paths, strict=True):
        j = sp.Rational(limit, 2)
        found = [path for path in sorted_paths(limit) if not exact.wigner_6j(*path, j, j, j)]
        yield sp.Integer([str(path).replace(" ", "") for path in found] != ([] if text == "-" else [text]))


RULES: dict[str, Any] = {
    **PATHS,
    "j": lambda n: sp.Rational(n["n"] - 1, 2),
    "L": lambda n: sp.Integer(n["n"] - 1),
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

MATRICES: dict[str, Any] = {
    "T": lambda n: Indexed(lambda l, m: matrices.tensor(n["n"], int(l), int(m))),
    "()_": of_orders,
    "V": lambda n: Indexed(
        lambda p, q: time_reversal(n)[matrices.spins(n["n"]).index(p), matrices.spins(n["n"]).index(q)],
        bare=lambda: time_reversal(n),
    ),
}


def entries_of(names: Names, function: Any) -> sp.Matrix:
    """All entries at the degrees j, l, j, as a column."""
    path = int(names["j"]), names["l"], int(names["j"])
    return sp.Matrix([function(*path, *m) for m in product(*(range(-l, l + 1) for l in path))])


SLOTTED = {"U": unitary_of_slot, "range m": lambda n: range(-n[f"l_{n['i']}"], n[f"l_{n['i']}"] + 1)}
ROWS: dict[str, Any] = {
    "U": lambda n: Indexed(lambda mu, m: unitary(n["l"])[n["l"] + mu, n["l"] + m]),
    "\\mu": lambda n: n["m"] if n["l"] % 2 else -n["m"],
}
SPINNING: dict[str, Any] = {
    "U": lambda n: Indexed(lambda mu, p: unitary(int(n["j"]))[int(n["j"]) + mu, int(n["j"]) + p]),
    "p": lambda n: n["\\mu"] if n["m"] else -n["\\mu"],
    "U_j": lambda n: unitary(int(n["j"])),
    "U_l": lambda n: unitary(n["l"]),
    "3j": lambda n: entries_of(n, wigner_3j),
    "C": lambda n: entries_of(n, surd(exact.real_wigner_3j)),
}
POINT = {name: 0 for i in SLOTS for name in (f"l_{i}", f"\\mu_{i}")} | {"n": 1}
PLACED = tuple(
    given | {"p": p, "q": q}
    for number, given in enumerate((*TRIPLES[::4], TRIPLES[0] | POINT))
    for p in [matrices.spins(given["n"])[number % given["n"]]]
    for q in [-p if number % 3 else p]
)
UNREAD = {
    CASE: (
        "A=X(x)",
        "B=X(y)",
        "C=X(z)",
        "L=1",
        "m=p-q",
        r"l_1\le l_2\le l_3",
    ),
    PART: (
        r"(-\mathrm i)^J",
        r"\sum w\,C\,x\,y\,z",
        r"\sum c_{l\mu}\,\mathrm i^l\,T_{l\mu}",
        "(-1)^j",
        "n/2",
    ),
    NOTATION: (
        "x",
        r"(L+1)\times(L+1)",
        r"\frac{L+1}2\times\frac{L+1}2",
        r"\sum_r\langle u_r,A\rangle\langle v_r,B\rangle\langle w_r,C\rangle=\mathrm{tr}\,ABC",
        r"x\mapsto X",
        r"\Theta",
        r"\Theta^2",
        r"\mathcal A",
        r"\Theta\psi=V\overline\psi",
        r"\overline{R_{lm}}",
        r"\mathcal A=\{\sum x_{l\mu}\mathrm i^lT_{l\mu}:x\text{ real}\}",
        r"\Theta^2=1",
        r"\Theta\psi=\psi",
        r"\mathcal A=M_n(\mathbb R)",
        r"\Theta^2=-1",
        r"\mathbb C^n",
        r"\mathcal A=M_{n/2}(\mathbb H)",
        r"M_n(\mathbb C)",
        r"\sum_qU_{\nu q}|q\rangle",
        r"|p\rangle,\Theta|p\rangle",
        r"\mathrm{Re}\,\alpha+\mathbf i\,\mathrm{Im}\,\alpha"
        r"+\mathbf j\,\mathrm{Re}\,\beta+\mathbf k\,\mathrm{Im}\,\beta",
    ),
}

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
    {
        "Statement": Reading(MATRICES | SLOTTED, PLACED),
        "Time reversal": Reading(MATRICES | ROWS, ()),
        "Even 2j: real matrices": Reading(SPINNING, ()),
        "Odd 2j: matrices of quaternions": Reading(MATRICES, ()),
    },
    UNREAD,
)
