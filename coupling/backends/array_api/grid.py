"""Products on the sphere, and cross products of vector fields: to the values at points, multiply there, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.backends.array_api.product import AnyArray, ArrayProduct, Constants
from coupling.floating_point import default_rounding
from coupling.kernels.sphere_product import GAUNT
from coupling.products.reach import rows_of, runs
from coupling.products.spherical import Spherical, Term
from coupling.products.vector_signal import VectorSignal
from coupling.selection import one_of
from coupling.sphere import Grid, gauss_legendre, gradients, harmonics, lebedev

GRIDS: dict[str, Any] = {"gauss_legendre": gauss_legendre, "lebedev": lebedev}

Array = NDArray[np.float64]


class OnGrid(ArrayProduct):
    """A sum of Gaunt products and brackets, by matrices [points, entries] of a grid of degree l1+l2+l3:

        Gaunt product    f g
        bracket          {f, g} = f_θ g_φ - f_φ g_θ    from the components (∂θ, ∂φ/sin θ) of gradients

    grid: "gauss_legendre", or "lebedev" with two thirds of its points, up to l1+l2+l3 = 131.

    >>> from coupling.products import Gaunt
    >>> z = np.array([[0.0], [0.0], [1.0], [0.0]])  # R_10 = √(3/4π) cos θ
    >>> OnGrid(Gaunt(1, 1, 2), "lebedev")(z, z)[[0, 6], 0].round(12)  # 1/√4π and 1/√5π
    array([0.28209479, 0.25231325])
    """

    product: Spherical

    def __init__(self, product: Spherical, grid: str = "gauss_legendre") -> None:
        super().__init__(product)
        self.masks = [rows_of(mask) for mask in product.reached]
        self._reached = [runs(mask) for mask in self.masks]
        make = GRIDS[one_of(grid, tuple(GRIDS), "grid")]
        with default_rounding():
            self.grid: Grid = make(sum(self.lmax))
        self.terms = [one for term in product.terms if term.reached[2].any() for one in term.trimmed().by_class()]

    def turn(self) -> OnGrid:
        """Return the product (y, z) → x of the same trilinear form; it has the same grid."""
        return OnGrid(self.product.turn(), self.grid.kind)

    def constants(self) -> Constants:
        """Return for each term the matrices of x, of y and of z: of gradients two, ∂θ and ∂φ/sin θ."""
        return tuple(matrix for term in self.terms for matrix in self._matrices(term))

    def compute(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the product: of what a path reaches, and zeros for the rest."""
        x, y = (self.read(xp, value, reached) for value, reached in zip((x, y), self._reached, strict=False))
        if not self.terms:
            return self.filled(xp, x * y, self._reached[2])
        total, at = None, 0
        for term in self.terms:
            count = 3 if term.kind == GAUNT else 5
            *inputs, analysis = constants[at : at + count]
            z = self.apply(xp, analysis, self._at_points(xp, x, y, inputs))
            total, at = z if total is None else total + z, at + count
        return self.filled(xp, total, self._reached[2])

    def _at_points(self, xp: Any, x: AnyArray, y: AnyArray, matrices: list[AnyArray]) -> AnyArray:
        """Return a term at the points of the grid."""
        if len(matrices) == 2:
            return self.apply(xp, matrices[0], x) * self.apply(xp, matrices[1], y)
        x_theta, x_phi, y_theta, y_phi = matrices
        one = self.apply(xp, x_theta, x) * self.apply(xp, y_phi, y)
        return one - self.apply(xp, x_phi, x) * self.apply(xp, y_theta, y)

    def _matrices(self, term: Term) -> list[Array]:
        """Return the matrices of x and y, and the one that integrates with every harmonic of the output."""
        functions = harmonics if term.kind == GAUNT else gradients
        inputs: list[Array] = []
        for l, weight, mask in zip(self.lmax[:2], term.weights, self.masks, strict=False):
            values = np.asarray(functions(l, self.grid.theta, self.grid.phi)) * _by_degree(weight)
            inputs.extend(values[..., mask] if values.ndim > 2 else [values[:, mask]])
        third = harmonics(self.lmax[2], self.grid.theta, self.grid.phi) * _by_degree(term.weights[2])
        analysis = third[:, self.masks[2]] * self.grid.weights[:, None]
        return [*inputs, np.ascontiguousarray(analysis.T)]


def _by_degree(weight: Array) -> Array:
    """Return the weight of the degree of each flat index."""
    return np.repeat(weight, 2 * np.arange(len(weight)) + 1)


class Fields(ArrayProduct):
    """The product of :class:`coupling.products.VectorSignal`, by three matrices [points, entries] for each feature.

    They are the components along e_θ, e_φ and r; grid as in :class:`OnGrid`.

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
