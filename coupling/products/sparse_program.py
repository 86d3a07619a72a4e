"""From a table to the lists of sums that the sparse kernel forms; see :mod:`coupling.kernels.sparse_product`.

Of the features x and y the one that is summed over is v, with orders q; the other is u, with orders p ≥ q.  So sums are
long.  Role 0: u is x, v is y.  Role 1: u is y, v is x, and p > q, so that every pair of orders has one role.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.indexing import entry_counts, flat_size
from coupling.tables.table import Table

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Lmax = tuple[int, int, int]


class Section(NamedTuple):
    """What one loop of the kernel reads, positions in rows; and of each coefficient its core value and flat path."""

    groups: Integers
    items: Integers
    rows: Integers
    core: NDArray[np.float64]
    paths: Integers


#: Multiply-adds for each sample, row, pair of orders in and out, and coefficient, to a quarter of what they are.
OPERATIONS = (2.0, 0.02, 0.71, 0.73)

#: Largest number of multiply-adds that is unrolled (lmax 4); beyond, the code no longer fits in the instruction cache.
STRAIGHT = 2100


def sparse_counts(lmax: Lmax, paths: Integers) -> tuple[float, ...]:
    """Return what the work of the sparse product consists of: one sample, its rows, sums, and coefficients.

    >>> sparse_counts((1, 1, 1), np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1]]))
    (1.0, 12.0, 16.0, 16.0)
    """
    entries = float(entry_counts(paths, "real").sum())
    pairs = np.unique(paths[:, [0, 2]], axis=0)
    sums = float(((2 * pairs[:, 0] + 1) * (2 * pairs[:, 1] + 1)).sum())
    return 1.0, float(sum(map(flat_size, lmax))), sums, entries


def few_sums(lmax: Lmax, paths: Integers) -> bool:
    """Return whether the sums over some paths are written out; the kernel and the prediction of its time ask this.

    >>> few_sums((1, 1, 1), np.array([[1, 1, 1]]))
    True
    """
    return bool(np.dot(OPERATIONS, sparse_counts(lmax, paths)) <= STRAIGHT)


def column(lmax: int, l: Any, m: Any) -> Any:
    """Return the position of (l, m) in ``[(l, m) for m in range(lmax+1) for l in range(m, lmax+1)]``.

    >>> column(2, np.array([0, 1, 2, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 2]))
    array([0, 1, 2, 3, 4, 5])
    """
    return m * (lmax + 1) - m * (m - 1) // 2 + l - m


@lru_cache(maxsize=64)
def places(lmax: int) -> Integers:
    """Return for each (l, m ≥ 0), in the order of ``column``, the flat indices of m and of -m.

    >>> places(1)
    array([[0, 0],
           [2, 2],
           [3, 1]])
    """
    pairs = [(l, m) for m in range(lmax + 1) for l in range(m, lmax + 1)]
    return np.array([(l * l + l + m, l * l + l - m) for l, m in pairs], np.int64)


def row_count(lmax: Lmax) -> int:
    """Return how many rows of lanes x, y and z have together.

    >>> row_count((1, 1, 1))
    27
    """
    return centre(lmax, 3, 0, 0) - 1


def centre(lmax: Lmax, slot: int, l: Any, m: Any) -> Any:
    """Return the row of x_m of degree l among the rows of all slots; its companions are one before and one after."""
    before = sum(3 * (k + 1) * (k + 2) // 2 for k in lmax[:slot])
    return before + 3 * column(lmax[slot] if slot < 3 else 0, l, m) + 1


@lru_cache(maxsize=16)
def sparse_sections(table: Table, turns: int, lmax: Lmax, allowed: bytes) -> tuple[Section, Section, Section]:
    """Return the sections double, single and mixed for a table after ``turns`` turns of its slots, (1,2,3) → (2,3,1).

    allowed: the bytes of a boolean array [l1, l2, l3], after turning, that says which paths are wanted.
    """
    core = _Core(table, turns)
    wanted = np.argwhere(np.frombuffer(allowed, bool).reshape([l + 1 for l in lmax]))
    x_is_u, y_is_u = (_sections(core, lmax, wanted, role) for role in (0, 1))
    double, single, mixed = (_join(*both) for both in zip(x_is_u, y_is_u, strict=True))
    return double, single, mixed


class _Core:
    """The entries of a table found by degrees, the first two orders, and which of two |m3| they have."""

    def __init__(self, table: Table, turns: int) -> None:
        l = np.repeat(table.paths.astype(np.int64), np.diff(table.offsets), axis=0)
        l, m = np.roll(l, -turns, axis=1), np.roll(table.orders.astype(np.int64), -turns, axis=1)
        keep = (m[:, 0] >= 0) & ((m[:, 1] >= 0) | (m[:, 2] == 0))
        l, m, values = l[keep], m[keep], table.core[keep]
        keys = self._key(l.T, m[:, 0], m[:, 1], abs(m[:, 2]) != abs(m[:, 0]) + abs(m[:, 1]))
        order = np.argsort(keys)
        self.keys, self.values = np.append(keys[order], -1), np.append(values[order], 0.0)

    @staticmethod
    def _key(l: Any, m1: Any, m2: Any, difference: Any) -> Integers:
        key = l[0]
        for part, size in ((l[1], 128), (l[2], 128), (m1, 128), (m2 + 127, 256), (difference, 2)):
            key = key * size + part
        return np.asarray(key, np.int64)

    def find(self, l: Any, m1: Integers, m2: Integers, difference: Flags) -> NDArray[np.float64]:
        """Return core values; zero where the table has no entry."""
        keys = self._key(l, m1, m2, difference)
        where = np.searchsorted(self.keys[:-1], keys)
        return np.where(self.keys[where] == keys, self.values[where], 0.0)


class _Runs(NamedTuple):
    """Rows v sorted into runs of one q, l3 and degree of u; mixed runs have one parity of J besides.

    Of each row: degrees [n, 3], order q, parity of J.  Of each run: first row, number of rows, lowest order p of u.
    """

    l: Integers
    q: Integers
    odd: Integers
    first: Integers
    n: Integers
    lowest: Integers


def _ranges(counts: Integers) -> Integers:
    """Return 0 … counts[0]-1, 0 … counts[1]-1, …"""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _new(keys: Integers) -> Integers:
    """Return where a row differs from the one before."""
    different = np.ones(len(keys), bool)
    different[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return np.flatnonzero(different)


def _runs(paths: Integers, role: int, mixed: bool) -> _Runs:
    """Return the runs of one role; q = 0 if mixed, else q = 1 … l."""
    copies = np.ones(len(paths), np.int64) if mixed else paths[:, 1 - role]
    l, q = np.repeat(paths, copies, axis=0), _ranges(copies) + (not mixed)
    odd = l.sum(axis=1) & 1
    lowest = np.maximum(q + role, odd * mixed)
    keep = (lowest <= l[:, role]) & (lowest - q <= l[:, 2])
    keys = np.column_stack([q, odd * mixed, l[:, 2], l[:, role], l[:, 1 - role]])[keep]
    order = np.lexsort(keys.T[::-1])
    first = _new(keys[order, :4])
    l, q, odd, lowest = (array[keep][order] for array in (l, q, odd, lowest))
    return _Runs(l, q, odd, first, np.diff(np.append(first, len(l))), lowest[first])


class _Sums(NamedTuple):
    """Sums over the rows of a run, for the order p of u; total: z has the order p + q, otherwise p - q."""

    run: Integers
    p: Integers
    total: Flags


def _sections(core: _Core, lmax: Lmax, paths: Integers, role: int) -> tuple[Section, Section, Section]:
    """Return the sections of one role."""
    runs = _runs(paths, role, False)
    sums = _sums(runs, role)
    double, single = _pairs(runs, sums, lmax, role)
    first, alone = _sorted(runs, sums, double, role), _sorted(runs, sums, single, role)
    second = _Sums(first.run, first.p + ~first.total, first.total & False)
    mixed = _runs(paths, role, True)
    return (
        _section(core, lmax, runs, [first, second], role, False),
        _section(core, lmax, runs, [alone], role, False),
        _section(core, lmax, mixed, [_sorted(mixed, _sums(mixed, role), None, role)], role, True),
    )


def _sums(runs: _Runs, role: int) -> _Sums:
    """Return for every run all p; total where p + q is an order of z."""
    l_u, l_z, q = runs.l[runs.first, role], runs.l[runs.first, 2], runs.q[runs.first]
    counts = np.minimum(l_u, l_z + q) - runs.lowest + 1
    run = np.repeat(np.arange(len(counts)), counts)
    p = runs.lowest[run] + _ranges(counts)
    return _Sums(run, p, (p + q[run] <= l_z[run]) & (q[run] > 0))


def _pairs(runs: _Runs, sums: _Sums, lmax: Lmax, role: int) -> tuple[Flags, Flags]:
    """Return which sums have a second one over the same rows, and which have none; the others are that second one.

    It is p-q after p+q; where p+q is no order of z, it is (p+1)-q after p-q for every other p, if u has that order.
    """
    run, p, total = sums
    head = runs.first[run]
    q, l_u, l_z = runs.q[head], runs.l[head, role], runs.l[head, 2]
    every_other = ~total & ((p - np.maximum(runs.lowest[run], l_z - q + 1)) % 2 == 0)
    followed = every_other & (p < np.minimum(l_z + q, lmax[role])) & (p < l_u)
    return total | followed, every_other & ~followed


def _sorted(runs: _Runs, sums: _Sums, chosen: Flags | None, role: int) -> _Sums:
    """Return the chosen sums, those for one z together."""
    index = np.arange(len(sums.run)) if chosen is None else np.flatnonzero(chosen)
    head, p = runs.first[sums.run[index]], sums.p[index]
    keys = runs.l[head, role], p, runs.odd[head] * (runs.q[head] == 0), runs.l[head, 2], runs.q[head]
    index = index[np.lexsort(keys)]
    return _Sums(sums.run[index], sums.p[index], sums.total[index])


def _section(core: _Core, lmax: Lmax, runs: _Runs, sums: list[_Sums], role: int, mixed: bool) -> Section:
    run, _, total = sums[0]
    head = runs.first[run]
    q, l_u, l_z = runs.q[head], runs.l[head, role], runs.l[head, 2]
    z = [centre(lmax, 2, l_z, np.where(s.total, s.p + q, s.p - q)) for s in sums]
    u = [centre(lmax, role, l_u, s.p) - runs.odd[head] * mixed for s in sums]
    start = _new(np.column_stack([q, z[0], z[-1], runs.odd[head] * mixed]))
    count = np.diff(np.append(start, len(head)))
    groups = np.column_stack([z[0], z[-1], np.where(total | mixed, 1, -1)])[start]
    items = np.column_stack([head, runs.n[run], u[0], u[-1]])
    rows = centre(lmax, 1 - role, runs.l[:, 1 - role], runs.q) - runs.odd * (not mixed)
    joined = _Sums(*(np.column_stack(columns).ravel() for columns in zip(*sums, strict=True)))
    return Section(np.column_stack([groups, count]), items, rows, *_coefficients(core, lmax, runs, joined, role, mixed))


def _coefficients(
    core: _Core, lmax: Lmax, runs: _Runs, sums: _Sums, role: int, mixed: bool
) -> tuple[NDArray[np.float64], Integers]:
    """Return core values κ and flat paths; the κ of odd J in u* Σ (κ v + κ' i v) changes its sign."""
    n = runs.n[sums.run]
    entry = np.repeat(runs.first[sums.run], n) + _ranges(n)
    p, q, difference = np.repeat(sums.p, n), runs.q[entry], ~np.repeat(sums.total, n) & (not mixed)
    turned = difference & (runs.odd[entry] == 1)
    m = (p, q) if role == 0 else (q, p)
    second = np.where(turned & (p == q), -m[1], m[1])  # z has order 0: its entries have one negative order
    values = core.find(runs.l[entry].T, m[0], second, difference) * np.where(turned, -1.0, 1.0)
    return values, np.ravel_multi_index(tuple(runs.l[entry].T), tuple(k + 1 for k in lmax))


def _join(a: Section, b: Section) -> Section:
    """Return the groups of a, then those of b."""
    moved = b._replace(items=np.add(b.items, [len(a.rows), 0, 0, 0]))
    return Section(*(np.concatenate(both) for both in zip(a, moved, strict=True)))
