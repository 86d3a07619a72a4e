"""The statements on Gaunt integrals: polynomials in x, y, z integrated term by term, against symbols of the package."""

from itertools import product

import sympy as sp

from derivations.invariant_polynomial import ETA, XI
from derivations.null_vectors import null_vector
from derivations.reading import Reading
from derivations.reading.paths import PATHS, SPINORS, of_parity, path_instances, spinor_rules
from derivations.reading.sphere import SPHERE

PLAIN = {"\\xi": lambda _: XI[0], "\\eta": lambda _: ETA[0], "a": lambda _: null_vector(XI[0], ETA[0])}
PAIRS = [{"i": i, "j": j} for i, j in product((1, 2, 3), repeat=2)]
POWERS = [{"n": n, "v": sp.Matrix([1, 2, -sp.I])} for n in range(5)]
ONE_ZERO = [
    {"l": l, "m": m, "l'": k, "m'": q}
    for l, m, k, q in product((0, 1, 2), (0, 1, -2), (0, 2), (0, 1, -2))
    if abs(m) <= l and abs(q) <= k
]
EVEN_PATHS = [{"l_1": p, "l_2": q, "l_3": r} for p, q, r in ((1, 1, 2), (2, 1, 3), (2, 3, 1), (0, 2, 2), (3, 1, 2))]

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
)
