"""Low-rank decompositions: problems, fits, gradients, the baseline."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import check_grad, least_squares

from coupling.exact import real_gaunt, real_wigner_3j, wigner_6j
from coupling.families import family as known
from coupling.lowrank import decompose, normalization_problem, tensorly_decompose, whole_problem
from coupling.lowrank.factors import Layout, column_norms, congruence, tensor
from coupling.lowrank.fit import equations, polish, value_and_gradient
from coupling.lowrank.objective import Objective
from coupling.lowrank.problems import CLASSES, Problem, from_spec
from coupling.lowrank.stacks import _solved, polish_many
from coupling.numbers.normalizations import normalization
from coupling.selection import paths, triangle

FAMILIES = {"gaunt": "even", "antisymmetric_gaunt": "odd"}


def degrees_of(problem: Problem) -> list[tuple[int, ...]]:
    """The paths of a problem, in the order of its entries."""
    return [
        tuple(axis[i] for axis, i in zip(problem.degrees, entry, strict=True))
        for entry in zip(*problem.entries, strict=True)
    ]


# -- problems ---------------------------------------------------------------------------------


def test_masks_are_the_paths_of_the_family(lmax: int) -> None:
    met = 0
    for family, parity in FAMILIES.items():
        for box in ((lmax,) * 3, (lmax, lmax, 2 * lmax), (2, lmax, 3)):
            problem = normalization_problem(family, box)
            assert degrees_of(problem) == list(paths(*box, parity))
            n = normalization(family, max(box))
            for path, value in zip(degrees_of(problem), problem.tensor[problem.entries], strict=True):
                assert value * n[path] == pytest.approx(1, rel=4e-16)
                met += 1
    assert met > 10 * lmax**2


def test_classes_split_the_paths(lmax: int) -> None:
    for family, parity in FAMILIES.items():
        found = []
        for name in CLASSES[parity]:
            problem = normalization_problem(family, lmax, name)
            letters = {tuple("eo"[l % 2] for l in path) for path in degrees_of(problem)}
            assert letters == {tuple(name)}
            found += degrees_of(problem)
        assert sorted(found) == list(paths(lmax, parity=parity))


def test_residuals_are_errors_of_path_weights() -> None:
    generator = np.random.default_rng(1)
    given = generator.uniform(0.5, 2, (4, 4, 4)) * generator.choice([-1, 1], (4, 4, 4))
    met = 0
    for family, weights in itertools.product(FAMILIES, ("unit", "component", "norm", given)):
        for inverse in (True, False):
            problem = normalization_problem(family, 3, weights=weights, inverse=inverse)
            n = normalization(family, 3)
            for entry, (l1, l2, l3) in zip(zip(*problem.entries, strict=True), degrees_of(problem), strict=True):
                named = {"unit": 1, "component": 2 * l3 + 1, "norm": (2 * l1 + 1) * (2 * l2 + 1)}
                w = np.sqrt(named[weights]) if isinstance(weights, str) else given[l1, l2, l3]
                expected = w / n[l1, l2, l3] if inverse else w * n[l1, l2, l3]
                assert problem.tensor[entry] == pytest.approx(expected, rel=1e-15)
                assert problem.weights[entry] * problem.tensor[entry] == pytest.approx(
                    abs(w) * np.sign(problem.tensor[entry]), rel=1e-15
                )
                met += 1
    assert met == 8 * 23 + 8 * 11


def test_signs_of_the_families() -> None:
    met = 0
    for family in FAMILIES:
        problem = normalization_problem(family, 5, signs="complex")
        for (l1, l2, l3), value in zip(degrees_of(problem), problem.tensor[problem.entries], strict=True):
            assert np.sign(value) == known(family).reduced(l1, l2, l3).sign
            met += 1
    for twice, lmax in ((3, 1), (4, 3), (5, 4)):
        for signs in ("real", "complex"):
            problem = normalization_problem("matrix", lmax, signs=signs, j=twice / 2)
            for (l1, l2, l3), value in zip(degrees_of(problem), problem.tensor[problem.entries], strict=True):
                total = l1 + l2 + l3
                sixj = wigner_6j(l1, l2, l3, twice / 2, twice / 2, twice / 2).sign
                trace = 1j ** (2 * (total + twice)) * sixj  # tr T1 T2 T3 over 3j
                real = trace * (1j**total) / (1j ** (total % 2))  # over C, and over i C on odd paths
                assert np.sign(value) == pytest.approx((real if signs == "real" else trace).real)
                met += 1
    assert met > 150


def test_a_path_that_the_matrix_product_lacks_is_named() -> None:
    with pytest.raises(ValueError, match=r"lacks the path \(2, 2, 2\)"):
        normalization_problem("matrix", 2, j=1.5)
    with pytest.raises(TypeError, match="spin j"):
        normalization_problem("gaunt", 2, j=1)
    with pytest.raises(ValueError, match="no path"):
        normalization_problem("antisymmetric_gaunt", 1, "eeo")


@pytest.mark.parametrize("parity", ["all", "even", "odd"])
def test_whole_tensors_hold_every_entry(parity: str) -> None:
    problem, met = whole_problem(2, parity), 0
    for i, j, k in np.ndindex(9, 9, 9):
        l = [int(np.sqrt(index)) for index in (i, j, k)]
        m = [index - a * a - a for index, a in zip((i, j, k), l, strict=True)]
        wanted = parity == "all" or sum(l) % 2 == (parity == "odd")
        expected = float(real_wigner_3j(*l, *m)) if triangle(*l) and wanted else 0.0
        assert problem.tensor[i, j, k] == expected == float(problem.exact(i, j, k))
        met += 1
    assert met == 729


def test_whole_gaunt_tensors_are_the_integrals() -> None:
    problem = whole_problem(2, "even", "gaunt")
    for entry in zip(*np.nonzero(problem.tensor), strict=True):
        l = [int(np.sqrt(index)) for index in entry]
        exact = real_gaunt(*l, *(int(index) - a * a - a for index, a in zip(entry, l, strict=True)))
        assert problem.tensor[entry] == float(exact) and problem.exact(*map(int, entry)) == exact
    assert np.count_nonzero(problem.tensor) == 83


def test_descriptions_make_the_problem_again() -> None:
    problems = [
        normalization_problem("gaunt", (2, 2, 4), "eee", signs="absolute", weights="norm", inverse=False),
        normalization_problem("matrix", 2, "odd", j=1),
        normalization_problem("gaunt", 1, weights=np.full((2, 2, 2), 0.3)),
        whole_problem(1, "odd"),
    ]
    for problem in problems:
        again = from_spec(problem.spec)
        assert np.array_equal(again.tensor, problem.tensor) and again.name == problem.name
        assert again.ties == problem.ties
    assert [p.ties for p in problems] == [(0, 0, 1), (0, 0, 0), (0, 0, 0), (0, 1, 2)]


# -- derivatives and fits ---------------------------------------------------------------------


def cases() -> list[tuple[Objective, Layout, np.dtype]]:
    """Objectives with and without weights, real and complex factors, free and shared ones."""
    generator = np.random.default_rng(2)
    symmetric = normalization_problem("gaunt", 3)
    nested = normalization_problem("gaunt", (2, 2, 4))
    full = Objective(generator.standard_normal((3, 4, 2)))
    masked = Objective(full.target, generator.uniform(size=(3, 4, 2)) * (generator.uniform(size=(3, 4, 2)) < 0.7))
    return [
        (objective, Layout(objective.shape, 4, ties, singles, bare), np.dtype(kind))
        for kind in (float, complex)
        for objective, ties, singles, bare in (
            (full, (0, 1, 2), None, 0),
            (masked, (0, 1, 2), None, 0),
            (Objective(symmetric.tensor, symmetric.weights), (0, 0, 0), None, 0),
            (Objective(symmetric.tensor, symmetric.weights), (0, 1, 0), None, 0),
            (Objective(nested.tensor, nested.weights), (0, 0, 0), None, 0),
            (Objective(whole_problem(1).tensor), (0, 1, 2), 1, 0),
            (Objective(whole_problem(1).tensor), (0, 1, 2), 1, 1),
        )
    ]


def unknowns(layout: Layout, kind: np.dtype) -> np.ndarray:
    """Random unknowns."""
    pairs = np.random.default_rng(3).standard_normal((layout.size, 2))
    return pairs[:, 0].copy() if kind.kind == "f" else pairs.view(complex)[:, 0].copy()


def test_gradients_are_derivatives() -> None:
    for objective, layout, kind in cases():
        x = unknowns(layout, kind)

        def value(v: np.ndarray, case: tuple = (objective, layout, kind)) -> float:
            return value_and_gradient(case[0], case[1], v.view(case[2]), 0.3)[0]

        def gradient(v: np.ndarray, case: tuple = (objective, layout, kind)) -> np.ndarray:
            return value_and_gradient(case[0], case[1], v.view(case[2]), 0.3)[1].view(float)

        start = x.view(float)
        size = np.linalg.norm(gradient(start))
        assert check_grad(value, gradient, start) < 1e-5 * size
    assert len(cases()) == 14


def test_gauss_newton_equations_are_those_of_the_jacobian() -> None:
    for objective, layout, kind in cases():
        x = unknowns(layout, kind)
        ones = Objective(objective.target, np.ones(objective.shape) if objective.weights is None else objective.weights)
        jacobian = layout.pull(ones.jacobian(layout.unpack(x)), 1)
        expected = jacobian.conj().T @ jacobian
        found = equations(objective, layout, x)
        assert abs(found - expected).max() < 1e-12 * abs(expected).max()
        gradient = value_and_gradient(objective, layout, x)[1]
        residual = ones.residual(layout.unpack(x))[ones.entries]
        assert abs(gradient - jacobian.conj().T @ residual).max() < 1e-11 * abs(gradient).max()


def test_polish_finds_the_minimum_of_scipy() -> None:
    problem = normalization_problem("gaunt", 4)
    objective, layout = Objective(problem.tensor, problem.weights), Layout(problem.tensor.shape, 2)
    start = layout.pack(decompose(problem.tensor, 2, problem.mask, problem.weights, starts=4).factors)
    start = start + 0.01 * np.random.default_rng(4).standard_normal(start.size)

    def residual(x: np.ndarray) -> np.ndarray:
        return objective.residual(layout.unpack(x))[objective.entries]

    theirs = least_squares(residual, start, lambda x: objective.jacobian(layout.unpack(x)), xtol=1e-15, ftol=1e-15)
    ours = value_and_gradient(objective, layout, polish(objective, layout, start))[0]
    assert ours == pytest.approx(theirs.cost, rel=1e-9)


def test_stacks_find_what_single_starts_find() -> None:
    generator = np.random.default_rng(6)
    met = 0
    for objective, layout, kind in cases():
        x = np.array([unknowns(layout, kind) for _ in range(3)]) * generator.uniform(0.5, 1, (3, 1))
        together = polish_many(objective, layout, x)
        alone, in_company = (layout.unpack(y) for y in (polish_many(objective, layout, x[1:2])[0], together[1]))
        assert objective.relative(alone) == pytest.approx(objective.relative(in_company), rel=1e-6, abs=1e-12)
        for start, end in zip(x, together, strict=True):
            one = objective.relative(layout.unpack(polish(objective, layout, start)))
            assert objective.relative(layout.unpack(end)) == pytest.approx(one, rel=1e-2, abs=1e-12)
            met += 1
    assert met == 42


def test_a_singular_start_leaves_the_others_alone() -> None:
    matrices = np.stack([np.eye(2), np.zeros((2, 2)), 2 * np.eye(2)])
    assert np.array_equal(_solved(matrices, np.ones((3, 2))), [[1, 1], [0, 0], [0.5, 0.5]])


def test_hidden_entries_of_a_sum_are_found() -> None:
    generator = np.random.default_rng(5)
    factors = [generator.standard_normal((7, 2)) for _ in range(3)]
    target = tensor(factors)
    mask = generator.uniform(size=target.shape) < 0.6
    found = decompose(np.where(mask, target, np.nan), 2, mask)
    assert abs(tensor(found.factors) - target).max() < 1e-11 * abs(target).max()
    assert found.error < 1e-12 and found.rank == 2 and found.weights is None
    assert np.all(np.diff(column_norms(found.factors)) <= 0)


def test_starts_are_reproducible_in_any_number_of_processes() -> None:
    problem = normalization_problem("gaunt", 3)
    calls = [
        decompose(problem.tensor, 1, problem.mask, problem.weights, starts=4, seed=7, workers=workers)
        for workers in (1, 1, 2)
    ]
    assert calls[0].errors == calls[1].errors and np.array_equal(calls[0].factors[0], calls[1].factors[0])
    assert np.allclose(calls[0].errors, calls[2].errors, rtol=1e-9)


def test_weights_are_respected_where_tensorly_has_none() -> None:
    problem = normalization_problem("gaunt", 4)
    ours = decompose(problem.tensor, 1, problem.mask, problem.weights)
    plain = decompose(problem.tensor, 1, problem.mask)
    theirs = tensorly_decompose(problem.tensor, 1, problem.mask, starts=2)
    assert plain.error == pytest.approx(theirs.error, rel=1e-6)
    weighted = Objective(problem.tensor, problem.weights)
    assert ours.error < 0.99 * weighted.relative(theirs.factors)


def test_complex_factors_and_symptoms_of_border_rank() -> None:
    # W = e0 e0 e1 + e0 e1 e0 + e1 e0 e0: rank 3, border rank 2, so the best fit of rank 2 does not exist
    w = np.zeros((2, 2, 2))
    w[0, 0, 1] = w[0, 1, 0] = w[1, 0, 0] = 1
    two = decompose(w, 2)
    assert two.error < 0.01 and two.certificate.divergent and two.certificate.congruence > 0.99
    three = decompose(w, 3)
    assert three.error < 1e-12 and not three.certificate.divergent and congruence(three.factors) < 0.999
    # x³ - 3xy²: rank 3 over the reals, 2 over the complex numbers
    cubic = np.zeros((2, 2, 2))
    cubic[0, 0, 0], cubic[0, 1, 1], cubic[1, 0, 1], cubic[1, 1, 0] = 1, -1, -1, -1
    assert decompose(cubic, 2).error > 0.1
    assert decompose(cubic, 2, complex_factors=True).error < 1e-12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((2, 2)), 1), "three indices"),
        ((np.ones((2, 2, 2)), 0), "rank must be an integer >= 1"),
        ((np.ones((2, 2, 2)), 1, np.ones((2, 2, 1))), "one shape"),
        ((np.zeros((2, 2, 2)), 1), "not zero"),
        ((np.full((2, 2, 2), np.nan), 1), "finite"),
    ],
)
def test_bad_arguments_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decompose(*arguments)
