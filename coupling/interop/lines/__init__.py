"""Products as straight lines of text: one assignment after the other, in what Python, C and CUDA have in common.

For small degrees the fastest program of a product has no loop and no table: features are in registers, coefficients are
in the instructions.  Which sums there are, and in which order, is what the kernels of this package do on a processor
(:mod:`coupling.kernels.sparse_straight`, :mod:`coupling.kernels.straight`); here the same programs write text, for one
channel of one sample.  Names: ``x0 …`` and ``y0 …`` are the entries of the features, ``c0 …`` positive constants,
``t0 …`` what is computed; every name is assigned once.  Coefficients that are zero do not appear.
"""

from __future__ import annotations

import numpy as np

from coupling.interop.lines.matrix import matrix_lines
from coupling.interop.lines.sparse import sparse_lines
from coupling.interop.lines.text import Lines
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.matrix_product import MatrixProduct
from coupling.products.product import Product

__all__ = ["Lines", "straight_lines"]


def straight_lines(product: Product, dtype: object = "float32") -> Lines:
    """Return a product as straight lines of text.

    product : a ``ClebschGordan`` (any normalization, weights, turns) or a ``MatrixProduct`` with 2j+1 <= 16
    dtype : float32 or float64, the type of constants, features and sums

    Raises TypeError for another product and ValueError for another type or a larger spin.

    >>> lines = straight_lines(ClebschGordan(1, 1, 0), "float64")
    >>> lines.constants
    (0.5773502691896257,)
    >>> [f"{step.name} = {step.expression()}" for step in lines.assignments[:4]]
    ['t0 = c0 * y3', 't1 = c0 * y1', 't2 = x3 * t0', 't3 = t2 + x1 * t1']
    >>> lines.operations, lines.bytes, lines.outputs
    (7, 72, ('t6',))
    """
    kind = np.dtype(dtype)  # type: ignore[call-overload]
    if kind not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {kind}")
    if isinstance(product, ClebschGordan):
        return sparse_lines(product, kind)
    if isinstance(product, MatrixProduct):
        return matrix_lines(product, kind)
    raise TypeError(f"product must be a ClebschGordan or a MatrixProduct, got {type(product).__name__}")
