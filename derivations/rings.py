"""Eight 3j symbols, two lines of four with a rung between each pair, contracted over all orders in rational numbers.

Degrees and orders travel doubled; the roots are kept apart, as in :mod:`derivations.racah`.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from itertools import product
from math import prod

from coupling.conventions import parity_sign
from derivations import racah

Row = tuple[int, ...]
Pair = tuple[int, int]
#: Products of 3j symbols over their roots, by the orders of both lines where a ring was cut open.
Open = dict[tuple[int, int, int, int], Fraction]


def lines(kind: int, a: Row, c: Row) -> tuple[Row, Row]:
    """The degrees along both lines, with the one that follows the last."""
    return ((*a, c[0]), (*c, a[0])) if kind == 1 else ((*a, a[0]), (*c, c[0]))


def triads(kind: int, a: Row, b: Row, c: Row) -> list[tuple[int, int, int]]:
    return [(line[i], line[i + 1], b[i]) for line in lines(kind, a, c) for i in range(4)]


def rings(kind: int, limit: int) -> Iterator[tuple[Row, Row, Row]]:
    """Doubled degrees up to a limit whose eight triads couple."""
    for a, c in product(product(range(limit + 1), repeat=4), repeat=2):
        upper, lower = lines(kind, a, c)
        rungs = [
            [b for b in range(limit + 1) if all(racah.is_triad(line[i], line[i + 1], b) for line in (upper, lower))]
            for i in range(4)
        ]
        yield from ((a, b, c) for b in product(*rungs))


def line(j: int, m: int) -> int:
    """What an order of a line that is summed over contributes: (−1)^(j−m), and the root of its factorials twice."""
    return parity_sign((j - m) // 2) * racah.order_square((j, m))


def rung(a: Pair, b: int, c: Pair) -> Open:
    """Two 3j symbols with one line between them, over their roots, by the orders of the four other lines; those of the
    second column are lines that will be summed over."""
    found: Open = {}
    for m, p, q in product(*(range(-j, j + 1, 2) for j in (a[0], c[0], b))):
        left, right = m + q, p - q
        if abs(left) <= a[1] and abs(right) <= c[1]:
            pair = racah.sum_3j(a[0], b, a[1], m, q, -left) * racah.sum_3j(c[0], b, c[1], p, -q, -right)
            number = pair * line(b, q) * line(a[1], left) * line(c[1], right)
            found[m, p, left, right] = found.get((m, p, left, right), Fraction(0)) + number
    return found


def joined(first: Open, second: Open) -> Open:
    """Two open products as one, summed over the orders between them."""
    found: Open = {}
    for (m, p, left, right), number in first.items():
        for (k, l, up, low), other in second.items():
            if (left, right) == (k, l):
                found[m, p, up, low] = found.get((m, p, up, low), Fraction(0)) + number * other
    return found


def contraction(kind: int, a: Row, b: Row, c: Row) -> Fraction:
    """sign·square of the sum of eight 3j symbols over all orders, the signs of the lines included."""
    upper, lower = lines(kind, a, c)
    rungs = [rung((upper[i], upper[i + 1]), b[i], (lower[i], lower[i + 1])) for i in range(4)]
    ring = reduce(joined, rungs)
    ends = (number for (m, p, *end), number in ring.items() if end == ([p, m] if kind == 1 else [m, p]))
    total = sum(ends, Fraction(0))
    return racah.signed_square(prod(racah.triangle_square(*triad) for triad in triads(kind, a, b, c)), total)
