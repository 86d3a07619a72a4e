"""Integrals over the sphere of a power of a linear form, alone and with a linear factor."""

from collections.abc import Iterator

import sympy as sp

from derivations.null_vectors import POINT

q = sp.Symbol("q", integer=True, nonnegative=True)


def power_integral() -> Iterator[sp.Expr]:
    r"""The derivative of $x^{n+1}/(n+1)$ minus $x^n$; its difference between $1$ and $-1$, minus
    $2/(n+1)$ for $n=2q$, minus $0$ for $n=2q+1$."""
    x = sp.Symbol("x", positive=True)
    for n, value in ((2 * q, 2 / (2 * q + 1)), (2 * q + 1, sp.Integer(0))):
        primitive = x ** (n + 1) / (n + 1)
        yield sp.powsimp(sp.expand(sp.diff(primitive, x) - x**n))
        ends = (1 - (-1) ** sp.expand(n + 1)) / (n + 1)
        yield sp.simplify(ends - value)


def linear_factor() -> Iterator[sp.Expr]:
    r"""With $n=2q+1$: the derivatives along $w$ of $\frac{(v\cdot r)^{n+1}}{n+1}$ and of $\frac{(v\cdot
    v)^{(n+1)/2}}{(n+1)(n+2)}$, over $(v\cdot r)^n\,w\cdot r$ and $\frac{(v\cdot v)^{(n-1)/2}\,v\cdot w}{n+2}$, each
    minus one."""
    v, w = sp.Matrix(sp.symbols("v1:4", positive=True)), sp.Matrix(sp.symbols("w1:4"))
    n = 2 * q + 1
    pairing, square = POINT.dot(v), v.dot(v)

    def along_w(expression: sp.Expr) -> sp.Expr:
        return sum(w[i] * sp.diff(expression, v[i]) for i in range(3))

    yield sp.simplify(along_w(pairing ** (n + 1) / (n + 1)) / (pairing**n * POINT.dot(w))) - 1
    left = along_w(square ** (q + 1) / ((n + 1) * (n + 2)))
    yield sp.simplify(left / (square**q * v.dot(w) / (n + 2))) - 1
