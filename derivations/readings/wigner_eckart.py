"""The statements on reduced matrix elements."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import PATHS, degrees, path_instances, surd
from derivations.reading.sphere import SPHERE

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

READING = Reading(
    RULES,
    WHOLE[::3],
    {
        "Two normalizations": Reading({"=": lambda _: lambda left, right: left - right}, (*WHOLE, *HALVES)),
        "Harmonics": Reading({}, WHOLE),
        "The angular momentum": Reading({"=": lambda _: lambda left, right: left - right}, ELEMENTS),
    },
)
