"""Constructed decompositions: integers multiplied out, surds multiplied out, and factors that are products."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.exact import Surd
from coupling.lowrank import equivariance_error, matrix_terms, whole_problem
from coupling.lowrank.bilinear import (
    Bilinear,
    both,
    laderman,
    multiplied_out,
    quaternion_tensor,
    quaternion_terms,
    rectangular,
    strassen,
    trace_tensor,
)
from coupling.lowrank.factors import tensor
from coupling.lowrank.linear_forms import sum_of_surds
from coupling.lowrank.matrix_terms import exact_difference, exact_factors, exact_terms, exact_weights
from coupling.products import FactoredProduct

#: Terms by degree limit: real, complex.
REAL, COMPLEX = {1: 8, 2: 23, 3: 66, 4: 114, 5: 184}, {1: 7, 3: 49, 5: 161}


def quaternion_product(p: list[int], q: list[int]) -> list[int]:
    """Hamilton's rules, written out."""
    a, b, c, d = p
    e, f, g, h = q
    imaginary = a * f + b * e + c * h - d * g, a * g - b * h + c * e + d * f, a * h + b * g - c * f + d * e
    return [a * e - b * f - c * g - d * h, *imaginary]


def test_integers_multiply_out() -> None:
    for sizes in ((2, 2, 2), (3, 3, 3), (4, 4, 4), (5, 5, 5), (6, 6, 6), (2, 3, 4), (3, 2, 5), (1, 4, 2)):
        assert np.array_equal(multiplied_out(rectangular(*sizes)), trace_tensor(*sizes)), sizes
    units = np.eye(4, dtype=int).tolist()
    for i, p in enumerate(units):
        for j, q in enumerate(units):
            for k, r in enumerate(units):
                assert quaternion_tensor()[i, j, k] == quaternion_product(quaternion_product(p, q), r)[0]
    assert np.array_equal(multiplied_out(quaternion_terms()), quaternion_tensor())
    assert [x.rank for x in (strassen(), laderman(), quaternion_terms(), both(strassen(), quaternion_terms()))] == [
        7,
        23,
        8,
        56,
    ]


@pytest.mark.parametrize("algorithm", [strassen(), laderman(), quaternion_terms()])
def test_a_wrong_integer_is_seen(algorithm: Bilinear) -> None:
    right = multiplied_out(algorithm)
    for column in range(algorithm.rank):
        u = algorithm.u.copy()
        u[np.argmax(u[:, column] != 0), column] += 4
        assert not np.array_equal(multiplied_out(replace(algorithm, u=u)), right), column


def test_sums_of_surds_vanish_only_when_they_are_zero() -> None:
    roots = [Surd(1, n) for n in (2, 3, 8, 12, 5)]
    assert sum_of_surds([*roots, *(-root for root in roots)]) == ()
    assert sum_of_surds([Surd(1, 2), Surd(1, 2), Surd(-1, 8)]) == () and len(sum_of_surds(roots)) == 3
    assert sum_of_surds([Surd(1, unit=1), Surd(1)]) != ()


@pytest.mark.parametrize("lmax", [0, 1, 2, 3, 4, 5])
def test_constructed_terms_are_exact(lmax: int) -> None:
    """Exactly equal as surds, on every path; the factors in double precision give the tensor to rounding."""
    assert exact_difference(lmax) == 0
    factors, problem = exact_factors(lmax), whole_problem(lmax, weights=exact_weights(lmax))
    assert factors[0].shape[1] == REAL.get(lmax, 1)
    assert problem.lost_paths == () and all(problem.exact(0, 0, 0) == w for w in [exact_weights(lmax)[0, 0, 0]])
    assert abs(tensor(factors) - problem.tensor).max() < 5e-15
    assert equivariance_error(tensor(factors)) < 1e-6


@pytest.mark.parametrize("lmax", COMPLEX)
def test_complex_terms_are_exact(lmax: int) -> None:
    assert exact_difference(lmax, True) == 0
    factors = exact_factors(lmax, True)
    assert factors[0].shape[1] == COMPLEX[lmax]
    assert abs(tensor(factors) - whole_problem(lmax, weights="matrix").tensor).max() < 2e-15


def test_terms_multiply_out_term_by_term() -> None:
    """The other way: the forms of the terms themselves, multiplied out as surds."""
    for lmax in (1, 2):
        u, v, w = exact_terms(lmax)
        problem, size = whole_problem(lmax, weights=exact_weights(lmax)), (lmax + 1) ** 2
        for i, j, k in np.ndindex(size, size, size):
            parts = [
                one * two * three
                for a, b, c in zip(u, v, w, strict=True)
                for one in a.get(i, ())
                for two in b.get(j, ())
                for three in c.get(k, ())
            ]
            expected = problem.exact(i, j, k)
            assert sum_of_surds(parts) == ((expected,) if expected else ()), (lmax, i, j, k)


@pytest.mark.parametrize("lmax", [1, 2, 3])
def test_a_wrong_sign_of_a_degree_is_seen(lmax: int, monkeypatch: pytest.MonkeyPatch) -> None:
    entries, algorithm = matrix_terms.construction(lmax)
    wrong = [{x: -value if 1 <= x < 4 else value for x, value in form.items()} for form in entries]
    monkeypatch.setattr(matrix_terms, "construction", lambda *_: (wrong, algorithm))
    assert exact_difference(lmax) > 0


def test_the_ten_cubes_are_the_path_of_two_two_two(monkeypatch: pytest.MonkeyPatch) -> None:
    cubes = matrix_terms.square_terms()
    forms = np.array([[float(value) for value in form] for _, form in cubes]).T
    sizes = np.array([float(factor) for factor, _ in cubes])
    block = whole_problem(2).tensor[4:, 4:, 4:]
    assert abs(tensor([forms, forms, forms * sizes]) - block).max() < 1e-15
    monkeypatch.setattr(matrix_terms, "square_terms", lambda: cubes[:9])
    assert exact_difference(3) > 0


def test_degrees_that_are_not_constructed_are_refused() -> None:
    with pytest.raises(ValueError, match="degrees to 5"):
        exact_terms(6)


def test_factors_are_a_product() -> None:
    generator = np.random.default_rng(5)
    for lmax, rank in REAL.items():
        if lmax <= 4:
            size = (lmax + 1) ** 2
            x, y = generator.standard_normal((2, size, 3))
            product = FactoredProduct(lmax, lmax, lmax, factors=exact_factors(lmax))
            expected = np.einsum("ijk,ic,jc->kc", whole_problem(lmax, weights=exact_weights(lmax)).tensor, x, y)
            assert abs(product(x, y) - expected).max() < 1e-13 * size, rank


def test_the_command_multiplies_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = CliRunner().invoke(main, ["study", "constructed", "--lmax", "3"])
    lines = [line.split() for line in found.stdout.splitlines()[1:]]
    assert found.exit_code == 0 and len(lines) == 11 and all(line[-3] == "0" for line in lines)
    assert [line[-1] for line in lines if line[-1] != "none"] == ["222"]
    cubes = matrix_terms.square_terms()
    monkeypatch.setattr(matrix_terms, "square_terms", lambda: cubes[:9])
    matrix_terms.exact_terms.cache_clear()
    wrong = CliRunner().invoke(main, ["study", "constructed", "--lmax", "3"])
    matrix_terms.exact_terms.cache_clear()
    assert wrong.exit_code == 1
