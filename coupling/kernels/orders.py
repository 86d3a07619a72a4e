"""From a block V[m1, m2] of 3j symbols to the entries of a path, in complex and in real orders."""

from __future__ import annotations

from coupling.kernels.jit import kernel


@kernel
def turn(l1, l2, l3, block, turned):
    """Write turned[m2, m3] = block[m1, m2] with m1 = -m2-m3: the block of the cyclic path (l2, l3, l1)."""
    for m2 in range(-l2, l2 + 1):
        for m3 in range(max(-l3, -l1 - m2), min(l3, l1 - m2) + 1):
            turned[m2 + l2, m3 + l3] = block[l1 - m2 - m3, m2 + l2]


@kernel
def write_complex(l1, l2, l3, reverse, clebsch_gordan, block, start, values):
    """Write the entries ``[(m1, m2) for m1 … for m2 … if |m1+m2| <= l3]`` of a path from position start on.

    reverse: the block is that of (l1, l3, l2), and V(l1,l2,l3)[m1, m2] = block[-m1, m1+m2].  clebsch_gordan
    multiplies by (-1)^(l1-l2-m3), m3 = -m1-m2.
    """
    position = start
    for m1 in range(-l1, l1 + 1):
        first, last = max(-l2, -l3 - m1), min(l2, l3 - m1)
        row, shift = (l1 - m1, l3 + m1) if reverse else (l1 + m1, l2)
        for m2 in range(first, last + 1):
            values[position + m2 - first] = block[row, m2 + shift]
        if clebsch_gordan:
            for m2 in range(first + ((first + l1 - l2 + m1 + 1) & 1), last + 1, 2):
                values[position + m2 - first] = 0.0 - values[position + m2 - first]
        position += last - first + 1


@kernel
def write_real(l1, l2, l3, reverse, block, start, values):
    """Write the real entries of a path, sorted by (m1, m2, m3) as ``coupling.selection.real_orders`` lists them.

    The block holds R(μ) = 3j(μ), over √2 where no order is zero.  With M = |m|, J = l1+l2+l3 and the number of
    negative m's of the parity of J,

        m3 = ±(M1+M2):  C = i^(-J + 2m3 + [m1<0] + [m2<0] - [m3<0]) R(-M1, -M2)
        m3 = ±(M2-M1):  C = i^(-J + 2m2 + [m1<0] - [m2<0] + [m3<0]) R(-M1, M2)          M2 > M1
        m3 = ±(M1-M2):  C = i^(-J + 2m1 - [m1<0] + [m2<0] + [m3<0]) (-1)^J R(-M1, M2)   M1 ≥ M2

    reverse: the block is that of (l1, l3, l2), as in :func:`write_complex`.
    """
    total = l1 + l2 + l3
    position = start
    for m1 in range(-l1, l1 + 1):
        size1, below1 = abs(m1), 1 if m1 < 0 else 0
        row, shift = (l1 + size1, l3 - size1) if reverse else (l1 - size1, l2)
        for m2 in range(-l2, l2 + 1):
            size2, below2 = abs(m2), 1 if m2 < 0 else 0
            below3 = (total + below1 + below2) & 1
            outer, inner = size1 + size2, abs(size1 - size2)
            if below3 and outer <= l3 and outer > inner:
                power = -total + 2 * outer + below1 + below2 - below3
                values[position] = (1 - (power & 2)) * block[row, shift - size2] + 0.0
                position += 1
            if inner <= l3 and (inner > 0 or not below3):
                if size2 > size1:
                    power = -total + 2 * size2 + below1 - below2 + below3
                else:
                    power = total + 2 * size1 - below1 + below2 + (below3 if inner else 0)
                values[position] = (1 - (power & 2)) * block[row, shift + size2] + 0.0
                position += 1
            if not below3 and outer <= l3 and outer > inner:
                power = -total + 2 * outer + below1 + below2 - below3
                values[position] = (1 - (power & 2)) * block[row, shift - size2] + 0.0
                position += 1


@kernel
def orderings(l1, l2, l3, start, where):
    """Look up the positions of the six orderings of l1 ≤ l2 ≤ l3 in start; return whether one of them is requested.

    where [6]: (l1,l2,l3), (l1,l3,l2), (l2,l3,l1), (l2,l1,l3), (l3,l1,l2), (l3,l2,l1); -1 for a path that is not
    wanted, and for the second of two equal ones.
    """
    low, high = l1 != l2, l2 != l3
    where[0] = start[l1, l2, l3]
    where[1] = start[l1, l3, l2] if high else -1
    where[2] = start[l2, l3, l1] if low else -1
    where[3] = start[l2, l1, l3] if low else -1
    where[4] = start[l3, l1, l2] if high else -1
    where[5] = start[l3, l2, l1] if low and high else -1
    return where.max() >= 0


@kernel
def spread(l1, l2, l3, slot, where, real, block, turned, values):
    """Write the block of a canonical path in all its wanted orderings; see :func:`orderings`.

    slot 0, 1, 2 means Clebsch-Gordan coefficients and restricts the orderings to those with that degree in the third
    place; slot -1 writes all.
    """
    x, y, z = l1, l2, l3
    for number in range(3):
        if where[2 * number :].max() < 0:
            return
        if number > 0:
            turn(x, y, z, block, turned)
            x, y, z = y, z, x
            block, turned = turned, block
        for reverse in range(2):
            start = where[2 * number + reverse]
            if start >= 0 and (slot < 0 or slot == (number + 2 - reverse) % 3):
                second, third = (z, y) if reverse else (y, z)
                if real:
                    write_real(x, second, third, reverse, block, start, values)
                else:
                    write_complex(x, second, third, reverse, slot >= 0, block, start, values)
