"""The bracket of functions on the sphere: one component of the cross product of their gradients."""

from __future__ import annotations

from coupling.kernels.sphere_product import BRACKET
from coupling.products.spherical import OneTerm


class AntisymmetricGaunt(OneTerm):
    """The bracket {f, g} = r·(∇f × ∇g) of two functions on the sphere, all paths with odd l1+l2+l3 at once:

        z[l3 m3] = Σ a(l1) b(l2) c(l3) s(l1 % 2, l2 % 2) ∫ {R_l1m1, R_l2m2} R_l3m3 dΩ  x[l1 m1] y[l2 m2]

    over l1, l2, m1, m2.  It is the radial component of the cross product (r×∇f) × (r×∇g) = r {f, g}, a Vector Spherical
    Tensor Product, and reaches every odd path: the Clebsch-Gordan product with the unit-norm core C times √(P/4π)|K|
    (``coupling.normalization("antisymmetric_gaunt", lmax)``).

    Arguments, shapes and errors as in :class:`coupling.products.Gaunt`.  With equal weights of both inputs the product
    of a feature with itself is exactly zero, not only up to rounding.  Degrees 0 neither contribute nor come out: what
    no odd path reaches is exactly zero, or not read.

    Source: Y. Xie, A. Daigavane, M. Kotak, T. Smidt, arXiv 2602.21466; V. Heyraud, Z. Weller-Davies, J. Tilly, arXiv
    2603.08630; derivations ``antisymmetric_gaunt`` and ``vector_harmonics``.

    >>> import numpy as np
    >>> x, y = np.zeros((2, 4, 1))
    >>> x[3], y[1] = 1, 1  # the coordinates x and y, times √(3/4π): {x, y} = z
    >>> AntisymmetricGaunt(1, 1, 1)(x, y)[:, 0].round(12) + 0.0
    array([0.        , 0.        , 0.48860251, 0.        ])
    """

    kind = BRACKET
