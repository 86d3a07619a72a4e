"""The products as plain array programs: the same lines run on numpy, torch, JAX and CuPy arrays.

Nothing but functions of the Python array API standard is used, through array-api-compat (the extra ``interop``), so
that derivatives of any order and kind, batching and compilation are those of the framework.  Constants are
:mod:`coupling`'s numbers in float64, rounded to the type of the inputs.

>>> import numpy as np
>>> product = Gaunt(2, 2, 2)
>>> product(np.ones((7, 9, 16), np.float32), np.ones((9, 1), np.float32)).shape
(7, 9, 16)
"""

from coupling.backends.array_api.constructors import (
    AntisymmetricGaunt,
    ClebschGordan,
    FactoredProduct,
    FullProduct,
    Gaunt,
    MatrixProduct,
    RoutedProduct,
    Simulation,
    VectorSignal,
)
from coupling.backends.array_api.product import ArrayProduct

__all__ = [
    "AntisymmetricGaunt",
    "ArrayProduct",
    "ClebschGordan",
    "FactoredProduct",
    "FullProduct",
    "Gaunt",
    "MatrixProduct",
    "RoutedProduct",
    "Simulation",
    "VectorSignal",
]
