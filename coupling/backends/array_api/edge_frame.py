"""The edge frame in the arrays of one framework: rotate, a layer for each order, rotate back.

    z = D(R)ᵀ S D(R) x        z_m = a_m x_m - b_m x_-m        z_-m = a_m x_-m + b_m x_m

R takes the edge to the pole; of D only the rows of orders to mmax are used.  S commutes with rotations about the edge,
so z is a smooth function of the edge in every direction, although R jumps where z changes its sign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from coupling.backends.array_api.rotations import isometry, recurred
from coupling.indexing import degree_slice
from coupling.products.edge_frame import EdgeFrame

Array = Any


class FrameConstants(NamedTuple):
    """Constants of an edge frame in the arrays of a framework.

    isometries : of the degrees 2, 3, …, for the recurrence of D; places : of the weights a and b, for each order
    """

    isometries: Sequence[Array]
    places: Sequence[tuple[Array, Array]]


class Framework(NamedTuple):
    """The functions of a framework, its own for values without a derivative, and constants in its arrays."""

    xp: Any
    fixed: Callable[[Array], Array]
    constants: FrameConstants


def edge_quaternions(xp: Any, vectors: Array, fixed: Callable[[Array], Array]) -> Array:
    """Return unit quaternions [..., 4] as :func:`coupling.sphere.edge_rotations`; NaN for the zero vector.

    >>> import numpy as np
    >>> edge_quaternions(np, np.array([0.0, 0.0, -2.0]), np.asarray)
    array([0., 1., 0., 0.])
    """
    size = abs(vectors)
    largest = xp.maximum(xp.maximum(size[..., 0], size[..., 1]), size[..., 2])[..., None]
    u = vectors / fixed(largest)  # of any length, so its derivative is not needed
    u = u / (u * u).sum(-1)[..., None] ** 0.5
    south = u[..., 2] < 0
    x, (y, z) = u[..., 0], (xp.where(south, -u[..., i], u[..., i]) for i in (1, 2))
    length = ((1 + z) ** 2 + x * x + y * y) ** 0.5
    w, i, j, zero = (1 + z) / length, y / length, -x / length, 0 * z
    turned = xp.stack([-i, w, zero, -j], -1)  # after a half turn about x
    return xp.where(south[..., None], turned, xp.stack([w, i, j, zero], -1))


class FrameProgram:
    """An edge frame as array operations; what follows from its degrees and orders alone is kept.

    >>> import numpy as np
    >>> program = FrameProgram(EdgeFrame(1, 1))
    >>> of = Framework(np, np.asarray, program.constants)
    >>> program(of, np.ones((2, 4, 3)), np.ones((2, 3)), np.ones((1, 6, 1))).shape
    (2, 4, 3)
    """

    def __init__(self, frame: EdgeFrame) -> None:
        self.lmax_in, self.lmax_out, self.mmax = frame.lmax_in, frame.lmax_out, frame.mmax
        self.orders = len(frame.places_by_order())
        isometries = [isometry(l) for l in range(2, max(self.lmax_in, self.lmax_out) + 1)]
        self.constants = FrameConstants(isometries, frame.places_by_order())

    def __call__(self, of: Framework, x: Array, vectors: Array, weights: Array) -> Array:
        """Return z [edges, (lmax_out+1)², channels] of weights [1 or edges, weight_count, 1 or channels]."""
        matrices = recurred(of.xp, edge_quaternions(of.xp, vectors, of.fixed), of.constants.isometries)
        rows = [d[..., max(0, l - self.mmax) : l + self.mmax + 1, :] for l, d in enumerate(matrices)]
        inside = [rows[l] @ x[:, degree_slice(l)] for l in range(self.lmax_in + 1)]
        layer = self.layer(of, inside, weights)
        back = [of.xp.einsum("emk,emc->ekc", rows[l], layer[l]) for l in range(self.lmax_out + 1)]
        return of.xp.concatenate(back, 1)

    def layer(self, of: Framework, inside: list[Array], weights: Array) -> list[Array]:
        """Return S x by degrees, rows of orders -k … k, k = min(l, mmax), as in x."""
        found: list[dict[int, Array]] = [{} for _ in range(self.lmax_out + 1)]
        for m in range(self.orders):
            for order, value in self._order(of, m, inside, weights):
                for l in range(m, self.lmax_out + 1):
                    found[l][order] = value[:, l - m]
        zero = 0 * inside[0][:, 0] * weights[:, 0]
        orders = [range(-min(l, self.mmax), min(l, self.mmax) + 1) for l in range(self.lmax_out + 1)]
        return [of.xp.stack([found[l].get(m, zero) for m in orders[l]], 1) for l in range(self.lmax_out + 1)]

    def _order(self, of: Framework, m: int, inside: list[Array], weights: Array) -> list[tuple[int, Array]]:
        """Return the orders m and -m of S x, [edges, lmax_out+1-m, channels]."""
        plus, minus = (
            of.xp.stack([inside[l][:, min(l, self.mmax) + order] for l in range(m, self.lmax_in + 1)], 1)
            for order in (m, -m)
        )
        a, b = (self._matrix(places, weights) / (2**0.5 if m else 1.0) for places in of.constants.places[m])
        if m == 0:
            return [(0, _times(of.xp, a, plus))]
        return [
            (m, _times(of.xp, a, plus) - _times(of.xp, b, minus)),
            (-m, _times(of.xp, a, minus) + _times(of.xp, b, plus)),
        ]

    @staticmethod
    def _matrix(places: Array, weights: Array) -> Array:
        """Return the matrix [1 or edges, l3, l1, 1 or channels] of an order."""
        found = weights[:, places.reshape(-1)]
        return found.reshape((weights.shape[0], *places.shape, weights.shape[2]))


def _times(xp: Any, matrix: Array, x: Array) -> Array:
    """Return Σ_b matrix[e, a, b, c] x[e, b, c], by matrix products where channels share a matrix."""
    if matrix.shape[-1] == 1:
        return matrix[..., 0] @ x
    return xp.einsum("eabc,ebc->eac", xp.broadcast_to(matrix, (x.shape[0], *matrix.shape[1:])), x)
