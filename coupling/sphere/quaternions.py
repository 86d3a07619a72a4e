"""Rotations as unit quaternions (w, x, y, z), from whatever they are given as.

A quaternion is cos(ω/2) + sin(ω/2) (n_x i + n_y j + n_z k) for the turn by ω about n, counterclockwise seen from its
tip; q and -q are the same rotation of space and differ by a sign in representations of half-integer degree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.foreign.convention import EULER
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.sphere.directions import real_numbers
from coupling.sphere.legendre import LONG, Long

#: Roundings by which R Rᵀ may differ from one.
ROUNDINGS = 64


def quaternions(rotation: ArrayLike, euler: object = None) -> Long:
    """Return unit quaternions [..., 4] as long double.

    rotation : quaternions [..., 4] of any length but zero, or rotation matrices [..., 3, 3], orthogonal to the rounding
        of their dtype; with ``euler`` the angles [..., 3] of R = R_a(α) R_b(β) R_c(γ), a turn by γ about axis c first
    euler : three of x, y, z, such as "zyz" or "yxy"

    Of a matrix the quaternion has w >= 0.  Raises TypeError or ValueError for what is no rotation, a reflection too.

    >>> quaternions([[0, -1, 0], [1, 0, 0], [0, 0, 1]]).astype(float).round(6)  # a quarter turn about z
    array([0.707107, 0.      , 0.      , 0.707107])
    >>> quaternions([0.0, np.pi, 0.0], euler="zyz").astype(float).round(6)
    array([0., 0., 1., 0.])
    """
    given = real_numbers(rotation, "rotation")
    if euler is not None:
        return _from_angles(given, one_of(euler, EULER, "euler"))
    if given.ndim >= 2 and given.shape[-2:] == (3, 3):
        return _from_matrices(nearest_rotations(rotation))
    if given.ndim == 0 or given.shape[-1] != 4:
        raise ValueError(
            "rotation must be quaternions [..., 4], matrices [..., 3, 3], or angles [..., 3] with euler, "
            f"got shape {given.shape}"
        )
    if not given.any(axis=-1).all():
        raise ValueError("rotation must not be the quaternion zero, which is no rotation")
    q = given.astype(LONG) / abs(given).max(axis=-1, keepdims=True)
    return q / np.sqrt((q * q).sum(-1, keepdims=True))


def multiply_quaternions(p: Any, q: Any) -> Any:
    """Return the product p q [..., 4], the rotation q followed by p.

    >>> multiply_quaternions(np.array([0, 1, 0, 0]), np.array([0, 0, 1, 0]))  # i j = k
    array([0, 0, 0, 1])
    """
    a, b, c, d = np.moveaxis(p, -1, 0)
    w, x, y, z = np.moveaxis(q, -1, 0)
    parts = (
        a * w - b * x - c * y - d * z,
        a * x + b * w + c * z - d * y,
        a * y - b * z + c * w + d * x,
        a * z + b * y - c * x + d * w,
    )
    return np.stack(parts, -1)


def euler_angles(q: Long) -> tuple[Long, Long, Long]:
    """Return α, β (0 … π), γ with R = R_z(α) R_y(β) R_z(γ) of unit quaternions, the sign of q included.

    >>> [float(angle) for angle in euler_angles(np.array([1.0, 0.0, 0.0, 0.0]))]
    [0.0, 0.0, 0.0]
    """
    w, x, y, z = np.moveaxis(q, -1, 0)
    half_sum, half_difference = np.arctan2(z, w), np.arctan2(-x, y)
    beta = 2 * np.arctan2(np.hypot(x, y), np.hypot(w, z))
    return half_sum + half_difference, beta, half_sum - half_difference


def nearest_rotations(rotation: ArrayLike, improper: bool = False) -> NDArray[np.float64]:
    """Return the orthogonal matrices [..., 3, 3] nearest to rotations given with the rounding of their dtype.

    >>> nearest_rotations(np.eye(3, dtype=np.float32)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    matrix, dtype = real_numbers(rotation, "rotation"), np.asarray(rotation).dtype
    slack = max(1e-12, ROUNDINGS * float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0)
    square = matrix.shape[-2:] == (3, 3)
    if not square or not (abs(matrix @ np.swapaxes(matrix, -1, -2) - np.eye(3)) <= slack).all():
        raise ValueError(f"rotation must be an orthogonal matrix [3, 3], got {quoted(matrix.tolist())}")
    if not improper and (np.linalg.det(matrix) < 0).any():
        raise ValueError(
            "rotation must have determinant 1; a reflection is -1 times a rotation, and -1 is (-1)^l on harmonics"
        )
    for _ in range(4):  # each step squares the deviation
        matrix = matrix @ (3 * np.eye(3) - np.swapaxes(matrix, -1, -2) @ matrix) / 2
    return matrix


def _from_angles(angles: NDArray[np.float64], sequence: str) -> Long:
    if angles.ndim == 0 or angles.shape[-1] != 3:
        raise ValueError(f"with euler, rotation must be angles [..., 3], got shape {angles.shape}")
    half = angles.astype(LONG) / 2
    result: Any = None
    for axis, angle in zip(sequence, np.moveaxis(half, -1, 0), strict=True):
        turn = np.zeros((*angle.shape, 4), LONG)
        turn[..., 0], turn[..., 1 + "xyz".index(axis)] = np.cos(angle), np.sin(angle)
        result = turn if result is None else multiply_quaternions(result, turn)
    return result


def _from_matrices(matrix: NDArray[np.float64]) -> Long:
    """Return the quaternions with w >= 0, each divided by its largest component, which is never small."""
    r = matrix.astype(LONG)
    xx, yy, zz = r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]
    squares = np.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz], -1)  # 4 q²
    wx, wy, wz = (r[..., b, a] - r[..., a, b] for a, b in ((1, 2), (2, 0), (0, 1)))  # 4 w x, …
    xy, yz, zx = (r[..., a, b] + r[..., b, a] for a, b in ((0, 1), (1, 2), (2, 0)))
    products = np.stack([wx, wy, wz, wx, xy, zx, wy, xy, yz, wz, zx, yz], -1).reshape(*wx.shape, 4, 3)
    table = np.zeros((*wx.shape, 4, 4), LONG)  # 4 q qᵀ
    for row in range(4):
        others = [column for column in range(4) if column != row]
        table[..., row, row], table[..., row, others] = squares[..., row], products[..., row, :]
    best = squares.argmax(-1)[..., None, None]
    q = np.take_along_axis(table, best, axis=-2)[..., 0, :]
    q = q / np.sqrt((q * q).sum(-1, keepdims=True))
    return np.where(q[..., :1] < 0, -q, q)
