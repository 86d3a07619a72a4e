"""Cross products of vector spherical harmonics, and why one bracket replaces the nine shifts."""

import textwrap
from collections.abc import Iterator
from itertools import product as tuples

import sympy as sp

from coupling.conventions import parity_sign
from derivations import antisymmetric_gaunt, certificate, gaunt, vector_fields, vector_shifts, wigner_3j
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import Degrees, orders, paths
from derivations.invariant_polynomial import wigner_3j as square_3j
from derivations.racah import square_9j
from derivations.readings.vector_harmonics import READING
from derivations.symbols import l
from derivations.vector_fields import beta, gamma
from derivations.vector_shifts import SHIFT, SHIFTS


def integrated() -> sp.Expr:
    r"""With $\lambda_1=l_1(l_1+1)$ and $\lambda_i=\alpha_i(\alpha_i+1)$, twice
    $\tfrac12\alpha_2(\lambda_1+\lambda_3-\lambda_2)-\tfrac12\alpha_3(\lambda_1+\lambda_2-\lambda_3)$
    minus twice the stated product."""
    first, second, third = (x * (x + 1) for x in (l, beta, gamma))
    value = beta * (first + third - second) - gamma * (first + second - third)
    return sp.expand(value - (beta - gamma) * (l - beta - gamma) * (l + beta + gamma + 1))


def zeros() -> Iterator[sp.Expr]:
    r"""The numbers of the step before at $\alpha_i=l_i$ or $-l_i-1$, minus the stated products."""
    l1, l2, l3 = sp.symbols("l1 l2 l3")
    j = l1 + l2 + l3
    low, high = (l1, l2, l3), (-l1 - 1, -l2 - 1, -l3 - 1)
    yield sp.expand(low[0] + low[1] + high[2] - (j - 2 * l3 - 1))
    yield sp.expand(low[0] + high[1] + high[2] + (j - 2 * l1 + 2))
    yield sp.expand(sum(high) + j + 3)
    for second, third, stated in (
        (low[1], low[2], (l2 - l3) * (l1 - l2 - l3) * (j + 1)),
        (low[1], high[2], (l2 + l3 + 1) * (j - 2 * l2 + 1) * (j - 2 * l3)),
        (high[1], high[2], (l3 - l2) * (j + 2) * (l1 - l2 - l3 - 1)),
    ):
        both = second + third
        yield sp.expand((second - third) * (l1 - both) * (l1 + both + 1) - stated)


def nine_j_sign() -> Iterator[sp.Expr]:
    r"""$(-1)^{\sum(L_i-1)}(-1)^{\sum l_i}+(-1)^{\sum l_i}$ for even $\sum L_i$ and both parities of $J$."""
    for big, small in ((0, 0), (0, 1)):
        yield sp.Integer(parity_sign(big - 3) * parity_sign(small) + parity_sign(small))


def by_product() -> Iterator[sp.Expr]:
    r"""$-\mathrm i\sqrt6(-1)^J\,q$, with $q$ the stated value without its common root, minus the
    number in front of that root in the integral: $\mathrm i\sum\alpha$ and $\mathrm i\alpha/\mathrm i^2$ on odd,
    $X/\mathrm i$ on even paths."""
    number = sp.Symbol("X")
    scale = -sp.I * sp.sqrt(6)
    yield sp.expand(scale * -1 * number / sp.sqrt(6) - sp.I * number)
    yield sp.expand(scale * -1 * -number / sp.sqrt(6) - sp.I * number / sp.I**2)
    yield sp.expand(scale * number / sp.sqrt(6) - number / sp.I)


STEPS = (
    *vector_fields.STEPS,
    Step(
        "Their integrals: one number times A or times G",
        r"""
        \begin{gathered}
        \int F_1^{\alpha_1}\cdot(F_2^{\alpha_2}\times F_3^{\alpha_3})\,d\Omega=(\alpha_1+\alpha_2+\alpha_3)\,A,\qquad
        \int(F_1^\circ\times F_2^\circ)\cdot F_3^{\alpha_3}\,d\Omega=\alpha_3\,A,\\
        \int F_1^\circ\cdot(F_2^{\alpha_2}\times F_3^{\alpha_3})\,d\Omega
        =\tfrac12(\alpha_2-\alpha_3)(l_1-\alpha_2-\alpha_3)(l_1+\alpha_2+\alpha_3+1)\,G
        \end{gathered}
        """,
        integrated,
        because=r"""
        $A=\int Y_1\{Y_2,Y_3\}\,d\Omega$ is unchanged by cyclic permutations, and
        $\int Y_3\,\nabla Y_1\cdot\nabla Y_2\,d\Omega=\tfrac12(\lambda_1+\lambda_2-\lambda_3)\,G$ with
        $\lambda_i=\alpha_i(\alpha_i+1)$ and $G=\int Y_1Y_2Y_3\,d\Omega$, both from the page of the antisymmetric Gaunt
        integral; the combination factorizes. Other places of the turned fields follow cyclically.""",
    ),
    Step(
        "Which of them vanish",
        r"""
        \alpha_1+\alpha_2+\alpha_3=\begin{cases}J&(---)\\J-2l_3-1&(--+)\\-(J-2l_1+2)&(-++)\\-(J+3)&(+++)\end{cases},
        \qquad(\alpha_2-\alpha_3)(l_1-\alpha_2-\alpha_3)(l_1+\alpha_2+\alpha_3+1)=\begin{cases}
        (l_2-l_3)(l_1-l_2-l_3)(J+1)&(\circ--)\\
        (l_2+l_3+1)(J-2l_2+1)(J-2l_3)&(\circ-+)\\
        (l_3-l_2)(J+2)(l_1-l_2-l_3-1)&(\circ++)\end{cases}""",
        zeros,
        because=r"""
        The signs are those of the shifts $L-l$. On odd paths all degrees are at least 1 and $A\ne0$: the only zero is
        $(--+)$ at $l_3=l_1+l_2-1$, with its permutations. On even paths $G\ne0$, and there are zeros for equal degrees
        and for $l_i=l_j+l_k$; three turned fields give zero always.""",
    ),
    Step(
        "The general formula: a 9j symbol",
        r"""
        \int Y^{L_3}_{l_3m_3}\cdot\bigl(Y^{L_1}_{l_1m_1}\times Y^{L_2}_{l_2m_2}\bigr)d\Omega
        =-\mathrm i\,(-1)^J\sqrt{\frac{6\,P\,\prod_i(2L_i+1)}{4\pi}}
        \begin{pmatrix}L_1&L_2&L_3\\0&0&0\end{pmatrix}\begin{Bmatrix}L_1&L_2&L_3\\1&1&1\\l_1&l_2&l_3\end{Bmatrix}
        \begin{pmatrix}l_1&l_2&l_3\\m_1&m_2&m_3\end{pmatrix}""",
        nine_j_sign,
        because=r"""
        Insert $Y^L_{lm}=\sum_{M\mu}(-1)^{L-1+m}\sqrt{2l+1}\;3j(L\,1\,l;M\,\mu\,{-m})\,Y_{LM}\,e_\mu$ three times,
        the Gaunt integral of the three $Y_{LM}$ and the triple product of the unit vectors. Five of the 3j symbols
        are contracted over $M_i$ and $\mu_i$, which is the 9j symbol with columns $(L_i,1,l_i)$ times
        $3j(l_1l_2l_3;-m_1,-m_2,-m_3)$ (its definition, DLMF 34.6.1, contracted with the unit invariant). As
        $\sum_iL_i$ is even and $\sum_im_i=0$, the phases leave $-(-1)^J$. With
        $\overline{Y^L_{lm}}=(-1)^{L+l+m+1}\,Y^L_{l,-m}$ the same formula gives the component of the cross product
        along a third vector harmonic.""",
    ),
    Step(
        "By-product: these 9j symbols in closed form",
        r"""
        \begin{pmatrix}L_1&L_2&L_3\\0&0&0\end{pmatrix}\begin{Bmatrix}L_1&L_2&L_3\\1&1&1\\l_1&l_2&l_3\end{Bmatrix}
        =\frac{X}{\sqrt{6\prod_i(2L_i+1)\,\nu_i}},\qquad
        X=\begin{cases}(\alpha_1+\alpha_2+\alpha_3)\,K&L_1\ne l_1,\,L_2\ne l_2,\,L_3\ne l_3\\
        -\alpha_3\,K&L_1=l_1,\,L_2=l_2,\,L_3\ne l_3\\
        \tfrac12(\alpha_2-\alpha_3)(l_1-\alpha_2-\alpha_3)(l_1+\alpha_2+\alpha_3+1)\;3j(l_1l_2l_3;000)
        &L_1=l_1,\,L_2\ne l_2,\,L_3\ne l_3\\0&L_1=l_1,\,L_2=l_2,\,L_3=l_3\end{cases}""",
        by_product,
        because=r"""
        The squared norms of the three fields are $\nu_i=l_i(2l_i+1)\quad\text{for }L_i=l_i-1$,
        $\nu_i=l_i(l_i+1)\quad\text{for }L_i=l_i$ and $\nu_i=(l_i+1)(2l_i+1)\quad\text{for }L_i=l_i+1$. Compare the
        two evaluations of one integral, with $G=\sqrt{P/4\pi}\;3j(000)\,3j(m_1m_2m_3)$ and
        $A=\mathrm i\sqrt{P/4\pi}\;K\,3j(m_1m_2m_3)$.""",
    ),
)


def verify(lmax: int) -> int:
    r"""For every path to the degree and all 27 shifts: the closed form against the 9j symbol as a sum
    over three 6j symbols; for all orders, to degree 3, the contraction of six 3j symbols term by term
    against it; and for every pair of input shifts, whether any output is reached against the rule."""
    count = 0
    for path in paths(lmax):
        count += sum(verify_nine_j(path, shifts) for shifts in SHIFTS)
        for first, second in tuples(SHIFT, repeat=2):
            reached = vector_shifts.reached(path, first, second)
            require(reached != vector_shifts.unreached(path, first, second), f"{path}, shifts {first}, {second}")
            count += 1
        if max(path) <= 3:
            count += sum(verify_contraction(path, shifts) for shifts in SHIFTS)
    return count


def verify_nine_j(path: Degrees, shifts: Degrees) -> int:
    """The closed form against 3j(L; 000) times the 9j symbol."""
    high = vector_shifts.shifted(path, shifts)
    if high is None:
        return 0
    (a, b, c), (d, e, f) = high, path
    symbol = square_9j(((2 * a, 2 * b, 2 * c), (2, 2, 2), (2 * d, 2 * e, 2 * f)))
    closed = vector_shifts.closed_square(path, shifts)
    require(square_3j(high, (0, 0, 0)) * symbol == closed, f"9j of {path} with shifts {shifts}")
    return 1


def verify_contraction(path: Degrees, shifts: Degrees) -> int:
    """All orders: six 3j symbols contracted, against the closed form times 3j(l; m)."""
    high = vector_shifts.shifted(path, shifts)
    if high is None or square_3j(high, (0, 0, 0)) == 0:
        return 0
    closed = -parity_sign(sum(path)) * vector_shifts.closed_square(path, shifts)
    count = 0
    for m in orders(path):
        contracted = square_3j(high, (0, 0, 0)) * vector_shifts.contraction_square(path, shifts, m)
        require(contracted == closed * square_3j(path, m), f"contraction of {path} {m} with shifts {shifts}")
        count += 1
    return count


def values(lmax: int) -> dict[str, object]:
    """The 9j symbols {L1 L2 L3; 1 1 1; l1 l2 l3} in closed form under "L1 L2 L3 l1 l2 l3", and how many
    even and odd paths each pair of input shifts does not reach."""
    symbols = {}
    missed = {certificate.key(*pair): [0, 0] for pair in tuples(SHIFT, repeat=2)}
    for path in paths(lmax):
        for first, second in tuples(SHIFT, repeat=2):
            missed[certificate.key(first, second)][sum(path) % 2] += not vector_shifts.reached(path, first, second)
        for shifts in SHIFTS:
            high = vector_shifts.shifted(path, shifts)
            if high is not None and square_3j(high, (0, 0, 0)):
                square = vector_shifts.closed_square(path, shifts) / square_3j(high, (0, 0, 0))
                symbols[certificate.key(*high, *path)] = certificate.signed(square)
    return {"wigner_9j": symbols, "paths_not_reached_even_odd": missed}


DERIVATION = Derivation(
    id="vector_harmonics",
    title="Cross products of vector spherical harmonics",
    introduction=r"""
    The pointwise cross product of two vector fields on the sphere couples vector harmonics $Y^L_{lm}$ with a 9j
    symbol. Each harmonic $Y_{lm}$ has three of them, $L=l-1,l,l+1$, so two inputs can be paired in nine ways. Written
    as gradients, radial fields and turned gradients, all of them reduce to two integrals: the Gaunt integral and
    the bracket.""",
    statement=r"""
    \int Y^{L_3}_{l_3m_3}\cdot\bigl(Y^{L_1}_{l_1m_1}\times Y^{L_2}_{l_2m_2}\bigr)d\Omega
    =x\begin{cases}\int Y_1\{Y_2,Y_3\}\,d\Omega&J\text{ odd}\\
    \int Y_1Y_2Y_3\,d\Omega&J\text{ even}\end{cases}
    """,
    hypotheses=(
        r"$Y^L_{lm}=\sum_{M\mu}C^{lm}_{LM,1\mu}\,Y_{LM}\,e_\mu$ with $|L-l|\le1$, $L\ge0$, and only $L=1$ for $l=0$;"
        r" scalar and cross products are bilinear",
        r"$\nabla$: gradient on the unit sphere; $r$: its outward normal; $\{f,g\}=r\cdot(\nabla f\times\nabla g)$",
        r"$J=l_1+l_2+l_3$, $P=\prod_i(2l_i+1)$; $x$: a number that depends on the degrees and $L_i$ only;"
        r" $K=0$ on even paths",
        "the 9j symbol is defined as the contraction of six 3j symbols, DLMF 34.6.1",
    ),
    conclusion=r"""
    ## Nine pairs of shifts, or one bracket

    Pair the input shifts $(s_1,s_2)$ with whichever output shift serves best. From the step on zeros:

    - **Odd paths:** each of the nine pairs reaches every odd path, and each does it with the same integral, $A$ times a
      number. Nothing is gained by a second pair. The pair $(0,0)$ is the bracket itself,
      $(r\times\nabla f)\times(r\times\nabla g)=r\,\{f,g\}$. It is also $\nabla f\times\nabla g$, a sum of the
      pairs $(\pm,\pm)$.
    - **Even paths:** none of the nine pairs reaches all of them. What is reached is the Gaunt integral times a
      number, and the number vanishes on the following even paths ($l_i=0$ also means that a field of shift 0 or −1
      does not exist).

    | pair $(s_1,s_2)$ | does not reach the even paths with |
    | --- | --- |
"""
    + textwrap.indent(vector_shifts.unreached_table(), " " * 4)
    + r"""

    So a Clebsch-Gordan product made of cross products alone needs several pairs, and still misses the path $(0,0,0)$,
    where both fields are radial. The Gaunt product and one bracket have no such exceptions: $3j(l_1l_2l_3;000)$ never
    vanishes on an even path and $K$ never on an odd one.""",
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=6,
    certificate_lmax=3,
    reading=READING,
    uses=(wigner_3j.DERIVATION, gaunt.DERIVATION, antisymmetric_gaunt.DERIVATION),
    sources=(
        "D. A. Varshalovich, A. N. Moskalev, V. K. Khersonskii, Quantum Theory of Angular Momentum (1988), section 7.3:"
        " vector spherical harmonics",
        "Y. Xie, A. Daigavane, M. Kotak, T. Smidt, arXiv 2602.21466: vector spherical tensor products",
        "NIST Digital Library of Mathematical Functions, 34.6.1",
    ),
)
