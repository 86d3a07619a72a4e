"""The orders that belong to the values of a table."""

from __future__ import annotations

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
def unfold(path, slots, sign, real, orders, values, found, out_orders, out_values):
    """Write the non-zero entries of an ordering of the degrees of a canonical path a <= b <= c; return their number.

    orders [E, 3] and values [E] are those of the canonical path, whose slot j is the slot slots[j] of the ordering;
    the values are multiplied by sign.  found has at least 2(2a+1)(2b+1) numbers, out_orders and out_values
    as many as the selection rules allow.  Returns -1 for orders that the path does not have.
    """
    a, b = path[slots[0]], path[slots[1]]
    width = 2 * b + 1
    found[: 2 * (2 * a + 1) * width] = 0.0
    for i in range(len(values)):
        m, n, far = orders[i, 0], orders[i, 1], 0
        if not (-a <= m <= a and -b <= n <= b):  # the absolute value of -128, an int8, is negative
            return -1
        if real and abs(orders[i, 2]) == abs(m) + abs(n):
            far = 1
        found[2 * ((m + a) * width + n + b) + far] = sign * values[i]
    kept = 0
    if real:
        size = real_orders(path[0], path[1], path[2], out_orders)
    else:
        size = complex_orders(path[0], path[1], path[2], out_orders)
    for i in range(size):
        m, n, far = out_orders[i, slots[0]], out_orders[i, slots[1]], 0
        if real and abs(out_orders[i, slots[2]]) == abs(m) + abs(n):
            far = 1
        value = found[2 * ((m + a) * width + n + b) + far]
        if value != 0.0:
            out_orders[kept, 0], out_orders[kept, 1], out_orders[kept, 2] = (
                out_orders[i, 0],
                out_orders[i, 1],
                out_orders[i, 2],
            )
            out_values[kept] = value
            kept += 1
    return kept


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
