"""Sums Σ c_m1 d_m2 over m1 + m2 = m as straight lines of code, one function for each choice of degrees.

At the degrees of interest the loops over orders are a few steps long, and cost more than what they do.  So ``program``
writes the sum for given degrees without any loop.  What it calls are the operations of an object: ``Numbers`` carries them
out, ``Code`` emits machine instructions for one register of lanes.  A function of it is compiled once and called by its address.

Rows: c_0, then Re c_m, Im c_m for m = 1 … l1; negative orders are conj(c_m).  Those of d are hermitian·conj(d_m), with
d_0 = 0 if hermitian is -1.  Order 0 of the result is real for hermitian 1 and imaginary for -1; that number is its row.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import cfunc, from_dtype
from numba.core import cgutils, types
from numba.extending import intrinsic

from coupling.kernels.jit import source_digest
from coupling.kernels.lanes import width

#: Orders that are summed side by side: 2 sums and 2 factors for each stay in registers.
TILE = 5


def program(do: Any, l1: int, l2: int, l3: int, hermitian: int) -> None:
    """Write the orders 0 … l3 of the product, by the operations of do."""
    for begin in range(0, l3 + 1, TILE):
        sums: dict[int, Any] = {}
        orders = range(begin, min(begin + TILE, l3 + 1))
        for m1 in range(-l1, l1 + 1):
            for m in orders:
                if abs(m - m1) <= l2 and not (m == 0 and m1 < 0):
                    for row, i, j, minus in _terms(m, m1, m - m1, hermitian):
                        sums[row] = do.add_product(sums.get(row), do.factor(0, i), do.factor(1, j), minus)
        for m in orders:
            for row in (2 * m - 1, 2 * m) if m else (0,):
                do.store(row, sums.get(row))


def _terms(m: int, m1: int, m2: int, hermitian: int) -> list[tuple[int, int, int, bool]]:
    """Return (row of the sum, row of c, row of d, whether to subtract) of the products in c_m1 d_m2."""
    c = [(2 * abs(m1) - 1, False), (2 * abs(m1), m1 < 0)] if m1 else [(0, False)]
    flip = m2 < 0 and hermitian < 0
    d = [(2 * abs(m2) - 1, flip), (2 * abs(m2), (m2 < 0) != flip)] if m2 else [(0, False)] * (hermitian > 0)
    wanted = {0, 1} if m else {0} if hermitian > 0 else {1}
    found = []
    for p, (i, s) in enumerate(c):
        for q, (j, t) in enumerate(d):
            if (p + q) % 2 in wanted:
                row = 2 * m - 1 + (p + q) % 2 if m else 0
                found += [(row, i, j, (s != t) != (p + q == 2))] * (2 if m == 0 and m1 else 1)
    return found


class Numbers:
    """Operations on the rows of arrays."""

    def __init__(self, c: Any, d: Any, z: Any) -> None:
        self.factors, self.z = (c, d), z

    def factor(self, which: int, row: int) -> Any:
        """Return a row of c or of d."""
        return self.factors[which][row]

    def add_product(self, total: Any, a: Any, b: Any, minus: bool) -> Any:
        """Return total ± a·b; no total counts as zero."""
        product = -(a * b) if minus else a * b
        return product if total is None else total + product

    def store(self, row: int, value: Any) -> None:
        """Write a row of the result."""
        self.z[row] = 0 if value is None else value


class Code:
    """Operations as instructions for one register; places are pointers to its element in row 0, rows are stride apart."""

    def __init__(self, builder: Any, vector: Any, stride: int, c: Any, d: Any, z: Any) -> None:
        self.builder, self.vector, self.stride = builder, vector, stride
        self.places, self.z, self.loaded = (c, d), z, {}
        name = f"llvm.fma.v{vector.count}f{64 if isinstance(vector.element, ir.DoubleType) else 32}"
        self.fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)

    def _place(self, base: Any, row: int) -> Any:
        place = self.builder.gep(base, [ir.Constant(ir.IntType(64), row * self.stride)])
        return self.builder.bitcast(place, self.vector.as_pointer())

    def factor(self, which: int, row: int) -> Any:
        """Load a row of c or of d."""
        if (which, row) not in self.loaded:
            place = self._place(self.places[which], row)
            self.loaded[which, row] = self.builder.load(place, align=4, typ=self.vector)
        return self.loaded[which, row]

    def add_product(self, total: Any, a: Any, b: Any, minus: bool) -> Any:
        """Return total ± a·b; no total counts as zero."""
        a = self.builder.fneg(a) if minus else a
        return self.builder.fmul(a, b) if total is None else self.builder.call(self.fma, [a, b, total])

    def store(self, row: int, value: Any) -> None:
        """Write a row of the result."""
        self.builder.store(ir.Constant(self.vector, None) if value is None else value, self._place(self.z, row), align=4)
        self.loaded = {}


@intrinsic(prefer_literal=True)
def _emit(typing, memory, c, d, z, l1, l2, l3, hermitian):
    degrees = [t.literal_value for t in (l1, l2, l3, hermitian)]
    stride = 128 * 8 // memory.dtype.bitwidth

    def emit(context, builder, signature, args):
        vector = ir.VectorType(context.get_value_type(memory.dtype), stride // 2)
        places = [builder.gep(args[0], [offset]) for offset in args[1:4]]
        program(Code(builder, vector, stride, *places), *degrees)
        return context.get_dummy_value()

    return types.void(memory, types.intp, types.intp, types.intp, l1, l2, l3, hermitian), emit


@cache
def convolution(l1: int, l2: int, l3: int, hermitian: int, dtype: Any) -> Any:
    """Return the compiled function (memory, c, d, z) for rows of width(dtype) lanes that begin at c, d, z."""
    w = width(dtype)
    half = w // 2

    def convolve(memory, c, d, z):
        for h in range(0, w, half):
            _emit(memory, c + h, d + h, z + h, l1, l2, l3, hermitian)

    i = types.intp
    compiled = cfunc(types.void(types.CPointer(from_dtype(np.dtype(dtype))), i, i, i), nopython=True)(convolve)
    return compiled
