"""The statements on 3j symbols at paths to degree 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.hypergeometric import DIXON, ODD_DIXON, Sum
from derivations.invariant_polynomial import ETA, XI, bracket
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.paths import PATHS, degrees, of_parity, path_instances, surd
from derivations.reading.texts import CASE, PART
from derivations.reading.tokens import Unreadable
from derivations.symbols import a, b, c, k

H = sp.Rational(1, 2)
ODD = tuple(given for given in path_instances(3, 60) if sum(given[f"l_{i}"] for i in (1, 2, 3)) % 2)


def of_orders(names: Names) -> Callable[..., sp.Expr]:
    """3j(m1, m2, m3) at the degrees of the instance."""
    return lambda *orders: surd(exact.wigner_3j)(*degrees(names), *orders)


def moved(names: Names) -> Callable[..., sp.Expr]:
    """3j(…, n_i ± 1, …): the order of the slot i is given, the others are those of the instance."""
    place = names["i"] - 1
    kept = [names[f"n_{i}"] for i in (1, 2, 3)]

    def symbol(*orders: Any) -> sp.Expr:
        found = (*kept[:place], orders[1], *kept[place + 1 :])
        if sum(found):
            raise Unreadable(f"orders {found} make a symbol zero: it says nothing")
        outside = any(abs(m) > l for l, m in zip(degrees(names), found, strict=True))
        return sp.Integer(0) if outside else of_orders(names)(*found)

    return symbol


LADDER = [
    {"l_1": 2, "l_2": 3, "l_3": 2, "n_1": n, "n_2": p, "n_3": sign - n - p, "\\pm": sign}
    for sign in (1, -1)
    for n, p in ((1, 1), (-1, 2), (0, -1), (2, 0))
]
EDGE = [
    {"l_1": l1, "l_2": l2, "l_3": l3, "m_1": m}
    for l1, l2, l3, m in (
        *((2, 3, 2, 1), (2, 3, 2, 0), (1, 2, 3, 1), (3, 3, 1, -1), (2, 2, 2, 2), (3, 1, 2, 3)),
        *((3 * H, 1, 3 * H, H), (1, 3 * H, H, 1), (3 * H, 2, H, -H), (H, H, 1, H), (3 * H, 5 * H, 2, 3 * H)),
    )
]
OTHERS = [given | {"l_3'": l, "m_3'": m} for given in path_instances(2, 9) for l, m in ((1, 0), (2, 1), (2, -1))]
OTHERS += [given | {"l_3'": given["l_3"], "m_3'": given["m_3"]} for given in path_instances(2, 6)]


def monomial(l: Any, m: Any) -> sp.Expr:
    """e_lm, of the first spinor."""
    factors = sp.factorial(l + m) * sp.factorial(l - m)
    return XI[0] ** (l + m) * ETA[0] ** (l - m) / sp.sqrt(factors) if abs(m) <= l else sp.Integer(0)


RAISING = Operator(lambda f: XI[0] * sp.diff(f, ETA[0]))
LOWERING = Operator(lambda f: ETA[0] * sp.diff(f, XI[0]))
MONOMIALS = {
    "\\xi": lambda _: XI[0],
    "\\eta": lambda _: ETA[0],
    "\\partial_\\eta": lambda _: Operator(lambda f: sp.diff(f, ETA[0])),
    "\\partial_\\xi": lambda _: Operator(lambda f: sp.diff(f, XI[0])),
    "e": lambda _: Indexed(monomial),
    "L_+": lambda _: RAISING,
    "L_-": lambda _: LOWERING,
    "L_\\pm": lambda n: RAISING if n["\\pm"] == 1 else LOWERING,
    "\\cdot": lambda _: (XI[0] + 2 * ETA[0]) ** 3 + XI[0] * ETA[0] ** 2,
}
ON_THE_EDGE = {
    "m_2": lambda n: n["l_3"] - n["m_1"],
    "m_3": lambda n: -n["l_3"],
    "i": lambda n: n["l_1"] - n["m_1"],
    "j": lambda n: n["i"] - n["m_2"] + n["l_3"] - n["l_1"],
    "k": lambda n: n["i"] + n["m_1"] + n["l_3"] - n["l_2"],
}


def pairs(names: Names) -> list[tuple[int, int]]:
    """The orders of the first two slots."""
    return [(p, q) for p in range(-names["l_1"], names["l_1"] + 1) for q in range(-names["l_2"], names["l_2"] + 1)]


def component(names: Names) -> Indexed:
    """V of an order of the third slot: all 3j symbols with it."""
    numbers = lambda p, q, m: (p, q, m) if p + q + m == 0 and abs(m) <= names["l_3"] else None  # noqa: E731
    return Indexed(
        lambda m: sp.Matrix([of_orders(names)(*found) if (found := numbers(p, q, m)) else 0 for p, q in pairs(names)])
    )


def acting(step: int) -> Callable[[Names], sp.Matrix]:
    """L_+, L_- or L_z on both slots together, as a matrix on the orders of the two."""

    def single(l: int, after: int, before: int) -> sp.Expr:
        if after != before + step:
            return sp.Integer(0)
        return sp.sqrt((l - step * before) * (l + step * after)) if step else sp.Integer(before)

    def entry(names: Names, after: tuple[int, int], before: tuple[int, int]) -> sp.Expr:
        parts = [
            single(names[f"l_{slot + 1}"], after[slot], before[slot]) * int(after[1 - slot] == before[1 - slot])
            for slot in (0, 1)
        ]
        return sum(parts, sp.Integer(0))

    return lambda names: sp.Matrix([[entry(names, after, before) for before in pairs(names)] for after in pairs(names)])


def casimir(names: Names) -> sp.Matrix:
    """L² from its three components."""
    up, down, along = (names[f"L_{mark}"] for mark in "+-z")
    return ((up + down) / 2) ** 2 - ((up - down) / 2) ** 2 + along**2


TOGETHER = {
    "V": component,
    "L_+": acting(1),
    "L_-": acting(-1),
    "L_z": acting(0),
    "L^2": casimir,
    "range l_3": lambda n: range(abs(n["l_1"] - n["l_2"]), n["l_1"] + n["l_2"] + 1),
}
VECTORS = tuple(
    {"l_1": p, "l_2": q, "l_3": l, "m_3": m}
    for p, q, l, m in ((1, 1, 1, 0), (1, 2, 2, -1), (2, 1, 2, -2), (1, 2, 3, 1), (2, 2, 1, 0))
)


def at(expression: sp.Expr, *numbers: Any) -> sp.Expr:
    """The value of an expression in a, b, c, k."""
    return expression.subs(dict(zip((a, b, c, k), numbers, strict=True)), simultaneous=True)


def telescoped(total: Sum) -> dict[str, Any]:
    """F, G and u of a sum that telescopes."""
    numbers = lambda n: (n["a"], n["b"], n["c"])  # noqa: E731
    f = total.term / total.value
    g = total.certificate * total.kernel / total.value
    return {
        "F": lambda n: Indexed(
            lambda first, index: at(f, first, n["b"], n["c"], index), bare=lambda: at(f, *numbers(n), n["k"])
        ),
        "G": lambda n: Indexed(lambda index: at(g, *numbers(n), index), bare=lambda: at(g, *numbers(n), n["k"])),
        "u": lambda n: Indexed(lambda index: at(total.common, *numbers(n), index)),
        "range k": lambda _: range(-9, 10),
    }


def odd_term(first: Any, second: Any, third: Any) -> Callable[[Any], sp.Expr]:
    """v_abc"""
    return lambda index: (2 * index - 1) * odd_kernel((first, second, third), index)


def odd_kernel(halves: tuple[Any, ...], index: Any) -> sp.Expr:
    return sp.Integer(-1) ** index * sp.prod([sp.binomial(2 * h + 1, h + index) for h in halves])


def odd_sum(*halves: Any) -> sp.Expr:
    """V, term by term."""
    return sum((odd_term(*halves)(index) for index in range(-9, 10)), sp.Integer(0))


def folded(names: Names, index: Any) -> sp.Expr:
    """f(k): the terms of the explicit sum at the orders 1, −1, 0, in another order."""
    found = sp.binomial(names["C"], names["c"] + index) * sp.binomial(names["A"], names["a"] + 1 + index)
    return sp.Integer(-1) ** index * found * sp.binomial(names["B"], names["b"] + 1 + index)


def weight(names: Names) -> sp.Expr:
    """β: the weight of V(a, b+1, c)."""
    return sp.Rational(names["a"] + names["b"] + 2, (names["b"] + 1) * (2 * names["b"] + 3))


def first_weight(names: Names) -> sp.Expr:
    """α, so that the two weights make E of the two sums V."""
    above = 2 * names["E"] - weight(names) * odd_sum(names["a"], names["b"] + 1, names["c"])
    return above / odd_sum(names["a"] + 1, names["b"] + 1, names["c"])


def odd_value(names: Names) -> Indexed:
    """V, by its sum."""
    return Indexed(odd_sum, bare=lambda: odd_sum(names["a"], names["b"], names["c"]))


#: The edge in the third slot, at its first entry or the next one.
FIRST: dict[str, Any] = {
    "m_1": lambda n: n["l_1"] - min(1, n["C"]),
    "k": lambda n: n["l_1"] - n["m_1"],
    "range k": lambda n: range(n["C"] + 1),
}
#: The index of the explicit sum.
SUMMED: dict[str, Any] = {"range i": lambda n: range(n["C"] + 1)}
FOLDED = {
    **telescoped(ODD_DIXON),
    **SUMMED,
    "f": lambda n: Indexed(lambda index: folded(n, index)),
    "E": lambda n: sum((folded(n, index) for index in range(-9, 10)), sp.Integer(0)),
    "V": odd_value,
    "v": lambda _: Indexed(odd_term),
    "\\alpha": first_weight,
    "\\beta": weight,
}
EVEN = tuple(given for given in of_parity(0, path_instances(3, 30)) if given["l_1"] < given["l_2"] + given["l_3"])
EVEN += ({"l_1": 1, "l_2": 3, "l_3": 4},)  # a = 3, which is neither a! nor zero
UNREAD = {
    CASE: ("m_1=l_1", "i=c+k"),
    PART: (r"e_{l_1n_1}e_{l_2n_2}e_{l_3n_3}",),
}

READING = Reading(
    PATHS,
    tuple(path_instances(3, 30)),
    {
        "Statement": Reading(
            {}, tuple({"l_1": a, "l_2": b, "l_3": c} for a, b, c in ((1, 1, 1), (1, 2, 2), (2, 1, 3)))
        ),
        "Explicit sum": Reading(
            {
                "range i": lambda n: range(n["C"] + 1),
                "range n": lambda _: (1, 2, 3),
                "j": lambda n: n["i"] - n["m_2"] + n["l_3"] - n["l_1"],
                "k": lambda n: n["i"] + n["m_1"] + n["l_3"] - n["l_2"],
            },
            tuple(given | {"i": i} for i, given in enumerate(path_instances(3, 20))),
        ),
        "Invariance": Reading(
            {"\\Phi": lambda n: bracket(1, 2) ** n["C"] * bracket(2, 3) ** n["A"] * bracket(3, 1) ** n["B"]},
            ({"l_1": 2, "l_2": 3, "l_3": 2}, {"l_1": 1, "l_2": 1, "l_3": 2}),
        ),
        "Ladder relations": Reading({"3j": moved, "\\ldots": lambda _: None}, tuple(LADDER)),
        "The ladder relations leave one factor free, and its sign is the usual one": Reading(
            {"3j": of_orders}, tuple(EDGE)
        ),
        "Unit norm": Reading({"3j": of_orders}, tuple(path_instances(3, 8))),
        "Orthogonality": Reading({}, tuple(OTHERS)),
        "Orders 1, −1, 0 on odd paths": Reading({}, ODD),
    },
    {
        "Statement": Reading({}, tuple(path_instances(2, 9))),
        "Ladder relations": Reading(
            MONOMIALS, tuple({"l": l, "m": m, "\\pm": sign} for l, m in ((2, 1), (2, 0), (3, -2)) for sign in (1, -1))
        ),
        "The ladder relations leave one factor free, and its sign is the usual one": Reading(ON_THE_EDGE, tuple(EDGE)),
        "Unit norm": Reading(TOGETHER | FIRST, VECTORS),
        "Orthogonality": Reading(TOGETHER, VECTORS),
        "Zero orders": Reading(telescoped(DIXON) | SUMMED, tuple(dict(p, k=q) for p in EVEN for q in (0, -1))),
        "Orders 1, −1, 0 on odd paths": Reading(FOLDED, tuple(dict(p, k=q) for p in ODD[::6] for q in (0, -1))),
    },
    UNREAD,
)
