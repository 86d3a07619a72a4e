"""Real spherical and solid harmonics of vectors (x, y, z), with gradients and Hessians: polynomials, no angles.

With R the real harmonics of :mod:`coupling.conventions`, flat index l²+l+m, and c_l the normalization,

    spherical  Y_lm(v) = c_l R_lm(v/|v|)        a function of the direction alone
    solid      S_lm(v) = c_l |v|^l R_lm(v/|v|)    a polynomial of degree l

    "integral"   c_l = 1               ∫ Y² dΩ = 1
    "component"  c_l = √4π             the mean of Y² over the sphere is 1
    "norm"       c_l = √(4π/(2l+1))    Σ_m Y_lm² = 1

**The zero vector** has no direction.  Its spherical harmonics of degree l > 0 are 0, the only value that commutes with
rotations, and so are all derivatives; l = 0 is constant.  A vector with all components below the smallest
normal number (2e-308, 1e-38 in float32) counts as zero.  Solid harmonics are smooth there.

**Error**, with ε = 2⁻⁵² in float64 and 2⁻²³ in float32: a value differs from the exact one at the given vector by at
most (l+1)² ε times c_l √((2l+1)/4π) |v|^l, the root of Σ_m S_lm² (without |v|^l for Y), gradients by l+1 times and
Hessians by (l+1)² times as much over |v| and |v|².
"""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.indexing import flat_size
from coupling.memory import native, require_memory
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.sphere.directions import real_numbers
from coupling.sphere.legendre import bounded_degree
from coupling.sphere.solid import NORMALIZATIONS, solid_tables

#: Largest degree for vectors of a type: beyond, p_lm leaves its range.
LARGEST = {"float64": 1000, "float32": 128}

Floats = NDArray[np.floating]


def cartesian_harmonics(
    vectors: ArrayLike, lmax: object, *, normalization: str = "integral", solid: bool = False
) -> Floats:
    """Return the harmonics of degrees 0 … lmax of vectors [..., 3] as an array [..., (lmax+1)²].

        Y_lm(v) = c_l R_lm(v/|v|),    S_lm(v) = c_l |v|^l R_lm(v/|v|)

    Y by default, S with ``solid``.
    float32 for float32 vectors, else float64; lmax <= 1000 (128 in float32).  Formulas, normalizations, the zero vector
    and error as in :mod:`coupling.sphere.cartesian`.  Raises ValueError or TypeError for vectors that are no finite
    numbers [..., 3], an lmax or normalization that does not exist, ValueError for solid harmonics beyond the largest
    number, MemoryError for a result that does not fit.  Source:
    the recurrences of :mod:`coupling.kernels.solid_harmonics`; Edmonds 1957, ch. 2 and 5 for the derivatives.

    >>> cartesian_harmonics([[1.0, 2.0, 3.0]], 1, normalization="norm", solid=True)
    array([[1., 2., 3., 1.]])
    >>> cartesian_harmonics([0.0, 0.0, -4.0], 2, normalization="component").round(6) + 0.0
    array([ 1.      ,  0.      , -1.732051,  0.      ,  0.      ,  0.      ,
            2.236068,  0.      ,  0.      ])
    """
    return _computed(vectors, lmax, normalization, solid, 0)[0]


def cartesian_gradients(
    vectors: ArrayLike, lmax: object, *, normalization: str = "integral", solid: bool = False
) -> tuple[Floats, Floats]:
    """Return the harmonics [..., (lmax+1)²] and their gradients g [..., 3, (lmax+1)²] in x, y and z.

        g[i, lm] = ∂Y_lm/∂v_i

    Arguments, dtypes, the zero vector and what raises as for :func:`cartesian_harmonics`.  The gradient of spherical
    harmonics is at right angles to the vector; its length is that of the surface gradient over |v|.

    >>> values, gradients = cartesian_gradients([1.0, 2.0, 3.0], 1, normalization="norm", solid=True)
    >>> gradients[:, 1:]  # of y, z, x
    array([[0., 0., 1.],
           [1., 0., 0.],
           [0., 1., 0.]])
    """
    values, gradients, _ = _computed(vectors, lmax, normalization, solid, 1)
    return values, gradients


def cartesian_hessians(
    vectors: ArrayLike, lmax: object, *, normalization: str = "integral", solid: bool = False
) -> tuple[Floats, Floats, Floats]:
    """Return the harmonics, their gradients, and their second derivatives h [..., 3, 3, (lmax+1)²].

        h[i, j, lm] = ∂²Y_lm/∂v_i∂v_j

    Arguments, dtypes, the zero vector and what raises as for :func:`cartesian_harmonics`.

    >>> *_, hessians = cartesian_hessians([1.0, 2.0, 3.0], 2, normalization="norm", solid=True)
    >>> hessians[..., 6]  # of z² - (x²+y²)/2
    array([[-1.,  0.,  0.],
           [ 0., -1.,  0.],
           [ 0.,  0.,  2.]])
    """
    return _computed(vectors, lmax, normalization, solid, 2)


def _computed(
    vectors: ArrayLike, lmax: object, normalization: str, solid: bool, derivatives: int
) -> tuple[Floats, Floats, Floats]:
    from coupling.kernels.lanes import width
    from coupling.kernels.solid_harmonics import harmonics_of_vectors, space_needed

    v = _vectors(vectors)
    l_max = bounded_degree(lmax, "lmax", LARGEST[v.dtype.name])
    one_of(normalization, tuple(NORMALIZATIONS), "normalization")
    if not isinstance(solid, bool | np.bool_):
        raise TypeError(f"solid must be True or False, got {quoted(solid)}")
    n, size, w = v.size // 3, flat_size(l_max), width(v.dtype)
    rows = space_needed(l_max, derivatives)
    require_memory((n * size * (1, 4, 13)[derivatives] + rows * w) * v.itemsize, f"harmonics to lmax {l_max}")
    out = [np.empty((n if order <= derivatives else 0, 3**order * size), v.dtype) for order in range(3)]
    tables = solid_tables(l_max, normalization, v.dtype.name)
    space = np.empty(rows * w, v.dtype)
    harmonics_of_vectors(v.reshape(n, 3), tables, l_max, derivatives, not solid, w, space, *out)
    if solid and not np.isfinite(out[0]).all():
        raise ValueError(f"|v|^l is beyond {v.dtype} for l = {l_max} and the largest of the vectors, {abs(v).max()}")
    values, gradients, hessians = (
        array.reshape(*(v.shape[:-1] if order <= derivatives else (0,)), *(3,) * order, size)
        for order, array in enumerate(out)
    )
    return values, gradients, hessians


def _vectors(vectors: ArrayLike) -> Floats:
    """Return finite vectors [..., 3] as a C-contiguous array of float32 or float64."""
    given = np.asarray(vectors)
    if given.dtype.kind == "f" and given.dtype.itemsize in (4, 8):
        v: Floats = native(given)
        if v.size and not (isfinite(v.min()) and isfinite(v.max())):  # NaN is least and largest
            raise ValueError(f"vectors must be finite, got {v[~np.isfinite(v)].flat[0]}")
    else:
        v = real_numbers(given, "vectors")
    if v.ndim == 0 or v.shape[-1] != 3:
        raise ValueError(f"vectors must have shape [..., 3], got {v.shape}")
    return np.ascontiguousarray(v)
