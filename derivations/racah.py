"""Racah's sums for 3j and 6j symbols in rational numbers, the root kept apart.

These serve the exact enumerations only, and are written independently of `coupling.exact`. Degrees
and orders travel doubled, so that spins may be half-integers. A symbol is root × sum, where the
square of the root is a product of factorials; in a contraction over orders the factorials of every
summed order occur twice, so that the whole contraction is one root times a rational number.
"""

from fractions import Fraction
from functools import cache
from math import factorial, prod

from coupling.conventions import parity_sign


def is_triad(a: int, b: int, c: int) -> bool:
    """True when three doubled degrees satisfy the triangle rule and have an integer sum."""
    return (a + b + c) % 2 == 0 and abs(a - b) <= c <= a + b


def half_factorial(*doubled: int) -> int:
    """Π (x/2)! of even numbers."""
    return prod(factorial(x // 2) for x in doubled)


def triangle_square(a: int, b: int, c: int) -> Fraction:
    """Δ² = (a+b−c)! (a−b+c)! (−a+b+c)! / (a+b+c+1)!, of doubled degrees."""
    return Fraction(half_factorial(a + b - c, a - b + c, b + c - a), half_factorial(a + b + c + 2))


def order_square(*pairs: tuple[int, int]) -> int:
    """Π (j+m)! (j−m)! over pairs of doubled (j, m)."""
    return prod(half_factorial(j + m, j - m) for j, m in pairs)


def signed_square(root_square: Fraction | int, number: Fraction) -> Fraction:
    """sign·square of √root_square · number."""
    return root_square * number * abs(number)


@cache
def sum_3j(j1: int, j2: int, j3: int, m1: int, m2: int, m3: int) -> Fraction:
    """3j / (Δ √Π (j+m)!(j−m)!), of doubled arguments; zero when a selection rule fails (DLMF 34.2.4)."""
    pairs = ((j1, m1), (j2, m2), (j3, m3))
    if m1 + m2 + m3 or not is_triad(j1, j2, j3) or any(abs(m) > j or (j + m) % 2 for j, m in pairs):
        return Fraction(0)
    total = Fraction(0)
    first = max(0, j2 - j3 - m1, j1 - j3 + m2)
    for t in range(first, min(j1 + j2 - j3, j1 - m1, j2 + m2) + 1, 2):
        low = half_factorial(t, j1 + j2 - j3 - t, j1 - m1 - t, j2 + m2 - t, j3 - j2 + m1 + t, j3 - j1 - m2 + t)
        total += Fraction(parity_sign((j1 - j2 - m3 + t) // 2), low)
    return total


def triads_6j(j1: int, j2: int, j3: int, k1: int, k2: int, k3: int) -> tuple[tuple[int, int, int], ...]:
    """The four triads of {j1 j2 j3; k1 k2 k3}."""
    return ((j1, j2, j3), (j1, k2, k3), (k1, j2, k3), (k1, k2, j3))


@cache
def sum_6j(j1: int, j2: int, j3: int, k1: int, k2: int, k3: int) -> Fraction:
    """6j / Π Δ(triads), of doubled arguments; zero off the triads (DLMF 34.4.2)."""
    triads = triads_6j(j1, j2, j3, k1, k2, k3)
    if not all(is_triad(*triad) for triad in triads):
        return Fraction(0)
    low = [sum(triad) for triad in triads]
    high = [j1 + j2 + k1 + k2, j2 + j3 + k2 + k3, j3 + j1 + k3 + k1]
    total = Fraction(0)
    for t in range(max(low), min(high) + 1, 2):
        bottom = half_factorial(*(t - x for x in low), *(x - t for x in high))
        total += Fraction(parity_sign(t // 2) * half_factorial(t + 2), bottom)
    return total


def square_6j(j1: int, j2: int, j3: int, k1: int, k2: int, k3: int) -> Fraction:
    """sign·square of the 6j symbol of doubled arguments."""
    number = sum_6j(j1, j2, j3, k1, k2, k3)
    if not number:
        return Fraction(0)
    return signed_square(prod(triangle_square(*triad) for triad in triads_6j(j1, j2, j3, k1, k2, k3)), number)


Nine = tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]


def square_9j(rows: Nine) -> Fraction:
    """sign·square of the 9j symbol of doubled rows: Σ_x (−1)^(2x) (2x+1) of three 6j symbols.

    The triads that hold x occur twice each; the other six are the rows and columns of the symbol.
    Source: Edmonds 1957, eq. 6.4.3.
    """
    (a, b, c), (d, e, f), (g, h, i) = rows
    outer = (*rows, (a, d, g), (b, e, h), (c, f, i))
    if not all(is_triad(*triad) for triad in outer):
        return Fraction(0)
    total = Fraction(0)
    for x in range(max(abs(a - i), abs(d - h), abs(b - f)), min(a + i, d + h, b + f) + 1, 2):
        number = sum_6j(a, d, g, h, i, x) * sum_6j(b, e, h, d, x, f) * sum_6j(c, f, i, x, a, b)
        inner = triangle_square(a, i, x) * triangle_square(d, h, x) * triangle_square(b, f, x)
        total += parity_sign(x) * (x + 1) * number * inner
    return signed_square(prod(triangle_square(*triad) for triad in outer), total)
