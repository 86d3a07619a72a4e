"""The statements on the scalar product of two gradients."""

import sympy as sp

from derivations.null_vectors import null_vector
from derivations.reading import Reading
from derivations.reading.names import Indexed, Operator
from derivations.reading.paths import PATHS, degrees, of_parity, path_instances
from derivations.reading.sphere import FRAME, FUNCTIONS, SPHERE, laplacian
from derivations.reading.texts import CASE, PART
from derivations.readings.real_basis import CORE, ROWS

ONE = tuple({"l": l, "m": m} for l, m in ((0, 0), (1, 1), (2, -1), (3, 2)))


def factor(p: int, q: int, r: int) -> sp.Rational:
    """F"""
    return sp.Rational(q * (q + 1) + r * (r + 1) - p * (p + 1), 2)


FACTOR = {"F": lambda n: Indexed(factor, bare=lambda: factor(*degrees(n)))}

UNREAD = {
    CASE: ("f=Y_2", "g=Y_3", r"l_1\le l_2\le l_3", r"\lambda_1=\lambda_2+\lambda_3"),
    PART: (
        r"\sin\theta",
        r"(a\cdot r)^l",
        "|r|^l",
        r"\partial_r^2+\frac2r\partial_r+\frac1{r^2}\Delta",
    ),
}

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
    {
        "The Laplacian of a product": Reading(FRAME, ()),
        "Harmonics are eigenfunctions": Reading({"a": lambda _: null_vector(sp.Integer(2), sp.Integer(-3))}, ()),
        "The sign in the real basis": Reading(
            ROWS, tuple(given | {"l": n % 4} for n, given in enumerate(path_instances(2, 6, real=True)))
        ),
    },
    UNREAD,
)
