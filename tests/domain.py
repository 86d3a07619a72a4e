"""Enumerations shared by the identity tests, and counts of them by another route.

Degrees and orders that may be half-integer are doubled here: 1 stands for 1/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np

from coupling.exact import Surd, wigner_3j, wigner_6j


def orders(j: int) -> range:
    """The doubled orders of a doubled degree."""
    return range(-j, j + 1, 2)


def couples(a: int, b: int, c: int) -> bool:
    """The triangle rule for doubled degrees, an integer sum included."""
    return (a + b + c) % 2 == 0 and abs(a - b) <= c <= a + b


def triads(limit: int) -> Iterator[tuple[int, int, int]]:
    """Doubled degrees up to a limit that couple."""
    return (t for t in product(range(limit + 1), repeat=3) if couples(*t))


def third_degrees(a: int, b: int) -> range:
    """The doubled degrees that couple to a and b."""
    return range(abs(a - b), a + b + 1, 2)


def orders_with_sum(total: int, *degrees: int) -> int:
    """How many choices of doubled orders of the doubled degrees have a sum: a coefficient of Π (x^-j + … + x^j)."""
    weights = np.ones(1, dtype=int)
    for j in degrees:
        weights = np.convolve(weights, np.ones(j + 1, dtype=int))
    index, odd = divmod(total + sum(degrees), 2)
    return int(weights[index]) if not odd and 0 <= index < len(weights) else 0


def six_degrees(limit: int) -> list[tuple[int, ...]]:
    """The doubled degrees up to a limit whose four triads couple."""
    return [
        (a, b, c, d, e, f)
        for a, b, c in triads(limit)
        for e, f in product(range(limit + 1), repeat=2)
        if couples(a, e, f)
        for d in range(limit + 1)
        if couples(d, b, f) and couples(d, e, c)
    ]


def triad_indicator(limit: int) -> np.ndarray:
    """T[a, b, c] = 1 where doubled degrees up to a limit couple, for counting by einsum."""
    degrees = np.arange(limit + 1)
    a, b, c = np.ix_(degrees, degrees, degrees)
    return (((a + b + c) % 2 == 0) & (abs(a - b) <= c) & (c <= a + b)).astype(int)


def half(twice: int) -> Fraction:
    """The degree or order that is doubled."""
    return Fraction(twice, 2)


@cache
def threej(*doubled: int) -> Surd:
    """The 3j symbol of doubled degrees and orders; zero for an order that does not exist."""
    if any(abs(m) > j for j, m in zip(doubled[:3], doubled[3:], strict=True)):
        return Surd(0)
    return wigner_3j(*map(half, doubled))


@cache
def sixj(*doubled: int) -> Surd:
    """The 6j symbol of doubled degrees."""
    return wigner_6j(*map(half, doubled))


def degrees_and_orders(limit: int) -> list[tuple[int, int]]:
    """The (l, m) of all harmonics up to a degree; not doubled."""
    return [(l, m) for l in range(limit + 1) for m in range(-l, l + 1)]


def count_six(limit: int) -> int:
    """The number of these, by a sum over indicators."""
    t = triad_indicator(limit)
    return int(np.einsum("abc,aef,dbf,dec->", t, t, t, t, optimize=True))
