"""The products for JAX: functions of arrays that can be compiled, batched and differentiated any number of times.

They are the array programs of :mod:`coupling.backends.array_api`, compiled by XLA, with derivative rules of their own
(``jax.custom_vjp``): each gradient is such a product again, and nothing but inputs is kept for it.  JAX allows no
forward mode beside rules of that kind; with ``forward_mode=True`` the derivatives are JAX's own, in both modes.

Matrix products request full precision ("highest") on every device: the default of JAX on GPUs and TPUs would
break equivariance at 1e-3.  Needs jax, which no extra installs.

>>> import jax, jax.numpy as jnp
>>> product = ClebschGordan(4, 4, 4)
>>> jax.jit(product)(jnp.ones((100, 25, 32)), jnp.ones((100, 25, 1))).shape
(100, 25, 32)
"""

from coupling.backends.jax.contraction import SymmetricContraction
from coupling.backends.jax.convolution import Convolution
from coupling.backends.jax.edge_frame import EdgeFrame
from coupling.backends.jax.loading import load
from coupling.backends.jax.products import (
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
from coupling.backends.jax.sphere import cartesian_harmonics, wigner_D, wigner_D_up_to
from coupling.backends.jax.tensor_product import TensorProduct

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
    "load",
    "wigner_D",
    "wigner_D_up_to",
]
