"""Encoding, multiplying and decoding of matrices as straight lines of code, for one dimension n and largest degree.

At the degrees of interest the loops over l, m and positions on a diagonal are a few steps long and cost more than what
they do.  The programs below run through the loops once, when a kernel is compiled, and what they call are the
operations of an object: ``Numbers`` carries them out on arrays, ``Code`` emits instructions for one register of lanes.

A feature x has the rows x[l²+l+m].  A *pair* is a list of what belongs to the diagonals m and -m, one number on the
diagonal 0.  Mathematics and tables: see :mod:`coupling.kernels.matrix_product`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import lower_builtin, type_callable

from coupling.kernels.instructions import spread
from coupling.kernels.tiles import REGISTER_BYTES, add_product, lanes


def encode_program(do: Any, n: int, lmax: int) -> None:
    """Write the matrix of a feature, by the operations of do."""
    entry = count()
    for m in range(lmax + 1):
        pairs = {l: _butterfly(do, [do.feature(l * l + l + order) for order in _orders(m)]) for l in range(m, lmax + 1)}
        for t in range((n - m + 1) // 2):
            even = _weighted(do, [pairs[l] for l in range(m, lmax + 1, 2)], entry)
            odd = _weighted(do, [pairs[l] for l in range(m + 1, lmax + 1, 2)], entry)
            for p, combine in ((t, do.add), (n - m - 1 - t, do.subtract)):
                pair = [combine(a, b) for a, b in zip(even, odd, strict=True)] if odd else even
                for (row, column), value in zip(_entries(p, m), pair, strict=True):
                    do.put(row, column, value)


def decode_program(do: Any, n: int, lmax: int) -> None:
    """Write the feature of a matrix, by the operations of do."""
    entry = count()
    for m in range(lmax + 1):
        ends = [[[do.get(*e) for e in _entries(p, m)] for p in (t, n - m - 1 - t)] for t in range((n - m + 1) // 2)]
        for first, combine in ((m, do.add), (m + 1, do.subtract)):
            folded = [[combine(a, b) for a, b in zip(near, far, strict=True)] for near, far in ends]
            for l in range(first, lmax + 1, 2):
                pair = _butterfly(do, _weighted(do, folded, entry))
                for order, value in zip(_orders(m), pair, strict=True):
                    do.write(l * l + l + order, value)


def multiply_program(do: Any, rows: int, columns: int, n: int) -> None:
    """Write a tile of R S - Rᵀ Sᵀ + S Rᵀ + Sᵀ R, by the operations of do."""
    total: dict[tuple[int, int], Any] = {}
    for left, right, subtract in ((0, 1, False), (2, 3, True), (1, 2, False), (3, 0, False)):
        for r in range(n):
            column = [do.left(left, i, r) for i in range(rows)]
            column = [do.negative(a) for a in column] if subtract else column
            for j in range(columns):
                b = do.right(right, r, j)
                for i in range(rows):
                    total[i, j] = do.add_product(total.get((i, j)), column[i], b)
    for (i, j), value in total.items():
        do.put(i, j, value)


def _orders(m: int) -> list[int]:
    return [m, -m] if m else [0]


def _entries(p: int, m: int) -> list[tuple[int, int]]:
    return [(p, p + m), (p + m, p)] if m else [(p, p)]


def _butterfly(do: Any, pair: list[Any]) -> list[Any]:
    """Return the sum and the difference of a pair; one number stays."""
    return [do.add(*pair), do.subtract(*pair)] if len(pair) == 2 else pair


def _weighted(do: Any, pairs: list[list[Any]], entry: Iterator[int]) -> list[Any]:
    """Return the sum of the pairs, each times the next entry of the table; of no pairs, an empty list."""
    total: list[Any] = []
    for pair in pairs:
        factor = do.table(next(entry))
        total = [do.add_product(t, factor, v) for t, v in zip(total or [None] * len(pair), pair, strict=True)]
    return total


class Numbers:
    """Operations on arrays: table, feature [rows, lanes] and matrix [n, n, lanes]."""

    def __init__(self, table: Any, feature: Any, matrix: Any) -> None:
        self.tables, self.rows, self.matrix = table, feature, matrix

    def table(self, entry: int) -> Any:
        """Return an entry of the table."""
        return self.tables[entry]

    def feature(self, row: int) -> Any:
        """Return a row of the feature."""
        return self.rows[row]

    def write(self, row: int, value: Any) -> None:
        """Write a row of the feature."""
        self.rows[row] = value

    def get(self, p: int, q: int) -> Any:
        """Return an entry of the matrix."""
        return self.matrix[p, q]

    def put(self, p: int, q: int, value: Any) -> None:
        """Write an entry of the matrix."""
        self.matrix[p, q] = value

    def add(self, a: Any, b: Any) -> Any:
        """Return a + b."""
        return a + b

    def subtract(self, a: Any, b: Any) -> Any:
        """Return a - b."""
        return a - b

    def negative(self, a: Any) -> Any:
        """Return -a."""
        return -a

    def add_product(self, total: Any, a: Any, b: Any) -> Any:
        """Return total + a·b; no total counts as zero."""
        return a * b if total is None else total + a * b


class TileNumbers(Numbers):
    """Operations on arrays: the factors R, S, Rᵀ, Sᵀ [n, n, lanes] and a tile of the result that begins at (p, q)."""

    def __init__(self, factors: list[Any], p: int, q: int, tile: Any) -> None:
        self.lefts, self.rights, self.matrix = [f[p:] for f in factors], [f[:, q:] for f in factors], tile

    def left(self, factor: int, i: int, r: int) -> Any:
        """Return the entry (p+i, r) of a factor."""
        return self.lefts[factor][i, r]

    def right(self, factor: int, r: int, j: int) -> Any:
        """Return the entry (r, q+j) of a factor."""
        return self.rights[factor][r, j]


class Code:
    """Operations as instructions; table, feature and matrix are pointers, rows of a feature are step elements apart."""

    def __init__(
        self, builder: Any, n: int, matrix: Any, table: Any = None, feature: Any = None, step: Any = None
    ) -> None:
        self.builder, self.n, self.matrix, self.tables, self.rows, self.step = builder, n, matrix, table, feature, step
        element = matrix.type.pointee
        bits = 64 if isinstance(element, ir.DoubleType) else 32
        self.vector, self.align = ir.VectorType(element, REGISTER_BYTES * 8 // bits), bits // 8

    def _place(self, base: Any, offset: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(base, [offset]), self.vector.as_pointer())

    def _entry(self, p: int, q: int) -> Any:
        offset = (p * self.n + q) * self.vector.count
        return self._place(self.matrix, ir.Constant(ir.IntType(64), offset))

    def _row(self, row: int) -> Any:
        return self._place(self.rows, self.builder.mul(self.step, ir.Constant(ir.IntType(64), row)))

    def table(self, entry: int) -> Any:
        """Load an entry of the table into all lanes."""
        number = self.builder.load(self.builder.gep(self.tables, [ir.Constant(ir.IntType(64), entry)]))
        return spread(self.builder, number, self.vector)

    def feature(self, row: int) -> Any:
        """Load a row of the feature."""
        return self.builder.load(self._row(row), align=self.align)

    def write(self, row: int, value: Any) -> None:
        """Store a row of the feature."""
        self.builder.store(value, self._row(row), align=self.align)

    def get(self, p: int, q: int) -> Any:
        """Load an entry of the matrix."""
        return self.builder.load(self._entry(p, q), align=self.align)

    def put(self, p: int, q: int, value: Any) -> None:
        """Store an entry of the matrix."""
        self.builder.store(value, self._entry(p, q), align=self.align)

    def add(self, a: Any, b: Any) -> Any:
        """Return a + b."""
        return self.builder.fadd(a, b)

    def subtract(self, a: Any, b: Any) -> Any:
        """Return a - b."""
        return self.builder.fsub(a, b)

    def negative(self, a: Any) -> Any:
        """Return -a."""
        return self.builder.fneg(a)

    def add_product(self, total: Any, a: Any, b: Any) -> Any:
        """Return total + a·b; no total counts as zero."""
        return self.builder.fmul(a, b) if total is None else add_product(self.builder, total, a, b)


class TileCode(Code):
    """Operations as instructions; work points to R, followed by S and by the result, whose tile begins at (p, q)."""

    def __init__(self, builder: Any, n: int, work: Any, p: Any, q: Any) -> None:
        super().__init__(builder, n, work)
        self.shifts = [self._times(k, n**stride) for k, stride in ((p, 1), (q, 0), (p, 0), (q, 1))]
        self.square = n * n * self.vector.count
        tile = builder.add(builder.add(self.shifts[0], self.shifts[1]), ir.Constant(p.type, 2 * self.square))
        self.matrix, self.work = builder.gep(work, [tile]), work

    def _times(self, k: Any, number: int) -> Any:
        return self.builder.mul(k, ir.Constant(k.type, number * self.vector.count))

    def _factor(self, factor: int, shift: Any, i: int, j: int) -> Any:
        """Load the entry (i, j) of R or S behind a shift."""
        offset = ir.Constant(shift.type, factor % 2 * self.square + (i * self.n + j) * self.vector.count)
        base = self.builder.gep(self.work, [shift])
        return self.builder.load(self._place(base, offset), align=self.align)

    def left(self, factor: int, i: int, r: int) -> Any:
        """Load the entry (p+i, r) of R, S, Rᵀ or Sᵀ."""
        return self._factor(factor, self.shifts[0], i, r) if factor < 2 else self._factor(factor, self.shifts[2], r, i)

    def right(self, factor: int, r: int, j: int) -> Any:
        """Load the entry (r, q+j) of R, S, Rᵀ or Sᵀ."""
        return self._factor(factor, self.shifts[1], r, j) if factor < 2 else self._factor(factor, self.shifts[3], j, r)


def straight_encode(x, place, step, tables, entry, work, matrix, size, degrees):
    """Write the matrix of x to work; n = len(size), lmax = len(degrees) - 1, places as in ``encode``."""
    n, w = len(size), lanes(x.dtype)
    rows = [x[place + i * step : place + i * step + w] for i in range(len(degrees) ** 2)]
    square = work[matrix : matrix + n * n * w].reshape(n, n, w)
    encode_program(Numbers(tables[entry:], rows, square), n, len(degrees) - 1)


def straight_decode(work, matrix, tables, entry, out, place, step, size, degrees):
    """Write the feature of a matrix in work to out; n = len(size), lmax = len(degrees) - 1, places as in ``decode``."""
    n, w = len(size), lanes(out.dtype)
    rows = np.empty((len(degrees) ** 2, w), out.dtype)
    square = work[matrix : matrix + n * n * w].reshape(n, n, w)
    decode_program(Numbers(tables[entry:], rows, square), n, len(degrees) - 1)
    for i, row in enumerate(rows):
        out[place + i * step : place + i * step + w] = row


def straight_multiply(work, p, q, size, rows, columns):
    """Write the tile of twice R∘S that begins at (p, q); work holds R, S and the result, n = len(size)."""
    n, square = len(size), len(size) ** 2 * lanes(work.dtype)
    first, second, result = (work[k * square : (k + 1) * square].reshape(n, n, -1) for k in range(3))
    factors = [first, second, first.swapaxes(0, 1), second.swapaxes(0, 1)]
    multiply_program(TileNumbers(factors, p, q, result[p:, q:]), len(rows), len(columns), n)


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


@lower_builtin(straight_encode, *[types.VarArg(types.Any)])
def _lower_encode(context, builder, sig, args):
    feature, table, matrix = (builder.gep(args[i], [args[i + 1]]) for i in (0, 3, 5))
    n, lmax = len(sig.args[7]), len(sig.args[8]) - 1
    encode_program(Code(builder, n, matrix, table, feature, args[2]), n, lmax)
    return context.get_dummy_value()


@lower_builtin(straight_decode, *[types.VarArg(types.Any)])
def _lower_decode(context, builder, sig, args):
    matrix, table, feature = (builder.gep(args[i], [args[i + 1]]) for i in (0, 2, 4))
    n, lmax = len(sig.args[7]), len(sig.args[8]) - 1
    decode_program(Code(builder, n, matrix, table, feature, args[6]), n, lmax)
    return context.get_dummy_value()


@lower_builtin(straight_multiply, *[types.VarArg(types.Any)])
def _lower_multiply(context, builder, sig, args):
    n, rows, columns = (len(shape) for shape in sig.args[3:])
    multiply_program(TileCode(builder, n, *args[:3]), rows, columns, n)
    return context.get_dummy_value()
