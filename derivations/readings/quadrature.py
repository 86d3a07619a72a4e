"""The statements on grids: polynomials on the sphere summed exactly, as remainders modulo a Legendre polynomial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sympy as sp

from derivations.reading import Reading
from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.paths import PATHS, path_instances
from derivations.reading.sphere import SPHERE, bracket, harmonic, integral
from derivations.reading.texts import CASE, PART, QUOTED
from derivations.readings.single_vector_product import SINGLE, made
from derivations.symbols import x, y, z

E, S = sp.symbols("E s", positive=True)


def summed(function: sp.Expr, latitudes: int, longitudes: int) -> sp.Expr:
    """The sum over a grid: orders that are multiples of the longitudes are left, and remainders modulo P_n."""
    around = {x: S * (E + 1 / E) / 2, y: S * (E - 1 / E) / (2 * sp.I)}
    terms = sp.expand(sp.sympify(function).subs(around, simultaneous=True) * E**60)
    found = sp.Integer(0)
    for (power,), factor in sp.Poly(terms, E).terms():
        if (power - 60) % longitudes == 0:
            even = sp.expand(sp.expand(factor).subs(S, sp.sqrt(1 - z**2)))
            rest = sp.rem(sp.Poly(even, z), sp.Poly(sp.legendre(latitudes, z), z))
            found += 2 * sp.pi * sp.integrate(rest.as_expr(), (z, -1, 1))
    return sp.expand(found)


def grid(names: Names) -> Operator:
    return Operator(lambda p: summed(p, names["n_\\theta"], names["n_\\phi"]))


def smallest(shift: int) -> Callable[[Names], Operator]:
    """The smallest grid that is exact to the degree of a path, or to one less."""

    def of(names: Names) -> Operator:
        degree = sum(names[f"l_{i}"] for i in (1, 2, 3)) + shift
        return Operator(lambda p: summed(p, degree // 2 + 1, degree + 1))

    return of


def rows_of(rows: list[list[str]]) -> Iterator[sp.Integer]:
    """Zeros when the path of each row is wrong with one latitude less, and right with as many as the row says."""
    head, *found = rows
    yield sp.Integer(head != ["\\text{integrand}", "d", "n_\\theta", "n_\\phi", "l_1l_2l_3", "m_1m_2m_3"])
    for name, degree, latitudes, longitudes, path, orders in found:
        function = integrand(name, numbers(path), numbers(orders))
        n = int(latitudes)
        yield sp.Integer((int(degree) // 2 + 1, int(degree) + 1) != (n, int(longitudes)))
        less, enough = (summed(function, k, int(longitudes)) - integral(function) for k in (n - 1, n))
        yield enough
        yield sp.Integer(sp.expand(less) == 0)


def numbers(text: str) -> list[int]:
    return [int(number) for number in text[1:-1].split(",")]


def integrand(name: str, degrees: list[int], orders: list[int]) -> sp.Expr:
    """The integrand of a row."""
    f, g, h = (harmonic(l, m) for l, m in zip(degrees, orders, strict=True))
    if name == "Y_1Y_2Y_3":
        return f * g * h
    if name == "Y_1\\{Y_2,Y_3\\}":
        return f * bracket(g, h)
    first, second, third = (made(value, numbers) for value, numbers in zip((f, g, h), SINGLE, strict=True))
    return sp.expand(third.dot(first.cross(second)))


RULES: dict[str, Any] = {
    **PATHS,
    **SPHERE,
    "Q": grid,
    "Q_d": smallest(0),
    "Q_d-1": smallest(-1),
    "p": lambda n: n["polynomial"],
    "d": lambda n: sum(n[f"l_{i}"] for i in (1, 2, 3)) if "l_1" in n.given else n["degree"],
    "\\zeta": lambda n: sp.cos(2 * sp.pi / n["n_\\phi"]) + sp.I * sp.sin(2 * sp.pi / n["n_\\phi"]),
    "table": lambda _: rows_of,
}
GRIDS = tuple(
    {"n_\\theta": n, "n_\\phi": m, "degree": degree, "polynomial": polynomial}
    for n, m, degree, polynomial in (
        (1, 2, 1, 1 + z),
        (1, 4, 2, z**2),
        (2, 4, 3, z**2 * x + x * y),
        (2, 4, 4, (x + sp.I * y) ** 4),
        (2, 6, 4, z**4 + z),
        (3, 4, 4, (x + sp.I * y) ** 4 + z),
        (3, 6, 5, z**4 - x * y * z**3),
    )
)

LEGENDRE: dict[str, Any] = {"P": lambda _: Indexed(lambda n: lambda value: sp.legendre(n, value))}

READING = Reading(
    RULES,
    GRIDS,
    {
        "Longitudes": Reading({}, tuple({"n_\\phi": n, "m": m} for n in (3, 4) for m in (0, 1, 2, n, -n, -1))),
        "The first degree that fails": Reading(
            {}, tuple({"n_\\theta": n, "n_\\phi": 7, "degree": d} for n, d in ((1, 1), (1, 2), (2, 3), (2, 4), (3, 5)))
        ),
        "Products": Reading({}, tuple(given for given in path_instances(2, 10) if given["l_1"] + given["l_2"])),
        "What fails one degree below, degrees to 2": Reading({}, ({},)),
    },
    {
        "Longitudes": Reading({"=": lambda _: lambda left, right: sp.expand(left - right, complex=True)}, ()),
        "The first degree that fails": Reading(LEGENDRE, ({"n": 1}, {"n": 2}, {"n": 3})),
    },
    {
        CASE: (r"m=n_\phi", "m=0"),
        QUOTED: (
            r"\sum_{i=1}^nw_i\,p(x_i)=\int_{-1}^1p(x)\,dx\qquad\text{for every polynomial of degree at most }2n-1",
        ),
        PART: (
            r"\{x_i,x_j\}",
            r"Y_1\,\nabla Y_2\cdot\nabla Y_3",
            r"e^{\mathrm im\phi}",
        ),
    },
)
