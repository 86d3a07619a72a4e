"""What all products of features have in common.

A product is a trilinear form T(x, y, z) = Σ t[i, j, k] x[i] y[j] z[k] over the flat indices of three features, read as
a map from x and y to ∂T/∂z.  Every form here is invariant under rotations, and so is the form with its slots turned,
(x, y, z) → (y, z, x).  Derivatives of any order are therefore products again: with a cotangent g of the output,

    ∂/∂x = turn(y, g)        ∂/∂y = turn(turn)(g, x)        directional derivative: (dx, y) + (x, dy)
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import cached_property
from types import FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.indexing import flat_size
from coupling.integers import count
from coupling.memory import native
from coupling.portable import Portable
from coupling.products.calls import KnownCall, KnownCalls
from coupling.selection import degrees, one_of

Features = NDArray[Any]

LAYOUTS = ("channels_last", "channels_first")


def require_entries(shape: Any, slot: int, axes: tuple[int, ...], name: str, layout: str) -> None:
    """Raise ValueError for the shape of an array that is no feature with these axes of entries, which have a name.

    >>> require_entries((5, 3), 0, (4,), "4 entries", "channels_last")
    Traceback (most recent call last):
    ValueError: input 1 must have 4 entries on axis -2, got shape (5, 3)
    """
    count, last = len(axes), layout == "channels_last"
    found = tuple(shape[-1 - count : -1] if last else shape[-count:])
    if len(shape) <= count or found != axes:
        place = " and ".join(str(k - count - last) for k in range(count))
        wanted = f"{name} on {'axis' if count == 1 else 'axes'} {place}"
        raise ValueError(f"input {slot + 1} must have {wanted}, got shape {tuple(shape)}")


class Product(Portable, ABC):
    """A rotation-equivariant product of features x of degrees 0 … lmax[0] and y of degrees 0 … lmax[1].

    Features are float32 or float64 arrays [..., (lmax+1)², channels] with the flat index l²+l+m ("channels_last"), or
    [..., channels, (lmax+1)²] ("channels_first"); leading axes and channels broadcast.  The output has degrees
    0 … lmax[2].  Arrays of another byte order are copied into that of this machine.  A product can be copied, pickled
    and sent to a worker, before and after use; see :mod:`coupling.portable`.

    >>> from coupling.products import ClebschGordan
    >>> product = ClebschGordan(1, 1, 2)
    >>> product(np.ones((5, 4, 64)), np.ones((4, 1))).shape, product.lmax, product.sizes
    ((5, 9, 64), (1, 1, 2), (4, 4, 9))
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Give a class that inherits its constructor one of its own name, which Python's messages tell."""
        super().__init_subclass__(**options)
        if "__init__" not in vars(cls):
            made: Any = cls.__init__
            own = FunctionType(made.__code__, made.__globals__, made.__name__, made.__defaults__, made.__closure__)
            own.__kwdefaults__, own.__annotations__ = made.__kwdefaults__, made.__annotations__
            own.__doc__, own.__module__ = made.__doc__, cls.__module__
            own.__qualname__ = f"{cls.__qualname__}.__init__"
            cls.__init__ = own  # type: ignore[method-assign]

    def __init__(
        self, lmax_in1: object, lmax_in2: object, lmax_out: object, *, layout: str = "channels_last", workers: int = 1
    ) -> None:
        l1, l2, l3 = degrees(lmax_in1, lmax_in2, lmax_out)
        self.lmax = l1, l2, l3
        self.layout = one_of(layout, LAYOUTS, "layout")
        self.workers = count(workers, "workers")
        self._calls = KnownCalls()

    def __repr__(self) -> str:
        """Name the kind, its largest degrees, and the paths and multiply-adds of a channel sample where it counts them.

        >>> from coupling.products import ClebschGordan, Gaunt, MatrixProduct
        >>> ClebschGordan(2, 2, 2, paths="odd")
        ClebschGordan(2, 2, 2 | 4 paths | 96 multiply-adds)
        >>> Gaunt(2, 2, 2)
        Gaunt(2, 2, 2 | 11 paths | weights of degrees | 170 multiply-adds)
        >>> MatrixProduct(2, 2, 2)
        MatrixProduct(2, 2, 2 | spin 1 | 15 paths | weights of degrees | 144 multiply-adds)
        """
        return f"{type(self).__name__}({' | '.join([', '.join(map(str, self.lmax)), *self._counts()])})"

    def _counts(self) -> list[str]:
        """Return what the text of the product counts: paths, weights, multiply-adds."""
        counts = [f"{len(self.paths)} paths"] if hasattr(self, "paths") else []
        return counts + ([f"{self.operations} multiply-adds"] if hasattr(self, "operations") else [])

    @abstractmethod
    def turn(self) -> Product:
        """Return the product (y, z) → x of the same trilinear form."""

    @abstractmethod
    def _compute(self, x: Features, y: Features, out: Features) -> None:
        """Write the product to out, not zeroed; all are C-contiguous [batch, (lmax+1)², channels] of one dtype."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of entries of x, y and z: (lmax+1)² for features of degrees 0 … lmax."""
        return tuple(flat_size(l) for l in self.lmax)

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The axes of the entries of x, y and z in an array of features: one each, unless a kind has more."""
        return tuple((size,) for size in self.sizes)

    def __call__(self, x: Features, y: Features) -> Features:
        """Return the product of x and y, in their common dtype."""
        (first, second), call = self._prepared(x, y)
        out = np.empty(call.flat[2], call.dtype)
        self._compute(first, second, out)
        return call.shaped(out)

    def _prepared(self, x: Features, y: Features) -> tuple[tuple[Features, Features], KnownCall]:
        """Return x and y as C-contiguous [batch, entries, channels] of one type, checked, and what else follows."""
        if type(x) is np.ndarray and type(y) is np.ndarray:
            key = x.shape, y.shape, x.dtype, y.dtype
            call = self._calls.get(key)
            if call is None:
                call = self._calls.remember(key, self._checked(x, y))
        else:
            x, y = np.asarray(x), np.asarray(y)
            call = self._checked(x, y)
        return (call.feature(x, 0), call.feature(y, 1)), call

    def _checked(self, *values: Features) -> KnownCall:
        """Return what follows from the shapes and types of features, or raise for those that do not fit."""
        given = [self._feature(value, slot) for slot, value in enumerate(values)]
        lead = np.broadcast_shapes(*(array.shape[:-2] for array in given))
        (channels,) = np.broadcast_shapes(*(array.shape[-1:] for array in given))
        last = self.layout == "channels_last"
        return KnownCall.of(self.shapes, lead, channels, np.result_type(*given), last)

    def vjp(self, x: Features, y: Features, cotangent: Features) -> tuple[Features, Features]:
        """Return the gradients of Σ cotangent · (x, y) in x and in y, for x and y of one shape."""
        once = self.turn()
        return once(y, cotangent), once.turn()(cotangent, x)

    def jvp(self, x: Features, y: Features, dx: Features, dy: Features) -> Features:
        """Return the directional derivative (dx, y) + (x, dy)."""
        return self(dx, y) + self(x, dy)

    def _broadcast(self, *values: Features) -> list[Features]:
        """Return the features of the first slots as C-contiguous [batch, entries, channels] of one type."""
        call = self._checked(*values)
        return [call.feature(np.asarray(value), slot) for slot, value in enumerate(values)]

    def _feature(self, value: Features, slot: int) -> Features:
        """Return a feature array in channels-last layout after checking it."""
        array = native(value)
        if array.dtype not in (np.float32, np.float64):
            raise TypeError(f"input {slot + 1} must be float32 or float64, got {array.dtype}")
        self.require_entries(slot, array.shape)
        axes, size = len(self.shapes[slot]), math.prod(self.shapes[slot])
        if self.layout == "channels_last":
            return array if axes == 1 else array.reshape(*array.shape[: -1 - axes], size, array.shape[-1])
        return np.swapaxes(array.reshape(*array.shape[:-axes], size), -1, -2)

    def require_entries(self, slot: int, shape: tuple[int, ...]) -> None:
        """Raise ValueError unless an array of this shape may be the feature of a slot."""
        require_entries(shape, slot, self.shapes[slot], self.size_name(slot), self.layout)

    def size_name(self, slot: int) -> str:
        """Return the number of entries of a slot, and why it is this, in words."""
        return f"{self.sizes[slot]} = (lmax+1)² entries for lmax {self.lmax[slot]}"
