"""Tapes as instructions of LLVM, for one vector register of lanes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import cgutils

from coupling.programs.tape import Tape

INDEX = ir.IntType(64)


class StridedRows(NamedTuple):
    """Where the rows of an array are: a pointer to the first, and the distance of two in elements."""

    pointer: Any
    step: Any

    def place(self, builder: Any, row: int) -> Any:
        """Return a pointer to a row."""
        if isinstance(self.step, int):
            return builder.gep(self.pointer, [INDEX(row * self.step)])
        return builder.gep(self.pointer, [builder.mul(self.step, INDEX(row))])


def broadcast(builder: Any, number: Any, vector: Any) -> Any:
    """Return the number in every lane of a vector."""
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None))


def fused_lanes(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a·b + c of vectors, rounded once."""
    vector, bits = c.type, 64 if isinstance(c.type.element, ir.DoubleType) else 32
    name = f"llvm.fma.v{vector.count}f{bits}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
    return builder.call(function, [a, b, c])


Registers = dict[int, Any]


def emit(
    tape: Tape, builder: Any, vector: Any, arrays: Mapping[str, StridedRows | Registers], constants: Any = None
) -> None:
    """Emit a tape: ``vector`` is the type of a row, ``constants`` points to the table, in elements of a row.

    An array may be values by their rows instead of a memory: they are read and replaced there.  Constants may be rows
    too, of which the first element counts.
    """
    tape.play(_Instructions(builder, vector, arrays, constants))


class _Instructions:
    """Operations as instructions."""

    def __init__(
        self, builder: Any, vector: Any, arrays: Mapping[str, StridedRows | Registers], constants: Any
    ) -> None:
        self.builder, self.vector, self.arrays, self.constants = builder, vector, arrays, constants
        self.align = 8 if isinstance(vector.element, ir.DoubleType) else 4
        self.add, self.subtract, self.multiply, self.negate = builder.fadd, builder.fsub, builder.fmul, builder.fneg

    def _place(self, rows: StridedRows, row: int) -> Any:
        return self.builder.bitcast(rows.place(self.builder, row), self.vector.as_pointer())

    def load(self, array: str, row: int) -> Any:
        rows = self.arrays[array]
        if isinstance(rows, dict):
            return rows[row]
        return self.builder.load(self._place(rows, row), align=self.align, typ=self.vector)

    def store(self, array: str, row: int, value: Any) -> None:
        value, rows = ir.Constant(self.vector, None) if value is None else value, self.arrays[array]
        if isinstance(rows, dict):
            rows[row] = value
        else:
            self.builder.store(value, self._place(rows, row), align=self.align)

    def constant(self, index: int) -> Any:
        table = self.constants
        place = (
            table.place(self.builder, index)
            if isinstance(table, StridedRows)
            else self.builder.gep(table, [INDEX(index)])
        )
        value = self.builder.load(place, align=self.align, typ=self.vector.element)
        return broadcast(self.builder, value, self.vector)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        return fused_lanes(self.builder, a, b, c)
