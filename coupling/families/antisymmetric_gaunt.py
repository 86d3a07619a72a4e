"""The antisymmetric Gaunt integral: the bracket of two harmonics against a third."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coupling.families.record import Family

if TYPE_CHECKING:
    from coupling.exact.surd import Surd


def factor(l1: int, l2: int, l3: int) -> Surd:
    """Return i √(P/4π) K(l1 l2 l3).  Source: derivation ``antisymmetric_gaunt``.

    >>> factor(1, 1, 1)
    i·√(9/(2π))
    """
    from coupling.exact.reduced import antisymmetric_gaunt_factor

    return antisymmetric_gaunt_factor(l1, l2, l3)


def outline(l1: NDArray[Any], l2: NDArray[Any], l3: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the sign (-1)^((J+1)/2) of K, and √(9/2π) on the path (1, 1, 1).

    >>> [array.round(3) for array in outline(*np.array([[1, 1, 1], [1, 2, 2]]).T)]
    [array([ 1, -1]), array([1.197,   nan])]
    """
    first = (l1 == 1) & (l2 == 1) & (l3 == 1)
    return 1 - ((l1 + l2 + l3 + 1) & 2), np.where(first, np.sqrt(9 / (2 * np.pi)), np.nan)


FAMILY = Family(
    name="antisymmetric_gaunt",
    factor=factor,
    definition="∫ Y1 r·(∇Y2 × ∇Y3) dΩ",
    symbol=r"\int Y_1\,r\cdot(\nabla Y_2\times\nabla Y_3)\,d\Omega",
    derivation="antisymmetric_gaunt",
    parity="odd",
    imaginary=True,
    symmetry="total",
    integrand=lambda f, g: f.theta * g.phi - f.phi * g.theta,
    spherical="odd",
    kernel=3,
    outline=outline,
)
