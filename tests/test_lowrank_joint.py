"""Sums of evaluations of several products: they are the products they claim to be, and exact where that is proved."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.lowrank import normalization_problem, whole_problem
from coupling.lowrank.evaluations import EVALUATIONS
from coupling.lowrank.joint import JointEquations, column_numbers, is_proved
from coupling.lowrank.joint_search import JointResult, joint_study, possible, search_sum, splits
from coupling.lowrank.path_weights import whole_paths
from coupling.lowrank.problems import from_spec, same
from coupling.lowrank.shifts import ALL, shift_factor, shifts_of, signal_name
from coupling.products import VectorSignal
from coupling.products.simulate import simulate
from coupling.products.vector_fields import vector_path_factors

#: Fewest evaluations, their proved lower bound, and whether (0, 0, 0) is one multiplication more.
FEWEST = {
    ("gaunt", "bracket"): {1: (2, 2, False), 2: (3, 3, False), 3: (4, 4, False)},
    ("single",): {1: (1, 1, True), 2: (2, 2, True), 3: (4, 3, True)},
    ("vector",): {1: (1, 1, True), 2: (1, 1, True), 3: (2, 1, True)},
}


def product_tensor(result: JointResult) -> np.ndarray:
    """M̂[i, j, k] of the evaluations themselves, and of one multiplication where (0, 0, 0) is left out."""
    lmax, n = result.lmax, (result.lmax + 1) ** 2
    x, y = np.repeat(np.eye(n), n, axis=1), np.tile(np.eye(n), n)
    total = np.zeros((n, n * n))
    for name, (a, b, c) in result.factors.items():
        for one in zip(a, b, c, strict=True):
            total += evaluation(name, lmax, one, x, y)
    if result.lost:
        total[0] += x[0] * y[0]
    return total.reshape(n, n, n).transpose(1, 2, 0)


def evaluation(name: str, lmax: int, factors: tuple, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """One evaluation of a product, by the code that users call."""
    if name == "vector":
        return VectorSignal(lmax, lmax, lmax, fields=factors)(x, y)
    scales = tuple(f[0] for f in factors)
    if name == "single":
        return VectorSignal.single(lmax, lmax, lmax, weights=scales)(x, y)
    key = {"gaunt": "even", "bracket": "odd"}[name]
    return simulate(x, y, lmax, lmax, lmax, {key: tuple(s[:, None] for s in scales)})


@pytest.mark.parametrize("names", FEWEST, ids="+".join)
def test_exact_sums_are_the_clebsch_gordan_product(names: tuple[str, ...]) -> None:
    for lmax, (evaluations, lower, lost) in FEWEST[names].items():
        result = joint_study(names, lmax, starts=64)[-1]
        assert (result.evaluations, result.lower, result.proved) == (evaluations, lower, True), (names, lmax)
        assert result.lost == (((0, 0, 0),) if lost else ())
        assert abs(product_tensor(result) - whole_problem(lmax).tensor).max() < 1e-12


def test_a_mixed_sum_needs_no_more_than_its_parts() -> None:
    mixed = joint_study(["gaunt", "bracket", "single"], 3, starts=32)[-1]
    assert mixed.proved and mixed.evaluations <= 4 and set(mixed.counts) == {"gaunt", "bracket", "single"}
    assert abs(product_tensor(mixed) - whole_problem(3).tensor).max() < 1e-12


def test_what_is_not_exact_is_not_proved() -> None:
    problem = JointEquations(3, {"single": 3}, True)
    error, x = search_sum(problem, 32, 0)
    assert error > 1e-4 and not is_proved(problem, x)
    exact = JointEquations(2, {"single": 2}, True)
    error, x = search_sum(exact, 32, 0)
    assert error < 1e-12 and is_proved(exact, x)
    exact.exact[0] = [2 * number for number in exact.exact[0]]  # another problem than that of the doubles
    assert not is_proved(exact, x)


def test_the_same_seed_gives_the_same_sum() -> None:
    one, other = (joint_study(["vector"], 3, starts=32, seed=4)[-1] for _ in range(2))
    assert one.error == other.error and np.array_equal(one.factors["vector"][0], other.factors["vector"][0])


def test_columns_are_what_the_products_compute() -> None:
    """One random evaluation of each product against its coefficients, on every path to degree 3."""
    generator, lmax = np.random.default_rng(5), 3
    blocks = {p: whole_problem(lmax, weights={p: 1.0}).tensor for p in whole_paths(lmax)}
    n = (lmax + 1) ** 2
    x, y = np.repeat(np.eye(n), n, axis=1), np.tile(np.eye(n), n)
    for name in ("gaunt", "bracket", "single", "vector"):
        one = EVALUATIONS[name]
        factors = tuple(generator.standard_normal((one.vectors, lmax + 1)) for _ in range(3))
        made = evaluation(name, lmax, factors, x, y).reshape(n, n, n).transpose(1, 2, 0)
        for path, numbers in column_numbers(name, lmax).items():
            weight = sum(
                float(number) * np.prod([f[v, l] for f, v, l in zip(factors, vectors, path, strict=True)])
                for number, (_, vectors) in zip(numbers, one.columns, strict=True)
            )
            assert np.sum(made * blocks[path]) == pytest.approx(weight, rel=1e-11, abs=1e-11), (name, path)


def test_bounds_and_splits() -> None:
    assert len(list(splits(["gaunt", "bracket", "single"], 4))) == 15
    assert not possible({"gaunt": 1, "bracket": 5}, 2) and possible({"gaunt": 2, "bracket": 1}, 2)
    assert not possible({"single": 2}, 3) and not possible({"single": 1, "gaunt": 5}, 3)
    assert possible({"single": 2, "gaunt": 5}, 3)
    with pytest.raises(ValueError, match="gaunt and gradient do not reach the path"):
        joint_study(["gaunt", "gradient"], 2)
    with pytest.raises(ValueError, match="products must be one of gaunt, bracket, single, gradient, vector"):
        joint_study(["matrix"], 2)


def test_shift_tensors_are_those_of_vector_products() -> None:
    fields, met = VectorSignal(4, 4, 4).fields, 0
    for l1 in range(5):
        factors = vector_path_factors(fields, l1)
        for s1, s2, s3 in (*ALL, (0, 0, 0)):
            for l2, l3 in np.ndindex(5, 5):
                if abs(l1 - l2) <= l3 <= l1 + l2:
                    exact = float(shift_factor((s1, s2, s3), l1, l2, l3))
                    assert factors[s1 + 1, s2 + 1, s3 + 1, l2, l3] == pytest.approx(exact, rel=1e-12, abs=1e-12)
                    met += exact != 0
    assert met > 500


def test_nine_shift_tensors_are_different_up_to_order() -> None:
    sizes = [normalization_problem(signal_name(shifts), 3, signs="absolute") for shifts in ALL]
    different = [p for n, p in enumerate(sizes) if not any(same(p, other) for other in sizes[:n])]
    assert len(ALL) == 26 and len(different) == 9
    for shifts in ALL:
        problem = normalization_problem(signal_name(shifts), 3)
        assert from_spec(problem.spec).objective.same_as(problem.objective) and problem.spherical is None
        turned = [signal_name(tuple(shifts[k] for k in turn)) for turn in permutations(range(3))]  # type: ignore[arg-type]
        assert {shifts_of(name) is not None for name in turned} == {True}
    for bad in ("vector_signal:0,0,0", "vector_signal:2,0,0", "vector_signal"):
        with pytest.raises(ValueError, match="family must be one of"):
            normalization_problem(bad, 2)
    with pytest.raises(ValueError, match="signs"):
        normalization_problem("vector_signal:0,0,1", 2, signs="complex")


def test_the_commands() -> None:
    run = CliRunner().invoke
    result = run(main, ["study", "joint", "--products", "gaunt+bracket", "--products", "vector", "--lmax", "2"])
    assert result.exit_code == 0 and "3 = 2+1" in result.output and "1 + 1" in result.output
    result = run(main, ["study", "signal", "--shifts=-1,0,1", "--lmax", "2", "--starts", "4", "--max-rank", "2"])
    assert result.exit_code == 0 and "all, real" in result.output
    result = run(main, ["study", "signal", "--shifts=0,0,0"])
    assert result.exit_code == 2 and "not all 0" in result.output
    result = run(main, ["study", "joint", "--products", "gaunt+matrix"])
    assert result.exit_code == 2 and "products must be one of" in result.output
