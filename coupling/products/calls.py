"""Calls of a product with features of shapes and types that it has found valid before: nothing is checked again.

A call of a few rows takes longer in its checks than in the kernel.  What a check says depends on the shapes and types
of the features alone; layout in memory is looked at in every call, and what is not as kernels read it is copied.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.portable import Kept

Array = NDArray[Any]
Shape = tuple[int, ...]

#: Signatures that a product remembers; then it begins anew.
SIGNATURES = 64


class KnownCalls(Kept):
    """The calls that a product remembers, by the shapes and types of their features.

    >>> calls = KnownCalls()
    >>> [calls.remember(n, n) for n in range(SIGNATURES + 1)][-1], len(calls)
    (64, 1)
    """

    def remember(self, key: Any, call: Any) -> Any:
        """Keep a call, and return it."""
        if len(self) >= SIGNATURES:
            self.clear()
        self[key] = call
        return call


class KnownCall(NamedTuple):
    """What follows from the shapes and types of two features.

    last: whether channels are the last axis; axes: of entries, for each slot; broadcast: shapes of x, y and z with
    the leading axes and channels of all, channels last; flat: the same as [batch, entries, channels]; dtype: of all
    """

    last: bool
    axes: tuple[int, ...]
    broadcast: tuple[Shape, ...]
    flat: tuple[Shape, ...]
    dtype: Any

    @classmethod
    def of(cls, shapes: tuple[Shape, ...], lead: Shape, channels: int, dtype: Any, last: bool) -> KnownCall:
        """Return the call of a product with entries of some shapes, for checked features.

        >>> KnownCall.of(((4,), (4,), (9,)), (2, 5), 3, np.dtype(float), True).broadcast[2]
        (2, 5, 9, 3)
        """
        wide = tuple((*lead, *axes, channels) for axes in shapes)
        flat = tuple((prod(lead), prod(axes), channels) for axes in shapes)
        return cls(last, tuple(map(len, shapes)), wide, flat, dtype)

    def feature(self, value: Array, slot: int) -> Array:
        """Return a feature of the signature as C-contiguous [batch, entries, channels], copied where it is not so."""
        wanted, flat, flags = self.broadcast[slot], self.flat[slot], value.flags
        fits = value.dtype is self.dtype and self.last and flags.c_contiguous and flags.aligned
        if not fits or value.shape != wanted:
            given = value if self.last else self._channels_last(value, self.axes[slot])
            value = np.empty(wanted, self.dtype)
            value[...] = given
        return value if wanted == flat else value.reshape(flat)

    def shaped(self, out: Array) -> Array:
        """Return an output [batch, entries, channels] with its own axes, in the layout of the product."""
        wide, flat = self.broadcast[2], self.flat[2]
        value = out if wide == flat else out.reshape(wide)
        return value if self.last else np.ascontiguousarray(self._channels_first(value, self.axes[2]))

    @staticmethod
    def _channels_last(value: Array, axes: int) -> Array:
        for k in range(axes, 0, -1):
            value = value.swapaxes(-1 - k, -k)
        return value

    @staticmethod
    def _channels_first(value: Array, axes: int) -> Array:
        for k in range(1, axes + 1):
            value = value.swapaxes(-1 - k, -k)
        return value
