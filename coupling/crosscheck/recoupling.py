"""Symbols of integer and half-integer degrees, which are compared one by one: 3j, 6j and 9j.

A case is a degree l: all symbols whose largest degree is l or l - 1/2.  Symbols are rows of doubled numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from coupling.crosscheck.program import HALVES, NINE_J, SIX_J, Array
from coupling.numbers.symbols import wigner_3j, wigner_6j, wigner_9j

#: What each quantity is, rounded once from its exact value.
SYMBOLS: dict[str, Callable[..., Any]] = {HALVES: wigner_3j, SIX_J: wigner_6j, NINE_J: wigner_9j}


def rows_of_degree(quantity: str, l: int) -> Array:
    """Return all symbols [n, 6 or 9] whose largest degree is l or l - 1/2, doubled; of 3j those with half-integers.

    >>> rows_of_degree("wigner_6j", 0).tolist(), rows_of_degree("3j, half-integers", 1)[0].tolist()
    ([[0, 0, 0, 0, 0, 0]], [0, 1, 1, 0, -1, 1])
    """
    rows = {HALVES: _three_j, SIX_J: _six_j, NINE_J: _nine_j}[quantity](2 * l)
    found = [row for row in rows if max(map(abs, row)) > 2 * (l - 1)]
    return np.array(found, np.int64).reshape(-1, 9 if quantity == NINE_J else 6)


def reference_symbols(quantity: str, l: int) -> Array:
    """Return the values of these symbols, correctly rounded.

    >>> reference_symbols("wigner_6j", 1)[:2]
    array([-0.70710678,  0.57735027])
    """
    rows = rows_of_degree(quantity, l)
    return np.asarray(SYMBOLS[quantity](*(rows.T / 2)), float).reshape(len(rows))


def symbol_by_symbol(symbol: Callable[..., Any], number: Callable[[int], Any]) -> Callable[[int, Array], Array]:
    """Return a function of a degree and rows that calls a program for each; ``number`` makes its argument of 2j.

    >>> symbol_by_symbol(lambda *degrees: sum(degrees), lambda twice: twice / 2)(1, np.array([[1, 2, 3]]))
    array([3.])
    """
    return lambda l, rows: np.array([float(symbol(*map(number, row))) for row in rows.tolist()])


def triads(twice: int) -> Iterator[tuple[int, int, int]]:
    """Give all doubled degrees to a largest that satisfy the triangle rule.

    >>> list(triads(1))
    [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    """
    for a, b in product(range(twice + 1), repeat=2):
        yield from ((a, b, c) for c in range(abs(a - b), min(a + b, twice) + 1, 2))


def _three_j(twice: int) -> Iterator[tuple[int, ...]]:
    for a, b, c in triads(twice):
        if a % 2 or b % 2:
            for p, q in product(range(-a, a + 1, 2), range(-b, b + 1, 2)):
                if abs(p + q) <= c:
                    yield a, b, c, p, q, -p - q


def _six_j(twice: int) -> Iterator[tuple[int, ...]]:
    known = set(triads(twice))
    for (a, b, c), (d, e) in product(sorted(known), product(range(twice + 1), repeat=2)):
        if (c, d, e) in known:
            yield from ((a, b, c, d, e, f) for f in range(twice + 1) if {(a, e, f), (d, b, f)} <= known)


def _nine_j(twice: int) -> Iterator[tuple[int, ...]]:
    known = sorted(triads(twice))
    there = set(known)
    for first, second in product(known, repeat=2):
        for third in known:
            if all(column in there for column in zip(first, second, third, strict=True)):
                yield *first, *second, *third
