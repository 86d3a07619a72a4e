"""Gaunt and antisymmetric Gaunt integrals of complex harmonics, exactly."""

from __future__ import annotations

from collections.abc import Callable

from coupling.exact.reduced import antisymmetric_gaunt_factor, gaunt_factor
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import wigner_3j
from coupling.selection import integer_symbol


def gaunt(l1: object, l2: object, l3: object, m1: object, m2: object, m3: object) -> Surd:
    """Return the Gaunt integral as an exact Surd.

        ∫ Y1 Y2 Y3 dΩ = √(P/4π) 3j(l1 l2 l3; 0 0 0) 3j(l1 l2 l3; m1 m2 m3),    P = (2l1+1)(2l2+1)(2l3+1)

    Orthonormal complex harmonics with Condon-Shortley phase; J = l1+l2+l3.  Zero
    when the triangle rule fails, J is odd or m1+m2+m3 ≠ 0.  Raises ValueError or TypeError for a
    degree that is negative or not an integer, or |m| > l.  Source: Gaunt 1929; derivation
    ``gaunt``.

    >>> gaunt(1, 1, 2, 1, -1, 0)
    √(1/(20π))
    """
    return _integral(gaunt_factor, *integer_symbol(l1, l2, l3, m1, m2, m3))


def antisymmetric_gaunt(l1: object, l2: object, l3: object, m1: object, m2: object, m3: object) -> Surd:
    """Return the antisymmetric Gaunt integral as an exact Surd.

        ∫ Y1 r·(∇Y2 × ∇Y3) dΩ = i √(P/4π) K 3j(l1 l2 l3; m1 m2 m3),    P = (2l1+1)(2l2+1)(2l3+1)
        K = √(l1(l1+1) l2(l2+1)) 3j(l1 l2 l3; 1 -1 0)

    Orthonormal complex harmonics with Condon-Shortley phase; ∇ is the surface gradient on the
    unit sphere and r its outward normal; J = l1+l2+l3.  Totally antisymmetric.  Zero when the
    triangle rule fails, J is even or m1+m2+m3 ≠ 0.  Raises as :func:`gaunt`.  Source:
    derivation ``antisymmetric_gaunt``.

    >>> antisymmetric_gaunt(3, 4, 4, 1, 2, -3)
    i·√(486/(121π))
    """
    return _integral(antisymmetric_gaunt_factor, *integer_symbol(l1, l2, l3, m1, m2, m3))


def _integral(reduced: Callable[[int, int, int], Surd], l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> Surd:
    factor = reduced(l1, l2, l3) if m1 + m2 + m3 == 0 else Surd(0)
    return factor * wigner_3j(l1, l2, l3, m1, m2, m3) if factor else factor
