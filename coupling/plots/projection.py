"""Two maps of the sphere to the plane: the whole of it after Mollweide, and the half one sees of a globe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SQRT2 = np.sqrt(2.0)


@dataclass(frozen=True)
class Projection:
    """A map of unit vectors [..., 3] to the plane [..., 2], its inverse, and the half axes of the ellipse it fills.

    ``inverse`` takes points outside the ellipse to its rim; ``visible`` says which unit vectors are shown well.
    """

    forward: Callable[[Array], Array]
    inverse: Callable[[Array], Array]
    visible: Callable[[Array], NDArray[np.bool_]]
    width: float
    height: float

    def push(self, points: Array, vectors: Array, step: float = 1e-4) -> Array:
        """Return the images [..., 2] of small tangent vectors at points, divided by the step.

        >>> globe(0, 0).push(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])).round(6)
        array([1., 0.])
        """
        moved = points + step * vectors
        moved /= np.linalg.norm(moved, axis=-1, keepdims=True)
        return (self.forward(moved) - self.forward(points)) / step


def mollweide() -> Projection:
    """Return the equal-area map of Mollweide with φ = 0 in the middle, east to the right.

    Source: x = (2√2/π) φ cos t, y = √2 sin t with 2t + sin 2t = π cos θ (Snyder, Map Projections, 1987, p. 251).

    >>> mollweide().forward(np.array([[1.0, 0, 0], [0, 0, 1.0]])).round(12)
    array([[0.        , 0.        ],
           [0.        , 1.41421356]])
    """
    return Projection(_mollweide, _from_mollweide, _off_the_seam, 2 * SQRT2, SQRT2)


def _mollweide(r: Array) -> Array:
    right = np.pi * np.clip(r[..., 2], -1, 1)
    t = np.arcsin(np.clip(r[..., 2], -1, 1)) * 0.9
    for _ in range(12):  # Newton; at the poles, where the derivative vanishes, the answer is known
        slope = 2 + 2 * np.cos(2 * t)
        t = t - np.divide(2 * t + np.sin(2 * t) - right, slope, out=np.zeros_like(t), where=slope > 1e-9)
    t = np.where(abs(r[..., 2]) > 1 - 1e-12, np.sign(r[..., 2]) * np.pi / 2, t)
    phi = np.arctan2(r[..., 1], r[..., 0])
    return np.stack([2 * SQRT2 / np.pi * phi * np.cos(t), SQRT2 * np.sin(t)], -1)


def _from_mollweide(xy: Array) -> Array:
    t = np.arcsin(np.clip(xy[..., 1] / SQRT2, -1, 1))
    z = (2 * t + np.sin(2 * t)) / np.pi
    rim = np.maximum(2 * SQRT2 * np.cos(t), 1e-12)
    phi = np.pi * np.clip(xy[..., 0] / rim, -1, 1)
    rho = np.sqrt(np.maximum(1 - z * z, 0))
    return np.stack([rho * np.cos(phi), rho * np.sin(phi), z], -1)


def _off_the_seam(r: Array) -> NDArray[np.bool_]:
    return (abs(np.arctan2(r[..., 1], r[..., 0])) < 0.96 * np.pi) & (abs(r[..., 2]) < 0.985)


def globe(theta: float = 1.1, phi: float = 0.6) -> Projection:
    """Return the view of the sphere from far away in the direction (θ, φ), north up.

    >>> globe(np.pi / 2, 0).forward(np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])).round(12) + 0.0
    array([[0., 0.],
           [1., 0.],
           [0., 1.]])
    """
    turn = np.array([
        [-np.sin(phi), np.cos(phi), 0.0],
        [-np.cos(theta) * np.cos(phi), -np.cos(theta) * np.sin(phi), np.sin(theta)],
        [np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)],
    ])  # fmt: skip

    return Projection(partial(_flat, turn), partial(_from_flat, turn), partial(_in_front, turn), 1.0, 1.0)


def _flat(turn: Array, r: Array) -> Array:
    flat: Array = r @ turn[:2].T
    return flat


def _from_flat(turn: Array, xy: Array) -> Array:
    radius = np.maximum(np.linalg.norm(xy, axis=-1, keepdims=True), 1.0)
    flat = xy / radius
    towards = np.sqrt(np.maximum(1 - (flat**2).sum(-1, keepdims=True), 0))
    r: Array = np.concatenate([flat, towards], -1) @ turn
    return r


def _in_front(turn: Array, r: Array) -> NDArray[np.bool_]:
    towards: Array = r @ turn[2]
    return towards > 0.2


#: Names of the projections.
PROJECTIONS = {"mollweide": mollweide, "globe": globe}


def lattice(count: int) -> Array:
    """Return unit vectors [count, 3] that cover the sphere evenly: a Fibonacci lattice.

    >>> abs(lattice(1000).mean(axis=0)).max() < 1e-3
    np.True_
    """
    k = np.arange(count) + 0.5
    z, phi = 1 - 2 * k / count, np.pi * (3 - np.sqrt(5)) * k
    rho = np.sqrt(1 - z * z)
    return np.stack([rho * np.cos(phi), rho * np.sin(phi), z], -1)


def angles(r: Array) -> tuple[Array, Array]:
    """Return (θ, φ) of unit vectors [..., 3].

    >>> angles(np.array([0.0, 1.0, 0.0]))
    (np.float64(1.5707963267948966), np.float64(1.5707963267948966))
    """
    return np.arctan2(np.hypot(r[..., 0], r[..., 1]), r[..., 2]), np.arctan2(r[..., 1], r[..., 0])


def tangent(r: Array, along_theta: Array, along_phi: Array) -> Array:
    """Return the vectors [..., 3] with components (e_θ, e_φ) at unit vectors r.

    >>> tangent(np.array([1.0, 0.0, 0.0]), np.array(1.0), np.array(2.0)) + 0.0
    array([ 0.,  2., -1.])
    """
    theta, phi = angles(r)
    e_theta = np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), -np.sin(theta)], -1)
    e_phi = np.stack([-np.sin(phi), np.cos(phi), np.zeros_like(phi)], -1)
    return (along_theta[..., None] * e_theta + along_phi[..., None] * e_phi).round(15)
