"""Numbers of entries of a path and bytes of a table, before anything is computed.

Some allowed entries are *zero by symmetry*: a 3j symbol of odd J vanishes when two of its columns are equal or all its
orders are zero, as in 3j(3 3 3; 1 1 -2).  A zero that neither rule explains is *accidental*, as is 3j(3 3 2; 2 -2 0),
which vanishes because 3m² = l(l+1) for l = 3, m = 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coupling.indexing import entry_counts, paths_of
from coupling.indexing import path_array as integer_paths

#: Bytes of one entry (three int8 orders, one float64) and of one path without its reduced factors (degrees, offset).
ENTRY_BYTES = 11
PATH_BYTES = 11


def compact_path_array(lmax: tuple[int, int, int], parity: str) -> NDArray[np.uint8]:
    """Return ``list(selection.paths(*lmax, parity))`` as uint8 [P, 3].

    >>> compact_path_array((1, 1, 1), "odd")
    array([[1, 1, 1]], dtype=uint8)
    """
    return integer_paths(lmax, parity).astype(np.uint8)


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
    rows = [paths_of(l1, lmax2, lmax3, parity) for l1 in l1s]
    entries = sum(int(entry_counts(row, basis).sum()) for row in rows) * scale**5
    return table_bytes_of(sum(map(len, rows)) * scale**3, entries, families)


def table_bytes_of(paths: int, entries: int, families: int) -> int:
    """Return the bytes of the arrays of a table with these numbers of paths, entries and families.

    >>> table_bytes_of(5, 20, 4)
    443
    """
    return entries * ENTRY_BYTES + paths * (PATH_BYTES + 8 * families) + 8


def half_integer_paths(lmax: tuple[int, int, int], parity: str) -> NDArray[np.uint8]:
    """Return twice the degrees, integers and half-integers, of all paths to doubled degrees lmax, as uint8 [P, 3].

    >>> half_integer_paths((1, 1, 1), "odd")
    array([[0, 1, 1],
           [1, 0, 1],
           [1, 1, 0]], dtype=uint8)
    """
    j2, j3 = np.ogrid[: lmax[1] + 1, : lmax[2] + 1]
    found = []
    for j1 in range(lmax[0] + 1):
        allowed = (abs(j1 - j2) <= j3) & (j3 <= j1 + j2) & ((j1 + j2 + j3) % 2 == 0)
        if parity != "all":
            allowed &= (j1 + j2 + j3) // 2 % 2 == (parity == "odd")
        pairs = np.argwhere(allowed)
        found.append(np.column_stack([np.full(len(pairs), j1), pairs]))
    return np.concatenate(found).astype(np.uint8)


def half_integer_counts(paths: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return for doubled degrees [P, 3] the number of orders with m1+m2+m3 = 0, all that couple.

    >>> half_integer_counts(np.array([[1, 1, 2], [2, 2, 2]]))
    array([4, 7])
    """
    j1, j2, j3 = paths.astype(np.int64).T
    corner = (j1 + j2 - j3) // 2  # of the pairs (m1, m2) this triangle, twice, has |m3| > j3
    return (j1 + 1) * (j2 + 1) - corner * (corner + 1)


def half_integer_zeros(paths: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return for doubled degrees [P, 3] what :func:`symmetry_zeros` returns for integer ones in the complex basis.

    Odd J only.  Two equal degrees j, j, k: orders (a, a, -2a) with 0 < |a| <= min(j, k/2), in steps of 1 from j; and
    (0, 0, 0), which integer degrees alone have.

    >>> half_integer_zeros(np.array([[6, 6, 6], [3, 3, 4], [1, 1, 0]]))
    array([7, 2, 0])
    """
    j = paths.astype(np.int64)
    slots = (0, 1, 2), (1, 2, 0), (2, 0, 1)
    least = [np.minimum(j[:, a], j[:, c] // 2) for a, _, c in slots]
    pairs = sum(
        np.where(j[:, a] == j[:, b], (some + j[:, a] % 2) // 2, 0) for (a, b, _), some in zip(slots, least, strict=True)
    )
    origin = (j % 2 == 0).all(axis=1)
    odd: NDArray[np.int64] = j.sum(axis=1) // 2 % 2
    return odd * (2 * pairs + origin)
