"""The matrix product as straight lines: the programs of :mod:`coupling.kernels.straight`."""

from __future__ import annotations

from typing import Any

import numpy as np

from coupling.interop.lines.text import Lines, Text, Value
from coupling.kernels.straight import decode_program, encode_program, multiply_program
from coupling.products.matrix_product import STRAIGHT, MatrixProduct, make_plan
from coupling.products.reach import largest


def matrix_lines(product: MatrixProduct, dtype: np.dtype[Any]) -> Lines:
    """Return a matrix product as straight lines; raise ValueError if its matrices are large."""
    n, used = round(2 * product.spin) + 1, largest(product.reached)
    if n > STRAIGHT:
        raise ValueError(f"the matrix product is written as straight lines for 2j+1 <= {STRAIGHT}, got {n}")
    if min(used) < 0:
        return Text(dtype).lines(product.sizes, [None] * product.sizes[2])
    plan = make_plan(used, product.spin, product.trimmed_weights, np.dtype(float))
    text = MatrixText(n, plan.tables, dtype)
    for slot, letter in enumerate("xy"):
        text.begin(letter, int(plan.starts[slot]))
        encode_program(text, n, used[slot])
    text.begin("z", int(plan.starts[2]))
    decode_program(text, n, used[2])
    return text.lines(product.sizes, [text.outputs.get(k) for k in range(product.sizes[2])])


class MatrixText(Text):
    """The operations of :mod:`coupling.kernels.straight`, as text; the product is formed where it is read."""

    def __init__(self, n: int, tables: Any, dtype: np.dtype[Any]) -> None:
        super().__init__(dtype)
        self.n, self.tables = n, tables
        self.matrices: dict[str, dict[tuple[int, int], Value | None]] = {"x": {}, "y": {}, "z": {}}
        self.outputs: dict[int, Value | None] = {}

    def begin(self, letter: str, start: int) -> None:
        """Turn to a feature, whose table begins at start."""
        self.letter, self.start = letter, start

    def add(self, a: Value | None, b: Value | None) -> Value | None:
        """Return a + b."""
        return self.plus(a, b)

    def subtract(self, a: Value | None, b: Value | None) -> Value | None:
        """Return a - b."""
        return self.plus(a, self.negative(b))

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
