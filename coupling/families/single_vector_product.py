"""The single vector product: one cross product of vector fields on the sphere, which has even and odd paths."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coupling.families.record import Family

if TYPE_CHECKING:
    from coupling.exact.surd import Surd


def factor(l1: int, l2: int, l3: int) -> Surd:
    """Return ½(λ1+λ2+λ3) √(P/4π) |3j(l1 l2 l3; 0 0 0)| for even J, 2 √(P/4π) |K| for odd J; λ = l(l+1).

    In the real basis: of complex harmonics the integral is real on even paths and imaginary on odd ones.  Zero on the
    path (0, 0, 0) alone.  Source: derivation ``single_vector_product``.

    >>> factor(1, 1, 0), factor(1, 1, 1), factor(0, 0, 0)
    (√(3/π), √(18/π), 0)
    """
    from coupling.exact.reduced import bracket_factor, gaunt_factor
    from coupling.exact.surd import Surd

    if (l1 + l2 + l3) % 2:
        size = (2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1)
        return abs(bracket_factor(l1, l2, l3)) * Surd(1, size, 4, 1) * Surd(1, 4)
    return abs(gaunt_factor(l1, l2, l3)) * Surd.rational(Fraction(sum(l * (l + 1) for l in (l1, l2, l3)), 2))


def outline(l1: NDArray[Any], l2: NDArray[Any], l3: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return 1 but 0 for (0, 0, 0), and λ √((2l+1)/4π) on the paths (0, l, l).

    >>> [array.round(3) for array in outline(*np.array([[0, 0, 0], [0, 1, 1], [1, 1, 1]]).T)]
    [array([0, 1, 1]), array([0.   , 0.977,   nan])]
    """
    size = l3 * (l3 + 1) * np.sqrt(2 * l3 + 1) / np.sqrt(4 * np.pi)
    return np.sign(l1 + l2 + l3), np.where(l1 == 0, size, np.nan)


FAMILY = Family(
    name="single_vector_product",
    factor=factor,
    definition="∫ V3·(V1 × V2) dΩ, V1 = r×∇R1 + r R1, V2 = ∇R2 + r R2, V3 = ∇R3 + r×∇R3 - r R3, real harmonics R",
    symbol=r"\int V_3\cdot(V_1\times V_2)\,d\Omega",
    derivation="single_vector_product",
    symmetry="total",
    bases=("real",),
    outline=outline,
)
