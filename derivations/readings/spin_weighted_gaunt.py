"""The statements on spin-weighted harmonics.

A function of spin weight is an expression in z = cosθ, s = sinθ and E = e^iφ; ð and its conjugate act on it by the
chain rule.  Harmonics come from Rodrigues' formula with the operators applied.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy as sp

from derivations import legendre
from derivations.null_vectors import null_vector
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.paths import PATHS, SLOTS, SPINORS, degrees, spinor_bracket, weight, wigner_3j
from derivations.reading.relations import difference
from derivations.reading.sphere import POSITION, SINE, SPHERE, at_points
from derivations.reading.texts import CASE, NOTATION, PART
from derivations.symbols import phi, theta, z

E = sp.Symbol("E")


@cache
def harmonic(s: int, l: int, m: int) -> sp.Expr:
    """sY_lm"""
    if abs(m) > l or abs(s) > l:
        return sp.Integer(0)
    power, polynomial = legendre.spin_weighted(l, s, m)
    square = legendre.norm_square(l, m) * sp.factorial(l - abs(s)) / sp.factorial(l + abs(s))
    value = sum(number * z**n for n, number in enumerate(polynomial))
    return sp.sqrt(sp.Rational(square) / (4 * sp.pi)) * SINE**power * value * E**m


def integral(function: sp.Expr) -> sp.Expr:
    """∫ dΩ of a function without a root: only E^0 is left, and s² = 1 − z²."""
    terms = sp.Add.make_args(sp.expand(sp.expand(function).coeff(E, 0)))
    powers = [sp.degree(term * SINE**8, SINE) - 8 if term != 0 else 0 for term in terms]
    least = min(powers)
    whole = sum(term / SINE**n * (1 - z**2) ** ((n - least) // 2) for term, n in zip(terms, powers, strict=True))
    polynomial = sp.Poly(sp.expand(whole), z) * sp.Poly((1 - z**2) ** max(least // 2, 0), z)
    quotient = polynomial.exquo(sp.Poly((1 - z**2) ** max(-least // 2, 0), z))
    return sum((4 * sp.pi * c / (n + 1) for (n,), c in quotient.terms() if n % 2 == 0), sp.Integer(0))


def eth(sign: int, spin: Callable[[Names], Any]) -> Any:
    """ð (sign 1) or its conjugate on functions of z, s and E."""

    def of(names: Names) -> Operator:
        return Operator(lambda f: raised(sign, f, spin(names)))

    return of


def raised(sign: int, f: sp.Expr, spin: Any) -> sp.Expr:
    slope = z * sp.diff(f, SINE) - SINE * sp.diff(f, z)
    around = sp.I * E * sp.diff(f, E)
    return -(slope + sign * sp.I * around / SINE - sign * spin * z / SINE * f)


def angles(sign: int) -> Any:
    """The same on functions of θ and φ, of the weight (q − p)/2."""

    def of(names: Names) -> Operator:
        spin = sp.Rational(names["q"] - names["p"], 2)
        return Operator(
            lambda f: (
                -(
                    sp.diff(f, theta)
                    + sign * sp.I * sp.diff(f, phi) / sp.sin(theta)
                    - sign * spin * sp.cos(theta) / sp.sin(theta) * f
                )
            )
        )

    return of


def turned(slot: str, second: bool) -> Any:
    """α or β of a spinor."""

    def of(names: Names) -> sp.Expr:
        cosine, sine, phase = sp.cos(theta / 2), sp.sin(theta / 2), sp.exp(sp.I * phi / 2)
        first, last = phase * names[f"\\xi{slot}"], names[f"\\eta{slot}"] / phase
        return cosine * last - sine * first if second else cosine * first + sine * last

    return of


def compared(left: Any, right: Any) -> sp.Matrix:
    """left − right at points, e^iφ included."""
    found = difference(left, right)
    parts = found.flat() if isinstance(found, sp.MatrixBase) else [sp.sympify(found)]
    return at_points(sp.Matrix([part.subs(E, sp.exp(sp.I * phi)) for part in parts]), 0)


def product_integral(names: Names) -> Callable[..., sp.Expr]:
    """k"""

    def of(*spins: Any) -> sp.Expr:
        parts = (harmonic(int(s), l, names[f"m_{i}"]) for s, l, i in zip(spins, degrees(names), SLOTS, strict=True))
        return integral(sp.prod(parts))

    return of


def moved(names: Names) -> Callable[..., sp.Expr]:
    """k(…, s_i + 1, …)"""
    kept = [names[f"s_{i}"] for i in SLOTS]

    def of(*spins: Any) -> sp.Expr:
        if spins[0] is not None:
            return product_integral(names)(*spins)
        place = names["i"] - 1
        return product_integral(names)(*kept[:place], spins[1], *kept[place + 1 :])

    return of


def left_over(names: Names) -> sp.Expr:
    """κ: the integral over 3j(−s1, −s2, −s3)."""
    spins = [names[f"s_{i}"] for i in SLOTS]
    return product_integral(names)(*spins) / wigner_3j(*degrees(names), *(-s for s in spins))


def weighted(names: Names) -> Callable[..., sp.Expr]:
    """sY of a degree and an order, or of those of a slot."""

    def of(s: Any, *indices: Any) -> sp.Expr:
        l, m = indices if len(indices) == 2 else (names[f"l_{indices[0]}"], names[f"m_{indices[0]}"])
        return harmonic(int(s), int(l), int(m))

    return of


RULES: dict[str, Any] = {
    **PATHS,
    **SPHERE,
    "=": lambda _: compared,
    "\\int": lambda _: integral,
    "{}Y": weighted,
    "Y": lambda _: Indexed(lambda l, m: harmonic(0, int(l), int(m))),
    "[]": spinor_bracket,
    "r": lambda _: POSITION,
    "\\alpha": turned("", False),
    "\\beta": turned("", True),
    **{f"\\alpha_{i}": turned(f"_{i}", False) for i in SLOTS},
    **{f"\\beta_{i}": turned(f"_{i}", True) for i in SLOTS},
    "a": lambda n: null_vector(n["\\xi"], n["\\eta"]),
    "\\ldots": lambda _: None,
    "range m": lambda n: range(-n["l"], n["l"] + 1),
    "\\kappa": left_over,
}
ONE = {"\\xi": sp.Integer(2), "\\eta": sp.Integer(-3)}
WEIGHTED = tuple(
    dict(zip([f"{letter}_{i}" for letter in "lsm" for i in SLOTS], numbers, strict=True))
    for numbers in (
        (1, 1, 1, 1, 0, -1, 0, 1, -1),
        (1, 2, 2, 0, 1, -1, 1, 0, -1),
        (2, 2, 1, 2, -1, -1, 0, 0, 0),
        (2, 2, 2, 1, 1, -2, 2, -1, -1),
        (1, 1, 2, 0, 0, 0, 1, 0, -1),
        (2, 1, 2, -2, 1, 1, 1, 1, -2),
    )
)
LADDER = tuple(given | {"s_1": given["s_1"] - 1} for given in WEIGHTED if given["s_1"] > -given["l_1"])
CORE: dict[str, Any] = {
    "3j": lambda n: lambda *m: wigner_3j(*m) if len(m) == 6 else wigner_3j(*degrees(n), *m),
    "C": PATHS["C"],
    "P": weight,
}


class Raising(Operator):
    """ð or its conjugate on a function of a spin weight; its powers begin at weight zero and go on step by step."""

    def __init__(self, sign: int, spin: Any) -> None:
        super().__init__(lambda f: raised(sign, f, spin))
        self.sign = sign

    def __pow__(self, times: Any) -> Operator:
        def repeated(value: Any) -> Any:
            for step in range(int(times)):
                value = raised(self.sign, value, self.sign * step)
            return value

        return Operator(repeated)


DEFINED: dict[str, Any] = {
    "\\eth": lambda n: Raising(1, n["s"]),
    "\\bar \\eth": lambda n: Raising(-1, n["s"]),
    "\\partial_\\theta": lambda _: Operator(lambda f: z * sp.diff(f, SINE) - SINE * sp.diff(f, z)),
    "\\partial_\\phi": lambda _: Operator(lambda f: sp.I * E * sp.diff(f, E)),
    "\\cot": lambda _: Operator(lambda angle: sp.cos(angle) / sp.sin(angle)),
    "f": lambda n: harmonic(n["s"], n["l"], n["m"]),
}
OF_ORDERS: dict[str, Any] = {
    "k": product_integral,
    "3j": lambda n: lambda *m: wigner_3j(*degrees(n), *m),
    "\\kappa": lambda n: lambda *m: sp.sqrt(sp.prod([2 * l + 1 for l in degrees(n)]) / (4 * sp.pi)) * n["3j"](*m),
}
SPUN = tuple(
    given | {"l": l, "s": s, "m": m}
    for given, (l, s, m) in zip(
        WEIGHTED, ((1, 1, 0), (2, -1, 1), (2, 2, -1), (2, -2, 0), (1, 0, 1), (3, -1, -2)), strict=True
    )
)
UNREAD = {
    CASE: ("s=0", r"\mu_i=-s_i", r"s=-\mu"),
    PART: (
        "1",
        "(q-p)/2",
        r"(a\cdot r)^l/l!",
        r"\sqrt{(l-s)(l+s+1)}",
        "s+1",
        "-(l-s)",
        r"\sqrt{(l-s)!/(l+s)!}",
        "+(l+s)",
        r"\sin\theta\,f",
        r"\prod\sqrt{4\pi/(2l_i+1)}",
        "3j(m_1m_2m_3)",
    ),
    NOTATION: (r"a(\xi,\eta)",),
}

READING = Reading(
    RULES,
    WEIGHTED,
    {
        "Two factors of the generating power": Reading({}, (ONE | SPINORS,)),
        "The raising and lowering operators": Reading(
            {"\\eth": angles(1), "\\bar \\eth": angles(-1)},
            tuple(ONE | {"p": p, "q": q} for p, q in ((2, 3), (1, 1), (3, 1))),
        ),
        "Spin-weighted harmonics are coefficients": Reading(
            {}, tuple(ONE | {"l": l, "s": s} for l, s in ((1, 0), (1, 1), (2, -1), (2, 1), (2, 2)))
        ),
        "A total derivative": Reading(
            {
                "\\eth": eth(1, lambda _: -1),
                "\\text{for spin weight }-1": lambda _: True,
                "f": lambda n: harmonic(-1, n["l"], n["m"]),
            },
            tuple({"l": l, "m": m} for l, m in ((1, 0), (2, 0), (2, 1), (3, 0))),
        ),
        "Ladder relations between the spins": Reading({"k": moved}, LADDER),
        "The factor that is left": Reading(CORE, tuple(given | SPINORS for given in WEIGHTED[:2])),
    },
    {
        "Statement": Reading(DEFINED, SPUN),
        "A total derivative": Reading(
            {"\\bar \\eth": eth(-1, lambda _: 1), "f": lambda n: harmonic(1, n["l"], n["m"])}, ()
        ),
        "Ladder relations between the spins": Reading(OF_ORDERS, WEIGHTED),
    },
    UNREAD,
)
