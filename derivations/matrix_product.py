"""The matrix product of spin j (fuzzy sphere): one product that carries even and odd paths."""

from collections.abc import Iterator
from math import prod

import sympy as sp

from coupling.conventions import parity_sign
from derivations import antisymmetric_gaunt, certificate, character_trace, gaunt, real_basis, wigner_3j
from derivations.character_trace import PARITIES, f, n
from derivations.closed_forms import bracket_factor, zero_orders
from derivations.framework import Derivation, Step, require
from derivations.hypergeometric import binomial
from derivations.invariant_polynomial import Degrees, orders, paths
from derivations.invariant_polynomial import wigner_3j as square_3j
from derivations.matrix_trace import (
    first_zero,
    reduced_sum,
    sorted_paths,
    spins_without_zeros,
    square_6j,
    trace_square,
)
from derivations.racah import square_6j as racah_6j
from derivations.readings.matrix_product import READING
from derivations.symbols import a, b, c, excesses, factorials, ratio_residual, total

LEAST = (0, 1, 2, 4, 4, 5, 7, 7, 9, 9, 13, 13, 14, 14, 14, 17, 17, 17, 19, 19, 22, 22, 22, 24, 24)


def reversal() -> Iterator[sp.Expr]:
    r"""For $J$ mod 4: the complex conjugate of $(-\mathrm i)^J$ minus $(-1)^J(-\mathrm i)^J$."""
    for big_j in range(4):
        phase = (-sp.I) ** big_j
        yield sp.expand(sp.conjugate(phase) - parity_sign(big_j) * phase)


def first_sign() -> Iterator[sp.Expr]:
    r"""$J-2(a+b+c)-3\epsilon$; and, over all residues of $a+b+c$ mod 2, $(-\mathrm i)^J$ times the sign
    $(-1)^{a+b+c}$ of the first term of $W$, minus $\mathrm i^\epsilon$."""
    for odd, degrees in PARITIES:
        yield sp.expand(total(degrees) - 2 * (a + b + c) - 3 * odd)
        for half in (0, 1):
            yield sp.expand((-sp.I) ** (2 * half + 3 * odd) * parity_sign(half) - sp.I**odd)


def term(odd: int) -> sp.Expr:
    """|term f| of W."""
    top = a + b + c + odd - f
    return sp.factorial(top) / factorials((2 * f + odd, a - f, b - f, c - f)) * binomial(n + top, 2 * top + 1)


def term_ratio() -> Iterator[sp.Expr]:
    """For both parities, the ratio of neighbouring terms over the stated one, minus one."""
    for odd, _ in PARITIES:
        top, cubic = a + b + c + odd - f, 2 * f + odd
        stated = 2 * (2 * top + 1) * (a - f) * (b - f) * (c - f)
        stated /= (cubic + 1) * (cubic + 2) * (n**2 - top**2)
        yield ratio_residual(term(odd).subs(f, f + 1) / term(odd), stated)


def leading_square(odd: int, degrees: tuple[sp.Expr, sp.Expr, sp.Expr]) -> sp.Expr:
    """Square of the coefficient of the leading power of n in (−1)^(2j) 6j."""
    top = a + b + c + odd
    first = sp.factorial(top) / factorials((odd, a, b, c, 2 * top + 1))
    return first**2 * sp.factorial(total(degrees) + 1) * factorials(excesses(degrees))


def limits() -> Iterator[sp.Expr]:
    r"""For both parities: the square of the leading coefficient over that of $3j(l_1l_2l_3;000)$ or $K$,
    minus one; the sign of the latter minus $(-1)^{a+b+c}$; and the power of $n$ in the square plus
    $1+2\epsilon$."""
    for (odd, degrees), (sign, square) in zip(PARITIES, (zero_orders(), bracket_factor()), strict=True):
        yield ratio_residual(leading_square(odd, degrees), square)
        yield sign - (-1) ** (a + b + c)
        power = 2 * (2 * (a + b + c + odd) + 1) - sum(2 * degree + 1 for degree in degrees)
        yield sp.expand(power + 1 + 2 * odd)


def table(spins: tuple[int, ...], first: int) -> str:
    """The smallest 2j for each degree limit from the first, as a table."""
    limits = "&".join(str(first + place) for place in range(len(spins)))
    return (
        rf"\begin{{array}}{{c|{'c' * len(spins)}}}l_{{\max}}&{limits}\\"
        rf"\hline2j&{'&'.join(map(str, spins))}\end{{array}}"
    )


def least_spins() -> Iterator[sp.Expr]:
    r"""For every degree limit 0 … 24: the number of vanishing 6j symbols (integers $W$, over all
    sorted paths) at the stated $2j$; and, for each smaller $2j\ge l_{\max}$, one if it has no zero."""
    for limit, doubled in enumerate(LEAST):
        yield sp.Integer(sum(reduced_sum(path, doubled + 1) == 0 for path in sorted_paths(limit)))
        for smaller in range(limit, doubled):
            yield sp.Integer(first_zero(smaller + 1, limit) is None)


STEPS = (
    *character_trace.STEPS,
    Step(
        "Real basis: Hermitian matrices, s real on even and imaginary on odd paths",
        r"""
        \mathrm{tr}\,T_1T_2T_3=s\,\sqrt P\,|6j|\,C_{\mu_1\mu_2\mu_3},\qquad
        s=(-\mathrm i)^J\,(-1)^{2j}\,\mathrm{sgn}\,6j=(-\mathrm i)^J\,\mathrm{sgn}\,W,\qquad \bar s=(-1)^Js""",
        reversal,
        because=r"""
        $T_{lm}^\dagger=(-1)^mT_{l,-m}$ is the rule of $\overline{Y_{lm}}$: the matrices with real index,
        $\sum_{m'}U_{mm'}T_{lm'}$, are Hermitian as the real harmonics are real. There are
        $\sum_{l=0}^{2j}(2l+1)=n^2$ of them, an orthonormal basis of all $n\times n$ matrices. With
        $(U_1\otimes U_2\otimes U_3)\,3j=\mathrm i^JC$ the trace has the factor $(-1)^J\mathrm i^J=(-\mathrm i)^J$.

        For Hermitian $X=\sum x_{lm}T_{lm}$ and $Y=\sum y_{lm}T_{lm}$ write $XY=\tfrac12\{X,Y\}+\tfrac12[X,Y]$. The
        anticommutator is Hermitian, the commutator anti-Hermitian, and $\mathrm{tr}\,T_3XY$ has a real part
        from even and an imaginary part from odd paths only. **The Hermitian part of $XY$ carries exactly the even
        paths, the anti-Hermitian part exactly the odd ones**, for all degrees up to $2j$, without aliasing.""",
    ),
    Step(
        "Sign of the first term of W",
        r"J=2(a+b+c)+3\epsilon,\qquad (-\mathrm i)^J\,(-1)^{a+b+c}=\mathrm i^{\,\epsilon}",
        first_sign,
        because=r"""
        Whenever the first term decides the sign of $W$, $s=1$ on even and $s=\mathrm i$ on odd paths.""",
    ),
    Step(
        "Spins from which on no 6j symbol vanishes",
        r"""
        \begin{gathered}
        \frac{|t_{f+1}|}{|t_f|}=\frac{2(2k+1)(a-f)(b-f)(c-f)}{(2f+\epsilon+1)(2f+\epsilon+2)(n^2-k^2)},\qquad
        k=\kappa-f,\\
        \beta=\kappa^2+\frac{2(2\kappa+1)\,abc}{(\epsilon+1)(\epsilon+2)},\qquad\kappa=a+b+c+\epsilon,\\
        n^2>\beta\quad\Rightarrow\quad W\ne0,\quad s=\mathrm i^{\,\epsilon}
        \end{gathered}
        """,
        term_ratio,
        because=r"""
        The terms $t_f$ of $W$ alternate in sign. For $n>\kappa$ the ratio falls with $f$ factor by factor, as
        $k=\kappa-f$ falls, too; when the first ratio is below one the terms decrease and $W$ has the sign of the
        first. For all degrees up to $L$, $\kappa\le\tfrac32L$ and $abc\le(L/2)^3$, so that
        $\beta\le\tfrac94L^2+\tfrac18L^3(3L+1)$, and a larger $n^2$ is enough for all paths at once. The bound is
        not sharp.""",
    ),
    Step(
        "Classical limit",
        r"""
        \sqrt n\,(-1)^{2j}\begin{Bmatrix}l_1&l_2&l_3\\j&j&j\end{Bmatrix}\to
        \begin{pmatrix}l_1&l_2&l_3\\0&0&0\end{pmatrix}\quad(J\text{ even}),\qquad
        n\sqrt n\,(-1)^{2j}\begin{Bmatrix}l_1&l_2&l_3\\j&j&j\end{Bmatrix}\to K(l_1,l_2,l_3)\quad(J\text{ odd})""",
        limits,
        because=r"""
        The leading power of $n$ comes from the term $f=0$ alone. With $\epsilon=0$ it is $n^{J+1}$, with $\epsilon=1$
        $n^J$; of the norms $(2l_i+1)!\binom{n+l_i}{2l_i+1}/n^{2l_i+1}\to1$. $W/n$ and the norms divided by $n$ are
        polynomials in $n^2$, so both limits are reached with corrections in powers of $1/n^2$. For the products this
        reads

        $$\sqrt n\;\mathrm{tr}\,T_1T_2T_3\to\sqrt{4\pi}\int Y_1Y_2Y_3\,d\Omega\quad(J\text{ even}),\qquad
        n\sqrt n\;\mathrm{tr}\,T_1T_2T_3\to\mathrm i\sqrt{4\pi}\int Y_1\{Y_2,Y_3\}\,d\Omega\quad(J\text{ odd})$$

        so both products on the sphere are the classical limit of the matrix product.""",
    ),
    Step(
        "Smallest spins without a vanishing 6j symbol, degree limits 0 to 24",
        table(LEAST[:13], 0) + r"\qquad " + table(LEAST[13:], 13),
        least_spins,
        because=r"""
        A finite statement, settled by enumeration in integers: the smallest $2j\ge l_{\max}$ for which no 6j symbol
        of a path with degrees up to $l_{\max}$ vanishes. The first obstacles are
        $6j(2\,2\,2;\tfrac32\,\tfrac32\,\tfrac32)=0$ and $6j(3\,5\,5;3\,3\,3)=0$. A larger $2j$ is not always safe:
        $6j(3\,5\,6;6\,6\,6)=0$ spoils $2j=12$ for every $l_{\max}\ge6$.""",
    ),
)


def verify(lmax: int) -> int:
    r"""For every path and all orders up to the degree, and $l_{\max}\le2j\le l_{\max}+3$: the trace
    multiplied out entry by entry, with Racah's sum for the 3j symbols, equals
    $(-1)^{J+2j}\sqrt P\,6j\,3j$ with Racah's sum for the 6j symbol; and that sum equals the one with $W$."""
    return sum(verify_path(path, size) for path in paths(lmax) for size in range(lmax + 1, lmax + 5))


def verify_path(path: Degrees, size: int) -> int:
    """All orders of one path with matrices of one size."""
    spin = size - 1
    factor = racah_6j(2 * path[0], 2 * path[1], 2 * path[2], spin, spin, spin)
    require(parity_sign(spin) * factor == square_6j(path, size), f"W of {path} at 2j={spin}")
    factor *= parity_sign(sum(path) + spin) * prod(2 * degree + 1 for degree in path)
    count = 0
    for m in orders(path):
        trace = trace_square(path, m, size)
        require(trace == factor * square_3j(path, m), f"trace of {path} {m} at 2j={spin}")
        count += 1
    return count


def values(lmax: int) -> dict[str, object]:
    """The smallest 2j per degree limit, the first zero of each 2j passed over, the symbols
    {l1 l2 l3; j j j} under "l1 l2 l3 2j" for degrees to 6 and 2j to 10, and traces multiplied out under
    "l1 l2 l3 m1 m2 m3 2j" for degrees to 2 and 2j = 2, 3."""
    spins = spins_without_zeros(lmax)
    passed = {smaller: limit for limit, least in enumerate(spins) for smaller in range(limit, least)}
    zeros = {certificate.key(doubled): first_zero(doubled + 1, limit) for doubled, limit in passed.items()}
    symbols = {
        certificate.key(*path, doubled): certificate.signed(parity_sign(doubled) * square_6j(path, doubled + 1))
        for path in sorted_paths(min(lmax, 6))
        for doubled in range(path[2], 11)
    }
    traces = {
        certificate.key(*path, *m, doubled): certificate.signed(trace_square(path, m, doubled + 1))
        for path in paths(min(lmax, 2))
        for m in orders(path)
        for doubled in (2, 3)
    }
    return {
        "trace": traces,
        "least_doubled_spin": list(spins),
        "first_zero": {doubled: certificate.key(*path) for doubled, path in zeros.items() if path},
        "wigner_6j": symbols,
    }


DERIVATION = Derivation(
    id="matrix_product",
    title="The matrix product of spin j",
    introduction=r"""
    Multiply two matrices instead of two functions on the sphere, and every Clebsch-Gordan path comes out of one
    product. Written with powers of a null element of the algebra, the trace of three tensors is read off the
    character of a group element, and its whole dependence on the spin is one polynomial in $n=2j+1$.""",
    statement=r"""
    \begin{gathered}
    \mathrm{tr}\,T_{l_1m_1}T_{l_2m_2}T_{l_3m_3}=(-1)^{J+2j}\sqrt P\begin{Bmatrix}l_1&l_2&l_3\\j&j&j\end{Bmatrix}
    \begin{pmatrix}l_1&l_2&l_3\\m_1&m_2&m_3\end{pmatrix},\\
    \mathrm{tr}\,T_1T_2T_3=s\,\sqrt P\,|6j|\,C_{\mu_1\mu_2\mu_3},\qquad s=(-\mathrm i)^J(-1)^{2j}\,\mathrm{sgn}\,6j
    \end{gathered}
    """,
    hypotheses=(
        r"$2j\ge0$ is whole and $n=2j+1$; $0\le l_i\le2j$; $J=l_1+l_2+l_3$, $P=\prod_i(2l_i+1)$,"
        r" $(A,B,C)=(J-2l_1,J-2l_2,J-2l_3)$",
        r"$(T_{lm})_{pq}=(-1)^{j-p}\sqrt{2l+1}\;3j(j\,l\,j;-p\,m\,q)$ with $|p|\le j$, $|q|\le j$;"
        r" $T_i=\sum_mU_{\mu_im}T_{l_im}$: the matrices with real index",
        r"the 6j symbol is defined as the contraction of four 3j symbols, DLMF 34.4.1",
        r"$J_\pm$, $J_z$: the representation of spin $j$ with the phases of Condon and Shortley",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=4,
    certificate_lmax=24,
    reading=READING,
    uses=(wigner_3j.DERIVATION, gaunt.DERIVATION, antisymmetric_gaunt.DERIVATION, real_basis.DERIVATION),
    sources=(
        "J. Hoppe, Quantum theory of a massless relativistic surface, PhD thesis, MIT (1982)",
        "J. Madore, The fuzzy sphere, Class. Quantum Grav. 9, 69 (1992)",
        "A. R. Edmonds, Angular Momentum in Quantum Mechanics (1957), chapter 6 and appendix 2",
        "NIST Digital Library of Mathematical Functions, 34.2.4, 34.4.1, 34.4.2",
    ),
)
