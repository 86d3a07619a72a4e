"""The statements on two harmonics of one direction."""

from __future__ import annotations

import sympy as sp

from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import PATHS, degrees, path_instances, wigner_3j
from derivations.reading.sphere import POLE, SPHERE, real_harmonic
from derivations.reading.texts import CASE, PART
from derivations.readings.real_basis import entry


def factor(names: Names) -> sp.Expr:
    """k"""
    l1, l2, l3 = degrees(names)
    return sp.sqrt(sp.Rational((2 * l1 + 1) * (2 * l2 + 1), 2 * l3 + 1)) * sp.Abs(wigner_3j(l1, l2, l3, 0, 0, 0))


RULES = {
    **PATHS,
    **SPHERE,
    "C": lambda n: Indexed(entry(n)),
    "k": factor,
    "\\tilde R": lambda _: Indexed(lambda l, m: sp.sqrt(4 * sp.pi) * real_harmonic(l, m)),
}

AT_THE_POLE = {"\\tilde R": lambda _: Indexed(lambda l, m: sp.sqrt(4 * sp.pi) * real_harmonic(l, m).subs(POLE))}
ONE = tuple(
    given | {"l": l, "m": m}
    for given, (l, m) in zip(path_instances(2, 5), ((1, 1), (2, 0), (3, -1), (0, 0), (2, 2)), strict=False)
)

READING = Reading(
    RULES,
    tuple(path_instances(2, 14)),
    {"Odd paths vanish": Reading({}, tuple(path_instances(3, 30)))},
    {"Statement": Reading({}, ONE), "The stabilizer of a direction": Reading(AT_THE_POLE, ONE)},
    {CASE: ("m_3=0",), PART: ("(-1)^J",)},
)
