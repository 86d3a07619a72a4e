"""Atomic structures as inputs of products: densities of neighbours in spherical harmonics, and all routes on them."""

from coupling.atoms.comparison import Comparison, RouteResult, compare_routes
from coupling.atoms.density import NeighbourDensity, cutoff_function, radial_functions
from coupling.atoms.picture import plot_features
from coupling.atoms.reading import Neighbours, neighbours, read_structure

__all__ = [
    "Comparison",
    "NeighbourDensity",
    "Neighbours",
    "RouteResult",
    "compare_routes",
    "cutoff_function",
    "neighbours",
    "plot_features",
    "radial_functions",
    "read_structure",
]
