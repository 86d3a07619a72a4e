"""Single coupling coefficients as floats, and arrays of them.

Every value is the exact one of :mod:`coupling.exact`, rounded once to the nearest double.  Numbers give a number.
Where an argument is an array, or a sequence, all arguments broadcast as in numpy and the result is an array, each entry
with the bits of the single value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import coupling.exact as exact
from coupling.exact.surd import Surd
from coupling.numbers.arguments import Signature, is_array, undoubled

THREE, INTEGRAL = Signature(3, True, False), Signature(3, True, True)
SIX, NINE = Signature(6, False, False), Signature(9, False, False)


class Symbol(NamedTuple):
    """A kind of symbol: what it takes, its exact value, and whether it is imaginary."""

    signature: Signature
    exact: Callable[..., Surd]
    imaginary: bool = False

    def __call__(self, outside: str, *values: object) -> Any:
        """Return the correctly rounded value, or an array of values."""
        if any(map(is_array, values)):
            return self.over(outside, values)
        twice = self.signature.of_numbers(values, outside)
        value = exact_value(self, twice) if twice is not None else 0.0
        return complex(0.0, value) if self.imaginary else value

    def over(self, outside: str, values: tuple[object, ...]) -> NDArray[Any]:
        """Return the values of symbols that broadcast."""
        twice, exists = self.signature.of_arrays(values, outside)
        result = np.zeros(exists.shape, complex if self.imaginary else float)
        if exists.any():
            rows, places = np.unique(twice[exists], axis=0, return_inverse=True)
            found = np.array([exact_value(self, row) for row in rows.tolist()])
            part = result.imag if self.imaginary else result
            part[exists] = found[places.reshape(-1)]
        return result


def exact_value(symbol: Symbol, twice: Any) -> float:
    """Return a value, without its i, from exact integers.

    >>> exact_value(Symbol(SIX, exact.wigner_6j), (2, 2, 2, 2, 2, 2))
    0.16666666666666666
    """
    surd = symbol.exact(*map(undoubled, twice))
    return complex(surd).imag if surd.unit else float(surd)


_WIGNER_3J, _CLEBSCH_GORDAN = Symbol(THREE, exact.wigner_3j), Symbol(THREE, exact.clebsch_gordan)
_RACAH_V = Symbol(THREE, exact.racah_v)
_GAUNT, _ANTISYMMETRIC_GAUNT = Symbol(INTEGRAL, exact.gaunt), Symbol(INTEGRAL, exact.antisymmetric_gaunt, True)
_REAL_GAUNT = Symbol(INTEGRAL, exact.real_gaunt)
_REAL_ANTISYMMETRIC_GAUNT = Symbol(INTEGRAL, exact.real_antisymmetric_gaunt)
_WIGNER_6J, _RACAH_W = Symbol(SIX, exact.wigner_6j), Symbol(SIX, exact.racah_w)
_WIGNER_9J, _FANO_X = Symbol(NINE, exact.wigner_9j), Symbol(NINE, exact.fano_x)


def wigner_3j(j1: Any, j2: Any, j3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return the Wigner 3j symbol (j1 j2 j3; m1 m2 m3), correctly rounded.

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
    return _WIGNER_3J(outside, j1, j2, j3, m1, m2, m3)


def clebsch_gordan(j1: Any, j2: Any, j3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return ⟨j1 m1 j2 m2 | j3 m3⟩, correctly rounded; degrees first, orders second.

    Degrees are integers or half-integers; arrays broadcast.  Zero when the triangle rule fails or m1+m2 ≠ m3.
    ``outside`` and errors as for :func:`wigner_3j`. Source: Edmonds 1957, eq. 3.7.3.

    >>> clebsch_gordan(1, 1, 2, 0, 0, 0)
    0.816496580927726
    """
    return _CLEBSCH_GORDAN(outside, j1, j2, j3, m1, m2, m3)


def gaunt(l1: Any, l2: Any, l3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return ∫ Y1 Y2 Y3 dΩ of orthonormal complex harmonics, correctly rounded.

    Arrays broadcast.  Zero when the triangle rule fails, l1+l2+l3 is odd or m1+m2+m3 ≠ 0.  ``outside`` as for
    :func:`wigner_3j`.  Raises ValueError or TypeError for a degree that is negative or not an integer, or |m| > l.
    Source: derivation ``gaunt``.

    >>> gaunt(1, 1, [0, 1, 2], 0, 0, 0)
    array([0.28209479, 0.        , 0.25231325])
    """
    return _GAUNT(outside, l1, l2, l3, m1, m2, m3)


def antisymmetric_gaunt(l1: Any, l2: Any, l3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return ∫ Y1 r·(∇Y2 × ∇Y3) dΩ of orthonormal complex harmonics, correctly rounded; it is
    imaginary.

    Surface gradient on the unit sphere, outward normal r; totally antisymmetric.  Arrays broadcast.  Zero when the
    triangle rule fails, l1+l2+l3 is even or m1+m2+m3 ≠ 0.  ``outside`` and errors as for :func:`gaunt`.  Source:
    derivation ``antisymmetric_gaunt``.

    >>> antisymmetric_gaunt(1, 1, 1, 1, -1, 0)
    0.4886025119029199j
    """
    return _ANTISYMMETRIC_GAUNT(outside, l1, l2, l3, m1, m2, m3)


def real_gaunt(l1: Any, l2: Any, l3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return ∫ R1 R2 R3 dΩ of orthonormal real harmonics (m < 0 the sine), correctly rounded.

    Arrays broadcast.  Zero when the triangle rule fails, l1+l2+l3 is odd, or the orders break the real selection
    rules.  ``outside`` and errors as for :func:`gaunt`. Source: derivation ``real_basis``.

    >>> real_gaunt(1, 1, 2, 1, -1, -2)
    0.2185096861184158
    """
    return _REAL_GAUNT(outside, l1, l2, l3, m1, m2, m3)


def real_antisymmetric_gaunt(l1: Any, l2: Any, l3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return ∫ R1 r·(∇R2 × ∇R3) dΩ of orthonormal real harmonics (m < 0 the sine), correctly
    rounded.

    Totally antisymmetric.  Arrays broadcast.  Zero when the triangle rule fails, l1+l2+l3 is even, or the orders
    break the real selection rules.  ``outside`` and errors as for :func:`gaunt`.  Source: derivation ``real_basis``.

    >>> real_antisymmetric_gaunt(1, 1, 1, 1, -1, 0)
    0.4886025119029199
    """
    return _REAL_ANTISYMMETRIC_GAUNT(outside, l1, l2, l3, m1, m2, m3)


def wigner_6j(j1: Any, j2: Any, j3: Any, j4: Any, j5: Any, j6: Any, *, outside: str = "raise") -> Any:
    """Return the Wigner 6j symbol {j1 j2 j3; j4 j5 j6}, correctly rounded.

    Degrees are integers or half-integers; arrays broadcast.  Zero when one of the four triads breaks the triangle
    rule, and for a negative degree where outside is "zero".  Raises ValueError or TypeError for a degree that does not
    exist.  Source: Edmonds 1957, eq. 6.3.7.

    >>> wigner_6j(1, 1, 1, 1, 1, 1)
    0.16666666666666666
    >>> wigner_6j(1, 1, [0, 1, 2], 1, 1, 1)
    array([-0.33333333,  0.16666667,  0.16666667])
    """
    return _WIGNER_6J(outside, j1, j2, j3, j4, j5, j6)


def wigner_9j(
    j1: Any, j2: Any, j3: Any, j4: Any, j5: Any, j6: Any, j7: Any, j8: Any, j9: Any, *, outside: str = "raise"
) -> Any:
    """Return the Wigner 9j symbol {j1 j2 j3; j4 j5 j6; j7 j8 j9}, rows first, correctly rounded.

    Degrees are integers or half-integers; arrays broadcast.  Zero when a row or column breaks the triangle rule.
    ``outside`` and errors as for :func:`wigner_6j`. Source: Edmonds 1957, eq. 6.4.3.

    >>> wigner_9j(1, 1, 2, 1, 1, 2, 2, 2, 4)
    0.04
    """
    return _WIGNER_9J(outside, j1, j2, j3, j4, j5, j6, j7, j8, j9)


def racah_v(j1: Any, j2: Any, j3: Any, m1: Any, m2: Any, m3: Any, *, outside: str = "raise") -> Any:
    """Return Racah's V(j1 j2 j3; m1 m2 m3) = (-1)^(-j1+j2+j3) 3j(j1 j2 j3; m1 m2 m3), correctly rounded.

    Arrays, zeros, ``outside`` and errors as for :func:`wigner_3j`.  Source: Edmonds 1957, section 3.7.

    >>> racah_v(1, 1, 1, 1, 0, -1)
    0.408248290463863
    """
    return _RACAH_V(outside, j1, j2, j3, m1, m2, m3)


def racah_w(j1: Any, j2: Any, j3: Any, j4: Any, j5: Any, j6: Any, *, outside: str = "raise") -> Any:
    """Return Racah's W(j1 j2 j3 j4; j5 j6) = (-1)^(j1+j2+j3+j4) 6j{j1 j2 j5; j4 j3 j6}, correctly rounded.

    Arrays, zeros, ``outside`` and errors as for :func:`wigner_6j`.  Source: Edmonds 1957, section 6.2.

    >>> racah_w(0.5, 0.5, 0.5, 0.5, 1, 0)
    0.5
    """
    return _RACAH_W(outside, j1, j2, j3, j4, j5, j6)


def fano_x(
    j1: Any, j2: Any, j3: Any, j4: Any, j5: Any, j6: Any, j7: Any, j8: Any, j9: Any, *, outside: str = "raise"
) -> Any:
    """Return Fano's X = √((2j3+1)(2j6+1)(2j7+1)(2j8+1)) 9j{j1 j2 j3; j4 j5 j6; j7 j8 j9}, correctly rounded.

    Arrays, zeros, ``outside`` and errors as for :func:`wigner_9j`.  Source: Edmonds 1957, section 6.4.

    >>> fano_x(1, 1, 1, 1, 1, 1, 1, 1, 2)
    0.5
    """
    return _FANO_X(outside, j1, j2, j3, j4, j5, j6, j7, j8, j9)
