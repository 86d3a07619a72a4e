"""The Gaunt product and one bracket product reach every Clebsch-Gordan path."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product as tuples
from math import comb, prod

import sympy as sp

from derivations import antisymmetric_gaunt, certificate, gaunt, real_basis, real_harmonics, wigner_3j
from derivations.closed_forms import bracket_factor, zero_orders
from derivations.framework import Derivation, Step, require
from derivations.hypergeometric import binomial
from derivations.invariant_polynomial import Degrees, paths
from derivations.readings.clebsch_gordan_paths import READING
from derivations.symbols import EVEN, ODD, a, b, c, excesses, ratio_residual, total

s = a + b + c
L, p, q = sp.symbols("L p q", integer=True, nonnegative=True)
CENTRAL = binomial(2 * a, a) * binomial(2 * b, b) * binomial(2 * c, c)


def even_factor() -> Iterator[sp.Expr]:
    r"""The square of $3j(l_1l_2l_3;000)$ over the stated quotient, minus one; and the stated sign times
    $\mathrm i^J$ minus one."""
    sign, square = zero_orders()
    yield ratio_residual(square, CENTRAL / ((2 * s + 1) * binomial(2 * s, s)))
    yield from phases(sign, EVEN, sp.Integer(0))


def odd_factor() -> Iterator[sp.Expr]:
    r"""The square of $K$ over the stated quotient, minus one; and $\mathrm i$ times the stated sign times
    $\mathrm i^J$ minus one."""
    sign, square = bracket_factor()
    odd = (2 * a + 1) * (2 * b + 1) * (2 * c + 1)
    yield ratio_residual(square, 4 * odd * CENTRAL / binomial(2 * s + 4, s + 2))
    yield from phases(sign, ODD, sp.Integer(1))


def phases(sign: sp.Expr, degrees: tuple[sp.Expr, sp.Expr, sp.Expr], turns: sp.Expr) -> Iterator[sp.Expr]:
    """i^turns · sign · i^J − 1, where turns + J is even: a power of −1."""
    yield sp.powsimp(sp.expand((-1) ** ((turns + total(degrees)) / 2) * sign)) - 1


def shift() -> Iterator[sp.Expr]:
    """$K^2$ at $(a,b,c)$ over the stated multiple of the square of the even factor at the same
    $(a,b,c)$, minus one; and the degrees of the odd path minus one minus those of the even one."""
    j = total(ODD)
    stated = (j**2 - 1) / (4 * j) * sp.prod(excesses(ODD))
    yield ratio_residual(bracket_factor()[1] / zero_orders()[1], stated)
    yield from (sp.expand(odd - 1 - even) for odd, even in zip(ODD, EVEN, strict=True))


def outputs() -> Iterator[sp.Expr]:
    r"""With $l_1=p$, $l_2=p+q$: the number of terms of $q,q+2,\dots,2p+q$ minus $p+1$, and of
    $q+1,q+3,\dots,2p+q-1$ minus $p$."""
    yield sp.expand((2 * p + q - q) / 2 + 1 - (p + 1))
    yield sp.expand((2 * p + q - 1 - (q + 1)) / 2 + 1 - p)


def counts() -> Iterator[sp.Expr]:
    r"""$\sum_{l_1,l_2\le L}\min(l_1,l_2)-L(L+1)(2L+1)/6$, the sum plus $(L+1)^2$ minus
    $(L+1)(L+2)(2L+3)/6$, and the odd count minus the even one at $L-1$; and both minus
    the total of the conclusion."""
    below = sp.summation(q, (q, 0, p - 1)) + p * (L - p + 1)
    odd = sp.summation(below, (p, 0, L))
    yield sp.expand(odd - L * (L + 1) * (2 * L + 1) / 6)
    even = (L + 1) * (L + 2) * (2 * L + 3) / 6
    yield sp.expand(odd + (L + 1) ** 2 - even)
    yield sp.expand(odd - even.subs(L, L - 1))
    yield sp.expand(odd + even - (L + 1) * (2 * L**2 + 4 * L + 3) / 3)


STEPS = (
    Step(
        "Even paths",
        r"""
        \int R_1R_2R_3\,d\Omega=N\,C,\qquad N=\sqrt{\frac P{4\pi}}\,|3j(l_1l_2l_3;000)|
        =\sqrt{\frac P{4\pi}}\left[\frac{\binom{2a}a\binom{2b}b\binom{2c}c}{(J+1)\binom J{J/2}}\right]^{1/2},\qquad
        (a,b,c)=\tfrac J2-(l_1,l_2,l_3)""",
        even_factor,
        because=r"""
        Apply $U\otimes U\otimes U$ to the Gaunt integral: the 3j symbol becomes $\mathrm i^JC$, and $\mathrm i^J$
        cancels the sign $(-1)^{J/2}$ of $3j(000)$. The triangle rule says $a$, $b$, $c\ge0$, so all binomials are
        positive and $N>0$. With $x!=\Gamma(x+1)$ this is the closed form in Gamma functions.""",
    ),
    Step(
        "Odd paths",
        r"""
        \int R_1\{R_2,R_3\}\,d\Omega=N\,C,\qquad N=\sqrt{\frac P{4\pi}}\,|K|
        =\sqrt{\frac P{4\pi}}
        \left[\frac{4(2a+1)(2b+1)(2c+1)\binom{2a}a\binom{2b}b\binom{2c}c}{\binom{2g+2}{g+1}}\right]^{1/2},
        \qquad(a,b,c)=g-(l_1,l_2,l_3)""",
        odd_factor,
        because=r"""
        $g=(J-1)/2=a+b+c+1$. The same with $\mathrm i\,K$: $\mathrm i\cdot\mathrm i^J$ cancels the sign $(-1)^{g+1}$
        of $K$. On an odd path the triangle rule gives $J-2l_i\ge1$, hence again $a$, $b$, $c\ge0$ and $N>0$.""",
    ),
    Step(
        "An odd path is a shifted even path",
        r"""
        |K(l_1,l_2,l_3)|=\sqrt{\frac{J^2-1}{4J}(J-2l_1)(J-2l_2)(J-2l_3)}\;
        \left|\begin{pmatrix}l_1-1&l_2-1&l_3-1\\0&0&0\end{pmatrix}\right|""",
        shift,
        because=r"""
        Lowering all degrees by one leaves $a,b,c$ unchanged and takes the odd paths with degrees up to $L$ one to one
        to the even paths with degrees below $L$.""",
    ),
    Step(
        "Outputs of one pair of degrees",
        r"""
        \#\{l_3:J\text{ even}\}=\min(l_1,l_2)+1,\qquad\#\{l_3:J\text{ odd}\}=\min(l_1,l_2)""",
        outputs,
        because=r"""
        $l_3$ runs from $|l_1-l_2|$ to $l_1+l_2$; both ends have even $J$, and the parities alternate.""",
    ),
    Step(
        "Number of paths",
        r"""
        \#\{l_1l_2l_3:J\text{ even}\}=\tfrac16(L+1)(L+2)(2L+3),\qquad
        \#\{l_1l_2l_3:J\text{ odd}\}=\tfrac16L(L+1)(2L+1)""",
        counts,
        because=r"""
        Of the inputs $l_1,l_2\le L$ all outputs are kept. Sum the step before over $l_1,l_2=0,\dots,L$, in each row
        $l_1=p$ first over $l_2<p$. The odd count is the even one of degrees below $L$.""",
    ),
)


def verify(lmax: int) -> int:
    r"""For every path and all real orders up to the degree: the integral of three real harmonics (even
    $J$) or of one with the bracket of two (odd $J$), integrated exactly from their definition, over
    $N$ in binomials, against $C=(-\mathrm i)^J(U_1\otimes U_2\otimes U_3)\,3j$; and the path counts for limits up to
    three times the degree."""
    count = sum(verify_path(path) for path in paths(lmax))
    for limit in range(3 * lmax + 1):
        found = [0, 0]
        for l1, l2 in tuples(range(limit + 1), repeat=2):
            for l3 in range(abs(l1 - l2), l1 + l2 + 1):
                found[(l1 + l2 + l3) % 2] += 1
        even, odd = (limit + 1) * (limit + 2) * (2 * limit + 3), limit * (limit + 1) * (2 * limit + 1)
        for number, stated, parity in zip(found, (even, odd), ("even", "odd"), strict=True):
            require(6 * number == stated, f"number of {parity} paths to degree {limit}")
            count += 1
    return count


def verify_path(path: Degrees) -> int:
    """All orders of one path."""
    integral = real_harmonics.real_antisymmetric_gaunt if sum(path) % 2 else real_harmonics.real_gaunt
    square = normalization_square(path)
    count = 0
    for m1, m2, m3 in tuples(*(range(-l, l + 1) for l in path)):
        core = real_harmonics.real_wigner_3j(path, (m1, m2, m3))
        require(integral(path, (m1, m2, m3)) == square * core, f"real integral at {path}{(m1, m2, m3)}")
        count += 1
    return count


def normalization_square(path: Degrees) -> Fraction:
    """π N² of a path, in binomials."""
    odd = sum(path) % 2
    g = sum(path) // 2
    halves = [g - l for l in path]
    central = prod(comb(2 * n, n) for n in halves)
    weight = Fraction(prod(2 * l + 1 for l in path), 4)
    if odd:
        return weight * Fraction(4 * prod(2 * n + 1 for n in halves) * central, comb(2 * g + 2, g + 1))
    return weight * Fraction(central, (2 * g + 1) * comb(2 * g, g))


def values(lmax: int) -> dict[str, object]:
    """N for every path with l1 ≤ l2 ≤ l3, and the numbers of even and odd paths for degrees 0 … L."""
    ordered = (path for path in paths(lmax) if list(path) == sorted(path))
    normalization = {certificate.key(*path): certificate.value(1, normalization_square(path), 1) for path in ordered}
    counted = [[(n + 1) * (n + 2) * (2 * n + 3) // 6, n * (n + 1) * (2 * n + 1) // 6] for n in range(lmax + 1)]
    return {"normalization": normalization, "paths_even_odd": counted}


DERIVATION = Derivation(
    id="clebsch_gordan_paths",
    title="Gaunt and bracket reach every Clebsch-Gordan path",
    introduction=r"""
    The pointwise product of two functions on the sphere couples them on the even paths, their Poisson bracket on the
    odd ones. On each path both are the Clebsch-Gordan coupling times a positive number that depends on the degrees
    only.""",
    statement=r"""
    C(l_1,l_2,l_3)=\frac1N\int R_1R_2R_3\,d\Omega\quad(J\text{ even}),\qquad
    C(l_1,l_2,l_3)=\frac1N\int R_1\{R_2,R_3\}\,d\Omega\quad(J\text{ odd}),\qquad N>0""",
    hypotheses=(
        r"$l_1$, $l_2$, $l_3\ge0$ satisfy the triangle rule; $J=l_1+l_2+l_3$, $P=\prod_i(2l_i+1)$",
        r"$R_{lm}$: real orthonormal harmonics",
        r"$C=(-\mathrm i)^J(U_1\otimes U_2\otimes U_3)\,3j$: the real core, of unit norm",
    ),
    conclusion=r"""
    ## What follows for products

    For features $x_{lm}$, $y_{lm}$ let $f=\sum x_{lm}R_{lm}$ and $h=\sum y_{lm}R_{lm}$. Then the component of $fh$
    along $R_{l_3m_3}$ is $\sum_{l_1l_2}N(l_1,l_2,l_3)\sum_{m_1m_2}C_{m_1m_2m_3}\,x_{l_1m_1}y_{l_2m_2}$ over the
    even paths, and that of $\{f,h\}$ the same over the odd ones. One Gaunt product and one bracket product thus
    reach all $\#\{l_1l_2l_3:J\ge0\}=\tfrac13(L+1)(2L^2+4L+3)$ paths, each with the weight $N$. A Clebsch-Gordan
    product with path weights $w$ needs the weight $w/N$ on each path: when $w/N$ is a sum of $R$ terms
    $a_r(l_1)\,b_r(l_2)\,c_r(l_3)$, it is the sum of $R$ such pairs of products, inputs and output rescaled degree
    by degree. With the harmonics $\sqrt{4\pi/(2l+1)}\,R_{lm}$ of Racah and Schmidt and a mean over the sphere
    instead of the integral, $N$ becomes
    $$\frac N{4\pi}\prod_i\sqrt{\frac{4\pi}{2l_i+1}}=|3j(l_1l_2l_3;000)|\quad(J\text{ even}),
    \quad|K|\quad(J\text{ odd})$$""",
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=4,
    certificate_lmax=12,
    reading=READING,
    uses=(wigner_3j.DERIVATION, gaunt.DERIVATION, antisymmetric_gaunt.DERIVATION, real_basis.DERIVATION),
    sources=(
        "Y. Xie, A. Daigavane, M. Kotak, T. Smidt, arXiv 2602.21466, and V. Heyraud, Z. Weller-Davies, J. Tilly,"
        " arXiv 2603.08630: Gaunt and vector products against the Clebsch-Gordan product",
    ),
)
