"""The numbers in the recurrence and the derivatives of solid harmonics, see :mod:`coupling.kernels.solid_harmonics`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

#: What multiplies orthonormal harmonics of degree l, squared: numerator and denominator as functions of l, and whether
#: with a factor 4π.
NORMALIZATIONS = {
    "integral": lambda l: np.ones_like(l),
    "component": lambda l: np.ones_like(l),
    "norm": lambda l: 1 / (2 * l + 1),
}


@lru_cache(maxsize=64)
def solid_tables(lmax: int, normalization: str, dtype: str) -> NDArray[np.floating]:
    """Return the rows A, B, D, E, F [5, (lmax+1)(lmax+2)/2], (l, m) at l(l+1)/2 + m, m >= 0.

    For orthonormal harmonics, with q = (2l+1)/(2l-1),

        A = √((4l²-1)/(l²-m²))    B = √((2l+1)((l-1)²-m²)/((2l-3)(l²-m²)))    at l = m: A = N_m, B = 0
        N_0 = 1/√4π,  N_m² = (2/4π) (2m+1)!!/(2m)!!
        D = √(q (l²-m²))    E = ½√(q (l+m)(l+m-1))    F = ½√(q (l-m)(l-m-1))    E_l1 and F_l0 times √2

    and every number times the ratio of the norms of the degrees it connects.  Rounded once from long double.

    >>> solid_tables(1, "norm", "float64").round(6)
    array([[1., 1., 1.],
           [0., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.],
           [0., 0., 0.]])
    """
    l, m = (index.astype(np.longdouble) for index in np.tril_indices(lmax + 1))
    inner, norm = l > m, NORMALIZATIONS[normalization]
    ratio = [np.sqrt(norm(l) / norm(np.maximum(l - step, 0))) for step in (1, 2)]
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.sqrt((4 * l * l - 1) / (l * l - m * m)) * ratio[0]
        b = np.sqrt((2 * l + 1) * ((l - 1) ** 2 - m * m) / ((2 * l - 3) * (l * l - m * m))) * ratio[1]
    q = np.where(l > 0, (2 * l + 1) / np.abs(2 * l - 1), 0)
    d, root2 = np.sqrt(q * (l * l - m * m)), np.sqrt(np.longdouble(2))
    e = np.sqrt(q * (l + m) * np.maximum(l + m - 1, 0)) / 2 * np.where(m == 1, root2, 1)
    f = np.sqrt(q * (l - m) * np.maximum(l - m - 1, 0)) / 2 * np.where(m == 0, root2, 1)
    first = _diagonal(lmax, normalization)[m.astype(int)]
    rows = [np.where(inner, a, first), np.where(inner & (l > m + 1), b, 0)]
    table = np.stack([*rows, d * ratio[0], np.where(m > 0, e, 0) * ratio[0], f * ratio[0]]).astype(dtype)
    table.setflags(write=False)
    return table


def _diagonal(lmax: int, normalization: str) -> NDArray[np.longdouble]:
    """Return the N_m times the norm of degree m."""
    m = np.arange(lmax + 1, dtype=np.longdouble)
    steps = np.where(m > 0, (2 * m + 1) / np.maximum(2 * m, 1), 1)
    whole = np.cumprod(np.where(m == 1, 2 * steps, steps)) * NORMALIZATIONS[normalization](m)
    sphere = 16 * np.arctan(np.longdouble(1)) if normalization == "integral" else np.longdouble(1)
    result: NDArray[np.longdouble] = np.sqrt(whole / sphere)
    return result


@lru_cache(maxsize=64)
def derivative_matrices(lmax: int, normalization: str) -> NDArray[np.float64]:
    """Return M [3, (lmax+1)², lmax²] with ∂_i S_k = Σ_n M[i, k, n] S_n, S_n the solid harmonics of degrees below lmax.

    The entries are those of the rows D, E and F of :func:`solid_tables`.

    >>> derivative_matrices(1, "norm")[:, :, 0]  # of 1, y, z, x
    array([[0., 0., 0., 1.],
           [0., 1., 0., 0.],
           [0., 0., 1., 0.]])
    """
    d, e, f = solid_tables(lmax, normalization, "float64")[2:]
    result = np.zeros((3, (lmax + 1) ** 2, max(lmax * lmax, 1)))
    for l in range(1, lmax + 1):
        for m in range(-l, l + 1):
            k, sign = l * (l + 1) // 2 + abs(m), -1 if m < 0 else 1
            row, below = l * l + l + m, l * l - l
            terms = [(2, m, d[k])]
            up, down = sign * (abs(m) + 1), sign * (abs(m) - 1)
            terms += [(0, up, -f[k]), (1, -up, -sign * f[k])]
            if m and (m > 0 or down):  # the sine of order 0 is zero
                terms += [(0, down, e[k])]
            if m and (m < 0 or down):
                terms += [(1, -down, -sign * e[k])]
            for axis, order, value in terms:
                if abs(order) < l:
                    result[axis, row, below + order] += value
    result.setflags(write=False)
    return result
