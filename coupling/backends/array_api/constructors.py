"""The constructors of array programs, made from the kinds of products."""

from __future__ import annotations

import inspect
from typing import Any

from coupling.backends.array_api.product import ArrayProduct
from coupling.backends.array_api.programs import array_program
from coupling.products.form import KINDS, described
from coupling.products.spherical import Spherical
from coupling.products.vector_signal import VectorSignal as VectorFields

TEXT = "Here an array program: for arrays of any namespace of the array API standard, see :class:`ArrayProduct`."

GRID = 'grid: "gauss_legendre", or "lebedev" with two thirds of its points, up to l1+l2+l3 = 131.'


def constructor(kind: str) -> Any:
    """Return the constructor of array programs of one kind.

    >>> product = constructor("Gaunt")(1, 1, 2, layout="channels_first")
    >>> product.lmax, product.layout
    ((1, 1, 2), 'channels_first')
    """
    on_sphere = issubclass(KINDS[kind], Spherical | VectorFields)

    def make(*arguments: Any, **options: Any) -> ArrayProduct:
        given = {"grid": options.pop("grid")} if on_sphere and "grid" in options else {}
        return array_program(KINDS[kind](*arguments, **options), **given)

    grid = inspect.Parameter("grid", inspect.Parameter.KEYWORD_ONLY, default="gauss_legendre")
    x, y, _ = KINDS[kind](2, 1, 2).shapes
    inputs = f"np.ones({(5, *x, 3)}), np.ones({(*y, 1)})"
    example = f">>> import numpy as np\n>>> {kind}(2, 1, 2)({inputs}).shape[0]\n5"
    if not on_sphere:
        return described(make, kind, __name__, f"{TEXT}\n\n{example}")
    return described(make, kind, __name__, f"{TEXT}  {GRID}\n\n{example}", (grid,))


AntisymmetricGaunt = constructor("AntisymmetricGaunt")
ClebschGordan = constructor("ClebschGordan")
FactoredProduct = constructor("FactoredProduct")
FullProduct = constructor("FullProduct")
Gaunt = constructor("Gaunt")
MatrixProduct = constructor("MatrixProduct")
RoutedProduct = constructor("RoutedProduct")
Simulation = constructor("Simulation")
VectorSignal = constructor("VectorSignal")
