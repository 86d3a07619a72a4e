"""Sums of products, each computed by itself."""

from __future__ import annotations

from typing import Any

from coupling.backends.array_api.product import AnyArray, ArrayProduct, Constants


class Added(ArrayProduct):
    """The sum of array programs of the same degrees and layout.

    >>> import numpy as np
    >>> from coupling.backends.array_api.matrix import Matrix
    >>> from coupling.products import MatrixProduct
    >>> one, x = Matrix(MatrixProduct(1, 1, 1)), np.ones((4, 1))
    >>> bool(np.all(Added([one, one])(x, x) == 2 * one(x, x)))
    True
    """

    def __init__(self, parts: list[ArrayProduct]) -> None:
        super().__init__(parts[0].product)
        self.parts = parts

    def turn(self) -> Added:
        """Return the product (y, z) → x of the same trilinear form."""
        return Added([part.turn() for part in self.parts])

    def constants(self) -> Constants:
        """Return the constants of all parts."""
        return tuple(value for part in self.parts for value in part.constants())

    def compute(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the sum."""
        total, at = None, 0
        for part in self.parts:
            count = len(part.constants())
            z = part.compute(xp, x, y, constants[at : at + count])
            total, at = z if total is None else total + z, at + count
        return total
