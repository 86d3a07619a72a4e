"""The statements on the single vector product, with fields that are made of the numbers of the derivation."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derivations.reading import Reading
from derivations.reading.paths import PATHS, SLOTS, path_instances
from derivations.reading.sphere import FUNCTIONS, POSITION, SPHERE, gradient
from derivations.reading.texts import CASE, PART

#: E, B, L of the three fields: numbers of ∇f, r × ∇f and r f.
SINGLE = ((0, 1, 1), (1, 0, 1), (1, 1, -1))
CYCLIC = ((1, 2, 3), (2, 3, 1), (3, 1, 2))


def made(function: sp.Expr, numbers: tuple[Any, ...]) -> sp.Matrix:
    """E ∇f + B r × ∇f + L r f"""
    slope = gradient(function)
    return numbers[0] * slope + numbers[1] * POSITION.cross(slope) + numbers[2] * POSITION * function


def single(slot: int, name: str) -> Any:
    return lambda names: made(names[name], SINGLE[slot - 1])


def general(slot: int) -> Any:
    return lambda names: made(names[f"f_{slot}"], tuple(names[f"{letter}_{slot}"] for letter in "EBL"))


def turned(place: int) -> Any:
    """An index of a cyclic triple."""
    return lambda names: names["(ijk)"][place]


#: All different, none of them zero.
NUMBERS = dict(zip((f"{letter}_{i}" for letter in "EBL" for i in SLOTS), (2, -3, 5, 7, 3, -2, 4, 1, 6), strict=True))
FIELDS = {f"V_{slot}": single(slot, name) for slot, name in zip(SLOTS, "fgh", strict=True)}
HARMONICS = {name: lambda n, slot=slot: n[f"Y_{slot}"] for slot, name in zip(SLOTS, "fgh", strict=True)}
GENERAL: dict[str, Any] = {
    **{f"V_{slot}": general(slot) for slot in SLOTS},
    **{f"f_{slot}": FUNCTIONS[name] for slot, name in zip(SLOTS, "fgh", strict=True)},
    **{name: turned(place) for place, name in enumerate("ijk")},
    "range (ijk)": lambda _: CYCLIC,
}


ANY = tuple(
    {"l_1": p, "l_2": q, "l_3": r, "i": i}
    for p, q, r in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 2, 1))
    for i in SLOTS
)

#: i, j, k as the instance turns them.
CYCLED: dict[str, Any] = {name: turned(place) for place, name in enumerate("ijk")}

READING = Reading(
    {**PATHS, **SPHERE, **FIELDS, **HARMONICS},
    tuple(path_instances(2, 14)),
    {
        "The triple product of any three fields": Reading(GENERAL, tuple(NUMBERS | {"n": n} for n in SLOTS)),
        "The three fields of the statement": Reading(FUNCTIONS, ({},)),
        "No path is lost but one": Reading({}, ANY),
    },
    {
        "The triple product of any three fields": Reading(
            CYCLED,
            tuple(given | {"(ijk)": CYCLIC[n % 3]} for n, given in enumerate(path_instances(2, 9))),
        ),
    },
    {
        CASE: ("(0,0,0)", "(E,B,L)=(0,1,1)", "(1,0,1)", "(1,1,-1)", "(1,2,3)"),
        PART: (
            r"\frac12\sum\lambda\,N",
            "2N",
            r"\frac12\sum\lambda",
            r"2\mathrm i",
            r"\int Y_i\{Y_j,Y_k\}",
            r"h\{f,g\}",
        ),
    },
)
