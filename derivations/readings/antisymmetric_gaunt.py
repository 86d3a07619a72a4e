"""The statements on the bracket and its integrals."""

from __future__ import annotations

from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.paths import PATHS, SPINORS, degrees, of_parity, path_instances, spinor_rules, wigner_3j
from derivations.reading.sphere import FRAME, FUNCTIONS, POSITION, SINE, SPHERE, along_theta, slopes
from derivations.reading.texts import CASE, NOTATION, PART

BRACKET: dict[str, Any] = {
    **FUNCTIONS,
    "\\partial_z": lambda _: Operator(lambda f: -along_theta(f) / SINE),
    "range k": lambda _: (1, 2, 3),
    **{f"x_{i}": lambda _, i=i: POSITION[i - 1] for i in (1, 2, 3)},
}
ODD_PATHS = [{"l_1": p, "l_2": q, "l_3": r} | SPINORS for p, q, r in ((1, 1, 1), (3, 1, 3), (1, 3, 3), (2, 3, 2))]
LINEAR = [{"n": n, "v": sp.Matrix([1, 2, -sp.I]), "w": sp.Matrix([2, -1, 3])} for n in (1, 3, 5)]
ODD = of_parity(1, path_instances(4, 90))

NUMBERS = ("l_1", "l_2", "l_3", "m_1", "m_2", "m_3")
ALIVE = tuple(
    given
    for given in path_instances(3, 20)
    if sum(given[name] for name in NUMBERS[:3]) % 2 == 0 or exact.antisymmetric_gaunt(*map(given.get, NUMBERS))
)


def turned(names: Names) -> Indexed:
    """ξ_ij: λ_i λ_j times the 3j symbol with order 1 in slot i and −1 in slot j."""

    def of(i: int, j: int) -> sp.Expr:
        orders = [(slot == i) - (slot == j) for slot in (1, 2, 3)]
        return names[f"\\lambda_{i}"] * names[f"\\lambda_{j}"] * wigner_3j(*degrees(names), *orders)

    return Indexed(of)


def of_orders(names: Names) -> Any:
    """3j with three orders, or with the dots for those of the slots i and j."""

    def symbol(*orders: Any) -> sp.Expr:
        if orders == (None,):
            orders = tuple((slot == names["i"]) - (slot == names["j"]) for slot in (1, 2, 3))
        return wigner_3j(*degrees(names), *orders)

    return symbol


LADDERS: dict[str, Any] = {
    "\\xi": turned,
    "3j": of_orders,
    "\\ldots": lambda _: None,
    "T": lambda n: wigner_3j(*degrees(n), 0, 0, 0),
    **{f"\\lambda_{i}": lambda n, i=i: sp.sqrt(n[f"l_{i}"] * (n[f"l_{i}"] + 1)) for i in (1, 2, 3)},
    **{f"L_{i}": lambda n, i=i: n[f"l_{i}"] * (n[f"l_{i}"] + 1) for i in (1, 2, 3)},
}
SUMMED: dict[str, Any] = {
    **{f"t_{i}": lambda _, i=i: sp.Symbol(f"t_{i}") for i in (1, 2, 3)},
    "v": lambda n: sum((n[f"t_{i}"] * n[f"a_{i}"] for i in (1, 2, 3)), sp.zeros(3, 1)),
    "w": lambda n: n["a_2"].cross(n["a_3"]),
    "n": lambda n: n["J"] - 2,
}
IN_SPACE: dict[str, Any] = {"a": lambda n: n["a_1"], "l": lambda n: n["l_1"], "\\nabla": lambda _: Operator(slopes)}
UNREAD = {
    CASE: ("l=0", r"r\to-r", "(1,0,0)", "(0,1,0)", "(0,0,1)"),
    PART: (
        "-1",
        r"\partial_\phi h",
        "(-1)^{J-1}",
        "t_1^{l_1}t_2^{l_2-1}t_3^{l_3-1}",
        r"\frac{(J-2)!}{l_1!(l_2-1)!(l_3-1)!}",
        "t_1^{l_1-1}t_2^{l_2-1}t_3^{l_3-1}",
        "(a+1,b,c+1)",
        "(a+1,b+1,c+1)",
    ),
    NOTATION: (r"dz\,d\phi", r"\{\cdot,\cdot\}", r"a(\xi,\eta)"),
}

READING = Reading(
    {**PATHS, **SPHERE},
    tuple(path_instances(3, 20)),
    {
        "Three definitions, one bracket": Reading(
            BRACKET, tuple({"i": i, "j": j} for i, j in ((1, 2), (3, 2), (2, 2)))
        ),
        "Total antisymmetry, and zero when a degree is zero": Reading(FUNCTIONS, ({},)),
        "Parity gate": Reading({}, ALIVE),
        "The integrand of three powers": Reading(spinor_rules(), tuple(ODD_PATHS)),
        "The integral of a power with a linear factor": Reading({}, tuple(LINEAR)),
        "Three powers": Reading(spinor_rules(), tuple(ODD_PATHS)),
        "Comparison with the invariant polynomial": Reading({}, ODD),
        "K at the orders 1, −1, 0": Reading({}, ODD),
        "The same expression on even paths is not zero": Reading({}, of_parity(0, path_instances(4, 90))),
        "K from 3j symbols at zero orders": Reading({}, ODD),
        "K never vanishes on an allowed odd path": Reading({}, ODD),
        "The other pairing of gradients gives nothing new": Reading({}, of_parity(0, path_instances(3, 30))),
    },
    {
        "Statement": Reading({}, ODD[::4]),
        "Three definitions, one bracket": Reading({**FRAME, "\\cdot": FUNCTIONS["f"]}, ()),
        "The integrand of three powers": Reading(IN_SPACE, ()),
        "Three powers": Reading(SUMMED, ()),
        "The same expression on even paths is not zero": Reading(LADDERS, ()),
        "The other pairing of gradients gives nothing new": Reading(
            {**FUNCTIONS, **FRAME}, ({"l": 1, "m": 1}, {"l": 3, "m": -2})
        ),
    },
    UNREAD,
)
