"""The Clebsch-Gordan coefficient: the third slot is conjugated, and l3 is apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from coupling.conventions import parity_sign
from coupling.families.record import Family

if TYPE_CHECKING:
    from coupling.exact.surd import Surd


def factor(l1: Any, l2: Any, l3: Any) -> Surd:
    """Return (-1)^(l1-l2) √(2l3+1), for a half-integer l3 (-1)^(l1-l2+1/2) √(2l3+1).

    >>> factor(2, 1, 2)
    -√(5)
    """
    from coupling.exact.surd import Surd

    return Surd(parity_sign(int(l1 - l2 + l3 % 1)), int(2 * l3 + 1))


def symbol(*numbers: object) -> Surd:
    """Return the Clebsch-Gordan coefficient, of half-integers too."""
    from coupling.exact.wigner_3j import clebsch_gordan

    return clebsch_gordan(*numbers)


FAMILY = Family(
    name="clebsch_gordan",
    factor=factor,
    definition="⟨l1 m1 l2 m2 | l3 m3⟩ = (-1)^(l1-l2+m3) √(2l3+1) 3j(l1 l2 l3; m1 m2 -m3); in the real basis √(2l3+1) C",
    symbol=r"\langle l_1m_1\,l_2m_2\,|\,l_3m_3\rangle",
    derivation="wigner_3j",
    integral=False,
    conjugate=(3,),
    half_integers=True,
    function=symbol,
    kernel=1,
    kind=lambda l1, l2, l3: 2 * l3 + (l1 + l2) % 2,
    outline=lambda l1, l2, l3: (1 - 2 * ((l1 - l2 + l3 % 1) % 2), np.sqrt(2 * l3 + 1)),
)
