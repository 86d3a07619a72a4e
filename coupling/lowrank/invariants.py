"""Tensors that a finite group of rotations leaves as they are, and the coupling tensors of paths among them.

A sum of whole orbits is such a tensor, and ⟨I, Σ g·(a⊗b⊗c)⟩ is the size of the orbit times ⟨I, a⊗b⊗c⟩: to compare a sum
with a target, the components of one term for each orbit are enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.lowrank.factors import Array
from coupling.lowrank.orbits import Symmetry
from coupling.lowrank.path_weights import whole_paths
from coupling.numbers.tabulation import tabulate
from coupling.selection import Path

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Invariants:
    """An orthonormal basis I [K, n, n, n] of the invariant tensors, the first ones unit sums of path tensors.

    classes: for each of these the paths of its sum, one path, or the cyclic turns of one; their weights are equal.
    """

    basis: Floats
    classes: tuple[tuple[Path, ...], ...]

    @property
    def lengths(self) -> Floats:
        """The norm of the sum of the paths of each class."""
        return np.sqrt([len(paths) for paths in self.classes])

    def components(self, a: Array, b: Array, c: Array) -> tuple[Array, tuple[Array, Array, Array]]:
        """Return ⟨I, a_m ⊗ b_m ⊗ c_m⟩ [K, m], and the derivatives in a, b and c, each [K, n, m]."""
        last = np.tensordot(self.basis, c, axes=([3], [0]))
        first = np.tensordot(self.basis, a, axes=([1], [0]))
        in_a, in_b = np.einsum("kijm,jm->kim", last, b), np.einsum("kijm,im->kjm", last, a)
        in_c = np.einsum("kjlm,jm->klm", first, b)
        return np.einsum("kim,im->km", in_a, a), (in_a, in_b, in_c)


def classes_of(lmax: int, parity: str, exchange: bool) -> tuple[tuple[Path, ...], ...]:
    """Return the paths in classes of equal weights: cyclic turns of each other with exchange, else each one alone.

    >>> classes_of(1, "all", True)
    (((0, 0, 0),), ((0, 1, 1), (1, 0, 1), (1, 1, 0)), ((1, 1, 1),))
    """
    met: dict[frozenset[Path], tuple[Path, ...]] = {}
    for a, b, c in whole_paths(lmax, parity):
        turns = {(a, b, c), (b, c, a), (c, a, b)} if exchange else {(a, b, c)}
        met[frozenset(turns)] = tuple(sorted(turns))
    return tuple(met.values())


def invariants(group: Symmetry, lmax: int, parity: str) -> Invariants:
    """Return the invariants of a group.

    >>> from coupling.lowrank.orbits import symmetry
    >>> found = invariants(symmetry("tetrahedral", 1, True), 1, "all")
    >>> found.basis.shape, len(found.classes)
    ((4, 4, 4, 4), 3)
    """
    n = (lmax + 1) ** 2
    exchange = bool(group.exchanges.any())
    classes = classes_of(lmax, parity, exchange)
    paths = np.zeros((len(classes), n, n, n))
    blocks = tabulate(CORE, lmax, parity=parity).blocks()
    for values, members in zip(paths, classes, strict=True):
        for path in members:
            values[tuple(slice(l * l, (l + 1) ** 2) for l in path)] = blocks[path] / np.sqrt(len(members))
    total = count_of_invariants(group)
    random = np.random.default_rng(0).standard_normal((total, n, n, n))
    every = np.concatenate([paths, mean_over(group, random)]).reshape(len(paths) + total, -1)
    basis = every[: len(paths)]
    rest = every[len(paths) :] - (every[len(paths) :] @ basis.T) @ basis
    _, s, vh = np.linalg.svd(rest, full_matrices=False)
    return Invariants(np.concatenate([basis, vh[s > 1e-8 * s.max(initial=1)]]).reshape(-1, n, n, n), classes)


def count_of_invariants(group: Symmetry) -> int:
    """Return the dimension of the invariant tensors: the mean of the traces."""
    traces = np.trace(group.matrices, axis1=1, axis2=2)
    cubes = np.einsum("gij,gjk,gki->g", group.matrices, group.matrices, group.matrices)
    return round(float(np.mean(np.where(group.exchanges == 0, traces**3, cubes))))


def mean_over(group: Symmetry, tensors: Floats) -> Floats:
    """Return the mean of the images of tensors [t, n, n, n] under a group."""
    total = np.zeros(tensors.shape)
    for matrix in group.matrices[group.exchanges == 0]:
        image = np.tensordot(tensors, matrix, axes=([1], [1]))  # t j k x
        image = np.tensordot(image, matrix, axes=([1], [1]))  # t k x y
        total += np.tensordot(image, matrix, axes=([1], [1]))
    if group.exchanges.any():
        total = (total + total.transpose(0, 2, 3, 1) + total.transpose(0, 3, 1, 2)) / 3
    return total / np.sum(group.exchanges == 0)
