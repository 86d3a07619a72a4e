"""The definitions in floats: grids on the sphere, harmonics with their gradients, transforms and quadrature.

Nothing here uses a closed form of a coupling coefficient; it is what the closed forms are tested against.
"""

from coupling.sphere.cartesian import cartesian_gradients, cartesian_harmonics, cartesian_hessians
from coupling.sphere.directions import angles
from coupling.sphere.edge_rotations import edge_rotations
from coupling.sphere.generators import generators
from coupling.sphere.grids import Grid, gauss_legendre, lebedev
from coupling.sphere.harmonics import gradients, harmonics
from coupling.sphere.rotations import random_rotation, rotation_matrix
from coupling.sphere.spin_weighted import spin_weighted_harmonics
from coupling.sphere.transforms import analysis, quadrature, synthesis
from coupling.sphere.vector import vector_harmonics

__all__ = [
    "Grid",
    "analysis",
    "angles",
    "cartesian_gradients",
    "cartesian_harmonics",
    "cartesian_hessians",
    "edge_rotations",
    "gauss_legendre",
    "generators",
    "gradients",
    "harmonics",
    "lebedev",
    "quadrature",
    "random_rotation",
    "rotation_matrix",
    "spin_weighted_harmonics",
    "synthesis",
    "vector_harmonics",
]
