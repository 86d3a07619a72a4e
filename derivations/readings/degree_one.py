"""The statements on degrees 0 and 1, at components and weights that an instance gives."""

from __future__ import annotations

from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.degree_one_terms import CORNERS, TRIAD, bound, flattening, least_rank, restricted
from derivations.reading import Reading
from derivations.reading.names import Indexed, Operator
from derivations.reading.paths import PATHS, SLOTS, kronecker
from derivations.reading.texts import CASE, NOTATION, PART

ORDERS = {0: 0, 1: 1, 2: -1, 3: 0}


def core(*places: Any) -> sp.Expr:
    """C by its components: 0 the scalar, 1, 2, 3 the vector."""
    degrees = [min(int(place), 1) for place in places]
    return sp.sympify(exact.real_wigner_3j(*degrees, *(ORDERS[int(place)] for place in places)))


class Determinant(Operator):
    """Of three vectors in a parenthesis, or of the matrix to the right."""

    def __call__(self, *columns: sp.Matrix) -> sp.Expr:
        return sp.Matrix.hstack(*columns).det()


def vector(slot: int) -> Any:
    return lambda n: sp.Matrix([n[f"{letter}_{slot}"] for letter in "xyz"])


FORMS: dict[str, Any] = {
    **PATHS,
    **{f"v_{i}": vector(i) for i in SLOTS},
    **{f"f_{i}": lambda _, i=i: TRIAD[i - 1] for i in SLOTS},
    "\\det": lambda _: Determinant(lambda value: sp.expand(value.det(method="berkowitz")), wide=True),
    "range t": lambda _: CORNERS,
    "range j": lambda _: SLOTS,
    "range k": lambda _: SLOTS,
    "\\lambda": lambda _: sp.Matrix([1, 2, -3]),
    "\\tau": lambda n: n["\\lambda"].dot(n["\\lambda"]),
    "\\varepsilon": lambda _: Indexed(lambda *indices: sp.LeviCivita(*indices)),
    "\\delta": lambda _: Indexed(kronecker),
    "F": lambda n: restricted(n["\\kappa"], n["\\lambda"]),
    "B": lambda n: sp.Integer(bound(n["\\kappa"])),
}


def component(slot: int) -> Any:
    """The number of a slot, of three in a list t."""
    return lambda names: names["t"][slot - 1]


def components(*numbers: int) -> dict[str, int]:
    """Components of three slots."""
    return {f"{letter}_{i}": numbers[4 * (i - 1) + place] for i in SLOTS for place, letter in enumerate("sxyz")}


SOME = (
    components(2, 1, -3, 2, 1, 3, 1, -2, -1, 2, 5, 1),
    components(1, 2, 0, 1, 3, -1, 2, 2, 2, 1, 1, -3),
    components(0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1),
    components(0, 0, 1, 2, 1, 3, -1, 0, 0, 1, 0, 2),
)
#: Values of κ, and vectors λ of which one is isotropic.
KAPPAS = (1, 2, 3, 5, sp.Rational(1, 2))
WEIGHTS = ((1, 1, 1, 1, 1), (2, -1, 3, 1, -2), (-1, 2, sp.Rational(1, 3), 5, 1))
SCALES: dict[str, Any] = {
    "b": lambda n: sp.sqrt(6) / n["w_111"],
    "a_1": lambda n: sp.sqrt(3) / (n["b"] * n["w_011"]),
    "a_2": lambda n: sp.sqrt(3) / (n["b"] * n["w_101"]),
    "a_3": lambda n: sp.sqrt(3) / n["w_110"],
    "\\rho": lambda n: 2 * n["w_011"] * n["w_101"] * n["w_110"] / (sp.sqrt(3) * n["w_000"] * n["w_111"] ** 2),
}
PLACES = ((1, 2, 3), (2, 1, 3), (1, 1, 2), (2, 2, 1), (3, 3, 3), (1, 3, 2))
PAIRS = tuple({"i": i, "j": j} for i in SLOTS for j in SLOTS)
SINGLE: dict[str, Any] = {
    "A": lambda n: n["v"] * n["w"].T,
    "S": lambda n: flattening([sp.Matrix([[value]]) for value in n["u"]]),
    "F": lambda n: flattening([value * n["A"] for value in n["u"]]),
}
ONE = (
    {"u": (2, -1, 3), "v": sp.Matrix([1, 0, 2, -1]), "w": sp.Matrix([1, 3, 0, 5])},
    {"u": (0, 1, 1), "v": sp.Matrix([2, 1, 1, 1]), "w": sp.Matrix([-1, 0, 4, 2])},
)

RANK: dict[str, Any] = {"\\mathrm{rank}": lambda _: Operator(lambda value: sp.Integer(value.rank()), wide=True)}
FLATTENED: dict[str, Any] = {
    **{f"u_{i}": lambda n, i=i: sp.Integer(n["u"][i - 1]) for i in SLOTS},
    **{f"A_{i}": lambda n, i=i: n["u"][i - 1] * n["A"] for i in SLOTS},
    "R": lambda _: sp.Integer(1),
    **RANK,
}
UNREAD = {
    CASE: (
        r"\rho=\tfrac13",
        r"\rho=-1",
        r"\rho=1",
        r"s_1=\lambda\cdot v_1",
        r"\rho=2/\sqrt3",
        r"\tau=0",
        r"\kappa=3",
        r"\kappa=-1",
    ),
    PART: (r"\sum w\,C", "xyz", "R-1", "(0,0,t)", r"(1,\mathrm i,0)", "1+6"),
    NOTATION: (
        r"2\times2",
        r"3\times3",
        r"B=1+\lceil\tfrac12\min_\lambda\mathrm{rank}\,F\rceil",
        "t=(1,1,1),(1,-1,-1),(-1,1,-1),(-1,-1,1)",
        r"f\cdot g=\sum f_kg_k",
        r"F=\begin{pmatrix}0&A_1&A_2\\-A_1&0&A_3\\-A_2&-A_3&0\end{pmatrix}",
        r"u\otimes v\otimes w",
        r"A_i=M_i+\lambda_iM_0",
        "M_0",
        "M_i",
    ),
}

READING = Reading(
    FORMS,
    tuple(given | {"\\kappa": kappa} for given, kappa in zip((*SOME, SOME[0]), KAPPAS, strict=True)),
    {
        "The core at degrees to 1": Reading(
            {"C": lambda _: Indexed(core)},
            tuple(dict(zip(("\\lambda", "\\mu", "\\nu"), places, strict=True)) for places in PLACES),
        ),
        "One invariant": Reading(
            SCALES,
            tuple(dict(zip((f"w_{p}" for p in ("000", "011", "101", "110", "111")), w, strict=True)) for w in WEIGHTS),
        ),
        "Seven real terms at ρ = 1, eight at every other": Reading({}, SOME),
        "Three vectors": Reading({}, PAIRS),
        "Six complex terms at ρ = 1/3, seven at every other": Reading({}, SOME),
        "A term has a flattening of rank 2": Reading(SINGLE, ONE),
        "The determinant of the flattening": Reading(
            {},
            tuple(
                {"\\kappa": kappa, "\\lambda": sp.Matrix(vector)}
                for kappa in KAPPAS
                for vector in ((1, 2, -3), (1, sp.I, 0), (0, sp.I, 0))
            ),
        ),
        "The least rank of the flattening": Reading({}, tuple({"\\kappa": kappa} for kappa in KAPPAS)),
    },
    {
        "Statement": Reading(
            {"\\rho": lambda n: 1 / sp.Integer(n["\\kappa"])},
            ({"\\kappa": 1} | SOME[0], {"\\kappa": 2} | SOME[1], {"\\kappa": -2} | SOME[2]),
        ),
        "One invariant": Reading(
            {
                "\\kappa": lambda n: (
                    sp.sqrt(3) * n["w_000"] * n["w_111"] ** 2 / (2 * n["w_011"] * n["w_101"] * n["w_110"])
                )
            },
            (),
        ),
        "Seven real terms at ρ = 1, eight at every other": Reading({f"t_{i}": component(i) for i in SLOTS}, PAIRS),
        "A term has a flattening of rank 2": Reading(FLATTENED, ()),
        "The least rank of the flattening": Reading(
            RANK | {"\\min_\\lambda": lambda n: Operator(lambda _: sp.Integer(least_rank(n["\\kappa"])))},
            ({"\\kappa": 1}, {"\\kappa": 2}, {"\\kappa": 5, "\\lambda": sp.zeros(3, 1)}),
        ),
    },
    UNREAD,
)
