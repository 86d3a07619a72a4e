"""The frame of an edge: weights of paths and weights of an SO(2) layer differ by an orthogonal matrix."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product as tuples
from typing import Any

import sympy as sp

from coupling.exact.edge_frame import edge_frame_matrix
from derivations import certificate, edge_booster, real_basis, real_harmonics
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import Degrees, paths
from derivations.readings.edge_frame import READING

X, Y, A, B = sp.symbols("x y a b", real=True)
ANGLE = sp.Symbol("phi", real=True)


def commutes() -> Iterator[sp.Expr]:
    r"""The block $\begin{pmatrix}a&-b\\b&a\end{pmatrix}$ times a rotation of the plane, minus the same in the other
    order; and the entries of a symmetric traceless block that commutes with a turn by a right angle."""
    turn = sp.Matrix([[sp.cos(ANGLE), -sp.sin(ANGLE)], [sp.sin(ANGLE), sp.cos(ANGLE)]])
    block, other = sp.Matrix([[A, -B], [B, A]]), sp.Matrix([[X, Y], [Y, -X]])
    yield from (block * turn - turn * block).expand()
    left = (other * turn - turn * other).subs(ANGLE, sp.pi / 2)
    solution = sp.solve(list(left), [X, Y], dict=True)
    yield from (sp.Matrix([solution[0][X], solution[0][Y]]))


def core(degrees: Degrees, orders: tuple[int, int, int]) -> Fraction:
    """sign·square of C(l1 l2 l3)[m1, m2, m3], from the integrals of real harmonics."""
    return real_harmonics.real_wigner_3j(degrees, orders)


def selection(lmax: int) -> Iterator[Fraction]:
    r"""$C(l_1,l_2,l_3)_{m_1\,0\,m_3}$ for $m_3\ne m_1$ on even and $m_3\ne-m_1$ on odd paths; on even paths
    $C_{-m\,0\,-m}-C_{m\,0\,m}$, on odd ones $C_{-m\,0\,m}+C_{m\,0\,-m}$, as squares with their signs."""
    for degrees in paths(lmax):
        odd = -1 if sum(degrees) % 2 else 1
        l1, _, l3 = degrees
        for m1, m3 in tuples(range(-l1, l1 + 1), range(-l3, l3 + 1)):
            if m3 != odd * m1:
                yield core(degrees, (m1, 0, m3))
            elif m1 > 0:
                yield core(degrees, (m1, 0, m3)) - odd * core(degrees, (-m1, 0, -m3))


def root(square: Fraction) -> sp.Expr:
    """The number of a square with its sign."""
    return sp.sign(square) * sp.sqrt(sp.Rational(abs(square).numerator, abs(square).denominator))


def entries(l1: int, l3: int) -> list[list[Fraction]]:
    """sign·square of M, rows m = -k … k, columns l2, from the integrals."""
    k = min(l1, l3)
    return [
        [(2 if m else 1) * (2 * l2 + 1) * core((l1, l2, l3), (abs(m), 0, m)) for l2 in range(abs(l1 - l3), l1 + l3 + 1)]
        for m in range(-k, k + 1)
    ]


def orthogonal(lmax: int) -> Iterator[sp.Expr]:
    r"""$M^{\mathsf T}M-1$ for all $l_1$, $l_3$."""
    for l1, l3 in tuples(range(lmax + 1), repeat=2):
        m = sp.Matrix([[root(square) for square in row] for row in entries(l1, l3)])
        yield from (m.T * m - sp.eye(m.rows)).applyfunc(sp.nsimplify).expand()


def verify(lmax: int) -> int:
    """Every entry of the matrix of :mod:`coupling.exact` equals that of the integrals."""
    count = 0
    for l1, l3 in tuples(range(lmax + 1), repeat=2):
        ours = edge_frame_matrix(l1, l3)
        for row, expected in zip(ours, entries(l1, l3), strict=True):
            for entry, square in zip(row, expected, strict=True):
                require(entry.sign * entry.square == square, f"M({l1}, {l3}) has {entry} for the square {square}")
                count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """M for all pairs of degrees: l1, l3, l2, m."""
    return {
        "edge_frame": {
            certificate.key(l1, l3, abs(l1 - l3) + column, row - min(l1, l3)): certificate.signed(square)
            for l1, l3 in tuples(range(lmax + 1), repeat=2)
            for row, squares in enumerate(entries(l1, l3))
            for column, square in enumerate(squares)
            if square
        }
    }


STEPS = (
    Step(
        "Layers that commute with rotations about the pole",
        r"\begin{pmatrix}z_m\\z_{-m}\end{pmatrix}=\begin{pmatrix}a&-b\\b&a\end{pmatrix}\begin{pmatrix}x_m\\x_{-m}\end{pmatrix}",
        commutes,
        because=r"""
        A rotation by $\alpha$ about the pole turns the pair $(x_m,x_{-m})$ by $m\alpha$. Different $m>0$ are
        inequivalent, so a layer that commutes with it mixes $m$ with $-m$ alone; a real $2\times2$ matrix is such a
        block plus a symmetric traceless one, and the second commutes with no turn by a right angle.
        """,
    ),
    Step(
        "The coupling with the harmonics of the pole is such a layer",
        r"""
        \begin{gathered}
        m_3\ne(-1)^Jm_1\quad\Rightarrow\quad C_{m_1\,0\,m_3}=0,\\
        C_{-m_1\,0\,-m_3}=(-1)^J\,C_{m_1\,0\,m_3}
        \end{gathered}
        """,
        selection,
        kind="verified",
        because=r"""
        At the pole $\tilde R_{l_2m_2}=\sqrt{2l_2+1}\,\delta_{m_2\,0}$, so path $l_2$ contributes
        $w_{l_2}\sqrt{2l_2+1}\,C_{m_1\,0\,m_3}$: to $a_m$ if $J$ is even, to $b_m$ if it is odd.
        """,
    ),
    Step(
        "The matrix is orthogonal",
        r"\sum_m M_{m\,l_2}M_{m\,l_2'}=\delta_{l_2l_2'}",
        orthogonal,
        kind="verified",
        because=r"""
        $\sum_{m_1m_3}C_{m_1m_2m_3}C'_{m_1m_2m_3}=\delta_{l_2l_2'}/(2l_2+1)$ is the orthogonality of 3j symbols; with
        $m_2=0$ the entries of $\pm m$ are equal up to sign, which the factor 2 in the square of $M$ counts. There
        are $\sum_{l_2}1=2\min(l_1,l_3)+1$ degrees $l_2$ and as many rows.
        """,
    ),
)

DERIVATION = Derivation(
    id="edge_frame",
    title="The frame of an edge",
    introduction=r"""
    A convolution with harmonics of an edge and any weights of its paths is, in the frame of the edge, any layer that
    commutes with rotations about it. The change of weights is orthogonal, so networks of one kind are networks of the
    other, initialization included.
    """,
    statement=r"""
    \begin{gathered}
    a_0=\sum_{l_2}M_{0\,l_2}w_{l_2},\qquad\sqrt2\,a_m=\sum_{l_2}M_{m\,l_2}w_{l_2},\qquad
    \sqrt2\,b_m=\sum_{l_2}M_{-m\,l_2}w_{l_2},\\
    M_{0\,l_2}=\sqrt{2l_2+1}\,C_{0\,0\,0},\qquad M_{\pm m\,l_2}=\sqrt{2(2l_2+1)}\,C_{m\,0\,\pm m},\qquad
    M^{\mathsf T}M=1
    \end{gathered}
    """,
    hypotheses=(
        r"$C=C(l_1,l_2,l_3)$ is the real core of unit norm, the harmonics of the edge are in component normalization; "
        r"$l_2$ runs from $|l_1-l_3|$ to $l_1+l_3$, and $1\le m\le\min(l_1,l_3)$.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=3,
    certificate_lmax=2,
    reading=READING,
    uses=(real_basis.DERIVATION, edge_booster.DERIVATION),
)
