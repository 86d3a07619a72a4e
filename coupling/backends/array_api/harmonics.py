"""Harmonics of vectors in the arrays of one framework: the recurrence of :mod:`coupling.kernels.solid_harmonics`.

``xp`` is torch or jax.numpy, ``constant`` makes one of its arrays of one of numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coupling.sphere.solid import derivative_matrices, solid_tables

Array = Any


def solid_harmonics(xp: Any, v: Array, lmax: int, normalization: str, constants: Any = None) -> Array:
    """Return the solid harmonics [..., (lmax+1)²] of vectors [..., 3].

    constants: the two lists of numbers of the recurrence; by default they are numbers of Python, which some formats
    that a program is exported to round to float32.

    >>> import numpy as np
    >>> solid_harmonics(np, np.array([1.0, 2.0, 3.0]), 1, "norm")
    array([1., 2., 3., 1.])
    """
    a, b = solid_tables(lmax, normalization, "float64")[:2].tolist() if constants is None else constants
    x, y, z = v[..., 0], v[..., 1], v[..., 2]
    square, rows = x * x + y * y + z * z, {}
    cosine, sine = xp.ones_like(x), xp.zeros_like(x)
    for m in range(lmax + 1):
        if m:
            cosine, sine = cosine * x - sine * y, cosine * y + sine * x
        before, p = xp.zeros_like(x), a[m * (m + 1) // 2 + m] * xp.ones_like(x)
        for l in range(m, lmax + 1):
            k = l * (l + 1) // 2 + m
            if l > m:
                before, p = p, a[k] * z * p - b[k] * square * before
            rows[l, m], rows[l, -m] = p * cosine, p * sine if m else p
    return xp.stack([rows[l, m] for l in range(lmax + 1) for m in range(-l, l + 1)], -1)


def unit_vectors(xp: Any, v: Array) -> tuple[Array, Array]:
    """Return v/|v| and 1/|v| [..., 1], both 0 for the zero vector, with derivatives that are finite there.

    >>> import numpy as np
    >>> unit_vectors(np, np.array([[0.0, 0.0, 4.0], [0.0, 0.0, 0.0]]))[1].tolist()
    [[0.25], [0.0]]
    """
    square = (v * v).sum(-1)[..., None]
    known = square > 0
    inverse = xp.where(known, xp.where(known, square, 1.0) ** -0.5, 0.0)
    return v * inverse, inverse


def tangent_of_solid(
    values: Array, lmax: int, normalization: str, direction: Array, constant: Callable[[Any], Array]
) -> Array:
    """Return Σ_i direction_i ∂_i S [..., (lmax+1)²] from the solid harmonics [..., lmax²] of the degrees below lmax.

    >>> import numpy as np
    >>> tangent_of_solid(np.ones(1), 1, "norm", np.array([5.0, 6.0, 7.0]), np.asarray).tolist()
    [0.0, 6.0, 7.0, 5.0]
    """
    matrices, total = derivative_matrices(lmax, normalization), 0.0
    for i in range(3):
        total = total + direction[..., i : i + 1] * (values @ constant(matrices[i].T))
    return total


def lowered(
    cotangents: Array, lmax: int, normalization: str, direction: Array, constant: Callable[[Any], Array]
) -> Array:
    """Return g' [..., lmax²] with Σ_k g_k Σ_i direction_i ∂_i S_k = Σ_n g'_n S_n: the transpose of the tangent.

    >>> import numpy as np
    >>> lowered(np.array([0.0, 1.0, 0.0, 0.0]), 1, "norm", np.array([5.0, 6.0, 7.0]), np.asarray).tolist()
    [6.0]
    """
    matrices, total = derivative_matrices(lmax, normalization), 0.0
    for i in range(3):
        total = total + (direction[..., i : i + 1] * cotangents) @ constant(matrices[i])
    return total
