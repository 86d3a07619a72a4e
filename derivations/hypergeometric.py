"""Terminating sums proved by telescoping (Wilf-Zeilberger pairs).

To prove Σ_k f(a, k) = g(a) for all a, put F = f/g and exhibit G with

    F(a+1, k) − F(a, k) = G(a, k+1) − G(a, k).

Both F and G vanish for all but finitely many k, so Σ_k F(a, k) does not depend on a, and one value
of a settles it. The relation must hold at every integer k, the ends of the range included: all four
terms are polynomials in k times one product u(k) of reciprocal factorials, and since
1/(n−1)! = n/n! for every integer n (with 1/n! = 0 for n < 0) a polynomial identity is enough.
"""

from dataclasses import dataclass

import sympy as sp

from derivations.symbols import a, b, c, factorials, k


def binomial(n: sp.Expr, r: sp.Expr) -> sp.Expr:
    """n! / (r! (n−r)!), as factorials."""
    return sp.factorial(n) / (sp.factorial(r) * sp.factorial(n - r))


@dataclass(frozen=True)
class Sum:
    """Σ_k weight(k) · kernel(a, k) = value(a), with G = certificate · kernel / value.

    weight is a polynomial in k, kernel a sign times a product of binomials, common the product u(k),
    start the indices k that contribute at a = 0.
    """

    weight: sp.Expr
    kernel: sp.Expr
    value: sp.Expr
    certificate: sp.Expr
    common: sp.Expr
    start: tuple[int, ...]

    @property
    def term(self) -> sp.Expr:
        return self.weight * self.kernel

    def terms(self) -> tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr]:
        """F(a+1, k), F(a, k), G(a, k+1), G(a, k), each times value(a)/u(k)."""
        here = self.term / self.value
        shifted = self.certificate * self.kernel / self.value
        whole = (here.subs(a, a + 1), here, shifted.subs(k, k + 1), shifted)
        scale = self.value / self.common
        first, second, third, fourth = (sp.factor(sp.gammasimp(term * scale)) for term in whole)
        return first, second, third, fourth

    def telescoping(self) -> sp.Expr:
        """[F(a+1, k) − F(a, k) − G(a, k+1) + G(a, k)] value(a)/u(k)"""
        next_a, here, next_k, shifted = self.terms()
        return next_a - here - next_k + shifted

    def not_polynomial(self) -> int:
        """How many of the four quotients are not polynomials in k."""
        return sum(not term.is_polynomial(k) for term in self.terms())

    def residuals(self) -> tuple[sp.Expr, ...]:
        """What must vanish for the sum to have its value: relation, polynomials, value at a = 0."""
        first = sum(self.term.subs(a, 0).subs(k, index) for index in self.start)
        start = sp.gammasimp(first / self.value.subs(a, 0)) - 1
        return self.telescoping(), sp.Integer(self.not_polynomial()), start


def central(shift: int) -> sp.Expr:
    """(−1)^k C(2a+s, a+k) C(2b+s, b+k) C(2c+s, c+k)"""
    return (-1) ** k * sp.Mul(*(binomial(2 * n + shift, n + k) for n in (a, b, c)))


DIXON = Sum(
    weight=sp.Integer(1),
    kernel=central(0),
    value=factorials((a + b + c, 2 * a, 2 * b, 2 * c)) / factorials((a, b, c, b + c, c + a, a + b)),
    certificate=-(b + k) * (c + k) / (2 * (a + b + c + 1) * (a + 1 - k)),
    common=central(0).subs(a, a + 1),
    start=(0,),
)

ODD_DIXON = Sum(
    weight=2 * k - 1,
    kernel=central(1),
    value=-2
    * factorials((a + b + c + 1, 2 * a + 1, 2 * b + 1, 2 * c + 1))
    / factorials((a, b, c, b + c + 1, c + a + 1, a + b + 1)),
    certificate=(1 - k) * (b + k) * (c + k) / ((a + b + c + 2) * (a + 2 - k)),
    common=central(1).subs(a, a + 1),
    start=(0, 1),
)

# The reflection k → c − k exchanges a and b, so the relation in a is also one in b.
VANDERMONDE = Sum(
    weight=sp.Integer(1),
    kernel=binomial(a + k, k) * binomial(b + c - k, c - k),
    value=binomial(a + b + c + 1, c),
    certificate=-k * (b + c + 1 - k) / ((a + 1) * (a + b + c + 2)),
    common=binomial(a + k, k) * binomial(b + c - k, c - k),
    start=(),
)
