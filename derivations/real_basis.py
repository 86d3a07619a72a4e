"""The real basis: one real tensor C, in which both integrals have positive factors."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product as tuples
from math import prod
from typing import Any

import sympy as sp

from derivations import (
    antisymmetric_gaunt,
    bracket_forms,
    certificate,
    gaunt,
    invariant_polynomial,
    real_harmonics,
    wigner_3j,
)
from derivations.closed_forms import bracket_factor, zero_orders
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import Degrees
from derivations.readings.real_basis import READING
from derivations.symbols import EVEN, ODD, m1, m2, phi, total

M = sp.Symbol("m", integer=True, positive=True)
N = sp.Symbol("n", integer=True, nonnegative=True)
CONDON_SHORTLEY = (-1) ** M

# The block of U on the rows R_−m, R_m and the columns Y_−m, Y_m, for m > 0.
BLOCK = sp.Matrix([[sp.I, -sp.I * CONDON_SHORTLEY], [1, CONDON_SHORTLEY]]) / sp.sqrt(2)
FLIP = sp.Matrix([[0, 1], [1, 0]])


def unitary() -> sp.Matrix:
    r"""$UU^\dagger-1$ on the block of $\pm m$."""
    return (BLOCK * BLOCK.H - sp.eye(2)).expand()


def real_functions() -> Iterator[sp.Expr]:
    r"""$U$ applied to $\bigl(Q\,e^{-\mathrm im\phi},\,(-1)^mQ\,e^{\mathrm im\phi}\bigr)$, minus
    $\sqrt2\,Q\,(\sin m\phi,\,\cos m\phi)$."""
    waves = sp.Matrix([sp.exp(-sp.I * M * phi), CONDON_SHORTLEY * sp.exp(sp.I * M * phi)])
    wanted = sp.sqrt(2) * sp.Matrix([sp.sin(M * phi), sp.cos(M * phi)])
    yield from (BLOCK * waves - wanted).applyfunc(lambda entry: sp.expand(entry.rewrite(sp.cos)))


def reality() -> Iterator[sp.Expr]:
    r"""$\overline U-(-1)^m\,U$ with its columns exchanged; $(-1)^J\,\mathrm i^J-(-\mathrm i)^J$ for $J=2n$ and
    $J=2n+1$."""
    yield from (BLOCK.conjugate() - CONDON_SHORTLEY * BLOCK * FLIP).expand()
    for j in (2 * N, 2 * N + 1):
        yield sp.simplify((-1) ** j * sp.I**j - (-sp.I) ** j)


def preserved_norm() -> sp.Expr:
    r"""$\lVert Uv\rVert^2-\lVert v\rVert^2$ on the block, for arbitrary $v$."""
    v = sp.Matrix(sp.symbols("v1:3"))
    return sp.expand(((BLOCK * v).H * (BLOCK * v) - v.H * v)[0])


def orders_add() -> sp.Expr:
    r"""$(\mu_1+\mu_2+\mu_3)(-\mu_1+\mu_2+\mu_3)(\mu_1-\mu_2+\mu_3)(\mu_1+\mu_2-\mu_3)$, a function of the squares, at
    $\mu_i^2=m_i^2$ with $m_3=-m_1-m_2$."""
    squares = sp.symbols("s1:4")
    u, v, w = (sp.sqrt(square) for square in squares)
    heron = sp.expand((u + v + w) * (-u + v + w) * (u - v + w) * (u + v - w))
    values = (m1**2, m2**2, (m1 + m2) ** 2)
    return sp.expand(heron.subs(dict(zip(squares, values, strict=True)), simultaneous=True))


def sines() -> Iterator[sp.Expr]:
    r"""$U$ with its columns exchanged minus $(-1)^m\,\mathrm{diag}(-1,1)\,U$, on the block."""
    yield from (BLOCK * FLIP - CONDON_SHORTLEY * sp.diag(-1, 1) * BLOCK).expand()


def one_root() -> Iterator[sp.Expr]:
    r"""$\mu_1\mu_2\mu_3$ where two of $-\mu_1+\mu_2+\mu_3$, $\mu_1-\mu_2+\mu_3$, $\mu_1+\mu_2-\mu_3$ vanish;
    $(2\cdot2^{-n/2})^2-2^{2-n}$ for $n=2,3$ orders that are not zero."""
    u, v, w = sp.symbols("mu1:4")
    sums = (-u + v + w, u - v + w, u + v - w)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        yield (u * v * w).subs(sp.solve((sums[i], sums[j]), (u, v, w), dict=True)[0])
    for n in (2, 3):
        yield (2 * sp.sqrt(2) ** (-n)) ** 2 - sp.Integer(2) ** (2 - n)


def gaunt_sign() -> sp.Expr:
    r"""$\mathrm i^J=(-1)^{J/2}$ times the sign of $3j(0\,0\,0)$, minus one, on even paths."""
    return (-1) ** (total(EVEN) / 2) * zero_orders()[0] - 1


def bracket_sign() -> sp.Expr:
    r"""$\mathrm i\cdot\mathrm i^J=(-1)^{(J+1)/2}$ times the sign of $K$, minus one, on odd paths."""
    return (-1) ** sp.expand((total(ODD) + 1) / 2) * bracket_factor()[0] - 1


def levi_civita() -> Iterator[sp.Expr]:
    r"""$\sqrt6\,C_{ijk}-\varepsilon_{ijk}$ for all 27 entries, in the order $(y,z,x)$ of
    $R_{1,-1},R_{1,0},R_{1,1}$."""
    for i, j, k in tuples((-1, 0, 1), repeat=3):
        square = real_harmonics.real_wigner_3j((1, 1, 1), (i, j, k))
        root = sp.sign(square.numerator) * sp.sqrt(sp.Rational(abs(square.numerator), square.denominator))
        yield sp.sqrt(6) * root - sp.LeviCivita(i + 1, j + 1, k + 1)


def verify_path(degrees: Degrees) -> int:
    """Both integrals, the symmetries and the selection rules at all orders of three degrees; the norm."""
    even, path = sum(degrees) % 2 == 0, invariant_polynomial.is_path(degrees)
    weight = Fraction(prod(2 * l + 1 for l in degrees), 4)
    zero = abs(invariant_polynomial.wigner_3j(degrees, (0, 0, 0)))
    bracket = Fraction(0) if even or not path else abs(bracket_forms.factorial_form(degrees))
    l1, l2, l3 = degrees
    entries = {}
    for o1, o2, o3 in tuples(*(range(-l, l + 1) for l in degrees)):
        orders = (o1, o2, o3)
        entry = entries[orders] = real_harmonics.real_wigner_3j(degrees, orders)
        swapped = real_harmonics.real_wigner_3j((l2, l1, l3), (o2, o1, o3))
        cycled = real_harmonics.real_wigner_3j((l2, l3, l1), (o2, o3, o1))
        at = f"at {degrees}{orders}"
        require(entry == cycled == (swapped if even else -swapped), f"symmetries of C {at}")
        require(entry == 0 or real_harmonics.selected(degrees, orders), f"selection rules of C {at}")
        require(real_harmonics.real_gaunt(degrees, orders) == weight * zero * entry, f"∫R1R2R3 {at}")
        integral = real_harmonics.real_antisymmetric_gaunt(degrees, orders)
        require(integral == weight * bracket * entry, f"∫R1{{R2,R3}} {at}")
    require(sum(map(abs, entries.values())) == int(path), f"norm of C{degrees}")
    return len(entries)


def verify(lmax: int) -> int:
    """At all real orders of all triples of degrees, $\\int R_1R_2R_3$ and $\\int R_1\\{R_2,R_3\\}$ are done in exact
    rationals from Rodrigues' formula and integrals of cosines and sines, and compared with the positive factors
    times $C$, which is summed from its definition; $C$ is checked for reality, norm, symmetries and selection
    rules."""
    return sum(verify_path(degrees) for degrees in invariant_polynomial.triples(lmax))


def values(lmax: int) -> dict[str, Any]:
    """C from its definition, and both integrals done directly; non-zero entries with l1 ≤ l2 ≤ l3."""
    families = {
        "real_wigner_3j": (real_harmonics.real_wigner_3j, 0),
        "real_gaunt": (real_harmonics.real_gaunt, 1),
        "real_antisymmetric_gaunt": (real_harmonics.real_antisymmetric_gaunt, 1),
    }
    paths = [degrees for degrees in invariant_polynomial.paths(lmax) if list(degrees) == sorted(degrees)]
    return {
        family: {
            certificate.key(*degrees, o1, o2, o3): certificate.signed(function(degrees, (o1, o2, o3)), pi_power)
            for degrees in paths
            for o1, o2, o3 in tuples(*(range(-l, l + 1) for l in degrees))
            if function(degrees, (o1, o2, o3)) != 0
        }
        for family, (function, pi_power) in families.items()
    }


STEPS = (
    Step(
        "U is unitary",
        r"""
        R_0=Y_0,\qquad \begin{pmatrix} R_{-m}\\ R_m\end{pmatrix}
        =\frac1{\sqrt2}\begin{pmatrix} \mathrm i&-\mathrm i\,(-1)^m\\ 1&(-1)^m\end{pmatrix}
        \begin{pmatrix} Y_{-m}\\ Y_m\end{pmatrix},\qquad UU^\dagger=1
        """,
        unitary,
        because="So the $R_{lm}$ are orthonormal, as the $Y_{lm}$ are.",
    ),
    Step(
        "The real harmonics carry no Condon-Shortley sign",
        r"""
        R_{lm}=\sqrt2\,Q_{lm}\cos(m\phi),\qquad R_{l,-m}=\sqrt2\,Q_{lm}\sin(m\phi),\qquad
        Q_{lm}=(-1)^m\,Y_{lm}\,e^{-\mathrm im\phi}
        """,
        real_functions,
        because=r"""
        For $m>0$ write $Y_{lm}=(-1)^mQ_{lm}\,e^{\mathrm im\phi}$ with $Q_{lm}$ real; then
        $Y_{l,-m}=(-1)^m\overline{Y_{lm}}=Q_{lm}\,e^{-\mathrm im\phi}$. The sign cancels, and
        $Q_{lm}=N\,(\sin\theta)^m\;\frac{d^{l+m}}{dx^{l+m}}(x^2-1)^l$ is positive near the north pole.
        """,
    ),
    Step(
        "C is real",
        r"\overline{(U_1\otimes U_2\otimes U_3)\,3j}=(-1)^J\,(U_1\otimes U_2\otimes U_3)\,3j,\qquad "
        r"C=(-\mathrm i)^J\,(U_1\otimes U_2\otimes U_3)\,3j",
        reality,
        because=r"""
        $\overline{U_{\mu m}}=(-1)^mU_{\mu,-m}$. With $m_1+m_2+m_3=0$ and
        $3j(-m_1,-m_2,-m_3)=(-1)^J\,3j(m_1,m_2,m_3)$, renaming $m\to-m$ in the sum gives the first formula;
        $\overline{(-\mathrm i)^J}\,(-1)^J=(-\mathrm i)^J$, so $C$ is real.""",
    ),
    Step(
        "Unit norm and symmetries",
        r"""
        \sum_{\mu_1\mu_2\mu_3}C_{\mu_1\mu_2\mu_3}^2=1,\qquad
        C^{l_2l_3l_1}_{\mu_2\mu_3\mu_1}=C^{l_1l_2l_3}_{\mu_1\mu_2\mu_3},\qquad
        C^{l_2l_1l_3}_{\mu_2\mu_1\mu_3}=(-1)^J\,C^{l_1l_2l_3}_{\mu_1\mu_2\mu_3}
        """,
        preserved_norm,
        because=r"""
        $U$ preserves norms in every slot, the phase has modulus one, and the 3j symbol has unit norm. Each slot has the
        $U$ of its own degree and the phase is symmetric: permutations act on $C$ as on the 3j symbol.
        """,
    ),
    Step(
        "One |order| is the sum of the other two",
        r"C_{\mu_1\mu_2\mu_3}\ne0\quad\Longrightarrow\quad 2\max(|\mu_1|,|\mu_2|,|\mu_3|)=\sum_i|\mu_i|",
        orders_add,
        because=r"""
        $U_{\mu m}\ne0$ only for $m=\pm\mu$, and $3j\ne0$ only for $m_1+m_2+m_3=0$. The product below depends on the
        squares of the orders alone and vanishes for such $m$; so it vanishes at $|\mu_1|,|\mu_2|,|\mu_3|$, where
        its first factor is zero only if all orders are.
        """,
    ),
    Step(
        "The number of negative orders has the parity of J",
        r"C_{\mu_1\mu_2\mu_3}\ne0\quad\Longrightarrow\quad (-1)^{\sum_i[\mu_i<0]}=(-1)^J",
        sines,
        because=r"""
        $U_{\mu,-m}=(-1)^m\,\sigma_\mu\,U_{\mu m}$ with $\sigma_\mu=-1$ for $\mu<0$ and $1$ otherwise. Renaming
        $m\to-m$ in the sum for $C$ multiplies it by $\sigma_{\mu_1}\sigma_{\mu_2}\sigma_{\mu_3}(-1)^J$, which must
        be one.
        """,
    ),
    Step(
        "Every entry is one signed square root of a rational",
        r"""
        |C_{\mu_1\mu_2\mu_3}| = \bigl|3j(m_1,m_2,m_3)\bigr|\begin{cases}1/\sqrt2&\mu_1\mu_2\mu_3\ne0\\
        1&\text{otherwise}\end{cases},\qquad |m_i|=|\mu_i|,\quad m_1+m_2+m_3=0
        """,
        one_root,
        because=r"""
        When no order is zero, only one of the three sums vanishes, so exactly one choice of signs and its negative
        contribute; with one order zero the same holds, and with all zero there is one term. The two contributions
        are equal by the step before, each with the factor $2^{-n/2}$ of $n$ non-zero orders. Where the 3j symbol
        vanishes inside its rules, so does $C$: an accidental zero is an exact zero.
        """,
    ),
    Step(
        "The real Gaunt integral",
        r"""
        \int R_1R_2R_3\,d\Omega = \sqrt{\frac P{4\pi}}\;\mathrm i^J\begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix}
        C_{\mu_1\mu_2\mu_3}
        = +\sqrt{\frac P{4\pi}}\;\left|\begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix}\right|\,C_{\mu_1\mu_2\mu_3}
        """,
        gaunt_sign,
        because=r"""
        Apply $U_1\otimes U_2\otimes U_3$ to the Gaunt integral: $(U_1\otimes U_2\otimes U_3)\,3j=\mathrm i^J\,C$, and
        the closed form of $3j(0\,0\,0)$ has the sign $(-1)^{J/2}$.
        """,
    ),
    Step(
        "The real antisymmetric Gaunt integral",
        r"""
        \int R_1\,\{R_2,R_3\}\,d\Omega = \mathrm i\cdot\mathrm i^J\,\sqrt{\frac P{4\pi}}\;K\,C_{\mu_1\mu_2\mu_3}
        = +\sqrt{\frac P{4\pi}}\;|K|\,C_{\mu_1\mu_2\mu_3}
        """,
        bracket_sign,
        because=r"""
        The bracket is linear in each slot, so $U\otimes U\otimes U$ acts in the same way; $K$ has the sign
        $(-1)^{g+1}=(-1)^{(J+1)/2}$. No imaginary unit is left.""",
    ),
    Step(
        "Degrees 1, 1, 1",
        r"C^{111}_{ijk} = \frac{\varepsilon_{ijk}}{\sqrt6}",
        levi_civita,
        because=r"""
        $(R_{1,-1},R_{1,0},R_{1,1})=\sqrt{3/4\pi}\,(y,z,x)$, an even permutation of $(x,y,z)$: the tensor of the
        cross product, with the sign of $\{x,y\}=z$.
        """,
    ),
)

DERIVATION = Derivation(
    id="real_basis",
    title="The real basis",
    introduction=r"""
    With the phase $(-\mathrm i)^J$ the 3j symbol becomes a real tensor $C$, and both integrals of real harmonics
    are positive multiples of it. No table of signs is needed anywhere.
    """,
    statement=r"""
    C = (-\mathrm i)^J\,(U_1\otimes U_2\otimes U_3)\,3j = \mathrm i^J\,\overline{(U_1\otimes U_2\otimes U_3)\,3j},\qquad
    \int R_1R_2R_3\,d\Omega = \sqrt{\frac P{4\pi}}\,\left|\begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix}\right|
    C_{\mu_1\mu_2\mu_3},\qquad
    \int R_1\,\{R_2,R_3\}\,d\Omega = \sqrt{\frac P{4\pi}}\,|K|\,C_{\mu_1\mu_2\mu_3}\quad (J\text{ odd})
    """,
    hypotheses=(
        r"$R_l=U_lY_l$ as in the first step, orders $|\mu|\le l$: sines for $\mu<0$, cosines for $\mu>0$.",
        r"The first integral lives on even, the second on odd $J=l_1+l_2+l_3$; $P=\prod_i(2l_i+1)$; $K$ and the "
        r"bracket $\{f,g\}=r\cdot(\nabla f\times\nabla g)$ as on the page of the antisymmetric Gaunt integral.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=5,
    certificate_lmax=3,
    reading=READING,
    uses=(wigner_3j.DERIVATION, gaunt.DERIVATION, antisymmetric_gaunt.DERIVATION),
    sources=("Real Gaunt coefficients: H. H. H. Homeier and E. O. Steinborn, J. Mol. Struct. 368, 31 (1996).",),
)
