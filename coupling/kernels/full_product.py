"""The product with separate paths, and its adjoints: real sums over the orders of one pair of degrees.

Of one pair (l1, l2) all products x_i y_j are formed once; every output is a sum of some of them.  The gradient in x
(or, with the roles exchanged, in y) is x_i = Σ_j y_j Σ_k κ g_k: the inner sums are the adjoint of the outputs' ones.

Blocks of lanes lie in one array, a row for every entry of a feature.

Domain: degrees to 127, the largest of a table, which :class:`coupling.products.FullProduct` requires; all places are
64-bit integers and lie inside an array.  Shapes are those of ``Product.__call__``; nothing is checked.
"""

from __future__ import annotations

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import flat, fma, load, mul, part, store, zero
from coupling.kernels.prefetch import advance


@kernel
def full_product(x, y, out, first, last, width, pairs, counts, rows, coefficients, space):
    """Write the separate paths of the lanes first … last-1 of x and y, [batch, entries, channels].

    pairs [n, 5]: first x_i and how many, first y_j and how many, number of outputs.  For each output, in the order of
    out: counts, its number of terms; for each term: rows, the number of x_i y_j in its pair, and coefficients.
    space: rows of x, of y, then as many as the largest pair has products, then as many as the largest has outputs.
    """
    memory, values, channels = flat(space), flat(out), out.shape[2]
    table, terms, where, factors = flat(pairs), flat(counts), flat(rows), flat(coefficients)
    at_y = x.shape[1] * width
    products = at_y + y.shape[1] * width
    b, c = divmod(first, channels)
    for lane in range(first, last, width):
        count = min(width, last - lane)
        read_rows(x, b, c, count, width, memory, 0)
        read_rows(y, b, c, count, width, memory, at_y)
        term = row = 0
        for pair in range(0, pairs.size, 5):
            i, n, j, m, size = table[pair], table[pair + 1], table[pair + 2], table[pair + 3], table[pair + 4]
            _multiply(memory, width, i * width, n, at_y + j * width, m, products)
            sums = products + n * m * width
            for k in range(size):
                total = zero(memory)
                for t in range(term, term + terms[row + k]):
                    total = fma(factors[t], load(memory, products + where[t] * width), total)
                term += terms[row + k]
                if c + width <= channels and count == width:
                    store(values, (b * out.shape[1] + row + k) * channels + c, total)
                else:
                    store(memory, sums + k * width, total)
            if c + width > channels or count < width:
                _write_rows(out, row, size, b, c, count, width, memory, sums)
            row += size
        b, c = advance(b, c, count, channels)


@kernel
def full_adjoint(y, g, out, first, last, width, groups, items, rows, coefficients, space):
    """Write Σ_j y_j Σ_k κ g_k for the lanes first … last-1 of y and g, [batch, entries, channels].

    groups: for each output its number of items; items [n, 2]: j and its number of terms; for each term: rows, k, and
    coefficients.  space: rows of y, of g and of out.
    """
    memory, channels = flat(space), out.shape[2]
    sizes, table, where, factors = flat(groups), flat(items), flat(rows), flat(coefficients)
    at_g = y.shape[1] * width
    at_out = at_g + g.shape[1] * width
    b, c = divmod(first, channels)
    for lane in range(first, last, width):
        count = min(width, last - lane)
        read_rows(y, b, c, count, width, memory, 0)
        read_rows(g, b, c, count, width, memory, at_g)
        item = term = 0
        for row in range(groups.size):
            total = zero(memory)
            for _ in range(sizes[row]):
                inner = zero(memory)
                for t in range(term, term + table[item + 1]):
                    inner = fma(factors[t], load(memory, at_g + where[t] * width), inner)
                total = fma(load(memory, table[item] * width), inner, total)
                term += table[item + 1]
                item += 2
            store(memory, at_out + row * width, total)
        _write_rows(out, 0, out.shape[1], b, c, count, width, memory, at_out)
        b, c = advance(b, c, count, channels)


@part
def _multiply(memory, width, x, n, y, m, products):
    """Write all products of n rows and m rows."""
    at = products
    for i in range(n):
        factor = load(memory, x + i * width)
        for j in range(m):
            store(memory, at, mul(factor, load(memory, y + j * width)))
            at += width


@part
def read_rows(x, b, c, count, width, memory, start):
    """Copy the block of lanes that begins at channel c of batch item b."""
    values, rows, channels = flat(x), x.shape[1], x.shape[2]
    i = 0
    while i < count:
        length = min(count - i, channels - c)
        source, at = b * rows * channels + c, start + i
        for _ in range(rows):
            if length == width:
                store(memory, at, load(values, source))
            else:
                for k in range(length):
                    memory[at + k] = values[source + k]
            source += channels
            at += width
        i += length
        b, c = b + 1, 0


@part
def _write_rows(out, first, n, b, c, count, width, memory, start):
    """Copy a block of lanes to n rows of out."""
    values, rows, channels = flat(out), out.shape[1], out.shape[2]
    i = 0
    while i < count:
        length = min(count - i, channels - c)
        target, at = (b * rows + first) * channels + c, start + i
        for _ in range(n):
            if length == width:
                store(values, target, load(memory, at))
            else:
                for k in range(length):
                    values[target + k] = memory[at + k]
            target += channels
            at += width
        i += length
        b, c = b + 1, 0
