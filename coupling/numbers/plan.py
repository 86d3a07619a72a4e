"""The plan of a tabulation: paths, chains, canonical paths, positions, and the memory it needs."""

from __future__ import annotations

from functools import lru_cache
from itertools import starmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.indexing import entry_counts, path_array
from coupling.kernels.path import MAX_DEGREE
from coupling.kernels.regge import MAX_TOTAL
from coupling.memory import require_memory
from coupling.selection import LARGEST_DEGREE, Path, degrees

Integers = NDArray[np.int64]

#: The orderings of a canonical path in the order of coupling.kernels.orders.orderings.
ORDERINGS = [0, 1, 2], [0, 2, 1], [1, 2, 0], [1, 0, 2], [2, 0, 1], [2, 1, 0]

#: Bytes for each path while a plan is made and used, cached exact factors included, and for each worker of the chains:
#: not less than is measured.
PATH_BYTES, WORKER_BYTES = 1000, 2 << 20

#: Bins of l1 and of l2, and samples of l3, from which the number of entries of a box is estimated.
BINS, SAMPLES = 64, 8


class TablePlan(NamedTuple):
    """Paths and offsets of a table; chains (b, c, last a) with the start of each of their paths; and, beyond the
    chains, canonical paths [n, 3] with the positions [n, 6] of their orderings."""

    paths: Integers
    offsets: Integers
    chains: Integers
    start: Integers
    large: Integers
    where: Integers

    def share(self, worker: int, workers: int) -> TablePlan:
        """Return every workers-th chain and canonical path."""
        mine = slice(worker, None, workers)
        chains, large, where = (_fixed(array[mine]) for array in (self.chains, self.large, self.where))
        return self._replace(chains=chains, large=large, where=where)


@lru_cache(maxsize=16)
def box_plan(box: Path, basis: str, parity: str, chained: bool = True) -> TablePlan:
    """Return the plan of all paths of a parity to the degrees of a box; MemoryError where even that does not fit."""
    entries, count = box_size(box, basis, parity)
    # the estimate may be some percent too large; the exact number is looked at later
    require_memory(int(0.8 * (8 * entries + PATH_BYTES * count)), f"the table to degrees {box}")
    return table_plan(path_array(box, parity), basis, chained)


def box_size(box: Path, basis: str, parity: str) -> tuple[float, float]:
    """Return estimates of the numbers of entries and of paths to the degrees of a box, without listing them.

    >>> entries, count = box_size((0, 3000, 3000), "complex", "all")
    >>> round(entries / sum(2 * l + 1 for l in range(3001)), 3), count
    (1.0, 3001.0)
    """
    (l1, size1), (l2, size2) = _bins(box[0]), _bins(box[1])
    l1, l2 = l1[:, None], l2[None, :]
    low, high = abs(l1 - l2), np.minimum(l1 + l2, box[2])
    count = np.maximum(0, high - low + 1) * (size1[:, None] * size2)
    samples = [low + np.maximum(0, high - low) * (2 * k + 1) // (2 * SAMPLES) for k in range(SAMPLES)]
    triples = (np.stack(np.broadcast_arrays(l1, l2, l3), axis=-1).reshape(-1, 3) for l3 in samples)
    mean = sum(entry_counts(triple, basis).astype(float) for triple in triples) / SAMPLES
    share = 1.0 if parity == "all" else 0.5
    return share * float((count.ravel() * mean).sum()), share * float(count.sum())


def _bins(lmax: int) -> tuple[Integers, NDArray[np.float64]]:
    """Return a degree in the middle of each bin of 0 … lmax, and how many degrees the bin has."""
    edges = np.unique(np.linspace(0, lmax + 1, BINS + 1).astype(np.int64))
    sizes = np.diff(edges)
    return edges[:-1] + (sizes - 1) // 2, sizes.astype(float)


def checked_paths(paths: Any) -> Integers:
    """Return distinct paths as int64 [P, 3], or raise.

    >>> checked_paths([[1, 1, 2.0]])
    array([[1, 1, 2]])
    """
    if not (isinstance(paths, np.ndarray) and paths.dtype.kind in "iu"):
        paths = np.array(_rows(paths), np.int64).reshape(-1, 3)
    if paths.ndim != 2 or paths.shape[1] != 3:
        raise ValueError(f"paths must be an array [P, 3] of degrees l1, l2, l3, got shape {paths.shape}")
    if paths.size and (paths.min() < 0 or paths.max() > LARGEST_DEGREE):
        wrong = paths[((paths < 0) | (paths > LARGEST_DEGREE)).any(axis=1)][0]
        raise ValueError(f"degrees of paths must be 0 ... {LARGEST_DEGREE}, got {tuple(wrong.tolist())}")
    paths = paths.astype(np.int64)
    l1, l2, l3 = paths.T
    broken = (abs(l1 - l2) > l3) | (l3 > l1 + l2)
    if broken.any():
        raise ValueError(f"a path satisfies |l1 - l2| <= l3 <= l1 + l2, got {tuple(paths[broken][0].tolist())}")
    distinct, counts = np.unique(paths, axis=0, return_counts=True)
    if len(distinct) < len(paths):
        twice = tuple(distinct[counts > 1][0].tolist())
        raise ValueError(f"paths must be distinct, got {twice} {counts.max()} times")
    return paths


def _rows(paths: Any) -> list[tuple[int, ...]]:
    """Return the degrees of paths that are not an array of integers, each checked."""
    if isinstance(paths, (str, bytes)) or not hasattr(paths, "__iter__"):
        raise TypeError(f"paths must be an array [P, 3] of degrees l1, l2, l3, got {type(paths).__name__} {paths!r}")
    rows = [tuple(row) if hasattr(row, "__iter__") else row for row in paths]
    for row in rows:
        if not isinstance(row, tuple) or len(row) != 3:
            raise ValueError(f"paths must be an array [P, 3] of degrees l1, l2, l3, got a path {row!r}")
    return list(starmap(degrees, rows))


def table_plan(paths: Integers, basis: str, chained: bool = True) -> TablePlan:
    """Return the plan of distinct paths [P, 3]; chained for a family that the kernels of the chains know."""
    offsets = np.concatenate([[0], np.cumsum(entry_counts(paths, basis))])
    small = (paths.sum(axis=1) <= MAX_TOTAL) & chained
    chains, start = _chains(paths[small], offsets[:-1][small])
    large, where = _large(paths[~small], offsets[:-1][~small])
    return TablePlan(*map(_fixed, (paths, offsets, chains, start, large, where)))


def _fixed(array: Integers) -> Integers:
    """Return an array contiguous and read-only: plans are kept, and kernels are compiled for one kind of array."""
    array = np.array(array, order="C")
    array.flags.writeable = False
    return array


def _chains(paths: Integers, positions: Integers) -> tuple[Integers, Integers]:
    """Return chains [n, 3] that contain the paths, and start [l, l, l], the position of a path or -1."""
    start = np.full((int(paths.max(initial=0)) + 1,) * 3, -1)
    start[tuple(paths.T)] = positions
    l1, l2, l3 = np.sort(paths, axis=1).T
    keys, inverse = np.unique((l2 + l3 - l1) * (2 * MAX_TOTAL) + l1 + l3 - l2, return_inverse=True)
    last = np.zeros(len(keys), np.int64)
    np.maximum.at(last, inverse, l1 + l2 - l3)
    return np.column_stack([*divmod(keys, 2 * MAX_TOTAL), last]), start


def _large(paths: Integers, positions: Integers) -> tuple[Integers, Integers]:
    """Return the canonical paths [n, 3], chain by chain, and the positions [n, 6] of their orderings, or -1."""
    l1, l2, l3 = np.sort(paths, axis=1).T
    size = int(paths.max(initial=0)) + 1
    _, first, inverse = np.unique((l3 * size + l2 - l1) * size + l1, return_index=True, return_inverse=True)
    canonical = np.column_stack([l1, l2, l3])[first]
    low, high = canonical[:, 0] != canonical[:, 1], canonical[:, 1] != canonical[:, 2]
    distinct = low | True, high, low, low, high, low & high
    where = np.full((len(canonical), 6), -1)
    for number, (slots, valid) in enumerate(zip(ORDERINGS, distinct, strict=True)):
        same = (paths == canonical[inverse][:, slots]).all(axis=1) & valid[inverse]
        where[inverse[same], number] = positions[same]
    return canonical, where


# memory


def buffer_shapes(path: list[int], where: Integers) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the shapes of the block of a canonical path and of its turned copy, for the orderings that are wanted.

    The block V(l1, l2, l3) becomes V(l2, l3, l1) in the copy, and that V(l3, l1, l2) in the place of the first.

    >>> buffer_shapes([0, 9, 9], np.array([0, -1, -1, -1, -1, -1]))
    ((1, 19), (0, 0))
    """
    n1, n2, n3 = (2 * l + 1 for l in path)
    last, middle = where[4:].max() >= 0, where[2:].max() >= 0
    return (max(n1, n3 if last else 0), n2), (n2, n3) if middle else (0, 0)


def work_bytes(plan: TablePlan, workers: int) -> int:
    """Return the bytes that are held besides the values while a plan is carried out, caches of factors included."""
    paths = PATH_BYTES * len(plan.paths) + WORKER_BYTES * workers
    if not len(plan.large):
        return paths
    canonical = list(zip(plan.large.tolist(), plan.where, strict=True))
    buffers = max(8 * sum(n * m for n, m in buffer_shapes(*both)) for both in canonical)
    roots = sum(_root_bytes(int(l)) for l in np.unique(plan.large))
    factors = max(_factor_bytes(*path) for path, _ in canonical)
    exact = max(_exact_bytes(*path) for path, _ in canonical)
    return paths + workers * (buffers + exact) + roots + max(8, workers) * factors


def _root_bytes(l: int) -> int:
    """Return the bytes of 1/√binom(2l, p) and, where exact blocks take the place of a kernel, of the binomials."""
    return 24 * (2 * l + 1) + ((2 * l + 1) * (200 + l // 4) if l > MAX_DEGREE else 0)


def _factor_bytes(l1: int, l2: int, l3: int) -> int:
    """Return the bytes of the digits from which a kernel starts, of which eight sets are kept."""
    return 0 if l3 > MAX_DEGREE else 8 * (l1 + l3 - l2 + 1) * ((l1 + l2 + l3) // 32 + 5)


def _exact_bytes(l1: int, l2: int, l3: int) -> int:
    """Return the bytes of an exact block and of the integers of a few of its rows."""
    columns, digits = 2 * l2 + 1, (l1 + l2 + l3) // 8 + 64
    return 20 * (2 * l1 + 1) * columns + 8 * columns * digits if l3 > MAX_DEGREE else 0
