"""Closed forms of the 3j symbol at low orders, and the sums that prove them.

See `symbols` for the parametrization; s = a + b + c, so J = 2s on even and J = 2s + 3 on odd paths.
"""

from collections.abc import Iterator

import sympy as sp

from derivations.hypergeometric import DIXON, ODD_DIXON, binomial
from derivations.symbols import (
    EVEN,
    ODD,
    a,
    b,
    c,
    excesses,
    factorials,
    k,
    ratio_residual,
    sign_power,
    total,
    triangle_square,
)

s = a + b + c


def zero_orders() -> tuple[sp.Expr, sp.Expr]:
    """Sign and square of 3j(l1 l2 l3; 0 0 0) on an even path: (−1)^s Δ s! / (a! b! c!)."""
    quotient = sp.factorial(s) / (sp.factorial(a) * sp.factorial(b) * sp.factorial(c))
    return (-1) ** s, triangle_square(EVEN) * quotient**2


def bracket_factor() -> tuple[sp.Expr, sp.Expr]:
    """Sign and square of K on an odd path: 2 (−1)^(g+1) Δ (g+1)! / (a! b! c!), g = s + 1."""
    quotient = 2 * sp.factorial(s + 2) / (sp.factorial(a) * sp.factorial(b) * sp.factorial(c))
    return (-1) ** s, triangle_square(ODD) * quotient**2


def low_orders() -> tuple[sp.Expr, sp.Expr]:
    """Sign and square of 3j(l1 l2 l3; 1 −1 0) on an odd path: K / √(l1(l1+1) l2(l2+1))."""
    sign, square = bracket_factor()
    l1, l2, _ = ODD
    return sign, square / (l1 * (l1 + 1) * l2 * (l2 + 1))


def term(degrees: tuple[sp.Expr, sp.Expr, sp.Expr], first: int, second: int) -> sp.Expr:
    """(−1)^(a+b+c) times the term i = c + k of the coefficient at (first, second, −first − second)."""
    l1, l2, l3 = degrees
    big_a, big_b, big_c = excesses(degrees)
    index = c + k
    j, n = index - second + l3 - l1, index + first + l3 - l2
    sign = sign_power(index + j + n - a - b - c)
    return sign * binomial(big_c, index) * binomial(big_a, j) * binomial(big_b, n)


def scale(degrees: tuple[sp.Expr, sp.Expr, sp.Expr], first: int, second: int) -> sp.Expr:
    """Square of the factor between the coefficient and the 3j symbol."""
    orders = (first, second, -first - second)
    parts = [e for d, q in zip(degrees, orders, strict=True) for e in (d + q, d - q)]
    norm = (total(degrees) + 1, *excesses(degrees))
    return factorials(tuple(parts)) / factorials(norm)


def zero_orders_sum() -> Iterator[sp.Expr]:
    r"""The term of the coefficient times $(-1)^{a+b+c}$ over Dixon's, minus one; the telescoping
    relation, that its terms are polynomials in $k$ times $u(k)$, the sum at $a=0$; and the square of
    the result over the square of the closed form, minus one."""
    _, square = zero_orders()
    yield ratio_residual(term(EVEN, 0, 0), DIXON.term)
    yield from DIXON.residuals()
    yield ratio_residual(scale(EVEN, 0, 0) * DIXON.value**2, square)


def low_orders_value() -> sp.Expr:
    """2 (s+2)! (2a+1)! (2b+1)! (2c+1)! / [a! b! c! (a+b+1)! (b+c+2)! (c+a+2)!]"""
    numerator = (a + b + c + 2, 2 * a + 1, 2 * b + 1, 2 * c + 1)
    return 2 * factorials(numerator) / factorials((a, b, c, a + b + 1, b + c + 2, c + a + 2))


def low_orders_sum() -> Iterator[sp.Expr]:
    r"""$[f(k)+f(1-k)-\alpha v_{a+1,b+1,c}(k)-\beta v_{a,b+1,c}(k)]/v_{a+1,b+1,c}(k)$; the telescoping
    relation of $V$, that its terms are polynomials in $k$ times $u(k)$, and $V$ at $a=0$; half of
    $\alpha V(a+1,b+1,c)+\beta V(a,b+1,c)$ over $E$, and the square of the result over the square of
    the closed form, each minus one."""
    _, square = low_orders()
    beta = (a + b + 2) / ((b + 1) * (2 * b + 3))
    alpha = -beta * (a + b + 3) / (2 * (2 * a + 3))
    both, single = {a: a + 1, b: b + 1}, {b: b + 1}
    unit = ODD_DIXON.term.subs(both, simultaneous=True)
    summand = term(ODD, 1, -1)
    folded = (summand, summand.subs(k, 1 - k), -beta * ODD_DIXON.term.subs(single))
    yield sum(sp.powsimp(sp.gammasimp(part / unit)) for part in folded) - alpha
    yield from ODD_DIXON.residuals()
    values = [alpha * ODD_DIXON.value.subs(both, simultaneous=True)]
    values.append(beta * ODD_DIXON.value.subs(single))
    yield sum(sp.gammasimp(value / low_orders_value()) for value in values) / 2 - 1
    yield ratio_residual(scale(ODD, 1, -1) * low_orders_value() ** 2, square)
