"""Path weights of whole tensors: exact entries, one form of description, stored results, weights as variables."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.exact import Surd, wigner_6j
from coupling.files import TableError
from coupling.lowrank import false_claims, study, whole_problem
from coupling.lowrank.bounds import eckart_young, slot_singular_values
from coupling.lowrank.factors import growth, tensor
from coupling.lowrank.free_refinement import refined_residuals
from coupling.lowrank.free_weights import FreeWeights, complex_errors, free_objective, free_study, search_free
from coupling.lowrank.objective import Objective
from coupling.lowrank.path_weights import path_weight, weights_array, whole_paths
from coupling.lowrank.problems import from_spec
from coupling.lowrank.records import whole_table
from coupling.lowrank.store import keep, kept

#: Degree limits to 12 at which a product of matrices of spin L/2 loses no path.
NONE_LOST = {1, 2, 4, 5, 7, 9}


def test_matrix_weights_are_those_of_the_trace() -> None:
    met = 0
    for lmax in (1, 2, 3, 4):
        problem, unit = whole_problem(lmax, weights="matrix"), whole_problem(lmax)
        assert np.sum(problem.tensor**2) == pytest.approx((lmax + 1) ** 3)  # the number of products of a matrix product
        for path in whole_paths(lmax):
            box = tuple(slice(l * l, (l + 1) ** 2) for l in path)
            size = sqrt(np.prod([2 * l + 1 for l in path])) * float(wigner_6j(*path, *[Fraction(lmax, 2)] * 3))
            assert np.allclose(problem.tensor[box], (-1) ** lmax * size * unit.tensor[box], rtol=1e-13, atol=0)
            met += 1
    assert met == 5 + 15 + 34 + 65


def test_exact_entries_carry_the_weights() -> None:
    weights = {(0, 0, 0): Surd(1, 4, 3), (1, 1, 1): 0.1, (0, 1, 1): -1, (1, 0, 1): 1, (1, 1, 0): 2}
    for chosen in ("matrix", weights, np.arange(8.0).reshape(2, 2, 2) + 0.3):
        problem = whole_problem(1, weights=chosen)
        every = np.array([[[float(problem.exact(i, j, k)) for k in range(4)] for j in range(4)] for i in range(4)])
        assert np.allclose(every, problem.tensor, rtol=4e-16, atol=0) and every.any()
    assert whole_problem(1, weights=weights).exact(0, 0, 0) == Surd(1, 4, 3)


def test_lost_paths_are_named() -> None:
    reached = {l for l in range(1, 13) if all(path_weight("matrix", path, l) for path in whole_paths(l))}
    assert reached == NONE_LOST
    assert whole_problem(3, weights="matrix").lost_paths == ((2, 2, 2),)
    assert whole_problem(1, weights={(0, 0, 0): 1}).lost_paths == ((0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1))
    assert whole_problem(1, "odd", weights={(1, 1, 1): 1}).lost_paths == ()


def test_a_description_has_one_form() -> None:
    ones = dict.fromkeys(whole_paths(2), 1)
    assert whole_problem(2, weights=ones).spec == whole_problem(2).spec
    assert whole_problem(2, weights={path: Surd(1) for path in ones}).spec == whole_problem(2).spec
    given = np.full((3, 3, 3), 0.5)
    assert whole_problem(2, weights=given).spec == whole_problem(2, weights=dict.fromkeys(ones, 0.5)).spec
    for problem in (whole_problem(2, weights=given), whole_problem(1, weights={(0, 0, 0): Surd(-1, 2)})):
        assert from_spec(problem.spec).spec == problem.spec
        assert np.array_equal(from_spec(problem.spec).tensor, problem.tensor)
    assert len({whole_problem(1, weights=w).name for w in ("unit", "matrix", np.ones((2, 2, 2)) * 2)}) == 3


@pytest.mark.parametrize(
    "weights",
    [
        "all",
        np.ones((3, 3, 3)),
        np.full((2, 2, 2), np.nan),
        np.zeros((2, 2, 2)),
        {(1, 1, 2): 1.0},
        {(0, 0, 0): Surd(0)},
    ],
)
def test_wrong_weights_are_refused(weights: object) -> None:
    with pytest.raises(ValueError, match="weights"):
        whole_problem(1, weights=weights)  # type: ignore[arg-type]


@pytest.mark.parametrize("weights", ["matrix", {(0, 0, 0): Surd(1, 4, 3), (1, 1, 1): 1}, np.full((2, 2, 2), 0.7)])
def test_records_carry_the_weights(weights: object, tmp_path: Path) -> None:
    problem = whole_problem(1, weights=weights)  # type: ignore[arg-type]
    [record] = study(problem, [3], starts=1)
    file = keep(record, tmp_path)
    assert kept(file).spec == problem.spec and not false_claims(kept(file))
    other = replace(record, spec=whole_problem(1).spec)
    assert any("relative error" in claim for claim in false_claims(other))
    unit = keep(study(whole_problem(1), [3], starts=1)[0], tmp_path)
    unit.replace(file)
    with pytest.raises(TableError, match="name"):
        kept(file)


def test_free_weights_have_the_derivatives_of_variable_projection() -> None:
    objective, generator = free_objective(2), np.random.default_rng(3)
    a, b, c = (0.4 * generator.standard_normal((9, 6)) for _ in range(3))
    jacobian, blocks = Objective(objective.target).jacobian((a, b, c)), objective.blocks.reshape(15, -1)
    weights = blocks @ tensor((a, b, c)).ravel()
    free = blocks[(abs(weights) >= 1 / 3) & (abs(weights) <= 3)]
    assert 0 < len(free) < 15
    expected = jacobian.T @ (jacobian - free.T @ (free @ jacobian))
    assert np.allclose(objective.normal_matrix((a, b, c)), expected, atol=1e-12)
    slope = np.concatenate([x.ravel() for x in objective.value_gradient((a, b, c), 0.0)[1]])
    assert np.allclose(slope, jacobian.T @ objective.residual((a, b, c)).ravel(), atol=1e-12)


def test_seven_terms_at_an_isolated_weight() -> None:
    """Over all weights of L = 1 seven terms are enough, only where ρ = 1; the same seed gives the same result."""
    first, second = (free_study(1, [7], starts=8, seed=0)[0] for _ in range(2))
    assert first.error < 1e-12 and first.spec == second.spec
    problem = from_spec(first.spec)
    assert problem.lost_paths == ()
    w = np.array(first.spec["weights"])
    assert 2 / sqrt(3) * w[0, 1, 1] * w[1, 0, 1] * w[1, 1, 0] / (w[0, 0, 0] * w[1, 1, 1] ** 2) == pytest.approx(1)
    assert isinstance(free_objective(1), FreeWeights)


def test_the_command_takes_weights() -> None:
    """Bounds by singular values are those of the weights; lost paths and weights are printed."""
    found = CliRunner().invoke(
        main, ["study", "whole", "--lmax", "1", "--weights", "matrix", "--rank", "8", "--starts", "4"]
    )
    assert found.exit_code == 0 and "matrix weights" in found.stdout and "-1.224745" in found.stdout
    free = CliRunner().invoke(
        main, ["study", "whole", "--lmax", "1", "--weights", "free", "--rank", "2", "--starts", "2"]
    )
    assert free.exit_code == 0 and "Path weights at R = 2" in free.stdout
    rows = CliRunner().invoke(
        main, ["study", "whole", "--lmax", "1", "--weights", "free", "--complex", "--rank", "5", "--rank", "6"]
    )
    assert rows.exit_code == 0 and "complex terms and weights" in rows.stdout
    [six] = [line.split() for line in rows.stdout.splitlines() if line.startswith("6 ")]
    assert float(six[1]) < 1e-13


def test_six_complex_terms_at_an_isolated_weight() -> None:
    """Over all complex weights of L = 1 six terms are enough, and five are not."""
    (five, poor, _, starts), (six, error, size, _) = complex_errors(1, [5, 6, 7], starts=6)
    assert (five, six, starts) == (5, 6, 6) and poor > 0.01 and error < 1e-12 and size < 10
    assert complex_errors(1, [5], starts=6)[0][1] == poor


def test_eighteen_complex_terms_reach_every_path_of_degree_two() -> None:
    """Five fewer than the algorithm for matrices has; Newton steps from there end at no residual in 60 digits."""
    found = search_free(free_objective(2), 18, 24, 0, None, 1, lambda done, best: None, True)
    error, factors = found[0]
    assert error < 1e-12 and growth(factors) < 100
    assert abs(free_objective(2).components(tensor(factors))).min() > 0.33  # no path is lost
    norms, rank = refined_residuals(2, factors, steps=3, digits=60)
    assert norms[-1] < 1e-40 and rank < 600
    far, _ = refined_residuals(2, [factor[:, :17] for factor in factors], steps=3, digits=30)
    assert far[-1] > 1e-3


def test_free_complex_weights_have_the_derivatives_of_variable_projection() -> None:
    objective, generator = free_objective(1), np.random.default_rng(3)
    parts = generator.standard_normal((2, 3, 4, 6))
    a, b, c = 0.5 * (parts[0] + 1j * parts[1])
    jacobian, blocks = Objective(objective.target).jacobian((a, b, c)), objective.blocks.reshape(5, -1)
    weights = blocks @ tensor((a, b, c)).ravel()
    free = blocks[(abs(weights) >= 1 / 3) & (abs(weights) <= 3)]
    assert 0 < len(free) < 5
    expected = jacobian.conj().T @ (jacobian - free.T @ (free @ jacobian))
    assert np.allclose(objective.normal_matrix((a, b, c)), expected, atol=1e-12)
    left = objective.residual((a, b, c))
    assert np.linalg.norm(left) < np.linalg.norm(tensor((a, b, c)))
    slope = np.concatenate([x.ravel() for x in objective.value_gradient((a, b, c), 0.0)[1]])
    assert np.allclose(slope, jacobian.conj().T @ left.ravel(), atol=1e-12)


@pytest.mark.parametrize(("parity", "weights"), [("even", "unit"), ("odd", "unit"), ("all", "matrix")])
def test_bounds_by_singular_values_are_those_of_the_problem(parity: str, weights: str) -> None:
    """Against the singular values of each unfolding; a table prints these bounds, not those of all paths."""
    problem = whole_problem(2, parity, weights=weights)
    given = weights_array(weights, 2, parity)
    for slot in range(3):
        unfolded = np.moveaxis(problem.tensor, slot, 0).reshape(9, -1)
        found = np.linalg.svd(unfolded, compute_uv=False)
        np.testing.assert_allclose(slot_singular_values(2, given, slot), found, atol=1e-12)
    [record] = study(problem, [3], starts=1)
    row = whole_table([record]).splitlines()[-1]
    own, other = (f"{bound:.2g}" for bound in (eckart_young(2, 3, given), eckart_young(2, 3)))
    assert own in row and own != other
