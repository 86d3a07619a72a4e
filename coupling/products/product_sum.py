"""The sum of products that are not added by their kernel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from coupling.products.product import Features, Product


class ProductSum(Product):
    """The sum of products of the same degrees, layout and workers, each evaluated by itself.

    >>> from coupling.products import MatrixProduct
    >>> one = MatrixProduct(1, 1, 1)
    >>> x = np.ones((4, 1))
    >>> bool(np.all(ProductSum([one, one])(x, x) == 2 * one(x, x)))
    True
    """

    def __init__(self, parts: Sequence[Product]) -> None:
        first = parts[0]
        super().__init__(*first.lmax, layout=first.layout, workers=first.workers)
        self.parts = tuple(parts)

    def turn(self) -> ProductSum:
        """Return the product (y, z) → x of the same trilinear form."""
        return self._turned

    @cached_property
    def _turned(self) -> ProductSum:
        return ProductSum([part.turn() for part in self.parts])

    def _compute(self, x: Features, y: Features, out: Features) -> None:
        first, *others = self.parts
        first._compute(x, y, out)
        term = np.empty_like(out) if others else out
        for part in others:
            part._compute(x, y, term)
            np.add(out, term, out=out)
