"""The 3j symbol, in the real basis the core C: the family whose factor is one."""

from __future__ import annotations

from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import wigner_3j
from coupling.families.record import Family

FAMILY = Family(
    name="wigner_3j",
    factor=lambda l1, l2, l3: Surd(1),
    definition="the Wigner 3j symbol; in the real basis the core C",
    symbol=r"\begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}",
    derivation="wigner_3j",
    integral=False,
    symmetry="total",
    half_integers=True,
    core=True,
    function=wigner_3j,
    kernel=0,
    kind=lambda l1, l2, l3: 0 * l1,
)
