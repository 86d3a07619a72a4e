"""The sparse product: real tables, complex arithmetic, sums in registers.

A real feature of order m > 0 is u = x_m + i x_-m.  All entries of a path with orders ±m1, ±m2 are then two complex
products with one real coefficient each: u v has the order m1+m2, and u v* the order m1-m2.  With l1, l3, orders fixed,

    z += u Σ_l2 κ v        or        z* += u* Σ_l2 κ v

so that the sum over l2, where the work is, has half as many multiplications as real entries.  An *item* is such a line,
a *group* the items that add to one z, which stays in registers.  Whether u is x and v is y, or the other way round,
differs from group to group.  *Double* groups form two sums over the same v at a time, for two z: every load of v serves
two multiplications, and there are enough independent sums.  *Mixed* groups have v of order 0, so that sums are real.

One array holds a block of lanes of x, y and z, three rows for each (l, m ≥ 0): -x_-m, x_m, x_-m; of z the first one
collects what is to be subtracted from the third.  Positions are in numbers: u is at its middle row.  A section is

    groups [G, 4]: position of z, of the second z, step to the imaginary row of the first (-width for z*), items
    items [I, 4]: the first of its rows and how many, position of u, of the second u
    rows [n]: positions of v; those of i v are one row before
    coefficients: κ, item by item, of a double one first those of the first sum

Domain: degrees to 127, the largest of a table, which :func:`coupling.products.table.table_of` requires; all
places are 64-bit integers and lie inside an array.  Shapes are those of ``Product.__call__``; nothing is checked.
"""

from __future__ import annotations

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import call, flat, fma, load, mul, part, store, sub, zero
from coupling.kernels.prefetch import advance, blocks_ahead, expect


@kernel
def sparse_product(x, y, out, first, last, width, places, sections, straight, constants, space):
    """Write the product of the lanes first … last-1 of x and y to out, each [batch, (lmax+1)², channels].

    places: for x, y and z the array [n, 2] of ``gather``; sections: double, single, mixed; straight: the address of a
    function that does the same as the loops over the sections, or 0; constants: the coefficients of all sections;
    space: 3 n ``width`` numbers for each of the three.
    """
    memory, coefficients = flat(space), flat(constants)
    at_y = places[0].shape[0] * 3 * width
    at_z = at_y + places[1].shape[0] * 3 * width
    b, c = divmod(first, out.shape[2])
    e, f = divmod(first + width * blocks_ahead(x.shape[1] + y.shape[1]), out.shape[2])
    for lane in range(first, last, width):
        count = min(width, last - lane)
        gather(x, places[0], b, c, count, width, memory, 0)
        gather(y, places[1], b, c, count, width, memory, at_y)
        expect(x, e, f, width)  # in three parts: all requests at once would wait for one another
        if straight:
            expect(y, e, f, width)
            call(straight, memory, coefficients, 0, 0, 0, 0)
            expect(out, e, f, width)
        else:
            for row in range(3 * places[2].shape[0]):
                store(memory, at_z + row * width, zero(memory))
            _double(memory, width, sections[0])
            expect(y, e, f, width)
            _single(memory, width, sections[1])
            expect(out, e, f, width)
            _mixed(memory, width, sections[2])
        e, f = advance(e, f, width, out.shape[2])
        b, c = _scatter(out, places[2], b, c, count, width, memory, at_z)


@part
def _double(memory, width, section):
    groups, items, rows, coefficients = flat(section[0]), flat(section[1]), flat(section[2]), flat(section[3])
    item = at = 0
    for group in range(0, section[0].size, 4):
        z, w, step = groups[group], groups[group + 1], groups[group + 2]
        z_re, z_im = load(memory, z), load(memory, z + step)
        w_re, w_im = load(memory, w), load(memory, w - width)
        for _ in range(groups[group + 3]):
            first, n, u = items[item], items[item + 1], items[item + 2]
            a_re = a_im = b_re = b_im = zero(memory)
            for k in range(n):
                re, im = load(memory, rows[first + k]), load(memory, rows[first + k] + width)
                a, b = coefficients[at + k], coefficients[at + n + k]
                a_re, a_im, b_re, b_im = fma(a, re, a_re), fma(a, im, a_im), fma(b, re, b_re), fma(b, im, b_im)
            z_re, z_im = _add_product(memory, u, step, a_re, a_im, z_re, z_im)
            w_re, w_im = _add_product(memory, items[item + 3], -width, b_re, b_im, w_re, w_im)
            at += 2 * n
            item += 4
        store(memory, z, z_re)
        store(memory, z + step, z_im)
        store(memory, w, w_re)
        store(memory, w - width, w_im)


@part
def _single(memory, width, section):
    groups, items, rows, coefficients = flat(section[0]), flat(section[1]), flat(section[2]), flat(section[3])
    item = at = 0
    for group in range(0, section[0].size, 4):
        z = groups[group]
        z_re, z_im = load(memory, z), load(memory, z - width)
        for _ in range(groups[group + 3]):
            first, n, u = items[item], items[item + 1], items[item + 2]
            a_re = a_im = zero(memory)
            for k in range(n):
                a = coefficients[at + k]
                a_re = fma(a, load(memory, rows[first + k]), a_re)
                a_im = fma(a, load(memory, rows[first + k] + width), a_im)
            z_re, z_im = _add_product(memory, u, -width, a_re, a_im, z_re, z_im)
            at += n
            item += 4
        store(memory, z, z_re)
        store(memory, z - width, z_im)


@part
def _mixed(memory, width, section):
    groups, items, rows, coefficients = flat(section[0]), flat(section[1]), flat(section[2]), flat(section[3])
    item = at = 0
    for group in range(0, section[0].size, 4):
        z = groups[group]
        z_re, z_im = load(memory, z), load(memory, z + width)
        for _ in range(groups[group + 3]):
            first, n, u = items[item], items[item + 1], items[item + 2]
            a = zero(memory)
            for k in range(n):
                a = fma(coefficients[at + k], load(memory, rows[first + k]), a)
            z_re, z_im = fma(load(memory, u), a, z_re), fma(load(memory, u + width), a, z_im)
            at += n
            item += 4
        store(memory, z, z_re)
        store(memory, z + width, z_im)


@part
def _add_product(memory, u, step, re, im, z_re, z_im):
    """Return z + u (re + i im); with a negative step u* and z*."""
    u_re, u_im, minus = load(memory, u), load(memory, u + step), load(memory, u - step)
    return fma(minus, im, fma(u_re, re, z_re)), fma(u_im, re, fma(u_re, im, z_im))


@part
def gather(x, places, b, c, count, width, memory, start):
    """Copy a block of lanes, from channel c of batch item b on, to rows of memory; return where the next one begins.

    places [n, 2]: for each (l, m ≥ 0) the flat indices of m and -m.  The rows beside m = 0 are left as they are, zero.
    """
    values, where, channels = flat(x), flat(places), x.shape[2]
    i = 0
    while i < count:
        length = min(count - i, channels - c)
        origin, at = b * x.shape[1] * channels + c, start + width + i
        for n in range(0, places.size, 2):
            plus, minus = origin + where[n] * channels, origin + where[n + 1] * channels
            if length == width:
                store(memory, at, load(values, plus))
                if minus != plus:
                    store(memory, at + width, load(values, minus))
                    store(memory, at - width, sub(zero(memory), load(values, minus)))
            else:
                for k in range(length):
                    memory[at + k] = values[plus + k]
                if minus != plus:
                    for k in range(length):
                        memory[at + width + k] = values[minus + k]
                        memory[at - width + k] = -values[minus + k]
            at += 3 * width
        i += length
        c += length
        if c == channels:
            b, c = b + 1, 0
    return b, c


@part
def _scatter(out, places, b, c, count, width, memory, start):
    """Copy rows of z to their places in out; return where the next block begins."""
    values, where, channels = flat(out), flat(places), out.shape[2]
    i = 0
    while i < count:
        length = min(count - i, channels - c)
        origin, at = b * out.shape[1] * channels + c, start + width + i
        for n in range(0, places.size, 2):
            plus, minus = origin + where[n] * channels, origin + where[n + 1] * channels
            if length == width:
                store(values, minus, sub(load(memory, at + width), load(memory, at - width)))
                store(values, plus, load(memory, at))
            else:
                for k in range(length):
                    values[minus + k] = memory[at + width + k] - memory[at - width + k]
                for k in range(length):
                    values[plus + k] = memory[at + k]
            at += 3 * width
        i += length
        c += length
        if c == channels:
            b, c = b + 1, 0
    return b, c


@kernel
def sparse_weights(x, y, z, first, last, width, places, sections, space, sums):
    """Add to the sums [path, lanes] what each path contributes to Σ z · product(x, y), over the lanes first … last-1.

    As ``sparse_product``, with coefficients of unit weight; a section has in fifth place the positions in sums.
    """
    memory = flat(space)
    at_y = places[0].shape[0] * 3 * width
    at_z = at_y + places[1].shape[0] * 3 * width
    b, c = divmod(first, x.shape[2])
    for lane in range(first, last, width):
        count = min(width, last - lane)
        if count < width:
            space[:] = 0
        gather(x, places[0], b, c, count, width, memory, 0)
        gather(y, places[1], b, c, count, width, memory, at_y)
        b, c = gather(z, places[2], b, c, count, width, memory, at_z)
        _pair_sums(memory, width, sections[0], 2, flat(sums))
        _pair_sums(memory, width, sections[1], 1, flat(sums))
        _mixed_sums(memory, width, sections[2], flat(sums))


@kernel
def _pair_sums(memory, width, section, sums_of_item, sums):
    groups, items, rows, coefficients = flat(section[0]), flat(section[1]), flat(section[2]), flat(section[3])
    paths = flat(section[4])
    item = at = 0
    for group in range(0, section[0].size, 4):
        for _ in range(groups[group + 3]):
            first, n = items[item], items[item + 1]
            for second in range(sums_of_item):
                u, z = items[item + 2 + second], groups[group + second]
                step = -width if second else groups[group + 2]
                z_re, z_im = load(memory, z), load(memory, z + step)
                u_re, u_im, minus = load(memory, u), load(memory, u + step), load(memory, u - step)
                re, im = fma(u_im, z_im, mul(u_re, z_re)), fma(minus, z_re, mul(u_re, z_im))
                for k in range(n):
                    v_re, v_im = load(memory, rows[first + k]), load(memory, rows[first + k] + width)
                    value = fma(re, v_re, mul(im, v_im))
                    store(sums, paths[at + k], fma(coefficients[at + k], value, load(sums, paths[at + k])))
                at += n
            item += 4


@kernel
def _mixed_sums(memory, width, section, sums):
    groups, items, rows, coefficients = flat(section[0]), flat(section[1]), flat(section[2]), flat(section[3])
    paths = flat(section[4])
    item = at = 0
    for group in range(0, section[0].size, 4):
        z = groups[group]
        z_re, z_im = load(memory, z), load(memory, z + width)
        for _ in range(groups[group + 3]):
            first, n, u = items[item], items[item + 1], items[item + 2]
            value = fma(load(memory, u), z_re, mul(load(memory, u + width), z_im))
            for k in range(n):
                product = mul(load(memory, rows[first + k]), value)
                store(sums, paths[at + k], fma(coefficients[at + k], product, load(sums, paths[at + k])))
            at += n
            item += 4
