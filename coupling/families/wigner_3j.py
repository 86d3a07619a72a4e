"""The 3j symbol, in the real basis the core C: the family whose factor is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coupling.families.record import Family

if TYPE_CHECKING:
    from coupling.exact.surd import Surd


def factor(l1: int, l2: int, l3: int) -> Surd:
    """Return 1.

    >>> factor(1, 1, 2)
    1
    """
    from coupling.exact.surd import Surd

    return Surd(1)


def symbol(*numbers: object) -> Surd:
    """Return the 3j symbol, of half-integers too."""
    from coupling.exact.wigner_3j import wigner_3j

    return wigner_3j(*numbers)


FAMILY = Family(
    name="wigner_3j",
    factor=factor,
    definition="the Wigner 3j symbol; in the real basis the core C",
    symbol=r"\begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}",
    derivation="wigner_3j",
    integral=False,
    symmetry="total",
    half_integers=True,
    core=True,
    function=symbol,
    kernel=0,
    kind=lambda l1, l2, l3: 0 * l1,
    outline=lambda l1, l2, l3: (np.ones(len(l1)), np.ones(len(l1))),
)
