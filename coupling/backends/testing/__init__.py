"""Checks of any function of torch, JAX or numpy: are its forces a gradient, is it equivariant.

>>> import numpy as np
>>> positions = np.random.default_rng(0).standard_normal((4, 3))
>>> check_conservative(lambda x: (x**4).sum(), positions, lambda x: -4 * x**3).forces < 1e-8
True
"""

from coupling.backends.testing.conservative import Conservative, check_conservative
from coupling.backends.testing.equivariant import check_equivariant

__all__ = ["Conservative", "check_conservative", "check_equivariant"]
