"""Two harmonics of one direction, coupled: one harmonic of that direction, or nothing."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from coupling.exact import Surd, real_wigner_3j
from derivations import certificate, gaunt, invariant_polynomial, real_basis, real_harmonics
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import Degrees
from derivations.readings.edge_booster import READING

AXIAL = 0, 0, 0  # the orders of the coupling of three harmonics at the pole


def product_sum(degrees: Degrees, output: int, order: int) -> Fraction:
    """π · sign·square of Σ C(l1 l2 l3)[m1, m2, m3] ∫ R1 R2 R_(output, order), m3 = order.

    Every term is a rational multiple of one root.
    """
    total, unit = Fraction(0), None
    l1, l2, _ = degrees
    for m1 in range(-l1, l1 + 1):
        for m2 in range(-l2, l2 + 1):
            core = real_harmonics.real_wigner_3j(degrees, (m1, m2, order))
            integral = real_harmonics.real_gaunt((l1, l2, output), (m1, m2, order))
            square = core * integral
            if square:
                unit = abs(square) if unit is None else unit
                total += (1 if square > 0 else -1) * root(abs(square) / unit)
    return Fraction(0) if unit is None else total * abs(total) * unit


def root(value: Fraction) -> Fraction:
    """√value, which must be rational."""
    found = Surd(1, value.numerator, value.denominator)._rational_value()
    require(found is not None, f"√{value} is irrational")
    return found or Fraction(0)


def predicted(degrees: Degrees) -> Fraction:
    """sign·square of k = √[(2l1+1)(2l2+1)/(2l3+1)] |3j(l1 l2 l3; 0 0 0)|."""
    l1, l2, l3 = degrees
    square = abs(invariant_polynomial.wigner_3j(degrees, AXIAL))
    return Fraction((2 * l1 + 1) * (2 * l2 + 1), 2 * l3 + 1) * square


def pole(lmax: int) -> Iterator[Fraction]:
    r"""Squares with their signs: $C_{000}\sqrt{(2l_1+1)(2l_2+1)}$ minus $k\sqrt{2l_3+1}$ on every path."""
    for degrees in invariant_polynomial.paths(lmax):
        l1, l2, l3 = degrees
        core = real_wigner_3j(l1, l2, l3, 0, 0, 0)
        yield core.sign * core.square * (2 * l1 + 1) * (2 * l2 + 1) - predicted(degrees) * (2 * l3 + 1)


def odd(lmax: int) -> Iterator[Fraction]:
    r"""$3j(0\,0\,0)$ on every path with odd $J$."""
    for degrees in invariant_polynomial.paths(lmax):
        if sum(degrees) % 2:
            yield invariant_polynomial.wigner_3j(degrees, AXIAL)


def verify(lmax: int) -> int:
    """On every path and for every order of the output the product is expanded again in harmonics, in exact rationals:
    the coefficient of the same degree and order is $k$, on odd paths zero. To degree 3 there are 23 even and 11 odd
    paths."""
    count, parities = 0, [0, 0]
    for degrees in invariant_polynomial.paths(lmax):
        parities[sum(degrees) % 2] += 1
        for order in range(-degrees[2], degrees[2] + 1):
            # component normalization: 4π of the integral of three, over √4π of the harmonic: a factor 4π of the square
            require(4 * product_sum(degrees, degrees[2], order) == predicted(degrees), f"{degrees}[{order}]")
            count += 1
    require(lmax != 3 or parities == [23, 11], f"{parities} paths")
    return count


def values(lmax: int) -> dict[str, Any]:
    """k of every path, from the expansion of the product."""
    return {
        "edge_booster": {
            certificate.key(*degrees): certificate.signed(4 * product_sum(degrees, degrees[2], degrees[2]))
            for degrees in invariant_polynomial.paths(lmax)
        }
    }


STEPS = (
    Step(
        "The stabilizer of a direction",
        r"C_{000}\,\sqrt{(2l_1+1)(2l_2+1)}=k\,\sqrt{2l_3+1}",
        pole,
        kind="verified",
        because=r"""
        Both sides of the statement are equivariant functions of the direction $r$, so it is enough to compare them
        at the pole. The value there is invariant under rotations about it: only $m_3=0$ is left, and
        $\tilde R_{lm}=\sqrt{2l+1}\,\delta_{m0}$ at the pole. So the product is a multiple of one harmonic, whatever
        the path.
        """,
    ),
    Step(
        "Odd paths vanish",
        r"\begin{pmatrix}l_1&l_2&l_3\\0&0&0\end{pmatrix}=0\quad(J\text{ odd}),\qquad\ne0\quad(J\text{ even})",
        odd,
        kind="verified",
        because="A 3j symbol takes the sign $(-1)^J$ when all orders change theirs.",
    ),
)

DERIVATION = Derivation(
    id="edge_booster",
    title="Two harmonics of one direction",
    introduction=r"""
    A layer that couples the harmonics of an edge with themselves makes nothing new: the product collapses to one
    harmonic, and every odd path vanishes.
    """,
    statement=r"""
    \sum_{m_1m_2}C_{m_1m_2m_3}\,\tilde R_{l_1m_1}\,\tilde R_{l_2m_2}=k\,\tilde R_{l_3m_3},\qquad
    k=\sqrt{\frac{(2l_1+1)(2l_2+1)}{2l_3+1}}\,\left|\begin{pmatrix}l_1&l_2&l_3\\0&0&0\end{pmatrix}\right|
    """,
    hypotheses=(
        r"$\tilde R_{lm}=\sqrt{4\pi}\,R_{lm}$, real harmonics in component normalization; $C$ is the real core of "
        r"degrees $l_1,l_2,l_3$, of unit norm.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=3,
    certificate_lmax=2,
    reading=READING,
    uses=(gaunt.DERIVATION, real_basis.DERIVATION),
)
