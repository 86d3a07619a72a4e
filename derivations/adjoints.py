"""Adjoints: the vector-Jacobian product of every product here is again such a product."""

from collections.abc import Iterator
from itertools import product as tuples

import sympy as sp

from derivations import (
    antisymmetric_gaunt,
    certificate,
    clebsch_gordan_paths,
    gaunt,
    matrix_product,
    poisson_bracket,
    real_basis,
    real_harmonics,
    wigner_3j,
)
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import Degrees, Orders, paths
from derivations.matrix_trace import trace_square
from derivations.readings.adjoints import READING
from derivations.symbols import phi, theta
from derivations.trilinear import cyclic_weights, projections, trilinear

PERMUTATIONS = ((0, 1, 2), (1, 2, 0), (2, 0, 1), (1, 0, 2), (0, 2, 1), (2, 1, 0))


def parts() -> Iterator[sp.Expr]:
    r"""With $J(f,g)=\partial_\theta f\,\partial_\phi g-\partial_\phi f\,\partial_\theta g$ and arbitrary $f,g,h$:
    $h\,J(f,g)-f\,J(g,h)-\partial_\theta(hf\,\partial_\phi g)+\partial_\phi(hf\,\partial_\theta g)$, and
    $h\,J(f,g)-g\,J(h,f)+\partial_\theta(hg\,\partial_\phi f)-\partial_\phi(hg\,\partial_\theta f)$."""
    f, g, h = poisson_bracket.functions("f", "g", "h")
    jacobian = poisson_bracket.jacobian
    for first, second, sign in ((f, g, 1), (g, f, -1)):
        flow = sp.diff(h * first * sp.diff(second, phi), theta) - sp.diff(h * first * sp.diff(second, theta), phi)
        moved = f * jacobian(g, h) if sign == 1 else g * jacobian(h, f)
        yield sp.expand(h * jacobian(f, g) - moved - sign * flow)


def trace(expression: sp.Expr) -> sp.Expr:
    """Trace of a sum of words in non-commuting symbols: each word in its first rotation."""
    total = sp.Integer(0)
    for summand in sp.Add.make_args(sp.expand(expression)):
        commuting, word = summand.args_cnc()
        letters = [base for factor in word for base in [factor.as_base_exp()[0]] * int(factor.as_base_exp()[1])]
        names = [str(letter) for letter in letters]
        rotations = [tuple(names[i:] + names[:i]) for i in range(len(names))]
        total += sp.Mul(*commuting) * sp.Symbol("tr(" + " ".join(min(rotations)) + ")")
    return total


def matrices() -> Iterator[sp.Expr]:
    """The four differences that the statement asserts to vanish, as words in non-commuting letters up to
    rotation."""
    X, Y, Z = sp.symbols("X Y Z", commutative=False)
    for sign in (1, -1):
        yield trace(Z * (X * Y + sign * Y * X)) - trace(X * (Y * Z + sign * Z * Y))
        yield trace(Z * (X * Y + sign * Y * X)) - trace(Y * (Z * X + sign * X * Z))


def hermitian_gradient() -> Iterator[sp.Expr]:
    r"""For $2\times2$ matrices with symbolic real and imaginary parts: the derivatives of
    $\mathrm{Re\,tr}\,\bar Z^\dagger XY$ by the real and the imaginary part of each entry of $X$, minus the parts
    of $\bar ZY^\dagger$; and the same for $Y$ and $X^\dagger\bar Z$."""
    real = {name: sp.Matrix(2, 2, sp.symbols(f"{name}r0:4", real=True)) for name in "XYZ"}
    imaginary = {name: sp.Matrix(2, 2, sp.symbols(f"{name}i0:4", real=True)) for name in "XYZ"}
    x, y, z = (real[name] + sp.I * imaginary[name] for name in "XYZ")
    pairing = sp.re(sp.expand((z.H * x * y).trace()))
    for name, stated in (("X", z * y.H), ("Y", x.H * z)):
        for parts, take in ((real[name], sp.re), (imaginary[name], sp.im)):
            for variable, entry in zip(parts, stated, strict=True):
                yield sp.expand(sp.diff(pairing, variable) - take(sp.expand(entry)))


STEPS = (
    Step(
        "One trilinear form, three products",
        r"""
        \langle\bar z,B(x,y)\rangle=t(x,y,\bar z):\qquad\bar x=t(\cdot,y,\bar z)=B_1(y,\bar z),\qquad
        \bar y=t(x,\cdot,\bar z)=B_2(\bar z,x)""",
        trilinear,
        because=r"""
        $\bar z$ is the cotangent of the output: the derivative of the loss by $z=B(x,y)$. A bilinear product and the
        two products of its backward pass are the three ways of leaving one slot of $t$ open. The backward pass of
        $B_1$ with cotangent $u$ is $t(u,\cdot,\bar z)$ and $t(u,y,\cdot)$: the slots of the same form again, and so
        on. **Derivatives of any order use these three products and no other.** What remains is to name them.
        (Components enter one by one; two per slot show the rule.)""",
    ),
    Step(
        "Gaunt product and bracket",
        r"""
        \begin{gathered}
        \int\bar z\,fg\,d\Omega=\int f\,(\bar z g)\,d\Omega,\qquad
        \int\bar z\,\{f,g\}\,d\Omega=\int f\,\{g,\bar z\}\,d\Omega=\int g\,\{\bar z,f\}\,d\Omega,\\
        \bar f_G=\bar zg,\quad\bar g_G=\bar zf,\qquad\bar f_A=\{g,\bar z\},\quad\bar g_A=\{\bar z,f\}
        \end{gathered}
        """,
        parts,
        because=r"""
        The differences are divergences. Over $\phi$ they integrate to zero by periodicity; over $\theta$, because
        $\partial_\phi g$ of a smooth function vanishes at the poles. No harmonic expansion is involved: the rule
        holds for all smooth functions.""",
    ),
    Step(
        "Cut-offs",
        r"""
        \langle\bar z,P_3B(P_1x,P_2y)\rangle=t(P_1x,P_2y,P_3\bar z):\qquad\bar x=P_1B_1(P_2y,P_3\bar z)""",
        projections,
        because=r"""
        $P_i$ keeps a set of degrees in slot $i$, for instance those up to $L_i$; it is diagonal in $(l,m)$, hence its
        own adjoint. The cut-off of the output becomes a cut-off of the cotangent *before* the product, that of the
        input a cut-off *after* it, and nothing else is lost. On a grid each of the
        three integrands is a polynomial of degree at most $L_1+L_2+L_3$ (one less for the bracket): a quadrature that
        is exact forward is exact backward.""",
    ),
    Step(
        "Clebsch-Gordan product",
        r"""
        \begin{gathered}
        z=B_w(x,y),\quad z_{l_3}=\sum_{l_1l_2}w(l_1,l_2,l_3)\,C(l_1,l_2,l_3)\,x_{l_1}y_{l_2}:\qquad
        \bar x=B_{w'}(y,\bar z),\quad w'(l_2,l_3,l_1)=w(l_1,l_2,l_3);\\
        \bar y=B_{w''}(\bar z,x),\quad w''(l_3,l_1,l_2)=w(l_1,l_2,l_3)
        \end{gathered}
        """,
        cyclic_weights,
        because=r"""
        $t=\sum w\,C\,x\,y\,\bar z$, and $C^{l_2l_3l_1}_{m_2m_3m_1}=C^{l_1l_2l_3}_{m_1m_2m_3}$ (page of the real
        basis): it may be read cyclically from any slot, and the weights move along. Writing $B(\bar z,y)$ instead of
        $B(y,\bar z)$ costs the sign $(-1)^J$ on each path. Gaunt and bracket are the cases $w=N$ on even and on odd
        paths: there $w$ is symmetric, $w'=w$.""",
    ),
    Step(
        "Matrix product",
        r"""
        \mathrm{Re\,tr}\,\bar Z^\dagger(\delta X\,Y+X\,\delta Y)=\mathrm{Re\,tr}\,(\bar ZY^\dagger)^\dagger\delta X
        +\mathrm{Re\,tr}\,(X^\dagger\bar Z)^\dagger\delta Y:\qquad\bar X=\bar ZY^\dagger,\quad\bar Y=X^\dagger\bar Z""",
        hermitian_gradient,
        because=r"""
        $\langle A,B\rangle=\mathrm{Re\,tr}\,A^\dagger B$ is the real scalar product of the entries, and a trace may
        be rotated, for matrices of any size: $\mathrm{tr}\,\bar Z^\dagger\delta X\,Y=\mathrm{tr}\,Y\bar
        Z^\dagger\delta X$. The check writes it out in entries.""",
    ),
    Step(
        "Its even and odd parts",
        r"""
        \mathrm{tr}\,\bar Z\{X,Y\}=\mathrm{tr}\,X\{Y,\bar Z\}=\mathrm{tr}\,Y\{\bar Z,X\},\qquad
        \mathrm{tr}\,\bar Z[X,Y]=\mathrm{tr}\,X[Y,\bar Z]=\mathrm{tr}\,Y[\bar Z,X]""",
        matrices,
        because=r"""
        For real features all three matrices are Hermitian. With $z_{\rm even}=\tfrac12\mathrm{tr}\,T\{X,Y\}$ and
        $z_{\rm odd}=\tfrac1{2\mathrm i}\mathrm{tr}\,T[X,Y]$ the backward pass of the Hermitian part is the Hermitian
        part of $Y\bar Z_{\rm even}$, that of the anti-Hermitian part the anti-Hermitian part of $Y\bar Z_{\rm odd}$.
        The letters do not commute and words are compared up to rotation, so this holds for every size of the
        matrices.""",
    ),
)


def verify(lmax: int) -> int:
    r"""For every path and all real orders up to the degree, in all six orders of the slots: the integral of
    three real harmonics, the integral with the bracket of two, each done anew from the definition, and $C$,
    against the symmetry that the backward pass relies on; and the trace of three matrices with
    $2j=l_{\max}$, multiplied out, in its three rotations."""
    count = 0
    for path in paths(lmax):
        for m1, m2, m3 in tuples(*(range(-l, l + 1) for l in path)):
            count += verify_integrals(path, (m1, m2, m3))
            if m1 + m2 + m3 == 0:
                count += verify_trace(path, (m1, m2, m3), lmax + 1)
    return count


def permuted(triple: Degrees, permutation: tuple[int, ...]) -> Degrees:
    first, second, third = (triple[i] for i in permutation)
    return first, second, third


def verify_integrals(path: Degrees, orders: Orders) -> int:
    """Gaunt symmetric, bracket antisymmetric, C with the sign (−1)^J, in all orders of the slots."""
    functions = (real_harmonics.real_gaunt, real_harmonics.real_antisymmetric_gaunt, real_harmonics.real_wigner_3j)
    values = [function(path, orders) for function in functions]
    for position, permutation in enumerate(PERMUTATIONS):
        swap = -1 if position > 2 else 1
        signs = (1, swap, 1 if sum(path) % 2 == 0 else swap)
        for function, value, sign in zip(functions, values, signs, strict=True):
            image = function(permuted(path, permutation), permuted(orders, permutation))
            require(image == sign * value, f"{function.__name__} of {path} {orders} in the order {permutation}")
    return len(PERMUTATIONS) * len(functions)


def verify_trace(path: Degrees, orders: Orders, size: int) -> int:
    """tr T1T2T3 = tr T2T3T1 = tr T3T1T2."""
    turns = PERMUTATIONS[:3]
    traces = [trace_square(permuted(path, turn), permuted(orders, turn), size) for turn in turns]
    for trace, other, turn in zip(traces, traces[1:] + traces[:1], turns, strict=True):
        require(trace == other, f"trace of {path} {orders} in the order {turn}")
    return len(turns)


def values(lmax: int) -> dict[str, object]:
    """Nonzero entries of C in all cyclic orders of the slots, under "l1 l2 l3 m1 m2 m3"."""
    entries = {
        certificate.key(*path, *m): certificate.signed(square)
        for path in paths(lmax)
        for m in tuples(*(range(-l, l + 1) for l in path))
        if (square := real_harmonics.real_wigner_3j(path, (m[0], m[1], m[2])))
    }
    return {"real_wigner_3j": entries}


DERIVATION = Derivation(
    id="adjoints",
    title="Adjoints: the backward pass is a product of the same kind",
    introduction=r"""
    To differentiate through a product one needs the adjoint of $x\mapsto B(x,y)$ and of $y\mapsto B(x,y)$, the two
    vector-Jacobian products. For all products here they are products of the same kind with the arguments moved round,
    because each comes from a trilinear form that is symmetric, antisymmetric or cyclic.""",
    statement=r"""
    \begin{gathered}
    \bar f_G=\bar z\,g,\quad\bar g_G=\bar z\,f;\qquad\bar f_A=\{g,\bar z\},\quad\bar g_A=\{\bar z,f\};\\
    \bar X=\bar ZY^\dagger,\quad\bar Y=X^\dagger\bar Z;\qquad
    \bar x=B_{w'}(y,\bar u),\quad\bar y=B_{w''}(\bar u,x)
    \end{gathered}
    """,
    hypotheses=(
        r"$\bar z$, $\bar Z$ and $\bar u$ are the derivatives of a real loss by the outputs; pairings are"
        r" $\int fg\,d\Omega$, $\sum x_{lm}y_{lm}$ and"
        r" $\mathrm{Re\,tr}\,A^\dagger B$, which agree for real features and orthonormal harmonics or matrices",
        r"the products are $fg$ (index $G$), $\{f,g\}$ (index $A$), $XY$ and $B_w(x,y)$",
        r"$f$, $g$, $\bar z$: smooth real functions on the sphere; $P_i$: projections on sets of degrees",
        r"$C$: the real core; $w$: any real weights of the paths",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=3,
    certificate_lmax=2,
    reading=READING,
    uses=(
        wigner_3j.DERIVATION,
        gaunt.DERIVATION,
        antisymmetric_gaunt.DERIVATION,
        real_basis.DERIVATION,
        clebsch_gordan_paths.DERIVATION,
        matrix_product.DERIVATION,
    ),
    sources=("A. Griewank, A. Walther, Evaluating Derivatives (2008), chapter 3: adjoints of bilinear operations",),
)
