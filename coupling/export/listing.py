"""The coefficients of a table as flat lists, in the convention of a program: the input of every exporter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CONVENTION_ID, CORE
from coupling.exact.surd import Surd
from coupling.export.entries import ListedEntries, exact_coefficients, listed_entries, nearest_doubles, round_to
from coupling.families import Family
from coupling.families import family as known
from coupling.floating_point import BINARY_FORMATS
from coupling.foreign.choices import unit
from coupling.foreign.convention import Convention
from coupling.foreign.named import named
from coupling.memory import require_memory
from coupling.selection import of_type, one_of
from coupling.tables.table import Table, require_integers
from coupling.version import __version__

#: path: path by path; canonical: only paths l1 ≤ l2 ≤ l3; the others: by the flat index of that slot
ORDERS = ("path", "canonical", "output", "input1", "input2")
SORTED_SLOT = {"output": 2, "input1": 0, "input2": 1}

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class Listing:
    """The non-zero coefficients of a table in one convention, family, order and type.

    paths : uint8 [P, 3], degrees (input, input, output), whatever the slots of the convention are
    orders : int8 [E, 3], the orders m of an entry, in the same slots
    path : int64 [E], which path an entry belongs to
    index : int64 [E, 3], flat indices l² + place of m in the convention, in the same slots
    values : float64 [E], numbers of ``dtype``; imaginary parts when ``imaginary``
    error : no value is farther than this from its exact number
    selection : paths and orders that were selected, see :func:`coupling.export.selection.selected`; None for all
    decided : how many values stood exactly between two numbers of the type as doubles and were decided exactly

    In the order "path" and "canonical" entries of a path are together, by their indices; in the others they are
    sorted by the index of one slot, then by those of the other two (the output first).
    """

    table: Table
    convention: Convention
    family: str
    order: str
    dtype: str
    paths: NDArray[np.uint8]
    orders: NDArray[np.int8]
    path: NDArray[np.int64]
    index: NDArray[np.int64]
    values: NDArray[np.float64]
    error: float
    decided: int
    selection: dict[str, Any] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def imaginary(self) -> bool:
        """Whether all coefficients are to be multiplied by i."""
        return known(self.family).is_imaginary(self.convention.basis)

    @cached_property
    def sizes(self) -> tuple[int, int, int]:
        """The number of flat indices of each slot, (lmax+1)²."""
        l1, l2, l3 = self.table.request.lmax
        return (l1 + 1) ** 2, (l2 + 1) ** 2, (l3 + 1) ** 2

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where the entries of a path begin, or those of an index of the sorted slot; and the number of entries."""
        if self.order in SORTED_SLOT:
            slot = SORTED_SLOT[self.order]
            return np.searchsorted(self.index[:, slot], np.arange(self.sizes[slot] + 1))
        return np.searchsorted(self.path, np.arange(len(self.paths) + 1))

    def exactly(self, made: Callable[[Surd], T]) -> Callable[[int], T]:
        """Return the function of an entry that gives ``made`` of its exact coefficient, an i left out.

        >>> from coupling.tables import Request, build
        >>> list_table(build(Request(lmax=1)), "cuequivariance").exactly(str)(10)
        '√(1/2)'
        """
        return exact_coefficients(
            ListedEntries(self.paths, self.orders, self.path), self.values, self.family, self.convention, made
        )

    @cached_property
    def exact(self) -> Callable[[int], Surd]:
        """The function of an entry that gives its exact coefficient, an i left out.

        >>> from coupling.tables import Request, build
        >>> list_table(build(Request(lmax=1)), "cuequivariance").exact(10)
        √(1/2)
        """
        return self.exactly(lambda value: value)

    def with_unit(self, value: Surd) -> Surd:
        """Return a coefficient whose i is left out with it, where it has one."""
        return Surd(value.sign, value.numerator, value.denominator, value.pi_power, int(self.imaginary))

    def coefficient(self, entry: int) -> Surd:
        """Return the exact coefficient of an entry, its i included where it has one.

        >>> from coupling.tables import Request, build
        >>> listing = list_table(build(Request(lmax=1, basis="complex")), "sympy", "antisymmetric_gaunt")
        >>> listing.exact(0), listing.coefficient(0), listing.values[0]
        (√(3/(4π)), i·√(3/(4π)), np.float64(0.4886025119029199))
        """
        return self.with_unit(self.exact(entry))

    def reordered(self, order: str) -> Listing:
        """Return the same coefficients in the order "output", "input1" or "input2"."""
        slot = SORTED_SLOT[one_of(order, tuple(SORTED_SLOT), "order")]
        rest = [other for other in (2, 0, 1) if other != slot]
        where = np.lexsort((self.index[:, rest[1]], self.index[:, rest[0]], self.index[:, slot]))
        moved = {name: getattr(self, name)[where] for name in ("orders", "index", "path", "values")}
        return replace(self, **moved, order=order)

    @property
    def metadata(self) -> dict[str, Any]:
        """What these numbers are, as JSON values."""
        return {
            "schema": "coupling-export",
            "schema_version": 1,
            "table": self.table.request.name,
            "checksum": self.table.metadata.get("checksum", "not saved"),
            "package_version": __version__,
            "relative_to": CONVENTION_ID,
            "convention": self.convention.describe(),
            "family": self.family,
            "imaginary": self.imaginary,
            "lmax": list(self.table.request.lmax),
            "order": self.order,
            "dtype": self.dtype,
            "rounding": "each value rounded once, to nearest, ties to even, from the exact number",
            "largest_error": self.error,
            "rounded_to_zero": int((self.values == 0).sum()),
            "paths": len(self.paths),
            "entries": len(self),
            **({"selection": self.selection} if self.selection else {}),
        }


def list_table(
    table: Table,
    convention: Convention | str = "coupling",
    family: str = CORE,
    order: str = "path",
    dtype: str = "float64",
) -> Listing:
    """Return the coefficients of a table in the convention of a program, each rounded once from the exact number.

    Raises ValueError for a convention in another basis than the table, a family the table does not hold, and for the
    canonical order of a tensor whose other paths do not follow from it by J alone.

    >>> from coupling.tables import Request, build
    >>> listing = list_table(build(Request(lmax=1)), "e3x", order="output", dtype="float32")
    >>> listing.starts, listing.index[4].tolist(), listing.values[4]
    (array([ 0,  4,  8, 12, 16]), [0, 1, 1], np.float64(1.0))
    """
    of_type(table, Table, "table")
    require_integers(table, "a listing")
    convention = named(convention)
    one_of(order, ORDERS, "order")
    one_of(dtype, tuple(BINARY_FORMATS), "dtype")
    record = known(one_of(family, tuple(table.factors), "family"))
    if convention.basis != table.request.basis:
        raise ValueError(f"{convention.name} is {convention.basis}, the table {table.request.basis}")
    require_memory(200 * len(table.core), f"the export of {table.request.name}")
    kept = _kept_paths(table, record, order, convention)
    entries = listed_entries(table, kept, record)
    doubles = nearest_doubles(table, kept, entries, record, convention)
    index = _flat_indices(convention, entries)
    where = np.lexsort((index[:, 2], index[:, 1], index[:, 0], entries.path))
    entries = ListedEntries(entries.paths, entries.orders[where], entries.path[where])
    index, doubles = index[where], doubles[where]
    exactly = exact_coefficients(entries, doubles, record, convention, lambda value: value)
    values, decided = round_to(doubles, dtype, exactly)
    error = float((abs(values - doubles) + np.spacing(abs(doubles)) / 2).max(initial=0.0))
    listing = Listing(table, convention, family, order, dtype, *entries, index, values, error, decided)
    return listing.reordered(order) if order in SORTED_SLOT else listing


def _kept_paths(table: Table, family: Family, order: str, convention: Convention) -> NDArray[np.bool_]:
    kept = table.factors[family.text] != 0
    if order == "canonical":
        _require_symmetry(table, family, convention)
        kept = kept & (table.paths[:, 0] <= table.paths[:, 1]) & (table.paths[:, 1] <= table.paths[:, 2])
    return np.asarray(kept)


def _require_symmetry(table: Table, family: Family, convention: Convention) -> None:
    turned = family.symmetry != "total" or family.signed_slots(convention.basis)
    if turned or not (family.integral or (family.core and convention.scale is unit)):
        raise ValueError(
            f"the canonical order holds l1 <= l2 <= l3 alone; {family} of {convention.name} is not symmetric in them"
        )
    for path in table.paths.tolist():
        if family.core and convention.sign(*path) != convention.sign(*sorted(path)):
            raise ValueError(
                f"the canonical order holds l1 <= l2 <= l3 alone; {convention.name} negates {sorted(path)} or {path}, "
                f"not both"
            )
    if len(set(table.request.lmax)) > 1:
        raise ValueError(f"the canonical order needs one lmax for all slots, got {list(table.request.lmax)}")


def _flat_indices(convention: Convention, entries: ListedEntries) -> NDArray[np.int64]:
    """Return l² + place of m for every slot of every entry."""
    degrees = entries.paths[entries.path].astype(np.int64)
    lmax = int(degrees.max(initial=0))
    place = np.zeros((lmax + 1, 2 * lmax + 1), np.int64)
    for l in range(lmax + 1):
        place[l, : 2 * l + 1] = convention.positions(l)
    return degrees**2 + place[degrees, degrees + entries.orders]
