"""Single 3j, 6j and 9j symbols of doubled degrees above 40, correctly rounded: S in words of 64 bits.

The formulas are those of :mod:`coupling.kernels.symbols`.  Each term of a sum follows from the one before by a ratio of
two words: a multiplication and an exact division in one pass, the division by the inverse modulo 2^64.  √A and √B are
double-doubles with exponents.  At most 24 factors (2u² each), their products (7u²), a quotient (16u²) and S (12u²) are
off by less than 260u² < 2^-97.  What the test of rounding leaves open, values below the normal numbers, and everything
where the processor does not round to nearest, is decided in integers.
"""

from __future__ import annotations

import numpy as np

from coupling.kernels.decision import append_word, decided_bits
from coupling.kernels.doubledouble import add, is_rounded, product, quotient
from coupling.kernels.factorials import LONG_ROOTS, SPHERE
from coupling.kernels.jit import kernel
from coupling.kernels.symbols import (
    CLEBSCH_GORDAN,
    GAUNT,
    factorials_3j,
    is_triad,
    rounds_to_nearest,
    triad_factorials,
    word_value,
)
from coupling.kernels.wide import add_step, bits_of, mul_step, odd_inverse, of_bits, ratio_step

#: Products of small factors are gathered up to this size before they meet the long integer.
FULL = 1 << 48


@kernel
def times_ratio(x, size, p, q):
    """Multiply the integer in x by p/q, which gives an integer; return its new size.  p, q > 0."""
    shift = 0
    while not q & 1:
        q >>= 1
        shift += 1
    inverse, carry, borrow = odd_inverse(q), 0, 0
    for i in range(size + 1):
        word = x[i] if i < size else 0
        x[i], carry, borrow = ratio_step(word, p, carry, q, inverse, borrow)
    if shift:
        for i in range(size + 1):
            above = x[i + 1] if i < size else 0
            x[i] = ((x[i] >> shift) & ((1 << (64 - shift)) - 1)) | (above << (64 - shift))
    size += 1
    while size > 1 and x[size - 1] == 0:
        size -= 1
    return size


@kernel
def times_binomial(x, size, n, k):
    """Multiply the integer in x by binom(n, k); return its new size."""
    k = min(k, n - k)
    p, q = 1, 1
    for i in range(1, k + 1):
        p, q = p * (n - k + i), q * i
        if p >= FULL or i == k:
            size = times_ratio(x, size, p, q)
            p, q = 1, 1
    return size


@kernel
def add_to(total, x, size, negative):
    """Add ±x to a total in two's complement."""
    carry = 1 if negative else 0
    for i in range(len(total)):
        word = x[i] if i < size else 0
        total[i], carry = add_step(total[i], ~word if negative else word, carry)


@kernel
def make_positive(total):
    """Replace a total in two's complement by its size; return whether it was negative."""
    if total[-1] >= 0:
        return False
    carry = 1
    for i in range(len(total)):
        total[i], carry = add_step(~total[i], 0, carry)
    return True


@kernel
def words_used(total):
    """Return the number of words without zeros at the top."""
    size = len(total)
    while size > 0 and total[size - 1] == 0:
        size -= 1
    return size


@kernel
def leading_words(total, size):
    """Return the three highest words as a double-double, within 12u², and the exponent of the lowest of them."""
    h, l = 0.0, 0.0
    for i in range(size - 1, max(size - 4, -1), -1):
        x, y = word_value(total[i])
        h, l = add(h * 18446744073709551616.0, l * 18446744073709551616.0, x, y)
    return h, l, 64 * max(size - 3, 0)


@kernel
def long_root(numbers):
    """Return √Π n! as a double-double and an exponent."""
    h, l, exponent = 1.0, 0.0, 0
    for n in numbers:
        h, l = product(h, l, LONG_ROOTS[n, 0], LONG_ROOTS[n, 1])
        exponent += int(LONG_ROOTS[n, 2])
    return h, l, exponent


@kernel
def rounded_long(total, above, below, sphere, error, nothing):
    """Return |S| √(A/B), correctly rounded; total is |S| > 0 in words, above and below the n of the factorials, sphere
    whether 4π divides A/B."""
    size = words_used(total)
    h, l, exponent = leading_words(total, size)
    p, q, more = long_root(above)
    x, y, less = long_root(below)
    p, q = quotient(p, q, x, y)
    h, l = product(h, l, p, q)
    if sphere:
        h, l = product(h, l, SPHERE[0], SPHERE[1])
    bits = bits_of(h)
    field = (bits >> 52) + exponent + more - less
    mantissa = bits & ((1 << 52) - 1)
    if field >= 1:
        bits = mantissa | (field << 52)
        if rounds_to_nearest(nothing) and is_rounded(h, l, error):
            return of_bits(bits)
    else:
        bits = (mantissa | (1 << 52)) >> min(1 - field, 60)
    s, digits = np.zeros(3 * len(total) + 3, np.int64), 0
    for i in range(size - 1, -1, -1):
        digits = append_word(s, digits, total[i])
    return of_bits(decided_bits(bits, s, digits, above, below, sphere))


# -- sums -------------------------------------------------------------------------------------


@kernel
def long_sum_3j(a, b, c, x, y):
    """Return S of a 3j symbol in two's complement; x = j1-m1, y = j2+m2."""
    words = (a + b + c) // 64 + 2
    total, term = np.zeros(words, np.int64), np.zeros(words + 1, np.int64)
    first, last = max(0, x - c, y - b), min(a, x, y)
    term[0] = 1
    size = times_binomial(term, 1, a, first)
    size = times_binomial(term, size, c, x - first)
    size = times_binomial(term, size, b, y - first)
    for k in range(first, last + 1):
        add_to(total, term, size, k & 1 == 1)
        if k < last:
            p, q = (a - k) * (x - k) * (y - k), (k + 1) * (c - x + k + 1) * (b - y + k + 1)
            size = times_ratio(term, size, p, q)
    return total


@kernel
def long_sum_6j(a, b, c, d, e, f):
    """Return S of a 6j symbol of doubled degrees, whose first triad is (a b c), in two's complement."""
    t1, t2, t3, t4 = (a + b + c) // 2, (a + e + f) // 2, (d + b + f) // 2, (d + e + c) // 2
    q1, q2, q3 = (a + b + d + e) // 2, (b + c + e + f) // 2, (c + a + f + d) // 2
    first, last = max(t1, t2, t3, t4), min(q1, q2, q3)
    words = (last + t1) // 64 + 2  # binom(last+1, ·) < 2^(last+1), and the tops of the others add up to t1
    total, term = np.zeros(words, np.int64), np.zeros(words + 1, np.int64)
    term[0] = 1
    size = times_binomial(term, 1, first + 1, t1 + 1)
    size = times_binomial(term, size, q2 - t2, first - t2)
    size = times_binomial(term, size, q3 - t3, first - t3)
    size = times_binomial(term, size, q1 - t4, first - t4)
    for n in range(first, last + 1):
        add_to(total, term, size, n & 1 == 1)
        if n < last:
            p, q = (n + 2) * (q1 - n) * (q2 - n) * (q3 - n), (n + 1 - t1) * (n + 1 - t2) * (n + 1 - t3) * (n + 1 - t4)
            size = times_ratio(term, size, p, q)
    return total


@kernel
def times_long(x, y):
    """Return the product of two integers ≥ 0."""
    x_size, y_size = words_used(x), words_used(y)
    result = np.zeros(x_size + y_size + 1, np.int64)
    for i in range(x_size):
        carry = 0
        for j in range(y_size):
            result[i + j], carry = mul_step(x[i], y[j], result[i + j], carry)
        result[i + y_size] = carry
    return result


@kernel
def long_sum_9j(a, b, c, d, e, f, g, h, i):
    """Return S of a 9j symbol of doubled degrees in two's complement."""
    first, last = max(abs(a - i), abs(d - h), abs(b - f)), min(a + i, d + h, b + f)
    words = 3 * ((a + b + c + d + e + f + g + h + i + 4 * last) // 64 + 3) + 1
    total = np.zeros(words, np.int64)
    for x in range(first, last + 1, 2):
        s1, s2, s3 = long_sum_6j(h, d, x, a, i, g), long_sum_6j(b, f, x, d, h, e), long_sum_6j(a, i, x, f, b, c)
        negative = make_positive(s1) != make_positive(s2)
        negative = (negative != make_positive(s3)) != (x & 1 == 1)
        term = times_long(times_long(s1, s2), s3)
        size = times_ratio(term, len(term) - 1, x + 1, 1)
        add_to(total, term, size, negative)
    return total


# -- values -----------------------------------------------------------------------------------


@kernel
def long_3j(j1, j2, j3, m1, m2, m3, kind, error):
    """Return what kind says of doubled degrees to 4096 and orders that exist."""
    if kind == CLEBSCH_GORDAN:
        m3 = -m3
    if m1 + m2 + m3 or not is_triad(j1, j2, j3):
        return 0.0
    a, b, c = (j1 + j2 - j3) // 2, (j2 + j3 - j1) // 2, (j1 + j3 - j2) // 2
    if kind == GAUNT and (a + b + c) & 1:
        return 0.0
    total = long_sum_3j(a, b, c, (j1 - m1) // 2, (j2 + m2) // 2)
    negative = make_positive(total)
    if words_used(total) == 0:
        return 0.0
    above, below = factorials_3j(j1, j2, j3, m1, m2, m3, kind)
    phase = 0 if kind == CLEBSCH_GORDAN else j1 - j2 - m3
    if kind == GAUNT:
        total = times_ways(total, a // 2, b // 2, c // 2)
        phase += a + b + c
    value = rounded_long(total, above, below, kind == GAUNT, error, float(j1 >> 40))
    return -value if negative != (phase & 2 != 0) else value


@kernel
def times_ways(total, a, b, c):
    """Return an integer ≥ 0 times (a+b+c)! / (a! b! c!)."""
    size = words_used(total)
    result = np.zeros(size + (2 * (a + b + c)) // 64 + 2, np.int64)
    result[:size] = total[:size]
    size = times_binomial(result, size, a + b + c, a)
    times_binomial(result, size, b + c, b)
    return result


@kernel
def long_6j(a, b, c, d, e, f, error):
    """Return the 6j symbol of doubled degrees to 4096."""
    if not (is_triad(a, b, c) and is_triad(a, e, f) and is_triad(d, b, f) and is_triad(d, e, c)):
        return 0.0
    total = long_sum_6j(a, b, c, d, e, f)
    negative = make_positive(total)
    if words_used(total) == 0:
        return 0.0
    above, below = np.empty(10, np.int64), np.empty(6, np.int64)
    triad_factorials(a, e, f, above, below, 0)
    triad_factorials(d, b, f, above, below, 1)
    triad_factorials(d, e, c, above, below, 2)
    above[9], below[3] = (a + b + c) // 2 + 1, (a + b - c) // 2
    below[4], below[5] = (a - b + c) // 2, (b + c - a) // 2
    value = rounded_long(total, above, below, False, error, float(a >> 40))
    return -value if negative else value


@kernel
def long_9j(a, b, c, d, e, f, g, h, i, error):
    """Return the 9j symbol of doubled degrees to 4096, rows first."""
    rows = is_triad(a, b, c) and is_triad(d, e, f) and is_triad(g, h, i)
    if not (rows and is_triad(a, d, g) and is_triad(b, e, h) and is_triad(c, f, i)):
        return 0.0
    total = long_sum_9j(a, b, c, d, e, f, g, h, i)
    negative = make_positive(total)
    if words_used(total) == 0:
        return 0.0
    above, below = np.empty(18, np.int64), np.empty(6, np.int64)
    triad_factorials(a, b, c, above, below, 0)
    triad_factorials(d, e, f, above, below, 1)
    triad_factorials(g, h, i, above, below, 2)
    triad_factorials(a, d, g, above, below, 3)
    triad_factorials(b, e, h, above, below, 4)
    triad_factorials(c, f, i, above, below, 5)
    value = rounded_long(total, above, below, False, error, float(a >> 40))
    return -value if negative else value
