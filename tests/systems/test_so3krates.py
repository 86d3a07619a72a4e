"""Notebook 15, SO3krates: every number of it."""

from __future__ import annotations

import pytest

from tests.systems.notebooks import check_page, need_systems, numbers, pictures

need_systems()
NAME = "15-so3krates"


def test_scalars_are_the_path_to_degree_zero() -> None:
    shown = numbers(NAME)
    assert len(shown["c"]) == 11
    assert shown["c"] == pytest.approx([(2 * l + 1) ** -0.5 for l in range(11)], rel=2.3e-16)
    assert shown["off"] == 0 and shown["ulps"] <= 1
    assert shown["full product"] < 1e-14


def test_the_layer_is_equivariant() -> None:
    shown = numbers(NAME)
    assert 0 < shown["equivariance"] < 1e-12 and shown["inversion"] < 1e-12
    assert shown["gradient"] < 1e-5


def test_a_pair_beyond_the_cutoff_interacts_where_its_coordinates_are_equal() -> None:
    shown = numbers(NAME)
    assert shown["apart"] > 5 and shown["alike"] < 1e-14
    assert shown["influence"]["with"] > 1e-3 and shown["influence"]["without"] == 0


def test_counts_of_multiplications() -> None:
    shown = numbers(NAME)["multiplications"]
    assert shown["degree-wise scalars"] == [(l + 1) ** 2 + l + 1 for l in range(1, 9)]
    # non-zeros of C to L = 1, 2, 3, 4, 6, 8: docs/edge-frame.md
    assert [shown["sparse, all paths"][l - 1] // 2 for l in (1, 2, 3, 4, 6, 8)] == [16, 137, 611, 2052, 11896, 44171]
    assert shown["dense, all paths"] == [2 * (l + 1) ** 6 for l in range(1, 9)]


def test_the_page() -> None:
    check_page(NAME)
    assert pictures(NAME) == 1
