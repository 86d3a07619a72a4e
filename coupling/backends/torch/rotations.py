"""Wigner D for torch: polynomials of a unit quaternion, with derivatives of any order at every rotation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from coupling.backends.array_api.rotations import LARGEST_RECURRED, require_rotation_shape, wigner_matrices
from coupling.quoted import quoted
from coupling.sphere.legendre import bounded_degree


def wigner_D(l: int, rotation: Tensor) -> Tensor:  # noqa: N802
    """Return D^l(R) [..., 2l+1, 2l+1] in the real basis, as :func:`coupling.wigner_D`.

    rotation : quaternions (w, x, y, z) [..., 4] of any length but zero, or rotation matrices [..., 3, 3]
    Polynomials in the quaternion over its length, or in the entries of the matrix, so smooth: Hessians at the identity
    and at every other rotation are finite and symmetric.  l <= 100; the error is at most (l+1)² roundings of the dtype,
    float32 or float64.  Values are not checked: a matrix that is no rotation gives a polynomial of its entries.  Raises
    TypeError or ValueError for other arguments.  Source: :mod:`coupling.backends.array_api.rotations`.

    >>> wigner_D(1, torch.tensor([1.0, 0.0, 0.0, 1.0]))  # x → y → -x, in the order y, z, x
    tensor([[ 0.,  0.,  1.],
            [ 0.,  1.,  0.],
            [-1.,  0.,  0.]])
    """
    return wigner_D_up_to(l, rotation)[-1]


def wigner_D_up_to(lmax: int, rotation: Tensor) -> list[Tensor]:  # noqa: N802
    """Return D^0 … D^lmax of :func:`wigner_D`, at the price of the last one.

    >>> [d.shape[-1] for d in wigner_D_up_to(2, torch.eye(3))]
    [1, 3, 5]
    """
    largest = bounded_degree(lmax, "degree", LARGEST_RECURRED)
    if not isinstance(rotation, Tensor) or rotation.dtype not in (torch.float32, torch.float64):
        given = rotation.dtype if isinstance(rotation, Tensor) else type(rotation).__name__
        raise TypeError(f"rotation must be a tensor of float32 or float64, got {quoted(str(given))}")
    require_rotation_shape(tuple(rotation.shape))
    return wigner_matrices(torch, rotation, largest, lambda array: _like(array, rotation))


def _like(array: Any, other: Tensor) -> Tensor:
    return torch.tensor(array, dtype=other.dtype, device=other.device)
