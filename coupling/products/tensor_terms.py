"""The terms of a tensor product as array operations, for numpy, torch and JAX alike.

Of an instruction with coefficient c, the block C [i, j, k] of its path and copies u, v, w as its mode says:

    M[.., v, i, k] = Σ_j c C[i, j, k] y[.., v, j]        P[.., uv, k] = Σ_i x[.., u, i] M[.., v, i, k]
    z[.., w, k] = Σ_uv W[.., u, v, w] P[.., uv, k]

so y is contracted once for all copies of x.  Where a degree is 0, the block is c/√(2l+1) times the unit matrix, and no
sum over orders is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.irreps import Irreps
from coupling.products.instructions import MODES, TensorPath

Array = Any


def constant_of(path: TensorPath, block: NDArray[Any]) -> NDArray[np.float64] | float:
    """Return what a path multiplies with: its block, or one number where a degree of the inputs is 0.

    >>> from coupling.products.instructions import path_of
    >>> constant_of(path_of((0, 0, 0, "uvu"), Irreps("1o"), Irreps("0e"), Irreps("1o")), np.eye(3)[:, None])
    0.5773502691896258
    """
    l1, l2, l3 = path.degrees
    return np.ascontiguousarray(path.coefficient * block) if l1 and l2 else path.coefficient / sqrt(2 * l3 + 1)


def term(xp: Any, path: TensorPath, constant: Array, x: Array, y: Array, weights: Array | None, last: bool) -> Array:
    """Return the term of a path: x [.., u, i] or, with copies last, [.., i, u], and y and the output alike.

    weights: [*weight_shape], or [.., *weight_shape], or None

    >>> from coupling.products.instructions import path_of
    >>> path = path_of((0, 0, 0, "uvu"), Irreps("2x1o"), Irreps("0e"), Irreps("2x1o"))
    >>> term(np, path, 3.0, np.ones((2, 3)), np.ones((1, 1)), None, False).shape
    (2, 3)
    """
    u, v, weight, out = MODES[path.mode]
    pair = u if u == v else u + v

    def axes(copies: str, order: str) -> str:
        return f"...{order}{copies}" if last else f"...{copies}{order}"

    if (
        path.mode == "uvw" and not path.degrees[1] and weights is not None
    ):  # fewest operations: y with the weights first
        batch = "..." if weights.ndim > 3 else ""
        mixed = xp.einsum(f"{axes('v', '')},{batch}uvw->...uw", _scalar(y, last), weights) * constant
        return xp.einsum(f"{axes('u', 'k')},...uw->{axes('w', 'k')}", x, mixed)
    if not path.degrees[0]:
        product = xp.einsum(f"{axes(u, '')},{axes(v, 'k')}->{axes(pair, 'k')}", _scalar(x, last), y) * constant
    elif not path.degrees[1]:
        product = xp.einsum(f"{axes(u, 'k')},{axes(v, '')}->{axes(pair, 'k')}", x, _scalar(y, last)) * constant
    else:
        m = xp.einsum(f"{axes(v, 'j')},ijk->...{v}ik", y, constant)
        product = xp.einsum(f"{axes(u, 'i')},...{v}ik->{axes(pair, 'k')}", x, m)
    if weights is not None:
        batch = "..." if weights.ndim > len(weight) else ""
        return xp.einsum(f"{axes(pair, 'k')},{batch}{weight}->{axes(out, 'k')}", product, weights)
    if out == "w":  # one copy, a sum over all others
        total = xp.einsum(f"{axes(pair, 'k')}->...k", product)
        return total[..., None] if last else total[..., None, :]
    return product if out == pair else xp.einsum(f"{axes(pair, 'k')}->{axes(out, 'k')}", product)


def _scalar(value: Array, last: bool) -> Array:
    """Return a feature of degree 0 without the axis of its one order."""
    return value[..., 0, :] if last else value[..., 0]


def split_last(xp: Any, value: Array, sizes: Sequence[int]) -> Sequence[Array]:
    """Return neighbouring parts of the last axis; torch then collects the gradients of all parts at once.

    >>> [part.tolist() for part in split_last(np, np.arange(3), [1, 2])]
    [[0], [1, 2]]
    """
    if hasattr(value, "new_zeros"):
        parts: Sequence[Array] = value.split(list(sizes), -1)
        return parts
    found: Sequence[Array] = xp.split(value, np.cumsum(sizes)[:-1].tolist(), -1)
    return found[: len(sizes)]


def collected(xp: Any, irreps: Irreps, terms: Sequence[tuple[int, Array]], empty: Callable[[int], Array]) -> Array:
    """Return the outputs of all irreps, flat: the sums of the terms of each, zeros where there are none.

    >>> collected(np, Irreps("0e + 0o"), [(0, np.ones((5, 1))), (0, np.ones((5, 1)))], lambda n: np.zeros((5, n)))[0]
    array([2., 0.])
    """
    sums: list[Array] = [None] * len(irreps)
    for place, value in terms:
        sums[place] = value if sums[place] is None else sums[place] + value
    parts = [empty(one.dim) if found is None else found for found, one in zip(sums, irreps, strict=True)]
    return xp.concatenate([part for part, one in zip(parts, irreps, strict=True) if one.dim] or [empty(0)], -1)
