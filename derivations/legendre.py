"""Integrals of products of spherical harmonics in exact rationals, straight from the definition.

Y_lm = N s^|m| p_lm(x) e^(imφ) with x = cosθ, s = sinθ and Rodrigues' formula

    s^|m| p_lm(x) = (−1)^m s^m (d/dx)^(l+m) (x² − 1)^l,        N² = (2l+1)/(4π) (l−m)!/(l+m)! / (2^l l!)².

Polynomials are tuples of integer coefficients, lowest power first. No property of a 3j symbol is
used here: this is the route by which the formulas are checked.
"""

from fractions import Fraction
from functools import cache
from math import comb, factorial, prod

from derivations.invariant_polynomial import Degrees, Orders

Polynomial = tuple[int, ...]


def multiply(left: Polynomial, right: Polynomial) -> Polynomial:
    result = [0] * (len(left) + len(right) - 1)
    for i, first in enumerate(left):
        for j, second in enumerate(right):
            result[i + j] += first * second
    return tuple(result)


def combine(left: Polynomial, right: Polynomial, first: int, second: int) -> Polynomial:
    """first · left + second · right"""
    length = max(len(left), len(right))
    pad = (p + (0,) * (length - len(p)) for p in (left, right))
    return tuple(first * p + second * q for p, q in zip(*pad, strict=True))


def derivative(polynomial: Polynomial) -> Polynomial:
    return tuple(n * q for n, q in enumerate(polynomial))[1:] or (0,)


@cache
def sine_power(n: int) -> Polynomial:
    """(1 − x²)^n"""
    return tuple(0 if i % 2 else (-1 if i // 2 % 2 else 1) * comb(n, i // 2) for i in range(2 * n + 1))


def integral(polynomial: Polynomial) -> Fraction:
    """∫ over −1 ≤ x ≤ 1"""
    return sum((Fraction(2 * q, n + 1) for n, q in enumerate(polynomial) if n % 2 == 0), Fraction(0))


@cache
def legendre(l: int, m: int) -> Polynomial:
    """p_lm"""
    sign = -1 if (l + m) % 2 else 1
    polynomial = tuple(sign * q for q in sine_power(l))
    for _ in range(l + m):
        polynomial = derivative(polynomial)
    for _ in range(-m):
        polynomial = divide_by_sine_squared(polynomial)
    return polynomial


def divide_by_sine_squared(polynomial: Polynomial) -> Polynomial:
    """polynomial / (1 − x²), which must leave no remainder"""
    quotient: list[int] = []
    for n, q in enumerate(polynomial):
        quotient.append(q + (quotient[n - 2] if n >= 2 else 0))
    if any(quotient[-2:]):
        raise ArithmeticError(f"{polynomial} is not divisible by 1 − x²")
    return tuple(quotient[:-2])


def norm_square(l: int, m: int) -> Fraction:
    """4π N²"""
    return Fraction((2 * l + 1) * factorial(l - m), factorial(l + m) * (2**l * factorial(l)) ** 2)


def scaled(number: Fraction, degrees: Degrees, orders: Orders) -> Fraction:
    """π · sign·square of 2π N1 N2 N3 · number"""
    norms = prod((norm_square(n, q) for n, q in zip(degrees, orders, strict=True)), start=Fraction(1))
    return number * abs(number) * norms / 16


def gaunt(degrees: Degrees, orders: Orders) -> Fraction:
    """π · sign·square of ∫ Y1 Y2 Y3 dΩ"""
    if sum(orders) != 0:
        return Fraction(0)
    return scaled(integral(gaunt_integrand(degrees, orders)), degrees, orders)


def gaunt_integrand(degrees: Degrees, orders: Orders) -> Polynomial:
    """Y1 Y2 Y3 as a polynomial in x, without the norms, for orders whose sum is zero."""
    one, two, three = (legendre(n, q) for n, q in zip(degrees, orders, strict=True))
    return multiply(multiply(one, two), multiply(three, sine_power(sum(map(abs, orders)) // 2)))


def slope(l: int, m: int) -> Polynomial:
    """q with d/dx (s^|m| p) = s^(|m|−2) q, i.e. (1 − x²) p′ − |m| x p"""
    polynomial = legendre(l, m)
    return combine(multiply(sine_power(1), derivative(polynomial)), (0, *polynomial), 1, -abs(m))


def antisymmetric_gaunt(degrees: Degrees, orders: Orders) -> Fraction:
    """π · sign·square of −i ∬ Y1 (∂θY2 ∂φY3 − ∂φY2 ∂θY3) dθ dφ

    With ∂θ = −s d/dx and ∂φ = im the integrand in x is −i f1 (m3 f2′ f3 − m2 f2 f3′), f = s^|m| p.
    """
    if sum(orders) != 0 or not any(orders):
        return Fraction(0)
    return scaled(integral(bracket_integrand(degrees, orders)), degrees, orders)


def bracket_integrand(degrees: Degrees, orders: Orders) -> Polynomial:
    """The same integrand as a polynomial, for orders whose sum is zero and which are not all zero."""
    (l1, l2, l3), (m1, m2, m3) = degrees, orders
    left, right = multiply(slope(l2, m2), legendre(l3, m3)), multiply(legendre(l2, m2), slope(l3, m3))
    bracket = combine(left, right, -m3, m2)
    return multiply(multiply(legendre(l1, m1), bracket), sine_power(sum(map(abs, orders)) // 2 - 1))


def gradient_dot(degrees: Degrees, orders: Orders) -> Fraction:
    """π · sign·square of ∬ Y1 (∂θY2 ∂θY3 sinθ + ∂φY2 ∂φY3 / sinθ) dθ dφ

    The integrand in x is f1 (s² f2′ f3′ − m2 m3 f2 f3 / s²), f = s^|m| p.
    """
    if sum(orders) != 0:
        return Fraction(0)
    (l1, l2, l3), (m1, m2, m3) = degrees, orders
    slopes, values = multiply(slope(l2, m2), slope(l3, m3)), multiply(legendre(l2, m2), legendre(l3, m3))
    pairing = combine(slopes, values, 1, -m2 * m3)
    power = sum(map(abs, orders)) // 2 - 1
    if power < 0:  # all orders zero: slopes carry 1 − x² each
        pairing, power = divide_by_sine_squared(pairing), 0
    product = multiply(multiply(legendre(l1, m1), pairing), sine_power(power))
    return scaled(integral(product), degrees, orders)


@cache
def spin_weighted(l: int, s: int, m: int) -> tuple[int, Polynomial]:
    """n and q with sY_lm = N √((l−|s|)!/(l+|s|)!) sinⁿθ q(x) e^(imφ): ð or its conjugate |s| times on Y_lm.

    ð sinⁿθ q = sinⁿ⁻¹θ [(1 − x²) q′ − n x q + m q + σ x q] for the spin weight σ, and its conjugate has −m and −σ.
    """
    power, polynomial = abs(m), legendre(l, m)
    sign = 1 if s >= 0 else -1
    for step in range(abs(s)):
        slope = combine(multiply(sine_power(1), derivative(polynomial)), (0, *polynomial), 1, step - power)
        polynomial = combine(slope, polynomial, 1, sign * m)
        power -= 1
    return power, tuple(-number for number in polynomial) if s < 0 and s % 2 else polynomial


def spin_weighted_gaunt(degrees: Degrees, spins: Orders, orders: Orders) -> Fraction:
    """π · sign·square of ∫ s1Y1 s2Y2 s3Y3 dΩ"""
    if sum(orders) != 0:
        return Fraction(0)
    parts = [spin_weighted(*numbers) for numbers in zip(degrees, spins, orders, strict=True)]
    power = sum(n for n, _ in parts) // 2
    product = multiply(multiply(parts[0][1], parts[1][1]), parts[2][1])
    for _ in range(-power):
        product = divide_by_sine_squared(product)
    weights = (Fraction(factorial(l - abs(s)), factorial(l + abs(s))) for l, s in zip(degrees, spins, strict=True))
    number = integral(multiply(product, sine_power(max(power, 0))))
    return scaled(number, degrees, orders) * prod(weights, start=Fraction(1))
