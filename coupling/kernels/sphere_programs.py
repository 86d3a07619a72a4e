"""Transforms of a block of lanes as straight lines of code, one function for each choice of degrees.

At the degrees of interest the loops over degrees and orders are a few steps long, and cost more than what they do.  So
three *programs* write what is to be done for given degrees without any loop.  What they call are the operations of an
object: ``Numbers`` carries them out, ``Code`` emits one machine instruction for each.  Compiled once, the function
(memory, tables, a, b, c, t) is called by its address; a, b, c are where rows of lanes begin, t where a table does.

Rows of Fourier coefficients: c_0, then Re c_m, Im c_m for m = 1 … l.  Other layouts and what the tables hold:
:mod:`coupling.kernels.sphere_product`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import from_dtype
from numba.core import types
from numba.extending import intrinsic

from coupling.kernels.instructions import fused, spread
from coupling.kernels.jit import compiled_function
from coupling.kernels.lanes import WIDTH_BYTES, width

#: Orders that are summed side by side: two sums and two factors for each stay in registers.
TILE = 5

A, B, C = range(3)


def convolution(do: Any, l1: int, l2: int, l3: int, hermitian: int) -> None:
    """Write Σ c_m1 d_m2 over m1 + m2 = m for m = 0 … l3 to the rows at c; c is at a and d at b.

    Negative orders of c are conj(c_m), those of d hermitian·conj(d_m), with d_0 = 0 if hermitian is -1.  Order 0 of the
    result is real for hermitian 1 and imaginary for -1; that number is its row.
    """
    for begin in range(0, l3 + 1, TILE):
        sums: dict[int, Any] = {}
        orders = range(begin, min(begin + TILE, l3 + 1))
        for m1 in range(-l1, l1 + 1):
            for m in orders:
                if abs(m - m1) <= l2 and not (m == 0 and m1 < 0):
                    for row, i, j, minus in _products(m, m1, m - m1, hermitian):
                        sums[row] = do.add_product(sums.get(row), do.load(A, i), do.load(B, j), minus)
        for m in orders:
            for row in (2 * m - 1, 2 * m) if m else (0,):
                do.store(C, row, sums.get(row))
        do.forget()


def _products(m: int, m1: int, m2: int, hermitian: int) -> list[tuple[int, int, int, bool]]:
    """Return (row of the sum, row of c, row of d, whether to subtract) of the products in c_m1 d_m2."""
    c = [(2 * abs(m1) - 1, False), (2 * abs(m1), m1 < 0)] if m1 else [(0, False)]
    flip = m2 < 0 and hermitian < 0
    d = [(2 * abs(m2) - 1, flip), (2 * abs(m2), (m2 < 0) != flip)] if m2 else [(0, False)] * (hermitian > 0)
    found = []
    for p, (i, s) in enumerate(c):
        for q, (j, t) in enumerate(d):
            imaginary = (p + q) % 2
            if m or imaginary == (hermitian < 0):
                row = 2 * m - 1 + imaginary if m else 0
                # in order 0, m1 and -m1 add the same
                found += [(row, i, j, (s != t) != (p + q == 2))] * (2 if m == 0 and m1 else 1)
    return found


def synthesis(do: Any, lmax: int, n: int) -> None:
    """Write north and south of n colatitudes to the rows at b; a feature is at a, tables [n, entry]."""
    size = (lmax + 1) * (lmax + 2) // 2
    for m, entry, row, target in _lists(lmax):
        sums: list[list[Any]] = [[None] * n, [None] * n]
        for i in range(lmax - m + 1):
            odd = int(i > (lmax - m) // 2)
            for k in range(n):
                sums[odd][k] = do.add_scaled(sums[odd][k], k * size + entry + i, do.load(A, row + i))
        for k in range(n):
            north, south = do.fold(sums[0][k], sums[1][k])
            do.store(B, 2 * k * (2 * lmax + 1) + target, north)
            do.store(B, (2 * k + 1) * (2 * lmax + 1) + target, south)
        do.forget()


def analysis(do: Any, lmax: int, n: int) -> None:
    """Add sums over n colatitudes to the rows at b; products [row, parity, n] are at a, tables [entry, n]."""
    for m, entry, row, source in _lists(lmax):
        for i in range(lmax - m + 1):
            odd = int(i > (lmax - m) // 2)
            total = do.load(B, row + i)
            for k in range(n):
                total = do.add_scaled(total, (entry + i) * n + k, do.load(A, (2 * source + odd) * n + k))
            do.store(B, row + i, total)
        do.forget()


def _lists(lmax: int) -> list[tuple[int, int, int, int]]:
    """Return (m, first entry of the table, first row of the feature, row of Fourier coefficients) for all ±m."""
    found = []
    entry, row = 0, 0
    for m in range(lmax + 1):
        for part in range(2 if m else 1):
            found.append((m, entry, row, max(0, 2 * m - 1 + part)))
            row += lmax - m + 1
        entry += lmax - m + 1
    return found


class Numbers:
    """Operations on the rows of three arrays and a table."""

    def __init__(self, a: Any, b: Any, c: Any, table: Any) -> None:
        self.rows, self.table = (a, b, c), table

    def load(self, which: int, row: int) -> Any:
        """Return a row."""
        return self.rows[which][row]

    def store(self, which: int, row: int, value: Any) -> None:
        """Write a row; no value counts as zero."""
        self.rows[which][row] = 0 if value is None else value

    def add_product(self, total: Any, a: Any, b: Any, minus: bool) -> Any:
        """Return total ± a·b."""
        product = -(a * b) if minus else a * b
        return product if total is None else total + product

    def add_scaled(self, total: Any, i: int, b: Any) -> Any:
        """Return total + table[i]·b."""
        return self.add_product(total, self.table[i], b, False)

    def fold(self, even: Any, odd: Any) -> tuple[Any, Any]:
        """Return even + odd, even - odd; only odd may be missing."""
        return (even, even) if odd is None else (even + odd, even - odd)

    def forget(self) -> None:
        """Say that rows loaded so far are not needed soon."""


class Code:
    """The same as instructions for one register, in rows that are stride numbers apart."""

    def __init__(self, builder: Any, vector: Any, stride: int, places: list[Any], table: Any) -> None:
        self.builder, self.vector, self.stride = builder, vector, stride
        self.places, self.table = places, table
        self.loaded: dict[tuple[int, int], Any] = {}
        self.align = 8 if isinstance(vector.element, ir.DoubleType) else 4

    def _place(self, which: int, row: int) -> Any:
        place = self.builder.gep(self.places[which], [ir.Constant(ir.IntType(64), row * self.stride)])
        return self.builder.bitcast(place, self.vector.as_pointer())

    def load(self, which: int, row: int) -> Any:
        """Load a row, once until ``forget``."""
        if (which, row) not in self.loaded:
            place = self._place(which, row)
            self.loaded[which, row] = self.builder.load(place, align=self.align, typ=self.vector)
        return self.loaded[which, row]

    def store(self, which: int, row: int, value: Any) -> None:
        """Store a row; no value counts as zero."""
        value = ir.Constant(self.vector, None) if value is None else value
        self.builder.store(value, self._place(which, row), align=self.align)

    def add_product(self, total: Any, a: Any, b: Any, minus: bool) -> Any:
        """Return total ± a·b, rounded once."""
        a = self.builder.fneg(a) if minus else a
        return self.builder.fmul(a, b) if total is None else fused(self.builder, a, b, total)

    def add_scaled(self, total: Any, i: int, b: Any) -> Any:
        """Return total + table[i]·b, rounded once."""
        place = self.builder.gep(self.table, [ir.Constant(ir.IntType(64), i)])
        value = self.builder.load(place, align=self.align, typ=self.vector.element)
        return self.add_product(total, spread(self.builder, value, self.vector), b, False)

    def fold(self, even: Any, odd: Any) -> tuple[Any, Any]:
        """Return even + odd, even - odd; only odd may be missing."""
        return (even, even) if odd is None else (self.builder.fadd(even, odd), self.builder.fsub(even, odd))

    def forget(self) -> None:
        """Say that rows loaded so far are not needed soon."""
        self.loaded = {}


PROGRAMS: dict[str, Callable[..., None]] = {"convolution": convolution, "synthesis": synthesis, "analysis": analysis}


def _write(typing, memory, tables, a, b, c, t, name, arguments):
    numbers = [one.literal_value for one in arguments.types]
    stride = WIDTH_BYTES * 8 // memory.dtype.bitwidth

    def emit(context, builder, signature, args):
        vector = ir.VectorType(context.get_value_type(memory.dtype), stride // 2)
        places = [builder.gep(args[0], [offset]) for offset in args[2:5]]
        program = PROGRAMS[name.literal_value]
        program(Code(builder, vector, stride, places, builder.gep(args[1], [args[5]])), *numbers)
        return context.get_dummy_value()

    i = types.intp
    return types.void(memory, tables, i, i, i, i, name, arguments), emit


_emit: Any = intrinsic(prefer_literal=True)(_write)


@cache
def compiled(name: str, arguments: tuple[int, ...], dtype: Any) -> Any:
    """Return the compiled function of a program, for rows of width(dtype) lanes; its address is ``.address``."""
    w = width(dtype)
    half = w // 2

    def run(memory, tables, a, b, c, t):
        for h in range(0, w, half):
            _emit(memory, tables, a + h, b + h, c + h, t, name, arguments)

    i, pointer = types.intp, types.CPointer(from_dtype(np.dtype(dtype)))
    return compiled_function(types.void(pointer, pointer, i, i, i, i), run)
