"""The programs of message passing compiled: one function each for a set of paths and a type, kept between processes.

All work on channels begin … end-1 of some edges, as many at a time as fill a row of lanes.  An array is a memory and
the distance of its rows.  Where weights do not depend on channels, one row of lanes serves all of them (``move`` 0).
``lists`` is for :mod:`coupling.kernels.edge_loops`, whose functions have the same arguments.

    entries(table, coefficients)                      the entries of a window of edges, behind their harmonics
    messages(z, x, w, …)                              adds the messages of edges first … last-1, all to one receiver
    gradients(g, x, w, dx, dw, …)                     adds to dx and writes dw of one edge
    harmonics(g, x, w, tails, coefficients, dy, …)    writes the gradient in the harmonics of one edge
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import from_dtype
from numba.core import cgutils, types
from numba.extending import intrinsic

from coupling.kernels.jit import compiled_function
from coupling.kernels.tiles import REGISTER_BYTES, REGISTERS
from coupling.programs.convolution import (
    EdgePath,
    EntryProduct,
    Terms,
    edge_gradients,
    entry_gradients,
    harmonic_gradients,
    matrix_entries,
    message,
    tiles,
)
from coupling.programs.llvm import INDEX, StridedRows, emit
from coupling.programs.tape import record

#: Registers in a row of lanes: what is the same in all lanes is loaded once for them.
PARTS = 2

#: Registers for sums in messages and in the gradient in the harmonics; the others hold factors.
SUMS = REGISTERS - 10


class EdgeCode(NamedTuple):
    """What is compiled: paths in groups whose sums are in registers together, terms, and the numbers of rows of x, of
    harmonics and of rows of z."""

    groups: tuple[tuple[EdgePath, ...], ...]
    terms: Terms
    sizes: tuple[int, int, int]

    @property
    def paths(self) -> tuple[EdgePath, ...]:
        """The paths of all groups."""
        return tuple(path for group in self.groups for path in group)


#: What is compiled, by the digests by which numba keeps the compiled functions.
_CODES: dict[str, EdgeCode] = {}


def register_code(digest: str, code: EdgeCode) -> None:
    """Let functions be compiled for a code by its digest."""
    _CODES[digest] = code


class Rows:
    """Instructions on rows of ``parts`` registers."""

    def __init__(self, builder: Any, memory: Any, context: Any, parts: int = PARTS) -> None:
        self.builder, self.lanes = builder, REGISTER_BYTES * 8 // memory.dtype.bitwidth
        self.width, self.align = parts * self.lanes, memory.dtype.bitwidth // 8
        self.vector = ir.VectorType(context.get_value_type(memory.dtype), self.width)

    def moved(self, pointer: Any, *offsets: Any) -> Any:
        """Return a pointer moved by offsets."""
        for offset in offsets:
            pointer = self.builder.gep(pointer, [offset])
        return pointer

    def vector_at(self, pointer: Any) -> Any:
        """Return a pointer to a number as one to a row of lanes."""
        return self.builder.bitcast(pointer, self.vector.as_pointer())

    def place(self, rows: StridedRows, row: int) -> Any:
        """Return a pointer to a row of lanes."""
        return self.vector_at(rows.place(self.builder, row))

    def row_of(self, rows: StridedRows, row: Any) -> Any:
        """Return a pointer to the first number of a row whose number is a value."""
        step = INDEX(rows.step) if isinstance(rows.step, int) else rows.step
        return self.moved(rows.pointer, self.builder.mul(row, step))

    def load(self, place: Any) -> Any:
        """Return the lanes at a place."""
        return self.builder.load(place, align=self.align, typ=self.vector)

    def variables(self, count: int) -> list[Any]:
        """Return variables that begin with zero; they become registers."""
        made = [cgutils.alloca_once(self.builder, self.vector) for _ in range(count)]
        for variable in made:
            self.builder.store(ir.Constant(self.vector, None), variable)
        return made

    def blocks(self, begin: Any, end: Any) -> Any:
        """Loop over the rows of lanes of a range of channels."""
        return cgutils.for_range_slice(self.builder, begin, end, INDEX(self.width), INDEX)

    def element(self, integers: Any, index: Any) -> Any:
        """Return an integer of an array."""
        return self.builder.load(self.builder.gep(integers, [index]))


class _Emitter(Rows):
    """Instructions for one code."""

    def __init__(self, builder: Any, digest: Any, memory: Any, context: Any, parts: int = PARTS) -> None:
        super().__init__(builder, memory, context, parts)
        self.code = _CODES[digest.literal_value]


def _rows(paths: Iterable[EdgePath]) -> list[int]:
    return sorted({path.z + k for path in paths for _, k, _ in path.entries})


def _entries_code(typing, table, coefficients, lists, digest):
    def code(context, builder, sig, args):
        do = _Emitter(builder, digest, table, context, 1)
        m = builder.gep(args[0], [INDEX(do.code.sizes[1] * do.width)])
        arrays = {"y": StridedRows(args[0], do.width), "m": StridedRows(m, do.width)}
        emit(record(matrix_entries, do.code.terms), builder, do.vector, arrays, args[1])
        return context.get_dummy_value()

    return types.void(table, coefficients, lists, digest), code


def _messages_code(
    typing, z, z_step, x, x_step, w, w_step, at, move, table, first, last, begin, end, fresh, far, lists, digest
):
    def code(context, builder, sig, args):
        do = _Emitter(builder, digest, table_type, context)
        with do.blocks(args[11], args[12]) as (c, _):
            for group in do.code.groups:
                _group(do, group, StridedRows(do.moved(args[0], c), args[1]), args, c)
        return context.get_dummy_value()

    table_type, i = table, types.intp
    return types.void(z, i, x, i, w, i, at, i, table, i, i, i, i, i, i, lists, digest), code


def _group(do: _Emitter, group: tuple[EdgePath, ...], z: StridedRows, args: Any, c: Any) -> None:
    """Emit the loop over edges whose messages are added to some rows of z."""
    _, _, x, x_step, w, w_step, at, move, table, first, last, _, _, fresh, far = args[:15]
    builder, rows = do.builder, _rows(group)
    totals = do.variables(len(rows))
    with builder.if_then(builder.icmp_signed("==", fresh, INDEX(0))):
        for total, row in zip(totals, rows, strict=True):
            builder.store(do.load(do.place(z, row)), total)
    with cgutils.for_range_slice(builder, first, last, INDEX(1), INDEX) as (e, _):
        lane = builder.add(e, INDEX(do.lanes))
        moved = builder.mul(move, c)
        x_at = StridedRows(do.moved(x, do.element(at, e), c), x_step)
        w_at = StridedRows(do.moved(w, do.element(at, lane), moved), w_step)
        with builder.if_then(builder.icmp_signed("!=", far, INDEX(0))):
            ahead = do.element(at, builder.add(lane, INDEX(do.lanes)))
            _prefetch(do, StridedRows(do.moved(w, ahead, moved), w_step), [path.number for path in group])
        z_now = {row: builder.load(total) for row, total in zip(rows, totals, strict=True)}
        arrays: dict[str, Any] = {"x": x_at, "w": w_at, "z": z_now}
        emit(record(message, group), builder, do.vector, arrays, StridedRows(do.moved(table, e), do.lanes))
        for total, row in zip(totals, rows, strict=True):
            builder.store(z_now[row], total)
    for total, row in zip(totals, rows, strict=True):
        builder.store(builder.load(total), do.place(z, row), align=do.align)


def _prefetch(do: Rows, rows: StridedRows, numbers: list[int], write: bool = False) -> None:
    """Emit prefetches of some rows."""
    for number in numbers:
        emit_prefetch(do, rows.place(do.builder, number), write)


def emit_prefetch(do: Rows, pointer: Any, write: bool) -> None:
    """Emit the prefetch of a row of lanes, into the second cache, to be read or written."""
    byte, i = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, i, i, i])
    function = cgutils.get_or_insert_function(do.builder.module, kind, "llvm.prefetch.p0i8")
    for part in range(0, do.width, do.lanes):
        place = do.builder.bitcast(do.moved(pointer, INDEX(part)), byte)
        do.builder.call(function, [place, i(int(write)), i(2), i(1)])


def _gradients_code(
    typing, g, g_step, x, x_step, w, w_step, dx, dx_step, dw, dw_step, table, e, begin, end, ahead, lists, weights,
    digest
):  # fmt: skip
    def code(context, builder, sig, args):
        names = ("g", "x", "w", "dx", "dw")
        do = _Emitter(builder, digest, table_type, context)
        with do.blocks(args[12], args[13]) as (c, _):
            arrays = {n: StridedRows(do.moved(args[2 * k], c), args[2 * k + 1]) for k, n in enumerate(names)}
            with builder.if_then(builder.icmp_signed("!=", args[14], INDEX(0))):
                for name in ("w", "dw") if weights.literal_value else ("w",):
                    rows = StridedRows(do.moved(arrays[name].pointer, args[14]), arrays[name].step)
                    _prefetch(do, rows, list(range(len(do.code.paths))), name == "dw")
            tape = record(edge_gradients, do.code.paths, weights.literal_value)
            emit(tape, builder, do.vector, arrays, StridedRows(do.moved(args[10], args[11]), do.lanes))
        return context.get_dummy_value()

    table_type, i = table, types.intp
    return types.void(g, i, x, i, w, i, dx, i, dw, i, table, i, i, i, i, lists, weights, digest), code


def _harmonics_code(typing, g, g_step, x, x_step, w, w_step, move, tails, full, end, coefficients, dy, lists, digest):
    def code(context, builder, sig, args):
        do = _Emitter(builder, digest, memory, context, 1)
        written: set[int] = set()
        dy = StridedRows(args[11], do.width)
        for tile in tiles(do.code.paths, SUMS):
            sums = _tile_sums(do, tile, args)
            tape = record(harmonic_gradients, tile, do.code.terms, written)
            emit(tape, builder, do.vector, {"e": dict(enumerate(sums)), "dy": dy}, args[10])
        _reduce(do, dy, written)
        return context.get_dummy_value()

    memory, i = g, types.intp
    return types.void(g, i, x, i, w, i, i, tails, i, i, coefficients, dy, lists, digest), code


def _tile_sums(do: _Emitter, tile: list[EntryProduct], args: Any) -> list[Any]:
    """Emit the loop over channels that adds the products of a tile; return the sums.

    Channels from ``full`` on are in the tails: rows of g, x and w.
    """
    g, g_step, x, x_step, w, w_step, move, tails, full, end = args[:10]
    builder, width, (n_x, _, n_z) = do.builder, INDEX(PARTS * do.lanes), do.code.sizes
    totals = do.variables(len(tile))
    with do.blocks(INDEX(0), end) as (c, _):
        inside = builder.icmp_signed("<", c, full)
        rest = builder.sub(c, full)
        arrays: dict[str, Any] = {}
        at = 0
        for name, memory, step, moves, rows in (
            ("g", g, g_step, None, n_z),
            ("x", x, x_step, None, n_x),
            ("w", w, w_step, move, 0),
        ):
            here = do.moved(memory, c if moves is None else builder.mul(moves, c))
            tail = do.moved(tails, INDEX(at * PARTS * do.lanes), rest)
            arrays[name] = StridedRows(builder.select(inside, here, tail), builder.select(inside, step, width))
            at += rows
        arrays["e"] = {n: builder.load(total) for n, total in enumerate(totals)}
        emit(record(entry_gradients, tile), builder, do.vector, arrays)
        for n, total in enumerate(totals):
            builder.store(arrays["e"][n], total)
    return [builder.load(total) for total in totals]


def _reduce(do: _Emitter, rows: StridedRows, written: set[int]) -> None:
    """Write the sums over the lanes of each row, one after the other, behind the rows."""
    count = -(-do.code.sizes[1] // do.width) * do.width
    for first in range(0, count, do.width):
        zero = ir.Constant(do.vector, None)
        values = [do.load(do.place(rows, row)) if row in written else zero for row in range(first, first + do.width)]
        emit_reduction(do, values, do.moved(rows.pointer, INDEX(count * do.width + first)))


def emit_reduction(do: Rows, values: list[Any], target: Any) -> None:
    """Emit the sums over the lanes of as many rows as there are lanes, one after the other."""
    segments = 1
    while len(values) > 1:
        half = len(values) // 2
        values = [_folded(do, a, b, segments) for a, b in zip(values[:half], values[half:], strict=True)]
        segments *= 2
    do.builder.store(values[0], do.vector_at(target), align=do.align)


def _folded(do: Rows, a: Any, b: Any, segments: int) -> Any:
    """Return for each segment of a and of b the sum of its two halves, those of a and b in turn."""
    size = do.width // segments
    parts: list[list[int]] = [[], []]
    for start in range(0, do.width, size):
        for half, part in enumerate(parts):
            begin = start + half * size // 2
            both = list(range(begin, begin + size // 2))
            part += both + [do.width + k for k in both]
    masks = (ir.Constant(ir.VectorType(ir.IntType(32), do.width), part) for part in parts)
    return do.builder.fadd(*(do.builder.shuffle_vector(a, b, mask) for mask in masks))


_intrinsic: Any = intrinsic(prefer_literal=True)
_entries, _messages = _intrinsic(_entries_code), _intrinsic(_messages_code)
_gradients, _harmonics = _intrinsic(_gradients_code), _intrinsic(_harmonics_code)


def pointer_types(dtype: Any) -> tuple[Any, Any, Any]:
    """Return the types of an integer, of integers in memory and of numbers in memory."""
    return types.intp, types.CPointer(types.intp), types.CPointer(from_dtype(dtype))


@cache
def entries_function(digest: str, dtype: np.dtype[Any]) -> Any:
    """Return the function (table, coefficients, lists)."""

    def run(table, coefficients, lists):
        _entries(table, coefficients, lists, digest)

    _, q, p = pointer_types(dtype)
    return compiled_function(types.void(p, p, q), run)


@cache
def messages_function(digest: str, dtype: np.dtype[Any]) -> Any:
    """Return the function (z, z_step, x, x_step, w, w_step, at, move, table, first, last, begin, end, fresh, far,
    lists)."""

    def run(z, z_step, x, x_step, w, w_step, at, move, table, first, last, begin, end, fresh, far, lists):
        _messages(z, z_step, x, x_step, w, w_step, at, move, table, first, last, begin, end, fresh, far, lists, digest)

    i, q, p = pointer_types(dtype)
    return compiled_function(types.void(p, i, p, i, p, i, q, i, p, i, i, i, i, i, i, q), run)


@cache
def gradients_function(digest: str, dtype: np.dtype[Any], weights: int) -> Any:
    """Return the function (g, g_step, x, x_step, w, w_step, dx, dx_step, dw, dw_step, table, e, begin, end, ahead,
    lists).

    ahead : how far the weights of the next edge, and their gradient, are from these; 0: they are not prefetched
    """

    def run(g, g_step, x, x_step, w, w_step, dx, dx_step, dw, dw_step, table, e, begin, end, ahead, lists):
        _gradients(
            g, g_step, x, x_step, w, w_step, dx, dx_step, dw, dw_step, table, e, begin, end, ahead, lists, weights,
            digest
        )  # fmt: skip

    i, q, p = pointer_types(dtype)
    return compiled_function(types.void(p, i, p, i, p, i, p, i, p, i, p, i, i, i, i, q), run)


@cache
def harmonics_function(digest: str, dtype: np.dtype[Any]) -> Any:
    """Return the function (g, g_step, x, x_step, w, w_step, move, tails, full, end, coefficients, dy, lists)."""

    def run(g, g_step, x, x_step, w, w_step, move, tails, full, end, coefficients, dy, lists):
        _harmonics(g, g_step, x, x_step, w, w_step, move, tails, full, end, coefficients, dy, lists, digest)

    i, q, p = pointer_types(dtype)
    return compiled_function(types.void(p, i, p, i, p, i, i, p, i, i, p, p, q), run)
