"""The statements on backward passes: the gradient of each pairing, taken anew, against the product that is stated."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.invariant_polynomial import paths
from derivations.reading import Reading
from derivations.reading.names import Indexed, Names, Operator
from derivations.reading.paths import PATHS, path_instances, surd
from derivations.reading.sphere import SPHERE, bracket, integral, real_harmonic
from derivations.reading.texts import CASE, NOTATION, PART
from derivations.readings import matrices
from derivations.symbols import x, y, z

TOP = 4  # the degree to which gradients on the sphere are expanded
FUNCTIONS: dict[str, Any] = {"f": lambda _: x + y * z, "g": lambda _: z - 2 * x * y, "\\bar z": lambda _: y + x * z}


def expanded(pairing: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """The function whose integral with any other is a linear form of it, from its values at harmonics."""
    basis = (real_harmonic(l, m) for l in range(TOP + 1) for m in range(-l, l + 1))
    return sum((integral(pairing(one)) * one for one in basis), sp.Integer(0))


def slots(names: Names) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    return names["f"], names["g"], names["\\bar z"]


def gradients() -> dict[str, Any]:
    """The gradients of the two products on the sphere by f and by g."""
    found: dict[str, Any] = {}
    for index, combine in (("G", lambda f, g: f * g), ("A", bracket)):

        def by_first(names: Names, combine: Any = combine) -> sp.Expr:
            return expanded(lambda one: names["\\bar z"] * combine(one, names["g"]))

        def by_second(names: Names, combine: Any = combine) -> sp.Expr:
            return expanded(lambda one: names["\\bar z"] * combine(names["f"], one))

        found |= {f"\\bar f_{index}": by_first, f"\\bar g_{index}": by_second}
    return found


# -- an arbitrary trilinear form ---------------------------------------------------------------

T = sp.ImmutableDenseNDimArray([3, -1, 2, 5, -2, 7, 1, 4], (2, 2, 2))
X, Y, Z = sp.Matrix([2, -3]), sp.Matrix([5, 1]), sp.Matrix([-1, 4])
P = {f"P_{i}": sp.diag(i, 7 - 2 * i) for i in (1, 2, 3)}


def form(first: sp.Matrix, second: sp.Matrix, third: sp.Matrix) -> Any:
    """t of three vectors; an open slot, None, leaves a vector."""
    slots = (first, second, third)
    if None in slots:
        units = (sp.Matrix([1, 0]), sp.Matrix([0, 1]))
        return sp.Matrix([form(*(unit if slot is None else slot for slot in slots)) for unit in units])
    indices = product(range(2), repeat=3)
    return sum(T[i, j, k] * first[i] * second[j] * third[k] for i, j, k in indices)


def gradient(pairing: Callable[[sp.Matrix], sp.Expr], size: int = 2) -> sp.Matrix:
    """The gradient of a linear form of a vector."""
    return sp.Matrix([pairing(sp.eye(size).col(place)) for place in range(size)])


def paired(left: sp.Matrix, right: sp.Matrix) -> sp.Expr:
    return (left.T * right)[0]


FORM: dict[str, Any] = {
    "x": lambda _: X,
    "y": lambda _: Y,
    "\\bar z": lambda _: Z,
    "\\cdot": lambda _: None,
    "\\langle": lambda _: paired,
    "t": lambda _: form,
    "B": lambda _: lambda left, right: form(left, right, None),
    "B_1": lambda _: lambda left, right: form(None, left, right),
    "B_2": lambda _: lambda left, right: form(right, None, left),
    "\\bar x": lambda _: gradient(lambda unit: paired(Z, form(unit, Y, None))),
    "\\bar y": lambda _: gradient(lambda unit: paired(Z, form(X, unit, None))),
    **{name: lambda _, value=value: value for name, value in P.items()},
}
CUT: dict[str, Any] = {
    "\\bar x": lambda _: gradient(lambda unit: paired(Z, P["P_3"] * form(P["P_1"] * unit, P["P_2"] * Y, None)))
}

# -- the Clebsch-Gordan product to degree 1 ----------------------------------------------------

FEATURES = {
    "x": sp.Matrix([2, 1, -1, 3]),
    "y": sp.Matrix([1, -2, 4, 1]),
    "\\bar z": sp.Matrix([3, 5, -1, 2]),
}
BLOCK = {0: slice(0, 1), 1: slice(1, 4)}


def weight(*path: int) -> int:
    """Path weights w, all different."""
    return 2 + path[0] + 3 * path[1] - 5 * path[2] + path[0] * path[1]


def coupled(path: tuple[int, int, int], left: sp.Matrix, right: sp.Matrix) -> sp.Matrix:
    """C x y on one path."""
    l1, l2, l3 = path
    return sp.Matrix(
        [
            sum(
                surd(exact.real_wigner_3j)(l1, l2, l3, p, q, r) * left[l1 + p] * right[l2 + q]
                for p, q in product(range(-l1, l1 + 1), range(-l2, l2 + 1))
            )
            for r in range(-l3, l3 + 1)
        ]
    )


def clebsch_gordan(weights: Callable[..., int]) -> Callable[[sp.Matrix, sp.Matrix], sp.Matrix]:
    """B_w"""

    def of(left: sp.Matrix, right: sp.Matrix) -> sp.Matrix:
        found = sp.zeros(4, 1)
        for path in paths(1):
            here = BLOCK[path[2]]
            found[here, :] += weights(*path) * coupled(path, left[BLOCK[path[0]], :], right[BLOCK[path[1]], :])
        return found

    return of


def core(*path: int) -> Operator:
    """C as what takes two features."""
    if path not in tuple(paths(1)):
        return Operator(lambda left: Operator(lambda right: sp.zeros(2 * path[2] + 1, 1)))
    return Operator(lambda left: Operator(lambda right: coupled(path, left, right)))


def part(name: str, slot: int) -> Any:
    return lambda names: FEATURES[name][BLOCK[names[f"l_{slot}"]], :]


PRODUCT: dict[str, Any] = {
    **{name: lambda _, value=value: value for name, value in FEATURES.items()},
    "z": lambda _: clebsch_gordan(weight)(FEATURES["x"], FEATURES["y"]),
    "z_l_3": lambda n: clebsch_gordan(weight)(FEATURES["x"], FEATURES["y"])[BLOCK[n["l_3"]], :],
    "x_l_1": part("x", 1),
    "y_l_2": part("y", 2),
    "w": lambda _: weight,
    "w'": lambda _: lambda q, r, p: weight(p, q, r),
    "w''": lambda _: lambda r, p, q: weight(p, q, r),
    "C": lambda _: core,
    "B_w": lambda _: clebsch_gordan(weight),
    "B_w'": lambda _: clebsch_gordan(lambda q, r, p: weight(p, q, r)),
    "B_w''": lambda _: clebsch_gordan(lambda r, p, q: weight(p, q, r)),
    "\\bar x": lambda _: gradient(
        lambda unit: paired(FEATURES["\\bar z"], clebsch_gordan(weight)(unit, FEATURES["y"])), 4
    ),
    "\\bar y": lambda _: gradient(
        lambda unit: paired(FEATURES["\\bar z"], clebsch_gordan(weight)(FEATURES["x"], unit)), 4
    ),
    "range l_1": lambda _: (0, 1),
    "range l_2": lambda _: (0, 1),
}

# -- matrices ----------------------------------------------------------------------------------

MATRICES = {
    "X": sp.Matrix([[1, sp.I], [2, -1 + sp.I]]),
    "Y": sp.Matrix([[3, -2 * sp.I], [1 + sp.I, 4]]),
    "\\bar Z": sp.Matrix([[sp.I, 5], [-2, 1 - sp.I]]),
}
CHANGES = {"X": sp.Matrix([[2, 1], [sp.I, 3]]), "Y": sp.Matrix([[1 - sp.I, 2], [0, sp.I]])}


def real_trace(value: sp.Matrix) -> sp.Expr:
    return sp.re(sp.expand(value.trace()))


def change(value: sp.Matrix) -> sp.Matrix:
    """δ"""
    return next(CHANGES[name] for name in CHANGES if MATRICES[name] == value)


def matrix_gradient(combine: Callable[[sp.Matrix], sp.Matrix]) -> sp.Matrix:
    """The gradient by the real and imaginary parts of the entries."""
    found = sp.zeros(2)
    for row, column in product(range(2), repeat=2):
        unit = sp.zeros(2)
        unit[row, column] = 1
        parts = (real_trace(MATRICES["\\bar Z"].H * combine(phase * unit)) for phase in (1, sp.I))
        found[row, column] = sum(phase * value for phase, value in zip((1, sp.I), parts, strict=True))
    return found


def either(first: Any, second: Any) -> Any:
    """{f, g} of functions, {X, Y} of matrices."""
    return first * second + second * first if isinstance(first, sp.MatrixBase) else bracket(first, second)


WORDS: dict[str, Any] = {
    **{name: lambda _, value=value: value for name, value in MATRICES.items()},
    "\\{\\}": lambda _: either,
    "[,]": lambda _: lambda first, second: first * second - second * first,
    "\\mathrm{tr}": matrices.traced,
    "\\mathrm{Re\\,tr}": lambda _: Operator(real_trace, wide=True),
    "\\delta": lambda _: Operator(change),
    "\\bar X": lambda _: matrix_gradient(lambda unit: unit * MATRICES["Y"]),
    "\\bar Y": lambda _: matrix_gradient(lambda unit: MATRICES["X"] * unit),
}
ALL = {**PATHS, **SPHERE, **WORDS}
PATH = tuple({"l_1": p, "l_2": q, "l_3": r} for p, q, r in paths(1))

SCALAR: dict[str, Any] = {
    "A": lambda n: n["X"],
    "B": lambda n: n["Y"],
    "\\langle": lambda _: lambda p, q: sum(sp.re(sp.expand(sp.conjugate(x) * y)) for x, y in zip(p, q, strict=True)),
}
ORDERS: dict[str, Any] = {f"m_{i}": lambda n, i=i: n[f"\\mu_{i}"] for i in (1, 2, 3)}
UNREAD = {
    CASE: (r"2j=l_{\max}", "z=B(x,y)", "w=N", "w'=w"),
    PART: (
        r"\mathrm{Re\,tr}\,A^\dagger B",
        "fg",
        r"\{f,g\}",
        "XY",
        "B_w(x,y)",
        r"\partial_\phi g",
        "(-1)^J",
        r"t(u,\cdot,\bar z)",
        r"t(u,y,\cdot)",
        "L_1+L_2+L_3",
        r"B(\bar z,y)",
        r"B(y,\bar z)",
        r"Y\bar Z_{\rm even}",
        r"Y\bar Z_{\rm odd}",
    ),
    NOTATION: (
        r"x\mapsto B(x,y)",
        r"y\mapsto B(x,y)",
        r"\int fg\,d\Omega",
        r"\sum x_{lm}y_{lm}",
        "P_i",
        "L_i",
        "(l,m)",
        r"t=\sum w\,C\,x\,y\,\bar z",
        r"z_{\rm even}=\tfrac12\mathrm{tr}\,T\{X,Y\}",
        r"z_{\rm odd}=\tfrac1{2\mathrm i}\mathrm{tr}\,T[X,Y]",
    ),
}

READING = Reading(
    {**ALL, **PRODUCT, **FUNCTIONS, **gradients(), "\\bar u": PRODUCT["\\bar z"]},
    ({},),
    {
        "One trilinear form, three products": Reading(FORM, ({},)),
        "Cut-offs": Reading(FORM | CUT, ({},)),
        "Clebsch-Gordan product": Reading(PRODUCT, PATH),
    },
    {
        "Clebsch-Gordan product": Reading(
            {**ORDERS, "C": lambda _: Indexed(surd(exact.real_wigner_3j))}, tuple(path_instances(2, 9, real=True))
        ),
        "Matrix product": Reading(SCALAR, ()),
    },
    UNREAD,
)
