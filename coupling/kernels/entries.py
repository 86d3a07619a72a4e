"""The orders that belong to the values of a table."""

from __future__ import annotations

import numpy as np

from coupling.kernels.jit import kernel


@kernel
def complex_orders(l1, l2, l3, orders):
    """Write ``coupling.selection.complex_orders(l1, l2, l3)`` to the rows of orders; return their number."""
    n = 0
    for m1 in range(-l1, l1 + 1):
        for m2 in range(max(-l2, -l3 - m1), min(l2, l3 - m1) + 1):
            orders[n, 0], orders[n, 1], orders[n, 2] = m1, m2, -m1 - m2
            n += 1
    return n


@kernel
def real_orders(l1, l2, l3, orders):
    """Write ``coupling.selection.real_orders(l1, l2, l3)`` to the rows of orders; return their number."""
    n = 0
    for m1 in range(-l1, l1 + 1):
        for m2 in range(-l2, l2 + 1):
            below = (l1 + l2 + l3 + (m1 < 0) + (m2 < 0)) & 1
            outer, inner = abs(m1) + abs(m2), abs(abs(m1) - abs(m2))
            for k in range(2):
                m3 = -outer if below and k == 0 else -inner if below else inner if k == 0 else outer
                if abs(m3) <= l3 and (m3 != 0 or not below) and (outer != inner or k == 0):
                    orders[n, 0], orders[n, 1], orders[n, 2] = m1, m2, m3
                    n += 1
    return n


@kernel
def keep_non_zero(paths, offsets, real, values, orders, kept, counts):
    """Write the non-zero values to kept, their orders to orders [E, 3], and their number per path to counts."""
    n = 0
    for p in range(paths.shape[0]):
        l1, l2, l3 = paths[p]
        room = orders[n:]
        size = real_orders(l1, l2, l3, room) if real else complex_orders(l1, l2, l3, room)
        begin = n
        for i in range(size):
            value = values[offsets[p] + i]
            if value != 0.0:
                orders[n, 0], orders[n, 1], orders[n, 2] = room[i, 0], room[i, 1], room[i, 2]
                kept[n] = value
                n += 1
        counts[p] = n - begin
    return n


@kernel
def reorder(paths, sources, signs, bounds, orders, values, out_orders, out_values):
    """Write the entries of orderings of canonical paths, each sorted by its own orders; return the first wrong path.

    paths [P, 3] are canonical, l1 <= l2 <= l3; path p has the entries ``bounds[p]`` … ``bounds[p+1]`` of orders [E, 3]
    and values [E], which are sorted.  They go to the same places of the outputs: slot k of the ordering is the slot
    ``sources[p, k]`` of the path, and values are multiplied by ``signs[p]``.  Returns -1, or the first path with an
    order beyond its degree in a slot by which it is sorted.

    Two stable counting sorts, by the order in slot y and then in slot x; the first is left out where y < z, as the
    entries come sorted.
    """
    index, starts = np.empty(np.diff(bounds).max(), np.int32), np.empty(257, np.int64)
    for p in range(len(paths)):
        mine = slice(bounds[p], bounds[p + 1])
        given, out, (x, y, z), l = orders[mine], out_orders[mine], sources[p], paths[p]
        first = y > z
        if first:
            if not _count(given, y, l[y], starts):
                return p
            for i in range(len(given)):
                m = given[i, y] + 128
                index[starts[m]] = i
                starts[m] += 1
        if not _count(given, x, l[x], starts):
            return p
        _place(first, index, starts, x, y, z, signs[p], given, values[mine], out, out_values[mine])
    return -1


@kernel
def _place(by_index, index, starts, x, y, z, sign, orders, values, out_orders, out_values):
    """Write the entries, in the order of the index or as they come, sorted by the order in slot x."""
    for j in range(len(values)):
        i = index[j] if by_index else j
        m = orders[i, x] + 128
        at = starts[m]
        starts[m] = at + 1
        out_orders[at, 0], out_orders[at, 1], out_orders[at, 2] = orders[i, x], orders[i, y], orders[i, z]
        out_values[at] = sign * values[i]


@kernel
def _count(orders, slot, degree, starts):
    """Write to starts[m + 128] how many orders in a slot are less than m; return whether none is beyond the degree."""
    starts[:] = 0
    for i in range(len(orders)):
        starts[orders[i, slot] + 129] += 1
    for m in range(256):
        starts[m + 1] += starts[m]
    return starts[128 - degree] == 0 and starts[129 + degree] == len(orders)


@kernel
def alternate(paths, offsets, wanted, slot1, slot2, slot3, values):
    """Multiply the values of the wanted paths, in complex orders, by (-1)^m for each of the slots that is true."""
    for p in range(paths.shape[0]):
        if not wanted[p]:
            continue
        l1, l2, l3 = paths[p]
        position = offsets[p]
        for m1 in range(-l1, l1 + 1):
            for m2 in range(max(-l2, -l3 - m1), min(l2, l3 - m1) + 1):
                if ((slot1 and m1 & 1) + (slot2 and m2 & 1) + (slot3 and (m1 + m2) & 1)) & 1:
                    values[position] = 0.0 - values[position]  # no zero is negative
                position += 1


@kernel
def scatter(paths, offsets, real, values, starts, dense):
    """Write the values of each path to its block [2l1+1, 2l2+1, 2l3+1], flat from starts[p] on; dense comes zeroed."""
    for p in range(paths.shape[0]):
        l1, l2, l3 = paths[p]
        width = 2 * l3 + 1
        position = offsets[p]
        for m1 in range(-l1, l1 + 1):
            row = starts[p] + (m1 + l1) * (2 * l2 + 1) * width + l3
            if real:
                position = _scatter_real(m1, l1, l2, l3, row, position, values, dense)
            else:
                for m2 in range(max(-l2, -l3 - m1), min(l2, l3 - m1) + 1):
                    dense[row + (m2 + l2) * width - m1 - m2] = values[position]
                    position += 1


@kernel
def _scatter_real(m1, l1, l2, l3, row, position, values, dense):
    """Write the real entries of one m1; return the position behind them."""
    for m2 in range(-l2, l2 + 1):
        below = (l1 + l2 + l3 + (m1 < 0) + (m2 < 0)) & 1
        outer, inner = abs(m1) + abs(m2), abs(abs(m1) - abs(m2))
        near, far = inner <= l3 and (inner > 0 or not below), outer <= l3 and outer != inner
        origin = row + (m2 + l2) * (2 * l3 + 1)
        if below:
            if far:
                dense[origin - outer] = values[position]
            if near:
                dense[origin - inner] = values[position + far]
        else:
            if near:
                dense[origin + inner] = values[position]
            if far:
                dense[origin + outer] = values[position + near]
        position += near + far
    return position
