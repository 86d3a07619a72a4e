"""The numbers of an export, each rounded once: doubles nearest to the exact ones, and from them narrower types.

Doubles come from the table where it holds them.

A double d that is nearest to the exact x may be rounded on to a narrower type, and the result is that of rounding x
itself, unless d lies exactly halfway between two numbers of that type: every such midpoint is a double, and rounding
to nearest keeps order, so d is above, at or below a midpoint whenever x is, except that x may differ from a midpoint
that d has become.  Those few are decided by comparing x with the midpoint, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CLEBSCH_GORDAN
from coupling.exact.surd import Surd
from coupling.families import Family
from coupling.families import family as known
from coupling.floating_point import BINARY_FORMATS, default_rounding
from coupling.foreign.convention import Convention
from coupling.tables.table import Table

UNIT = Surd(1)
#: Paths whose exact numbers are kept: all that an output of degree 20 has, whatever the order of the entries is.
PATHS_KEPT = 512

T = TypeVar("T")

Floats = NDArray[np.float64]


class ListedEntries(NamedTuple):
    """Paths [P, 3], orders [E, 3] and the path [E] of each entry."""

    paths: NDArray[np.uint8]
    orders: NDArray[np.int8]
    path: NDArray[np.int64]


def listed_entries(table: Table, kept: NDArray[np.bool_], family: Family) -> ListedEntries:
    """Return the entries of the paths that are kept, in the order of the table.

    In the complex basis the order of a conjugated slot is the negative of the table's: of the ket of clebsch_gordan.
    """
    counts = np.diff(table.offsets)
    path = np.repeat(np.arange(kept.sum()), counts[kept])
    orders = table.orders[np.repeat(kept, counts)] * np.array(family.order_signs(table.request.basis), np.int8)
    return ListedEntries(table.paths[kept], orders, path)


def exact_coefficients(
    entries: ListedEntries, signs: Floats, family: str | Family, convention: Convention, made: Callable[[Surd], T]
) -> Callable[[int], T]:
    """Return the function of an entry that gives ``made`` of its exact coefficient, which is without its i.

    In a path the size depends on the sizes of the three orders alone, so each is computed once, and ``made`` of it once
    for each sign.  The sign is that of a number of the entry in ``signs``; where this is 0 it is computed.

    >>> entries = ListedEntries(np.array([[1, 1, 1]], np.uint8), np.array([[-1, 0, 1]], np.int8), np.array([0]))
    >>> exact_coefficients(entries, np.zeros(1), "wigner_3j", Convention("c"), str)(0)
    '√(1/6)'
    """
    record = known(family)

    @lru_cache(PATHS_KEPT)
    def on_path(path: int) -> Callable[[list[int], float], T]:
        return _exact_on_path(record, convention, entries.paths[path].tolist(), made)

    return lambda entry: on_path(int(entries.path[entry]))(entries.orders[entry].tolist(), float(signs[entry]))


def _exact_on_path(
    family: Family, convention: Convention, degrees: list[int], made: Callable[[Surd], T]
) -> Callable[[list[int], float], T]:
    value, factor = family.exact(convention.basis), convention.factor(family, *degrees)
    kept: dict[tuple[int, ...], tuple[T, T]] = {}

    def coefficient(orders: list[int], sign: float) -> T:
        m1, m2, m3 = orders
        sizes = abs(m1), abs(m2), abs(m3)
        if sign and sizes in kept:
            return kept[sizes][sign < 0]
        whole = value(*degrees, *orders) * factor
        size = Surd(abs(whole.sign), whole.numerator, whole.denominator, whole.pi_power)
        kept[sizes] = made(size), made(-size)
        phase = math.prod(convention.phase(l, m) for l, m in zip(degrees, orders, strict=True))
        return kept[sizes][(sign or whole.sign * phase) < 0]

    return coefficient


def nearest_doubles(
    table: Table, kept: NDArray[np.bool_], entries: ListedEntries, family: Family, convention: Convention
) -> NDArray[np.float64]:
    """Return the doubles nearest to the exact coefficients of the entries, in the order of the table."""
    factors = [convention.factor(family, *degrees) for degrees in entries.paths.tolist()]
    same = _family_of_the_same_size(family, convention.basis, entries.paths, factors)
    if same is None:
        exactly = exact_coefficients(entries, np.zeros(len(entries.path)), family, convention, float)
        return np.array(list(map(exactly, range(len(entries.path)))))
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


# -- narrower types ----------------------------------------------------------------------------


@default_rounding()
def round_to(values: Floats, dtype: str, exact: Callable[[int], Surd]) -> tuple[Floats, int]:
    """Return the numbers of a type nearest to exact(0), exact(1), …, as doubles; and how many were decided exactly.

    values : the exact numbers rounded to double
    Ties go to even, and an exact tie is one of the exact number.  Raises ValueError beyond the largest number.

    >>> near = Surd(1, ((2**24 + 1) ** 2 << 60) + 1, 1 << 108)  # a little more than 1 + 2^-24, a midpoint of float32
    >>> float(near) == 1 + 2**-24, np.float32(float(near))
    (True, np.float32(1.0))
    >>> round_to(np.array([float(near)]), "float32", lambda index: near)
    (array([1.00000012]), 1)
    """
    if dtype == "float64":
        return values, 0
    precision, least, largest, _ = BINARY_FORMATS[dtype]
    exponent = np.maximum(np.frexp(values)[1] - 1, least) - (precision - 1)
    scaled = np.ldexp(values, -exponent)
    rounded = np.rint(scaled)
    halfway = np.flatnonzero(abs(scaled - np.trunc(scaled)) == 0.5)
    for index in halfway.tolist():
        rounded[index] = _decide(float(scaled[index]), Fraction(float(values[index])), exact(index))
    result = np.ldexp(rounded, exponent)
    if (abs(result) > largest).any():
        worst = float(values[np.argmax(abs(result))])
        raise ValueError(f"{worst!r} is beyond the largest {dtype}, {largest!r}")
    return result + 0, len(halfway)


def _decide(scaled: float, midpoint: Fraction, value: Surd) -> float:
    below = float(np.floor(scaled))
    if value == midpoint:
        return float(np.rint(scaled))
    return below + 1 if value > midpoint else below


def shortest(values: Floats, dtype: str) -> list[str]:
    """Return numbers of a type in the fewest decimal digits that the type reads back as the same numbers.

    >>> third = round_to(np.array([1 / 3]), "float32", lambda entry: Surd(1, 1, 9))[0]
    >>> shortest(third, "float32"), shortest(third, "float64"), shortest(np.array([0.333984375]), "bfloat16")
    (['0.33333334'], ['0.3333333432674408'], ['0.334'])
    """
    if dtype == "bfloat16":
        return [_shortest_bfloat16(value) for value in values.tolist()]
    return [str(value) for value in values.astype(BINARY_FORMATS[dtype].storage)]


def _shortest_bfloat16(value: float) -> str:
    """Return a number of bfloat16: two to four digits will do."""
    texts = (repr(float(f"{value:.{digits}g}")) for digits in range(1, 5))
    return next(text for text in texts if _to_bfloat16(float(text)) == value)


def _to_bfloat16(number: float) -> float:
    given = Fraction(number)
    exact = Surd.rational(given)
    return float(round_to(np.array([number]), "bfloat16", lambda entry: exact)[0][0])
