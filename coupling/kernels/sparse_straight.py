"""The sums of the sparse product as straight lines of code, for one choice of paths.

At small degrees a sum has two or three terms, and the loops over them cost more than what they do.  Here the loops of
:mod:`coupling.kernels.sparse_product` are run once, when a function is compiled; the function is called by its address.
What each sum adds, and in which order, is the same.  A row of z that is written for the first time is not read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import from_dtype
from numba.core import types
from numba.extending import intrinsic

from coupling.kernels.instructions import fused, spread
from coupling.kernels.jit import compiled_function
from coupling.kernels.lanes import width

#: A function works on registers, of which a row of lanes is so many.
PARTS = 2


class Code:
    """Emits instructions for one register of every row."""

    def __init__(self, builder: Any, vector: Any, memory: Any, coefficients: Any) -> None:
        self.builder, self.vector = builder, vector
        self.memory, self.coefficients = memory, coefficients
        self.align = 8 if isinstance(vector.element, ir.DoubleType) else 4
        self.loaded: dict[int, Any] = {}
        self.written: set[int] = set()

    def _place(self, row: int) -> Any:
        offset = ir.IntType(64)(row * self.vector.count * PARTS)
        return self.builder.bitcast(self.builder.gep(self.memory, [offset]), self.vector.as_pointer())

    def load(self, row: int) -> Any:
        """Load a row, once until ``forget``."""
        if row not in self.loaded:
            self.loaded[row] = self.builder.load(self._place(row), align=self.align, typ=self.vector)
        return self.loaded[row]

    def load_sum(self, row: int) -> Any:
        """Load a row of z; None if nothing has been written to it."""
        if row not in self.written:
            return None
        return self.builder.load(self._place(row), align=self.align, typ=self.vector)

    def store_sum(self, row: int, value: Any) -> None:
        """Store a row of z."""
        self.written.add(row)
        value = ir.Constant(self.vector, None) if value is None else value
        self.builder.store(value, self._place(row), align=self.align)

    def coefficient(self, i: int) -> Any:
        """Load a coefficient into all lanes."""
        place = self.builder.gep(self.coefficients, [ir.IntType(64)(i)])
        value = self.builder.load(place, align=self.align, typ=self.vector.element)
        return spread(self.builder, value, self.vector)

    def add(self, total: Any, a: Any, b: Any) -> Any:
        """Return total + a·b, rounded once; no total counts as zero."""
        return self.builder.fmul(a, b) if total is None else fused(self.builder, a, b, total)

    def forget(self) -> None:
        """Say that rows loaded so far are not needed soon."""
        self.loaded = {}


def sparse_sums(do: Any, sections: tuple[Any, Any, Any], rows_of_z: range) -> None:
    """Write all sums of the sections double, single, mixed: (groups, items, rows) each, positions in rows."""
    start = 0
    for kind, (groups, items, rows) in enumerate(sections):
        item = 0
        for z, w, step, count in groups.tolist():
            targets = [[(z, step), (w, -1)], [(z, -1)], [(z, 1)]][kind]
            totals = [[do.load_sum(row), do.load_sum(row + side)] for row, side in targets]
            for first, n, *u in items[item : item + count].tolist():
                terms = rows[first : first + n].tolist()
                for total, factor, (_, side) in zip(totals, u, targets, strict=False):
                    total[:] = (_mixed if kind == 2 else _pair)(do, total, factor, side, terms, start)
                    start += n
            for (row, side), total in zip(targets, totals, strict=True):
                do.store_sum(row, total[0])
                do.store_sum(row + side, total[1])
            item += count
            do.forget()
    for row in rows_of_z:
        if row not in do.written:
            do.store_sum(row, None)


def _pair(do: Any, total: list[Any], u: int, side: int, terms: list[int], start: int) -> list[Any]:
    """Return total + u Σ κ v, or u* and z* if side is -1."""
    re = im = None
    for k, row in enumerate(terms, start):
        factor = do.coefficient(k)
        re, im = do.add(re, factor, do.load(row)), do.add(im, factor, do.load(row + 1))
    u_re, u_im, minus = do.load(u), do.load(u + side), do.load(u - side)
    return [do.add(do.add(total[0], u_re, re), minus, im), do.add(do.add(total[1], u_re, im), u_im, re)]


def _mixed(do: Any, total: list[Any], u: int, side: int, terms: list[int], start: int) -> list[Any]:
    """Return total + u Σ κ v with real v."""
    value = None
    for k, row in enumerate(terms, start):
        value = do.add(value, do.coefficient(k), do.load(row))
    return [do.add(total[0], do.load(u), value), do.add(total[1], do.load(u + side), value)]


def compiled(sections: tuple[Any, Any, Any], rows_of_z: range, dtype: np.dtype[Any]) -> Any:
    """Return the compiled function (memory, coefficients, 0, 0, 0, 0) of some sections; its address is ``.address``."""
    lanes = width(dtype)

    def typed(typing, memory, coefficients, part):
        def write(context, builder, signature, args):
            vector = ir.VectorType(context.get_value_type(memory.dtype), lanes // PARTS)
            sparse_sums(Code(builder, vector, builder.gep(args[0], [args[2]]), args[1]), sections, rows_of_z)
            return context.get_dummy_value()

        return types.void(memory, coefficients, types.intp), write

    emit: Any = intrinsic(typed)

    def run(memory, coefficients, a, b, c, t):
        for part in range(0, lanes, lanes // PARTS):
            emit(memory, coefficients, part)

    i, pointer = types.intp, types.CPointer(from_dtype(np.dtype(dtype)))
    return compiled_function(types.void(pointer, pointer, i, i, i, i), run)
