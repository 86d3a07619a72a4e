"""Families of 3j and 6j symbols in one degree, rounded from :mod:`coupling.kernels.tridiagonal`."""

from __future__ import annotations

from coupling.kernels.doubledouble import inverse_root, product
from coupling.kernels.jit import kernel
from coupling.kernels.path import round_scaled


@kernel
def rows_3j(l1, l2, m1, m2, first, off, diagonal):
    """Write the recurrence of 3j(l l1 l2; m m1 m2), l = first … l1+l2, m = -m1-m2; all arguments doubled, l1 and l2 at
    most 2·10^5, so that every product fits into 64 bits.

    A(l)² = [l²-(l1-l2)²] [(l1+l2+1)²-l²] [l²-m²],  B(l) = (2l+1) [l(l+1) (m2-m1) - m (l1(l1+1) - l2(l2+1))].
    Source: Schulten and Gordon 1975.
    """
    m = -m1 - m2
    for i in range(off.shape[1]):
        l = first + 2 * i
        x, y = float((l - l1 + l2) * (l + l1 - l2)), float((l1 + l2 + 2 - l) * (l1 + l2 + 2 + l))
        h, e = product(x, 0.0, y, 0.0)
        h, e = product(h, e, float((l - m) * (l + m)), 0.0)
        h, e = _root(h, e)
        off[0, i], off[1, i] = 0.125 * h, 0.125 * e  # three factors of 4 under the root
    for i in range(diagonal.shape[1]):
        l = first + 2 * i
        inner = l * (l + 2) * (m2 - m1) - m * (l1 * (l1 + 2) - l2 * (l2 + 2))
        h, e = _times(inner if l else 4 * (m2 - m1), l + 1.0)  # B/l at l = 0
        diagonal[0, i], diagonal[1, i] = 0.125 * h, 0.125 * e


@kernel
def rows_6j(j2, j3, j4, j5, j6, first, off, diagonal):
    """Write the recurrence of 6j{j1 j2 j3; j4 j5 j6} in j1; all arguments doubled, at most 2^14.

    With c = j(j+1): A(j1)² = [j1²-(j2-j3)²] [(j2+j3+1)²-j1²] [j1²-(j5-j6)²] [(j5+j6+1)²-j1²],
    B(j1) = (2j1+1) [c1 (c2+c3-c1) + c5 (c1+c2-c3) + c6 (c1-c2+c3) - 2 c1 c4].  Source: Schulten and Gordon 1975.
    """
    for i in range(off.shape[1]):
        j = first + 2 * i
        x = float((j - j2 + j3) * (j + j2 - j3))
        y = float((j2 + j3 + 2 - j) * (j2 + j3 + 2 + j))
        h, e = product(x, 0.0, y, 0.0)
        x = float((j - j5 + j6) * (j + j5 - j6))
        y = float((j5 + j6 + 2 - j) * (j5 + j6 + 2 + j))
        x, y = product(x, 0.0, y, 0.0)
        h, e = product(h, e, x, y)
        h, e = _root(h, e)
        off[0, i], off[1, i] = 0.0625 * h, 0.0625 * e  # four factors of 4 under the root
    c2, c3, c4 = j2 * (j2 + 2), j3 * (j3 + 2), j4 * (j4 + 2)
    c5, c6 = j5 * (j5 + 2), j6 * (j6 + 2)
    for i in range(diagonal.shape[1]):
        j = first + 2 * i
        c1 = j * (j + 2)
        if j:
            inner = c1 * (c2 + c3 - c1 - 2 * c4) + c5 * (c1 + c2 - c3) + c6 * (c1 - c2 + c3)
        else:
            inner = 4 * (c2 + c3 + c5 + c6 - 2 * c4)  # B/j1 at j1 = 0, where c2 = c3 and c5 = c6
        h, e = _times(inner, j + 1.0)
        diagonal[0, i], diagonal[1, i] = 0.0625 * h, 0.0625 * e


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
    """Round f times high + low to values, and say which entries are doubtful."""
    for i in range(f.shape[1]):
        h, e = product(f[0, i], f[1, i], high, low)
        if h == 0.0:
            values[i], doubtful[i] = 0.0, error[i] > 0.5
        else:
            value, certain = round_scaled(h, e, int(exponent[i]), 1.001 * error[i])
            values[i], doubtful[i] = value + 0.0, not certain
