"""The statements on what fixes a sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.invariant_polynomial import paths
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.paths import PATHS, SLOTS, degrees, path_instances, surd
from derivations.reading.sphere import FUNCTIONS, POSITION, SPHERE, harmonic
from derivations.reading.sphere import POLE as NORTH
from derivations.reading.texts import CASE, NOTATION, PART
from derivations.symbols import x, y, z

CHANGED = {0: 1, 1: 1, 2: -1, 3: 1, 4: -1}  # signs of whole degrees


def reduced(bracket: bool) -> Callable[..., sp.Expr]:
    """The factor in front of the 3j symbol, on a path of its parity."""

    def of(*path: Any) -> sp.Expr:
        a, b, c = map(int, path)
        if (a + b + c) % 2 != bracket or 2 * max(a, b, c) > a + b + c:
            return sp.Integer(0)
        factor = surd(exact.bracket_factor if bracket else exact.wigner_3j_at_zero)(a, b, c)
        return sp.sqrt((2 * a + 1) * (2 * b + 1) * (2 * c + 1) / (4 * sp.pi)) * factor * (sp.I if bracket else 1)

    return of


def changed(function: Callable[..., sp.Expr]) -> Callable[..., sp.Expr]:
    return lambda *path: sp.prod([CHANGED[int(l)] for l in path]) * function(*path)


def entry(names: Names) -> Indexed:
    """G with three degrees above and three orders below."""
    return Indexed(lambda a, b, c, p, q, r: surd(exact.gaunt)(a, b, c, p, q, r))


LAWS: dict[str, Any] = {
    "G_123": lambda n: surd(exact.real_gaunt)(*degrees(n), *(n[f"\\mu_{i}"] for i in SLOTS)),
    "range l_3": lambda n: range(abs(n["l_1"] - n["l_2"]), n["l_1"] + n["l_2"] + 1),
}
TABLES: dict[str, Any] = {
    "G": lambda _: Indexed(reduced(False)),
    "A": lambda _: Indexed(reduced(True)),
    "G'": lambda _: Indexed(changed(reduced(False))),
    "A'": lambda _: Indexed(changed(reduced(True))),
    "s": lambda _: Indexed(lambda l: sp.Integer(CHANGED[int(l)])),
    "\\sigma": lambda n: sp.prod([CHANGED[n[letter]] for letter in "abcd"]),
}
POLE: dict[str, Any] = {
    "G": entry,
    "g": lambda _: Indexed(reduced(False)),
    "range c": lambda n: range(abs(n["a"] - n["b"]), n["a"] + n["b"] + 1),
}
COORDINATES: dict[str, Any] = {
    **FUNCTIONS,
    **{f"x_{i}": lambda _, i=i: POSITION[i - 1] for i in SLOTS},
    **{f"\\partial_{i}": lambda _, i=i: Operator(lambda f: sp.diff(f, (x, y, z)[i - 1])) for i in SLOTS},
    "range j": lambda _: SLOTS,
    "range k": lambda _: SLOTS,
    "\\kappa": lambda _: sp.Integer(1),
}
DEGREES = tuple(
    dict(zip("abecd", numbers, strict=True))
    for numbers in ((1, 1, 2, 2, 2), (2, 2, 2, 1, 3), (1, 2, 2, 2, 3), (2, 2, 3, 2, 2))
)
ONE = tuple({"l": l, "m": m} for l, m in ((1, 1), (2, -1), (3, 2)))
EVALUATED = tuple(
    {key: value for key, value in given.items() if key not in ("l_3", "\\mu_3")} | one
    for given, one in zip(path_instances(2, 6, real=True), (*ONE, *ONE), strict=False)
)

ENTRIES: dict[str, Any] = {
    "A_123": lambda n: surd(exact.real_antisymmetric_gaunt)(*degrees(n), *(n[f"\\mu_{i}"] for i in SLOTS)),
}
AT_THE_POLE: dict[str, Any] = {
    "G": lambda n: surd(exact.gaunt)(n["a"], n["b"], n["c"], *(n[f"m_{i}"] for i in SLOTS)),
    "3j": lambda n: lambda *m: surd(exact.wigner_3j)(n["a"], n["b"], n["c"], *m),
    "Y": lambda _: Indexed(lambda l, m: harmonic(l, m).subs(NORTH)),
}
ORDERED = tuple(
    {"a": given["l_1"], "b": given["l_2"], "c": given["l_3"], **{f"m_{i}": given[f"m_{i}"] for i in SLOTS}} | one
    for given, one in zip(path_instances(2, 9), (*ONE, {"l": 2, "m": 0}) * 3, strict=False)
)
UNREAD = {
    CASE: (r"s_l=\pm1", r"\kappa\to-\kappa"),
    PART: (
        r"2^{l_{\max}-1}-1",
        "2^{L-1}-1",
        "s_lR_l",
        "Y_{am}Y_{b,-m}",
        r"3j(a\,b\,c;m\,{-m}\,0)",
        "1/(2c+1)",
        "(1,1,1)",
    ),
    NOTATION: ("R_0", "R_l", "L"),
}

READING = Reading(
    {**PATHS, **SPHERE, **FUNCTIONS, **LAWS},
    EVALUATED,
    {
        "What the laws of an algebra leave open": Reading(TABLES, DEGREES),
        "Evaluation at the pole fixes every Gaunt coefficient": Reading(
            POLE,
            tuple(
                {"a": a, "b": b, "c": c, "m": m}
                for a, b, c in paths(2)
                if (a + b + c) % 2 == 0
                for m in range(-min(a, b), 1)
            ),
        ),
        "Leibniz reduces the bracket to three numbers": Reading(COORDINATES, ({},)),
        "A turn about the axis fixes the last factor": Reading(
            COORDINATES,
            tuple(one | {"i": i, "j": j} for one, (i, j) in zip(ONE, ((1, 2), (3, 2), (1, 1)), strict=True)),
        ),
    },
    {
        "Statement": Reading(ENTRIES, tuple(path_instances(2, 9, real=True))),
        "Evaluation at the pole fixes every Gaunt coefficient": Reading(AT_THE_POLE, ORDERED),
    },
    UNREAD,
)
