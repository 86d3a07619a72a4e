r"""The 3j symbol: unit invariant of three angular momenta, and its closed forms at low orders."""

from collections.abc import Iterator
from typing import Any

import sympy as sp

from derivations import certificate, invariant_polynomial, ladder_solution
from derivations.closed_forms import low_orders_sum, zero_orders_sum
from derivations.framework import Derivation, Step, require
from derivations.hypergeometric import VANDERMONDE, binomial
from derivations.invariant_polynomial import ETA, XI, bracket, polynomial
from derivations.readings.wigner_3j import READING
from derivations.symbols import a, b, c, factorials, k, l, m, m1, m2, ratio_residual

A, B, C = sp.symbols("A B C", integer=True, nonnegative=True)
i = sp.Symbol("i", integer=True)
HALF_SUMS = ((B + C) / 2, (C + A) / 2, (A + B) / 2)


def powers() -> Iterator[sp.Expr]:
    r"""The powers of $\xi_1,\eta_1,\xi_2,\eta_2,\xi_3,\eta_3$ in the term $i$, each minus
    $l\pm m$ of its slot."""
    l1, l2, l3 = HALF_SUMS
    j, n = i - m2 + l3 - l1, i + m1 + l3 - l2
    exponents = (C - i + n, i + B - n, i + A - j, C - i + j, j + B - n, A - j + n)
    orders = (m1, m2, -m1 - m2)
    wanted = [e for d, q in zip(HALF_SUMS, orders, strict=True) for e in (d + q, d - q)]
    return (sp.expand(left - right) for left, right in zip(exponents, wanted, strict=True))


def invariance() -> Iterator[sp.Expr]:
    r"""The three images of the polynomial, with symbolic exponents, divided by it."""
    form = polynomial(A, B, C)
    pairs = list(zip(XI, ETA, strict=True))
    yield sp.cancel(sum(x * sp.diff(form, e) for x, e in pairs) / form)
    yield sp.cancel(sum(e * sp.diff(form, x) for x, e in pairs) / form)
    yield sp.cancel(sum(x * sp.diff(form, x) - e * sp.diff(form, e) for x, e in pairs) / form)


def ladder_factors() -> Iterator[sp.Expr]:
    r"""The square of the factor that $\xi\partial_\eta$ or $\eta\partial_\xi$ brings to a
    normalized monomial, minus $(l\mp m)(l\pm m+1)$."""
    norm = sp.factorial(l + m) * sp.factorial(l - m)
    for sign in (1, -1):
        factor = (l - sign * m) ** 2 * norm.subs(m, m + sign) / norm
        yield sp.gammasimp(factor) - (l - sign * m) * (l + sign * m + 1)


def edge_square(order: sp.Expr) -> sp.Expr:
    r"""Square of 3j(l1 l2 l3; m1, l3 − m1, −l3) at m1 = order."""
    l1, l2, l3 = HALF_SUMS
    parts = (l1 + order, l1 - order, l2 + l3 - order, l2 - l3 + order, 2 * l3)
    norm = factorials((A + B + C + 1, A, B, C))
    return binomial(C, l1 - order) ** 2 * factorials(parts) / norm


def edge() -> Iterator[sp.Expr]:
    r"""The ratio of the squares of neighbouring edge entries over the one the two-term relation
    demands, minus one; and the square of the factor between $m_3$ and $m_3+1$, at $m_3=-l_3+r$,
    minus $(2l_3-r)(r+1)$."""
    l1, l2, l3 = HALF_SUMS
    n2 = l3 + 1 - m1
    demanded = (l2 + n2) * (l2 - n2 + 1) / ((l1 + m1) * (l1 - m1 + 1))
    yield ratio_residual(edge_square(m1 - 1) / edge_square(m1), demanded)
    r = sp.Symbol("r")
    yield sp.expand(((l - m) * (l + m + 1)).subs(m, r - l) - (2 * l - r) * (r + 1))


def norm() -> Iterator[sp.Expr]:
    r"""The telescoping relation for $\sum_k\binom{A+k}{k}\binom{B+C-k}{C-k}=\binom{A+B+C+1}{C}$ (in
    $A$, hence by $k\to C-k$ in $B$), its value $C+1$ at $A=B=0$; the summand of the edge over its
    multiple of that summand, and $(2l_3+1)$ times the edge sum, each minus one; and the difference of
    the squared factors of $L_\mp$ and $L_\pm$ between $m_3$ and $m_3+1$."""
    yield VANDERMONDE.telescoping()
    yield sp.Integer(VANDERMONDE.not_polynomial())
    yield sp.gammasimp(VANDERMONDE.value.subs({a: 0, b: 0})) - (c + 1)
    l1, _, l3 = HALF_SUMS
    named = {a: A, b: B, c: C}
    scale = factorials((2 * l3, A, B, C, C)) / factorials((A + B + C + 1, A, B, C))
    summand, value = (e.subs(named) for e in (VANDERMONDE.kernel, VANDERMONDE.value))
    yield ratio_residual(edge_square(l1 - k), scale * summand)
    yield ratio_residual(scale * value, 1 / (2 * l3 + 1))
    yield sp.expand((l - m) * (l + m + 1) - ((l + m) * (l - m + 1)).subs(m, m + 1))


def casimir() -> sp.Expr:
    r"""$(l_3+m_3)(l_3-m_3+1)+m_3^2-m_3-l_3(l_3+1)$."""
    return sp.expand((l + m) * (l - m + 1) + m**2 - m - l * (l + 1))


def symmetries() -> Iterator[sp.Expr]:
    r"""Each bracket after exchanging slots 1 and 2, and after exchanging $\xi$ and $\eta$, plus the
    bracket it must be the negative of; and $A+B+C-J$."""
    swap = {XI[0]: XI[1], XI[1]: XI[0], ETA[0]: ETA[1], ETA[1]: ETA[0]}
    for left, right in (((1, 2), (1, 2)), ((2, 3), (3, 1)), ((3, 1), (2, 3))):
        yield sp.expand(bracket(*left).subs(swap, simultaneous=True) + bracket(*right))
    flip = dict(zip(XI + ETA, ETA + XI, strict=True))
    for slots in ((1, 2), (2, 3), (3, 1)):
        yield sp.expand(bracket(*slots).subs(flip, simultaneous=True) + bracket(*slots))
    yield sp.expand(A + B + C - sum(HALF_SUMS))


def verify(lmax: int) -> int:
    """Every 3j symbol of every path is found a second time, from invariance, norm and sign alone: the
    ladder conditions are solved in rationals, the solution is normalized, and the result is compared
    with the explicit sum."""
    count = 0
    for degrees in invariant_polynomial.paths(lmax):
        for orders, square in ladder_solution.wigner_3j(degrees).items():
            require(
                square == invariant_polynomial.wigner_3j(degrees, orders),
                f"3j{degrees}{orders} is not the normalized solution of the ladder conditions",
            )
            count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """3j symbols of the paths with l1 ≤ l2 ≤ l3, from the ladder conditions."""
    return {
        "wigner_3j": {
            certificate.key(*degrees, *orders): certificate.signed(square)
            for degrees in invariant_polynomial.paths(lmax)
            if list(degrees) == sorted(degrees)
            for orders, square in ladder_solution.wigner_3j(degrees).items()
        }
    }


STEPS = (
    Step(
        "Explicit sum",
        r"""
        \begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}
        = \sqrt{\frac{\prod_n (l_n+m_n)!\,(l_n-m_n)!}{(J+1)!\,A!\,B!\,C!}}\;
          \sum_i (-1)^{i+j+k}\binom{C}{i}\binom{A}{j}\binom{B}{k},
        \qquad j = i-m_2+l_3-l_1,\quad k = i+m_1+l_3-l_2
        """,
        powers,
        because=r"""
        Expand $[12]^C$, $[23]^A$, $[31]^B$ by the binomial theorem and take $i$, $j$, $k$ factors from the second
        terms. The powers of $\xi_1$ and $\xi_2$ fix $k$ and $j$; the four others then come out right, and
        $m_1+m_2+m_3=0$ is forced because the polynomial has as many $\xi$ as $\eta$ in each bracket.
        """,
    ),
    Step(
        "Invariance",
        r"""
        \sum_i \xi_i\frac{\partial}{\partial\eta_i}\,\Phi = \sum_i \eta_i\frac{\partial}{\partial\xi_i}\,\Phi
        = \sum_i\Bigl(\xi_i\frac{\partial}{\partial\xi_i}-\eta_i\frac{\partial}{\partial\eta_i}\Bigr)\Phi = 0,
        \qquad \Phi = [12]^C[23]^A[31]^B
        """,
        invariance,
        because=r"Each of the three operators is a derivation that annihilates every bracket.",
    ),
    Step(
        "Ladder relations",
        r"""
        \sum_i \sqrt{(l_i\pm n_i)(l_i\mp n_i+1)}\;\,3j(\ldots, n_i\mp 1,\ldots) = 0
        \qquad\text{for } n_1+n_2+n_3=\pm1
        """,
        ladder_factors,
        because=r"""
        On the monomials $e_{lm} = \xi^{l+m}\eta^{l-m}/\sqrt{(l+m)!\,(l-m)!}$ the operators $L_+=\xi\,\partial_\eta$ and
        $L_-=\eta\,\partial_\xi$ have the elements $L_\pm e_{lm}=\sqrt{(l\mp m)(l\pm m+1)}\,e_{l,m\pm1}$: adjoints of
        one another. The relation is the coefficient of $e_{l_1n_1}e_{l_2n_2}e_{l_3n_3}$ in the step before.
        """,
    ),
    Step(
        "The ladder relations leave one factor free, and its sign is the usual one",
        r"""
        3j(m_1,\,l_3-m_1,\,-l_3) = (-1)^{2l_1-l_2+l_3-m_1}
        \sqrt{\frac{(2l_3)!\,C!}{(J+1)!\,A!\,B!}\,\frac{(l_1+m_1)!\,(l_2+l_3-m_1)!}{(l_1-m_1)!\,(l_2-l_3+m_1)!}}
        """,
        edge,
        because=r"""
        At $m_3=-l_3$ only $j=0$, $k=B$ survive in the sum. There the upper relation has two terms, so one entry fixes
        the edge; the lower relation then gives every $m_3+1$ from $m_3$, because the factor
        $l_3(l_3+1)-m_3(m_3+1)=(l_3-m_3)(l_3+m_3+1)$ does not vanish while $m_3<l_3$. An invariant is therefore unique
        up to a factor. The entry with $m_1=l_1$ has the sign $(-1)^{l_1-l_2+l_3}=(-1)^{l_1-l_2-m_3}$; its
        Clebsch-Gordan coefficient is positive, the choice of Condon and Shortley:
        $(-1)^{l_1-l_2-m_3}\sqrt{2l_3+1}\;3j(l_1,l_3-l_1,-l_3)=\sqrt{\frac{(2l_1)!\,(2l_3+1)!}{(J+1)!\,B!}}$.""",
    ),
    Step(
        "Unit norm",
        r"""
        \sum_{m_1m_2} 3j(m_1,m_2,m_3)^2 = \frac1{2l_3+1}\quad\text{for every } m_3,
        \qquad \sum_{m_1m_2m_3} 3j(m_1,m_2,m_3)^2 = 1
        """,
        norm,
        because=r"""
        On the edge $(2l_3+1)\binom{J+1}C\,3j(m_1,\,l_3-m_1,\,-l_3)^2=\binom{A+k}{k}\binom{B+C-k}{C-k}$ with
        $k=l_1-m_1$, and Vandermonde's sum is $\sum_k\binom{A+k}{k}\binom{B+C-k}{C-k}=\binom{J+1}C$. Write $V_{m_3}$ for
        the vector of all $3j(m_1,m_2,m_3)$ with this $m_3$. The ladder relations say
        $L_-V_{m_3}=-\sqrt{(l_3+m_3+1)(l_3-m_3)}\,V_{m_3+1}$ and the same factor leads back by $L_+$, the adjoint
        of $L_-$: hence $V_{m_3+1}^{\mathsf T}V_{m_3+1}=V_{m_3}^{\mathsf T}V_{m_3}$.
        """,
    ),
    Step(
        "Orthogonality",
        r"""
        \sum_{m_1m_2} \begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}
        \begin{pmatrix} l_1&l_2&l_3'\\ m_1&m_2&m_3'\end{pmatrix}
        = \frac{\delta_{l_3l_3'}\,\delta_{m_3m_3'}}{2l_3+1}
        """,
        casimir,
        because=r"""
        $V_{m_3}$ is an eigenvector of the Hermitian operators $L_z$ and $L^2=L_-L_++L_z^2+L_z$ :
        $L_zV_{m_3}=-m_3V_{m_3}$ and $L^2V_{m_3}=l_3(l_3+1)V_{m_3}$; eigenvectors of different eigenvalues are
        orthogonal. So the $\sum_{l_3}(2l_3+1)=(2l_1+1)(2l_2+1)$ vectors are an orthogonal basis, and with
        $(2l_3+1)\,V_{m_3}^{\mathsf T}V_{m_3}=1$ this is the second orthogonality relation.
        """,
    ),
    Step(
        "Symmetries",
        r"""
        \begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix} = \begin{pmatrix} l_2&l_3&l_1\\ m_2&m_3&m_1\end{pmatrix}
        = (-1)^J\begin{pmatrix} l_2&l_1&l_3\\ m_2&m_1&m_3\end{pmatrix}
        = (-1)^J\begin{pmatrix} l_1&l_2&l_3\\ -m_1&-m_2&-m_3\end{pmatrix}
        """,
        symmetries,
        because=r"""
        Cyclic permutations of the columns permute the three factors of $\Phi$. Exchanging two slots, or $\xi$ with
        $\eta$ in all of them, changes the sign of every bracket, and $\Phi$ has $A+B+C=J$ brackets.
        """,
    ),
    Step(
        "Zero orders",
        r"""
        \begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix}
        = (-1)^{J/2}\,\Delta\,\frac{(J/2)!}{\prod_i (J/2-l_i)!}\quad (J\text{ even}),\qquad 0\quad (J\text{ odd}),
        \qquad \Delta^2=\frac{A!\,B!\,C!}{(J+1)!}
        """,
        zero_orders_sum,
        because=r"""
        For odd $J$ the flip of all orders changes the sign of the symbol, which is zero. For even $J$ put
        $(A,B,C)=(2a,2b,2c)$, $i=c+k$: the sum is $(-1)^{a+b+c}$ times Dixon's,
        $(-1)^{a+b+c}\sum_i(-1)^{i+(i+a-c)+(i+b-c)}\binom Ci\binom A{i+a-c}\binom B{i+b-c}
        =\sum_k(-1)^k\binom{2a}{a+k}\binom{2b}{b+k}\binom{2c}{c+k}
        =\frac{(a+b+c)!\,(2a)!\,(2b)!\,(2c)!}{a!\,b!\,c!\,(b+c)!\,(c+a)!\,(a+b)!}$.
        With $F$ the summand over the right side, $F(a+1,k)-F(a,k)=G(k+1)-G(k)$ for
        $G=-\frac{(b+k)(c+k)}{2(a+b+c+1)(a+1-k)}F$; all terms are polynomials in $k$ times
        $u(k)=(-1)^k\binom{2a+2}{a+1+k}\binom{2b}{b+k}\binom{2c}{c+k}$, so the relation holds at every integer $k$ and
        the sum of $F$ does not depend on $a$. It is never zero: a product of factorials with $a$, $b$, $c\ge0$.
        """,
    ),
    Step(
        "Orders 1, −1, 0 on odd paths",
        r"""
        \sqrt{l_1(l_1+1)\,l_2(l_2+1)}\begin{pmatrix} l_1&l_2&l_3\\ 1&-1&0\end{pmatrix}
        = 2\,(-1)^{g+1}\,\Delta\,\frac{(g+1)!}{\prod_i (g-l_i)!}\quad (J\text{ odd}),\qquad g=\frac{J-1}2
        """,
        low_orders_sum,
        because=r"""
        Put $(A,B,C)=(2a+1,2b+1,2c+1)$, $i=c+k$, so $g=a+b+c+1$. The sum is
        $\sum_i(-1)^{i+(i+1+a-c)+(i+1+b-c)}\binom Ci\binom A{i+1+a-c}\binom B{i+1+b-c}=(-1)^{a+b+c}E$ with
        $E=\sum_k f(k)$, $f(k)=(-1)^k\binom{2c+1}{c+k}\binom{2a+1}{a+1+k}\binom{2b+1}{b+1+k}$. Folding it about its
        centre, $2E=\sum_k[f(k)+f(-k+1)]$, makes it a combination $2E=\alpha V(a+1,b+1,c)+\beta V(a,b+1,c)$ of the
        summable $V(a,b,c)=\sum_k v_{abc}(k)$,
        $v_{abc}(k)=(-1)^k(2k-1)\binom{2a+1}{a+k}\binom{2b+1}{b+k}\binom{2c+1}{c+k}$, with
        $\beta=\frac{a+b+2}{(b+1)(2b+3)}$, $\alpha=-\frac{a+b+3}{2(2a+3)}\beta$. $V$ telescopes as Dixon's sum does,
        with $G=\frac{(1-k)(b+k)(c+k)}{(2k-1)(a+b+c+2)(a+2-k)}F$, to
        $V=-2\frac{(a+b+c+1)!\,(2a+1)!\,(2b+1)!\,(2c+1)!}{a!\,b!\,c!\,(b+c+1)!\,(c+a+1)!\,(a+b+1)!}$, and
        $E=\frac{2(a+b+c+2)!\,(2a+1)!\,(2b+1)!\,(2c+1)!}{a!\,b!\,c!\,(a+b+1)!\,(b+c+2)!\,(c+a+2)!}$ follows.
        """,
    ),
)

DERIVATION = Derivation(
    id="wigner_3j",
    title="The 3j symbol",
    introduction=r"""
    Everything else is measured in 3j symbols, so they come first: as the coefficients of one invariant polynomial,
    which is at once their definition, their explicit sum and the reason for all their symmetries.
    """,
    statement=r"""
    \frac{[12]^C\,[23]^A\,[31]^B}{\sqrt{(J+1)!\,A!\,B!\,C!}}
    = \sum_{m_1m_2m_3} \begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}
      \prod_{i=1}^3 \frac{\xi_i^{l_i+m_i}\,\eta_i^{l_i-m_i}}{\sqrt{(l_i+m_i)!\,(l_i-m_i)!}}
    """,
    hypotheses=(
        r"$J=l_1+l_2+l_3$, $A=J-2l_1$, $B=J-2l_2$, $C=J-2l_3$ are non-negative integers (the triangle rule).",
        r"$[ij]=\xi_i\eta_j-\eta_i\xi_j$ for three spinors $(\xi_i,\eta_i)$.",
        r"Orders $|m_i|\le l_i$ in steps of one. The last two steps need integer degrees, the others do not.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=8,
    certificate_lmax=3,
    reading=READING,
    sources=(
        "The invariant polynomial: B. L. van der Waerden, Die gruppentheoretische Methode in der Quantenmechanik "
        "(1932), §20; V. Bargmann, Rev. Mod. Phys. 34, 829 (1962).",
        "Sign convention: A. R. Edmonds, Angular Momentum in Quantum Mechanics (1957), section 3.7.",
        "Telescoping proofs: M. Petkovšek, H. S. Wilf, D. Zeilberger, A = B (1996), chapter 7; the folding trick: "
        "P. Paule, Electron. J. Combin. 1, R10 (1994).",
    ),
)
