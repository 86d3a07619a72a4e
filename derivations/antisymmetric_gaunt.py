"""The antisymmetric Gaunt integral: ∫ Y1 r·(∇Y2 × ∇Y3) dΩ is i √(P/4π) K times a 3j symbol."""

from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import Any

import sympy as sp

from derivations import bracket_forms, certificate, gaunt, invariant_polynomial, legendre, wigner_3j
from derivations.bracket_forms import allowed_path, even_path, low_orders_form, shifted_forms
from derivations.closed_forms import bracket_factor, s
from derivations.framework import Derivation, Step, require
from derivations.gaunt import t
from derivations.invariant_polynomial import bracket
from derivations.null_vectors import POINT, slot
from derivations.poisson_bracket import antipodal, antisymmetry, definitions, gradient_dot
from derivations.readings.antisymmetric_gaunt import READING
from derivations.sphere_powers import linear_factor
from derivations.symbols import EVEN, ODD, a, b, c, factorials, l2, ratio_residual, total, triangle_square


def integrand() -> Iterator[sp.Expr]:
    r"""$\nabla(a\cdot r)^l-l\,(a\cdot r)^{l-1}a$, with symbolic $l$; $\det(a_1,a_2,a_3)-\tfrac{\mathrm{i}}2
    [12][23][31]$; and $(\sum t_ia_i)\cdot(a_2\times a_3)-t_1\det(a_1,a_2,a_3)$."""
    pairing = POINT.dot(slot(2))
    for component, r in zip(slot(2), POINT, strict=True):
        yield sp.powsimp(sp.diff(pairing**l2, r) - l2 * pairing ** (l2 - 1) * component)
    determinant = slot(1).dot(slot(2).cross(slot(3)))
    yield sp.expand(determinant - sp.I / 2 * bracket(1, 2) * bracket(2, 3) * bracket(3, 1))
    summed = sum((t[i] * slot(i + 1) for i in range(3)), sp.zeros(3, 1))
    yield sp.expand(summed.dot(slot(2).cross(slot(3))) - t[0] * determinant)


def constant() -> sp.Expr:
    """4π s! / [J (J−2)! a! b! c!], J = 2s + 3"""
    degree = total(ODD)
    return 4 * sp.pi * sp.factorial(s) / (degree * factorials((degree - 2, a, b, c)))


def coefficient() -> Iterator[sp.Expr]:
    r"""$l_i-1$ minus the sums $b+c$, $c+a$, $a+b$ of the powers of the three brackets; and the constant over
    $l_2l_3\,\frac{4\pi}{J}\,\frac{s!}{a!b!c!}\,\frac{l_1!(l_2-1)!(l_3-1)!}{(J-2)!}\,\frac1{l_1!l_2!l_3!}$, minus
    one."""
    yield from (sp.expand(odd - 1 - even) for odd, even in zip(ODD, EVEN, strict=True))
    first, second, third = ODD
    multinomials = sp.factorial(s) * factorials((first, second - 1, third - 1))
    multinomials /= factorials((a, b, c)) * sp.factorial(total(ODD) - 2)
    direct = second * third * 4 * sp.pi / total(ODD) * multinomials / factorials(ODD)
    yield ratio_residual(direct, constant())


def comparison() -> Iterator[sp.Expr]:
    r"""The square of the factor between $\int Y_1\{Y_2,Y_3\}$ and the 3j symbol, without the $\mathrm i$, over
    $\frac P{4\pi}K^2$, minus one; and the ratio of the signs, minus one."""
    sign, square = bracket_factor()
    norms = sp.Mul(*((2 * degree + 1) / (4 * sp.pi) for degree in ODD))
    invariant = sp.factorial(total(ODD) + 1) ** 2 * triangle_square(ODD)
    weight = sp.Mul(*(2 * degree + 1 for degree in ODD)) / (4 * sp.pi)
    yield ratio_residual(norms * (constant() / 2) ** 2 * invariant, weight * square)
    yield sign * (-1) ** s - 1


def predicted(degrees: tuple[int, int, int], orders: tuple[int, int, int]) -> Fraction:
    """π · sign·square of √(P/4π) K 3j(m1 m2 m3); zero off the odd paths"""
    if sum(degrees) % 2 == 0 or not invariant_polynomial.is_path(degrees):
        return Fraction(0)
    weight = Fraction(prod(2 * degree + 1 for degree in degrees), 4)
    factor = bracket_forms.factorial_form(degrees)
    return weight * factor * invariant_polynomial.wigner_3j(degrees, orders)


def verify(lmax: int) -> int:
    """Every integral with $m_1+m_2+m_3=0$, all triples of degrees (even $J$ and off the triangle too), is done in
    exact rationals from Rodrigues' formula and the Jacobian form, and compared with the statement; and on every odd
    path the four forms of $K$ (five expressions) are compared exactly."""
    count = 0
    for degrees in invariant_polynomial.triples(lmax):
        if sum(degrees) % 2 and invariant_polynomial.is_path(degrees):
            distinct = {form(degrees) for form in bracket_forms.FORMS}
            require(len(distinct) == 1 and 0 not in distinct, f"the forms of K differ at {degrees}")
            count += 1
        for orders in invariant_polynomial.orders(degrees):
            integral = legendre.antisymmetric_gaunt(degrees, orders)
            require(integral == predicted(degrees, orders), f"∫Y1{{Y2,Y3}} at {degrees}{orders}")
            count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """Integrals with l1 ≤ l2 ≤ l3 and odd J from Rodrigues' formula, and K on these paths, lmax doubled."""
    integrals = {
        certificate.key(*degrees, *orders): certificate.signed(legendre.antisymmetric_gaunt(degrees, orders), 1, 1)
        for degrees in odd_paths(lmax)
        for orders in invariant_polynomial.orders(degrees)
    }
    factors = {certificate.key(*d): certificate.signed(bracket_forms.low_orders(d)) for d in odd_paths(2 * lmax)}
    return {"antisymmetric_gaunt": integrals, "K": factors}


def odd_paths(lmax: int) -> Iterator[invariant_polynomial.Degrees]:
    """Odd paths with l1 ≤ l2 ≤ l3."""
    for degrees in invariant_polynomial.paths(lmax):
        if sum(degrees) % 2 and list(degrees) == sorted(degrees):
            yield degrees


STEPS = (
    Step(
        "Three definitions, one bracket",
        r"""
        \{f,g\} = r\cdot(\nabla f\times\nabla g)
        = \frac{\partial_\theta f\,\partial_\phi g-\partial_\phi f\,\partial_\theta g}{\sin\theta}
        = \partial_\phi f\,\partial_z g-\partial_z f\,\partial_\phi g,\qquad \{x_i,x_j\}=\sum_k\varepsilon_{ijk}x_k
        """,
        definitions,
        because=r"""
        The surface gradient is $\nabla=\hat\theta\,\partial_\theta+\hat\phi\,\partial_\phi/\sin\theta$. The last form,
        with $z=\cos\theta$ and the area element $dz\,d\phi$, says that $\{\cdot,\cdot\}$ is the Poisson bracket of
        the sphere with canonical coordinates $\phi$ and $z$. For a function given in space the full gradient may be
        taken instead of the surface gradient: a radial part drops out of the triple product with $r$.
        """,
    ),
    Step(
        "Total antisymmetry, and zero when a degree is zero",
        r"""
        \int f\,\{g,h\}\,d\Omega = -\int f\,\{h,g\}\,d\Omega = -\int g\,\{f,h\}\,d\Omega,\qquad
        \int\{g,h\}\,d\Omega=0
        """,
        antisymmetry,
        because=r"""
        $f\{g,h\}+g\{f,h\}=\{fg,h\}$ is a divergence. The $\phi$ part integrates to zero by periodicity, the
        $\theta$ part because $\partial_\phi h$ vanishes at both poles. With $l=0$ in one slot that function is
        constant; bring it under a derivative.
        """,
    ),
    Step(
        "Parity gate",
        r"\int Y_1\,\{Y_2,Y_3\}\,d\Omega = 0\quad\text{for even } J",
        antipodal,
        because=r"""
        With the full gradient the integrand is homogeneous of degree $l_1+(l_2-1)+(l_3-1)+1=J-1$, so under the
        antipodal map $r\to-r$, which keeps $d\Omega$, it takes the sign $(-1)^{J-1}$. It is enough to see this for
        powers of null vectors, which generate the harmonics.
        """,
    ),
    Step(
        "The integrand of three powers",
        r"""
        \frac{(a_1\cdot r)^{l_1}}{l_1!}\Bigl\{\frac{(a_2\cdot r)^{l_2}}{l_2!},\frac{(a_3\cdot r)^{l_3}}{l_3!}\Bigr\}
        = \frac{l_2l_3}{l_1!\,l_2!\,l_3!}(a_1\cdot r)^{l_1}(a_2\cdot r)^{l_2-1}(a_3\cdot
        r)^{l_3-1}\;r\cdot(a_2\times a_3),
        \qquad a_1\cdot(a_2\times a_3)=\tfrac{\mathrm i}2\,[12][23][31]
        """,
        integrand,
        because=r"""
        $\nabla(a\cdot r)^l=l\,(a\cdot r)^{l-1}a$. The null vectors $a(\xi,\eta)$ are those of the Gaunt integral.
        """,
    ),
    Step(
        "The integral of a power with a linear factor",
        r"\int (v\cdot r)^n\,(w\cdot r)\,d\Omega = \frac{4\pi}{n+2}\,(v\cdot w)\,(v\cdot "
        r"v)^{(n-1)/2}\quad(n\text{ odd})",
        linear_factor,
        because=r"""
        The derivative along $w$ of $\int\frac{(v\cdot r)^{n+1}}{n+1}d\Omega=\frac{4\pi}{(n+1)(n+2)}(v\cdot
        v)^{(n+1)/2}$.
        """,
    ),
    Step(
        "Three powers",
        r"""
        \int \frac{(a_1\cdot r)^{l_1}}{l_1!}\Bigl\{\frac{(a_2\cdot r)^{l_2}}{l_2!},\frac{(a_3\cdot
        r)^{l_3}}{l_3!}\Bigr\}d\Omega
        = \frac{\mathrm
        i}2\;\frac{4\pi\,(-1)^{a+b+c}\,(a+b+c)!}{J\,(J-2)!\,a!\,b!\,c!}\;[12]^{2c+1}[23]^{2a+1}[31]^{2b+1},
        \qquad (a,b,c)=g-(l_1,l_2,l_3)
        """,
        coefficient,
        because=r"""
        Put $v=\sum_it_ia_i$, $w=a_2\times a_3$, $n=J-2$ in the step before, so that $v\cdot
        w=t_1\,a_1\cdot(a_2\times a_3)$, and take the coefficient of $t_1^{l_1}t_2^{l_2-1}t_3^{l_3-1}$: on the left
        $\frac{(J-2)!}{l_1!(l_2-1)!(l_3-1)!}$ times the integral, on the right the power $(J-3)/2=a+b+c$ of $v\cdot
        v=-(t_1t_2[12]^2+t_2t_3[23]^2+t_3t_1[31]^2)$ contributes its term $t_1^{l_1-1}t_2^{l_2-1}t_3^{l_3-1}$, in
        which the three squares have the powers $c$, $a$, $b$. When the triangle rule fails there is no such term.
        """,
    ),
    Step(
        "Comparison with the invariant polynomial",
        r"""
        \int Y_1\,\{Y_2,Y_3\}\,d\Omega = \mathrm i\,\sqrt{\frac P{4\pi}}\;K\begin{pmatrix} l_1&l_2&l_3\\
        m_1&m_2&m_3\end{pmatrix},
        \qquad K = 2\,(-1)^{g+1}\,\Delta\,\frac{(g+1)!}{(g-l_1)!\,(g-l_2)!\,(g-l_3)!}
        """,
        comparison,
        because=r"""
        $(A,B,C)=(2a+1,2b+1,2c+1)$, and the brackets are again the invariant polynomial. The factor is symmetric in
        the three degrees, so the antisymmetry of the integral is that of the 3j symbol on odd paths.
        """,
    ),
    Step(
        "K at the orders 1, −1, 0",
        r"K = \sqrt{l_1(l_1+1)\,l_2(l_2+1)}\begin{pmatrix} l_1&l_2&l_3\\ 1&-1&0\end{pmatrix}\qquad(J\text{ odd})",
        low_orders_form,
        because="The closed form of that 3j symbol on odd paths, from the page of the 3j symbol.",
    ),
    Step(
        "The same expression on even paths is not zero",
        r"""
        \sqrt{l_1(l_1+1)\,l_2(l_2+1)}\begin{pmatrix} l_1&l_2&l_3\\ 1&-1&0\end{pmatrix}
        = \frac{l_3(l_3+1)-l_1(l_1+1)-l_2(l_2+1)}2\begin{pmatrix} l_1&l_2&l_3\\ 0&0&0\end{pmatrix}\qquad(J\text{ even})
        """,
        even_path,
        because=r"""
        The ladder relations at $(1,0,0)$, $(0,1,0)$, $(0,0,1)$, with $\xi_{ij}=\lambda_i\lambda_j\,3j(\ldots)$ with
        order 1 in slot $i$ and $-1$ in slot $j$, $\lambda_i^2=L_i=l_i(l_i+1)$, and $\xi_{ij}=\xi_{ji}$ for even
        $J$, are $\xi_{12}+\xi_{13}=-L_1T$, $\xi_{12}+\xi_{23}=-L_2T$, $\xi_{13}+\xi_{23}=-L_3T$, $T=3j(0\,0\,0)$.
        Code that uses the expression for $K$ must therefore test the parity of $J$.
        """,
    ),
    Step(
        "K from 3j symbols at zero orders",
        r"""
        \begin{aligned}
        K &= \tfrac12\sqrt{(J+2)(l_1+l_2-l_3+1)(-l_1+l_2+l_3+1)(l_1-l_2+l_3)}
             \begin{pmatrix} l_1&l_2+1&l_3\\ 0&0&0\end{pmatrix}\\
          &= \sqrt{\tfrac{J^2-1}{4J}(J-2l_1)(J-2l_2)(J-2l_3)}\begin{pmatrix} l_1-1&l_2-1&l_3-1\\ 0&0&0\end{pmatrix}\\
          &= -\tfrac12\sqrt{\tfrac{(J+2)(J+4)}{J+3}(J+1-2l_1)(J+1-2l_2)(J+1-2l_3)}
             \begin{pmatrix} l_1+1&l_2+1&l_3+1\\ 0&0&0\end{pmatrix}
        \end{aligned}
        """,
        shifted_forms,
        because=r"""
        Insert the closed form at zero orders; the shifted paths are even, with $(a,b,c)$ replaced by $(a+1,b,c+1)$,
        $(a,b,c)$ and $(a+1,b+1,c+1)$.
        """,
    ),
    Step(
        "K never vanishes on an allowed odd path",
        r"g-l_1=a\ge0,\quad g-l_2=b\ge0,\quad g-l_3=c\ge0,\qquad|K|>0",
        allowed_path,
        because=r"""
        On an odd path $J-2l_i$ is odd, so the triangle rule $J-2l_i\ge0$ says $J-2l_i\ge1$, i.e. $g-l_i\ge0$: every
        factorial in $K$ is of a non-negative integer and $K$ is a product of non-zero factors. It also follows that
        every $l_i\ge1$.
        """,
    ),
    Step(
        "The other pairing of gradients gives nothing new",
        r"""
        \int Y_1\,\nabla Y_2\cdot\nabla Y_3\,d\Omega = \tfrac12\bigl[l_2(l_2+1)+l_3(l_3+1)-l_1(l_1+1)\bigr]\int
        Y_1Y_2Y_3\,d\Omega
        """,
        gradient_dot,
        because=r"""
        Integrate $2\nabla f\cdot\nabla g=\Delta(fg)-f\,\Delta g-g\,\Delta f$ against $Y_1$, move the first
        Laplacian to $Y_1$ and use $\Delta Y_{lm}=-l(l+1)Y_{lm}$.
        """,
    ),
)

DERIVATION = Derivation(
    id="antisymmetric_gaunt",
    title="The antisymmetric Gaunt integral",
    introduction=r"""
    The Poisson bracket of two harmonics, tested against a third, reaches the odd paths that the Gaunt integral
    misses. In geodynamo theory this is the Elsasser integral. The same two ingredients as for the Gaunt integral,
    null vectors and the integral of a power, give it with its factor.
    """,
    statement=r"""
    \int Y_{l_1m_1}\;r\cdot(\nabla Y_{l_2m_2}\times\nabla Y_{l_3m_3})\,d\Omega
    = \begin{cases}
      \mathrm i\,\sqrt{\dfrac{(2l_1+1)(2l_2+1)(2l_3+1)}{4\pi}}\;K
      \begin{pmatrix} l_1&l_2&l_3\\ m_1&m_2&m_3\end{pmatrix} & J\text{ odd}\\[2ex]
      0 & J\text{ even}
    \end{cases}
    """,
    hypotheses=(
        r"$l_i\ge0$, $|m_i|\le l_i$; $J=l_1+l_2+l_3$, $P=(2l_1+1)(2l_2+1)(2l_3+1)$; harmonics "
        r"as for the Gaunt "
        "integral.",
        r"$r$ is the unit normal and $\nabla$ the surface gradient of the unit sphere.",
        r"On odd paths $g=(J-1)/2$ and $\Delta^2=(J-2l_1)!\,(J-2l_2)!\,(J-2l_3)!/(J+1)!$; $K$ is given below "
        r"in four forms.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=6,
    certificate_lmax=3,
    reading=READING,
    uses=(wigner_3j.DERIVATION, gaunt.DERIVATION),
    sources=(
        "W. M. Elsasser, Phys. Rev. 69, 106 (1946); E. Bullard and H. Gellman, Phil. Trans. R. Soc. A 247, 213 (1954).",
        "K from zero orders with one degree raised: R. W. James, Proc. R. Soc. A 331, 469 (1973).",
    ),
)
