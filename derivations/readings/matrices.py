"""Matrices of spin j for the statements on them: tensors, null elements of the algebra, traces."""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations.reading.names import Names, Operator
from derivations.reading.paths import SLOTS, degrees, surd, wigner_3j


def spins(n: int) -> list[sp.Rational]:
    """j, j − 1, …, −j"""
    return [sp.Rational(n - 1, 2) - place for place in range(n)]


@cache
def tensor(n: int, l: int, m: int) -> sp.Matrix:
    """T_lm of dimension n = 2j + 1."""
    j, orders = sp.Rational(n - 1, 2), spins(n)

    def entry(p: sp.Rational, q: sp.Rational) -> sp.Expr:
        return (-1) ** (j - p) * sp.sqrt(2 * l + 1) * wigner_3j(j, l, j, -p, m, q) if p - m == q else sp.Integer(0)

    return sp.Matrix(n, n, lambda row, column: entry(orders[row], orders[column]))


def ladder(n: int, step: int) -> sp.Matrix:
    """J₊, J₋ or J_z for the step 1, −1 or 0."""
    j, orders = sp.Rational(n - 1, 2), spins(n)

    def entry(p: sp.Rational, q: sp.Rational) -> sp.Expr:
        if p - q != step:
            return sp.Integer(0)
        return sp.sqrt((j - step * q) * (j + step * q + 1)) if step else p

    return sp.Matrix(n, n, lambda row, column: entry(orders[row], orders[column]))


def null_element(n: int, spinor: sp.Matrix) -> sp.Matrix:
    """J(a)"""
    xi, eta = spinor
    return xi**2 * ladder(n, 1) - 2 * xi * eta * ladder(n, 0) - eta**2 * ladder(n, -1)


def null_matrix(spinor: sp.Matrix) -> sp.Matrix:
    """N(a)"""
    return spinor * sp.Matrix([[-spinor[1], spinor[0]]])


def character(doubled: int, group: sp.Matrix) -> sp.Expr:
    """Trace of a 2 × 2 matrix in the symmetric power of order 2j."""
    x, y = sp.symbols("x_ y_")
    (p, q), (r, s) = group.tolist()
    images = (
        sp.Poly((p * x + q * y) ** (doubled - k) * (r * x + s * y) ** k, x, y).coeff_monomial(x ** (doubled - k) * y**k)
        for k in range(doubled + 1)
    )
    return sum(images, sp.Integer(0))


def trace(value: sp.Matrix) -> sp.Expr:
    return sp.expand(value.trace())


class Exponential:
    """The base e, where an exponent may be a nilpotent matrix."""

    def __pow__(self, exponent: Any) -> Any:
        if not isinstance(exponent, sp.MatrixBase):
            return sp.exp(exponent)
        powers = (exponent**n / sp.factorial(n) for n in range(exponent.rows + 1))
        return sum(powers, sp.zeros(exponent.rows)).applyfunc(sp.expand)


def traced(_: Names) -> Operator:
    return Operator(trace, wide=True)


def doubled(names: Names) -> int:
    return names["n"] - 1


def six_j(names: Names) -> sp.Expr:
    j = sp.Rational(doubled(names), 2)
    return surd(exact.wigner_6j)(*degrees(names), j, j, j)


def group(names: Names) -> sp.Matrix:
    """g"""
    found = sp.eye(2)
    for slot in SLOTS:
        found = found * (sp.eye(2) + names[f"s_{slot}"] * null_matrix(names[f"a_{slot}"]))
    return found
