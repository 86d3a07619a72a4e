"""Wigner 3j symbols and Clebsch-Gordan coefficients, exactly.

With a = j1+j2-j3, b = -j1+j2+j3, c = j1-j2+j3 (so 2j1 = a+c, 2j2 = a+b, 2j3 = b+c) and J =
j1+j2+j3, Racah's formula reads

    3j(j1 j2 j3; m1 m2 m3) = (-1)^(j1-j2-m3) S √[N / Π_i binom(2j_i, j_i-m_i)]
    S = Σ_k (-1)^k binom(a, k) binom(c, j1-m1-k) binom(b, j2+m2-k)
    N = binom(2j1, a) binom(2j3, b) / [(c+1) binom(J+1, 2j2)]

S is an integer, the coefficient of u1^(j1+m1) u2^(j2+m2) u3^(j3+m3) in (u1-u2)^a (u2-u3)^b
(u3-u1)^c up to sign (Regge 1958), so the symbol vanishes exactly when S does.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.selection import doubled_symbol, doubled_triangle

ZERO = Surd(0)


def wigner_3j(j1: object, j2: object, j3: object, m1: object, m2: object, m3: object) -> Surd:
    """Return the Wigner 3j symbol as an exact Surd.

        (j1 j2 j3; m1 m2 m3) = (-1)^(j1-j2-m3) S √[N / Π_i binom(2j_i, j_i-m_i)]
        S = Σ_k (-1)^k binom(a, k) binom(c, j1-m1-k) binom(b, j2+m2-k)
        N = binom(2j1, a) binom(2j3, b) / [(c+1) binom(J+1, 2j2)]

    a = j1+j2-j3, b = -j1+j2+j3, c = j1-j2+j3, J = j1+j2+j3.  Degrees are integers or
    half-integers.  Zero when the triangle rule fails, J is not an integer or m1+m2+m3 ≠ 0.  Raises
    ValueError or TypeError for a degree < 0, |m| > j, or an order that does not exist for its
    degree.  Source: Racah 1942, eq. 16'; Edmonds 1957, eq. 3.7.3.

    >>> wigner_3j(2, 6, 4, 0, 0, 0)
    √(5/143)
    >>> wigner_3j(1, "1/2", 0.5, 0, 0.5, -0.5)
    Traceback (most recent call last):
    ...
    TypeError: degree 2 must be an integer or half-integer, got str '1/2'
    """
    return doubled_3j(*doubled_symbol(j1, j2, j3, m1, m2, m3))


def clebsch_gordan(j1: object, j2: object, j3: object, m1: object, m2: object, m3: object) -> Surd:
    """Return the Clebsch-Gordan coefficient as an exact Surd.

        ⟨j1 m1 j2 m2 | j3 m3⟩ = (-1)^(j1-j2+m3) √(2j3+1) 3j(j1 j2 j3; m1 m2 -m3)

    Degrees first, orders second, as in SymPy; integers or half-integers.  Zero when the triangle
    rule fails or m1+m2 ≠ m3. Raises as :func:`wigner_3j`.  Source: Edmonds 1957, eq. 3.7.3.

    >>> clebsch_gordan(1, 1, 2, 0, 0, 0), clebsch_gordan(0.5, 0.5, 0, 0.5, -0.5, 0)
    (√(2/3), √(1/2))
    """
    a, b, c, p, q, r = doubled_symbol(j1, j2, j3, m1, m2, m3)
    symbol = doubled_3j(a, b, c, p, q, -r)
    if not symbol:
        return symbol
    sign = parity_sign((a - b + r) // 2) * symbol.sign
    return Surd(sign, (c + 1) * symbol.numerator, symbol.denominator)


def racah_sum(a: int, b: int, c: int, x: int, y: int) -> int:
    """Return S = Σ_k (-1)^k binom(a, k) binom(c, x-k) binom(b, y-k); x = j1-m1, y = j2+m2, all
    arguments integers.

    Each term follows from the one before by a ratio of small integers.

    >>> racah_sum(2, 2, 2, 2, 2)
    -6
    """
    first, last = max(0, x - c, y - b), min(a, x, y)
    if first > last:
        return 0
    term = parity_sign(first) * comb(a, first) * comb(c, x - first) * comb(b, y - first)
    total = term
    for k in range(first, last):
        term = -term * ((a - k) * (x - k) * (y - k)) // ((k + 1) * (c - x + k + 1) * (b - y + k + 1))
        total += term
    return total


@lru_cache(maxsize=1 << 14)
def norm(a: int, b: int, c: int) -> tuple[int, int]:
    """Return numerator and denominator of N = binom(a+c, a) binom(b+c, b) / [(c+1) binom(a+b+c+1,
    a+b)].

    >>> norm(0, 0, 0)
    (1, 1)
    """
    return comb(a + c, a) * comb(b + c, b), (c + 1) * comb(a + b + c + 1, a + b)


def doubled_3j(j1: int, j2: int, j3: int, m1: int, m2: int, m3: int) -> Surd:
    """Return the 3j symbol of doubled degrees and orders that exist, at any size.

    >>> doubled_3j(1, 1, 2, 1, -1, 0)
    √(1/6)
    """
    if m1 + m2 + m3 or not doubled_triangle(j1, j2, j3):
        return ZERO
    a, b, c = (j1 + j2 - j3) // 2, (j2 + j3 - j1) // 2, (j1 + j3 - j2) // 2
    x, y = (j1 - m1) // 2, (j2 + m2) // 2
    s = racah_sum(a, b, c, x, y)
    if not s:
        return ZERO
    num, den = norm(a, b, c)
    sign = parity_sign((j1 - j2 - m3) // 2) * (1 if s > 0 else -1)
    return Surd(sign, s * s * num, den * comb(j1, x) * comb(j2, y) * comb(j3, (j3 - m3) // 2))
