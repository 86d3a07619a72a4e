"""Where the 6j symbols of the matrix product vanish: all spins of every path to a degree, and the spins in use."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from math import isqrt
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations import certificate, matrix_product
from derivations.character_trace import n
from derivations.framework import Derivation, Step, require
from derivations.hypergeometric import binomial
from derivations.invariant_polynomial import Degrees
from derivations.matrix_trace import reduced_sum, sorted_paths
from derivations.racah import square_6j
from derivations.readings.zeros_6j import READING
from derivations.symbols import k, ratio_residual

TOP = 12  # largest degree of the table


def largest(path: Degrees) -> int:
    """The largest n that the bound of the matrix product leaves open."""
    odd = sum(path) % 2
    a, b, c = ((sum(path) - 2 * l) // 2 for l in path)
    top = a + b + c + odd
    return isqrt(int(top**2 + Fraction(2 * (2 * top + 1) * a * b * c, (odd + 1) * (odd + 2))))


@cache
def zeros(lmax: int) -> tuple[tuple[Degrees, int], ...]:
    """(path, 2j) of every zero with degrees l1 ≤ l2 ≤ l3 ≤ lmax and any spin."""
    return tuple(
        (path, size - 1)
        for path in sorted_paths(lmax)
        for size in range(path[2] + 1, largest(path) + 1)
        if reduced_sum(path, size) == 0
    )


def odd() -> Iterator[sp.Expr]:
    r"""$\binom{n+k}{2k+1}$ at $k=0$ minus $n$, and its ratio at $k+1$ and $k$ over
    $\frac{n^2-(k+1)^2}{(2k+2)(2k+3)}$ minus one, a function of $n^2$."""
    ways = binomial(n + k, 2 * k + 1)
    yield sp.gammasimp(ways.subs(k, 0)) - n
    yield ratio_residual(ways.subs(k, k + 1) / ways, (n**2 - (k + 1) ** 2) / ((2 * k + 2) * (2 * k + 3)))


def all_zeros() -> Iterator[sp.Expr]:
    """The value of W at every zero of the table; and one for every zero, with degrees to that of the table and n to the
    bound, that is not in it."""
    listed = set(TABLE)
    yield from (sp.Integer(reduced_sum(path, doubled + 1)) for path, doubled in TABLE)
    yield sp.Integer(len(set(zeros(TOP)) - listed))


#: All zeros to degree 12, whatever the spin.
TABLE = (
    ((2, 2, 2), 3),
    ((3, 5, 5), 6),
    ((3, 5, 6), 12),
    ((5, 6, 7), 8),
    ((4, 9, 9), 10),
    ((6, 9, 10), 11),
    ((8, 10, 12), 13),
)


def table(entries: tuple[tuple[Degrees, int], ...]) -> str:
    """The zeros as a table."""
    columns = "&".join(f"({','.join(map(str, path))})" for path, _ in entries)
    spins = "&".join(str(doubled) for _, doubled in entries)
    return rf"\begin{{array}}{{c|{'c' * len(entries)}}}(l_1,l_2,l_3)&{columns}\\\hline2j&{spins}\end{{array}}"


def verify(lmax: int) -> int:
    """Every 6j symbol of a path to the degree, at each spin to twice the largest bound, by Racah's sum: it vanishes
    exactly at the zeros that are listed, and so does the symbol of :mod:`coupling.exact`."""
    count, listed = 0, set(zeros(lmax))
    for path in sorted_paths(lmax):
        for doubled in range(path[2], 2 * largest(path) + 2):
            square = square_6j(*(*(2 * l for l in path), doubled, doubled, doubled))
            spin = Fraction(doubled, 2)
            found = exact.wigner_6j(*path, spin, spin, spin)
            require((square == 0) == ((path, doubled) in listed), f"6j of {path} at 2j = {doubled}")
            require(found.sign * found.square == square, f"exact 6j of {path} at 2j = {doubled}")
            count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """All zeros with degrees to lmax: degrees, and 2j."""
    return {"zeros": {certificate.key(*path): doubled for path, doubled in zeros(lmax)}}


STEPS = (
    Step(
        "Each path has finitely many zeros",
        r"""
        \begin{gathered}
        \begin{Bmatrix}l_1&l_2&l_3\\j&j&j\end{Bmatrix}=0\iff W=0,\qquad
        W(-n)=-W(n),\\ n^2>\beta\quad\Rightarrow\quad W\ne0
        \end{gathered}
        """,
        odd,
        because=r"""
        $W$ and $\beta$ are those of the matrix product. $W/n$ is a polynomial in $n^2$ with rational coefficients, and
        beyond $\beta$ it has no zero: all zeros of a path are found by trying the $n$ in between.
        """,
    ),
    Step(
        f"All zeros with degrees to {TOP}",
        table(TABLE),
        all_zeros,
        because=r"""
        Paths are sorted, $l_1\le l_2\le l_3\le2j$; every spin is covered. A product of spin $j$ loses the paths of its
        column and no other.
        """,
    ),
)

DERIVATION = Derivation(
    id="zeros_6j",
    title="Zeros of the 6j symbols in use",
    introduction=r"""
    The matrix product of spin $j$ reaches a path unless the 6j symbol $6j(l_1l_2l_3;jjj)$ vanishes, which it
    does without a selection rule at a few spins. Here are all of them.
    """,
    statement=table(TABLE),
    hypotheses=(r"$l_1\le l_2\le l_3\le2j$ satisfy the triangle rule, $2j\ge0$ whole",),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=6,
    certificate_lmax=16,
    reading=READING,
    uses=(matrix_product.DERIVATION,),
    sources=("S. Brudno, J. D. Louck, J. Math. Phys. 26, 2092 (1985): nontrivial zeros of 6j symbols",),
)
