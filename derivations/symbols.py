"""Symbols shared by the derivations.

An allowed path is parametrized by the three triangle excesses A = J − 2l1, B = J − 2l2, C = J − 2l3,
which have the parity of J = l1 + l2 + l3:

    J even:  (A, B, C) = (2a, 2b, 2c),              J odd:  (A, B, C) = (2a+1, 2b+1, 2c+1),

with a, b, c = 0, 1, 2, … The triangle rule says exactly that these are not negative, so a statement
symbolic in a, b, c is a statement for all allowed paths of one parity.
"""

import sympy as sp

a, b, c = sp.symbols("a b c", integer=True, nonnegative=True)
k = sp.Symbol("k", integer=True)
l, l1, l2, l3 = sp.symbols("l l1 l2 l3", integer=True, nonnegative=True)
m, m1, m2, m3 = sp.symbols("m m1 m2 m3", integer=True)
x, y, z = sp.symbols("x y z", real=True)
theta, phi = sp.symbols("theta phi", real=True)

EVEN = (b + c, c + a, a + b)
ODD = (b + c + 1, c + a + 1, a + b + 1)


def total(degrees: tuple[sp.Expr, sp.Expr, sp.Expr]) -> sp.Expr:
    """J = l1 + l2 + l3."""
    return sp.expand(sum(degrees))


def excesses(degrees: tuple[sp.Expr, sp.Expr, sp.Expr]) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """(A, B, C) = (J − 2l1, J − 2l2, J − 2l3)."""
    first, second, third = (sp.expand(total(degrees) - 2 * degree) for degree in degrees)
    return first, second, third


def product(factors: tuple[sp.Expr, ...]) -> sp.Expr:
    return sp.Mul(*factors)


def factorials(arguments: tuple[sp.Expr, ...]) -> sp.Expr:
    """Π n!"""
    return product(tuple(sp.factorial(argument) for argument in arguments))


def triangle_square(degrees: tuple[sp.Expr, sp.Expr, sp.Expr]) -> sp.Expr:
    """Δ² = A! B! C! / (J+1)!"""
    return factorials(excesses(degrees)) / sp.factorial(total(degrees) + 1)


def ratio_residual(left: sp.Expr, right: sp.Expr) -> sp.Expr:
    """left/right − 1, simplified as a quotient of factorials."""
    return sp.powsimp(sp.gammasimp(left / right)) - 1


def sign_power(exponent: sp.Expr) -> sp.Expr:
    """(−1)^exponent for a polynomial with integer coefficients, these reduced modulo 2."""
    terms = sp.expand(exponent).as_coefficients_dict()
    return (-1) ** sp.Add(*(factor % 2 * symbol for symbol, factor in terms.items()))
