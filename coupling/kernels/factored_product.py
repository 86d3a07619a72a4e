"""The product of a tensor that is a sum of R outer products: z_k = Σ_r c_kr (Σ_i a_ir x_i) (Σ_j b_jr y_j).

The terms of a block of lanes are formed some at a time, so that a row of x or y is loaded once for all of them, and
kept in work space; then the outputs, some at a time, are sums over them.

Tables are in the order in which they are read.  Encoding of x: for each group of ``ROWS`` terms, and then for each term
that is left, for every entry i: a_ir of the group; of y likewise.  Decoding: for each group of outputs k, and then for
each that is left, for all r: c_kr.

Domain: factors that fit in memory; all places are 64-bit integers and lie inside an array.  Shapes are those of
``Product.__call__``; nothing is checked.
"""

from __future__ import annotations

from coupling.kernels.full_product import read_rows, write_rows
from coupling.kernels.jit import kernel
from coupling.kernels.lanes import WIDTH_BYTES, flat
from coupling.kernels.prefetch import advance
from coupling.kernels.tiles import LARGE, ONE, REGISTER_BYTES, load, outer, plus_products, splat, store, zeros

#: Lengths of these are the terms that are formed at a time, and the registers of a block of lanes.
ROWS, COLUMNS = (0,) * (8 if LARGE else 3), (0,) * (WIDTH_BYTES // REGISTER_BYTES)


@kernel
def factored_product(x, y, out, first, last, width, sizes, tables, space):
    """Write the product for the lanes first … last-1 of x and y, [batch, entries, channels].

    sizes: the entries of x, y and out in use, the others neither read nor written, and the number of terms; tables:
    those of x, of y and of the output; space: rows of ``width`` numbers for x, y, the terms and the output.
    """
    memory, channels = flat(space), out.shape[2]
    at_y = x.shape[1] * width
    at_terms = at_y + y.shape[1] * width
    at_out = at_terms + sizes[3] * width
    b, c = divmod(first, channels)
    for lane in range(first, last, width):
        count = min(width, last - lane)
        if c + width <= channels and count == width:
            left, right = b * x.shape[1] * channels + c, b * y.shape[1] * channels + c
            _encode(flat(x), left, flat(y), right, channels, width, sizes, tables, memory, at_terms)
            _decode(memory, at_terms, flat(out), b * out.shape[1] * channels + c, channels, width, sizes, tables[2])
        else:
            read_rows(x, b, c, count, width, memory, 0)
            read_rows(y, b, c, count, width, memory, at_y)
            _encode(memory, 0, memory, at_y, width, width, sizes, tables, memory, at_terms)
            _decode(memory, at_terms, memory, at_out, width, width, sizes, tables[2])
            write_rows(out, 0, sizes[2], b, c, count, width, memory, at_out)
        b, c = advance(b, c, count, channels)


@kernel
def _encode(x, left, y, right, step, width, sizes, tables, memory, place):
    """Write the terms (Σ_i a_ir x_i) (Σ_j b_jr y_j); rows of features are step numbers apart."""
    register = width // len(COLUMNS)
    a, b, i, j, r = flat(tables[0]), flat(tables[1]), 0, 0, 0
    while r + len(ROWS) <= sizes[3]:
        u = _sums(x, left, step, sizes[0], register, a, i, ROWS)
        v = _sums(y, right, step, sizes[1], register, b, j, ROWS)
        store(memory, place, width, register, plus_products(zeros(memory, ROWS, COLUMNS), u, v))
        place, r = place + len(ROWS) * width, r + len(ROWS)
        i, j = i + len(ROWS) * sizes[0], j + len(ROWS) * sizes[1]
    while r < sizes[3]:
        u = _sums(x, left, step, sizes[0], register, a, i, ONE)
        v = _sums(y, right, step, sizes[1], register, b, j, ONE)
        store(memory, place, width, register, plus_products(zeros(memory, ONE, COLUMNS), u, v))
        place, r, i, j = place + width, r + 1, i + sizes[0], j + sizes[1]


@kernel
def _decode(memory, terms, out, place, step, width, sizes, table):
    """Write the outputs Σ_r c_kr t_r; rows of out are step numbers apart."""
    register = width // len(COLUMNS)
    c, at, k = flat(table), 0, 0
    while k + len(ROWS) <= sizes[2]:
        total = _sums(memory, terms, width, sizes[3], register, c, at, ROWS)
        store(out, place, step, register, total)
        place, at, k = place + len(ROWS) * step, at + len(ROWS) * sizes[3], k + len(ROWS)
    while k < sizes[2]:
        store(out, place, step, register, _sums(memory, terms, width, sizes[3], register, c, at, ONE))
        place, at, k = place + step, at + sizes[3], k + 1


@kernel
def _sums(values, place, step, n, register, table, at, rows):
    """Return Σ_i κ_i v_i for n vectors of values, a tile of sums: the κ_i of its rows are together in the table."""
    total = zeros(values, rows, COLUMNS)
    for i in range(n):
        row = load(values, place + i * step, 0, register, ONE, COLUMNS)
        total = outer(total, splat(table, at + i * len(rows), rows), row)
    return total
