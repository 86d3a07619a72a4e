"""The Vector Signal Tensor Product: pointwise cross product of vector-valued signals on the sphere.

This is the general operation of the literature, written plainly.  The odd paths of a Clebsch-Gordan product need none
of its generality: :class:`coupling.products.AntisymmetricGaunt` is the one component of it that reaches them all.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from coupling.memory import native
from coupling.products.product import Features
from coupling.selection import degree, degrees, triangle
from coupling.sphere import Grid, gauss_legendre, gradients, harmonics

#: Shifts L - l of the vector harmonics Y^L_lm, in the order of their axis.
SHIFTS = (-1, 0, 1)


def vector_harmonics(lmax: object, grid: Grid) -> NDArray[np.float64]:
    """Return the real orthonormal vector harmonics [shift, component, point, l²+l+m]; components (e_θ, e_φ, r).

        shift -1: (∇R + l r R)/√(l(2l+1))    0: r×∇R/√(l(l+1))    +1: (∇R - (l+1) r R)/√((l+1)(2l+1))

    Those that do not exist, shifts -1 and 0 of l = 0, are zero.  The Cartesian components of shift s are harmonics of
    degree l+s.  Source: derivation ``vector_harmonics``, steps 2 to 5.

    >>> from coupling.sphere import gauss_legendre
    >>> vector_harmonics(2, gauss_legendre(6)).shape
    (3, 3, 28, 9)
    """
    l_max = degree(lmax, "lmax")
    l = np.repeat(np.arange(l_max + 1.0), 2 * np.arange(l_max + 1) + 1)
    value = harmonics(l_max, grid.theta, grid.phi)
    theta, phi = gradients(l_max, grid.theta, grid.phi)
    exists = np.maximum(l, 1)
    lower = np.stack([theta, phi, l * value]) / np.sqrt(exists * (2 * l + 1))
    turned = np.stack([-phi, theta, 0 * value]) / np.sqrt(exists * (l + 1))
    upper = np.stack([theta, phi, -(l + 1) * value]) / np.sqrt((l + 1) * (2 * l + 1))
    return np.stack([lower, turned, upper])


def reached_fields(lmax: tuple[int, ...]) -> list[NDArray[np.bool_]]:
    """Return masks [shift, l²+l+m] of the vector harmonics of x, y and z that a path of the cross product reaches.

    With L = l + shift, a path has (l1, l2, l3) and (L1, L2, L3) that satisfy the triangle rule, L1+L2+L3 even, and not
    two equal vector harmonics at even l+L of the third, where the 9j symbol of l, L and 1 vanishes.

    >>> [mask.any(axis=1).tolist() for mask in reached_fields((0, 0, 2))]  # two radial fields
    [[False, False, False], [False, False, False], [False, False, False]]
    """
    fields = [[(s, l) for s in range(3) for l in range(top + 1) if l or s == 2] for top in lmax]
    masks = [np.zeros((3, top + 1), bool) for top in lmax]
    for path in product(*fields):
        if _couple(*((l, l + SHIFTS[s]) for s, l in path)):
            for mask, place in zip(masks, path, strict=True):
                mask[place] = True
    return [np.repeat(mask, 2 * np.arange(mask.shape[1]) + 1, axis=1) for mask in masks]


def _couple(*fields: tuple[int, int]) -> bool:
    """Return whether three vector harmonics (l, L) may have a cross product: all signs of 9j{l; L; 1} allow it."""
    (l1, k1), (l2, k2), (l3, k3) = fields
    equal = any(fields[i] == fields[j] and sum(fields[3 - i - j]) % 2 == 0 for i, j in ((0, 1), (0, 2), (1, 2)))
    return triangle(l1, l2, l3) and triangle(k1, k2, k3) and (k1 + k2 + k3) % 2 == 0 and not equal


class VectorSignal:
    """The cross product f × g of two vector fields on the sphere, from and to vector harmonics.

        z[s3, l3 m3] = ∫ Y^{l3+s3}_{l3m3} · (f × g) dΩ,    f = Σ x[s, l m] Y^{l+s}_{lm},  g likewise from y

    Features are [..., 3, (lmax+1)², channels], float32 or float64, with the shifts -1, 0, 1 on the third axis from the
    end; leading axes and channels broadcast.  Integration on a Gauss-Legendre grid, exact up to rounding.  Outputs that
    no path reaches (:func:`reached_fields`) are exactly zero, and inputs that none reaches are not read.  Source:
    Y. Xie, A. Daigavane, M. Kotak, T. Smidt, arXiv 2602.21466.

    >>> import numpy as np
    >>> x, y = np.zeros((2, 3, 4, 1))
    >>> x[2, 0], y[2, 0] = 1, 1  # both fields are radial
    >>> float(abs(VectorSignal(1, 1, 1)(x, y)).max())
    0.0
    """

    def __init__(self, lmax_in1: object, lmax_in2: object, lmax_out: object) -> None:
        self.lmax = degrees(lmax_in1, lmax_in2, lmax_out)
        grid = gauss_legendre(sum(self.lmax) + 3)
        self._fields = [vector_harmonics(l, grid) for l in self.lmax]
        self._weights = grid.weights[:, None]
        self.reached = reached_fields(self.lmax)

    def __call__(self, x: Features, y: Features) -> Features:
        """Return the product of x and y, in their common dtype."""
        x, y = (self._checked(value, slot) for slot, value in enumerate((x, y)))
        dtype = np.result_type(x, y)
        first, second, third = (f.astype(dtype) for f in self._fields)
        x, y = (np.where(mask[..., None], value, 0) for value, mask in zip((x, y), self.reached, strict=False))
        f = np.einsum("scpi,...siq->...cpq", first, x, optimize=True)
        g = np.einsum("scpi,...siq->...cpq", second, y, optimize=True)
        cross = np.cross(f, g, axis=-3) * self._weights.astype(dtype)
        z = np.einsum("scpi,...cpq->...siq", third, cross, optimize=True)
        return np.where(self.reached[2][..., None], z, z.dtype.type(0))

    def _checked(self, value: Features, slot: int) -> Features:
        array, size = native(value), (self.lmax[slot] + 1) ** 2
        if array.dtype not in (np.float32, np.float64):
            raise TypeError(f"input {slot + 1} must be float32 or float64, got {array.dtype}")
        if array.ndim < 3 or array.shape[-3:-1] != (3, size):
            raise ValueError(f"input {slot + 1} must have shape [..., 3, {size}, channels], got {array.shape}")
        return array
