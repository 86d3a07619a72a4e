"""The integral of three spin-weighted harmonics: √(P/4π) 3j(−s1 −s2 −s3) times a 3j symbol."""

from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import Any

import sympy as sp

from derivations import certificate, gaunt, invariant_polynomial, legendre, wigner_3j
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import ETA, XI, Degrees, Orders
from derivations.null_vectors import SPHERE, slot
from derivations.readings.spin_weighted_gaunt import READING
from derivations.symbols import l, phi, theta

p, q, s = sp.symbols("p q s", integer=True)


def turned(i: int) -> tuple[sp.Expr, sp.Expr]:
    """α and β of slot i, counted from 1."""
    cosine, sine, phase = sp.cos(theta / 2), sp.sin(theta / 2), sp.exp(sp.I * phi / 2)
    xi, eta = XI[i - 1] * phase, ETA[i - 1] / phase
    return cosine * xi + sine * eta, cosine * eta - sine * xi


def half_angles(expression: sp.Expr) -> sp.Expr:
    """The expression as a rational function of v = e^(iθ/2) and w = e^(iφ/2), in lowest terms."""
    v, w = sp.symbols("v w", positive=True)
    angles = {theta: -2 * sp.I * sp.log(v), phi: -2 * sp.I * sp.log(w)}
    return sp.cancel(sp.together(sp.expand(expression.rewrite(sp.exp).subs(angles))))


def factors() -> Iterator[sp.Expr]:
    r"""$\alpha\beta-a\cdot r$, and $\alpha_1\beta_2-\beta_1\alpha_2-[12]$."""
    alpha, beta = turned(1)
    yield half_angles(alpha * beta - (slot(1).T * SPHERE)[0])
    other_alpha, other_beta = turned(2)
    yield half_angles(alpha * other_beta - beta * other_alpha - invariant_polynomial.bracket(1, 2))


def eth(sign: int, f: sp.Expr, weight: sp.Expr) -> sp.Expr:
    """ð (sign 1) or its conjugate (sign −1) of a function of some spin weight."""
    slope = sp.diff(f, theta) + sign * sp.I * sp.diff(f, phi) / sp.sin(theta)
    return -(slope - sign * weight * sp.cos(theta) / sp.sin(theta) * f)


def raising() -> Iterator[sp.Expr]:
    r"""$\eth(\alpha^p\beta^q)+p\,\alpha^{p-1}\beta^{q+1}$ and
    $\bar\eth(\alpha^p\beta^q)-q\,\alpha^{p+1}\beta^{q-1}$ at spin weight $(q-p)/2$, over $\alpha^p\beta^q$ and times
    $\sin\theta\,\alpha\beta$, with symbolic $p,q$."""
    alpha, beta = turned(1)
    for sign, expected in ((1, -p * beta / alpha), (-1, q * alpha / beta)):
        slope = eth(sign, alpha, sp.Integer(0)) * p / alpha + eth(sign, beta, sp.Integer(0)) * q / beta
        weight = eth(sign, sp.Integer(1), (q - p) / 2)
        yield half_angles(sp.expand((slope + weight - expected) * alpha * beta * sp.sin(theta)))


def normalized() -> Iterator[sp.Expr]:
    r"""$\eth$ of $(-1)^s\alpha^{l-s}\beta^{l+s}/\sqrt{(l+s)!\,(l-s)!}$ has the factor $(l-s)$ in front of the same
    with $s+1$ in place of $s$ under other roots: its square over $(l-s)(l+s+1)$, minus one; the same for $\bar\eth$ and
    $s-1$; and the square of the factor between $\eth^sY_{lm}$ and ${}_sY_{lm}$ over that of the neighbour, minus
    one."""
    weight = 1 / (sp.factorial(l + s) * sp.factorial(l - s))
    up, down = weight.subs(s, s + 1), weight.subs(s, s - 1)
    definition = sp.factorial(l - s) / sp.factorial(l + s)
    yield sp.gammasimp((l - s) ** 2 * weight / up / ((l - s) * (l + s + 1))) - 1
    yield sp.gammasimp((l + s) ** 2 * weight / down / ((l + s) * (l - s + 1))) - 1
    yield sp.gammasimp(definition / definition.subs(s, s + 1) / ((l - s) * (l + s + 1))) - 1


def divergence() -> Iterator[sp.Expr]:
    r"""$\sin\theta\,\eth f+\partial_\theta(\sin\theta f)+\mathrm i\,\partial_\phi f$ for arbitrary $f$ of spin weight
    $-1$, and $\sin\theta\,\bar\eth f+\partial_\theta(\sin\theta f)-\mathrm i\,\partial_\phi f$ for spin weight $1$."""
    f = sp.Function("f")(theta, phi)
    for sign in (1, -1):
        total = sp.diff(sp.sin(theta) * f, theta) + sign * sp.I * sp.diff(f, phi)
        yield sp.simplify(sp.expand(sp.sin(theta) * eth(sign, f, sp.Integer(-sign)) + total))


def leibniz() -> sp.Expr:
    r"""$\eth(fgh)-\eth f\,gh-f\,\eth g\,h-fg\,\eth h$ for arbitrary functions whose spin weights add up."""
    f, g, h = (sp.Function(name)(theta, phi) for name in "fgh")
    one, two, three = sp.symbols("s1:4")
    parts = eth(1, f, one) * g * h + f * eth(1, g, two) * h + f * g * eth(1, h, three)
    return sp.simplify(sp.expand(eth(1, f * g * h, one + two + three) - parts))


def whole() -> Iterator[sp.Expr]:
    r"""$[12]^C[23]^A[31]^B$ with each $(\xi_i,\eta_i)$ replaced by $(\alpha_i,\beta_i)$: each bracket minus itself; and
    $4\pi\prod\sqrt{(2l_i+1)/4\pi}$ over $\sqrt{P/4\pi}$, squared, minus one."""
    for i, j in ((1, 2), (2, 3), (3, 1)):
        (alpha, beta), (other_alpha, other_beta) = turned(i), turned(j)
        yield half_angles(alpha * other_beta - beta * other_alpha - invariant_polynomial.bracket(i, j))
    sizes = sp.symbols("n1:4", positive=True)
    squared = (4 * sp.pi) ** 2 * sp.Mul(*(n / (4 * sp.pi) for n in sizes))
    yield sp.simplify(squared / (sp.Mul(*sizes) / (4 * sp.pi)) - 1)


def spins(degrees: Degrees) -> Iterator[Orders]:
    """All spins of the degrees with s1 + s2 + s3 = 0."""
    return invariant_polynomial.orders(degrees)


def predicted(degrees: Degrees, weights: Orders, orders: Orders) -> Fraction:
    """π · sign·square of √(P/4π) 3j(−s1 −s2 −s3) 3j(m1 m2 m3)"""
    size = Fraction(prod(2 * degree + 1 for degree in degrees), 4)
    first, second, third = weights
    factor = invariant_polynomial.wigner_3j(degrees, (-first, -second, -third))
    return size * factor * invariant_polynomial.wigner_3j(degrees, orders)


def verify(lmax: int) -> int:
    """Every integral with $s_1+s_2+s_3=0$ and $m_1+m_2+m_3=0$, all triples of degrees (off the triangle too), is
    done in exact rationals with $\\eth$ and $\\bar\\eth$ applied to Rodrigues' formula, and compared with the
    statement."""
    count = 0
    for degrees in invariant_polynomial.triples(lmax):
        for weights in spins(degrees):
            for orders in invariant_polynomial.orders(degrees):
                integral = legendre.spin_weighted_gaunt(degrees, weights, orders)
                require(integral == predicted(degrees, weights, orders), f"{degrees}{weights}{orders}")
                count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """Integrals of all paths: degrees, spins, orders; from Rodrigues' formula."""
    return {
        "spin_weighted_gaunt": {
            certificate.key(*degrees, *weights, *orders): certificate.signed(
                legendre.spin_weighted_gaunt(degrees, weights, orders), 1
            )
            for degrees in invariant_polynomial.paths(lmax)
            for weights in spins(degrees)
            for orders in invariant_polynomial.orders(degrees)
        }
    }


STEPS = (
    Step(
        "Two factors of the generating power",
        r"""
        a\cdot r = \alpha\beta,\qquad
        \begin{pmatrix}\alpha\\ \beta\end{pmatrix}
        = \begin{pmatrix}\cos\frac\theta2 & \sin\frac\theta2\\ -\sin\frac\theta2 & \cos\frac\theta2\end{pmatrix}
        \begin{pmatrix}e^{\mathrm i\phi/2}\,\xi\\ e^{-\mathrm i\phi/2}\,\eta\end{pmatrix},\qquad
        \alpha_1\beta_2-\beta_1\alpha_2=[12]
        """,
        factors,
        because=r"The null vector $a(\xi,\eta)$ is that of the Gaunt integral. The matrix has determinant one.",
    ),
    Step(
        "The raising and lowering operators",
        r"""
        \eth(\alpha^p\beta^q)=-p\,\alpha^{p-1}\beta^{q+1},\qquad
        \bar\eth(\alpha^p\beta^q)=q\,\alpha^{p+1}\beta^{q-1}
        """,
        raising,
        because=r"""
        $\alpha^p\beta^q$ has the spin weight $(q-p)/2$, and the terms with $\cot\theta$ cancel. Both operators are
        derivations, so it is enough to know them on $\alpha$ and $\beta$.
        """,
    ),
    Step(
        "Spin-weighted harmonics are coefficients",
        r"""
        \frac{(-1)^s\,\alpha^{l-s}\beta^{l+s}}{\sqrt{(l+s)!\,(l-s)!}}
        = \sqrt{\frac{4\pi}{2l+1}}\sum_m\frac{\xi^{l+m}\eta^{l-m}}{\sqrt{(l+m)!\,(l-m)!}}\;{}_sY_{lm}
        """,
        normalized,
        because=r"""
        For $s=0$ this is the generating power $(a\cdot r)^l/l!$ of the harmonics. By the step before $\eth$ turns the
        left side for $s$ into $\sqrt{(l-s)(l+s+1)}$ times that for $s+1$: the factor is $-(l-s)$, its sign goes into
        $(-1)^s$. The definition asks for the same factor, $\sqrt{(l-s)!/(l+s)!}$ over that for $s+1$. Downwards from
        $s=0$, $\bar\eth$ has the factor $+(l+s)$, and the sign $(-1)^s$ is in the definition.
        """,
    ),
    Step(
        "A total derivative",
        r"\int \eth f\,d\Omega = 0\quad\text{for spin weight }-1",
        divergence,
        because=r"""
        The $\phi$ part integrates to zero by periodicity, the $\theta$ part because $\sin\theta\,f$ vanishes at both
        poles. In the same way $\int\bar\eth f\,d\Omega=0$ for spin weight $1$.
        """,
    ),
    Step(
        "Ladder relations between the spins",
        r"""
        \sum_i\sqrt{(l_i-s_i)(l_i+s_i+1)}\;k(\ldots,s_i+1,\ldots)=0\quad\text{for } s_1+s_2+s_3=-1,\qquad
        k(s_1,s_2,s_3)=\int{}_{s_1}Y_1\,{}_{s_2}Y_2\,{}_{s_3}Y_3\,d\Omega
        """,
        leibniz,
        because=r"""
        Integrate $\eth$ of the product of three harmonics. With $\mu_i=-s_i$ the relation is the one of the 3j symbols
        that lowers an order, and $\bar\eth$ gives the one that raises it. Their solution is unique up to a factor (the
        page of the 3j symbol), so $k(s_1,s_2,s_3)=\kappa(m_1,m_2,m_3)\,3j(-s_1,-s_2,-s_3)$.
        """,
    ),
    Step(
        "The factor that is left",
        r"""
        \sum_{\mu_1\mu_2\mu_3}3j(\mu_1\mu_2\mu_3)\prod_i\frac{\alpha_i^{l_i+\mu_i}\beta_i^{l_i-\mu_i}}{\sqrt{(l_i+\mu_i)!\,(l_i-\mu_i)!}}
        = \frac{[12]^C[23]^A[31]^B}{\sqrt{(J+1)!\,A!\,B!\,C!}}
,\qquad\kappa=\sqrt{\frac P{4\pi}}\begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}
        """,
        whole,
        because=r"""
        The left side is the invariant polynomial of the turned spinors, and every bracket is that of the spinors
        themselves: it does not depend on the point. Integrate over the sphere, $4\pi$ on the right. On the left
        each product is, by the third step with $s=-\mu$ and $s_1+s_2+s_3=0$, $\prod\sqrt{4\pi/(2l_i+1)}$
        times the generating sum of $k$, and $\sum_{\mu_1\mu_2\mu_3}3j(\mu_1,\mu_2,\mu_3)^2=1$. Compare the
        coefficients of the normalized monomials in $\xi_i,\eta_i$: those of the right side are $3j(m_1m_2m_3)$.
        """,
    ),
)

DERIVATION = Derivation(
    id="spin_weighted_gaunt",
    title="The integral of three spin-weighted harmonics",
    introduction=r"""
    Spin-weighted harmonics come from the same null vectors as the harmonics: the generating power has two linear
    factors, and the spin weight says how often each of them occurs. The integral of three of them then obeys the ladder
    relations of a 3j symbol in the spins as well.
    """,
    statement=r"""
    \int {}_{s_1}Y_{l_1m_1}\,{}_{s_2}Y_{l_2m_2}\,{}_{s_3}Y_{l_3m_3}\,d\Omega
    = \sqrt{\frac{(2l_1+1)(2l_2+1)(2l_3+1)}{4\pi}}
      \begin{pmatrix} l_1&l_2&l_3\\ -s_1&-s_2&-s_3\end{pmatrix}
      \begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}
    """,
    hypotheses=(
        r"$s_1+s_2+s_3=0$; $l_i\ge|s_i|$, $|m_i|\le l_i$; $J=l_1+l_2+l_3$, $P=(2l_1+1)(2l_2+1)(2l_3+1)$; "
        r"$Y_{lm}$ as for the Gaunt integral.",
        r"${}_sY_{lm}=\sqrt{\frac{(l-s)!}{(l+s)!}}\;\eth^s\,Y_{lm}\quad\text{for }s\ge0$ and "
        r"${}_sY_{lm}=(-1)^s\sqrt{\frac{(l+s)!}{(l-s)!}}\;\bar\eth^{-s}\,Y_{lm}\quad\text{for }s\le0$.",
        r"$\eth f=-(\partial_\theta+\frac{\mathrm i}{\sin\theta}\partial_\phi-s\cot\theta)f$ and "
        r"$\bar\eth f=-(\partial_\theta-\frac{\mathrm i}{\sin\theta}\partial_\phi+s\cot\theta)f$ for $f$ of spin "
        "weight $s$.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=3,
    certificate_lmax=1,
    reading=READING,
    uses=(wigner_3j.DERIVATION, gaunt.DERIVATION),
    sources=(
        "E. T. Newman, R. Penrose, J. Math. Phys. 7, 863 (1966); J. N. Goldberg et al., J. Math. Phys. 8, 2155 (1967).",
    ),
)
