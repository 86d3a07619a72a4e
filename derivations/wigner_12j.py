"""Wigner 12j symbols of both kinds: sums of eight 3j symbols around a ring become sums of four 6j symbols."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import coupling.exact as exact
from coupling.conventions import parity_sign
from derivations import certificate, exact_layer, racah
from derivations.exact_layer import halved, residual
from derivations.framework import Derivation, Step, require
from derivations.readings.wigner_12j import READING
from derivations.rings import Pair, Row, contraction, line, rings, rung

KINDS = (1, 2)


def sign(kind: int, a: Row, b: Row, c: Row) -> int:
    """What the symbol is over the contraction."""
    return parity_sign(c[0]) if kind == 1 else parity_sign((sum(a) + sum(b) + sum(c)) // 2)


def symbol(kind: int, a: Row, b: Row, c: Row) -> exact.Surd:
    return exact.wigner_12j(*halved(*a, *b, *c), kind=kind)


def rungs(lmax: int) -> Iterator[Fraction]:
    """The sum over the line between two 3j symbols, by Racah's sum, minus the sum over $x$, both over their roots."""
    for a0, a1, c0, c1, b in product(*[range(2 * lmax + 1)] * 4, range(3)):
        a, c = (a0, a1), (c0, c1)
        if racah.is_triad(*a, b) and racah.is_triad(*c, b):
            for (m, p, left, right), number in rung(a, b, c).items():
                found = number / (line(a[1], left) * line(c[1], right))
                yield found - coupled(a, b, c, (m, p, left, right))


def coupled(a: Pair, b: int, c: Pair, orders: tuple[int, int, int, int]) -> Fraction:
    """The sum over x: triangle coefficients that hold x occur twice."""
    (m, p, left, right), total = orders, Fraction(0)
    for x in range(max(abs(a[0] - c[0]), abs(a[1] - c[1])), min(a[0] + c[0], a[1] + c[1]) + 1, 2):
        if abs(m + p) <= x:
            exponent = (a[0] - a[1] + b + x - m - p) // 2
            six = racah.sum_6j(a[0], c[0], x, c[1], a[1], b)
            square = racah.triangle_square(a[0], c[0], x) * racah.triangle_square(a[1], c[1], x)
            pair = racah.sum_3j(a[0], c[0], x, m, p, -m - p) * racah.sum_3j(a[1], c[1], x, left, right, -m - p)
            total += parity_sign(exponent) * (x + 1) * six * square * pair * racah.order_square((x, m + p))
    return total


def around(lmax: int) -> Iterator[Fraction]:
    """The symbols of the exact layer minus the sums over all orders of eight 3j symbols, by Racah's sum."""
    for kind in KINDS:
        for a, b, c in rings(kind, lmax):
            yield residual(symbol(kind, a, b, c), sign(kind, a, b, c) * contraction(kind, a, b, c))


def reduced(lmax: int) -> Iterator[Fraction]:
    """Symbols with one zero degree of the exact layer minus 9j symbols, and products of 6j symbols, by Racah's sum."""
    for kind in KINDS:
        for a, b, c in rings(kind, 2 * lmax - 1):
            if b[3] == 0:
                root = Fraction(1, (a[0] + 1) * (c[0] + 1))
                yield residual(symbol(kind, a, b, c), root * (nine(a, b, c) if kind == 1 else pair(a, b, c)))


def nine(a: Row, b: Row, c: Row) -> Fraction:
    return racah.square_9j(((a[1], b[1], a[2]), (a[0], c[2], b[2]), (b[0], c[1], c[0])))


def pair(a: Row, b: Row, c: Row) -> Fraction:
    exponent = (a[1] + a[2] + b[0] + b[1] + b[2] + c[1] + c[2]) // 2
    first, second = (racah.square_6j(b[0], b[1], b[2], side[2], side[0], side[1]) for side in (a, c))
    return parity_sign(exponent) * first * second


def verify(lmax: int) -> int:
    """Every 12j symbol of degrees up to half the degree, half-integers included, is summed over all orders of eight 3j
    symbols, and compared with the sum over four 6j symbols of the exact layer."""
    count = 0
    for found in around(lmax):
        require(found == 0, f"a 12j symbol is wrong by {found}")
        count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """12j symbols of degrees to half the degree, by sums over orders: the kind, then doubled degrees, rows first."""
    return {
        "wigner_12j": {
            certificate.key(kind, *a, *b, *c): certificate.signed(sign(kind, a, b, c) * contraction(kind, a, b, c))
            for kind in KINDS
            for a, b, c in rings(kind, lmax)
        }
    }


STEPS = (
    Step(
        "A rung between two lines",
        r"""
        \sum_{q}(-1)^{b_1-q}\begin{pmatrix}a_1&b_1&a_2\\m&q&-m'\end{pmatrix}
        \begin{pmatrix}c_1&b_1&c_2\\p&-q&-p'\end{pmatrix}
        =\sum_{x}(-1)^{a_1-a_2+b_1+x-m-p}(2x+1)\begin{Bmatrix}a_1&c_1&x\\c_2&a_2&b_1\end{Bmatrix}
        \begin{pmatrix}a_1&c_1&x\\m&p&-m-p\end{pmatrix}\begin{pmatrix}a_2&c_2&x\\m'&p'&-m-p\end{pmatrix}
        """,
        rungs,
        kind="verified",
        because=r"""
        The sum over $q$ is a scalar product of two tensors of degree $b_1$: it couples states of $a_1,c_1$ and of
        $a_2,c_2$ with one total degree $x$ and order, with a number that does not depend on the order.
        """,
    ),
    Step(
        "Around the ring",
        r"""
        \begin{gathered}
        X_1=\sum_x(-1)^{S-x}(2x+1)\begin{Bmatrix}a_1&c_1&x\\c_2&a_2&b_1\end{Bmatrix}
        \begin{Bmatrix}a_2&c_2&x\\c_3&a_3&b_2\end{Bmatrix}\begin{Bmatrix}a_3&c_3&x\\c_4&a_4&b_3\end{Bmatrix}
        \begin{Bmatrix}a_4&c_4&x\\a_1&c_1&b_4\end{Bmatrix},\qquad X_1=(-1)^{2c_1}T_1,\\
        X_2=\sum_x(2x+1)\begin{Bmatrix}a_1&c_1&x\\c_2&a_2&b_1\end{Bmatrix}
        \begin{Bmatrix}a_2&c_2&x\\c_3&a_3&b_2\end{Bmatrix}\begin{Bmatrix}a_3&c_3&x\\c_4&a_4&b_3\end{Bmatrix}
        \begin{Bmatrix}a_4&c_4&x\\c_1&a_1&b_4\end{Bmatrix},\qquad X_2=(-1)^ST_2
        \end{gathered}
        """,
        around,
        kind="verified",
        because=r"""
        Four rungs in a row: by the orthogonality of 3j symbols one sum over $x$ is left, and the last sum over orders
        is a trace, $2x+1$. Lines that cross before they close exchange the two columns of a 3j symbol, which gives
        $(-1)^{a_1+c_1-x}$ in the first kind.
        """,
    ),
    Step(
        "A rung of degree zero",
        r"""
        \begin{gathered}
        b_4=0,\;a_4=c_1,\;c_4=a_1\;\Rightarrow\;X_1=\frac1{\sqrt{(2a_1+1)(2c_1+1)}}
        \begin{Bmatrix}a_2&b_2&a_3\\a_1&c_3&b_3\\b_1&c_2&c_1\end{Bmatrix},\\
        b_4=0,\;a_4=a_1,\;c_4=c_1\;\Rightarrow\;X_2=\frac{(-1)^{a_2+a_3+b_1+b_2+b_3+c_2+c_3}}{\sqrt{(2a_1+1)(2c_1+1)}}
        \begin{Bmatrix}b_1&b_2&b_3\\a_3&a_1&a_2\end{Bmatrix}\begin{Bmatrix}b_1&b_2&b_3\\c_3&c_1&c_2\end{Bmatrix}
        \end{gathered}
        """,
        reduced,
        kind="verified",
        because=r"""
        The last 6j symbol is $6j(c_1\,a_1\,x;a_1\,c_1\,0)=(-1)^{a_1+c_1+x}/\sqrt{(2a_1+1)(2c_1+1)}$. What is left is
        the sum of the 9j symbol, and the sum of Biedenharn and Elliott.
        """,
    ),
)

DERIVATION = Derivation(
    id="wigner_12j",
    title="12j symbols of both kinds",
    introduction=r"""
    Eight 3j symbols, two lines of four and a rung between each pair, are contracted over all orders. The lines close
    after they have crossed, or without crossing: the two kinds of 12j symbols. The sign of a 12j symbol is a matter of
    definition. Yutsis, Levinson and Vanagas, as far as the program among the sources renders their equations, have
    $X_1$ for the first kind and $T_2=(-1)^SX_2$ for the second: $(-1)^S$ before the same sum.
    """,
    statement=r"""
    X_1=(-1)^{2c_1}T_1=\sum_x(-1)^{S-x}(2x+1)\begin{Bmatrix}a_1&c_1&x\\c_2&a_2&b_1\end{Bmatrix}
    \begin{Bmatrix}a_2&c_2&x\\c_3&a_3&b_2\end{Bmatrix}\begin{Bmatrix}a_3&c_3&x\\c_4&a_4&b_3\end{Bmatrix}
    \begin{Bmatrix}a_4&c_4&x\\a_1&c_1&b_4\end{Bmatrix},\qquad X_2=(-1)^ST_2
    """,
    hypotheses=(
        r"$X_1$, $X_2$: the symbols $\{a_1a_2a_3a_4;b_1b_2b_3b_4;c_1c_2c_3c_4\}$ of both kinds, as "
        r"`coupling.exact.wigner_12j` has them; $S$: the sum of all twelve degrees.",
        r"$T_1$, $T_2$: the sum over all orders of the product over $i=1,\dots,4$ of the 3j symbols with the columns "
        r"$(a_i,m_i)$, $(b_i,q_i)$, $(a_{i+1},-m_{i+1})$ and $(c_i,p_i)$, $(b_i,-q_i)$, $(c_{i+1},-p_{i+1})$, times "
        r"$(-1)^{j-m}$ for each of the twelve lines.",
        r"Closed by $a_5=c_1$, $c_5=a_1$ in $T_1$, and by $a_5=a_1$, $c_5=c_1$ in $T_2$.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=2,
    certificate_lmax=1,
    reading=READING,
    uses=(exact_layer.DERIVATION,),
    sources=(
        "R. J. Ord-Smith, Physical Review 94 (1954) 1227: the first kind as a sum of four 6j symbols.",
        "A. P. Yutsis, I. B. Levinson, V. V. Vanagas, Mathematical Apparatus of the Theory of Angular Momentum (1962), "
        "chapter 4: 3nj symbols of both kinds as graphs.",
        "wigner-3nj-symbols 0.2.0, a Rust crate: its code renders equations (17.1) and (17.2) of that book, with all "
        "signs.",
    ),
)
