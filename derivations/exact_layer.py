"""Every function of the exact layer against values that the derivations reach without it."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product
from math import comb, prod
from typing import Any

import sympy as sp

import coupling.exact as exact
from coupling.conventions import parity_sign
from coupling.exact.wigner_d import half_pi_matrix
from derivations import certificate, invariant_polynomial, legendre, matrix_product, racah, real_basis, vector_harmonics
from derivations import real_harmonics as real
from derivations.framework import Derivation, Step, require
from derivations.invariant_polynomial import Degrees, Orders
from derivations.readings.exact_layer import READING

HALF = Fraction(1, 2)


def residual(found: exact.Surd, square: Fraction, pi_power: int = 0, unit: int = 0) -> Fraction:
    """The difference of sign·square; one more where the power of π or the imaginary unit is another."""
    other = bool(square) and (found.pi_power, found.unit) != (pi_power, unit)
    return found.sign * found.square - square + other


def triads(lmax: int) -> Iterator[tuple[int, int, int]]:
    """Doubled degrees that couple, half-integers included."""
    return ((a, b, c) for a, b, c in product(range(2 * lmax + 1), repeat=3) if racah.is_triad(a, b, c))


def halved(*doubled: int) -> list[Fraction]:
    return [Fraction(number, 2) for number in doubled]


def square_3j(triad: tuple[int, int, int], orders: tuple[int, ...]) -> Fraction:
    """sign·square of the 3j symbol of doubled numbers, by Racah's sum."""
    root = racah.triangle_square(*triad) * racah.order_square(*zip(triad, orders, strict=True))
    return racah.signed_square(root, racah.sum_3j(*triad, *orders))


def doubled_orders(triad: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
    for p, q in product(*(range(-j, j + 1, 2) for j in triad[:2])):
        if abs(p + q) <= triad[2]:
            yield p, q, -p - q


def symbols(lmax: int) -> Iterator[Fraction]:
    """3j symbols by Racah's sum, half-integers included, minus those of the exact layer; and Clebsch-Gordan
    coefficients and Racah's V with the factors that are stated."""
    for triad in triads(lmax):
        a, b, c = triad
        for p, q, r in doubled_orders(triad):
            square, numbers = square_3j(triad, (p, q, r)), halved(*triad, p, q, r)
            yield residual(exact.wigner_3j(*numbers), square)
            signed = parity_sign((a - b - r) // 2) * (c + 1) * square
            yield residual(exact.clebsch_gordan(*(*numbers[:5], -numbers[5])), signed)
            yield residual(exact.racah_v(*numbers), parity_sign((b + c - a) // 2) * square)


def recoupled(lmax: int) -> Iterator[Fraction]:
    """6j symbols by Racah's sum minus those of the exact layer, half-integers included; and Racah's W."""
    for six in product(range(2 * lmax + 1), repeat=6):
        if all(racah.is_triad(*triad) for triad in racah.triads_6j(*six)):
            square, (a, b, e, d, c, f) = racah.square_6j(*six), six
            yield residual(exact.wigner_6j(*halved(*six)), square)
            yield residual(exact.racah_w(*halved(a, b, c, d, e, f)), parity_sign((a + b + c + d) // 2) * square)
    for a, b, c in product(range(2 * lmax + 2), repeat=3):
        square = racah.triangle_square(a, b, c) if racah.is_triad(a, b, c) else Fraction(0)
        yield residual(exact.triangle_coefficient(*halved(a, b, c)), square)


def nine(lmax: int) -> Iterator[Fraction]:
    """9j symbols as sums over three 6j symbols minus those of the package, half-integers and zeros too; Fano's X."""
    rows = [triad for triad in triads(lmax) if max(triad) <= 2]
    for first, second, third in product(rows, repeat=3):
        columns, square = zip(first, second, third, strict=True), racah.square_9j((first, second, third))
        if not all(racah.is_triad(*column) for column in columns):
            yield square
        else:
            numbers = halved(*first, *second, *third)
            yield residual(exact.wigner_9j(*numbers), square)
            weight = (first[2] + 1) * (second[2] + 1) * (third[0] + 1) * (third[1] + 1)
            yield residual(exact.fano_x(*numbers), weight * square)


def integrals(lmax: int) -> Iterator[Fraction]:
    """The integrals of three harmonics, complex and real, done from Rodrigues' formula, minus those of the exact layer;
    and C as contraction with U."""
    for degrees in invariant_polynomial.triples(lmax):
        for orders in invariant_polynomial.orders(degrees):
            yield residual(exact.gaunt(*degrees, *orders), legendre.gaunt(degrees, orders), 1)
            bracket = legendre.antisymmetric_gaunt(degrees, orders)
            yield residual(exact.antisymmetric_gaunt(*degrees, *orders), bracket, 1, 1)
        for m1, m2, m3 in product(*(range(-l, l + 1) for l in degrees)):
            yield from real_integrals(degrees, (m1, m2, m3))


def real_integrals(degrees: Degrees, orders: Orders) -> Iterator[Fraction]:
    numbers = *degrees, *orders
    if invariant_polynomial.is_path(degrees):
        core = real.real_wigner_3j(degrees, orders)
        yield residual(exact.real_wigner_3j(*numbers), core)
        yield residual(exact.real_clebsch_gordan(*numbers), (2 * degrees[2] + 1) * core)
    yield residual(exact.real_gaunt(*numbers), real.real_gaunt(degrees, orders), 1)
    yield residual(exact.real_antisymmetric_gaunt(*numbers), real.real_antisymmetric_gaunt(degrees, orders), 1)


def factors(lmax: int) -> Iterator[Fraction]:
    """3j(000), K and the factor of the matrix product minus those of the exact layer, with 3j symbols by the invariant
    polynomial and 6j symbols by Racah's sum."""
    for degrees in invariant_polynomial.paths(lmax + 1):
        l1, l2, l3 = degrees
        square = invariant_polynomial.wigner_3j(degrees, (0, 0, 0))
        yield residual(exact.wigner_3j_at_zero(*degrees), square)
        if sum(degrees) % 2:
            low = l1 * (l1 + 1) * l2 * (l2 + 1) * invariant_polynomial.wigner_3j(degrees, (1, -1, 0))
            yield residual(exact.bracket_factor(*degrees), low)
        for spin in range(2 * lmax + 2):
            weight = prod(2 * l + 1 for l in degrees)
            six = racah.square_6j(2 * l1, 2 * l2, 2 * l3, spin, spin, spin)
            yield residual(exact.reduced_matrix(*degrees, spin * HALF), weight * six)


def rotation(doubled: int, first: int, second: int) -> dict[tuple[int, int], int]:
    """Coefficients of c^p s^q in the coefficient of ξ^(j+m1) η^(j−m1) of (cξ+sη)^(j+m2) (cη−sξ)^(j−m2)."""
    found: dict[tuple[int, int], int] = {}
    plus, minus = (doubled + second) // 2, (doubled - second) // 2
    for i in range(plus + 1):  # powers of ξ from the first factor
        k = (doubled + first) // 2 - i  # and from the second
        if 0 <= k <= minus:
            powers = i + minus - k, plus - i + k
            found[powers] = found.get(powers, 0) + comb(plus, i) * comb(minus, k) * parity_sign(k)
    return found


def rotations(lmax: int) -> Iterator[Fraction]:
    """The terms of the small d minus those of the power of the turned spinor, half-integers included; and its values at
    the multiples of π/2."""
    for doubled in range(2 * lmax + 1):
        for first, second in product(range(-doubled, doubled + 1, 2), repeat=2):
            numbers = halved(doubled, first, second)
            root = Fraction(comb(doubled, (doubled + second) // 2), comb(doubled, (doubled + first) // 2))
            turned = rotation(doubled, first, second)
            terms = {(p, q): value for value, p, q in exact.wigner_d_polynomial(*numbers)}
            for powers in turned.keys() | terms.keys():
                number = turned.get(powers, 0)
                yield residual(terms.get(powers, exact.Surd(0)), root * number * abs(number))
            quarter = half_pi_matrix(doubled)[(doubled + first) // 2][(doubled + second) // 2]
            yield from (*at_quarters(numbers, root, turned), quarter - exact.wigner_d(*(*numbers, sp.pi / 2)))


def at_quarters(numbers: list[Fraction], root: Fraction, turned: dict[tuple[int, int], int]) -> Iterator[Fraction]:
    """d at the multiples of π/2, where cosine and sine of the half are 0, ±1 or ±√½."""
    eighth = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))
    for turns, (c, s) in enumerate(eighth):
        number = sum(factor * c**p * s**q for (p, q), factor in turned.items())
        square = root * number * abs(number) / (2 ** int(2 * numbers[0]) if turns % 2 else 1)
        yield residual(exact.wigner_d(*(*numbers, turns * sp.pi / 2)), square)


def verify(lmax: int) -> int:
    """Arithmetic of exact numbers: products, quotients, powers of $\\mathrm i$ and of $\\pi$, and sums of multiples of
    one root, with small integers."""
    count = 0
    for p, q in product(range(1, 3 + lmax), repeat=2):
        for found, square, pi_power, unit in arithmetic(p, q):
            require(residual(found, square, pi_power, unit) == 0, f"{found} with a root of {p}/{q}")
            count += 1
        root, part = exact.Surd(1, p, q, 1), exact.Surd.rational(Fraction(p, q))
        for rising in ((-root, root, 2 * root), (-part, 0, part, part + 1), (part - 1, Fraction(p, q), part + 1)):
            require(ordered(*rising) and part == Fraction(p, q), f"order of {rising}")
        require(sp.sympify(-root) == -sp.sqrt(sp.Rational(p, q) / sp.pi), f"the root of {p}/{q} in SymPy")
        count += 4
    return count


def ordered(*rising: Any) -> bool:
    """Whether all six relations say that each number is less than the next one, and equal to itself."""
    apart = all(a < b <= b > a <= b >= a and not (a > b or b < a or a >= b or b <= a) for a, b in pairwise(rising))
    return apart and all(a <= a and a >= a and not (a < a or a > a) for a in rising)


def arithmetic(p: int, q: int) -> Iterator[tuple[exact.Surd, Fraction, int, int]]:
    """Results of arithmetic with √(p/qπ), −i√(q/p) and p/q: sign·square, the power of π, whether imaginary."""
    root, other, part = exact.Surd(1, p, q, 1), exact.Surd(-1, q, p, 0, 1), exact.Surd.rational(Fraction(p, q))
    third, rest = Fraction(p, q), 1 - Fraction(p, q)
    yield from ((root * other, Fraction(-1), 1, 1), (root / other, third**2, 1, 1))
    yield other * other, -1 / third**2, 0, 0
    yield from ((root + root, 4 * third, 1, 0), (root - 3 * root, -4 * third, 1, 0), (-root, -third, 1, 0))
    yield from ((root * q, third * q * q, 1, 0), (q * root, third * q * q, 1, 0), (root / q, third / q**2, 1, 0))
    yield from ((q / root, q * q / third, -1, 0), (root.reciprocal(), 1 / third, -1, 0), (abs(-root), third, 1, 0))
    size = rest * abs(rest)
    yield from ((1 - part, size, 0, 0), (part - 1, -size, 0, 0), (part + 1, (1 + third) ** 2, 0, 0))
    yield from ((root**2, third**2, 2, 0), (root**-3, 1 / third**3, -3, 0), (other.reciprocal(), third, 0, 1))
    yield from ((other + other, -4 / third, 0, 1), (third * root, third**3, 1, 0), (1 / other, third, 0, 1))


def values(lmax: int) -> dict[str, Any]:
    """Clebsch-Gordan coefficients of spins to lmax, by Racah's sum: doubled degrees and orders."""
    found = {}
    for triad in triads(lmax):
        for p, q, r in doubled_orders(triad):
            square = parity_sign((triad[0] - triad[1] - r) // 2) * (triad[2] + 1) * square_3j(triad, (p, q, r))
            found[certificate.key(*triad, p, q, -r)] = certificate.signed(square)
    return {"clebsch_gordan": found}


STEPS = (
    Step(
        "3j symbols, Clebsch-Gordan coefficients, Racah's V",
        r"""
        C^{l_3m_3}_{l_1m_1l_2m_2}=(-1)^{l_1-l_2+m_3}\sqrt{2l_3+1}
        \begin{pmatrix}l_1&l_2&l_3\\m_1&m_2&-m_3\end{pmatrix},\qquad
        V=(-1)^{-l_1+l_2+l_3}\begin{pmatrix}l_1&l_2&l_3\\m_1&m_2&-m_3\end{pmatrix}
        """,
        symbols,
        kind="verified",
    ),
    Step(
        "6j symbols, Racah's W, the triangle coefficient",
        r"""
        W(abcd;ef)=(-1)^{a+b+c+d}\begin{Bmatrix}a&b&e\\d&c&f\end{Bmatrix},\qquad
        \Delta(abe)^2=\frac{(a+b-e)!\,(a-b+e)!\,(-a+b+e)!}{(a+b+e+1)!}
        """,
        recoupled,
        kind="verified",
    ),
    Step(
        "9j symbols, Fano's X",
        r"""
        X(abc;def;ghi)=\sqrt{(2c+1)(2f+1)(2g+1)(2h+1)}\begin{Bmatrix}a&b&c\\d&e&f\\g&h&i\end{Bmatrix}
        """,
        nine,
        kind="verified",
    ),
    Step(
        "Integrals of three harmonics",
        r"""
        \int Y_1Y_2Y_3\,d\Omega=G,\qquad\int Y_1\{Y_2,Y_3\}\,d\Omega=A,\qquad
        \int R_1R_2R_3\,d\Omega=G^R,\qquad\int R_1\{R_2,R_3\}\,d\Omega=A^R
        """,
        integrals,
        kind="verified",
        because="$G$, $A$, $G^R$ and $A^R$ are the values of the exact layer.",
    ),
    Step(
        "Reduced factors",
        r"""
        G=\sqrt{\frac P{4\pi}}\;3j(000)\;3j(m_1m_2m_3),\qquad A=\mathrm i\sqrt{\frac P{4\pi}}\;K\;3j(m_1m_2m_3),\qquad
        M_j=\sqrt P\begin{Bmatrix}l_1&l_2&l_3\\j&j&j\end{Bmatrix}
        """,
        factors,
        kind="verified",
        because="$M_j$ is the factor of the matrix product with spin $j$; $K=0$ on even paths.",
    ),
    Step(
        "Rotations",
        r"""
        \sum_{m}d_{mm'}\,\frac{\xi^{j+m}\eta^{j-m}}{\sqrt{(j+m)!\,(j-m)!}}
        =\frac{(\xi\cos\tfrac\beta2+\eta\sin\tfrac\beta2)^{j+m'}(\eta\cos\tfrac\beta2-\xi\sin\tfrac\beta2)^{j-m'}}
        {\sqrt{(j+m')!\,(j-m')!}}
        """,
        rotations,
        kind="verified",
        because=r"""
        A rotation by $\beta$ about the second axis turns the spinor $(\xi,\eta)$; the monomials of degree $2j$ are the
        states of spin $j$ (page of the 3j symbol), and $d$ is the matrix in this basis.
        """,
    ),
)

DERIVATION = Derivation(
    id="exact_layer",
    title="The exact layer",
    introduction=r"""
    `coupling.exact` computes with formulas of its own, chosen for speed. Each of its functions is compared here with
    values that the derivations reach without it: Racah's sums, integrals done from Rodrigues' formula, powers of
    spinors.
    """,
    statement=r"""
    C^{l_3m_3}_{l_1m_1l_2m_2}=(-1)^{l_1-l_2+m_3}\sqrt{2l_3+1}
    \begin{pmatrix}l_1&l_2&l_3\\m_1&m_2&-m_3\end{pmatrix},\qquad \int Y_1Y_2Y_3\,d\Omega=G,\qquad
    \int Y_1\{Y_2,Y_3\}\,d\Omega=A
    """,
    hypotheses=(
        r"$C$: Clebsch-Gordan coefficient; $G$ and $A$: the Gaunt coefficients of both kinds, as `coupling.exact` "
        "has them.",
    ),
    steps=STEPS,
    verify=verify,
    certificate=values,
    lmax=2,
    certificate_lmax=1,
    reading=READING,
    uses=(real_basis.DERIVATION, vector_harmonics.DERIVATION, matrix_product.DERIVATION),
    sources=("A. R. Edmonds, Angular Momentum in Quantum Mechanics (1957): 3.7.3, 4.1.15, 6.2, 6.3.7 and 6.4.3.",),
)
