"""Reduced matrix elements: what a matrix element is over the number that its orders decide."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import coupling.exact as exact
from coupling.conventions import parity_sign
from derivations import certificate, exact_layer, gaunt, invariant_polynomial, legendre
from derivations.exact_layer import doubled_orders, halved, residual, square_3j, triads
from derivations.framework import Derivation, Step, require
from derivations.readings.wigner_eckart import READING


def factor(numbers: list[Any], normalization: str) -> exact.Surd:
    """The factor of the exact layer for two degrees and a rank, then orders."""
    a, k, b, p, q, r = numbers
    return exact.wigner_eckart(a, k, b, p, q, r, normalization)


def normalizations(lmax: int) -> Iterator[Fraction]:
    """Both factors of the exact layer minus those made of 3j symbols by Racah's sum, half-integers included."""
    for triad in triads(lmax):
        a, k, b = triad
        for p, q, r in doubled_orders(triad):
            numbers = halved(a, k, b, -p, q, r)
            yield residual(factor(numbers, "edmonds"), parity_sign((a + p) // 2) * square_3j(triad, (p, q, r)))
            rose = parity_sign((b - k - p) // 2) * (a + 1) * square_3j((b, k, a), (r, q, p))
            yield residual(factor(numbers, "rose"), rose)


def harmonics(lmax: int) -> Iterator[Fraction]:
    r"""$\int\overline{Y_1}Y_2Y_3\,d\Omega$ from Rodrigues' formula minus the product of the exact layer, in both
    normalizations."""
    for degrees in invariant_polynomial.triples(lmax):
        for p, q, r in invariant_polynomial.orders(degrees):
            integral = parity_sign(p) * legendre.gaunt(degrees, (p, q, r))
            for name in ("edmonds", "rose"):
                found = factor([*degrees, -p, q, r], name)
                yield residual(found * exact.reduced_harmonic(*degrees, name), integral, 1)


def spin_square(twice_j: int, first: int, step: int, second: int) -> Fraction:
    """sign·square of an entry of J_q in the basis of spin j, doubled orders: m, and ∓√((j∓m)(j±m+1)/2)."""
    if first != second + 2 * step:
        return Fraction(0)
    if not step:
        return Fraction(first * abs(first), 4)
    return -step * Fraction((twice_j - step * second) * (twice_j + step * second + 2), 8)


def spins(lmax: int) -> Iterator[Fraction]:
    r"""Entries of $J_q$ by the ladder minus the product of the exact layer, in both normalizations."""
    for twice_j in range(2 * lmax + 1):
        orders = range(-twice_j, twice_j + 1, 2)
        for first, step, second in product(orders, (-1, 0, 1), orders):
            numbers = halved(twice_j, 2, twice_j, first, 2 * step, second)
            for name in ("edmonds", "rose"):
                found = factor(numbers, name) * exact.reduced_spin(numbers[0], name)
                yield residual(found, spin_square(twice_j, first, step, second))


def verify(lmax: int) -> int:
    """All matrix elements of harmonics between degrees up to the degree are integrated from Rodrigues' formula, and all
    of the angular momentum are taken from the ladder; both normalizations give them."""
    count = 0
    for found in (*harmonics(lmax), *spins(lmax)):
        require(found == 0, f"a matrix element is wrong by {found}")
        count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """Matrix elements of Y_k: degrees l1, k, l2, then orders."""
    return {
        "harmonics": {
            certificate.key(*degrees, -p, q, r): certificate.signed(
                parity_sign(p) * legendre.gaunt(degrees, (p, q, r)), 1
            )
            for degrees in invariant_polynomial.paths(lmax)
            for p, q, r in invariant_polynomial.orders(degrees)
        }
    }


STEPS = (
    Step(
        "Two normalizations",
        r"""
        E=(-1)^{l_1-m_1}\begin{pmatrix}l_1&l_2&l_3\\-m_1&m_2&m_3\end{pmatrix},\qquad
        D=(-1)^{l_3-l_2+m_1}\sqrt{2l_1+1}\begin{pmatrix}l_3&l_2&l_1\\m_3&m_2&-m_1\end{pmatrix},\qquad
        D=(-1)^{2l_2}\sqrt{2l_1+1}\;E
        """,
        normalizations,
        kind="verified",
        because="$D$ is the Clebsch-Gordan coefficient that couples $l_3$ and $l_2$ to $l_1$.",
    ),
    Step(
        "Harmonics",
        r"""
        \int\overline{Y_1}\,Y_2Y_3\,d\Omega=E\,(-1)^{l_1}\sqrt{\frac{P}{4\pi}}\begin{pmatrix}l_1&l_2&l_3\\0&0&0\end{pmatrix}
        """,
        harmonics,
        kind="verified",
        because=r"$\overline{Y_{lm}}=(-1)^mY_{l,-m}$ turns the Gaunt integral into a matrix element.",
    ),
    Step(
        "The angular momentum",
        r"""
        M_0=m_3\,\delta_{m_1m_3},\qquad
        M_1=-\sqrt{\tfrac12(l_1-m_3)(l_1+m_3+1)}\;\delta_{m_1,m_3+1},\qquad
        M_{-1}=\sqrt{\tfrac12(l_1+m_3)(l_1-m_3+1)}\;\delta_{m_1,m_3-1}
        """,
        spins,
        kind="verified",
        because=r"""
        $M_q$ is the product of $E$ with $l_2=1$, $m_2=q$, $l_3=l_1$ and of $\sqrt{l_1(l_1+1)(2l_1+1)}$, and of $D$ and
        $\sqrt{l_1(l_1+1)}$. The components of $J$ are $J_0=J_z$ and $J_{\pm1}=\mp(J_x\pm\mathrm iJ_y)/\sqrt2$.
        """,
    ),
)

DERIVATION = Derivation(
    id="wigner_eckart",
    title="Reduced matrix elements in two normalizations",
    introduction=r"""
    The matrix element of a component of a tensor operator is a factor of the orders times a reduced matrix element. Two
    choices of the factor are in use, and the reduced element depends on the choice.
    """,
    statement=r"""
    D=(-1)^{2l_2}\sqrt{2l_1+1}\;E,\qquad
    \int\overline{Y_1}\,Y_2Y_3\,d\Omega=E\,(-1)^{l_1}\sqrt{\frac{P}{4\pi}}\begin{pmatrix}l_1&l_2&l_3\\0&0&0\end{pmatrix}
    """,
    hypotheses=(
        r"$E$ (Edmonds) and $D$ (Rose): $\langle l_1m_1|T_{l_2m_2}|l_3m_3\rangle$ over the reduced matrix element, as "
        r"`coupling.exact.wigner_eckart` has them; $P=(2l_1+1)(2l_2+1)(2l_3+1)$",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=2,
    certificate_lmax=2,
    reading=READING,
    uses=(gaunt.DERIVATION, exact_layer.DERIVATION),
    sources=(
        "A. R. Edmonds, Angular Momentum in Quantum Mechanics (1957): 5.4.1, 5.4.3 and 5.4.5.",
        "M. E. Rose, Elementary Theory of Angular Momentum (1957): 5.14.",
    ),
)
