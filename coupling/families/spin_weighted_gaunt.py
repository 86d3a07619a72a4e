"""The integral of three spin-weighted harmonics, whose spins s1 + s2 + s3 = 0 are parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coupling.families.record import Family

if TYPE_CHECKING:
    from coupling.exact.surd import Surd


def factor(l1: int, l2: int, l3: int, s1: int, s2: int, s3: int) -> Surd:
    """Return √(P/4π) 3j(l1 l2 l3; -s1 -s2 -s3); zero where some |s| > l, where no such harmonic exists.

    Raises ValueError for spins that do not add up to zero: the integral depends on the frame then.  Source: derivation
    ``spin_weighted_gaunt``.

    >>> factor(1, 1, 2, 0, 0, 0), factor(1, 1, 2, 1, -1, 0), factor(1, 1, 2, 1, -2, 1)
    (√(3/(2π)), √(3/(8π)), 0)
    """
    from coupling.exact.surd import Surd
    from coupling.exact.wigner_3j import wigner_3j

    if s1 + s2 + s3:
        raise ValueError(f"the spins must add up to zero, got {s1}, {s2}, {s3}")
    if abs(s1) > l1 or abs(s2) > l2 or abs(s3) > l3:
        return Surd(0)
    size = (2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1)
    return Surd(1, size, 4, 1) * wigner_3j(l1, l2, l3, -s1, -s2, -s3)


FAMILY = Family(
    name="spin_weighted_gaunt",
    factor=factor,
    definition="∫ sY1 sY2 sY3 dΩ of spin-weighted harmonics with spins s1 + s2 + s3 = 0",
    symbol=r"\int {}_{s_1}Y_1\,{}_{s_2}Y_2\,{}_{s_3}Y_3\,d\Omega",
    derivation="spin_weighted_gaunt",
    conjugable=False,  # the conjugate of sY_lm is (-1)^(s+m) times -sY_{l,-m}: give the spins of the conjugate instead
    parameters=("s1", "s2", "s3"),
    bases=("complex",),
)
