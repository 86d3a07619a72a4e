"""The numbers of an export, as doubles nearest to the exact ones: from the table where it has them already."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CLEBSCH_GORDAN
from coupling.exact.surd import Surd
from coupling.families import Family
from coupling.families import family as known
from coupling.foreign.convention import Convention
from coupling.tables.table import Table

UNIT = Surd(1)


class ListedEntries(NamedTuple):
    """Paths [P, 3], orders [E, 3] and the path [E] of each entry."""

    paths: NDArray[np.uint8]
    orders: NDArray[np.int8]
    path: NDArray[np.int64]

    def symbol(self, entry: int) -> tuple[list[int], list[int]]:
        """Return degrees and orders of an entry."""
        return self.paths[self.path[entry]].tolist(), self.orders[entry].tolist()


def listed_entries(table: Table, kept: NDArray[np.bool_], family: Family) -> ListedEntries:
    """Return the entries of the paths that are kept, in the order of the table.

    In the complex basis the order of a conjugated slot is the negative of the table's: of the ket of clebsch_gordan.
    """
    counts = np.diff(table.offsets)
    path = np.repeat(np.arange(kept.sum()), counts[kept])
    orders = table.orders[np.repeat(kept, counts)] * np.array(family.order_signs(table.request.basis), np.int8)
    return ListedEntries(table.paths[kept], orders, path)


def exact_entry(family: str | Family, convention: Convention, degrees: list[int], orders: list[int]) -> Surd:
    """Return an exact coefficient in a convention; without its i, if it has one.

    >>> exact_entry("wigner_3j", Convention("c"), [1, 1, 1], [-1, 0, 1])
    √(1/6)
    """
    value = known(family).exact(convention.basis)(*degrees, *orders)
    phases = [convention.phase(l, m) for l, m in zip(degrees, orders, strict=True)]
    whole = value * convention.factor(family, *degrees) * (phases[0] * phases[1] * phases[2])
    return Surd(whole.sign, whole.numerator, whole.denominator, whole.pi_power)


def nearest_doubles(
    table: Table, kept: NDArray[np.bool_], entries: ListedEntries, family: Family, convention: Convention
) -> NDArray[np.float64]:
    """Return the doubles nearest to the exact coefficients of the entries, in the order of the table."""
    factors = [convention.factor(family, *degrees) for degrees in entries.paths.tolist()]
    same = _family_of_the_same_size(family, convention.basis, entries.paths, factors)
    if same is None:
        symbols = map(entries.symbol, range(len(entries.path)))
        return np.array([float(exact_entry(family, convention, *symbol)) for symbol in symbols])
    signs = np.array([factor.sign for factor in factors])[entries.path] * _phases(convention, entries)
    if same.core:
        return np.asarray(table.core[np.repeat(kept, np.diff(table.offsets))] * signs)
    return _tabulated(same, convention.basis, entries.paths) * signs


def _family_of_the_same_size(
    family: Family, basis: str, paths: NDArray[np.uint8], factors: list[Surd]
) -> Family | None:
    """Return the family of this package whose coefficients differ from these by signs at most, or None."""
    sizes = [abs(factor) for factor in factors]
    if all(size == UNIT for size in sizes):
        return family
    orthogonal = all(size == Surd(1, 2 * l3 + 1) for size, l3 in zip(sizes, paths[:, 2].tolist(), strict=True))
    return known(CLEBSCH_GORDAN) if orthogonal and family.core and basis == "real" else None


def _phases(convention: Convention, entries: ListedEntries) -> NDArray[np.int64]:
    """Return the product of the phases of the three harmonics of each entry."""
    result = np.ones(len(entries.path), np.int64)
    degrees = entries.paths[entries.path].astype(np.int64)
    phases = [convention.phases(l) for l in range(int(degrees.max(initial=0)) + 1)]
    flat = np.concatenate(phases)
    for slot in range(3):
        result *= flat[degrees[:, slot] ** 2 + degrees[:, slot] + entries.orders[:, slot]]
    return result


def _tabulated(family: Family, basis: str, paths: NDArray[np.uint8]) -> NDArray[np.float64]:
    from coupling.numbers.tabulation import tabulate_paths  # loads numba, which a table of the core does not need

    values = tabulate_paths(family, paths, basis).values
    return values[values != 0]
