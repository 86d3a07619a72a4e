"""The Wigner-Eckart theorem in its two usual normalizations, exactly; reduced matrix elements of harmonics and spins.

The matrix element of a component of a tensor operator is a factor of the orders, times a reduced matrix element:

    ⟨j1 m1|T_kq|j2 m2⟩ = w(j1, k, j2, m1, q, m2) ⟨j1‖T_k‖j2⟩

w is what :func:`wigner_eckart` returns, and the reduced element ⟨j1‖T_k‖j2⟩ depends on its normalization.  "edmonds"
takes (-1)^(j1-m1) 3j(j1 k j2; -m1 q m2), and "rose" the Clebsch-Gordan coefficient ⟨j2 m2 k q|j1 m1⟩; the reduced
elements then differ by (-1)^(2k) √(2j1+1).
"""

from __future__ import annotations

from coupling.conventions import parity_sign
from coupling.exact.reduced import wigner_3j_at_zero
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import doubled_3j
from coupling.selection import degrees, doubled_degrees, doubled_symbol, one_of

#: The normalizations of reduced matrix elements, by the books that have them.
NORMALIZATIONS = ("edmonds", "rose")


def wigner_eckart(
    j1: object, k: object, j2: object, m1: object, q: object, m2: object, normalization: str = "edmonds"
) -> Surd:
    """Return the ratio of a matrix element of a tensor operator to the reduced one as an exact Surd.

        ⟨j1 m1|T_kq|j2 m2⟩ / ⟨j1‖T_k‖j2⟩ = (-1)^(j1-m1) 3j(j1 k j2; -m1 q m2)

    That is "edmonds"; "rose": ⟨j2 m2 k q|j1 m1⟩.  Degrees are integers or half-integers. Zero when the triangle rule
    fails, j1+k+j2 is not an integer or m1 ≠ q+m2.  Raises as :func:`wigner_3j`, and ValueError or TypeError for another
    normalization.  Source: Edmonds 1957, eq. 5.4.1; Rose 1957, eq. 5.14; derivation ``wigner_eckart``.

    >>> wigner_eckart(1, 1, 1, 1, 1, 0), wigner_eckart(1, 1, 1, 1, 1, 0, "rose")
    (-√(1/6), -√(1/2))
    """
    a, b, c, p, q, r = doubled_symbol(j1, k, j2, m1, q, m2)
    one_of(normalization, NORMALIZATIONS, "normalization")
    symbol = doubled_3j(a, b, c, -p, q, r)
    if not symbol:
        return symbol
    edmonds = symbol * parity_sign((a - p) // 2)
    return edmonds if normalization == "edmonds" else edmonds * Surd(parity_sign(b), a + 1)


def reduced_harmonic(l1: object, k: object, l2: object, normalization: str = "edmonds") -> Surd:
    """Return the reduced matrix element of orthonormal complex harmonics as an exact Surd.

        ⟨l1‖Y_k‖l2⟩ = (-1)^l1 √((2l1+1)(2k+1)(2l2+1)/4π) 3j(l1 k l2; 0 0 0)

    That is "edmonds"; "rose": the same over √(2l1+1).  For Racah's C_k multiply by √(4π/(2k+1)).  Zero when the
    triangle rule fails or l1+k+l2 is odd.  Raises ValueError or TypeError for a degree that does not exist and another
    normalization.  Source: Edmonds 1957, eq. 5.4.5; derivation ``wigner_eckart``.

    >>> reduced_harmonic(1, 2, 1), reduced_harmonic(1, 2, 1, "rose")
    (-√(3/(2π)), -√(1/(2π)))
    """
    a, b, c = degrees(l1, k, l2)
    one_of(normalization, NORMALIZATIONS, "normalization")
    left = 2 * a + 1 if normalization == "edmonds" else 1
    return wigner_3j_at_zero(a, b, c) * Surd(parity_sign(a), left * (2 * b + 1) * (2 * c + 1), 4, 1)


def reduced_spin(j: object, normalization: str = "edmonds") -> Surd:
    """Return the reduced matrix element of the angular momentum, J_±1 = ∓(J_x ± iJ_y)/√2, as an exact Surd.

        ⟨j‖J‖j⟩ = √(j(j+1)(2j+1))

    That is "edmonds"; "rose": √(j(j+1)).  Between different j it is zero.  Raises ValueError or TypeError for a degree
    that does not exist and another normalization.  Source: Edmonds 1957, eq. 5.4.3; derivation ``wigner_eckart``.

    >>> reduced_spin(0.5), reduced_spin(0.5, "rose")
    (√(3/2), √(3/4))
    """
    (twice,) = doubled_degrees(j)
    one_of(normalization, NORMALIZATIONS, "normalization")
    return Surd(1, twice * (twice + 2) * (twice + 1 if normalization == "edmonds" else 1), 4)
