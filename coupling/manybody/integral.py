"""Arrays of integers that never overflow: 64 bits where a bound says that they suffice, Python's integers elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Sums and products stay below this in 64 bits.
LIMIT = 1 << 62
Integers = NDArray[Any]


def largest_magnitude(array: Integers) -> int:
    """Return the largest magnitude, 0 of an empty array.

    >>> largest_magnitude(np.array([[1, -3]]))
    3
    """
    return max(int(array.max()), -int(array.min())) if array.size else 0


def as_integers(array: Integers, bound: int) -> Integers:
    """Return an array as 64-bit integers if a bound on what follows lets it, else as Python's integers.

    >>> as_integers(np.array([1]), 1 << 80).dtype, as_integers(np.array([1], object), 5).dtype
    (dtype('O'), dtype('int64'))
    """
    return array.astype(np.int64 if bound < LIMIT else object, copy=False)


def integer_product(*factors: Integers) -> Integers:
    """Return the elementwise product, broadcast.

    >>> integer_product(np.array([1 << 40]), np.array([1 << 40]))
    array([1208925819614629174706176], dtype=object)
    """
    bound = 1
    for factor in factors:
        bound *= max(1, largest_magnitude(factor))
    result = as_integers(factors[0], bound)
    for factor in factors[1:]:
        result = result * as_integers(factor, bound)
    return result


def integer_matmul(left: Integers, right: Integers) -> Integers:
    """Return left @ right.

    >>> integer_matmul(np.array([[1, 2]]), np.array([[3], [4]]))
    array([[11]])
    """
    bound = largest_magnitude(left) * largest_magnitude(right) * max(1, right.shape[0])
    return np.asarray(as_integers(left, bound) @ as_integers(right, bound))


def primitive(rows: Integers, of: Integers) -> tuple[Integers, Integers]:
    """Return rows over the greatest common divisors of the rows of another array, and these divisors.

    >>> primitive(np.array([[4, 8]]), np.array([[2, 6]]))
    (array([[2, 4]]), array([2]))
    """
    divisors = np.gcd.reduce(of, axis=1)
    reduced = rows // divisors[:, None]
    return as_integers(reduced, largest_magnitude(reduced)), divisors
