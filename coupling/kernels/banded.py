"""Sums of few consecutive rows of a table, as splines have them, and the products of their gradients.

    combine_rows   out[e, c] = Σ_k b[e, k] table[first[e] + k, c]
    project_rows   out[e, k] = Σ_c g[e, c] table[first[e] + k, c]

Domain: C-contiguous arrays of one type; first [E], int64, with first[e] + k inside the table; nothing is checked.
"""

from __future__ import annotations

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import flat
from coupling.kernels.tiles import ONE, load, outer, splat, store, zeros

#: Registers of columns that are summed side by side.
SIDE_BY_SIDE = (0, 0, 0, 0)


@kernel
def combine_rows(out, b, first, table, lanes, rows):
    """Write the sums; lanes, rows: tuples as long as a register and as there are rows in a sum."""
    target, factors, numbers = flat(out), flat(b), flat(table)
    n, width, count = table.shape[1], len(lanes), len(rows)
    full, step = n // width * width, width * len(SIDE_BY_SIDE)
    whole = n // step * step
    for e in range(out.shape[0]):
        start = first[e] * n
        for c in range(0, whole, step):
            total = zeros(numbers, ONE, SIDE_BY_SIDE)
            for k in range(count):
                row = load(numbers, start + k * n + c, 0, width, ONE, SIDE_BY_SIDE)
                total = outer(total, splat(factors, e * count + k, ONE), row)
            store(target, e * n + c, 0, width, total)
        for c in range(whole, full, width):
            total = zeros(numbers, ONE, ONE)
            for k in range(count):
                row = load(numbers, start + k * n + c, 0, 0, ONE, ONE)
                total = outer(total, splat(factors, e * count + k, ONE), row)
            store(target, e * n + c, 0, 0, total)
        for c in range(full, n):
            last = factors[e * count] * numbers[start + c]
            for k in range(1, count):
                last += factors[e * count + k] * numbers[start + k * n + c]
            target[e * n + c] = last


@kernel
def project_rows(out, g, first, table, lanes, rows, space):
    """Write the products with each of the rows; space [rows, lanes]: scratch."""
    target, given, numbers, sums = flat(out), flat(g), flat(table), flat(space)
    n, width, count = table.shape[1], len(lanes), len(rows)
    full = n // width * width
    for e in range(out.shape[0]):
        start = first[e] * n
        total = zeros(numbers, rows, ONE)
        for c in range(0, full, width):
            total = outer(total, load(numbers, start + c, n, 0, rows, ONE), load(given, e * n + c, 0, 0, ONE, ONE))
        store(sums, 0, width, 0, total)
        for k in range(count):
            last = sums[k * width]
            for i in range(1, width):
                last += sums[k * width + i]
            for c in range(full, n):
                last += given[e * n + c] * numbers[start + k * n + c]
            target[e * count + k] = last
