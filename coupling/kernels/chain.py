"""Tables of 3j symbols and of everything proportional to them, one chain of canonical paths after the other.

A chain holds the canonical paths a = a0, a0+2, …, last of equal (b, c), see :mod:`coupling.kernels.regge`.  The block
of integers S of each path follows from the one before; it is multiplied by the separable factors in double-double
arithmetic, rounded once, and the block is written to the up to six orderings of its degrees.  Because of

    V(B,C,A)[m2, m3] = V(A,B,C)[-m2-m3, m2]        cyclic
    V(A,C,B)[m1, m3] = V(A,B,C)[-m1, m1+m3]        a swap and the reversal of all orders: both signs are (-1)^J

the six are three turns of one block, each written with its rows in order and in reverse order, and no sign is needed.

Rounding: a double-double h + l within error·|h| of the true value is rounded to h when both ends of that interval
round to h.  Otherwise the entry is *doubtful*: it is listed, and the caller replaces it by the exact value.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.kernels.doubledouble import is_rounded, product
from coupling.kernels.jit import kernel
from coupling.kernels.orders import orderings, spread
from coupling.kernels.regge import first_block, next_block, path_factor, to_double_double

WIGNER_3J, CLEBSCH_GORDAN, GAUNT, ANTISYMMETRIC_GAUNT = range(4)

Array = NDArray[np.float64]


class Roots(NamedTuple):
    """binom(n, k) = hi·2^50 + lo and 1/√binom(n, k) = root_h + root_l, both [n, k]; degree √(2l+1) and casimir
    √(l(l+1)), both [l, 2], and the numbers 1/√(4π), 1/√2 as rows of constants [2, 2], all double-doubles."""

    hi: Array
    lo: Array
    root_h: Array
    root_l: Array
    degree: Array
    casimir: Array
    constants: Array


class Work(NamedTuple):
    """S of the current path as hi·2^50 + lo, a row of factors as double-double, the rounded block and its turned
    copy, and the positions of the path's orderings."""

    s_hi: Array
    s_lo: Array
    row_h: Array
    row_l: Array
    block: Array
    turned: Array
    where: NDArray[np.int64]


@kernel
def tabulate(chains, family, real, error, start, roots, values, doubtful):
    """Fill values for all paths of the given chains; return the number of doubtful entries.

    chains [n, 3] lists (b, c, last a).  family is one of the numbers above.  real is 0 for complex orders, 1 for the
    real core.  start [l1, l2, l3] is the position of a path's first entry in values, or -1 where the path is not
    wanted.  doubtful [n, 5] receives (l1, l2, l3, m1, m2) of canonical paths, as many as it can hold.
    """
    size = 6
    for n in range(chains.shape[0]):
        size = max(size, chains[n, 0] + max(chains[n, 1], chains[n, 2]) + 6)
    s_hi, s_lo = np.zeros((size, size)), np.zeros((size, size))
    t_hi, t_lo = np.zeros((size, size)), np.zeros((size, size))
    row_h, row_l = np.empty(size), np.empty(size)
    block, turned = np.empty((size, size)), np.empty((size, size))
    where = np.empty(6, np.int64)
    count = 0
    for n in range(chains.shape[0]):
        b, c, last = chains[n]
        for array in (s_hi, s_lo, t_hi, t_lo):
            array[: c + 6, : last + b + 6] = 0.0
        for a in range(b & 1, last + 1, 2):
            if a < 2:
                first_block(a, b, c, roots.hi, roots.lo, s_hi, s_lo)
            else:
                next_block(a, b, c, s_hi, s_lo, t_hi, t_lo)
                s_hi, s_lo, t_hi, t_lo = t_hi, t_lo, s_hi, s_lo
            work = Work(s_hi, s_lo, row_h, row_l, block, turned, where)
            count = _tabulate_path(a, b, c, family, real, error, start, roots, work, values, doubtful, count)
    return count


@kernel
def _tabulate_path(a, b, c, family, real, error, start, roots, work, values, doubtful, count):
    """Round the block of a canonical path and write it in all orderings that are wanted."""
    if family >= GAUNT and (a & 1) != (family == ANTISYMMETRIC_GAUNT):
        return count
    l1, l2, l3 = (a + c) // 2, (a + b) // 2, (b + c) // 2
    if not orderings(l1, l2, l3, start, work.where):
        return count
    h, l = path_factor(a, b, c, roots.hi, roots.lo, roots.root_h, roots.root_l)
    if family >= GAUNT:
        x, y = integral_factor(a, b, c, family, real, h, l, roots, work.s_hi, work.s_lo)
        h, l = product(h, l, x, y)
    # Clebsch-Gordan coefficients are rounded three times, for each degree in the third slot
    first, last = (0, 3) if family == CLEBSCH_GORDAN else (-1, 0)
    for slot in range(first, last):
        x, y = h, l
        if slot >= 0:
            degree = l1 if slot == 0 else l2 if slot == 1 else l3
            x, y = product(h, l, roots.degree[degree, 0], roots.degree[degree, 1])
        count = round_block(a, b, c, x, y, real, error, roots, work, doubtful, count)
        spread(l1, l2, l3, slot, work.where, real, work.block, work.turned, values)
    return count


@kernel
def integral_factor(a, b, c, family, real, h, l, roots, s_hi, s_lo):
    """Return √(P/4π) times 3j(0 0 0) or K = √(l1(l1+1) l2(l2+1)) 3j(1 -1 0), of which only the size for the real
    basis.

    h, l is √N of the path.
    """
    l1, l2, l3 = (a + c) // 2, (a + b) // 2, (b + c) // 2
    m = 1 if family == ANTISYMMETRIC_GAUNT else 0
    # p1 = l1 - m lies in the stored half; 3j(1 -1 0) = (-1)^J 3j(-1 1 0)
    sign = -1.0 if m and (a + b + c) & 1 else 1.0
    x, y = to_double_double(sign * s_hi[l1 - m + 2, l2 + m + 2], sign * s_lo[l1 - m + 2, l2 + m + 2])
    if real and x < 0.0:
        x, y = -x, -y
    h, l = product(h, l, x, y)
    h, l = product(h, l, roots.root_h[2 * l1, l1 - m], roots.root_l[2 * l1, l1 - m])
    h, l = product(h, l, roots.root_h[2 * l2, l2 - m], roots.root_l[2 * l2, l2 - m])
    h, l = product(h, l, roots.root_h[2 * l3, l3], roots.root_l[2 * l3, l3])
    if m:
        h, l = product(h, l, roots.casimir[l1, 0], roots.casimir[l1, 1])
        h, l = product(h, l, roots.casimir[l2, 0], roots.casimir[l2, 1])
    for degree in (l1, l2, l3):
        h, l = product(h, l, roots.degree[degree, 0], roots.degree[degree, 1])
    return product(h, l, roots.constants[0, 0], roots.constants[0, 1])


@kernel
def round_block(a, b, c, h, l, real, error, roots, work, doubtful, count):
    """Write the rounded block V[p1, p2] of a canonical path; h, l is the path's factor.

    Rows p1 ≤ l1 are computed, the others are their mirror image.  For the real basis entries without a zero order
    carry 1/√2.
    """
    l1, l2, l3 = (a + c) // 2, (a + b) // 2, (b + c) // 2
    whole_h, whole_l = h, l
    if real:
        h, l = product(h, l, roots.constants[1, 0], roots.constants[1, 1])
    for p2 in range(2 * l2 + 1):
        work.row_h[p2], work.row_l[p2] = product(h, l, roots.root_h[2 * l2, p2], roots.root_l[2 * l2, p2])
    sign = -1.0 if (a + b + c) & 1 else 1.0
    for p1 in range(l1 + 1):
        first = max(0, a - p1)
        if _round_row(p1, a, first, 2 * l2, l1, l3, error, roots, work):
            count = _list_doubtful(p1, a, first, 2 * l2, l1, l2, l3, error, roots, work, doubtful, count)
        if real:
            count = _round_zero_orders(p1, a, l1, l2, l3, whole_h, whole_l, error, roots, work, doubtful, count)
        for p2 in range(first, 2 * l2 + 1):
            work.block[2 * l1 - p1, 2 * l2 - p2] = sign * work.block[p1, p2] + 0.0
    return count


@kernel
def _value(p1, p2, a, l1, l3, roots, work):
    """Return an entry as a double-double; row_h, row_l hold the path's factor over √binom(2l2, p2)."""
    # p3 = J - p1 - p2, and binom(2l3, p3) = binom(2l3, p1 + p2 - a)
    p3 = p1 + p2 - a
    h, l = product(work.row_h[p2], work.row_l[p2], roots.root_h[2 * l3, p3], roots.root_l[2 * l3, p3])
    h, l = product(h, l, roots.root_h[2 * l1, p1], roots.root_l[2 * l1, p1])
    x, y = to_double_double(work.s_hi[p1 + 2, p2 + 2], work.s_lo[p1 + 2, p2 + 2])
    return product(h, l, x, y)


@kernel
def _round_row(p1, a, first, last, l1, l3, error, roots, work):
    """Round one row into the block; return whether some entry is doubtful."""
    doubts = 0
    for p2 in range(first, last + 1):
        h, l = _value(p1, p2, a, l1, l3, roots, work)
        doubts += not is_rounded(h, l, error)
        work.block[p1, p2] = h + 0.0  # no zero is negative
    return doubts > 0


@kernel
def _list_doubtful(p1, a, first, last, l1, l2, l3, error, roots, work, doubtful, count):
    """Append the doubtful entries of a row."""
    for p2 in range(first, last + 1):
        h, l = _value(p1, p2, a, l1, l3, roots, work)
        if not is_rounded(h, l, error):
            count = _append(l1, l2, l3, p1 - l1, p2 - l2, doubtful, count)
    return count


@kernel
def _append(l1, l2, l3, m1, m2, doubtful, count):
    if count < doubtful.shape[0]:
        doubtful[count, 0], doubtful[count, 1], doubtful[count, 2] = l1, l2, l3
        doubtful[count, 3], doubtful[count, 4] = m1, m2
    return count + 1


@kernel
def _round_zero_orders(p1, a, l1, l2, l3, h, l, error, roots, work, doubtful, count):
    """Round the real entries of a row that have a zero order, without 1/√2; h, l is the path's whole factor."""
    for p2 in range(max(0, a - p1), 2 * l2 + 1):
        m1, m2 = p1 - l1, p2 - l2
        if m1 == 0 or m2 == 0 or m1 + m2 == 0:
            x, y = to_double_double(work.s_hi[p1 + 2, p2 + 2], work.s_lo[p1 + 2, p2 + 2])
            x, y = product(h, l, x, y)
            x, y = product(x, y, roots.root_h[2 * l1, p1], roots.root_l[2 * l1, p1])
            x, y = product(x, y, roots.root_h[2 * l2, p2], roots.root_l[2 * l2, p2])
            x, y = product(x, y, roots.root_h[2 * l3, l3 + m1 + m2], roots.root_l[2 * l3, l3 + m1 + m2])
            work.block[p1, p2] = x + 0.0
            if not is_rounded(x, y, error):
                count = _append(l1, l2, l3, m1, m2, doubtful, count)
    return count
