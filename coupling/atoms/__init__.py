"""Atomic structures as inputs of products: densities of neighbours in spherical harmonics, and all routes on them;
graphs, and forces, stress and heat flux of models by automatic differentiation."""

from coupling.atoms.comparison import Comparison, RouteResult, compare_routes
from coupling.atoms.density import NeighbourDensity, cutoff_function, radial_functions
from coupling.atoms.derivatives import HeatFlux, forces, heat_flux, strain_derivative, stress
from coupling.atoms.dynamics import verlet_step
from coupling.atoms.graph import Graph, Unfolded, periodic_graph, unfold
from coupling.atoms.picture import plot_features
from coupling.atoms.reading import Neighbours, neighbours, read_structure

__all__ = [
    "Comparison",
    "Graph",
    "HeatFlux",
    "NeighbourDensity",
    "Neighbours",
    "RouteResult",
    "Unfolded",
    "compare_routes",
    "cutoff_function",
    "forces",
    "heat_flux",
    "neighbours",
    "periodic_graph",
    "plot_features",
    "radial_functions",
    "read_structure",
    "strain_derivative",
    "stress",
    "unfold",
    "verlet_step",
]
