"""The scalar product of two gradients: ∫ Y1 ∇Y2·∇Y3 dΩ is ½ [λ2 + λ3 − λ1] times the Gaunt integral."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import sympy as sp

from derivations import certificate, gaunt, invariant_polynomial, legendre
from derivations.closed_forms import zero_orders
from derivations.framework import Derivation, Step, require
from derivations.null_vectors import POINT, slot
from derivations.poisson_bracket import functions, gradient_dot, laplacian
from derivations.readings.gradient_dot import READING
from derivations.symbols import EVEN, l, l1, l2, l3, phi, theta, total


def symmetric() -> sp.Expr:
    r"""$\sin\theta\,(f\,\Delta g-g\,\Delta f)$ minus $\partial_\theta[\sin\theta\,(f\,\partial_\theta
    g-g\,\partial_\theta f)]+\partial_\phi[(f\,\partial_\phi g-g\,\partial_\phi f)/\sin\theta]$ for arbitrary
    $f,g$."""
    f, g = functions("f", "g")
    left = sp.sin(theta) * (f * laplacian(g) - g * laplacian(f))
    polar = sp.sin(theta) * (f * sp.diff(g, theta) - g * sp.diff(f, theta))
    around = (f * sp.diff(g, phi) - g * sp.diff(f, phi)) / sp.sin(theta)
    return sp.simplify(sp.expand(left - sp.diff(polar, theta) - sp.diff(around, phi)))


def eigenvalue() -> Iterator[sp.Expr]:
    r"""$\sum_i\partial_i^2(a\cdot r)^l$ over $l(l-1)(a\cdot r)^{l-2}$ minus $a\cdot a$; $a\cdot a$; and
    $(\partial_r^2+\frac2r\partial_r)\,r^l$ over $r^{l-2}$ minus $l(l+1)$, all with symbolic $l$."""
    vector = slot(1)
    pairing = POINT.dot(vector)
    second = sum(sp.diff(pairing**l, r, 2) for r in POINT)
    yield sp.simplify(second / (l * (l - 1) * pairing ** (l - 2)) - vector.dot(vector))
    yield sp.expand(vector.dot(vector))
    radius = sp.Symbol("r", positive=True)
    power = radius**l
    yield sp.simplify(
        (sp.diff(power, radius, 2) + 2 * sp.diff(power, radius) / radius) / radius ** (l - 2) - l * (l + 1)
    )


def half_sum(first: sp.Expr, second: sp.Expr, third: sp.Expr) -> sp.Expr:
    """½ [λ2 + λ3 − λ1]"""
    return (second * (second + 1) + third * (third + 1) - first * (first + 1)) / 2


def factor() -> sp.Expr:
    r"""$\frac12[-\lambda_1+\lambda_3+\lambda_2]$ as the Laplacians leave it, minus the factor of the statement."""
    eigenvalues = [-degree * (degree + 1) for degree in (l1, l2, l3)]
    return sp.expand((eigenvalues[0] - eigenvalues[2] - eigenvalues[1]) / 2 - half_sum(l1, l2, l3))


def symmetry() -> Iterator[sp.Expr]:
    r"""$F(l_1,l_2,l_3)-F(l_1,l_3,l_2)$; $F(l_1,l_2,l_3)-F(l_2,l_1,l_3)-(\lambda_2-\lambda_1)$; and
    $F(l_1,l_2,l_3)+F(l_2,l_1,l_3)-\lambda_3$, $F=\frac12[\lambda_2+\lambda_3-\lambda_1]$; and $F$ at $l_2=0$,
    $l_3=l_1$."""
    yield sp.expand(half_sum(l1, l2, l3) - half_sum(l1, l3, l2))
    yield sp.expand(half_sum(l1, l2, l3) - half_sum(l2, l1, l3) - l2 * (l2 + 1) + l1 * (l1 + 1))
    yield sp.expand(half_sum(l1, l2, l3) + half_sum(l2, l1, l3) - l3 * (l3 + 1))
    yield sp.expand(half_sum(l1, sp.Integer(0), l1))


def real_sign() -> sp.Expr:
    r"""$\mathrm i^J$ times the sign of $3j(0\,0\,0)$ on an even path, minus one."""
    sign, _ = zero_orders()
    return sp.simplify(sign * (-1) ** (total(EVEN) / 2) - 1)


def predicted(degrees: tuple[int, int, int], orders: tuple[int, int, int]) -> Fraction:
    """π · sign·square of ½ [λ2 + λ3 − λ1] times the Gaunt integral"""
    first, second, third = (degree * (degree + 1) for degree in degrees)
    doubled = second + third - first
    return Fraction(doubled * abs(doubled), 4) * gaunt.predicted(degrees, orders)


def verify(lmax: int) -> int:
    """Every integral with $m_1+m_2+m_3=0$, all triples of degrees (off the triangle and with odd $J$ too), is done in
    exact rationals from Rodrigues' formula with $\\partial_\\theta$ and $\\partial_\\phi$ taken in it, and compared
    with the statement."""
    count = 0
    for degrees in invariant_polynomial.triples(lmax):
        for orders in invariant_polynomial.orders(degrees):
            integral = legendre.gradient_dot(degrees, orders)
            require(integral == predicted(degrees, orders), f"∫Y1∇Y2·∇Y3 at {degrees}{orders}")
            count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """Integrals with l2 ≤ l3 and even J, from Rodrigues' formula."""
    return {
        "gradient_dot": {
            certificate.key(*degrees, *orders): certificate.signed(legendre.gradient_dot(degrees, orders), 1)
            for degrees in invariant_polynomial.paths(lmax)
            if degrees[1] <= degrees[2] and sum(degrees) % 2 == 0
            for orders in invariant_polynomial.orders(degrees)
        }
    }


STEPS = (
    Step(
        "The Laplacian of a product",
        r"2\,\nabla f\cdot\nabla g = \Delta(fg) - f\,\Delta g - g\,\Delta f",
        gradient_dot,
        because=r"Written out with $\nabla f=\hat\theta\,\partial_\theta f+\hat\phi\,\partial_\phi f/\sin\theta$.",
    ),
    Step(
        "The Laplacian is symmetric",
        r"\int f\,\Delta g\,d\Omega = \int g\,\Delta f\,d\Omega",
        symmetric,
        because=r"""
        The difference is a divergence. Its $\phi$ part integrates to zero by periodicity, its $\theta$ part because
        $\sin\theta$ vanishes at both poles.
        """,
    ),
    Step(
        "Harmonics are eigenfunctions",
        r"\Delta Y_{lm} = -\lambda\,Y_{lm},\qquad \lambda=l(l+1)",
        eigenvalue,
        because=r"""
        Powers $(a\cdot r)^l$ of null vectors generate the harmonics. In space such a power has Laplacian zero, because
        $a\cdot a=0$, and it is $|r|^l$ times its value on the sphere; the Laplacian of space is
        $\partial_r^2+\frac2r\partial_r+\frac1{r^2}\Delta$.
        """,
    ),
    Step(
        "The factor",
        r"""
        \int Y_1\,\nabla Y_2\cdot\nabla Y_3\,d\Omega
        = \tfrac12\,[\lambda_2+\lambda_3-\lambda_1]\int Y_1Y_2Y_3\,d\Omega
        """,
        factor,
        because=r"""
        Integrate the first step against $Y_1$ with $f=Y_2$, $g=Y_3$, move the first Laplacian to $Y_1$ by the second
        step, and use the third. The Gaunt integral is that of the page before.
        """,
    ),
    Step(
        "It is symmetric in the last two slots only",
        r"""
        F(l_1,l_2,l_3)=F(l_1,l_3,l_2),\qquad F(l_1,l_2,l_3)-F(l_2,l_1,l_3)=\lambda_2-\lambda_1,\qquad
        F=\tfrac12\,[\lambda_2+\lambda_3-\lambda_1]
        """,
        symmetry,
        because=r"""
        So one factor per set of degrees is not enough: a program that computes the ordered path $l_1\le l_2\le l_3$
        alone must scale each ordering by its own factor. $F$ has both signs, and vanishes where
        $\lambda_1=\lambda_2+\lambda_3$: $F(l_1,0,l_1)=F(l_1,l_1,0)=0$, and on a few other even paths, $F(6,3,5)=0$
        being the first.
        """,
    ),
    Step(
        "The sign in the real basis",
        r"""
        \int R_1\,\nabla R_2\cdot\nabla R_3\,d\Omega
        = \tfrac12\,[\lambda_2+\lambda_3-\lambda_1]\,\sqrt{\frac P{4\pi}}\,
        \left|\begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix}\right|\,C_{\mu_1\mu_2\mu_3}
        """,
        real_sign,
        because=r"""
        $R_l=U_lY_l$, and $C=(-\mathrm i)^J(U_1\otimes U_2\otimes U_3)\,3j$: the factor of $C$ is $\mathrm
        i^J$ times that of the 3j symbol. It has the sign of $F$.
        """,
    ),
)

DERIVATION = Derivation(
    id="gradient_dot",
    title="The scalar product of two gradients",
    introduction=r"""
    The integral of a harmonic times the scalar product of the gradients of two others reaches the even paths, as the
    Gaunt integral does, with a factor that is not symmetric.
    """,
    statement=r"""
    \int Y_{l_1m_1}\,\nabla Y_{l_2m_2}\cdot\nabla Y_{l_3m_3}\,d\Omega
    = \frac{l_2(l_2+1)+l_3(l_3+1)-l_1(l_1+1)}2
      \sqrt{\frac{(2l_1+1)(2l_2+1)(2l_3+1)}{4\pi}}
      \begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix}
      \begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix}
    """,
    hypotheses=(
        r"$l_i\ge0$, $|m_i|\le l_i$; $J=l_1+l_2+l_3$, $P=(2l_1+1)(2l_2+1)(2l_3+1)$; harmonics as for the "
        "Gaunt integral.",
        r"$\nabla$ is the surface gradient of the unit sphere and $\Delta$ its Laplacian; $\lambda_i=l_i(l_i+1)$.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=8,
    certificate_lmax=3,
    reading=READING,
    uses=(gaunt.DERIVATION,),
)
