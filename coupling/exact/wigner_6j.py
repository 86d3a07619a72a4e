"""Wigner 6j symbols, exactly.

With the triads t = (j1 j2 j3), (j1 j5 j6), (j4 j2 j6), (j4 j5 j3) summed to t1 … t4 and the quadruples
q1 = j1+j2+j4+j5, q2 = j2+j3+j5+j6, q3 = j3+j1+j6+j4,

    6j = √(Δ1² Δ2² Δ3² Δ4²) (t1+1)! / [(q1-t2)! (q2-t3)! (q3-t4)!] · S
    S = Σ_n (-1)^n binom(n+1, t1+1) binom(q1-t2, n-t2) binom(q2-t3, n-t3) binom(q3-t4, n-t4)
    Δ(a b c)² = (a+b-c)! (a-b+c)! (-a+b+c)! / (a+b+c+1)!

(Racah 1942, eq. 36, with the factorials of the sum gathered into binomials; S is an integer.)
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb, factorial

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.selection import doubled_degrees, doubled_triangle


def wigner_6j(j1: object, j2: object, j3: object, j4: object, j5: object, j6: object) -> Surd:
    """Return the Wigner 6j symbol as an exact Surd.

        {j1 j2 j3; j4 j5 j6} = Δ(j1 j2 j3) Δ(j1 j5 j6) Δ(j4 j2 j6) Δ(j4 j5 j3)
                               Σ_n (-1)^n (n+1)! / [Π_i (n-t_i)! Π_k (q_k-n)!]

    t_i are the sums of the four triads, q1 = j1+j2+j4+j5, q2 = j2+j3+j5+j6, q3 = j3+j1+j6+j4.
    Degrees are integers or half-integers.  Zero when one of the triads (j1 j2 j3), (j1 j5 j6),
    (j4 j2 j6), (j4 j5 j3) breaks the triangle rule or does not add up to an integer.  Raises
    ValueError or TypeError for a degree that does not exist.  Source: Racah 1942, eq. 36; Edmonds
    1957, eq. 6.3.7.

    >>> wigner_6j(1, 1, 1, 1, 1, 1), wigner_6j(0.5, 0.5, 1, 0.5, 0.5, 1)
    (1/6, 1/6)
    """
    return doubled_6j(*doubled_degrees(j1, j2, j3, j4, j5, j6))


def doubled_6j(a: int, b: int, c: int, d: int, e: int, f: int) -> Surd:
    """Return the 6j symbol of doubled degrees that exist.

    >>> doubled_6j(2, 2, 2, 2, 2, 2)
    1/6
    """
    triads = (a, b, c), (a, e, f), (d, b, f), (d, e, c)
    if not all(doubled_triangle(*triad) for triad in triads):
        return Surd(0)
    t = tuple(sum(triad) // 2 for triad in triads)
    q = (a + b + d + e) // 2, (b + c + e + f) // 2, (c + a + f + d) // 2
    s = _alternating_sum(t, q)
    if not s:
        return Surd(0)
    delta = Fraction(1)
    for triad in triads:
        delta *= triangle_square(*triad)
    outer = Fraction(
        s * factorial(t[0] + 1),
        factorial(q[0] - t[1]) * factorial(q[1] - t[2]) * factorial(q[2] - t[3]),
    )
    square = delta * outer * outer
    return Surd(1 if s > 0 else -1, square.numerator, square.denominator)


@lru_cache(maxsize=1 << 14)
def triangle_square(a: int, b: int, c: int) -> Fraction:
    """Return Δ² = (a+b-c)! (a-b+c)! (-a+b+c)! / (a+b+c+1)! of doubled degrees a, b, c.

    >>> triangle_square(2, 2, 2)
    Fraction(1, 24)
    """
    above = factorial((a + b - c) // 2) * factorial((a - b + c) // 2) * factorial((b + c - a) // 2)
    return Fraction(above, factorial((a + b + c) // 2 + 1))


def _alternating_sum(t: tuple[int, ...], q: tuple[int, ...]) -> int:
    first, last = max(t), min(q)
    term = parity_sign(first) * comb(first + 1, t[0] + 1)
    for below, above in zip(t[1:], q, strict=True):
        term *= comb(above - below, first - below)
    total = term
    for n in range(first, last):
        above = (n + 2) * (q[0] - n) * (q[1] - n) * (q[2] - n)
        term = -term * above // ((n + 1 - t[0]) * (n + 1 - t[1]) * (n + 1 - t[2]) * (n + 1 - t[3]))
        total += term
    return total
