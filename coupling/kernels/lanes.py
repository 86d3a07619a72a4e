"""A SIMD register as a type of the compiled language: a block of adjacent channel samples ("lanes") processed together.

Kernels that apply one small matrix to many channels keep their sums in registers, and loops over lanes inside loops
over a sum do not give that: the compiler vectorises innermost loops only and goes through memory for the sums.  Here a
value is a vector of ``WIDTH_BYTES``, and a sum in a register is an ordinary variable:

    total = zero(x)
    for k in range(n):
        total = fma(table[k], load(x, k * width), total)

Memory is the flat elements of a C-contiguous array; compiled, a bare pointer, so that nothing counts references.
Without compilation the same functions work on slices.  ``fma`` rounds once.  No operation is reordered, and NaN and
infinity are those of IEEE 754.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, overload, register_jitable, register_model

from coupling.programs.llvm import broadcast, fused_lanes

#: Two registers of 512 bits: enough independent sums to hide the latency of a fused multiply-add.
WIDTH_BYTES = 128


def width(dtype):
    """Return the number of lanes for a dtype.

    >>> width(np.float32), width(np.float64)
    (32, 16)
    """
    return WIDTH_BYTES // np.dtype(dtype).itemsize


class Lanes(types.Type):
    """The type of a vector of width(dtype) numbers."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.count = WIDTH_BYTES * 8 // dtype.bitwidth
        super().__init__(name=f"Lanes({dtype} x {self.count})")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """In memory and in registers a vector of LLVM."""

    def __init__(self, manager, lanes):
        element = manager.lookup(lanes.dtype).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(element, lanes.count))


def instruction(emitter: Any) -> Any:
    """Return numba's intrinsic of an emitter, whose first argument is not passed by callers."""
    return intrinsic(emitter)


@instruction
def _flat(typing, array):
    def emit(context, builder, signature, args):
        return context.make_array(array)(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), emit


@instruction
def _move(typing, memory, offset):
    def emit(context, builder, signature, args):
        return builder.gep(args[0], [args[1]])

    return memory(memory, types.intp), emit


@instruction
def _load(typing, memory, offset):
    def emit(context, builder, signature, args):
        vector = context.get_value_type(signature.return_type)
        place = builder.bitcast(builder.gep(args[0], [args[1]]), vector.as_pointer())
        return builder.load(place, align=memory.dtype.bitwidth // 8, typ=vector)

    return Lanes(memory.dtype)(memory, types.intp), emit


@instruction
def _store(typing, memory, offset, value):
    def emit(context, builder, signature, args):
        place = builder.bitcast(builder.gep(args[0], [args[1]]), context.get_value_type(value).as_pointer())
        builder.store(args[2], place, align=memory.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(memory, types.intp, value), emit


@instruction
def _zero(typing, memory):
    def emit(context, builder, signature, args):
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return Lanes(memory.dtype)(memory), emit


@instruction
def _fma(typing, a, b, c):
    def emit(context, builder, signature, args):
        vector = context.get_value_type(c)
        first = args[0] if isinstance(a, Lanes) else broadcast(builder, args[0], vector)
        return fused_lanes(builder, first, args[1], args[2])

    return c(a if isinstance(a, Lanes) else c.dtype, b, c), emit


@instruction
def _call(typing, address, memory, tables, a, b, c, t):
    def emit(context, builder, signature, args):
        signature = ir.FunctionType(ir.VoidType(), [value.type for value in args[1:]])
        builder.call(builder.inttoptr(args[0], signature.as_pointer()), args[1:])
        return context.get_dummy_value()

    i = types.intp
    return types.void(i, memory, tables, i, i, i, i), emit


def _binary(operation):
    @instruction
    def emit_binary(typing, a, b):
        def emit(context, builder, signature, args):
            vector = context.get_value_type(b)
            first = args[0] if isinstance(a, Lanes) else broadcast(builder, args[0], vector)
            return getattr(builder, operation)(first, args[1])

        return b(a if isinstance(a, Lanes) else b.dtype, b), emit

    return emit_binary


_add, _sub, _mul = _binary("fadd"), _binary("fsub"), _binary("fmul")


def lane_count(memory):
    """Return the number of lanes of memory; compiled, a constant."""
    return width(memory.dtype)


def flat(array):
    """Return the memory of a C-contiguous array, to be indexed by element; it does not keep the array alive."""
    return array.reshape(-1)


def move(memory, offset):
    """Return the memory that begins at an offset."""
    return memory[offset:]


def load(memory, offset):
    """Return the lanes memory[offset : offset + width]."""
    return memory[offset : offset + width(memory.dtype)].copy()


def store(memory, offset, value):
    """Write the lanes to memory[offset : offset + width]."""
    memory[offset : offset + width(memory.dtype)] = value


def zero(memory):
    """Return lanes of zeros of the dtype of memory."""
    return np.zeros(width(memory.dtype), memory.dtype)


def fma(a, b, c):
    """Return a·b + c, rounded once (twice without compilation); a may be a scalar."""
    return a * b + c


def add(a, b):
    """Return a + b."""
    return a + b


def sub(a, b):
    """Return a - b."""
    return a - b


def mul(a, b):
    """Return a·b, a may be a scalar."""
    return a * b


inline: Any = {"forceinline": True}


def call(function, memory, tables, a, b, c, t):
    """Call a function (memory, tables, a, b, c, t) by its address; a … t are integers."""
    INTERPRETED[function - 1](memory, tables, a, b, c, t)


#: Without compilation, the functions that have the addresses 1, 2, …
INTERPRETED: list[Callable[..., None]] = []


@overload(lane_count, jit_options=inline)
def _lane_count(memory):
    number = WIDTH_BYTES * 8 // memory.dtype.bitwidth
    return lambda memory: number


overload(flat, jit_options=inline)(lambda array: lambda array: _flat(array))
overload(call, jit_options=inline)(
    lambda function, memory, tables, a, b, c, t: (
        lambda function, memory, tables, a, b, c, t: _call(function, memory, tables, a, b, c, t)
    )
)
overload(move, jit_options=inline)(lambda memory, offset: lambda memory, offset: _move(memory, offset))
overload(load, jit_options=inline)(lambda memory, offset: lambda memory, offset: _load(memory, offset))
overload(store, jit_options=inline)(
    lambda memory, offset, value: lambda memory, offset, value: _store(memory, offset, value)
)
overload(zero, jit_options=inline)(lambda memory: lambda memory: _zero(memory))
overload(fma, jit_options=inline)(lambda a, b, c: lambda a, b, c: _fma(a, b, c))
overload(add, jit_options=inline)(lambda a, b: lambda a, b: _add(a, b))
overload(sub, jit_options=inline)(lambda a, b: lambda a, b: _sub(a, b))
overload(mul, jit_options=inline)(lambda a, b: lambda a, b: _mul(a, b))

#: Decorator for the parts of a kernel that are written into it.
part: Any = register_jitable(forceinline=True, error_model="numpy")
