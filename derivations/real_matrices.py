"""The matrices i^l T with real index, entry by entry in square roots, and their traces."""

from functools import cache
from itertools import product
from math import prod
from typing import Any

from coupling.conventions import parity_sign
from coupling.exact import Surd
from derivations.invariant_polynomial import Degrees
from derivations.matrix_trace import entry
from derivations.racah import order_square, signed_square, square_6j, triangle_square
from derivations.real_harmonics import u_entry

#: A matrix by (2p, 2q): the entries that are not zero.
Matrix = dict[tuple[int, int], Surd]


@cache
def matrix(degree: int, order: int, spin: int) -> Matrix:
    """The entries of X = i^l T with real index, at (2p, 2q); spin is 2j."""
    found = {}
    for p, q in product(range(-spin, spin + 1, 2), repeat=2):
        m = (p - q) // 2
        if abs(m) == abs(order) and (size := tensor_entry(degree, p, q, spin)):
            power, halvings = u_entry(order, m)
            found[p, q] = turned(size, power + degree) * Surd(1, 1, 2**halvings)
    return found


def tensor_entry(degree: int, p: int, q: int, spin: int) -> Surd:
    """(T_lm)_pq with m = p - q; spin, p and q doubled."""
    pairs = (spin, -p), (2 * degree, p - q), (spin, q)
    size = triangle_square(spin, 2 * degree, spin) * order_square(*pairs) * (2 * degree + 1)
    return rooted(signed_square(size, entry(degree, (p - q) // 2, p, q, spin)))


def turned(value: Surd, power: int) -> Surd:
    """The value times a power of i."""
    return value * Surd(parity_sign(power % 4 // 2), unit=power % 2)


def trace(matrices: list[Matrix]) -> Surd:
    """The trace of a product of three matrices."""
    first, second, third = matrices
    total = Surd(0)
    for (p, q), value in first.items():
        for (r, s), other in second.items():
            if r == q and (s, p) in third:
                total += value * other * third[s, p]
    return total


def weight(path: Degrees, spin: int) -> Surd:
    """w"""
    size = parity_sign(spin) * prod(2 * degree + 1 for degree in path)
    return rooted(size * square_6j(2 * path[0], 2 * path[1], 2 * path[2], spin, spin, spin))


def rooted(square: Any) -> Surd:
    """The root of a number given as sign·square."""
    return Surd((square > 0) - (square < 0), abs(square).numerator, abs(square).denominator)
