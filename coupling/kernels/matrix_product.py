"""The matrix product of spin j: encode two features as n×n matrices, multiply, decode, a block of lanes at a time.

A Hermitian matrix X is stored as the real matrix R = Re X + Im X, with R_pq + R_qp = 2 Re X_pq and R_pq - R_qp =
2 Im X_pq.  If XY = H + iK with Hermitian H and K, the result H + K of X, Y ~ R, S is stored as

    R∘S = ½ (R S + S Rᵀ + Sᵀ R - Rᵀ Sᵀ)

with no complex number left.  Only the diagonals |m| ≤ lmax of a feature are written, the others have always been zero.

The diagonals ±m have the entries R[t, t+m] = Σ_l e_l(t) (x_lm + x_l,-m), R[t+m, t] = Σ_l e_l(t) (x_lm - x_l,-m), and
R[t, t] = Σ_l e_l(t) x_l0.  Seen from the other end of its diagonal e_l has the sign (-1)^(l-m): the sums over even and
over odd l-m are formed for one half of a diagonal, their sum and their difference are the two halves.  Decoding does
the same backwards.

Tables are in the order in which they are read.  Encoding: for m = 0 … lmax, for each tile of positions t of the half
diagonal, for l = m, m+2, … and then l = m+1, m+3, …: e_l(t) of the tile.  Decoding: for m, for l in the same order, for
all t of the half diagonal: e_l(t).  For small n both are fully unrolled and a tile is one position; see
:mod:`coupling.kernels.straight`.  Otherwise they are the loops below.

Domain: every spin whose tables and blocks of lanes fit in memory, which :class:`coupling.products.MatrixProduct`
requires; all places are 64-bit integers and lie inside an array.  Shapes are those of ``Product.__call__``; nothing is
checked.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload
from numpy.typing import NDArray

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import flat
from coupling.kernels.prefetch import prefetch
from coupling.kernels.straight import straight_decode, straight_encode, straight_multiply
from coupling.kernels.tiles import (
    ONE,
    REGISTERS,
    TWO,
    butterfly,
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
SHAPES = ((6, 4), (5, 5), (4, 4), (6, 3), (3, 3), (7, 2), (5, 2), (4, 2), (3, 2), (2, 2), (1, 1))


def tile_shape(n):
    """Return the shape of tiles that covers n×n fastest: little beyond the edge, many sums side by side.

    >>> tile_shape(10) in ((5, 5), (5, 2))
    True
    """
    fits = [(r, c) for r, c in SHAPES if max(r, c) <= n and r * c + c + 1 <= REGISTERS]
    return min(fits, key=lambda s: -(-n // s[0]) * -(-n // s[1]) * (s[0] * s[1] + 4))


class Plan(NamedTuple):
    """What the kernel reads besides features: w lanes, matrices of dimension n, and for the three features the degrees
    in use, lmax [3], and their tables, one after the other, at starts [3].

    Lengths of tuples stand for numbers that are known to the compiler: rows, columns: shape of the tiles; size: n, and
    degrees: lmax+1, both for unrolled code, or empty tuples for loops.
    """

    w: int
    n: int
    lmax: NDArray[np.int64]
    tables: NDArray[Any]
    starts: NDArray[np.int64]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    size: tuple[int, ...]
    degrees: tuple[tuple[int, ...], ...]


@kernel
def matrix_product(x, y, out, first, last, ahead, plan, work):
    """Write the product for the lanes first … last-1, in blocks; first begins one.

    x, y, out: [batch, entries, channels]; lane i is channel i % channels of batch item i // channels.
    len(ahead): the prefetch distance in blocks; empty for no prefetch.  work: ``work_size``
    numbers, zero at first.
    """
    w, n, lmax, tables, starts, rows, columns, size, degrees = plan
    of_x, of_y, of_out, space, table = flat(x), flat(y), flat(out), flat(work), flat(tables)
    channels, plane = out.shape[2], n * n * w
    block = 3 * plane + 2 * (n + 1) * w
    turns = -(-n // len(rows)) * (-(-n // len(columns)) if len(size) else 1)
    share = ((max(lmax[0], lmax[1], lmax[2]) + 1) ** 2 + turns - 1) // turns
    for lane in range(first, last, w):
        item, channel = divmod(lane, channels)
        whole = channel + w <= channels
        a, at_a, step = of_x, item * x.shape[1] * channels + channel, channels
        b, at_b = of_y, item * y.shape[1] * channels + channel
        c, at_c = of_out, item * out.shape[1] * channels + channel
        if not whole:
            a, at_a, step = space, block, w
            b, at_b = space, at_a + (lmax[0] + 1) ** 2 * w
            c, at_c = space, at_b + (lmax[1] + 1) ** 2 * w
            gather(x, lane, last, w, lmax[0], work, at_a)
            gather(y, lane, last, w, lmax[1], work, at_b)
        encode(a, at_a, step, w, lmax[0], n, table, starts[0], space, 0, size, degrees[0])
        encode(b, at_b, step, w, lmax[1], n, table, starts[1], space, plane, size, degrees[1])
        wanted = (of_x, 0, 0), (of_y, 0, 0), (of_out, 0, 0)
        if len(ahead):
            item, channel = divmod(lane + len(ahead) * w, channels)
            wanted = (
                (of_x, item * x.shape[1] * channels + channel, (lmax[0] + 1) ** 2),
                (of_y, item * y.shape[1] * channels + channel, (lmax[1] + 1) ** 2),
                (of_out, item * out.shape[1] * channels + channel, (lmax[2] + 1) ** 2),
            )
        multiply(space, w, lmax, n, rows, columns, size, ahead, wanted, share, channels)
        decode(space, w, lmax[2], n, table, starts[2], c, at_c, step, size, degrees[2])
        if not whole:
            scatter(work, at_c, lane, last, w, lmax[2], out)


def work_size(w, lmax, n):
    """Return how many numbers a block of w lanes works on.

    >>> work_size(16, (1, 1, 1), 2)
    480
    """
    return w * (3 * n * n + 2 * (n + 1) + sum((l + 1) ** 2 for l in lmax))


def encode(x, place, step, w, lmax, n, tables, entry, work, matrix, size, degrees):
    """Write the matrix of the feature x, whose vector of flat index i begins at place + i·step."""
    if len(size):
        straight_encode(x, place, step, tables, entry, work, matrix, size, degrees)
    else:
        loop_encode(x, place, step, w, lmax, n, tables, entry, work, matrix)


def decode(work, w, lmax, n, tables, entry, out, place, step, size, degrees):
    """Write the feature of the third matrix; the vector of flat index i begins at place + i·step."""
    if len(size):
        straight_decode(work, 2 * n * n * w, tables, entry, out, place, step, size, degrees)
    else:
        loop_decode(work, w, lmax, n, tables, entry, out, place, step)


def multiply(work, w, lmax, n, rows, columns, size, ahead, wanted, share, step):
    """Write twice the product of the first two matrices to the third, within the band |p - q| ≤ lmax[2].

    Unless ahead is empty, memory is prefetched between tiles: of each (memory, start, rows) in wanted, ``share`` rows
    of w numbers, step apart.
    """
    if len(size):
        tiles_straight(work, w, lmax, n, rows, columns, size, ahead, wanted, share, step)
    else:
        loop_multiply(work, w, lmax, n, rows, columns, ahead, wanted, share, step)


@overload(encode)
def _encode(x, place, step, w, lmax, n, tables, entry, work, matrix, size, degrees):
    """Choose when the kernel is compiled."""

    def straight(x, place, step, w, lmax, n, tables, entry, work, matrix, size, degrees):
        straight_encode(x, place, step, tables, entry, work, matrix, size, degrees)

    def loops(x, place, step, w, lmax, n, tables, entry, work, matrix, size, degrees):
        loop_encode(x, place, step, w, lmax, n, tables, entry, work, matrix)

    return straight if len(size) else loops


@overload(multiply)
def _multiply(work, w, lmax, n, rows, columns, size, ahead, wanted, share, step):
    """Choose when the kernel is compiled."""

    def straight(work, w, lmax, n, rows, columns, size, ahead, wanted, share, step):
        tiles_straight(work, w, lmax, n, rows, columns, size, ahead, wanted, share, step)

    def loops(work, w, lmax, n, rows, columns, size, ahead, wanted, share, step):
        loop_multiply(work, w, lmax, n, rows, columns, ahead, wanted, share, step)

    return straight if len(size) else loops


@overload(decode)
def _decode(work, w, lmax, n, tables, entry, out, place, step, size, degrees):
    """Choose when the kernel is compiled."""

    def straight(work, w, lmax, n, tables, entry, out, place, step, size, degrees):
        straight_decode(work, 2 * n * n * w, tables, entry, out, place, step, size, degrees)

    def loops(work, w, lmax, n, tables, entry, out, place, step, size, degrees):
        loop_decode(work, w, lmax, n, tables, entry, out, place, step)

    return straight if len(size) else loops


@kernel
def gather(x, lane, last, w, lmax, work, place):
    """Copy a block of lanes that is no run of channels to rows of w lanes, the missing ones zero."""
    for row in range((lmax + 1) ** 2):
        for i in range(w):
            item, channel = divmod(lane + i, x.shape[2])
            work[place + row * w + i] = x[item, row, channel] if lane + i < last else 0


@kernel
def scatter(work, place, lane, last, w, lmax, out):
    """Copy rows of w lanes to where ``gather`` would find them."""
    for row in range((lmax + 1) ** 2):
        for i in range(min(w, last - lane)):
            item, channel = divmod(lane + i, out.shape[2])
            out[item, row, channel] = work[place + row * w + i]


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
        even = outer(even, splat(tables, entry, positions), _pair(x, place, step, l, m))
        entry += len(positions)
    for l in range(m + 1, lmax + 1, 2):
        odd = outer(odd, splat(tables, entry, positions), _pair(x, place, step, l, m))
        entry += len(positions)
    diagonal, across = (n + 1) * w, m * (n - 1) * w
    near = matrix + t * diagonal + m * w
    far = near + (n - m - 1 - 2 * t) * diagonal
    store(work, near, diagonal, across, plus(even, odd))
    store(work, far, -diagonal, across, minus(even, odd))
    return entry


@kernel
def _pair(x, place, step, l, m):
    """Return x_lm ± x_l,-m, or x_l0 twice."""
    pair = load(x, place + (l * l + l + m) * step, 0, -2 * m * step, ONE, TWO)
    return butterfly(pair) if m else pair


@kernel
def ask(wanted, share, step, w, turn):
    """Prefetch ``share`` of the wanted rows: all at once would wait for one another."""
    for memory, start, rows in wanted:
        for row in range(turn * share, min(rows, (turn + 1) * share)):
            prefetch(memory, start + row * step, w)


@kernel
def tiles_straight(work, w, lmax, n, rows, columns, size, ahead, wanted, share, step):
    """Write the product tile by tile."""
    down, across = -(-n // len(rows)), -(-n // len(columns))
    for i in range(down):
        p = min(i * len(rows), n - len(rows))
        for j in range(across):
            q = min(j * len(columns), n - len(columns))
            if len(ahead):
                ask(wanted, share, step, w, i * across + j)
            if _within(p, q, lmax, rows, columns):
                straight_multiply(work, p, q, size, rows, columns)


@kernel
def _within(p, q, lmax, rows, columns):
    """Return whether a tile that begins at (p, q) meets the band |p - q| ≤ lmax[2]."""
    return q - p - len(rows) < lmax[2] and p - q - len(columns) < lmax[2]


@kernel
def loop_multiply(work, w, lmax, n, rows, columns, ahead, wanted, share, step):
    """Write the product: for each row of tiles R S, -Rᵀ Sᵀ, S Rᵀ, Sᵀ R in turn; left factors stay in a cache.

    Rows of tiles may overlap, since each begins from zero; tiles in a row must not, since the four are added up.
    """
    for i in range(-(-n // len(rows))):
        p = min(i * len(rows), n - len(rows))
        if len(ahead):
            ask(wanted, share, step, w, i)
        for k in range(4):
            q = 0
            while q < n:
                if q + len(columns) <= n:
                    add_tile(work, w, lmax, n, p, q, k, rows, columns)
                    q += len(columns)
                else:
                    add_tile(work, w, lmax, n, p, q, k, rows, ONE)
                    q += 1


@kernel
def add_tile(work, w, lmax, n, p, q, k, rows, columns):
    """Add a tile of the product number k to what is there, of the first one to zero."""
    if not _within(p, q, lmax, rows, columns):
        return
    row, s = n * w, n * n * w
    at = 2 * s + p * row + q * w
    total = zeros(work, rows, columns) if k == 0 else load(work, at, row, w, rows, columns)
    x, y, a, b = (0, s, lmax[0], lmax[1]) if k < 2 else (s, 0, lmax[1], lmax[0])
    down, along = (w, row) if k % 2 else (row, w)  # steps in the left factor
    onward, across = (w, row) if k == 1 or k == 2 else (row, w)  # steps in the right factor
    for r in range(max(0, p - a, q - b), min(n, p + len(rows) + a, q + len(columns) + b)):
        left = load(work, x + p * down + r * along, down, 0, rows, ONE)
        right = load(work, y + r * onward + q * across, 0, across, ONE, columns)
        total = outer_minus(total, left, right) if k == 1 else outer(total, left, right)
    store(work, at, row, w, total)


@kernel
def loop_decode(work, w, lmax, n, tables, entry, out, place, step):
    """Write the feature of the third matrix."""
    matrix, folded = 2 * n * n * w, 3 * n * n * w
    for m in range(lmax + 1):
        half = (n - m + 1) // 2
        fold(work, matrix, folded, w, m, half, n)
        entry = decode_tile(work, folded, w, m, half, m, lmax, tables, entry, out, place, step)
        entry = decode_tile(work, folded + 2 * w, w, m, half, m + 1, lmax, tables, entry, out, place, step)


@kernel
def fold(work, matrix, folded, w, m, half, n):
    """Write sums and differences of the two ends of the diagonals ±m."""
    diagonal, across = (n + 1) * w, m * (n - 1) * w
    for t in range(half):
        place = matrix + t * diagonal + m * w
        near = load(work, place, 0, across, ONE, TWO)
        far = load(work, place + (n - m - 1 - 2 * t) * diagonal, 0, across, ONE, TWO)
        store(work, folded + 4 * t * w, 0, w, plus(near, far))
        store(work, folded + (4 * t + 2) * w, 0, w, minus(near, far))


@kernel
def decode_tile(work, folded, w, m, half, first, lmax, tables, entry, out, place, step):
    """Write the degrees first, first+2, … of the order ±m; return the place in the tables."""
    for l in range(first, lmax + 1, 2):
        pair = zeros(work, ONE, TWO)
        for t in range(half):
            pair = outer(pair, splat(tables, entry, ONE), load(work, folded + 4 * t * w, 0, w, ONE, TWO))
            entry += 1
        store(out, place + (l * l + l + m) * step, 0, -2 * m * step, butterfly(pair) if m else pair)
    return entry
