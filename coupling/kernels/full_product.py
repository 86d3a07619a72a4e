"""The product with separate paths, and its adjoints: real sums over the orders of one pair of degrees.

Of one pair (l1, l2) all products x_i y_j are formed once; every output is a sum of some of them.  The gradient in x
(or, with the roles exchanged, in y) is x_i = Σ_j y_j Σ_k κ g_k: the inner sums are the adjoint of the outputs' ones.

Blocks of lanes lie in one array, a row for every entry of a feature.

Domain: degrees to 127, the largest of a table, which :class:`coupling.products.FullProduct` requires; all places are
64-bit integers and lie inside an array.  Shapes are those of ``Product.__call__``; nothing is checked.
"""

from __future__ import annotations

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import flat, fma, load, move, mul, part, store, zero
from coupling.kernels.prefetch import advance


@kernel
def full_product(x, y, out, first, last, width, together, pairs, counts, rows, coefficients, space):
    """Write the separate paths of the lanes first … last-1 of x and y, [batch, entries, channels].

    together: 4 or 2, blocks of lanes of one batch item that are formed at a time; what is written then are long runs in
    the order of memory, and a term of the lists is read once for all of them.
    pairs [n, 5]: first x_i and how many, first y_j and how many, number of outputs.  For each output, in the order of
    out: counts, its number of terms; for each term: rows, the number of x_i y_j in its pair, and coefficients.
    space: rows of x, of y, of the products and of the outputs of the largest pair; or, if these are more, of its
    products for each block together.
    """
    channels = out.shape[2]
    b, c = divmod(first, channels)
    lane = first
    while lane < last:
        blocks = min(last - lane, channels - c) // width
        if blocks >= 4 and together >= 4:
            _four_blocks(x, y, out, b, c, width, pairs, counts, rows, coefficients, space)
            count = 4 * width
        elif blocks >= 2:
            _two_blocks(x, y, out, b, c, width, pairs, counts, rows, coefficients, space)
            count = 2 * width
        else:
            count = min(width, last - lane)
            _one_block(x, y, out, b, c, count, width, pairs, counts, rows, coefficients, space)
        lane += count
        b, c = advance(b, c, count, channels)


@part
def _four_blocks(x, y, out, b, c, width, pairs, counts, rows, coefficients, space):
    """Write the lanes from channel c of batch item b on; all are of this item."""
    memory, table, terms, where, factors = flat(space), flat(pairs), flat(counts), flat(rows), flat(coefficients)
    channels = out.shape[2]
    left, right = move(flat(x), b * x.shape[1] * channels + c), move(flat(y), b * y.shape[1] * channels + c)
    values = move(flat(out), b * out.shape[1] * channels + c)
    term = row = 0
    for pair in range(0, pairs.size, 5):
        i, n, j, m, size = table[pair], table[pair + 1], table[pair + 2], table[pair + 3], table[pair + 4]
        _multiply(memory, width, 4, move(left, i * channels), n, move(right, j * channels), m, channels)
        for k in range(row, row + size):
            p = q = r = s = zero(memory)
            for t in range(term, term + terms[k]):
                factor, place = factors[t], where[t] * (4 * width)
                p, q = fma(factor, load(memory, place), p), fma(factor, load(memory, place + width), q)
                r = fma(factor, load(memory, place + 2 * width), r)
                s = fma(factor, load(memory, place + 3 * width), s)
            term += terms[k]
            store(values, 0, p)
            store(values, width, q)
            store(values, 2 * width, r)
            store(values, 3 * width, s)
            values = move(values, channels)
        row += size


@part
def _two_blocks(x, y, out, b, c, width, pairs, counts, rows, coefficients, space):
    """As ``_four_blocks``."""
    memory, table, terms, where, factors = flat(space), flat(pairs), flat(counts), flat(rows), flat(coefficients)
    channels = out.shape[2]
    left, right = move(flat(x), b * x.shape[1] * channels + c), move(flat(y), b * y.shape[1] * channels + c)
    values = move(flat(out), b * out.shape[1] * channels + c)
    term = row = 0
    for pair in range(0, pairs.size, 5):
        i, n, j, m, size = table[pair], table[pair + 1], table[pair + 2], table[pair + 3], table[pair + 4]
        _multiply(memory, width, 2, move(left, i * channels), n, move(right, j * channels), m, channels)
        for k in range(row, row + size):
            p = q = zero(memory)
            for t in range(term, term + terms[k]):
                factor, place = factors[t], where[t] * (2 * width)
                p, q = fma(factor, load(memory, place), p), fma(factor, load(memory, place + width), q)
            term += terms[k]
            store(values, 0, p)
            store(values, width, q)
            values = move(values, channels)
        row += size


@part
def _one_block(x, y, out, b, c, count, width, pairs, counts, rows, coefficients, space):
    """Write count lanes, which may be of several batch items."""
    memory, values, channels = flat(space), flat(out), out.shape[2]
    table, terms, where, factors = flat(pairs), flat(counts), flat(rows), flat(coefficients)
    at_y = x.shape[1] * width
    products = at_y + y.shape[1] * width
    read_rows(x, b, c, count, width, memory, 0)
    read_rows(y, b, c, count, width, memory, at_y)
    term = row = 0
    for pair in range(0, pairs.size, 5):
        i, n, j, m, size = table[pair], table[pair + 1], table[pair + 2], table[pair + 3], table[pair + 4]
        left, right = move(memory, i * width), move(memory, at_y + j * width)
        _multiply(move(memory, products), width, 1, left, n, right, m, width)
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
            write_rows(out, row, size, b, c, count, width, memory, sums)
        row += size


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
        write_rows(out, 0, out.shape[1], b, c, count, width, memory, at_out)
        b, c = advance(b, c, count, channels)


@part
def _multiply(memory, width, blocks, x, n, y, m, step):
    """Write all products of n rows of x and m rows of y, for some blocks of lanes; rows are step numbers apart."""
    at = 0
    for a in range(0, n * step, step):
        for b in range(0, m * step, step):
            for lane in range(0, blocks * width, width):
                store(memory, at, mul(load(x, a + lane), load(y, b + lane)))
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
def write_rows(out, first, n, b, c, count, width, memory, start):
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
