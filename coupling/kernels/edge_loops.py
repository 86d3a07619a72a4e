"""Message passing by loops over lists of paths, for large degrees, as :mod:`coupling.kernels.edge_blocks` does it.

Only the sums over the orders of z are written out, one piece of code for each degree to the largest.  Everything else
is in ``lists``, integers in a row:

    lists[0:8]      numbers of entries, harmonics, rows of x and of z; where slots, paths, starts and terms begin
    lists[8 + 2l:]  first and last slot of degree l of z, one after the other
    slots [·, 3]    row of z, first and last path to it
    paths [·, 4]    number, row of x, orders of x, first entry; entries [a, k] of all orders, zeros too
    starts          where the terms of each entry begin; terms: their harmonics

The entries of a window lie edge by edge.  Domain: every array that fits in memory; nothing is checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from coupling.kernels.edge_blocks import PARTS, Rows, emit_prefetch, emit_reduction, pointer_types
from coupling.kernels.jit import compiled_function
from coupling.kernels.lanes import move as at
from coupling.kernels.tiles import ONE, outer, splat, store, zeros
from coupling.kernels.tiles import lanes as lane_count
from coupling.kernels.tiles import load as load_tile
from coupling.programs.llvm import INDEX, StridedRows, broadcast, fused_lanes

#: Rows of z to which two registers each are used.
FEW = 11


class _Lists:
    """Loops over slots and paths."""

    def __init__(self, builder: Any, lists: Any) -> None:
        self.builder, self.lists = builder, lists

    def __getitem__(self, index: Any) -> Any:
        place = INDEX(index) if isinstance(index, int) else index
        return self.builder.load(self.builder.gep(self.lists, [place]))

    def row(self, begin: Any, width: int, number: Any) -> list[Any]:
        """Return a row of a list that begins somewhere."""
        first = self.builder.add(begin, self.builder.mul(number, INDEX(width)))
        return [self[self.builder.add(first, INDEX(k))] for k in range(width)]

    @contextmanager
    def slots(self, l: int) -> Iterator[list[Any]]:
        """Loop over the slots of a degree of z."""
        with integers(self.builder, self[8 + 2 * l], self[9 + 2 * l]) as number:
            yield self.row(self[4], 3, number)

    @contextmanager
    def columns(self, path: list[Any]) -> Iterator[Any]:
        """Loop over the orders of x of a path."""
        with integers(self.builder, INDEX(0), path[2]) as a:
            yield a

    @contextmanager
    def paths(self, first: Any, last: Any) -> Iterator[list[Any]]:
        """Loop over paths."""
        with integers(self.builder, first, last) as number:
            yield self.row(self[5], 4, number)


@contextmanager
def integers(builder: Any, first: Any, last: Any) -> Iterator[Any]:
    """Loop over integers."""
    with cgutils.for_range_slice(builder, first, last, INDEX(1), INDEX) as (number, _):
        yield number


def _entry(do: Rows, entries: Any, k: int) -> Any:
    """Return an entry in all lanes."""
    builder = do.builder
    return broadcast(builder, builder.load(builder.gep(entries, [INDEX(k)])), do.vector)


def _messages_code(
    typing, z, z_step, x, x_step, w, w_step, places, move, table, first, last, begin, end, fresh, far, lists, degree
):
    def code(context, builder, sig, args):
        z, z_step, _, _, _, _, _, _, _, _, _, begin, end, fresh = args[:14]
        found = _Lists(builder, args[15])
        for l in range(degree.literal_value + 1):
            do = Rows(builder, element, context, PARTS if 2 * l + 1 <= FEW else 1)
            with found.slots(l) as (row, first, last), do.blocks(begin, end) as (c, _):
                target = StridedRows(do.moved(z, builder.mul(row, z_step), c), z_step)
                totals = do.variables(2 * l + 1)
                with builder.if_then(builder.icmp_signed("==", fresh, INDEX(0))):
                    for k, total in enumerate(totals):
                        builder.store(do.load(do.place(target, k)), total)
                _add_messages(do, found, first, last, totals, args, c)
                for k, total in enumerate(totals):
                    builder.store(builder.load(total), do.place(target, k), align=do.align)
        return context.get_dummy_value()

    element, i = table, types.intp
    return types.void(z, i, x, i, w, i, places, i, table, i, i, i, i, i, i, lists, degree), code


def _add_messages(do: Rows, found: _Lists, first: Any, last: Any, totals: list[Any], args: Any, c: Any) -> None:
    """Emit the loops over edges, paths and orders of x."""
    _, _, x, x_step, w, w_step, places, move, table, begin, end = args[:11]
    builder, rows = do.builder, len(totals)
    with integers(builder, begin, end) as e:
        lane = builder.add(e, INDEX(do.lanes))
        x_at = do.moved(x, do.element(places, e), c)
        w_at = do.moved(w, do.element(places, lane), builder.mul(move, c))
        edge = do.moved(table, builder.mul(e, found[0]))
        with found.paths(first, last) as (number, x_row, columns, n):
            weight = do.load(do.vector_at(do.moved(w_at, builder.mul(number, w_step))))
            with integers(builder, INDEX(0), columns) as a:
                row = builder.mul(builder.add(x_row, a), x_step)
                scaled = builder.fmul(weight, do.load(do.vector_at(do.moved(x_at, row))))
                entries = do.moved(edge, builder.add(n, builder.mul(a, INDEX(rows))))
                for k, total in enumerate(totals):
                    value = fused_lanes(builder, _entry(do, entries, k), scaled, builder.load(total))
                    builder.store(value, total)


def _gradients_code(
    typing, g, g_step, x, x_step, w, w_step, dx, dx_step, dw, dw_step, table, e, begin, end, ahead, lists, weights,
    degree
):  # fmt: skip
    def code(context, builder, sig, args):
        found, do = _Lists(builder, args[15]), Rows(builder, element, context, 1)
        edge = do.moved(args[10], builder.mul(args[11], found[0]))
        with do.blocks(args[12], args[13]) as (c, _):
            arrays = [StridedRows(do.moved(args[n], c), args[n + 1]) for n in range(0, 10, 2)]
            for l in range(degree.literal_value + 1):
                with found.slots(l) as (row, first, last):
                    g_at = StridedRows(do.moved(arrays[0].pointer, builder.mul(row, args[1])), args[1])
                    values = [do.load(do.place(g_at, k)) for k in range(2 * l + 1)]
                    with found.paths(first, last) as path:
                        _pull(do, edge, values, path, arrays[1:], args[14], weights.literal_value)
        return context.get_dummy_value()

    element, i = table, types.intp
    kinds = (g, i, x, i, w, i, dx, i, dw, i, table, i, i, i, i, lists, weights, degree)
    return types.void(*kinds), code


def _pull(do: Rows, edge: Any, g: list[Any], path: list[Any], arrays: Any, ahead: Any, weights: int) -> None:
    """Emit the gradients in x and w of one path."""
    builder, (number, x_row, columns, n) = do.builder, path
    x, w, dx, dw = (do.row_of(rows, row) for rows, row in zip(arrays, (x_row, number, x_row, number), strict=True))
    with builder.if_then(builder.icmp_signed("!=", ahead, INDEX(0))):
        for place, write in ((w, False), (dw, True))[: 1 + weights]:
            emit_prefetch(do, do.moved(place, ahead), write)
    weight, (own,) = do.load(do.vector_at(w)), do.variables(1)
    with integers(builder, INDEX(0), columns) as a:
        entries = do.moved(edge, builder.add(n, builder.mul(a, INDEX(len(g)))))
        sums: list[Any] = []
        for k, value in enumerate(g):
            factor = _entry(do, entries, k)
            if k < 4:
                sums.append(builder.fmul(factor, value))
            else:
                sums[k % 4] = fused_lanes(builder, factor, value, sums[k % 4])
        while len(sums) > 1:
            sums = [
                builder.fadd(*pair) if len(pair) == 2 else pair[0]
                for pair in (sums[k : k + 2] for k in range(0, len(sums), 2))
            ]
        place = do.vector_at(do.moved(dx, builder.mul(a, arrays[2].step)))
        builder.store(fused_lanes(builder, weight, sums[0], do.load(place)), place, align=do.align)
        if weights:
            one = do.load(do.vector_at(do.moved(x, builder.mul(a, arrays[0].step))))
            builder.store(fused_lanes(builder, sums[0], one, builder.load(own)), own)
    if weights:
        builder.store(builder.load(own), do.vector_at(dw), align=do.align)


def _harmonics_code(typing, g, g_step, x, x_step, w, w_step, move, tails, full, end, coefficients, dy, lists, degree):
    def code(context, builder, sig, args):
        found, do = _Lists(builder, args[12]), Rows(builder, element, context, 1)
        rows, zero = StridedRows(args[11], do.width), ir.Constant(do.vector, None)
        with integers(builder, INDEX(0), found[1]) as b:
            builder.store(zero, do.vector_at(do.row_of(rows, b)), align=do.align)
        for l in range(degree.literal_value + 1):
            with found.slots(l) as (row, first, last), found.paths(first, last) as path, found.columns(path) as a:
                sums = _entry_sums(do, found, l, row, path, a, args)
                n = builder.add(path[3], builder.mul(a, INDEX(2 * l + 1)))
                for k, value in enumerate(sums):
                    _contract(do, found, builder.add(n, INDEX(k)), value, args[10], rows)
        lanes = INDEX(do.lanes)
        groups = builder.sdiv(builder.add(found[1], INDEX(do.lanes - 1)), lanes)
        with integers(builder, INDEX(0), groups) as group:
            first = builder.mul(group, lanes)
            target = do.moved(args[11], builder.mul(builder.mul(groups, lanes), lanes), first)
            begin = StridedRows(do.row_of(rows, first), do.width)
            emit_reduction(do, [do.load(do.place(begin, row)) for row in range(do.lanes)], target)
        return context.get_dummy_value()

    element, i = g, types.intp
    return types.void(g, i, x, i, w, i, i, tails, i, i, coefficients, dy, lists, degree), code


def _entry_sums(do: Rows, found: _Lists, l: int, row: Any, path: list[Any], a: Any, args: Any) -> list[Any]:
    """Emit the loop over channels that sums g w x for the entries of one order of x."""
    g, g_step, x, x_step, w, w_step, move, tails, full, end = args[:10]
    builder, width = do.builder, INDEX(PARTS * do.lanes)
    totals = do.variables(2 * l + 1)
    number, x_row = path[0], builder.add(path[1], a)
    w_first = builder.add(found[3], found[2])
    with do.blocks(INDEX(0), end) as (c, _):
        inside, rest = builder.icmp_signed("<", c, full), builder.sub(c, full)
        chosen = []
        for memory, step, moved, first, of in (
            (g, g_step, c, INDEX(0), row),
            (x, x_step, c, found[3], x_row),
            (w, w_step, builder.mul(move, c), w_first, number),
        ):
            tail = do.moved(tails, builder.mul(first, width), rest)
            pointer = builder.select(inside, do.moved(memory, moved), tail)
            rows = StridedRows(pointer, builder.select(inside, step, width))
            chosen.append(StridedRows(do.row_of(rows, of), rows.step))
        scaled = builder.fmul(do.load(do.place(chosen[2], 0)), do.load(do.place(chosen[1], 0)))
        for k, total in enumerate(totals):
            value = fused_lanes(builder, do.load(do.place(chosen[0], k)), scaled, builder.load(total))
            builder.store(value, total)
    return [builder.load(total) for total in totals]


def _contract(do: Rows, found: _Lists, n: Any, value: Any, coefficients: Any, rows: StridedRows) -> None:
    """Emit the loop over the terms of an entry, which adds it to the harmonics."""
    builder = do.builder
    first = builder.add(found[6], n)
    with integers(builder, found[first], found[builder.add(first, INDEX(1))]) as t:
        place = do.vector_at(do.row_of(rows, found[builder.add(found[7], t)]))
        factor = broadcast(builder, builder.load(builder.gep(coefficients, [t])), do.vector)
        builder.store(fused_lanes(builder, factor, value, do.load(place)), place, align=do.align)


_intrinsic: Any = intrinsic(prefer_literal=True)
_messages, _gradients, _harmonics = map(_intrinsic, (_messages_code, _gradients_code, _harmonics_code))


@cache
def loop_entries(degree: int, dtype: np.dtype[Any]) -> Any:
    """Return the function (table, coefficients, lists); the degree does not matter."""
    width = lane_count(dtype)

    def run(table, coefficients, lists):
        count, harmonics, starts, terms = lists[0], lists[1], at(lists, lists[6]), at(lists, lists[7])
        entries, space = at(table, harmonics * width), (harmonics + count) * width
        for n in range(count):
            total = zeros(table, ONE, ONE)
            for t in range(starts[n], starts[n + 1]):
                total = outer(total, splat(coefficients, t, ONE), load_tile(table, terms[t] * width, 0, 0, ONE, ONE))
            store(table, space, 0, 0, total)
            for e in range(width):
                entries[e * count + n] = table[space + e]

    _, q, p = pointer_types(dtype)
    return compiled_function(types.void(p, p, q), run)


@cache
def loop_messages(degree: int, dtype: np.dtype[Any]) -> Any:
    """Return the function of :func:`coupling.kernels.edge_blocks.messages_function`, for degrees of z to one."""

    def run(z, z_step, x, x_step, w, w_step, places, move, table, first, last, begin, end, fresh, far, lists):
        _messages(
            z, z_step, x, x_step, w, w_step, places, move, table, first, last, begin, end, fresh, far, lists, degree
        )

    i, q, p = pointer_types(dtype)
    return compiled_function(types.void(p, i, p, i, p, i, q, i, p, i, i, i, i, i, i, q), run)


@cache
def loop_gradients(degree: int, dtype: np.dtype[Any], weights: int) -> Any:
    """Return the function of :func:`coupling.kernels.edge_blocks.gradients_function`."""

    def run(g, g_step, x, x_step, w, w_step, dx, dx_step, dw, dw_step, table, e, begin, end, ahead, lists):
        _gradients(
            g, g_step, x, x_step, w, w_step, dx, dx_step, dw, dw_step, table, e, begin, end, ahead, lists, weights,
            degree
        )  # fmt: skip

    i, q, p = pointer_types(dtype)
    return compiled_function(types.void(p, i, p, i, p, i, p, i, p, i, p, i, i, i, i, q), run)


@cache
def loop_harmonics(degree: int, dtype: np.dtype[Any]) -> Any:
    """Return the function of :func:`coupling.kernels.edge_blocks.harmonics_function`."""

    def run(g, g_step, x, x_step, w, w_step, move, tails, full, end, coefficients, dy, lists):
        _harmonics(g, g_step, x, x_step, w, w_step, move, tails, full, end, coefficients, dy, lists, degree)

    i, q, p = pointer_types(dtype)
    return compiled_function(types.void(p, i, p, i, p, i, i, p, i, i, p, p, q), run)
