"""3j symbols and Clebsch-Gordan coefficients of half-integer degrees: dense blocks, and tables to a largest degree.

They exist in the complex basis alone.  Every value is the exact one, rounded once to the nearest double.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from coupling.exact.surd import Surd
from coupling.families import Family
from coupling.families import family as known
from coupling.families.registry import require_half_integers
from coupling.floating_point import default_rounding
from coupling.integers import half
from coupling.memory import require_memory
from coupling.numbers.options import DEFAULTS, only_defaults
from coupling.numbers.recoupling_tables import KINDS, RecouplingTable, tabulate_recoupling
from coupling.numbers.sizes import half_integer_counts, half_integer_paths
from coupling.numbers.symbol import Symbol
from coupling.numbers.symbols import THREE
from coupling.portable import Portable
from coupling.quoted import quoted
from coupling.selection import Path, doubled_degrees, doubled_triangle, has_parity

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Spins = tuple[Fraction, Fraction, Fraction]

#: Bytes that an entry needs while it is computed: its six doubled numbers, twice, and its value, twice.
ENTRY_BYTES = 112


@default_rounding()
def half_integer_block(family: Family, twice: Path, factor: Surd) -> Floats:
    """Return factor times all coefficients of doubled degrees as an array [2j1+1, 2j2+1, 2j3+1], orders -j … j.

    Zeros where the triangle rule fails or j1+j2+j3 is no integer.

    >>> half_integer_block(known("clebsch_gordan"), (1, 1, 0), Surd(1))[:, :, 0]
    array([[ 0.        , -0.70710678],
           [ 0.70710678,  0.        ]])
    """
    result = np.zeros([j + 1 for j in twice])
    rows = symbol_rows(family, twice)
    places = (rows[:, 3:] + np.array(twice)) // 2
    result[tuple(places.T)] = row_values(family, rows) if abs(factor) == Surd(1) else _scaled(family, rows, factor)
    return 0.0 - result if factor == Surd(-1) else result  # no zero is negative


def symbol_rows(family: Family, twice: Path) -> Integers:
    """Return the doubled degrees and orders [n, 6] that no selection rule forbids, m1 and m2 ascending.

    >>> symbol_rows(known("clebsch_gordan"), (1, 1, 0))[:, 3:]
    array([[-1,  1,  0],
           [ 1, -1,  0]])
    """
    if not doubled_triangle(*twice):
        return np.zeros((0, 6), np.int64)
    j1, j2, j3 = twice
    m1, m2 = np.meshgrid(np.arange(-j1, j1 + 1, 2), np.arange(-j2, j2 + 1, 2), indexing="ij")
    there = abs(m1 + m2) <= j3
    orders = np.stack([m1[there], m2[there], -(m1 + m2)[there]], axis=1) * np.array(family.order_signs("complex"))
    orders = orders[np.lexsort(orders.T[::-1])]
    return np.concatenate([np.broadcast_to(np.array(twice), orders.shape), orders], axis=1)


def half_integer_factor(family: Family, twice: Path) -> Surd:
    """Return the factor of a path of doubled degrees, of which a family that has half-integers knows what to make.

    A coefficient is the factor times the 3j symbol, with the sign (-1)^⌊m⌋ and the order -m in conjugated slots.

    >>> half_integer_factor(known("clebsch_gordan"), (1, 2, 3)), half_integer_factor(known("wigner_3j"), (1, 1, 1))
    (2, 0)
    """
    if not (doubled_triangle(*twice) and has_parity(sum(twice) // 2, family.parity)):
        return Surd(0)
    return family.factor(*half_degrees(twice), *family.values)


def row_values(family: Family, rows: Integers) -> Floats:
    """Return the coefficients of rows of doubled degrees and orders, each correctly rounded.

    >>> row_values(known("clebsch_gordan"), np.array([[1, 1, 2, 1, 1, 2]]))
    array([1.])
    """
    kind = None if family.kernel is None else ("three", family.kernel)
    return Symbol(THREE, family.exact("complex"), kind=kind).of_rows(rows)


def _scaled(family: Family, rows: Integers, factor: Surd) -> Floats:
    exact = family.exact("complex")
    symbols = ([Fraction(number, 2) for number in row] for row in rows.tolist())
    return np.array([float(exact(*symbol) * factor) for symbol in symbols])


@dataclass(frozen=True, eq=False)
class HalfIntegerTabulation(Portable):
    """All coefficients of a family with integer and half-integer degrees, path by path, in the complex basis.

    doubled [P, 3], twice the degrees of the paths in lexicographic order; offsets [P+1], values [E].  Path p has
    ``values[offsets[p]:offsets[p+1]]``, one for each row of orders that no selection rule forbids, the first order
    ascending, then the second; accidental zeros are among them.
    """

    family: str
    doubled: Integers
    offsets: Integers
    values: Floats

    def __len__(self) -> int:
        return len(self.doubled)

    @property
    def degrees(self) -> Floats:
        """The degrees [P, 3], integers and half-integers."""
        return self.doubled / 2

    def of_path(self, index: int) -> Floats:
        """Return the values of path number index, a view."""
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def orders(self, index: int) -> Floats:
        """Return the orders [n, 3] of the values of path number index.

        >>> tabulate_half_integers("wigner_3j", 0.5, "complex").orders(1)
        array([[ 0. , -0.5,  0.5],
               [ 0. ,  0.5, -0.5]])
        """
        return symbol_rows(known(self.family), _path(self.doubled[index]))[:, 3:] / 2

    def blocks(self) -> dict[Spins, Floats]:
        """Return the dense block [2j1+1, 2j2+1, 2j3+1] of every path; a key of floats finds it as well.

        Raises MemoryError for blocks that do not fit.

        >>> tabulate_half_integers("clebsch_gordan", 0.5, "complex").blocks()[0.5, 0.5, 0][:, :, 0]
        array([[ 0.        , -0.70710678],
               [ 0.70710678,  0.        ]])
        """
        shapes = (self.doubled + 1).tolist()
        require_memory(8 * sum(map(prod, shapes)), f"all blocks of {len(self)} paths")
        found = {}
        for index, shape in enumerate(shapes):
            path = _path(self.doubled[index])
            block = np.zeros(shape)
            rows = symbol_rows(known(self.family), path)
            block[tuple(((rows[:, 3:] + np.array(path)) // 2).T)] = self.of_path(index)
            found[half_degrees(path)] = block
        return found


def _path(doubled: Integers) -> Path:
    j1, j2, j3 = doubled.tolist()
    return j1, j2, j3


@default_rounding()
def tabulate_half_integers(family: str | Family, jmax: object, basis: str) -> HalfIntegerTabulation:
    """Return all coefficients of a family with integer and half-integer degrees up to jmax, correctly rounded.

    Raises ValueError or TypeError for a family or basis without half-integer degrees and a degree that does not exist,
    MemoryError, before they are allocated, for coefficients that do not fit.

    >>> table = tabulate_half_integers("wigner_3j", 1, "complex")
    >>> len(table), table.degrees[6], table.of_path(6)
    (11, array([0.5, 1. , 0.5]), array([ 0.40824829, -0.57735027, -0.57735027,  0.40824829]))
    """
    record = known(family)
    (twice,) = doubled_degrees(jmax)
    require_half_integers(record, basis)
    paths = half_integer_paths((twice,) * 3, "all").astype(np.int64)
    sizes = half_integer_counts(paths).tolist()
    require_memory(ENTRY_BYTES * sum(sizes), f"the table of {sum(sizes)} {record.text} coefficients to {half(twice)}")
    rows = np.concatenate([symbol_rows(record, _path(path)) for path in paths])
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return HalfIntegerTabulation(record.text, paths, offsets, row_values(record, rows))


def other_table(
    family: str | Family, lmax: object, half_integers: object, basis: str, *options: object
) -> RecouplingTable | HalfIntegerTabulation:
    """Return what :func:`coupling.tabulate` gives besides the tables of integer degrees.

    >>> len(other_table("wigner_3j", 0.5, True, "complex", *DEFAULTS[1:]))
    4
    """
    if isinstance(family, str) and family in KINDS:
        only_defaults(family, basis, *options)
        return tabulate_recoupling(family, lmax, half_integers)  # type: ignore[arg-type]
    if half_integers is not True:
        raise TypeError(f"half_integers must be True or False, got {quoted(half_integers)}")
    only_defaults(family, DEFAULTS[0], *options)
    return tabulate_half_integers(family, lmax, basis)


def half_degrees(twice: Path) -> Spins:
    """Return degrees from doubled ones.

    >>> half_degrees((1, 1, 2))
    (Fraction(1, 2), Fraction(1, 2), Fraction(1, 1))
    """
    j1, j2, j3 = (Fraction(j, 2) for j in twice)
    return j1, j2, j3
