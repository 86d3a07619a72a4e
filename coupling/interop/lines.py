"""Products as straight lines of text: one assignment after the other, in what Python, C and CUDA have in common.

For small degrees the fastest program of a product has no loop and no table: features are in registers, coefficients are
in the instructions.  Which sums there are, and in which order, is what the kernels of this package do on a processor
(:mod:`coupling.kernels.sparse_straight`, :mod:`coupling.kernels.straight`); here the same programs write text, for one
channel of one sample.  Names: ``x0 …`` and ``y0 …`` are the entries of the features, ``c0 …`` positive constants,
``t0 …`` what is computed; every name is assigned once.  Coefficients that are zero do not appear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from coupling.kernels.sparse_straight import sparse_sums
from coupling.kernels.straight import decode_program, encode_program, multiply_program
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.matrix_product import STRAIGHT, MatrixProduct, make_plan
from coupling.products.product import Product
from coupling.products.sparse_program import centre, places, row_count
from coupling.spins import used_degrees

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


def straight_lines(product: Product, dtype: object = "float32") -> Lines:
    """Return a product as straight lines of text.

    product : a ``ClebschGordan`` (any normalization, weights, turns) or a ``MatrixProduct`` with 2j+1 <= 16
    dtype : float32 or float64, the type of constants, features and sums

    Raises TypeError for another product and ValueError for another type or a larger spin.

    >>> lines = straight_lines(ClebschGordan(1, 1, 0), "float64")
    >>> lines.constants
    (1.0, 0.5773502691896257)
    >>> lines.operations, lines.bytes, lines.outputs
    (6, 72, ('t5',))
    """
    kind = np.dtype(dtype)  # type: ignore[call-overload]
    if kind not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {kind}")
    if isinstance(product, ClebschGordan):
        return _sparse_lines(product, kind)
    if isinstance(product, MatrixProduct):
        return _matrix_lines(product, kind)
    raise TypeError(f"product must be a ClebschGordan or a MatrixProduct, got {type(product).__name__}")


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
        sign = a.sign * b.sign
        if total is None:
            return self.assign(sign, "multiply", a, b)
        operation = "add_product" if sign == total.sign else "subtract_product"
        return self.assign(total.sign, operation, total, a, b)

    def add(self, a: Value | None, b: Value | None) -> Value | None:
        """Return a + b."""
        if a is None or b is None:
            return a or b
        return self.assign(a.sign, "add" if a.sign == b.sign else "subtract", a, b)

    def subtract(self, a: Value | None, b: Value | None) -> Value | None:
        """Return a - b."""
        return self.add(a, self.negative(b))

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


# -- the sparse product -----------------------------------------------------------------------


def _sparse_lines(product: ClebschGordan, dtype: np.dtype[Any]) -> Lines:
    sections, coefficients = product.sums()
    text = SparseText(product.lmax, coefficients, dtype)
    last = row_count(product.lmax)
    rows_of_z = range(last - 3 * len(places(product.lmax[2])), last)
    sparse_sums(text, tuple(section[:3] for section in sections), rows_of_z)  # type: ignore[arg-type]
    return text.lines(product.sizes, [text.sums.get(k) for k in range(product.sizes[2])])


class SparseText(Text):
    """The operations of :func:`coupling.kernels.sparse_straight.sparse_sums`, as text.

    Beside the row of an order m are those of -m: negative before it and as it is behind it.  Both rows of z are one
    sum here.
    """

    def __init__(self, lmax: tuple[int, int, int], coefficients: Any, dtype: np.dtype[Any]) -> None:
        super().__init__(dtype)
        self.coefficients = coefficients
        self.rows: dict[int, Value] = {}
        for slot, letter in enumerate("xyz"):
            for n, (plus, minus) in enumerate(places(lmax[slot]).tolist()):
                row = centre(lmax, slot, 0, 0) + 3 * n
                self.rows[row] = Value(f"{letter}{plus}")
                if plus != minus:
                    self.rows |= {row - 1: Value(f"{letter}{minus}", -1), row + 1: Value(f"{letter}{minus}")}
        self.sums: dict[int, Value] = {}
        self.written: set[int] = set()

    def load(self, row: int) -> Value | None:
        """Return a row of a feature."""
        return self.rows.get(row)

    def coefficient(self, i: int) -> Value | None:
        """Return a coefficient."""
        return self.constant(self.coefficients[i])

    def load_sum(self, row: int) -> Value | None:
        """Return what a row of z is so far."""
        place = self.rows.get(row)
        found = self.sums.get(int(place.name[1:])) if place else None
        return found.times(place.sign) if found and place else None

    def store_sum(self, row: int, value: Value | None) -> None:
        """Store a row of z, if it is one."""
        self.written.add(row)
        place = self.rows.get(row)
        if value is not None and place:
            self.sums[int(place.name[1:])] = value.times(place.sign)

    def add(self, total: Value | None, a: Value | None, b: Value | None = None) -> Value | None:
        """Return total + a·b."""
        return self.add_product(total, a, b)

    def forget(self) -> None:
        """Names stay."""


# -- the matrix product -----------------------------------------------------------------------


def _matrix_lines(product: MatrixProduct, dtype: np.dtype[Any]) -> Lines:
    n, used = round(2 * product.spin) + 1, used_degrees(*product.lmax)
    if n > STRAIGHT:
        raise ValueError(f"the matrix product is written as straight lines for 2j+1 <= {STRAIGHT}, got {n}")
    plan = make_plan(used, product.spin, product.weights, np.dtype(float))
    text = MatrixText(n, plan.tables, dtype)
    for slot, letter in enumerate("xy"):
        text.begin(letter, int(plan.starts[slot]))
        encode_program(text, n, used[slot])
    text.begin("z", int(plan.starts[2]))
    decode_program(text, n, used[2])
    return text.lines(product.sizes, [text.outputs.get(k) for k in range(product.sizes[2])])


class MatrixText(Text):
    """The operations of :mod:`coupling.kernels.straight`, as text; products of matrices are formed where they are read."""

    def __init__(self, n: int, tables: Any, dtype: np.dtype[Any]) -> None:
        super().__init__(dtype)
        self.n, self.tables = n, tables
        self.matrices: dict[str, dict[tuple[int, int], Value | None]] = {"x": {}, "y": {}, "z": {}}
        self.outputs: dict[int, Value | None] = {}

    def begin(self, letter: str, start: int) -> None:
        """Turn to a feature, whose table begins at start."""
        self.letter, self.start = letter, start

    def table(self, entry: int) -> Value | None:
        """Return an entry of the table."""
        return self.constant(self.tables[self.start + entry])

    def feature(self, row: int) -> Value:
        """Return an entry of the feature."""
        return Value(f"{self.letter}{row}")

    def write(self, row: int, value: Value | None) -> None:
        """Write an entry of the product."""
        self.outputs[row] = value

    def put(self, p: int, q: int, value: Value | None) -> None:
        """Write an entry of a matrix."""
        self.matrices[self.letter][p, q] = value

    def get(self, p: int, q: int) -> Value | None:
        """Return twice an entry of the product R∘S."""
        entry = Entry(self, p, q)
        multiply_program(entry, 1, 1, self.n)
        return entry.value


class Entry:
    """The operations of ``multiply_program`` for a tile of one entry (p, q)."""

    def __init__(self, text: MatrixText, p: int, q: int) -> None:
        self.text, self.p, self.q = text, p, q
        self.add_product, self.negative = text.add_product, text.negative
        self.value: Value | None = None

    def left(self, factor: int, i: int, r: int) -> Value | None:
        """Return the entry (p, r) of R, S, Rᵀ or Sᵀ."""
        return self._factor(factor, self.p, r)

    def right(self, factor: int, r: int, j: int) -> Value | None:
        """Return the entry (r, q) of R, S, Rᵀ or Sᵀ."""
        return self._factor(factor, r, self.q)

    def _factor(self, factor: int, i: int, j: int) -> Value | None:
        matrix = self.text.matrices["xy"[factor % 2]]
        return matrix.get((i, j) if factor < 2 else (j, i))

    def put(self, i: int, j: int, value: Value | None) -> None:
        """Keep the entry."""
        self.value = value
