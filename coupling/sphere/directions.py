"""Directions: which angles and vectors are accepted, and how much rounding they may carry."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Angles = NDArray[np.float64]

#: Roundings of π, in the dtype of θ, by which θ may lie outside 0 … π; float32 π lies one half above π.
SLACK = 4


def real_numbers(values: ArrayLike, name: str) -> Angles:
    """Return real numbers of any dtype and byte order as a float64 array.

    Raises TypeError for what is not a real number (bool, complex, text), ValueError for NaN, infinity and what is
    beyond the range of float64.

    >>> real_numbers([1, 2], "phi"), real_numbers(np.array(0.5, ">f4"), "phi")
    (array([1., 2.]), array(0.5))
    """
    given = np.asarray(values)
    if given.dtype.kind not in "fiuO" or any(isinstance(v, bool | str | bytes) for v in _objects(given)):
        raise TypeError(f"{name} must be real numbers, got dtype {given.dtype}")
    with np.errstate(over="ignore"):
        numbers = given.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be finite, got {numbers[~np.isfinite(numbers)].flat[0]}")
    return numbers


def colatitude(theta: ArrayLike) -> Angles:
    """Return θ as float64 in 0 … π.

    What lies outside by at most 4 roundings of π in the dtype of theta (at least those of float64) is rounding and is
    moved to the pole: float32 π is larger than π.  What lies farther outside raises ValueError.

    >>> float(colatitude(np.float32(np.pi))) == np.pi
    True
    """
    angle, dtype = real_numbers(theta, "theta"), np.asarray(theta).dtype
    coarse = float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0
    slack = 2 * SLACK * max(coarse, float(np.finfo(np.float64).eps))
    outside = (angle < -slack) | (angle > np.pi + slack)
    if outside.any():
        raise ValueError(f"theta must lie in 0 ... pi, got {angle[outside].flat[0]}")
    return np.clip(angle, 0.0, np.pi) + 0.0


def broadcast_angles(theta: ArrayLike, phi: ArrayLike) -> tuple[Angles, Angles]:
    """Return θ in 0 … π and φ as float64 arrays of their common shape, or raise as :func:`colatitude`.

    >>> broadcast_angles(0, [0.5, 1.0])
    (array([0., 0.]), array([0.5, 1. ]))
    """
    t, f = np.broadcast_arrays(colatitude(theta), real_numbers(phi, "phi"))
    return t, f


def angles(vectors: ArrayLike) -> tuple[Angles, Angles]:
    """Return θ (0 … π) and φ (-π … π) of vectors [..., 3], float64; they need not have unit length.

    Lengths from 1e-300 to 1e300 are safe, and each component keeps its digits.  Raises ValueError for a vector of
    length zero, which has no direction, for NaN and infinity and for a last axis that has not three entries.

    >>> [float(a) for a in angles([0.0, 0.0, -2.0])] == [np.pi, 0.0]
    True
    """
    v = real_numbers(vectors, "vectors")
    if v.ndim == 0 or v.shape[-1] != 3:
        raise ValueError(f"vectors must have shape [..., 3], got {v.shape}")
    if not v.any(axis=-1).all():
        raise ValueError("vectors must not have length zero: the zero vector has no direction")
    x, y, z = np.moveaxis(v, -1, 0)
    return np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)


def _objects(given: NDArray[np.generic]) -> list[object]:
    return given.ravel().tolist() if given.dtype.hasobject else []
