"""The array program of a product, and sums of programs."""

from __future__ import annotations

from functools import lru_cache, singledispatch
from typing import Any

from coupling.backends.array_api.factored import Factored
from coupling.backends.array_api.full import Full
from coupling.backends.array_api.grid import Fields, OnGrid
from coupling.backends.array_api.matrix import Matrix
from coupling.backends.array_api.product import AnyArray, ArrayProduct, Constants
from coupling.backends.array_api.sparse import Sparse
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.factored import FactoredProduct
from coupling.products.form import read_form
from coupling.products.full import FullProduct
from coupling.products.matrix_product import MatrixProduct
from coupling.products.product import Product
from coupling.products.product_sum import ProductSum
from coupling.products.routed import RoutedProduct
from coupling.products.spherical import Spherical
from coupling.products.vector_signal import VectorSignal


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


@singledispatch
def array_program(product: Product, grid: str = "gauss_legendre") -> ArrayProduct:
    """Return the array program of a product, with its layout; on the sphere with points of a grid.

    >>> from coupling.products import Gaunt
    >>> type(array_program(Gaunt(1, 1, 1))).__name__
    'OnGrid'
    """
    raise TypeError(f"there is no array program of {type(product).__name__}")


@array_program.register
def _(product: ClebschGordan, grid: str = "") -> ArrayProduct:
    return Sparse(product)


@array_program.register
def _(product: FactoredProduct, grid: str = "") -> ArrayProduct:
    return Factored(product)


@array_program.register
def _(product: FullProduct, grid: str = "") -> ArrayProduct:
    return Full(product)


@array_program.register
def _(product: Spherical, grid: str = "gauss_legendre") -> ArrayProduct:
    return OnGrid(product, grid)


@array_program.register
def _(product: VectorSignal, grid: str = "gauss_legendre") -> ArrayProduct:
    return Fields(product, grid)


@array_program.register
def _(product: MatrixProduct, grid: str = "") -> ArrayProduct:
    return Matrix(product)


@array_program.register
def _(product: ProductSum, grid: str = "") -> ArrayProduct:
    return Added([array_program(part) for part in product.parts])


@array_program.register
def _(product: RoutedProduct, grid: str = "") -> ArrayProduct:
    return array_program(product.best())


@lru_cache(maxsize=512)
def program_of(form: str, turns: int) -> ArrayProduct:
    """Return the array program of the text of a form whose slots are turned ``turns`` times, channels last; cached.

    >>> from coupling.products.form import Form
    >>> program_of(Form.of("Gaunt", 1, 2, 3).text, 1).lmax
    (2, 3, 1)
    """
    return array_program(read_form(form, turns).product())
