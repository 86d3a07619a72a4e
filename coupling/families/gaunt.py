"""The Gaunt integral of three harmonics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coupling.families.record import Family

if TYPE_CHECKING:
    from coupling.exact.surd import Surd


def factor(l1: int, l2: int, l3: int) -> Surd:
    """Return √(P/4π) 3j(l1 l2 l3; 0 0 0).  Source: derivation ``gaunt``.

    >>> factor(2, 2, 2)
    -√(25/(14π))
    """
    from coupling.exact.reduced import gaunt_factor

    return gaunt_factor(l1, l2, l3)


def outline(l1: NDArray[Any], l2: NDArray[Any], l3: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return (-1)^(J/2), and √((2l+1)/4π) on the paths (0, l, l).

    >>> [array.round(3) for array in outline(*np.array([[0, 1, 1], [2, 2, 2]]).T)]
    [array([-1, -1]), array([0.489,   nan])]
    """
    size = np.where(l1 == 0, np.sqrt(2 * l3 + 1) / np.sqrt(4 * np.pi), np.nan)
    return 1 - ((l1 + l2 + l3) & 2), size


FAMILY = Family(
    name="gaunt",
    factor=factor,
    definition="∫ Y1 Y2 Y3 dΩ",
    symbol=r"\int Y_1Y_2Y_3\,d\Omega",
    derivation="gaunt",
    parity="even",
    symmetry="total",
    integrand=lambda f, g: f.value * g.value,
    spherical="even",
    kernel=2,
    outline=outline,
)
