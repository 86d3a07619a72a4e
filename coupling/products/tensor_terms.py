"""The terms of a tensor product as array operations, for numpy, torch and JAX alike.

Of an instruction with coefficient c, the block C [i, j, k] of its path and copies u, v, w as its mode says:

    M[.., v, i, k] = Σ_j c C[i, j, k] y[.., v, j]        P[.., uv, k] = Σ_i x[.., u, i] M[.., v, i, k]
    z[.., w, k] = Σ_uv W[.., u, v, w] P[.., uv, k]

so y is contracted once for all copies of x.  Where a degree is 0, the block is c/√(2l+1) times the unit matrix, and no
sum over orders is left.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.irreps import Irreps
from coupling.products.instructions import MODES, TensorPath, triangle_copies

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
    mode = path.mode
    if mode in OF_PAIRS:  # a product of copies of the same number, once both lists are those of the pairs
        first, second = triangle_copies(path.copies["u"])
        x, y = (x[..., first], y[..., second]) if last else (x[..., first, :], y[..., second, :])
        mode = OF_PAIRS[mode]
    own = SUBSCRIPTS[mode, last, weights is not None and weights.ndim > len(MODES[mode][2])]
    if mode == "uvw" and not path.degrees[1] and weights is not None:  # fewest operations: y with the weights first
        return xp.einsum(own.apply, x, xp.einsum(own.mix, _scalar(y, last), weights) * constant)
    if not path.degrees[0]:
        product = xp.einsum(own.scalar_x, _scalar(x, last), y) * constant
    elif not path.degrees[1]:
        product = xp.einsum(own.scalar_y, x, _scalar(y, last)) * constant
    else:
        product = xp.einsum(own.pair, x, xp.einsum(own.contract, y, constant))
    if weights is not None:
        return xp.einsum(own.weigh, product, weights)
    if own.copies == "w":  # one copy, a sum over all others
        total = xp.einsum(own.total, product)
        return total[..., None] if last else total[..., None, :]
    return product if own.as_it_is else xp.einsum(own.collect, product)


class Subscripts(NamedTuple):
    """The sums of a mode in the notation of ``einsum``.

    copies: the letters of the output's copies, and whether the products x y have these already.
    """

    copies: str
    as_it_is: bool
    scalar_x: str
    scalar_y: str
    contract: str
    pair: str
    mix: str
    apply: str
    weigh: str
    total: str
    collect: str


def subscripts(mode: str, last: bool, batch: bool) -> Subscripts:
    """Return the sums of a mode, for copies last or first, and weights with or without leading axes.

    >>> subscripts("uvu", True, False).pair, subscripts("uvu", False, True).weigh
    ('...iu,...vik->...kuv', '...uvk,...uv->...uk')
    """
    u, v, weight, out = MODES[mode]
    both, lead = u if u == v else u + v, "..." if batch else ""

    def axes(copies: str, order: str) -> str:
        return f"...{order}{copies}" if last else f"...{copies}{order}"

    return Subscripts(
        copies=out,
        as_it_is=out == both,
        scalar_x=f"{axes(u, '')},{axes(v, 'k')}->{axes(both, 'k')}",
        scalar_y=f"{axes(u, 'k')},{axes(v, '')}->{axes(both, 'k')}",
        contract=f"{axes(v, 'j')},ijk->...{v}ik",
        pair=f"{axes(u, 'i')},...{v}ik->{axes(both, 'k')}",
        mix=f"{axes('v', '')},{lead}uvw->...uw",
        apply=f"{axes('u', 'k')},...uw->{axes('w', 'k')}",
        weigh=f"{axes(both, 'k')},{lead}{weight}->{axes(out, 'k')}",
        total=f"{axes(both, 'k')}->...k",
        collect=f"{axes(both, 'k')}->{axes(out, 'k')}",
    )


#: Modes of the pairs u < v → of the copies that these are.
OF_PAIRS = {"uvu<v": "uuu", "u<vw": "uuw"}

#: The sums of all other modes; torch.compile reads a mapping, and no cache of a function.
SUBSCRIPTS = {
    key: subscripts(*key) for key in itertools.product(MODES, (False, True), (False, True)) if key[0] not in OF_PAIRS
}


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
    if isinstance(value, np.ndarray):
        return [value[..., end - size : end] for size, end in zip(sizes, itertools.accumulate(sizes), strict=True)]
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
