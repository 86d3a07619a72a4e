"""The statements on Gaunt integrals: polynomials in x, y, z integrated term by term, against symbols of the package."""

from itertools import product
from typing import Any

import sympy as sp

from derivations.invariant_polynomial import ETA, XI
from derivations.null_vectors import null_vector
from derivations.reading import Reading
from derivations.reading.names import Indexed
from derivations.reading.paths import PATHS, SPINORS, of_parity, path_instances, spinor_rules, weight
from derivations.reading.sphere import SINE, SPHERE
from derivations.reading.texts import CASE, PART
from derivations.symbols import phi, z

PLAIN = {"\\xi": lambda _: XI[0], "\\eta": lambda _: ETA[0], "a": lambda _: null_vector(XI[0], ETA[0])}
PAIRS = [{"i": i, "j": j} for i, j in product((1, 2, 3), repeat=2)]
POWERS = [{"n": n, "v": sp.Matrix([1, 2, -sp.I])} for n in range(5)]
ONE_ZERO = [
    {"l": l, "m": m, "l'": k, "m'": q}
    for l, m, k, q in product((0, 1, 2), (0, 1, -2), (0, 2), (0, 1, -2))
    if abs(m) <= l and abs(q) <= k
]
EVEN_PATHS = [{"l_1": p, "l_2": q, "l_3": r} for p, q, r in ((1, 1, 2), (2, 1, 3), (2, 3, 1), (0, 2, 2), (3, 1, 2))]


def legendre(m: int, l: int) -> Any:
    """P_l^m, a function of the cosine."""
    slope = sp.diff((z**2 - 1) ** l, z, l + m) if l + m else (z**2 - 1) ** l
    found = (-1) ** m * (1 - z**2) ** sp.Rational(m, 2) * slope / (2**l * sp.factorial(l))
    return lambda cosine: found.subs(z, cosine)


LEGENDRE: dict[str, Any] = {"P": lambda n: Indexed(legendre, bare=lambda: weight(n))}
TAYLOR = LEGENDRE | {
    "x": lambda _: z,
    "s": lambda _: SINE,
    "h": lambda _: -sp.exp(sp.I * phi) * XI[0] / ETA[0],
    "range m": lambda n: range(-n["l"], n["l"] + 1),
}
REAL = sp.symbols("xi eta", real=True)
TURNED: dict[str, Any] = {
    "\\xi": lambda _: REAL[0],
    "\\eta": lambda _: REAL[1],
    "a": lambda _: Indexed(null_vector, bare=lambda: null_vector(*REAL)),
}
#: The sum of three null vectors, as for the integral of a power.
SUMMED: dict[str, Any] = {
    **{f"t_{i}": lambda _, i=i: sp.Symbol(f"t_{i}") for i in (1, 2, 3)},
    "v": lambda n: sum((n[f"t_{i}"] * n[f"a_{i}"] for i in (1, 2, 3)), sp.zeros(3, 1)),
    "n": lambda n: n["J"],
}
UNREAD = {
    CASE: ("l_1=0", "l_2=l_3=l", "m_2=-m_3=m"),
    PART: (
        r"\xi^{l+m}\eta^{l-m}",
        r"(sh)^l\,2^l\,l!",
        "t_1^{l_1}t_2^{l_2}t_3^{l_3}",
        r"\frac{J!}{l_1!\,l_2!\,l_3!}",
    ),
}

READING = Reading(
    {**PATHS, **SPHERE},
    tuple(path_instances(3, 20)),
    {
        "Harmonics are the coefficients of the power of a null vector": Reading(PLAIN, ({"l": 1}, {"l": 2}, {"l": 3})),
        "Complex conjugate": Reading({}, tuple({"l": l, "m": m} for l, m in ((1, 1), (2, -1), (3, 2), (2, 0)))),
        "Scalar products are squares of brackets": Reading(spinor_rules(), tuple(p | SPINORS for p in PAIRS)),
        "The integral of a power": Reading({}, tuple(POWERS)),
        "Three powers": Reading(spinor_rules(), tuple(SPINORS | p for p in EVEN_PATHS)),
        "Comparison with the invariant polynomial": Reading({}, of_parity(0, path_instances(3, 30))),
        "One degree zero: the harmonics are orthonormal": Reading({}, tuple(ONE_ZERO)),
    },
    {
        "Statement": Reading(LEGENDRE, tuple(p | {"l": 2, "m": 1 - i % 3} for i, p in enumerate(path_instances(2, 9)))),
        "Harmonics are the coefficients of the power of a null vector": Reading(TAYLOR, ()),
        "Complex conjugate": Reading(TURNED, ()),
        "Three powers": Reading(SUMMED, ()),
    },
    UNREAD,
)
