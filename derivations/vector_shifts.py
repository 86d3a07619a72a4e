"""Triple products of vector spherical harmonics in exact numbers, two ways.

A vector harmonic Y^L_lm is named by its degree l and its shift L − l = −1, 0, 1. `contraction` sums
Clebsch-Gordan coefficients; `factor` is the closed form that the derivation reaches by vector
calculus, a multiple of the Gaunt integral (J even) or of the antisymmetric one (J odd).
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product as tuples
from math import prod

from coupling.conventions import parity_sign
from derivations.invariant_polynomial import Degrees, wigner_3j
from derivations.racah import order_square, sum_3j, triangle_square
from derivations.reading.names import Names
from derivations.reading.statement import Statement

SHIFT = (-1, 0, 1)
#: The even paths that a pair of input shifts does not reach: one of these relations holds.
ANY = ["l_1\\ge0"]
UNREACHED = {
    (0, 0): ANY,
    (0, 1): ["l_1=0"],
    (1, 0): ["l_2=0"],
    (0, -1): ["l_1=0", "l_2=0"],
    (-1, 0): ["l_1=0", "l_2=0"],
    (1, 1): ["l_1=l_2"],
    (-1, -1): ["l_1=0", "l_2=0", "l_1=l_2", "l_3=l_1+l_2"],
    (-1, 1): ["l_1=0", "l_2=l_1+l_3"],
    (1, -1): ["l_2=0", "l_1=l_2+l_3"],
}
SHIFTS: tuple[Degrees, ...] = tuple((i, j, k) for i in SHIFT for j in SHIFT for k in SHIFT)


def shifted(path: Degrees, shifts: Degrees) -> Degrees | None:
    """(L1, L2, L3), or None when one of the three vector harmonics does not exist."""
    first, second, third = (l + s for l, s in zip(path, shifts, strict=True))
    exists = all(l > 0 or s == 1 for l, s in zip(path, shifts, strict=True))
    return (first, second, third) if exists else None


def weight(l: int, shift: int) -> int:
    """α with ∇Y + α r Y ∝ Y^(l+shift): l for shift −1 and −(l+1) for shift +1."""
    return l if shift < 0 else -(l + 1)


def norm_square(l: int, shift: int) -> int:
    """|∇Y + α r Y|² or |r × ∇Y|² integrated over the sphere: l(2l+1), l(l+1) or (l+1)(2l+1)."""
    return (l * (2 * l + 1), l * (l + 1), (l + 1) * (2 * l + 1))[shift + 1]


def factor(path: Degrees, shifts: Degrees) -> Fraction:
    """The number in front of G (J even) or A (J odd) in the integral of the unnormalized fields,
    without a factor i per turned field; zero when the parity does not fit."""
    turned = [i for i, shift in enumerate(shifts) if shift == 0]
    if len(turned) == 3 or (sum(path) + len(turned)) % 2 == 0:
        return Fraction(0)
    if len(turned) == 1:
        i = turned[0]
        second, third = (weight(path[j % 3], shifts[j % 3]) for j in (i + 1, i + 2))
        both = second + third
        return Fraction((second - third) * (path[i] - both) * (path[i] + both + 1), 2)
    return Fraction(sum(weight(l, s) for l, s in zip(path, shifts, strict=True) if s))


def core_square(path: Degrees) -> Fraction:
    """sign·square of 3j(l1 l2 l3; 0 0 0) for even J and of K for odd J."""
    if sum(path) % 2 == 0:
        return wigner_3j(path, (0, 0, 0))
    return wigner_3j(path, (1, -1, 0)) * prod(l * (l + 1) for l in path[:2])


def closed_square(path: Degrees, shifts: Degrees) -> Fraction:
    """sign·square of 3j(L1 L2 L3; 0 0 0) · 9j{L1 1 l1; L2 1 l2; L3 1 l3}, from vector calculus."""
    high = shifted(path, shifts)
    if high is None:
        return Fraction(0)
    number = factor(path, shifts) * (-1 if shifts.count(0) == 2 else 1)
    norms = prod(norm_square(l, s) for l, s in zip(path, shifts, strict=True))
    return core_square(path) * number * abs(number) / (6 * prod(2 * l + 1 for l in high) * norms)


def contraction_square(path: Degrees, shifts: Degrees, orders: Degrees) -> Fraction:
    """sign·square of Σ_m 3j(L; m) 3j(1 1 1; μ) Π (−1)^(L−1+M) 3j(L 1 l; m μ −M), term by term."""
    high = shifted(path, shifts)
    if high is None or 2 * max(high) > sum(high):
        return Fraction(0)
    total = sum((contraction_term(path, high, orders, spins) for spins in unit_orders()), Fraction(0))
    slots = list(zip(path, high, orders, strict=True))
    root = triangle_square(2, 2, 2) * triangle_square(2 * high[0], 2 * high[1], 2 * high[2])
    root *= prod(triangle_square(2 * big, 2, 2 * l) * order_square((2 * l, 2 * m)) for l, big, m in slots)
    return root * total * abs(total)


def unit_orders() -> Iterator[Degrees]:
    """The six triples of different orders of spin 1: the only ones with a triple product."""
    return ((p, q, -p - q) for p, q in tuples(SHIFT, repeat=2) if p != q and abs(p + q) <= 1)


def contraction_term(path: Degrees, high: Degrees, orders: Degrees, spins: Degrees) -> Fraction:
    """One term of the contraction, without its root; the factorials of summed orders occur twice."""
    i, j, k = (2 * (big_m - mu) for big_m, mu in zip(orders, spins, strict=True))
    product = sum_3j(2 * high[0], 2 * high[1], 2 * high[2], i, j, k)
    if not product:
        return Fraction(0)
    product *= sum_3j(2, 2, 2, 2 * spins[0], 2 * spins[1], 2 * spins[2])
    for l, big, big_m, m, mu in zip(path, high, orders, (i, j, k), spins, strict=True):
        entry = sum_3j(2 * big, 2, 2 * l, m, 2 * mu, -2 * big_m)
        product *= parity_sign(big - 1 + big_m) * entry * order_square((2, 2 * mu), (2 * big, m))
    return product


def reached(path: Degrees, first: int, second: int) -> bool:
    """True when the cross product of Y^(l1+first) and Y^(l2+second) has a component of degree l3."""
    outputs = (shift for shift in (-1, 0, 1) if shifted(path, (first, second, shift)))
    return any(factor(path, (first, second, shift)) for shift in outputs)


def unreached(path: Degrees, first: int, second: int) -> bool:
    """The rule for `reached` to fail: never for odd J; for even J a coincidence of degrees."""
    if sum(path) % 2:
        return False
    names = Names({}, dict(zip(("l_1", "l_2", "l_3"), path, strict=True)))
    return any(not any(Statement(rule).residuals(names)) for rule in UNREACHED[first, second])


def unreached_table() -> str:
    """`UNREACHED` as rows of a table."""
    sign = {-1: "-", 0: "0", 1: "+"}
    said = {
        pair: " or ".join(f"${rule}$" for rule in rules) if rules != ANY else "any degrees"
        for pair, rules in UNREACHED.items()
    }
    return "\n".join(f"| $({sign[s1]},{sign[s2]})$ | {text} |" for (s1, s2), text in said.items())
