"""The command that measures a whole MACE model: its figures are those of models that agree, of one run."""

from __future__ import annotations

import pytest

pytest.importorskip("mace")
from benchmarks import mace

pytestmark = pytest.mark.filterwarnings("ignore")


def test_every_model_is_timed_and_one_that_differs_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """With splines of a tolerance of 1e-2 forces are those of another model."""
    other = {**mace.MODELS, "with splines": ("coarse", {"radial": "spline", "tolerance": 1e-2}, 1e-7)}
    monkeypatch.setattr(mace, "MODELS", other)
    lines, edges = mace.rows(1)
    assert edges == 64 * 46 and len(lines) == 6
    timed = {line.split("|")[1].strip(): "not timed" not in line for line in lines}
    assert list(timed.values()) == [True, True, False]
    ratios = [float(line.split("|")[5]) for line in lines if "`accelerate(model)`" in line]
    assert min(ratios) > 2


def test_edges_are_sorted_with_all_that_belongs_to_them() -> None:
    given = mace.crystal()
    found, model = mace.by_receiver(given), mace.untouched(mace.crystal()["positions"].dtype)
    assert (found["edge_index"][1].diff() >= 0).all() and not (given["edge_index"][1].diff() >= 0).all()
    assert max(mace.deviations(mace.results(model, found), mace.results(model, given))) < 1e-4


def test_accelerated_models_need_no_more_memory() -> None:
    """Megabytes that calls add to a process that has built its model."""
    of_the_calls = [float(line.split("|")[4]) for line in mace.memory_rows()]
    assert len(of_the_calls) == 3 and max(of_the_calls[1:]) < of_the_calls[0]
