"""Coupling coefficients as floats: dense blocks.

Every value is the exact one of :mod:`coupling.exact`, rounded once to the nearest double.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CLEBSCH_GORDAN
from coupling.exact.surd import Surd
from coupling.families import Family
from coupling.families import family as known
from coupling.families.registry import require_half_integers
from coupling.foreign.convention import Convention
from coupling.foreign.named import named
from coupling.memory import require_memory
from coupling.numbers.compiled import FUNCTIONS
from coupling.numbers.half_integers import ENTRY_BYTES, half_degrees, half_integer_block
from coupling.quoted import quoted
from coupling.selection import Path, check_basis, degrees, doubled_degrees, orders, triangle

if TYPE_CHECKING:
    from coupling.numbers.tabulation import Tabulation

#: Blocks with more pairs of orders (m1, m2) than this come from kernels, others from exact arithmetic: same bits.
KERNEL_SIZE = 2000

UNIT = Surd(1)

#: Blocks of degrees up to this one are cut from a table, as soon as a program wants many of them: same bits.
TABLE_LMAX = 10

#: Arrays of the size of a block that are held at once while its signs and orders become those of another program.
COPIES = 4

#: Where a block begins in an array of its own.
START = np.zeros(1, np.int64)


def block(
    family: str | Family,
    l1: object,
    l2: object,
    l3: object,
    basis: str = "real",
    convention: Convention | str | None = None,
) -> NDArray[Any]:
    """Return all coefficients of a path as an array B [2l1+1, 2l2+1, 2l3+1], orders -l … l, each correctly rounded.

    In the real basis, with C of :func:`coupling.exact.real_wigner_3j` and N of :func:`coupling.normalization`,

        B[m1, m2, m3] = N(l1, l2, l3) C(l1,l2,l3)[m1, m2, m3]

    In the complex basis they are the values of the functions :func:`coupling.wigner_3j`, :func:`coupling.gaunt`, …;
    degrees of 3j symbols and Clebsch-Gordan coefficients may be half-integers there.

    family is "wigner_3j" (in the real basis the core C), "clebsch_gordan", "gaunt", "antisymmetric_gaunt" or
    another one of :func:`coupling.families.family`, such as "gradient_dot", "spin_weighted_gaunt:1,-2,1" or
    "gaunt:conj=1".  An imaginary family is complex in the complex basis, all others are float64.  A fresh array each
    time.  All zeros when the triangle rule or the family's parity fails.

    convention : of another program, by name ("e3nn", "e3x", …) or as a ``coupling.foreign.Convention``.  Signs,
        scale, orders and axes of the array are then that program's, and so is the basis; "wigner_3j" is what that
        program calls its coupling tensor.  Degrees stay (input, input, output).

    Beyond degree 8192 the values come from exact integers, which takes longer.

    Raises ValueError or TypeError for an unknown family, basis or convention, a basis that the family does not have and
    for degrees that do not exist, and MemoryError, before anything is allocated, for a block that does not fit.
    Source: derivations ``gaunt``, ``antisymmetric_gaunt``, ``real_basis``; ``coupling.foreign.convention``.

    >>> block("wigner_3j", 1, 1, 1)[0]
    array([[ 0.        ,  0.        ,  0.        ],
           [ 0.        ,  0.        ,  0.40824829],
           [ 0.        , -0.40824829,  0.        ]])
    >>> block("clebsch_gordan", 0.5, 0.5, 0, "complex")[:, :, 0]
    array([[ 0.        , -0.70710678],
           [ 0.70710678,  0.        ]])
    """
    record = known(family)
    twice = doubled_degrees(l1, l2, l3) if record.half_integers else ()
    if any(j & 1 for j in twice):
        return _half_integer_block(record, twice, basis, convention)
    d1, d2, d3 = degrees(l1, l2, l3)
    path = d1, d2, d3
    if convention is None:
        _require_room(record, path, basis, 1)
        return _block(record, path, basis)
    their = _with_basis(named(convention), basis)
    factor = their.factor(record, *path)
    if record.core and their.basis == "real" and abs(factor) == Surd(1, 2 * path[2] + 1):
        record, factor = known(CLEBSCH_GORDAN), Surd(factor.sign)  # the same numbers, and the kernels have them
    _require_room(record, path, their.basis, COPIES)
    return their.arrange(_block(record, path, their.basis, factor), path)


def _with_basis(convention: Convention, basis: str) -> Convention:
    if check_basis(basis) != "real" and basis != convention.basis:
        raise ValueError(
            f"the convention {convention.name} has the {convention.basis} basis, got basis {quoted(basis)}"
        )
    return convention


def _half_integer_block(
    family: Family, twice: tuple[int, ...], basis: str, convention: Convention | str | None
) -> NDArray[Any]:
    their = None if convention is None else _with_basis(named(convention), basis)
    j1, j2, j3 = twice
    path, degrees = (j1, j2, j3), half_degrees((j1, j2, j3))
    require_half_integers(family, basis if their is None else their.basis)
    needed = 8 * COPIES * prod(j + 1 for j in path) + ENTRY_BYTES * (j1 + 1) * (j2 + 1)
    require_memory(needed, f"the {family.text} block of degrees {', '.join(map(str, degrees))}")
    if their is None:
        return half_integer_block(family, path, UNIT)
    return their.arrange(half_integer_block(family, path, their.factor(family, *degrees)), degrees)


def _dtype(family: Family, basis: str) -> np.dtype[Any]:
    return np.dtype(complex if family.is_imaginary(basis) else float)


def _has_kernel(path: Path) -> bool:
    return triangle(*path) and (2 * path[0] + 1) * (2 * path[1] + 1) > KERNEL_SIZE


def _require_room(family: Family, path: Path, basis: str, copies: int) -> None:
    """Refuse a block that does not fit: the array, its copies, and the real block of an imaginary one."""
    size = _dtype(family, family.require_basis(basis)).itemsize
    each = copies * size + (8 if size == 16 and _has_kernel(path) else 0)
    needed = each * prod(2 * l + 1 for l in path)
    require_memory(needed, f"the {family.text} block of degrees {quoted(path)}")


def _block(family: Family, path: Path, basis: str, factor: Surd = UNIT) -> NDArray[Any]:
    """Return factor times the coefficients of a path, each correctly rounded."""
    value, signs = family.exact(basis), family.order_signs(basis)
    dtype = _dtype(family, basis)
    if abs(factor) == UNIT and max(path) <= TABLE_LMAX and FUNCTIONS.worth(prod(2 * l + 1 for l in path[:2])):
        return _from_table(family, path, basis, factor.sign)
    if _has_kernel(path) and abs(factor) == UNIT:
        from coupling.numbers.tabulation import tabulate_paths  # loads numba, for blocks that are worth it

        found = tabulate_paths(family, np.array([path]), basis).blocks()[path]
        if factor.sign < 0:
            np.subtract(0.0, found, out=found)  # no zero is negative
        if dtype.kind == "f":
            return found
        result = np.zeros(found.shape, dtype)
        result.imag = found
        return result
    number = complex if dtype.kind == "c" else float
    result = np.zeros([2 * l + 1 for l in path], dtype)
    if triangle(*path):
        for order in orders(*path, basis):
            m1, m2, m3 = (sign * m for sign, m in zip(signs, order, strict=True))
            result[m1 + path[0], m2 + path[1], m3 + path[2]] = number(value(*path, m1, m2, m3) * factor)
    return result


def _from_table(family: Family, path: Path, basis: str, sign: int) -> NDArray[Any]:
    """Return the block of a path, cut from the table of its family."""
    from coupling.kernels.entries import scatter

    table, places = _table(family, basis)
    result = np.zeros([2 * l + 1 for l in path], _dtype(family, basis))
    if path in places:
        place, dense = places[path], np.zeros(result.size)
        one = slice(place, place + 1)
        scatter(table.paths[one], table.offsets[one], basis == "real", table.values, START, dense)
        signs = family.order_signs(basis)
        found = dense.reshape(result.shape)[tuple(slice(None, None, each) for each in signs)]
        part = result.imag if family.is_imaginary(basis) else result
        part[...] = 0.0 - found if sign < 0 else found  # no zero is negative
    return result


@lru_cache(maxsize=16)
def _table(family: Family, basis: str) -> tuple[Tabulation, dict[Path, int]]:
    """Return all coefficients of a family to degree 10, and the place of each path."""
    from coupling.numbers.tabulation import tabulate

    table = tabulate(family, TABLE_LMAX, basis)
    return table, {(l1, l2, l3): place for place, (l1, l2, l3) in enumerate(table.paths.tolist())}
