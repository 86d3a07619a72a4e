"""Real harmonics, the matrix U that makes them, and their integrals, in exact rationals.

R_l = U_l Y_l:   R_0 = Y_0,   R_m = [Y_−m + (−1)^m Y_m]/√2,   R_−m = i [Y_−m − (−1)^m Y_m]/√2   (m > 0).

The integrals are done with R_m = √2 Q cos mφ, R_−m = √2 Q sin mφ directly, without U: the part in
x = cosθ by `legendre`, the part in φ by counting the signs for which the exponents cancel.
"""

from fractions import Fraction
from itertools import product as tuples
from math import prod

from derivations.invariant_polynomial import Degrees, Orders, wigner_3j
from derivations.legendre import combine, integral, legendre, multiply, norm_square, sine_power, slope


def u_entry(order: int, m: int) -> tuple[int, int]:
    """(p, n) with U[order, m] = i^p 2^(−n/2), for m = ±order."""
    if order == 0:
        return 0, 0
    sign = 2 * (m % 2) if m > 0 else 0
    return (sign, 1) if order > 0 else (1 + (sign + 2 if m > 0 else 0), 1)


def contributions(degrees: Degrees, orders: Orders) -> list[tuple[int, int, Fraction]]:
    """Terms of (U ⊗ U ⊗ U) 3j as (power of i, n, sign·square of the 3j symbol), each times 2^(−n/2)."""
    found = []
    for m in tuples(*({order, -order} for order in orders)):
        if sum(m) == 0:
            powers, halves = zip(*map(u_entry, orders, m), strict=True)
            found.append((sum(powers), sum(halves), wigner_3j(degrees, (m[0], m[1], m[2]))))
    return found


def real_wigner_3j(degrees: Degrees, orders: Orders) -> Fraction:
    """sign·square of C = (−i)^J (U ⊗ U ⊗ U) 3j; anything but a real multiple of one root raises."""
    terms = [(p - sum(degrees), n, square) for p, n, square in contributions(degrees, orders) if square]
    if not terms:
        return Fraction(0)
    if len({(n, abs(square)) for _, n, square in terms}) != 1:
        raise ArithmeticError(f"C{degrees}{orders} is not a multiple of one root")
    signs = [(p % 4, 1 if square > 0 else -1) for p, _, square in terms]
    number, imaginary = (sum(s if p == q else -s for p, s in signs if p in (q, q + 2)) for q in (0, 1))
    if imaginary:
        raise ArithmeticError(f"C{degrees}{orders} is not real")
    _, n, square = terms[0]
    return number * abs(number) * abs(square) / 2**n


def selected(degrees: Degrees, orders: Orders) -> bool:
    """The selection rules of the real orders."""
    low, middle, high = sorted(map(abs, orders))
    return low + middle == high and (sum(order < 0 for order in orders) - sum(degrees)) % 2 == 0


def azimuth(orders: Orders) -> Fraction:
    """1/2π of the integral over φ of three factors, cos mφ for m ≥ 0 and sin |m|φ for m < 0."""
    sines = sum(order < 0 for order in orders)
    if sines % 2:
        return Fraction(0)
    count = 0
    for signs in tuples(*((1, -1) for _ in orders)):
        if sum(sign * abs(order) for sign, order in zip(signs, orders, strict=True)) == 0:
            count += prod(sign for sign, order in zip(signs, orders, strict=True) if order < 0)
    return Fraction(count * (-1 if sines == 2 else 1), 8)


def scaled(number: Fraction, degrees: Degrees, orders: Orders) -> Fraction:
    """π · sign·square of 2π times the norms of three real harmonics times number"""
    pairs = zip(degrees, orders, strict=True)
    norms = prod(((2 if order else 1) * norm_square(l, abs(order)) for l, order in pairs), start=Fraction(1))
    return number * abs(number) * norms / 16


def real_gaunt(degrees: Degrees, orders: Orders) -> Fraction:
    """π · sign·square of ∫ R1 R2 R3 dΩ; the Condon-Shortley signs cancel because Σ|m| is even."""
    around = azimuth(orders)
    if around == 0:
        return Fraction(0)
    one, two, three = (legendre(l, abs(order)) for l, order in zip(degrees, orders, strict=True))
    product = multiply(multiply(one, two), multiply(three, sine_power(sum(map(abs, orders)) // 2)))
    return scaled(around * integral(product), degrees, orders)


def real_antisymmetric_gaunt(degrees: Degrees, orders: Orders) -> Fraction:
    """π · sign·square of ∬ R1 (∂θR2 ∂φR3 − ∂φR2 ∂θR3) dθ dφ

    With ∂θ = −s d/dx and ∂φR_m = −m R_−m the integrand in x is
    f1 [m3 f2′ f3 Φ(m1, m2, −m3) − m2 f2 f3′ Φ(m1, −m2, m3)], Φ the integral over φ.
    """
    (l1, l2, l3), (m1, m2, m3) = degrees, orders
    one, two, three = abs(m1), abs(m2), abs(m3)
    left, right = m3 * azimuth((m1, m2, -m3)), -m2 * azimuth((m1, -m2, m3))
    if left == right == 0:
        return Fraction(0)
    first = multiply(slope(l2, two), legendre(l3, three))
    second = multiply(legendre(l2, two), slope(l3, three))
    bracket = combine(first, second, int(8 * left), int(8 * right))
    product = multiply(multiply(legendre(l1, one), bracket), sine_power((one + two + three) // 2 - 1))
    return scaled(integral(product) / 8, degrees, orders)
