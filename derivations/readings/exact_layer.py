"""The statements on the functions of the exact layer."""

from __future__ import annotations

from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import PATHS, SLOTS, degrees, of_whole, path_instances, plain, surd, wigner_3j
from derivations.reading.sphere import SPHERE
from derivations.reading.texts import CASE, PART

BETA = sp.Symbol("beta")
ANGLE = {sp.cos(BETA / 2): sp.Rational(4, 5), sp.sin(BETA / 2): sp.Rational(3, 5)}


def orders(names: Names, letter: str) -> list[Any]:
    return [names[f"{letter}_{slot}"] for slot in SLOTS]


def of_path(function: Any, letter: str) -> Any:
    """A value of the exact layer at the degrees and orders of an instance."""
    return lambda names: surd(function)(*degrees(names), *orders(names, letter))


def clebsch_gordan(l3: Any, m3: Any, l1: Any, m1: Any, l2: Any, m2: Any) -> sp.Expr:
    return surd(exact.clebsch_gordan)(l1, l2, l3, m1, m2, m3)


def racah_v(names: Names) -> sp.Expr:
    m1, m2, m3 = orders(names, "m")
    return surd(exact.racah_v)(*degrees(names), m1, m2, -m3)


def of_orders(names: Names) -> Any:
    """3j(m1 m2 m3) at the degrees of the instance, or with all six numbers."""
    return lambda *m: wigner_3j(*m) if len(m) == 6 else wigner_3j(*degrees(names), *m)


def small_d(names: Names) -> Indexed:
    return Indexed(lambda m1, m2: sp.sympify(exact.wigner_d(*(*map(plain, (names["j"], m1, m2)), BETA))))


def compared(left: Any, right: Any) -> Any:
    """left − right at an angle whose half has a rational cosine and sine."""
    return sp.expand(sp.sympify(left - right).subs(ANGLE))


RULES: dict[str, Any] = {
    **PATHS,
    **SPHERE,
    "C": lambda _: Indexed(clebsch_gordan),
    "V": racah_v,
    "G": of_path(exact.gaunt, "m"),
    "A": of_path(exact.antisymmetric_gaunt, "m"),
    "G^R": of_path(exact.real_gaunt, "\\mu"),
    "A^R": of_path(exact.real_antisymmetric_gaunt, "\\mu"),
    "3j": of_orders,
    "K": lambda n: surd(exact.bracket_factor)(*degrees(n)),
    "M_j": lambda n: surd(exact.reduced_matrix)(*degrees(n), n["j"]),
}
SIX: dict[str, Any] = {
    **{letter: lambda n, letter=letter: n[f"_{letter}"] for letter in "abcdefghi"},
    "W": lambda _: surd(exact.racah_w),
    "X": lambda _: surd(exact.fano_x),
    "\\Delta": lambda _: surd(exact.triangle_coefficient),
}
ROTATION: dict[str, Any] = {
    "=": lambda _: compared,
    "d": small_d,
    "range m": lambda n: [n["j"] - k for k in range(int(2 * n["j"]) + 1)],
    "\\beta": lambda _: BETA,
    "\\xi": lambda _: sp.Integer(2),
    "\\eta": lambda _: sp.Integer(-3),
}
H = sp.Rational(1, 2)


def lettered(*numbers: Any) -> dict[str, Any]:
    """Values of the letters a, b, …"""
    return {f"_{letter}": sp.Rational(number) for letter, number in zip("abcdefghi", numbers, strict=False)}


SYMBOLS = (
    *(given | {"m_3": -given["m_3"]} for given in path_instances(3, 24)),
    *(
        dict(zip(("l_1", "l_2", "l_3", "m_1", "m_2", "m_3"), numbers, strict=True))
        for numbers in ((H, 1, H, H, 0, H), (1, H, 3 * H, 0, -H, -H), (H, 3 * H, 1, -H, H, 0), (3 * H, H, 2, H, H, 1))
    ),
)
BOTH = tuple(
    given | dict(zip(("\\mu_1", "\\mu_2", "\\mu_3"), orders(Names({}, other), "\\mu"), strict=True))
    for given in path_instances(2, 18)
    for other in path_instances(2, 60, real=True)
    if all(other[f"l_{i}"] == given[f"l_{i}"] for i in SLOTS)
)[::3]
PARITIES = tuple(given | {"j": sp.Rational(3 + number % 3, 2)} for number, given in enumerate(path_instances(3, 24)))

#: Without harmonics both sides of their integrals are zero.
ANY = {name: of_whole({**PATHS, **RULES}[name]) for name in ("Y_1", "Y_2", "Y_3", "G", "A")}

READING = Reading(
    RULES,
    (*path_instances(2, 8), *SYMBOLS[:24:3]),
    {
        "Statement": Reading(ANY, (*path_instances(2, 8), *SYMBOLS[:24:3], *SYMBOLS[-4:])),
        "3j symbols, Clebsch-Gordan coefficients, Racah's V": Reading({}, SYMBOLS),
        "6j symbols, Racah's W, the triangle coefficient": Reading(
            SIX,
            tuple(
                lettered(*six)
                for six in (
                    (1, 1, 1, 1, 1, 1),
                    (1, 2, 1, 2, 2, 2),
                    (2, 2, 2, 2, 1, 2),
                    (H, 1, 1, H, H, H),
                    (2, H, 3 * H, 1, 3 * H, H),
                    (1, H, H, 1, H, H),
                )
            ),
        ),
        "9j symbols, Fano's X": Reading(
            SIX, tuple(lettered(*nine) for nine in ((1, 1, 2, 1, 2, 1, 0, 1, 1), (H, 1, H, H, 1, 3 * H, 1, 1, 1)))
        ),
        "Integrals of three harmonics": Reading({}, BOTH),
        "Reduced factors": Reading({"=": lambda _: lambda left, right: left - right}, PARITIES),
        "Rotations": Reading(
            ROTATION,
            tuple({"j": sp.Rational(j, 2), "m'": sp.Rational(m, 2)} for j, m in ((1, 1), (2, 0), (2, -2), (3, 1))),
        ),
    },
    unread={CASE: ("K=0",), PART: ("2j",)},
)
