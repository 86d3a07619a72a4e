"""What fixes the sign and the size of every coefficient, and what leaves them open."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from math import factorial, prod
from typing import Any

import sympy as sp
from sympy.polys.domains import QQ
from sympy.polys.matrices import DomainMatrix
from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

from derivations import antisymmetric_gaunt, certificate, gaunt, invariant_polynomial, wigner_3j
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import Degrees
from derivations.null_vectors import null_vector
from derivations.poisson_bracket import jacobian
from derivations.readings.signs import READING
from derivations.symbols import l1, l2, l3, m, phi, theta, x, y, z

COORDINATES = (x, y, z)


#: The terms of associativity, Jacobi and Leibniz, tested against a fourth function: products of two coefficients.
LAWS = (("abe ecd", "ade ebc"), ("abe ecd", "bce ead", "cae ebd"), ("bce eda", "eab ecd", "eac ebd"))


def signs_cancel() -> Iterator[sp.Expr]:
    r"""With $R_l\to s_lR_l$, for every term of associativity ($abe\,ecd$, $ade\,ebc$), Jacobi ($abe\,ecd$, $bce\,ead$,
    $cae\,ebd$) and Leibniz ($bce\,eda$, $eab\,ecd$, $eac\,ebd$): its sign, modulo $s_e^2=1$, minus $s_as_bs_cs_d$."""
    signs = dict(zip("abcde", sp.symbols("s_a s_b s_c s_d s_e"), strict=True))
    outer = sp.Mul(*(signs[letter] for letter in "abcd"))
    for term in (term for law in LAWS for term in law):
        changed = sp.Mul(*(signs[letter] for letter in term.replace(" ", "")))
        yield sp.rem(changed, signs["e"] ** 2 - 1, signs["e"]) - outer


def pole() -> Iterator[sp.Expr]:
    r"""The pairing of the null vector with the pole minus $\xi\eta$, so that $(a\cdot r)^l=(\xi\eta)^l$ there and only
    $m=0$ is left; $P_l(1)-1$; and the solution of
    $\frac{g}{2l_3+1}\sqrt{\frac{2l_3+1}{4\pi}}=s\,\frac{\sqrt{(2l_1+1)(2l_2+1)}}{4\pi}$ minus the stated $g$."""
    xi, eta = sp.symbols("xi eta")
    yield sp.expand((null_vector(xi, eta).T * sp.Matrix([0, 0, 1]))[0] - xi * eta)
    yield sp.legendre(l1, 1) - 1
    g, s = sp.symbols("g s")
    left = g / (2 * l3 + 1) * sp.sqrt((2 * l3 + 1) / (4 * sp.pi))
    right = s * sp.sqrt((2 * l1 + 1) * (2 * l2 + 1)) / (4 * sp.pi)
    (solved,) = sp.solve(left - right, g)
    stated = sp.sqrt((2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1) / (4 * sp.pi)) * s
    yield sp.simplify(solved - stated)


def biderivation() -> Iterator[sp.Expr]:
    r"""For arbitrary $f,g,h$ of $(x,y,z)$ and $D(f,g)=\sum_{ij}\partial_if\,\partial_jg\,D_{ij}$ with arbitrary
    $D_{ij}$: $D(fh,g)-f\,D(h,g)-h\,D(f,g)$, the same in the second slot, and $D(x_i,x_j)-D_{ij}$."""
    f, g, h = (sp.Function(name)(*COORDINATES) for name in "fgh")
    values = sp.Matrix(3, 3, sp.symbols("D1:10"))

    def form(first: sp.Expr, second: sp.Expr) -> sp.Expr:
        left, right = (sp.Matrix([sp.diff(q, i) for i in COORDINATES]) for q in (first, second))
        return (left.T * values * right)[0]

    yield sp.expand(form(f * h, g) - f * form(h, g) - h * form(f, g))
    yield sp.expand(form(f, g * h) - g * form(f, h) - h * form(f, g))
    for (i, first), (j, second) in product(enumerate(COORDINATES), repeat=2):
        yield sp.expand(form(first, second) - values[i, j])


def turn() -> Iterator[sp.Expr]:
    r"""$\{\cos\theta,f\}+\partial_\phi f$ for an arbitrary $f$, the bracket being the Jacobian over $\sin\theta$; and
    $\{\cos\theta,\Theta e^{im\phi}\}+im\,\Theta e^{im\phi}$."""
    f, profile = sp.Function("f")(theta, phi), sp.Function("Theta")(theta)
    yield sp.simplify(jacobian(sp.cos(theta), f) / sp.sin(theta) + sp.diff(f, phi))
    wave = profile * sp.exp(sp.I * m * phi)
    yield sp.simplify(jacobian(sp.cos(theta), wave) / sp.sin(theta) + sp.I * m * wave)


def norm(degrees: Degrees) -> int:
    """(J+1)! A! B! C!"""
    return factorial(sum(degrees) + 1) * prod(factorial(sum(degrees) - 2 * degree) for degree in degrees)


def degrees_of(a: int, b: int) -> range:
    """The degrees of a product of harmonics of degrees a and b."""
    return range(abs(a - b), a + b + 1)


@cache
def unknowns(a: int, b: int) -> tuple[Fraction, ...]:
    """What evaluation at the pole says of g(a, b, c), c ascending, in rationals: g √(4π(2c+1)) c!/√(norm (2a+1)(2b+1)).

    The row of m is Σ_c u_c · (coefficient of the invariant polynomial at (m, -m, 0)) = δ_m0/(a! b!).
    """
    rows = range(-min(a, b), min(a, b) + 1)
    matrix = [
        [QQ(invariant_polynomial.coefficient((a, b, c), (row, -row, 0))) for c in degrees_of(a, b)] for row in rows
    ]
    right = [[QQ(1, factorial(a) * factorial(b)) if row == 0 else QQ(0)] for row in rows]
    size = len(matrix)
    try:
        solved = DomainMatrix(matrix, (size, size), QQ).lu_solve(DomainMatrix(right, (size, 1), QQ))
    except DMNonInvertibleMatrixError:
        require(False, f"evaluation at the pole leaves factors of ({a}, {b}) open")
    return tuple(Fraction(int(q.numerator), int(q.denominator)) for (q,) in solved.to_list())


def predicted(a: int, b: int, c: int) -> Fraction:
    """The same of g = √((2a+1)(2b+1)(2c+1)/4π) 3j(a b c; 0 0 0)."""
    number = invariant_polynomial.coefficient((a, b, c), (0, 0, 0))
    weight = factorial(a) * factorial(b) * factorial(c) ** 2
    return Fraction((2 * c + 1) * weight * number, norm((a, b, c)))


def violated(a: int, b: int, signs: dict[int, int]) -> bool:
    """Whether evaluation at the pole fails for (a, b) when degrees have taken signs."""
    for row in range(-min(a, b), min(a, b) + 1):
        total = sum(
            signs.get(a, 1) * signs.get(b, 1) * signs.get(c, 1) * u
            * invariant_polynomial.coefficient((a, b, c), (row, -row, 0))
            for c, u in zip(degrees_of(a, b), unknowns(a, b), strict=True)
        )  # fmt: skip
        if total != (Fraction(1, factorial(a) * factorial(b)) if row == 0 else 0):
            return True
    return False


def verify(lmax: int) -> int:
    r"""Evaluation at the pole is solved for the reduced factors of every pair of degrees, odd paths among the unknowns,
    in exact rationals: the solution is unique and the stated one. Each of the other $2^{l_{\max}-1}-1$ choices of
    signs that keep $R_0$ and $R_1$ breaks it."""
    count = 0
    for a, b in product(range(lmax + 1), repeat=2):
        for c, found in zip(degrees_of(a, b), unknowns(a, b), strict=True):
            require(found == predicted(a, b, c), f"g({a}, {b}, {c})")
            require((found == 0) == ((a + b + c) % 2 == 1), f"zeros of g({a}, {b}, {c})")
            count += 1
    for chosen in product((1, -1), repeat=max(lmax - 1, 0)):
        signs = dict(zip(range(2, lmax + 1), chosen, strict=True))
        pairs = [(a, b) for a, b in product(range(lmax + 1), repeat=2) if a + b <= lmax]
        require(any(violated(a, b, signs) for a, b in pairs) == (-1 in chosen), f"signs {chosen}")
        count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """The reduced factors g of every pair of degrees, from evaluation alone."""
    found = {}
    for a, b in product(range(lmax + 1), repeat=2):
        for c, u in zip(degrees_of(a, b), unknowns(a, b), strict=True):
            square = u * abs(u) * norm((a, b, c)) * (2 * a + 1) * (2 * b + 1) / (4 * (2 * c + 1) * factorial(c) ** 2)
            found[certificate.key(a, b, c)] = certificate.signed(square, pi_power=1)
    return {"evaluation": found}


STEPS = (
    Step(
        "What the laws of an algebra leave open",
        r"G'_{abe}G'_{ecd}=\sigma\,G_{abe}G_{ecd},\qquad A'_{abe}A'_{ecd}=\sigma\,A_{abe}A_{ecd},\qquad "
        r"A'_{abe}G'_{ecd}=\sigma\,A_{abe}G_{ecd},\qquad \sigma=s_as_bs_cs_d",
        signs_cancel,
        because=r"""
        The primed tables are those with $s_lR_l$ for $R_l$, where $s_0=s_1=1$ and all other $s_l=\pm1$.
        Associativity, Jacobi and Leibniz are laws of the algebra, whatever its basis is called. Each of their terms
        is a product of two coefficients that share one index, and takes the same sign as the others: all stay true.
        So do rotations, as whole degrees change sign. To degree $L$ there are $2^{L-1}-1$ choices of such signs,
        and their wrong tables pass all four.
        """,
    ),
    Step(
        "Evaluation at the pole fixes every Gaunt coefficient",
        r"\sum_c G^{abc}_{m,-m,0}\sqrt{\tfrac{2c+1}{4\pi}}=\delta_{m0}\,\frac{\sqrt{(2a+1)(2b+1)}}{4\pi}"
        r",\qquad g_{abc}=\sqrt{\tfrac{(2a+1)(2b+1)(2c+1)}{4\pi}}"
        r"\begin{pmatrix}a&b&c\\0&0&0\end{pmatrix}",
        pole,
        because=r"""
        By rotations $G=g_{abc}\,3j(m_1m_2m_3)$ with one unknown $g_{abc}$ for each path, odd paths included. At the
        pole $Y_{lm}=\sqrt{(2l+1)/4\pi}\,\delta_{m0}$, so that the product $Y_{am}Y_{b,-m}$ gives the left side.
        Multiply by $3j(a\,b\,c;m\,{-m}\,0)$ and sum over $m$: by orthogonality only $c$ is left, with the factor
        $1/(2c+1)$. The solution is unique. It vanishes on odd paths, and no degree can change its sign.
        """,
    ),
    Step(
        "Leibniz reduces the bracket to three numbers",
        r"\{f,g\}=\sum_{ij}\partial_if\,\partial_jg\,\{x_i,x_j\}",
        biderivation,
        because=r"""
        Every function on the sphere is a polynomial in $x_1,x_2,x_3$. By Leibniz in both slots its bracket is the
        stated sum: induction on the degree, and the two sides agree on the coordinates. So a table of brackets that
        obeys Leibniz with the true product is fixed by its path $(1,1,1)$, and rotations leave of that one factor,
        $\{x_i,x_j\}=\kappa\,\varepsilon_{ijk}x_k$.
        """,
    ),
    Step(
        "A turn about the axis fixes the last factor",
        r"\{Y_{10},Y_{lm}\}=-\mathrm i\,m\sqrt{\tfrac3{4\pi}}\;Y_{lm},\qquad\{z,f\}=-\partial_\phi f,\qquad "
        r"\{x_i,x_j\}=\kappa\sum_k\varepsilon_{ijk}x_k,\qquad\kappa=1",
        turn,
        because=r"""
        Jacobi, Leibniz and the pentagon identity of matrices are homogeneous in the bracket and do not see $\kappa$;
        for matrices $\kappa\to-\kappa$ is transposition. The bracket with $z=\cos\theta$ is $-\partial_\phi$.
        """,
    ),
)

DERIVATION = Derivation(
    id="signs",
    title="What fixes a sign",
    introduction=r"""
    Which laws must a table of coefficients obey so that no entry can be wrong? Those of the algebra alone are not
    enough.
    """,
    statement=r"""
    \sum_{l_3\mu_3}G_{123}\,R_{l_3\mu_3}=R_1R_2,\qquad\{f,gh\}=\{f,g\}\,h+g\,\{f,h\},\qquad
    \{Y_{10},Y_{lm}\}=-\mathrm i\,m\sqrt{\tfrac3{4\pi}}\,Y_{lm}
    """,
    hypotheses=(
        r"$G_{123}=\int R_1R_2R_3\,d\Omega$ and $A_{123}=\int R_1\{R_2,R_3\}\,d\Omega$ on all paths, in one basis of "
        r"harmonics; a triple "
        r"of degrees as an index stands for the reduced factor of the path.",
        "These three laws, the first of them at one point of the sphere, and invariance under rotations fix every $G$ "
        "and every $A$.",
        r"A table that is wrong by a sign of whole degrees obeys associativity, Jacobi, Leibniz and rotations.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=5,
    certificate_lmax=3,
    reading=READING,
    uses=(wigner_3j.DERIVATION, gaunt.DERIVATION, antisymmetric_gaunt.DERIVATION),
)
