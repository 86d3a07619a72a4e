"""Sums of outer products of linear forms with surds, multiplied out in integers.

A form is Σ_d √d (integers over one denominator), d square-free, times i where it is imaginary.  Parts of three slots
are multiplied as matrices of doubles: all numbers stay below 2^53, which is checked, so the products are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import product
from math import lcm

import numpy as np
from numpy.typing import NDArray

from coupling.exact import Surd
from coupling.lowrank.linear_forms import LinearForm
from coupling.selection import Path

#: Integers up to here are exact as doubles.
EXACT_INTEGERS = 2**53

#: Whether it is imaginary, and the square-free number under the root.
Root = tuple[int, int]
Floats = NDArray[np.float64]


@cache
def square_part(number: int) -> tuple[int, int]:
    """Return (s, d) with number = s² d and d square-free.

    >>> square_part(72)
    (6, 2)
    """
    outside, inside, divisor = 1, 1, 2
    while divisor * divisor <= number:
        power = 0
        while number % divisor == 0:
            number, power = number // divisor, power + 1
        outside, inside = outside * divisor ** (power // 2), inside * divisor ** (power % 2)
        divisor += 1
    return outside, inside * number


def by_root(forms: Sequence[LinearForm], size: int) -> tuple[int, dict[Root, Floats]]:
    """Return a denominator, and for each root the integers [size, R] of the forms.

    >>> by_root([{0: (Surd(1, 1, 2), Surd(-1, 9))}], 1)
    (2, {(0, 2): array([[1.]]), (0, 1): array([[-6.]])})
    """
    found = [
        (x, r, value, square_part(value.numerator * value.denominator))
        for r, form in enumerate(forms)
        for x, values in form.items()
        for value in values
    ]
    whole = lcm(*(value.denominator for _, _, value, _ in found))
    parts: dict[Root, Floats] = {}
    for x, r, value, (outside, inside) in found:
        part = parts.setdefault((value.unit, inside), np.zeros((size, len(forms))))
        part[x, r] += value.sign * outside * (whole // value.denominator)
    return whole, parts


def multiplied_out_terms(slots: Sequence[Sequence[LinearForm]], size: int) -> tuple[int, dict[Root, Floats]]:
    """Return a denominator, and for each root the integers [size, size, size] of Σ_r u_r ⊗ v_r ⊗ w_r.

    Raises ArithmeticError where an integer could exceed 2^53.

    >>> multiplied_out_terms([[{0: (Surd(1, 2),)}]] * 3, 1)
    (1, {(0, 2): array([[[2.]]])})
    """
    (d1, first), (d2, second), (d3, third) = (by_root(forms, size) for forms in slots)
    found: dict[Root, Floats] = {}
    for (root, one), (other, two) in product(first.items(), second.items()):
        pairs = np.einsum("ir,jr->ijr", one, two).reshape(size * size, -1)
        for last, three in third.items():
            key, factor = product_of_roots((root, other, last))
            term = factor * (pairs @ three.T).reshape(size, size, size)
            check_size(abs(pairs).max(axis=0) @ abs(three).max(axis=0) * abs(factor))
            found[key] = found.get(key, 0) + term
            check_size(abs(found[key]).max())
    return d1 * d2 * d3, found


def product_of_roots(roots: Iterable[Root]) -> tuple[Root, int]:
    """Return the root and the integer factor of a product of roots.

    >>> product_of_roots([(1, 2), (1, 6), (0, 3)])
    ((0, 1), -6)
    """
    units, inside = 0, 1
    for unit, number in roots:
        units, inside = units + unit, inside * number
    outside, rest = square_part(inside)
    return (units % 2, rest), outside * (-1 if units % 4 > 1 else 1)


def check_size(largest: float) -> None:
    """Raise ArithmeticError where doubles are no longer exact integers."""
    if not largest < EXACT_INTEGERS:
        raise ArithmeticError(f"integers to {largest:.2e} are not exact in double precision")


def differing(slots: Sequence[Sequence[LinearForm]], size: int, targets: Iterable[tuple[Path, Surd]]) -> int:
    """Return the number of entries in which Σ_r u_r ⊗ v_r ⊗ w_r is not the tensor of the targets.

    >>> differing([[{0: (Surd(1, 2),)}]] * 3, 1, [((0, 0, 0), Surd(1, 8))])
    0
    """
    whole, sums = multiplied_out_terms(slots, size)
    wrong = np.zeros((size,) * 3, bool)
    for index, target in targets:
        outside, inside = square_part(target.numerator * target.denominator)
        scaled = whole * target.sign * outside
        key = target.unit, inside
        if scaled % target.denominator or key not in sums:
            wrong[index] = True
        else:
            check_size(abs(scaled // target.denominator))
            sums[key][index] -= scaled // target.denominator
    for rest in sums.values():
        wrong |= rest != 0
    return int(wrong.sum())
