"""Tapes with their constants: what is written where a program is compiled for one product.

Zeros are left out, signs are moved to where they cost nothing, a factor of one is no multiplication, and what no output
needs is not done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from coupling.programs.tape import Operation, Recorder, Tape

Cell = tuple[str, int]


@dataclass(frozen=True)
class Program:
    """A product of one channel of one sample: the tape that reads ``x`` and ``y`` and writes ``z``.

    sizes : the numbers of entries of x, y and z
    constants : positive numbers of ``dtype``
    """

    tape: Tape
    constants: tuple[float, ...]
    sizes: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def operations(self) -> int:
        """The number of multiply-adds, multiplications and additions."""
        return self.tape.arithmetic

    @property
    def bytes(self) -> int:
        """The number of bytes of x, y and z of one channel of one sample."""
        return sum(self.sizes) * self.dtype.itemsize


class Signed(NamedTuple):
    """The number of an operation and the sign that its value is meant with."""

    value: int
    sign: int = 1

    def times(self, sign: int) -> Signed:
        """Return the value with another sign.

        >>> Signed(3).times(-1)
        Signed(value=3, sign=-1)
        """
        return Signed(self.value, self.sign * sign)


class ProgramRecorder:
    """Records a program with the constants that it is to have; None stands for zero everywhere.

    What is stored stays in registers, where loads find it.  ``x`` and ``y`` are inputs, ``z`` is the output.  ``where``
    says which cell of which array a row is, and with which sign; a row that is no cell holds zero.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype, self.do = dtype, Recorder()
        self.table: Any = ()
        self.cells: dict[Cell, Signed | None] = {}
        self.where: Callable[[str, int], tuple[Cell, int] | None] = lambda array, row: ((array, row), 1)
        #: what forms a row of an array when it is first loaded
        self.makers: dict[str, Callable[[int], None]] = {}
        self._numbers: dict[float, int] = {}

    def load(self, array: str, row: int) -> Signed | None:
        """Return a row of an array; zero if nothing was written to it."""
        place = self.where(array, row)
        if place is None:
            return None
        cell, sign = place
        if cell not in self.cells and cell[0] in self.makers:
            self.makers[cell[0]](cell[1])
        found = Signed(self.do.load(*cell)) if cell[0] in ("x", "y") else self.cells.get(cell)
        return found.times(sign) if found else None

    def stored(self, array: str, row: int) -> bool:
        """Return whether something but zero has been written to a row."""
        place = self.where(array, row)
        return place is not None and self.cells.get(place[0]) is not None

    def store(self, array: str, row: int, value: Signed | None) -> None:
        """Write a row of an array."""
        place = self.where(array, row)
        if place is not None:
            self.cells[place[0]] = value.times(place[1]) if value else None

    def constant(self, index: int) -> Signed | None:
        """Return a constant of the table."""
        number = float(self.dtype.type(self.table[index]))
        if number == 0:
            return None
        size = abs(number)
        if size not in self._numbers:
            self._numbers[size] = self.do.constant(len(self._numbers))
        return Signed(self._numbers[size], -1 if number < 0 else 1)

    def add_product(self, total: Signed | None, a: Signed | None, b: Signed | None) -> Signed | None:
        """Return total + a·b."""
        if a is None or b is None:
            return total
        if a.value == self._numbers.get(1.0):
            return self.add(total, b.times(a.sign))
        sign = a.sign * b.sign
        if total is None:
            return Signed(self.do.multiply(a.value, b.value), sign)
        factor = a.value if sign == total.sign else self.do.negate(a.value)
        return Signed(self.do.fma(factor, b.value, total.value), total.sign)

    def add(self, a: Signed | None, b: Signed | None) -> Signed | None:
        """Return a + b."""
        if a is None or b is None:
            return a or b
        combine = self.do.add if a.sign == b.sign else self.do.subtract
        return Signed(combine(a.value, b.value), a.sign)

    def subtract(self, a: Signed | None, b: Signed | None) -> Signed | None:
        """Return a - b."""
        return self.add(a, self.negate(b))

    def negate(self, a: Signed | None) -> Signed | None:
        """Return -a."""
        return a.times(-1) if a else None

    def forget(self) -> None:
        """Registers stay."""

    def program(self, sizes: tuple[int, ...]) -> Program:
        """Return the program that writes the cells ``z``, with only what they need."""
        for k in range(sizes[2]):
            value = self.cells.get(("z", k))
            negative = value is not None and value.sign < 0
            number = None if value is None else self.do.negate(value.value) if negative else value.value
            self.do.store("z", k, number)
        tape, kept = _needed(self.do.tape())
        numbers = list(self._numbers)
        return Program(tape, tuple(numbers[k] for k in kept), sizes, self.dtype)


def _needed(tape: Tape) -> tuple[Tape, list[int]]:
    """Return what the stores of a tape need, and which constants those are, in the order of the new ones."""
    needed: set[int] = set()
    for number in reversed(range(len(tape))):
        operation = tape.operations[number]
        if operation.kind == "store":
            needed.add(number)
        if number in needed:
            needed.update(_inputs(operation))
    new: dict[int | None, int | None] = {None: None}
    operations: list[Operation] = []
    constants: list[int] = []
    for number in sorted(needed):
        kind, operands, array = tape.operations[number]
        if kind == "constant":
            constants += operands
            operands = (len(constants) - 1,)
        elif kind == "store":
            operands = operands[0], new[operands[1]]
        elif kind != "load":
            operands = tuple(new[operand] for operand in operands)
        new[number] = len(operations)
        operations.append(Operation(kind, operands, array))
    return Tape(tuple(operations)), constants


def _inputs(operation: Operation) -> tuple[int, ...]:
    """Return the operations whose values an operation reads."""
    if operation.kind in ("load", "constant"):
        return ()
    return tuple(n for n in operation.operands[operation.kind == "store" :] if n is not None)
