"""Wigner's small d, exactly: a Surd at multiples of π/2, a polynomial in cos(β/2) and sin(β/2) elsewhere.

With c = cos(β/2), s = sin(β/2), over all k for which the binomials are not zero (Wigner 1959, eq. 15.27; Edmonds 1957,
eq. 4.1.15, with his β negated),

    d^j_{m1,m2}(β) = √(binom(2j, j+m2) / binom(2j, j+m1)) Σ_k (-1)^(m1-m2+k) binom(j+m2, k) binom(j-m2, j-m1-k)
                     c^(2j+m2-m1-2k) s^(m1-m2+2k)

is the matrix element ⟨j m1| exp(-iβ J_y) |j m2⟩ of the active rotation by β about y, in the phase of Condon and
Shortley: d^{1/2} = ((c, s), (-s, c)) for m = -1/2, 1/2.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import Any

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.extras import from_extra
from coupling.integers import doubled, half
from coupling.quoted import quoted
from coupling.selection import doubled_degrees

Monomial = tuple[Surd, int, int]


def wigner_d(j: object, m1: object, m2: object, angle: object) -> Any:
    """Return an entry of Wigner's small d at an angle β, an exact number or expression.

        d^j_{m1,m2}(β) = ⟨j m1| exp(-iβ J_y) |j m2⟩

    angle is in radians: a SymPy expression (a symbol, ``sympy.pi / 3``), an integer or a Fraction.  At a multiple of
    π/2 the result is a Surd, else a SymPy expression, the polynomial in cos(angle/2) and sin(angle/2) of
    :func:`wigner_d_polynomial`.  d(β + 2π) = (-1)^2j d(β); in the real basis the block of a degree is mixed from
    these, see :func:`coupling.wigner_D`.  Degrees and orders are integers or half-integers.  Raises ValueError or
    TypeError for a degree or order that does not exist and for a float, which is no exact angle.  Source: Wigner 1959,
    eq. 15.27.

    >>> import sympy
    >>> wigner_d(2, 0, 1, sympy.pi / 2), wigner_d(0.5, 0.5, -0.5, sympy.pi / 2), wigner_d(1, 1, 1, sympy.pi)
    (0, -√(1/2), 0)
    >>> wigner_d(1, 0, 1, sympy.Symbol("beta"))
    sqrt(2)*sin(beta/2)*cos(beta/2)
    """
    symbol = _existing(j, m1, m2)
    beta = _exact_angle(angle)
    import sympy

    quarters = 2 * beta / sympy.pi
    if quarters.is_Integer:
        return _at_quarters(*symbol, int(quarters))
    cosine, sine = sympy.cos(beta / 2), sympy.sin(beta / 2)
    terms = [c.to_sympy() * cosine**p * sine**q for c, p, q in _terms(*symbol)]
    return sympy.Add(*terms)


def wigner_d_polynomial(j: object, m1: object, m2: object) -> tuple[Monomial, ...]:
    """Return the terms (coefficient, power of cos(β/2), power of sin(β/2)) of d^j_{m1,m2}(β); coefficients are Surds.

    At most j - max(|m1|, |m2|) + 1 of them, all powers of one term adding up to 2j.  Raises as :func:`wigner_d`.

    >>> wigner_d_polynomial(1, 0, 0)  # cos²(β/2) - sin²(β/2)
    ((1, 2, 0), (-1, 0, 2))
    """
    return _terms(*_existing(j, m1, m2))


def half_pi_matrix(twice_j: int) -> list[list[Surd]]:
    """Return d^j(π/2), rows m1 and columns m2 = -j … j, of a doubled degree that exists.

        d(π/2)[m1, m2] = (-1)^(m1-m2) 2^-j √(binom(2j, j+m2)/binom(2j, j+m1)) [u^(j-m1)] (1+u)^(j-m2) (1-u)^(j+m2)

    Each polynomial comes from the one before by the factor (1-u)/(1+u).

    >>> half_pi_matrix(2)[0]
    [1/2, √(1/2), 1/2]
    """
    n, columns = twice_j, []
    row = [comb(twice_j, k) for k in range(twice_j + 1)]
    for place in range(n + 1):
        binomial = comb(n, place)
        column = [(-1 if (n - k - place) & 1 else 1) * row[k] for k in range(n, -1, -1)]
        columns.append([_root(c, binomial, 2**n * comb(n, m)) for m, c in enumerate(column)])
        row = _next(row) if place < n else row
    return [list(entries) for entries in zip(*columns, strict=True)]


def _next(row: list[int]) -> list[int]:
    """Return the coefficients of a polynomial times (1-u)/(1+u), which divides it."""
    quotient, carry = [], 0
    for value in row[:-1]:
        carry = value - carry
        quotient.append(carry)
    return [a - b for a, b in zip([*quotient, 0], [0, *quotient], strict=True)]


def _root(integer: int, numerator: int, denominator: int) -> Surd:
    return Surd((integer > 0) - (integer < 0), integer * integer * numerator, denominator)


@lru_cache(maxsize=1 << 10)
def _integers(j: int, m1: int, m2: int) -> tuple[tuple[int, int, int], ...]:
    """Return (coefficient, power of c, power of s) without the square root, of doubled numbers."""
    plus, minus, lower = (j + m2) // 2, (j - m2) // 2, (j - m1) // 2
    found = []
    for k in range(max(0, (m2 - m1) // 2), min(plus, lower) + 1):
        sine = (m1 - m2) // 2 + 2 * k
        found.append((parity_sign((m1 - m2) // 2 + k) * comb(plus, k) * comb(minus, lower - k), j - sine, sine))
    return tuple(found)


def _terms(j: int, m1: int, m2: int) -> tuple[Monomial, ...]:
    outer = comb(j, (j + m2) // 2), comb(j, (j + m1) // 2)
    return tuple((_root(c, *outer), p, q) for c, p, q in _integers(j, m1, m2))


def _at_quarters(j: int, m1: int, m2: int, quarters: int) -> Surd:
    """Return d at quarters · π/2, where c and s are 0 or ±1, or both ±√½."""
    turns = quarters % 8
    c, s = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))[turns]
    total = sum(x * c**p * s**q for x, p, q in _integers(j, m1, m2))
    return _root(total, comb(j, (j + m2) // 2), comb(j, (j + m1) // 2) * (2**j if turns % 2 else 1))


def _existing(j: object, m1: object, m2: object) -> tuple[int, int, int]:
    """Return doubled numbers that exist."""
    (twice,) = doubled_degrees(j)
    orders = doubled(m1, "order 1"), doubled(m2, "order 2")
    for slot, m in enumerate(orders, 1):
        if abs(m) > twice or (twice - m) & 1:
            found = f"order {slot} must be one of -{half(twice)}, ..., {half(twice)} in steps of 1, got {half(m)}"
            raise ValueError(found)
    return twice, *orders


def _exact_angle(angle: object) -> Any:
    """Return an angle as a SymPy expression, or raise."""
    sympy = from_extra("sympy", "symbolic", "exact angles need")
    exact = isinstance(angle, int | Fraction) and not isinstance(angle, bool)
    if not exact and not (isinstance(angle, sympy.Expr) and not angle.has(sympy.Float)):
        raise TypeError(
            "angle must be exact, a SymPy expression, an integer or a Fraction in radians, got "
            f"{type(angle).__name__} {quoted(angle)}; coupling.wigner_d takes floats"
        )
    value = sympy.sympify(angle)
    if value.is_real is False or value.is_finite is False:
        raise ValueError(f"angle must be a real number of radians, got {quoted(angle)}")
    return value
