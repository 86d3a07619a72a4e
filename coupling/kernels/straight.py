"""The tapes of the matrix product as functions of numba: encoding, multiplying and decoding without loops.

``size`` and ``degrees`` are tuples whose lengths are n and lmax + 1, so that they are part of a type; programs and
their constants: :mod:`coupling.programs.matrix`.  Without compilation the same tapes are evaluated on arrays.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import lower_builtin, type_callable

from coupling.kernels.tiles import REGISTER_BYTES, lanes
from coupling.programs.evaluate import evaluate
from coupling.programs.llvm import StridedRows, emit
from coupling.programs.matrix import matrix_tape


def straight_encode(x, place, step, tables, entry, work, matrix, size, degrees):
    """Write the matrix of x to work; n = len(size), lmax = len(degrees) - 1, places as in ``encode``."""
    n, w = len(size), lanes(x.dtype)
    rows = [x[place + i * step : place + i * step + w] for i in range(len(degrees) ** 2)]
    arrays = {"feature": rows, "matrix": work[matrix : matrix + n * n * w].reshape(n * n, w)}
    evaluate(matrix_tape("encode", (n, len(degrees) - 1)), arrays, tables[entry:])


def straight_decode(work, matrix, tables, entry, out, place, step, size, degrees):
    """Write the feature of a matrix in work to out; n = len(size), lmax = len(degrees) - 1, places as in ``decode``."""
    n, w = len(size), lanes(out.dtype)
    rows = np.empty((len(degrees) ** 2, w), out.dtype)
    arrays = {"feature": rows, "matrix": work[matrix : matrix + n * n * w].reshape(n * n, w)}
    evaluate(matrix_tape("decode", (n, len(degrees) - 1)), arrays, tables[entry:])
    for i, row in enumerate(rows):
        out[place + i * step : place + i * step + w] = row


def straight_multiply(work, p, q, size, rows, columns):
    """Write the tile of twice R∘S that begins at (p, q); work holds R, S and the result, n = len(size)."""
    n, entries = len(size), work.reshape(-1, lanes(work.dtype))
    arrays = {name: entries[start:] for name, start in starts(n, p, q).items()}
    evaluate(matrix_tape("multiply", (n, len(rows), len(columns))), arrays, ())


def starts(n, p, q):
    """Return where each array of the program ``multiply`` begins, in entries; R, S and the result follow one another.

    >>> starts(3, 1, 2)["left-S"], starts(3, 1, 2)["right-Rt"], starts(3, 1, 2)["tile"]
    (12, 6, 23)
    """
    left = {f"left-{name}": k * n * n + (p if t else p * n) for name, k, t in FACTORS}
    right = {f"right-{name}": k * n * n + (q * n if t else q) for name, k, t in FACTORS}
    return {**left, **right, "tile": 2 * n * n + p * n + q}


#: Factors of the program ``multiply``: name, which matrix, and whether it is transposed.
FACTORS = (("R", 0, False), ("S", 1, False), ("Rt", 0, True), ("St", 1, True))


@type_callable(straight_encode)
def _type_encode(context):
    def typer(x, place, step, tables, entry, work, matrix, size, degrees):
        i = types.intp
        return types.none(x, i, i, tables, i, work, i, size, degrees)

    return typer


@type_callable(straight_decode)
def _type_decode(context):
    def typer(work, matrix, tables, entry, out, place, step, size, degrees):
        i = types.intp
        return types.none(work, i, tables, i, out, i, i, size, degrees)

    return typer


@type_callable(straight_multiply)
def _type_multiply(context):
    return lambda work, p, q, size, rows, columns: types.none(work, types.intp, types.intp, size, rows, columns)


def _vector(pointer):
    element = pointer.type.pointee
    return ir.VectorType(element, REGISTER_BYTES // (8 if isinstance(element, ir.DoubleType) else 4))


@lower_builtin(straight_encode, *[types.VarArg(types.Any)])
def _lower_encode(context, builder, sig, args):
    feature, table, matrix = (builder.gep(args[i], [args[i + 1]]) for i in (0, 3, 5))
    return _transform("encode", context, builder, sig, feature, args[2], table, matrix)


@lower_builtin(straight_decode, *[types.VarArg(types.Any)])
def _lower_decode(context, builder, sig, args):
    matrix, table, feature = (builder.gep(args[i], [args[i + 1]]) for i in (0, 2, 4))
    return _transform("decode", context, builder, sig, feature, args[6], table, matrix)


def _transform(name, context, builder, sig, feature, step, table, matrix):
    """Emit ``encode`` or ``decode``; rows of the feature are step elements apart."""
    vector = _vector(matrix)
    arrays = {"feature": StridedRows(feature, step), "matrix": StridedRows(matrix, vector.count)}
    emit(matrix_tape(name, (len(sig.args[7]), len(sig.args[8]) - 1)), builder, vector, arrays, table)
    return context.get_dummy_value()


@lower_builtin(straight_multiply, *[types.VarArg(types.Any)])
def _lower_multiply(context, builder, sig, args):
    n, rows, columns = (len(shape) for shape in sig.args[3:])
    work, p, q = args[:3]
    vector = _vector(work)

    def begin(entries, shift, times):
        """Return a pointer to ``entries`` and times · shift entries behind work."""
        constant = ir.Constant(p.type, entries * vector.count)
        shift = builder.mul(shift, ir.Constant(p.type, times * vector.count))
        return builder.gep(work, [builder.add(constant, shift)])

    arrays = {}
    for name, k, transposed in FACTORS:
        arrays[f"left-{name}"] = StridedRows(begin(k * n * n, p, 1 if transposed else n), vector.count)
        arrays[f"right-{name}"] = StridedRows(begin(k * n * n, q, n if transposed else 1), vector.count)
    tile = builder.gep(begin(2 * n * n, p, n), [builder.mul(q, ir.Constant(q.type, vector.count))])
    arrays["tile"] = StridedRows(tile, vector.count)
    emit(matrix_tape("multiply", (n, rows, columns)), builder, vector, arrays)
    return context.get_dummy_value()
