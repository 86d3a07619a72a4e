"""The null vector of a symmetric tridiagonal matrix in double-double arithmetic, each entry with a proven error bound.

Families of 3j and of 6j symbols in one degree l obey (Schulten and Gordon 1975)

    l A(l+1) f(l+1) + B(l) f(l) + (l+1) A(l) f(l-1) = 0

which is l(l+1)√(2l+1) times (T-λ)g = 0 for g(l) = √(2l+1) f(l); T is symmetric and tridiagonal, and its eigenvalues
are at least 2 apart.

Where f falls towards an end of its range, the ratio to the neighbour is a continued fraction that begins at that end
and damps errors; the error of each ratio is followed (running error analysis), so that tiny values are known
relatively as well as large ones.  Between the points where |f| stops to fall, the recurrence runs inwards from both, in
one loop, and is joined in the middle; its coefficients are divided in a loop before, so that no step waits for a
division.  There the residual ρ = ‖(T-λ)g‖ bounds the error: the part of g orthogonal to the true vector
is at most ρ/2, since every other eigenvalue is at least 2 away (Davis and Kahan 1970).

Entry i belongs to l = (twice + 2i)/2.  ``off`` holds A(l) [n+1], zero at both ends, and ``diagonal`` B(l) [n]; the row
of l = 0 is divided by l.  f is h + e times 2^exponent.  Double-doubles are pairs in flat arrays, (h, e) of entry i at
2i and 2i+1: a compiler makes registers of loops over those.
"""

from __future__ import annotations

import math

from coupling.kernels.doubledouble import add, fma, inverse_root, product, quotient, reciprocal, times_double
from coupling.kernels.jit import kernel

UNIT = 2.0**-106  # u², u = 2^-53
STEP = 128.0 * UNIT  # bounds what one step of a recurrence rounds, relative to the sum of the sizes of its terms
SMALL, GROW, SHIFT = 2.0**-400, 2.0**400, 400


@kernel
def null_vector(twice, off, diagonal, f, exponent, error, ratio, other):
    """Write the vector f, with Σ(2l+1) f² = 1 and f(last) > 0, and a bound of each relative error.

    off [2(n+1)], diagonal, f, ratio and other [2n] hold pairs; exponent and error [n].
    """
    n = len(error)
    error[:] = 0.0
    exponent[:] = 0.0
    if not diagonal.any():
        left = right = n - 1
        _alternating(twice, off, f, exponent, error)
        rho = 0.0
    else:
        left = _fall(1, 0, n - 1, twice, off, diagonal, ratio, other, f, exponent, error)
        h, e = _settle(0, left, left, f, exponent)
        right, join = left, -1
        if left < n - 1:
            right = _fall(-1, n - 1, left, twice, off, diagonal, ratio, other, f, exponent, error)
            g, d = _settle(right, n - 1, right, f, exponent)
            f[2 * left], f[2 * left + 1], exponent[left] = h, e, 0.0
            join = _middle(left, right, g, d, twice, off, diagonal, ratio, other, f, exponent)
        rho = _residual(join, twice, off, diagonal, f, exponent, error, ratio)
    _normalise(twice, left, right, rho, f, exponent, error, other)


@kernel
def _row(i, direction, twice, off, diagonal):
    """Return the coefficients of f(l + direction), f(l) and f(l - direction) in row l, each as a double-double."""
    l = 0.5 * twice + i
    uh, ul = times_double(off[2 * i + 2], off[2 * i + 3], l if l > 0.0 else 1.0)
    dh, dl = times_double(off[2 * i], off[2 * i + 1], l + 1.0)
    if direction > 0:
        return uh, ul, diagonal[2 * i], diagonal[2 * i + 1], dh, dl
    return dh, dl, diagonal[2 * i], diagonal[2 * i + 1], uh, ul


@kernel
def _fall(direction, start, stop, twice, off, diagonal, here, there, f, exponent, error):
    """Run from f(start) = 1 inwards while |f| does not fall; return the last i, or stop.

    exponent receives powers of two of a common factor, error a bound of the relative error of f(i)/f(i + direction).
    """
    h, e, vh, vl, known, power, i, ready, block = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, start, start, 8
    f[2 * i], f[2 * i + 1], exponent[i] = h, e, power
    while i != stop:
        if i == ready:
            size = min(block, abs(stop - i))
            first = min(i, i + direction * (size - 1))
            _divide(direction, first, first + size, twice, off, diagonal, here, there)
            ready, block = i + direction * size, 2 * block
        nh, nl = _next(here[2 * i], here[2 * i + 1], h, e, there[2 * i], there[2 * i + 1], vh, vl)
        if not abs(nh) >= abs(h):
            break
        before = abs(there[2 * i] * vh)
        known = 1.0000001 * (before * known + STEP * (abs(here[2 * i] * h) + before)) / abs(nh) + STEP
        error[i] = known
        vh, vl, h, e, i = h, e, nh, nl, i + direction
        if abs(h) > GROW:
            vh, vl, h, e, power = vh * SMALL, vl * SMALL, h * SMALL, e * SMALL, power + SHIFT
        f[2 * i], f[2 * i + 1], exponent[i] = h, e, power
    return i


@kernel
def _settle(first, last, unit, f, exponent):
    """Give f(unit), the largest of f(first … last), a size from 1/2 to 1 and the exponent 0; return it.

    An exponent is 0 then for all that is not below 2^-400.
    """
    power, scale = exponent[unit], math.ldexp(1.0, -math.frexp(f[2 * unit])[1])
    for i in range(first, last + 1):
        h, e, below = f[2 * i] * scale, f[2 * i + 1] * scale, exponent[i] - power
        if below < 0.0 and abs(h) >= 1.0:
            h, e, below = h * SMALL, e * SMALL, below + SHIFT
        f[2 * i], f[2 * i + 1], exponent[i] = h, e, below
    return f[2 * unit], f[2 * unit + 1]


@kernel
def _middle(left, right, gh, gl, twice, off, diagonal, ratio, other, f, exponent):
    """Write f(left+1 …) on the scale of f(left); right of the middle from f(right), which is (gh, gl) on its own scale.

    Return the row where the recurrences from both sides are joined, or -1 where that is left = right.
    """
    join, k = -1, 2 * left
    sh, sl = quotient(f[k], f[k + 1], gh, gl)
    if left < right:
        middle = (left + right) // 2
        k = 2 * middle
        _divide(1, left, middle + 1, twice, off, diagonal, ratio, other)
        _divide(-1, middle + 1, right + 1, twice, off, diagonal, ratio, other)
        f[2 * right], f[2 * right + 1] = gh, gl
        gh, gl, wh, wl = _run(left, middle, right, ratio, other, f, exponent, gh, gl)
        join = middle if abs(f[k]) > abs(f[k + 2]) else middle + 1
        if join == middle:
            sh, sl = quotient(f[k], f[k + 1], gh, gl)
            f[k + 2], f[k + 3] = product(wh, wl, sh, sl)
        else:
            sh, sl = quotient(f[k + 2], f[k + 3], wh, wl)
        k += 2
    rest = f[k + 2 :]
    for i in range(len(rest) // 2):
        rest[2 * i], rest[2 * i + 1] = product(rest[2 * i], rest[2 * i + 1], sh, sl)
    return join


@kernel
def _divide(direction, start, stop, twice, off, diagonal, ratio, other):
    """Write the coefficients of f(l) and f(l - direction) in f(l + direction), rows start … stop-1."""
    here, there = ratio[2 * start : 2 * stop], other[2 * start : 2 * stop]
    inner, outer = diagonal[2 * start : 2 * stop], off[2 * start : 2 * stop + 2]
    for i in range(stop - start):
        l = 0.5 * twice + (start + i)
        uh, ul = times_double(outer[2 * i + 2], outer[2 * i + 3], l if l > 0.0 else 1.0)
        dh, dl = times_double(outer[2 * i], outer[2 * i + 1], l + 1.0)
        if direction < 0:
            uh, ul, dh, dl = dh, dl, uh, ul
        yh, yl = reciprocal(-uh, -ul)
        here[2 * i], here[2 * i + 1] = product(inner[2 * i], inner[2 * i + 1], yh, yl)
        there[2 * i], there[2 * i + 1] = product(dh, dl, yh, yl)


@kernel
def _next(ah, al, h, e, bh, bl, vh, vl):
    """Return (ah + al)(h + e) + (bh + bl)(vh + vl), within 32u² of the sizes of both terms: the sums of the low parts
    stand beside those of the high ones, so that a recurrence waits for few of them."""
    q = bh * vh
    rest = fma(bh, vh, -q) + fma(bh, vl, bl * vh)
    p = ah * h
    s = p + q
    t = s - p
    low = ((p - (s - t)) + (q - t)) + (fma(ah, h, -p) + fma(ah, e, fma(al, h, rest)))
    high = s + low
    return high, low - (high - s)


@kernel
def _outside(i, f, exponent):
    """Return f of entry i on the scale of entries with exponent 0, and 0 where there is no such entry."""
    if 0 <= i < len(exponent):
        return math.ldexp(f[2 * i], int(exponent[i])), math.ldexp(f[2 * i + 1], int(exponent[i]))
    return 0.0, 0.0


@kernel
def _run(left, middle, right, here, there, f, exponent, g, d):
    """Continue f from left to middle+1 and, from f(right) = g + d, to middle+2, step by step in turn.  Return f(middle)
    and f(middle+1) as the run from the right has them."""
    vh, vl = _outside(left - 1, f, exponent)
    wh, wl = _outside(right + 1, f, exponent)
    h, e, i, k = f[2 * left], f[2 * left + 1], 2 * left, 2 * right
    while k > 2 * middle + 4:
        nh, nl = _next(here[i], here[i + 1], h, e, there[i], there[i + 1], vh, vl)
        xh, xl = _next(here[k], here[k + 1], g, d, there[k], there[k + 1], wh, wl)
        vh, vl, h, e, wh, wl, g, d = h, e, nh, nl, g, d, xh, xl
        i, k = i + 2, k - 2
        f[i], f[i + 1], f[k], f[k + 1] = h, e, g, d
    while i <= 2 * middle:
        nh, nl = _next(here[i], here[i + 1], h, e, there[i], there[i + 1], vh, vl)
        vh, vl, h, e, i = h, e, nh, nl, i + 2
        f[i], f[i + 1] = h, e
    while k > 2 * middle:
        xh, xl = _next(here[k], here[k + 1], g, d, there[k], there[k + 1], wh, wl)
        wh, wl, g, d, k = g, d, xh, xl, k - 2
    return g, d, wh, wl


@kernel
def _alternating(twice, off, f, exponent, error):
    """Write f where B vanishes for all l: every second one is zero, the others follow by two-term ratios."""
    last = len(error) - 1
    h, e, power = 1.0, 0.0, 0.0
    for i in range(last, -1, -1):
        error[i] = STEP
        if (last - i) & 1:
            f[2 * i], f[2 * i + 1] = 0.0, 0.0
            continue
        f[2 * i], f[2 * i + 1], exponent[i] = h, e, power
        if i >= 2:  # row l-1: (l-1) A(l) f(l) + l A(l-1) f(l-2) = 0
            l = 0.5 * twice + i
            xh, xl = times_double(off[2 * i], off[2 * i + 1], 1.0 - l)
            yh, yl = times_double(off[2 * i - 2], off[2 * i - 1], l)
            xh, xl = quotient(xh, xl, yh, yl)
            h, e = product(h, e, xh, xl)
            if abs(h) < SMALL:
                h, e, power = h * GROW, e * GROW, power - SHIFT


@kernel
def _residual(join, twice, off, diagonal, f, exponent, error, terms):
    """Return a bound of ‖(T-λ)g‖ for the computed, not yet normalised g.

    Every row holds up to the rounding of its own step, relative to the sizes of its terms, but for row join, whose
    residual is computed.  What f is without its power of two counts; terms is overwritten.
    """
    n, first, last = len(error), 0, len(error) - 1
    while exponent[first] < 0.0:
        first += 1
    while exponent[last] < 0.0:
        last -= 1
    _row_bounds(first, last, twice, off, diagonal, f, error, terms)
    if join >= 0:
        uh, ul, bh, bl, dh, dl = _row(join, 1, twice, off, diagonal)
        xh, xl = product(bh, bl, f[2 * join], f[2 * join + 1])
        if join < n - 1:
            yh, yl = product(uh, ul, f[2 * join + 2], f[2 * join + 3])
            xh, xl = add(xh, xl, yh, yl)
        if join > 0:
            yh, yl = product(dh, dl, f[2 * join - 2], f[2 * join - 1])
            xh, xl = add(xh, xl, yh, yl)
        l = 0.5 * twice + join
        own = abs(xh) / ((l if l > 0.0 else 1.0) * (l + 1.0) * math.sqrt(2.0 * l + 1.0))
        terms[join] = (math.sqrt(terms[join]) + own) ** 2
    return 1.001 * math.sqrt(_sum(terms[first : last + 1]))


@kernel
def _row_bounds(first, last, twice, off, diagonal, f, error, terms):
    """Write the square of the bound of each row first … last to terms; beyond them f does not count."""
    n = last + 1 - first
    terms[first], terms[last] = 2.0 * STEP + error[first], 2.0 * STEP + error[last]
    if n > 1:
        terms[first] += error[first + 1]
        terms[last] += error[last - 1]
    slack, known = terms[first + 1 : last], error[first : last + 1]
    for i in range(n - 2):
        slack[i] = 2.0 * STEP + known[i] + known[i + 1] + known[i + 2]
    own = f[2 * first : 2 * last + 2]
    inner, outer = diagonal[2 * first : 2 * last + 2], off[2 * first : 2 * last + 4]
    for i in (0, n - 1):
        l, size = 0.5 * twice + (first + i), abs(inner[2 * i] * own[2 * i])
        if i < n - 1:
            size += abs(outer[2 * i + 2] * own[2 * i + 2]) * (l if l > 0.0 else 1.0)
        if i > 0:
            size += abs(outer[2 * i] * own[2 * i - 2]) * (l + 1.0)
        terms[first + i] = _square(terms[first + i] * size, l)
        if n == 1:
            break
    bound = terms[first + 1 : last]
    for i in range(n - 2):
        l = 0.5 * twice + (first + i) + 1.0
        size = abs(outer[2 * i + 4] * own[2 * i + 4]) * l + abs(outer[2 * i + 2] * own[2 * i]) * (l + 1.0)
        bound[i] = _square(bound[i] * (size + abs(inner[2 * i + 2] * own[2 * i + 2])), l)


@kernel
def _square(row, l):
    """Return the square of row l of (T-λ)g, of which row is l(l+1)√(2l+1) times the size."""
    weight = l * (l + 1.0) if l > 0.0 else 1.0
    return row * row / (weight * weight * (2.0 * l + 1.0))


@kernel
def _sum(terms):
    """Return a sum of doubles, four partial ones at a time."""
    a, b, c, d, n = 0.0, 0.0, 0.0, 0.0, len(terms) // 4 * 4
    for i in range(0, n, 4):
        a, b, c, d = a + terms[i], b + terms[i + 1], c + terms[i + 2], d + terms[i + 3]
    for i in range(n, len(terms)):
        a += terms[i]
    return (a + b) + (c + d)


@kernel
def _squares(twice, f, exponent, terms):
    """Return Σ(2l+1) f² over the entries of exponent 0 as a double-double, by sums of halves; terms is overwritten."""
    n = len(exponent)
    for i in range(n):
        h, e = f[2 * i], f[2 * i + 1]
        xh, xl = product(h, e, h, e)
        xh, xl = times_double(xh, xl, twice + 2.0 * i + 1.0)
        counts = exponent[i] == 0.0
        terms[2 * i], terms[2 * i + 1] = (xh if counts else 0.0), (xl if counts else 0.0)
    while n > 1:
        half = (n + 1) // 2
        low, high = terms[: 2 * half], terms[2 * half : 2 * n]
        for i in range(len(high) // 2):
            low[2 * i], low[2 * i + 1] = add(low[2 * i], low[2 * i + 1], high[2 * i], high[2 * i + 1])
        n = half
    return terms[0], terms[1]


@kernel
def _normalise(twice, left, right, rho, f, exponent, error, terms):
    """Scale f to Σ(2l+1) f² = 1 and f(last) > 0, and turn the errors of ratios into errors of entries."""
    n = len(error)
    sh, sl = _squares(twice, f, exponent, terms)
    nh, nl = inverse_root(sh, sl)
    if f[2 * n - 2] < 0.0:
        nh, nl = -nh, -nl
    for i in range(n):
        f[2 * i], f[2 * i + 1] = product(f[2 * i], f[2 * i + 1], nh, nl)
    base = (8.0 * n + 256.0) * UNIT
    delta = 0.5 * rho * abs(nh)
    for direction, start, stop in ((-1, left, 0), (1, right, n - 1)):
        known = base + delta / (abs(f[2 * start]) * math.sqrt(twice + 2.0 * start + 1.0))
        for i in range(start + direction, stop + direction, direction):
            known += error[i] + STEP
            error[i] = known
    inner, own = error[left : right + 1], f[2 * left : 2 * right + 2]
    for i in range(len(inner)):
        size = abs(own[2 * i]) * math.sqrt(twice + 2.0 * (left + i) + 1.0)
        inner[i] = base + (delta / size if size > 0.0 else (1.0 if delta > 0.0 else 0.0))
