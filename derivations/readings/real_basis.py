"""The statements on the real basis: the core is U ⊗ U ⊗ U of the 3j symbols, and an entry of it that of the package."""

from __future__ import annotations

from itertools import product
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names
from derivations.reading.paths import PATHS, degrees, named, of_parity, path_instances, surd, wigner_3j
from derivations.reading.sphere import FUNCTIONS, SINE, SPHERE, harmonic, real_harmonic
from derivations.reading.texts import CASE, NOTATION, PART
from derivations.real_harmonics import u_entry
from derivations.symbols import x, y, z


def unitary(l: int) -> sp.Matrix:
    """U_l"""
    found = sp.zeros(2 * l + 1)
    for order in range(-l, l + 1):
        for m in {order, -order}:
            power, halvings = u_entry(order, m)
            found[l + order, l + m] = sp.I**power / sp.sqrt(2) ** halvings
    return found


def entry(names: Names) -> Any:
    """C with three orders, or with three degrees and three orders."""

    def core(*indices: Any) -> sp.Expr:
        numbers = indices if len(indices) == 6 else (*degrees(names), *indices)
        return surd(exact.real_wigner_3j)(*numbers)

    return core


def components(names: Names, function: Any) -> sp.Matrix:
    """All entries at the degrees of an instance, as a column."""
    ranges = [range(-l, l + 1) for l in degrees(names)]
    return sp.Matrix([function(*degrees(names), *m) for m in product(*ranges)])


CORE: dict[str, Any] = {
    "C": lambda n: Indexed(entry(n), bare=lambda: components(n, surd(exact.real_wigner_3j))),
    "3j": lambda n: Indexed(wigner_3j, bare=lambda: components(n, wigner_3j)),
    **{f"U_{i}": lambda n, i=i: unitary(n[f"l_{i}"]) for i in (1, 2, 3)},
    "\\max": lambda _: lambda *sizes: max(sizes),
    "R": lambda _: Indexed(real_harmonic),
}
SMALL = tuple(given for given in path_instances(2, 200, real=True) if sum(given[f"l_{i}"] for i in (1, 2, 3)) < 5)[::6]
REAL = tuple(path_instances(3, 60, real=True))
ALL_ORDERS = tuple(
    dict(zip(("l_1", "l_2", "l_3"), path, strict=True)) | named((m[0], m[1], m[2]), True)
    for path in ((1, 1, 2), (2, 1, 1), (1, 2, 1), (1, 2, 2), (1, 1, 1))
    for m in product(*(range(-l, l + 1) for l in path))
)


def reached(given: dict[str, int]) -> bool:
    """Whether C is not zero at an instance."""
    numbers = (given[name] for name in ("l_1", "l_2", "l_3", "\\mu_1", "\\mu_2", "\\mu_3"))
    return bool(exact.real_wigner_3j(*numbers))


def additive(given: dict[str, int]) -> bool:
    low, middle, high = sorted(abs(given[f"\\mu_{i}"]) for i in (1, 2, 3))
    return low + middle == high


def even_sum(given: dict[str, int]) -> bool:
    """Whether the number of negative orders has the parity of J."""
    return not sum((given[f"\\mu_{i}"] < 0) + given[f"l_{i}"] for i in (1, 2, 3)) % 2


WITHIN = tuple(
    given | dict(zip(("m_1", "m_2", "m_3"), m, strict=True)) | {"i": 1 + number % 3}
    for number, given in enumerate(REAL)
    for m in product(*({given[f"\\mu_{i}"], -given[f"\\mu_{i}"]} for i in (1, 2, 3)))
    if sum(m) == 0 and sum(given[f"\\mu_{i}"] < 0 for i in (1, 2, 3)) % 2 == sum(given[f"l_{i}"] for i in (1, 2, 3)) % 2
)
ONES = {"l_1": 1, "l_2": 1, "l_3": 1}
ONE = {
    "R": lambda n: Indexed(lambda m: real_harmonic(n["l"], m)),
    "Y": lambda n: Indexed(lambda m: harmonic(n["l"], m)),
    "U": lambda n: unitary(n["l"]),
}
AT = {
    "R": lambda _: Indexed(real_harmonic),
    "Q": lambda _: Indexed(lambda l, m: sp.Integer(-1) ** m * harmonic(l, m).subs({x: SINE, y: 0}, simultaneous=True)),
}


def leading(names: Names) -> sp.Expr:
    """N: the factor of the derivative in a harmonic without its sign."""
    l, m = names["l"], names["m"]
    norm = sp.Rational((2 * l + 1) * sp.factorial(l - m), 4 * sp.factorial(l + m)) / sp.pi
    return sp.sqrt(norm) / (2**l * sp.factorial(l))


def columns(function: Any) -> Any:
    """All functions of one degree."""
    return lambda n: sp.Matrix([function(n["l"], m) for m in range(-n["l"], n["l"] + 1)])


def entries(names: Names) -> Indexed:
    """U by its two orders."""
    return Indexed(lambda mu, m: unitary(names["l"])[names["l"] + mu, names["l"] + m])


ROWS: dict[str, Any] = {
    "R_l": columns(real_harmonic),
    "Y_l": columns(harmonic),
    "U_l": lambda n: unitary(n["l"]),
    **FUNCTIONS,
}
ENTRIES: dict[str, Any] = {
    "U": entries,
    "3j": lambda n: lambda *m: wigner_3j(*degrees(n), *m),
    "\\sigma": lambda _: Indexed(lambda mu: sp.Integer(-1 if mu < 0 else 1)),
}
ORDERS = tuple(
    given | {"l": l, "m": m, "\\mu": mu}
    for given, (l, m, mu) in zip(
        path_instances(2, 7),
        ((1, 1, 1), (1, -1, 1), (2, 2, -2), (2, 0, 0), (3, -1, -1), (2, 1, -1), (3, 3, -3)),
        strict=False,
    )
)
UNREAD = {
    CASE: (
        r"\mu<0",
        r"\mu>0",
        r"m\to-m",
        r"U_{\mu m}\ne0",
        r"m=\pm\mu",
        "m_1+m_2+m_3=0",
        r"\sigma_\mu=-1",
    ),
    PART: ("n", "(-1)^{J/2}", "1", r"\sigma_{\mu_1}\sigma_{\mu_2}\sigma_{\mu_3}(-1)^J", "2^{-n/2}", r"3j(0\,0\,0)"),
    NOTATION: (r"U\otimes U\otimes U",),
}

READING = Reading(
    {**PATHS, **SPHERE, **CORE},
    SMALL,
    {
        "U is unitary": Reading(ONE, tuple({"l": l, "m": m} for l, m in ((1, 1), (2, 1), (2, 2)))),
        "The real harmonics carry no Condon-Shortley sign": Reading(
            AT, tuple({"l": l, "m": m} for l, m in ((1, 1), (2, 1), (3, 2)))
        ),
        "Unit norm and symmetries": Reading({}, REAL[::6]),
        "One |order| is the sum of the other two": Reading(
            {}, tuple(given for given in ALL_ORDERS if reached(given) or not additive(given))
        ),
        "The number of negative orders has the parity of J": Reading(
            {}, tuple(given for given in ALL_ORDERS if reached(given) or not even_sum(given))
        ),
        "Every entry is one signed square root of a rational": Reading(
            {"3j": lambda n: lambda *m: wigner_3j(*degrees(n), *m)}, WITHIN
        ),
        "The real Gaunt integral": Reading({}, of_parity(0, REAL)),
        "The real antisymmetric Gaunt integral": Reading({}, of_parity(1, REAL)),
        "Degrees 1, 1, 1": Reading(
            {}, tuple(ONES | dict(zip("ijk", m, strict=True)) for m in product((-1, 0, 1), repeat=3))
        ),
    },
    {
        "Statement": Reading(ROWS, ORDERS),
        "The real harmonics carry no Condon-Shortley sign": Reading({"x": lambda _: z, "N": leading}, ()),
        "C is real": Reading(ENTRIES, ORDERS),
        "The number of negative orders has the parity of J": Reading(ENTRIES, ORDERS),
    },
    UNREAD,
)
