"""Orbits of outer products a⊗b⊗c under a finite group of rotations, with or without the cyclic exchange of slots.

An element (g, k) takes a⊗b⊗c to D_g of its factors, of which those of slots k, k+1, k+2 come first.  A term whose
stabiliser is H has an orbit of |G|/|H| terms; its factors are kept by H up to signs whose product is 1, so each lies
in a subspace.  :func:`orbit_kinds` lists the subgroups H up to conjugation, with all signs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from coupling.lowrank.factors import Array, Factors, congruence
from coupling.lowrank.point_groups import multiplication_table, point_group
from coupling.sphere.rotations import rotation_matrix

Floats = NDArray[np.float64]
Subgroup = frozenset[int]


@dataclass(frozen=True, eq=False)
class Symmetry:
    """A group as it acts on terms: matrices D [g, n, n], exchanges k [g] and the table of products [g, g]."""

    matrices: Floats
    exchanges: NDArray[np.int64]
    table: NDArray[np.int64]

    @property
    def order(self) -> int:
        """The number of elements."""
        return len(self.matrices)


@dataclass(frozen=True, eq=False)
class OrbitKind:
    """The terms of one kind of orbit: a, b, c are ``bases`` [n, d] times unknowns.

    bases: three, or one where an element with an exchange keeps the term; then b = ``turn`` a and c = ``turn`` b.
    elements: one for each term of the orbit.
    """

    size: int
    bases: tuple[Floats, ...]
    turn: Floats | None
    elements: tuple[int, ...]

    @property
    def unknowns(self) -> int:
        """The number of unknowns of a representative."""
        return sum(basis.shape[1] for basis in self.bases)

    @property
    def free(self) -> int:
        """The number of parameters of a term: unknowns without two scales that leave a product as it is."""
        return self.unknowns - (0 if self.turn is not None else 2)

    @property
    def cubes(self) -> bool:
        """Whether the three factors are one."""
        return self.turn is not None and np.allclose(self.turn @ self.bases[0], self.bases[0], atol=1e-9)

    def slots(self) -> tuple[Floats, Floats, Floats]:
        """Return the matrices [n, unknowns] that make a, b and c of the unknowns."""
        if self.turn is not None:
            first = self.bases[0]
            return first, self.turn @ first, self.turn @ self.turn @ first
        ends = np.cumsum([0, *(basis.shape[1] for basis in self.bases)])
        found = [np.zeros((len(basis), self.unknowns)) for basis in self.bases]
        for matrix, basis, lo, hi in zip(found, self.bases, ends[:-1], ends[1:], strict=True):
            matrix[:, lo:hi] = basis
        a, b, c = found
        return a, b, c


@cache
def symmetry(name: str, lmax: int, exchange: bool) -> Symmetry:
    """Return a group of rotations by its name, as it acts on degrees to lmax; exchange: with cyclic turns of the slots.

    >>> symmetry("tetrahedral", 1, True).order
    36
    """
    rotations = point_group(name)
    matrices = np.array([rotation_matrix(rotation, lmax) for rotation in rotations])
    turns = 3 if exchange else 1
    order, table = len(rotations) * turns, multiplication_table(rotations)
    g, k = np.divmod(np.arange(order), turns)
    every = table[g[:, None], g] * turns + (k[:, None] + k) % turns
    return Symmetry(matrices[g], k, every)


def turned_terms(group: Symmetry, element: int, factors: Factors) -> Factors:
    """Return what an element makes of a sum of terms."""
    matrix, k = group.matrices[element], int(group.exchanges[element])
    a, b, c = (matrix @ factors[(slot + k) % 3] for slot in range(3))
    return a, b, c


def subgroups(group: Symmetry) -> list[Subgroup]:
    """Return the subgroups with two generators at most, one of each class of conjugate ones.

    >>> sorted(map(len, subgroups(symmetry("octahedral", 0, False))))
    [1, 2, 2, 3, 4, 4, 4, 6, 8, 12, 24]
    """
    inverse = np.argmin(group.table, axis=1)  # the identity is element 0
    found: dict[Subgroup, None] = {}
    seen: set[Subgroup] = set()
    for pair in product(range(group.order), repeat=2):
        if pair[0] > pair[1]:
            continue
        one = closure(group, pair)
        if one in seen:
            continue
        elements = np.array(sorted(one))
        for g in range(group.order):
            seen.add(frozenset(group.table[group.table[g, elements], inverse[g]].tolist()))
        found[one] = None
    return list(found)


def closure(group: Symmetry, generators: tuple[int, ...]) -> Subgroup:
    """Return the subgroup that elements generate."""
    found = [0]
    for one in found:
        for new in (int(group.table[one, other]) for other in generators):
            if new not in found:
                found.append(new)
    return frozenset(found)


def signs_of(group: Symmetry, elements: list[int]) -> Iterator[dict[int, int]]:
    """Yield the homomorphisms of a subgroup to the signs ±1."""
    used: list[int] = []
    for element in elements:
        if element not in closure(group, tuple(used)):
            used.append(element)
    for chosen in product((1, -1), repeat=len(used)):
        found, queue = {0: 1}, [0]
        for one in queue:
            for other, sign in zip(used, chosen, strict=True):
                new = int(group.table[one, other])
                if new not in found:
                    found[new] = found[one] * sign
                    queue.append(new)
        if all(found[int(group.table[g, h])] == found[g] * found[h] for g in elements for h in used):
            yield found


def kept_space(group: Symmetry, signs: dict[int, int]) -> Floats:
    """Return an orthonormal basis [n, d] of the vectors with D_g v = ± v, the signs given."""
    mean = sum(sign * group.matrices[g] for g, sign in signs.items()) / len(signs)
    values, vectors = np.linalg.eigh((mean + mean.T) / 2)
    return np.ascontiguousarray(vectors[:, values > 0.5])


@cache
def orbit_kinds(name: str, lmax: int, exchange: bool) -> tuple[OrbitKind, ...]:
    """Return the kinds of orbits of terms under a group, the smallest orbits first.

    >>> kinds = orbit_kinds("tetrahedral", 1, True)
    >>> [(kind.size, kind.unknowns) for kind in kinds if kind.cubes]
    [(1, 1), (4, 2), (6, 2), (12, 4)]
    """
    group = symmetry(name, lmax, exchange)
    every = (kind for subgroup in subgroups(group) for kind in _kinds(group, subgroup))
    found = [kind for kind in every if _distinct(group, kind)]
    return tuple(sorted(found, key=lambda kind: (kind.size, -kind.unknowns)))


def _kinds(group: Symmetry, subgroup: Subgroup) -> Iterator[OrbitKind]:
    own = sorted(g for g in subgroup if group.exchanges[g] == 0)
    turning = next((g for g in sorted(subgroup) if group.exchanges[g] == 1), None)
    representatives = _representatives(group, subgroup)
    every = list(signs_of(group, own))
    if turning is not None:
        back = group.matrices[turning].T
        cube = int(group.table[group.table[turning, turning], turning])
        for signs in every:
            if signs[cube] == 1 and _three_times(group, turning, signs) and (basis := kept_space(group, signs)).size:
                yield OrbitKind(len(representatives), (basis,), back, representatives)
        return
    for first, second in product(every, repeat=2):
        third = {g: first[g] * second[g] for g in own}
        bases = tuple(kept_space(group, signs) for signs in (first, second, third))
        if all(basis.size for basis in bases):
            yield OrbitKind(len(representatives), bases, None, representatives)


def _distinct(group: Symmetry, kind: OrbitKind) -> bool:
    """Return whether the terms of an orbit differ: else a larger subgroup keeps them, and is another kind."""
    unknowns = np.random.default_rng(0).standard_normal(kind.unknowns)
    return kind.size == 1 or congruence(whole_orbit(group, kind, unknowns)) < 1 - 1e-9


def _three_times(group: Symmetry, turning: int, signs: dict[int, int]) -> bool:
    """Return whether the signs of an element in the three slots have the product 1 where slots are turned images."""
    inverse = np.argmin(group.table, axis=1)

    def conjugate(g: int) -> int:
        return int(group.table[group.table[turning, g], inverse[turning]])

    return all(signs[g] * signs[conjugate(g)] * signs[conjugate(conjugate(g))] == 1 for g in signs)


def _representatives(group: Symmetry, subgroup: Subgroup) -> tuple[int, ...]:
    """Return an element of each left coset."""
    elements, met, found = sorted(subgroup), set(), []
    for g in range(group.order):
        if g not in met:
            found.append(g)
            met.update(group.table[g, elements].tolist())
    return tuple(found)


def whole_orbit(group: Symmetry, kind: OrbitKind, unknowns: Array) -> Factors:
    """Return the terms of an orbit, three arrays [n, size], from the unknowns of its representative."""
    one: Factors = tuple((matrix @ unknowns)[:, None] for matrix in kind.slots())  # type: ignore[assignment]
    images = [turned_terms(group, element, one) for element in kind.elements]
    a, b, c = (np.concatenate(columns, axis=1) for columns in zip(*images, strict=True))
    return a, b, c
