"""The last digit of a root, decided in integers where a double-double leaves it open.

A value is |S| √(A/B), S an integer, A and B products of factorials, and B of 4π besides for integrals over the sphere.
It is compared with the middle of two doubles by

    S² A 2^s     against     (2M+1)² 2^t B

in digits of 30 bits: no rounding mode, no flush to zero and no bound of an error has a say in it.
"""

from __future__ import annotations

import math

import numpy as np

from coupling.kernels.factorials import DIGIT, PI, PI_BITS
from coupling.kernels.jit import kernel
from coupling.kernels.wide import bits_of, of_bits

MASK = (1 << DIGIT) - 1
HIDDEN = 1 << 52


@kernel
def times_small(x, size, factor):
    """Multiply the integer of ``size`` digits in x by a factor below 2^31; return its new size."""
    carry = 0
    for i in range(size):
        carry += x[i] * factor
        x[i] = carry & MASK
        carry >>= DIGIT
    if carry:
        x[size] = carry
        size += 1
    return size


@kernel
def times_factorials(x, size, numbers):
    """Multiply the integer in x by all n!; return its new size."""
    for n in numbers:
        for factor in range(2, n + 1):
            size = times_small(x, size, factor)
    return size


@kernel
def times_power(x, size, exponent):
    """Multiply the integer in x by 2^exponent; return its new size."""
    for _ in range(exponent // DIGIT):
        size = times_small(x, size, 1 << DIGIT)
    return times_small(x, size, 1 << (exponent % DIGIT))


@kernel
def multiply(x, x_size, y, y_size, result):
    """Write the product of two integers to ``result``; return its size."""
    size = x_size + y_size
    result[:size] = 0
    for i in range(x_size):
        carry = 0
        for j in range(y_size):
            carry += result[i + j] + x[i] * y[j]
            result[i + j] = carry & MASK
            carry >>= DIGIT
        result[i + y_size] = carry
    while size > 0 and result[size - 1] == 0:
        size -= 1
    return size


@kernel
def append_word(x, size, word):
    """Multiply the integer in x by 2^64 and add a word without a sign; return its new size."""
    for shift in (48, 32, 16, 0):
        part = (word >> shift) & 0xFFFF
        size = times_small(x, size, 1 << 16)
        if part and size == 0:
            x[0], size = part, 1
        else:
            x[0] += part
    return size


@kernel
def compare_digits(x, x_size, y, y_size):
    """Return the sign of x - y."""
    if x_size != y_size:
        return 1 if x_size > y_size else -1
    for i in range(x_size - 1, -1, -1):
        if x[i] != y[i]:
            return 1 if x[i] > y[i] else -1
    return 0


@kernel
def space_needed(s_size, above, below):
    """Return digits enough for both sides of the comparison."""
    bits = 64.0 * s_size + 2.0 * PI_BITS + 4096.0
    for n in above:
        bits += n * math.log2(n + 1.0)
    for n in below:
        bits += n * math.log2(n + 1.0)
    return int(2.0 * bits) // DIGIT


@kernel
def against_middle(s, s_size, above, below, sphere, middle, exponent):
    """Return the sign of |S| √(A/B) - middle·2^exponent; middle is an integer below 2^55."""
    space = space_needed(s_size, above, below) + abs(exponent) // 16
    left, right, work = np.zeros(space, np.int64), np.zeros(space, np.int64), np.zeros(space, np.int64)
    parts = np.empty(2, np.int64)
    left_size = multiply(s, s_size, s, s_size, left)
    left_size = times_factorials(left, left_size, above)
    parts[0], parts[1] = middle & MASK, middle >> DIGIT
    right_size = multiply(parts, 2, parts, 2, right)
    right_size = times_factorials(right, right_size, below)
    if sphere:
        work[:right_size] = right[:right_size]
        right_size = multiply(work, right_size, PI, len(PI), right)
        right_size = times_small(right, right_size, 4)
        left_size = times_power(left, left_size, PI_BITS)
    if exponent >= 0:
        right_size = times_power(right, right_size, 2 * exponent)
    else:
        left_size = times_power(left, left_size, -2 * exponent)
    return compare_digits(left, left_size, right, right_size)


@kernel
def decided(value, s, s_size, above, below, sphere):
    """Return the double nearest to |S| √(A/B), starting from a value > 0 near it; in a tie the last bit is 0.

    s holds |S| > 0 in digits of 30 bits, above and below the n of the factorials.
    """
    return of_bits(decided_bits(bits_of(value), s, s_size, above, below, sphere))


@kernel
def after(bits, s, s_size, above, below, sphere):
    """Return the sign of |S| √(A/B) minus the middle between a double ≥ 0 and the next, given by its encoding."""
    field = bits >> 52
    mantissa = (bits & (HIDDEN - 1)) | (HIDDEN if field else 0)
    return against_middle(s, s_size, above, below, sphere, 2 * mantissa + 1, max(field, 1) - 1076)


@kernel
def decided_bits(bits, s, s_size, above, below, sphere):
    """Return the encoding of the double nearest to |S| √(A/B), starting from one near it; subnormal or zero as well."""
    while True:
        side = after(bits, s, s_size, above, below, sphere)
        if side < 0 or (side == 0 and not bits & 1):
            break
        bits += 1
    while bits > 0:
        side = after(bits - 1, s, s_size, above, below, sphere)
        if side > 0 or (side == 0 and not bits & 1):
            break
        bits -= 1
    return bits
