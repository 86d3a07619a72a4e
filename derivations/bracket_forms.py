"""The reduced factor K of the antisymmetric Gaunt integral in its four forms.

First in exact rationals: each function returns sign·square of K on an odd path. Then the checks that
the forms agree on all odd paths.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import factorial, prod

import sympy as sp

from derivations.closed_forms import bracket_factor, low_orders_value, s, scale, zero_orders
from derivations.invariant_polynomial import Degrees, wigner_3j
from derivations.symbols import EVEN, ODD, a, b, c, excesses, ratio_residual, total

ZERO = (0, 0, 0)


def low_orders(degrees: Degrees) -> Fraction:
    """K = √(l1(l1+1) l2(l2+1)) 3j(l1 l2 l3; 1 −1 0)"""
    l1, l2, _ = degrees
    return l1 * (l1 + 1) * l2 * (l2 + 1) * wigner_3j(degrees, (1, -1, 0))


def one_raised(degrees: Degrees) -> Fraction:
    """K = ½ √[(J+2)(l1+l2−l3+1)(−l1+l2+l3+1)(l1−l2+l3)] 3j(l1 l2+1 l3; 0 0 0)"""
    l1, l2, l3 = degrees
    factor = (l1 + l2 + l3 + 2) * (l1 + l2 - l3 + 1) * (-l1 + l2 + l3 + 1) * (l1 - l2 + l3)
    return Fraction(factor, 4) * wigner_3j((l1, l2 + 1, l3), ZERO)


def factorial_form(degrees: Degrees) -> Fraction:
    """K = 2 (−1)^(g+1) Δ (g+1)! / [(g−l1)! (g−l2)! (g−l3)!], g = (J−1)/2"""
    total = sum(degrees)
    g = (total - 1) // 2
    triangle = Fraction(prod(factorial(total - 2 * n) for n in degrees), factorial(total + 1))
    quotient = Fraction(2 * factorial(g + 1), prod(factorial(g - n) for n in degrees))
    return (1 if g % 2 else -1) * triangle * quotient**2


def all_lowered(degrees: Degrees) -> Fraction:
    """K = √[(J²−1)/(4J) (J−2l1)(J−2l2)(J−2l3)] 3j(l1−1 l2−1 l3−1; 0 0 0)"""
    l1, l2, l3 = degrees
    total = l1 + l2 + l3
    factor = Fraction((total**2 - 1) * prod(total - 2 * n for n in degrees), 4 * total)
    return factor * wigner_3j((l1 - 1, l2 - 1, l3 - 1), ZERO)


def all_raised(degrees: Degrees) -> Fraction:
    """K = −½ √[(J+2)(J+4)/(J+3) (J+1−2l1)(J+1−2l2)(J+1−2l3)] 3j(l1+1 l2+1 l3+1; 0 0 0)"""
    l1, l2, l3 = degrees
    total = l1 + l2 + l3
    factor = Fraction((total + 2) * (total + 4) * prod(total + 1 - 2 * n for n in degrees), 4 * (total + 3))
    return -factor * wigner_3j((l1 + 1, l2 + 1, l3 + 1), ZERO)


FORMS = (low_orders, one_raised, factorial_form, all_lowered, all_raised)


def low_orders_form() -> Iterator[sp.Expr]:
    r"""The square of $\sqrt{l_1(l_1+1)l_2(l_2+1)}\,3j(1\,{-1}\,0)$, with the evaluated sum $(-1)^{a+b+c}E$, over
    $K^2$, minus one; the ratio of the signs, minus one."""
    sign, square = bracket_factor()
    first, second, _ = ODD
    ladder = first * (first + 1) * second * (second + 1)
    yield ratio_residual(ladder * scale(ODD, 1, -1) * low_orders_value() ** 2, square)
    yield sign * (-1) ** s - 1


def even_path() -> sp.Expr:
    r"""The solution of the three ladder relations for $\lambda_1\lambda_2\,3j(1\,{-1}\,0)$, minus the right side."""
    s1, s2, s3, zero, first, second, third = sp.symbols("L1 L2 L3 T xi12 xi13 xi23")
    relations = (first + second + s1 * zero, first + third + s2 * zero, second + third + s3 * zero)
    solved = sp.solve(relations, (first, second, third))
    return sp.expand(solved[first] - (s3 - s1 - s2) * zero / 2)


def shifted_forms() -> Iterator[sp.Expr]:
    r"""For each of the three: the square over $K^2$, minus one, and the ratio of the signs, minus one."""
    sign, square = bracket_factor()
    degree = total(ODD)
    big_a, big_b, big_c = excesses(ODD)
    lowered = (degree**2 - 1) / (4 * degree) * big_a * big_b * big_c
    raised = (degree + 2) * (degree + 4) / (4 * (degree + 3)) * (big_a + 1) * (big_b + 1) * (big_c + 1)
    one = (degree + 2) * (big_c + 1) * (big_a + 1) * big_b / 4
    cases = ((1, one, (1, 0, 1)), (1, lowered, (0, 0, 0)), (-1, raised, (1, 1, 1)))
    for leading, factor, (i, j, k) in cases:
        shift = {a: a + i, b: b + j, c: c + k}
        zero_sign, zero_square = (form.subs(shift, simultaneous=True) for form in zero_orders())
        yield ratio_residual(factor * zero_square, square)
        yield sp.powsimp(leading * zero_sign * sign) - 1


def allowed_path() -> Iterator[sp.Expr]:
    r"""$g-l_i$ minus $a$, $b$, $c$, and $l_i-1$ minus $b+c$, $c+a$, $a+b$: both non-negative integers."""
    g = (total(ODD) - 1) / 2
    yield from (sp.expand(g - degree - n) for degree, n in zip(ODD, (a, b, c), strict=True))
    yield from (sp.expand(odd - 1 - even) for odd, even in zip(ODD, EVEN, strict=True))
