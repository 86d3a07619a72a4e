"""Comparison and correct rounding of √(p/q)·π^(-k/2), in integers.

π enters as an interval of fixed-point integers that is narrowed until the answer is certain; it always becomes so,
since π is transcendental.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from coupling.floating_point import from_bits

T = TypeVar("T")

#: The encoding of an infinite double; those of positive numbers are below, in the order of the numbers.
INFINITY = 0x7FF << 52


def compare_with_pi(left: int, right: int, power: int) -> int:
    """Return the sign of left - right·π^power for positive integers; it is 0 only for power 0.

    >>> compare_with_pi(355, 113, 1), compare_with_pi(22, 7, 1), compare_with_pi(3, 1, 1)
    (1, 1, -1)
    """
    if power == 0:
        return (left > right) - (left < right)
    if power < 0:
        return -compare_with_pi(right, left, -power)
    bits = 64
    while True:
        low, high = _pi_power(power, bits)
        if left << bits <= right * low:
            return -1
        if left << bits >= right * high:
            return 1
        bits *= 2


def _pi_power(power: int, bits: int) -> tuple[int, int]:
    """Return integers with low < π^power · 2^bits < high, for power >= 1; high - low is a few units."""
    from mpmath.libmp import pi_fixed

    work = bits + 4 * power + 16
    pi = int(pi_fixed(work + 8)) >> 8
    low, high = (pi - 1) ** power, (pi + 2) ** power
    shift = work * power - bits
    return low >> shift, (high >> shift) + 1


def rounded_magnitude(num: int, den: int, pi: int) -> float:
    """Return √(num/den · π^(-pi)) rounded to nearest, ties to even, by integers alone: the rounding mode of the
    processor has no say in it, nor has a flush of subnormal numbers to zero.

    Raises OverflowError beyond the largest double.

    >>> rounded_magnitude(1, 4, 0), rounded_magnitude(1, 1, -2)
    (0.5, 3.141592653589793)
    """
    encoding = rounded(num, den, pi, 64, _encoded)
    if encoding >= INFINITY:
        raise OverflowError("an exact number is larger than the largest double")
    return from_bits(encoding)


def _encoded(root: int, exponent: int) -> int:
    """Return the encoding of the double nearest to root·2^exponent, ties to even; INFINITY or more beyond the largest.

    Of the number all bits below the last place of the double, 2^unit, are cut.
    """
    if not root:
        return 0
    unit = max(root.bit_length() + exponent - 53, -1074)
    cut = unit - exponent
    nearest, beyond = root >> cut, root & ((1 << cut) - 1)
    half = 1 << (cut - 1)
    nearest += beyond > half or (beyond == half and nearest & 1)
    return ((unit + 1074) << 52) + nearest


def rounded(num: int, den: int, pi: int, bits: int, rounding: Callable[[int, int], T]) -> T:
    """Return rounding(root, exponent) of √(num/den · π^(-pi)) ≈ root·2^exponent, certainly that of the exact number.

    root has at least bits bits, exponent is -3 or less, and the last bit of root is sticky: it is 1 when something was
    cut off below.  rounding must be monotonic and not depend on more than bits - 2 bits and the sticky one.

    >>> rounded(2, 1, 0, 8, lambda root, exponent: root * 2.0**exponent)
    1.4150390625
    """
    if pi == 0:
        return rounding(*_sticky_root(num, den, bits))
    work = 2 * bits
    while True:
        low, high = _pi_power(abs(pi), work)
        if pi > 0:
            bounds = (num << work, den * high), (num << work, den * low)
        else:
            bounds = (num * low, den << work), (num * high, den << work)
        below, above = (rounding(*_sticky_root(n, d, bits)) for n, d in bounds)
        if below == above:
            return below
        work *= 2


def _sticky_root(num: int, den: int, bits: int) -> tuple[int, int]:
    """Return (root, exponent) with root of at least bits bits, the last one sticky; of zero (0, -3).

    The root is taken of the quotient shifted by 4^shift; what is cut off is remembered in the bit below.
    """
    shift = max(2, (2 * bits + 2 - num.bit_length() + den.bit_length()) // 2 + 1)
    quotient, rest = divmod(num << 2 * shift, den)
    root = math.isqrt(quotient)
    return 2 * root + (1 if rest or root * root != quotient else 0), -(shift + 1)


def root_bits(num: int, den: int, pi: int, bits: int) -> tuple[int, int]:
    """Return (root, exponent) with √(num/den · π^(-pi)) = root·2^exponent up to a relative error below 2^(2-bits).

    >>> root, exponent = root_bits(1, 4, 0, 10)
    >>> root * 2.0**exponent
    0.5
    """
    if pi > 0:
        num, den = num << (2 * bits), den * _pi_power(pi, 2 * bits)[0]
    elif pi < 0:
        num, den = num * _pi_power(-pi, 2 * bits)[0], den << (2 * bits)
    shift = bits + 1 + (den.bit_length() - num.bit_length()) // 2
    quotient = (num << 2 * shift) // den if shift >= 0 else num // (den << -2 * shift)
    return math.isqrt(quotient), -shift


def isqrt_exact(n: int) -> int | None:
    """Return √n when n is a perfect square, else None.

    >>> isqrt_exact(49), isqrt_exact(50)
    (7, None)
    """
    root = math.isqrt(n)
    return root if root * root == n else None
