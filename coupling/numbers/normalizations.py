"""Normalization tensors: the ratio of the reduced factors of two families, path by path.

A product that contracts with one family, multiplied by them path by path, gives the product of the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import BASES, CORE
from coupling.exact.reduced import reduced_matrix
from coupling.exact.surd import Surd
from coupling.families import Family
from coupling.families import family as known
from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.selection import degree, paths

#: The matrix product has a normalization for every spin j, and no coefficients of its own.
MATRIX = "matrix"


def exact_normalization(
    family: str | Family, l1: object, l2: object, l3: object, relative_to: str | Family = CORE, j: object = None
) -> Surd:
    """Return N(l1,l2,l3), the ratio of the factors of two families in the real basis, as an exact Surd.

    family may also be "matrix", with its spin j: then N = √P |6j{l1 l2 l3; j j j}|.  A family without a real basis
    counts with the size of its factor.  Zero off the paths of family;
    ZeroDivisionError on a path of family where relative_to vanishes.  Source: derivation ``clebsch_gordan_paths``.

    >>> exact_normalization("gaunt", 1, 1, 2), exact_normalization("antisymmetric_gaunt", 1, 1, 1)
    (√(3/(2π)), √(9/(2π)))
    """
    above, below = _factor(family, l1, l2, l3, j), _factor(relative_to, l1, l2, l3, j)
    if above and not below:
        raise ZeroDivisionError(f"{relative_to} vanishes on the path ({l1}, {l2}, {l3}) of {family}")
    return above / below if above else above


def normalization(
    family: str | Family, lmax: object, relative_to: str | Family = CORE, j: object = None
) -> NDArray[np.float64]:
    """Return N[l1, l2, l3] for degrees 0 … lmax, each correctly rounded; zero off the allowed paths.

    In the real basis a coefficient of the family is N times that of ``relative_to``.  Relative to the unit-norm core C,
    "wigner_3j", N is

        "clebsch_gordan"         √(2l3+1)
        "gaunt"                  √(P/4π) |3j(l1 l2 l3; 0 0 0)|
        "antisymmetric_gaunt"    √(P/4π) |K(l1 l2 l3)|
        "matrix"                 √P |6j{l1 l2 l3; j j j}|         of spin j

    with P = (2l1+1)(2l2+1)(2l3+1).  All of these are positive; "gradient_dot" has both signs.  For a family without a
    real basis N is the ratio of the sizes.  Raises ValueError or TypeError for an unknown family, a degree or
    spin that does not exist, and MemoryError for an array that does not fit.  Source: derivation
    ``clebsch_gordan_paths``.

    >>> normalization("gaunt", 1)[1]
    array([[0.        , 0.48860251],
           [0.48860251, 0.        ]])
    """
    size = degree(lmax, "lmax") + 1
    above, below = (name if name == MATRIX else known(name, also=(MATRIX,)) for name in (family, relative_to))
    for one in (above, below):
        _factor(one, 0, 0, 0, j)
    require_memory(8 * size**3, f"the normalization tensor to lmax {quoted(size - 1)}")
    result = np.zeros((size, size, size))
    for path in paths(size - 1):
        result[path] = float(exact_normalization(above, *path, below, j))
    return result


def parities_and_bases(family: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the parities of the paths of a family and the bases, the real one first, whose signs a problem can have.

    >>> parities_and_bases("gaunt"), parities_and_bases("matrix")
    ((('even',), ('real', 'complex')), (('even', 'odd'), ('real', 'complex')))
    """
    parity, bases = ("all", BASES) if family == MATRIX else (known(family).parity, known(family).bases)
    return ("even", "odd") if parity == "all" else (parity,), tuple(sorted(bases, reverse=True))


def _factor(family: str | Family, l1: object, l2: object, l3: object, j: object) -> Surd:
    if family != MATRIX:
        return known(family, also=(MATRIX,)).size(l1, l2, l3)
    if j is None:
        raise TypeError("the matrix family needs its spin: j = 0, 1/2, 1, ...")
    return abs(reduced_matrix(l1, l2, l3, j))
