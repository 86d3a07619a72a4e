"""Sums of outer products as objects that hold them: results of this package, and CP tensors of tensorly.

    T̂ = Σ_r λ_r a_r ⊗ b_r ⊗ c_r        tensorly.cp_tensor.CPTensor: weights λ [R] and three factors [n, R]

Here weights stand in the factors, so that a sum is three arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coupling.extras import from_extra
from coupling.lowrank.factors import Factors, balanced
from coupling.memory import native


def cp_tensor(value: Any) -> Any:
    """Return a sum as ``tensorly.cp_tensor.CPTensor``, with weights 1 and factors of its own.

    value: what :func:`factors_of` takes.  Raises as that function, and ValueError without tensorly, which the extra
    ``study`` installs.

    >>> from coupling.lowrank import shipped
    >>> found = cp_tensor(shipped("whole", 1))
    >>> found.shape, found.rank, found.weights.tolist() == [1] * 8, round(float(found.norm() ** 2), 9)  # 5 paths
    ((4, 4, 4), 8, True, 5.0)
    """
    factors = factors_of(value)
    made = from_extra("tensorly.cp_tensor", "study", "CP tensors need").CPTensor
    return made((np.ones(factors[0].shape[1]), [factor.copy() for factor in factors]))


def factors_of(value: Any) -> Factors:
    """Return the factors a, b, c [n, R] of a sum of outer products, weights multiplied into them.

    value: three arrays; or anything with ``factors`` and perhaps ``weights``, as ``tensorly.cp_tensor.CPTensor``,
    :class:`coupling.lowrank.Decomposition` and :class:`coupling.lowrank.Record`.  Without weights other than 1 the
    numbers are those of the factors; otherwise the three norms of a term are made equal.  Raises ValueError for
    anything but three matrices with as many columns as there are weights, TypeError for what is no number.

    >>> class Sum:
    ...     weights, factors = [8.0], [[[1.0]], [[1.0]], [[1.0]]]
    >>> [factor.tolist() for factor in factors_of(Sum())]
    [[[2.0]], [[2.0]], [[2.0]]]
    """
    parts, weights = getattr(value, "factors", value), getattr(value, "weights", None)
    arrays = [native(part) for part in parts]
    shapes = [array.shape for array in arrays]
    if len(shapes) != 3 or any(len(shape) != 2 or shape[1] != shapes[0][1] for shape in shapes):
        raise ValueError(f"factors must be three arrays [n, R] with one R, got shapes {shapes}")
    if any(array.dtype.kind not in "iufc" for array in arrays):
        raise TypeError(f"factors must be numbers, got {', '.join(str(array.dtype) for array in arrays)}")
    a, b, c = arrays
    if weights is None or (given := native(weights)).tolist() == [1] * a.shape[1]:
        return a, b, c
    if given.shape != a.shape[1:]:
        raise ValueError(f"weights must be [{a.shape[1]}], one for each term, got shape {given.shape}")
    return balanced((a * given, b, c))
