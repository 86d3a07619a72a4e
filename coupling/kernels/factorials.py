"""Constants of the compiled symbols: binomials, roots of factorials, π.

Everything is cut from exact integers when the module is imported; compiled code holds the arrays as constants.
"""

from __future__ import annotations

from math import comb, factorial, isqrt

import numpy as np
from numpy.typing import NDArray

#: Largest doubled degree of the fast symbols.
LARGEST = 40

#: Binomials of this number or less are int64: a triad of a 9j symbol has degrees to 20, 20, 40.
SMALL = 3 * LARGEST // 2

#: Binomials (n+1, t+1) of 6j symbols go to n = 2 LARGEST, and n - t to LARGEST.
WIDE = 2 * LARGEST + 2

BITS = 240


def _binomials() -> NDArray[np.int64]:
    """Return binom(n, k) [SMALL+1, SMALL+1], zero for k > n."""
    return np.array([[comb(n, k) for k in range(SMALL + 1)] for n in range(SMALL + 1)], np.int64)


def _wide_binomials() -> NDArray[np.int64]:
    """Return the two words of binom(n, k) [WIDE, LARGEST+1, 2]."""
    values = [[comb(n, k) for k in range(LARGEST + 1)] for n in range(WIDE)]
    high = np.array([[value >> 64 for value in row] for row in values], np.int64)
    low = np.array([[value & (2**64 - 1) for value in row] for row in values], np.uint64).view(np.int64)
    return np.stack([high, low], axis=-1)


def _two_doubles(root: int, exponent: int) -> tuple[float, float]:
    """Return root·2^exponent, an integer of many bits, as h + l with a relative error below 2^-106."""
    shift = root.bit_length() - 53
    high = (root + (1 << (shift - 1))) >> shift
    rest = root - (high << shift)
    return float(np.ldexp(float(high), shift + exponent)), float(
        np.ldexp(float(rest >> (shift - 56)), exponent + shift - 56)
    )


def _roots() -> NDArray[np.float64]:
    """Return √n! and 1/√n! as double-doubles [n, 4]."""
    rows = []
    for n in range(SMALL + 3):
        number = factorial(n)
        root, inverse = isqrt(number << 2 * BITS), isqrt((1 << 4 * BITS) // number)
        rows.append((*_two_doubles(root, -BITS), *_two_doubles(inverse, -2 * BITS)))
    return np.array(rows)


BINOMIALS, WIDE_BINOMIALS, ROOTS = _binomials(), _wide_binomials(), _roots()


#: Bits of a digit of the integers that decide: the product of two, and what is carried, fit into 63 bits.
DIGIT = 30


def digits(value: int) -> NDArray[np.int64]:
    """Return a positive integer in digits of 30 bits, the lowest first.

    >>> digits(2**30 + 5)
    array([5, 1])
    """
    size = (value.bit_length() + DIGIT - 1) // DIGIT
    return np.array([(value >> DIGIT * place) & ((1 << DIGIT) - 1) for place in range(size)], np.int64)


def _pi(bits: int) -> int:
    """Return ⌊π·2^bits⌋ by Machin's formula."""

    def arctan(x: int) -> int:
        term = total = (1 << (bits + 64)) // x
        for k in range(1, bits):
            term //= x * x
            if not term:
                break
            total += (-1 if k & 1 else 1) * (term // (2 * k + 1))
        return total

    return 4 * (4 * arctan(5) - arctan(239)) >> 64


PI_BITS = 1024
PI = digits(_pi(PI_BITS))

#: 1/√(4π) as a double-double.
SPHERE = np.array(_two_doubles(isqrt((1 << (4 * BITS + PI_BITS)) // (4 * _pi(PI_BITS))), -2 * BITS))

#: Largest doubled degree of the symbols of long integers.
LARGEST_LONG = 4096


def _long_roots() -> NDArray[np.float64]:
    """Return √n! = (h + l)·2^e [n, 3], n up to the J+1 of the largest degrees, with a relative error below 2^-105.

    n! is cut to 300 bits after each factor, which loses 2^-286 of it in all.
    """
    rows, number, exponent = [], 1 << 300, -300
    for n in range(3 * LARGEST_LONG // 2 + 2):
        number *= max(n, 1)
        cut = number.bit_length() - 300
        number, exponent = number >> cut, exponent + cut
        odd = exponent & 1
        root = isqrt(number << (300 + odd))  # √(number 2^exponent) = root·2^((exponent - 300 - odd) / 2)
        shift = root.bit_length() - 53
        high = (root + (1 << (shift - 1))) >> shift
        low = (root - (high << shift)) >> (shift - 56)
        rows.append((high * 2.0**-52, low * 2.0**-108, float((exponent - 300 - odd) // 2 + shift + 52)))
    return np.array(rows)


LONG_ROOTS = _long_roots()
