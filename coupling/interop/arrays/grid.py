"""The Gaunt product and the bracket: to the values at points of the sphere, multiply there, and back."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.floating_point import default_rounding
from coupling.interop.arrays.product import AnyArray, ArrayProduct, Constants
from coupling.kernels.sphere_product import BRACKET, GAUNT
from coupling.products.reach import rows_of, runs
from coupling.products.spherical import Term, term, triple
from coupling.selection import one_of
from coupling.sphere import Grid, gauss_legendre, gradients, harmonics, lebedev

GRIDS = {"gauss_legendre": gauss_legendre, "lebedev": lebedev}


class OnGrid(ArrayProduct):
    """A product of functions on the sphere, by matrices [points, entries] of a grid of degree l1+l2+l3."""

    def __init__(self, lmax: tuple[int, int, int], one: Term, grid: str, layout: str) -> None:
        super().__init__(*lmax, layout)
        self.term = one.trimmed()
        self.masks = [rows_of(mask) for mask in one.reached]
        self._reached = [runs(mask) for mask in self.masks]
        make = GRIDS[one_of(grid, tuple(GRIDS), "grid")]
        with default_rounding():
            self.grid: Grid = make(sum(lmax))

    def turn(self) -> OnGrid:
        """Return the product (y, z) → x of the same trilinear form; it has the same grid."""
        l1, l2, l3 = self.lmax
        a, b, c = self.term.weights
        kind = Gaunt if self.term.kind == GAUNT else AntisymmetricGaunt
        return kind(l2, l3, l1, weights=(b, c, a), grid=self.grid.kind, layout=self.layout)

    def compute(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the product: of what a path reaches, and zeros for the rest."""
        x, y = (self.read(xp, value, reached) for value, reached in zip((x, y), self._reached, strict=False))
        if not any(there for *_, there in self._reached[2]):
            return self.filled(xp, x * y, self._reached[2])
        return self.filled(xp, self.apply(xp, constants[-1], self.at_points(xp, x, y, constants)), self._reached[2])

    @abstractmethod
    def at_points(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the product at the points of the grid, from the entries that are reached."""

    def analysis(self) -> NDArray[np.float64]:
        """Return the matrix [entries, points] that integrates with every harmonic of the output."""
        l3, (_, _, c) = self.lmax[2], self.term.weights
        values = (harmonics(l3, self.grid.theta, self.grid.phi) * _by_degree(c))[:, self.masks[2]]
        return np.ascontiguousarray((values * self.grid.weights[:, None]).T)


class Gaunt(OnGrid):
    """The Gaunt product of :class:`coupling.products.Gaunt`, as three matrix products, on arrays of any namespace:

        z[l3 m3] = Σ a(l1) b(l2) c(l3) ∫ R_l1m1 R_l2m2 R_l3m3 dΩ  x[l1 m1] y[l2 m2]

    weights: arrays (a, b, c) of lmax+1 numbers, default ones.  grid: "gauss_legendre", or "lebedev" with two thirds of
    its points, up to l1+l2+l3 = 131.  Arguments and features otherwise as there; what raises too.

    >>> product = Gaunt(1, 1, 2)
    >>> z = np.array([[0.0], [0.0], [1.0], [0.0]])  # R_10 = √(3/4π) cos θ
    >>> product(z, z)[[0, 6], 0].round(12)  # 1/√4π and 1/√5π
    array([0.28209479, 0.25231325])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        weights: Any = None,
        grid: str = "gauss_legendre",
        layout: str = "channels_last",
    ) -> None:
        lmax = triple(lmax_in1, lmax_in2, lmax_out)
        super().__init__(lmax, term(GAUNT, lmax, weights), grid, layout)

    def constants(self) -> Constants:
        """Return the matrices of x, of y and of z."""
        a, b, _ = self.term.weights
        inputs = (harmonics(l, self.grid.theta, self.grid.phi) for l in self.lmax[:2])
        each = zip(inputs, (a, b), self.masks, strict=False)
        return *((values * _by_degree(w))[:, mask] for values, w, mask in each), self.analysis()

    def at_points(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the product at the points."""
        return self.apply(xp, constants[0], x) * self.apply(xp, constants[1], y)


class AntisymmetricGaunt(OnGrid):
    """The bracket of :class:`coupling.products.AntisymmetricGaunt` by matrix products, on arrays of any namespace:

        z[l3 m3] = Σ a(l1) b(l2) c(l3) ∫ {R_l1m1, R_l2m2} R_l3m3 dΩ  x[l1 m1] y[l2 m2],    {f, g} = f_θ g_φ - f_φ g_θ

    with the components (∂θ, ∂φ/sin θ) of gradients.  Arguments as for :class:`Gaunt`.

    >>> x, y = np.zeros((2, 4, 1))
    >>> x[3], y[1] = 1, 1  # the coordinates x and y, times √(3/4π): {x, y} = z
    >>> AntisymmetricGaunt(1, 1, 1)(x, y)[:, 0].round(12) + 0.0
    array([0.        , 0.        , 0.48860251, 0.        ])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        weights: Any = None,
        grid: str = "gauss_legendre",
        layout: str = "channels_last",
    ) -> None:
        lmax = triple(lmax_in1, lmax_in2, lmax_out)
        super().__init__(lmax, term(BRACKET, lmax, weights), grid, layout)

    def constants(self) -> Constants:
        """Return the matrices of ∂θ and ∂φ/sin θ of x, those of y, and the matrix of z."""
        a, b, _ = self.term.weights
        inputs = (gradients(l, self.grid.theta, self.grid.phi) for l in self.lmax[:2])
        each = zip(inputs, (a, b), self.masks, strict=False)
        matrices = [(values * _by_degree(w))[..., mask] for values, w, mask in each]
        return *matrices[0], *matrices[1], self.analysis()

    def at_points(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the bracket at the points."""
        x_theta, x_phi, y_theta, y_phi, _ = constants
        one = self.apply(xp, x_theta, x) * self.apply(xp, y_phi, y)
        other = self.apply(xp, x_phi, x) * self.apply(xp, y_theta, y)
        return one - other


def _by_degree(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weight of the degree of each flat index."""
    return np.repeat(weight, 2 * np.arange(len(weight)) + 1)
