"""The null vector of a symmetric tridiagonal matrix in double-double arithmetic, each entry with a proven error bound.

Families of 3j and of 6j symbols in one degree l obey (Schulten and Gordon 1975)

    l A(l+1) f(l+1) + B(l) f(l) + (l+1) A(l) f(l-1) = 0

which is l(l+1)√(2l+1) times (T-λ)g = 0 for g(l) = √(2l+1) f(l); T is symmetric and tridiagonal, and its eigenvalues
are at least 2 apart.

Where f falls towards an end of its range, the ratio to the neighbour is a continued fraction that begins at that end
and damps errors; the error of each ratio is followed (running error analysis), so that tiny values are known
relatively as well as large ones.  Between the points where |f| stops to fall, the recurrence runs inwards from both and
is joined in the middle.  There the residual ρ = ‖(T-λ)g‖ bounds the error: the part of g orthogonal to the true vector
is at most ρ/2, since every other eigenvalue is at least 2 away (Davis and Kahan 1970).

Entry i belongs to l = (twice + 2i)/2.  ``off`` holds A(l) [n+1], zero at both ends, and ``diagonal`` B(l) [n]; the row
of l = 0 is divided by l.  f is h + e times 2^exponent.
"""

from __future__ import annotations

import math

from coupling.kernels.doubledouble import add, inverse_root, product, quotient
from coupling.kernels.jit import kernel

UNIT = 2.0**-106  # u², u = 2^-53
STEP = 128.0 * UNIT  # bounds what one step of a recurrence rounds, relative to the sum of the sizes of its terms
SMALL, GROW, SHIFT = 2.0**-400, 2.0**400, 400


@kernel
def null_vector(twice, off, diagonal, f, exponent, error, ratio):
    """Write the vector f, with Σ(2l+1) f² = 1 and f(last) > 0, and a bound of each relative error.

    off [2, n+1], diagonal [2, n], f [2, n], ratio [2, n] hold high and low parts in their two rows.
    """
    n = diagonal.shape[1]
    error[:] = 0.0
    exponent[:] = 0.0
    if not diagonal[0].any():
        left = right = n - 1
        _alternating(twice, off, f, exponent, error)
        rho = 0.0
    else:
        left = _fall(1, 0, n - 1, twice, off, diagonal, ratio, error)
        right = _fall(-1, n - 1, left, twice, off, diagonal, ratio, error)
        join = _middle(left, right, twice, off, diagonal, ratio, f)
        _extend(-1, left, 0, ratio, f, exponent)
        _extend(1, right, n - 1, ratio, f, exponent)
        rho = _residual(join if left < right else -1, twice, off, diagonal, f, exponent, error)
    _normalise(twice, left, right, rho, f, exponent, error)


@kernel
def _row(i, direction, twice, off, diagonal):
    """Return the coefficients of f(l + direction), f(l) and f(l - direction) in row l, each as a double-double."""
    l = 0.5 * twice + i
    uh, ul = product(off[0, i + 1], off[1, i + 1], l if l > 0.0 else 1.0, 0.0)
    dh, dl = product(off[0, i], off[1, i], l + 1.0, 0.0)
    if direction > 0:
        return uh, ul, diagonal[0, i], diagonal[1, i], dh, dl
    return dh, dl, diagonal[0, i], diagonal[1, i], uh, ul


@kernel
def _fall(direction, start, stop, twice, off, diagonal, ratio, error):
    """Write f(i)/f(i + direction) from start inwards while it is at most 1 in size; return the next i, or stop.

    error receives a bound of the relative error of each ratio.
    """
    i, rh, rl, known = start, 0.0, 0.0, 0.0
    while i != stop:
        nh, nl, bh, bl, ph, pl = _row(i, direction, twice, off, diagonal)
        xh, xl = product(ph, pl, rh, rl)
        dh, dl = add(bh, bl, xh, xl)
        if not abs(dh) >= abs(nh):
            break
        rh, rl = quotient(-nh, -nl, dh, dl)
        known = 1.0000001 * (abs(xh) * known + STEP * (abs(bh) + abs(xh))) / abs(dh) + STEP
        ratio[0, i], ratio[1, i], error[i] = rh, rl, known
        i += direction
    return i


@kernel
def _middle(left, right, twice, off, diagonal, ratio, f):
    """Write f(left … right), with f(left) = 1; return the row where the recurrences from both sides are joined."""
    f[0, left], f[1, left] = 1.0, 0.0
    if left == right:
        return left
    middle = (left + right) // 2
    _run(1, left, middle + 1, twice, off, diagonal, ratio, f)
    join = middle if abs(f[0, middle]) > abs(f[0, middle + 1]) else middle + 1
    if right > join:
        h, e = f[0, join], f[1, join]
        f[0, right], f[1, right] = 1.0, 0.0
        _run(-1, right, join, twice, off, diagonal, ratio, f)
        sh, sl = quotient(h, e, f[0, join], f[1, join])
        for i in range(join + 1, right + 1):
            f[0, i], f[1, i] = product(f[0, i], f[1, i], sh, sl)
        f[0, join], f[1, join] = h, e
    return join


@kernel
def _run(direction, start, stop, twice, off, diagonal, ratio, f):
    """Continue f from start, where it is given, to stop by the recurrence; behind start the ratio is known."""
    h, e = f[0, start], f[1, start]
    vh, vl = 0.0, 0.0
    behind = start - direction
    if 0 <= behind < diagonal.shape[1]:
        vh, vl = product(h, e, ratio[0, behind], ratio[1, behind])
    for i in range(start, stop, direction):
        nh, nl, bh, bl, ph, pl = _row(i, direction, twice, off, diagonal)
        xh, xl = product(bh, bl, h, e)
        yh, yl = product(ph, pl, vh, vl)
        xh, xl = add(xh, xl, yh, yl)
        vh, vl = h, e
        h, e = quotient(-xh, -xl, nh, nl)
        f[0, i + direction], f[1, i + direction] = h, e


@kernel
def _extend(direction, start, stop, ratio, f, exponent):
    """Continue f from start to stop by the ratios."""
    h, e, power = f[0, start], f[1, start], 0.0
    for i in range(start + direction, stop + direction, direction):
        h, e = product(h, e, ratio[0, i], ratio[1, i])
        if abs(h) < SMALL:
            h, e, power = h * GROW, e * GROW, power - SHIFT
        f[0, i], f[1, i], exponent[i] = h, e, power


@kernel
def _alternating(twice, off, f, exponent, error):
    """Write f where B vanishes for all l: every second one is zero, the others follow by two-term ratios."""
    last = f.shape[1] - 1
    h, e, power = 1.0, 0.0, 0.0
    for i in range(last, -1, -1):
        error[i] = STEP
        if (last - i) & 1:
            f[0, i], f[1, i] = 0.0, 0.0
            continue
        f[0, i], f[1, i], exponent[i] = h, e, power
        if i >= 2:  # row l-1: (l-1) A(l) f(l) + l A(l-1) f(l-2) = 0
            l = 0.5 * twice + i
            xh, xl = product(off[0, i], off[1, i], 1.0 - l, 0.0)
            yh, yl = product(off[0, i - 1], off[1, i - 1], l, 0.0)
            xh, xl = quotient(xh, xl, yh, yl)
            h, e = product(h, e, xh, xl)
            if abs(h) < SMALL:
                h, e, power = h * GROW, e * GROW, power - SHIFT


@kernel
def _residual(join, twice, off, diagonal, f, exponent, error):
    """Return a bound of ‖(T-λ)g‖ for the computed, not yet normalised g.

    Every row holds up to the rounding of its own step, but for row join, whose residual is computed.
    """
    n = diagonal.shape[1]
    total = 0.0
    for i in range(n):
        if exponent[i] < 0.0:
            continue
        uh, ul, bh, bl, dh, dl = _row(i, 1, twice, off, diagonal)
        xh, xl = product(bh, bl, f[0, i], f[1, i])
        size, slack = abs(xh), error[i] + 2.0 * STEP
        if i < n - 1 and exponent[i + 1] == 0.0:
            yh, yl = product(uh, ul, f[0, i + 1], f[1, i + 1])
            xh, xl = add(xh, xl, yh, yl)
            size, slack = size + abs(yh), slack + error[i + 1]
        if i > 0 and exponent[i - 1] == 0.0:
            yh, yl = product(dh, dl, f[0, i - 1], f[1, i - 1])
            xh, xl = add(xh, xl, yh, yl)
            size, slack = size + abs(yh), slack + error[i - 1]
        row = slack * size + (abs(xh) if i == join else 0.0)
        l = 0.5 * twice + i
        row /= (l if l > 0.0 else 1.0) * (l + 1.0) * math.sqrt(2.0 * l + 1.0)
        total += row * row
    return 1.001 * math.sqrt(total)


@kernel
def _normalise(twice, left, right, rho, f, exponent, error):
    """Scale f to Σ(2l+1) f² = 1 and f(last) > 0, and turn the errors of ratios into errors of entries."""
    n = f.shape[1]
    sh, sl = 0.0, 0.0
    for i in range(n):
        if exponent[i] == 0.0:
            xh, xl = product(f[0, i], f[1, i], f[0, i], f[1, i])
            xh, xl = product(xh, xl, twice + 2.0 * i + 1.0, 0.0)
            sh, sl = add(sh, sl, xh, xl)
    nh, nl = inverse_root(sh, sl)
    if f[0, n - 1] < 0.0:
        nh, nl = -nh, -nl
    for i in range(n):
        f[0, i], f[1, i] = product(f[0, i], f[1, i], nh, nl)
    base = (8.0 * n + 256.0) * UNIT
    delta = 0.5 * rho * abs(nh)
    for direction, start, stop in ((-1, left, 0), (1, right, n - 1)):
        known = base + delta / (abs(f[0, start]) * math.sqrt(twice + 2.0 * start + 1.0))
        for i in range(start + direction, stop + direction, direction):
            known += error[i] + STEP
            error[i] = known
    for i in range(left, right + 1):
        size = abs(f[0, i]) * math.sqrt(twice + 2.0 * i + 1.0)
        error[i] = base + (delta / size if size > 0.0 else (1.0 if delta > 0.0 else 0.0))
