"""A table in memory: the arrays of a table file, with blocks, factors and normalizations."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE
from coupling.families import family as known
from coupling.files import checks
from coupling.files.container import file_name
from coupling.floating_point import default_rounding
from coupling.memory import require_memory
from coupling.portable import Portable, made_of, parts_of
from coupling.quoted import quoted
from coupling.selection import degree, doubled_degrees, one_of
from coupling.tables.request import Request, table_name

if TYPE_CHECKING:
    from coupling.files.report import Report


class Entries(NamedTuple):
    """One path of a table: its degrees, the orders of its non-zero entries [E, 3], and their core values [E].

    With half-integers, degrees and orders are floats.
    """

    degrees: tuple[Any, Any, Any]
    orders: NDArray[Any]
    core: NDArray[np.float64]

    def __reduce__(self) -> tuple[Any, ...]:
        return made_of, (Entries, *parts_of(tuple(self)))


@dataclass(frozen=True, eq=False, repr=False)
class Table(Portable):
    """Coupling coefficients, path-major: paths, entries, and one factor per path and family.

    paths : uint8 [P, 3], the degrees (l1, l2, l3) in lexicographic order
    offsets : int64 [P+1]; the entries of path p are ``offsets[p] : offsets[p+1]``
    orders : int8 [E, 3], the orders (m1, m2, m3) in lexicographic order within each path
    core : float64 [E], C in the real basis, the 3j symbol in the complex one; no zeros
    factors : float64 [P] for each family, its reduced factor; without the i of an imaginary family

    With half-integers, paths and orders hold twice the degrees and orders; what a method takes or returns is the number
    itself, 0.5, as in :attr:`degrees`.  All arrays are read-only.  Iterating gives the paths with their entries.  A
    pickle or a deep copy of a table that is mapped from a file holds its numbers and needs no file.

    >>> from coupling.tables import build
    >>> table = build(Request(lmax=2))
    >>> table
    Table('real-l2': real basis, lmax 2, 15 paths, 137 entries, 4 families)
    >>> next(iter(table))
    Entries(degrees=(0, 0, 0), orders=array([[0, 0, 0]], dtype=int8), core=array([1.]))
    """

    request: Request
    metadata: Mapping[str, Any]
    paths: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    orders: NDArray[np.int8]
    core: NDArray[np.float64]
    factors: Mapping[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        for array in self.held.values():
            array.flags.writeable = False

    @property
    def held(self) -> dict[str, NDArray[Any]]:
        """The arrays under their names in a file, in its order."""
        reduced = {f"reduced_{family}": factor for family, factor in self.factors.items()}
        return {"core": self.core, **reduced, "offsets": self.offsets, "orders": self.orders, "paths": self.paths}

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Entries]:
        return (self.entries(*path) for path in self.degrees.tolist())

    def _path(self, *degrees: object) -> tuple[int, int, int]:
        """Return degrees that exist times the denominator, as the arrays have them."""
        if self.request.half_integers:
            l1, l2, l3 = doubled_degrees(*degrees)
        else:
            l1, l2, l3 = (degree(value, f"degree {slot}") for slot, value in enumerate(degrees, 1))
        for slot, (l, given, lmax) in enumerate(zip((l1, l2, l3), degrees, self.request.lmax, strict=True), 1):
            if l > self.request.denominator * lmax:
                raise ValueError(f"degree {slot} must be <= {lmax}, the lmax of this table, got {quoted(given)}")
        return l1, l2, l3

    def __repr__(self) -> str:
        lmax = self.request.lmax
        degrees = lmax[0] if len(set(lmax)) == 1 else lmax
        return (
            f"Table({self.request.name!r}: {self.request.basis} basis, lmax {degrees}, {len(self.paths)} paths, "
            f"{len(self.core)} entries, {len(self.factors)} families)"
        )

    @property
    def degrees(self) -> NDArray[Any]:
        """The degrees [P, 3] of the paths: integers, or floats where there are half-integers.

        >>> from coupling.tables import build
        >>> build(Request(lmax=0.5, basis="complex", half_integers=True)).degrees[1]
        array([0. , 0.5, 0.5])
        """
        return self.paths / 2 if self.request.half_integers else self.paths.astype(np.int64)

    @property
    def lmax(self) -> tuple[Any, Any, Any]:
        """The largest degree of each slot."""
        return self.request.lmax

    @property
    def families(self) -> tuple[str, ...]:
        """The families whose coefficients the table holds."""
        return tuple(self.factors)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the table in words, and how many paths and coefficients each family has."""
        counts = np.diff(self.offsets)
        rows = (
            f"<tr><td>{escape(family)}</td><td>{np.count_nonzero(factor)}</td><td>{counts[factor != 0].sum()}</td></tr>"
            for family, factor in self.factors.items()
        )
        head = "<tr><th>family</th><th>paths</th><th>coefficients</th></tr>"
        return f"<table><caption>{escape(repr(self))}</caption>{head}{''.join(rows)}</table>"

    def index(self, l1: float, l2: float, l3: float) -> int | None:
        """Return the position of a path, or None when the triangle rule or the parity of the table excludes it.

        Raises ValueError for a degree beyond the table's lmax.

        >>> from coupling.tables import build
        >>> table = build(Request(lmax=2))
        >>> table.index(1, 1, 2), table.index(0, 1, 2)
        (6, None)
        """
        path = self._path(l1, l2, l3)
        first, last = (np.searchsorted(self._keys, _key(path), side) for side in ("left", "right"))
        return int(first) if first < last else None

    @cached_property
    def _keys(self) -> NDArray[np.int64]:
        """Integers in the order of the paths."""
        return _key(self.paths.T.astype(np.int64))

    def entries(self, l1: float, l2: float, l3: float) -> Entries:
        """Return the non-zero entries of a path; none when the path is not in the table."""
        path, orders, core = self.stored(l1, l2, l3)
        halves = self.request.half_integers
        return Entries(tuple(l / 2 for l in path), orders / 2, core) if halves else Entries(path, orders, core)

    def stored(self, l1: float, l2: float, l3: float) -> Entries:
        """Return the entries of a path as the arrays hold them, times the denominator of the request.

        >>> from coupling.tables import build
        >>> build(Request(lmax=0.5, basis="complex", half_integers=True)).stored(0, 0.5, 0.5).orders
        array([[ 0, -1,  1],
               [ 0,  1, -1]], dtype=int8)
        """
        position = self.index(l1, l2, l3)
        where = slice(0, 0) if position is None else slice(*self.offsets[position : position + 2].tolist())
        return Entries(self._path(l1, l2, l3), self.orders[where], self.core[where])

    def reduced(self, family: str) -> NDArray[Any]:
        """Return the reduced factor of a family on every path [P], with its i where it has one.

        Real basis: coefficient = reduced · C.  Complex basis: coefficient = reduced · 3j, with the order m of a
        conjugated slot negated and the sign (-1)^m added, (-1)^(m-1/2) for a half-integer m: the third slot of
        clebsch_gordan.

        >>> from coupling.tables import build
        >>> build(Request(lmax=1)).reduced("clebsch_gordan")
        array([1.        , 1.73205081, 1.73205081, 1.        , 1.73205081])
        """
        factor = self.factors[one_of(family, tuple(self.factors), "family")]
        return factor * 1j if family in self.request.imaginary else factor

    @default_rounding()
    def block(self, family: str, l1: float, l2: float, l3: float) -> NDArray[Any]:
        """Return a family's coefficients of a path as a dense array [2l1+1, 2l2+1, 2l3+1], orders -l … l.

        The product of two correctly rounded numbers: relative error at most 1.5 · 2⁻⁵² (and none for wigner_3j).
        All zeros when the path is not in the table.  Raises ValueError for a degree beyond the table's lmax or a
        family it does not hold.  Source: ``coupling.conventions``.

        >>> from coupling.tables import build
        >>> build(Request(lmax=1)).block("wigner_3j", 1, 1, 1)[0]
        array([[ 0.        ,  0.        ,  0.        ],
               [ 0.        ,  0.        ,  0.40824829],
               [ 0.        , -0.40824829,  0.        ]])
        """
        factors, position = self.reduced(family), self.index(l1, l2, l3)
        path, orders, core = self.stored(l1, l2, l3)
        step = self.request.denominator
        shape = tuple(2 * l // step + 1 for l in path)
        require_memory(factors.itemsize * math.prod(shape), f"the {family} block of degrees {(l1, l2, l3)}")
        result = np.zeros(shape, factors.dtype)
        if position is not None:
            m, signs = self._orders_of(family, orders)
            result[tuple((m + path).T // step)] = core * factors[position] * signs
        return result

    def _orders_of(self, family: str, orders: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the orders of a family's coefficients, where a conjugated slot has them negated, and their signs.

        Orders are times the denominator; the signs are (-1)^⌊m⌋ of the conjugated slots.
        """
        record, basis = known(family), self.request.basis
        m = orders.astype(np.int64) * record.order_signs(basis)
        odd = (m[:, record.signed_slots(basis)] // self.request.denominator).sum(axis=1) % 2
        return m, np.where(odd, -1.0, 1.0)

    @default_rounding()
    def columns(self, family: str = CORE) -> dict[str, NDArray[Any]]:
        """Return all coefficients of a family that are not zero as columns: l1, l2, l3, m1, m2, m3, value.

        Each is an array [E]; ``pandas.DataFrame(table.columns("gaunt"))`` or polars makes a data frame of them.  Values
        are those of :meth:`block`.  Raises ValueError for a family that the table does not hold, MemoryError for
        columns that do not fit.

        >>> from coupling.tables import build
        >>> columns = build(Request(lmax=1)).columns("gaunt")
        >>> [columns[name][1].item() for name in ("l1", "l2", "l3", "m1", "m2", "m3", "value")]
        [0, 1, 1, 0, -1, -1, 0.28209479177387814]
        """
        factors, counts = self.reduced(family), np.diff(self.offsets)
        require_memory(len(self.core) * (9 * 8 + 2 * factors.itemsize), f"the columns of {len(self.core)} entries")
        factor = np.repeat(factors, counts)
        m, signs = self._orders_of(family, self.orders)
        names = np.hstack([np.repeat(self.paths, counts, axis=0), m])[factor != 0]
        names = names / 2 if self.request.half_integers else names
        values = (self.core * factor * signs)[factor != 0]
        return {**dict(zip(("l1", "l2", "l3", "m1", "m2", "m3"), names.T, strict=True)), "value": values}

    def normalization(self, family: str) -> NDArray[np.float64]:
        """Return N[l1, l2, l3], the factor in the real basis, zero off the paths, as ``coupling.normalization`` does.

        For a family without a real basis it is the size of the factor.  Raises ValueError for a table of half-integers.

        >>> from coupling.tables import build
        >>> build(Request(lmax=1)).normalization("gaunt")[1]
        array([[0.        , 0.48860251],
               [0.48860251, 0.        ]])
        """
        factor = self.factors[one_of(family, tuple(self.factors), "family")]
        require_integers(self, "normalization")
        shape = tuple(lmax + 1 for lmax in self.request.lmax)
        result = np.zeros(shape)
        signs = known(family).real_signs(self.paths.sum(axis=1, dtype=np.int64), factor, self.request.basis)
        result[tuple(self.paths.T.astype(np.intp))] = factor * signs + 0
        return result

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the table to ``<name>.safetensors`` and return where; a folder stands for its own name in there.

        The file appears whole or not at all.  Its bytes are those that ``coupling build`` writes.  Raises
        FileExistsError for a file that is there and is no table, or one of a newer schema, unless ``force``.
        """
        from coupling.files.atomic import write

        target = Path(path)
        target = target / file_name(self.request.name) if target.is_dir() else target
        tensors = self.request.tensors(len(self.paths), len(self.core))
        write(target, {**self.metadata, "name": table_name(target)}, tensors, self.held.values(), force=force)
        return target

    def check(self) -> Report:
        """Check structure, identities and exact values; see :func:`coupling.tables.check.check`."""
        return checks("table", self)


def require_integers(table: Table, what: str) -> None:
    """Raise ValueError for a table of half-integers where these have no place.

    >>> from coupling.tables import build
    >>> require_integers(build(Request(lmax=1)), "a picture")
    """
    if table.request.half_integers:
        raise ValueError(f"{what} has integer degrees only; {quoted(table)} has half-integers")


def _key(path: Any) -> Any:
    return (path[0] * 256 + path[1]) * 256 + path[2]
