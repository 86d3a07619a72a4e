"""Tables of the loop kernels as arrays of numpy, made once and copied to the device once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.numbers.spins import diagonal, used_degrees
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.matrix_product import MatrixProduct

Array = NDArray[Any]


def sparse_arrays(product: ClebschGordan, dtype: np.dtype[Any]) -> tuple[Array, ...]:
    """Return (outputs, runs, left, right, values) of a sparse product; all but the last are uint32.

    z[k] = Σ_r x[left[r]] Σ_e values[e] y[right[e]] with r = outputs[k] … outputs[k+1]-1 and e = runs[r] … runs[r+1]-1.

    >>> outputs, runs, left, right, values = sparse_arrays(ClebschGordan(1, 1, 0), np.dtype("float32"))
    >>> outputs.tolist(), runs.tolist(), left.tolist(), right.tolist()
    ([0, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3], [0, 1, 2, 3])
    """
    index, coefficients = product.entries()
    i, j, k = index.T
    new = np.ones(len(index), bool)
    new[1:] = (k[1:] != k[:-1]) | (i[1:] != i[:-1])
    first = np.flatnonzero(new)
    places = np.searchsorted(k[first], np.arange(product.sizes[2] + 1)), np.append(first, len(index)), i[first], j
    outputs, runs, left, right = (np.ascontiguousarray(place, np.uint32) for place in places)
    return outputs, runs, left, right, coefficients.astype(dtype)


def matrix_arrays(product: MatrixProduct, dtype: np.dtype[Any]) -> tuple[Array, ...]:
    """Return (used, pairs, orders, tables) of a matrix product; all but the last are uint32.

    used [3]: the numbers of degrees in use; pairs [Q, 2]: all p <= q below n = 2j+1; orders [(lmax+1)², 3]: l, |m| and
    whether m > 0; tables [3, l, |m|, t]: for the three features the numbers along the diagonals, times weights.

    >>> used, pairs, orders, tables = matrix_arrays(MatrixProduct(1, 1, 3), np.dtype("float64"))
    >>> used.tolist(), len(pairs), orders[1:4].tolist(), tables.shape
    ([2, 2, 3], 6, [[1, 1, 0], [1, 0, 0], [1, 1, 1]], (3, 3, 3, 3))
    """
    n, used = round(2 * product.spin) + 1, np.array(used_degrees(*product.lmax))
    l = np.arange(product.lmax[2] + 1)
    l = np.repeat(l, 2 * l + 1)
    m = np.arange(len(l)) - l * l - l
    numbers = used + 1, np.argwhere(np.tri(n).T), np.column_stack([l, abs(m), m > 0])
    places = (np.ascontiguousarray(array, np.uint32) for array in numbers)
    return *places, _diagonals(product, n, used.tolist()).astype(dtype)


def _diagonals(product: MatrixProduct, n: int, used: list[int]) -> Array:
    """Return e_l(t) times weights; decoding counts the two orders of a pair, and the matrix comes doubled."""
    tables = np.zeros((3, max(used) + 1, max(used) + 1, n))
    for slot, lmax in enumerate(used):
        for l in range(lmax + 1):
            for m in range(l + 1):
                scale = (1.0 if m == 0 else np.sqrt(0.5)) * (0.5 if slot == 2 else 1.0)
                tables[slot, l, m, : n - m] = product.weights[slot][l] * scale * diagonal(l, m, n - 1)
    return tables
