"""The sparse product as straight lines: the sums of :mod:`coupling.kernels.sparse_straight`."""

from __future__ import annotations

from typing import Any

import numpy as np

from coupling.interop.lines.text import Lines, Text, Value
from coupling.kernels.sparse_straight import sparse_sums
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.sparse_program import centre, places, row_count


def sparse_lines(product: ClebschGordan, dtype: np.dtype[Any]) -> Lines:
    """Return a sparse product as straight lines."""
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
