"""Trace of three spherical tensors of spin j, from the character of a product of group elements."""

from collections.abc import Iterator

import sympy as sp

from derivations.framework import Step
from derivations.hypergeometric import binomial
from derivations.invariant_polynomial import ETA, XI, bracket
from derivations.symbols import EVEN, ODD, a, b, c, excesses, factorials, l, m, ratio_residual

n = sp.Symbol("n", integer=True, positive=True)
f, k = sp.symbols("f k", integer=True, nonnegative=True)
s1, s2, s3, x, tau, lam = sp.symbols("s1 s2 s3 x tau lambda")
PARITIES = ((0, EVEN), (1, ODD))


def null_matrix(xi: sp.Expr, eta: sp.Expr) -> sp.Matrix:
    """N(a) = a ãᵀ with a = (ξ, η) and ã = (−η, ξ)."""
    return sp.Matrix([xi, eta]) * sp.Matrix([[-eta, xi]])


def nilpotent(i: int) -> sp.Matrix:
    """N of the spinor in slot i."""
    return null_matrix(XI[i - 1], ETA[i - 1])


def null_element() -> Iterator[sp.Expr]:
    r"""The entries of $N(a)^2$, and those of $N(a)-\xi^2J_++2\xi\eta J_z+\eta^2J_-$ in spin ½."""
    yield from (nilpotent(1) ** 2).applyfunc(sp.expand)
    raising, lowering = sp.Matrix([[0, 1], [0, 0]]), sp.Matrix([[0, 0], [1, 0]])
    third = sp.diag(1, -1) / 2
    xi, eta = XI[0], ETA[0]
    yield from nilpotent(1) - xi**2 * raising + 2 * xi * eta * third + eta**2 * lowering


def fundamental_trace() -> Iterator[sp.Expr]:
    r"""The trace and the determinant of the product of the three $2\times2$ matrices, multiplied out,
    minus what is stated."""
    g = sp.eye(2)
    for i, s in ((1, s1), (2, s2), (3, s3)):
        g = g * (sp.eye(2) + s * nilpotent(i))
    d12, d23, d31 = bracket(1, 2), bracket(2, 3), bracket(3, 1)
    pairs = s1 * s2 * d12**2 + s2 * s3 * d23**2 + s3 * s1 * d31**2
    yield sp.expand(g.trace() - 2 + pairs - s1 * s2 * s3 * d12 * d23 * d31)
    yield sp.expand(g.det() - 1)


def characters() -> Iterator[sp.Expr]:
    r"""With eigenvalues $\lambda,1/\lambda$: $(1-x\lambda)(1-x/\lambda)-(1-x\,\mathrm{tr}\,g+x^2)$;
    the sum over $n$ of $x^{n-1}(\lambda^n-\lambda^{-n})/(\lambda-\lambda^{-1})$ minus the reciprocal of it;
    $1-x(2+\tau)+x^2-(1-x)^2+x\tau$; and the geometric series in $\tau$ minus its sum."""
    denominator = (1 - x * lam) * (1 - x / lam)
    yield sp.expand(denominator - (1 - x * (lam + 1 / lam) + x**2))
    series = (lam / (1 - x * lam) - (1 / lam) / (1 - x / lam)) / (lam - 1 / lam)
    yield sp.cancel(sp.together(series - 1 / denominator))
    yield sp.expand(1 - x * (2 + tau) + x**2 - (1 - x) ** 2 + x * tau)
    geometric = 1 / ((1 - x) ** 2 * (1 - x * tau / (1 - x) ** 2))
    yield sp.cancel(sp.together(geometric - 1 / ((1 - x) ** 2 - x * tau)))


def trace_terms() -> Iterator[sp.Expr]:
    """For both parities: the power of each $s_i$ in the term $f$ minus $l_i$, the power of each
    bracket minus its excess, the sum of the four multiplicities minus $k$; and the ratio of the
    binomials at $n$ and $n+1$ over $(n-k)/(n+k+1)$, the ratio of the coefficients of $x^{n-1}$ and
    $x^n$ in $x^k(1-x)^{-2k-2}$, minus one."""
    for odd, degrees in PARITIES:
        cubic, p23, p31, p12 = 2 * f + odd, a - f, b - f, c - f
        powers = (cubic + p31 + p12, cubic + p12 + p23, cubic + p23 + p31)
        yield from (sp.expand(left - right) for left, right in zip(powers, degrees, strict=True))
        squares = (2 * p23 + cubic, 2 * p31 + cubic, 2 * p12 + cubic)
        yield from (sp.expand(left - right) for left, right in zip(squares, excesses(degrees), strict=True))
        yield sp.expand(cubic + p12 + p23 + p31 - (a + b + c + odd - f))
    step = binomial(n + k, 2 * k + 1)
    yield ratio_residual(step / step.subs(n, n + 1), (n - k) / (n + k + 1))


def kernels() -> Iterator[sp.Expr]:
    r"""$[12]-z\cdot a$, $[23]-\tilde a\cdot w$ and $[31]+z\cdot w$ for the three spinors $(z_2,-z_1)$,
    $a$, $w$; the square of the constant that leads from the invariant polynomial to $J(a)^l$ over
    $l!^2\nu_l^2$, and $l!$ times the coefficient of $s^l$ in the group kernel over the stated one, each
    minus one."""
    z1, z2 = sp.symbols("z1 z2")
    placed = {XI[0]: z2, ETA[0]: -z1}
    (xi, eta), (w1, w2) = (XI[1], ETA[1]), (XI[2], ETA[2])
    yield sp.expand(bracket(1, 2).subs(placed) - (z1 * xi + z2 * eta))
    yield sp.expand(bracket(2, 3) - (-eta * w1 + xi * w2))
    yield sp.expand(bracket(3, 1).subs(placed) + (z1 * w1 + z2 * w2))
    invariant = factorials((l, l, n - 1 - l, n + l))
    ratio = invariant / sp.factorial(n - 1 - l) ** 2 / (2 * l + 1)
    yield ratio_residual(ratio, factorials((l, l, 2 * l)) * binomial(n + l, 2 * l + 1))
    power = sp.factorial(l) * binomial(n - 1, l) / sp.factorial(n - 1)
    yield ratio_residual(power, 1 / sp.factorial(n - 1 - l))


def orthonormality() -> Iterator[sp.Expr]:
    r"""$\mathrm{tr}\,N(a)N(b)+[ab]^2$; and the coefficient of one monomial in the product of the two
    expansions with $|\mathrm{tr}|=1$ over that of $l!^2\binom{n+l}{2l+1}[12]^{2l}$, minus one."""
    yield sp.expand((nilpotent(1) * nilpotent(2)).trace() + bracket(1, 2) ** 2)
    right = sp.factorial(l) ** 2 * binomial(n + l, 2 * l + 1) * binomial(2 * l, l + m)
    norm = sp.factorial(2 * l) * binomial(n + l, 2 * l + 1)
    yield ratio_residual(sp.factorial(l) ** 2 * norm / factorials((l + m, l - m)), right)


def adjoints() -> Iterator[sp.Expr]:
    r"""The entries of $N(a)^{\mathsf T}+N(\tilde a)$; and the exponents of $\xi$ and $\eta$ in the monomial
    of order $m$ at $\tilde a=(-\eta,\xi)$ minus those of order $-m$ at $a$."""
    xi, eta = XI[0], ETA[0]
    yield from null_matrix(xi, eta).T + null_matrix(-eta, xi)
    eta_power, xi_power = l + m, l - m
    yield sp.expand(xi_power - (l + -m))
    yield sp.expand(eta_power - (l - -m))


def normalization() -> sp.Expr:
    r"""One slot of the two forms: $\nu_l^{-2}$ over $(2l+1)\big/\bigl[(2l+1)!\binom{n+l}{2l+1}\bigr]$,
    minus one."""
    ways = binomial(n + l, 2 * l + 1)
    return ratio_residual(1 / (sp.factorial(2 * l) * ways), (2 * l + 1) / (sp.factorial(2 * l + 1) * ways))


def sixfold_sign() -> Iterator[sp.Expr]:
    """With $m_1'=-r$, $m_2'=-p$, $m_3'=-q$: the exponent $3j-p-q-r$ of the three entries minus
    $3j+m_1'+m_2'+m_3'$; the exponent of the three column exchanges minus $J+2j$, minus the even $4j$."""
    j, p, q, r, big_j = sp.symbols("j p q r J")
    yield sp.expand((j - p) + (j - q) + (j - r) - (3 * j + (-r) + (-p) + (-q)))
    yield sp.expand((6 * j + big_j) - (big_j + 2 * j) - 4 * j)


STEPS = (
    Step(
        "A null element of the algebra",
        r"J(a)=\xi^2J_+-2\xi\eta\,J_z-\eta^2J_-,\qquad N(a)=a\,\tilde a^{\mathsf T},\quad"
        r" \tilde a=(-\eta,\xi),\qquad e^{sN(a)}=1+sN(a)",
        null_element,
        because=r"""
        A spinor $a=(\xi,\eta)$ labels $J(a)$, whose matrix in spin ½ is $N(a)$. It is nilpotent, so its exponential is
        linear in $s$: the powers $J(a)^l$ of any representation can be read off group elements that are trivial in
        spin ½. $J(a)^l$ is a polynomial of degree $2l$ in $a$ and goes over into $J(ga)^l$ under a rotation $g$: its
        coefficients are the components of one irreducible tensor of rank $l$.""",
    ),
    Step(
        "Trace of three group elements in spin ½",
        r"""
        \begin{gathered}
        g=\prod_{i=1}^3\bigl(1+s_iN(a_i)\bigr),\qquad\det g=1,\\
        \mathrm{tr}\,g=2+\tau,\qquad\tau=-s_1s_2[12]^2-s_2s_3[23]^2-s_3s_1[31]^2+s_1s_2s_3[12][23][31]
        \end{gathered}
        """,
        fundamental_trace,
    ),
    Step(
        "The same trace in every spin",
        r"""
        \sum_{2j\ge0}x^{2j}\,\mathrm{tr}_j\,g=\frac1{1-x\,\mathrm{tr}\,g+x^2}=\frac1{(1-x)^2-x\tau}
        =\sum_{k\ge0}\frac{x^k\tau^k}{(1-x)^{2k+2}}""",
        characters,
        because=r"""
        In spin $j$ the eigenvalues of $g$ are $\lambda^{2p}$ with $p=-j,\dots,j$, so
        $\mathrm{tr}_j\,g=(\lambda^n-\lambda^{-n})/(\lambda-\lambda^{-1})$ with $n=2j+1$.""",
    ),
    Step(
        "Reading off the three powers",
        r"""
        \begin{gathered}
        \mathrm{tr}\,J(a_1)^{l_1}J(a_2)^{l_2}J(a_3)^{l_3}=l_1!\,l_2!\,l_3!\;W\;[12]^C[23]^A[31]^B,\\
        W=\sum_f(-1)^{a+b+c-f}\frac{k!}{(2f+\epsilon)!\,(a-f)!\,(b-f)!\,(c-f)!}\binom{n+k}{2k+1},\qquad
        k=a+b+c+\epsilon-f
        \end{gathered}
        """,
        trace_terms,
        because=r"""
        Here $(A,B,C)=(2a+\epsilon,2b+\epsilon,2c+\epsilon)$ with $\epsilon=0$ for even and 1 for odd $J$. The trace
        of $\prod_ie^{s_iJ(a_i)}$ has the coefficient $\mathrm{tr}\prod_iJ(a_i)^{l_i}/l_i!$ at $\prod_is_i^{l_i}$.
        Take the cubic term of $\tau$ $2f+\epsilon$ times and the quadratic ones, which bring the sign, $a-f$, $b-f$
        and $c-f$ times: no other multiplicities give these three powers, and the fraction is their multinomial
        coefficient. The coefficient of $x^{n-1}$ in $x^k(1-x)^{-2k-2}$ is $\binom{n+k}{2k+1}$, since both start
        with 1 at $n=k+1$ and obey the same two-term relation. As
        $\binom{n+k}{2k+1}=\frac n{(2k+1)!}\prod_{i=1}^k(n^2-i^2)$, $W$ is an odd polynomial in $n$.""",
    ),
    Step(
        "The matrices T are the components of J(a)^l",
        r"""
        J(a)^l=(-1)^l\,l!\,\nu_l\sum_mT_{lm}\,\frac{\xi^{l+m}\eta^{l-m}}{\sqrt{(l+m)!\,(l-m)!}},\qquad
        \nu_l^2=(2l)!\binom{n+l}{2l+1}""",
        kernels,
        because=r"""
        Spin $j$ acts on polynomials with the basis $\phi_p(w)=w_1^{j+p}w_2^{j-p}/\sqrt{(j+p)!(j-p)!}$, and a group
        element has the kernel $\sum_{pq}\phi_p(z)\,g_{pq}\,\phi_q(w)=(z\cdot gw)^{2j}/(2j)!$. With $g=1+sN(a)$,
        $z\cdot gw=z\cdot w+s\,(z\cdot a)(\tilde a\cdot w)$, and $l!$ times the coefficient of $s^l$ is the kernel of
        $J(a)^l$: $\sum_{pq}\phi_p(z)\,(J(a)^l)_{pq}\,\phi_q(w)
        =(z\cdot a)^l(\tilde a\cdot w)^l(z\cdot w)^{2j-l}/(2j-l)!$. The invariant polynomial of $3j(j\,l\,j;-p\,m\,q)$
        with the spinors $(z_2,-z_1)$, $a$, $w$ is the same product, times $(-1)^{2j-l}$, over
        $\sqrt{(2j+l+1)!\,l!^2\,(2j-l)!}$; its first spinor gives $\phi_{-p}(z_2,-z_1)=(-1)^{j+p}\phi_p(z)$, and
        $(-1)^{j+p}=(-1)^{2j}(-1)^{j-p}$. The comparison returns
        $(T_{lm})_{pq}=(-1)^{j-p}\sqrt{2l+1}\;3j(j\,l\,j;-p\,m\,q)$ with the factor stated, sign included.""",
    ),
    Step(
        "Orthonormality",
        r"\mathrm{tr}\,T_{lm}T_{l'm'}=(-1)^m\,\delta_{ll'}\,\delta_{m',-m}",
        orthonormality,
        because=r"""
        Without the third element only equal powers of $s_1$ and $s_2$ occur:
        $\mathrm{tr}\,J(a)^lJ(b)^{l'}=\delta_{ll'}\,l!^2\binom{n+l}{2l+1}(-(\tilde a\cdot b)^2)^l$. The sign is
        $(-1)^l$ times $(-1)^{l-m}$ from the second term of the bracket.""",
    ),
    Step(
        "Adjoints",
        r"T_{lm}^\dagger=(-1)^mT_{l,-m},\qquad \mathrm{tr}\,T_{lm}^\dagger T_{l'm'}=\delta_{ll'}\,\delta_{mm'}",
        adjoints,
        because=r"""
        The transpose of $J_\pm$ is $J_\mp$, so for real spinors $J(a)^\dagger=-J(\tilde a)$ in every spin, as in
        spin ½. The monomial of order $m$ at $\tilde a$ is $(-1)^{l+m}$ times the one of order $-m$ at $a$; with the
        $(-1)^l$ of the $l$-th power, $(-1)^m$ remains.""",
    ),
    Step(
        "Trace of three matrices",
        r"""
        \mathrm{tr}\,T_1T_2T_3=(-1)^J\,W\,\frac{\sqrt{(J+1)!\,A!\,B!\,C!}}{\nu_{l_1}\nu_{l_2}\nu_{l_3}}
        \begin{pmatrix}l_1&l_2&l_3\\m_1&m_2&m_3\end{pmatrix}
        =(-1)^J\sqrt P\,\frac{W\sqrt{(J+1)!\,A!\,B!\,C!}}{\prod_i\sqrt{(2l_i+1)!\binom{n+l_i}{2l_i+1}}}
        \begin{pmatrix}l_1&l_2&l_3\\m_1&m_2&m_3\end{pmatrix}""",
        normalization,
        because=r"""
        Divide the trace of the three powers by the three constants, and write the invariant polynomial in 3j
        symbols. No assumption about 6j symbols has entered.""",
    ),
    Step(
        "The fraction is a 6j symbol",
        r"""
        \begin{gathered}
        \frac{\mathrm{tr}\,T_1T_2T_3}{\sqrt P}=(-1)^{J+2j}\sum_{m_1'm_2'm_3'}(-1)^{3\,j+m_1'+m_2'+m_3'}
        \begin{pmatrix}l_1&j&j\\m_1&m_2'&-m_3'\end{pmatrix}\begin{pmatrix}j&l_2&j\\-m_1'&m_2&m_3'\end{pmatrix}
        \begin{pmatrix}j&j&l_3\\m_1'&-m_2'&m_3\end{pmatrix},\\
        (-1)^{2j}\begin{Bmatrix}l_1&l_2&l_3\\j&j&j\end{Bmatrix}
        =\frac{W\sqrt{(J+1)!\,A!\,B!\,C!}}{\prod_i\sqrt{(2l_i+1)!\binom{n+l_i}{2l_i+1}}}
        \end{gathered}
        """,
        sixfold_sign,
        because=r"""
        Write out the entries of the three matrices. Each 3j symbol needs one exchange of columns, $(-1)^{l_i+2j}$.
        Contracted with $3j(l_1l_2l_3;m)$, which has unit norm, the sum is the definition of the 6j symbol
        (DLMF 34.4.1; uncontracted, 34.5.23). Hence $\mathrm{tr}\,T_1T_2T_3=(-1)^{J+2j}\sqrt P\;6j\;3j$.""",
    ),
)
