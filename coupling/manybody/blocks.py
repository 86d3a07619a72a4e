"""The multiplets of one multiset, or sequence, of irreps, written in monomials of complex or real components.

Real components are those of real harmonics, for m > 0

    x_m = [x(-m) + (-1)^m x(m)]/√2        x_(-m) = i [x(-m) - (-1)^m x(m)]/√2
    x(-m) = (x_m - i x_(-m))/√2           x(m) = (-1)^m (x_m + i x_(-m))/√2

with the complex x(m).  Without the roots, monomials change in Gaussian integers.  The multiplet of degree L times
i^(L - Σl) is real in this sense: its component M = 0 is, and √2 (-1)^M times the real and the imaginary part of the
component M > 0 are those of M and -M.  Source: derivation ``real_basis``; :mod:`coupling.conventions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement
from itertools import product as sequences
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.irreps import Irrep
from coupling.manybody.integral import LIMIT, Integers, as_integers, largest_magnitude, primitive
from coupling.manybody.powers import power
from coupling.manybody.trees import Coupled, Shape, block_degrees, coupled, lowerings

Indices = NDArray[np.int64]


class Group(NamedTuple):
    """A power of one irrep of the list: its place in the list, the irrep, where its components begin, and n."""

    place: int
    irrep: Irrep
    start: int
    n: int


class MultipletBlock(NamedTuple):
    """The multiplets of one block.

    groups      the powers that are coupled
    multiplets  their trees; vectors and norms are those of complex components
    values      integers [multiplets, columns], each row primitive
    divisors    by which the rows were divided for that, positive
    norms       of each multiplet the squared norm of its highest state, with ν! if the slots are not plain
    component   order M of each column, doubled
    monomials   [columns, ν], flat indices of components, ascending unless the slots are in a plain order
    """

    groups: tuple[Group, ...]
    multiplets: Coupled
    values: Integers
    divisors: Integers
    norms: tuple[Fraction, ...]
    component: Indices
    monomials: Indices

    @property
    def shape(self) -> Shape:
        """The degrees, doubled, and powers."""
        return group_shape(self.groups)


def group_shape(groups: tuple[Group, ...]) -> Shape:
    """Return the degrees, doubled, and powers of groups.

    >>> group_shape((Group(0, Irrep(2, -1), 0, 2),))
    ((2, 2),)
    """
    return tuple((group.irrep.twice, group.n) for group in groups)


def groups_of(space: tuple[Irrep, ...], order: int, symmetry: str) -> Iterator[tuple[Group, ...]]:
    """Yield the blocks of a power: multisets of the irreps of the list, or sequences of them, in lexicographic order.

    >>> [[g.n for g in groups] for groups in groups_of((Irrep(0, 1), Irrep(2, -1)), 2, "symmetric")]
    [[2], [1, 1], [2]]
    """
    starts = np.cumsum([0, *(irrep.dim for irrep in space)]).tolist()
    places = range(len(space))
    if symmetry == "plain":
        for chosen in sequences(places, repeat=order):
            yield tuple(Group(i, space[i], starts[i], 1) for i in chosen)
        return
    for chosen in combinations_with_replacement(places, order):
        yield tuple(Group(i, space[i], starts[i], chosen.count(i)) for i in dict.fromkeys(chosen))


def reaches(groups: tuple[Group, ...], output: Irrep, symmetry: str) -> bool:
    """Return whether an irrep occurs in a block.

    >>> reaches((Group(0, Irrep(2, -1), 0, 2),), Irrep(2, 1), "symmetric")
    False
    """
    parity = 1
    for group in groups:
        parity *= group.irrep.parity**group.n
    if parity != output.parity:
        return False
    if symmetry == "antisymmetric" and any(group.n > group.irrep.dim for group in groups):
        return False
    return output.twice in block_degrees(group_shape(groups), symmetry)


def block_multiplets(groups: tuple[Group, ...], output: Irrep, symmetry: str, basis: str) -> MultipletBlock:
    """Return the multiplets of an irrep in a block, with the monomials of complex or real components.

    >>> found = block_multiplets((Group(0, Irrep(2, -1), 0, 2),), Irrep(0, 1), "symmetric", "real")
    >>> found.values, found.monomials.tolist()
    (array([[4, 1, 4]]), [[0, 0], [1, 1], [2, 2]])
    """
    shape, lowest = group_shape(groups), 0 if basis == "real" else -output.twice
    found = coupled(shape, symmetry, output.twice, lowest)
    places = lowered(shape, symmetry)[found.columns]
    top = sum(twice * n for twice, n in shape)
    orders = top - 2 * lowerings(shape, symmetry)[found.columns]
    change = _real if basis == "real" else _complex
    values, component, monomials = change(groups, found.vectors, orders, places, output.twice, symmetry)
    values, divisors = primitive(values, values)
    norms = tuple(Fraction(norm, int(g) ** 2) for norm, g in zip(found.norms, divisors, strict=True))
    return MultipletBlock(groups, found, values, divisors, norms, component, monomials)


@lru_cache(maxsize=1024)
def lowered(shape: Shape, symmetry: str) -> Indices:
    """Return k = l - m of every slot for the monomials of a block, [monomials, ν].

    >>> lowered(((0, 1), (2, 1)), "symmetric").tolist()
    [[0, 0], [0, 1], [0, 2]]
    """
    last = power(*shape[-1], symmetry).monomials
    if len(shape) == 1:
        return last
    before = lowered(shape[:-1], symmetry)
    return np.concatenate([np.repeat(before, len(last), 0), np.tile(last, (len(before), 1))], 1)


def _slots(groups: tuple[Group, ...]) -> tuple[Indices, Indices]:
    """Return for each slot twice its degree, and where its components begin."""
    twice = [group.irrep.twice for group in groups for _ in range(group.n)]
    start = [group.start for group in groups for _ in range(group.n)]
    return np.array(twice), np.array(start)


def _sorted(rows: Indices, symmetry: str) -> tuple[Indices, Indices]:
    """Return monomials with their factors in ascending order, and the sign of that; 0 where factors anticommute."""
    sign = np.ones(len(rows), np.int64)
    if symmetry == "plain":
        return rows, sign
    if symmetry == "antisymmetric":
        for i in range(rows.shape[1]):
            for j in range(i):
                sign *= np.sign(rows[:, i] - rows[:, j])
    return np.sort(rows, 1), sign


def keys(rows: Indices) -> Indices:
    """Return integers that have the lexicographic order of the rows.

    >>> keys(np.array([[1, 0], [0, 2], [1, 0]])).tolist()
    [3, 2, 3]
    """
    base = int(rows.max(initial=0)) + 1
    if base ** rows.shape[1] >= LIMIT:
        return np.unique(rows, axis=0, return_inverse=True)[1].ravel()
    key = np.zeros(len(rows), np.int64)
    for column in rows.T:
        key = key * base + column
    return key


Changed = tuple[Integers, Indices, Indices]


def _complex(
    groups: tuple[Group, ...], vectors: Integers, orders: Indices, places: Indices, top: int, symmetry: str
) -> Changed:
    twice, start = _slots(groups)
    rows, sign = _sorted(start + twice - places, symmetry)
    order = np.lexsort((keys(rows), orders))
    return vectors[:, order] * sign[order], orders[order], rows[order]


def _real(
    groups: tuple[Group, ...], vectors: Integers, orders: Indices, places: Indices, top: int, symmetry: str
) -> Changed:
    """Return the multiplets in real components: the complex ones of M >= 0, every monomial taken apart."""
    twice, start = _slots(groups)
    source, rows, phase = _taken_apart(twice // 2 - places, start + twice // 2)
    phase = (phase + (top - int(twice.sum())) // 2) % 4
    half = orders[source] // 2
    component = np.where(phase % 2 == 0, half, -half)
    rows, sign = _sorted(rows, symmetry)
    sign = sign * np.where(phase >= 2, -1, 1) * np.where(half % 2, -1, 1)
    meant = (sign != 0) & ((half > 0) | (phase % 2 == 0))
    return _summed(vectors, source[meant], sign[meant], 2 * component[meant], rows[meant])


def _taken_apart(m: Indices, middle: Indices) -> tuple[Indices, Indices, Indices]:
    """Return for complex monomials, orders m, their terms: which monomial, flat indices, and k of the factor i^k."""
    sources, rows, phases = [], [], []
    for signs in sequences((1, -1), repeat=m.shape[1]):
        chosen = np.array(signs)
        exists = np.flatnonzero(((chosen > 0) | (m != 0)).all(1))
        own = m[exists]
        sources.append(exists)
        rows.append(middle + chosen * abs(own))
        phases.append((np.where(own > 0, 2 * own + (chosen < 0), np.where(chosen < 0, 3, 0))).sum(1))
    return np.concatenate(sources), np.concatenate(rows), np.concatenate(phases)


def _summed(vectors: Integers, source: Indices, sign: Indices, component: Indices, rows: Indices) -> Changed:
    """Return the sums of terms of the same component and monomial, sorted by both."""
    key = keys(rows)
    order = np.lexsort((key, component))
    key, component = key[order], component[order]
    starts = np.flatnonzero(np.r_[True, (component[1:] != component[:-1]) | (key[1:] != key[:-1])])
    terms = as_integers(vectors, largest_magnitude(vectors) << rows.shape[1])[:, source[order]] * sign[order]
    return np.add.reduceat(terms, starts, axis=1), component[starts], rows[order[starts]]
