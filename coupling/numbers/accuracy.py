"""The certificate of a table: every entry against exact integers.

The exact values of a canonical path l1 ≤ l2 ≤ l3 come from :mod:`coupling.exact.blocks`, which shares no rule with the
kernels.  All orderings of the path are then compared with them, entry by entry, through the symmetries of the *exact*
3j symbols and the definition of the real basis.  Beyond degree 8192 the table itself comes from such blocks, and the
comparison says nothing about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array

from coupling.conventions import BASES
from coupling.exact.blocks import RoundedBlock, rounded_block
from coupling.exact.surd import Surd
from coupling.families import Family, records
from coupling.families import family as known
from coupling.floating_point import default_rounding
from coupling.numbers.tabulation import Tabulation, tabulate, tabulate_paths
from coupling.quoted import quoted
from coupling.selection import Path, degrees, has_parity, triangle

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Whole paths of large degrees: balanced, very unequal, and stretched, where values underflow.
PATHS: tuple[Path, ...] = ((50, 50, 50), (33, 33, 35), (100, 90, 190), (3, 200, 201), (200, 200, 200), (1, 1000, 1000))

#: Further tables of the whole certificate, which takes minutes.
LARGE_PATHS: tuple[Path, ...] = (
    (2, 8190, 8192),
    (3, 1000, 1001),
    (20, 990, 1000),
    (500, 500, 500),
    (250, 500, 745),
    (1000, 1000, 1000),
    (1000, 1000, 1999),
    (1000, 1000, 2000),
)


@dataclass(frozen=True)
class TableCertificate:
    """What the comparison of a table with the exact values found.

    ``ulp`` is the largest distance of an entry to the exact value, in units in the last place of the exact value
    (2^-1074 below the normal doubles): at most 0.5 where every entry is correctly rounded.  ``false_zeros`` are zero
    where the rounded exact value is not, ``false_nonzeros`` the reverse.  ``zeros`` and ``subnormal`` count what is in
    the table.  ``orthogonality`` is max |A Aᵀ - 1| with A[(l3,m3), (m1,m2)] = √(2l3+1) · entry/reduced factor for
    fixed l1, l2 over the l3 of the table, in doubles.  ``doubtful`` counts the canonical entries that the kernels left
    to exact arithmetic.
    """

    family: str
    basis: str
    paths: int
    entries: int
    misrounded: int
    ulp: float
    false_zeros: int
    false_nonzeros: int
    zeros: int
    subnormal: int
    orthogonality: float
    doubtful: int

    @property
    def passed(self) -> bool:
        """Whether every entry is the double nearest to the exact value."""
        return not (self.misrounded or self.false_zeros or self.false_nonzeros) and self.ulp <= 0.5


@default_rounding()
def certify_table(table: Tabulation) -> TableCertificate:
    """Compare every entry of a table with the exact value.

    >>> certificate = certify_table(tabulate("gaunt", 3))
    >>> certificate.entries, certificate.misrounded, certificate.ulp <= 0.5
    (359, 0, True)
    """
    if not isinstance(table, Tabulation):
        raise TypeError(f"certify_table takes a Tabulation, got {type(table).__name__} {table!r}")
    misrounded = false_zeros = false_nonzeros = 0
    ulp = 0.0
    for index, exact in exact_entries(table):
        values = table.of_path(index)
        errors = np.abs(np.ldexp(values - exact.values, -exact.unit) + exact.distance)
        ulp = max(ulp, float(errors.max(initial=0.0)))
        misrounded += int((values != exact.values).sum())
        false_zeros += int(((values == 0) & (exact.values != 0)).sum())
        false_nonzeros += int(((values != 0) & (exact.values == 0)).sum())
    size = np.abs(table.values)
    return TableCertificate(
        table.family, table.basis, len(table), table.values.size, misrounded, ulp, false_zeros, false_nonzeros,
        int((size == 0).sum()), int(((size > 0) & (size < np.finfo(float).tiny)).sum()),
        orthogonality(table), table.doubtful,
    )  # fmt: skip


def certificates(lmax: Sequence[int], paths: Sequence[Path]) -> Iterator[tuple[str, TableCertificate]]:
    """Yield a description and the certificate of all tables up to each lmax and of each path in all its orderings, for
    every family and basis.

    Raises ValueError for a path that violates the triangle rule.
    """
    for path in paths:
        if not triangle(*degrees(*path)):
            raise ValueError(f"a path satisfies |l1 - l2| <= l3 <= l1 + l2, got {quoted(path)}")
    for limit in lmax:
        for basis in BASES:
            for family in _families(basis):
                yield f"all ≤ {limit}", certify_table(tabulate(family, limit, basis))
    for path in paths:
        orderings = np.array(sorted(set(permutations(path))))
        for basis in BASES:
            for family in _families(basis):
                if has_parity(sum(path), family.parity):
                    yield "{}, {}, {}".format(*path), certify_table(tabulate_paths(family, orderings, basis))


def _families(basis: str) -> list[Family]:
    """Return the families that exist in a basis and need no parameters."""
    return [family for family in records() if basis in family.bases and not family.parameters]


HEADER = "degrees | family | basis | entries | misrounded | largest error (ulp) | false zeros | false non-zeros | " \
    "zeros | subnormal | orthogonality | by exact arithmetic"  # fmt: skip


def row(where: str, c: TableCertificate) -> str:
    """Return a certificate as a row of the table that :data:`HEADER` begins."""
    return (
        f"{where} | {c.family} | {c.basis} | {c.entries} | {c.misrounded} | {c.ulp:.10g} | {c.false_zeros} | "
        f"{c.false_nonzeros} | {c.zeros} | {c.subnormal} | {c.orthogonality:.1e} | {c.doubtful}"
    )


# exact values in all orderings of a path


def exact_entries(table: Tabulation) -> Iterator[tuple[int, RoundedBlock]]:
    """Yield for each path of a table its index and the exact values of its entries, in their order."""
    family, real = known(table.family), table.basis == "real"
    for key, members in _groups(np.sort(table.paths, axis=1)):
        a, b, c = key
        blocks: dict[Surd, RoundedBlock] = {}
        for index in members:
            path = _path(table, index)
            factor = family.reduced(*path, table.basis)
            size = abs(factor)
            if size not in blocks:
                blocks[size] = rounded_block(a, b, c, size, real)
            yield index, _ordered(blocks[size], family, table.basis, path, key, factor.sign)


def _groups(keys: Integers) -> Iterator[tuple[list[int], list[int]]]:
    """Yield each distinct row of keys with the indices where it stands."""
    distinct, inverse = np.unique(keys, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)  # numpy 2.0 alone returns a column
    members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(np.bincount(inverse))[:-1])
    yield from ((key.tolist(), group.tolist()) for key, group in zip(distinct, members, strict=True))


def _path(table: Tabulation, index: int) -> Path:
    l1, l2, l3 = table.paths[index].tolist()
    return l1, l2, l3


def _ordered(block: RoundedBlock, family: Family, basis: str, path: Path, key: list[int], sign: int) -> RoundedBlock:
    """Return the values of all entries of a path from the block of the sorted path, times a sign."""
    orders = orders_of(path, basis)
    signs, mu = (np.ones(1), orders) if basis == "complex" else real_terms(sum(path), orders)
    slots, odd = next((s, o) for s, o in _PERMUTATIONS if [path[i] for i in s] == key)
    if odd and sum(path) & 1:
        signs = -signs
    conjugated = orders[list(family.signed_slots(basis))].sum(axis=0)
    signs = sign * signs * (1 - 2 * (conjugated & 1))
    entries = mu[slots[0]] + key[0], mu[slots[1]] + key[1]
    return RoundedBlock(signs * block.values[entries], signs * block.distance[entries], block.unit[entries])


#: (slots, whether they are an odd permutation): the canonical path has the degrees of these slots.
_PERMUTATIONS = [(slots, slots in ((0, 2, 1), (1, 0, 2), (2, 1, 0))) for slots in permutations(range(3))]


def orders_of(path: Path, basis: str) -> Integers:
    """Return ``list(selection.orders(*path, basis))`` as an array [3, n].

    >>> orders_of((1, 0, 1), "complex")
    array([[-1,  0,  1],
           [ 0,  0,  0],
           [ 1,  0, -1]])
    """
    l1, l2, l3 = path
    m1 = np.arange(-l1, l1 + 1)
    if basis == "complex":
        m1, m2 = _segments(m1, np.maximum(-l2, -l3 - m1), np.minimum(l2, l3 - m1))
        return np.stack([m1, m2, -m1 - m2])
    below, above = np.minimum(l2, l3 - abs(m1)), np.maximum(-l2, abs(m1) - l3)  # ||m1|-|m2|| ≤ l3
    first = np.stack([np.maximum(-l2, -l3 - abs(m1)), np.maximum(above, below + 1)], axis=1).ravel()
    last = np.stack([below, np.minimum(l2, l3 + abs(m1))], axis=1).ravel()
    m1, m2 = (m[:, None] for m in _segments(np.repeat(m1, 2), first, last))
    total, gap = abs(m1) + abs(m2), abs(abs(m1) - abs(m2))
    m3 = np.concatenate([-total, -gap, gap, total], axis=1)
    distinct = np.concatenate([total > gap, gap > 0, gap >= 0, total > gap], axis=1)
    negative = (m1 < 0) ^ (m2 < 0) ^ bool((l1 + l2 + l3) & 1)
    pair, which = np.nonzero(distinct & (abs(m3) <= l3) & ((m3 < 0) == negative))
    return np.stack([m1[pair, 0], m2[pair, 0], m3[pair, which]])


def _segments(keys: Integers, first: Integers, last: Integers) -> tuple[Integers, Integers]:
    """Return all (key, n) with first ≤ n ≤ last for each key in turn, as two arrays."""
    sizes = np.maximum(last - first + 1, 0)
    starts = np.cumsum(sizes) - sizes
    return np.repeat(keys, sizes), np.arange(sizes.sum()) + np.repeat(first - starts, sizes)


def real_terms(total: int, orders: Integers) -> tuple[Floats, Integers]:
    """Return sign and μ [3, n] of :func:`coupling.exact.real.real_term` for allowed real orders [3, n].

    >>> real_terms(3, np.array([[-1], [0], [1]]))
    (array([-1.]), array([[ 1],
           [ 0],
           [-1]]))
    """
    a, b, c = abs(orders)
    mu = np.where(a == b + c, (a, -b, -c), np.where(b == a + c, (-a, b, -c), (-a, -b, c)))
    power = np.where(mu > 0, 2 * orders, 0) + np.where(orders < 0, np.where(mu < 0, 1, -1), 0)
    return 1.0 - ((power.sum(axis=0) - total) & 2), mu


# orthogonality


def orthogonality(table: Tabulation) -> float:
    """Return max |A Aᵀ - 1| over the pairs l1, l2 of a table, see :class:`TableCertificate`."""
    residual = 0.0
    for _, members in _groups(table.paths[:, :2]):
        matrix = _rows(table, members)
        difference = matrix @ matrix.T - eye_array(matrix.shape[0])
        residual = max(residual, float(abs(difference.data).max(initial=0.0)))
    return residual


def _rows(table: Tabulation, members: list[int]) -> csr_array:
    """Return A of the paths with the given indices, which have l1 and l2 in common."""
    rows, columns, values = [], [], []
    for index in members:
        path = l1, l2, l3 = _path(table, index)
        factor = known(table.family).reduced(*path, table.basis)
        if factor:
            m1, m2, m3 = orders_of(path, table.basis)
            rows.append(l3**2 + l3 + m3)
            columns.append((m1 + l1) * (2 * l2 + 1) + m2 + l2)
            values.append(table.of_path(index) * float(abs(Surd(1, 2 * l3 + 1) / factor)))
    if not rows:
        return csr_array((0, 0))
    _, row = np.unique(np.concatenate(rows), return_inverse=True)
    return csr_array((np.concatenate(values), (row, np.concatenate(columns))))
