"""The definitions in floats: grids on the sphere, harmonics with their gradients, transforms and quadrature.

Nothing here uses a closed form of a coupling coefficient; it is what the closed forms are tested against.
"""

from coupling.sphere.grids import Grid, gauss_legendre, lebedev
from coupling.sphere.harmonics import gradients, harmonics
from coupling.sphere.transforms import analysis, quadrature, synthesis

__all__ = [
    "Grid",
    "analysis",
    "gauss_legendre",
    "gradients",
    "harmonics",
    "lebedev",
    "quadrature",
    "synthesis",
]
