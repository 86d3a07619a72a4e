"""Flat indices of degrees and orders, and positions of paths.

The flat index of features of degrees 0 … lmax is ``l² + l + m``; each layout below is documented
by the comprehension that lists it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from coupling.quoted import quoted
from coupling.selection import degree, integer, triangle


def flat_size(lmax: int) -> int:
    """Return (lmax+1)², the length of ``[(l, m) for l in range(lmax+1) for m in range(-l, l+1)]``.

    >>> flat_size(2)
    9
    """
    return (degree(lmax, "lmax") + 1) ** 2


def flat_index(l: int, m: int) -> int:
    """Return l² + l + m, the position of (l, m) in ``[(l, m) for l in range(lmax+1) for m in
    range(-l, l+1)]``.

    >>> flat_index(2, -1)
    5
    """
    l, m = degree(l, "degree"), integer(m, "order")
    if abs(m) > l:
        raise ValueError(f"order must satisfy |m| <= {l}, the degree, got {quoted(m)}")
    return l * l + l + m


def degree_order(index: int) -> tuple[int, int]:
    """Return (l, m) of a flat index; the inverse of :func:`flat_index`.

    >>> degree_order(5)
    (2, -1)
    """
    index = degree(index, "flat index")
    l = math.isqrt(index)
    return l, index - l * l - l


def degree_slice(l: int) -> slice:
    """Return the slice of a flat axis that holds the orders of degree l.

    >>> degree_slice(2)
    slice(4, 9, None)
    """
    l = degree(l, "degree")
    return slice(l * l, (l + 1) ** 2)


def path_count(lmax1: int, lmax2: int, lmax3: int) -> int:
    """Return how many paths :func:`coupling.selection.paths` lists.

    >>> path_count(1, 1, 1)
    5
    """
    return sum(max(0, min(l1 + l2, lmax3) - abs(l1 - l2) + 1) for l1 in range(lmax1 + 1) for l2 in range(lmax2 + 1))


def path_index(l1: int, l2: int, l3: int, lmax1: int, lmax2: int, lmax3: int) -> int:
    """Return the position of a path in ``list(paths(lmax1, lmax2, lmax3))``.

    >>> path_index(1, 1, 1, 1, 1, 1)
    4
    """
    if not (triangle(l1, l2, l3) and l1 <= lmax1 and l2 <= lmax2 and l3 <= lmax3):
        raise ValueError(f"{quoted((l1, l2, l3))} is not a path with lmax {quoted((lmax1, lmax2, lmax3))}")
    before = path_count(l1 - 1, lmax2, lmax3) if l1 else 0
    row = sum(max(0, min(l1 + k, lmax3) - abs(l1 - k) + 1) for k in range(l2))
    return before + row + l3 - abs(l1 - l2)


def path_array(lmax: tuple[int, int, int], parity: str = "all") -> NDArray[np.int64]:
    """Return ``list(selection.paths(*lmax, parity))`` as an array [P, 3].

    >>> path_array((1, 1, 1), "odd")
    array([[1, 1, 1]])
    """
    return np.concatenate([paths_of(l1, lmax[1], lmax[2], parity) for l1 in range(lmax[0] + 1)])


def paths_of(l1: int, lmax2: int, lmax3: int, parity: str = "all") -> NDArray[np.int64]:
    """Return the paths that begin with the degree l1, as an array [n, 3].

    >>> paths_of(1, 1, 1)
    array([[1, 0, 1],
           [1, 1, 0],
           [1, 1, 1]])
    """
    l2, l3 = np.ogrid[: lmax2 + 1, : lmax3 + 1]
    allowed = (abs(l1 - l2) <= l3) & (l3 <= l1 + l2)
    if parity != "all":
        allowed &= (l1 + l2 + l3) % 2 == (parity == "odd")
    pairs = np.argwhere(allowed)
    return np.column_stack([np.full(len(pairs), l1), pairs])


def entry_counts(paths: NDArray[np.integer], basis: str) -> NDArray[np.int64]:
    """Return for each path [P, 3] the number of orders that the selection rules of the basis allow.

    Sorted degrees a ≤ b ≤ c and t = a+b-c.  Complex: N = (2a+1)(2b+1) - t(t+1), since among the (2a+1)(2b+1) pairs of
    orders of a and b exactly t(t+1)/2 have a sum above c and as many a sum below -c.  Real: of these N one is (0,0,0)
    and 2n, n = 2a+b, have one zero; a triple (m, -m, 0) has 2 and a triple without zeros 4 choices of sign, against 2
    and 2 in the complex basis: 2N - 2 - 2n + [J even].

    >>> entry_counts(np.array([[2, 2, 2]]), "complex"), entry_counts(np.array([[2, 2, 2]]), "real")
    (array([19]), array([25]))
    """
    a, b, c = np.sort(paths.astype(np.int64), axis=1).T
    t = a + b - c
    count: NDArray[np.int64] = (2 * a + 1) * (2 * b + 1) - t * (t + 1)
    return count if basis == "complex" else 2 * count - 1 - 2 * (2 * a + b) - (a + b + c) % 2
