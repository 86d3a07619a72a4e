"""Products of functions on the sphere, block of lanes by block of lanes: Legendre, orders, Legendre transposed.

A function f = Σ x_lm R_lm has at colatitude θ the Fourier coefficients f = Σ_m c_m e^{-imφ}, m = -L … L,

    c_m = Σ_l P_lm(θ) (x_lm + i x_{l,-m})/√2,  m > 0,    c_0 = Σ_l P_l0(θ) x_l0,    c_-m = conj(c_m)

The product of two functions has the coefficients Σ_{m1+m2=m} c_m1 d_m2, which is done as it stands: it is exact, needs
no points in φ, and at degrees below about 30 fewer operations than transforms to points and back.  The bracket
f_θ g_φ - f_φ g_θ is -i times the difference of two such sums, one with the tables of ∂P/∂θ and m P/sin θ, the other
with the inputs exchanged, operation by operation the same, so that it vanishes exactly for equal inputs.

Colatitudes θ and π-θ share all products with P: the sums over even and over odd l+m are formed once, and added and
subtracted.  Of ∂P/∂θ the parities are exchanged, so that the southern value has the wrong sign; so has then the
southern bracket, which is where it is mended.

Layouts (rows are lanes).  Coefficients of a feature: for m = 0: l+m even, l+m odd; for each m > 0 the same for
x_lm, then for x_l,-m; ``order`` holds the flat index of each row.  Fourier coefficients: c_0, then Re c_m, Im c_m.
Tables: for each m the even, then the odd l+m; one such list for each θ of the northern half for synthesis; for
analysis, for each chunk of θ, its numbers entry by entry.

Domain: every degree whose tables and features fit in memory, see :func:`coupling.products.spherical.sphere_plan`;
all places are 64-bit integers and lie inside an array.  Shapes are those of ``Product.__call__``; nothing is checked.
"""

from __future__ import annotations

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import add, call, flat, fma, load, move, mul, part, store, sub, zero
from coupling.kernels.prefetch import blocks_ahead, expect
from coupling.programs import sphere
from coupling.programs.sphere import VALUE

GAUNT, BRACKET = 0, 1

#: Functions for one number of colatitudes.
FUNCTIONS = 5

even_count, odd_count, entry_count = part(sphere.even_count), part(sphere.odd_count), part(sphere.entry_count)

#: Largest number of northern colatitudes that are treated together.
CHUNK = 4


@kernel
def spherical_product(x, y, out, first, last, w, lmax, orders, terms, tables, classes, functions, space):
    """Write the sum of all terms for the lanes first … last-1 of x, y, out, each [batch, (lmax+1)², channels].

    lmax [3]; orders: flat indices of the rows of the three features, one after the other, or ~index of a row that no
    path reaches; terms [n, 9], see
    ``_term``; tables: all tables; classes [n, 4]; functions [n, 2, 5]:
    addresses for the larger, then for the smaller number of colatitudes taken together: synthesis of x, of y,
    analysis, convolution, its mirror image for a bracket; 0 where loops shall do it; space: at least ``space_needed``
    numbers.
    """
    memory, flat_tables = flat(space), flat(tables)
    sizes = (x.shape[1], y.shape[1], out.shape[1])
    flat_x, flat_y, flat_out, channels = flat(x), flat(y), flat(out), out.shape[2]
    flat_terms, flat_classes, flat_orders = flat(terms), flat(classes), flat(orders)
    addresses, l1, l2, l3 = flat(functions), lmax[0], lmax[1], lmax[2]
    n1, n2, n3 = (l1 + 1) ** 2, (l2 + 1) ** 2, (l3 + 1) ** 2
    at_y, at_z = n1 * w, (n1 + n2) * w
    work = at_z + n3 * w
    ahead = w * blocks_ahead(sizes[0] + sizes[1])
    whole = orders.min() >= 0
    for lane in range(first, last, w):
        count = min(w, last - lane)
        item, channel = divmod(lane + ahead, channels)
        gather(flat_x, sizes[0], channels, flat_orders, n1, whole, lane, count, w, memory)
        expect(x, item, channel, w)
        gather(flat_y, sizes[1], channels, move(flat_orders, n1), n2, whole, lane, count, w, move(memory, at_y))
        expect(y, item, channel, w)
        for row in range(n3):
            store(memory, at_z + row * w, zero(memory))
        for n in range(terms.shape[0]):
            f = 2 * FUNCTIONS * n
            _term(l1, l2, l3, flat_terms, 9 * n, flat_tables, flat_classes, addresses, f, w, memory, at_y, at_z, work)
        expect(out, item, channel, w)
        rows = move(flat_orders, n1 + n2)
        scatter(flat_out, sizes[2], channels, rows, n3, whole, lane, count, w, move(memory, at_z))


def space_needed(lmax, w):
    """Return how many numbers a block of w lanes works on."""
    rows = sum((l + 1) ** 2 for l in lmax) + 4 * CHUNK * (2 * lmax[0] + 1) + 4 * CHUNK * (2 * lmax[1] + 1)
    return w * (rows + (2 * CHUNK + 6) * (2 * lmax[2] + 1))


@kernel
def gather(x, size, channels, orders, rows, whole, lane, count, w, space):
    """Copy the lanes of a block from x [batch, size, channels] to rows of w lanes; absent ones and rows ~index zero.

    whole: whether there is no row ~index.
    """
    if lane % channels + w <= channels:
        x = move(x, lane // channels * size * channels + lane % channels)
        if whole:
            for row in range(rows):
                store(space, row * w, load(x, orders[row] * channels))
            return
        for row in range(rows):
            if orders[row] >= 0:
                store(space, row * w, load(x, orders[row] * channels))
            else:
                store(space, row * w, zero(space))
        return
    for row in range(rows):
        store(space, row * w, zero(space))
    for i in range(count):
        b, c = divmod(lane + i, channels)
        place = b * size * channels + c
        for row in range(rows):
            if orders[row] >= 0:
                space[row * w + i] = x[place + orders[row] * channels]


@kernel
def scatter(out, size, channels, orders, rows, whole, lane, count, w, space):
    """Copy rows of lanes to their places in out [batch, size, channels]; a row ~index is zero."""
    if lane % channels + w <= channels:
        out = move(out, lane // channels * size * channels + lane % channels)
        if whole:
            for row in range(rows):
                store(out, orders[row] * channels, load(space, row * w))
            return
        for row in range(rows):
            if orders[row] >= 0:
                store(out, orders[row] * channels, load(space, row * w))
            else:
                store(out, ~orders[row] * channels, zero(space))
        return
    for i in range(count):
        b, c = divmod(lane + i, channels)
        place = b * size * channels + c
        for row in range(rows):
            index = orders[row]
            out[place + max(index, ~index) * channels] = space[row * w + i] if index >= 0 else 0


@kernel
def _term(l1, l2, l3, terms, n, tables, classes, addresses, functions, w, space, at_y, at_z, work):
    """Add one product to the rows at at_z.

    terms[n:]: kind, split, number of northern θ, 1 if the last is the equator, and where the tables begin: of x, of y
    (values or ∂θ), of x, of y (m/sin θ; bracket only), of the output.
    """
    kind, split, n_theta, equator = terms[n], terms[n + 1], terms[n + 2], terms[n + 3]
    scales = 4 * (n // 9)
    width1, width2 = (2 * l1 + 1) * w, (2 * l2 + 1) * w
    blocks = 2 * CHUNK
    c, d = work, work + 2 * blocks * width1
    e = d + 2 * blocks * width2
    p = e + 2 * CHUNK * (2 * l3 + 1) * w
    chunks = -(-n_theta // CHUNK)
    for chunk in range(chunks):
        begin, end = chunk * n_theta // chunks, (chunk + 1) * n_theta // chunks
        size = end - begin
        f = functions + FUNCTIONS * (size == n_theta // chunks)
        synthesis(addresses[f], l1, VALUE, tables, terms[n + 4], begin, size, split, space, 0, c, w)
        synthesis(addresses[f + 1], l2, VALUE, tables, terms[n + 5], begin, size, split, space, at_y, d, w)
        if kind == BRACKET:
            g, h = c + blocks * width1, d + blocks * width2
            synthesis(addresses[f], l1, VALUE, tables, terms[n + 6], begin, size, split, space, 0, g, w)
            synthesis(addresses[f + 1], l2, VALUE, tables, terms[n + 7], begin, size, split, space, at_y, h, w)
        for k in range(size):
            alone = equator and begin + k == n_theta - 1
            g, h = c + 2 * k * width1, d + 2 * k * width2
            pair = addresses[f + 3], addresses[f + 4]
            _couple(kind, split, alone, *pair, classes, scales, l1, l2, l3, space, tables, g, h, e + k * w, size, p, w)
        analyse(addresses[f + 2], l3, VALUE, tables, terms[n + 8], begin, size, space, e, at_z, w)


@kernel
def synthesis(function, lmax, functions, tables, table, begin, size, split, space, x, f, w):
    """Write the Fourier coefficients at size colatitudes; functions: those of θ that are summed."""
    entries = entry_count(functions, lmax)
    if function != 0 and not split:
        call(function, space, tables, x, f, 0, table + begin * entries)
        return
    for k in range(0, size, 2):
        g, both = f + 2 * k * (2 * lmax + 1) * w, min(2, size - k)
        _legendre(lmax, functions, tables, table, begin + k, both, split, space, x, g, w)


@kernel
def _legendre(lmax, functions, tables, table, theta, both, split, space, x, f, w):
    """Write the Fourier coefficients at one or two θ, north then south of each, or even then odd degrees if split."""
    width = (2 * lmax + 1) * w
    s = table + theta * entry_count(functions, lmax)
    t = s + (entry_count(functions, lmax) if both == 2 else 0)
    g = f + (2 * width if both == 2 else 0)
    n_even, n_odd = even_count(functions, lmax, 0), odd_count(functions, lmax, 0)
    p, q = zero(space), zero(space)
    for k in range(n_even):
        u = load(space, x)
        p, q = fma(tables[s + k], u, p), fma(tables[t + k], u, q)
        x += w
    s, t = s + n_even, t + n_even
    r, o = zero(space), zero(space)
    for k in range(n_odd):
        u = load(space, x)
        r, o = fma(tables[s + k], u, r), fma(tables[t + k], u, o)
        x += w
    s, t = s + n_odd, t + n_odd
    _fold(split, 0, p, r, space, f, width)
    _fold(split, 0, q, o, space, g, width)
    for m in range(1, lmax + 1):
        f, g = f + w, g + w
        n_even, n_odd = even_count(functions, lmax, m), odd_count(functions, lmax, m)
        part = (n_even + n_odd) * w
        p0, p1, q0, q1 = zero(space), zero(space), zero(space), zero(space)
        for k in range(n_even):
            a, b = tables[s + k], tables[t + k]
            u, v = load(space, x), load(space, x + part)
            p0, p1, q0, q1 = fma(a, u, p0), fma(a, v, p1), fma(b, u, q0), fma(b, v, q1)
            x += w
        s, t = s + n_even, t + n_even
        r0, r1, o0, o1 = zero(space), zero(space), zero(space), zero(space)
        for k in range(n_odd):
            a, b = tables[s + k], tables[t + k]
            u, v = load(space, x), load(space, x + part)
            r0, r1, o0, o1 = fma(a, u, r0), fma(a, v, r1), fma(b, u, o0), fma(b, v, o1)
            x += w
        s, t = s + n_odd, t + n_odd
        x += part
        _fold(split, m, p0, r0, space, f, width)
        _fold(split, m, q0, o0, space, g, width)
        f, g = f + w, g + w
        _fold(split, m, p1, r1, space, f, width)
        _fold(split, m, q1, o1, space, g, width)


@part
def _fold(split, m, even, odd, space, f, width):
    """Store north and south from the sums over even and odd l+m; if split, the sums over even and odd l."""
    if not split:
        store(space, f, add(even, odd))
        store(space, f + width, sub(even, odd))
    elif m & 1:
        store(space, f, odd)
        store(space, f + width, even)
    else:
        store(space, f, even)
        store(space, f + width, odd)


@kernel
def _couple(kind, split, alone, first, second, classes, scales, l1, l2, l3, space, tables, c, d, e, size, p, w):
    """Write the product at one θ, folded to even and odd l+m, for analysis: rows [2l3+1, parity, θ of the chunk]."""
    width1, width2, width3 = (2 * l1 + 1) * w, (2 * l2 + 1) * w, (2 * l3 + 1) * w
    for n in range(4 if split else 1 if alone else 2):
        south, q = (n >> 1 if split else n), p + n * width3
        f, g, h = c + (n & 1) * width1, d + south * width2, p + 4 * width3
        _multiply(kind, first, second, l1, l2, l3, space, tables, f, g, q, h, w)
    if split:
        _fold_classes(kind, classes, scales, l3, space, e, size * w, p, w)
    else:
        _fold_product(kind == BRACKET, p, p + width3, alone, l3, space, e, size * w, w)


@kernel
def _fold_product(minus, north, south, alone, l3, space, e, step, w):
    """Write the sums and the differences of northern and southern rows, or the value at the equator, which is alone."""
    first, second = (step, 0) if minus else (0, step)
    if alone:
        for _ in range(2 * l3 + 1):
            store(space, e, load(space, north))
            store(space, e + step, load(space, north))
            e, north = e + 2 * step, north + w
        return
    for _ in range(2 * l3 + 1):
        u, v = load(space, north), load(space, south)
        store(space, e + first, add(u, v))
        store(space, e + second, sub(u, v))
        e, north, south = e + 2 * step, north + w, south + w


@kernel
def _fold_classes(kind, classes, scales, l3, space, e, step, p, w):
    """The same from the products of the parts of even and odd degrees, each class scaled."""
    size = (2 * l3 + 1) * w
    for row in range(2 * l3 + 1):
        u = fma(classes[scales + 3], load(space, p + 3 * size), mul(classes[scales], load(space, p)))
        v = fma(classes[scales + 2], load(space, p + 2 * size), mul(classes[scales + 1], load(space, p + size)))
        swap = step * (((row + 1) // 2 + kind) & 1)
        store(space, e + swap, u)
        store(space, e + step - swap, v)
        e, p = e + 2 * step, p + w


@kernel
def _multiply(kind, first, second, l1, l2, l3, space, tables, c, d, z, work, w):
    """Write the Fourier coefficients of the product at one point to the rows at z."""
    if kind == GAUNT:
        convolve(first, l1, l2, l3, 1, space, tables, c, d, z, w)
        return
    s, t = work, work + (2 * l3 + 1) * w
    convolve(first, l1, l2, l3, -1, space, tables, c, d + 2 * CHUNK * (2 * l2 + 1) * w, s, w)
    convolve(second, l2, l1, l3, -1, space, tables, d, c + 2 * CHUNK * (2 * l1 + 1) * w, t, w)
    store(space, z, sub(load(space, s), load(space, t)))
    for _ in range(l3):
        s, t, z = s + w, t + w, z + w
        store(space, z, sub(load(space, s + w), load(space, t + w)))
        store(space, z + w, sub(load(space, t), load(space, s)))
        s, t, z = s + w, t + w, z + w


@kernel
def convolve(function, l1, l2, l3, hermitian, space, tables, c, d, z, w):
    """Write Σ_{m1+m2=m} c_m1 d_m2 for m = 0 … l3, see :mod:`coupling.programs.sphere`; function 0: by loops."""
    if function != 0:
        call(function, space, tables, c, d, z, 0)
        return
    p, q = zero(space), zero(space)
    turned = 0 if hermitian == 1 else w
    for k in range(1, min(l1, l2) + 1):
        f, g = c + (2 * k - 1) * w, d + (2 * k - 1) * w
        p = fma(load(space, f), load(space, g + turned), p)
        q = fma(load(space, f + w), load(space, g + w - turned), q)
    p = add(p, q) if hermitian == 1 else sub(p, q)
    p = add(p, p)
    store(space, z, fma(load(space, c), load(space, d), p) if hermitian == 1 else p)
    for m in range(1, l3 + 1):
        z += w
        _convolve_order(l1, l2, m, hermitian, space, c, d, z, w)
        z += w


@kernel
def _convolve_order(l1, l2, m, hermitian, space, c, d, z, w):
    """Write real and imaginary part of order m > 0."""
    rr, ii, ri, ir = zero(space), zero(space), zero(space), zero(space)
    if m <= l2:
        u = load(space, c)
        rr = mul(u, load(space, d + (2 * m - 1) * w))
        ri = mul(u, load(space, d + 2 * m * w))
    if m <= l1 and hermitian == 1:
        v = load(space, d)
        rr = fma(v, load(space, c + (2 * m - 1) * w), rr)
        ir = mul(v, load(space, c + 2 * m * w))
    low = max(1, m - l2)
    f, g = c + (2 * low - 1) * w, d + (2 * (m - low) - 1) * w
    for _ in range(min(m - 1, l1) - low + 1):  # c_k d_m-k
        a, b = load(space, f), load(space, f + w)
        s, t = load(space, g), load(space, g + w)
        rr, ii, ri, ir = fma(a, s, rr), fma(b, t, ii), fma(a, t, ri), fma(b, s, ir)
        f, g = f + 2 * w, g - 2 * w
    ii, ir = sub(zero(space), ii), sub(zero(space), ir)
    f, g = c + w, d + (2 * m + 1) * w
    for _ in range(min(l1, l2 - m)):  # conj(c_k) d_m+k
        a, b = load(space, f), load(space, f + w)
        s, t = load(space, g), load(space, g + w)
        rr, ii, ri, ir = fma(a, s, rr), fma(b, t, ii), fma(a, t, ri), fma(b, s, ir)
        f, g = f + 2 * w, g + 2 * w
    re, im = add(rr, ii), sub(ri, ir)
    rr, ii, ri, ir = zero(space), zero(space), zero(space), zero(space)
    f, g = c + (2 * m + 1) * w, d + w
    for _ in range(min(l2, l1 - m)):  # c_m+k conj(d_k)
        a, b = load(space, f), load(space, f + w)
        s, t = load(space, g), load(space, g + w)
        rr, ii, ri, ir = fma(a, s, rr), fma(b, t, ii), fma(a, t, ri), fma(b, s, ir)
        f, g = f + 2 * w, g + 2 * w
    rr, ir = add(rr, ii), sub(ir, ri)
    store(space, z, add(re, rr) if hermitian == 1 else sub(re, rr))
    store(space, z + w, add(im, ir) if hermitian == 1 else sub(im, ir))


@kernel
def analyse(function, lmax, functions, tables, table, begin, size, space, e, z, w):
    """Add Σ_θ table · product over size colatitudes to the rows at z; functions: those of θ that rows belong to."""
    t = table + begin * entry_count(functions, lmax)
    if function != 0:
        call(function, space, tables, e, z, 0, t)
        return
    step = size * w
    for m in range(lmax + 1):
        n_even, n_odd = even_count(functions, lmax, m), odd_count(functions, lmax, m)
        part = (n_even + n_odd) * w if m > 0 else 0
        for n in range(n_even + n_odd):
            f = e if n < n_even else e + step
            g = f + (2 * step if m > 0 else 0)
            p, q = load(space, z), load(space, z + part)
            for k in range(size):
                a = tables[t + k]
                p, q = fma(a, load(space, f), p), fma(a, load(space, g), q)
                f, g = f + w, g + w
            store(space, z, p)
            store(space, z + part, q)
            z, t = z + w, t + size
        z += part
        e += 4 * step if m > 0 else 2 * step
