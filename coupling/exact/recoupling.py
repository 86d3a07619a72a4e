"""Racah's V and W, Fano's X and the triangle coefficient: other normalizations of 3j, 6j and 9j symbols, exactly."""

from __future__ import annotations

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import doubled_3j
from coupling.exact.wigner_6j import doubled_6j, triangle_square
from coupling.exact.wigner_9j import wigner_9j
from coupling.selection import doubled_degrees, doubled_symbol, doubled_triangle


def racah_v(j1: object, j2: object, j3: object, m1: object, m2: object, m3: object) -> Surd:
    """Return Racah's V as an exact Surd.

        V(j1 j2 j3; m1 m2 m3) = (-1)^(-j1+j2+j3) 3j(j1 j2 j3; m1 m2 m3)

    Degrees are integers or half-integers.  Zero when the 3j symbol is.  Raises as :func:`wigner_3j`.  Source: Edmonds
    1957, section 3.7.

    >>> racah_v(1, 1, 2, 0, 0, 0), racah_v(1, 1, 1, 1, 0, -1)
    (√(2/15), √(1/6))
    """
    a, b, c, p, q, r = doubled_symbol(j1, j2, j3, m1, m2, m3)
    symbol = doubled_3j(a, b, c, p, q, r)
    return parity_sign((b + c - a) // 2) * symbol if symbol else symbol


def racah_w(j1: object, j2: object, j3: object, j4: object, j5: object, j6: object) -> Surd:
    """Return Racah's W as an exact Surd.

        W(j1 j2 j3 j4; j5 j6) = (-1)^(j1+j2+j3+j4) 6j{j1 j2 j5; j4 j3 j6}

    It recouples three degrees: ⟨(j1 j2)j5, j4; j3 | j1, (j2 j4)j6; j3⟩ = √((2j5+1)(2j6+1)) W(j1 j2 j3 j4; j5 j6).

    Degrees are integers or half-integers.  Zero when one of the triads (j1 j2 j5), (j4 j3 j5), (j1 j3 j6), (j4 j2 j6)
    breaks the triangle rule.  Raises as :func:`wigner_6j`.  Source: Racah 1942, eq. 36; Edmonds 1957,
    section 6.2.

    >>> racah_w(1, 1, 1, 1, 1, 1), racah_w(0.5, 0.5, 0.5, 0.5, 1, 0)
    (1/6, 1/2)
    """
    a, b, c, d, e, f = doubled_degrees(j1, j2, j3, j4, j5, j6)
    symbol = doubled_6j(a, b, e, d, c, f)
    return parity_sign((a + b + c + d) // 2) * symbol if symbol else symbol


def fano_x(
    j1: object, j2: object, j3: object, j4: object, j5: object, j6: object, j7: object, j8: object, j9: object
) -> Surd:
    """Return Fano's X as an exact Surd.

        X = √((2j3+1)(2j6+1)(2j7+1)(2j8+1)) 9j{j1 j2 j3; j4 j5 j6; j7 j8 j9}

    It recouples four degrees: ⟨(j1 j2)j3, (j4 j5)j6; j9 | (j1 j4)j7, (j2 j5)j8; j9⟩.  Some texts call the 9j
    symbol itself X; with the root it is the coefficient of LS-jj transformations.

    Degrees are integers or half-integers.  Zero when a row or column breaks the triangle rule.  Raises as
    :func:`wigner_9j`.  Source: Edmonds 1957, section 6.4.

    >>> fano_x(1, 1, 1, 1, 1, 1, 1, 1, 2), fano_x(1, 1, 2, 1, 1, 2, 2, 2, 4)
    (1/2, 1)
    """
    symbol = wigner_9j(j1, j2, j3, j4, j5, j6, j7, j8, j9)
    c, f, g, h = doubled_degrees(j3, j6, j7, j8)
    return Surd(1, (c + 1) * (f + 1) * (g + 1) * (h + 1)) * symbol


def triangle_coefficient(j1: object, j2: object, j3: object) -> Surd:
    """Return the triangle coefficient as an exact Surd.

        Δ(j1 j2 j3) = √[(j1+j2-j3)! (j1-j2+j3)! (-j1+j2+j3)! / (j1+j2+j3+1)!]

    Degrees are integers or half-integers.  Zero when they break the triangle rule or do not add up to an integer.
    Raises ValueError or TypeError for a degree that does not exist.  Source: Edmonds 1957, eq. 6.3.7.

    >>> triangle_coefficient(1, 1, 1), triangle_coefficient(1, 1, 3)
    (√(1/24), 0)
    """
    triad = doubled_degrees(j1, j2, j3)
    if not doubled_triangle(*triad):
        return Surd(0)
    square = triangle_square(*triad)
    return Surd(1, square.numerator, square.denominator)
