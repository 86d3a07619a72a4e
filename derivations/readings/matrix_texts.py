"""What the formulas in the arguments on the matrix product mean: kernels of group elements, entries, large spins."""

from __future__ import annotations

from typing import Any

import sympy as sp

import coupling.exact as exact
from coupling.selection import doubled_triangle
from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.paths import SLOTS, degrees, path_instances, surd, total, wigner_3j
from derivations.reading.sphere import SPHERE
from derivations.reading.texts import CASE, NOTATION, PART
from derivations.reading.tokens import Unreadable
from derivations.readings import matrices, real_basis
from derivations.readings.matrices import doubled, group, six_j
from derivations.readings.real_basis import unitary


def of_orders(names: Names) -> Any:
    """An entry of a matrix by its two orders."""
    places = matrices.spins(names["n"])
    return lambda matrix, p, q: matrix[places.index(p), places.index(q)]


def of_slot(names: Names) -> Indexed:
    """U of the slot i by its two orders."""
    l = names[f"l_{names['i']}"]
    return Indexed(lambda mu, m: unitary(l)[l + mu, l + m])


def eigenvalue(names: Names) -> sp.Expr:
    """λ of a group element in spin ½."""
    trace = group(names).trace()
    return (trace + sp.sqrt(trace**2 - 4)) / 2


def basis(names: Names) -> Indexed:
    """φ_p, a polynomial in the components of a spinor."""
    j = names["j"]

    def value(p: Any, first: Any, second: Any) -> sp.Expr:
        return first ** (j + p) * second ** (j - p) / sp.sqrt(sp.factorial(j + p) * sp.factorial(j - p))

    return Indexed(lambda p: lambda *spinor: value(p, *(spinor if len(spinor) == 2 else spinor[0])))


def one_element(names: Names) -> Indexed:
    """The group element 1 + sN(a) in spin j, and in spin ½ where it has no indices."""
    places, e = matrices.spins(names["n"]), matrices.Exponential()
    whole = e ** (names["s"] * matrices.null_element(names["n"], names["a"]))
    small = e ** (names["s"] * matrices.null_matrix(names["a"]))
    return Indexed(lambda p, q: whole[places.index(p), places.index(q)], bare=lambda: small)


def traced_product(names: Names) -> Operator:
    """The trace of the three matrices, as it is stated, where the dimension is too large to multiply them."""
    sign = (-1) ** (total(names) + doubled(names))
    root = sp.sqrt(sp.prod([2 * l + 1 for l in degrees(names)]))
    symbol = wigner_3j(*degrees(names), *(names[f"m_{i}"] for i in SLOTS))
    return Operator(lambda _: sign * root * six_j(names) * symbol, wide=True)


def in_use(*degrees: Any) -> Any:
    """A 6j symbol none of whose triads makes it zero."""
    a, b, c, d, e, f = (int(2 * value) for value in degrees)
    if not all(doubled_triangle(*triad) for triad in ((a, b, c), (a, e, f), (d, b, f), (d, e, c))):
        raise Unreadable(f"a triad makes 6j{degrees} zero: it says nothing")
    return surd(exact.wigner_6j)(*degrees)


IN_USE: dict[str, Any] = {"6j": lambda _: Indexed(in_use)}
KERNELS: dict[str, Any] = {
    "\\phi": basis,
    "g": one_element,
    "z": lambda _: sp.Matrix([2, -5]),
    "w": lambda _: sp.Matrix([3, 7]),
    **{f"{name}_{i}": lambda n, name=name, i=i: n[name][i - 1] for name in "wz" for i in (1, 2)},
    "m": lambda n: n["l"] - 1,
    "p": lambda n: n["j"] - 1,
    "q": lambda n: n["p"] - n["m"],
    "range p": lambda n: matrices.spins(n["n"]),
    "range q": lambda n: matrices.spins(n["n"]),
    "()_": of_orders,
}
SECOND: dict[str, Any] = {"b": lambda _: sp.Matrix([2, 7])}
PRODUCTS: dict[str, Any] = {
    **{name: real_basis.CORE[name] for name in ("C", "3j", "U_1", "U_2", "U_3")},
    "X": lambda n: matrices.tensor(n["n"], 1, 0) + 2 * matrices.tensor(n["n"], 1, 1),
    "Y": lambda n: matrices.tensor(n["n"], 1, -1) - matrices.tensor(n["n"], 0, 0),
    "\\{\\}": lambda _: lambda first, second: first * second + second * first,
    "[,]": lambda _: lambda first, second: first * second - second * first,
}
LIMIT: dict[str, Any] = {**SPHERE, "\\mathrm{tr}": traced_product, **{f"T_{i}": lambda _: sp.Integer(1) for i in SLOTS}}
del LIMIT["="]
TENSORS = tuple(
    given | {"n": 3, "i": 1 + place % 3, "l": 1, "m": 1 - place % 3, "p": p, "q": p + place % 3 - 1}
    for place, given in enumerate(path_instances(2, 20, real=True)[:-3])
    for p in (0,)
)
UNREAD = {
    CASE: (
        r"l_{\max}\le2j\le l_{\max}+3",
        r"\epsilon=0",
        "n=k+1",
        "s=1",
        r"s=\mathrm i",
        "f=0",
        r"\epsilon=1",
        r"2j\ge l_{\max}",
        "2j=12",
        r"l_{\max}\ge6",
    ),
    PART: (
        r"(-1)^{J+2j}\sqrt P\,6j\,3j",
        "J(a)^l",
        "(-1)^l",
        r"\overline{Y_{lm}}",
        "J(ga)^l",
        r"\lambda^{2p}",
        r"\prod_ie^{s_iJ(a_i)}",
        r"\mathrm{tr}\prod_iJ(a_i)^{l_i}/l_i!",
        r"\prod_is_i^{l_i}",
        "x^{n-1}",
        "x^k(1-x)^{-2k-2}",
        "(-1)^{2j-l}",
        r"\sqrt{(2j+l+1)!\,l!^2\,(2j-l)!}",
        "(-1)^{l-m}",
        "(-1)^{l+m}",
        "(-1)^{l_i+2j}",
        "3j(l_1l_2l_3;m)",
        r"\sum_{m'}U_{mm'}T_{lm'}",
        r"\mathrm{tr}\,T_3XY",
        "W/n",
        "1/n^2",
    ),
    NOTATION: (
        r"J_\pm",
        r"J_\mp",
        r"p=-j,\dots,j",
        r"n\times n",
        r"X=\sum x_{lm}T_{lm}",
        r"Y=\sum y_{lm}T_{lm}",
    ),
}
