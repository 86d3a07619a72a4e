"""The statements on vector harmonics: sums of Clebsch-Gordan coefficients, compared at points and integrated."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations import vector_shifts
from derivations.invariant_polynomial import paths
from derivations.reading import Reading
from derivations.reading.atoms import Reader
from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.paths import PATHS, SLOTS, degrees, path_instances, plain, surd, total, wigner_3j
from derivations.reading.sphere import FRAME, FUNCTIONS, POSITION, SPHERE, bracket, gradient, harmonic, integral
from derivations.reading.texts import CASE, NOTATION, PART, formulas
from derivations.reading.tokens import tokens
from derivations.readings.clebsch_gordan_paths import core

UNIT = {
    1: -sp.Matrix([1, sp.I, 0]) / sp.sqrt(2),
    0: sp.Matrix([0, 0, 1]),
    -1: sp.Matrix([1, -sp.I, 0]) / sp.sqrt(2),
}


@cache
def vector_harmonic(big: int, l: int, m: int) -> sp.Matrix:
    """Y^L_lm"""
    found = sp.zeros(3, 1)
    for mu in (-1, 0, 1):
        if big >= 0 and abs(l - 1) <= big <= l + 1 and abs(m - mu) <= big:
            factor = surd(exact.clebsch_gordan)(big, 1, l, m - mu, mu, m)
            found += factor * harmonic(big, m - mu) * UNIT[mu]
    return found.applyfunc(sp.expand)


def harmonics(*indices: Any) -> Any:
    """Y_lm, or Y^L_lm with an index more."""
    numbers = tuple(map(plain, indices))
    return harmonic(*numbers) if len(numbers) == 2 else vector_harmonic(*numbers)


def field(slot: int) -> dict[str, Any]:
    """F^α and F^∘ of a slot."""
    return {
        f"F_{slot}^\\alpha_{slot}": lambda n: (
            gradient(n[f"Y_{slot}"]) + n[f"\\alpha_{slot}"] * POSITION * n[f"Y_{slot}"]
        ),
        f"F_{slot}^\\circ": lambda n: POSITION.cross(gradient(n[f"Y_{slot}"])),
    }


def shifts(names: Names) -> tuple[int, int, int]:
    first, second, third = (names[f"L_{i}"] - names[f"l_{i}"] for i in SLOTS)
    return first, second, third


def weight(names: Names) -> sp.Expr:
    """The squared norms of the three fields, multiplied."""
    found = 1
    for l, shift in zip(degrees(names), shifts(names), strict=True):
        found *= vector_shifts.norm_square(l, shift)
    return sp.Integer(found)


def closed(names: Names) -> sp.Expr:
    """X"""
    factor = sp.Rational(vector_shifts.factor(degrees(names), shifts(names)))
    return factor * core(names) * (-1 if shifts(names).count(0) == 2 else 1)


def number(names: Names) -> sp.Expr:
    """x: the number in front of G or A for normalized fields."""
    factor = sp.Rational(vector_shifts.factor(degrees(names), shifts(names)))
    return factor / sp.sqrt(weight(names)) / sp.I ** shifts(names).count(0)


def alphas(names: Names, slot: int) -> int:
    """α of a slot, by the sign of its shift."""
    low = names["pattern"][slot - 1] == "-" if "pattern" in names else names[f"L_{slot}"] < names[f"l_{slot}"]
    return names[f"l_{slot}"] if low else -names[f"l_{slot}"] - 1


PATTERNS = ("---", "--+", "-++", "+++")
TURNED = {"--": "(\\circ--)", "-+": "(\\circ-+)", "++": "(\\circ++)"}
RULES = {
    **PATHS,
    **SPHERE,
    "Y": lambda n: Indexed(harmonics, bare=lambda: harmonic(n["l"], n["m"])),
    "A": lambda n: integral(n["Y_1"] * bracket(n["Y_2"], n["Y_3"])),
    "G": lambda n: integral(n["Y_1"] * n["Y_2"] * n["Y_3"]),
    "K": lambda n: surd(exact.bracket_factor)(*degrees(n)) if total(n) % 2 else sp.Integer(0),
    "x": number,
    "X": closed,
    **field(1),
    **field(2),
    **field(3),
    **{f"\\alpha_{i}": lambda n, i=i: alphas(n, i) for i in SLOTS},
    **{f"\\nu_{i}": lambda n, i=i: vector_shifts.norm_square(n[f"l_{i}"], n[f"L_{i}"] - n[f"l_{i}"]) for i in SLOTS},
    **{f"({p})": lambda n, p=p: n["pattern"] == p for p in PATTERNS},
    **{text: lambda n, p=p: n["pattern"][1:] == p for p, text in TURNED.items()},
}
UNITS = {
    "e": lambda _: Indexed(lambda mu: UNIT[int(mu)], bare=lambda: sp.E),
    "range \\mu": lambda _: (-1, 0, 1),
}
ONE = tuple({"l": l, "m": m} for l, m in ((1, 0), (1, 1), (2, -1), (3, 2)))
FIELDS = {
    "F^\\alpha": lambda n: gradient(harmonic(n["l"], n["m"])) + n["\\alpha"] * POSITION * harmonic(n["l"], n["m"]),
    "F^\\circ": lambda n: POSITION.cross(gradient(harmonic(n["l"], n["m"]))),
}
GENERAL = tuple(path_instances(2, 9))
SHIFTED = tuple(
    given | {f"L_{slot}": given[f"l_{slot}"] + shift for slot, shift in zip(SLOTS, triple, strict=True)}
    for number, given in enumerate(given for given in path_instances(2, 24) if min(given[f"l_{i}"] for i in SLOTS))
    for triple in (((-1, 1, 1), (1, 1, 1), (0, 1, -1), (0, 0, 1), (0, 1, 1), (0, 0, 0), (-1, -1, 1))[number % 7],)
)
CLOSED = (
    *SHIFTED,
    *(
        {"l_1": 2, "l_2": 1, "l_3": 2, "m_1": 0, "m_2": 0, "m_3": 0} | {"L_1": 2, "L_2": 1, "L_3": 2},
        {"l_1": 2, "l_2": 2, "l_3": 2, "m_1": 0, "m_2": 0, "m_3": 0} | {"L_1": 2, "L_2": 1, "L_3": 3},
        {"l_1": 2, "l_2": 1, "l_3": 2, "m_1": 0, "m_2": 0, "m_3": 0} | {"L_1": 2, "L_2": 1, "L_3": 3},
    ),
)


def coefficient(l: Any, m: Any, *inputs: Any) -> sp.Expr:
    """C^{lm}_{LM,1μ}"""
    big, order, one, mu = inputs
    inside = abs(order) <= big and abs(m) <= l and abs(mu) <= one
    return surd(exact.clebsch_gordan)(big, one, l, order, mu, m) if inside else sp.Integer(0)


def momentum(q: Any) -> Operator:
    """L_q = −i e_q·(r × ∇)"""
    return Operator(lambda f: -sp.I * UNIT[int(q)].dot(POSITION.cross(gradient(f))))


def not_reached(cells: list[list[str]]) -> Iterator[sp.Integer]:
    """Zeros when each pair of shifts misses those even paths that its row says, and no other."""
    head, *pairs = cells
    yield sp.Integer(head != ["pair $(s_1,s_2)$", "does not reach the even paths with"])
    yield sp.Integer([pair for pair, _ in pairs] != [f"$({mark[0]},{mark[1]})$" for mark in ORDER])
    for (pair, said), path in product(pairs, (p for p in paths(5) if sum(p) % 2 == 0)):
        first, second = (SHIFT[mark] for mark in pair[2:-2].split(","))
        reader = Reader([], Names({}, dict(zip(("l_1", "l_2", "l_3"), path, strict=True))), set())
        missed = said == "any degrees" or any(reader.holds(tokens(rule)) for rule in formulas(said))
        yield sp.Integer(missed == vector_shifts.reached(path, first, second))


SHIFT = {"-": -1, "0": 0, "+": 1}
ORDER = ("00", "0+", "+0", "0-", "-0", "++", "--", "-+", "+-")
COMPONENTS: dict[str, Any] = {
    **UNITS,
    **FRAME,
    **FUNCTIONS,
    "e_x": lambda _: sp.Matrix([1, 0, 0]),
    "e_y": lambda _: sp.Matrix([0, 1, 0]),
    "e_z": lambda _: sp.Matrix([0, 0, 1]),
    "C": lambda _: Indexed(coefficient),
    "3j": lambda n: lambda *m: wigner_3j(*(m if len(m) == 6 else (*degrees(n), *m))),
    "L": lambda n: Indexed(momentum, bare=lambda: n["big"]),
    "\\kappa": lambda n: sp.sqrt(n["l"] * (n["l"] + 1)),
    "\\cdot": FUNCTIONS["f"],
    "range M": lambda n: range(-n["big"], n["big"] + 1),
    "range q": lambda _: (-1, 0, 1),
    "table": lambda _: not_reached,
}
EACH = tuple(
    given | {"l": l, "m": m, "big": big, "\\mu": mu, "q": mu, "\\pm": sign}
    for given, (l, m, big, mu, sign) in zip(
        SHIFTED,
        ((1, 0, 2, 1, 1), (2, -1, 1, 0, -1), (2, 1, 3, -1, 1), (1, 1, 0, 1, -1), (3, -2, 3, 1, 1)),
        strict=False,
    )
)
UNREAD = {
    CASE: (
        "L=l-1,l,l+1",
        "L=1",
        "l=0",
        "l_i=0",
        "K=0",
        "L=l",
        r"A\ne0",
        "l_3=l_1+l_2-1",
        r"G\ne0",
        "l_i=l_j+l_k",
    ),
    PART: (
        "3j(l_1l_2l_3;000)",
        "(--+)",
        "3j(l_1l_2l_3;-m_1,-m_2,-m_3)",
        r"\sum_iL_i",
        "-(-1)^J",
    ),
    NOTATION: (
        "(s_1,s_2)",
        "M_i",
        r"\mu_i",
        "(0,0)",
        "(0,0,0)",
        r"(\pm,\pm)",
        r"(e_\theta,e_\phi,r)",
        r"(v_\theta,v_\phi,0)",
        r"(-v_\phi,v_\theta,0)",
        "(L_i,1,l_i)",
    ),
}

READING = Reading(
    RULES,
    SHIFTED,
    {
        "Spherical unit vectors": Reading(
            UNITS,
            tuple({"\\mu": p, "\\nu": q, "\\lambda": r} for p, q, r in ((1, 0, -1), (0, 0, 1), (0, 1, -1), (1, -1, 0))),
        ),
        "A harmonic times the normal": Reading({}, ONE),
        "The gradient of a harmonic": Reading({}, ONE),
        "The gradient, turned by a right angle": Reading({}, ONE),
        "Three fields per harmonic": Reading(
            FIELDS, tuple(one | {"\\alpha": alpha} for one in ONE for alpha in (one["l"], -one["l"] - 1))
        ),
        "Pointwise triple products": Reading(
            {}, tuple(g | {"pattern": p} for g in GENERAL[:3] for p in ("--+", "+-+"))
        ),
        "Their integrals: one number times A or times G": Reading(
            {}, tuple(g | {"pattern": PATTERNS[i % 4]} for i, g in enumerate(GENERAL))
        ),
        "Which of them vanish": Reading({}, tuple(g | {"pattern": p} for g in path_instances(4, 6) for p in PATTERNS)),
        "By-product: these 9j symbols in closed form": Reading({}, CLOSED),
    },
    {
        "Statement": Reading(COMPONENTS, EACH),
        "Spherical unit vectors": Reading(COMPONENTS, EACH),
        "A harmonic times the normal": Reading(COMPONENTS, EACH),
        "The gradient of a harmonic": Reading({**COMPONENTS, "L": lambda n: n["big"]}, EACH),
        "The gradient, turned by a right angle": Reading(COMPONENTS, EACH),
        "Three fields per harmonic": Reading(FRAME, ()),
        "Pointwise triple products": Reading(FUNCTIONS, ()),
        "The general formula: a 9j symbol": Reading(COMPONENTS, EACH),
        "By-product: these 9j symbols in closed form": Reading(COMPONENTS, CLOSED),
    },
    UNREAD,
)
