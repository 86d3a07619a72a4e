"""What a search costs, and that it does not depend on how its work is spread."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from coupling.cli import main, study_families
from coupling.cli.console import bar
from coupling.lowrank import by_rank, decompose, fit, limits, normalization_problem, stacks
from coupling.lowrank.factors import Layout
from coupling.lowrank.objective import scaled_problem
from coupling.threads import THREADS, one_thread

#: A command in a process of its own, as a user starts it.
COUNTED = """
import sys
from coupling.cli import main
early = [name for name in ("numpy", "scipy") if name in sys.modules]
main({arguments!r}, standalone_mode=False)
print("loaded before", early, file=sys.stderr)
"""


def test_a_study_keeps_one_thread_of_linear_algebra_and_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str | None]] = []
    monkeypatch.setattr(
        "coupling.lowrank.limits.study", lambda *_, **__: seen.append({k: os.environ.get(k) for k in THREADS})
    )
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    CliRunner().invoke(main, ["study", "gaunt", "--lmax", "1"])
    assert seen[0] == dict.fromkeys(THREADS, "1")
    assert os.environ["OMP_NUM_THREADS"] == "7" and "MKL_NUM_THREADS" not in os.environ
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_libraries_of_linear_algebra_are_loaded_after_the_command_has_set_their_threads() -> None:
    arguments = ["study", "gaunt", "--lmax", "2", "--max-rank", "1", "--starts", "1"]
    done = subprocess.run(
        [sys.executable, "-c", COUNTED.format(arguments=arguments)], capture_output=True, text=True, check=True
    )
    assert "loaded before []" in done.stderr


def test_the_number_of_processes_changes_no_result() -> None:
    """Rank 3 is exact, reached by one start of seven: the start that ends the search must be the same one."""
    problem = normalization_problem("gaunt", 4)
    one, other = (
        decompose(
            problem.tensor, 3, problem.mask, problem.weights, ties=problem.ties, starts=192, seed=5, workers=workers
        )
        for workers in (1, 2)
    )
    assert one.errors == other.errors and one.error == other.error
    assert all(np.array_equal(x, y) for x, y in zip(one.factors, other.factors, strict=True))


def test_results_of_groups_come_in_their_order() -> None:
    """A later group that is ready first must wait: what comes first may end the search."""
    from concurrent.futures import Future

    from coupling.lowrank.decomposition import each

    class Backwards:
        """An executor whose last call is done first."""

        def __init__(self) -> None:
            self.made: list[Future[object]] = []

        def submit(self, _: object, number: int) -> Future[object]:
            future: Future[object] = Future()
            self.made.append(future)
            if number == 2:
                for value, other in reversed(list(enumerate(self.made))):
                    other.set_result(value)
            return future

    assert list(each(Backwards(), [(0,), (1,), (2,)])) == [0, 1, 2]  # type: ignore[arg-type, list-item]


def test_hopeless_starts_end_early_and_the_best_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = normalization_problem("gaunt", 6)
    objective, _ = scaled_problem(problem.objective, problem.ties)
    layout, steps = Layout(objective.shape, 3, problem.ties), [0]
    starts = np.array(
        [fit.random_start(objective, layout, np.random.default_rng(k), np.dtype(float)) for k in range(64)]
    )
    step = stacks._stack_step

    def counted(stack: stacks.Stack, state: stacks.State) -> stacks.State:
        steps[0] += len(state.x)
        return step(stack, state)

    monkeypatch.setattr(stacks, "_stack_step", counted)
    found, taken = stacks.polish_many(objective, layout, starts), steps[0]
    monkeypatch.setattr(stacks, "HOPELESS", np.inf)
    every = stacks.polish_many(objective, layout, starts)
    best = [min(objective.relative(layout.unpack(x)) for x in ends) for ends in (found, every)]
    assert best[0] == pytest.approx(best[1], rel=1e-6)
    assert taken < 0.6 * (steps[0] - taken)


@pytest.mark.parametrize(
    ("value", "before", "steps", "ends"), [(4.0, 4.4, 100, True), (4.0, 8.0, 100, False), (1.0, 1.0, 0, False)]
)
def test_a_start_is_hopeless_by_its_pace(value: float, before: float, steps: int, ends: bool) -> None:
    """Value 4 falls to 4/1.1⁴ = 2.7 or 4/2⁴ = 0.25 in 100 more steps; four times the best, 0.5, is 2."""
    assert stacks.hopeless(np.array([value]), np.array([before]), 0.5, steps).tolist() == [ends]


def test_a_problem_with_the_numbers_of_an_earlier_one_is_not_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    real = by_rank.study
    for module in (limits, study_families):
        monkeypatch.setattr(module, "study", lambda p, *a, **o: searched.append(p.name) or real(p, *a, **o))
    options = ["study", "gaunt", "--lmax", "2", "--max-rank", "2", "--starts", "4"]
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 0 and re.search(r"^even, real +0\.047 +0 ", result.output, re.M)
    assert "gaunt-inverse-all-real-unit-l2.2.2" in searched
    assert "gaunt-inverse-even-real-unit-l2.2.2" not in searched


def test_whole_keeps_to_the_largest_rank() -> None:
    result = CliRunner().invoke(main, ["study", "whole", "--lmax", "1", "--max-rank", "2", "--starts", "1"])
    assert result.exit_code == 0 and re.findall(r"^(\d+) +0\.", result.output, re.M) == ["1", "2"]


def test_a_bar_writes_what_it_is_told_between_steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "terminal").open("w+", encoding="utf-8") as terminal:
        monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("coupling.cli.console.sys.stderr", terminal)
        with bar(3) as drawn:
            drawn.update(0, "R = 1: 7 of 16 starts")
            terminal.seek(0)
            assert "7 of 16 starts" in terminal.read()
