"""The tensor of degrees 0 and 1 in its normal form: few terms, and the flattening that bounds their number."""

from functools import cache
from itertools import permutations, product
from typing import Any

import sympy as sp

KAPPA, TAU = sp.symbols("kappa tau")

#: Alternate corners of a cube.
CORNERS = [sp.Matrix(t) for t in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))]

#: Three complex vectors with f_i·f_j = 1 - 2δ and determinant 2.
TRIAD = [
    sp.Matrix(f) / sp.sqrt(3) for f in ((1, 2 * sp.I, 0), (1, -sp.I, -sp.sqrt(3) * sp.I), (1, -sp.I, sp.sqrt(3) * sp.I))
]

#: A term: what it is multiplied by, and one linear form [s, x, y, z] for each slot.
Term = tuple[Any, list[Any], list[Any], list[Any]]


def normal_form(kappa: Any, slots: Any) -> sp.Expr:
    """κ sss + s(v·v) in three orders + det(v, v, v), at the components of three slots."""
    (s1, *v1), (s2, *v2), (s3, *v3) = slots
    one, two, three = map(sp.Matrix, (v1, v2, v3))
    squares = s1 * two.dot(three) + s2 * three.dot(one) + s3 * one.dot(two)
    return sp.sympify(kappa * s1 * s2 * s3 + squares + sp.Matrix.hstack(one, two, three).det())


def seven_of() -> list[Term]:
    """Seven real terms, of the normal form with κ = 1."""
    cubes: list[Term] = [(sp.Rational(1, 4), *[[1, *t]] * 3) for t in CORNERS]
    x, y, z = [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]
    return [*cubes, *((-2, *forms) for forms in ((x, z, y), (z, y, x), (y, x, z)))]


def six_of() -> list[Term]:
    """Six complex terms, of the normal form with κ = 3."""
    found: list[Term] = []
    for order in permutations(range(3)):
        one, two, three = ([sp.Integer(1), *(sp.LeviCivita(*order) * TRIAD[k])] for k in order)
        found.append((sp.Rational(1, 2), one, two, three))
    return found


def expanded(terms: list[Term]) -> dict[tuple[int, ...], Any]:
    """The terms multiplied out: every entry by its components."""
    return {
        (i, j, k): sp.expand(sum(factor * u[i] * v[j] * w[k] for factor, u, v, w in terms))
        for i, j, k in product(range(4), repeat=3)
    }


def slice_of(component: int) -> sp.Matrix:
    """The matrix of the other two slots where the first has one component."""
    unit = [[int(k == place) for k in range(4)] for place in range(4)]
    return sp.Matrix(4, 4, lambda j, k: normal_form(KAPPA, (unit[component], unit[j], unit[k])))


def flattening(matrices: list[sp.Matrix]) -> sp.Matrix:
    """F: three matrices in the places of the entries above the diagonal of an antisymmetric one."""
    first, second, third = matrices
    none = sp.zeros(*first.shape)
    return sp.Matrix(sp.BlockMatrix([[none, first, second], [-first, none, third], [-second, -third, none]]))


def restricted(kappa: Any, vector: Any) -> sp.Matrix:
    """F of the tensor with s = λ·v in the first slot."""
    return flattening([(slice_of(i + 1) + vector[i] * slice_of(0)).subs(KAPPA, kappa) for i in range(3)])


@cache
def least_rank(kappa: Any) -> int:
    """The least rank of F, over the zeros of its determinant."""
    zeros = [(0, 0, sp.I)] + ([(0, 0, 2 * sp.I / (kappa - 1))] if kappa != 1 else [])
    return min(restricted(kappa, vector).to_DM().rank() for vector in zeros)


def bound(kappa: Any) -> int:
    """1 + ⌈least rank of F / 2⌉"""
    return 1 - -least_rank(kappa) // 2
