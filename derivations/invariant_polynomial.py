"""The invariant polynomial of three angular momenta, whose coefficients are the 3j symbols.

With spinors (ξi, ηi) and the brackets [ij] = ξi ηj − ηi ξj,

    [12]^C [23]^A [31]^B / √((J+1)! A! B! C!)
        = Σ_m 3j(l1 l2 l3; m1 m2 m3) Π_i ξi^(li+mi) ηi^(li−mi) / √((li+mi)! (li−mi)!),

A = J − 2l1, B = J − 2l2, C = J − 2l3. Every bracket is unchanged by a common unimodular
transformation of the three spinors, so the left side is the invariant in the product of three
angular momenta.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product as tuples
from math import comb, factorial, prod

import sympy as sp

XI = sp.symbols("xi1:4")
ETA = sp.symbols("eta1:4")

Degrees = tuple[int, int, int]
Orders = tuple[int, int, int]


def bracket(i: int, j: int) -> sp.Expr:
    """[ij] = ξi ηj − ηi ξj, slots counted from 1."""
    return XI[i - 1] * ETA[j - 1] - ETA[i - 1] * XI[j - 1]


def polynomial(a: sp.Expr, b: sp.Expr, c: sp.Expr) -> sp.Expr:
    """[12]^c [23]^a [31]^b"""
    return bracket(1, 2) ** c * bracket(2, 3) ** a * bracket(3, 1) ** b


def is_path(degrees: Degrees) -> bool:
    """True when the three degrees satisfy the triangle rule."""
    return all(2 * degree <= sum(degrees) for degree in degrees)


def triples(lmax: int) -> Iterator[Degrees]:
    """All triples of degrees up to lmax."""
    return ((l1, l2, l3) for l1, l2, l3 in tuples(range(lmax + 1), repeat=3))


def paths(lmax: int) -> Iterator[Degrees]:
    """All triples of degrees up to lmax that satisfy the triangle rule."""
    return (degrees for degrees in triples(lmax) if is_path(degrees))


def orders(degrees: Degrees) -> Iterator[Orders]:
    """All orders with m1 + m2 + m3 = 0."""
    l1, l2, l3 = degrees
    for m1 in range(-l1, l1 + 1):
        for m2 in range(max(-l2, -l3 - m1), min(l2, l3 - m1) + 1):
            yield m1, m2, -m1 - m2


def coefficient(degrees: Degrees, orders: Orders) -> int:
    """Coefficient of Π ξ^(l+m) η^(l−m) in [12]^C [23]^A [31]^B: a sum over three binomials.

    With i, j, k the powers of the second terms of the three brackets, the powers of ξ1 and ξ2 give
    k = i + m1 + l3 − l2 and j = i − m2 + l3 − l1.
    """
    l1, l2, l3 = degrees
    m1, m2, m3 = orders
    a, b, c = (sum(degrees) - 2 * degree for degree in degrees)
    if m1 + m2 + m3 != 0 or min(a, b, c) < 0:
        return 0
    j0, k0 = l3 - l1 - m2, m1 + l3 - l2
    first, last = max(0, -j0, -k0), min(c, a - j0, b - k0)
    terms = (comb(c, i) * comb(a, i + j0) * comb(b, i + k0) for i in range(first, last + 1))
    return sum(-term if n % 2 else term for n, term in enumerate(terms, 3 * first + j0 + k0))


def wigner_3j(degrees: Degrees, orders: Orders) -> Fraction:
    """sign·square of the 3j symbol: coefficient² Π (l+m)! (l−m)! / ((J+1)! A! B! C!)."""
    number = coefficient(degrees, orders)
    if number == 0:
        return Fraction(0)
    excesses = (sum(degrees) - 2 * degree for degree in degrees)
    weight = prod(factorial(n + q) * factorial(n - q) for n, q in zip(degrees, orders, strict=True))
    norm = factorial(sum(degrees) + 1) * prod(map(factorial, excesses))
    return Fraction(number * abs(number) * weight, norm)
