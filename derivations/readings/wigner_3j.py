"""The statements on 3j symbols at paths to degree 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.invariant_polynomial import bracket
from derivations.reading import Reading
from derivations.reading.names import Names
from derivations.reading.paths import PATHS, degrees, path_instances, surd

ODD = tuple(given for given in path_instances(3, 60) if sum(given[f"l_{i}"] for i in (1, 2, 3)) % 2)


def of_orders(names: Names) -> Callable[..., sp.Expr]:
    """3j(m1, m2, m3) at the degrees of the instance."""
    return lambda *orders: surd(exact.wigner_3j)(*degrees(names), *orders)


def moved(names: Names) -> Callable[..., sp.Expr]:
    """3j(…, n_i ± 1, …): the order of the slot i is given, the others are those of the instance."""
    place = names["i"] - 1
    kept = [names[f"n_{i}"] for i in (1, 2, 3)]

    def symbol(*orders: Any) -> sp.Expr:
        found = (*kept[:place], orders[1], *kept[place + 1 :])
        outside = any(abs(m) > l for l, m in zip(degrees(names), found, strict=True))
        return sp.Integer(0) if outside else of_orders(names)(*found)

    return symbol


LADDER = [
    {"l_1": 2, "l_2": 3, "l_3": 2, "n_1": n, "n_2": p, "n_3": sign - n - p, "\\pm": sign}
    for sign in (1, -1)
    for n, p in ((1, 1), (-1, 2), (0, -1), (2, 0))
]
EDGE = [
    {"l_1": l1, "l_2": l2, "l_3": l3, "m_1": m}
    for l1, l2, l3, m in ((2, 3, 2, 1), (2, 3, 2, 0), (1, 2, 3, 1), (3, 3, 1, -1), (2, 2, 2, 2), (3, 1, 2, 3))
]
OTHERS = [given | {"l_3'": l, "m_3'": m} for given in path_instances(2, 9) for l, m in ((1, 0), (2, 1), (2, -1))]
OTHERS += [given | {"l_3'": given["l_3"], "m_3'": given["m_3"]} for given in path_instances(2, 6)]

READING = Reading(
    PATHS,
    tuple(path_instances(3, 30)),
    {
        "Statement": Reading(
            {}, tuple({"l_1": a, "l_2": b, "l_3": c} for a, b, c in ((1, 1, 1), (1, 2, 2), (2, 1, 3)))
        ),
        "Explicit sum": Reading(
            {
                "range i": lambda n: range(n["C"] + 1),
                "range n": lambda _: (1, 2, 3),
                "j": lambda n: n["i"] - n["m_2"] + n["l_3"] - n["l_1"],
                "k": lambda n: n["i"] + n["m_1"] + n["l_3"] - n["l_2"],
            },
            tuple(given | {"i": i} for i, given in enumerate(path_instances(3, 20))),
        ),
        "Invariance": Reading(
            {"\\Phi": lambda n: bracket(1, 2) ** n["C"] * bracket(2, 3) ** n["A"] * bracket(3, 1) ** n["B"]},
            ({"l_1": 2, "l_2": 3, "l_3": 2}, {"l_1": 1, "l_2": 1, "l_3": 2}),
        ),
        "Ladder relations": Reading({"3j": moved, "\\ldots": lambda _: None}, tuple(LADDER)),
        "The ladder relations leave one factor free, and its sign is the usual one": Reading(
            {"3j": of_orders}, tuple(EDGE)
        ),
        "Unit norm": Reading({"3j": of_orders}, tuple(path_instances(3, 8))),
        "Orthogonality": Reading({}, tuple(OTHERS)),
        "Orders 1, −1, 0 on odd paths": Reading({}, ODD),
    },
)
