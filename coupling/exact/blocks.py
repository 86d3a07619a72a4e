"""All symbols of a path at once: the integers S in Python integers, and the correctly rounded values.

In the notation of :mod:`coupling.exact.wigner_3j`, with p_i = l_i + m_i, S(p1, p2, p3) is the coefficient of u1^p1
u2^p2 u3^p3 in (u1-u2)^a (u2-u3)^b (u3-u1)^c.  The polynomial depends on differences alone, so the sum of its three
derivatives vanishes:

    (p1+1) S(p1+1, p2, p3) + (p2+1) S(p1, p2+1, p3) + (p3+1) S(p1, p2, p3+1) = 0        p1+p2+p3 = J-1

This is the rule that raises m1 by one; the floating-point kernels use others.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.exact.rounding import root_bits
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import norm

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Objects = NDArray[np.object_]

#: Bits of each square root; products of the four of an entry are good to 190 bits at least.
BITS = 200

#: Bits looked at below the last place of a double.
BELOW = 64

HALF = 1 << (BELOW - 1)


class RoundedBlock(NamedTuple):
    """For all [p1, p2]: the value correctly rounded, (rounded - exact)/2^unit, and the exponent of the exact value's
    last place, -1074 at least."""

    values: Floats
    distance: Floats
    unit: NDArray[np.int32]


def integer_rows(l1: int, l2: int, l3: int) -> Iterator[Objects]:
    """Yield for p1 = 0, 1, …, 2l1 the Python integers S(p1, p2, J-p1-p2), p2 = 0 … 2l2, as an array of objects.

    S is zero where |m1+m2| > l3.  3j(l1 l2 l3; m1 m2 m3) = S √N / √[Π binom(2l_i, p_i)], sign included.

    >>> [row.tolist() for row in integer_rows(1, 1, 1)]
    [[0, 1, -1], [-1, 0, 1], [1, -1, 0]]
    """
    a, b, total = l1 + l2 - l3, -l1 + l2 + l3, l1 + l2 + l3
    column = np.arange(2 * l2 + 1).astype(object)
    row = np.array([0] * a + [parity_sign(b - p - a) * n for p, n in enumerate(binomials(b))], object)
    for p1 in range(2 * l1 + 1):
        yield row
        right = np.append(row[1:], 0)
        row = -((column + 1) * right + (total - p1 - column) * row) // (p1 + 1)


def binomials(n: int) -> list[int]:
    """Return binom(n, k) for k = 0 … n.

    >>> binomials(4)
    [1, 4, 6, 4, 1]
    """
    half = [1]
    for k in range(n // 2):
        half.append(half[-1] * (n - k) // (k + 1))
    return half + half[: (n + 1) // 2][::-1]


def rounded_block(l1: int, l2: int, l3: int, factor: Surd, real: bool = False) -> RoundedBlock:
    """Return |factor|·sign(factor)·3j(l1 l2 l3; m1 m2 m3), correctly rounded, for a path l1 ≤ l2 ≤ l3 and all m1, m2.

    real: entries that have no zero order are divided by √2.  An i in factor is left out.  Zero where |m1+m2| > l3.

    >>> rounded_block(0, 1, 1, Surd(1)).values
    array([[ 0.57735027, -0.57735027,  0.57735027]])
    """
    shape = 2 * l1 + 1, 2 * l2 + 1
    block = RoundedBlock(np.zeros(shape), np.zeros(shape), np.full(shape, -1074, np.int32))
    whole = factor * Surd(1, *norm(l1 + l2 - l3, -l1 + l2 + l3, l1 - l2 + l3))
    if not whole:
        return block
    scales = [_root(value) for value in (whole * Surd(1, 1, 2) if real else whole, whole)]
    mirror = parity_sign(l1 + l2 + l3)
    for p1, row in zip(range(l1 + 1), integer_rows(l1, l2, l3), strict=False):
        columns = slice(max(0, l1 + l2 - l3 - p1), 2 * l2 + 1)
        size, exponent = _sizes(l1, l2, l3, p1, columns.start, row[columns], scales)
        nearest, distance, unit = _nearest(size, exponent)
        signs = np.sign(row[columns]).astype(float) * whole.sign
        opposite = slice(2 * l2 - columns.start, None, -1)
        entries = RoundedBlock(signs * np.ldexp(nearest, unit), signs * distance, unit)
        for index, sign in enumerate((mirror, mirror, 1)):
            block[index][p1, columns] = entries[index]
            block[index][2 * l1 - p1, opposite] = sign * entries[index]
    return block


def _sizes(
    l1: int, l2: int, l3: int, p1: int, first: int, s: Objects, scales: list[tuple[int, int]]
) -> tuple[Objects, Integers]:
    """Return the absolute values of the entries p2 ≥ first of a row as integers and binary exponents."""
    p2 = np.arange(first, 2 * l2 + 1)
    p3 = l1 + l2 + l3 - p1 - p2
    (root1, exponent1), (root2, exponent2), (root3, exponent3) = map(_inverse_roots, (l1, l2, l3))
    zero = ((p1 == l1) | (p2 == l2) | (p3 == l3)).astype(int)
    scale = np.array([value * root1[p1] for value, _ in scales], object)[zero]
    exponent = np.array([e for _, e in scales])[zero] + exponent1[p1] + exponent2[p2] + exponent3[p3]
    return np.abs(s) * scale * ((root2[p2] * root3[p3]) >> BITS), exponent + BITS


def _nearest(size: Objects, exponent: Integers) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Return size·2^exponent as (n, n - exact, unit), the exact value in units of 2^unit, n rounded to nearest.

    Raises ArithmeticError when the bits do not decide: they would have to be 1000… or 0111… 64 times.
    """
    length = np.array(_bit_length(size), np.int64)
    cut = np.maximum(np.maximum(length - 53, -1074 - exponent), BELOW)
    digits = size >> (cut - BELOW).astype(object)
    nearest = (digits + HALF) >> BELOW
    below = (nearest << BELOW) - digits
    if (abs(abs(below) - HALF) <= 1).any():
        raise ArithmeticError("an exact value is too close to the middle of two doubles")
    return nearest.astype(float), np.ldexp(below.astype(float), -BELOW), (exponent + cut).astype(np.int32)


_bit_length = np.frompyfunc(int.bit_length, 1, 1)


def _root(value: Surd) -> tuple[int, int]:
    return root_bits(value.numerator, value.denominator, value.pi_power, BITS)


@lru_cache(maxsize=64)
def _inverse_roots(l: int) -> tuple[Objects, Integers]:
    """Return 1/√binom(2l, p) as integers and binary exponents, for p = 0 … 2l."""
    half = [root_bits(1, binomial, 0, BITS) for binomial in binomials(2 * l)[: l + 1]]
    roots, exponents = zip(*half, *half[-2::-1], strict=True)
    return np.array(roots, object), np.array(exponents)
