"""Assignments, and what writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

#: operations of the straight lines as expressions of Python and C; a language may have better ones
OPERATIONS = {
    "multiply": "{0} * {1}",
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "add_product": "{0} + {1} * {2}",
    "subtract_product": "{0} - {1} * {2}",
}


class Assignment(NamedTuple):
    """A name, one of ``OPERATIONS``, and the names it is done with."""

    name: str
    operation: str
    operands: tuple[str, ...]

    def expression(self, operations: Mapping[str, str] = OPERATIONS) -> str:
        """Return the operation in a language.

        >>> Assignment("t3", "add_product", ("t2", "c0", "x1")).expression()
        't2 + c0 * x1'
        """
        return operations[self.operation].format(*self.operands)

    def renamed(self, new: Mapping[str, str]) -> Assignment:
        """Return the same with new names for some."""
        operands = tuple(new.get(name, name) for name in self.operands)
        return Assignment(new[self.name], self.operation, operands)


@dataclass(frozen=True, repr=False)
class Lines:
    """A product of one channel of one sample as assignments.

    sizes : the numbers of entries of x, y and z
    constants : the values of ``c0 …``, positive numbers of ``dtype``
    assignments : in the order in which they are to be done
    outputs : for each entry of z a name, one with a minus, or "" where it is zero

    >>> Lines((1, 1, 1), np.dtype("float32"), (), (Assignment("t0", "multiply", ("x0", "y0")),), ("t0",)).bytes
    12
    """

    sizes: tuple[int, ...]
    dtype: np.dtype[Any]
    constants: tuple[float, ...]
    assignments: tuple[Assignment, ...]
    outputs: tuple[str, ...]

    @property
    def operations(self) -> int:
        """The number of instructions: an assignment is one multiply-add, addition or multiplication."""
        return len(self.assignments)

    @property
    def bytes(self) -> int:
        """The number of bytes of x, y and z of one channel of one sample."""
        return sum(self.sizes) * self.dtype.itemsize


class Value(NamedTuple):
    """A name and the sign it is meant with."""

    name: str
    sign: int = 1

    def times(self, sign: int) -> Value:
        """Return the value with another sign."""
        return Value(self.name, self.sign * sign)


class Text:
    """Writes assignments; None stands for zero everywhere."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.assignments: list[Assignment] = []
        self.names: dict[float, str] = {}

    def assign(self, sign: int, operation: str, *operands: Value) -> Value:
        """Return a new name for the result of an operation, and the sign it is meant with."""
        name = f"t{len(self.assignments)}"
        self.assignments.append(Assignment(name, operation, tuple(value.name for value in operands)))
        return Value(name, sign)

    def constant(self, number: Any) -> Value | None:
        """Return the name of a number."""
        value = float(self.dtype.type(number))
        if value == 0:
            return None
        return Value(self.names.setdefault(abs(value), f"c{len(self.names)}"), -1 if value < 0 else 1)

    def add_product(self, total: Value | None, a: Value | None, b: Value | None) -> Value | None:
        """Return total + a·b."""
        if a is None or b is None:
            return total
        if a.name == self.names.get(1.0):
            return self.plus(total, b.times(a.sign))
        sign = a.sign * b.sign
        if total is None:
            return self.assign(sign, "multiply", a, b)
        operation = "add_product" if sign == total.sign else "subtract_product"
        return self.assign(total.sign, operation, total, a, b)

    def plus(self, a: Value | None, b: Value | None) -> Value | None:
        """Return a + b."""
        if a is None or b is None:
            return a or b
        return self.assign(a.sign, "add" if a.sign == b.sign else "subtract", a, b)

    def negative(self, a: Value | None) -> Value | None:
        """Return -a."""
        return None if a is None else a.times(-1)

    def lines(self, sizes: Sequence[int], outputs: Sequence[Value | None]) -> Lines:
        """Return what the outputs need, with its names in order."""
        needed = {value.name for value in outputs if value}
        kept: list[Assignment] = []
        for assignment in reversed(self.assignments):
            if assignment.name in needed:
                needed.update(assignment.operands)
                kept.append(assignment)
        kept.reverse()
        constants = [value for value, name in self.names.items() if name in needed]
        new = {assignment.name: f"t{k}" for k, assignment in enumerate(kept)}
        new |= {self.names[value]: f"c{k}" for k, value in enumerate(constants)}
        texts = ["" if v is None else "-"[: v.sign < 0] + new.get(v.name, v.name) for v in outputs]
        assignments = tuple(assignment.renamed(new) for assignment in kept)
        return Lines(tuple(sizes), self.dtype, tuple(constants), assignments, tuple(texts))
