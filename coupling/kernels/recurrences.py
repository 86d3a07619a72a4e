"""Families of 3j and 6j symbols in one degree, rounded from :mod:`coupling.kernels.tridiagonal`.

Double-doubles are pairs in flat arrays, as there.
"""

from __future__ import annotations

from coupling.kernels.doubledouble import inverse_root, product
from coupling.kernels.jit import kernel
from coupling.kernels.path import round_scaled
from coupling.kernels.tridiagonal import null_vector

#: Size of a value below which it may become subnormal.
TINY = 2.0**-900


@kernel
def rows_3j(l1, l2, m1, m2, first, off, diagonal):
    """Write the recurrence of 3j(l l1 l2; m m1 m2), l = first … l1+l2, m = -m1-m2; all arguments doubled, l1 and l2 at
    most 2·10^5, so that every product fits into 64 bits.

    A(l)² = [l²-(l1-l2)²] [(l1+l2+1)²-l²] [l²-m²],  B(l) = (2l+1) [l(l+1) (m2-m1) - m (l1(l1+1) - l2(l2+1))].
    Source: Schulten and Gordon 1975.
    """
    m = -m1 - m2
    for i in range(len(off) // 2):
        l = first + 2 * i
        x, y = float((l - l1 + l2) * (l + l1 - l2)), float((l1 + l2 + 2 - l) * (l1 + l2 + 2 + l))
        h, e = product(x, 0.0, y, 0.0)
        h, e = product(h, e, float((l - m) * (l + m)), 0.0)
        h, e = _root(h, e)
        off[2 * i], off[2 * i + 1] = 0.125 * h, 0.125 * e  # three factors of 4 under the root
    for i in range(len(diagonal) // 2):
        l = first + 2 * i
        inner = l * (l + 2) * (m2 - m1) - m * (l1 * (l1 + 2) - l2 * (l2 + 2))
        h, e = _times(inner if l else 4 * (m2 - m1), l + 1.0)  # B/l at l = 0
        diagonal[2 * i], diagonal[2 * i + 1] = 0.125 * h, 0.125 * e


@kernel
def rows_6j(j2, j3, j4, j5, j6, first, off, diagonal):
    """Write the recurrence of 6j{j1 j2 j3; j4 j5 j6} in j1; all arguments doubled, at most 2^14.

    With c = j(j+1): A(j1)² = [j1²-(j2-j3)²] [(j2+j3+1)²-j1²] [j1²-(j5-j6)²] [(j5+j6+1)²-j1²],
    B(j1) = (2j1+1) [c1 (c2+c3-c1) + c5 (c1+c2-c3) + c6 (c1-c2+c3) - 2 c1 c4].  Source: Schulten and Gordon 1975.
    """
    for i in range(len(off) // 2):
        j = first + 2 * i
        x = float((j - j2 + j3) * (j + j2 - j3))
        y = float((j2 + j3 + 2 - j) * (j2 + j3 + 2 + j))
        h, e = product(x, 0.0, y, 0.0)
        x = float((j - j5 + j6) * (j + j5 - j6))
        y = float((j5 + j6 + 2 - j) * (j5 + j6 + 2 + j))
        x, y = product(x, 0.0, y, 0.0)
        h, e = product(h, e, x, y)
        h, e = _root(h, e)
        off[2 * i], off[2 * i + 1] = 0.0625 * h, 0.0625 * e  # four factors of 4 under the root
    c2, c3, c4 = j2 * (j2 + 2), j3 * (j3 + 2), j4 * (j4 + 2)
    c5, c6 = j5 * (j5 + 2), j6 * (j6 + 2)
    for i in range(len(diagonal) // 2):
        j = first + 2 * i
        c1 = j * (j + 2)
        if j:
            inner = c1 * (c2 + c3 - c1 - 2 * c4) + c5 * (c1 + c2 - c3) + c6 * (c1 - c2 + c3)
        else:
            inner = 4 * (c2 + c3 + c5 + c6 - 2 * c4)  # B/j1 at j1 = 0, where c2 = c3 and c5 = c6
        h, e = _times(inner, j + 1.0)
        diagonal[2 * i], diagonal[2 * i + 1] = 0.0625 * h, 0.0625 * e


@kernel
def _root(h, e):
    """Return √(h + e) as a double-double."""
    if h <= 0.0:
        return 0.0, 0.0
    x, y = inverse_root(h, e)
    return product(h, e, x, y)


@kernel
def _times(integer, factor):
    """Return an int64 times a double as a double-double."""
    high = float(integer)
    return product(high, float(integer - int(high)), factor, 0.0)


@kernel
def round_family(high, low, f, exponent, error, values, doubtful):
    """Round f times high + low to values, and say which entries are doubtful; return how many.

    Where f has no power of two the loop has no branch; what lies too near to zero is done again.
    """
    for i in range(len(values)):
        h, e = product(f[2 * i], f[2 * i + 1], high, low)
        slack = abs(h) * (1.001 * error[i])
        certain = (h + (e - slack) == h) & (h + (e + slack) == h) & ((h != 0.0) | (error[i] <= 0.5))
        values[i], doubtful[i] = h + 0.0, not certain
    count = 0
    for i in range(len(values)):
        if exponent[i] != 0.0 or (abs(values[i]) < TINY and values[i] != 0.0):
            h, e = product(f[2 * i], f[2 * i + 1], high, low)
            value, certain = round_scaled(h, e, int(exponent[i]), 1.001 * error[i])
            values[i], doubtful[i] = value + 0.0, not certain
        count += doubtful[i] != 0
    return count


@kernel
def family_3j(l1, l2, m1, m2, first, sign, work, values):
    """Write the family of 3j symbols in l = first … l1+l2, times a sign; return the number of entries that are not
    certain, whose places begin the work space.

    All arguments are doubled; work has 12 numbers for each entry, and two.
    """
    off, diagonal, f, ratio, other, exponent, error = _parts(work, len(values))
    rows_3j(l1, l2, m1, m2, first, off, diagonal)
    null_vector(first, off, diagonal, f, exponent, error, ratio, other)
    count = round_family(sign, 0.0, f, exponent, error, values, other)
    return _places(other[: len(values)], work) if count else 0


@kernel
def family_6j(j2, j3, j4, j5, j6, first, high, low, work, values):
    """Write the family of 6j symbols in j1 = first …, times high + low; return as :func:`family_3j`."""
    off, diagonal, f, ratio, other, exponent, error = _parts(work, len(values))
    rows_6j(j2, j3, j4, j5, j6, first, off, diagonal)
    null_vector(first, off, diagonal, f, exponent, error, ratio, other)
    count = round_family(high, low, f, exponent, error, values, other)
    return _places(other[: len(values)], work) if count else 0


@kernel
def _parts(work, n):
    """Cut the work space into the arrays of :func:`null_vector`."""
    a = 2 * n
    off, diagonal, f = work[: a + 2], work[a + 2 : 2 * a + 2], work[2 * a + 2 : 3 * a + 2]
    ratio, other = work[3 * a + 2 : 4 * a + 2], work[4 * a + 2 : 5 * a + 2]
    return off, diagonal, f, ratio, other, work[5 * a + 2 : 5 * a + n + 2], work[5 * a + n + 2 : 6 * a + 2]


@kernel
def _places(doubtful, places):
    """Write the places of what is not zero; return how many there are."""
    count = 0
    for i in range(len(doubtful)):
        if doubtful[i] != 0.0:
            places[count] = i
            count += 1
    return count
