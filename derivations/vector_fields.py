"""Vector spherical harmonics as gradients, radial fields and turned gradients; their triple products."""

from collections.abc import Iterator
from itertools import product as tuples

import sympy as sp

from coupling.conventions import parity_sign
from derivations.closed_forms import low_orders, zero_orders
from derivations.framework import Step
from derivations.invariant_polynomial import wigner_3j
from derivations.symbols import a, b, c, l, phi, ratio_residual, theta

alpha, beta, gamma = sp.symbols("alpha beta gamma")
NORMAL = sp.Matrix([sp.sin(theta) * sp.cos(phi), sp.sin(theta) * sp.sin(phi), sp.cos(theta)])
UNIT = {
    1: -sp.Matrix([1, sp.I, 0]) / sp.sqrt(2),
    0: sp.Matrix([0, 0, 1]),
    -1: sp.Matrix([1, -sp.I, 0]) / sp.sqrt(2),
}


def root(square: sp.Rational) -> sp.Expr:
    """The number whose sign·square is given."""
    return sp.sign(square) * sp.sqrt(abs(square))


def unit_vectors() -> Iterator[sp.Expr]:
    r"""All 27 triple products minus $\mathrm i\sqrt6\,3j(111;\mu\nu\lambda)$; all 9 scalar products minus
    $(-1)^\mu\delta_{\mu,-\nu}$; and the components of $\sqrt{4\pi/3}\sum_\mu(-1)^\mu Y_{1\mu}e_{-\mu}-r$."""
    for mu, nu, kappa in tuples(UNIT, repeat=3):
        symbol = root(sp.Rational(wigner_3j((1, 1, 1), (mu, nu, kappa))))
        yield sp.expand(UNIT[mu].dot(UNIT[nu].cross(UNIT[kappa])) - sp.I * sp.sqrt(6) * symbol)
    for mu, nu in tuples(UNIT, repeat=2):
        yield sp.expand((UNIT[mu].T * UNIT[nu])[0] - parity_sign(mu) * int(mu == -nu))
    plus, minus = (sp.exp(sign * sp.I * phi) * sp.sin(theta) / sp.sqrt(2) for sign in (1, -1))
    scaled = {1: -plus, 0: sp.cos(theta), -1: minus}
    total = sum((parity_sign(mu) * scaled[mu] * UNIT[-mu] for mu in UNIT), sp.zeros(3, 1))
    yield from ((x - y).rewrite(sp.exp).expand() for x, y in zip(total, NORMAL, strict=True))


def placed(closed: tuple[sp.Expr, sp.Expr], first: sp.Expr, second: sp.Expr, third: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """A closed form at (a, b, c) = (first, second, third)."""
    sign, square = (part.subs({a: first, b: second, c: third}, simultaneous=True) for part in closed)
    return sign, square


def radial() -> Iterator[sp.Expr]:
    r"""For $L=l\mp1$: $(2L+1)\,3j(L\,1\,l;000)^2$ over the stated square, minus one; and the sign
    $(-1)^{L-1}(-1)^{J/2}$ of the coefficient, for both parities of $l$, minus the stated one."""
    for step, place, stated in ((-1, (1, l - 1, 0), l), (1, (0, l, 1), l + 1)):
        sign, square = placed(zero_orders(), *(sp.sympify(x) for x in place))
        yield ratio_residual((2 * (l + step) + 1) * square, stated / (2 * l + 1))
        yield from (sign.subs(l, degree) * parity_sign(degree + step - 1) + step for degree in (1, 2))


def laplacian(g: sp.Expr) -> sp.Expr:
    """Laplacian of the unit sphere."""
    polar = sp.diff(sp.sin(theta) * sp.diff(g, theta), theta) / sp.sin(theta)
    return polar + sp.diff(g, phi, 2) / sp.sin(theta) ** 2


def gradient(g: sp.Expr) -> sp.Matrix:
    """Surface gradient in Cartesian components."""
    along = NORMAL.diff(phi) / sp.sin(theta)
    return NORMAL.diff(theta) * sp.diff(g, theta) + along * sp.diff(g, phi) / sp.sin(theta)


def gradients() -> Iterator[sp.Expr]:
    r"""The Cartesian components of $\Delta(rf)-r\Delta f-2\nabla f+2rf$ for an arbitrary function
    $f(\theta,\phi)$; and $\tfrac12[l(l+1)+2-L(L+1)]$ minus $l+1$ for $L=l-1$, plus $l$ for $L=l+1$."""
    g = sp.Function("f")(theta, phi)
    for x, component in zip(NORMAL, gradient(g), strict=True):
        yield sp.trigsimp(sp.expand(laplacian(x * g) - x * laplacian(g) - 2 * component + 2 * x * g))
    for high, stated in ((l - 1, l + 1), (l + 1, -l)):
        yield sp.expand((l * (l + 1) + 2 - high * (high + 1)) / 2 - stated)


def turned() -> Iterator[sp.Expr]:
    r"""$(2l+1)\,3j(1\,l\,l;1\,{-1}\,0)^2$ over ½, minus one; and the sign of $C^{l1}_{l0,11}$ plus one,
    for both parities of $l$."""
    sign, square = placed(low_orders(), l - 1, sp.Integer(0), sp.Integer(0))
    yield ratio_residual((2 * l + 1) * square, sp.Rational(1, 2))
    yield from (sign.subs(l, degree) * parity_sign(degree) + 1 for degree in (1, 2))


def fields() -> Iterator[sp.Expr]:
    r"""The coefficients of $Y^{l-1}_l$ and $Y^{l+1}_l$ in $\nabla Y+\alpha rY$ over $\sqrt{l/(2l+1)}$ and
    $\sqrt{(l+1)/(2l+1)}$, at $\alpha=l$ and $\alpha=-l-1$, minus $(2l+1,0)$ and $(0,2l+1)$; and
    $\alpha(\alpha+1)-l(l+1)$."""
    for value, low, high in ((l, 2 * l + 1, 0), (-l - 1, 0, 2 * l + 1)):
        yield sp.expand((l + 1) + value - low)
        yield sp.expand(l - value - high)
        yield sp.expand(value * (value + 1) - l * (l + 1))


def turn(row: sp.Matrix) -> sp.Matrix:
    """r × v for v given in the frame (e_θ, e_φ, r)."""
    return sp.Matrix([[-row[1], row[0], 0]])


def frame(name: str, weight: sp.Expr) -> sp.Matrix:
    """∇f + α r f in the frame (e_θ, e_φ, r)."""
    f1, f2, f0 = sp.symbols(f"{name}1 {name}2 {name}")
    return sp.Matrix([[f1, f2, weight * f0]])


def det(*rows: sp.Matrix) -> sp.Expr:
    return sp.Matrix.vstack(*rows).det()


def curl(u: sp.Matrix, v: sp.Matrix) -> sp.Expr:
    """r · (u × v)"""
    return u[0] * v[1] - u[1] * v[0]


def dot(u: sp.Matrix, v: sp.Matrix) -> sp.Expr:
    """Scalar product of the tangential parts."""
    return u[0] * v[0] + u[1] * v[1]


def triple_products() -> Iterator[sp.Expr]:
    r"""The four determinants in the frame $(e_\theta,e_\phi,r)$ minus what is stated."""
    first, second, third = frame("f", alpha), frame("g", beta), frame("h", gamma)
    f, g, h = sp.symbols("f g h")
    yield sp.expand(
        det(first, second, third)
        - alpha * f * curl(second, third)
        - beta * g * curl(third, first)
        - gamma * h * curl(first, second)
    )
    stated = beta * g * dot(first, third) - gamma * h * dot(first, second)
    yield sp.expand(det(turn(first), second, third) - stated)
    yield sp.expand(det(turn(first), turn(second), third) - gamma * h * curl(first, second))
    yield sp.expand(det(turn(first), turn(second), turn(third)))


STEPS = (
    Step(
        "Spherical unit vectors",
        r"""
        e_\mu\cdot(e_\nu\times e_\lambda)=\mathrm i\sqrt6\begin{pmatrix}1&1&1\\\mu&\nu&\lambda\end{pmatrix},\qquad
        e_\mu\cdot e_\nu=(-1)^\mu\delta_{\mu,-\nu},\qquad r=\sqrt{\tfrac{4\pi}3}\sum_\mu(-1)^\mu Y_{1\mu}\,e_{-\mu}""",
        unit_vectors,
        because=r"""
        $e_{\pm1}=\mp(e_x\pm\mathrm ie_y)/\sqrt2$ and $e_0=e_z$; the products are bilinear, without conjugation.""",
    ),
    Step(
        "A harmonic times the normal",
        r"r\,Y_{lm}=\sqrt{\frac l{2l+1}}\;Y^{l-1}_{lm}-\sqrt{\frac{l+1}{2l+1}}\;Y^{l+1}_{lm}",
        radial,
        because=r"""
        Under rotations $rY_{lm}$ behaves like $Y_{lm}$, so only $Y^L_{lm}$ with $L=l-1,l,l+1$ occur. The overlap with
        one of them is a sum over $\mu$ of $C^{lm}_{L,m-\mu,1\mu}=(-1)^{L-1+m}\sqrt{2l+1}\;3j(L\,1\,l;m-\mu,\mu,-m)$
        times a Gaunt integral, which holds the same 3j symbol; $\sum_\mu3j(L\,1\,l;m-\mu,\mu,-m)^2=1/(2l+1)$, and
        $\int\overline{Y^L_{lm}}\cdot rY_{lm}\,d\Omega=(-1)^{L-1}\sqrt{2L+1}\;3j(L\,1\,l;000)$ is left. It vanishes for
        $L=l$; the closed form of the 3j symbol at zero orders gives the other two.""",
    ),
    Step(
        "The gradient of a harmonic",
        r"\nabla Y_{lm}=(l+1)\sqrt{\frac l{2l+1}}\;Y^{l-1}_{lm}+l\,\sqrt{\frac{l+1}{2l+1}}\;Y^{l+1}_{lm}",
        gradients,
        because=r"""
        The Laplacian acts on Cartesian components, $\Delta(rf)=r\Delta f+2\nabla f-2rf$, and
        $\Delta Y^L_{lm}=-L(L+1)Y^L_{lm}$. Hence
        $\int\overline{Y^L_{lm}}\cdot\nabla Y_{lm}\,d\Omega
        =\tfrac12[l(l+1)+2-L(L+1)]\int\overline{Y^L_{lm}}\cdot rY_{lm}\,d\Omega$.""",
    ),
    Step(
        "The gradient, turned by a right angle",
        r"r\times\nabla Y_{lm}=\mathrm i\sqrt{l(l+1)}\;Y^l_{lm}",
        turned,
        because=r"""
        $-\mathrm i\,r\times\nabla=\sum_q(-1)^qe_{-q}\,L_q$ is the angular momentum, and by the Wigner-Eckart theorem
        $L_qY_{lm}=\kappa\,C^{l,m+q}_{lm,1q}\,Y_{l,m+q}$. One entry fixes $\kappa=\sqrt{l(l+1)}$:
        $L_{+1}Y_{l0}=-\sqrt{l(l+1)/2}\;Y_{l1}$ and
        $C^{l1}_{l0,11}=(-1)^l\sqrt{2l+1}\;3j(1\,l\,l;1\,{-1}\,0)=-1/\sqrt2$. By the symmetries of the 3j symbol
        $(-1)^qC^{l,m+q}_{lm,1q}=C^{lm}_{l,m+q,1,-q}$, the coefficient in $Y^l_{lm}$.""",
    ),
    Step(
        "Three fields per harmonic",
        r"""
        F^\alpha=\nabla Y+\alpha\,rY=\begin{cases}\sqrt{l(2l+1)}\;Y^{l-1}_{lm}&\alpha=l\\
        \sqrt{(l+1)(2l+1)}\;Y^{l+1}_{lm}&\alpha=-l-1\end{cases},\qquad
        F^\circ=r\times\nabla Y=\mathrm i\sqrt{l(l+1)}\;Y^l_{lm}""",
        fields,
        because=r"Both values of $\alpha$ solve $\alpha(\alpha+1)=l(l+1)$: $\Delta Y=-\alpha(\alpha+1)Y$.",
    ),
    Step(
        "Pointwise triple products",
        r"""
        \begin{gathered}
        F_1^{\alpha_1}\cdot(F_2^{\alpha_2}\times F_3^{\alpha_3})
        =\alpha_1Y_1\{Y_2,Y_3\}+\alpha_2Y_2\{Y_3,Y_1\}+\alpha_3Y_3\{Y_1,Y_2\},\\
        F_1^\circ\cdot(F_2^{\alpha_2}\times F_3^{\alpha_3})
        =\alpha_2Y_2\,\nabla Y_3\cdot\nabla Y_1-\alpha_3Y_3\,\nabla Y_1\cdot\nabla Y_2,\\
        F_1^\circ\times F_2^\circ=\{Y_1,Y_2\}\,r
        \end{gathered}
        """,
        triple_products,
        because=r"""
        Determinants in the frame $(e_\theta,e_\phi,r)$, where turning takes $(v_\theta,v_\phi,0)$ to
        $(-v_\phi,v_\theta,0)$. In particular $(r\times\nabla f)\times(r\times\nabla g)=r\,\{f,g\}$: the bracket is the
        cross product of the two fields of shift zero, read along $r$.""",
    ),
)
