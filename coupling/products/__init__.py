"""Products of spherical-harmonic features: Clebsch-Gordan, Gaunt, vector (bracket), matrix; symmetric contractions."""

from coupling.products.antisymmetric_gaunt import AntisymmetricGaunt
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.convolution import Convolution
from coupling.products.edge_frame import EdgeFrame, m_primary
from coupling.products.edge_list import Edges
from coupling.products.factored import FactoredProduct
from coupling.products.full import FullProduct
from coupling.products.gaunt import Gaunt
from coupling.products.matrix_product import MatrixProduct
from coupling.products.product import Product
from coupling.products.routed import Choice, RoutedProduct
from coupling.products.simulate import Simulation, simulate, simulate_path, simulated_weights
from coupling.products.symmetric_contraction import SymmetricContraction
from coupling.products.tensor_product import TensorProduct
from coupling.products.vector_signal import VectorSignal

__all__ = [
    "AntisymmetricGaunt",
    "Choice",
    "ClebschGordan",
    "Convolution",
    "EdgeFrame",
    "Edges",
    "FactoredProduct",
    "FullProduct",
    "Gaunt",
    "MatrixProduct",
    "Product",
    "RoutedProduct",
    "Simulation",
    "SymmetricContraction",
    "TensorProduct",
    "VectorSignal",
    "m_primary",
    "simulate",
    "simulate_path",
    "simulated_weights",
]
