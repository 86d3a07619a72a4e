"""The statements on the bracket and its integrals."""

from __future__ import annotations

from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.reading import Reading
from derivations.reading.names import Operator
from derivations.reading.paths import PATHS, SPINORS, of_parity, path_instances, spinor_rules
from derivations.reading.sphere import FUNCTIONS, POSITION, SINE, SPHERE, along_theta

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
)
