"""Message passing over edges in windows: entries of each edge, then the messages to each receiver, or gradients.

A *window* is as many consecutive edges of a sorted list as a register has lanes.  The entries of its edges
(:mod:`coupling.programs.convolution`) are formed for all of them at once, one lane each; the functions of
:mod:`coupling.kernels.edge_blocks` do the rest.  What is added to a row is added edge by edge in the order of the list,
whatever the windows are: threads may begin anywhere, and bits do not depend on how many there are.

Shapes: x [nodes, rows, channels], y [edges, harmonics], w [edges or 1, paths, channels or 1], out and g [receivers,
rows, channels].  ``edges`` is (order, senders, receivers, starts): edge order[s] is the s-th of the list, and those of
receiver i (or, sorted by senders, of sender i) are starts[i] … starts[i+1]-1.  Indices must be inside the arrays;
nothing is checked here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import types

from coupling.kernels.edge_blocks import PARTS
from coupling.kernels.jit import kernel
from coupling.kernels.lanes import flat, instruction, move, part


class EdgeSpace(NamedTuple):
    """Memory of one thread, in rows of lanes, a row of channels being PARTS of them.

    table [harmonics + entries, lanes]: of a window; places [3, lanes]: where x and w of its edges begin, and w of the
    edges that follow; channels that do not fill a row: of z, x and w of every edge (tails of g, x and w of one edge
    for gradients), weights that are the same in all channels, dx, dw; dy: harmonics and their sums
    """

    table: Any
    places: Any
    z: Any
    x: Any
    w: Any
    spread: Any
    dx: Any
    dw: Any
    dy: Any


@instruction
def _call_entries(typing, address, table, coefficients, lists):
    return types.void(types.intp, table, coefficients, lists), _emit_call


@instruction
def _call_messages(typing, address, z, zs, x, xs, w, ws, at, moves, table, first, last, begin, end, fresh, far, lists):
    i = types.intp
    return types.void(i, z, i, x, i, w, i, at, i, table, i, i, i, i, i, i, lists), _emit_call


@instruction
def _call_gradients(typing, address, g, gs, x, xs, w, ws, dx, dxs, dw, dws, table, e, begin, end, ahead, lists):
    i = types.intp
    return types.void(i, g, i, x, i, w, i, dx, i, dw, i, table, i, i, i, i, lists), _emit_call


@instruction
def _call_harmonics(typing, address, g, gs, x, xs, w, ws, moves, tails, full, end, coefficients, dy, lists):
    i = types.intp
    return types.void(i, g, i, x, i, w, i, i, tails, i, i, coefficients, dy, lists), _emit_call


def _emit_call(context, builder, signature, args):
    function = ir.FunctionType(ir.VoidType(), [value.type for value in args[1:]])
    builder.call(builder.inttoptr(args[0], function.as_pointer()), args[1:])
    return context.get_dummy_value()


@kernel
def send_messages(out, x, w, y, edges, first, last, code, coefficients, lists, space, far):
    """Write the messages to the receivers first … last-1; far: whether weights are too many for the caches.

    code: the addresses of the functions ``entries`` and ``messages``
    """
    order, senders, starts = flat(edges[0]), flat(edges[1]), flat(edges[3])
    lanes, width, channels = space.table.shape[1], PARTS * space.table.shape[1], x.shape[2]
    n_y, n_z = y.shape[1], out.shape[1]
    full, moves = channels // width * width, 0 if w.shape[2] < channels else 1
    numbers, table, at, all_lists = flat(coefficients), flat(space.table), flat(space.places), flat(lists)
    entries = move(table, n_y * lanes)
    w_all, w_step = (flat(w), channels) if moves else (flat(space.spread), width)
    tail, tails = flat(space.z), flat(space.places[3:])
    receiver, stop = first, starts[last]
    for begin in range(starts[first], stop, lanes):
        n = min(lanes, stop - begin)
        _window(x, w, y, order, senders, begin, n, stop, at, table, lanes)
        _call_entries(code[0], table, numbers, all_lists)
        if not moves:
            _spread(w, order, begin, n, at, flat(space.spread), width, lanes)
        if full < channels:
            _tails(x, w, at, n, full, width, lanes, flat(space.x), flat(space.w), tails)
        e = 0
        while e < n:
            while starts[receiver + 1] <= begin + e:
                receiver += 1
            until, fresh = min(n, starts[receiver + 1] - begin), begin + e == starts[receiver]
            z = move(flat(out), receiver * n_z * channels)
            _call_messages(
                code[1],
                z,
                channels,
                flat(x),
                channels,
                w_all,
                w_step,
                at,
                moves,
                entries,
                e,
                until,
                0,
                full,
                fresh,
                far,
                all_lists,
            )
            if full < channels:
                w_tail = flat(space.w) if moves else w_all
                _call_messages(
                    code[1],
                    tail,
                    width,
                    flat(space.x),
                    width,
                    w_tail,
                    width,
                    tails,
                    moves,
                    entries,
                    e,
                    until,
                    0,
                    width,
                    fresh,
                    0,
                    all_lists,
                )
                # what is not fresh is the receiver of the last call, the sum of which the tail still holds
                _copy(tail, 0, width, z, full, channels, n_z, channels - full)
            e = until


@part
def _window(x, w, y, order, senders, begin, n, stop, at, table, lanes):
    """Write where x and w of the edges of a window begin, and their harmonics, one lane each."""
    rows_x, rows_w = x.shape[1] * x.shape[2], w.shape[1] * w.shape[2] * (1 if w.shape[0] > 1 else 0)
    n_y, y_all = y.shape[1], flat(y)
    for e in range(n):
        edge = order[begin + e]
        at[e] = senders[edge] * rows_x
        at[lanes + e] = edge * rows_w
        at[2 * lanes + e] = order[min(begin + lanes + e, stop - 1)] * rows_w
        for b in range(n_y):
            table[b * lanes + e] = y_all[edge * n_y + b]


@part
def _spread(w, order, begin, n, at, spread, width, lanes):
    """Write the weights of a window, the same in all channels, over rows of lanes."""
    n_w, w_all = w.shape[1], flat(w)
    for e in range(n):
        start, place = at[lanes + e], e * n_w * width
        for p in range(n_w):
            for k in range(width):
                spread[place + p * width + k] = w_all[start + p]
        at[lanes + e] = place
        at[2 * lanes + e] = 0


@part
def _tails(x, w, at, n, full, width, lanes, x_tails, w_tails, tails):
    """Copy the last channels of x and w of a window; ``tails`` is where they begin, as ``at``."""
    n_x, channels, n_w = x.shape[1], x.shape[2], w.shape[1]
    rest = channels - full
    for e in range(n):
        tails[e] = e * n_x * width
        tails[lanes + e] = e * n_w * width
        tails[2 * lanes + e] = 0
        _copy(flat(x), at[e] + full, channels, x_tails, tails[e], width, n_x, rest)
        if w.shape[2] == channels:
            _copy(flat(w), at[lanes + e] + full, channels, w_tails, tails[lanes + e], width, n_w, rest)


@part
def _copy(source, first, step, target, place, target_step, rows, count):
    """Copy the first numbers of some rows."""
    for row in range(rows):
        for k in range(count):
            target[place + row * target_step + k] = source[first + row * step + k]


@kernel
def send_gradients(g, x, w, y, dx, dw, dy, edges, first, last, code, coefficients, lists, space, wanted, direct, far):
    """Add the gradients of the edges order[first] … order[last-1] to dx and dw, and write those in y to dy.

    wanted: whether dx, dw and dy are; code: the addresses of the functions ``entries``, ``gradients`` and
    ``harmonics``; direct: dw has the type and shape of w, as many edges as there are, and all channels.  Otherwise it
    is float64, with one edge or one channel where w has one, and zero before.
    """
    order, senders, receivers = flat(edges[0]), flat(edges[1]), flat(edges[2])
    lanes, width, channels = space.table.shape[1], PARTS * space.table.shape[1], x.shape[2]
    n_x, n_y, n_z, n_w = x.shape[1], y.shape[1], g.shape[1], w.shape[1]
    full, moves = channels // width * width, 0 if w.shape[2] < channels else 1
    numbers, table, at, all_lists = flat(coefficients), flat(space.table), flat(space.places), flat(lists)
    entries, tails, sums, row_sums = move(table, n_y * lanes), flat(space.x), flat(space.dw), flat(space.dy)
    w_all, w_step = (flat(w), channels) if moves else (flat(space.spread), width)
    end, rest = (full + width if full < channels else full), channels - full
    behind = (n_y + lanes - 1) // lanes * lanes * lanes
    for begin in range(first, last, lanes):
        n = min(lanes, last - begin)
        _window(x, w, y, order, senders, begin, n, last, at, table, lanes)
        _call_entries(code[0], table, numbers, all_lists)
        if not moves:
            _spread(w, order, begin, n, at, flat(space.spread), width, lanes)
        for e in range(n):
            edge = order[begin + e]
            g_row = move(flat(g), receivers[edge] * n_z * channels)
            x_row, w_row = move(flat(x), at[e]), move(w_all, at[lanes + e])
            dx_row = move(flat(dx), at[e]) if wanted[0] else flat(space.dx)
            if full < channels:
                _copy(g_row, full, channels, tails, 0, width, n_z, rest)
                _copy(x_row, full, channels, tails, n_z * width, width, n_x, rest)
                w_tail = (n_z + n_x) * width
                _copy(w_row, moves * full, w_step, tails, w_tail, width, n_w, rest if moves else width)
            ahead = (order[min(begin + e + 1, last - 1)] - edge) * n_w * channels if far else 0
            if wanted[0] or wanted[1]:
                if direct:
                    dw_row = move(flat(dw), edge * n_w * channels)
                    _call_gradients(
                        code[1],
                        g_row,
                        channels,
                        x_row,
                        channels,
                        w_row,
                        w_step,
                        dx_row,
                        channels,
                        dw_row,
                        channels,
                        entries,
                        e,
                        0,
                        full,
                        ahead,
                        all_lists,
                    )
                else:
                    for c in range(0, full, width):
                        _call_gradients(
                            code[1],
                            move(g_row, c),
                            channels,
                            move(x_row, c),
                            channels,
                            move(w_row, moves * c),
                            w_step,
                            move(dx_row, c),
                            channels,
                            sums,
                            width,
                            entries,
                            e,
                            0,
                            width,
                            0,
                            all_lists,
                        )
                        if wanted[1]:
                            _add(dw, edge, c, sums, width, width)
                if full < channels:
                    dx_tail = flat(space.z)
                    _copy(dx_row, full, channels, dx_tail, 0, width, n_x, rest)
                    _call_gradients(
                        code[1],
                        tails,
                        width,
                        move(tails, n_z * width),
                        width,
                        move(tails, (n_z + n_x) * width),
                        width,
                        dx_tail,
                        width,
                        sums,
                        width,
                        entries,
                        e,
                        0,
                        width,
                        0,
                        all_lists,
                    )
                    _copy(dx_tail, 0, width, dx_row, full, channels, n_x, rest)
                    if wanted[1] and direct:
                        _copy(sums, 0, width, flat(dw), edge * n_w * channels + full, channels, n_w, rest)
                    elif wanted[1]:
                        _add(dw, edge, full, sums, width, rest)
            if wanted[2]:
                _call_harmonics(
                    code[2],
                    g_row,
                    channels,
                    x_row,
                    channels,
                    w_row,
                    w_step,
                    moves,
                    tails,
                    full,
                    end,
                    numbers,
                    row_sums,
                    all_lists,
                )
                for b in range(n_y):
                    dy[edge, b] = row_sums[behind + b]


@part
def _add(dw, edge, c, sums, width, count):
    """Add rows of lanes to the gradient of weights that edges or channels share."""
    where = edge if dw.shape[0] > 1 else 0
    for p in range(dw.shape[1]):
        for k in range(count):
            dw[where, p, c + k if dw.shape[2] > 1 else 0] += sums[p * width + k]
