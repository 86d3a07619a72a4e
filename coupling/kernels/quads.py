"""Four doubles in one register, with the operators of numbers: for loops over entries that do not wait for each other.

    x = load(high, i) * 0.5 + 1.0
    store(high, i, fma(x, x, -load(low, i)))

Arrays are C-contiguous float64, and nothing checks that i + 3 lies inside.  Without compilation the same functions work
on slices.  No operation is reordered or fused but by ``fma``, which rounds once.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, overload, register_model

from coupling.kernels import doubledouble
from coupling.programs.llvm import broadcast, fused_lanes

COUNT = 4
_intrinsic: Any = intrinsic
VECTOR = ir.VectorType(ir.DoubleType(), COUNT)


class Quad(types.Type):
    """The type of four doubles."""

    def __init__(self) -> None:
        super().__init__(name="Quad")


QUAD = Quad()


@register_model(Quad)
class QuadModel(models.PrimitiveModel):
    """In memory and in registers a vector of LLVM."""

    def __init__(self, manager: Any, quad: Any) -> None:
        super().__init__(manager, quad, VECTOR)


def load(array, i):
    """Return array[i : i + 4]."""
    return array[i : i + COUNT].copy()


def store(array, i, value):
    """Write four numbers to array[i : i + 4]."""
    array[i : i + COUNT] = value


def counting(x):
    """Return x, x+1, x+2, x+3."""
    return x + np.arange(4.0)


def fma(a, b, c):
    """Return a·b + c, rounded once; each may be a number."""
    return np.array([doubledouble.fma(*numbers) for numbers in np.broadcast(a, b, c)])


def square_roots(x):
    """Return the square roots."""
    return np.sqrt(x)


def at_least(x, least):
    """Return the larger of each number and ``least``."""
    return np.maximum(x, least)


def moves(x, a, b):
    """Return whether x + a or x + b rounds to another number than x, in any of the four places."""
    return bool(((x + a != x) | (x + b != x)).any())


def sum_of_parts(x):
    """Return the sum (x0 + x1) + (x2 + x3)."""
    return (x[0] + x[1]) + (x[2] + x[3])


def part_of(x, k):
    """Return one of the four numbers."""
    return x[k]


def _place(context: Any, builder: Any, kind: Any, array: Any, i: Any) -> Any:
    pointer = builder.gep(context.make_array(kind)(context, builder, array).data, [i])
    return builder.bitcast(pointer, VECTOR.as_pointer())


def _lanes(builder: Any, kind: Any, value: Any) -> Any:
    return value if isinstance(kind, Quad) else broadcast(builder, value, VECTOR)


def _kind(kind: Any) -> Any:
    return kind if isinstance(kind, Quad) else types.float64


def _bits(builder: Any, name: str, x: Any, *others: Any) -> Any:
    """Call an operation of LLVM on vectors."""
    kind = ir.FunctionType(VECTOR, [VECTOR] * (1 + len(others)))
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{COUNT}f64")
    return builder.call(function, [x, *others])


@_intrinsic
def _load(typing: Any, array: Any, i: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_place(context, builder, array, *args), align=8, typ=VECTOR)

    return QUAD(array, types.intp), emit


@_intrinsic
def _store(typing: Any, array: Any, i: Any, value: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(_lanes(builder, value, args[2]), _place(context, builder, array, *args[:2]), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, _kind(value)), emit


@_intrinsic
def _counting(typing: Any, x: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(broadcast(builder, args[0], VECTOR), ir.Constant(VECTOR, [0.0, 1.0, 2.0, 3.0]))

    return QUAD(types.float64), emit


@_intrinsic
def _fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return fused_lanes(builder, *(_lanes(builder, kind, x) for kind, x in zip((a, b, c), args, strict=True)))

    return QUAD(_kind(a), _kind(b), _kind(c)), emit


@_intrinsic
def _roots(typing: Any, x: Any) -> Any:
    return QUAD(x), lambda context, builder, signature, args: _bits(builder, "sqrt", args[0])


@_intrinsic
def _sizes(typing: Any, x: Any) -> Any:
    return QUAD(x), lambda context, builder, signature, args: _bits(builder, "fabs", args[0])


@_intrinsic
def _at_least(typing: Any, x: Any, least: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        other = broadcast(builder, args[1], VECTOR)
        return builder.select(builder.fcmp_ordered(">", args[0], other), args[0], other)

    return QUAD(x, types.float64), emit


@_intrinsic
def _moves(typing: Any, x: Any, a: Any, b: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first, second = (builder.fcmp_unordered("!=", builder.fadd(args[0], y), args[0]) for y in args[1:])
        found = builder.bitcast(builder.or_(first, second), ir.IntType(COUNT))
        return builder.icmp_unsigned("!=", found, ir.IntType(COUNT)(0))

    return types.boolean(x, a, b), emit


@_intrinsic
def _part_of(typing: Any, x: Any, k: Any) -> Any:
    return types.float64(x, types.intp), lambda context, builder, signature, args: builder.extract_element(*args)


def _operation(name: str) -> Any:
    @_intrinsic
    def emit_operation(typing: Any, a: Any, b: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, name)(_lanes(builder, a, args[0]), _lanes(builder, b, args[1]))

        return QUAD(_kind(a), _kind(b)), emit

    return emit_operation


_add, _sub, _mul, _div = map(_operation, ("fadd", "fsub", "fmul", "fdiv"))

inline: Any = {"forceinline": True}


def _quads(*kinds: Any) -> bool:
    return any(isinstance(kind, Quad) for kind in kinds)


@overload(operator.add, jit_options=inline)
def _plus(a, b):
    return (lambda a, b: _add(a, b)) if _quads(a, b) else None


@overload(operator.sub, jit_options=inline)
def _minus(a, b):
    return (lambda a, b: _sub(a, b)) if _quads(a, b) else None


@overload(operator.mul, jit_options=inline)
def _times(a, b):
    return (lambda a, b: _mul(a, b)) if _quads(a, b) else None


@overload(operator.truediv, jit_options=inline)
def _over(a, b):
    return (lambda a, b: _div(a, b)) if _quads(a, b) else None


@overload(operator.neg, jit_options=inline)
def _negative(a):
    return (lambda a: _mul(-1.0, a)) if _quads(a) else None


@overload(abs, jit_options=inline)
def _size(a):
    return (lambda a: _sizes(a)) if _quads(a) else None


overload(load, jit_options=inline)(lambda array, i: lambda array, i: _load(array, i))
overload(store, jit_options=inline)(lambda array, i, value: lambda array, i, value: _store(array, i, value))
overload(counting, jit_options=inline)(lambda x: lambda x: _counting(x))
overload(fma, jit_options=inline)(lambda a, b, c: lambda a, b, c: _fma(a, b, c))
overload(square_roots, jit_options=inline)(lambda x: lambda x: _roots(x))
overload(at_least, jit_options=inline)(lambda x, least: lambda x, least: _at_least(x, least))
overload(moves, jit_options=inline)(lambda x, a, b: lambda x, a, b: _moves(x, a, b))
overload(part_of, jit_options=inline)(lambda x, k: lambda x, k: _part_of(x, k))
overload(sum_of_parts, jit_options=inline)(
    lambda x: lambda x: (_part_of(x, 0) + _part_of(x, 1)) + (_part_of(x, 2) + _part_of(x, 3))
)
