"""Calls of the compiled tensor product: arrays as its kernels read them, and what is kept from one call to the next."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.kernels.jit import entry_point
from coupling.kernels.tensor_product import tensor_gradients, tensor_product
from coupling.portable import read_only
from coupling.products.tensor_tables import TensorTables

Array = NDArray[Any]


class KnownSamples(NamedTuple):
    """What follows from the shapes and types of x, y and weights: those of all samples, and the steps between them.

    shapes, batch : of x, y, weights and z with the leading axes that they have, and the number of samples
    steps : numbers from one sample to the next, 0 where all samples share one array
    dtype : of the arithmetic
    """

    shapes: tuple[tuple[int, ...], ...]
    batch: int
    steps: tuple[int, ...]
    dtype: Any

    @classmethod
    def of(cls, shapes: tuple[tuple[int, ...], ...], dim: int, dtype: Any) -> KnownSamples:
        """Return the samples of arrays [..., size] whose leading axes broadcast, and of z [..., dim].

        >>> KnownSamples.of(((2, 1, 4), (3, 5), (7,)), 9, np.dtype(float))[:3]
        (((2, 3, 4), (2, 3, 5), (7,), (2, 3, 9)), 6, (4, 5, 0, 9))
        """
        lead = np.broadcast_shapes(*(shape[:-1] for shape in shapes))
        wide = (*(shape if len(shape) == 1 else (*lead, shape[-1]) for shape in shapes), (*lead, dim))
        steps = (*(shape[-1] if len(shape) > 1 else 0 for shape in shapes), dim)
        return cls(wide, prod(lead), steps, dtype)

    def flat(self, value: Array, slot: int) -> Array:
        """Return an array as numbers of the type, one row for all samples or one for each after another."""
        flags = value.flags
        if value.dtype is self.dtype and flags.c_contiguous and flags.aligned and value.shape == self.shapes[slot]:
            return value.reshape(-1)
        copied = np.empty(self.shapes[slot], self.dtype)
        copied[...] = value
        return copied.reshape(-1)


class CompiledTensor:
    """The kernels of a tensor product of one type with its tables; work space is kept, of threads each has its own.

    >>> from coupling.products import TensorProduct
    >>> one = CompiledTensor(TensorProduct.full("1o", "1o", "0e").tables("float64"), np.dtype(float))
    >>> z = np.zeros(1)
    >>> one.run(3, (np.ones(3), np.ones(3), np.ones(0), z), (0, 0, 0, 0), 1)
    >>> z.round(6)
    array([1.732051])
    """

    def __init__(self, tables: TensorTables, dtype: Any) -> None:
        self.tables = tables.tables, tables.sizes
        self._made, self.dtype = tables, dtype
        self._entries: dict[Any, Callable[..., Any]] = {}
        self._spaces: list[Array] = []

    def run(self, slot: int, arrays: tuple[Array, ...], steps: tuple[int, ...], batch: int) -> None:
        """Add the product to z (slot 3), or the gradient in x, y or weights (0 … 2) to that array; all are flat."""
        if slot < 3:
            self.gradients(arrays, (arrays[slot],) * 3, 1 << slot, steps, batch)
        else:
            self._run(tensor_product, arrays, steps, batch, arrays[:3])

    def gradients(
        self, arrays: tuple[Array, ...], gradients: tuple[Array, ...], wanted: int, steps: tuple[int, ...], batch: int
    ) -> None:
        """Add gradients of Σ z · product to those of three flat arrays whose bits, 1, 2 and 4, are in ``wanted``."""
        self._run(tensor_gradients, (*arrays, *gradients, wanted), steps, batch, arrays)

    def _run(
        self, kernel: Any, given: tuple[Any, ...], steps: tuple[int, ...], batch: int, read: tuple[Array, ...]
    ) -> None:
        try:
            space = self._spaces.pop()
        except IndexError:
            space = self._made.space(self.dtype)
        entry = self._entries.get(kernel)
        if entry is None:
            types = [read_only(value) if n < len(read) else value for n, value in enumerate(given)]
            entry = self._entries[kernel] = entry_point(kernel, *types, steps, 0, *self.tables, space)
        entry(*given, steps, batch, *self.tables, space)
        self._spaces.append(space)
