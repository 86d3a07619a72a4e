"""Factors that depend on the degrees alone: those of both integrals and of the matrix product, in closed form."""

from __future__ import annotations

from math import comb, factorial

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.exact.wigner_6j import doubled_6j
from coupling.quoted import quoted
from coupling.selection import LARGEST_DEGREE, degrees, doubled, triangle


def wigner_3j_at_zero(l1: object, l2: object, l3: object) -> Surd:
    """Return the 3j symbol of orders 0 as an exact Surd; zero for odd J.

        3j(l1 l2 l3; 0 0 0) = (-1)^g Δ g! / [(g-l1)! (g-l2)! (g-l3)!],    g = J/2,    J = l1+l2+l3

    Δ is that of :func:`triangle_coefficient`.  It never vanishes on an even path.  Raises ValueError or TypeError for a
    degree that does not exist.  Source: Edmonds 1957, eq. 3.7.17; derivation ``gaunt``.

    >>> wigner_3j_at_zero(2, 2, 2)
    -√(2/35)
    """
    l1, l2, l3 = degrees(l1, l2, l3)
    total = l1 + l2 + l3
    if not triangle(l1, l2, l3) or total & 1:
        return Surd(0)
    g = total // 2
    ways = factorial(g) // (factorial(g - l1) * factorial(g - l2) * factorial(g - l3))
    return Surd(parity_sign(g), ways * ways, _inverse_delta_square(l1, l2, l3))


def bracket_factor(l1: object, l2: object, l3: object) -> Surd:
    """Return K, the factor of the antisymmetric Gaunt integral, as an exact Surd; zero for even J.

        K = 2 (-1)^(g+1) Δ (g+1)! / [(g-l1)! (g-l2)! (g-l3)!],    g = (J-1)/2,    J = l1+l2+l3

    Δ is that of :func:`triangle_coefficient`.  Equal to √(l1(l1+1) l2(l2+1)) 3j(l1 l2 l3; 1 -1 0) on odd J.  It is
    symmetric and never vanishes on an odd path with l1, l2, l3 ≥ 1; there is no odd path with a zero degree.  Raises as
    :func:`wigner_3j_at_zero`.  Source: derivation ``antisymmetric_gaunt``.

    >>> bracket_factor(1, 1, 1), bracket_factor(2, 2, 3)
    (√(2/3), √(72/35))
    """
    l1, l2, l3 = degrees(l1, l2, l3)
    total = l1 + l2 + l3
    if not triangle(l1, l2, l3) or not total & 1:
        return Surd(0)
    g = (total - 1) // 2
    ways = factorial(g + 1) // (factorial(g - l1) * factorial(g - l2) * factorial(g - l3))
    return Surd(parity_sign(g + 1), 4 * ways * ways, _inverse_delta_square(l1, l2, l3))


def _inverse_delta_square(l1: int, l2: int, l3: int) -> int:
    """Return 1/Δ² = (J+1)! / [(J-2l1)! (J-2l2)! (J-2l3)!], an integer."""
    total = l1 + l2 + l3
    return (total + 1) * comb(total, 2 * l3) * comb(2 * l3, total - 2 * l1)


def _degrees_product(l1: int, l2: int, l3: int) -> int:
    return (2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1)


def gaunt_factor(l1: int, l2: int, l3: int) -> Surd:
    """Return √(P/4π) 3j(l1 l2 l3; 0 0 0), the factor of ∫ Y1 Y2 Y3 dΩ; zero off the even paths.

    Source: derivation ``gaunt``.

    >>> gaunt_factor(2, 2, 2)
    -√(25/(14π))
    """
    return Surd(1, _degrees_product(l1, l2, l3), 4, 1) * wigner_3j_at_zero(l1, l2, l3)


def antisymmetric_gaunt_factor(l1: int, l2: int, l3: int) -> Surd:
    """Return i √(P/4π) K(l1 l2 l3), the factor of ∫ Y1 r·(∇Y2 × ∇Y3) dΩ; zero off the odd paths.

    Source: derivation ``antisymmetric_gaunt``.

    >>> antisymmetric_gaunt_factor(1, 1, 1)
    i·√(9/(2π))
    """
    return Surd(1, _degrees_product(l1, l2, l3), 4, 1, unit=1) * bracket_factor(l1, l2, l3)


def reduced_matrix(l1: object, l2: object, l3: object, j: object) -> Surd:
    """Return the factor of the matrix product with spin j as an exact Surd.

        √P 6j{l1 l2 l3; j j j},    P = (2l1+1)(2l2+1)(2l3+1)

    The spin is an integer or half-integer.  The matrices T_lm of that product have entries
    (-1)^(j-p) √(2l+1) 3j(j l j; -p m q) and tr(T1 T2 T3) = (-1)^(2j+J) times this factor times
    3j(l1 l2 l3; m1 m2 m3).  Zero when the triangle rule fails, some l > 2j, or the 6j symbol vanishes
    by accident.  Source: derivation ``matrix_product``.

    >>> reduced_matrix(1, 1, 1, 1), reduced_matrix(1, 1, 2, 0.5)
    (√(3/4), 0)
    """
    l1, l2, l3 = degrees(l1, l2, l3)
    spin = doubled(j, "spin")
    if not 0 <= spin <= 2 * LARGEST_DEGREE:
        raise ValueError(f"spin must be between 0 and {LARGEST_DEGREE}, got {quoted(j)}")
    return Surd(1, _degrees_product(l1, l2, l3)) * doubled_6j(2 * l1, 2 * l2, 2 * l3, spin, spin, spin)
