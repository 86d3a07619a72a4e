"""Normalization tensors and their inverses, path by path: what turns one product into another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.arrays.fixed import rounded_surds
from coupling.arrays.request import ArraysRequest
from coupling.exact.surd import Surd
from coupling.families import family as known
from coupling.families.registry import ordered
from coupling.numbers.normalizations import exact_normalization
from coupling.selection import paths


def build_normalizations(request: ArraysRequest) -> dict[str, NDArray[Any]]:
    """Return N[l1, l2, l3] = |reduced factor| of each family and 1/N, both zero off the paths of the family.

    >>> build_normalizations(ArraysRequest("normalization", 1))["inverse_gaunt"][1]
    array([[0.        , 2.04665342],
           [2.04665342, 0.        ]])
    """
    lmax, arrays = request.lmax, {}
    for tensor in request.tensors:
        family = tensor.name.removeprefix("inverse_")
        exact = np.full(tensor.shape, Surd(0))
        for path in paths(lmax, lmax, lmax):
            value = exact_normalization(family, *ordered(known(family).symmetry, path))
            exact[path] = Surd(1) / value if value and family != tensor.name else value
        arrays[tensor.name] = rounded_surds(exact.ravel().tolist(), tensor.shape, request.dtype)
    return arrays
