"""Factors and reduced matrix elements of the Wigner-Eckart theorem as floats, and arrays of them.

The two normalizations are those of :mod:`coupling.exact.wigner_eckart`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import coupling.exact as exact
from coupling.exact.wigner_eckart import NORMALIZATIONS
from coupling.numbers.arguments import Signature
from coupling.numbers.symbol import Integers, Symbol
from coupling.selection import one_of


def _edmonds(rows: Integers) -> tuple[Integers, Integers]:
    """(-1)^(j1-m1) 3j(j1 k j2; -m1 q m2)"""
    return rows * np.array([1, 1, 1, -1, 1, 1]), 1 - ((rows[:, 0] - rows[:, 3]) & 2)


def _rose(rows: Integers) -> tuple[Integers, Integers]:
    """⟨j2 m2 k q|j1 m1⟩"""
    return rows[:, [2, 1, 0, 5, 4, 3]], np.ones(len(rows), np.int64)


#: How the compiled 3j symbols and Clebsch-Gordan coefficients give the factor of each normalization.
_TURNS = {"edmonds": (0, _edmonds), "rose": (1, _rose)}

_FACTORS = {
    name: Symbol(Signature(3, True, False), partial(exact.wigner_eckart, normalization=name), kind=("three", kind),
                 turn=turn)
    for name, (kind, turn) in _TURNS.items()
}  # fmt: skip
_HARMONICS, _SPINS = (
    {name: Symbol(signature, partial(function, normalization=name)) for name in NORMALIZATIONS}
    for signature, function in (
        (Signature(3, False, True), exact.reduced_harmonic),
        (Signature(1, False, False), exact.reduced_spin),
    )
)


def wigner_eckart(
    j1: Any, k: Any, j2: Any, m1: Any, q: Any, m2: Any, normalization: str = "edmonds", *, outside: str = "raise"
) -> Any:
    """Return the ratio of a matrix element of a tensor operator to the reduced one, correctly rounded.

        ⟨j1 m1|T_kq|j2 m2⟩ / ⟨j1‖T_k‖j2⟩ = (-1)^(j1-m1) 3j(j1 k j2; -m1 q m2)

    That is "edmonds"; "rose": ⟨j2 m2 k q|j1 m1⟩.  Degrees are integers or half-integers; arrays broadcast.  Zero when
    the triangle rule fails or m1 ≠ q+m2.  ``outside`` and errors as for :func:`wigner_3j`, and another normalization
    raises.  Source: Edmonds 1957, eq. 5.4.1; Rose 1957, eq. 5.14; derivation ``wigner_eckart``.

    >>> wigner_eckart(1, 1, 1, 1, [1, 0], [0, 1]), wigner_eckart(1, 1, 1, 1, 1, 0, "rose")
    (array([-0.40824829,  0.40824829]), -0.7071067811865476)
    """
    name = one_of(normalization, NORMALIZATIONS, "normalization")
    return _FACTORS[name](outside, j1, k, j2, m1, q, m2)


def reduced_harmonic(l1: Any, k: Any, l2: Any, normalization: str = "edmonds", *, outside: str = "raise") -> Any:
    """Return the reduced matrix element of orthonormal complex harmonics, correctly rounded.

        ⟨l1‖Y_k‖l2⟩ = (-1)^l1 √((2l1+1)(2k+1)(2l2+1)/4π) 3j(l1 k l2; 0 0 0)

    That is "edmonds"; "rose": the same over √(2l1+1).  Arrays broadcast.  Zero when the triangle rule fails or l1+k+l2
    is odd.  Raises ValueError or TypeError for a degree that is negative, unless ``outside`` is "zero", or no integer,
    and another normalization.  Source: Edmonds 1957, eq. 5.4.5; derivation ``wigner_eckart``.

    >>> reduced_harmonic(1, [0, 1, 2], 1)
    array([ 0.48860251,  0.        , -0.6909883 ])
    """
    name = one_of(normalization, NORMALIZATIONS, "normalization")
    return _HARMONICS[name](outside, l1, k, l2)


def reduced_spin(j: Any, normalization: str = "edmonds", *, outside: str = "raise") -> Any:
    """Return the reduced matrix element of the angular momentum, J_±1 = ∓(J_x ± iJ_y)/√2, correctly rounded.

        ⟨j‖J‖j⟩ = √(j(j+1)(2j+1))

    That is "edmonds"; "rose": √(j(j+1)).  Arrays give arrays.  Raises ValueError or TypeError for a degree that does
    not exist, a negative one only where ``outside`` is not "zero", and another normalization.  Source: Edmonds 1957,
    eq. 5.4.3; derivation ``wigner_eckart``.

    >>> reduced_spin([0.5, 1, 1.5]), reduced_spin(0.5, "rose")
    (array([1.22474487, 2.44948974, 3.87298335]), 0.8660254037844386)
    """
    name = one_of(normalization, NORMALIZATIONS, "normalization")
    return _SPINS[name](outside, j)
