"""Degrees, orders and symbols of a path: the names that most statements share.

The symbols are those of :mod:`coupling.exact`, so that reading a statement compares it with the package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.invariant_polynomial import ETA, XI, bracket, orders, paths
from derivations.null_vectors import null_vector
from derivations.reading.names import Indexed, Names, Rules
from derivations.reading.sphere import harmonic, real_harmonic
from derivations.reading.tokens import Unreadable

SLOTS = (1, 2, 3)


def surd(function: Callable[..., exact.Surd]) -> Callable[..., sp.Expr]:
    """A function of the exact layer as an expression; numbers that are whole or half are passed on as such."""
    return lambda *numbers: sp.sympify(function(*map(plain, numbers)))


def plain(number: Any) -> Any:
    value = sp.Rational(number)
    return int(value) if value.q == 1 else sp.Rational(value)


def wigner_3j(*numbers: Any) -> sp.Expr:
    """The symbol of the exact layer, and zero for an order that its degree has not."""
    if any(abs(m) > l for l, m in zip(numbers[:3], numbers[3:], strict=True)):
        return sp.Integer(0)
    return surd(exact.wigner_3j)(*numbers)


def degrees(names: Names) -> tuple[int, int, int]:
    return names["l_1"], names["l_2"], names["l_3"]


def total(names: Names) -> int:
    return sum(degrees(names))


def weight(names: Names) -> int:
    return int(sp.prod([2 * l + 1 for l in degrees(names)]))


def halves(slot: int) -> Callable[[Names], int]:
    """(J − ε)/2 − l of a slot."""
    return lambda names: total(names) // 2 - degrees(names)[slot - 1]


def normalization(names: Names) -> sp.Expr:
    factor = exact.bracket_factor if total(names) % 2 else exact.wigner_3j_at_zero
    return sp.sqrt(weight(names) / (4 * sp.pi)) * sp.Abs(sp.sympify(factor(*degrees(names))))


def kronecker(*numbers: Any) -> sp.Integer:
    return sp.Integer(numbers[0] == numbers[1])


def triangle(names: Names) -> sp.Expr:
    """Δ"""
    above = sp.prod([sp.factorial(total(names) - 2 * l) for l in degrees(names)])
    return sp.sqrt(sp.Rational(above, sp.factorial(total(names) + 1)))


def orders_of(degree: str) -> Callable[[Names], range]:
    """The range of an order."""
    return lambda names: range(-names[degree], names[degree] + 1)


def bracket_factor(names: Names) -> sp.Expr:
    """K, which odd paths have."""
    if total(names) % 2 == 0:
        raise Unreadable("K belongs to odd paths")
    return sp.sympify(exact.bracket_factor(*degrees(names)))


PATHS: Rules = {
    "\\pi": lambda _: sp.pi,
    "\\mathrm{i}": lambda _: sp.I,
    "e": lambda _: sp.E,
    "range i": lambda _: SLOTS,
    "3j": lambda _: wigner_3j,
    "6j": lambda _: surd(exact.wigner_6j),
    "9j": lambda _: surd(exact.wigner_9j),
    "J": total,
    "P": weight,
    "g": lambda n: (total(n) - 1) // 2,
    "\\epsilon": lambda n: total(n) % 2,
    "a": halves(1),
    "b": halves(2),
    "c": halves(3),
    "A": lambda n: total(n) - 2 * n["l_1"],
    "B": lambda n: total(n) - 2 * n["l_2"],
    "C": lambda n: total(n) - 2 * n["l_3"],
    "N": normalization,
    "K": bracket_factor,
    "\\Delta": triangle,
    "\\delta": lambda _: Indexed(kronecker),
    "\\varepsilon": lambda _: Indexed(lambda *indices: sp.LeviCivita(*indices)),
    "Y": lambda _: Indexed(harmonic),
    "R": lambda _: Indexed(real_harmonic),
    "[]": lambda _: bracket,
} | {
    f"{name}_{slot}": rule
    for slot in SLOTS
    for name, rule in {
        "\\lambda": lambda n, s=slot: n[f"l_{s}"] * (n[f"l_{s}"] + 1),
        "Y": lambda n, s=slot: harmonic(n[f"l_{s}"], n[f"m_{s}"]),
        "R": lambda n, s=slot: real_harmonic(n[f"l_{s}"], n[f"\\mu_{s}"]),
        "\\xi": lambda _, s=slot: XI[s - 1],
        "\\eta": lambda _, s=slot: ETA[s - 1],
        "range m": lambda n, s=slot: range(-n[f"l_{s}"], n[f"l_{s}"] + 1),
        "range \\mu": lambda n, s=slot: range(-n[f"l_{s}"], n[f"l_{s}"] + 1),
    }.items()
}


#: Degrees and orders that all differ, with integrals that are not zero.
COMPLEX = ((1, 2, 3, 1, -2, 1), (3, 1, 2, -1, 1, 0), (2, 4, 3, 1, -3, 2))
REAL = ((1, 2, 3, 1, 1, 2), (3, 1, 2, -1, -1, 0), (2, 4, 3, 1, -3, 2))


def path_instances(lmax: int, count: int, real: bool = False) -> list[dict[str, Any]]:
    """Paths and orders spread evenly over all to a degree, and three whose degrees all differ, of both parities."""
    everything = [dict(zip(("l_1", "l_2", "l_3"), path, strict=True)) | named(m, real) for path, m in pairs(lmax, real)]
    step = max(1, len(everything) // count)
    other = (everything[0] | dict(zip(everything[0], numbers, strict=True)) for numbers in (REAL if real else COMPLEX))
    return [*everything[step // 2 :: step], *(other if lmax < 4 else ())]


def pairs(lmax: int, real: bool) -> Iterator[tuple[tuple[int, int, int], tuple[int, int, int]]]:
    for path in paths(lmax):
        for m in orders(path):
            yield from ((path, choice) for choice in (real_orders(m) if real else (m,)))


def real_orders(m: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
    """Real orders of the same sizes."""
    first, second, third = map(abs, m)
    yield from ((first, second, third), (-first, -second, third), (first, -second, -third), (-first, second, third))


def named(m: tuple[int, int, int], real: bool) -> dict[str, int]:
    return dict(zip(("\\mu_1", "\\mu_2", "\\mu_3") if real else ("m_1", "m_2", "m_3"), m, strict=True))


def of_parity(parity: int, instances: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The instances on paths of one parity."""
    return tuple(given for given in instances if sum(given[f"l_{slot}"] for slot in SLOTS) % 2 == parity)


def of_whole(rule: Callable[[Names], Any]) -> Callable[[Names], Any]:
    """What belongs to harmonics is zero at half-integers, so that other parts of a statement are read there."""
    return lambda names: rule(names) if all(sp.Rational(l).q == 1 for l in degrees(names)) else sp.Integer(0)


#: Numbers for three spinors.
SPINORS = dict(zip([f"\\xi_{i}" for i in SLOTS] + [f"\\eta_{i}" for i in SLOTS], (1, 2, -1, 3, -1, 2), strict=True))


def vector(slot: int) -> Callable[[Names], sp.Matrix]:
    """The null vector of a slot."""
    return lambda names: null_vector(sp.Integer(names[f"\\xi_{slot}"]), sp.Integer(names[f"\\eta_{slot}"]))


def spinor_rules() -> Rules:
    """Null vectors a_i and brackets [ij] of spinors that an instance gives."""
    vectors = {
        f"a_{i}": lambda n, i=i: null_vector(sp.Integer(n[f"\\xi_{i}"]), sp.Integer(n[f"\\eta_{i}"])) for i in SLOTS
    }
    return {**vectors, "[]": spinor_bracket}


def spinor_bracket(names: Names) -> Callable[[int, int], Any]:
    return lambda i, j: names[f"\\xi_{i}"] * names[f"\\eta_{j}"] - names[f"\\eta_{i}"] * names[f"\\xi_{j}"]
