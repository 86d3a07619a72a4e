"""From coefficients to values on a grid and back, and the integrals that define the couplings."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.indexing import degree_slice, flat_size
from coupling.memory import require_memory
from coupling.selection import check_basis, degree, one_of
from coupling.sphere.grids import Grid, gauss_legendre
from coupling.sphere.harmonics import gradients, harmonics
from coupling.sphere.legendre import bounded_degree

#: Families that are defined as integrals over the sphere.
INTEGRALS = ("gaunt", "antisymmetric_gaunt")


def synthesis(coefficients: ArrayLike, grid: Grid, basis: str = "real") -> NDArray[np.inexact]:
    """Return the values [..., n] of f = Σ_lm c_lm R_lm (or Y_lm) at the points of a grid, from c [..., (lmax+1)²].

    lmax follows from the length of the last axis; a length that is no square raises ValueError.  The harmonics at all
    points are held at once, 8 n (lmax+1)² bytes (16 for "complex"); what does not fit raises MemoryError, lmax beyond
    10 000 ValueError.  Source: ``coupling.conventions``.

    >>> synthesis([np.sqrt(4 * np.pi), 0, 0, 0], gauss_legendre(0))
    array([1.])
    """
    c = np.asarray(coefficients)
    size = c.shape[-1] if c.ndim else 0
    lmax = isqrt(size) - 1
    if size == 0 or (lmax + 1) ** 2 != size:
        raise ValueError(f"the last axis of coefficients must have length (lmax+1)^2, got shape {c.shape}")
    return c @ harmonics(lmax, grid.theta, grid.phi, basis).T


def analysis(values: ArrayLike, grid: Grid, lmax: object, basis: str = "real") -> NDArray[np.inexact]:
    """Return the coefficients c [..., (lmax+1)²] of f, c_lm = ∫ conj(Y_lm) f dΩ, from its values [..., n] on a grid.

    Exact when f is a polynomial of degree <= grid.degree - lmax.  Memory and largest lmax as in :func:`synthesis`.
    Raises ValueError when lmax exceeds the degree of the grid or the last axis of values does not match it.  Source:
    orthonormality of the harmonics.

    >>> grid = gauss_legendre(2)
    >>> analysis(synthesis([1.0, 2.0, 3.0, 4.0], grid), grid, lmax=1).round(12)
    array([1., 2., 3., 4.])
    """
    f, l_max = np.asarray(values), bounded_degree(lmax, "lmax")
    if f.ndim == 0 or f.shape[-1] != len(grid):
        raise ValueError(f"the last axis of values must have the {len(grid)} points of the grid, got shape {f.shape}")
    if l_max > grid.degree:
        raise ValueError(f"lmax must be <= {grid.degree}, the degree of the grid, got {l_max}")
    return (f * grid.weights) @ harmonics(l_max, grid.theta, grid.phi, basis).conj()


def quadrature(family: str, l1: object, l2: object, l3: object, basis: str = "real") -> NDArray[np.inexact]:
    """Return the block [2l1+1, 2l2+1, 2l3+1] of a family by quadrature of its definition.

    "gaunt": ∫ H1 H2 H3 dΩ; "antisymmetric_gaunt": ∫ H1 r·(∇H2 × ∇H3) dΩ, H the real or complex orthonormal harmonics.
    Orders -l … l; the error is that of float64 sums, also where a selection rule makes the value zero.  Raises
    ValueError or TypeError for another family, a degree or basis that does not exist, MemoryError for a block that
    does not fit.  Source: the definitions in ``coupling.conventions``.

    >>> quadrature("antisymmetric_gaunt", 1, 1, 1)[0].round(12) + 0.0
    array([[ 0.        ,  0.        ,  0.        ],
           [ 0.        ,  0.        ,  0.48860251],
           [ 0.        , -0.48860251,  0.        ]])
    """
    one_of(family, INTEGRALS, "family")
    path = degree(l1, "degree 1"), degree(l2, "degree 2"), degree(l3, "degree 3")
    _require_room(path, check_basis(basis))
    grid = gauss_legendre(sum(path))
    h1 = _of_degree(harmonics, path[0], grid, basis)
    if family == "gaunt":
        pairs = _outer(_of_degree(harmonics, path[1], grid, basis), _of_degree(harmonics, path[2], grid, basis))
    else:
        (f_theta, f_phi), (g_theta, g_phi) = (_of_degree(gradients, l, grid, basis) for l in path[1:])
        pairs = _outer(f_theta, g_phi) - _outer(f_phi, g_theta)
    return np.tensordot(h1 * grid.weights[:, None], pairs, axes=(0, 0))


def _of_degree(function: Callable[..., NDArray[np.inexact]], l: int, grid: Grid, basis: str) -> NDArray[np.inexact]:
    return function(l, grid.theta, grid.phi, basis)[..., degree_slice(l)]


def _outer(f: NDArray[np.inexact], g: NDArray[np.inexact]) -> NDArray[np.inexact]:
    return f[:, :, None] * g[:, None, :]


def _require_room(path: tuple[int, int, int], basis: str) -> None:
    sizes = [2 * l + 1 for l in path]
    points = (sum(path) // 2 + 1) * (sum(path) + 1)
    largest = max(sizes[0] * sizes[1] * sizes[2], points * max(2 * sizes[1] * sizes[2], flat_size(max(path))))
    require_memory(largest * (8 if basis == "real" else 16), f"quadrature for the degrees {path}")
