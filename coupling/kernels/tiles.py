"""Tiles of SIMD registers: rows × columns of vectors, a small matrix per lane, kept in registers.

A product of small matrices that is done for many lanes at once is fast when a tile of the result stays in registers
while the sum runs.  The compiler vectorises innermost loops only and would keep the tile in memory; here a tile is a
value of the compiled language, and the sum an ordinary loop:

    total = zeros(a, rows, columns)
    for r in range(n):
        total = outer(total, load(a, ..., rows, ONE), load(b, ..., ONE, columns))

``rows`` and ``columns`` are tuples whose lengths are the shape, so that the shape is part of the type.  Memory is
``lanes.flat(array)``, the elements of a C-contiguous array; places and steps count elements.  Without compilation a
tile is an array [rows, columns, lanes].  Products are added with one rounding where the machine has fused
multiply-adds; nothing is reordered, and NaN and infinity are those of IEEE 754.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba.core import types
from numba.extending import lower_builtin, models, register_model, type_callable

from coupling.programs.llvm import broadcast

#: Whether there are 32 registers of 512 bits; otherwise 16 of 256 bits are assumed.
LARGE = bool(get_host_cpu_features().get("avx512f", False))

#: Bytes of a register, and the number of registers.
REGISTER_BYTES, REGISTERS = (64, 32) if LARGE else (32, 16)

ONE, TWO = (0,), (0, 0)


def lanes(dtype):
    """Return the number of lanes of a dtype in a register.

    >>> lanes(np.float32) // lanes(np.float64)
    2
    """
    return REGISTER_BYTES // np.dtype(dtype).itemsize


# Tiles without compilation ---------------------------------------------------------------------------------------


def zeros(memory, rows, columns):
    """Return a tile of zeros of the type of memory."""
    return np.zeros((len(rows), len(columns), lanes(memory.dtype)), memory.dtype)


def load(memory, start, row_step, column_step, rows, columns):
    """Return the tile whose vector [i, j] begins at start + i·row_step + j·column_step."""
    tile = zeros(memory, rows, columns)
    for i, j in np.ndindex(tile.shape[:2]):
        place = start + i * row_step + j * column_step
        tile[i, j] = memory[place : place + tile.shape[2]]
    return tile


def store(memory, start, row_step, column_step, tile):
    """Write a tile where ``load`` finds it."""
    for i, j in np.ndindex(tile.shape[:2]):
        place = start + i * row_step + j * column_step
        memory[place : place + tile.shape[2]] = tile[i, j]


def splat(memory, start, rows):
    """Return a column whose vector i has memory[start + i] in all lanes."""
    numbers = memory[start : start + len(rows)]
    return np.repeat(numbers, lanes(memory.dtype)).reshape(len(rows), 1, -1)


def outer(total, column, row):
    """Return total + column·row."""
    return total + column * row


def outer_minus(total, column, row):
    """Return total - column·row."""
    return total - column * row


def product(column, row):
    """Return column·row."""
    return column * row


def plus_products(total, a, b):
    """Return total + a·b, vector by vector."""
    return total + a * b


def inner(total, a, b):
    """Return total + Σ a·b of a single vector and two rows, from the first column to the last."""
    for j in range(a.shape[1]):
        total = total + a[:, j : j + 1] * b[:, j : j + 1]
    return total


def plus(a, b):
    """Return a + b."""
    return a + b


def minus(a, b):
    """Return a - b."""
    return a - b


def total(a):
    """Return the sum of the numbers of a single vector: halves are added to each other until one number is left."""
    numbers = a[0, 0]
    while len(numbers) > 1:
        numbers = numbers[: len(numbers) // 2] + numbers[len(numbers) // 2 :]
    return numbers[0]


def butterfly(a):
    """Return a tile of two columns, the sum and the difference of those of a."""
    return np.stack([a[:, 0] + a[:, 1], a[:, 0] - a[:, 1]], axis=1)


# The same, compiled ----------------------------------------------------------------------------------------------


class Tile(types.Type):
    """The type of a tile."""

    def __init__(self, dtype, rows, columns):
        self.dtype, self.rows, self.columns = dtype, rows, columns
        super().__init__(name=f"Tile({dtype}, {rows}, {columns}, {REGISTER_BYTES})")


@register_model(Tile)
class TileModel(models.PrimitiveModel):
    """An array of vectors, which LLVM takes apart."""

    def __init__(self, manager, tile):
        element = manager.lookup(tile.dtype).get_value_type()
        vector = ir.VectorType(element, REGISTER_BYTES * 8 // tile.dtype.bitwidth)
        super().__init__(manager, tile, ir.ArrayType(vector, tile.rows * tile.columns))


def _tile(builder, context, tile, vectors):
    """Pack vectors, rows first, into a value of the type tile."""
    value = ir.Constant(context.get_value_type(tile), ir.Undefined)
    for k, vector in enumerate(vectors):
        value = builder.insert_value(value, vector, k)
    return value


def _vectors(builder, tile, value):
    return [builder.extract_value(value, k) for k in range(tile.rows * tile.columns)]


def _places(context, builder, args, tile):
    """Yield pointers to the vectors of a tile; args are memory, start, row_step and column_step."""
    memory, start, row_step, column_step = args
    vector = context.get_value_type(tile).element
    for _ in range(tile.rows):
        place = start
        for _ in range(tile.columns):
            yield builder.bitcast(builder.gep(memory, [place]), vector.as_pointer())
            place = builder.add(place, column_step)
        start = builder.add(start, row_step)


@type_callable(zeros)
def _type_zeros(context):
    return lambda memory, rows, columns: Tile(memory.dtype, len(rows), len(columns))


@lower_builtin(zeros, types.CPointer, types.BaseTuple, types.BaseTuple)
def _lower_zeros(context, builder, sig, args):
    return ir.Constant(context.get_value_type(sig.return_type), None)


@type_callable(load)
def _type_load(context):
    def typer(memory, start, row_step, column_step, rows, columns):
        tile = Tile(memory.dtype, len(rows), len(columns))
        return tile(memory, types.intp, types.intp, types.intp, rows, columns)

    return typer


@lower_builtin(load, types.CPointer, types.intp, types.intp, types.intp, types.BaseTuple, types.BaseTuple)
def _lower_load(context, builder, sig, args):
    places = _places(context, builder, args[:4], sig.return_type)
    align = sig.return_type.dtype.bitwidth // 8
    return _tile(builder, context, sig.return_type, [builder.load(place, align=align) for place in places])


@type_callable(store)
def _type_store(context):
    def typer(memory, start, row_step, column_step, tile):
        return types.none(memory, types.intp, types.intp, types.intp, tile)

    return typer


@lower_builtin(store, types.CPointer, types.intp, types.intp, types.intp, Tile)
def _lower_store(context, builder, sig, args):
    tile = sig.args[4]
    places = _places(context, builder, args[:4], tile)
    for place, vector in zip(places, _vectors(builder, tile, args[4]), strict=True):
        builder.store(vector, place, align=tile.dtype.bitwidth // 8)
    return context.get_dummy_value()


@type_callable(splat)
def _type_splat(context):
    def typer(memory, start, rows):
        return Tile(memory.dtype, len(rows), 1)(memory, types.intp, rows)

    return typer


@lower_builtin(splat, types.CPointer, types.intp, types.BaseTuple)
def _lower_splat(context, builder, sig, args):
    memory, place, column = args[0], args[1], []
    vector = context.get_value_type(sig.return_type).element
    for _ in range(sig.return_type.rows):
        column.append(broadcast(builder, builder.load(builder.gep(memory, [place])), vector))
        place = builder.add(place, ir.Constant(place.type, 1))
    return _tile(builder, context, sig.return_type, column)


def add_product(builder, total, a, b):
    """Return total + a·b, fused where the machine can."""
    return builder.fadd(builder.fmul(a, b, flags=("contract",)), total, flags=("contract",))


def _lower_outer(sign):
    def lower(context, builder, sig, args):
        total, column, row = (_vectors(builder, t, a) for t, a in zip(sig.args, args, strict=True))
        column = [builder.fneg(a) for a in column] if sign < 0 else column
        products = [(a, b) for a in column for b in row]
        sums = [add_product(builder, t, a, b) for t, (a, b) in zip(total, products, strict=True)]
        return _tile(builder, context, sig.return_type, sums)

    return lower


for _function, _sign in ((outer, 1), (outer_minus, -1)):
    type_callable(_function)(lambda context: lambda total, column, row: total)
    lower_builtin(_function, Tile, Tile, Tile)(_lower_outer(_sign))


@type_callable(product)
def _type_product(context):
    return lambda column, row: Tile(row.dtype, column.rows, row.columns)


@lower_builtin(product, Tile, Tile)
def _lower_product(context, builder, sig, args):
    column, row = (_vectors(builder, t, a) for t, a in zip(sig.args, args, strict=True))
    return _tile(builder, context, sig.return_type, [builder.fmul(a, b) for a in column for b in row])


@type_callable(plus_products)
def _type_plus_products(context):
    return lambda total, a, b: total


@lower_builtin(plus_products, Tile, Tile, Tile)
def _lower_plus_products(context, builder, sig, args):
    each = zip(*(_vectors(builder, sig.return_type, value) for value in args), strict=True)
    return _tile(builder, context, sig.return_type, [add_product(builder, t, a, b) for t, a, b in each])


@type_callable(inner)
def _type_inner(context):
    return lambda total, a, b: total


@lower_builtin(inner, Tile, Tile, Tile)
def _lower_inner(context, builder, sig, args):
    (total,), *rows = (_vectors(builder, t, a) for t, a in zip(sig.args, args, strict=True))
    for a, b in zip(*rows, strict=True):
        total = add_product(builder, total, a, b)
    return _tile(builder, context, sig.return_type, [total])


@type_callable(total)
def _type_total(context):
    return lambda a: a.dtype


@lower_builtin(total, Tile)
def _lower_total(context, builder, sig, args):
    (vector,) = _vectors(builder, sig.args[0], args[0])
    count, index = vector.type.count, ir.IntType(32)
    while count > 1:
        count //= 2
        places = [ir.Constant(ir.VectorType(index, count), list(range(n, n + count))) for n in (0, count)]
        halves = [builder.shuffle_vector(vector, vector, place) for place in places]
        vector = builder.fadd(*halves)
    return builder.extract_element(vector, ir.Constant(index, 0))


def _lower_each(operation):
    def lower(context, builder, sig, args):
        a, b = (_vectors(builder, sig.return_type, value) for value in args)
        both = [getattr(builder, operation)(x, y) for x, y in zip(a, b, strict=True)]
        return _tile(builder, context, sig.return_type, both)

    return lower


for _sum, _operation in ((plus, "fadd"), (minus, "fsub")):
    type_callable(_sum)(lambda context: lambda a, b: a)
    lower_builtin(_sum, Tile, Tile)(_lower_each(_operation))


@type_callable(butterfly)
def _type_butterfly(context):
    return lambda a: a


@lower_builtin(butterfly, Tile)
def _lower_butterfly(context, builder, sig, args):
    vectors, both = _vectors(builder, sig.return_type, args[0]), []
    for x, y in zip(vectors[::2], vectors[1::2], strict=True):
        both += [builder.fadd(x, y), builder.fsub(x, y)]
    return _tile(builder, context, sig.return_type, both)
