"""What all products of features have in common.

A product is a trilinear form T(x, y, z) = Σ t[i, j, k] x[i] y[j] z[k] over the flat indices of three features, read as
a map from x and y to ∂T/∂z.  Every form here is invariant under rotations, and so is the form with its slots turned,
(x, y, z) → (y, z, x).  Derivatives of any order are therefore products again: with a cotangent g of the output,

    ∂/∂x = turn(y, g)        ∂/∂y = turn(turn)(g, x)        directional derivative: (dx, y) + (x, dy)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.indexing import flat_size
from coupling.selection import degrees, one_of

Features = NDArray[Any]

LAYOUTS = ("channels_last", "channels_first")


class Product(ABC):
    """A rotation-equivariant product of features x of degrees 0 … lmax[0] and y of degrees 0 … lmax[1].

    Features are float32 or float64 arrays [..., (lmax+1)², channels] with the flat index l²+l+m ("channels_last"), or
    [..., channels, (lmax+1)²] ("channels_first"); leading axes and channels broadcast.  The output has degrees
    0 … lmax[2].
    """

    def __init__(
        self, lmax_in1: object, lmax_in2: object, lmax_out: object, *, layout: str = "channels_last", workers: int = 1
    ) -> None:
        self.lmax = degrees(lmax_in1, lmax_in2, lmax_out)
        self.layout = one_of(layout, LAYOUTS, "layout")
        if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
            raise ValueError(f"workers must be an integer >= 1, got {workers!r}")
        self.workers = workers

    @abstractmethod
    def turn(self) -> Product:
        """Return the product (y, z) → x of the same trilinear form."""

    @abstractmethod
    def _compute(self, x: Features, y: Features, out: Features) -> None:
        """Write the product to out, not zeroed; all are C-contiguous [batch, (lmax+1)², channels] of one dtype."""

    def __call__(self, x: Features, y: Features) -> Features:
        """Return the product of x and y, in their common dtype."""
        first, second = self._feature(x, 0), self._feature(y, 1)
        dtype = np.result_type(first, second)
        lead = np.broadcast_shapes(first.shape[:-2], second.shape[:-2])
        channels = np.broadcast_shapes(first.shape[-1:], second.shape[-1:])
        out = np.empty((int(np.prod(lead)), flat_size(self.lmax[2]), *channels), dtype)
        self._compute(_batch(first, lead, channels, dtype), _batch(second, lead, channels, dtype), out)
        result = out.reshape(*lead, *out.shape[1:])
        return result if self.layout == "channels_last" else np.ascontiguousarray(np.swapaxes(result, -1, -2))

    def vjp(self, x: Features, y: Features, cotangent: Features) -> tuple[Features, Features]:
        """Return the gradients of Σ cotangent · (x, y) in x and in y, for x and y of one shape."""
        once = self.turn()
        return once(y, cotangent), once.turn()(cotangent, x)

    def jvp(self, x: Features, y: Features, dx: Features, dy: Features) -> Features:
        """Return the directional derivative (dx, y) + (x, dy)."""
        return self(dx, y) + self(x, dy)

    def _feature(self, value: Features, slot: int) -> Features:
        """Return a feature array in channels-last layout after checking it."""
        array = np.asarray(value)
        if array.dtype not in (np.float32, np.float64):
            raise TypeError(f"input {slot + 1} must be float32 or float64, got {array.dtype}")
        axis, size = (-2 if self.layout == "channels_last" else -1), flat_size(self.lmax[slot])
        if array.ndim < 2 or array.shape[axis] != size:
            raise ValueError(
                f"input {slot + 1} must have {size} = (lmax+1)² entries on axis {axis} for lmax {self.lmax[slot]}, "
                f"got shape {array.shape}"
            )
        return array if self.layout == "channels_last" else np.swapaxes(array, -1, -2)


def _batch(array: Features, lead: tuple[int, ...], channels: tuple[int, ...], dtype: np.dtype[Any]) -> Features:
    full = np.broadcast_to(array, (*lead, array.shape[-2], *channels))
    return np.ascontiguousarray(full, dtype).reshape(int(np.prod(lead)), array.shape[-2], *channels)
