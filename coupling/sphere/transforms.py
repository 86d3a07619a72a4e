"""From coefficients to values on a grid and back, and the integrals that define the couplings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.families import Family, records
from coupling.families import family as known
from coupling.indexing import degree_slice, flat_size
from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.selection import degree, of_type, one_of
from coupling.sphere.grids import Grid, gauss_legendre
from coupling.sphere.harmonics import gradients, harmonics
from coupling.sphere.legendre import bounded_degree


def synthesis(coefficients: ArrayLike, grid: Grid, basis: str = "real") -> NDArray[np.inexact]:
    """Return the values [..., n] of a function at the points of a grid, from its coefficients c [..., (lmax+1)²].

        f(θ, φ) = Σ_{l m} c_lm R_lm(θ, φ)

    Y_lm takes the place of R_lm in the basis "complex".
    lmax follows from the length of the last axis; a length that is no square raises ValueError.  The harmonics at all
    points are held at once, 8 n (lmax+1)² bytes (16 for "complex"); what does not fit raises MemoryError, lmax beyond
    10 000 ValueError.  Source: ``coupling.conventions``.

    >>> synthesis([np.sqrt(4 * np.pi), 0, 0, 0], gauss_legendre(0))
    array([1.])
    """
    of_type(grid, Grid, "grid")
    c = np.asarray(coefficients)
    size = c.shape[-1] if c.ndim else 0
    lmax = isqrt(size) - 1
    if size == 0 or (lmax + 1) ** 2 != size:
        raise ValueError(f"the last axis of coefficients must have length (lmax+1)^2, got shape {c.shape}")
    return c @ harmonics(lmax, grid.theta, grid.phi, basis).T


def analysis(values: ArrayLike, grid: Grid, lmax: object, basis: str = "real") -> NDArray[np.inexact]:
    """Return the coefficients c [..., (lmax+1)²] of a function from its values [..., n] on a grid.

        c_lm = ∫ R_lm f dΩ

    conj(Y_lm) takes the place of R_lm in the basis "complex".
    Exact when f is a polynomial of degree <= grid.degree - lmax.  Memory and largest lmax as in :func:`synthesis`.
    Raises ValueError when lmax exceeds the degree of the grid or the last axis of values does not match it.  Source:
    orthonormality of the harmonics.

    >>> grid = gauss_legendre(2)
    >>> analysis(synthesis([1.0, 2.0, 3.0, 4.0], grid), grid, lmax=1).round(12)
    array([1., 2., 3., 4.])
    """
    of_type(grid, Grid, "grid")
    f, l_max = np.asarray(values), bounded_degree(lmax, "lmax")
    if f.ndim == 0 or f.shape[-1] != len(grid):
        raise ValueError(f"the last axis of values must have the {len(grid)} points of the grid, got shape {f.shape}")
    if l_max > grid.degree:
        raise ValueError(f"lmax must be <= {grid.degree}, the degree of the grid, got {quoted(l_max)}")
    return (f * grid.weights) @ harmonics(l_max, grid.theta, grid.phi, basis).conj()


class Field:
    """The harmonics of one degree at the points of a grid, as the integrand of a family takes them.

    ``value`` and, of the gradient, ``theta`` and ``phi`` have an axis for the points and one for the orders, and an
    axis of length 1 for those of another slot.
    """

    def __init__(self, l: int, grid: Grid, basis: str, axis: int, conjugate: bool) -> None:
        self._given = l, grid, basis, axis, conjugate

    @cached_property
    def value(self) -> NDArray[np.inexact]:
        """R_lm or Y_lm."""
        return self._of(harmonics)

    @cached_property
    def _gradient(self) -> NDArray[np.inexact]:
        return self._of(gradients)

    @property
    def theta(self) -> NDArray[np.inexact]:
        """∂θ of it."""
        return self._gradient[0]

    @property
    def phi(self) -> NDArray[np.inexact]:
        """∂φ of it, over sin θ."""
        return self._gradient[1]

    def _of(self, function: Callable[..., NDArray[np.inexact]]) -> NDArray[np.inexact]:
        l, grid, basis, axis, conjugate = self._given
        found = function(l, grid.theta, grid.phi, basis)[..., degree_slice(l)]
        return np.expand_dims(found.conj() if conjugate else found, axis)


def quadrature(family: str | Family, l1: object, l2: object, l3: object, basis: str = "real") -> NDArray[np.inexact]:
    """Return the block [2l1+1, 2l2+1, 2l3+1] of a family by quadrature of its definition, such as

        ∫ H1 H2 H3 dΩ = Σ_p w_p H1(p) H2(p) H3(p)

    "gaunt": ∫ H1 H2 H3 dΩ; "antisymmetric_gaunt": ∫ H1 r·(∇H2 × ∇H3) dΩ; "gradient_dot": ∫ H1 ∇H2·∇H3 dΩ; and other
    families with an integrand, H the real or complex orthonormal harmonics.  Orders -l … l; the error is that of
    float64 sums, also where a selection rule makes the value zero.  Raises ValueError or TypeError for another family,
    a degree or basis that does not exist, MemoryError for a block that does not fit.  Source: the definitions in
    ``coupling.conventions`` and ``coupling.families``.

    >>> quadrature("antisymmetric_gaunt", 1, 1, 1)[0].round(12) + 0.0
    array([[ 0.        ,  0.        ,  0.        ],
           [ 0.        ,  0.        ,  0.48860251],
           [ 0.        , -0.48860251,  0.        ]])
    """
    record = _with_integrand(family)
    path = degree(l1, "degree 1"), degree(l2, "degree 2"), degree(l3, "degree 3")
    _require_room(path, record.require_basis(basis))
    grid = gauss_legendre(sum(path))
    first, f, g = (
        Field(l, grid, basis, axis, slot in record.conjugate)
        for slot, (l, axis) in enumerate(zip(path, (-1, -1, -2), strict=True), 1)
    )
    pairs = record.integrand(f, g)  # type: ignore[misc]
    return np.tensordot(first.value[..., 0] * grid.weights[:, None], pairs, axes=(0, 0))


def _with_integrand(family: str | Family) -> Family:
    choices = tuple(record.name for record in records() if record.integrand is not None)
    name = family.name if isinstance(family, Family) else family
    one_of(name.split(":")[0] if isinstance(name, str) else name, choices, "family")
    return known(family)


def _require_room(path: tuple[int, int, int], basis: str) -> None:
    sizes = [2 * l + 1 for l in path]
    points = (sum(path) // 2 + 1) * (sum(path) + 1)
    largest = max(sizes[0] * sizes[1] * sizes[2], points * max(2 * sizes[1] * sizes[2], flat_size(max(path))))
    require_memory(largest * (8 if basis == "real" else 16), f"quadrature for the degrees {quoted(path)}")
