"""The sums of a sparse product as its kernel reads them: what depends on paths, not on their weights."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.kernels.compiled import compiled
from coupling.products.paths import by_degrees, selected_paths
from coupling.products.sparse_program import Integers, Lmax, Section, few_sums, places, row_count, sparse_sections
from coupling.products.table import table_of
from coupling.programs.sparse import sparse_sums
from coupling.programs.tape import record
from coupling.selection import PARITIES


class Sums(NamedTuple):
    """What does not depend on the weights of some paths, but on which of them are zero: the sections of the kernel, and
    for each coefficient in a row its core value and its path."""

    sections: tuple[Section, Section, Section]
    core: NDArray[np.float64]
    path: Integers

    def times(self, factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the coefficients, each times the factor of its path."""
        coefficients: NDArray[np.float64] = self.core * factors[self.path]
        return coefficients


class TypedSums(NamedTuple):
    """Sums as the kernel reads them in one type: sections with positions in numbers, where the coefficients of each
    begin and end, and the address of unrolled code or 0."""

    sections: tuple[tuple[Integers, Integers, Integers], ...]
    ends: list[int]
    straight: int
    sums: Sums


def straight_address(lmax: Lmax, paths: Integers, dtype: np.dtype[Any]) -> int:
    """Return the address of the compiled function for some paths, if they are few and all there are, all even or all
    odd ones; otherwise 0.

    >>> straight_address((0, 0, 0), np.zeros((1, 3), int), np.dtype(float)) > 0
    True
    """
    mine = paths[np.lexsort(paths.T[::-1])]
    if not few_sums(lmax, mine) or not any(np.array_equal(mine, selected_paths(lmax, parity)) for parity in PARITIES):
        return 0
    return straight_sums(lmax, by_degrees(lmax, mine, np.ones(len(mine))).astype(bool).tobytes(), dtype).address


@lru_cache(maxsize=64)
def straight_sums(lmax: Lmax, allowed: bytes, dtype: np.dtype[Any]) -> Any:
    """Return the compiled function for some paths, whatever the table, its turns and the weights.

    >>> straight_sums((0, 0, 0), np.ones((1, 1, 1), bool).tobytes(), np.dtype(float)).address > 0
    True
    """
    double, single, mixed = (section[:3] for section in sparse_sections(table_of(lmax, CORE), 0, lmax, allowed))
    last = row_count(lmax)
    rows_of_z = range(last - 3 * len(places(lmax[2])), last)
    return compiled(record(sparse_sums, (double, single, mixed), rows_of_z), dtype)


def in_numbers(section: Section, w: int) -> tuple[Integers, Integers, Integers]:
    """Return groups, items and rows of a section with positions in numbers, for rows of w lanes.

    >>> [a.shape for a in in_numbers(sparse_sections(table_of((0, 0, 0), CORE), 0, (0, 0, 0), b"\\1")[2], 16)]
    [(1, 4), (1, 4), (1,)]
    """
    groups, items = np.multiply(section.groups, [w, w, w, 1]), np.multiply(section.items, [1, 1, w, w])
    return groups, items, section.rows * w


def ends_of(sums: Sums) -> list[int]:
    """Return where the coefficients of each section begin, and where the last ones end.

    >>> found = sparse_sections(table_of((0, 0, 0), CORE), 0, (0, 0, 0), b"\\1")
    >>> ends_of(Sums(found, np.ones(1), np.zeros(1, int)))
    [0, 0, 0, 1]
    """
    return np.cumsum([0, *(len(section.core) for section in sums.sections)]).tolist()
