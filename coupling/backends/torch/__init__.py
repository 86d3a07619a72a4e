"""The products for torch: operators that autograd, torch.compile, vmap and autocast know, and modules around them.

On the processor an operator is the compiled product of :mod:`coupling.products`, on the memory of the tensors;
elsewhere it is the array program of :mod:`coupling.backends.array_api`.  Every gradient is such an operator again, so
derivatives of any order exist and nothing but inputs is kept for them.  Needs torch; no extra installs it, since which
build fits is known to the user alone.

>>> import torch
>>> product = ClebschGordan(4, 4, 4)
>>> product(torch.ones(100, 25, 32), torch.ones(100, 25, 1)).shape
torch.Size([100, 25, 32])
"""

from coupling.backends.torch.contraction import SymmetricContraction
from coupling.backends.torch.convolution import Convolution
from coupling.backends.torch.deployment import deployable
from coupling.backends.torch.edge_frame import EdgeFrame
from coupling.backends.torch.harmonics import cartesian_harmonics
from coupling.backends.torch.loading import load
from coupling.backends.torch.modules import (
    AntisymmetricGaunt,
    ClebschGordan,
    FactoredProduct,
    FullProduct,
    Gaunt,
    MatrixProduct,
    RoutedProduct,
    Simulation,
    VectorSignal,
)
from coupling.backends.torch.rotations import wigner_D, wigner_D_up_to
from coupling.backends.torch.tensor_product import TensorProduct

__all__ = [
    "AntisymmetricGaunt",
    "ClebschGordan",
    "Convolution",
    "EdgeFrame",
    "FactoredProduct",
    "FullProduct",
    "Gaunt",
    "MatrixProduct",
    "RoutedProduct",
    "Simulation",
    "SymmetricContraction",
    "TensorProduct",
    "VectorSignal",
    "cartesian_harmonics",
    "deployable",
    "load",
    "wigner_D",
    "wigner_D_up_to",
]
