"""Single coupling coefficients as floats, and arrays of them.

Every value is the exact one of :mod:`coupling.exact`, rounded once to the nearest double.  Numbers give a number.
Where an argument is an array, or a sequence, all arguments broadcast as in numpy and the result is an array, each entry
with the bits of the single value.
"""

from __future__ import annotations

from math import nan
from typing import Any

import coupling.exact as exact
from coupling.numbers.arguments import Signature
from coupling.numbers.compiled import FUNCTIONS
from coupling.numbers.symbol import Integers, Symbol

#: Types of arguments that compiled functions take at once; they are looked at one by one, which is the fastest.
PLAIN = frozenset({int, float})

THREE, INTEGRAL = Signature(3, True, False), Signature(3, True, True)
SIX, NINE = Signature(6, False, False), Signature(9, False, False)


def _of_racah_v(rows: Integers) -> tuple[Integers, Integers]:
    return rows, 1 - ((rows[:, 1] + rows[:, 2] - rows[:, 0]) & 2)


def _of_racah_w(rows: Integers) -> tuple[Integers, Integers]:
    return rows[:, [0, 1, 4, 3, 2, 5]], 1 - (rows[:, :4].sum(axis=1) & 2)


#: The numbers of ``coupling.kernels.symbols``.
_THREE, _SIX, _NINE = tuple(("three", kind) for kind in range(3)), ("six", 0), ("nine", 0)

_WIGNER_3J, _CLEBSCH_GORDAN = (
    Symbol(THREE, exact.wigner_3j, kind=_THREE[0]),
    Symbol(THREE, exact.clebsch_gordan, kind=_THREE[1]),
)
_RACAH_V = Symbol(THREE, exact.racah_v, kind=_THREE[0], turn=_of_racah_v)
_GAUNT, _ANTISYMMETRIC_GAUNT = (
    Symbol(INTEGRAL, exact.gaunt, kind=_THREE[2]),
    Symbol(INTEGRAL, exact.antisymmetric_gaunt, imaginary=True),
)
_REAL_GAUNT = Symbol(INTEGRAL, exact.real_gaunt)
_REAL_ANTISYMMETRIC_GAUNT = Symbol(INTEGRAL, exact.real_antisymmetric_gaunt)
_WIGNER_6J = Symbol(SIX, exact.wigner_6j, kind=_SIX)
_RACAH_W = Symbol(SIX, exact.racah_w, kind=_SIX, turn=_of_racah_w)
_WIGNER_9J, _FANO_X = Symbol(NINE, exact.wigner_9j, kind=_NINE), Symbol(NINE, exact.fano_x)


def wigner_3j(j1: Any, j2: Any, j3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return the Wigner 3j symbol, correctly rounded.

        (j1 j2 j3; m1 m2 m3) = (-1)^(j1-j2-m3) ⟨j1 m1 j2 m2 | j3 -m3⟩ / √(2j3+1)

    Degrees are integers or half-integers; arrays of them broadcast.  Zero when the triangle rule fails or m1+m2+m3 ≠ 0.

    outside : "raise", or "zero", as other libraries have it: 0 for a negative degree, |m| > j, or an order that does
        not exist for its degree.

    Raises ValueError or TypeError for a degree < 0, |m| > j, or an order that does not exist for
    its degree, and names the first such entry of an array.  Source: Edmonds 1957, eq. 3.7.3.

    >>> wigner_3j(2, 6, 4, 0, 0, 0)
    0.18698939800169143
    >>> wigner_3j([1, 1.5], 1, 0.5, 0.5, 0, -0.5, outside="zero")
    array([0.        , 0.40824829])
    """
    if (
        type(j1) in PLAIN
        and type(j2) in PLAIN
        and type(j3) in PLAIN
        and type(m1) in PLAIN
        and type(m2) in PLAIN
        and type(m3) in PLAIN
        and outside == "raise"
    ):
        try:
            value = FUNCTIONS.three(j1, j2, j3, m1, m2, m3, 0)
        except OverflowError:
            value = nan
        if value == value:
            return value
    return _WIGNER_3J(outside, j1, j2, j3, m1, m2, m3)


def clebsch_gordan(j1: Any, j2: Any, j3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return the Clebsch-Gordan coefficient, correctly rounded; degrees first, orders second.

        ⟨j1 m1 j2 m2 | j3 m3⟩ = (-1)^(j1-j2+m3) √(2j3+1) 3j(j1 j2 j3; m1 m2 -m3)

    Degrees are integers or half-integers; arrays broadcast.  Zero when the triangle rule fails or m1+m2 ≠ m3.
    ``outside`` and errors as for :func:`wigner_3j`. Source: Edmonds 1957, eq. 3.7.3.

    >>> clebsch_gordan(1, 1, 2, 0, 0, 0)
    0.816496580927726
    """
    if (
        type(j1) in PLAIN
        and type(j2) in PLAIN
        and type(j3) in PLAIN
        and type(m1) in PLAIN
        and type(m2) in PLAIN
        and type(m3) in PLAIN
        and outside == "raise"
    ):
        try:
            value = FUNCTIONS.three(j1, j2, j3, m1, m2, m3, 1)
        except OverflowError:
            value = nan
        if value == value:
            return value
    return _CLEBSCH_GORDAN(outside, j1, j2, j3, m1, m2, m3)


def gaunt(l1: Any, l2: Any, l3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return the Gaunt integral of orthonormal complex harmonics, correctly rounded.

        ∫ Y1 Y2 Y3 dΩ = √((2l1+1)(2l2+1)(2l3+1)/4π) 3j(l1 l2 l3; 0 0 0) 3j(l1 l2 l3; m1 m2 m3)

    Arrays broadcast.  Zero when the triangle rule fails, l1+l2+l3 is odd or m1+m2+m3 ≠ 0.  ``outside`` as for
    :func:`wigner_3j`.  Raises ValueError or TypeError for a degree that is negative or not an integer, or |m| > l.
    Source: derivation ``gaunt``.

    >>> gaunt(1, 1, [0, 1, 2], 0, 0, 0)
    array([0.28209479, 0.        , 0.25231325])
    """
    if (
        type(l1) in PLAIN
        and type(l2) in PLAIN
        and type(l3) in PLAIN
        and type(m1) in PLAIN
        and type(m2) in PLAIN
        and type(m3) in PLAIN
        and outside == "raise"
    ):
        try:
            value = FUNCTIONS.three(l1, l2, l3, m1, m2, m3, 2)
        except OverflowError:
            value = nan
        if value == value:
            return value
    return _GAUNT(outside, l1, l2, l3, m1, m2, m3)


def antisymmetric_gaunt(l1: Any, l2: Any, l3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return the antisymmetric Gaunt integral of orthonormal complex harmonics, correctly rounded; it is imaginary.

        ∫ Y1 r·(∇Y2 × ∇Y3) dΩ = i √((2l1+1)(2l2+1)(2l3+1)/4π) K 3j(l1 l2 l3; m1 m2 m3)
        K = √(l1(l1+1) l2(l2+1)) 3j(l1 l2 l3; 1 -1 0)

    Surface gradient on the unit sphere, outward normal r; totally antisymmetric.  Arrays broadcast.  Zero when the
    triangle rule fails, l1+l2+l3 is even or m1+m2+m3 ≠ 0.  ``outside`` and errors as for :func:`gaunt`.  Source:
    derivation ``antisymmetric_gaunt``.

    >>> antisymmetric_gaunt(1, 1, 1, 1, -1, 0)
    0.4886025119029199j
    """
    return _ANTISYMMETRIC_GAUNT(outside, l1, l2, l3, m1, m2, m3)


def real_gaunt(l1: Any, l2: Any, l3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return the Gaunt integral of orthonormal real harmonics (m < 0 the sine), correctly rounded.

        ∫ R1 R2 R3 dΩ = √((2l1+1)(2l2+1)(2l3+1)/4π) |3j(l1 l2 l3; 0 0 0)| C[m1, m2, m3]

    C is the core of :func:`coupling.exact.real_wigner_3j`.  Arrays broadcast.  Zero when the triangle rule fails,
    l1+l2+l3 is odd, or the orders break the real selection rules.  ``outside`` and errors as for :func:`gaunt`.
    Source: derivation ``real_basis``.

    >>> real_gaunt(1, 1, 2, 1, -1, -2)
    0.2185096861184158
    """
    return _REAL_GAUNT(outside, l1, l2, l3, m1, m2, m3)


def real_antisymmetric_gaunt(l1: Any, l2: Any, l3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return the antisymmetric Gaunt integral of orthonormal real harmonics (m < 0 the sine), correctly rounded.

        ∫ R1 r·(∇R2 × ∇R3) dΩ = √((2l1+1)(2l2+1)(2l3+1)/4π) |K| C[m1, m2, m3]
        K = √(l1(l1+1) l2(l2+1)) 3j(l1 l2 l3; 1 -1 0)

    C is the core of :func:`coupling.exact.real_wigner_3j`.  Totally antisymmetric.  Arrays broadcast.  Zero when the
    triangle rule fails, l1+l2+l3 is even, or the orders break the real selection rules.  ``outside`` and errors as for
    :func:`gaunt`.  Source: derivation ``real_basis``.

    >>> real_antisymmetric_gaunt(1, 1, 1, 1, -1, 0)
    0.4886025119029199
    """
    return _REAL_ANTISYMMETRIC_GAUNT(outside, l1, l2, l3, m1, m2, m3)


def wigner_6j(j1: Any, j2: Any, j3: Any, j4: Any, j5: Any, j6: Any, *, outside: str = "raise") -> Any:
    """Return the Wigner 6j symbol, correctly rounded.

        {j1 j2 j3; j4 j5 j6} = Σ_{m1 … m6} (-1)^(j4+j5+j6+m4+m5+m6) 3j(j1 j2 j3; m1 m2 m3) 3j(j1 j5 j6; m1 m5 -m6)
                               3j(j4 j2 j6; -m4 m2 m6) 3j(j4 j5 j3; m4 -m5 m3)

    Degrees are integers or half-integers; arrays broadcast.  Zero when one of the four triads breaks the triangle
    rule, and for a negative degree where outside is "zero".  Raises ValueError or TypeError for a degree that does not
    exist.  Source: Edmonds 1957, eq. 6.3.7.

    >>> wigner_6j(1, 1, 1, 1, 1, 1)
    0.16666666666666666
    >>> wigner_6j(1, 1, [0, 1, 2], 1, 1, 1)
    array([-0.33333333,  0.16666667,  0.16666667])
    """
    if (
        type(j1) in PLAIN
        and type(j2) in PLAIN
        and type(j3) in PLAIN
        and type(j4) in PLAIN
        and type(j5) in PLAIN
        and type(j6) in PLAIN
        and outside == "raise"
    ):
        try:
            value = FUNCTIONS.six(j1, j2, j3, j4, j5, j6)
        except OverflowError:
            value = nan
        if value == value:
            return value
    return _WIGNER_6J(outside, j1, j2, j3, j4, j5, j6)


def wigner_9j(
    j1: Any, j2: Any, j3: Any, j4: Any, j5: Any, j6: Any, j7: Any, j8: Any, j9: Any, *, outside: str = "raise"
) -> Any:
    """Return the Wigner 9j symbol, rows first, correctly rounded.

        {j1 j2 j3; j4 j5 j6; j7 j8 j9} = Σ_x (-1)^2x (2x+1) {j1 j4 j7; j8 j9 x} {j2 j5 j8; j4 x j6} {j3 j6 j9; x j1 j2}

    Degrees are integers or half-integers; arrays broadcast.  Zero when a row or column breaks the triangle rule.
    ``outside`` and errors as for :func:`wigner_6j`. Source: Edmonds 1957, eq. 6.4.3.

    >>> wigner_9j(1, 1, 2, 1, 1, 2, 2, 2, 4)
    0.04
    """
    if (
        type(j1) in PLAIN
        and type(j2) in PLAIN
        and type(j3) in PLAIN
        and type(j4) in PLAIN
        and type(j5) in PLAIN
        and type(j6) in PLAIN
        and type(j7) in PLAIN
        and type(j8) in PLAIN
        and type(j9) in PLAIN
        and outside == "raise"
    ):
        try:
            value = FUNCTIONS.nine(j1, j2, j3, j4, j5, j6, j7, j8, j9)
        except OverflowError:
            value = nan
        if value == value:
            return value
    return _WIGNER_9J(outside, j1, j2, j3, j4, j5, j6, j7, j8, j9)


def racah_v(j1: Any, j2: Any, j3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return Racah's V, correctly rounded.

        V(j1 j2 j3; m1 m2 m3) = (-1)^(-j1+j2+j3) 3j(j1 j2 j3; m1 m2 m3)

    Arrays, zeros, ``outside`` and errors as for :func:`wigner_3j`.  Source: Edmonds 1957, section 3.7.

    >>> racah_v(1, 1, 1, 1, 0, -1)
    0.408248290463863
    """
    return _RACAH_V(outside, j1, j2, j3, m1, m2, m3)


def racah_w(j1: Any, j2: Any, j3: Any, j4: Any, j5: Any, j6: Any, *, outside: str = "raise") -> Any:
    """Return Racah's W, correctly rounded.

        W(j1 j2 j3 j4; j5 j6) = (-1)^(j1+j2+j3+j4) 6j{j1 j2 j5; j4 j3 j6}

    Arrays, zeros, ``outside`` and errors as for :func:`wigner_6j`.  Source: Edmonds 1957, section 6.2.

    >>> racah_w(0.5, 0.5, 0.5, 0.5, 1, 0)
    0.5
    """
    return _RACAH_W(outside, j1, j2, j3, j4, j5, j6)


def fano_x(
    j1: Any, j2: Any, j3: Any, j4: Any, j5: Any, j6: Any, j7: Any, j8: Any, j9: Any, *, outside: str = "raise"
) -> Any:
    """Return Fano's X, correctly rounded.

        X = √((2j3+1)(2j6+1)(2j7+1)(2j8+1)) 9j{j1 j2 j3; j4 j5 j6; j7 j8 j9}

    Arrays, zeros, ``outside`` and errors as for :func:`wigner_9j`.  Source: Edmonds 1957, section 6.4.

    >>> fano_x(1, 1, 1, 1, 1, 1, 1, 1, 2)
    0.5
    """
    return _FANO_X(outside, j1, j2, j3, j4, j5, j6, j7, j8, j9)
