"""How fast the matrix product becomes the product and the bracket of functions: the first correction in 1/n²."""

from collections.abc import Iterator
from fractions import Fraction
from math import factorial
from typing import Any

import sympy as sp

import coupling.exact as exact
from derivations import certificate, matrix_product
from derivations.character_trace import PARITIES, f, n
from derivations.framework import Derivation, Step, require
from derivations.hypergeometric import binomial
from derivations.invariant_polynomial import Degrees
from derivations.matrix_product import term
from derivations.matrix_trace import sorted_paths, square_6j, weights
from derivations.reading import Reading, paths
from derivations.reading.names import Names
from derivations.reading.texts import CASE, PART
from derivations.readings.clebsch_gordan_paths import core, of_path
from derivations.symbols import a, b, c, k, ratio_residual

#: Published beside the formula that is derived here: path → rate.
KNOWN = {(1, 1, 1): (1, 2), (2, 2, 2): (-27, 2), (2, 2, 3): (-2, 1), (4, 4, 4): (-150, 1), (5, 5, 5): (-195, 2)}


def squares(top: Any) -> Any:
    """1² + 2² + … + top²"""
    return top * (top + 1) * (2 * top + 1) / 6


def stated(odd: int, degrees: Any, excesses: Any) -> Any:
    """The rate γ of a path: Σ l(l+1)(2l+1)/12 − κ(κ+1)(2κ+1)/6 − 2(2κ+1)abc/((ε+1)(ε+2))."""
    half_a, half_b, half_c = excesses
    top = half_a + half_b + half_c + odd
    cubic = 2 * (2 * top + 1) * half_a * half_b * half_c / ((odd + 1) * (odd + 2))
    return sum(squares(degree) for degree in degrees) / 2 - squares(top) - cubic


def one_binomial() -> Iterator[sp.Expr]:
    r"""The ratio of $\binom{n+k}{2k+1}$ at $k+1$ and $k$ over $\frac{n^2-(k+1)^2}{(2k+2)(2k+3)}$, minus one; and the
    coefficient $-\frac{k(k+1)(2k+1)}6$ at $k+1$ less that at $k$ plus $(k+1)^2$, and at $k=0$."""
    ways = binomial(n + k, 2 * k + 1)
    yield ratio_residual(ways.subs(k, k + 1) / ways, (n**2 - (k + 1) ** 2) / ((2 * k + 2) * (2 * k + 3)))
    yield sp.expand(squares(k + 1) - squares(k) - (k + 1) ** 2)
    yield squares(sp.Integer(0))


def two_terms() -> Iterator[sp.Expr]:
    r"""For both parities, the sum of the three contributions less $\gamma$: half the coefficients of the norms, that of
    the first term of $W$, and the limit of $n^2\,t_1/t_0$."""
    for odd, degrees in PARITIES:
        ratio = sp.combsimp(sp.gammasimp((term(odd).subs(f, 1) / term(odd).subs(f, 0)) * n**2))
        second = sp.limit(sp.factor(ratio), n, sp.oo)
        norms = sum(squares(degree) for degree in degrees) / 2
        yield sp.expand(norms - squares(a + b + c + odd) - second - stated(odd, degrees, (a, b, c)))


def expansion(numbers: tuple[tuple[int, int], ...]) -> tuple[Fraction, Fraction]:
    """The first two coefficients, in descending powers of n, of Σ weight · C(n+k, 2k+1)."""
    largest = max(top for top, _ in numbers)
    first = second = Fraction(0)
    for top, weight in numbers:
        share = Fraction(weight, factorial(2 * top + 1))
        if top == largest:
            first += share
            second -= share * squares(Fraction(top))
        elif top == largest - 1:
            second += share
    return first, second


def rate(degrees: Degrees) -> Fraction:
    """The coefficient of 1/n², relative, from the integers of W and the norms."""
    first, second = expansion(weights(degrees))
    return second / first + Fraction(sum(degree * (degree + 1) * (2 * degree + 1) for degree in degrees), 12)


def verify(lmax: int) -> int:
    """On every path the rate comes from the integer polynomial W and the norms, expanded in exact rationals, and equals
    the stated one; the square of the 6j symbol itself, at two large n, leaves a remainder that falls as n⁻⁴; and five
    published values."""
    count = 0
    for degrees in sorted_paths(lmax):
        odd = sum(degrees) % 2
        halves = [Fraction((sum(degrees) - 2 * degree) // 2) for degree in degrees]
        found = rate(degrees)
        require(found == stated(odd, [Fraction(degree) for degree in degrees], halves), f"rate of {degrees}")
        require(falls(degrees, odd, found), f"remainder of {degrees}")
        count += 1
    for degrees, value in KNOWN.items():
        require(rate(degrees) == Fraction(*value), f"published rate of {degrees}")
    return count + len(KNOWN)


def falls(degrees: Degrees, odd: int, found: Fraction) -> bool:
    """Whether n^(1+2ε) 6j², over its limit, less (1 + c/n²)² is 16 ± 1 times smaller at twice the n, or zero."""
    size = 64 * (sum(degrees) + 1)
    first, _ = expansion(weights(degrees))
    excesses = [sum(degrees) - 2 * degree for degree in degrees]
    limit = first**2 * factorial(sum(degrees) + 1)
    for excess in excesses:
        limit *= factorial(excess)
    left = []
    for dimension in (size, 2 * size):
        square = abs(square_6j(degrees, dimension)) * dimension ** (1 + 2 * odd) / limit
        left.append(square - (1 + found / dimension**2) ** 2)
    return left == [0, 0] or abs(left[0] / left[1] - 16) < 1


def values(lmax: int) -> dict[str, Any]:
    """The rate of every sorted path, with its sign, as sign·square."""
    return {
        "rate": {
            certificate.key(*degrees): certificate.signed(rate(degrees) * abs(rate(degrees)))
            for degrees in sorted_paths(lmax)
        }
    }


STEPS = (
    Step(
        "One binomial",
        r"\binom{n+k}{2k+1}=\frac{n^{2k+1}}{(2k+1)!}\prod_{i=1}^{k}\Big(1-\frac{i^2}{n^2}\Big)"
        r"=\frac{n^{2k+1}}{(2k+1)!}\Big(1-\frac{k(k+1)(2k+1)}{6\,n^2}+O(n^{-4})\Big)",
        one_binomial,
        because=r"""
        $W$ is a sum of such binomials with $k=\kappa-f$, and each norm is one with $k=l$. So everything is a
        polynomial in $1/n^2$.
        """,
    ),
    Step(
        "Two terms and three norms",
        r"\gamma=\sum_i\frac{l_i(l_i+1)(2l_i+1)}{12}-\frac{\kappa(\kappa+1)(2\kappa+1)}6"
        r"-\frac{2(2\kappa+1)\,abc}{(\epsilon+1)(\epsilon+2)},\qquad \kappa=a+b+c+\epsilon",
        two_terms,
        because=r"""
        The symbol is $W$ over the root of three norms, each of which contributes half its coefficient with the other
        sign. In $W$ the first term contributes that of its binomial, and the second is smaller by $1/n^2$ and has the
        other sign.
        """,
    ),
)

LARGE = 1000  # the dimension at which the remainder is looked at
REST = sp.Symbol("O")


def six_j(names: Names) -> sp.Expr:
    j = sp.Rational(names["n"] - 1, 2)
    return paths.surd(exact.wigner_6j)(*paths.degrees(names), j, j, j)


def compared(left: sp.Expr, right: sp.Expr) -> list[sp.Expr]:
    """Zero when both sides differ by an amount of the order that stands in O(…), where there is one."""
    rest = sp.expand(sp.sympify(right)).coeff(REST, 1)
    if rest == 0:
        return [left - right]
    size = abs(sp.N((left - sp.sympify(right).subs(REST, 0)) / rest, 60))
    return [sp.Integer(not sp.Rational(1, 25) < size < 100)]


RULES = {
    **paths.PATHS,
    "=": lambda _: compared,
    "O": lambda _: lambda order: order * REST,
    "j": lambda n: sp.Rational(n["n"] - 1, 2),
    "6j": lambda _: paths.surd(exact.wigner_6j),
    "K": of_path(exact.bracket_factor),
    "X": core,
    "\\gamma": lambda n: sp.Rational(rate(paths.degrees(n))),
    "\\kappa": lambda n: n["a"] + n["b"] + n["c"] + n["\\epsilon"],
}
SMALL = ((1, 1, 1), (1, 1, 2), (1, 2, 2), (2, 2, 2), (1, 2, 3), (2, 3, 4))
READING = Reading(
    RULES,
    tuple({"l_1": p, "l_2": q, "l_3": r, "n": LARGE} for p, q, r in SMALL),
    {
        "One binomial": Reading({}, tuple({"n": LARGE, "k": k} for k in (2, 3))),
        "Two terms and three norms": Reading({}, tuple(paths.path_instances(4, 24))),
    },
    {"Statement": Reading({"=": lambda _: lambda left, right: left - right}, ())},
    {CASE: (r"\epsilon=0", r"k=\kappa-f", "k=l"), PART: ("W", "1", "1/n^2")},
)

DERIVATION = Derivation(
    id="classical_limit",
    title="The rate of the classical limit",
    introduction=r"""
    Matrices of dimension $n=2j+1$ multiply as functions on the sphere do, up to corrections. The first of them is one
    rational number for each path.
    """,
    statement=r"""
    (-1)^{2j}\,n^{1/2+\epsilon}\begin{Bmatrix}l_1&l_2&l_3\\j&j&j\end{Bmatrix}=X\Big(1+\frac\gamma{n^2}+O(n^{-4})\Big),\qquad
    X=\begin{cases}3j(l_1l_2l_3;000)&\epsilon=0\\K(l_1,l_2,l_3)&\epsilon=1\end{cases}
    """,
    hypotheses=(
        r"$\epsilon=0$ for even and $1$ for odd $J=l_1+l_2+l_3$; $(a,b,c)=\tfrac{J-\epsilon}2-(l_1,l_2,l_3)$; "
        r"$n=2j+1>l_i$.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=8,
    certificate_lmax=5,
    reading=READING,
    uses=(matrix_product.DERIVATION,),
)
