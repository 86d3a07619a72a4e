"""The base of all array programs: shapes, types, and constants in the namespace of the inputs."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
from array_api_compat import (
    array_namespace,
    device,
    is_jax_array,
    is_jax_namespace,
    is_torch_array,
    is_torch_namespace,
)
from numpy.typing import NDArray

from coupling.floating_point import default_rounding
from coupling.portable import Kept, Portable
from coupling.products.product import Product

#: An array of any namespace: the standard has no type for it.
AnyArray = Any
Constants = tuple[NDArray[Any], ...]
Mask = NDArray[np.bool_]
#: Runs of entries and whether they are reached: see :func:`coupling.products.reach.runs`.
Runs = list[tuple[int, int, bool]]


class ArrayProduct(Portable, ABC):
    """A product of features of degrees 0 … lmax[0] and 0 … lmax[1] to degrees 0 … lmax[2], on arrays of any namespace.

    Features are [..., (lmax+1)², channels], flat index l²+l+m ("channels_last"), or [..., channels, (lmax+1)²]
    ("channels_first"), of real floating type; leading axes and channels broadcast, and types are promoted as the
    namespace does.  ``turn`` gives the product (y, z) → x of the same trilinear form, so that gradients are products:
    turn(y, g) in x and turn(turn)(g, x) in y, for a cotangent g of the output.

    >>> import numpy as np
    >>> from coupling.backends.array_api import Gaunt
    >>> product = Gaunt(1, 1, 2, layout="channels_first")
    >>> product(np.ones((5, 4)), np.ones((3, 1, 4))).shape, product.turn().lmax
    ((3, 5, 9), (1, 2, 1))
    """

    def __init__(self, product: Product) -> None:
        self.product = product
        self.lmax, self.layout, self.sizes = product.lmax, product.layout, product.sizes
        self._made = Kept()

    def turn(self) -> ArrayProduct:
        """Return the product (y, z) → x of the same trilinear form."""
        return type(self)(self.product.turn())

    @abstractmethod
    def constants(self) -> Constants:
        """Return what ``compute`` multiplies and indexes with: float64 and int64."""

    @abstractmethod
    def compute(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the product of features of one type, whose leading axes and channels need not be broadcast."""

    def __call__(self, x: AnyArray, y: AnyArray) -> AnyArray:
        """Return the product of x and y, in their common type."""
        xp, (x, y) = self.inputs(x, y)
        return self.shaped(xp, self.compute(xp, x, y, self.constants_like(xp, x)))

    def flat(self, x: AnyArray, y: AnyArray, *weights: AnyArray) -> AnyArray:
        """Return the product of features with one axis of entries, unchecked; so is the output."""
        xp = array_namespace(x, y)
        dtype = xp.result_type(x, y)
        x, y, *weights = (xp.astype(value, dtype, copy=False) for value in (x, y, *weights))  # type: ignore[assignment]
        return self.compute(xp, x, y, self.constants_like(xp, x), *weights)

    def inputs(self, *values: AnyArray) -> tuple[Any, list[AnyArray]]:
        """Return the namespace of features, and the features in their common type, after checking them."""
        xp = array_namespace(*values)
        for slot, value in enumerate(values):
            self._check(xp, value, slot)
        dtype = xp.result_type(*values)
        cast = (xp.astype(value, dtype, copy=False) for value in values)
        return xp, [self._flat(xp, value, slot) for slot, value in enumerate(cast)]

    def _flat(self, xp: Any, value: AnyArray, slot: int) -> AnyArray:
        """Return a feature with one axis of entries."""
        count = len(self.product.shapes[slot])
        if count == 1:
            return value
        lead, n = value.shape[: -1 - count], self.sizes[slot]
        last = self.layout == "channels_last"
        return xp.reshape(value, (*lead, n, value.shape[-1]) if last else (*lead, value.shape[-1 - count], n))

    def shaped(self, xp: Any, z: AnyArray) -> AnyArray:
        """Return an output, whose entries are one axis, with all its axes."""
        axes = self.product.shapes[2]
        if len(axes) == 1:
            return z
        last = self.layout == "channels_last"
        return xp.reshape(z, (*z.shape[:-2], *axes, z.shape[-1]) if last else (*z.shape[:-1], *axes))

    def _check(self, xp: Any, value: AnyArray, slot: int) -> None:
        if not xp.isdtype(value.dtype, "real floating"):
            raise TypeError(f"input {slot + 1} must be real floating, got {value.dtype}")
        self.product.require_entries(slot, tuple(value.shape))

    def constants_like(self, xp: Any, x: AnyArray) -> tuple[AnyArray, ...]:
        """Return the constants in the namespace, type and device of x."""
        return self._constants(xp.__name__, x.dtype, device(x), type(x))

    def _constants(self, namespace: str, dtype: Any, where: Any, kind: type) -> tuple[AnyArray, ...]:
        """Return the constants; they are kept unless they belong to the trace that goes on."""
        key = namespace, str(dtype), str(where), kind
        if key in self._made:
            return self._made[key]
        xp = import_module(namespace)
        with _outside_transforms(xp), default_rounding():
            made = tuple(_constant(xp, value, dtype, where) for value in self.constants())
        if all(map(_lasting, made)):
            self._made[key] = made
        return made

    #: What torch.compiler.assume_constant_result sets: torch.compile calls the method instead of reading it.
    _constants._dynamo_marked_constant = True  # type: ignore[attr-defined]

    def lanes(self, u: AnyArray, v: AnyArray) -> tuple[Any, ...]:
        """Return the shape to which leading axes and channels of rows [entries, ...] broadcast; it may be symbolic."""
        return tuple((u[:1, ...] * v[:1, ...]).shape[1:])

    def apply(self, xp: Any, matrix: AnyArray, x: AnyArray) -> AnyArray:
        """Return matrix [n, entries] times the entries of x."""
        if self.layout == "channels_last":
            return xp.matmul(matrix, x)
        return xp.matmul(x, xp.matrix_transpose(matrix))

    def read(self, xp: Any, x: AnyArray, reached: Runs) -> AnyArray:
        """Return the entries of x that are reached."""
        parts = [self._entries(x, start, end) for start, end, there in reached if there]
        if len(parts) == 1:
            return parts[0]
        return xp.concat(parts, axis=self._axis) if parts else self._entries(x, 0, 0)

    def filled(self, xp: Any, z: AnyArray, reached: Runs) -> AnyArray:
        """Return the feature whose entries that are reached are those of z, in order, and the others zero."""
        if all(there for *_, there in reached):
            return z
        parts, begin = [self._entries(z, 0, 0)], 0  # of nothing too: where no entry is reached, gradients are zeros
        for start, end, there in reached:
            begin, before = begin + (end - start if there else 0), begin
            parts.append(self._entries(z, before, begin) if there else self.zeros(xp, z, end - start))
        return xp.concat(parts, axis=self._axis)

    def zeros(self, xp: Any, like: AnyArray, entries: int) -> AnyArray:
        """Return zeros with the leading axes, channels, type and device of a feature."""
        shape = list(like.shape)
        shape[self._axis] = entries
        return xp.zeros(tuple(shape), dtype=like.dtype, device=device(like))

    def _entries(self, x: AnyArray, start: int, end: int) -> AnyArray:
        if (start, end) == (0, x.shape[self._axis]):
            return x
        return x[..., start:end, :] if self._axis == -2 else x[..., start:end]

    @property
    def _axis(self) -> int:
        return -2 if self.layout == "channels_last" else -1

    def rows(self, xp: Any, x: AnyArray, ndim: int) -> AnyArray:
        """Return x with the axis of entries first and ``ndim`` axes after it: [entries, ..., leading, channels]."""
        if self.layout == "channels_first":
            x = xp.matrix_transpose(x)
        n = x.ndim
        moved = xp.permute_dims(x, (n - 2, *range(n - 2), n - 1))
        return xp.reshape(moved, (moved.shape[0], *(1,) * (ndim + 1 - n), *moved.shape[1:]))

    def from_rows(self, xp: Any, rows: AnyArray) -> AnyArray:
        """Return features from [entries, leading, channels]."""
        n = rows.ndim
        last = xp.permute_dims(rows, (*range(1, n - 1), 0, n - 1))
        return last if self.layout == "channels_last" else xp.matrix_transpose(last)


def _constant(xp: Any, value: NDArray[Any], dtype: Any, where: Any) -> AnyArray:
    kind = dtype if value.dtype == np.float64 else xp.int32 if is_jax_namespace(xp) else xp.int64
    return xp.asarray(value if value.flags.writeable else value.copy(), dtype=kind, device=where)


def _lasting(array: AnyArray) -> bool:
    """Return whether an array can be used after the trace in which it was made."""
    return not is_jax_array(array) and (not is_torch_array(array) or type(array) is sys.modules["torch"].Tensor)


@contextmanager
def _outside_transforms(xp: Any) -> Iterator[None]:
    """Make arrays that belong neither to a transform of torch.func nor to inference mode."""
    if not is_torch_namespace(xp):
        yield
        return
    torch = sys.modules["torch"]
    with torch.inference_mode(False), torch._C._DisableFuncTorch():
        yield
