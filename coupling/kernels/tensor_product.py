"""The tensor product of irreps by instructions, and the gradients of its form, in a loop over samples.

    T = Σ_paths Σ_ab Σ_ijk c C[i, j, k] W[a, b, (n)] x[i, u] y[j, v] z[k, copy]

a and b count the copies u and v that meet, b the inner one; where copies of the same number meet, b is both.  The copy
of z is n, a weight for each ("mixed"), or b, or (a, b).  z is ∂T/∂z of x, y and W, and each gradient in x, y and W is
the sum of the three others in the same way, so derivatives of any order are these four.  y is contracted once for
all copies of x:

    M[v] = Σ_j c C[i, j, k] y[j, v]        P[k, a, b] = Σ_i M[v] x[i, u]        G[k, a, b] = W[a, b] z[k, copy]

Features and weights are read by lists of places into work space, [order, copies] with copies padded with zeros to whole
registers, and written back by them: so every layout, and copies that are read more than once, are the same here.

tables: rows of ``COLUMNS`` numbers for the paths; rows (i, k, first, last) of sums that are not empty; the j and the
values of these; for x, y, weights and z the places in the arrays and in the work space, [2, n].  sizes: numbers in a
register, then of work space for x, y, weights, ones, z, P or G, M, and sums of a register.

Domain: places inside of the arrays, 64-bit integers; arrays C-contiguous and of one type; ``steps`` are numbers from
one sample of x, y, weights and z to the next, 0 where all samples share one.  Nothing is checked.
"""

from __future__ import annotations

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import flat, move, part
from coupling.kernels.tiles import ONE, load, outer, plus_products, splat, store, zeros

#: Columns of a path: where its parts of x, y, weights and z begin in work space; the padded copies of x, y and z;
#: what meets; the numbers of a and b, and b padded; from one a to the next in z; whether mixed; sums; 2·l3+1.
X, Y, W, Z, FIRSTS, SECONDS, OUTS, MEET, A, B, WIDE, STEP, MIXED, BEGIN, END, ORDERS = range(16)
COLUMNS = 16

#: What meets: copies of x inside, of y inside, or of the same number.
FIRST_INSIDE, SECOND_INSIDE, SAME = range(3)


@kernel
def tensor_product(x, y, w, z, steps, batch, tables, sizes, space):
    """Add ∂T/∂z to z."""
    memory, at = flat(space), _starts(sizes)
    sums = flat(tables[1]), flat(tables[2]), flat(tables[3])
    for n in range(batch):
        _read(memory, at[0], sizes[1], flat(x), n * steps[0], tables[4])
        _read(memory, at[1], sizes[2], flat(y), n * steps[1], tables[5])
        if n == 0 or steps[2]:
            _read(memory, at[2], sizes[3], flat(w), n * steps[2], tables[6])
        _clear(memory, at[3], sizes[5])
        for row in range(len(tables[0])):
            path = move(flat(tables[0]), row * COLUMNS)
            _products(memory, path, sums, sizes[0], at)
            _add_outputs(memory, path, sizes[0], at)
        _add(flat(z), n * steps[3], memory, at[3], tables[7])


@kernel
def gradient_in_first(x, y, w, z, steps, batch, tables, sizes, space):
    """Add ∂T/∂x to x."""
    memory, at = flat(space), _starts(sizes)
    sums = flat(tables[1]), flat(tables[2]), flat(tables[3])
    for n in range(batch):
        _read(memory, at[1], sizes[2], flat(y), n * steps[1], tables[5])
        if n == 0 or steps[2]:
            _read(memory, at[2], sizes[3], flat(w), n * steps[2], tables[6])
        _read(memory, at[3], sizes[5], flat(z), n * steps[3], tables[7])
        _clear(memory, at[0], sizes[1])
        for row in range(len(tables[0])):
            path = move(flat(tables[0]), row * COLUMNS)
            _cotangents(memory, path, sizes[0], at)
            _add_first(memory, path, sums, sizes[0], at)
        _add(flat(x), n * steps[0], memory, at[0], tables[4])


@kernel
def gradient_in_second(x, y, w, z, steps, batch, tables, sizes, space):
    """Add ∂T/∂y to y."""
    memory, at = flat(space), _starts(sizes)
    sums = flat(tables[1]), flat(tables[2]), flat(tables[3])
    for n in range(batch):
        _read(memory, at[0], sizes[1], flat(x), n * steps[0], tables[4])
        if n == 0 or steps[2]:
            _read(memory, at[2], sizes[3], flat(w), n * steps[2], tables[6])
        _read(memory, at[3], sizes[5], flat(z), n * steps[3], tables[7])
        _clear(memory, at[1], sizes[2])
        for row in range(len(tables[0])):
            path = move(flat(tables[0]), row * COLUMNS)
            _cotangents(memory, path, sizes[0], at)
            _add_second(memory, path, sums, sizes[0], at)
        _add(flat(y), n * steps[1], memory, at[1], tables[5])


@kernel
def gradient_in_weights(x, y, w, z, steps, batch, tables, sizes, space):
    """Add ∂T/∂W to w."""
    memory, at = flat(space), _starts(sizes)
    sums = flat(tables[1]), flat(tables[2]), flat(tables[3])
    for n in range(batch):
        _read(memory, at[0], sizes[1], flat(x), n * steps[0], tables[4])
        _read(memory, at[1], sizes[2], flat(y), n * steps[1], tables[5])
        _read(memory, at[3], sizes[5], flat(z), n * steps[3], tables[7])
        if n == 0 or steps[2]:
            _clear(memory, at[2], sizes[3])
        for row in range(len(tables[0])):
            path = move(flat(tables[0]), row * COLUMNS)
            if path[W] < sizes[3]:
                _products(memory, path, sums, sizes[0], at)
                _add_weights(memory, path, sizes[0], at)
        if n == batch - 1 or steps[2]:
            _add(flat(w), n * steps[2], memory, at[2], tables[6])


@part
def _starts(sizes):
    """Return where x, y, weights with ones, z, P, M and the sums of a register begin in the work space."""
    y = sizes[1]
    w = y + sizes[2]
    z = w + sizes[3] + sizes[4]
    p = z + sizes[5]
    m = p + sizes[6]
    return 0, y, w, z, p, m, m + sizes[7]


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
def _contract(memory, path, sums, r, register, at):
    """Write M of a row of sums."""
    copies, values = path[SECONDS], sums[2]
    _clear(memory, at[5], copies)
    for e in range(sums[0][4 * r + 2], sums[0][4 * r + 3]):
        _add_scaled(memory, at[5], values, e, at[1] + path[Y] + sums[1][e] * copies, copies, register)


@part
def _products(memory, path, sums, register, at):
    """Write P."""
    wide, size = path[WIDE], path[A] * path[WIDE]
    _clear(memory, at[4], path[ORDERS] * size)
    for r in range(path[BEGIN], path[END]):
        _contract(memory, path, sums, r, register, at)
        x, p = at[0] + path[X] + sums[0][4 * r] * path[FIRSTS], at[4] + sums[0][4 * r + 1] * size
        if path[MEET] == SAME:
            _add_products(memory, p, x, at[5], wide, register)
        elif path[MEET] == FIRST_INSIDE:
            for a in range(path[A]):
                _add_scaled(memory, p + a * wide, memory, at[5] + a, x, wide, register)
        else:
            for a in range(path[A]):
                _add_scaled(memory, p + a * wide, memory, x + a, at[5], wide, register)


@part
def _add_outputs(memory, path, register, at):
    """Add Σ W P to the outputs of a path."""
    wide, outs, w = path[WIDE], path[OUTS], at[2] + path[W]
    for k in range(path[ORDERS]):
        z, p = at[3] + path[Z] + k * outs, at[4] + k * path[A] * wide
        for a in range(path[A]):
            if path[MIXED]:
                for b in range(path[B]):
                    row = w + (a * path[B] + b) * outs
                    _add_scaled(memory, z, memory, p + a * wide + b, row, outs, register)
            else:
                _add_products(memory, z + a * path[STEP], w + a * wide, p + a * wide, wide, register)


@part
def _cotangents(memory, path, register, at):
    """Write G."""
    wide, outs, w = path[WIDE], path[OUTS], at[2] + path[W]
    _clear(memory, at[4], path[ORDERS] * path[A] * wide)
    for k in range(path[ORDERS]):
        z, g = at[3] + path[Z] + k * outs, at[4] + k * path[A] * wide
        for a in range(path[A]):
            if path[MIXED]:
                for b in range(path[B]):
                    row = w + (a * path[B] + b) * outs
                    memory[g + a * wide + b] = _dot(memory, row, z, outs, register, at[6])
            else:
                _add_products(memory, g + a * wide, w + a * wide, z + a * path[STEP], wide, register)


@part
def _add_first(memory, path, sums, register, at):
    """Add M G to the gradient in x."""
    wide, size = path[WIDE], path[A] * path[WIDE]
    for r in range(path[BEGIN], path[END]):
        _contract(memory, path, sums, r, register, at)
        x, g = at[0] + path[X] + sums[0][4 * r] * path[FIRSTS], at[4] + sums[0][4 * r + 1] * size
        if path[MEET] == SAME:
            _add_products(memory, x, g, at[5], wide, register)
        elif path[MEET] == FIRST_INSIDE:
            for a in range(path[A]):
                _add_scaled(memory, x, memory, at[5] + a, g + a * wide, wide, register)
        else:
            for a in range(path[A]):
                memory[x + a] += _dot(memory, at[5], g + a * wide, wide, register, at[6])


@part
def _add_second(memory, path, sums, register, at):
    """Add c C Σ x G to the gradient in y, the sum in the place of M."""
    wide, size, copies, values = path[WIDE], path[A] * path[WIDE], path[SECONDS], sums[2]
    for r in range(path[BEGIN], path[END]):
        x, g = at[0] + path[X] + sums[0][4 * r] * path[FIRSTS], at[4] + sums[0][4 * r + 1] * size
        _clear(memory, at[5], copies)
        if path[MEET] == SAME:
            _add_products(memory, at[5], x, g, wide, register)
        elif path[MEET] == FIRST_INSIDE:
            for a in range(path[A]):
                memory[at[5] + a] = _dot(memory, x, g + a * wide, wide, register, at[6])
        else:
            for a in range(path[A]):
                _add_scaled(memory, at[5], memory, x + a, g + a * wide, wide, register)
        for e in range(sums[0][4 * r + 2], sums[0][4 * r + 3]):
            _add_scaled(memory, at[1] + path[Y] + sums[1][e] * copies, values, e, at[5], copies, register)


@part
def _add_weights(memory, path, register, at):
    """Add Σ_k P z to the gradient in the weights of a path."""
    wide, outs, w = path[WIDE], path[OUTS], at[2] + path[W]
    for k in range(path[ORDERS]):
        z, p = at[3] + path[Z] + k * outs, at[4] + k * path[A] * wide
        for a in range(path[A]):
            if path[MIXED]:
                for b in range(path[B]):
                    row = w + (a * path[B] + b) * outs
                    _add_scaled(memory, row, memory, p + a * wide + b, z, outs, register)
            else:
                _add_products(memory, w + a * wide, p + a * wide, z + a * path[STEP], wide, register)


@part
def _add_scaled(memory, out, factors, place, row, count, register):
    """Add factors[place] times a row to another."""
    factor = splat(factors, place, ONE)
    for c in range(0, count, register):
        total = load(memory, out + c, 0, register, ONE, ONE)
        store(memory, out + c, 0, register, outer(total, factor, load(memory, row + c, 0, register, ONE, ONE)))


@part
def _add_products(memory, out, a, b, count, register):
    """Add the products of two rows to a third."""
    for c in range(0, count, register):
        total, first = load(memory, out + c, 0, register, ONE, ONE), load(memory, a + c, 0, register, ONE, ONE)
        second = load(memory, b + c, 0, register, ONE, ONE)
        store(memory, out + c, 0, register, plus_products(total, first, second))


@part
def _dot(memory, a, b, count, register, sums):
    """Return the sum of the products of two rows, through the sums of a register."""
    total = zeros(memory, ONE, ONE)
    for c in range(0, count, register):
        first, second = load(memory, a + c, 0, register, ONE, ONE), load(memory, b + c, 0, register, ONE, ONE)
        total = plus_products(total, first, second)
    store(memory, sums, 0, register, total)
    for c in range(1, register):
        memory[sums] += memory[sums + c]
    return memory[sums]
