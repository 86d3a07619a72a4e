"""Triangle coefficients as floats, and arrays of them."""

from __future__ import annotations

from typing import Any

import coupling.exact as exact
from coupling.numbers.arguments import Signature
from coupling.numbers.symbol import Symbol

_TRIANGLE = Symbol(Signature(3, False, False), exact.triangle_coefficient)


def triangle_coefficient(j1: Any, j2: Any, j3: Any, *, outside: str = "raise") -> Any:
    """Return the triangle coefficient, correctly rounded.

        Δ(j1 j2 j3) = √[(j1+j2-j3)! (j1-j2+j3)! (-j1+j2+j3)! / (j1+j2+j3+1)!]

    Degrees are integers or half-integers; arrays broadcast.  Zero when the triangle rule fails or they do not add up to
    an integer.  ``outside`` and errors as for :func:`wigner_6j`.  Source: Edmonds 1957, eq. 6.3.7.

    >>> triangle_coefficient(1, 1, [1, 2, 3])
    array([0.20412415, 0.18257419, 0.        ])
    """
    return _TRIANGLE(outside, j1, j2, j3)
