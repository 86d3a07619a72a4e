"""The statements on the frame of an edge, with the matrix of the package."""

from __future__ import annotations

from itertools import product

import sympy as sp

import coupling.exact as exact
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import PATHS, orders_of, surd
from derivations.reading.sphere import POLE, real_harmonic
from derivations.reading.texts import CASE, NOTATION, PART
from derivations.readings.real_basis import entry


def matrix(names: Names) -> sp.Matrix:
    rows = exact.edge_frame_matrix(names["l_1"], names["l_3"])
    return sp.Matrix([[sp.sympify(value) for value in row] for row in rows])


def element(names: Names) -> Indexed:
    """M_{m l2}"""
    l1, l3 = names["l_1"], names["l_3"]
    return Indexed(
        lambda m, l2: matrix(names)[int(min(l1, l3) + m), int(l2 - abs(l1 - l3))], bare=lambda: matrix(names)
    )


def weight(l2: int) -> sp.Integer:
    return sp.Integer(2 + 3 * l2)


def layer(names: Names, sign: int) -> sp.Expr:
    """a_m or b_m, from the coupling with harmonics at the pole."""
    m = names["m"] if "m" in names.given else 0
    core, l1, l3 = surd(exact.real_wigner_3j), names["l_1"], names["l_3"]
    outputs = range(abs(l1 - l3), l1 + l3 + 1)
    return sum(weight(l2) * sp.sqrt(2 * l2 + 1) * core(l1, l2, l3, m, 0, sign * m) for l2 in outputs)


def outputs(names: Names) -> range:
    return range(abs(names["l_1"] - names["l_3"]), names["l_1"] + names["l_3"] + 1)


RULES = {
    **PATHS,
    "C": lambda n: Indexed(entry(n)),
    "M": element,
    "w": lambda _: Indexed(weight),
    "a_0": lambda n: layer(n.having(m=0), 1),
    "a_m": lambda n: layer(n, 1),
    "b_m": lambda n: layer(n, -1),
    "range l_2": outputs,
    "\\min": lambda _: min,
    "range m": lambda n: range(-min(n["l_1"], n["l_3"]), min(n["l_1"], n["l_3"]) + 1),
}
PAIRS = [(l1, l3, m) for l1, l3 in ((1, 1), (1, 2), (2, 2), (3, 2)) for m in range(1, min(l1, l3) + 1)]
ENTRIES = tuple(
    {"l_1": l1, "l_2": l2, "l_3": l3, "m": m} for l1, l3, m in PAIRS for l2 in range(abs(l1 - l3), l1 + l3 + 1)
)
TWO = tuple({"l_1": l1, "l_3": l3, "l_2": p, "l_2'": q} for l1, l3, m in PAIRS for p, q in product((1, 2), repeat=2))
SELECTED = tuple(
    {"l_1": 2, "l_2": l2, "l_3": 2, "m_1": m, "m_3": q}
    for l2 in (1, 2, 3)
    for m, q in product(range(-2, 3), repeat=2)
    if q != (-1) ** l2 * m or exact.real_wigner_3j(2, l2, 2, m, 0, q)
)
#: A layer that commutes with rotations of the plane is a complex number; the pair (x_m, x_-m) is one too.
TURNED = sp.expand((2 + 7 * sp.I) * (3 - 5 * sp.I))
X = {f"x_{sign}m": lambda _, value=value: sp.Integer(value) for sign, value in (("", 3), ("-", -5))}
TURN = {
    **X,
    "a": lambda _: sp.Integer(2),
    "b": lambda _: sp.Integer(7),
    "z_m": lambda _: sp.re(TURNED),
    "z_-m": lambda _: sp.im(TURNED),
}

ORTHOGONAL = {
    "C'": lambda n: Indexed(entry(n.having(l_2=n["l_2'"]))),
    "m_2": lambda _: 0,
    **{f"range m_{i}": orders_of(f"l_{i}") for i in (1, 3)},
}
AT_THE_POLE = {
    "\\tilde R": lambda _: Indexed(lambda l, m: sp.sqrt(4 * sp.pi) * real_harmonic(l, m).subs(POLE)),
    "m_2": lambda n: n["m_1"],
}
UNREAD = {
    CASE: ("m>0",),
    PART: (
        "|l_1-l_3|",
        "l_1+l_3",
        r"m\alpha",
        r"w_{l_2}\sqrt{2l_2+1}\,C_{m_1\,0\,m_3}",
    ),
    NOTATION: ("C=C(l_1,l_2,l_3)", r"\alpha", r"2\times2"),
}

READING = Reading(
    RULES,
    tuple(given | {"\\pm": sign} for given in ENTRIES for sign in (1, -1)),
    {
        "Layers that commute with rotations about the pole": Reading(TURN, ({},)),
        "The coupling with the harmonics of the pole is such a layer": Reading({}, SELECTED),
        "The matrix is orthogonal": Reading({}, TWO),
    },
    {
        "The coupling with the harmonics of the pole is such a layer": Reading(
            AT_THE_POLE, tuple(given for given in SELECTED if abs(given["m_1"]) <= given["l_2"])[::3]
        ),
        "The matrix is orthogonal": Reading(ORTHOGONAL, ()),
    },
    UNREAD,
)
