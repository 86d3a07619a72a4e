"""One pointwise cross product of vector fields that reaches every Clebsch-Gordan path but one."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations
from typing import Any

import sympy as sp

from derivations import (
    antisymmetric_gaunt,
    certificate,
    clebsch_gordan_paths,
    gaunt,
    gradient_dot,
    invariant_polynomial,
    legendre,
    vector_harmonics,
)
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import Degrees, Orders
from derivations.legendre import Polynomial
from derivations.readings.single_vector_product import READING
from derivations.symbols import l1, l2, l3
from derivations.vector_fields import curl, det, dot, frame, turn

#: E, B, L of the three fields: numbers of ∇f, r × ∇f and r f.
SINGLE = ((0, 1, 1), (1, 0, 1), (1, 1, -1))
CYCLIC = ((0, 1, 2), (1, 2, 0), (2, 0, 1))
#: A polynomial with real and imaginary part.
Complex = tuple[Polynomial, Polynomial]


def field(gradient: sp.Matrix, value: sp.Expr, numbers: tuple) -> sp.Matrix:
    """E ∇f + B r × ∇f + L r f in the frame (e_θ, e_φ, r)."""
    return numbers[0] * gradient + numbers[1] * turn(gradient) + sp.Matrix([[0, 0, numbers[2] * value]])


def expanded(numbers: tuple, gradients: list, values: list) -> sp.Expr:
    """The stated sum of brackets and scalar products."""
    result = sp.Integer(0)
    for i, j, k in CYCLIC:
        (e2, b2, _), (e3, b3, _) = numbers[j], numbers[k]
        brackets = (e2 * e3 + b2 * b3) * curl(gradients[j], gradients[k])
        result += numbers[i][2] * values[i] * (brackets + (e2 * b3 - b2 * e3) * dot(gradients[j], gradients[k]))
    return result


def general() -> sp.Expr:
    r"""The determinant of the three fields with symbols $E_i,B_i,L_i$ in the frame $(e_\theta,e_\phi,r)$, minus the
    stated sum."""
    numbers = tuple(sp.symbols(f"E{i} B{i} L{i}") for i in (1, 2, 3))
    gradients, values = [frame(name, sp.Integer(0)) for name in "fgh"], list(sp.symbols("f g h"))
    fields = [field(*each) for each in zip(gradients, values, numbers, strict=True)]
    return sp.expand(det(*fields) - expanded(numbers, gradients, values))


def pointwise() -> sp.Expr:
    r"""The determinant of $V_1,V_2,V_3$ in the frame $(e_\theta,e_\phi,r)$, minus the stated five terms."""
    gradients, (f, g, h) = [frame(name, sp.Integer(0)) for name in "fgh"], sp.symbols("f g h")
    fields = [field(*each) for each in zip(gradients, (f, g, h), SINGLE, strict=True)]
    one, two, three = gradients
    brackets = f * curl(two, three) + g * curl(three, one)
    return sp.expand(det(*fields) - brackets - f * dot(two, three) - g * dot(three, one) - h * dot(one, two))


def integrated() -> Iterator[sp.Expr]:
    r"""The three factors $\frac12[\lambda_j+\lambda_k-\lambda_i]$ of $\int Y_i\,\nabla Y_j\cdot\nabla Y_k$ minus
    $\frac12(\lambda_1+\lambda_2+\lambda_3)$; and the same sum for any $E_i,B_i,L_i$ at the three fields, and the
    number of brackets, minus $\frac12\sum\lambda$ and 2."""
    degrees = l1, l2, l3
    half = sum(n * (n + 1) for n in degrees) / 2
    factors = [gradient_dot.half_sum(*(degrees[n] for n in turned)) for turned in CYCLIC]
    yield sp.expand(sum(factors) - half)
    even = odd = sp.Integer(0)
    for (i, j, k), factor in zip(CYCLIC, factors, strict=True):
        (e2, b2, _), (e3, b3, _), radial = SINGLE[j], SINGLE[k], SINGLE[i][2]
        even, odd = even + radial * (e2 * b3 - b2 * e3) * factor, odd + radial * (e2 * e3 + b2 * b3)
    yield sp.expand(even - half)
    yield odd - 2


def positive() -> Iterator[sp.Expr]:
    r"""$\frac12\sum l_i(l_i+1)$ at $l=(0,0,0)$; and minus $\frac12\sum l_i^2$ and $\frac12\sum l_i$, which are not
    negative and vanish together only there."""
    degrees = l1, l2, l3
    half = sum(n * (n + 1) for n in degrees) / 2
    yield half.subs(dict.fromkeys(degrees, 0))
    yield sp.expand(half - sum(n**2 for n in degrees) / 2 - sum(degrees) / 2)


STEPS = (
    Step(
        "The triple product of any three fields",
        r"""
        V_n=E_n\nabla f_n+B_n\,r\times\nabla f_n+L_n\,r f_n,\qquad V_3\cdot(V_1\times V_2)
        =\sum_{(ijk)}L_if_i\bigl[(E_jE_k+B_jB_k)\{f_j,f_k\}+(E_jB_k-B_jE_k)\,\nabla f_j\cdot\nabla f_k\bigr]
        """,
        general,
        because=r"""
        $(ijk)$ runs over the cyclic permutations of $(1,2,3)$. A triple product is a determinant, and the same for
        cyclic permutations of the three fields. With $\int Y_i\{Y_j,Y_k\}$ the same for all of them and
        $\int Y_i\,\nabla Y_j\cdot\nabla Y_k\,d\Omega=\frac12[\lambda_j+\lambda_k-\lambda_i]\int Y_1Y_2Y_3\,d\Omega$,
        this gives the factor of every path for all fields that a product is made of.
        """,
    ),
    Step(
        "The three fields of the statement",
        r"""
        V_3\cdot(V_1\times V_2)
        =f\{g,h\}+g\{h,f\}+f\,\nabla g\cdot\nabla h+g\,\nabla h\cdot\nabla f+h\,\nabla f\cdot\nabla g
        """,
        pointwise,
        because=r"""
        $(E,B,L)=(0,1,1)$, $(1,0,1)$ and $(1,1,-1)$. The term $h\{f,g\}$ drops out, because $V_1$ has no gradient and
        $V_2$ no turned one; the three scalar products come with the same sign.
        """,
    ),
    Step(
        "Integrals of harmonics",
        r"""
        \int V_3\cdot(V_1\times V_2)\,d\Omega=\tfrac12(\lambda_1+\lambda_2+\lambda_3)\int Y_1Y_2Y_3\,d\Omega
        +2\int Y_1\{Y_2,Y_3\}\,d\Omega
        """,
        integrated,
        because=r"""
        The integral of a harmonic with the bracket of two others is unchanged by cyclic permutations, so the two
        brackets are one number, twice; the scalar products are the page before, in its three places.
        """,
    ),
    Step(
        "No path is lost but one",
        r"\lambda_i\ge0,\qquad\sum_i\lambda_i=0\iff l_1=l_2=l_3=0",
        positive,
        because=r"""
        On an even path the weight is $\frac12\sum\lambda\,N$, on an odd path $2N$, with the positive numbers $N$ of the
        page on Clebsch-Gordan paths: in the real basis both are positive, and symmetric in the three slots.
        """,
    ),
)


def product(left: Complex, right: Complex) -> Complex:
    """The product of two complex polynomials."""
    (a, b), (c, d) = left, right
    multiply, combine = legendre.multiply, legendre.combine
    return combine(multiply(a, c), multiply(b, d), 1, -1), combine(multiply(a, d), multiply(b, c), 1, 1)


def components(l: int, m: int, numbers: tuple[int, int, int]) -> list[Complex]:
    """The components θ, φ over s^(|m|−1) and r over s^|m| of a field, from Rodrigues' formula.

    ∂θ of s^|m| p is −s^(|m|−1) q with the slope q, ∂φ / s is im s^(|m|−1) p.
    """
    p, q = legendre.legendre(l, m), legendre.slope(l, m)
    gradient, turned, radial = numbers

    def scaled(polynomial: Polynomial, factor: int) -> Polynomial:
        return tuple(factor * number for number in polynomial)

    theta = scaled(q, -gradient), scaled(p, -m * turned)
    phi = scaled(q, -turned), scaled(p, m * gradient)
    return [theta, phi, (scaled(p, radial), (0,))]


def triple_product(
    degrees: Degrees, orders: Orders, fields: tuple[tuple[int, int, int], ...] | None = None
) -> tuple[Fraction, Fraction]:
    """π · sign·square of the real and the imaginary part of ∫ V3·(V1 × V2), the determinant as it stands."""
    real, imaginary = (legendre.integral(part) for part in integrand(degrees, orders, fields))
    return legendre.scaled(real, degrees, orders), legendre.scaled(imaginary, degrees, orders)


def integrand(degrees: Degrees, orders: Orders, fields: tuple[tuple[int, int, int], ...] | None = None) -> Complex:
    """V3·(V1 × V2) as polynomials in x, without the norms, for orders whose sum is zero."""
    rows = [components(l, m, numbers) for l, m, numbers in zip(degrees, orders, fields or SINGLE, strict=True)]
    total: Complex = (0,), (0,)
    for places in permutations(range(3)):
        sign = 1 if places in CYCLIC else -1
        term = product(product(rows[0][places[0]], rows[1][places[1]]), rows[2][places[2]])
        total = legendre.combine(total[0], term[0], 1, sign), legendre.combine(total[1], term[1], 1, sign)
    power = sum(map(abs, orders)) // 2 - 1
    if power < 0:  # all orders zero: slopes carry 1 − x² each
        total, power = (legendre.divide_by_sine_squared(total[0]), legendre.divide_by_sine_squared(total[1])), 0
    real, imaginary = (legendre.multiply(part, legendre.sine_power(power)) for part in total)
    return real, imaginary


def verify(lmax: int) -> int:
    r"""For all triples of degrees, off the triangle too, and all orders with $m_1+m_2+m_3=0$: the determinant of the
    three fields, integrated exactly from Rodrigues' formula, against $\frac12\sum\lambda$ times the Gaunt integral
    and $2\mathrm i$ times the antisymmetric one."""
    count = 0
    for degrees in invariant_polynomial.triples(lmax):
        doubled = sum(l * (l + 1) for l in degrees)
        for orders in invariant_polynomial.orders(degrees):
            real, imaginary = triple_product(degrees, orders)
            even = Fraction(doubled**2, 4) * gaunt.predicted(degrees, orders)
            odd = 4 * antisymmetric_gaunt.predicted(degrees, orders)
            require((real, imaginary) == (even, odd), f"∫V3·(V1×V2) at {degrees}{orders}")
            count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """Integrals on paths with l1 ≤ l2 ≤ l3, of the determinant."""
    return {
        "single_vector_product": {
            certificate.key(*degrees, *orders): certificate.signed(
                sum(triple_product(degrees, orders)), 1, sum(degrees) % 2
            )
            for degrees in invariant_polynomial.paths(lmax)
            if degrees[0] <= degrees[1] <= degrees[2]
            for orders in invariant_polynomial.orders(degrees)
        }
    }


DERIVATION = Derivation(
    id="single_vector_product",
    title="One vector product for every path",
    introduction=r"""
    One pointwise cross product of two vector fields, read along a third, is a sum of a Gaunt integral and of a bracket:
    it reaches even and odd paths at once.
    """,
    statement=r"""
    \begin{gathered}
    V_1=r\times\nabla f+r\,f,\qquad V_2=\nabla g+r\,g,\qquad V_3=\nabla h+r\times\nabla h-r\,h,\\
    \int V_3\cdot(V_1\times V_2)\,d\Omega
    =\tfrac12(\lambda_1+\lambda_2+\lambda_3)\int f\,g\,h\,d\Omega+2\int f\,\{g,h\}\,d\Omega
    \end{gathered}
    """,
    hypotheses=(
        r"$f$, $g$, $h$ are harmonics of degrees $l_1$, $l_2$, $l_3$; $\lambda_i=l_i(l_i+1)$",
        r"$\nabla$: gradient on the unit sphere; $r$: its outward normal; $\{f,g\}=r\cdot(\nabla f\times\nabla g)$",
    ),
    conclusion=r"""
    So the Clebsch-Gordan product with path weights $\frac12\sum\lambda\,N$ (even) and $2N$ (odd) is one vector product.
    The path $(0,0,0)$ is one multiplication beside it. `coupling.products.VectorSignal.single` computes it.""",
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=6,
    certificate_lmax=3,
    reading=READING,
    uses=(
        gaunt.DERIVATION,
        antisymmetric_gaunt.DERIVATION,
        gradient_dot.DERIVATION,
        vector_harmonics.DERIVATION,
        clebsch_gordan_paths.DERIVATION,
    ),
    sources=(
        "V. Heyraud, Z. Weller-Davies, J. Tilly, arXiv 2603.08630: integral formulas for vector signal tensor products",
        "Y. Xie, A. Daigavane, M. Kotak, T. Smidt, arXiv 2602.21466: vector spherical tensor products",
    ),
)
