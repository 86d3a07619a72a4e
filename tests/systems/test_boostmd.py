"""Notebook 16, BoostMD: every number of it."""

from __future__ import annotations

import pytest

from tests.systems.notebooks import ROOT, check_page, need_systems, numbers, pictures

need_systems()
NAME = "16-boostmd"


def test_what_must_hold() -> None:
    """ΔE in eV, the sum of forces in eV/Å; the gradient is relative."""
    checks = numbers(NAME)["checks"]
    assert checks["at t0"] == 0 and abs(checks["joint"]) < 1e-12 and abs(checks["alone"]) > 1e-2
    assert checks["sum"] < 1e-12 and checks["gradient"] < 1e-8


def test_held_out_forces_beat_the_old_ones() -> None:
    errors = numbers(NAME)["errors"]
    assert list(errors) == ["1", "2", "4", "8", "16"]
    assert all(small < old / 10 for small, old in errors.values())
    assert [old for _, old in errors.values()] == sorted(old for _, old in errors.values()) and errors["1"][1] > 0.03


def test_the_amortised_speed_is_that_of_both_times() -> None:
    shown = numbers(NAME)
    slow, fast = shown["seconds"]
    assert 0 < fast < slow
    for steps, speed in shown["speed"].items():
        assert speed == pytest.approx(int(steps) * slow / (slow + (int(steps) - 1) * fast))
        assert 1 <= speed <= slow / fast


def test_dynamics_of_the_small_model_has_the_same_radial_distribution() -> None:
    shown = numbers(NAME)
    assert 0.95 < shown["overlap"] <= 1
    assert shown["kinetic"][0] == pytest.approx(shown["kinetic"][1], rel=0.1)


def test_the_page() -> None:
    check_page(NAME)
    text = (ROOT / "notebooks" / f"{NAME}.md").read_text(encoding="utf-8")
    assert "The equations of the paper were not readable: what follows is **our form**" in text
    assert pictures(NAME) == 1
