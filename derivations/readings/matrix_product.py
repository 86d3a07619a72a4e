"""The statements on the matrix product: matrices multiplied out against 3j and 6j symbols of the package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations import matrix_trace
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.paths import (
    PATHS,
    SLOTS,
    SPINORS,
    degrees,
    path_instances,
    spinor_bracket,
    surd,
    total,
    wigner_3j,
)
from derivations.readings import matrices, matrix_texts
from derivations.readings.clebsch_gordan_paths import of_path
from derivations.readings.matrices import doubled, group, six_j
from derivations.readings.real_basis import unitary

X = sp.Symbol("x")
SERIES = 6  # powers of x that are compared
LARGE = 1000  # the dimension at which a limit is looked at


def real_tensor(slot: int) -> Any:
    """T of a slot with real index."""

    def of(names: Names) -> sp.Matrix:
        l, mu = names[f"l_{slot}"], names[f"\\mu_{slot}"]
        entries = unitary(l).row(l + mu)
        return sum((entries[l + m] * matrices.tensor(names["n"], l, m) for m in range(-l, l + 1)), sp.zeros(names["n"]))

    return of


def spinor(name: str, slot: str = "") -> Any:
    return lambda n: sp.Matrix([n[f"\\xi{slot}"], n[f"\\eta{slot}"]])


def norm(degree: str) -> Any:
    """ν_l"""
    return lambda n: sp.sqrt(sp.factorial(2 * n[degree]) * sp.binomial(n["n"] + n[degree], 2 * n[degree] + 1))


def tau(names: Names) -> sp.Expr:
    return group(names).trace() - 2


def series(left: Any, right: Any) -> sp.Matrix:
    """The first coefficients of a difference, as a power series in x."""
    found = sp.series(sp.sympify(left - right), X, 0, SERIES).removeO()
    return sp.Matrix([found.coeff(X, power) for power in range(SERIES)])


def size_of_term(names: Names) -> Any:
    """t_f: the terms of W."""
    a, b, c, odd, n = (names[key] for key in ("a", "b", "c", "\\epsilon", "n"))

    def term(f: Any) -> sp.Expr:
        k = a + b + c + odd - f
        low = [sp.factorial(value) for value in (2 * f + odd, a - f, b - f, c - f)]
        return (-1) ** (a + b + c - f) * sp.factorial(k) / sp.prod(low) * sp.binomial(n + k, 2 * k + 1)

    return Indexed(term, single=True)


def sign(names: Names) -> sp.Expr:
    """s"""
    number = matrix_trace.reduced_sum(degrees(names), names["n"])
    return (-sp.I) ** total(names) * sp.sign(number)


def bound(names: Names) -> sp.Expr:
    a, b, c, odd = (names[key] for key in ("a", "b", "c", "\\epsilon"))
    top = a + b + c + odd
    return top**2 + sp.Rational(2 * (2 * top + 1) * a * b * c, (odd + 1) * (odd + 2))


def nearly(left: Any, right: Any) -> list[sp.Integer]:
    """Zero when a limit is reached to a thousandth at the dimension of the instance."""
    return [sp.Integer(not (right != 0 and abs(sp.N(left / right - 1, 30)) < sp.Rational(1, LARGE)))]


def spins(rows: list[list[str]]) -> Iterator[sp.Integer]:
    """Zeros when each 2j of a table is the smallest for its degree limit."""
    (first, *limits), (second, *least) = rows
    yield sp.Integer((first, second) != ("l_{\\max}", "2j"))
    for limit, last in zip(map(int, limits), map(int, least), strict=True):
        free = (matrix_trace.first_zero(spin + 1, limit) is None for spin in range(limit, last + 1))
        yield sp.Integer(list(free) != [spin == last for spin in range(limit, last + 1)])


RULES: dict[str, Any] = {
    **PATHS,
    "j": lambda n: sp.Rational(doubled(n), 2),
    "T": lambda n: Indexed(lambda l, m: matrices.tensor(n["n"], int(l), int(m))),
    "J": lambda n: Indexed(lambda spinor: matrices.null_element(n["n"], spinor), bare=lambda: total(n)),
    "6j": lambda n: Indexed(surd(exact.wigner_6j), bare=lambda: six_j(n)),
    "K": of_path(exact.bracket_factor),
    "W": lambda n: sp.Integer(matrix_trace.reduced_sum(degrees(n), n["n"])),
    "s": sign,
    "\\mathrm{tr}": matrices.traced,
    "\\mathrm{sgn}": lambda _: Operator(sp.sign),
    "\\bar": lambda _: sp.conjugate,
    "[]": spinor_bracket,
    "\\kappa": lambda n: n["a"] + n["b"] + n["c"] + n["\\epsilon"],
    "k": lambda n: n["\\kappa"] - n["f"],
    "t": size_of_term,
    "\\beta": bound,
    "range f": lambda n: range(min(n["a"], n["b"], n["c"]) + 1),
    "\\to": lambda _: nearly,
    **{f"a_{i}": spinor("a", f"_{i}") for i in SLOTS},
    **{f"\\nu_l_{i}": norm(f"l_{i}") for i in SLOTS},
    **{f"range m_{i}'": lambda n: matrices.spins(n["n"]) for i in SLOTS},
}
ALGEBRA: dict[str, Any] = {
    "a": spinor("a"),
    "\\tilde a": lambda n: sp.Matrix([-n["\\eta"], n["\\xi"]]),
    "J_+": lambda n: matrices.ladder(n["n"], 1),
    "J_-": lambda n: matrices.ladder(n["n"], -1),
    "J_z": lambda n: matrices.ladder(n["n"], 0),
    "N": lambda _: lambda spinor: matrices.null_matrix(spinor),
    "e": lambda _: matrices.Exponential(),
    "\\nu_l": norm("l"),
    "range m": lambda n: range(-n["l"], n["l"] + 1),
    "\\det": lambda _: Operator(lambda value: sp.expand(value.det()), wide=True),
    "g": group,
    "\\tau": tau,
}
CHARACTERS: dict[str, Any] = {
    **ALGEBRA,
    "x": lambda _: X,
    "=": lambda _: series,
    "range 2j": lambda _: range(SERIES),
    "range k": lambda _: range(SERIES),
    "j": lambda n: sp.Rational(n["2j"], 2),
    "\\mathrm{tr}_j": lambda n: Operator(lambda value: matrices.character(n["2j"], value), wide=True),
}
GROUP = SPINORS | {"s_1": 2, "s_2": -1, "s_3": 3}
ONE = {"\\xi": 2, "\\eta": -3, "s": sp.Integer(5)}
SPIN = tuple(
    given | {"n": max(given[f"l_{i}"] for i in SLOTS) + 1 + number % 2}
    for number, given in enumerate(path_instances(3, 14))
)
REAL = tuple(
    given | {"n": max(given[f"l_{i}"] for i in SLOTS) + 1 + number % 2}
    for number, given in enumerate(path_instances(2, 40, real=True))
)
CORE: dict[str, Any] = {
    "C": lambda n: Indexed(lambda *m: surd(exact.real_wigner_3j)(*degrees(n), *m), bare=lambda: total(n) - 2 * n["l_3"])
}
CORE |= {f"T_{i}": real_tensor(i) for i in SLOTS}
SLOTTED = {f"T_{i}": lambda n, i=i: matrices.tensor(n["n"], n[f"l_{i}"], n[f"m_{i}"]) for i in SLOTS}
BOTH = tuple(
    given | {f"m_{i}": m for i, m in zip(SLOTS, orders, strict=True)}
    for given in REAL[::3]
    for orders in ((0, 0, 0), (1, -1, 0), (0, 1, -1))
    if all(abs(m) <= given[f"l_{i}"] for i, m in zip(SLOTS, orders, strict=True))
)
POWERS = tuple(
    SPINORS | {"l_1": p, "l_2": q, "l_3": r, "n": n, "f": 0}
    for p, q, r, n in ((1, 1, 2, 3), (1, 1, 1, 2), (2, 2, 2, 4), (1, 2, 3, 4), (3, 1, 2, 4), (2, 3, 2, 5), (0, 1, 1, 3))
)
PAIRS = tuple(
    {"l": l, "m": m, "l'": k, "m'": q, "n": n}
    for n, l, m, k, q in ((3, 1, 1, 1, -1), (3, 2, 1, 2, 1), (4, 1, 0, 1, 0), (4, 2, -1, 2, 1), (3, 1, 1, 2, -1))
)
LIMITS = tuple(given | {"n": LARGE} for given in path_instances(4, 12))
ALIVE = tuple(g for g in LIMITS if wigner_3j(*(g[f"{name}_{i}"] for name in "lm" for i in SLOTS)))
BOUNDS = tuple(
    {"l_1": p, "l_2": q, "l_3": r, "n": n, "f": f}
    for p, q, r, n, f in ((2, 2, 2, 4, 0), (2, 2, 2, 5, 0), (3, 3, 3, 9, 0), (4, 4, 4, 20, 1), (3, 4, 4, 20, 0))
)

READING = Reading(
    RULES | CORE,
    BOTH,
    {
        "A null element of the algebra": Reading(ALGEBRA, tuple(ONE | {"n": n} for n in (2, 3))),
        "Trace of three group elements in spin ½": Reading(ALGEBRA, (GROUP,)),
        "The same trace in every spin": Reading(CHARACTERS, (GROUP,)),
        "Reading off the three powers": Reading({}, POWERS),
        "The matrices T are the components of J(a)^l": Reading(
            ALGEBRA, tuple(ONE | {"n": n, "l": l} for n, l in ((3, 1), (3, 2), (4, 1), (4, 3)))
        ),
        "Orthonormality": Reading({}, PAIRS),
        "Adjoints": Reading({}, PAIRS),
        "Trace of three matrices": Reading(SLOTTED, SPIN),
        "The fraction is a 6j symbol": Reading(SLOTTED, SPIN[::2]),
        "Real basis: Hermitian matrices, s real on even and imaginary on odd paths": Reading(CORE, REAL),
        "Sign of the first term of W": Reading({}, SPIN),
        "Spins from which on no 6j symbol vanishes": Reading({}, BOUNDS),
        "Classical limit": Reading({}, LIMITS),
        "Smallest spins without a vanishing 6j symbol, degree limits 0 to 24": Reading(
            {"table": lambda _: spins}, ({},)
        ),
    },
    {
        "Statement": Reading(
            {
                "()_": matrix_texts.of_orders,
                "U": matrix_texts.of_slot,
                "range m": lambda n: range(-n[f"l_{n['i']}"], n[f"l_{n['i']}"] + 1),
            },
            matrix_texts.TENSORS,
        ),
        "The same trace in every spin": Reading(
            {
                "\\lambda": matrix_texts.eigenvalue,
                "n": lambda n: n["2j"] + 1,
                "=": lambda _: lambda left, right: sp.radsimp(sp.expand(left) - sp.radsimp(right)),
            },
            tuple(GROUP | {"2j": size} for size in (1, 2, 3)),
        ),
        "The matrices T are the components of J(a)^l": Reading(matrix_texts.KERNELS, ()),
        "Orthonormality": Reading(ALGEBRA | matrix_texts.SECOND, tuple(dict(p, **ONE) for p in PAIRS)),
        "Adjoints": Reading(ALGEBRA | matrix_texts.SECOND, tuple(dict(p, **ONE) for p in PAIRS)),
        "The fraction is a 6j symbol": Reading(
            {"3j": lambda n: wigner_3j(*degrees(n), *(n[f"m_{i}"] for i in SLOTS))}, SPIN
        ),
        "Real basis: Hermitian matrices, s real on even and imaginary on odd paths": Reading(
            matrix_texts.PRODUCTS, matrix_texts.TENSORS
        ),
        "Spins from which on no 6j symbol vanishes": Reading({"L": lambda n: max(degrees(n))}, ()),
        "Smallest spins without a vanishing 6j symbol, degree limits 0 to 24": Reading(matrix_texts.IN_USE, ()),
        "Classical limit": Reading(matrix_texts.LIMIT, ALIVE),
    },
    matrix_texts.UNREAD,
)
