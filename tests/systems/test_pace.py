"""Notebook 14, PACE, ACE and MACE: every number of it."""

from __future__ import annotations

from tests.systems.notebooks import check_page, need_systems, numbers, pictures

need_systems()
NAME = "14-pace"


def test_the_booster_collapses() -> None:
    shown = numbers(NAME)["booster"]
    assert len(shown["even"]) == 23 and len(shown["odd"]) == 11
    assert max(shown["even"]) < 1e-14 and max(shown["odd"]) < 1e-15


def test_polynomials_of_the_density() -> None:
    shown = numbers(NAME)
    assert shown["paths"] == [86, 29]  # MACE's published parameters for 0e + 1o
    assert 0 < shown["equivariance"] < 1e-12 and shown["gradient"] < 1e-6


def test_three_equal_images_are_one() -> None:
    shown = numbers(NAME)
    assert shown["coincide"] < 1e-14 and shown["apart"] > 0.1


def test_completeness_and_counts() -> None:
    shown = numbers(NAME)
    assert len(shown["residuals"]) == 6 and min(shown["residuals"][:5]) > 1e-3 and shown["residuals"][5] < 1e-13
    assert shown["counts"] == {"plain": [1, 4, 23, 204, 2212, 26712], "symmetric": [1, 4, 8, 23, 45, 110]}


def test_the_page() -> None:
    check_page(NAME)
    assert pictures(NAME) == 1
