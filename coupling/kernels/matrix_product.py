"""The matrix product of spin j: encode two features as n×n matrices, multiply, decode, a block of lanes at a time.

Layout of the complex matrix of a block: the plane of real parts [n, n, lanes], then the plane of imaginary parts.  Only
the diagonals |m| ≤ lmax of a feature are written; the others have been zero from the start.

Diagonal m ≥ 0 has the entries X[t, t+m] = Σ_l e_l(t) (x_lm + i x_l,-m), t = 0 … n-m-1.  Seen from its other end
e_l has the sign (-1)^(l-m): the sums over even and over odd l-m are formed for one half of the diagonal, their sum and
their difference are the two halves.  Decoding does the same backwards.

Tables are in the order in which they are read.  Encoding: for m = 0 … lmax, for each tile of positions t of the half
diagonal, for l = m, m+2, … and then l = m+1, m+3, …: e_l(t) of the tile.  Decoding: for m, for l in the same order, for
all t of the half diagonal: e_l(t).  For small n both are straight lines of code and a tile is one position; see
:mod:`coupling.kernels.straight`.  Otherwise they are the loops below.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload
from numpy.typing import NDArray

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import flat
from coupling.kernels.straight import straight_decode, straight_encode
from coupling.kernels.tiles import (
    ONE,
    REGISTERS,
    TWO,
    combine,
    conjugate,
    first_column,
    load,
    minus,
    outer,
    outer_minus,
    plus,
    splat,
    store,
    zeros,
)

#: Positions of a diagonal that loops encode together.
POSITIONS = (0, 0, 0)


#: Shapes of tiles with many products for each number that is loaded.
SHAPES = ((6, 4), (5, 5), (4, 4), (6, 3), (3, 3), (7, 2), (5, 2), (4, 2), (2, 2), (1, 1))


def tile_shape(n):
    """Return the shape of tiles that covers n×n fastest: little beyond the edge, many sums side by side.

    >>> tile_shape(10) in ((5, 5), (5, 2))
    True
    """
    fits = [(r, c) for r, c in SHAPES if max(r, c) <= n and r * c + c + 1 <= REGISTERS]
    return min(fits, key=lambda s: -(-n // s[0]) * -(-n // s[1]) * (s[0] * s[1] + 4))


class Plan(NamedTuple):
    """What the kernel reads besides features: w lanes, matrices of dimension n, and for the three features the degrees
    in use, lmax [3], and their tables, one after the other, at starts [3]; parity [2]: factors of even and odd paths.

    Lengths of tuples stand for numbers that are known to the compiler: rows, columns: shape of the tiles; size: n, and
    degrees: lmax+1, both for straight code, or empty tuples for loops.
    """

    w: int
    n: int
    lmax: NDArray[np.int64]
    parity: NDArray[Any]
    tables: NDArray[Any]
    starts: NDArray[np.int64]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    size: tuple[int, ...]
    degrees: tuple[tuple[int, ...], ...]


@kernel
def matrix_product(x, y, out, first, last, channels, sizes, plan, work):
    """Write the product for the lanes first … last-1, in blocks; first begins one.

    x, y, out: [batch, sizes[i], channels], flat; lane i is channel i % channels of batch item i // channels.
    work: ``work_size`` numbers, zero at first.
    """
    w, n, lmax, parity, tables, starts, rows, columns, size, degrees = plan
    of_x, of_y, of_out, space, table = flat(x), flat(y), flat(out), flat(work), flat(tables)
    plane = n * n * w
    block = 6 * plane + 2 * (n + 1) * w
    for lane in range(first, last, w):
        item, channel = lane // channels, lane % channels
        whole = channel + w <= channels
        a, at_a, step = of_x, item * sizes[0] * channels + channel, channels
        b, at_b = of_y, item * sizes[1] * channels + channel
        c, at_c = of_out, item * sizes[2] * channels + channel
        if not whole:
            a, at_a, step = space, block, w
            b, at_b = space, at_a + (lmax[0] + 1) ** 2 * w
            c, at_c = space, at_b + (lmax[1] + 1) ** 2 * w
            gather(x, lane, last, w, channels, sizes[0], lmax[0], work, at_a)
            gather(y, lane, last, w, channels, sizes[1], lmax[1], work, at_b)
        encode(a, at_a, step, w, lmax[0], n, table, starts[0], space, 0, size, degrees[0])
        encode(b, at_b, step, w, lmax[1], n, table, starts[1], space, 2 * plane, size, degrees[1])
        multiply(space, w, lmax, n, rows, columns)
        decode(space, w, lmax[2], n, parity, table, starts[2], c, at_c, step, size, degrees[2])
        if not whole:
            scatter(work, at_c, lane, last, w, channels, sizes[2], lmax[2], out)


def work_size(w, lmax, n):
    """Return how many numbers a block of w lanes works on.

    >>> work_size(16, (1, 1, 1), 2)
    672
    """
    return w * (6 * n * n + 2 * (n + 1) + sum((l + 1) ** 2 for l in lmax))


def encode(x, place, step, w, lmax, n, tables, entry, work, matrix, size, degrees):
    """Write the matrix of the feature x, whose vector of flat index i begins at place + i·step."""
    if len(size):
        straight_encode(x, place, step, tables, entry, work, matrix, size, degrees)
    else:
        loop_encode(x, place, step, w, lmax, n, tables, entry, work, matrix)


def decode(work, w, lmax, n, parity, tables, entry, out, place, step, size, degrees):
    """Write the feature of even·H + odd·K, where H + iK is the third matrix and H and K are Hermitian."""
    if len(size):
        straight_decode(work, 4 * n * n * w, tables, entry, parity[0], parity[1], out, place, step, size, degrees)
    else:
        loop_decode(work, w, lmax, n, parity, tables, entry, out, place, step)


@overload(encode)
def _encode(x, place, step, w, lmax, n, tables, entry, work, matrix, size, degrees):
    """Choose when the kernel is compiled."""

    def straight(x, place, step, w, lmax, n, tables, entry, work, matrix, size, degrees):
        straight_encode(x, place, step, tables, entry, work, matrix, size, degrees)

    def loops(x, place, step, w, lmax, n, tables, entry, work, matrix, size, degrees):
        loop_encode(x, place, step, w, lmax, n, tables, entry, work, matrix)

    return straight if len(size) else loops


@overload(decode)
def _decode(work, w, lmax, n, parity, tables, entry, out, place, step, size, degrees):
    """Choose when the kernel is compiled."""

    def straight(work, w, lmax, n, parity, tables, entry, out, place, step, size, degrees):
        straight_decode(work, 4 * n * n * w, tables, entry, parity[0], parity[1], out, place, step, size, degrees)

    def loops(work, w, lmax, n, parity, tables, entry, out, place, step, size, degrees):
        loop_decode(work, w, lmax, n, parity, tables, entry, out, place, step)

    return straight if len(size) else loops


@kernel
def gather(x, lane, last, w, channels, size, lmax, work, place):
    """Copy a block of lanes that is no run of channels to rows of w lanes, the missing ones zero."""
    for row in range((lmax + 1) ** 2):
        for i in range(w):
            item, channel = (lane + i) // channels, (lane + i) % channels
            inside = lane + i < last
            work[place + row * w + i] = x[(item * size + row) * channels + channel] if inside else 0


@kernel
def scatter(work, place, lane, last, w, channels, size, lmax, out):
    """Copy rows of w lanes to where ``gather`` would find them."""
    for row in range((lmax + 1) ** 2):
        for i in range(min(w, last - lane)):
            item, channel = (lane + i) // channels, (lane + i) % channels
            out[(item * size + row) * channels + channel] = work[place + row * w + i]


@kernel
def loop_encode(x, place, step, w, lmax, n, tables, entry, work, matrix):
    """Write the matrix of the feature x, whose vector of flat index i begins at place + i·step."""
    for m in range(lmax + 1):
        half = (n - m + 1) // 2
        t = 0
        while t < half:
            if t + len(POSITIONS) <= half:
                entry = encode_tile(x, place, step, w, m, t, lmax, n, tables, entry, POSITIONS, work, matrix)
                t += len(POSITIONS)
            else:
                entry = encode_tile(x, place, step, w, m, t, lmax, n, tables, entry, ONE, work, matrix)
                t += 1


@kernel
def encode_tile(x, place, step, w, m, t, lmax, n, tables, entry, positions, work, matrix):
    """Write the entries t, t+1, … of both ends of the diagonals m and -m; return the place in the tables."""
    even, odd = zeros(work, positions, TWO), zeros(work, positions, TWO)
    for l in range(m, lmax + 1, 2):
        pair = load(x, place + (l * l + l + m) * step, 0, -2 * m * step, ONE, TWO)
        even = outer(even, splat(tables, entry, positions), pair)
        entry += len(positions)
    for l in range(m + 1, lmax + 1, 2):
        pair = load(x, place + (l * l + l + m) * step, 0, -2 * m * step, ONE, TWO)
        odd = outer(odd, splat(tables, entry, positions), pair)
        entry += len(positions)
    near, far = plus(even, odd), minus(even, odd)
    plane, diagonal = n * n * w, (n + 1) * w
    other = (n - m - 1 - 2 * t) * diagonal
    upper, lower = matrix + t * diagonal + m * w, matrix + t * diagonal + m * n * w
    if m == 0:
        store(work, upper, diagonal, 0, first_column(near))
        store(work, upper + other, -diagonal, 0, first_column(far))
    else:
        store(work, upper, diagonal, plane, near)
        store(work, lower, diagonal, plane, conjugate(near))
        store(work, upper + other, -diagonal, plane, far)
        store(work, lower + other, -diagonal, plane, conjugate(far))
    return entry


@kernel
def multiply(work, w, lmax, n, rows, columns):
    """Write the product of the first two matrices to the third, tile by tile, within the band |p - q| ≤ lmax[2]."""
    row, plane = n * w, n * n * w
    for i in range(0, n, len(rows)):
        p = min(i, n - len(rows))
        for j in range(0, n, len(columns)):
            q = min(j, n - len(columns))
            if q - p - len(rows) < lmax[2] and p - q - len(columns) < lmax[2]:
                start = max(0, p - lmax[0], q - lmax[1])
                stop = min(n, p + len(rows) + lmax[0], q + len(columns) + lmax[1])
                re, im = zeros(work, rows, columns), zeros(work, rows, columns)
                for r in range(start, stop):
                    left, right = p * row + r * w, 2 * plane + r * row + q * w
                    a, b = load(work, left, row, 0, rows, ONE), load(work, left + plane, row, 0, rows, ONE)
                    re = outer(re, a, load(work, right, 0, w, ONE, columns))
                    re = outer_minus(re, b, load(work, right + plane, 0, w, ONE, columns))
                store(work, 4 * plane + p * row + q * w, row, w, re)
                for r in range(start, stop):
                    left, right = p * row + r * w, 2 * plane + r * row + q * w
                    a, b = load(work, left, row, 0, rows, ONE), load(work, left + plane, row, 0, rows, ONE)
                    im = outer(im, a, load(work, right + plane, 0, w, ONE, columns))
                    im = outer(im, b, load(work, right, 0, w, ONE, columns))
                store(work, 5 * plane + p * row + q * w, row, w, im)


@kernel
def loop_decode(work, w, lmax, n, parity, tables, entry, out, place, step):
    """Write the feature of the third matrix."""
    matrix, folded = 4 * n * n * w, 6 * n * n * w
    for m in range(lmax + 1):
        half = (n - m + 1) // 2
        fold(work, matrix, folded, w, m, half, n, parity)
        entry = decode_tile(work, folded, w, m, half, m, lmax, tables, entry, out, place, step)
        entry = decode_tile(work, folded + 2 * w, w, m, half, m + 1, lmax, tables, entry, out, place, step)


@kernel
def fold(work, matrix, folded, w, m, half, n, parity):
    """Write sums and differences of the two ends of the diagonal m of even·H + odd·K."""
    diagonal = (n + 1) * w
    for t in range(half):
        near = hermitian(work, matrix + t * diagonal, w, m, n, parity)
        far = hermitian(work, matrix + (n - m - 1 - t) * diagonal, w, m, n, parity)
        store(work, folded + 4 * t * w, 0, w, plus(near, far))
        store(work, folded + (4 * t + 2) * w, 0, w, minus(near, far))


@kernel
def hermitian(work, place, w, m, n, parity):
    """Return the entry (t, t+m) of 2·even·H + 2·odd·K; place is that of the entry (t, t)."""
    plane = n * n * w
    upper = load(work, place + m * w, 0, plane, ONE, TWO)
    lower = conjugate(load(work, place + m * n * w, 0, plane, ONE, TWO))
    return combine(plus(upper, lower), minus(upper, lower), parity[0], parity[1])


@kernel
def decode_tile(work, folded, w, m, half, first, lmax, tables, entry, out, place, step):
    """Write the degrees first, first+2, … of the order ±m; return the place in the tables."""
    for l in range(first, lmax + 1, 2):
        pair = zeros(work, ONE, TWO)
        for t in range(half):
            pair = outer(pair, splat(tables, entry, ONE), load(work, folded + 4 * t * w, 0, w, ONE, TWO))
            entry += 1
        at = place + (l * l + l) * step
        if m == 0:
            store(out, at, 0, 0, first_column(pair))
        else:
            store(out, at + m * step, 0, -2 * m * step, pair)
    return entry
