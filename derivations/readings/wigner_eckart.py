"""The statements on reduced matrix elements."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import PATHS, SLOTS, degrees, of_whole, path_instances, surd, wigner_3j
from derivations.reading.sphere import SPHERE
from derivations.reading.texts import CASE, NOTATION, PART
from derivations.readings import matrices

ROSE = partial(exact.wigner_eckart, normalization="rose")


def factor(function: Any) -> Any:
    """The factor of a matrix element at the degrees and orders of an instance."""
    return lambda names: surd(function)(*degrees(names), *(names[f"m_{slot}"] for slot in (1, 2, 3)))


def spin(names: Names) -> Indexed:
    """M_q, which both normalizations have to give."""

    def of(q: Any) -> sp.Expr:
        j, numbers = names["l_1"], (names["l_1"], 1, names["l_1"], names["m_1"], q, names["m_3"])
        edmonds = surd(exact.wigner_eckart)(*numbers) * surd(exact.reduced_spin)(j)
        rose = surd(ROSE)(*numbers) * surd(partial(exact.reduced_spin, normalization="rose"))(j)
        return edmonds if sp.simplify(edmonds - rose) == 0 else sp.nan

    return Indexed(of)


RULES: dict[str, Any] = {
    **PATHS,
    **SPHERE,
    "E": factor(exact.wigner_eckart),
    "D": factor(ROSE),
    "M": spin,
}
H = sp.Rational(1, 2)
WHOLE = tuple(given | {"m_1": -given["m_1"]} for given in path_instances(3, 20))
HALVES = tuple(
    dict(zip(("l_1", "l_2", "l_3", "m_1", "m_2", "m_3"), numbers, strict=True))
    for numbers in ((H, 1, H, H, 1, -H), (3 * H, 1, H, H, 0, H), (1, H, H, 1, H, H), (2, H, 3 * H, 0, H, -H))
)
ELEMENTS = tuple(
    {"l_1": j, "m_1": j - i, "m_3": j - k}
    for j in (H, sp.Integer(1), 3 * H)
    for i in range(int(2 * j) + 1)
    for k in range(int(2 * j) + 1)
)


def spherical(names: Names) -> Indexed:
    """J_q, which takes a component up by q as L_q does: ladder operators over ∓√2, and J_z."""
    factor = {1: -1 / sp.sqrt(2), 0: sp.Integer(1), -1: 1 / sp.sqrt(2)}
    return Indexed(lambda q: factor[int(q)] * matrices.ladder(names["n"], int(q)))


SPIN: dict[str, Any] = {
    "J": spherical,
    "J_x": lambda n: (matrices.ladder(n["n"], 1) + matrices.ladder(n["n"], -1)) / 2,
    "J_y": lambda n: (matrices.ladder(n["n"], 1) - matrices.ladder(n["n"], -1)) / (2 * sp.I),
    "J_z": lambda n: matrices.ladder(n["n"], 0),
}


#: Without harmonics both sides of their integral are zero.
ANY: dict[str, Any] = {
    **{f"Y_{i}": of_whole(PATHS[f"Y_{i}"]) for i in SLOTS},
    "3j": lambda n: lambda *numbers: of_whole(lambda _: wigner_3j(*numbers))(n),
}

READING = Reading(
    RULES,
    WHOLE[::3],
    {
        "Statement": Reading(ANY, (*WHOLE[::3], *HALVES)),
        "Two normalizations": Reading({"=": lambda _: lambda left, right: left - right}, (*WHOLE, *HALVES)),
        "Harmonics": Reading({}, WHOLE),
        "The angular momentum": Reading({"=": lambda _: lambda left, right: left - right}, ELEMENTS),
    },
    {
        "Harmonics": Reading({}, tuple({"l": l, "m": m} for l, m in ((1, 1), (2, -1), (3, 0), (3, 2)))),
        "The angular momentum": Reading(SPIN, tuple({"n": n, "\\pm": sign} for n in (2, 3, 4) for sign in (1, -1))),
    },
    {
        CASE: ("l_2=1", "m_2=q", "l_3=l_1"),
        PART: (r"\sqrt{l_1(l_1+1)(2l_1+1)}", r"\sqrt{l_1(l_1+1)}"),
        NOTATION: (
            r"\langle l_1m_1|T_{l_2m_2}|l_3m_3\rangle",
            "M_q",
        ),
    },
)
