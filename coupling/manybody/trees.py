"""Multiplets of products of powers, coupled one after another: orthogonal, with integer coefficients.

A block is a sequence of powers of different irreps, (degree, n) each.  Factors of different powers commute, or stand in
slots of their own, so the monomials of a block are all combinations of those of its powers, and multiplets that differ
in any partial result are orthogonal without further work.  Source: derivation ``many_body``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.manybody.integral import Integers, integer_product, primitive
from coupling.manybody.ladder import coefficients, highest_norm
from coupling.manybody.powers import power
from coupling.selection import doubled_triangle

#: (twice the degree, n) of each power of a block.
Shape = tuple[tuple[int, int], ...]


class Step(NamedTuple):
    """How one more power is coupled: which of its multiplets, the degree of the power and of the partial result."""

    number: int
    degree: int
    result: int


#: One step for each power of a block; the first has the degree of its power as its result.
Tree = tuple[Step, ...]


class Coupled(NamedTuple):
    """All multiplets of one degree in a block.

    trees    how each is coupled
    vectors  integers [multiplets, columns], divided powers of J₋ of the highest states
    columns  indices of the monomials in the block, ascending; the others belong to weights that were not requested
    norms    Π n! times the squared norm of each highest state, as a tensor
    """

    trees: tuple[Tree, ...]
    vectors: Integers
    columns: NDArray[np.int64]
    norms: tuple[int, ...]


@lru_cache(maxsize=4096)
def lowerings(shape: Shape, symmetry: str) -> NDArray[np.int64]:
    """Return by how much each monomial of a block lowers the highest weight.

    >>> lowerings(((2, 1), (2, 1)), "plain").tolist()
    [0, 1, 2, 1, 2, 3, 2, 3, 4]
    """
    last = power(*shape[-1], symmetry).lowering
    if len(shape) == 1:
        return last
    return np.add.outer(lowerings(shape[:-1], symmetry), last).ravel()


@lru_cache(maxsize=4096)
def block_degrees(shape: Shape, symmetry: str) -> tuple[int, ...]:
    """Return twice the degrees that occur in a block, ascending.

    >>> block_degrees(((2, 2), (2, 1)), "symmetric")
    (2, 4, 6)
    """
    own = sorted(power(*shape[-1], symmetry).degrees())
    if len(shape) == 1:
        return tuple(own)
    pairs = ((a, b) for a in block_degrees(shape[:-1], symmetry) for b in own)
    return tuple(sorted({c for a, b in pairs for c in range(abs(a - b), a + b + 1, 2)}))


@lru_cache(maxsize=1 << 14)
def coupled(shape: Shape, symmetry: str, degree: int, weights: int | None = None) -> Coupled:
    """Return the multiplets of a degree, doubled, of a block, in the order of the partial results.

    With weights only the monomials whose weight, doubled, is from this one to the degree are kept.

    >>> coupled(((2, 1), (2, 1)), "plain", 0)[1:]
    (array([[ 0,  0,  2,  0, -1,  0,  2,  0,  0]]), array([0, 1, 2, 3, 4, 5, 6, 7, 8]), (12,))
    """
    own = power(*shape[-1], symmetry)
    if len(shape) == 1:
        found = own.multiplets(degree)
        trees = tuple((Step(k, degree, degree),) for k in range(len(found.norms)))
        kept = _kept(shape, symmetry, degree, weights)
        return Coupled(trees, found.vectors[:, kept], kept, found.norms)
    pairs = [
        _pair(shape, symmetry, (a, b, degree), weights)
        for a in block_degrees(shape[:-1], symmetry)
        for b in sorted(own.degrees())
        if doubled_triangle(a, b, degree)
    ]
    vectors = np.concatenate([pair.vectors for pair in pairs])
    return Coupled(
        tuple(tree for pair in pairs for tree in pair.trees),
        vectors,
        pairs[0].columns,
        tuple(value for pair in pairs for value in pair.norms),
    )


@lru_cache(maxsize=4096)
def _kept(shape: Shape, symmetry: str, degree: int, weights: int | None) -> NDArray[np.int64]:
    """Return the monomials whose weight, doubled, is between two bounds."""
    s = lowerings(shape, symmetry)
    if weights is None:
        return np.arange(len(s))
    top = sum(twice * n for twice, n in shape)
    return np.flatnonzero((top - 2 * s <= degree) & (top - 2 * s >= weights))


@lru_cache(maxsize=4096)
def _gathered(shape: Shape, symmetry: str, kept: tuple[int, int] | None) -> tuple[NDArray[np.int64], ...]:
    """Return for each monomial kept its place in the block before, and in the last power."""
    columns = _kept(shape, symmetry, *(kept or (0, None)))
    return columns, *np.divmod(columns, len(power(*shape[-1], symmetry).lowering))


def _pair(shape: Shape, symmetry: str, degrees: tuple[int, int, int], weights: int | None) -> Coupled:
    """Return the multiplets of one degree from those of the block before and of the last power."""
    a, b, c = degrees
    before, own = coupled(shape[:-1], symmetry, a), power(*shape[-1], symmetry).multiplets(b)
    columns, left, right = _gathered(shape, symmetry, None if weights is None else (c, weights))
    factors = _factors(shape, symmetry, degrees, weights)
    vectors = integer_product(before.vectors[:, None, left], own.vectors[None, :, right], factors)
    vectors = vectors.reshape(-1, len(columns))
    trees = [(*tree, Step(k, b, c)) for tree in before.trees for k in range(len(own.norms))]
    norms = [x * y * highest_norm(*degrees) for x in before.norms for y in own.norms]
    top = sum(twice * n for twice, n in shape)
    highest = 2 * lowerings(shape, symmetry)[columns] == top - c
    vectors, divisors = primitive(vectors, vectors[:, highest])
    reduced = tuple(value // int(g) ** 2 for value, g in zip(norms, divisors, strict=True))
    return Coupled(tuple(trees), vectors, columns, reduced)


@lru_cache(maxsize=4096)
def _factors(shape: Shape, symmetry: str, degrees: tuple[int, int, int], weights: int | None) -> Integers:
    """Return the coefficient of each monomial that comes from the coupling of the last power."""
    a, b, c = degrees
    _, left, right = _gathered(shape, symmetry, None if weights is None else (c, weights))
    table = coefficients(*degrees)
    shift = (sum(twice * n for twice, n in shape[:-1]) - a) // 2
    i = lowerings(shape[:-1], symmetry)[left] - shift
    j = power(*shape[-1], symmetry).lowering[right] - (shape[-1][0] * shape[-1][1] - b) // 2
    inside = (i >= 0) & (i <= a) & (j >= 0) & (j <= b)
    return np.where(inside, table[np.clip(i, 0, a), np.clip(j, 0, b)], 0)
