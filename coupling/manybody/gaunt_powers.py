"""Products of ν copies of a density on the sphere: which many-body couplings they reach, and what one costs.

With functions f_k = Σ a_k(l) A_lm R_lm on the sphere, R_lm the real harmonics, the coefficients of their product

    z[L, M] = ∫ R_LM f_1 … f_ν dΩ = Σ Π a_k(l_k) G[l_1 … l_ν; L, M](A)

are sums over the sequences of degrees of one polynomial G for each *multiset*, since the product commutes.  Different
multisets have different monomials, so the weights a_k reach exactly as many couplings as there are multisets with
G ≠ 0.  G couples l_1 and l_2 to every l_12 with l_1+l_2+l_12 even, that with l_3, and so on, with factors that are
never zero inside the triangle rule and paths that are orthogonal; so G ≠ 0 where one such chain exists, which is where
l_1 + … + l_ν + L is even and no degree exceeds the sum of the others.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

from coupling.integers import degree as checked_degree
from coupling.manybody.symmetry import parse_order
from coupling.quoted import quoted

#: Largest number of multisets that are listed.
MOST_MULTISETS = 1 << 22


def gaunt_powers(lmax: object, order: object, degree: object) -> list[tuple[int, ...]]:
    """Return the multisets of degrees 0 … lmax whose product on the sphere has a part of a degree, ascending.

    One coupling each; all that weights of degrees can reach.  Of the symmetric couplings, counted by ``count``, the
    others need brackets or partial results of their own.  Raises ValueError or TypeError for what cannot exist.

    >>> from coupling.manybody import count
    >>> [(len(gaunt_powers(3, order, 0)), count(3, order, 0)) for order in (2, 3, 4)]
    [(4, 4), (8, 8), (17, 23)]
    """
    top, number, output = checked_degree(lmax, "lmax"), parse_order(order), checked_degree(degree, "degree")
    if output > number * top:
        raise ValueError(f"degree must be at most ν·lmax = {number * top}, got {quoted(output)}")
    total = 1
    for k in range(number):
        total = total * (top + 1 + k) // (k + 1)
    if total > MOST_MULTISETS:
        raise ValueError(f"multisets are listed up to {MOST_MULTISETS}, got {quoted(total)} of lmax {quoted(top)}")
    found = combinations_with_replacement(range(top + 1), number)
    return [each for each in found if reached_by((*each, output))]


def reached_by(degrees: tuple[int, ...]) -> bool:
    """Return whether ∫ Π f_k is not zero for functions of these degrees: an even sum, the largest at most the others'.

    >>> reached_by((1, 1, 2)), reached_by((1, 1, 1)), reached_by((1, 1, 4))
    (True, False, False)
    """
    total = sum(degrees)
    return total % 2 == 0 and 2 * max(degrees) <= total


def gaunt_power_operations(lmax: int, order: int, degrees: tuple[int, ...]) -> int:
    """Return the multiply-adds of one product of ν equal functions, to the degrees of some outputs.

    Legendre sums and Fourier sums to a Gauss-Legendre grid that is exact, the power at its points, and back.

    >>> gaunt_power_operations(3, 3, (0, 1))
    912
    """
    exact = order * lmax + max(degrees)
    n_theta, n_phi = exact // 2 + 1, exact + 1
    forth = n_theta * (lmax + 1) ** 2 + n_theta * n_phi * (2 * lmax + 1)
    back = sum(n_theta * (2 * l + 1) for l in degrees) + n_theta * n_phi * (2 * max(degrees) + 1)
    return forth + (order - 1) * n_theta * n_phi + back
