"""Exact numbers of the matrix product of spin j: traces, reduced factors, and where they vanish.

The dimension n = 2j + 1 stands for the spin throughout. An allowed path has the triangle excesses
J − 2l = 2a + ε, 2b + ε, 2c + ε with ε = 0 for J even and 1 for J odd.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from math import comb, factorial, prod

from coupling.conventions import parity_sign
from derivations.invariant_polynomial import Degrees
from derivations.racah import order_square, sum_3j, triangle_square


@cache
def weights(degrees: Degrees) -> tuple[tuple[int, int], ...]:
    """(k, (−1)^(a+b+c−f) k! / [(2f+ε)! (a−f)! (b−f)! (c−f)!]) for f = 0, 1, …; k = a+b+c+ε−f."""
    excesses = [sum(degrees) - 2 * degree for degree in degrees]
    odd = sum(degrees) % 2
    a, b, c = (excess // 2 for excess in excesses)
    terms = []
    for f in range(min(a, b, c) + 1):
        k = a + b + c + odd - f
        low = factorial(2 * f + odd) * factorial(a - f) * factorial(b - f) * factorial(c - f)
        terms.append((k, parity_sign(a + b + c - f) * (factorial(k) // low)))
    return tuple(terms)


def reduced_sum(degrees: Degrees, n: int) -> int:
    """W(l1 l2 l3; n) = Σ_f weight · C(n+k, 2k+1), an odd polynomial in n with integer values."""
    return sum(weight * comb(n + k, 2 * k + 1) for k, weight in weights(degrees))


def norm_square(l: int, n: int) -> int:
    """(2l)! C(n+l, 2l+1): the square of the constant between J(a)^l / l! and Σ_m χ_m(a) T_lm."""
    return factorial(2 * l) * comb(n + l, 2 * l + 1)


def square_6j(degrees: Degrees, n: int) -> Fraction:
    """sign·square of (−1)^(2j) 6j{l1 l2 l3; j j j}, from W."""
    if max(degrees) >= n:
        return Fraction(0)
    number = reduced_sum(degrees, n)
    top = factorial(sum(degrees) + 1) * prod(factorial(sum(degrees) - 2 * l) for l in degrees)
    return Fraction(number * abs(number) * top, prod((2 * l + 1) * norm_square(l, n) for l in degrees))


def trace_square(degrees: Degrees, orders: Degrees, n: int) -> Fraction:
    """sign·square of tr(T1 T2 T3), multiplied out from the entries of the three matrices."""
    spin = n - 1
    total = Fraction(0)
    for p in range(-spin, spin + 1, 2):
        q, r = p - 2 * orders[0], p + 2 * orders[2]
        if max(abs(q), abs(r)) > spin:
            continue
        steps = ((p, q), (q, r), (r, p))
        entries = [entry(l, m, *step, spin) for l, m, step in zip(degrees, orders, steps, strict=True)]
        total += prod(entries) * order_square((spin, p), (spin, q), (spin, r))
    triangles = prod((2 * l + 1) * triangle_square(spin, 2 * l, spin) for l in degrees)
    outer = order_square(*((2 * l, 2 * m) for l, m in zip(degrees, orders, strict=True)))
    return triangles * outer * total * abs(total)


def entry(l: int, m: int, p: int, q: int, spin: int) -> Fraction:
    """(T_lm)_pq = (−1)^(j−p) √(2l+1) 3j(j l j; −p m q) without its roots; p, q and j doubled."""
    return parity_sign((spin - p) // 2) * sum_3j(spin, 2 * l, spin, -p, 2 * m, q)


def sorted_paths(lmax: int) -> Iterator[Degrees]:
    """Every path with l1 ≤ l2 ≤ l3 ≤ lmax."""
    for l3 in range(lmax + 1):
        for l2 in range(l3 + 1):
            yield from ((l1, l2, l3) for l1 in range(l3 - l2, l2 + 1))


def first_zero(n: int, lmax: int) -> Degrees | None:
    """The first sorted path to lmax whose 6j symbol vanishes although l3 ≤ 2j, by largest degree."""
    zeros = (degrees for degrees in sorted_paths(min(lmax, n - 1)) if reduced_sum(degrees, n) == 0)
    return next(zeros, None)


@cache
def spins_without_zeros(lmax: int) -> tuple[int, ...]:
    """For every degree limit 0 … lmax the smallest 2j ≥ it without a vanishing 6j on any path."""
    free: list[int] = []
    clean: dict[int, int] = {}
    for limit in range(lmax + 1):
        doubled = max(limit, free[-1] if free else 0)
        while clean.setdefault(doubled, largest_clean(doubled, lmax)) < limit:
            doubled += 1
        free.append(doubled)
    return tuple(free)


def largest_clean(doubled: int, lmax: int) -> int:
    """A degree limit below which spin j has no vanishing 6j: the largest one, or 2j where there is none to lmax."""
    zero = first_zero(doubled + 1, lmax)
    return doubled if zero is None else zero[2] - 1
