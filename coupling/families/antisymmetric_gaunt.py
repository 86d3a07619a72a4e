"""The antisymmetric Gaunt integral: the bracket of two harmonics against a third."""

from __future__ import annotations

from coupling.exact.reduced import antisymmetric_gaunt_factor
from coupling.families.record import Family

FAMILY = Family(
    name="antisymmetric_gaunt",
    factor=antisymmetric_gaunt_factor,
    definition="∫ Y1 r·(∇Y2 × ∇Y3) dΩ",
    symbol=r"\int Y_1\,r\cdot(\nabla Y_2\times\nabla Y_3)\,d\Omega",
    derivation="antisymmetric_gaunt",
    parity="odd",
    imaginary=True,
    symmetry="total",
    integrand=lambda f, g: f.theta * g.phi - f.phi * g.theta,
    spherical="odd",
    kernel=3,
)
