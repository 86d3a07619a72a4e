"""Nine products of vector harmonics and the one that replaces them: the factor of each, and what they add up to."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import sympy as sp

from derivations import certificate, gaunt, invariant_polynomial, single_vector_product, vector_harmonics
from derivations.antisymmetric_gaunt import predicted as bracket_square
from derivations.framework import Derivation, Step, require
from derivations.gradient_dot import half_sum
from derivations.invariant_polynomial import Degrees
from derivations.readings.nine_to_one import READING
from derivations.single_vector_product import CYCLIC, SINGLE, triple_product
from derivations.symbols import l1, l2, l3

SHIFTS = (-1, 0, 1)
PAIRS = tuple((first, second) for first in SHIFTS for second in SHIFTS)
Numbers = tuple[Any, Any, Any]


def field(l: Any, shift: int) -> Numbers:
    """E, B, L of the field whose components have the degree l + shift: ∇Y + l r Y, r × ∇Y, ∇Y − (l+1) r Y."""
    return (0, 1, 0) if shift == 0 else (1, 0, l if shift < 0 else -l - 1)


def first(l: Any) -> dict[int, Any]:
    """V1 = r × ∇f + r f in the three fields."""
    return {-1: 1 / (2 * l + 1), 0: sp.Integer(1), 1: -1 / (2 * l + 1)}


def second(l: Any) -> dict[int, Any]:
    """V2 = ∇g + r g in the three fields."""
    return {-1: (l + 2) / (2 * l + 1), 0: sp.Integer(0), 1: (l - 1) / (2 * l + 1)}


def third(l: Any) -> dict[int, Any]:
    """V3 = ∇h + r × ∇h − r h in the three fields."""
    return {-1: l / (2 * l + 1), 0: sp.Integer(1), 1: (l + 1) / (2 * l + 1)}


def expanded() -> Iterator[sp.Expr]:
    """E, B and L of each of the three fields of the single product minus those of its expansion."""
    for degree, numbers, weights in zip((l1, l2, l3), SINGLE, (first(l1), second(l2), third(l3)), strict=True):
        for place, number in enumerate(numbers):
            total = sum(weight * field(degree, shift)[place] for shift, weight in weights.items())
            yield sp.simplify(total - number)


def integrals(fields: tuple[Numbers, ...], degrees: tuple[Any, Any, Any]) -> tuple[Any, Any]:
    """What stands in front of A and of G in the integral of a triple product, for any three fields."""
    bracket = even = sp.Integer(0)
    for i, j, k in CYCLIC:
        (e2, b2, _), (e3, b3, _), radial = fields[j], fields[k], fields[i][2]
        bracket += radial * (e2 * e3 + b2 * b3)
        even += radial * (e2 * b3 - b2 * e3) * half_sum(degrees[i], degrees[j], degrees[k])
    return bracket, even


def stated(shifts: tuple[int, int], degrees: tuple[Any, Any, Any]) -> tuple[Any, Any]:
    """The factors of A and of G of a pair of shifts, as on the page."""
    one, two, three = (l * (l + 1) for l in degrees)
    alpha, beta = (field(l, shift)[2] for l, shift in zip(degrees, shifts, strict=False))
    if shifts == (0, 0):
        return -1, 0
    if shifts[0] == 0:
        return beta, (beta * (one + three - two) + one + two - three) / 2
    if shifts[1] == 0:
        return alpha, -(alpha * (two + three - one) + one + two - three) / 2
    return alpha + beta - 1, (alpha * (two + three - one) - beta * (one + three - two)) / 2


def nine() -> Iterator[sp.Expr]:
    """The factors of A and G of each of the nine pairs, from the triple product of any three fields, minus the stated
    ones."""
    degrees = l1, l2, l3
    for shifts in PAIRS:
        found = integrals((field(l1, shifts[0]), field(l2, shifts[1]), SINGLE[2]), degrees)
        for value, expected in zip(found, stated(shifts, degrees), strict=True):
            yield sp.expand(value - expected)


def added() -> Iterator[sp.Expr]:
    r"""The nine factors with the weights of both fields, summed, minus 2 and $\tfrac12\sum\lambda$."""
    degrees = l1, l2, l3
    bracket = even = sp.Integer(0)
    for shifts in PAIRS:
        weight = first(l1)[shifts[0]] * second(l2)[shifts[1]]
        odd_factor, even_factor = stated(shifts, degrees)
        bracket, even = bracket + weight * odd_factor, even + weight * even_factor
    yield sp.simplify(bracket - 2)
    yield sp.simplify(even - sum(l * (l + 1) for l in degrees) / 2)


def factors(degrees: Degrees, shifts: tuple[int, int]) -> tuple[Fraction, Fraction]:
    odd_factor, even_factor = stated(shifts, (Fraction(degrees[0]), Fraction(degrees[1]), Fraction(degrees[2])))
    return Fraction(odd_factor), Fraction(even_factor)


def verify(lmax: int) -> int:
    r"""For every triple of degrees, every pair of shifts and all orders with $m_1+m_2+m_3=0$: the determinant of the
    three fields, integrated exactly from Rodrigues' formula, against the factor times the Gaunt or the antisymmetric
    integral."""
    count = 0
    for degrees in invariant_polynomial.triples(lmax):
        for shifts in PAIRS:
            odd_factor, even_factor = factors(degrees, shifts)
            fields = (field(degrees[0], shifts[0]), field(degrees[1], shifts[1]), SINGLE[2])
            for orders in invariant_polynomial.orders(degrees):
                even = even_factor * abs(even_factor) * gaunt.predicted(degrees, orders)
                odd = odd_factor * abs(odd_factor) * bracket_square(degrees, orders)
                found = triple_product(degrees, orders, fields)
                require(found == (even, odd), f"shifts {shifts} at {degrees}{orders}")
                count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """The factor of the integral that a path has, for each pair of shifts: degrees, shifts."""
    return {
        "nine_factors": {
            certificate.key(*degrees, *shifts): str(factors(degrees, shifts)[sum(degrees) % 2 == 0])
            for degrees in invariant_polynomial.paths(lmax)
            for shifts in PAIRS
        }
    }


STEPS = (
    Step(
        "The three fields in shifts",
        r"""
        \begin{gathered}
        V_1=\sum_{s_1}v_{s_1}F_1^{s_1},\qquad v_{-1}=\frac1{2l_1+1},\qquad v_0=1,\qquad v_1=-\frac1{2l_1+1},\\
        V_2=\sum_{s_2}w_{s_2}F_2^{s_2},\qquad w_{-1}=\frac{l_2+2}{2l_2+1},\qquad w_0=0,\qquad
        w_1=\frac{l_2-1}{2l_2+1},\\
        V_3=\sum_{s_3}u_{s_3}F_3^{s_3},\qquad u_{-1}=\frac{l_3}{2l_3+1},\qquad u_0=1,\qquad u_1=\frac{l_3+1}{2l_3+1}
        \end{gathered}
        """,
        expanded,
        because=r"""
        $r\,Y=(F^{-1}-F^1)/(2l+1)$ and $\nabla Y=[(l+1)F^{-1}+l\,F^1]/(2l+1)$, from the two fields without a turned
        part.
        """,
    ),
    Step(
        "The nine factors",
        r"""
        \begin{gathered}
        \int V_3\cdot(F_1^{\pm}\times F_2^{\pm})\,d\Omega=(\alpha_1+\alpha_2-1)\,A
        +\tfrac12\bigl[\alpha_1(\lambda_2+\lambda_3-\lambda_1)-\alpha_2(\lambda_3+\lambda_1-\lambda_2)\bigr]\,G,\\
        \int V_3\cdot(F_1^0\times F_2^{\pm})\,d\Omega=\alpha_2\,A
        +\tfrac12\bigl[\alpha_2(\lambda_3+\lambda_1-\lambda_2)+\lambda_1+\lambda_2-\lambda_3\bigr]\,G,\\
        \int V_3\cdot(F_1^{\pm}\times F_2^0)\,d\Omega=\alpha_1\,A
        -\tfrac12\bigl[\alpha_1(\lambda_2+\lambda_3-\lambda_1)+\lambda_1+\lambda_2-\lambda_3\bigr]\,G,\\
        \int V_3\cdot(F_1^0\times F_2^0)\,d\Omega=-A
        \end{gathered}
        """,
        nine,
        because=r"""
        The signs $\pm$ of the two fields are chosen independently, with $\alpha_i=l_i$ for $-$ and $\alpha_i=-l_i-1$
        for $+$: four, two, two and one product. $A=\int Y_1\{Y_2,Y_3\}\,d\Omega$ and $G=\int Y_1Y_2Y_3\,d\Omega$. Each
        line is the triple product of any three fields (page of the single vector product) with the integral of two
        gradients.
        """,
    ),
    Step(
        "Nine become one",
        r"""
        \sum_{s_1s_2}v_{s_1}w_{s_2}\int V_3\cdot(F_1^{s_1}\times F_2^{s_2})\,d\Omega
        =\int V_3\cdot(V_1\times V_2)\,d\Omega=2A+\tfrac12(\lambda_1+\lambda_2+\lambda_3)\,G
        """,
        added,
        because=r"""
        Cross products are bilinear. Six of the nine products enter, $w_0=0$; the factors add up to one number for all
        odd paths and to a positive one for all even paths but $(0,0,0)$.
        """,
    ),
)

DERIVATION = Derivation(
    id="nine_to_one",
    title="Nine vector products become one",
    introduction=r"""
    Vector harmonics of degree $l$ have components of this degree and of both neighbours, so two inputs can be
    multiplied in nine ways. None of the nine reaches every path. A fixed combination of them does, and it is a single
    product.
    """,
    statement=r"""
    \int V_3\cdot(V_1\times V_2)\,d\Omega=\sum_{s_1s_2}v_{s_1}w_{s_2}\,\phi_{s_1s_2}
    =2A+\tfrac12(\lambda_1+\lambda_2+\lambda_3)\,G
    """,
    hypotheses=(
        r"$V_1$, $V_2$, $V_3$: the fields of the single vector product of $Y_1$, $Y_2$, $Y_3$; $\lambda_i=l_i(l_i+1)$.",
        r"$F^{-1}=\nabla Y+l\,r\,Y$, $F^0=r\times\nabla Y$, $F^1=\nabla Y-(l+1)\,r\,Y$: multiples of the vector "
        "harmonics of shift $-1$, $0$, $1$.",
        r"$\phi_{s_1s_2}$: the integral of $V_3\cdot(F_1^{s_1}\times F_2^{s_2})$, one of the nine of the second step.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=3,
    certificate_lmax=2,
    reading=READING,
    uses=(single_vector_product.DERIVATION, vector_harmonics.DERIVATION),
    sources=(
        "V. Heyraud, Z. Weller-Davies, J. Tilly, arXiv 2603.08630: up to nine times fewer products",
        "Y. Xie, A. Daigavane, M. Kotak, T. Smidt, arXiv 2602.21466: the products of vector spherical harmonics",
    ),
)
