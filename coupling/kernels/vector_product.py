"""Cross products of vector fields on the sphere, block of lanes by block of lanes, from the transforms of functions.

A field has at every point the components f_θ, f_φ, f_r.  With f = Σ E ∇R + B r×∇R + L r R,

    f_θ = Σ E ∂R/∂θ - B ∂R/∂φ /sin θ,    f_φ = Σ B ∂R/∂θ + E ∂R/∂φ /sin θ,    f_r = Σ L R

and ∂R_l±m/∂φ = ∓m R_l∓m, so that each component is one sum of functions of θ (VALUE, SLOPE, ORDER, see
:mod:`coupling.programs.sphere`) over rows that are entries of the feature, some with their sign changed.  Those rows
are made once for a block; Fourier coefficients, their products, folding of north and south and the way back are those
of :mod:`coupling.kernels.sphere_product`.  Each component of the cross product is the difference of two products that
are operation by operation the same with the inputs exchanged, so that it vanishes exactly for equal inputs.

Domain: every degree whose tables and features fit in memory, which :mod:`coupling.products.vector_signal` requires;
all places are 64-bit integers and lie inside an array.  Shapes are those of ``Product.__call__``; nothing is checked.
"""

from __future__ import annotations

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import add, flat, fma, load, move, store, sub, zero
from coupling.kernels.prefetch import blocks_ahead, expect
from coupling.kernels.sphere_product import CHUNK, analyse, convolve, gather, scatter, synthesis

#: Components θ, φ and r of a field.
COMPONENTS = 3

#: Numbers that describe a slot: its degree, the rows that are read or written, the rows of all components, then for
#: each component its functions of θ, its first row and its table.
SLOT = 3 + 3 * COMPONENTS

#: Functions for one number of colatitudes: for each component synthesis of x and of y, then analysis of each, then the
#: product of orders and its mirror image.
FUNCTIONS = 3 * COMPONENTS + 2


@kernel
def vector_product(
    x, y, out, first, last, w, points, slots, orders, begins, sources, factors, tables, functions, space
):
    """Write the cross product for the lanes first … last-1 of x, y and out, each [batch, entries, channels].

    points [2]: number of northern θ, 1 if the last is the equator; slots [3, 12]: see ``SLOT``; orders: the entries of
    x and y that are read, then those of z, ~entry where it is zero; begins, sources, factors: a row k is the sum of
    factors[i] times row sources[i] for i = begins[k] … begins[k+1]-1, of the components of x, of those of y, and of z;
    tables: all tables; functions [2, 11]: addresses for the larger, then for the smaller number of colatitudes taken
    together, see ``FUNCTIONS``; 0 where loops shall do it; space: at least ``space_needed`` numbers.
    """
    memory, sizes, channels = flat(space), (x.shape[1], y.shape[1], out.shape[1]), out.shape[2]
    flat_x, flat_y, flat_out, order = flat(x), flat(y), flat(out), flat(orders)
    begin, source, factor, table = flat(begins), flat(sources), flat(factors), flat(tables)
    slot, address = flat(slots), flat(functions)
    n1, n2, n3 = slots[0, 1], slots[1, 1], slots[2, 1]
    rows1, rows2, rows3 = slots[0, 2], slots[1, 2], slots[2, 2]
    at_x = max(n1, n2, n3) * w
    at_y = at_x + rows1 * w
    at_z = at_y + rows2 * w
    work = at_z + rows3 * w
    ahead = w * blocks_ahead(sizes[0] + sizes[1])
    for lane in range(first, last, w):
        count = min(w, last - lane)
        item, channel = divmod(lane + ahead, channels)
        gather(flat_x, sizes[0], channels, order, n1, True, lane, count, w, memory)
        expect(x, item, channel, w)
        _combine(memory, 0, at_x, begin, source, factor, rows1, w)
        gather(flat_y, sizes[1], channels, move(order, n1), n2, True, lane, count, w, memory)
        expect(y, item, channel, w)
        _combine(memory, 0, at_y, move(begin, rows1), source, factor, rows2, w)
        for row in range(rows3):
            store(memory, at_z + row * w, zero(memory))
        _cross(points, slot, table, address, memory, at_x, at_y, at_z, work, w)
        expect(out, item, channel, w)
        _combine(memory, at_z, 0, move(begin, rows1 + rows2), source, factor, n3, w)
        scatter(flat_out, sizes[2], channels, move(order, n1 + n2), n3, False, lane, count, w, memory)


def space_needed(slots, w):
    """Return how many numbers a block of w lanes works on."""
    orders = [2 * int(l) + 1 for l in slots[:, 0]]
    return w * int(slots[:, 1].max() + slots[:, 2].sum() + 2 * CHUNK * COMPONENTS * sum(orders) + 4 * orders[2])


@kernel
def _combine(space, at, target, begins, sources, factors, rows, w):
    """Write sums of rows that begin at ``at`` to rows that begin at ``target``."""
    for row in range(rows):
        total = zero(space)
        for i in range(begins[row], begins[row + 1]):
            total = fma(factors[i], load(space, at + sources[i] * w), total)
        store(space, target + row * w, total)


@kernel
def _cross(points, slots, tables, addresses, space, at_x, at_y, at_z, work, w):
    """Add the components of the cross product, each in its functions of θ, to the rows at at_z."""
    l1, l2, l3 = slots[0], slots[SLOT], slots[2 * SLOT]
    width1, width2, width3 = (2 * l1 + 1) * w, (2 * l2 + 1) * w, (2 * l3 + 1) * w
    size1, size2, size3 = 2 * CHUNK * width1, 2 * CHUNK * width2, 2 * CHUNK * width3
    c, d = work, work + COMPONENTS * size1
    e = d + COMPONENTS * size2
    p = e + COMPONENTS * size3
    n_theta, equator = points[0], points[1]
    chunks = -(-n_theta // CHUNK)
    for chunk in range(chunks):
        begin, end = chunk * n_theta // chunks, (chunk + 1) * n_theta // chunks
        size = end - begin
        f = move(addresses, FUNCTIONS * (size == n_theta // chunks))
        _components(f, l1, move(slots, 3), tables, begin, size, space, at_x, c, size1, w)
        _components(move(f, COMPONENTS), l2, move(slots, SLOT + 3), tables, begin, size, space, at_y, d, size2, w)
        for k in range(size):
            alone = equator and begin + k == n_theta - 1
            for a in range(COMPONENTS):
                if slots[2 * SLOT + 3 + 3 * a] != 0:
                    i, j = (a + 1) % COMPONENTS, (a + 2) % COMPONENTS
                    for south in range(1 if alone else 2):
                        g, h, q = c + (2 * k + south) * width1, d + (2 * k + south) * width2, p + 2 * south * width3
                        one, other = f[3 * COMPONENTS], f[3 * COMPONENTS + 1]
                        convolve(one, l1, l2, l3, 1, space, tables, g + i * size1, h + j * size2, q, w)
                        convolve(other, l2, l1, l3, 1, space, tables, h + i * size2, g + j * size1, q + width3, w)
                    _fold_difference(p, width3, alone, l3, space, e + a * size3 + k * w, size * w, w)
        for a in range(COMPONENTS):
            s = move(slots, 2 * SLOT + 3 + 3 * a)
            if s[0] != 0:
                z, from_e = at_z + s[1] * w, e + a * size3
                analyse(f[2 * COMPONENTS + a], l3, s[0], tables, s[2], begin, size, space, from_e, z, w)


@kernel
def _components(addresses, lmax, slot, tables, begin, size, space, x, f, step, w):
    """Write the Fourier coefficients of the components of one field; those of absent components stay zero."""
    for a in range(COMPONENTS):
        functions, row, table = slot[3 * a], slot[3 * a + 1], slot[3 * a + 2]
        if functions != 0:
            synthesis(addresses[a], lmax, functions, tables, table, begin, size, 0, space, x + row * w, f + a * step, w)


@kernel
def _fold_difference(p, width, alone, l3, space, e, step, w):
    """Write sums and differences of north and south of the difference of two products; the equator is north alone."""
    for row in range(2 * l3 + 1):
        q = p + row * w
        north = sub(load(space, q), load(space, q + width))
        south = zero(space) if alone else sub(load(space, q + 2 * width), load(space, q + 3 * width))
        store(space, e, add(north, south))
        store(space, e + step, sub(north, south))
        e += 2 * step
