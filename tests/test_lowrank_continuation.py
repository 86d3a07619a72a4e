"""Continuation in the degree limit and in the rank: what it reaches, what it never makes worse, and that it repeats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coupling.lowrank import decompose, load_factors, normalization_problem, shipped, study, whole_problem
from coupling.lowrank.by_rank import Effort
from coupling.lowrank.continuation import carried, cut, shapes_between, without_terms
from coupling.lowrank.limits import continued, study_limits
from coupling.lowrank.records import Record

#: Errors of three Gaunt products that are reachable from the sum for degrees to 8.
REACHED = {10: 3.6e-3, 12: 5.0e-3, 14: 6.4e-3, 16: 7.7e-3}


def test_three_gaunt_products_grow_from_degree_8_to_16() -> None:
    factors = shipped("gaunt", 8, 3).factors
    for lmax, error in REACHED.items():
        problem = normalization_problem("gaunt", lmax)
        factors = carried(problem, factors)
        assert problem.objective.relative(factors) < 1.005 * error, lmax


def test_three_brackets_reach_what_is_reachable_without_weights_for_any_seed() -> None:
    problem = normalization_problem("antisymmetric_gaunt", 6)
    errors = [decompose(problem.tensor, 3, problem.mask, seed=seed).error for seed in range(3)]
    assert max(errors) < 7.2e-5, errors


def test_a_cut_keeps_its_largest_error_and_bounds_the_mean_one() -> None:
    """What formulas say of every fit: the largest error does not grow, the root mean square by √(N_L/N_L') at most."""
    met = 0
    for name, family in (("gaunt", "gaunt"), ("bracket", "antisymmetric_gaunt")):
        for record in (r for r in load_factors(name) if r.spec["lmax"][0] in (6, 8)):
            lmax = record.spec["lmax"][0]
            for less in range(2, lmax):
                problem = normalization_problem(family, less)
                part = cut(record.factors, problem.tensor.shape)
                mean, worst = problem.objective.relative(part), problem.objective.worst(part)
                paths = [int(normalization_problem(family, l).mask.sum()) for l in (less, lmax)]
                assert worst <= record.worst * (1 + 1e-9) + 1e-13
                assert mean * paths[0] ** 0.5 <= record.error * paths[1] ** 0.5 * (1 + 1e-9) + 1e-13
                met += 1
    assert met > 100


def test_shapes_on_the_way_to_a_larger_degree_limit() -> None:
    assert list(shapes_between((3, 3, 3), (3, 3, 3))) == [] == list(shapes_between((5, 5, 5), (3, 3, 3)))
    assert list(shapes_between((4, 4, 4), (9, 9, 9)))[-2:] == [(8, 8, 8), (9, 9, 9)]


def test_whole_tensors_are_carried_to_another_degree_limit_too() -> None:
    larger = study(whole_problem(2), [8], starts=4)[0]
    small = whole_problem(1)
    assert small.objective.relative(carried(small, larger.factors)) <= small.objective.relative(
        cut(larger.factors, (4, 4, 4))
    )
    grown = carried(whole_problem(2), study(small, [8], starts=8)[0].factors)
    assert whole_problem(2).objective.relative(grown) < 1 and grown[0].shape == (9, 8)


def test_terms_are_left_out_one_at_a_time_and_groups_of_three_stay_whole() -> None:
    problem = normalization_problem("gaunt", 5)
    record = shipped("gaunt", 5)
    assert [x[0].shape[1] for x in without_terms(problem, record.factors, 3)] == [3] * 4
    assert [x[0].shape[1] for x in without_terms(problem, record.factors, 1)] == [1, 1]
    exact = shipped("whole", 2)
    for less in without_terms(whole_problem(2), exact.factors, 27):
        assert np.isin(exact.factors[0][:, 13:].T, less[0].T).all()  # 13 single terms, then 5 threes


def results(name: str, rank: int, limits: tuple[int, ...]) -> list[Record]:
    return [r for r in load_factors(name) if r.rank == rank and r.spec["lmax"][0] in limits]


def test_a_spoilt_result_is_mended_by_its_neighbours_and_others_stay(tmp_path: Path) -> None:
    good = results("gaunt", 3, (5, 6, 7))
    problems = {r.name: normalization_problem("gaunt", r.spec["lmax"][0]) for r in good}
    for spoilt in range(3):
        table = {r.name: [r] for r in good}
        name = good[spoilt].name
        [bad] = study(problems[name], [3], starts=1, seed=3)
        assert bad.error > 2 * good[spoilt].error
        table[name] = [replace(bad, starts=17)]
        again = continued(problems, table, Effort(), tmp_path)
        assert again[name][0].error < 1.001 * good[spoilt].error and again[name][0].starts == 17
        assert all(again[r.name][0].error <= r.error for r in good if r.name != name)
        assert [f.name for f in tmp_path.glob(f"{name}-*")] == [f"{name}-r3.safetensors"]


def test_the_same_seed_gives_the_same_results() -> None:
    problems = {str(l): normalization_problem("gaunt", l) for l in (4, 5, 6)}
    one, other = (study_limits(problems, range(1, 5), starts=16, seed=2) for _ in range(2))
    for name, records in one.items():
        for first, second in zip(records, other[name], strict=True):
            assert first.error == second.error
            assert all(np.array_equal(x, y) for x, y in zip(first.factors, second.factors, strict=True))
    errors = {name: {r.rank: r.error for r in records} for name, records in one.items()}
    assert all(errors["5"][rank] <= errors["6"][rank] * 1.3 for rank in (1, 2, 3))


def test_a_guess_of_another_degree_limit_helps() -> None:
    problem = normalization_problem("gaunt", 7)
    [alone] = study(problem, [3], starts=1, seed=1)
    for lmax in (6, 8):
        [helped] = study(problem, [3], starts=1, seed=1, guesses={3: shipped("gaunt", lmax, 3).factors})
        assert helped.error < 1.6e-3 < alone.error


@pytest.mark.parametrize("complex_factors", [False, True])
def test_results_keep_the_kind_of_their_numbers(complex_factors: bool, tmp_path: Path) -> None:
    problems = {str(l): normalization_problem("gaunt", l) for l in (4, 5)}
    found = study_limits(problems, [1, 2], starts=4, complex_factors=complex_factors, store=tmp_path)
    kinds = {np.iscomplexobj(r.factors[0]) for records in found.values() for r in records}
    assert kinds == {complex_factors}
