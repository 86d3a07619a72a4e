"""The statements on Clebsch-Gordan paths: integrals of real harmonics against the core of the package."""

from __future__ import annotations

from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import PATHS, degrees, of_parity, path_instances, surd, total
from derivations.reading.sphere import SPHERE
from derivations.reading.texts import CASE, NOTATION, PART
from derivations.readings.real_basis import CORE, reached

REAL = tuple(filter(reached, path_instances(3, 60, real=True)))


def real_core(names: Names) -> Indexed:
    """C at the orders of an instance, with its degrees or with others."""
    orders = [names[f"\\mu_{i}"] for i in (1, 2, 3)]
    value = surd(exact.real_wigner_3j)
    return Indexed(lambda *path: value(*path, *orders), bare=lambda: value(*degrees(names), *orders))


def core(names: Names) -> sp.Expr:
    """3j(0 0 0) on even, K on odd paths."""
    return surd(exact.bracket_factor if total(names) % 2 else exact.wigner_3j_at_zero)(*degrees(names))


def of_path(function: Any) -> Any:
    """A quantity that is written with its three degrees, or without them."""
    return lambda names: Indexed(surd(function), bare=lambda: surd(function)(*degrees(names)))


RULES = {
    **PATHS,
    **SPHERE,
    "C": real_core,
    "K": of_path(exact.bracket_factor),
    "\\min": lambda _: lambda p, q: min(p, q),
    "range l_3": lambda n: range(abs(n["l_1"] - n["l_2"]), n["l_1"] + n["l_2"] + 1),
}
ALL = {"range l_1": lambda n: range(n["L"] + 1), "range l_2": lambda n: range(n["L"] + 1)}

UNREAD = {
    CASE: (r"l_1,l_2\le L", r"l_1,l_2=0,\dots,L", "l_1=p", "l_2<p"),
    PART: (
        "w",
        "R_{lm}",
        r"\{f,h\}",
        "(-1)^{J/2}",
        r"\mathrm i\cdot\mathrm i^J",
        "(-1)^{g+1}",
        r"\sum_{l_1l_2}N(l_1,l_2,l_3)\sum_{m_1m_2}C_{m_1m_2m_3}\,x_{l_1m_1}y_{l_2m_2}",
        "w/N",
        r"a_r(l_1)\,b_r(l_2)\,c_r(l_3)",
        r"\sqrt{4\pi/(2l+1)}\,R_{lm}",
        r"\mathrm i^JC",
        "3j(000)",
        r"\mathrm i\,K",
        "|l_1-l_2|",
    ),
    NOTATION: (
        r"f=\sum x_{lm}R_{lm}",
        r"h=\sum y_{lm}R_{lm}",
        "fh",
        "R_{l_3m_3}",
        "x_{lm}",
        "y_{lm}",
        r"U\otimes U\otimes U",
    ),
}

READING = Reading(
    RULES,
    REAL,
    {
        "Even paths": Reading({}, of_parity(0, REAL)),
        "Odd paths": Reading({}, of_parity(1, REAL)),
        "An odd path is a shifted even path": Reading({}, of_parity(1, path_instances(4, 60))),
        "Outputs of one pair of degrees": Reading({}, tuple({"l_1": p, "l_2": q} for p in range(4) for q in range(4))),
        "Number of paths": Reading(ALL, ({"L": 0}, {"L": 1}, {"L": 3})),
    },
    {
        "Statement": Reading({**CORE, **ALL}, tuple(given | {"L": n % 4} for n, given in enumerate(REAL[::9]))),
        "Even paths": Reading({"\\Gamma": lambda _: sp.gamma, "x": total}, ()),
    },
    UNREAD,
)
