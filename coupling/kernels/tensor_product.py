"""The tensor product of irreps by instructions, and the gradients of its form, in a loop over samples.

    T = Σ_paths Σ_ab Σ_ijk c C[i, j, k] W[a, b, (n)] x[i, u] y[j, v] z[k, copy]

a and b count the copies u and v that meet, b the inner one; where copies of the same number meet, b is both.  The copy
of z is n, a weight for each ("mixed"), or b, or (a, b).  z is ∂T/∂z of x, y and W, and each gradient in x, y and W is
the sum of the three others in the same way, so derivatives of any order are these four.  y is contracted once for
all copies of x:

    M[v] = Σ_j c C[i, j, k] y[j, v]        P[k, a, b] = Σ_i M[v] x[i, u]        G[k, a, b] = Σ_n W[a, b, n] z[k, copy]

The gradients are formed together, from one M, P and G.  Features and weights are read by lists of places into work
space, [order, copies] with copies padded with zeros to whole registers, and written back by them: so every layout, and
copies that are read more than once, are the same here.  Weights that mix are read once more for G, as [a, n, b].

tables: rows of ``COLUMNS`` numbers for the paths; rows (i, k, first, last) of sums that are not empty; the j and the
values of these; for x, y, weights, z and turned weights the places in the arrays and in the work space, [2, n].  sizes:
numbers in a register, then of work space, in the order of ``space_parts``.

Domain: places inside of the arrays, 64-bit integers; arrays C-contiguous and of one type; ``steps`` are numbers from
one sample of x, y, weights and z to the next, 0 where all samples share one.  Nothing is checked.
"""

from __future__ import annotations

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import flat, move, part
from coupling.kernels.tiles import ONE, load, outer, plus_products, splat, store, total, zeros

#: Columns of a path: where its parts of x, y, weights and z begin in work space; the padded copies of x, y and z;
#: what meets; the numbers of a and b, and b padded; from one a to the next in z; whether mixed; sums; 2·l3+1; where its
#: turned weights begin; the copies of z that are mixed.
X, Y, W, Z, FIRSTS, SECONDS, OUTS, MEET, A, B, WIDE, STEP, MIXED, BEGIN, END, ORDERS, TURNED, MIXES = range(18)
COLUMNS = 18

#: What meets: copies of x inside, of y inside, or of the same number.
FIRST_INSIDE, SECOND_INSIDE, SAME = range(3)

#: Which gradients: bits of ``wanted``.
IN_FIRST, IN_SECOND, IN_WEIGHTS = 1, 2, 4


@kernel
def tensor_product(x, y, w, z, steps, batch, tables, sizes, space):
    """Add ∂T/∂z to z."""
    memory, at = flat(space), space_parts(sizes)
    for n in range(batch):
        _read(memory, at[0], sizes[1], flat(x), n * steps[0], tables[4])
        _read(memory, at[1], sizes[2], flat(y), n * steps[1], tables[5])
        if n == 0 or steps[2]:
            _read(memory, at[2], sizes[3], flat(w), n * steps[2], tables[6])
        _clear(memory, at[3], sizes[5])
        for row in range(len(tables[0])):
            path = move(flat(tables[0]), row * COLUMNS)
            _clear(memory, at[4], path[ORDERS] * path[A] * path[WIDE])
            for r in range(path[BEGIN], path[END]):
                _contract(memory, path, tables, r, sizes[0], at[1], at[5])
                _add_product(memory, path, tables, r, sizes[0], at[0], at[5], at[4])
            _add_outputs(memory, path, sizes[0], at[4], at[2], at[3])
        _add(flat(z), n * steps[3], memory, at[3], tables[7])


@kernel
def tensor_gradients(x, y, w, z, dx, dy, dw, wanted, steps, batch, tables, sizes, space):
    """Add ∂T/∂x to dx, ∂T/∂y to dy and ∂T/∂W to dw, as bits of ``wanted`` say; what no wanted one needs is not read."""
    memory, at = flat(space), space_parts(sizes)
    first, second, weights = wanted & IN_FIRST, wanted & IN_SECOND, wanted & IN_WEIGHTS
    for n in range(batch):
        own = n == 0 or steps[2] != 0
        if second or weights:
            _read(memory, at[0], sizes[1], flat(x), n * steps[0], tables[4])
        if first or weights:
            _read(memory, at[1], sizes[2], flat(y), n * steps[1], tables[5])
        if own and (first or second):
            _read(memory, at[2], sizes[3], flat(w), n * steps[2], tables[6])
            _read(memory, at[7], sizes[9], flat(w), n * steps[2], tables[8])
        _read(memory, at[3], sizes[5], flat(z), n * steps[3], tables[7])
        _clear(memory, at[8], sizes[10] + sizes[11])
        if weights and own:
            _clear(memory, at[10], sizes[12])
        for row in range(len(tables[0])):
            path = move(flat(tables[0]), row * COLUMNS)
            learned = weights and path[W] < sizes[3]
            _add_gradients(memory, path, tables, sizes[0], at, first, second, learned)
        if first:
            _add(flat(dx), n * steps[0], memory, at[8], tables[4])
        if second:
            _add(flat(dy), n * steps[1], memory, at[9], tables[5])
        if weights and (n == batch - 1 or steps[2]):
            _add(flat(dw), n * steps[2], memory, at[10], tables[6])


@part
def space_parts(sizes):
    """Return where the parts of the work space begin.

    x, y, weights with ones, z, P or G, M, a register, turned weights, gradients in x, y and weights, P of gradients,
    and sums over copies.
    """
    y = sizes[1]
    w = y + sizes[2]
    z = w + sizes[3] + sizes[4]
    p = z + sizes[5]
    m = p + sizes[6]
    turned = m + sizes[7] + sizes[8]
    dx = turned + sizes[9]
    dy = dx + sizes[10]
    dw = dy + sizes[11]
    q = dw + sizes[12]
    return 0, y, w, z, p, m, m + sizes[7], turned, dx, dy, dw, q, q + sizes[13]


@part
def _add_gradients(memory, path, tables, register, at, first, second, learned):
    """Add what a path adds to the gradients in x, y and weights."""
    size = path[ORDERS] * path[A] * path[WIDE]
    if first or second:
        _cotangents(memory, path, register, at[3], at[2], at[7], at[4])
    if learned:
        _clear(memory, at[11], size)
    for r in range(path[BEGIN], path[END]):
        if first or learned:
            _contract(memory, path, tables, r, register, at[1], at[5])
        if first:
            _add_first(memory, path, tables, r, register, at[5], at[4], at[8])
        if learned:
            _add_product(memory, path, tables, r, register, at[0], at[5], at[11])
        if second:
            _add_second(memory, path, tables, r, register, at[0], at[4], at[12], at[9])
    if learned:
        _add_weights(memory, path, register, at[11], at[3], at[10])


@part
def _read(memory, at, count, values, start, places):
    """Read a feature or weights, zeros where copies are padded."""
    _clear(memory, at, count)
    for n in range(places.shape[1]):
        memory[at + places[1, n]] = values[start + places[0, n]]


@part
def _add(values, start, memory, at, places):
    """Add what is in the work space to a feature or weights."""
    for n in range(places.shape[1]):
        values[start + places[0, n]] += memory[at + places[1, n]]


@part
def _clear(memory, at, count):
    for n in range(count):
        memory[at + n] = 0


@part
def _contract(memory, path, tables, r, register, y, m):
    """Write M of a row of sums."""
    terms, seconds, values, copies = flat(tables[1]), flat(tables[2]), flat(tables[3]), path[SECONDS]
    for c in range(0, copies, register):
        found = zeros(memory, ONE, ONE)
        for e in range(terms[4 * r + 2], terms[4 * r + 3]):
            row = load(memory, y + path[Y] + seconds[e] * copies + c, 0, register, ONE, ONE)
            found = outer(found, splat(values, e, ONE), row)
        store(memory, m + c, 0, register, found)


@part
def _add_product(memory, path, tables, r, register, x, m, p):
    """Add M x of a row of sums to P."""
    terms, wide = flat(tables[1]), path[WIDE]
    first, place = x + path[X] + terms[4 * r] * path[FIRSTS], p + terms[4 * r + 1] * path[A] * wide
    if path[MEET] == SAME:
        _add_products(memory, place, first, m, wide, register)
    elif path[MEET] == FIRST_INSIDE:
        for a in range(path[A]):
            _add_scaled(memory, place + a * wide, memory, m + a, first, wide, register)
    else:
        for a in range(path[A]):
            _add_scaled(memory, place + a * wide, memory, first + a, m, wide, register)


@part
def _add_outputs(memory, path, register, p, w, z):
    """Add Σ W P to the outputs of a path."""
    wide, outs = path[WIDE], path[OUTS]
    for k in range(path[ORDERS]):
        out, place = z + path[Z] + k * outs, p + k * path[A] * wide
        if path[MIXED]:
            for c in range(0, outs, register):
                found, row = load(memory, out + c, 0, register, ONE, ONE), w + path[W] + c
                for a in range(path[A]):
                    for b in range(path[B]):
                        weights = load(memory, row, 0, register, ONE, ONE)
                        found = outer(found, splat(memory, place + a * wide + b, ONE), weights)
                        row += outs
                store(memory, out + c, 0, register, found)
        else:
            for a in range(path[A]):
                start = w + path[W] + a * wide
                _add_products(memory, out + a * path[STEP], start, place + a * wide, wide, register)


@part
def _cotangents(memory, path, register, z, w, turned, g):
    """Write G."""
    wide = path[WIDE]
    for k in range(path[ORDERS]):
        row, place = z + path[Z] + k * path[OUTS], g + k * path[A] * wide
        for a in range(path[A]):
            for c in range(0, wide, register):
                found = zeros(memory, ONE, ONE)
                if path[MIXED]:
                    start = turned + path[TURNED] + a * path[MIXES] * wide + c
                    for n in range(path[MIXES]):
                        weights = load(memory, start + n * wide, 0, register, ONE, ONE)
                        found = outer(found, splat(memory, row + n, ONE), weights)
                else:
                    weights = load(memory, w + path[W] + a * wide + c, 0, register, ONE, ONE)
                    found = plus_products(found, weights, load(memory, row + a * path[STEP] + c, 0, register, ONE, ONE))
                store(memory, place + a * wide + c, 0, register, found)


@part
def _add_first(memory, path, tables, r, register, m, g, dx):
    """Add M G of a row of sums to the gradient in x."""
    terms, wide = flat(tables[1]), path[WIDE]
    out, place = dx + path[X] + terms[4 * r] * path[FIRSTS], g + terms[4 * r + 1] * path[A] * wide
    if path[MEET] == SAME:
        _add_products(memory, out, place, m, wide, register)
    elif path[MEET] == FIRST_INSIDE:
        for a in range(path[A]):
            _add_scaled(memory, out, memory, m + a, place + a * wide, wide, register)
    else:
        for a in range(path[A]):
            memory[out + a] += _dot(memory, m, place + a * wide, wide, register)


@part
def _add_second(memory, path, tables, r, register, x, g, sums, dy):
    """Add c C Σ x G of a row of sums to the gradient in y."""
    terms, seconds, values = flat(tables[1]), flat(tables[2]), flat(tables[3])
    wide, copies = path[WIDE], path[SECONDS]
    first, place = x + path[X] + terms[4 * r] * path[FIRSTS], g + terms[4 * r + 1] * path[A] * wide
    _clear(memory, sums, copies)
    if path[MEET] == SAME:
        _add_products(memory, sums, first, place, wide, register)
    elif path[MEET] == FIRST_INSIDE:
        for a in range(path[A]):
            memory[sums + a] = _dot(memory, first, place + a * wide, wide, register)
    else:
        for a in range(path[A]):
            _add_scaled(memory, sums, memory, first + a, place + a * wide, wide, register)
    for e in range(terms[4 * r + 2], terms[4 * r + 3]):
        _add_scaled(memory, dy + path[Y] + seconds[e] * copies, values, e, sums, copies, register)


@part
def _add_weights(memory, path, register, p, z, dw):
    """Add Σ_k P z to the gradient in the weights of a path."""
    wide, outs, w = path[WIDE], path[OUTS], dw + path[W]
    for k in range(path[ORDERS]):
        row, place = z + path[Z] + k * outs, p + k * path[A] * wide
        for a in range(path[A]):
            if path[MIXED]:
                for b in range(path[B]):
                    out = w + (a * path[B] + b) * outs
                    _add_scaled(memory, out, memory, place + a * wide + b, row, outs, register)
            else:
                _add_products(memory, w + a * wide, place + a * wide, row + a * path[STEP], wide, register)


@part
def _add_scaled(memory, out, factors, place, row, count, register):
    """Add factors[place] times a row to another."""
    factor = splat(factors, place, ONE)
    for c in range(0, count, register):
        own = load(memory, out + c, 0, register, ONE, ONE)
        store(memory, out + c, 0, register, outer(own, factor, load(memory, row + c, 0, register, ONE, ONE)))


@part
def _add_products(memory, out, a, b, count, register):
    """Add the products of two rows to a third."""
    for c in range(0, count, register):
        own, first = load(memory, out + c, 0, register, ONE, ONE), load(memory, a + c, 0, register, ONE, ONE)
        second = load(memory, b + c, 0, register, ONE, ONE)
        store(memory, out + c, 0, register, plus_products(own, first, second))


@part
def _dot(memory, a, b, count, register):
    """Return the sum of the products of two rows."""
    found = zeros(memory, ONE, ONE)
    for c in range(0, count, register):
        first, second = load(memory, a + c, 0, register, ONE, ONE), load(memory, b + c, 0, register, ONE, ONE)
        found = plus_products(found, first, second)
    return total(found)
