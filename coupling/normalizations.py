"""Normalization tensors: the ratio of the reduced factors of two families, path by path.

They are what a product that contracts with one family has to be multiplied by, per path, to give another.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import FAMILIES
from coupling.exact.reduced import reduced, reduced_matrix
from coupling.exact.surd import Surd
from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.selection import degree, one_of, paths


def exact_normalization(
    family: str, l1: object, l2: object, l3: object, relative_to: str = "wigner_3j", j: object = None
) -> Surd:
    """Return N(l1,l2,l3) = |reduced(family)| / |reduced(relative_to)| as an exact Surd.

    family may also be "matrix", with its spin j: then N = √P |6j{l1 l2 l3; j j j}|.  Zero off the paths of family;
    ZeroDivisionError on a path of family where relative_to vanishes.  Source: derivation ``clebsch_gordan_paths``.

    >>> exact_normalization("gaunt", 1, 1, 2), exact_normalization("antisymmetric_gaunt", 1, 1, 1)
    (√(3/(2π)), √(9/(2π)))
    """
    above, below = _factor(family, l1, l2, l3, j), _factor(relative_to, l1, l2, l3, j)
    if above and not below:
        raise ZeroDivisionError(f"{relative_to} vanishes on the path ({l1}, {l2}, {l3}) of {family}")
    return above / below if above else above


def normalization(family: str, lmax: object, relative_to: str = "wigner_3j", j: object = None) -> NDArray[np.float64]:
    """Return N[l1, l2, l3] for degrees 0 … lmax, each correctly rounded; zero off the allowed paths.

    In the real basis coefficient(family) = N · coefficient(relative_to), all N positive: √(P/4π)|3j(000)| for
    "gaunt", √(P/4π)|K| for "antisymmetric_gaunt", √(2l3+1) for "clebsch_gordan", √P |6j{l1 l2 l3; j j j}| for
    "matrix" with spin j, relative to the unit-norm core C = "wigner_3j".  Raises ValueError or TypeError for an
    unknown family, a degree or spin that does not exist, and MemoryError for an array that does not fit.  Source:
    derivation ``clebsch_gordan_paths``.

    >>> normalization("gaunt", 1)[1]
    array([[0.        , 0.48860251],
           [0.48860251, 0.        ]])
    """
    size = degree(lmax, "lmax") + 1
    for name in (family, relative_to):
        _factor(name, 0, 0, 0, j)
    require_memory(8 * size**3, f"the normalization tensor to lmax {quoted(size - 1)}")
    result = np.zeros((size, size, size))
    for path in paths(size - 1):
        result[path] = float(exact_normalization(family, *path, relative_to, j))
    return result


def _factor(family: str, l1: object, l2: object, l3: object, j: object) -> Surd:
    if one_of(family, (*FAMILIES, "matrix"), "family") != "matrix":
        return reduced(family, l1, l2, l3, basis="real")
    if j is None:
        raise TypeError("the matrix family needs its spin: j = 0, 1/2, 1, ...")
    return abs(reduced_matrix(l1, l2, l3, j))
