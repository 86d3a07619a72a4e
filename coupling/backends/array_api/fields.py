"""Cross products of vector fields: to the components at points of the sphere, multiply there, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.backends.array_api.grid import GRIDS
from coupling.backends.array_api.product import AnyArray, ArrayProduct, Constants
from coupling.floating_point import default_rounding
from coupling.products.reach import runs
from coupling.products.vector_signal import VectorSignal
from coupling.selection import one_of
from coupling.sphere import Grid, gradients, harmonics

Array = NDArray[np.float64]


class Fields(ArrayProduct):
    """The product of :class:`coupling.products.VectorSignal`, by three matrices [points, entries] for each feature.

    They are the components along e_θ, e_φ and r; grid as in :class:`coupling.backends.array_api.grid.OnGrid`.

    >>> x, y = np.zeros((2, 3, 4, 1))
    >>> x[2, 0], y[2, 0] = 1, 1  # both fields are radial
    >>> float(abs(Fields(VectorSignal(1, 1, 1))(x, y)).max())
    0.0
    """

    product: VectorSignal

    def __init__(self, product: VectorSignal, grid: str = "gauss_legendre") -> None:
        super().__init__(product)
        sizes = [2 * np.arange(l + 1) + 1 for l in self.lmax]
        both = zip(product.reached, sizes, strict=True)
        self.masks = [np.repeat(mask, size, axis=-1).ravel() for mask, size in both]
        self._reached = [runs(mask) for mask in self.masks]
        make = GRIDS[one_of(grid, tuple(GRIDS), "grid")]
        with default_rounding():
            self.grid: Grid = make(sum(self.lmax) + 3)

    def turn(self) -> Fields:
        """Return the product (y, z) → x of the same trilinear form; it has the same grid."""
        return Fields(self.product.turn(), self.grid.kind)

    def constants(self) -> Constants:
        """Return the matrices of x, of y and of z."""
        x, y, z = (self._matrices(slot) for slot in range(3))
        analysis = [np.ascontiguousarray((m * self.grid.weights[:, None]).T) for m in z]
        return *x, *y, *analysis

    def compute(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the product: of what a path reaches, and zeros for the rest."""
        x, y = (self.read(xp, value, reached) for value, reached in zip((x, y), self._reached, strict=False))
        if not self.masks[2].any():
            return self.filled(xp, x * y, self._reached[2])
        f, g = ([self.apply(xp, m, value) for m in constants[k : k + 3]] for k, value in ((0, x), (3, y)))
        cross = (f[1] * g[2] - f[2] * g[1], f[2] * g[0] - f[0] * g[2], f[0] * g[1] - f[1] * g[0])
        first, second, third = (self.apply(xp, m, part) for m, part in zip(constants[6:], cross, strict=True))
        return self.filled(xp, first + second + third, self._reached[2])

    def _matrices(self, slot: int) -> list[Array]:
        """Return the components along e_θ, e_φ and r of what each entry stands for, [points, entries] each."""
        l, fields = self.lmax[slot], self.product.weighted[slot]
        value = harmonics(l, self.grid.theta, self.grid.phi)
        theta, phi = gradients(l, self.grid.theta, self.grid.phi)
        e, b, r = np.repeat(fields, 2 * np.arange(l + 1) + 1, axis=2)[:, :, None]
        parts = (e * theta - b * phi, e * phi + b * theta, r * value)  # [component, point, entry]
        return [np.moveaxis(part, 0, 1).reshape(len(value), -1)[:, self.masks[slot]] for part in parts]
