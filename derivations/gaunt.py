"""The Gaunt integral: ∫ Y1 Y2 Y3 dΩ is √(P/4π) 3j(0 0 0) times a 3j symbol."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import sympy as sp

from derivations import certificate, invariant_polynomial, legendre, wigner_3j
from derivations.closed_forms import s, zero_orders
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import ETA, XI, bracket
from derivations.null_vectors import SPHERE, null_vector, slot
from derivations.readings.gaunt import READING
from derivations.sphere_powers import power_integral
from derivations.symbols import EVEN, a, b, c, factorials, l, m, phi, ratio_residual, theta, total, triangle_square

t = sp.symbols("t1:4")


def generating_power() -> Iterator[sp.Expr]:
    r"""$(x+sh)^2-1-sh\,(2x+s(h-1/h))$ and $2x+s(h-1/h)-2\,a\cdot r/(\xi\eta)$ at $x=\cos\theta$,
    $s=\sin\theta$, $h=-e^{i\phi}\xi/\eta$; and the square of the factor between
    $P_l^me^{im\phi}/(l+m)!$ and $Y_{lm}$, over the one in the statement, minus one."""
    xi, eta = XI[0], ETA[0]
    cosine, sine = sp.cos(theta), sp.sin(theta)
    h = -sp.exp(sp.I * phi) * xi / eta
    power = 2 * cosine + sine * (h - 1 / h)
    yield sp.trigsimp(sp.expand((cosine + sine * h) ** 2 - 1 - sine * h * power))
    pairing = (null_vector(xi, eta).T * SPHERE)[0] * 2 / (xi * eta)
    yield sp.expand((power - pairing).rewrite(sp.cos))
    norm = (2 * l + 1) / (4 * sp.pi) * sp.factorial(l - m) / sp.factorial(l + m)
    stated = 4 * sp.pi / ((2 * l + 1) * sp.factorial(l + m) * sp.factorial(l - m))
    yield ratio_residual(1 / (sp.factorial(l + m) ** 2 * norm), stated)


def conjugate() -> sp.Matrix:
    r"""$\overline{a(\xi,\eta)}+a(\eta,-\xi)$ for real $\xi,\eta$."""
    xi, eta = sp.symbols("xi eta", real=True)
    return (null_vector(xi, eta).conjugate() + null_vector(eta, -xi)).expand()


def scalar_products() -> Iterator[sp.Expr]:
    r"""$a_i\cdot a_j+\tfrac12[ij]^2$ for all $i,j$."""
    for i in (1, 2, 3):
        for j in (1, 2, 3):
            yield sp.expand((slot(i).T * slot(j))[0] + bracket(i, j) ** 2 / 2)


def coefficient() -> Iterator[sp.Expr]:
    r"""$(\sum t_ia_i)^2+t_1t_2[12]^2+t_2t_3[23]^2+t_3t_1[31]^2$; the solution of $\beta+\gamma=l_1$,
    $\gamma+\alpha=l_2$, $\alpha+\beta=l_3$ minus $(a,b,c)$; and the constant over
    $\frac{4\pi}{J+1}\frac{(J/2)!}{a!b!c!}\frac{l_1!l_2!l_3!}{J!}\frac1{l_1!l_2!l_3!}$, minus one."""
    summed = sum((t[i] * slot(i + 1) for i in range(3)), sp.zeros(3, 1))
    pairs = sum(t[i - 1] * t[j - 1] * bracket(i, j) ** 2 for i, j in ((1, 2), (2, 3), (3, 1)))
    yield sp.expand((summed.T * summed)[0] + pairs)
    alpha, beta, gamma = sp.symbols("alpha beta gamma")
    l1, l2, l3 = EVEN
    solved = sp.solve([beta + gamma - l1, gamma + alpha - l2, alpha + beta - l3], (alpha, beta, gamma))
    yield from (solved[alpha] - a, solved[beta] - b, solved[gamma] - c)
    multinomials = sp.factorial(s) * factorials(EVEN) / (factorials((a, b, c)) * sp.factorial(2 * s))
    yield ratio_residual(4 * sp.pi / (2 * s + 1) * multinomials / factorials(EVEN), constant())


def constant() -> sp.Expr:
    """4π (J/2)! / [(J+1)! a! b! c!]"""
    return 4 * sp.pi * sp.factorial(s) / factorials((total(EVEN) + 1, a, b, c))


def comparison() -> Iterator[sp.Expr]:
    r"""The square of the factor between $\int Y_1Y_2Y_3$ and the 3j symbol over
    $\frac P{4\pi}\,3j(0\,0\,0)^2$, minus one; and the ratio of the signs, minus one."""
    sign, square = zero_orders()
    degrees_factor = sp.Mul(*((2 * degree + 1) / (4 * sp.pi) for degree in EVEN))
    norm = sp.factorial(total(EVEN) + 1) ** 2 * triangle_square(EVEN)
    weight = sp.Mul(*(2 * degree + 1 for degree in EVEN)) / (4 * sp.pi)
    yield ratio_residual(degrees_factor * constant() ** 2 * norm, weight * square)
    yield sign * (-1) ** (total(EVEN) / 2) - 1


def one_degree_zero() -> Iterator[sp.Expr]:
    r"""$3j(0\,l\,l;0\,0\,0)^2-\frac1{2l+1}$; the square of the single term of $3j(0\,l\,l;0\,m\,{-m})$ minus
    $\frac1{2l+1}$; and the product of $\sqrt{P/4\pi}$ and the two, minus $1/\sqrt{4\pi}$."""
    _, square = zero_orders()
    first = sp.gammasimp(square.subs({b: 0, c: 0, a: l}, simultaneous=True))
    yield sp.simplify(first - 1 / (2 * l + 1))
    parts = (l + m, l - m, l - m, l + m)
    binomial = sp.factorial(2 * l) / (sp.factorial(l - m) * sp.factorial(l + m))
    second = sp.gammasimp(factorials(parts) * binomial**2 / factorials((2 * l + 1, 2 * l)))
    yield sp.simplify(second - 1 / (2 * l + 1))
    yield sp.simplify((2 * l + 1) ** 2 / (4 * sp.pi) * first * second - 1 / (4 * sp.pi))


def predicted(degrees: tuple[int, int, int], orders: tuple[int, int, int]) -> Fraction:
    """π · sign·square of √(P/4π) 3j(0 0 0) 3j(m1 m2 m3)"""
    weight = Fraction((2 * degrees[0] + 1) * (2 * degrees[1] + 1) * (2 * degrees[2] + 1), 4)
    zero = invariant_polynomial.wigner_3j(degrees, (0, 0, 0))
    return weight * zero * invariant_polynomial.wigner_3j(degrees, orders)


def verify(lmax: int) -> int:
    """Every integral of three harmonics with $m_1+m_2+m_3=0$, all triples of degrees (off the triangle and
    with odd $J$ too), is done in exact rationals from Rodrigues' formula and compared with the statement."""
    count = 0
    for degrees in invariant_polynomial.triples(lmax):
        for orders in invariant_polynomial.orders(degrees):
            integral = legendre.gaunt(degrees, orders)
            require(integral == predicted(degrees, orders), f"∫Y1Y2Y3 at {degrees}{orders}")
            count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """Integrals with l1 ≤ l2 ≤ l3 and even J, from Rodrigues' formula."""
    return {
        "gaunt": {
            certificate.key(*degrees, *orders): certificate.signed(legendre.gaunt(degrees, orders), 1)
            for degrees in invariant_polynomial.paths(lmax)
            if list(degrees) == sorted(degrees) and sum(degrees) % 2 == 0
            for orders in invariant_polynomial.orders(degrees)
        }
    }


STEPS = (
    Step(
        "Harmonics are the coefficients of the power of a null vector",
        r"""
        \frac{(a\cdot r)^l}{l!} = \sqrt{\frac{4\pi}{2l+1}}\sum_{m=-l}^{l}
        \frac{\xi^{l+m}\,\eta^{l-m}}{\sqrt{(l+m)!\,(l-m)!}}\;Y_{lm},
        \qquad a = \Bigl(\frac{\eta^2-\xi^2}2,\;-\mathrm i\,\frac{\xi^2+\eta^2}2,\;\xi\eta\Bigr)
        """,
        generating_power,
        because=r"""
        Taylor's formula for the polynomial $(x^2-1)^l$, with increment $sh$, $s=\sin\theta$, is
        $\sum_m\frac{(sh)^{l+m}}{(l+m)!}\frac{d^{l+m}}{dx^{l+m}}(x^2-1)^l=((x+sh)^2-1)^l$. As $1-x^2=s^2$, the right
        side factorizes: $(x+sh)^2-1=sh\,(2x+s(h-1/h))$. Divide by $(sh)^l\,2^l\,l!$, use Rodrigues' formula and put
        $h=-e^{\mathrm i\phi}\,\xi/\eta$: $\sum_m P^m_l(x)\,e^{\mathrm im\phi}(\xi/\eta)^m/(l+m)!
        =(a\cdot r)^l/(l!\,\xi^l\eta^l)$.
        """,
    ),
    Step(
        "Complex conjugate",
        r"\overline{Y_{lm}} = (-1)^m\,Y_{l,-m}",
        conjugate,
        because=r"""
        For real spinors $\overline{a(\xi,\eta)}=-a(\eta,-\xi)$. So
        $\overline{(a\cdot r)^l}=(-1)^l(a(\eta,-\xi)\cdot r)^l$; compare the coefficients of $\xi^{l+m}\eta^{l-m}$.
        """,
    ),
    Step(
        "Scalar products are squares of brackets",
        r"a_i\cdot a_j = -\tfrac12\,[ij]^2,\qquad [ij]=\xi_i\eta_j-\eta_i\xi_j,\qquad a_i\cdot a_i = 0",
        scalar_products,
    ),
    Step(
        "The integral of a power",
        r"""
        \int (v\cdot r)^n\,d\Omega = \frac{4\pi}{n+1}\,(v\cdot v)^{n/2}\quad(n\text{ even}),\qquad 0\quad(n\text{ odd})
        """,
        power_integral,
        because=r"""
        For real $v$ turn the pole to $v$: $\int(v\cdot r)^n\,d\Omega=2\pi\,(v\cdot v)^{n/2}\int_{-1}^1x^n\,dx$. Both
        sides of the statement are polynomials in the three components of $v$ that agree for real $v$, hence for
        complex $v$.
        """,
    ),
    Step(
        "Three powers",
        r"""
        \int \frac{(a_1\cdot r)^{l_1}}{l_1!}\frac{(a_2\cdot r)^{l_2}}{l_2!}\frac{(a_3\cdot r)^{l_3}}{l_3!}\,d\Omega
        = 4\pi\,\frac{(-1)^{J/2}\,(J/2)!}{(J+1)!\,a!\,b!\,c!}\;[12]^{2c}\,[23]^{2a}\,[31]^{2b},
        \qquad (a,b,c)=\tfrac J2-(l_1,l_2,l_3)
        """,
        coefficient,
        because=r"""
        Take the coefficient of $t_1^{l_1}t_2^{l_2}t_3^{l_3}$ in the step before, with $v=\sum_it_ia_i$ and $n=J$. On
        the left it is $\frac{J!}{l_1!\,l_2!\,l_3!}$ times the integral of the three powers. On the right $v\cdot
        v=-(t_1t_2[12]^2+t_2t_3[23]^2+t_3t_1[31]^2)$, and the powers of the three terms are fixed by the degrees to
        $c$, $a$, $b$. If $J$ is odd the integral vanishes; if one of $a,b,c$ is negative, the triangle rule fails,
        no such term exists and the integral vanishes too.
        """,
    ),
    Step(
        "Comparison with the invariant polynomial",
        r"""
        \int Y_1Y_2Y_3\,d\Omega = \sqrt{\frac{P}{4\pi}}\;(-1)^{J/2}\,\Delta\,\frac{(J/2)!}{a!\,b!\,c!}\;
        \begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}
        = \sqrt{\frac{P}{4\pi}}\begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix}
        \begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}
        """,
        comparison,
        because=r"""
        $(A,B,C)=(2a,2b,2c)$, so the right side of the step before is a multiple of the invariant polynomial, whose
        coefficients are the 3j symbols; the left side has the coefficients $\int Y_1Y_2Y_3$ by the first step. The
        factor is the closed form of the 3j symbol at zero orders.
        """,
    ),
    Step(
        "One degree zero: the harmonics are orthonormal",
        r"\int \overline{Y_{lm}}\,Y_{l'm'}\,d\Omega = \delta_{ll'}\,\delta_{mm'}",
        one_degree_zero,
        because=r"""
        $Y_{00}=1/\sqrt{4\pi}$. With $l_1=0$ the triangle rule leaves $l_2=l_3=l$, the orders $m_2=-m_3=m$, and the
        two 3j symbols are $3j(0\,l\,l;0\,0\,0)=(-1)^l/\sqrt{2l+1}$ and
        $3j(0\,l\,l;0\,m\,{-m})=(-1)^{l-m}/\sqrt{2l+1}$; the sign $(-1)^m$ is that of the
        conjugate. So the normalization assumed in the definition is the right one.
        """,
    ),
)

DERIVATION = Derivation(
    id="gaunt",
    title="The Gaunt integral",
    introduction=r"""
    The integral of three spherical harmonics follows from one line, the integral of a power of a linear form over
    the sphere, because powers of null vectors generate the harmonics and scalar products of null vectors are
    squares of the brackets that generate the 3j symbols.
    """,
    statement=r"""
    \int Y_{l_1m_1}Y_{l_2m_2}Y_{l_3m_3}\,d\Omega
    = \sqrt{\frac{(2l_1+1)(2l_2+1)(2l_3+1)}{4\pi}}
      \begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix}
      \begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}
    """,
    hypotheses=(
        r"$l_i\ge0$, $|m_i|\le l_i$; $J=l_1+l_2+l_3$, $P=(2l_1+1)(2l_2+1)(2l_3+1)$.",
        r"$Y_{lm}=\sqrt{\frac{2l+1}{4\pi}\frac{(l-m)!}{(l+m)!}}\,P^m_l(z)\,e^{\mathrm im\phi}$ with $z=\cos\theta$ and "
        r"$P^m_l(z)=\frac{(-1)^m}{2^l\,l!}(1-z^2)^{m/2}\frac{d^{l+m}}{dz^{l+m}}(z^2-1)^l$ (Rodrigues, for negative $m$ "
        "as well; Condon-Shortley phase).",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=6,
    certificate_lmax=3,
    reading=READING,
    uses=(wigner_3j.DERIVATION,),
    sources=(
        "J. A. Gaunt, Phil. Trans. R. Soc. A 228, 151 (1929).",
        "Null vectors made of spinors: H. C. Brinkman, Applications of Spinor Invariants in Atomic Physics (1956).",
    ),
)
