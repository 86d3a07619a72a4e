"""The cross product of vector fields, point by point: the definition, without a kernel."""

from __future__ import annotations

import numpy as np

from coupling.products import VectorSignal
from coupling.products.vector_fields import SHIFTS
from coupling.sphere import Grid, gauss_legendre, gradients, harmonics, vector_harmonics


def shifted_harmonics(lmax: int, theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """The real vector harmonics of all shifts [shift, component, point, l²+l+m]."""
    return np.stack([vector_harmonics(lmax, theta, phi, shift) for shift in SHIFTS])


def cross_product(lmax: tuple[int, ...], x: np.ndarray, y: np.ndarray, grid: Grid | None = None) -> np.ndarray:
    """z of vector harmonics, by quadrature at every point of a grid."""
    grid = grid or gauss_legendre(sum(lmax) + 3)
    first, second, third = (shifted_harmonics(l, grid.theta, grid.phi) for l in lmax)
    f = np.einsum("scpi,...siq->...cpq", first, x, optimize=True)
    g = np.einsum("scpi,...siq->...cpq", second, y, optimize=True)
    cross = np.cross(f, g, axis=-3) * grid.weights[:, None]
    return np.einsum("scpi,...cpq->...siq", third, cross, optimize=True)


def tensor(product: VectorSignal) -> np.ndarray:
    """t[i, j, k] of a product over its flat entries: the integral of three fields as ``fields`` defines them."""
    grid = gauss_legendre(sum(product.lmax) + 3)
    fields = []
    for l, f, w in zip(product.lmax, product.fields, product.weights, strict=True):
        value, (theta, phi) = harmonics(l, grid.theta, grid.phi), gradients(l, grid.theta, grid.phi)
        pure = np.stack([[theta, phi, 0 * value], [-phi, theta, 0 * value], [0 * value, 0 * value, value]])
        numbers = np.repeat((f * w).reshape(3, -1, l + 1), 2 * np.arange(l + 1) + 1, axis=2)
        fields.append(np.einsum("ksi,kcpi->cpsi", numbers, pure).reshape(3, len(grid), -1))
    first, second, third = fields
    cross = np.cross(first[..., None], second[:, :, None], axis=0) * grid.weights[:, None, None]
    return np.einsum("cpij,cpk->ijk", cross, third, optimize=True)
