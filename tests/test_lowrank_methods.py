"""The same problem by tensorly's CP and Tucker decompositions and by ours."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main
from coupling.lowrank import normalization_problem, whole_problem
from coupling.lowrank.methods import METHODS, compare_methods, tucker_error, unweighted


def test_all_methods_meet_where_the_answer_is_known() -> None:
    """1/N of Gaunt products to degree 1 has rank 1, and 2 to degree 2: all reach it, entries off the paths free."""
    for lmax, rank in ((1, 1), (2, 2)):
        found = {one.method: one for one in compare_methods(normalization_problem("gaunt", lmax), rank, starts=3)}
        assert set(found) == set(METHODS) and found["ours"].error == 0
        assert found["parafac"].error < 1e-6 and found["tucker"].error < 1e-5
        assert all(one.seconds > 0 and one.rank == rank for one in found.values())
        sides = 3 * (lmax + 1)
        assert [found[m].numbers for m in METHODS] == [rank * sides, rank * sides, rank**3 + rank * sides]


def test_tucker_against_singular_values() -> None:
    """Cut off in one slot the best error is known: the singular values of the unfolding that are left."""
    tensor = np.random.default_rng(3).standard_normal((5, 3, 3))
    values = np.linalg.svd(tensor.reshape(5, 9), compute_uv=False)
    error, numbers = tucker_error(tensor, 3, starts=4)
    assert error == pytest.approx(np.linalg.norm(values[3:]) / np.linalg.norm(values), rel=1e-6)
    assert numbers == 27 + 15 + 9 + 9
    assert tucker_error(tensor, 5)[0] < 1e-13


def test_the_same_seed_gives_the_same_error() -> None:
    problem = normalization_problem("gaunt", 3)
    errors = [[one.error for one in compare_methods(problem, 1, starts=2, seed=seed)] for seed in (4, 4)]
    assert errors[0] == errors[1]


def test_every_entry_weighs_the_same() -> None:
    """Ours is asked for what tensorly minimises: with the weights of the paths the first would be unfair."""
    problem = normalization_problem("gaunt", 2)
    plain = unweighted(problem)
    assert np.array_equal(plain.weights, problem.mask) and not np.array_equal(problem.weights, problem.mask)
    ours, theirs = compare_methods(problem, 1, ("ours", "parafac"), starts=4)
    assert ours.error == pytest.approx(theirs.error, rel=1e-4)


def test_what_is_no_method_or_problem_is_refused() -> None:
    with pytest.raises(ValueError, match="ours, parafac, tucker"):
        compare_methods(whole_problem(1), 2, ("als",))
    with pytest.raises(TypeError, match="problem"):
        compare_methods(np.ones((2, 2, 2)), 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rank"):
        tucker_error(np.ones((2, 2, 2)), 0)


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["study", *words])
    return done.exit_code, done.output


def test_the_command_compares() -> None:
    options = ("--lmax", "1", "--rank", "1", "--starts", "2", "--method", "parafac", "--method", "tucker")
    for kind in ("gaunt", "whole"):
        code, said = run(kind, *options)
        rows = [line.split() for line in said.splitlines() if line.startswith("L = 1")]
        assert code == 0 and [row[4] for row in rows] == ["parafac", "tucker"] and "seconds" in said
        assert all(float(row[5]) >= 0 and float(row[6]) >= 0 for row in rows)
    assert "parafac" not in run("gaunt", "--lmax", "1", "--rank", "1", "--starts", "2", "--method", "ours")[1]
    code, said = run("whole", *options, "--complex")
    assert code == 2 and "leave out --complex" in said
    code, said = run("whole", *options, "--weights", "free")
    assert code != 0 and "free weights" in said
