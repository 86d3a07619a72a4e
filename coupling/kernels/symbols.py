"""Single 3j, 6j and 9j symbols of doubled degrees to 40, correctly rounded, without objects of Python.

A symbol is |S| √(A/B), S an exact integer, A and B products of factorials.  With J = j1+j2+j3, a = j1+j2-j3,
b = -j1+j2+j3, c = j1-j2+j3 and Δ² = a! b! c! / (J+1)! of a triad,

    3j       S = Σ_k (-1)^k binom(a, k) binom(c, j1-m1-k) binom(b, j2+m2-k)
    3j       A/B = Π (j_i+m_i)! (j_i-m_i)! / [a! b! c! (J+1)!]
    Gaunt    S = S_3j g!/Π (g-l_i)!                                  g = J/2
    Gaunt    A/B = Π (l_i+m_i)! (l_i-m_i)! (2l_i+1) / [4π (J+1)!²]
    6j       S = Σ_n (-1)^n binom(n+1, t1+1) binom(b, n-t2) binom(c, n-t3) binom(a, n-t4)
    6j       A/B = Δ2² Δ3² Δ4² / Δ1²
    9j       S = Σ_x (-1)^(2x) (2x+1) S1 S2 S3                       of three 6j symbols
    9j       A/B = Π Δ²                                              of the rows and columns

In the 6j symbol a, b, c are those of the triad (j1 j2 j3), and t1 … t4 the sums of the four triads.  In the 9j symbol
each of the triads that hold x is once the first one of a 6j symbol, and their Δ cancel.

The sum of a 3j symbol is below 2^J, J ≤ 60, and an int64.  That of a 6j symbol is below binom(81, t1+1) 2^t1 < 2^125,
since the tops of its last three binomials add up to t1; it needs 128 bits, and so do those under a 9j symbol, where x
may be twice as large.  √A and 1/√B come from tables as double-doubles.  With the errors of
docs/decisions/0009-rounding.md at most 24 factors (2u² each), 25 products (7u²) and S (12u²) are off by less than
240u² < 2^-98; the test of rounding uses 2^-96.  What it leaves open, and everything where the processor does not round
to nearest, is decided in integers by :mod:`coupling.kernels.decision`.
"""

from __future__ import annotations

import numpy as np

from coupling.kernels.decision import append_word, decided
from coupling.kernels.doubledouble import add, is_rounded, product
from coupling.kernels.factorials import BINOMIALS, SPHERE, WIDE_BINOMIALS
from coupling.kernels.jit import kernel
from coupling.kernels.wide import LONG, ZERO, long_add, long_size, wide_add, wide_size

#: Bound of the relative error before the last rounding.
ERROR = 2.0**-96

#: What is computed of a 3j symbol.
WIGNER_3J, CLEBSCH_GORDAN, GAUNT = range(3)

LAST, QUARTER, THREE_QUARTERS = 2.0**-52, 2.0**-54, 0.75 * 2.0**-52


@kernel
def rounds_to_nearest(nothing):
    """Return whether the processor rounds to nearest; ``nothing`` is 0.0, and the compiler must not know."""
    one = 1.0 + nothing
    return one + (QUARTER + nothing) == one and one + (THREE_QUARTERS + nothing) == one + (LAST + nothing)


@kernel
def is_triad(a, b, c):
    """Return whether doubled degrees obey the triangle rule and add up to an integer."""
    return c >= abs(a - b) and c <= a + b and not (a + b + c) & 1


@kernel
def root_of(n, roots):
    """Return √n! as a double-double."""
    return roots[n, 0], roots[n, 1]


@kernel
def inverse_root_of(n, roots):
    """Return 1/√n! as a double-double."""
    return roots[n, 2], roots[n, 3]


@kernel
def multiplied(x, y):
    """Return the product of two double-doubles."""
    return product(x[0], x[1], y[0], y[1])


@kernel
def delta(a, b, c, roots):
    """Return Δ of doubled degrees."""
    left = multiplied(root_of((a + b - c) // 2, roots), root_of((a - b + c) // 2, roots))
    right = multiplied(root_of((b + c - a) // 2, roots), inverse_root_of((a + b + c) // 2 + 1, roots))
    return multiplied(left, right)


@kernel
def word_value(word):
    """Return a word without a sign as a double-double, exactly."""
    high, low = float((word >> 32) & 0xFFFFFFFF) * 4294967296.0, float(word & 0xFFFFFFFF)
    total = high + low
    return total, low - (total - high)


@kernel
def wide_value(high, low):
    """Return an integer ≥ 0 of 128 bits as a double-double, within 3u²."""
    h, l = word_value(high)
    x, y = word_value(low)
    return add(h * 18446744073709551616.0, l * 18446744073709551616.0, x, y)


@kernel
def long_value(words):
    """Return an integer ≥ 0 of 512 bits as a double-double, within 12u²: three words hold 129 bits at least."""
    h, l, count = 0.0, 0.0, 0
    for word in words:
        if count or word:
            x, y = (0.0, 0.0) if count > 2 else word_value(word)
            h, l = add(h * 18446744073709551616.0, l * 18446744073709551616.0, x, y)
            count += 1
    return h, l


@kernel
def order_root(j, m, roots):
    """Return √[(j+m)! (j-m)!]."""
    return multiplied(root_of((j + m) // 2, roots), root_of((j - m) // 2, roots))


@kernel
def degree_root(j, roots):
    """Return √(2j+1) of a doubled degree: the root of (2j+1)!/(2j)!."""
    return multiplied(root_of(j + 1, roots), inverse_root_of(j, roots))


# -- sums -------------------------------------------------------------------------------------


@kernel
def sum_3j(a, b, c, x, y):
    """Return S of a 3j symbol; x = j1-m1, y = j2+m2."""
    total = 0
    for k in range(max(0, x - c, y - b), min(a, x, y) + 1):
        term = BINOMIALS[a, k] * BINOMIALS[c, x - k] * BINOMIALS[b, y - k]
        total += -term if k & 1 else term
    return total


@kernel
def sum_6j(a, b, c, d, e, f):
    """Return the two words of S of a 6j symbol of doubled degrees, whose first triad is (a b c)."""
    t1, t2, t3, t4 = (a + b + c) // 2, (a + e + f) // 2, (d + b + f) // 2, (d + e + c) // 2
    q1, q2, q3 = (a + b + d + e) // 2, (b + c + e + f) // 2, (c + a + f + d) // 2
    high, low = 0, 0
    for n in range(max(t1, t2, t3, t4), min(q1, q2, q3) + 1):
        x = BINOMIALS[q2 - t2, n - t2]
        high, low = wide_add(
            high,
            low,
            -x if n & 1 else x,
            BINOMIALS[q3 - t3, n - t3],
            BINOMIALS[q1 - t4, n - t4],
            WIDE_BINOMIALS[n + 1, n - t1, 0],
            WIDE_BINOMIALS[n + 1, n - t1, 1],
        )
    return high, low


@kernel
def sum_9j(a, b, c, d, e, f, g, h, i):
    """Return the words of S of a 9j symbol of doubled degrees."""
    total = ZERO
    for x in range(max(abs(a - i), abs(d - h), abs(b - f)), min(a + i, d + h, b + f) + 1, 2):
        s1, t1 = sum_6j(h, d, x, a, i, g)
        s2, t2 = sum_6j(b, f, x, d, h, e)
        s3, t3 = sum_6j(a, i, x, f, b, c)
        total = long_add(total, -(x + 1) if x & 1 else x + 1, s1, t1, s2, t2, s3, t3)
    return total


# -- values -----------------------------------------------------------------------------------


@kernel
def decided_words(value, words, above, below, sphere):
    """Return the double nearest to |S| √(A/B), near value > 0, by integers.

    words are |S|, above and below the factorials of A and B, sphere whether 4π divides A/B.
    """
    s = np.zeros(3 * LONG, np.int64)
    size = 0
    for word in words:
        size = append_word(s, size, word)
    return decided(value, s, size, above, below, sphere)


@kernel
def threej(j1, j2, j3, m1, m2, m3, kind, roots, error):
    """Return a 3j symbol, Clebsch-Gordan coefficient or Gaunt integral of doubled degrees and orders that exist."""
    if kind == CLEBSCH_GORDAN:
        m3 = -m3
    if m1 + m2 + m3 or not is_triad(j1, j2, j3):
        return 0.0
    a, b, c, total = (j1 + j2 - j3) // 2, (j2 + j3 - j1) // 2, (j1 + j3 - j2) // 2, (j1 + j2 + j3) // 2
    ways = 1
    if kind == GAUNT:  # g! / [(g-l1)! (g-l2)! (g-l3)!]
        if total & 1:
            return 0.0
        ways = BINOMIALS[total // 2, a // 2] * BINOMIALS[(total - a) // 2, b // 2]
    s = sum_3j(a, b, c, (j1 - m1) // 2, (j2 + m2) // 2)
    if s == 0:
        return 0.0
    first, second, third = order_root(j1, m1, roots), order_root(j2, m2, roots), order_root(j3, m3, roots)
    last = multiplied(inverse_root_of(total + 1, roots), word_value(abs(s)))
    if kind == GAUNT:
        first, second, third = (
            multiplied(first, degree_root(j1, roots)),
            multiplied(second, degree_root(j2, roots)),
            multiplied(third, degree_root(j3, roots)),
        )
        last = multiplied(
            multiplied(last, inverse_root_of(total + 1, roots)), multiplied(word_value(ways), (SPHERE[0], SPHERE[1]))
        )
    else:
        first, second, third = (
            multiplied(first, inverse_root_of(a, roots)),
            multiplied(second, inverse_root_of(b, roots)),
            multiplied(third, inverse_root_of(c, roots)),
        )
        if kind == CLEBSCH_GORDAN:
            last = multiplied(last, degree_root(j3, roots))
    h, l = multiplied(multiplied(first, second), multiplied(third, last))
    nothing = float(j1 >> 40)
    if not (rounds_to_nearest(nothing) and is_rounded(h, l, error)):
        words = wide_add(0, 0, abs(s), ways, 1, 0, 1)
        h = decided_words(h, words, *factorials_3j(j1, j2, j3, m1, m2, m3, kind), kind == GAUNT)
    if kind == GAUNT:
        return -h if (s < 0) != ((j1 - j2 - m3 + total) & 2 != 0) else h
    return -h if (s < 0) != (kind == WIGNER_3J and (j1 - j2 - m3) & 2 != 0) else h


@kernel
def factorials_3j(j1, j2, j3, m1, m2, m3, kind):
    """Return the n of the factorials of A and of B."""
    above, below = np.zeros(9, np.int64), np.zeros(5, np.int64)
    for place, (j, m) in enumerate(((j1, m1), (j2, m2), (j3, m3))):
        above[place], above[place + 3] = (j + m) // 2, (j - m) // 2
        if kind == GAUNT or (kind == CLEBSCH_GORDAN and place == 2):
            above[place + 6], below[place] = j + 1, j
    last = (j1 + j2 + j3) // 2
    below[4] = last + 1
    if kind == GAUNT:
        below[3] = last + 1
    elif kind == CLEBSCH_GORDAN:  # 2j3! is in its place, with a! b! c! beside it
        below[0], below[1], below[3] = last - j1, last - j2, last - j3
    else:
        below[0], below[1], below[2] = last - j1, last - j2, last - j3
    return above, below


@kernel
def sixj(a, b, c, d, e, f, roots, error):
    """Return the 6j symbol of doubled degrees."""
    if not (is_triad(a, b, c) and is_triad(a, e, f) and is_triad(d, b, f) and is_triad(d, e, c)):
        return 0.0
    high, low = sum_6j(a, b, c, d, e, f)
    if high == 0 and low == 0:
        return 0.0
    p, q = wide_size(high, low)
    x, y, z, t = (a + b - c) // 2, (a - b + c) // 2, (b + c - a) // 2, (a + b + c) // 2 + 1
    first = multiplied(
        multiplied(inverse_root_of(x, roots), inverse_root_of(y, roots)),
        multiplied(inverse_root_of(z, roots), root_of(t, roots)),
    )
    pair = multiplied(delta(a, e, f, roots), delta(d, b, f, roots))
    h, l = multiplied(multiplied(multiplied(first, wide_value(p, q)), pair), delta(d, e, c, roots))
    nothing = float(a >> 40)
    if not (rounds_to_nearest(nothing) and is_rounded(h, l, error)):
        above, below = np.empty(10, np.int64), np.empty(6, np.int64)
        triad_factorials(a, e, f, above, below, 0)
        triad_factorials(d, b, f, above, below, 1)
        triad_factorials(d, e, c, above, below, 2)
        above[9], below[3], below[4], below[5] = t, x, y, z
        h = decided_words(h, (p, q), above, below, False)
    return -h if high < 0 else h


@kernel
def triad_factorials(a, b, c, above, below, triad):
    """Write the factorials of Δ² of a triad as the entries number ``triad`` of A and B."""
    above[3 * triad], above[3 * triad + 1] = (a + b - c) // 2, (a - b + c) // 2
    above[3 * triad + 2], below[triad] = (b + c - a) // 2, (a + b + c) // 2 + 1


@kernel
def ninej(a, b, c, d, e, f, g, h, i, roots, error):
    """Return the 9j symbol of doubled degrees, rows first."""
    rows = is_triad(a, b, c) and is_triad(d, e, f) and is_triad(g, h, i)
    if not (rows and is_triad(a, d, g) and is_triad(b, e, h) and is_triad(c, f, i)):
        return 0.0
    total = sum_9j(a, b, c, d, e, f, g, h, i)
    size = long_size(total)
    high, low = long_value(size)
    if high == 0.0:
        return 0.0
    x = multiplied(multiplied(delta(a, b, c, roots), delta(d, e, f, roots)), delta(g, h, i, roots))
    y = multiplied(multiplied(delta(a, d, g, roots), delta(b, e, h, roots)), delta(c, f, i, roots))
    p, q = multiplied(multiplied(x, (high, low)), y)
    nothing = float(a >> 40)
    if not (rounds_to_nearest(nothing) and is_rounded(p, q, error)):
        above, below = np.empty(18, np.int64), np.empty(6, np.int64)
        triad_factorials(a, b, c, above, below, 0)
        triad_factorials(d, e, f, above, below, 1)
        triad_factorials(g, h, i, above, below, 2)
        triad_factorials(a, d, g, above, below, 3)
        triad_factorials(b, e, h, above, below, 4)
        triad_factorials(c, f, i, above, below, 5)
        p = decided_words(p, size, above, below, False)
    return -p if total[0] < 0 else p
