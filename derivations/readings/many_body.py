"""The statements on highest states: divided powers as letters on which the ladder operators act as derivations."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import sympy as sp

from derivations.reading import Reading
from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.paths import PATHS
from derivations.reading.texts import CASE, NOTATION, PART

LETTERS = {name: [sp.Symbol(f"{name}_{k}") for k in range(12)] for name in ("f", "f'")}


def letter(name: str, degree: str) -> Any:
    """f_k, zero outside k = 0 … 2L."""

    def of(names: Names) -> Indexed:
        top = 2 * names[degree]
        return Indexed(lambda k: LETTERS[name][int(k)] if 0 <= k <= top else sp.Integer(0), single=True)

    return of


def derivation(step: int) -> Any:
    """J₊, J₋ or J_z on polynomials in the letters of both multiplets."""

    def of(names: Names) -> Operator:
        tops = {"f": 2 * names["L_1" if "L_1" in names else "L"], "f'": 2 * names["L_2"] if "L_2" in names else -1}
        return Operator(lambda value: moved(value, step, tops))

    return of


def moved(value: sp.Expr, step: int, tops: dict[str, int]) -> sp.Expr:
    found = sp.Integer(0)
    for name, top in tops.items():
        for k in range(top + 1):
            slope = sp.diff(value, LETTERS[name][k])
            factor = {1: top - k + 1, -1: k + 1, 0: sp.Rational(top, 2) - k}[step]
            target = k - step
            if 0 <= target <= top:
                found += slope * factor * LETTERS[name][target]
    return sp.expand(found)


def pairing(names: Names) -> Any:
    """The invariant form, in which f_k has the norm binom(2L, k): from J₋ and J₊ being adjoint."""
    tops = {"f": 2 * names["L_1" if "L_1" in names else "L"], "f'": 2 * names["L_2"] if "L_2" in names else 0}

    def norm(top: int, k: int) -> sp.Rational:
        found = sp.Integer(1)
        for step in range(k):
            found *= sp.Rational(top - step, step + 1)
        return found

    def of(left: Any, right: Any) -> sp.Expr:
        letters = [(name, k, LETTERS[name][k]) for name, top in tops.items() for k in range(top + 1)]
        total = sp.Integer(0)
        terms = sp.Poly(left, *(symbol for *_, symbol in letters)).as_dict()
        others = sp.Poly(right, *(symbol for *_, symbol in letters)).as_dict()
        for powers, factor in terms.items():
            sizes = [norm(tops[n], k) for (n, k, _), power in zip(letters, powers, strict=True) if power]
            total += factor * others.get(powers, 0) * sp.prod(sizes)
        return total

    return of


def size(p: int, q: int, n: int, i: Any) -> sp.Expr:
    """x_i over x_0."""
    return sp.ff(2 * q - n + i, i) / sp.ff(2 * p, i)


def highest(names: Names, degree: str = "L") -> sp.Expr:
    """F_0 of degree L."""
    p, q = names["L_1"], names["L_2"]
    n = p + q - names[degree]
    terms = ((-1) ** i * size(p, q, n, i) * LETTERS["f"][i] * LETTERS["f'"][n - i] for i in range(n + 1))
    return sum(terms, sp.Integer(0))


def ratio(names: Names) -> Indexed:
    """x_i"""
    p, q, n = names["L_1"], names["L_2"], names["n"]
    return Indexed(lambda i: size(p, q, n, i), single=True)


def component(names: Names) -> Indexed:
    """F_k"""

    def of(k: Any) -> sp.Expr:
        value = highest(names)
        for step in range(int(k)):
            value = names["J_-"] * value / (step + 1)
        return sp.expand(value)

    return Indexed(of)


# -- symmetric powers --------------------------------------------------------------------------


def weights(names: Names) -> dict[int, int]:
    """Numbers of monomials by their weight."""
    components = [m for l in names["degrees"] for m in range(-l, l + 1)]
    found: dict[int, int] = {}
    for monomial in combinations_with_replacement(components, names["\\nu"]):
        found[sum(monomial)] = found.get(sum(monomial), 0) + 1
    return found


def kernel(names: Names, weight: int) -> int:
    """Dimension of the kernel of J₊ among the monomials of one weight, by elimination."""
    letters = [sp.Symbol(f"v_{l}_{k}") for l in names["degrees"] for k in range(2 * l + 1)]
    place = {(l, k): sp.Symbol(f"v_{l}_{k}") for l in names["degrees"] for k in range(2 * l + 1)}
    orders = {symbol: l - k for (l, k), symbol in place.items()}
    chosen = [c for c in combinations_with_replacement(letters, names["\\nu"]) if sum(orders[s] for s in c) == weight]
    images = []
    for monomial in map(sp.prod, chosen):
        raised = (
            sp.diff(monomial, place[l, k]) * (2 * l - k + 1) * place[l, k - 1]
            for l in names["degrees"]
            for k in range(1, 2 * l + 1)
        )
        images.append(sp.Poly(sum(raised, sp.Integer(0)), *letters).as_dict())
    rows = sorted({powers for image in images for powers in image})
    matrix = sp.Matrix(len(rows), len(images), lambda i, j: images[j].get(rows[i], 0)) if rows else sp.zeros(0, 0)
    return len(chosen) - (matrix.rank() if rows else 0)


def multiplicity(names: Names, degree: int) -> int:
    """How often the irrep of a degree occurs, peeled off the weights from the top."""
    left = dict(weights(names))
    for top in range(max(left), degree, -1):
        number = left.get(top, 0)
        for weight in range(-top, top + 1):
            left[weight] -= number
    return left.get(degree, 0)


POWER: dict[str, Any] = {
    "n": lambda n: Indexed(lambda degree: multiplicity(n, int(degree))),
    "\\kappa": lambda n: Indexed(lambda degree: kernel(n, int(degree))),
    "d": lambda n: Indexed(lambda degree: weights(n).get(int(degree), 0), single=True),
    "D": lambda n: sum(2 * l + 1 for l in n["degrees"]),
    "range L": lambda n: range(max(weights(n)) + 1),
}
RULES = {
    **PATHS,
    "f": letter("f", "L"),
    "J_+": derivation(1),
    "J_-": derivation(-1),
    "J_z": derivation(0),
    "\\langle": pairing,
}
TWO: dict[str, Any] = {
    "f": letter("f", "L_1"),
    "f'": letter("f'", "L_2"),
    "n": lambda names: names["L_1"] + names["L_2"] - names["L"],
    "x": ratio,
    "F": lambda n: Indexed(component(n).value, bare=lambda: highest(n)),
    "G": lambda n: highest(n, "L'"),
    "range i": lambda n: range(n["n"] + 1),
}
POWERS = tuple({"degrees": d, "\\nu": nu, "L": top} for d, nu, top in (((1,), 2, 0), ((0, 1), 3, 1), ((1, 2), 2, 2)))
PAIRS = tuple({"L_1": p, "L_2": q, "L": r} for p, q, r in ((1, 1, 1), (2, 1, 1), (1, 2, 2)))
RATIOS = tuple(pair | {"i": i} for pair in PAIRS for i in range(pair["L_1"] + pair["L_2"] - pair["L"]))
OTHERS = tuple(pair | {"L'": other} for pair in PAIRS for other in (1, 2, 3) if other <= pair["L_1"] + pair["L_2"])


def commutator(first: Operator, second: Operator) -> Operator:
    return first * second - second * first


def casimir(names: Names) -> Operator:
    """J², from the three components."""
    up, down, along = names["J_+"], names["J_-"], names["J_z"]
    first, second = (up + down) / 2, (up - down) / 2
    return first * first - second * second + along * along


ALGEBRA: dict[str, Any] = {
    "[,]": lambda _: commutator,
    "J^2": casimir,
    "J_\\pm": lambda n: n["J_+"] if n["\\pm"] == 1 else n["J_-"],
    "\\cdot": lambda n: LETTERS["f"][n["k"]] + 3 * LETTERS["f"][1] * LETTERS["f"][2],
}
UNREAD = {
    CASE: ("k=0", "k=2L", "p=L_1", "q=L_2"),
    PART: (
        "L(L+1)",
        r"f_{k_1}\cdots f_{k_\nu}",
    ),
    NOTATION: (
        "SU(2)",
        "V",
        r"J_+:V_M\to V_{M+1}",
    ),
}

READING = Reading(
    RULES | POWER,
    POWERS,
    {
        "Divided powers": Reading({}, tuple({"L": 2, "k": k} for k in range(5))),
        "Their norms": Reading({}, tuple({"L": 2, "k": k, "k'": q} for k in range(5) for q in (0, 1, 3))),
        "The number of highest states": Reading(POWER, tuple(p | {"M": m} for p in POWERS for m in (-1, 0, 1))),
        "The product of two multiplets": Reading(TWO, RATIOS),
        "All components of a multiplet": Reading(
            TWO | {"a": lambda n: n["a0"], "b": lambda n: n["b0"]},
            tuple(pair | {"k": k, "a0": 1, "b0": 0} for pair in PAIRS for k in (1, 2, 3)),
        ),
        "Orthogonality": Reading(TWO, OTHERS),
    },
    {
        "Divided powers": Reading(ALGEBRA, tuple({"L": 2, "k": k, "\\pm": sign} for k in range(5) for sign in (1, -1))),
        "The number of highest states": Reading(
            {"v": lambda n: n["f"].value(n["k"]), "m": lambda n: n["L"] - n["k"]},
            tuple({"L": top, "k": k} for top in (1, 2, 3) for k in range(top)),
        ),
    },
    UNREAD,
)
