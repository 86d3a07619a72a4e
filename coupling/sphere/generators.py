"""Generators of rotations: D(R) = exp(ω n·G) for the turn by ω about n."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.foreign.axes import axis_matrix, determinant
from coupling.foreign.convention import Convention
from coupling.foreign.named import named
from coupling.selection import check_basis
from coupling.sphere.wigner import about_y, arranged_matrix, matrix_degree, require_integer


def generators(j: object, basis: str = "real", *, convention: Convention | str | None = None) -> NDArray[Any]:
    """Return the generators G [3, 2j+1, 2j+1] of rotations: for the turn R by ω about n

        D(R) = exp(ω (n_x G_x + n_y G_y + n_z G_z))

    G = -i J, so [G_x, G_y] = G_z and cyclically, and Σ G² = -j(j+1).  "real": float64 and antisymmetric, for integer
    degrees; "complex": complex128, antihermitian.  Every entry is correctly rounded.  Arguments and what raises as for
    :func:`coupling.wigner_D`.  Source: Edmonds 1957, eq. 2.3.16.

    >>> generators(1)[2]  # about z, in the order y, z, x
    array([[ 0.,  0.,  1.],
           [ 0.,  0.,  0.],
           [-1.,  0.,  0.]])
    """
    twice, own = matrix_degree(j), None if convention is None else named(convention)
    basis = check_basis(basis) if own is None else own.basis
    require_integer(twice, basis)
    made = _real_generators(twice // 2) if basis == "real" else _complex_generators(twice)
    if own is None:
        return made
    axes = axis_matrix(own.axes) * determinant(own.axes)
    return arranged_matrix(np.tensordot(axes.T, made, 1), own)


def _raising(twice: int) -> NDArray[np.float64]:
    """Return the entries ⟨m+1| J₊ |m⟩ = √((j-m)(j+m+1)) for m = -j … j-1."""
    place = np.arange(twice)
    root: NDArray[np.float64] = np.sqrt((twice - place) * (place + 1.0))
    return root


def _complex_generators(twice: int) -> NDArray[np.complex128]:
    upper = np.diag(_raising(twice), -1) / 2
    m = np.arange(-twice, twice + 1, 2) / 2
    return np.stack([-1j * (upper + upper.T), -upper + upper.T + 0j, np.diag(-1j * m)])


def _real_generators(l: int) -> NDArray[np.float64]:
    upper, m = np.diag(_raising(2 * l), -1) / 2, np.arange(-l, l + 1)
    y = about_y(upper.T - upper)
    y = np.sign(y) * np.sqrt(np.rint(4 * y * y)) / 2  # half the root of an integer, rounded once
    quarter = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])[m % 4]  # cosine and sine of mπ/2
    c, s = quarter.T
    left = c[:, None] * y + s[:, None] * y[::-1]  # Z(-π/2) G_y Z(π/2)
    x = left * c + left[:, ::-1] * s
    return np.stack([x, y, -np.diag(m * 1.0)[:, ::-1]]) + 0.0
