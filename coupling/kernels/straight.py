"""Encoding and decoding of matrices as straight lines of code, for one dimension n and one largest degree.

At the degrees of interest the loops over l, m and positions on a diagonal are a few steps long and cost more than what
they do.  The programs below run through the loops once, when a kernel is compiled, and what they call are the
operations of an object: ``Numbers`` carries them out on arrays, ``Code`` emits instructions for one register of lanes.

A feature x has the rows x[l²+l+m].  A matrix has the planes 0, real, and 1, imaginary.  A *pair* is a list of the real
and the imaginary part, or of the real part alone on the diagonal m = 0.  Mathematics and tables: see
:mod:`coupling.kernels.matrix_product`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import lower_builtin, type_callable

from coupling.kernels.tiles import REGISTER_BYTES, add_product, lanes, spread


def encode_program(do: Any, n: int, lmax: int) -> None:
    """Write the matrix of a feature, by the operations of do."""
    entry = count()
    for m in range(lmax + 1):
        rows = {l: [do.feature(l * l + l + order) for order in _orders(m)] for l in range(m, lmax + 1)}
        for t in range((n - m + 1) // 2):
            even = _weighted(do, [rows[l] for l in range(m, lmax + 1, 2)], entry)
            odd = _weighted(do, [rows[l] for l in range(m + 1, lmax + 1, 2)], entry)
            _write_entry(do, t, t + m, [do.add(a, b) for a, b in zip(even, odd, strict=True)] if odd else even)
            p = n - m - 1 - t
            _write_entry(do, p, p + m, [do.subtract(a, b) for a, b in zip(even, odd, strict=True)] if odd else even)


def decode_program(do: Any, n: int, lmax: int) -> None:
    """Write the feature of the Hermitian matrix even·H + odd·K, where H + iK is the given one."""
    entry = count()
    for m in range(lmax + 1):
        ends = [(_hermitian(do, t, t + m), _hermitian(do, n - m - 1 - t, n - 1 - t)) for t in range((n - m + 1) // 2)]
        sums = [[do.add(a, b) for a, b in zip(near, far, strict=True)] for near, far in ends]
        differences = [[do.subtract(a, b) for a, b in zip(near, far, strict=True)] for near, far in ends]
        for first, folded in ((m, sums), (m + 1, differences)):
            for l in range(first, lmax + 1, 2):
                for order, value in zip(_orders(m), _weighted(do, folded, entry), strict=True):
                    do.write(l * l + l + order, value)


def _orders(m: int) -> tuple[int, ...]:
    return (m, -m) if m else (0,)


def _weighted(do: Any, pairs: list[list[Any]], entry: Iterator[int]) -> list[Any]:
    """Return the sum of the pairs, each times the next entry of the table; of no pairs, an empty list."""
    total: list[Any] = []
    for pair in pairs:
        factor = do.table(next(entry))
        total = [do.add_product(t, factor, v) for t, v in zip(total or [None] * len(pair), pair, strict=True)]
    return total


def _write_entry(do: Any, p: int, q: int, pair: list[Any]) -> None:
    do.put(0, p, q, pair[0])
    if p != q:
        do.put(0, q, p, pair[0])
        do.put(1, p, q, pair[1])
        do.put(1, q, p, do.negative(pair[1]))


def _hermitian(do: Any, p: int, q: int) -> list[Any]:
    """Return the entry of 2·even·H + 2·odd·K."""
    re, im = do.get(0, p, q), do.get(1, p, q)
    if p == q:
        return [do.mix(do.add(re, re), do.add(im, im))]
    other_re, other_im = do.get(0, q, p), do.get(1, q, p)
    even, odd = (do.add(re, other_re), do.subtract(im, other_im)), (do.add(im, other_im), do.subtract(other_re, re))
    return [do.mix(a, b) for a, b in zip(even, odd, strict=True)]


class Numbers:
    """Operations on arrays: table, feature [rows, lanes] and matrix [2, n, n, lanes]."""

    def __init__(self, table: Any, feature: Any, matrix: Any, parity: tuple[float, float] = (1.0, 1.0)) -> None:
        self.tables, self.rows, self.matrix, self.parity = table, feature, matrix, parity

    def table(self, entry: int) -> Any:
        """Return an entry of the table."""
        return self.tables[entry]

    def feature(self, row: int) -> Any:
        """Return a row of the feature."""
        return self.rows[row]

    def write(self, row: int, value: Any) -> None:
        """Write a row of the feature."""
        self.rows[row] = value

    def get(self, plane: int, p: int, q: int) -> Any:
        """Return an entry of the matrix."""
        return self.matrix[plane, p, q]

    def put(self, plane: int, p: int, q: int, value: Any) -> None:
        """Write an entry of the matrix."""
        self.matrix[plane, p, q] = value

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

    def mix(self, a: Any, b: Any) -> Any:
        """Return even·a + odd·b."""
        return self.parity[0] * a + self.parity[1] * b


class Code:
    """Operations as instructions; table, feature and matrix are pointers, rows of a feature are step elements apart."""

    def __init__(
        self, builder: Any, n: int, table: Any, feature: Any, step: Any, matrix: Any, parity: Sequence[Any] = ()
    ) -> None:
        self.builder, self.n, self.tables, self.step = builder, n, table, step
        element = table.type.pointee
        bits = 64 if isinstance(element, ir.DoubleType) else 32
        self.vector, self.align = ir.VectorType(element, REGISTER_BYTES * 8 // bits), bits // 8
        self.rows, self.matrix = feature, matrix
        self.parity = [spread(builder, number, self.vector) for number in parity]

    def _place(self, base: Any, offset: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(base, [offset]), self.vector.as_pointer())

    def _entry(self, plane: int, p: int, q: int) -> Any:
        offset = ((plane * self.n + p) * self.n + q) * self.vector.count
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

    def get(self, plane: int, p: int, q: int) -> Any:
        """Load an entry of the matrix."""
        return self.builder.load(self._entry(plane, p, q), align=self.align)

    def put(self, plane: int, p: int, q: int, value: Any) -> None:
        """Store an entry of the matrix."""
        self.builder.store(value, self._entry(plane, p, q), align=self.align)

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

    def mix(self, a: Any, b: Any) -> Any:
        """Return even·a + odd·b."""
        return add_product(self.builder, self.builder.fmul(self.parity[1], b), self.parity[0], a)


def straight_encode(x, place, step, tables, entry, work, matrix, size, degrees):
    """Write the matrix of x to work; n = len(size), lmax = len(degrees) - 1, places as in ``encode``."""
    n, w = len(size), lanes(x.dtype)
    rows = [x[place + i * step : place + i * step + w] for i in range(len(degrees) ** 2)]
    planes = work[matrix : matrix + 2 * n * n * w].reshape(2, n, n, w)
    encode_program(Numbers(tables[entry:], rows, planes), n, len(degrees) - 1)


def straight_decode(work, matrix, tables, entry, even, odd, out, place, step, size, degrees):
    """Write the feature of a matrix in work to out; n = len(size), lmax = len(degrees) - 1, places as in ``decode``."""
    n, w = len(size), lanes(out.dtype)
    rows = np.empty((len(degrees) ** 2, w), out.dtype)
    planes = work[matrix : matrix + 2 * n * n * w].reshape(2, n, n, w)
    decode_program(Numbers(tables[entry:], rows, planes, (even, odd)), n, len(degrees) - 1)
    for i, row in enumerate(rows):
        out[place + i * step : place + i * step + w] = row


@type_callable(straight_encode)
def _type_encode(context):
    def typer(x, place, step, tables, entry, work, matrix, size, degrees):
        i = types.intp
        return types.none(x, i, i, tables, i, work, i, size, degrees)

    return typer


@type_callable(straight_decode)
def _type_decode(context):
    def typer(work, matrix, tables, entry, even, odd, out, place, step, size, degrees):
        i, number = types.intp, out.dtype
        return types.none(work, i, tables, i, number, number, out, i, i, size, degrees)

    return typer


@lower_builtin(straight_encode, *[types.VarArg(types.Any)])
def _lower_encode(context, builder, sig, args):
    feature, table, matrix = (builder.gep(args[i], [args[i + 1]]) for i in (0, 3, 5))
    n, lmax = len(sig.args[7]), len(sig.args[8]) - 1
    encode_program(Code(builder, n, table, feature, args[2], matrix), n, lmax)
    return context.get_dummy_value()


@lower_builtin(straight_decode, *[types.VarArg(types.Any)])
def _lower_decode(context, builder, sig, args):
    matrix, table, feature = (builder.gep(args[i], [args[i + 1]]) for i in (0, 2, 6))
    n, lmax = len(sig.args[9]), len(sig.args[10]) - 1
    decode_program(Code(builder, n, table, feature, args[8], matrix, args[4:6]), n, lmax)
    return context.get_dummy_value()
