"""How many paths a product on the sphere or of matrices reaches, and its multiply-adds for a channel sample."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coupling.indexing import flat_size, path_array
from coupling.numbers.spins import used_degrees

Triple = tuple[int, int, int]

#: Largest degree to which the text of a product counts its paths.
COUNTED = 16


class WeightedTerm(Protocol):
    """A Gaunt product, kind 0, or a bracket, kind 1, with weights of degrees and of classes of parities."""

    @property
    def kind(self) -> int:
        """The parity of the sum of the degrees of its paths."""

    @property
    def weights(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """The weights of degrees a, b and c."""

    @property
    def classes(self) -> NDArray[Any]:
        """The weights of classes, [parity of l1, parity of l2]."""


def sphere_counts(lmax: Triple, terms: Sequence[WeightedTerm]) -> list[str]:
    """Return what the text of a sum of Gaunt products and brackets says: paths with a weight, terms, multiply-adds."""
    paths = [f"{reached_paths(lmax, terms)} paths"] if max(lmax) <= COUNTED else []
    weights = "weights of degrees" if len(terms) == 1 else f"{len(terms)} terms with weights of degrees"
    total = sum(sphere_operations(lmax, term.kind) for term in terms)
    return [*paths, weights, f"{total} multiply-adds"]


def reached_paths(lmax: Triple, terms: Iterable[WeightedTerm]) -> int:
    """Return the number of paths that have a weight in some term."""
    l1, l2, l3 = path_array(lmax).T
    reached = np.zeros(len(l1), bool)
    for term in terms:
        a, b, c = term.weights
        reached |= ((l1 + l2 + l3) % 2 == term.kind) & (a[l1] * b[l2] * c[l3] * term.classes[l1 % 2, l2 % 2] != 0)
    return int(reached.sum())


def sphere_operations(lmax: Triple, kind: int) -> int:
    """Return the multiply-adds of one Gaunt product (kind 0) or bracket (1), a sample of a channel, all degrees used.

    >>> sphere_operations((2, 2, 2), 0), sphere_operations((2, 2, 2), 1)
    (170, 234)
    """
    l1, l2, l3 = used_degrees(*lmax)
    points = max(0, l1 + l2 + l3 - kind) // 2 + 1
    transforms = (flat_size(l1) + flat_size(l2)) * (1 + kind) + flat_size(l3)
    both = [(l1, l2, l3, -1), (l2, l1, l3, -1)] if kind else [(l1, l2, l3, 1)]
    products = sum(order_products(*each) for each in both)
    return -(-points // 2) * transforms + points * products


def order_products(l1: int, l2: int, l3: int, hermitian: int) -> int:
    """Return the real products of :func:`coupling.programs.sphere.convolution`: c_m1 d_m2, m1 + m2 = m = 0 … l3.

    >>> order_products(1, 1, 1, 1), order_products(1, 1, 1, -1)
    (9, 6)
    """
    m1, m = np.ogrid[-l1 : l1 + 1, : l3 + 1]
    m2 = m - m1
    there = (abs(m2) <= l2) & ((m > 0) | (m1 >= 0))
    factors = np.where(m1 == 0, 1, 2) * np.where(m2 == 0, int(hermitian > 0), 2)
    return int((factors * there).sum())


def matrix_operations(lmax: Triple, spin: float) -> int:
    """Return the multiply-adds of a matrix product: encoding, four products of n×n matrices, decoding.

    >>> matrix_operations((2, 2, 2), 1)
    144
    """
    n = round(2 * spin) + 1
    diagonals = [(l, m) for l in used_degrees(*lmax) for m in range(l + 1)]
    return 4 * n**3 + sum((n - m + 1) // 2 * (l + 1 - m) * (2 if m else 1) for l, m in diagonals)
