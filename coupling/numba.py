"""Symbols for compiled code: call them in a function of your own that numba compiles.

Arguments are integers, *twice* the degrees and orders, so that half-integers need no other type: ``wigner_3j(2, 2, 4,
0, 0, 0)`` is (1 1 2; 0 0 0).  Degrees go to 2048.  Values are correctly rounded, with the bits of :mod:`coupling`'s own
functions, and no object of Python is made: ``parallel=True``, ``nogil=True`` and ``cache=True`` work as they do for any
function.  Called from Python itself they take integers as well.

>>> from numba import njit
>>> from coupling.numba import wigner_3j
>>> @njit
... def total(two_l):
...     result = 0.0
...     for two_m in range(-two_l, two_l + 1, 2):
...         result += (two_l + 1) * wigner_3j(two_l, two_l, 0, two_m, -two_m, 0) ** 2
...     return result
>>> round(total(40), 12)
41.0
"""

from __future__ import annotations

from coupling.kernels.factorials import LARGEST_LONG
from coupling.kernels.jit import kernel
from coupling.kernels.symbol_calls import any_3j, any_6j, any_9j
from coupling.kernels.symbols import CLEBSCH_GORDAN, GAUNT, WIGNER_3J

__all__ = ["clebsch_gordan", "gaunt", "wigner_3j", "wigner_6j", "wigner_9j"]


@kernel
def _check_degree(two_j: int) -> None:
    if two_j < 0:
        raise ValueError("a doubled degree must be >= 0")
    if two_j > LARGEST_LONG:
        raise ValueError("a doubled degree must be <= 4096 in compiled code")


@kernel
def _check(two_j: int, two_m: int) -> None:
    _check_degree(two_j)
    if abs(two_m) > two_j:
        raise ValueError("a doubled order must satisfy |two_m| <= two_j")
    if (two_j + two_m) & 1:
        raise ValueError("a doubled order must be even where its doubled degree is, and odd where that is odd")


@kernel
def wigner_3j(two_j1: int, two_j2: int, two_j3: int, two_m1: int, two_m2: int, two_m3: int) -> float:
    """Return the Wigner 3j symbol of doubled degrees and orders, correctly rounded.

    Zero when the triangle rule fails or m1+m2+m3 ≠ 0.  Raises ValueError for a degree or order that does not exist, and
    for a degree above 2048.  Source: Edmonds 1957, eq. 3.7.3.

    >>> wigner_3j(2, 2, 4, 0, 0, 0), wigner_3j(1, 1, 2, 1, 1, -2)
    (0.3651483716701107, -0.5773502691896257)
    """
    _check(two_j1, two_m1)
    _check(two_j2, two_m2)
    _check(two_j3, two_m3)
    return any_3j(two_j1, two_j2, two_j3, two_m1, two_m2, two_m3, WIGNER_3J)


@kernel
def clebsch_gordan(two_j1: int, two_j2: int, two_j3: int, two_m1: int, two_m2: int, two_m3: int) -> float:
    """Return ⟨j1 m1 j2 m2 | j3 m3⟩ of doubled degrees and orders, correctly rounded; degrees first, orders second.

    Zero when the triangle rule fails or m1+m2 ≠ m3.  Raises as :func:`wigner_3j`.  Source: Edmonds 1957, eq. 3.7.3.

    >>> clebsch_gordan(1, 1, 2, 1, 1, 2)
    1.0
    """
    _check(two_j1, two_m1)
    _check(two_j2, two_m2)
    _check(two_j3, two_m3)
    return any_3j(two_j1, two_j2, two_j3, two_m1, two_m2, two_m3, CLEBSCH_GORDAN)


@kernel
def gaunt(two_l1: int, two_l2: int, two_l3: int, two_m1: int, two_m2: int, two_m3: int) -> float:
    """Return ∫ Y1 Y2 Y3 dΩ of orthonormal complex harmonics, correctly rounded; arguments are doubled here too.

    Zero when the triangle rule fails, l1+l2+l3 is odd or m1+m2+m3 ≠ 0.  Raises as :func:`wigner_3j`, and for a doubled
    degree that is odd.  Source: derivation ``gaunt``.

    >>> gaunt(2, 2, 4, 0, 0, 0)
    0.252313252202016
    """
    _check(two_l1, two_m1)
    _check(two_l2, two_m2)
    _check(two_l3, two_m3)
    if (two_l1 | two_l2 | two_l3) & 1:
        raise ValueError("doubled degrees of a Gaunt integral must be even")
    return any_3j(two_l1, two_l2, two_l3, two_m1, two_m2, two_m3, GAUNT)


@kernel
def wigner_6j(two_j1: int, two_j2: int, two_j3: int, two_j4: int, two_j5: int, two_j6: int) -> float:
    """Return the Wigner 6j symbol {j1 j2 j3; j4 j5 j6} of doubled degrees, correctly rounded.

    Zero when one of the four triads breaks the triangle rule.  Raises ValueError for a negative degree and for one
    above 2048.  Source: Edmonds 1957, eq. 6.3.7.

    >>> wigner_6j(2, 2, 2, 2, 2, 2)
    0.16666666666666666
    """
    for two_j in (two_j1, two_j2, two_j3, two_j4, two_j5, two_j6):
        _check_degree(two_j)
    return any_6j(two_j1, two_j2, two_j3, two_j4, two_j5, two_j6)


@kernel
def wigner_9j(
    two_j1: int,
    two_j2: int,
    two_j3: int,
    two_j4: int,
    two_j5: int,
    two_j6: int,
    two_j7: int,
    two_j8: int,
    two_j9: int,
) -> float:
    """Return the Wigner 9j symbol {j1 j2 j3; j4 j5 j6; j7 j8 j9} of doubled degrees, rows first, correctly rounded.

    Zero when a row or column breaks the triangle rule.  Raises as :func:`wigner_6j`.  Source: Edmonds 1957, eq. 6.4.3.

    >>> wigner_9j(2, 2, 4, 2, 2, 4, 4, 4, 8)
    0.04
    """
    for two_j in (two_j1, two_j2, two_j3, two_j4, two_j5, two_j6, two_j7, two_j8, two_j9):
        _check_degree(two_j)
    return any_9j(two_j1, two_j2, two_j3, two_j4, two_j5, two_j6, two_j7, two_j8, two_j9)
