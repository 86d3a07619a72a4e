"""Degrees 0 and 1 with the weights of an instance: the normal form scaled back, and the entries of the tensor."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from derivations.real_harmonics import real_wigner_3j

#: Components of three slots: 0 for the scalar, then x, y, z; or degrees.
Places = tuple[int, ...]

#: Orders of x, y, z.
ORDERS = {1: 1, 2: -1, 3: 0}


def weights(lmax: int) -> Iterator[dict[Places, Fraction]]:
    """Path weights: all choices among the first numbers of a list."""
    chosen = [Fraction(1), Fraction(-1), Fraction(2), Fraction(-1, 3), Fraction(5, 2)][: lmax + 1]
    paths: tuple[Places, ...] = ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1))
    yield from (dict(zip(paths, numbers, strict=True)) for numbers in product(chosen, repeat=5))


def scaled_back(rest: dict[Places, Any], given: dict[Places, Fraction], places: Places) -> Fraction:
    """sign·square of an entry of the terms, the scale of every slot taken out again."""
    vector = Fraction(6) / given[1, 1, 1] ** 2
    squares = [3 / (given[0, 1, 1] ** 2 * vector), 3 / (given[1, 0, 1] ** 2 * vector), 3 / given[1, 1, 0] ** 2]
    signs = [sign(given[0, 1, 1] * given[1, 1, 1]), sign(given[1, 0, 1] * given[1, 1, 1]), sign(given[1, 1, 0])]
    kappa = Fraction(3, 4) * given[0, 0, 0] ** 2 * given[1, 1, 1] ** 4
    kappa /= (given[0, 1, 1] * given[1, 0, 1] * given[1, 1, 0]) ** 2
    scale = prod((1 / squares[i] for i, place in enumerate(places) if not place), start=Fraction(1))
    scale *= 1 / vector if places[2] else 1
    chosen = prod(signs[i] for i, place in enumerate(places) if not place)
    chosen *= sign(given[1, 1, 1]) if places[2] else 1
    if not any(places):
        return (
            scale
            * kappa
            * chosen
            * sign(prod((w for path, w in given.items() if path != (1, 1, 1)), start=Fraction(1)))
        )
    return chosen * scale * rest[places] * abs(rest[places])


def sign(number: Fraction) -> int:
    return 1 if number > 0 else -1


def entry_square(given: dict[Places, Fraction], places: Places) -> Fraction:
    """sign·square of an entry of Σ w C."""
    one, two, three = (min(place, 1) for place in places)
    if (one, two, three) not in given:
        return Fraction(0)
    weight, (m1, m2, m3) = given[one, two, three], (ORDERS.get(place, 0) for place in places)
    return weight * abs(weight) * real_wigner_3j((one, two, three), (m1, m2, m3))
