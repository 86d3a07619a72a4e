"""How many entries a path has, and how many bytes a table takes, before anything is computed.

Write a <= b <= c for the sorted degrees of a path and t = a + b - c >= 0.

Complex basis: the orders with m1 + m2 + m3 = 0 number ``N = (2a+1)(2b+1) - t(t+1)``, because among the (2a+1)(2b+1)
pairs of orders of a and b exactly t(t+1)/2 have a sum above c and as many a sum below -c.

Real basis: some |m| is the sum of the other two, and the number of negative orders has the parity of J.  Of the N
complex orders one is (0, 0, 0) and 2n, n = 2a + b, have exactly one zero; a triple (a, a, 0) has 2 and a triple without
zeros 4 choices of sign, against 2 and 2 in the complex basis.  That gives ``2N - 2 - 2n + [J even]``.

Some allowed entries are *zero by symmetry*: a 3j symbol of odd J vanishes when two of its columns are equal or all its
orders are zero, as in 3j(3 3 3; 1 1 -2).  A zero that neither rule explains is *accidental*, as is 3j(3 3 2; 2 -2 0),
which vanishes because 3m² = l(l+1) for l = 3, m = 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Bytes of one entry (three int8 orders, one float64) and of one path without its reduced factors (degrees, offset).
ENTRY_BYTES = 11
PATH_BYTES = 11


def path_array(lmax: tuple[int, int, int], parity: str) -> NDArray[np.uint8]:
    """Return ``list(selection.paths(*lmax, parity))`` as uint8 [P, 3].

    >>> path_array((1, 1, 1), "odd")
    array([[1, 1, 1]], dtype=uint8)
    """
    return np.concatenate([_paths_of(l1, lmax[1], lmax[2], parity) for l1 in range(lmax[0] + 1)])


def _paths_of(l1: int, lmax2: int, lmax3: int, parity: str) -> NDArray[np.uint8]:
    l2, l3 = np.ogrid[: lmax2 + 1, : lmax3 + 1]
    allowed = (abs(l1 - l2) <= l3) & (l3 <= l1 + l2)
    if parity != "all":
        allowed &= (l1 + l2 + l3) % 2 == (parity == "odd")
    pairs = np.argwhere(allowed)
    return np.column_stack([np.full(len(pairs), l1), pairs]).astype(np.uint8)


def allowed_entries(paths: NDArray[np.uint8], basis: str) -> NDArray[np.int64]:
    """Return for each path the number of orders that the selection rules of the basis allow.

    >>> paths = np.array([[2, 2, 2]], np.uint8)
    >>> allowed_entries(paths, "complex"), allowed_entries(paths, "real")
    (array([19]), array([25]))
    """
    a, b, c = np.sort(paths.astype(np.int64), axis=1).T
    t = a + b - c
    count = (2 * a + 1) * (2 * b + 1) - t * (t + 1)
    return count if basis == "complex" else 2 * count - 2 - 2 * (2 * a + b) + 1 - _odd(paths)


def symmetry_zeros(paths: NDArray[np.uint8], basis: str) -> NDArray[np.int64]:
    """Return for each path the number of allowed entries that vanish by symmetry.

    Odd J only.  Two equal degrees l, l, k: |orders| (a, a, 2a) with 1 <= a <= min(l, k/2), with two (complex) or four
    (real) choices of sign; and (0, 0, 0), which the real selection rules already exclude.

    >>> symmetry_zeros(np.array([[3, 3, 2], [3, 3, 3]], np.uint8), "complex")
    array([0, 7])
    """
    l = paths.astype(np.int64)
    slots = (0, 1, 2), (1, 2, 0), (2, 0, 1)
    pairs = sum(np.where(l[:, i] == l[:, j], np.minimum(l[:, i], l[:, k] // 2), 0) for i, j, k in slots)
    signs, origin = (2, 1) if basis == "complex" else (4, 0)
    return _odd(paths) * (signs * pairs + origin)


def _odd(paths: NDArray[np.uint8]) -> NDArray[np.int64]:
    return paths.sum(axis=1, dtype=np.int64) % 2


def table_bytes(lmax: tuple[int, int, int], basis: str, parity: str, families: int) -> int:
    """Return an upper bound of the bytes of a table: exact but for zeros inside the selection rules and the header.

    For degrees above 127, where there is no table, an estimate: a smaller box, scaled with the fifth power.

    >>> table_bytes((1, 1, 1), "real", "all", 4)
    399
    """
    box = [min(l, sum(lmax) - l) for l in lmax]
    scale = 1 if max(box) < 128 else -(-max(box) // 63)
    l1s, lmax2, lmax3 = range(box[0] // scale + 1), box[1] // scale, box[2] // scale
    rows = [_paths_of(l1, lmax2, lmax3, parity) for l1 in l1s]
    entries = sum(int(allowed_entries(row, basis).sum()) for row in rows) * scale**5
    return entries * ENTRY_BYTES + sum(map(len, rows)) * scale**3 * (PATH_BYTES + 8 * families) + 8
