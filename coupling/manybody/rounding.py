"""Correctly rounded products n·√p·√q of integers and square roots of rationals, many at once.

The roots are taken once per different radicand, to twice the digits of a double, in integers.  A product of three such
pairs has a relative error below 2^-98; where the pair is not farther than that from the middle of two doubles, the
number is rounded in exact integers instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import ldexp
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.exact.rounding import root_bits, rounded_magnitude
from coupling.manybody.integral import Integers

Floats = NDArray[np.float64]

#: Bits of the roots, and a bound of the relative error of a product as pairs of doubles.
BITS, ERROR = 130, 2.0**-96
#: Veltkamp's constant: a double is split into two of 26 bits.
SPLIT = 134217729.0


class DoubleDouble(NamedTuple):
    """Numbers as unevaluated sums of two doubles, the second at most half a unit in the last place of the first."""

    high: Floats
    low: Floats

    def taken(self, index: NDArray[np.int64]) -> DoubleDouble:
        """Return the numbers at some places."""
        return DoubleDouble(self.high[index], self.low[index])

    def spread(self, number: int) -> DoubleDouble:
        """Return each number several times in a row."""
        return DoubleDouble(np.repeat(self.high, number), np.repeat(self.low, number))

    def repeated(self, number: int) -> DoubleDouble:
        """Return all numbers several times, one set after another."""
        return DoubleDouble(np.tile(self.high, number), np.tile(self.low, number))


def normalized(high: Floats, low: Floats) -> DoubleDouble:
    """Return high + low, |low| <= |high|, as a pair.

    >>> normalized(np.array([1.0]), np.array([1.0])).high
    array([2.])
    """
    total = high + low
    return DoubleDouble(total, low - (total - high))


def roots(values: Sequence[Fraction]) -> DoubleDouble:
    """Return the square roots of rationals as pairs.

    >>> roots([Fraction(2)]).high
    array([1.41421356])
    """
    known: dict[Fraction, tuple[float, float]] = {}
    for value in values:
        if value not in known:
            root, exponent = root_bits(value.numerator, value.denominator, 0, BITS)
            known[value] = _two_doubles(root, exponent)
    return _pair(known[value] for value in values)


def _two_doubles(root: int, exponent: int) -> tuple[float, float]:
    cut = max(0, root.bit_length() - 53)
    high = root >> cut
    high += (root >> cut - 1) & 1 if cut else 0
    rest = root - (high << cut)
    return ldexp(high, cut + exponent), ldexp(rest, exponent)


def _pair(values: Iterable[tuple[float, float]]) -> DoubleDouble:
    array = np.array(list(values), np.float64).reshape(-1, 2)
    return DoubleDouble(array[:, 0], array[:, 1])


def integers(values: Integers) -> DoubleDouble:
    """Return integers as pairs; beyond 106 bits they are rounded.

    >>> integers(np.array([2**60 + 1])).low
    array([1.])
    """
    high = values.astype(np.float64)
    low = np.zeros_like(high)
    large = np.flatnonzero(abs(high) >= 2.0**53)
    low[large] = [int(values[i]) - int(high[i]) for i in large]
    return DoubleDouble(high, low)


def times(a: DoubleDouble, b: DoubleDouble) -> DoubleDouble:
    """Return the product of pairs, to a relative error of a few 2^-104 (Dekker 1971).

    >>> times(roots([Fraction(2)]), roots([Fraction(2)])).high
    array([2.])
    """
    product = a.high * b.high
    (head, tail), (other, rest) = _split(a.high), _split(b.high)
    error = ((head * other - product) + head * rest + tail * other) + tail * rest
    return normalized(product, error + (a.high * b.low + a.low * b.high))


def _split(values: Floats) -> tuple[Floats, Floats]:
    scaled = SPLIT * values
    high = scaled - (scaled - values)
    return high, values - high


def doubtful(value: DoubleDouble) -> NDArray[np.int64]:
    """Return the places where a pair is too close to the middle of two doubles for its sum to be surely rounded.

    >>> doubtful(DoubleDouble(np.array([1.0, 1.0]), np.array([2.0**-53, 2.0**-60])))
    array([0])
    """
    size = abs(value.high)
    above, below = np.nextafter(size, np.inf) - size, size - np.nextafter(size, 0)
    half = np.where(np.sign(value.low) == np.sign(value.high), above, below) / 2
    return np.flatnonzero(abs(abs(value.low) - half) <= ERROR * size)


def rounded(n: Integers, factors: Sequence[DoubleDouble], exactly: Callable[[int], Fraction]) -> Floats:
    """Return the doubles nearest to n times some roots; exactly(i) is the square of number i.

    >>> rounded(np.array([3, -1]), [roots([Fraction(1, 9), Fraction(2)])], lambda i: [Fraction(1), Fraction(2)][i])
    array([ 1.        , -1.41421356])
    """
    value = integers(n)
    for factor in factors:
        value = times(value, factor)
    result = value.high.copy()
    for i in doubtful(value).tolist():
        square = exactly(i)
        size = rounded_magnitude(square.numerator, square.denominator, 0)
        result[i] = -size if n[i] < 0 else size
    return result
