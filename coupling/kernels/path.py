"""The 3j symbols of one path of any degrees, from exact integers of any length.

For fixed p1 the integers S of :mod:`coupling.kernels.regge` satisfy, with q = 2l - p,

    (p3+1)(q2+1) S(p2-1, p3+1) = - [l2(l2+1) + l3(l3+1) - l1(l1+1) + 2 m2 m3] S(p2, p3) - (p2+1)(q3+1) S(p2+1, p3-1)

(the eigenvalue equation of (L2+L3)², its square roots absorbed by the binomials), and S(p1, 2l2) = (-1)^(p1+a)
binom(c, p1) begins the row. Coefficients and divisor are single words and the division is exact, so nothing is
rounded, up to degree ``MAX_DEGREE``.

Integers are arrays of digits in base 2^32, lowest first, the last digit signed.  Factors and values are
double-doubles with a binary exponent of their own, so that nothing underflows before the end; the last step rounds to
a normal or subnormal number or to zero.
"""

from __future__ import annotations

import math

import numpy as np

from coupling.kernels.doubledouble import is_rounded, product
from coupling.kernels.jit import kernel

#: Largest degree for which all products of a digit and a coefficient stay below 2^62; callers take exact blocks beyond.
MAX_DEGREE = 8192

MASK = (1 << 32) - 1
SIGN = 1 << 31
LEADING = 5  # digits that are read for a value: at least 5·32 - 33 bits


@kernel
def round_path(l1, l2, l3, first, lengths, factors, roots1, roots2, roots3, real, error, block, doubtful):
    """Write the rounded block V[p1, p2] of a path l1 ≤ l2 ≤ l3 ≤ MAX_DEGREE; return the number of doubtful entries.

    first [l1+1, n] holds (-1)^(p1+a) binom(c, p1) in lengths[p1] digits, with room for J + 64 bits.  factors [2, 3]
    is the path's factor for entries with no zero order and with one, roots_i [2l_i+1, 3] is 1/√binom(2l_i, p): each
    h, l and a binary exponent. doubtful [n, 5] receives (l1, l2, l3, m1, m2), as many as it can hold.
    """
    sign = -1.0 if (l1 + l2 + l3) & 1 else 1.0
    above, here, below = first[0].copy(), first[0].copy(), first[0].copy()
    count = 0
    for p1 in range(l1 + 1):
        above[:] = 0
        here[:] = first[p1]
        length = lengths[p1]
        last = max(0, l1 + l2 - l3 - p1)
        for p2 in range(2 * l2, last - 1, -1):
            p3 = l1 + l2 + l3 - p1 - p2
            zero = p1 == l1 or p2 == l2 or p3 == l3
            factor = factors[1] if real and zero else factors[0]
            value, certain = _round_entry(here, length, factor, roots1[p1], roots2[p2], roots3[p3], error)
            block[p1, p2] = value + 0.0  # no zero is negative
            block[2 * l1 - p1, 2 * l2 - p2] = sign * value + 0.0
            if not certain:
                if count < doubtful.shape[0]:
                    doubtful[count] = l1, l2, l3, p1 - l1, p2 - l2
                count += 1
            if p2 > last:
                eigenvalue = l2 * (l2 + 1) + l3 * (l3 + 1) - l1 * (l1 + 1) + 2 * (p2 - l2) * (p3 - l3)
                upper, lower = (p2 + 1) * (2 * l3 - p3 + 1), (p3 + 1) * (2 * l2 - p2 + 1)
                length = combine(-eigenvalue, here, -upper, above, lower, length, below)
                above, here, below = here, below, above
    return count


@kernel
def combine(x, s, y, t, divisor, length, result):
    """Write (x·s + y·t)/divisor, an exact quotient, to result; return its length, and lengthen s with it.

    The digits of an exact quotient follow from the lowest on, without a division: the divisor is odd·2^zeros, and a
    digit is what is left of the dividend times the inverse of odd modulo 2^32.
    Source: T. Jebelean, An algorithm for exact division, J. Symbolic Computation 15 (1993) 169.
    """
    zeros, odd = 0, divisor
    while not odd & 1:
        zeros, odd = zeros + 1, odd >> 1
    inverse = (3 * odd) ^ 2  # to 5 bits; each step doubles them.  The top bit is a sign, so that no product overflows
    for _ in range(3):
        inverse = inverse * (2 - odd * inverse & MASK) & MASK
        inverse -= inverse >> 31 << 32
    total = x * s[0] + y * t[0]
    low, carry, borrow = total & MASK, total >> 32, 0
    for i in range(1, length):
        total = x * s[i] + y * t[i] + carry
        carry = total >> 32
        result[i - 1], borrow = _digit(low, total & MASK, zeros, odd, inverse, borrow)
        low = total & MASK
    result[length - 1], borrow = _digit(low, carry & MASK, zeros, odd, inverse, borrow)
    top = ((carry >> zeros) - borrow & MASK) * inverse & MASK
    top -= top >> 31 << 32
    if top == (-1 if result[length - 1] >= SIGN else 0):
        result[length - 1] += top << 32
        return length
    result[length] = top
    s[length] = s[length - 1] >> 32
    s[length - 1] &= MASK
    return length + 1


@kernel
def _digit(low, high, zeros, odd, inverse, borrow):
    """Return a digit of an exact quotient, and what it takes from the digits above, of two digits of the dividend."""
    rest = ((low | high << 32) >> zeros & MASK) - borrow
    digit = rest * inverse & MASK
    return digit, (digit * odd - rest) >> 32


@kernel
def leading(digits, length):
    """Return the integer as h + l times 2^exponent; zero exactly when it is zero."""
    n, top = length, digits[length - 1]
    while n > 1 and top == (-1 if digits[n - 2] >= SIGN else 0):
        n -= 1
        top = digits[n - 1] + (top << 32)
    h, l = float(top), 0.0
    last = max(0, n - LEADING)
    for i in range(n - 2, last - 1, -1):
        x, digit = h * 4294967296.0, float(digits[i])
        total = x + digit
        part = total - x
        rest = (x - (total - part)) + (digit - part) + l * 4294967296.0
        h = total + rest
        l = rest - (h - total)
    return h, l, 32 * last


@kernel
def _round_entry(digits, length, factor, root1, root2, root3, error):
    """Return the rounded entry and whether the rounding is certain."""
    x, y, exponent = leading(digits, length)
    if x == 0.0:
        return 0.0, True
    h, l = product(factor[0], factor[1], root1[0], root1[1])
    h, l = product(h, l, root2[0], root2[1])
    h, l = product(h, l, root3[0], root3[1])
    h, l = product(h, l, x, y)
    exponent += int(factor[2]) + int(root1[2]) + int(root2[2]) + int(root3[2])
    return round_scaled(h, l, exponent, error)


@kernel
def round_scaled(h, l, exponent, error):
    """Return (h + l)·2^exponent rounded to a double, normal or not, and whether the rounding is certain."""
    shift = math.frexp(h)[1]
    exponent += shift
    if exponent > -1021:
        return math.ldexp(h, exponent - shift), is_rounded(h, l, error)
    if exponent < -1074:
        return math.copysign(0.0, h), True
    # count units of 2^-1074; the bits beyond are in x - nearest and in the low part
    x, y = math.ldexp(h, exponent - shift + 1074), math.ldexp(l, exponent - shift + 1074)
    nearest = np.rint(x)
    beyond = (x - nearest) + y
    if beyond > 0.5:
        nearest += 1.0
    elif beyond < -0.5:
        nearest -= 1.0
    return math.ldexp(nearest, -1074), abs(abs(beyond) - 0.5) > abs(x) * error
