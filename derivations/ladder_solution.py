"""The 3j symbols of one path from invariance, norm and sign alone, in rationals.

In the monomial basis Π ξi^(li+mi) ηi^(li−mi) the conditions L₊ t = L₋ t = 0 on the coefficients t
have rational entries:

    Σ_i (li − mi + 1) t(m − e_i) = 0   at Σ m = +1,        Σ_i (li + mi + 1) t(m + e_i) = 0   at Σ m = −1.

The edge m3 = −l3 follows from one entry by the first, every further m3 by the second.
"""

from fractions import Fraction
from math import factorial, prod

from derivations.invariant_polynomial import Degrees, Orders

Coefficients = dict[Orders, Fraction]


def edge(degrees: Degrees) -> Coefficients:
    """t(m1, l3 − m1, −l3), starting from 1 at m1 = l1 with the sign (−1)^(l1−l2+l3)."""
    l1, l2, l3 = degrees
    odd = (l1 - l2 + l3) % 2
    values: Coefficients = {(l1, l3 - l1, -l3): Fraction(-1 if odd else 1)}
    for m1 in range(l1, max(-l1, l3 - l2), -1):
        n2 = l3 + 1 - m1
        known = values[(m1, n2 - 1, -l3)]
        values[(m1 - 1, n2, -l3)] = -Fraction(l2 - n2 + 1, l1 - m1 + 1) * known
    return values


def solution(degrees: Degrees) -> Coefficients:
    """All coefficients t(m1, m2, m3) with m1 + m2 + m3 = 0."""
    l1, l2, l3 = degrees
    values = edge(degrees)
    for n3 in range(-l3, l3):
        for m1 in range(max(-l1, -n3 - 1 - l2), min(l1, l2 - n3 - 1) + 1):
            m2 = -n3 - 1 - m1
            first = (l1 + m1 + 1) * values.get((m1 + 1, m2, n3), Fraction(0))
            second = (l2 + m2 + 1) * values.get((m1, m2 + 1, n3), Fraction(0))
            values[(m1, m2, n3 + 1)] = -(first + second) / (l3 + n3 + 1)
    return values


def wigner_3j(degrees: Degrees) -> dict[Orders, Fraction]:
    """sign·square of every 3j symbol of the path: t² Π (l+m)! (l−m)!, divided by its sum."""
    signed = {m: t * abs(t) * weight(degrees, m) for m, t in solution(degrees).items()}
    norm = sum(abs(square) for square in signed.values())
    return {m: square / norm for m, square in signed.items()}


def weight(degrees: Degrees, orders: Orders) -> int:
    """Π (l+m)! (l−m)!"""
    pairs = zip(degrees, orders, strict=True)
    return prod(factorial(n + q) * factorial(n - q) for n, q in pairs)
