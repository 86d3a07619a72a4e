"""Programs that share no code with this one reach the same numbers: SymPy, cuequivariance, sphericart, ducc0.

SciPy stands behind `coupling.sphere`; see test_sphere.py for its quadrature of the definitions.
"""

from __future__ import annotations

from itertools import product

import ducc0
import numpy as np
import pytest
import sphericart
import sympy
from cuequivariance import SO3
from sympy.physics import wigner

import coupling
from coupling import exact
from coupling.exact import Surd
from coupling.selection import paths
from coupling.sphere import gauss_legendre, gradients, harmonics
from tests.domain import (
    couples,
    degrees_and_orders,
    half,
    orders,
    orders_with_sum,
    six_degrees,
    third_degrees,
    threej,
    triad_indicator,
    triads,
)

# -- SymPy: exact, symbol by symbol ------------------------------------------------------------


def surd(expression: sympy.Expr, pi_power: int = 0) -> Surd:
    """The number behind a SymPy expression whose square is a rational multiple of π^(-pi_power)."""
    square = sympy.expand(sympy.sympify(expression) ** 2 * sympy.pi**pi_power)
    assert square.is_Rational, expression
    return Surd(int(sympy.sign(expression)), int(square.p), int(square.q), pi_power)


def rationals(doubled: tuple[int, ...]) -> list[sympy.Rational]:
    return [sympy.Rational(x, 2) for x in doubled]


def all_orders(l: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(product(*(range(-x, x + 1) for x in l)))


def test_sympy_3j_and_clebsch_gordan(lmax: int) -> None:
    """Integer and half-integer degrees, all orders with sum zero, and all the others on degrees up to 1."""
    met = 0
    for js in triads(lmax):
        for ms in product(*map(orders, js)):
            if sum(ms) and max(js) > 2:
                continue
            turned = (*ms[:2], -ms[2])
            arguments = [half(x) for x in (*js, *ms)]
            assert exact.wigner_3j(*arguments) == surd(wigner.wigner_3j(*rationals((*js, *ms))))
            arguments[5] = -arguments[5]
            assert exact.clebsch_gordan(*arguments) == surd(wigner.clebsch_gordan(*rationals((*js, *turned))))
            met += 1
    everything = sum((a + 1) * (b + 1) * (c + 1) for a, b, c in triads(min(lmax, 2)))
    assert met == everything + sum(orders_with_sum(0, *js) for js in triads(lmax) if max(js) > 2)


def test_sympy_3j_of_larger_degrees() -> None:
    met = 0
    for l2, l3 in ((7, 12), (20, 20), (33, 9)):
        for l1 in range(abs(l2 - l3) + 2, l2 + l3 + 1, 3):
            for m2, m3 in ((0, 0), (1, -3), (-5, 4), (6, -5)):
                symbol = (l1, l2, l3, -m2 - m3, m2, m3)
                assert exact.wigner_3j(*symbol) == surd(wigner.wigner_3j(*symbol)), symbol
                met += 1
    assert met == 4 * (5 + 13 + 6)


def test_sympy_6j() -> None:
    degrees = six_degrees(4)
    for js in degrees:
        assert exact.wigner_6j(*map(half, js)) == surd(wigner.wigner_6j(*rationals(js)))
    assert len(degrees) == 570


def test_sympy_9j() -> None:
    """All 9j symbols of degrees up to 1, and the rows (j1 j2 j) of larger ones."""
    rows = list(triads(2))
    met = 0
    for r, s in product(rows, repeat=2):
        for t in product(*(third_degrees(p, q) for p, q in zip(r, s, strict=True))):
            if couples(*t):
                assert exact.wigner_9j(*map(half, r + s + t)) == surd(wigner.wigner_9j(*rationals(r + s + t)))
                met += 1
    t = triad_indicator(4)
    low = t[:3, :3, :3]
    assert met == np.einsum("abc,def,adg,beh,cfi,ghi->", low, low, *[t[:3, :3]] * 3, t, optimize=True)


def test_sympy_gaunt() -> None:
    met = 0
    for l in product(range(4), repeat=3):
        for m in all_orders(l):
            if sum(m) == 0 or max(l) < 3:
                assert exact.gaunt(*l, *m) == surd(wigner.gaunt(*l, *m), 1)
                met += 1
    larger = (l for l in product(range(4), repeat=3) if max(l) == 3)
    assert met == 3**6 + sum(orders_with_sum(0, *(2 * x for x in l)) for l in larger)


def test_sympy_real_gaunt() -> None:
    met = 0
    for l in product(range(3), repeat=3):
        for m in all_orders(l):
            assert exact.real_gaunt(*l, *m) == surd(wigner.real_gaunt(*l, *m), 1), (l, m)
            met += 1
    assert met == 3**6


def test_sympy_in_the_formula_of_the_geodynamo() -> None:
    """The antisymmetric Gaunt integral as codes of the geodynamo write it, in a 3j symbol of degrees l1, l2+1, l3:

        i √(P/4π) ½ √[(J+2)(l1+l2-l3+1)(-l1+l2+l3+1)(l1-l2+l3)] 3j(l1 l2+1 l3; 0 0 0) 3j(l1 l2 l3; m1 m2 m3)

    Calypso and Limace.jl have this sign; bullard-gellman_integrals has the opposite one.
    """
    met = 0
    for l1, l2, l3 in product(range(5), repeat=3):
        total = l1 + l2 + l3
        if total % 2 and couples(2 * l1, 2 * l2, 2 * l3):
            square = (total + 2) * (l1 + l2 - l3 + 1) * (-l1 + l2 + l3 + 1) * (l1 - l2 + l3)
            degrees = (2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1)
            root = Surd(1, square * degrees, 16, 1, unit=1) * surd(wigner.wigner_3j(l1, l2 + 1, l3, 0, 0, 0))
            for m in all_orders((l1, l2, l3)):
                if sum(m) == 0:
                    expected = root * surd(wigner.wigner_3j(l1, l2, l3, *m))
                    assert exact.antisymmetric_gaunt(l1, l2, l3, *m) == expected, (l1, l2, l3, m)
                    met += 1
    odd = [l for l in product(range(5), repeat=3) if sum(l) % 2 and 2 * max(l) <= sum(l)]
    assert met == sum(orders_with_sum(0, *(2 * x for x in l)) for l in odd) > 500


def test_sympy_harmonics() -> None:
    """Ynm has the phase of Condon and Shortley, as ours; also its derivative in θ."""
    x, phi = sympy.symbols("x phi", real=True)
    point = {x: 0.7, phi: 2.1}
    ours = harmonics(4, 0.7, 2.1, "complex"), gradients(4, 0.7, 2.1, "complex")[0]
    met = 0
    for l, m in degrees_and_orders(4):
        expression = sympy.Ynm(l, m, x, phi).expand(func=True)
        assert ours[0][met] == pytest.approx(complex(expression.subs(point)), abs=1e-14)
        assert ours[1][met] == pytest.approx(complex(sympy.diff(expression, x).subs(point)), abs=1e-14)
        met += 1
    assert met == 25


# -- cuequivariance: the real core, sign included ----------------------------------------------


def test_cuequivariance_real_core() -> None:
    """Its Clebsch-Gordan block is √(2l3+1) C for every path of degrees up to 6."""
    met = 0
    for l in paths(6):
        theirs = SO3.clebsch_gordan(*map(SO3, l))
        assert theirs.shape == (1, *(2 * x + 1 for x in l))
        np.testing.assert_allclose(coupling.block("clebsch_gordan", *l), theirs[0], atol=1e-14)
        np.testing.assert_allclose(coupling.block("wigner_3j", *l) * np.sqrt(2 * l[2] + 1), theirs[0], atol=1e-14)
        met += 1
    assert met == sum(2 * max(l) <= sum(l) for l in product(range(7), repeat=3))


# -- sphericart: real harmonics and gradients --------------------------------------------------


def test_sphericart_harmonics_and_gradients() -> None:
    """Values and Cartesian gradients of the real harmonics up to degree 20, projected on e_θ and e_φ."""
    lmax = 20
    grid = gauss_legendre(24)
    (st, ct), (sp, cp) = ((np.sin(x), np.cos(x)) for x in (grid.theta, grid.phi))
    points = np.stack([st * cp, st * sp, ct], -1)
    e_theta, e_phi = np.stack([ct * cp, ct * sp, -st], -1), np.stack([-sp, cp, 0 * sp], -1)
    values, slopes = sphericart.SphericalHarmonics(lmax).compute_with_gradients(points)
    np.testing.assert_allclose(harmonics(lmax, grid.theta, grid.phi), values, atol=1e-12)
    along = [np.einsum("px,pxk->pk", e, slopes) for e in (e_theta, e_phi)]
    np.testing.assert_allclose(gradients(lmax, grid.theta, grid.phi), along, atol=1e-11)


# -- ducc0: families of 3j symbols by recurrence ------------------------------------------------


def test_ducc0_families_of_small_degrees(lmax: int) -> None:
    """3j(l1 l2 l3; -m2-m3 m2 m3) for all l1, of every l2, l3, m2, m3."""
    met = 0
    for l2, l3 in product(range(lmax + 1), repeat=2):
        for m2, m3 in product(range(-l2, l2 + 1), range(-l3, l3 + 1)):
            first, family = ducc0.misc.wigner3j_int(l2, l3, m2, m3)
            assert first == max(abs(l2 - l3), abs(m2 + m3)) and first + len(family) == l2 + l3 + 1
            ours = [
                float(threej(2 * l1, 2 * l2, 2 * l3, -2 * (m2 + m3), 2 * m2, 2 * m3))
                for l1 in range(first, l2 + l3 + 1)
            ]
            np.testing.assert_allclose(family, ours, atol=1e-13)
            met += 1
    assert met == (lmax + 1) ** 4


@pytest.mark.parametrize(
    ("l2", "l3", "m2", "m3", "step"),
    [
        (100, 100, 0, 0, 1),
        (100, 97, 13, -60, 1),
        (120, 80, -75, 80, 1),
        (1000, 60, 17, -33, 1),
        (1000, 1000, 0, 0, 37),
        (1000, 990, 411, -502, 37),
    ],
)
def test_ducc0_families_of_large_degrees(l2: int, l3: int, m2: int, m3: int, step: int) -> None:
    first, family = ducc0.misc.wigner3j_int(l2, l3, m2, m3)
    ours = [coupling.wigner_3j(l1, l2, l3, -m2 - m3, m2, m3) for l1 in range(first, l2 + l3 + 1, step)]
    assert len(ours) == -(-len(family) // step)
    np.testing.assert_allclose(family[::step], ours, rtol=1e-9, atol=1e-12 * np.abs(ours).max())
