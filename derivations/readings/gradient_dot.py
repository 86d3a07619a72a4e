"""The statements on the scalar product of two gradients."""

import sympy as sp

from derivations.reading import Reading
from derivations.reading.names import Indexed, Operator
from derivations.reading.paths import PATHS, degrees, of_parity, path_instances
from derivations.reading.sphere import FUNCTIONS, SPHERE, laplacian
from derivations.readings.real_basis import CORE

ONE = tuple({"l": l, "m": m} for l, m in ((0, 0), (1, 1), (2, -1), (3, 2)))


def factor(p: int, q: int, r: int) -> sp.Rational:
    """F"""
    return sp.Rational(q * (q + 1) + r * (r + 1) - p * (p + 1), 2)


FACTOR = {"F": lambda n: Indexed(factor, bare=lambda: factor(*degrees(n)))}

READING = Reading(
    {**PATHS, **SPHERE, "\\Delta": lambda _: Operator(laplacian)},
    tuple(path_instances(3, 20)),
    {
        "The Laplacian of a product": Reading(FUNCTIONS, ({},)),
        "The Laplacian is symmetric": Reading(FUNCTIONS, ({},)),
        "Harmonics are eigenfunctions": Reading({"\\lambda": lambda n: n["l"] * (n["l"] + 1)}, ONE),
        "It is symmetric in the last two slots only": Reading(FACTOR, tuple(path_instances(4, 30))),
        "The sign in the real basis": Reading(CORE, of_parity(0, path_instances(2, 40, real=True))),
    },
)
