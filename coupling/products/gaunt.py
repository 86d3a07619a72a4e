"""The Gaunt product: pointwise product of functions on the sphere."""

from __future__ import annotations

from coupling.kernels.sphere_product import GAUNT
from coupling.products.spherical import OneTerm


class Gaunt(OneTerm):
    """The pointwise product of two functions on the sphere, all paths with even l1+l2+l3 at once:

        z[l3 m3] = Σ a(l1) b(l2) c(l3) s(l1 % 2, l2 % 2) ∫ R_l1m1 R_l2m2 R_l3m3 dΩ  x[l1 m1] y[l2 m2]

    over l1, l2, m1, m2; R are the real orthonormal harmonics.  The path (l1, l2, l3) is the Clebsch-Gordan product with
    the unit-norm core C times √(P/4π)|3j(l1 l2 l3; 000)| (``coupling.normalization("gaunt", lmax)``).

    Features are [..., (lmax+1)², channels], or [..., channels, (lmax+1)²] with layout="channels_first", float32 or
    float64; leading axes and channels broadcast.  weights: three arrays a, b, c of lmax+1 numbers, default ones.
    classes: the four numbers s as an array [parity of l1, parity of l2], default ones; they cost nothing when their
    product is positive, and no further transform when it is not.  workers: threads that share the batch.
    Outputs of degrees that no path reaches are exact zeros, and inputs of degrees that no path reaches are not read;
    other NaN and infinity spread within their own channel sample only, to the degrees that a path reaches.
    ``turn``, ``vjp`` and ``jvp`` are products of the same kind.

    The result is exact up to rounding: θ by Gauss-Legendre points, φ by exact sums over orders.  O(L³) operations.
    Raises ValueError or TypeError for degrees, shapes, dtypes and weights that do not fit.

    Source: S. Luo, T. Chen, A. Krishnapriyan 2024 for the use as a tensor product; derivation ``gaunt``.

    >>> import numpy as np
    >>> product = Gaunt(1, 1, 2)
    >>> z = np.array([[0.0], [0.0], [1.0], [0.0]])  # R_10 = √(3/4π) cos θ
    >>> product(z, z)[[0, 6], 0].round(12)  # 1/√4π and 1/√5π
    array([0.28209479, 0.25231325])
    """

    kind = GAUNT
