"""Degree limit 1 with any path weights: closed forms with few terms, and how few are possible."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import sympy as sp

from derivations import certificate, real_basis, whole_tensor
from derivations.degree_one_terms import (
    CORNERS,
    KAPPA,
    TAU,
    TRIAD,
    bound,
    expanded,
    flattening,
    normal_form,
    seven_of,
    six_of,
    slice_of,
)
from derivations.degree_one_weights import ORDERS, entry_square, scaled_back, weights
from derivations.framework import Derivation, Step, require
from derivations.readings.degree_one import READING
from derivations.real_harmonics import real_wigner_3j

#: Components of a slot: the scalar, then x, y, z.
SLOTS = [sp.symbols(f"s{i} x{i} y{i} z{i}") for i in range(1, 4)]


def core() -> Iterator[Fraction]:
    r"""sign·square of the real core minus that of the stated tensor, for all components of all paths with degrees to
    1."""
    for places in product(range(4), repeat=3):
        degrees, orders = [min(place, 1) for place in places], [ORDERS.get(place, 0) for place in places]
        scalars = degrees.count(0)
        stated = {0: Fraction(sp.LeviCivita(*places), 6), 1: Fraction(1, 3), 2: Fraction(0), 3: Fraction(1)}[scalars]
        if scalars == 1 and len({place for place in places if place}) == 2:
            stated = Fraction(0)
        yield real_wigner_3j((degrees[0], degrees[1], degrees[2]), (orders[0], orders[1], orders[2])) - stated


def scaling() -> Iterator[sp.Expr]:
    r"""The five weights times the stated scales and the norms of the core, minus $1/\rho$, 1, 1, 1 and 1."""
    w000, w011, w101, w110, w111 = sp.symbols("w000 w011 w101 w110 w111", nonzero=True)
    rho = 2 * w011 * w101 * w110 / (sp.sqrt(3) * w000 * w111**2)
    vector = sp.sqrt(6) / w111
    scalars = sp.sqrt(3) / (w011 * vector), sp.sqrt(3) / (w101 * vector), sp.sqrt(3) / w110
    yield sp.simplify(sp.prod(scalars) * w000 - 1 / rho)
    yield sp.simplify(scalars[0] * vector * w011 / sp.sqrt(3) - 1)
    yield sp.simplify(scalars[1] * vector * w101 / sp.sqrt(3) - 1)
    yield sp.simplify(scalars[2] * w110 / sp.sqrt(3) - 1)
    yield sp.simplify(vector * w111 / sp.sqrt(6) - 1)


def seven_real() -> sp.Expr:
    """The left side minus the right side, expanded in the twelve components."""
    terms = [sp.prod([s + t.dot(sp.Matrix(v)) for s, *v in SLOTS]) for t in CORNERS]
    (_, x1, y1, z1), (_, x2, y2, z2), (_, x3, y3, z3) = SLOTS
    rest = x1 * z2 * y3 + z1 * y2 * x3 + y1 * x2 * z3
    return sp.expand(normal_form(1, SLOTS) - sp.Rational(1, 4) * sum(terms) + 2 * rest)


def triad() -> Iterator[sp.Expr]:
    r"""$f_i\cdot f_j-1+2\delta_{ij}$ and $\det(f_1,f_2,f_3)-2$."""
    for i, j in product(range(3), repeat=2):
        yield sp.expand(TRIAD[i].dot(TRIAD[j]) - 1 + 2 * (i == j))
    yield sp.expand(sp.Matrix.hstack(*TRIAD).det() - 2)


def six_complex() -> sp.Expr:
    """The left side minus the right side, expanded in the twelve components."""
    total = sp.Integer(0)
    for order in product(range(3), repeat=3):
        if sign := sp.LeviCivita(*order):
            factors = [s + sign * TRIAD[f].dot(sp.Matrix(v)) for (s, *v), f in zip(SLOTS, order, strict=True)]
            total += sp.prod(factors)
    return sp.expand(normal_form(3, SLOTS) - total / 2)


def one_term() -> Iterator[sp.Expr]:
    r"""The flattening of one term $u\otimes v\otimes w$ minus that of $u$ times $vw^{\mathsf T}$, and the determinant
    of the former factor, which is antisymmetric and so of rank 2 at most."""
    u, v, w = sp.symbols("u:3"), sp.Matrix(sp.symbols("v:4")), sp.Matrix(sp.symbols("w:4"))
    skew = flattening([sp.Matrix([[value]]) for value in u])
    yield from flattening([value * v * w.T for value in u]) - sp.kronecker_product(skew, v * w.T)
    yield sp.expand(skew.det())


def determinants() -> Iterator[sp.Expr]:
    r"""The determinant of $F$ minus the stated one at $\lambda=(0,0,t)$, with $\tau=t^2$; and minus that at
    $\tau=0$ for the isotropic $\lambda=(1,\mathrm i,0)$."""
    t = sp.Symbol("t")
    stated = -4 * (TAU + 1) * ((KAPPA - 1) ** 2 * TAU + 4)
    for vector, square in (((0, 0, t), t**2), ((1, sp.I, 0), 0)):
        found = flattening([slice_of(i + 1) + vector[i] * slice_of(0) for i in range(3)]).det(method="berkowitz")
        yield sp.expand(found - stated.subs(TAU, square))


def simple_zeros() -> Iterator[sp.Expr]:
    r"""The second factor at $\tau=-1$ minus the stated product; and $2t$ times the first factor's neighbour: the
    derivative in $t$ of the product at a zero of either factor, over $2t$ and the other factor, minus one."""
    second = (KAPPA - 1) ** 2 * TAU + 4
    yield sp.expand(second.subs(TAU, -1) - (3 - KAPPA) * (1 + KAPPA))
    t = sp.Symbol("t")
    whole = ((TAU + 1) * second).subs(TAU, t**2)
    yield sp.simplify(sp.diff(whole, t).subs(t, sp.I) / (2 * sp.I * second.subs(TAU, -1)) - 1)
    other = 2 * sp.I / (KAPPA - 1)
    factor = sp.diff(second.subs(TAU, t**2), t).subs(t, other) * (other**2 + 1)
    yield sp.simplify(sp.diff(whole, t).subs(t, other) / factor - 1)


def verify(lmax: int) -> int:
    r"""The closed forms multiplied out entry by entry, in integers and in square roots, and scaled back to path
    weights: every entry of $\sum w\,C$ for all weights among as many numbers as the degree says, and the complex form
    at $\rho=\tfrac13$."""
    rest, count = expanded(seven_of()), 0
    for given in weights(lmax):
        for places in product(range(4), repeat=3):
            require(scaled_back(rest, given, places) == entry_square(given, places), f"{given} at {places}")
            count += 1
    six = expanded(six_of())
    for places in product(range(4), repeat=3):
        more = 2 if places == (0, 0, 0) else 0
        require(six[places] == rest[places] + more, f"six terms at {places}")
        count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """The entries of the closed forms under their components, and the bound for whole numbers 1/ρ."""
    numbers = expanded(seven_of())
    entries = {certificate.key(*places): int(value) for places, value in numbers.items() if value}
    return {"entries": entries, "bound": {str(kappa): int(bound(sp.Integer(kappa))) for kappa in range(2, lmax + 3)}}


STEPS = (
    Step(
        "The core at degrees to 1",
        r"C_{000}=1,\qquad C_{0\mu\nu}=C_{\mu0\nu}=C_{\mu\nu0}=\tfrac1{\sqrt3}\,\delta_{\mu\nu},"
        r"\qquad C_{\lambda\mu\nu}=\tfrac1{\sqrt6}\,\varepsilon_{\lambda\mu\nu}",
        core,
        because=r"""
        Components 0 for the scalar and 1, 2, 3 for x, y, z, the real harmonics of orders 1, −1, 0: the only invariants
        of three vectors or fewer.""",
    ),
    Step(
        "One invariant",
        r"""
        \begin{gathered}
        b=\frac{\sqrt6}{w_{111}},\qquad a_1=\frac{\sqrt3}{b\,w_{011}},\qquad a_2=\frac{\sqrt3}{b\,w_{101}},\qquad
        a_3=\frac{\sqrt3}{w_{110}},\\
        a_1a_2a_3w_{000}=\frac1\rho,\qquad\rho=\frac2{\sqrt3}\,\frac{w_{011}w_{101}w_{110}}{w_{000}w_{111}^2}
        \end{gathered}
        """,
        scaling,
        because=r"""
        Scaling a degree in one slot changes no rank. Scale the scalars by $a_1,a_2,a_3$ and the vector of the third
        slot by $b$: the coefficients of the other four paths become 1, and $\kappa=1/\rho$ is left in front of
        $s_1s_2s_3$. Weights 1 have $\rho=2/\sqrt3$, those of the quaternions $\rho=-1$.""",
    ),
    Step(
        "Seven real terms at ρ = 1, eight at every other",
        r"""
        s_1s_2s_3+s_1\,v_2\cdot v_3+s_2\,v_3\cdot v_1+s_3\,v_1\cdot v_2+\det(v_1,v_2,v_3)
        =\frac14\sum_t\prod_i(s_i+t\cdot v_i)-2(x_1z_2y_3+z_1y_2x_3+y_1x_2z_3)""",
        seven_real,
        because=r"""
        $t=(1,1,1),(1,-1,-1),(-1,1,-1),(-1,-1,1)$ are the corners of a tetrahedron:
        $\sum_tt_i=0$, $\sum_tt_it_j=4\,\delta_{ij}$ and $\sum_tt_1t_2t_3=4$. The four cubes give the symmetric part and
        $xyz$ in all six orders; three more terms turn three of the signs. With $(\kappa-1)\,s_1s_2s_3$ there
        are eight terms for every $\rho$.""",
    ),
    Step(
        "Three vectors",
        r"f_i\cdot f_j=1-2\,\delta_{ij},\qquad\det(f_1,f_2,f_3)=2",
        triad,
        because=r"""
        $f_1=(1,2\mathrm i,0)/\sqrt3$, $f_2=(1,-\mathrm i,-\sqrt3\,\mathrm i)/\sqrt3$ and
        $f_3=(1,-\mathrm i,\sqrt3\,\mathrm i)/\sqrt3$, complex vectors with the
        product $f\cdot g=\sum f_kg_k$. No real ones have it: $f_i\cdot f_i=-1$.""",
    ),
    Step(
        "Six complex terms at ρ = 1/3, seven at every other",
        r"""
        3\,s_1s_2s_3+s_1\,v_2\cdot v_3+s_2\,v_3\cdot v_1+s_3\,v_1\cdot v_2+\det(v_1,v_2,v_3)
        =\frac12\sum_{ijk}\varepsilon_{ijk}^2\,(s_1+\varepsilon_{ijk}\,f_i\cdot v_1)
        (s_2+\varepsilon_{ijk}\,f_j\cdot v_2)(s_3+\varepsilon_{ijk}\,f_k\cdot v_3)""",
        six_complex,
        because=r"""
        One term for each order of the three vectors. The parts with one or with three vectors carry the sign
        of the order: a single vector cancels, three make the determinant. With $(\kappa-3)\,s_1s_2s_3$ there are seven
        terms for every $\rho$.""",
    ),
    Step(
        "A term has a flattening of rank 2",
        r"F=S\otimes A",
        one_term,
        because=r"""
        Restrict the first slot to three dimensions, with matrices $A_1,A_2,A_3$ of the other two slots, and let
        $F=\begin{pmatrix}0&A_1&A_2\\-A_1&0&A_3\\-A_2&-A_3&0\end{pmatrix}$. It is linear in the tensor. For one term
        $u\otimes v\otimes w$, $A_i=u_iA$ with $A=vw^{\mathsf T}$, and
        $S=\begin{pmatrix}0&u_1&u_2\\-u_1&0&u_3\\-u_2&-u_3&0\end{pmatrix}$ is $F$ with $u_i$ in the place of $A_i$:
        antisymmetric and $3\times3$, so of rank 2 at most. A tensor of rank $R$, or a limit of such tensors, has
        $\mathrm{rank}\,F\le2R$.""",
    ),
    Step(
        "The determinant of the flattening",
        r"\det F=-4\,(\tau+1)\,\bigl((\kappa-1)^2\,\tau+4\bigr),\qquad\tau=\lambda\cdot\lambda",
        determinants,
        because=r"""
        Substitution: in a sum of $R$ terms one has a scalar part in the first slot, so it vanishes for
        $s_1=\lambda\cdot v_1$ with some vector $\lambda$. The restricted tensor, $A_i=M_i+\lambda_iM_0$ with $M_0$ the
        matrix of $s_1$ and $M_i$ those of $v_1$, has rank $R-1$ at most. Complex rotations of all three slots turn
        $\lambda$ into $(0,0,t)$, or into $(1,\mathrm i,0)$ if $\tau=0$.""",
    ),
    Step(
        "The least rank of the flattening",
        r"4-(\kappa-1)^2=(3-\kappa)(1+\kappa),"
        r"\qquad B=\begin{cases}6&\kappa=3\\7&\kappa\ne3\end{cases}",
        simple_zeros,
        because=r"""
        $B=1+\lceil\tfrac12\min_\lambda\mathrm{rank}\,F\rceil$. Where a determinant has a simple zero, the rank falls by
        one. As a function of $t$ the determinant has simple zeros, unless its two factors vanish together, for
        $\kappa=3$ and $\kappa=-1$. Otherwise $\min_\lambda\mathrm{rank}\,F=11$, and the rank of the tensor is at least
        $1+6$. Real $\lambda$ have $\tau\ge0$, and $-\det F\ge16$: the real rank is at least 7 for every $\rho$. Without
        substitution, $\mathrm{rank}\,F=12$ shows border rank 6 at least.""",
    ),
)

DERIVATION = Derivation(
    id="degree_one",
    title="How few products couple degrees 0 and 1",
    introduction=r"""
    The five paths of a scalar and a vector, with any weights but zero. Up to scales there is one number $\rho$, and the
    complex rank is known for every one.""",
    statement=r"""
    \begin{gathered}
    \det F=-4\,(\tau+1)\,\bigl((\kappa-1)^2\,\tau+4\bigr),\qquad B=\begin{cases}6&\kappa=3\\7&\kappa\ne3\end{cases},\\
    \kappa\,s_1s_2s_3+s_1\,v_2\cdot v_3+s_2\,v_3\cdot v_1+s_3\,v_1\cdot v_2+\det(v_1,v_2,v_3)
    =(\kappa-1)\,s_1s_2s_3+\frac14\sum_t\prod_i(s_i+t\cdot v_i)-2(x_1z_2y_3+z_1y_2x_3+y_1x_2z_3)\\
    =(\kappa-3)\,s_1s_2s_3+\frac12\sum_{ijk}\varepsilon_{ijk}^2\,(s_1+\varepsilon_{ijk}\,f_i\cdot v_1)
    (s_2+\varepsilon_{ijk}\,f_j\cdot v_2)(s_3+\varepsilon_{ijk}\,f_k\cdot v_3)
    \end{gathered}
    """,
    hypotheses=(
        r"$v_i=(x_i,y_i,z_i)$ and $s_i$: the vector and the scalar of slot $i$; $w$ the weights of the five paths, none"
        r" of them zero; $\kappa=1/\rho\ne-1$",
        r"$F$: the flattening of the tensor with $s_1=\lambda\cdot v_1$;"
        r" $B=1+\lceil\tfrac12\min_\lambda\mathrm{rank}\,F\rceil$",
        r"$t$ runs over four corners of a cube and $f_1,f_2,f_3$ are three complex vectors, both below",
    ),
    conclusion=r"""
    **Complex numbers: rank 6 at $\rho=\tfrac13$ and 7 for every other $\rho$.** At $\rho=-1$, which the bound does not
    reach, the tensor is that of complex $2\times2$ matrices, whose rank is 7 (S. Winograd, 1971). **Real numbers: rank
    7 at $\rho=1$; at every other $\rho$ 7 or 8**, and 8 at $\rho=-1$, the quaternions (T. D. Howell, J.-C. Lafon,
    1975).""",
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=2,
    certificate_lmax=4,
    reading=READING,
    uses=(real_basis.DERIVATION, whole_tensor.DERIVATION),
    sources=(
        "J. M. Landsberg, Geometry and Complexity Theory (2017), chapters 2 and 5: flattenings and substitution",
        "S. Winograd, On multiplication of 2 × 2 matrices, Linear Algebra Appl. 4 (1971) 381",
        "T. D. Howell, J.-C. Lafon, The complexity of the quaternion product, Cornell TR 75-245 (1975)",
    ),
)
