"""Which array program computes a product."""

from __future__ import annotations

from functools import lru_cache, singledispatch

from coupling.backends.array_api.added import Added
from coupling.backends.array_api.fields import Fields
from coupling.backends.array_api.full import Full
from coupling.backends.array_api.grid import OnGrid
from coupling.backends.array_api.matrix import Matrix
from coupling.backends.array_api.product import ArrayProduct
from coupling.backends.array_api.sparse import Sparse
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.form import read_form
from coupling.products.full import FullProduct
from coupling.products.matrix_product import MatrixProduct
from coupling.products.product import Product
from coupling.products.product_sum import ProductSum
from coupling.products.routed import RoutedProduct
from coupling.products.spherical import Spherical
from coupling.products.vector_signal import VectorSignal


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
    """Return the array program of the text of a form whose slots are turned so many times, channels last; it is kept.

    >>> from coupling.products.form import Form
    >>> program_of(Form.of("Gaunt", 1, 2, 3).text, 1).lmax
    (2, 3, 1)
    """
    return array_program(read_form(form, turns).product())
