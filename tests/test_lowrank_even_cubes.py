"""The 17 cubes of the even paths to degree 2: multiplied out in their number field, in digits, and as a product."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from coupling.lowrank import even_cubes, icosahedral_cubes, whole_problem
from coupling.lowrank.even_cubes import AXIAL, EvenCubes, FieldNumber, differing_components, orbits_of_cubes
from coupling.lowrank.factors import tensor
from coupling.lowrank.icosahedral_cubes import IcosahedralCubes
from coupling.lowrank.path_weights import whole_paths
from coupling.products import ClebschGordan, FactoredProduct, Gaunt


def test_the_field_is_one() -> None:
    random = np.random.default_rng(0)
    numbers = [FieldNumber.of(*map(Fraction, random.integers(-9, 9, 4).tolist())) for _ in range(6)]
    with mpmath.workdps(40):
        for one in numbers:
            for other in numbers:
                assert one * other == other * one and (one * other) * one == one * (other * one)
                assert abs((one * other).value() - one.value() * other.value()) < mpmath.mpf(10) ** -36
                assert (one * other).conjugate == one.conjugate * other.conjugate
            assert abs((one + numbers[0]).value() - one.value() - numbers[0].value()) < mpmath.mpf(10) ** -36


def test_every_component_is_exact_and_a_wrong_digit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert differing_components() == 0
    wrong = (AXIAL[0], *(replace(x, parts=(x.parts[0] + Fraction(1, 10**9), *x.parts[1:])) for x in AXIAL[1:]))
    monkeypatch.setattr(even_cubes, "AXIAL", wrong)
    assert differing_components() > 0


def test_the_factors_make_the_tensor_and_the_product() -> None:
    cubes = EvenCubes()
    target = whole_problem(2, "even", weights=cubes.path_weights).tensor
    assert abs(tensor(cubes.factors) - target).max() < 4e-15 and cubes.rank == cubes.factors[0].shape[1] == 17
    assert all(np.array_equal(cubes.factors[0], other) for other in cubes.factors[1:])
    assert list(cubes.path_weights) == list(whole_paths(2, "even")) and min(cubes.path_weights.values()) > 1.7
    product = FactoredProduct(2, 2, 2, factors=cubes)
    wanted = np.array([cubes.path_weights.get(tuple(path), 0.0) for path in product.paths.tolist()])
    assert product.path_weights == pytest.approx(wanted, abs=1e-14) and product.error < 1e-14
    x, y = np.random.default_rng(0).standard_normal((2, 5, 9, 3))
    assert abs(product(x, y) - ClebschGordan(2, 2, 2, wanted)(x, y)).max() < 1e-13


def test_the_terms_have_a_five_fold_axis_and_one_negative_weight() -> None:
    with mpmath.workdps(30):
        signs = [(size, int(mpmath.sign(one[0].value()))) for size, one in orbits_of_cubes()]
    assert sorted(signs) == [(1, -1), (1, 1), (5, 1), (5, 1), (5, 1)]
    weights = EvenCubes().path_weights
    first = weights[0, 2, 2] ** 3 / (weights[0, 0, 0] * weights[2, 2, 2] ** 2)
    second = weights[1, 1, 2] * weights[0, 2, 2] / (weights[0, 1, 1] * weights[2, 2, 2])
    assert (
        first
        == pytest.approx(12 * 5**0.5 / (7 * (459 * 5**0.5 - 1023)), rel=1e-12)
        == pytest.approx(1.142483, abs=1e-6)
    )
    assert second == pytest.approx(0.989524, abs=1e-6)


def test_the_icosahedral_rule_makes_the_even_paths_of_degree_three(monkeypatch: pytest.MonkeyPatch) -> None:
    cubes = IcosahedralCubes()
    assert cubes.differing_entries() == 0 and cubes.rank == cubes.factors[0].shape[1] == 32
    target = whole_problem(3, "even", weights=cubes.path_weights).tensor
    assert abs(tensor(cubes.factors) - target).max() < 2e-15 and min(cubes.path_weights.values()) > 0.2
    product = FactoredProduct(3, 3, 3, factors=cubes)
    x, y = np.random.default_rng(0).standard_normal((2, 5, 16, 3))
    assert abs(product(x, y) - Gaunt(3, 3, 3)(x, y)).max() < 1e-13
    points = icosahedral_cubes.nodes()
    heavier = [(2 * weight, norm, node) for weight, norm, node in points[:6]]
    monkeypatch.setattr(icosahedral_cubes, "nodes", lambda: [*heavier, *points[6:]])
    assert icosahedral_cubes.failing_degrees() == [6]  # the least degree with an icosahedral invariant
