"""Software prefetch of the next blocks.

A block of lanes is a short piece of every row of a feature; hardware prefetchers do not follow pieces that far apart.
"""

from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

from coupling.kernels.lanes import WIDTH_BYTES, flat, part

LINE_BYTES = 64

#: Prefetch distance in bytes of the inputs.
AHEAD = 16384


def prefetch(memory, offset, size):
    """Prefetch memory[offset : offset + size], which may lie outside; without compilation, do nothing."""


@intrinsic
def _prefetch_line(typing, memory, offset):
    def emit(context, builder, signature, args):
        pointer = builder.bitcast(builder.gep(args[0], [args[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, number(0), number(3), number(1)])  # to read, to keep, data
        return context.get_dummy_value()

    return types.void(memory, types.intp), emit


@overload(prefetch, jit_options={"forceinline": True})
def _prefetch(memory, offset, size):
    line = LINE_BYTES * 8 // memory.dtype.bitwidth

    def lines(memory, offset, size):
        for at in range(offset, offset + size, line):
            _prefetch_line(memory, at)  # type: ignore[call-arg]

    return lines


@part
def blocks_ahead(rows):
    """Return the prefetch distance in blocks for inputs with ``rows`` rows in total."""
    return max(1, AHEAD // (WIDTH_BYTES * rows))


@part
def expect(x, b, c, width):
    """Prefetch the block of lanes of x [batch, entries, channels] that begins at channel c of batch item b, if any."""
    if b < x.shape[0]:
        values, entries, channels = flat(x), x.shape[1], x.shape[2]
        for row in range(b * entries * channels + c, (b + 1) * entries * channels, channels):
            prefetch(values, row, width)


@part
def advance(b, c, count, channels):
    """Return the batch item and channel that are count lanes further."""
    c += count
    while c >= channels:
        b, c = b + 1, c - channels
    return b, c
