"""The product from factors of the whole tensor: two matrix products, one product of their results, a third matrix."""

from __future__ import annotations

from typing import Any

from coupling.backends.array_api.product import AnyArray, ArrayProduct, Constants
from coupling.products.factored import FactoredProduct
from coupling.products.reach import rows_of, runs


class Factored(ArrayProduct):
    """The product of :class:`coupling.products.FactoredProduct`.

    >>> import numpy as np
    >>> x = np.ones((4, 1))
    >>> Factored(FactoredProduct(1, 1, 1))(x, x)[0].round(8)  # 1 + √3
    array([2.73205081])
    """

    product: FactoredProduct

    def __init__(self, product: FactoredProduct) -> None:
        super().__init__(product)
        self._reached = [runs(rows_of(mask)) for mask in product.reached]

    def constants(self) -> Constants:
        """Return the three matrices."""
        return self.product.matrices

    def compute(
        self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...], weights: AnyArray | None = None
    ) -> AnyArray:
        """Return the product, with weights [P] or [..., P, channels] (for channels last) or without."""
        x, y = (self.read(xp, value, reached) for value, reached in zip((x, y), self._reached, strict=False))
        if weights is None:
            a, b, c = constants
            z = self.apply(xp, c, self.apply(xp, a, x) * self.apply(xp, b, y))
        else:
            z = self.product.evaluate(xp, x, y, weights, constants)
        return self.filled(xp, z, self._reached[2])
