"""Low rank: bounds, proofs, equivariance errors, sums of products on grids, results that go on, the command."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import special_ortho_group

from coupling.cli import main
from coupling.indexing import path_array
from coupling.lowrank import (
    decompose,
    equivariance_error,
    exact_certificate,
    normalization_problem,
    whole_problem,
)
from coupling.lowrank.bounds import (
    bracket_factors,
    eckart_young,
    gaunt_factors,
    koszul_bound,
    lower_bound,
    mode_ranks,
    slot_singular_values,
    term_products,
    truncation_bound,
)
from coupling.lowrank.by_rank import study
from coupling.lowrank.certificate import path_components
from coupling.lowrank.factors import Factors, tensor
from coupling.lowrank.objective import Objective
from coupling.lowrank.problems import CLASSES, Problem
from coupling.numbers.normalizations import normalization
from coupling.products.simulate import simulate, simulated_weights
from coupling.sphere.grids import gauss_legendre, lebedev
from coupling.sphere.harmonics import harmonics


def search(problem: Problem, rank: int, starts: int = 8) -> Factors:
    return decompose(problem.tensor, rank, problem.mask, problem.weights, starts=starts, ties=problem.ties).factors


# -- equivariance -----------------------------------------------------------------------------


def rotation_of_features(lmax: int, matrix: np.ndarray) -> np.ndarray:
    """D with R(M r) = D R(r) for all real harmonics R to lmax, by least squares at many points."""
    points = np.random.default_rng(0).standard_normal((3, 4 * (lmax + 1) ** 2))
    points /= np.linalg.norm(points, axis=0)
    before, after = (harmonics(lmax, np.arccos(z), np.arctan2(y, x)) for x, y, z in (points, matrix @ points))
    return np.linalg.lstsq(before, after, rcond=None)[0].T


def test_mean_equivariance_error_is_that_of_sampled_rotations() -> None:
    generator = np.random.default_rng(6)
    for lmax, count in ((1, 1000), (2, 300)):
        for values in (generator.standard_normal(((lmax + 1) ** 2,) * 3), tensor(search(whole_problem(lmax), 5, 1))):
            squares = []
            for matrix in special_ortho_group.rvs(3, size=count, random_state=generator):
                d = rotation_of_features(lmax, matrix)
                turned = np.einsum("ijk,ia,jb,kc->abc", values, d, d, d, optimize=True)
                squares.append(np.sum((turned - values) ** 2))  # the mean over normal x, y in closed form
                assert np.sqrt(squares[-1]) <= 2 * np.linalg.norm(values - invariant(values)) * (1 + 1e-9)
            spread_of_mean = np.std(squares) / np.sqrt(count)
            assert abs(np.mean(squares) - equivariance_error(values, relative=False) ** 2) < 5 * spread_of_mean


def invariant(values: np.ndarray) -> np.ndarray:
    """The closest equivariant tensor: its path components times the blocks."""
    lmax = round(np.sqrt(len(values))) - 1
    whole = whole_problem(lmax).tensor
    result = np.zeros_like(values)
    for (l1, l2, l3), weight in path_components(values).items():
        block = np.ix_(*(range(l * l, (l + 1) ** 2) for l in (l1, l2, l3)))
        result[block] = weight * whole[block]
    return result


def test_the_error_over_inputs_is_the_norm_over_entries() -> None:
    generator = np.random.default_rng(7)
    values = generator.standard_normal((4, 4, 4))
    d = rotation_of_features(1, special_ortho_group.rvs(3, random_state=8))
    x, y = generator.standard_normal((2, 4, 20_000))
    error = np.einsum("ijk,ip,jp->kp", values, d @ x, d @ y) - d @ np.einsum("ijk,ip,jp->kp", values, x, y)
    turned = np.einsum("ijk,ia,jb,kc->abc", values, d, d, d)
    squares = np.sum(error**2, axis=0)
    assert abs(squares.mean() - np.sum((turned - values) ** 2)) < 5 * squares.std() / np.sqrt(squares.size)


def test_equivariant_tensors_have_no_error_and_bounds_hold() -> None:
    for lmax in (1, 2, 3):
        whole = whole_problem(lmax).tensor
        components = path_components(whole)
        assert equivariance_error(whole) < 1e-7
        assert np.allclose(list(components.values()), 1, rtol=1e-14)
        assert np.sum(whole**2) == pytest.approx(len(components), rel=1e-13)
    problem = whole_problem(2)
    for rank in (3, 6, 8):
        found = tensor(search(problem, rank, 2))
        error = float(np.linalg.norm(found - problem.tensor))
        assert equivariance_error(found, relative=False) <= np.sqrt(2) * error * (1 + 1e-9)
        assert error / np.linalg.norm(problem.tensor) >= eckart_young(2, rank) * (1 - 1e-9)
        assert error / np.linalg.norm(problem.tensor) <= truncation_bound(2, rank)
    assert [truncation_bound(2, rank) < 1 for rank in (2, 4, 8, 28)] == [False, False, True, True]


def test_singular_values_in_closed_form() -> None:
    met = 0
    for lmax in range(1, 5):
        whole = whole_problem(lmax).tensor
        for axis in range(3):
            unfolded = np.moveaxis(whole, axis, 0).reshape(len(whole), -1)
            assert np.allclose(np.linalg.svd(unfolded, compute_uv=False), slot_singular_values(lmax), rtol=1e-12)
            met += 1
    assert met == 12


# -- lower bounds and proofs ------------------------------------------------------------------


def test_lower_bounds_of_tensors_of_known_rank() -> None:
    matrix_product = np.zeros((4, 4, 4))  # of 2×2 matrices: rank and border rank 7
    for i, j, k in np.ndindex(2, 2, 2):
        matrix_product[2 * i + j, 2 * j + k, 2 * i + k] = 1
    assert mode_ranks(matrix_product) == (4, 4, 4)
    assert 4 < koszul_bound(matrix_product) <= 7
    generator = np.random.default_rng(9)
    for rank in range(1, 10):
        values = tensor([generator.standard_normal((5, rank)) for _ in range(3)])
        assert koszul_bound(values) <= rank and lower_bound(Objective(values)) <= rank
        mask = generator.uniform(size=values.shape) < 0.7
        assert lower_bound(Objective(np.where(mask, values, 0), mask.astype(float))) <= rank
    assert koszul_bound(whole_problem(1).tensor) == 6


def test_bounds_of_normalizations_never_exceed_what_is_found() -> None:
    met = 0
    for family in ("gaunt", "antisymmetric_gaunt"):
        for lmax in (2, 3, 4):
            problem = normalization_problem(family, lmax)
            exact = study(problem, range(1, 5), starts=8)[-1]
            assert exact.proved and 1 <= exact.lower <= exact.rank
            met += exact.lower == exact.rank
    assert met >= 5


def test_proofs_for_whole_tensors() -> None:
    """Cyclic sums: one equation for entries that are equal in all of them."""
    for lmax, rank, singles, starts, equations, unknowns in ((1, 8, 5, 32, 21, 29), (2, 28, 13, 2, 221, 237)):
        problem = whole_problem(lmax)
        found = decompose(problem.tensor, rank, starts=starts, singles=singles, bare=1)
        certificate = exact_certificate(problem, found.factors)
        assert certificate.proved and certificate.refined < 1e-40 and certificate.radius < 1e-30
        assert (certificate.equations, certificate.unknowns) == (equations, unknowns)
        assert certificate.independent == equations
        a, b, c = found.factors
        assert np.allclose(tensor((a, b, c)), tensor((b, c, a)), atol=1e-14)


def test_free_factors_are_proved_too() -> None:
    problem = whole_problem(1)
    certificate = exact_certificate(problem, decompose(problem.tensor, 8, starts=32).factors)
    assert certificate.proved and certificate.equations == 64 and certificate.unknowns == 96


def test_nothing_is_proved_where_nothing_is_true() -> None:
    problem = whole_problem(1)
    certificate = exact_certificate(problem, search(problem, 5))
    assert certificate.refined is None and not certificate.proved and certificate.relative > 0.1
    # 1/N for L = 2 has no exact decomposition of rank 1: log 1/N is not separable
    problem = normalization_problem("gaunt", 2)
    assert not exact_certificate(problem, search(problem, 1)).proved
    assert lower_bound(Objective(problem.tensor, problem.weights)) == 2


def test_a_symmetry_up_to_rounding_is_not_taken_for_exact() -> None:
    weights = np.ones((2, 2, 2))
    weights[0, 1, 1] = 1 + 1e-15
    problem = normalization_problem("gaunt", 1, weights=weights)
    assert problem.ties == (0, 0, 0)
    equal = [np.ones((2, 1))] * 3
    assert exact_certificate(problem, equal, refine=False).equations == 4
    assert exact_certificate(normalization_problem("gaunt", 1), equal, refine=False).equations == 2


def test_exact_and_floating_errors_agree() -> None:
    for problem in (normalization_problem("gaunt", 4), normalization_problem("gaunt", (2, 2, 4)), whole_problem(1)):
        found = decompose(problem.tensor, 2, problem.mask, problem.weights, starts=2, ties=problem.ties)
        certificate = exact_certificate(problem, found.factors, refine=False)
        assert certificate.relative == pytest.approx(found.error, rel=1e-9, abs=1e-14)
        assert certificate.worst == pytest.approx(found.certificate.worst, rel=1e-9, abs=1e-14)


# -- sums of products on a grid ---------------------------------------------------------------


@pytest.mark.parametrize("rule", [gauss_legendre, lebedev])
def test_quadrature_rules_are_exact_decompositions(rule: object) -> None:
    for lmax in (1, 2, 3):
        gaunt = tensor(gaunt_factors(rule(3 * lmax), lmax))
        assert abs(gaunt - whole_problem(lmax, "even", "gaunt").tensor).max() < 1e-13
        bracket = tensor(bracket_factors(rule(3 * lmax - 1), lmax))
        assert abs(bracket - whole_problem(lmax, "odd", "antisymmetric_gaunt").tensor).max() < 1e-12
    assert abs(tensor(gaunt_factors(rule(3), 2)) - whole_problem(2, "even", "gaunt").tensor).max() > 1e-3


def test_error_of_the_simulated_product_is_that_of_the_certificate() -> None:
    for lmax, rank in ((2, 1), (3, 1), (4, 2)):
        problem = normalization_problem("gaunt", lmax)
        found = decompose(problem.tensor, rank, problem.mask, problem.weights)
        product = tensor(term_products(gaunt_factors(lebedev(3 * lmax), lmax), found.factors))
        whole = whole_problem(lmax, "even").tensor
        error = np.linalg.norm(product - whole) / np.linalg.norm(whole)
        assert error == pytest.approx(found.error, rel=1e-10)
        assert equivariance_error(product) < 1e-6
        weights = normalization("gaunt", lmax) * tensor(found.factors)
        for path, weight in path_components(product).items():
            assert weight == pytest.approx(weights[path], abs=1e-12)


# -- results and the command ------------------------------------------------------------------


def test_results_go_on_from_what_is_stored(tmp_path: Path) -> None:
    problem = normalization_problem("gaunt", 4)
    heard: list[tuple[int, int, int, float]] = []
    first = study(problem, (1, 2), starts=4, store=tmp_path, progress=lambda *words: heard.append(words))
    files = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert len(files) == 2 and {words[0] for words in heard} == {1, 2}
    again = study(problem, (1, 2), starts=4, store=tmp_path)
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == files
    assert [r.error for r in first] == [r.error for r in again]
    assert np.array_equal(first[1].factors[2], again[1].factors[2])
    study(problem, (1,), starts=6, store=tmp_path)
    assert {f.name for f in tmp_path.iterdir() if f.stat().st_mtime_ns != files[f.name]} == {min(files)}


def test_a_better_guess_is_taken_up_and_a_worse_one_is_not() -> None:
    problem, larger = normalization_problem("gaunt", 5), normalization_problem("gaunt", 6)
    [alone] = study(problem, [3], starts=1, seed=1)
    [above] = study(larger, [3], starts=256)
    cut = {3: tuple(x[:6] for x in above.factors)}
    [helped] = study(problem, [3], starts=1, seed=1, guesses=cut)
    assert alone.error > 5 * above.error > 5 * helped.error
    assert study(problem, [3], starts=1, seed=1, guesses={3: tuple(x + 1 for x in cut[3])})[0].error == alone.error


def test_the_command_shows_whole_tensors_and_refuses_what_is_not_there() -> None:
    run = CliRunner().invoke
    result = run(main, ["study", "whole", "--lmax", "1", "--rank", "5", "--rank", "8", "--starts", "4"])
    assert result.exit_code == 0 and re.search(r"^8 +0 +0 +", result.output, re.M)
    assert run(main, ["study", "verify"]).exit_code == 2
    result = run(main, ["study", "matrix", "--lmax", "2", "--spin", "3/2"])
    assert result.exit_code == 2 and "lacks the path (2, 2, 2)" in result.output


def test_products_take_the_factors_of_a_record() -> None:
    generator = np.random.default_rng(10)
    for family, key in (("gaunt", "even"), ("antisymmetric_gaunt", "odd")):
        problem = normalization_problem(family, 3)
        record = study(problem, [1], starts=8)[0]
        weights = simulated_weights(3, 3, 3, record.product_factors)
        paths = problem.tensor[tuple(path_array((3, 3, 3)).T)] != 0
        assert np.sqrt(np.mean((weights[paths] - 1) ** 2)) == pytest.approx(record.error, rel=1e-9)
        assert abs(weights[paths] - 1).max() == pytest.approx(record.worst, rel=1e-9)
        exact = study(problem, [2], starts=16)[0]
        assert exact.exact and list(exact.product_factors) == [key]
        whole = whole_problem(3, key).tensor
        x, y = generator.standard_normal((2, 16, 5))
        z = simulate(x, y, 3, 3, 3, exact.product_factors)
        assert abs(z - np.einsum("ijk,ic,jc->kc", whole, x, y)).max() < 1e-13
        for name in CLASSES[key]:
            one = study(normalization_problem(family, 3, name), [1, 2], starts=8)[-1]
            weights = simulated_weights(3, 3, 3, one.product_factors)
            assert np.allclose(weights[weights != 0], 1, rtol=1e-13)
