"""Sums of R outer products, T̂[i,j,k] = Σ_r a[i,r] b[j,r] c[k,r], given by three arrays [n, R]."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Factors = tuple[Array, Array, Array]


def tensor(factors: Sequence[Array]) -> Array:
    """Return T̂[i,j,k] = Σ_r a[i,r] b[j,r] c[k,r].

    >>> tensor([np.ones((2, 1)), np.ones((1, 1)), np.array([[1.0], [2.0]])])[0]
    array([[1., 2.]])
    """
    a, b, c = factors
    return (a @ khatri_rao(b, c).T).reshape(len(a), len(b), len(c))


def khatri_rao(b: Array, c: Array) -> Array:
    """Return the matrix [len(b)·len(c), R] with the rows b[j] · c[k]."""
    return (b[:, None, :] * c[None, :, :]).reshape(-1, b.shape[1])


@dataclass(frozen=True)
class Layout:
    """How a vector of unknowns holds three arrays [n, R].

    ties = (0, 1, 2): each slot has its own array.  (0, 0, 1): slots one and two share the first, slot three has the
    second; (0, 0, 0): one array for all.  Shared arrays give sums that are symmetric in those slots.
    """

    shape: tuple[int, ...]
    rank: int
    ties: tuple[int, ...] = (0, 1, 2)

    @property
    def rows(self) -> NDArray[np.int64]:
        """For each row of the three arrays on top of one another, the row of the unknowns that it is."""
        sizes = [self.shape[self.ties.index(tie)] for tie in range(max(self.ties) + 1)]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        return np.concatenate([starts[tie] + np.arange(n) for tie, n in zip(self.ties, self.shape, strict=True)])

    def unpack(self, vector: Array) -> Factors:
        """Return the three arrays.

        >>> [x.shape for x in Layout((2, 2, 3), 1, (0, 0, 1)).unpack(np.arange(5.0))]
        [(2, 1), (2, 1), (3, 1)]
        """
        a, b, c = np.split(vector.reshape(-1, self.rank)[self.rows], np.cumsum(self.shape)[:2])
        return a, b, c

    def pack(self, factors: Sequence[Array]) -> Array:
        """Return the unknowns, from the first slot that holds each."""
        return np.concatenate([factors[self.ties.index(tie)].ravel() for tie in range(max(self.ties) + 1)])

    def pull(self, values: Array, axis: int = 0) -> Array:
        """Return derivatives in the unknowns, from those in the entries of the three arrays, along an axis."""
        if self.ties == (0, 1, 2):
            return values
        rows = np.moveaxis(values, axis, 0).reshape(len(self.rows), self.rank, -1)
        total = np.zeros((max(self.rows) + 1, *rows.shape[1:]), values.dtype)
        np.add.at(total, self.rows, rows)
        rest = [n for place, n in enumerate(values.shape) if place != axis % values.ndim]
        return np.moveaxis(total.reshape(-1, *rest), 0, axis)


def representative(entry: tuple[int, ...], ties: tuple[int, ...]) -> tuple[int, ...]:
    """Return the first of the entries that the ties make equal.

    >>> representative((2, 1, 0), (0, 0, 1)), representative((2, 1, 0), (0, 0, 0))
    ((1, 2, 0), (0, 1, 2))
    """
    key = list(entry)
    for tie in set(ties):
        slots = [slot for slot in range(3) if ties[slot] == tie]
        for slot, value in zip(slots, sorted(entry[slot] for slot in slots), strict=True):
            key[slot] = value
    return tuple(key)


def distinct(entries: Iterable[tuple[int, ...]], ties: tuple[int, ...]) -> dict[tuple[int, ...], int]:
    """Return the entries, one of those that the ties make equal, with how many they are.

    >>> distinct([(0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)], (0, 0, 1))
    {(0, 1, 1): 2, (1, 1, 0): 1, (1, 1, 1): 1}
    """
    return dict(Counter(representative(entry, ties) for entry in entries))


def column_norms(factors: Sequence[Array]) -> Array:
    """Return the norms ‖a_r‖ ‖b_r‖ ‖c_r‖ of the R outer products."""
    return np.prod([np.linalg.norm(factor, axis=0) for factor in factors], axis=0)


def ordered(factors: Sequence[Array]) -> Factors:
    """Return the same sum with the largest term first."""
    order = np.argsort(-column_norms(factors), kind="stable")
    a, b, c = (factor[:, order] for factor in factors)
    return a, b, c


def balanced(factors: Sequence[Array]) -> Factors:
    """Return the same sum with ‖a_r‖ = ‖b_r‖ = ‖c_r‖; terms that vanish become zeros.

    >>> [factor.tolist() for factor in balanced([np.array([[8.0]]), np.array([[1.0]]), np.array([[1.0]])])]
    [[[2.0]], [[2.0]], [[2.0]]]
    """
    norms = column_norms(factors)
    size = np.cbrt(norms)
    lengths = [np.linalg.norm(factor, axis=0) for factor in factors]
    a, b, c = (
        factor * np.divide(size, length, out=np.zeros_like(size), where=norms > 0)
        for factor, length in zip(factors, lengths, strict=True)
    )
    return a, b, c


def congruence(factors: Sequence[Array]) -> float:
    """Return the largest |cosine| between two of the outer products; 1 for parallel ones.

    >>> congruence([np.eye(2), np.eye(2), np.eye(2)])
    0.0
    """
    norms = column_norms(factors)
    cosine = np.prod([factor.conj().T @ factor for factor in factors], axis=0)
    scale = np.outer(norms, norms)
    cosine = np.divide(abs(cosine), scale, out=np.zeros_like(scale), where=scale > 0)
    return float(np.max(np.triu(cosine, 1), initial=0.0))
