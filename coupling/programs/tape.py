"""A tape: operations in single assignment, and what records it.

An operation is one of

    load array row      multiply a b      fma a b c (a·b + c, rounded once)      store array row a
    constant index      negate a          add a b          subtract a b

``array`` is the name of a memory, ``row`` a place in it and ``index`` a place in the table of constants, which comes
with a call and is no part of the tape.  a, b and c are the numbers of earlier operations.  A store without a value
writes zero.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

#: Operations as a person reads them.
SIGNS = {
    "multiply": "{0} * {1}",
    "fma": "fma({0}, {1}, {2})",
    "negate": "-{0}",
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
}


class Operation(NamedTuple):
    """A kind of operation and its operands; ``load`` and ``store`` name their array besides."""

    kind: str
    operands: tuple[Any, ...]
    array: str = ""


class Writer(Protocol):
    """Target of a tape: one method for each kind of operation, on values of the writer's own."""

    def load(self, array: str, row: int) -> Any:
        """Return a row of an array."""

    def constant(self, index: int) -> Any:
        """Return a constant."""

    def multiply(self, a: Any, b: Any) -> Any:
        """Return a·b."""

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """Return a·b + c."""

    def negate(self, a: Any) -> Any:
        """Return -a."""

    def add(self, a: Any, b: Any) -> Any:
        """Return a + b."""

    def subtract(self, a: Any, b: Any) -> Any:
        """Return a - b."""

    def store(self, array: str, row: int, value: Any) -> None:
        """Write a row of an array; None counts as zero."""


class Recording(Protocol):
    """What a program calls; None stands for zero."""

    def load(self, array: str, row: int) -> Any:
        """Return a row of an array."""

    def stored(self, array: str, row: int) -> bool:
        """Return whether a row has been written."""

    def store(self, array: str, row: int, value: Any) -> None:
        """Write a row of an array."""

    def constant(self, index: int) -> Any:
        """Return a constant."""

    def add_product(self, total: Any, a: Any, b: Any) -> Any:
        """Return total + a·b."""

    def add(self, a: Any, b: Any) -> Any:
        """Return a + b."""

    def subtract(self, a: Any, b: Any) -> Any:
        """Return a - b."""

    def negate(self, a: Any) -> Any:
        """Return -a."""

    def forget(self) -> None:
        """Say that rows loaded so far are not needed soon."""


@dataclass(frozen=True, eq=False)
class Tape:
    """A program without loops.

    >>> do = Recorder()
    >>> do.store("z", 0, do.add_product(do.load("x", 1), do.constant(0), do.load("y", 2)))
    >>> print(do.tape())
    t0 = x[1]
    t1 = constant[0]
    t2 = y[2]
    t3 = fma(t1, t2, t0)
    z[0] = t3
    """

    operations: tuple[Operation, ...]

    def play(self, writer: Writer) -> None:
        """Carry out every operation by the methods of a writer."""
        values: list[Any] = []
        for kind, operands, array in self.operations:
            if kind == "store":
                row, value = operands
                writer.store(array, row, None if value is None else values[value])
                values.append(None)
            elif kind == "load":
                values.append(writer.load(array, *operands))
            elif kind == "constant":
                values.append(writer.constant(*operands))
            else:
                values.append(getattr(writer, kind)(*(values[operand] for operand in operands)))

    @property
    def arithmetic(self) -> int:
        """The number of multiply-adds, multiplications and additions."""
        return sum(operation.kind in ("multiply", "fma", "add", "subtract") for operation in self.operations)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the text of the tape.

        >>> Tape(()).digest[:8]
        'e3b0c442'
        """
        return hashlib.sha256(str(self).encode()).hexdigest()

    def __str__(self) -> str:
        return "\n".join(_line(number, operation) for number, operation in enumerate(self.operations))

    def __len__(self) -> int:
        return len(self.operations)


def _line(number: int, operation: Operation) -> str:
    kind, operands, array = operation
    if kind == "store":
        row, value = operands
        return f"{array}[{row}] = {'0' if value is None else f't{value}'}"
    if kind in ("load", "constant"):
        return f"t{number} = {array or kind}[{operands[0]}]"
    return f"t{number} = {SIGNS[kind].format(*(f't{operand}' for operand in operands))}"


class Recorder:
    """Records a tape; a value is the number of its operation, and None stands for zero.

    A row that was loaded stays at hand until it is stored or until ``forget``, which says that what was loaded is not
    needed soon: registers are few.
    """

    def __init__(self) -> None:
        self._operations: list[Operation] = []
        self._loaded: dict[tuple[str, int], int] = {}
        self._stored: set[tuple[str, int]] = set()

    def tape(self) -> Tape:
        """Return what was recorded."""
        return Tape(tuple(self._operations))

    def _record(self, kind: str, *operands: Any, array: str = "") -> int:
        self._operations.append(Operation(kind, operands, array))
        return len(self._operations) - 1

    def load(self, array: str, row: int) -> Any:
        """Return a row of an array."""
        if (array, row) not in self._loaded:
            self._loaded[array, row] = self._record("load", row, array=array)
        return self._loaded[array, row]

    def constant(self, index: int) -> Any:
        """Return a constant."""
        return self._record("constant", index)

    def multiply(self, a: Any, b: Any) -> Any:
        """Return a·b."""
        return self._record("multiply", a, b)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """Return a·b + c."""
        return self._record("fma", a, b, c)

    def negate(self, a: Any) -> Any:
        """Return -a."""
        return self._record("negate", a)

    def add(self, a: Any, b: Any) -> Any:
        """Return a + b."""
        return self._record("add", a, b) if a is not None and b is not None else b if a is None else a

    def subtract(self, a: Any, b: Any) -> Any:
        """Return a - b."""
        if a is None:
            return None if b is None else self.negate(b)
        return a if b is None else self._record("subtract", a, b)

    def add_product(self, total: Any, a: Any, b: Any) -> Any:
        """Return total + a·b."""
        return self.multiply(a, b) if total is None else self.fma(a, b, total)

    def store(self, array: str, row: int, value: Any) -> None:
        """Write a row of an array."""
        self._loaded.pop((array, row), None)
        self._stored.add((array, row))
        self._record("store", row, value, array=array)

    def stored(self, array: str, row: int) -> bool:
        """Return whether a row has been written."""
        return (array, row) in self._stored

    def forget(self) -> None:
        """Say that rows loaded so far are not needed soon."""
        self._loaded = {}


def record(program: Callable[..., None], *arguments: Any) -> Tape:
    """Return what ``program(recorder, *arguments)`` records.

    >>> len(record(lambda do, n: do.store("z", n, None), 3))
    1
    """
    do = Recorder()
    program(do, *arguments)
    return do.tape()
