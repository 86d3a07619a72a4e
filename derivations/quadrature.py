"""The degree of exactness that each product on the sphere needs of a grid, and what fails one degree below."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import sympy as sp

from derivations import antisymmetric_gaunt, certificate, gaunt, invariant_polynomial, legendre, single_vector_product
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import Degrees, Orders
from derivations.legendre import Polynomial
from derivations.readings.quadrature import READING

#: Products, and the degree of their integrand less the sum of the three degrees.
PRODUCTS = {"Y_1Y_2Y_3": 0, r"Y_1\{Y_2,Y_3\}": -1, r"V_3\cdot(V_1\times V_2)": 0}
z = sp.Symbol("z")


def latitudes(degree: int) -> int:
    """The smallest number of Gauss-Legendre points that is exact to a degree."""
    return degree // 2 + 1


@cache
def legendre_polynomial(n: int) -> Polynomial:
    """P_n, times 2^n n!"""
    return legendre.legendre(n, 0)


def quadrature(polynomial: Polynomial, n: int) -> Fraction:
    """The Gauss-Legendre sum with n points, exactly: the integral of the remainder modulo P_n, which vanishes there."""
    rest, divisor = [Fraction(q) for q in polynomial], legendre_polynomial(n)
    while len(rest) > n:
        factor = rest.pop() / divisor[n]
        for place in range(n):
            rest[place + len(rest) - n] -= factor * divisor[place]
    return sum((2 * q / (power + 1) for power, q in enumerate(rest) if power % 2 == 0), Fraction(0))


def integrands(name: str, degrees: Degrees, orders: Orders) -> tuple[Polynomial, ...]:
    """The real and imaginary parts of a product's integrand, for orders whose sum is zero."""
    if name == "Y_1Y_2Y_3":
        return (legendre.gaunt_integrand(degrees, orders),)
    if name == r"Y_1\{Y_2,Y_3\}":
        return (legendre.bracket_integrand(degrees, orders),) if any(orders) else ((0,),)
    return single_vector_product.integrand(degrees, orders)


def errors(name: str, degrees: Degrees, orders: Orders, n: int) -> list[Fraction]:
    """What a grid of n latitudes makes of each part, minus its integral."""
    parts = integrands(name, degrees, orders)
    return [quadrature(part, n) - legendre.integral(part) for part in parts]


def cases(lmax: int) -> Iterator[tuple[Degrees, Orders]]:
    for degrees in invariant_polynomial.triples(lmax):
        yield from ((degrees, orders) for orders in invariant_polynomial.orders(degrees))


def needed(name: str, lmax: int) -> int:
    """The degree of exactness that degrees to lmax in all three slots need."""
    return 3 * lmax + PRODUCTS[name]


def first_failure(name: str, lmax: int) -> tuple[Degrees, Orders]:
    """The first path, by sorted degrees, that a grid with one latitude less gets wrong."""
    n = latitudes(needed(name, lmax)) - 1
    return next(case for case in cases(lmax) if sorted(case[0]) == list(case[0]) and any(errors(name, *case, n)))


def around() -> Iterator[sp.Expr]:
    r"""$(\zeta-1)\zeta^k-\zeta^{k+1}+\zeta^k$: the sum telescopes to $\zeta^n-1$ over $\zeta-1$."""
    zeta, k = sp.symbols("zeta k")
    yield sp.expand((zeta - 1) * zeta**k - zeta ** (k + 1) + zeta**k)


def first_degree(lmax: int) -> Iterator[sp.Expr]:
    r"""For $n$ latitudes to $l_{\max}+3$: the sum for $z^{2n}$ minus the integral, plus
    $\frac2{2n+1}\bigl(\frac{2^nn!^2}{(2n)!}\bigr)^2$; and the same difference at every smaller power."""
    for n in range(1, lmax + 4):
        for power in range(2 * n + 1):
            monomial = (0,) * power + (1,)
            difference = quadrature(monomial, n) - legendre.integral(monomial)
            root = Fraction(2**n * sp.factorial(n) ** 2, sp.factorial(2 * n))
            yield sp.Rational(difference + (Fraction(2, 2 * n + 1) * root**2 if power == 2 * n else 0))


def exact_products(lmax: int) -> Iterator[sp.Expr]:
    """For each product and degrees to each limit: what the smallest grid makes of every path, minus its integral; and,
    on a grid with one latitude less, one if no path is wrong."""
    for name, limit in product(PRODUCTS, range(1, lmax + 1)):
        n = latitudes(needed(name, limit))
        for degrees, orders in cases(limit):
            yield from map(sp.Rational, errors(name, degrees, orders, n))
        yield sp.Integer(not any(any(errors(name, *case, n - 1)) for case in cases(limit)))


def table(lmax: int) -> str:
    """The degrees that the products need, and a path that fails one degree below."""
    rows = [r"\text{integrand}&d&n_\theta&n_\phi&l_1l_2l_3&m_1m_2m_3\\\hline "]
    for name in PRODUCTS:
        degree = needed(name, lmax)
        degrees, orders = first_failure(name, lmax)
        where = "&".join("(" + ",".join(map(str, numbers)) + ")" for numbers in (degrees, orders))
        rows.append(rf"{name}&{degree}&{latitudes(degree)}&{degree + 1}&{where}\\")
    return r"\begin{array}{c|ccc|cc}" + "".join(rows).removesuffix(r"\\") + r"\end{array}"


def verify(lmax: int) -> int:
    """The grids that are exact integrate every path to the degree as the closed forms of the Gaunt and the
    antisymmetric Gaunt integral say."""
    count = 0
    for degrees, orders in cases(lmax):
        for name, form in (("Y_1Y_2Y_3", gaunt.predicted), (r"Y_1\{Y_2,Y_3\}", antisymmetric_gaunt.predicted)):
            n = latitudes(sum(degrees) + PRODUCTS[name]) if sum(degrees) else 1
            number = quadrature(integrands(name, degrees, orders)[0], n)
            require(legendre.scaled(number, degrees, orders) == form(degrees, orders), f"{name} at {degrees}{orders}")
            count += 1
    return count


def values(lmax: int) -> dict[str, Any]:
    """Largest degree, product: degree of exactness, path and orders that fail one degree below."""
    return {
        "exactness": {
            f"{limit} {number}": certificate.key(needed(name, limit), *sum(first_failure(name, limit), ()))
            for limit in range(1, lmax + 1)
            for number, name in enumerate(PRODUCTS)
        }
    }


STEPS = (
    Step(
        "Longitudes",
        r"|m|<n_\phi,\quad m\ne0\quad\Rightarrow\quad\sum_{k=0}^{n_\phi-1}\zeta^{km}=0",
        around,
        because=r"""
        $\zeta=e^{2\pi\mathrm i/n_\phi}$. Points in equal steps annihilate $e^{\mathrm im\phi}$ but for multiples of
        $n_\phi$. The order $m=n_\phi$ is taken for $m=0$: degree $n_\phi-1$ is the last that is exact.
        """,
    ),
    Step(
        "Latitudes",
        r"\sum_{i=1}^nw_i\,p(x_i)=\int_{-1}^1p(x)\,dx\qquad\text{for every polynomial of degree at most }2n-1",
        kind="cited",
        source="NIST Digital Library of Mathematical Functions, section 3.5(v), Gauss quadrature",
    ),
    Step(
        "The first degree that fails",
        r"""
        Q(z^{2n_\theta})-\int z^{2n_\theta}\,d\Omega
        =-\frac{4\pi}{2n_\theta+1}\left(\frac{2^{n_\theta}\,n_\theta!^2}{(2n_\theta)!}\right)^2,\qquad
        d\le2n_\theta-1\quad\Rightarrow\quad Q(z^d)=\int z^d\,d\Omega
        """,
        first_degree,
        kind="verified",
        because=r"""
        $Q$ is the sum over the grid. The points are the zeros of $P_n$, so that the sum for $p$ is the integral of the
        remainder of $p$ modulo $P_n$; the square of $P_n$ has the remainder zero and
        $\int_{-1}^1P_n(x)^2\,dx=\frac2{2n+1}$.
        """,
    ),
    Step(
        "Products",
        r"""
        Q_d(Y_1Y_2Y_3)=\int Y_1Y_2Y_3\,d\Omega,\qquad
        Q_{d-1}(Y_1\{Y_2,Y_3\})=\int Y_1\{Y_2,Y_3\}\,d\Omega,\qquad d=l_1+l_2+l_3
        """,
        exact_products,
        kind="verified",
        because=r"""
        $Q_d$: the smallest grid that is exact to degree $d$. A product of harmonics of degrees $l_i$ is a polynomial of
        degree $d$ in the coordinates, its bracket of degree $d-1$, as $\{x_i,x_j\}$ has degree one. The vector product
        has terms $Y_1\,\nabla Y_2\cdot\nabla Y_3$ of degree $d$.
        """,
    ),
    Step(
        "What fails one degree below, degrees to 2",
        table(2),
        exact_products,
        kind="verified",
        because=r"""
        With one latitude less than $n_\theta$ the integral of the path in the last columns is wrong. With one longitude
        less the orders that add up to $n_\phi-1$ are taken for zero.
        """,
    ),
)

DERIVATION = Derivation(
    id="quadrature",
    title="The sharp degree of a grid",
    introduction=r"""
    A product on a grid is exact when the quadrature is exact for its integrand. Here are the smallest grids for each
    product, and what goes wrong on the next smaller ones.
    """,
    statement=r"d\le2n_\theta-1,\quad d\le n_\phi-1\quad\Rightarrow\quad Q(p)=\int p\,d\Omega",
    hypotheses=(
        r"$p$: a polynomial of degree $d$ in the coordinates; $Q$: the sum over $n_\theta$ Gauss-Legendre latitudes "
        r"and $n_\phi$ longitudes in equal steps.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=3,
    certificate_lmax=2,
    reading=READING,
    uses=(gaunt.DERIVATION, antisymmetric_gaunt.DERIVATION, single_vector_product.DERIVATION),
)
