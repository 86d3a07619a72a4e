"""The Gaunt integral of three harmonics."""

from __future__ import annotations

from coupling.exact.reduced import gaunt_factor
from coupling.families.record import Family

FAMILY = Family(
    name="gaunt",
    factor=gaunt_factor,
    definition="∫ Y1 Y2 Y3 dΩ",
    symbol=r"\int Y_1Y_2Y_3\,d\Omega",
    derivation="gaunt",
    parity="even",
    symmetry="total",
    integrand=lambda f, g: f.value * g.value,
    spherical="even",
    kernel=2,
)
