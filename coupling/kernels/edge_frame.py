"""Messages in the frame of edges: rotate, an SO(2) layer, rotate back, for a block of channels in one go.

The rotation of an edge with angles (α, β) to the pole is R_y(-β) R_z(-α), and R_y(θ) is R_z(θ) between quarter turns:

    D = K Z(-β) Kᵀ Z(-α)        Z c:  c_m cos mθ - c_-m sin mθ,  c_-m cos mθ + c_m sin mθ

K constant, cosines of multiples by recurrence, so no angle is computed.  D is made once for an edge and has the rows of
orders to mmax; rows with m ≠ 0 are divided by √2 on the way in, as the weights of the layer are.

Rows of features are step numbers apart; tables: K of all degrees one after another, and where the weights of each pair
of degrees (l1, l3) begin.  ``space`` is rows of ``width`` numbers for x, for x or z in or out of the frame, for z in
it, and for weights of channels, then D and its transpose, then a matrix for making D.

Domain: degrees and orders whose matrices fit in memory; places are 64-bit integers inside of the arrays; arrays
C-contiguous and of one type, vectors not zero.  Nothing is checked.
"""

from __future__ import annotations

from math import sqrt

from coupling.kernels.full_product import read_rows, write_rows
from coupling.kernels.jit import kernel
from coupling.kernels.lanes import WIDTH_BYTES, flat, part
from coupling.kernels.tiles import (
    ONE,
    REGISTER_BYTES,
    load,
    minus,
    outer,
    outer_minus,
    plus_products,
    splat,
    store,
    zeros,
)

#: Outputs that are formed at a time, and registers of a block of channels.
ROWS, COLUMNS = (0,) * 4, (0,) * (WIDTH_BYTES // REGISTER_BYTES)


@kernel
def edge_frame(x, vectors, weights, out, first, last, degrees, width, steps, tables, space):
    """Write the messages of the edges first … last-1: x and out [edges, rows, channels], weights [1 or edges, …, 1 or
    channels] with their steps; degrees: lmax_in, lmax_out, mmax, the larger of
    the first two, and the number of weights."""
    lmax_in, lmax_out, mmax, top, count = degrees
    memory, channels, rows_in, rows_out = flat(space), x.shape[2], x.shape[1], out.shape[1]
    register, at_s = width // len(COLUMNS), rows_in * width
    at_z = at_s + (top + 1) ** 2 * width
    at_w = at_z + rows_out * width
    at_d = at_w + count * width
    size = (top + 1) * (2 * top + 1) * (2 * top + 3) // 3
    at_t, at_m = at_d + size, at_d + 2 * size
    turns, starts = tables
    for e in range(first, last):
        _rotation(memory, at_d, at_t, at_m, vectors[e], top, mmax, turns)
        for c in range(0, channels, width):
            lanes = min(width, channels - c)
            read_rows(x, e, c, lanes, width, memory, 0)
            _turn(memory, 0, at_s, at_t, lmax_in, mmax, width, register, True)
            place = e * steps[0] + c * steps[1]
            if steps[1] and lanes < width:
                for w in range(count):
                    for k in range(lanes):
                        memory[at_w + w * width + k] = flat(weights)[place + w * steps[2] + k]
                _layer(memory, at_s, at_z, memory, at_w, (0, 1, width), lmax_in, lmax_out, mmax, width, starts)
            else:
                _layer(memory, at_s, at_z, flat(weights), place, steps, lmax_in, lmax_out, mmax, width, starts)
            _turn(memory, at_z, at_s, at_d, lmax_out, mmax, width, register, False)
            write_rows(out, 0, rows_out, e, c, lanes, width, memory, at_s)


@part
def _rotation(memory, at_d, at_t, at_m, vector, top, mmax, turns):
    """Write D of all degrees, and its transpose divided by √2 where m ≠ 0, rows of orders to mmax."""
    largest = max(abs(vector[0]), abs(vector[1]), abs(vector[2]))
    x, y, z = vector[0] / largest, vector[1] / largest, vector[2] / largest
    across, whole = sqrt(x * x + y * y), sqrt(x * x + y * y + z * z)
    ca, sa = (x / across, -y / across) if across > 0 else (1.0, 0.0)
    cb, sb = z / whole, -across / whole
    k, d = 0, 0
    for l in range(top + 1):
        n = 2 * l + 1
        for i in range(n):  # Kᵀ Z(-α), whose columns mix
            _mixed_columns(memory, at_m + i * n, turns, k, i, l, ca, sa)
        _mix_rows(memory, at_m, l, cb, sb)
        begin, end = max(0, l - mmax), min(n, l + mmax + 1)
        for a in range(begin, end):
            factor, row = 1.0 if a == l else sqrt(0.5), at_d + d + (a - begin) * n
            for b in range(n):
                memory[row + b] = 0
            for i in range(n):
                turn = turns[k + a * n + i]
                if turn != 0:  # half of them are
                    for b in range(n):
                        memory[row + b] += turn * memory[at_m + i * n + b]
            for b in range(n):
                memory[at_t + d + b * (end - begin) + a - begin] = factor * memory[row + b]
        k, d = k + n * n, d + n * n


@part
def _mixed_columns(memory, at, turns, k, i, l, c, s):
    """Write a row of Kᵀ Z."""
    n, cosine, sine = 2 * l + 1, 1.0, 0.0
    memory[at + l] = turns[k + l * n + i]
    for m in range(1, l + 1):
        cosine, sine = cosine * c - sine * s, sine * c + cosine * s
        plus, minus = turns[k + (l + m) * n + i], turns[k + (l - m) * n + i]
        memory[at + l + m] = plus * cosine + minus * sine
        memory[at + l - m] = minus * cosine - plus * sine


@part
def _mix_rows(memory, at, l, c, s):
    """Multiply a matrix by Z from the left."""
    n, cosine, sine = 2 * l + 1, 1.0, 0.0
    for m in range(1, l + 1):
        cosine, sine = cosine * c - sine * s, sine * c + cosine * s
        for b in range(n):
            plus, minus = memory[at + (l + m) * n + b], memory[at + (l - m) * n + b]
            memory[at + (l + m) * n + b] = plus * cosine - minus * sine
            memory[at + (l - m) * n + b] = minus * cosine + plus * sine


@part
def _turn(memory, source, target, table, lmax, mmax, width, register, inward):
    """Rotate all degrees, inward from all orders to those up to mmax, or back."""
    for l in range(lmax + 1):
        begin, orders = max(0, l - mmax), min(2 * l + 1, 2 * mmax + 1)
        row = l * l + begin
        if inward:
            _sums(memory, source + l * l * width, target + row * width, table, 2 * l + 1, orders, width, register)
        else:
            _sums(memory, source + row * width, target + l * l * width, table, orders, 2 * l + 1, width, register)
        table += (2 * l + 1) ** 2


@part
def _sums(memory, source, target, table, n, count, width, register):
    """Write count rows Σ_i κ[i, row] source[i] of n rows."""
    r = 0
    while r + len(ROWS) <= count:
        total = zeros(memory, ROWS, COLUMNS)
        for i in range(n):
            row = load(memory, source + i * width, 0, register, ONE, COLUMNS)
            total = outer(total, splat(memory, table + i * count + r, ROWS), row)
        store(memory, target + r * width, width, register, total)
        r += len(ROWS)
    while r < count:
        one = zeros(memory, ONE, COLUMNS)
        for i in range(n):
            row = load(memory, source + i * width, 0, register, ONE, COLUMNS)
            one = outer(one, splat(memory, table + i * count + r, ONE), row)
        store(memory, target + r * width, width, register, one)
        r += 1


@part
def _layer(memory, source, target, weights, place, steps, lmax_in, lmax_out, mmax, width, starts):
    """Write S x for all orders to mmax."""
    register = width // len(COLUMNS)
    for l3 in range(lmax_out + 1):
        for m in range(min(l3, mmax) + 1):
            ahead, behind = zeros(memory, ONE, COLUMNS), zeros(memory, ONE, COLUMNS)
            for l1 in range(m, lmax_in + 1):
                w = place + (starts[l1, l3] + min(l1, l3, mmax)) * steps[2]
                x = source + (l1 * l1 + l1) * width
                up = load(memory, x + m * width, 0, register, ONE, COLUMNS)
                down = load(memory, x - m * width, 0, register, ONE, COLUMNS)
                if steps[1]:
                    ahead, behind = _by_channel(memory, ahead, behind, up, down, weights, w, m * steps[2], register)
                else:
                    a, b = splat(weights, w + m * steps[2], ONE), splat(weights, w - m * steps[2], ONE)
                    ahead, behind = outer(ahead, a, up), outer(behind, a, down)
                    if m:
                        ahead, behind = outer_minus(ahead, b, down), outer(behind, b, up)
            at = target + (l3 * l3 + l3) * width
            store(memory, at - m * width, 0, register, behind)
            store(memory, at + m * width, 0, register, ahead)


@part
def _by_channel(memory, ahead, behind, up, down, weights, w, m, register):
    """Add the products with weights of every channel."""
    a = load(weights, w + m, 0, register, ONE, COLUMNS)
    ahead, behind = plus_products(ahead, a, up), plus_products(behind, a, down)
    if m:
        b = load(weights, w - m, 0, register, ONE, COLUMNS)
        turned = minus(zeros(memory, ONE, COLUMNS), down)
        ahead, behind = plus_products(ahead, b, turned), plus_products(behind, b, up)
    return ahead, behind
