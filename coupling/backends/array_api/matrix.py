"""The matrix product: features as complex n×n matrices in real numbers, one product of them, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.backends.array_api.product import AnyArray, ArrayProduct, Constants
from coupling.numbers.spins import diagonal
from coupling.products.matrix_product import MatrixProduct
from coupling.products.reach import rows_of, runs

Array = NDArray[np.float64]


class Matrix(ArrayProduct):
    """The product of :class:`coupling.products.MatrixProduct` by four matrix products.

    x becomes [Re X, Im X], n×2n, and y [[Re Y, Im Y], [-Im Y, Re Y]], so that one product of real matrices is
    [Re XY, Im XY]; z_lm = Re tr(T_lm XY) + Im tr(T_lm XY).

    >>> from coupling.products import MatrixProduct
    >>> x, y = np.zeros((2, 4, 1))
    >>> x[3], y[1] = 1, 1  # the vectors e_x and e_y, order y, z, x
    >>> Matrix(MatrixProduct(1, 1, 1))(x, y)[:, 0].round(12) + 0.0
    array([0.        , 0.        , 0.70710678, 0.        ])
    """

    product: MatrixProduct

    def __init__(self, product: MatrixProduct) -> None:
        super().__init__(product)
        self.masks = [rows_of(mask) for mask in product.reached]
        self._reached = [runs(mask) for mask in self.masks]

    def constants(self) -> Constants:
        """Return the matrices from x to n×2n numbers, from y to 2n×2n, and from n×2n to z."""
        n = int(2 * self.product.spin) + 1
        weights = zip(self.lmax, self.product.weights, strict=True)
        (re1, im1), (re2, im2), (re3, im3) = (operators(l, n, w) for l, w in weights)
        first = np.concatenate([re1, im1], axis=2)
        second = np.concatenate([np.concatenate([re2, im2], axis=2), np.concatenate([-im2, re2], axis=2)], axis=1)
        third = np.concatenate([np.swapaxes(re3 + im3, 1, 2), np.swapaxes(re3 - im3, 1, 2)], axis=2)
        made = [
            matrix.reshape(len(matrix), -1)[m] for matrix, m in zip((first, second, third), self.masks, strict=True)
        ]
        return made[0], made[1], made[2].T.copy()

    def compute(self, xp: Any, x: AnyArray, y: AnyArray, constants: tuple[AnyArray, ...]) -> AnyArray:
        """Return the product."""
        n = int(2 * self.product.spin) + 1
        x, y = (self.read(xp, value, reached) for value, reached in zip((x, y), self._reached, strict=False))
        if not any(there for *_, there in self._reached[2]):
            return self.filled(xp, x * y, self._reached[2])
        last = self.layout == "channels_last"
        x, y = (xp.matrix_transpose(value) if last else value for value in (x, y))
        left, right = xp.matmul(x, constants[0]), xp.matmul(y, constants[1])
        left = xp.reshape(left, (*left.shape[:-1], n, 2 * n))
        right = xp.reshape(right, (*right.shape[:-1], 2 * n, 2 * n))
        both = xp.matmul(left, right)
        z = xp.matmul(xp.reshape(both, (*both.shape[:-2], 2 * n * n)), constants[2])
        return self.filled(xp, xp.matrix_transpose(z) if last else z, self._reached[2])


def operators(lmax: int, n: int, weight: Array) -> tuple[Array, Array]:
    """Return real and imaginary parts [(lmax+1)², n, n] of the Hermitian matrices T_lm times the weight of l.

    Degrees l ≥ n have no matrix, and zeros stand for it.  With e_l(t) = ⟨t|T_lm|t+m⟩, the m-th diagonals of
    R = Re T + Im T are e_l, e_l for m > 0 and e_l, -e_l for its companion -m, over √2; see ``coupling.numbers.spins``.

    >>> real, imaginary = operators(1, 2, np.ones(2))
    >>> (real[1] + 1j * imaginary[1]).round(3) + 0.0  # σ_y/√2
    array([[0.+0.j   , 0.+0.707j],
           [0.-0.707j, 0.+0.j   ]])
    """
    both = np.zeros(((lmax + 1) ** 2, n, n))
    for l in range(min(lmax, n - 1) + 1):
        for m in range(l + 1):
            entries = weight[l] * diagonal(l, m, n - 1) * (np.sqrt(0.5) if m else 1.0)
            t = np.arange(n - m)
            for order, sign in ((m, 1), (-m, -1)) if m else ((0, 1),):
                both[l * l + l + order, t, t + m] = entries
                both[l * l + l + order, t + m, t] = sign * entries
    turned = np.swapaxes(both, 1, 2)
    return (both + turned) / 2, (both - turned) / 2
