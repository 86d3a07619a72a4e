"""Families of 3j and 6j symbols in one degree, rounded from :mod:`coupling.kernels.tridiagonal`."""

from __future__ import annotations

import math

import numpy as np

from coupling.kernels.doubledouble import fma as fused
from coupling.kernels.doubledouble import inverse_root, product
from coupling.kernels.jit import kernel
from coupling.kernels.path import round_scaled
from coupling.kernels.quads import counting, fma, load, moves, part_of, store
from coupling.kernels.tridiagonal import (
    B_LOW,
    BOUND,
    CORRECTION,
    FIELDS,
    REST,
    SECOND,
    TINY,
    TOP,
    VALUE,
    B,
    Spectrum,
    bounds,
    correction,
    recurrence,
    size_of_field,
    spot,
    squares,
    write_row,
    write_steps,
)

#: Entries up to which one correction is enough: with more, its bound would call too many values uncertain.
ONCE = 8192


@kernel
def rows_3j(l1, l2, m1, m2, first, n, size, work):
    """Write the recurrence of 3j(l l1 l2; m m1 m2), l = first … l1+l2, m = -m1-m2; all arguments doubled, l1 and l2 at
    most 2·10^5, so that every product of two integers is a double.

    A(l)² = [l²-(l1-l2)²] [(l1+l2+1)²-l²] [l²-m²],  B(l) = (2l+1) [l(l+1) (m2-m1) - m (l1(l1+1) - l2(l2+1))].
    Source: Schulten and Gordon 1975.
    """
    constant = (m1 + m2) * (l1 * (l1 + 2) - l2 * (l2 + 2))
    high, factor = float(constant), float(m2 - m1)
    low = float(constant - int(high))
    inner, outer = float((l1 - l2) * (l1 - l2)), float((l1 + l2 + 2) * (l1 + l2 + 2))
    orders = float((m1 + m2) * (m1 + m2))
    l = 2.0 * counting(0.0) + float(first)
    for i in range(0, n + 4, 4):
        square = l * l
        x, y, z = square - inner, outer - square, square - orders
        h = x * y
        p = h * z
        q = fma(fma(x, y, -h), z, fma(h, z, -p))
        write_row(work, size, i, l, p, q, square + 2.0 * l, factor, high, low)
        l = l + 8.0
    if first == 0:
        _first_row(factor, size, work)


@kernel
def rows_6j(j2, j3, j4, j5, j6, first, n, size, work):
    """Write the recurrence of 6j{j1 j2 j3; j4 j5 j6} in j1; all arguments doubled, at most 2^14.

    With c = j(j+1): A(j1)² = [j1²-(j2-j3)²] [(j2+j3+1)²-j1²] [j1²-(j5-j6)²] [(j5+j6+1)²-j1²],
    B(j1) = (2j1+1) [c1 (c2+c3-c1) + c5 (c1+c2-c3) + c6 (c1-c2+c3) - 2 c1 c4].  Source: Schulten and Gordon 1975.
    """
    c2, c3, c4 = j2 * (j2 + 2), j3 * (j3 + 2), j4 * (j4 + 2)
    c5, c6 = j5 * (j5 + 2), j6 * (j6 + 2)
    constant = (c5 - c6) * (c2 - c3)
    high, factor = float(constant), float(c2 + c3 + c5 + c6 - 2 * c4)
    low = float(constant - int(high))
    inner, outer = float((j2 - j3) * (j2 - j3)), float((j2 + j3 + 2) * (j2 + j3 + 2))
    inside, outside = float((j5 - j6) * (j5 - j6)), float((j5 + j6 + 2) * (j5 + j6 + 2))
    l = 2.0 * counting(0.0) + float(first)
    for i in range(0, n + 4, 4):
        square = l * l
        x, y, v, w = square - inner, outer - square, square - inside, outside - square
        h, k = x * y, v * w
        p = h * k
        q = fma(fma(x, y, -h), k, fma(h, fma(v, w, -k), fma(h, k, -p)))
        c1 = square + 2.0 * l
        write_row(work, size, i, l, p, q, c1, factor - c1, high, low)
        l = l + 8.0
    if first == 0:
        _first_row(factor, size, work)


@kernel
def _first_row(factor, size, work):
    """Write b of the row of l = 0, which is divided by l: there 4·factor takes the place of the rest of b."""
    work[spot(B, size, 0)], work[spot(B_LOW, size, 0)] = 8.0 * factor, 0.0


@kernel
def null_vector(first, n, size, spectrum, again, high, low, work):
    """Write f + d and bounds of the errors of (f + d)(h + l), h + l being high + low over √Σ(L+1)(f+d)² with the sign
    that makes the last one positive.  ``again`` says that f + d is corrected once more.

    Return h, l, the bound of relative errors, which adds to those in the work space, and the first and the last entry
    that are not cut off.
    """
    write_steps(first, n, size, work)
    ends, sign = recurrence(n, size, work)
    more = correction(first, n, size, ends, False, work)
    if again:
        more = correction(first, n, size, ends, True, work)
    sums = squares(first, n, size, again, work)
    h, l = inverse_root(sums.high, sums.low)
    h, l = product(sign * h, sign * l, high, low)
    relative = bounds(first, n, size, ends, spectrum, sums, more, again, abs(h), work)
    return h, l, relative, ends.start, ends.stop


@kernel
def round_family(h, l, relative, start, stop, n, size, again, work, values):
    """Round f + d times h + l to values, NaN where that is not certain; return how many those are."""
    f, first, last = spot(VALUE, size, 0), start, stop
    while first < stop and abs(work[f + first] * h) < TINY:
        first += 1
    while last > first and abs(work[f + last] * h) < TINY:
        last -= 1
    values[:start] = 0.0
    values[stop + 1 :] = 0.0
    count = _round_tiny(h, l, relative, start, first, 0, size, again, work, values)
    count = _round_quads(h, l, relative, first, last + 1, count, size, again, work, values)
    return _round_tiny(h, l, relative, last + 1, stop + 1, count, size, again, work, values)


@kernel
def _round_tiny(h, l, relative, begin, end, count, size, again, work, values):
    """Round what may be subnormal."""
    h, l = math.ldexp(h, TOP), math.ldexp(l, TOP)
    for i in range(begin, end):
        x, y = product(work[spot(VALUE, size, i)], 0.0, h, l)
        y = fused(work[spot(CORRECTION, size, i)], h, y)
        if again:
            y = fused(work[spot(SECOND, size, i)], h, y)
        s = x + y
        value, certain = round_scaled(s, y - (s - x), -TOP, 1.001 * relative)
        values[i] = value + 0.0 if certain else np.nan
        count += not certain
    return count


@kernel
def _round_quads(h, l, relative, begin, end, count, size, again, work, values):
    """Round entries begin … end-1, four at a time."""
    bound = 1.001 * relative
    for step in range(begin, end, 4):
        i = min(step, end - 4) if end - begin > 3 else step
        f = load(work, spot(VALUE, size, i))
        p = f * h
        e = fma(f, h, -p)
        if again:
            e = fma(load(work, spot(SECOND, size, i)), h, e)
        e = fma(f, l, fma(load(work, spot(CORRECTION, size, i)), h, e))
        s = p + e
        t = s - p
        e = (p - (s - t)) + (e - t)
        slack = fma(abs(s), bound, 1.001 * load(work, spot(BOUND, size, i)))
        if end - begin > 3:
            store(values, i, s + 0.0)
        else:
            for k in range(end - i):
                values[i + k] = part_of(s, k) + 0.0
        if moves(s, e - slack, e + slack):
            x, y = spot(REST, size, 0), spot(REST, size, 4)
            store(work, x, e - slack)
            store(work, y, e + slack)
            for k in range(min(4, end - i)):
                v = values[i + k]
                if v + work[x + k] != v or v + work[y + k] != v:
                    values[i + k] = np.nan
                    count += i + k >= step
    return count


@kernel
def _rounds_by_default(one):
    """Return what :func:`coupling.floating_point.rounds_by_default` does; 1 is an argument: nothing is folded."""
    return (
        one + one * 2.0**-54 == one
        and one + one * 3.0 * 2.0**-54 == one + one * 2.0**-52
        and (one * 2.0**-1022) * 0.5 != 0.0
        and (one * 2.0**-1074) * 2.0**60 != 0.0
    )


@kernel
def family_3j(l1, l2, m1, m2, first, one, values):
    """Write the family of 3j symbols in l = first … l1+l2; NaN where a value is not certain.  Return how many those
    are, or -1 where the processor does not round to nearest or keeps no subnormal numbers: nothing is written then.

    All arguments but ``one``, 1.0, are doubled.  Eigenvalues are m1 - m2, at most l1 + l2.
    """
    if not _rounds_by_default(one):
        return -1
    n = len(values)
    size, again = size_of_field(n), n > ONCE
    work = np.empty(FIELDS * size)
    rows_3j(l1, l2, m1, m2, first, n, size, work)
    sign = 1.0 - ((l1 - l2 + m1 + m2) & 2)
    spectrum = Spectrum(4.0, float(l1 + l2), 2.0, m1 == m2 and (m1 == 0 or l1 == l2))
    h, l, relative, start, stop = null_vector(first, n, size, spectrum, again, sign, 0.0, work)
    return round_family(h, l, relative, start, stop, n, size, again, work, values)


@kernel
def family_6j(j2, j3, j4, j5, j6, first, high, low, one, values):
    """Write the family of 6j symbols in j1 = first …, times high + low; return as :func:`family_3j`.

    Eigenvalues are 2j(j+1) for all j that may stand in the place of j4.
    """
    if not _rounds_by_default(one):
        return -1
    n = len(values)
    size, again, largest = size_of_field(n), n > ONCE, min(j2 + j6, j3 + j5)
    work = np.empty(FIELDS * size)
    rows_6j(j2, j3, j4, j5, j6, first, n, size, work)
    spectrum = Spectrum(8.0, 0.5 * largest * (largest + 2), max(4.0, 2.0 * j4), False)
    h, l, relative, start, stop = null_vector(first, n, size, spectrum, again, high, low, work)
    return round_family(h, l, relative, start, stop, n, size, again, work, values)
