"""The real core C and the integrals of real harmonics, exactly.

C = (-i)^J (U1 ⊗ U2 ⊗ U3) 3j has at most two terms per entry, one the mirror image of the other
(all orders negated), and they are equal or cancel.  So an entry is a single 3j symbol times a
sign and a power of 1/√2:

    C(m1, m2, m3) = sign · √2^(2-z) · 3j(l1 l2 l3; μ1 μ2 μ3)      z non-zero orders (1 for z = 0)

where |μ| = |m|, μ1+μ2+μ3 = 0, provided some |m| is the sum of the other two and the number of
negative m has the parity of J.
"""

from __future__ import annotations

from collections.abc import Callable

from coupling.exact.reduced import antisymmetric_gaunt_factor, gaunt_factor
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import wigner_3j
from coupling.selection import Path, integer_symbol


def real_wigner_3j(l1: object, l2: object, l3: object, m1: object, m2: object, m3: object) -> Surd:
    """Return the entry C(l1,l2,l3)[m1,m2,m3] of the real core as an exact Surd.

        C(l1,l2,l3) = (-i)^J (U_l1 ⊗ U_l2 ⊗ U_l3) 3j(l1 l2 l3; · · ·),    J = l1+l2+l3

    U_l is the change from complex to real harmonics.  C has unit Frobenius norm and equals ``wigner_3j`` of e3nn ≥ 0.5,
    sign included.  Zero when the triangle rule fails, no |m| is the sum of the other two, or the
    number of negative orders has not the parity of J.  Raises ValueError or TypeError for a
    degree that is negative or not an integer, or |m| > l.  Source: ``coupling.conventions``;
    derivation ``real_basis``.

    >>> real_wigner_3j(1, 1, 1, -1, 0, 1), real_wigner_3j(2, 1, 1, 0, 0, 0)
    (√(1/6), √(2/15))
    """
    return _core(*integer_symbol(l1, l2, l3, m1, m2, m3))


def real_clebsch_gordan(l1: object, l2: object, l3: object, m1: object, m2: object, m3: object) -> Surd:
    """Return the Clebsch-Gordan coefficient of real harmonics, an orthogonal change of basis, as an exact Surd.

        √(2l3+1) C(l1,l2,l3)[m1,m2,m3]

    Zero where C, the core of :func:`real_wigner_3j`, is, and raises as that.  Source: ``coupling.conventions``;
    derivation ``real_basis``.

    >>> real_clebsch_gordan(1, 1, 2, 0, 0, 0)
    √(2/3)
    """
    symbol = integer_symbol(l1, l2, l3, m1, m2, m3)
    return Surd(1, 2 * symbol[2] + 1) * _core(*symbol)


def real_gaunt(l1: object, l2: object, l3: object, m1: object, m2: object, m3: object) -> Surd:
    """Return the Gaunt integral of real harmonics as an exact Surd.

        ∫ R1 R2 R3 dΩ = √(P/4π) |3j(l1 l2 l3; 0 0 0)| C[m1,m2,m3],    P = (2l1+1)(2l2+1)(2l3+1)

    Orthonormal real harmonics without Condon-Shortley phase, m < 0 the sine.  Zero for odd J and
    where C is.  Raises as :func:`real_wigner_3j`.  Source: derivation ``real_basis``.

    >>> real_gaunt(1, 1, 2, 1, -1, -2)
    √(3/(20π))
    """
    return _integral(gaunt_factor, *integer_symbol(l1, l2, l3, m1, m2, m3))


def real_antisymmetric_gaunt(l1: object, l2: object, l3: object, m1: object, m2: object, m3: object) -> Surd:
    """Return the antisymmetric Gaunt integral of real harmonics as an exact Surd; it is real.

        ∫ R1 r·(∇R2 × ∇R3) dΩ = √(P/4π) |K| C[m1,m2,m3],    P = (2l1+1)(2l2+1)(2l3+1)
        K = √(l1(l1+1) l2(l2+1)) 3j(l1 l2 l3; 1 -1 0)

    Orthonormal real harmonics without Condon-Shortley phase; ∇ the surface gradient, r the
    outward normal.  Totally antisymmetric. Zero for even J and where C is.  Raises as
    :func:`real_wigner_3j`.  Source: derivation ``real_basis``.

    >>> real_antisymmetric_gaunt(1, 1, 1, 1, -1, 0)
    √(3/(4π))
    """
    return _integral(antisymmetric_gaunt_factor, *integer_symbol(l1, l2, l3, m1, m2, m3))


def _integral(reduced: Callable[[int, int, int], Surd], *symbol: int) -> Surd:
    return abs(reduced(*symbol[:3])) * _core(*symbol)


def _core(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> Surd:
    term = real_term(l1 + l2 + l3, m1, m2, m3)
    if term is None:
        return Surd(0)
    sign, halved, orders = term
    symbol = wigner_3j(l1, l2, l3, *orders)
    return Surd(sign * symbol.sign, symbol.numerator, symbol.denominator * (2 if halved else 1))


def real_term(total: int, m1: int, m2: int, m3: int) -> tuple[int, bool, Path] | None:
    """Return (sign, halved, μ) such that C[m] = sign · 3j(l1 l2 l3; μ) · (1/√2 if halved), or
    None where C[m] = 0 by a rule.

    total is J; the degrees enter through it alone.

    >>> real_term(3, -1, 0, 1), real_term(3, 1, 0, 1)
    ((-1, False, (1, 0, -1)), None)
    """
    orders = _balanced(m1, m2, m3)
    real = m1, m2, m3
    if orders is None or (sum(m < 0 for m in real) + total) & 1:
        return None
    # U[m, μ] = i^power/√2 with power from the sign of m (sine: i) and of μ (positive: (-1)^m, and
    # conjugated for a sine)
    power = -total
    for m, mu in zip(real, orders, strict=True):
        power += (2 * m if mu > 0 else 0) + ((1 if mu < 0 else -1) if m < 0 else 0)
    return 1 - (power & 2), 0 not in real, orders


def _balanced(m1: int, m2: int, m3: int) -> Path | None:
    """Return ±|m1|, ±|m2|, ±|m3| adding up to zero, the largest positive, or None."""
    a, b, c = abs(m1), abs(m2), abs(m3)
    if a == b + c:
        return a, -b, -c
    if b == a + c:
        return -a, b, -c
    return (-a, -b, c) if c == a + b else None
