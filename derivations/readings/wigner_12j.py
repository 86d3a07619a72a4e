"""The statements on 12j symbols: rings of degrees, and two lines with one rung."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.reading import Reading
from derivations.reading.names import Names
from derivations.reading.paths import PATHS, surd
from derivations.reading.texts import CASE, NOTATION, PART
from derivations.rings import contraction

H = sp.Rational(1, 2)
RING = tuple(f"{row}_{column}" for row in "abc" for column in (1, 2, 3, 4))


def degrees(names: Names) -> list[Any]:
    return [names[name] for name in RING]


def total_degrees(names: Names) -> list[Any]:
    """What a1 and c1 couple to."""
    first, last = abs(names["a_1"] - names["c_1"]), names["a_1"] + names["c_1"]
    return [first + n for n in range(int(last - first) + 1)]


def contracted(kind: int) -> Any:
    """T of a kind, by Racah's sum."""

    def of(names: Names) -> sp.Expr:
        doubled = [int(2 * degree) for degree in degrees(names)]
        square = contraction(kind, tuple(doubled[:4]), tuple(doubled[4:8]), tuple(doubled[8:]))
        return sp.sign(square) * sp.sqrt(sp.Rational(abs(square)))

    return of


def symbol(kind: int) -> Any:
    return lambda names: surd(partial(exact.wigner_12j, kind=kind))(*degrees(names))


def orders_of_rung(names: Names) -> list[Any]:
    return [names["b_1"] - n for n in range(int(2 * names["b_1"]) + 1)]


RULES: dict[str, Any] = {
    **PATHS,
    "=": lambda _: lambda left, right: left - right,
    "S": lambda n: sum(degrees(n)),
    "T_1": contracted(1),
    "T_2": contracted(2),
    "X_1": symbol(1),
    "X_2": symbol(2),
    "range x": total_degrees,
    "range q": orders_of_rung,
}


def ring(*numbers: Any) -> dict[str, Any]:
    """Degrees, of which the last lines close the ring in one of the two ways, or in both."""
    return dict(zip(RING, map(sp.Rational, numbers), strict=True))


#: Rings of both kinds: a1 = c1, or a4 and b4 couple to both; and one of the first kind with half-integers x.
RINGS = (
    ring(1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1),
    ring(H, H, 1, H, 1, H, H, 1, H, H, 0, H),
    ring(1, H, 1, 3 * H, H, H, H, H, 1, 3 * H, 2, 3 * H),
    ring(1, 2, 1, 1, 1, 2, 1, 1, 2, 1, 2, 2),
    ring(H, 1, 3 * H, 1, H, H, H, H, 3 * H, 1, 3 * H, 1),
    ring(1, 1, 1, H, 1, 1, H, 1, H, H, H, 1),
)
#: One rung is zero in the first kind, in the second, and in neither; both right sides differ from zero.
ZERO = (
    ring(1, 3 * H, 1, 2, 3 * H, 3 * H, 2, 0, 2, H, 1, 1),
    ring(3 * H, 1, 2, H, 3 * H, 1, 3 * H, 0, H, 2, 1, 3 * H),
    ring(1, 2, 3 * H, 1, 2, 3 * H, H, 0, 2, 2, 3 * H, 2),
    ring(2, H, 3 * H, 2, 3 * H, 1, H, 0, 1, H, 3 * H, 1),
    ring(1, 1, 2, 2, 2, 2, 2, 1, 2, 2, 2, 1),
    ring(1, 2, 2, 2, 2, 2, 1, 1, 2, 1, 1, 1),
)


def rung(a1: Any, b1: Any, a2: Any, c1: Any, c2: Any, *orders: Any) -> dict[str, Any]:
    names = ("a_1", "b_1", "a_2", "c_1", "c_2", "m", "p", "m'", "p'")
    return dict(zip(names, map(sp.Rational, (a1, b1, a2, c1, c2, *orders)), strict=True))


RUNGS = (
    rung(1, 1, 1, 1, 1, 1, 0, 0, 1),
    rung(1, 1, 2, 2, 1, 1, -2, 0, -1),
    rung(H, 1, H, H, H, H, -H, -H, H),
    rung(1, H, H, 1, 3 * H, 0, 1, H, H),
    rung(H, H, 1, 1, H, H, -1, 0, -H),
    rung(3 * H, 1, H, 1, 2, H, 1, -H, 2),
    rung(2, 1, 1, 1, 1, 1, 0, 1, 0),
    rung(1, 1, 1, 1, 1, 1, 0, 1, -1),
)

READING = Reading(
    RULES,
    RINGS,
    {"A rung between two lines": Reading({}, RUNGS), "A rung of degree zero": Reading({}, ZERO)},
    {
        "A rung of degree zero": Reading(
            {"x": lambda n: abs(n["a_1"] - n["c_1"])}, (*ZERO, ring(1, 1, 1, 1, 1, 1, 1, 0, H, H, H, H))
        )
    },
    {
        CASE: (r"i=1,\dots,4", "a_5=c_1", "c_5=a_1", "a_5=a_1", "c_5=c_1"),
        PART: ("(-1)^{j-m}", "(-1)^{a_1+c_1-x}"),
        NOTATION: (
            r"\{a_1a_2a_3a_4;b_1b_2b_3b_4;c_1c_2c_3c_4\}",
            "(a_i,m_i)",
            "(b_i,q_i)",
            "(a_{i+1},-m_{i+1})",
            "(c_i,p_i)",
            "(b_i,-q_i)",
            "(c_{i+1},-p_{i+1})",
        ),
    },
)
