"""Harmonics of vectors and Wigner D for JAX: polynomials, with derivatives of any order in both modes."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from coupling.backends.array_api.harmonics import solid_harmonics, tangent_of_solid, unit_vectors
from coupling.backends.array_api.rotations import LARGEST_RECURRED, require_rotation_shape, wigner_matrices
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.sphere.cartesian import LARGEST
from coupling.sphere.legendre import bounded_degree
from coupling.sphere.solid import NORMALIZATIONS

Array = Any


def cartesian_harmonics(vectors: Array, lmax: int, *, normalization: str = "integral", solid: bool = False) -> Array:
    """Return the real harmonics [..., (lmax+1)²] of vectors [..., 3], as :func:`coupling.sphere.cartesian_harmonics`.

    Arguments, formulas and the zero vector as there: its derivatives of all orders are zero for spherical harmonics.
    Works under jit, vmap and grad, and in forward mode, any number of times.  Values of vectors are not checked.
    Raises TypeError or ValueError for other arguments.

    >>> jax.grad(lambda v: cartesian_harmonics(v, 1, normalization="norm", solid=True)[1:].sum())(jnp.ones(3))
    Array([1., 1., 1.], dtype=float32)
    """
    v = _floating(vectors, "vectors")
    if v.ndim == 0 or v.shape[-1] != 3:
        raise ValueError(f"vectors must have shape [..., 3], got {v.shape}")
    if not isinstance(solid, bool):
        raise TypeError(f"solid must be True or False, got {quoted(solid)}")
    one_of(normalization, tuple(NORMALIZATIONS), "normalization")
    largest = bounded_degree(lmax, "lmax", LARGEST["float64" if v.dtype == jnp.float64 else "float32"])
    return _solid(largest, normalization, v if solid else unit_vectors(jnp, v)[0])


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _solid(lmax: int, normalization: str, v: Array) -> Array:
    return solid_harmonics(jnp, v, lmax, normalization)


@_solid.defjvp
def _(lmax: int, normalization: str, primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (v,), (dv,) = primals, tangents
    values = _solid(lmax, normalization, v)
    if lmax == 0:
        return values, 0 * values
    below = values[..., : lmax * lmax]
    with jax.default_matmul_precision("highest"):
        return values, tangent_of_solid(below, lmax, normalization, dv, lambda a: jnp.asarray(a, v.dtype))


def wigner_D(l: int, rotation: Array) -> Array:  # noqa: N802
    """Return D^l(R) [..., 2l+1, 2l+1] in the real basis, as :func:`coupling.wigner_D`.

    rotation : quaternions (w, x, y, z) [..., 4] of any length but zero, or rotation matrices [..., 3, 3]
    Polynomials in the quaternion over its length, or in the entries of the matrix, so smooth at every rotation.
    l <= 100; the error is at most (l+1)² roundings of the dtype.  Values are not checked.  Raises TypeError or
    ValueError for other arguments.  Source: :mod:`coupling.backends.array_api.rotations`.

    >>> wigner_D(1, jnp.array([1.0, 0.0, 0.0, 1.0])).tolist()  # x → y → -x, in the order y, z, x
    [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]
    """
    return wigner_D_up_to(l, rotation)[-1]


def wigner_D_up_to(lmax: int, rotation: Array) -> list[Array]:  # noqa: N802
    """Return D^0 … D^lmax of :func:`wigner_D`, at the price of the last one.

    >>> [d.shape for d in wigner_D_up_to(2, jnp.eye(3))]
    [(1, 1), (3, 3), (5, 5)]
    """
    largest, r = bounded_degree(lmax, "degree", LARGEST_RECURRED), _floating(rotation, "rotation")
    require_rotation_shape(r.shape)
    with jax.default_matmul_precision("highest"):
        return wigner_matrices(jnp, r, largest, lambda array: jnp.asarray(array, r.dtype))


def _floating(values: Array, name: str) -> Array:
    """Return an array of real floating numbers; integers and lists become JAX's default type."""
    try:
        array = jnp.asarray(values)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be an array of real numbers, got {quoted(values)}") from None
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise TypeError(f"{name} must be real floating, got {array.dtype}")
    return array
