"""Wigner 12j symbols of both kinds, exactly.

The twelve degrees stand in three rows, a1 … a4, b1 … b4, c1 … c4.  Each b lies between two columns, and the last row of
triads closes the ring, crossed in the first kind and straight in the second:

    triads of both kinds   (a1 a2 b1) (c1 c2 b1) (a2 a3 b2) (c2 c3 b2) (a3 a4 b3) (c3 c4 b3)
    first kind             (a4 c1 b4) (c4 a1 b4)            a Möbius ladder of eight vertices
    second kind            (a4 a1 b4) (c4 c1 b4)            a cube

With S the sum of all twelve degrees, and W_i = 6j{ai ci x; c(i+1) a(i+1) bi},

    first kind     Σ_x (-1)^(S-x) (2x+1) W_1 W_2 W_3 6j{a4 c4 x; a1 c1 b4}
    second kind    Σ_x (2x+1) W_1 W_2 W_3 6j{a4 c4 x; c1 a1 b4}

The first is that of Ord-Smith (1954).  The second is written here without a sign.  Equation (17.2) of Yutsis, Levinson
and Vanagas, as the Rust crate wigner-3nj-symbols 0.2.0 renders it, has (-1)^S before its sum: the other sign where S is
odd.  Their (17.1), rendered there too, is the first kind as it stands here.
"""

from __future__ import annotations

from coupling.conventions import parity_sign
from coupling.exact.surd import Surd
from coupling.exact.wigner_6j import doubled_6j
from coupling.integers import integer
from coupling.quoted import quoted
from coupling.selection import doubled_degrees, doubled_triangle


def wigner_12j(
    j1: object,
    j2: object,
    j3: object,
    j4: object,
    j5: object,
    j6: object,
    j7: object,
    j8: object,
    j9: object,
    j10: object,
    j11: object,
    j12: object,
    *,
    kind: object = 1,
) -> Surd:
    """Return the 12j symbol {j1 j2 j3 j4; j5 j6 j7 j8; j9 j10 j11 j12}, rows first, of the first or second kind, as an
    exact Surd.

    With a = j1 … j4, b = j5 … j8, c = j9 … j12 and S the sum of all, the first kind and the second are

        Σ_x (-1)^(S-x) (2x+1) {a1 c1 x; c2 a2 b1} {a2 c2 x; c3 a3 b2} {a3 c3 x; c4 a4 b3} {a4 c4 x; a1 c1 b4}
        Σ_x (2x+1) {a1 c1 x; c2 a2 b1} {a2 c2 x; c3 a3 b2} {a3 c3 x; c4 a4 b3} {a4 c4 x; c1 a1 b4}

    Triads and phases: :mod:`coupling.exact.wigner_12j`.  All triangle coefficients that hold x occur twice, so all
    terms are rational multiples of one surd.  Degrees are integers or half-integers.  Zero when one of the eight triads
    breaks the triangle rule.  Raises ValueError or TypeError for a degree that does not exist and another kind.
    Source: Ord-Smith 1954; Yutsis, Levinson and Vanagas 1962, chapter 4; derivation ``wigner_12j``.

    >>> wigner_12j(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), wigner_12j(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, kind=2)
    (1/72, 1/54)
    """
    ring = doubled_degrees(j1, j2, j3, j4, j5, j6, j7, j8, j9, j10, j11, j12)
    return doubled_12j(ring[:4], ring[4:8], ring[8:], symbol_kind(kind))


def symbol_kind(kind: object) -> int:
    """Return the kind of a 12j symbol, 1 or 2, or raise.

    >>> symbol_kind(2)
    2
    """
    number = integer(kind, "kind")
    if number not in (1, 2):
        raise ValueError(f"kind must be 1 or 2, got {quoted(kind)}")
    return number


def doubled_12j(a: tuple[int, ...], b: tuple[int, ...], c: tuple[int, ...], kind: int) -> Surd:
    """Return the 12j symbol of rows of doubled degrees that exist.

    >>> doubled_12j((1, 1, 1, 1), (0, 2, 0, 2), (1, 1, 1, 1), 2)
    1/12
    """
    (p, q), total = ((c[0], a[0]) if kind == 1 else (a[0], c[0])), Surd(0)
    upper, lower = (*a, p), (*c, q)
    triads = [(row[i], row[i + 1], b[i]) for row in (upper, lower) for i in range(4)]
    if not all(doubled_triangle(*triad) for triad in triads):
        return total
    first = max(abs(x - y) for x, y in zip(a, c, strict=True))
    degrees = sum(a) + sum(b) + sum(c)
    for x in range(first, min(map(sum, zip(a, c, strict=True))) + 1, 2):
        term = Surd.rational((x + 1) * (parity_sign((degrees - x) // 2) if kind == 1 else 1))
        for i in range(4):
            term *= doubled_6j(upper[i], lower[i], x, lower[i + 1], upper[i + 1], b[i])
        total += term
    return total
