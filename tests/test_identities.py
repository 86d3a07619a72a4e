"""Identities of the two integrals that need no reference table: products and brackets of functions on the sphere.

A product of harmonics expands as Y1 Y2 = Σ (-1)^M G(1, 2, (L, -M)) Y_LM and a bracket as {Y1, Y2} = Σ (-1)^M
A((L, -M), 1, 2) Y_LM.  The laws of the algebra of functions then are identities of the coefficients, checked in exact
arithmetic on all quadruples of harmonics up to lmax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations_with_replacement, permutations, product
from math import factorial, prod

import numpy as np
import pytest

import coupling
from coupling.conventions import parity_sign
from coupling.exact import Surd, antisymmetric_gaunt, gaunt
from tests.domain import degrees_and_orders

Harmonic = tuple[int, int]
Pair = tuple[Harmonic, Harmonic]
Integral = Callable[[Harmonic, Harmonic, Harmonic], Surd]


@cache
def g(p: Harmonic, q: Harmonic, r: Harmonic) -> Surd:
    """∫ Y1 Y2 Y3 dΩ."""
    return gaunt(p[0], q[0], r[0], p[1], q[1], r[1])


@cache
def a(p: Harmonic, q: Harmonic, r: Harmonic) -> Surd:
    """∫ Y1 {Y2, Y3} dΩ."""
    return antisymmetric_gaunt(p[0], q[0], r[0], p[1], q[1], r[1])


def through(first: Integral, pair: Pair, second: Integral, rest: Pair) -> Surd:
    """Σ_L (-1)^M first((L, -M), *pair) second((L, M), *rest), with M the sum of the orders of the pair."""
    (l1, m1), (l2, m2) = pair
    order, total = m1 + m2, Surd(0)
    for l in range(max(abs(l1 - l2), abs(order)), l1 + l2 + 1):
        total += parity_sign(order) * first((l, -order), *pair) * second((l, order), *rest)
    return total


def multisets(size: int, lmax: int) -> Iterator[tuple[tuple[Harmonic, ...], int]]:
    """Multisets of harmonics, each with the number of its arrangements."""
    for chosen in combinations_with_replacement(degrees_and_orders(lmax), size):
        repeats = prod(factorial(chosen.count(h)) for h in set(chosen))
        yield chosen, factorial(size) // repeats


def quadruples(lmax: int, parity: int) -> int:
    """Ordered quadruples of harmonics with m1+m2+m3+m4 = 0 and l1+l2+l3+l4 of a parity, from generating functions."""
    orders = np.arange(-lmax, lmax + 1)
    plain = np.array([sum(1 for l in range(abs(m), lmax + 1)) for m in orders])
    signed = np.array([sum(parity_sign(l) for l in range(abs(m), lmax + 1)) for m in orders])
    everything, difference = (int(np.convolve(np.convolve(w, w), np.convolve(w, w))[4 * lmax]) for w in (plain, signed))
    return (everything + parity_sign(parity) * difference) // 2


def balanced(chosen: tuple[Harmonic, ...], parity: int) -> bool:
    return sum(m for _, m in chosen) == 0 and sum(l for l, _ in chosen) % 2 == parity


def test_the_product_of_functions_is_associative(lmax: int) -> None:
    """∫ (Y1 Y2)(Y3 Y4) = ∫ (Y1 Y3)(Y2 Y4) = ∫ (Y1 Y4)(Y2 Y3)."""
    met = 0
    for chosen, arrangements in multisets(4, lmax):
        if balanced(chosen, 0):
            p, q, r, s = chosen
            value = through(g, (p, q), g, (r, s))
            assert value == through(g, (p, r), g, (q, s)) == through(g, (p, s), g, (q, r)), chosen
            met += arrangements
    assert met == quadruples(lmax, 0)


def test_the_bracket_obeys_jacobi(lmax: int) -> None:
    """{Y1, {Y2, Y3}} + {Y2, {Y3, Y1}} + {Y3, {Y1, Y2}} = 0, tested against Y4."""
    met = 0
    for chosen, arrangements in multisets(4, lmax):
        if balanced(chosen, 0):
            p, q, r, s = chosen
            total = Surd(0)
            for x, y, z in ((p, q, r), (q, r, p), (r, p, q)):
                total += through(a, (y, z), a, (s, x))
            assert total == 0, chosen
            met += arrangements
    assert met == quadruples(lmax, 0)


def test_the_bracket_is_a_derivation_of_the_product(lmax: int) -> None:
    """Leibniz: {Y1, Y2 Y3} = {Y1, Y2} Y3 + Y2 {Y1, Y3}, tested against Y4; symmetric in 2, 3 and 4."""
    met = 0
    triples = list(multisets(3, lmax))
    for p in degrees_and_orders(lmax):
        for chosen, arrangements in triples:
            if balanced((p, *chosen), 1):
                q, r, s = chosen
                left = through(g, (q, r), _swapped, (p, s))
                right = through(a, (p, q), g, (r, s)) + through(a, (p, r), g, (q, s))
                assert left == right, (p, chosen)
                met += arrangements
    assert met == quadruples(lmax, 1)


def _swapped(x: Harmonic, y: Harmonic, z: Harmonic) -> Surd:
    """∫ Y3 {Y2, Y1} dΩ."""
    return a(z, y, x)


def test_product_with_the_constant(lmax: int) -> None:
    """G(0 l l'; 0 m m') = (-1)^m δ(l, l') δ(m, -m') / √4π."""
    met = 0
    for p, q in product(degrees_and_orders(2 * lmax), repeat=2):
        partner = p == (q[0], -q[1])
        assert g((0, 0), p, q) == int(partner) * parity_sign(p[1]) * Surd(1, 1, 4, 1)
        met += 1
    assert met == (2 * lmax + 1) ** 4


def test_bracket_with_the_constant_vanishes(lmax: int) -> None:
    met = 0
    for p, q in product(degrees_and_orders(lmax), repeat=2):
        assert a((0, 0), p, q) == a(p, (0, 0), q) == a(p, q, (0, 0)) == 0
        met += 1
    assert met == (lmax + 1) ** 4


def test_bracket_with_y10_is_the_rotation_about_z(lmax: int) -> None:
    """{Y_10, Y_lm} = -i m √(3/4π) Y_lm, all components."""
    met = 0
    for (l, m), (k, n) in product(degrees_and_orders(2 * lmax), repeat=2):
        component = parity_sign(n) * a((k, -n), (1, 0), (l, m))
        assert component == (-m if (l, m) == (k, n) else 0) * Surd(1, 3, 4, 1, unit=1)
        met += 1
    assert met == (2 * lmax + 1) ** 4


@pytest.mark.parametrize(("integral", "sign"), [(g, 1), (a, -1)])
def test_total_symmetry(integral: Integral, sign: int, lmax: int) -> None:
    """G does not change under a permutation of the three harmonics, A takes its sign."""
    met = nonzero = 0
    for chosen, arrangements in multisets(3, lmax):
        value = integral(*chosen)
        for p in permutations(range(3)):
            odd = sum(p[i] > p[k] for i in range(3) for k in range(i, 3)) % 2
            assert integral(*(chosen[i] for i in p)) == (sign * value if odd else value)
        nonzero += arrangements * bool(value)
        met += arrangements
    assert met == (lmax + 1) ** 6
    family = "gaunt" if sign == 1 else "antisymmetric_gaunt"
    blocks = (coupling.block(family, *l, "complex") for l in product(range(lmax + 1), repeat=3))
    assert nonzero == sum(np.count_nonzero(block) for block in blocks)


@pytest.mark.parametrize(("integral", "power"), [(g, 0), (a, 1)])
def test_conjugate_harmonics(integral: Integral, power: int, lmax: int) -> None:
    """conj(Y_lm) = (-1)^m Y_l,-m and m1+m2+m3 = 0, so negating all orders conjugates the integral."""
    met = 0
    for chosen in product(degrees_and_orders(lmax), repeat=3):
        value = integral(*chosen)
        assert integral(*((l, -m) for l, m in chosen)) == value.conjugate()
        assert not value or value.unit == power
        met += 1
    assert met == (lmax + 1) ** 6


def real_tensor(family: str, lmax: int, lmax_out: int) -> np.ndarray:
    """The blocks of all paths as one array over flat indices."""
    tensor = np.zeros(((lmax + 1) ** 2, (lmax + 1) ** 2, (lmax_out + 1) ** 2))
    for l1, l2, l3 in product(range(lmax + 1), range(lmax + 1), range(lmax_out + 1)):
        place = tuple(slice(l * l, (l + 1) ** 2) for l in (l1, l2, l3))
        tensor[place] = coupling.block(family, l1, l2, l3)
    return tensor


def test_algebra_of_real_functions(lmax: int) -> None:
    """Associativity, Jacobi and Leibniz once more in the real basis and in floats, as dense tensors."""
    limit = max(1, min(lmax, 4))
    product_of = real_tensor("gaunt", limit, 2 * limit)
    bracket_of = real_tensor("antisymmetric_gaunt", limit, 2 * limit)
    gg = np.einsum("abx,cdx->abcd", product_of, product_of)
    aa = np.einsum("abx,cdx->abcd", bracket_of, bracket_of)  # {a, b} with {c, d}
    ag = np.einsum("abx,cdx->abcd", bracket_of, product_of)  # {a, b} with c·d
    assert gg.shape == ((limit + 1) ** 2,) * 4
    np.testing.assert_allclose(gg, gg.transpose(0, 2, 1, 3), atol=1e-14)
    # ∫ d {a, {b, c}} = ∫ {b, c} {d, a}, cyclic in a, b, c
    jacobi = sum(np.einsum(f"{p}->abcd", aa) for p in ("bcda", "cadb", "abdc"))
    np.testing.assert_allclose(jacobi, 0, atol=1e-13)
    # ∫ d {a, b c} = ∫ {d, a} b c  and  ∫ d {a, b} c = ∫ {a, b} c d
    left = np.einsum("dabc->abcd", ag)
    right = np.einsum("abcd->abcd", ag) + np.einsum("acbd->abcd", ag)
    np.testing.assert_allclose(left, right, atol=1e-13)
    assert np.abs(left).max() > 0.1 < np.abs(aa).max()
