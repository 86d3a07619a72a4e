"""The null vector of a symmetric tridiagonal matrix: in doubles first, corrected once, each entry with a proven bound.

Families of 3j and of 6j symbols in one degree l obey (Schulten and Gordon 1975)

    l A(l+1) f(l+1) + B(l) f(l) + (l+1) A(l) f(l-1) = 0

which is l(l+1)√(2l+1) times (T-λ)g = 0 for g(l) = √(2l+1) f(l); T is symmetric and tridiagonal.

1. The recurrence runs in doubles, from both ends inwards, in one loop, and is joined in the middle at row ``join``.
2. Residuals of all rows are computed with coefficients of twice the digits; no row waits for another.
3. The same recurrence in doubles, with these residuals, gives the correction d; values are f + d.

A step of the recurrence is one fused multiply-add behind the one before, and all else are loops over registers.

Where f falls towards an end of its range, its ratio to the neighbour is known relatively, since errors of a recurrence
that runs along a growing solution are damped; so tiny values are known as well as large ones.  Between the points where
|f| stops to fall, the residual ρ = ‖(T-λ)(f + d)‖ bounds the error: the part orthogonal to the true vector is at most
ρ over the distance to the nearest other eigenvalue (Davis and Kahan 1970).  docs/decisions/0009-rounding.md derives
both bounds.

Entry i belongs to L = 2l = first + 2i, and rows are 2·4^k times the above, so that all factors but roots are integers:
L a(i+1) f(i+1) + b(i) f(i) + (L+2) a(i) f(i-1), a(0) = a(n) = 0; in the row of l = 0 the first L is 2.  Everything is
in one array of ``FIELDS`` fields of ``size`` numbers each, see :func:`spot`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from coupling.kernels.doubledouble import add
from coupling.kernels.doubledouble import fma as fused
from coupling.kernels.jit import kernel
from coupling.kernels.lanes import part
from coupling.kernels.quads import at_least, counting, fma, load, part_of, square_roots, store, sum_of_parts

U, UNIT = 2.0**-53, 2.0**-106  # u and u²

#: Fields of the work space: a and b as pairs, 1/a, 1/L; steps inwards from the left and from the right, each of the
#: neighbour and of the one behind it; f, its correction, residuals over the next coefficient, bounds of the error,
#: and a second correction.
A, A_LOW, B, B_LOW, INVERSE, OVER_L, LEFT, LEFT_BACK, RIGHT, RIGHT_BACK = range(10)
VALUE, CORRECTION, REST, BOUND, SECOND = range(10, 15)
FIELDS = 15

#: f begins at START; beyond LARGE it is multiplied by SHRINK, and what was below LEAST is zero: 2^-1300 of the largest.
START, LARGE, SHRINK, LEAST = 2.0**-340, 2.0**960, 2.0**-650, 2.0**-340

#: Exponent of the largest entries from one end, size of what is 2^-1300 of that, and size of a value below which it may
#: become subnormal.
TOP, BOTTOM, TINY = 300, 2.0**-1000, 2.0**-900

#: Bounds of a step: of what the recurrence rounds in doubles, and of what is left of that after the correction.
STEP, SQUARE = 16.0 * U, 256.0 * UNIT

#: Entries that are summed before a sum of squares is normalised.
BLOCK = 512


class Ends(NamedTuple):
    """The first entry that is not cut off, the last one of the left fall, the row of the join, the last one of the
    right fall, and the last entry that is not cut off."""

    start: int
    left: int
    join: int
    right: int
    stop: int


class Spectrum(NamedTuple):
    """L(L+2)√(L+1) times row i of (T-λ)g is row i over ``spread``; norm bounds ‖T-λ‖, and gap is the least distance of
    λ to another eigenvalue; alternating says that b vanishes."""

    spread: float
    norm: float
    gap: float
    alternating: bool


class SquareSums(NamedTuple):
    """Σ(L+1)(f+d)² as a double-double, Σ(L+1)d², and the same of the last correction."""

    high: float
    low: float
    small: float
    less: float


@kernel
def size_of_field(n):
    """Return how many numbers a field for n entries has: before and behind them registers are read."""
    return n + 14


@part
def spot(field, size, i):
    """Return where entry i ≥ -4 of a field stands."""
    return field * size + 4 + i


@part
def write_row(work, size, i, l, p, q, factor, x, high, low):
    """Write a, b, 1/a and 1/L of entries i … i+3 with L = l: a = √(p + q), b = 2(L+1)(x·factor + high + low).

    x, factor, high and low are integers; where L = 0 the caller mends b.
    """
    p = at_least(p, 1.0)
    a = square_roots(p)
    inverse = 1.0 / a
    store(work, spot(A, size, i), a)
    store(work, spot(A_LOW, size, i), (fma(-a, a, p) + q) * (0.5 * inverse))
    store(work, spot(INVERSE, size, i), inverse)
    y = x * factor
    s = y + high
    t = s - y
    e = ((y - (s - t)) + (high - t)) + (fma(x, factor, -y) + low)
    h = s + e
    e = e - (h - s)
    twice = 2.0 * l + 2.0
    b = h * twice
    store(work, spot(B, size, i), b)
    store(work, spot(B_LOW, size, i), fma(e, twice, fma(h, twice, -b)))


@kernel
def write_steps(first, n, size, work):
    """Write the coefficients of f(i) and f(i∓1) in f(i±1)."""
    for field in (A, A_LOW):
        work[spot(field, size, 0)] = work[spot(field, size, n)] = 0.0
    for field in (VALUE, CORRECTION, SECOND, BOUND):
        store(work, spot(field, size, -4), 0.0)
        store(work, spot(field, size, n), 0.0)
    least, l = 2.0 - (first & 1), 2.0 * counting(0.0) + float(first)
    over = 1.0 / at_least(l, least)
    store(work, spot(OVER_L, size, 0), over)
    for i in range(0, n, 4):
        after = 1.0 / (l + 8.0)
        store(work, spot(OVER_L, size, i + 4), after)
        a, b, up = (
            load(work, spot(A, size, i)),
            load(work, spot(B, size, i)),
            load(work, spot(A, size, i + 1)),
        )
        inverse, inverse_up = load(work, spot(INVERSE, size, i)), load(work, spot(INVERSE, size, i + 1))
        over_up = load(work, spot(OVER_L, size, i + 1))
        there, back = inverse_up * over, inverse * over_up
        l_up = at_least(l, least)
        store(work, spot(LEFT, size, i), -(b * there))
        store(work, spot(LEFT_BACK, size, i), -((a * (l + 2.0)) * there))
        store(work, spot(RIGHT, size, i), -(b * back))
        store(work, spot(RIGHT_BACK, size, i), -((up * l_up) * back))
        l, over = l + 8.0, after


@kernel
def _scaled(field, start, stop, direction, factor, least, work):
    """Multiply entries from start to stop by a number; those below ``least`` become zero.  Return the first other."""
    i = start
    while abs(work[field + i]) < least:
        work[field + i] = 0.0
        i += direction
    _scale(field, min(i, stop), max(i, stop) + 1, factor, work)
    return i


@kernel
def _scale(field, start, stop, factor, work):
    """Multiply entries start … stop-1 by a number."""
    entries = work[field + start : field + stop]
    for i in range(len(entries)):
        entries[i] *= factor


@kernel
def _power(number):
    """Return the power of two that gives a number the exponent TOP."""
    return math.ldexp(1.0, TOP - math.frexp(number)[1])


@kernel
def recurrence(n, size, work):
    """Write f; return where it falls and is joined, and the sign of f(n-1)."""
    f, p, q = spot(VALUE, size, 0), spot(LEFT, size, 0), spot(LEFT_BACK, size, 0)
    r, s = spot(RIGHT, size, 0), spot(RIGHT_BACK, size, 0)
    i, k, start, stop = 0, n - 1, 0, n - 1
    h, v, g, w = START, 0.0, START, 0.0
    work[f], work[f + k] = h, g
    left = right = True
    while left and right and k - i > 2:
        x, y = fused(work[p + i], h, work[q + i] * v), fused(work[r + k], g, work[s + k] * w)
        left, right = abs(x) >= abs(h), abs(y) >= abs(g)
        if left:
            i, v, h = i + 1, h, x
            work[f + i] = h
        if right:
            k, w, g = k - 1, g, y
            work[f + k] = g
        if abs(h) > LARGE:
            start, v, h = _scaled(f, start, i, 1, SHRINK, LEAST, work), v * SHRINK, h * SHRINK
        if abs(g) > LARGE:
            stop, w, g = _scaled(f, stop, k, -1, SHRINK, LEAST, work), w * SHRINK, g * SHRINK
    while left and k - i > 1:
        x = fused(work[p + i], h, work[q + i] * v)
        left = abs(x) >= abs(h)
        if left:
            i, v, h = i + 1, h, x
            work[f + i] = h
            if abs(h) > LARGE:
                start, v, h = _scaled(f, start, i, 1, SHRINK, LEAST, work), v * SHRINK, h * SHRINK
    while right and k - i > 1:
        y = fused(work[r + k], g, work[s + k] * w)
        right = abs(y) >= abs(g)
        if right:
            k, w, g = k - 1, g, y
            work[f + k] = g
            if abs(g) > LARGE:
                stop, w, g = _scaled(f, stop, k, -1, SHRINK, LEAST, work), w * SHRINK, g * SHRINK
    scale = _power(h)
    start, h, v = _scaled(f, start, i, 1, scale, BOTTOM / scale, work), h * scale, v * scale
    if i == k:
        return Ends(start, i, i, i, i), 1.0
    scale = _power(g)
    stop, g, w = _scaled(f, stop, k, -1, scale, BOTTOM / scale, work), g * scale, w * scale
    join, sign = _join(f, p, q, r, s, i, k, stop, h, v, g, w, work)
    return Ends(start, i, join, k, stop), sign


@kernel
def _join(f, p, q, r, s, i, k, stop, h, v, g, w, work):
    """Continue f from i and from k, where it is h and g and behind them v and w, to the middle; return the row where
    both meet, and the sign of f(n-1)."""
    middle = (i + k) // 2
    while k > middle + 1:
        x, y = fused(work[p + i], h, work[q + i] * v), fused(work[r + k], g, work[s + k] * w)
        i, k, v, h, w, g = i + 1, k - 1, h, x, g, y
        work[f + i], work[f + k] = h, g
    if i < middle:
        i, v, h = i + 1, h, fused(work[p + i], h, work[q + i] * v)
        work[f + i] = h
    x, y = fused(work[p + i], h, work[q + i] * v), fused(work[r + k], g, work[s + k] * w)
    if abs(h) >= abs(x):
        scale = h / y
        _scale(f, k, stop + 1, scale, work)
        return i, math.copysign(1.0, scale)
    scale = x / g
    work[f + k] = x
    _scale(f, k + 1, stop + 1, scale, work)
    return k, math.copysign(1.0, scale)


@part
def _residuals(work, field, size, i, l, l_up):
    """Return what rows i … i+3 give for a field, to within 39u² of the sizes of their terms and u of the result."""
    above, here = load(work, spot(field, size, i + 1)), load(work, spot(field, size, i))
    below = load(work, spot(field, size, i - 1))
    a, up = load(work, spot(A, size, i)), load(work, spot(A, size, i + 1))
    x, y = up * above, a * below
    e = fma(load(work, spot(A_LOW, size, i + 1)), above, fma(up, above, -x))
    d = fma(load(work, spot(A_LOW, size, i)), below, fma(a, below, -y))
    behind = l + 2.0
    p, q = x * l_up, y * behind
    e, d = fma(e, l_up, fma(x, l_up, -p)), fma(d, behind, fma(y, behind, -q))
    b = load(work, spot(B, size, i))
    z = b * here
    rest = (e + d) + fma(load(work, spot(B_LOW, size, i)), here, fma(b, here, -z))
    s = p + q
    t = s - p
    rest = rest + ((p - (s - t)) + (q - t))
    r = s + z
    t = r - s
    return r + (rest + ((s - (r - t)) + (z - t)))


@kernel
def correction(first, n, size, ends, again, work):
    """Write the correction of f, or again that of f + d; return how much of f it has right of the join."""
    start, join, stop = ends.start, ends.join, ends.stop
    least, l = 2.0 - (first & 1), 2.0 * counting(0.0) + float(first)
    for i in range(0, join, 4):
        r = _residuals(work, VALUE, size, i, l, at_least(l, least))
        if again:
            r = r + _residuals(work, CORRECTION, size, i, l, at_least(l, least))
        there = load(work, spot(INVERSE, size, i + 1)) * load(work, spot(OVER_L, size, i))
        store(work, spot(REST, size, i), -(r * there))
        l = l + 8.0
    l = 2.0 * counting(join + 1.0) + float(first)
    for i in range(join + 1, n, 4):
        r = _residuals(work, VALUE, size, i, l, l)
        if again:
            r = r + _residuals(work, CORRECTION, size, i, l, l)
        there = load(work, spot(INVERSE, size, i)) * load(work, spot(OVER_L, size, i + 1))
        store(work, spot(REST, size, i), -(r * there))
        l = l + 8.0
    target = SECOND if again else CORRECTION
    d, rest = spot(target, size, 0), spot(REST, size, 0)
    if start > 0:  # what was cut off makes the first row wrong
        work[d : d + start] = 0.0
        work[rest + start] = 0.0
    if stop < n - 1:
        work[d + stop + 1 : d + n] = 0.0
        work[rest + stop] = 0.0
    p, q, r, s = (
        spot(LEFT, size, 0),
        spot(LEFT_BACK, size, 0),
        spot(RIGHT, size, 0),
        spot(RIGHT_BACK, size, 0),
    )
    h, v, g, w, i, k = 0.0, 0.0, 0.0, 0.0, start, stop
    work[d + start] = work[d + stop] = 0.0
    while i < join and k > join + 1:
        x = fused(work[p + i], h, fused(work[q + i], v, work[rest + i]))
        y = fused(work[r + k], g, fused(work[s + k], w, work[rest + k]))
        i, k, v, h, w, g = i + 1, k - 1, h, x, g, y
        work[d + i], work[d + k] = h, g
    while i < join:
        i, v, h = i + 1, h, fused(work[p + i], h, fused(work[q + i], v, work[rest + i]))
        work[d + i] = h
    while k > join + 1:
        k, w, g = k - 1, g, fused(work[r + k], g, fused(work[s + k], w, work[rest + k]))
        work[d + k] = g
    if stop == join:
        return 0.0
    last = fused(work[r + k], g, fused(work[s + k], w, work[rest + k]))
    more = (h - last) / work[spot(VALUE, size, join)]
    for i in range(join + 1, n, 4):
        here = spot(target, size, i)
        store(work, here, fma(more, load(work, spot(VALUE, size, i)), load(work, here)))
    return more


@kernel
def squares(first, n, size, again, work):
    """Return sums over all entries."""
    high, low, l = 0.0, 0.0, 2.0 * counting(0.0) + (first + 1.0)
    small = less = 0.0 * l
    for begin in range(0, n, BLOCK):
        s, c = 0.0 * l, 0.0 * l
        for i in range(begin, min(n, begin + BLOCK), 4):
            f, d = load(work, spot(VALUE, size, i)), load(work, spot(CORRECTION, size, i))
            p = f * f
            e = fma(d, (f + f) + d, fma(f, f, -p))
            if again:
                x = load(work, spot(SECOND, size, i))
                e = fma(f + f, x, e)
                less = fma(l * x, x, less)
            q = p * l
            e = fma(e, l, fma(p, l, -q))
            t = s + q
            y = t - s
            c = c + (((s - (t - y)) + (q - y)) + e)
            s = t
            small = fma(l * d, d, small)
            l = l + 8.0
        for k in range(4):
            high, low = add(high, low, part_of(s, k), part_of(c, k))
    return SquareSums(high, low, sum_of_parts(small), sum_of_parts(less) if again else sum_of_parts(small))


@kernel
def _row_of_join(first, join, size, spread, again, work):
    """Return the size of row join of (T-λ)(f + d)."""
    l = float(first + 2 * join)
    l_up = l if l > 0.0 else 2.0
    behind, before = 2.0 * counting(0.0) + l, 0.0 * counting(0.0) + l_up
    r = part_of(_residuals(work, VALUE, size, join, behind, before), 0)
    if again:
        r += part_of(_residuals(work, CORRECTION, size, join, behind, before), 0)
    d = spot(SECOND if again else CORRECTION, size, join)
    own = l_up * work[spot(A, size, join + 1)] * work[d + 1] + (l + 2.0) * work[spot(A, size, join)] * work[d - 1]
    own = (r + own) + work[spot(B, size, join)] * work[d]
    return abs(own) / (spread * l_up * (l + 2.0) * math.sqrt(l + 1.0))


@kernel
def _share(field, start, stop, size, work):
    """Return a bound of the largest share of f that a field has from start to stop."""
    low, high, share, beyond = min(start, stop), max(start, stop) + 1, 2.0**-46, 0
    d = work[spot(field, size, low) : spot(field, size, high)]
    f = work[spot(VALUE, size, low) : spot(VALUE, size, high)]
    for i in range(len(d)):
        beyond += abs(d[i]) > share * abs(f[i])
    if beyond:
        for i in range(len(d)):
            share = max(share, 1.001 * abs(d[i]) / abs(f[i]))
    return share


@kernel
def _fall(start, stop, direction, size, more, again, work):
    """Return a bound of the relative error of f + d along a fall, from start where it is least to stop."""
    f, a, v = spot(VALUE, size, 0), spot(A, size, 0), spot(OVER_L, size, 0)
    side = 1 if direction > 0 else 0
    before, known, whole, i = 0.0, 0.0, 0.0, start
    while i != stop:  # known is the sum of all |α f f'| so far over the last one
        link = work[a + i + side] * work[v + i + side]
        known = fused(known, before / abs(link * work[f + i + direction]), 1.0)
        whole += known
        before = abs(link * work[f + i])
        i += direction
    first = _share(CORRECTION, start, stop, size, work)
    last = _share(SECOND, start, stop, size, work) if again else first
    return 4.1 * (STEP * last + 2.0 * STEP * abs(more) + SQUARE) * whole + 4.0 * U * first


@kernel
def bounds(first, n, size, ends, spectrum, sums, more, again, scale, work):
    """Write bounds of absolute errors of values between the falls; return one of relative errors that adds to them.

    scale is the size of what f + d is multiplied by, more what :func:`correction` returned.
    """
    sizes, smalls = 1.01 * math.sqrt(sums.high), 1.01 * math.sqrt(sums.small)
    rho = 1.01 * _row_of_join(first, ends.join, size, spectrum.spread, again, work)
    rest = STEP * 1.01 * math.sqrt(sums.less) + (2.0 * STEP * abs(more) + SQUARE) * sizes
    delta = (1.01 * (rho + 2.0 * spectrum.norm * rest) / spectrum.gap + 4.0 * U * smalls) * scale
    relative = (32768.0 + n) * UNIT + 8.0 * U * smalls / sizes
    for fall, begin, direction in ((ends.left, ends.start, 1), (ends.right, ends.stop, -1)):
        if fall != begin:
            relative += _fall(begin, fall, direction, size, more, again, work)
            l = first + 2.0 * fall
            relative += delta / (math.sqrt(l + 1.0) * abs(work[spot(VALUE, size, fall)]) * scale)
    bound = work[spot(BOUND, size, 0) : spot(BOUND, size, n)]
    bound[: ends.left] = 0.0
    bound[ends.right + 1 :] = 0.0
    for begin in range(ends.left, ends.right + 1, 64):
        bound[begin : min(begin + 64, ends.right + 1)] = delta / math.sqrt(first + 2.0 * begin + 1.0)
    if spectrum.alternating:
        bound[1::2] = 0.0
    return relative if relative < 2.0**-20 else 1.0
