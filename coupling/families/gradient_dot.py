"""The scalar product of two gradients against a third harmonic: even paths, and not symmetric."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coupling.families.record import Family

if TYPE_CHECKING:
    from coupling.exact.surd import Surd


def factor(l1: int, l2: int, l3: int) -> Surd:
    """Return ½ [λ2 + λ3 - λ1] √(P/4π) 3j(l1 l2 l3; 0 0 0), λ = l(l+1): of both signs, and zero where λ1 = λ2 + λ3.

    Source: derivation ``gradient_dot``.

    >>> factor(1, 1, 2), factor(2, 1, 1), factor(0, 1, 1)
    (√(27/(2π)), -√(3/(2π)), -√(3/π))
    """
    from coupling.exact.reduced import gaunt_factor
    from coupling.exact.surd import Surd

    doubled = l2 * (l2 + 1) + l3 * (l3 + 1) - l1 * (l1 + 1)
    return Surd.rational(Fraction(doubled, 2)) * gaunt_factor(l1, l2, l3)


def outline(l1: NDArray[Any], l2: NDArray[Any], l3: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the sign of [λ2 + λ3 - λ1] (-1)^(J/2), and λ √((2l+1)/4π) on the paths (0, l, l).

    >>> [array.round(3) for array in outline(*np.array([[0, 1, 1], [2, 1, 1], [6, 3, 5]]).T)]
    [array([-1, -1,  0]), array([0.977,   nan,   nan])]
    """
    sign = np.sign(l2 * (l2 + 1) + l3 * (l3 + 1) - l1 * (l1 + 1)) * (1 - ((l1 + l2 + l3) & 2))
    size = l3 * (l3 + 1) * np.sqrt(2 * l3 + 1) / np.sqrt(4 * np.pi)
    return sign, np.where(l1 == 0, size, np.nan)


FAMILY = Family(
    name="gradient_dot",
    factor=factor,
    definition="∫ Y1 ∇Y2·∇Y3 dΩ, ∇ the surface gradient on the unit sphere",
    symbol=r"\int Y_1\,\nabla Y_2\cdot\nabla Y_3\,d\Omega",
    derivation="gradient_dot",
    parity="even",
    symmetry="last two",
    integrand=lambda f, g: f.theta * g.theta + f.phi * g.phi,
    outline=outline,
)
