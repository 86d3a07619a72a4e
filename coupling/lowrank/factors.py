"""Sums of R outer products, T̂[i,j,k] = Σ_r a[i,r] b[j,r] c[k,r], and the vectors of unknowns that hold their factors.

This is the CP (canonical polyadic) form of a tensor: three arrays [n, R].
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Factors = tuple[Array, Array, Array]
Ties = tuple[int, ...]
Entry = tuple[int, ...]

FREE = (0, 1, 2)


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


def column_norms(factors: Sequence[Array]) -> Array:
    """Return the norms ‖a_r‖ ‖b_r‖ ‖c_r‖ of the R outer products."""
    return np.prod([np.linalg.norm(factor, axis=0) for factor in factors], axis=0)


def largest_first(factors: Sequence[Array]) -> Factors:
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


def growth(factors: Sequence[Array]) -> float:
    """Return Σ_r ‖a_r‖ ‖b_r‖ ‖c_r‖ / ‖T̂‖.

    >>> growth([np.array([[2.0, -1.0]]), np.ones((1, 2)), np.ones((1, 2))])
    3.0
    """
    total = float(np.linalg.norm(tensor(factors)))
    return float(column_norms(factors).sum() / total) if total else np.inf


@dataclass(frozen=True)
class Layout:
    """The position of each entry of three arrays [n, R] in a vector of unknowns, with the symmetry of the sum.

    ties = (0, 1, 2): each slot has its own array.  (0, 0, 1): slots one and two share the first, slot three has the
    second; (0, 0, 0): one array for all.  Shared arrays give sums that are symmetric in those slots; where slots differ
    in their dimensions, the longer ones last, they share the rows that both have.

    singles = s, with all dimensions equal: sums that are invariant under a cyclic permutation of the slots.  The first
    s terms are a⊗a⊗a, the others come in threes, a⊗b⊗c + b⊗c⊗a + c⊗a⊗b: the a of all threes, then the b, then the c.
    The first ``bare`` rows of the threes are zero, where the part that is not fully symmetric in the slots vanishes.
    """

    shape: tuple[int, ...]
    rank: int
    ties: Ties = FREE
    singles: int | None = None
    bare: int = 0

    @cached_property
    def index(self) -> NDArray[np.int64]:
        """The number of the unknown, [n1 + n2 + n3, R]; ``size``, one too large, for a zero."""
        if self.singles is not None:
            unknown = np.ones((self.shape[0], self.rank), bool)
            unknown[: self.bare, self.singles :] = False
            number = np.where(unknown, np.cumsum(unknown.ravel()).reshape(unknown.shape) - 1, unknown.sum())
            return np.vstack([number[:, turn] for turn in self._turns])
        sizes = [self.length(tie) for tie in range(max(self.ties) + 1)]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        rows = np.concatenate([starts[tie] + np.arange(n) for tie, n in zip(self.ties, self.shape, strict=True)])
        return np.asarray(rows[:, None] * self.rank + np.arange(self.rank))

    def length(self, tie: int) -> int:
        """The number of rows of a shared array."""
        return max(n for n, other in zip(self.shape, self.ties, strict=True) if other == tie)

    @property
    def _turns(self) -> list[NDArray[np.int64]]:
        """The columns of the unknowns that are those of the three arrays."""
        singles = int(self.singles or 0)
        threes, rest = divmod(self.rank - singles, 3)
        if rest or threes < 0 or len(set(self.shape)) > 1:
            raise ValueError(
                f"{singles} single terms and threes do not make {self.rank} terms of shape {self.shape}"
                if len(set(self.shape)) == 1
                else f"cyclic sums need a tensor with three equal dimensions, got {self.shape}"
            )
        own, groups = np.arange(singles), np.split(np.arange(singles, self.rank), 3)
        return [np.concatenate([own, *(groups[(slot + k) % 3] for k in range(3))]) for slot in range(3)]

    @property
    def size(self) -> int:
        """The number of unknowns."""
        return int(self.index.max()) + (not self.bare)

    @property
    def slots(self) -> int:
        """The largest number of slots that share an unknown."""
        return 3 if self.singles is not None else max(self.ties.count(tie) for tie in self.ties)

    def unpack(self, vector: Array) -> Factors:
        """Return the three arrays.

        >>> [x.shape for x in Layout((2, 2, 3), 1, (0, 0, 1)).unpack(np.arange(5.0))]
        [(2, 1), (2, 1), (3, 1)]
        >>> [x.tolist() for x in Layout((1, 1, 1), 4, singles=1).unpack(np.arange(4.0))]
        [[[0.0, 1.0, 2.0, 3.0]], [[0.0, 2.0, 3.0, 1.0]], [[0.0, 3.0, 1.0, 2.0]]]
        """
        a, b, c = np.split(np.append(vector, 0)[self.index], np.cumsum(self.shape)[:2])
        return a, b, c

    def pack(self, factors: Sequence[Array]) -> Array:
        """Return the unknowns."""
        stacked = np.vstack(factors)
        vector = np.zeros(self.size + 1, stacked.dtype)
        vector[self.index] = stacked
        return vector[:-1]

    def pull(self, values: Array, axis: int = 0) -> Array:
        """Return derivatives in the unknowns, from those in the elements of the three arrays, along an axis."""
        if self.ties == FREE and self.singles is None:
            return values
        return np.asarray(self._adjoint @ values) if axis == 0 else np.asarray((self._adjoint @ values.T).T)

    @cached_property
    def _adjoint(self) -> Any:
        from scipy.sparse import csr_array

        flat = self.index.ravel()
        every = csr_array((np.ones(len(flat)), (flat, np.arange(len(flat)))), shape=(self.size + 1, len(flat)))
        return every[: self.size]

    def representative(self, entry: Entry) -> Entry:
        """Return the first of the entries that equal this one in every such sum.

        >>> shape = (3, 3, 3)
        >>> [Layout(shape, 3, ties).representative((2, 1, 0)) for ties in ((0, 0, 1), (0, 0, 0), (0, 1, 2))]
        [(1, 2, 0), (0, 1, 2), (2, 1, 0)]
        >>> Layout(shape, 3, singles=0).representative((2, 1, 0))
        (0, 2, 1)
        >>> Layout(shape, 3, singles=0, bare=1).representative((2, 1, 0))
        (0, 1, 2)
        """
        if self.singles is not None and min(entry) >= self.bare:
            return min(entry[k:] + entry[:k] for k in range(3))
        if self.singles is not None:
            return tuple(sorted(entry))
        key = list(entry)
        for tie in set(self.ties):
            slots = [slot for slot in range(3) if self.ties[slot] == tie]
            for slot, value in zip(slots, sorted(entry[slot] for slot in slots), strict=True):
                key[slot] = value
        return tuple(key)

    def distinct(self, entries: Iterable[Entry]) -> dict[Entry, int]:
        """Return one entry of each group that is equal in every such sum, with the size of the group.

        >>> Layout((2, 2, 2), 1, (0, 0, 1)).distinct([(0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)])
        {(0, 1, 1): 2, (1, 1, 0): 1, (1, 1, 1): 1}
        """
        return dict(Counter(self.representative(entry) for entry in entries))


def layout_of(factors: Sequence[Array], ties: Ties = FREE) -> Layout:
    """Return the most symmetric layout that factors have: these ties, cyclic, or none.

    >>> one = np.ones((2, 4))
    >>> layout_of([one, one, one], (0, 0, 0)).ties, layout_of([one, one, one]).singles
    ((0, 0, 0), 4)
    """
    shape, rank = tuple(len(x) for x in factors), factors[0].shape[1]
    nested = [(0, 0, 1)] if ties == (0, 0, 0) and len(set(shape)) > 1 else []
    candidates = [Layout(shape, rank, one) for one in (ties, *nested) if one != FREE]
    if len(set(shape)) == 1:
        candidates += [_cyclic(factors, singles) for singles in range(rank, -1, -3)]
    for layout in candidates:
        if all(np.array_equal(x, y) for x, y in zip(layout.unpack(layout.pack(factors)), factors, strict=True)):
            return layout
    return Layout(shape, rank)


def _cyclic(factors: Sequence[Array], singles: int) -> Layout:
    """Return the cyclic layout with this number of single terms and as many bare rows as the factors have."""
    threes = factors[0][:, singles:]
    filled = np.any(threes, axis=1)
    bare = int(np.argmax(filled)) if filled.any() else 0
    return Layout(tuple(len(x) for x in factors), factors[0].shape[1], singles=singles, bare=bare)


def tied(factors: Sequence[Array], ties: Ties) -> Factors:
    """Return a guess for a symmetric sum: tied slots share the mean of their directions.

    >>> a = np.array([[0.0], [1.0]])
    >>> [x.ravel().tolist() for x in tied([a, -a, a], (0, 0, 0))]
    [[-0.0, -1.0], [-0.0, -1.0], [-0.0, -1.0]]
    """
    found = [factor.copy() for factor in factors]
    for tie in set(ties):
        slots = [slot for slot in range(3) if ties[slot] == tie]
        lengths = [np.linalg.norm(factors[slot], axis=0) for slot in slots]
        first = factors[slots[0]]
        signs = [np.sign(np.real(np.sum(first.conj() * factors[slot], axis=0))) for slot in slots]
        unit = [s * factors[slot] / np.where(n > 0, n, 1) for slot, s, n in zip(slots, signs, lengths, strict=True)]
        size = np.prod(lengths, axis=0) ** (1 / len(slots)) * (np.prod(signs, axis=0) if len(slots) == 3 else 1)
        for slot in slots:
            found[slot] = np.mean(unit, axis=0) * size
        for slot in range(3):
            if len(slots) == 2 and slot not in slots:
                found[slot] = found[slot] * np.prod(signs, axis=0)
    a, b, c = found
    return a, b, c
