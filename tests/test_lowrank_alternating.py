"""Sums of determinants: their components, derivatives and five products, and the odd paths that they make."""

from __future__ import annotations

from itertools import permutations

import mpmath
import numpy as np
import pytest

from benchmarks import odd_paths
from coupling.lowrank import alternating, whole_problem
from coupling.lowrank.alternating import (
    FIVE,
    Alternating,
    DeterminantSystem,
    alternating_search,
    five_terms,
    proof_of_determinants,
)
from coupling.lowrank.factors import tensor


def alternated(vectors: np.ndarray) -> np.ndarray:
    """Σ_r Σ_σ sgn σ σ(a⊗b⊗c), from its definition."""
    total = 0
    for order in permutations(range(3)):
        sign = np.linalg.det(np.eye(3)[list(order)])
        total = total + sign * np.einsum("ir,jr,kr->ijk", *(vectors[slot] for slot in order))
    return np.asarray(total)


@pytest.mark.parametrize("dtype", [float, complex])
def test_components_and_five_products_are_those_of_the_alternating_product(dtype: type) -> None:
    problem = Alternating(2, 3, dtype)
    unknowns = problem.start(1, 0)
    vectors = problem.vectors(unknowns)
    whole = alternated(vectors)
    assert abs(problem.components(unknowns)[0] - whole[tuple(problem.index)]).max() < 1e-14
    products = tensor(five_terms(vectors))
    assert abs(products[1:, 1:, 1:] - whole).max() < 1e-14 and not products[0].any()
    assert five_terms(vectors)[0].shape == (9, 15) and FIVE.shape == (5, 3, 3)


def test_a_wrong_sign_in_the_five_products_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Alternating(2, 4)
    _, _, unknowns = alternating_search(2, 4, 16)[0]
    assert odd_paths.of_products(problem, unknowns) < 1e-14
    wrong = FIVE.copy()
    wrong[3, 1, 1] = -wrong[3, 1, 1]
    monkeypatch.setattr(alternating, "FIVE", wrong)
    assert odd_paths.of_products(problem, unknowns) > 0.1


@pytest.mark.parametrize("size", [1.0, 2.5, 20.0])
def test_derivatives_are_those_of_the_equations(size: float) -> None:
    """Weights below, within and above their range."""
    problem, step = Alternating(2, 2), 1e-6
    x = problem.start(0, 0) * size
    numeric = [
        (problem.equations(x + step * e)[0] - problem.equations(x - step * e)[0]) / (2 * step) for e in np.eye(len(x))
    ]
    jacobian = problem.equations(x)[1]
    assert abs(jacobian - np.stack(numeric, axis=1)).max() < 1e-8 * abs(jacobian).max()
    assert (abs(problem.blocks @ jacobian).max() < 1e-9) == (size == 2.5)  # within: only weights change along a path


@pytest.mark.parametrize("lmax", [1, 2, 3])
def test_blocks_are_the_odd_paths_of_the_whole_tensor(lmax: int) -> None:
    problem, odd = Alternating(lmax, 1), whole_problem(lmax, "odd").tensor
    components = problem.lengths @ problem.blocks
    assert abs(components - odd[tuple(problem.index + 1)]).max() < 1e-14
    assert 6 * np.sum(components**2) == pytest.approx(np.sum(odd**2)) and not odd[0].any()
    assert abs(problem.blocks @ problem.blocks.T - np.eye(len(problem.classes))).max() < 1e-14


def test_cubes_are_orthogonal_to_every_odd_path() -> None:
    odd, a = whole_problem(3, "odd").tensor, np.random.default_rng(0).standard_normal((16, 5))
    assert abs(np.einsum("ijk,ir,jr,kr->r", odd, a, a, a)).max() < 1e-12


def test_four_determinants_make_the_odd_paths_of_degree_two_and_three_were_not_met_to() -> None:
    """No weight is lost; 20 products are those of the whole tensor with the weights found."""
    assert alternating_search(1, 1, 1)[0][0] < 1e-12
    for dtype in (float, complex):
        found = alternating_search(2, 4, 16, dtype=dtype)
        assert found[0][0] < 1e-12 and found[0][1] < 5
        weights = Alternating(2, 4, dtype).weights(found[0][2])
        assert set(weights) == {(1, 1, 1), (1, 2, 2)} and min(map(abs, weights.values())) > 0.3
    assert min(error for error, _, _ in alternating_search(2, 3, 6)) > 0.05


def test_weights_of_equal_sign_need_one_determinant_more() -> None:
    rows = odd_paths.sign_rows(4)
    assert [row[0] for row in rows] == ["3", "4", "5"]
    assert [row[1:] for row in rows[1:]] == [["**0**, proved", "0.02"], ["**0**, proved", "**0**, proved"]]


def test_what_is_proved_needs_as_many_independent_derivatives_as_equations() -> None:
    four, three = Alternating(2, 4), Alternating(2, 3)
    _, _, unknowns = alternating_search(2, 4, 4)[0]
    assert (proof_of_determinants(four, unknowns) or 1) < 1e-30
    assert proof_of_determinants(three, three.result(0, 0)[1]) is None
    with mpmath.workdps(60):
        system = DeterminantSystem(four, unknowns)
        assert max(map(abs, system.residual(system.start))) < 1e-14
        jacobian, inverse = system.right_inverse(system.start)
        assert system.independent == 56 and abs(jacobian @ inverse - np.eye(56)).max() < 1e-12


def test_the_bound_of_second_derivatives_holds() -> None:
    """Of random directions: |D²F[u, v]| is at most √6 times the norms of the factors times those of u and v."""
    problem, random, worst = Alternating(2, 4), np.random.default_rng(0), 0.0
    for _ in range(200):
        x, u, v = random.standard_normal((3, 96))
        second = (problem.components(x + u)[1] - problem.components(x - u)[1]) @ v / 2
        factors = sum(np.linalg.norm(factor) for factor in problem.vectors(x))
        worst = max(worst, np.linalg.norm(second) / (6**0.5 * factors * np.linalg.norm(u) * np.linalg.norm(v)))
    assert 0.01 < worst < 1


def test_the_same_seed_gives_the_same_result_and_counts_are_as_written() -> None:
    one, other = (alternating_search(2, 3, 2, seed=5) for _ in range(2))
    assert [error for error, _, _ in one] == [error for error, _, _ in other]
    assert [odd_paths.counted(lmax) for lmax in (1, 2, 3, 4)] == [1, 4, 13, 32]
