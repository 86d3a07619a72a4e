"""Notebook 12, TDN: every number of it."""

from __future__ import annotations

import pytest

from tests.systems.notebooks import check_page, need_systems, numbers, pictures

need_systems()
NAME = "12-tdn"


def test_errors_by_rank_are_those_of_the_study() -> None:
    """docs/study/ranks.md; "0" stands for an exact decomposition."""
    errors = numbers(NAME)["errors"]
    shown = {key: [round(value, 3) for value in each] for key, each in errors.items() if key[0] == "2"}
    assert shown == {
        "2 10": [0.606, 0.717],
        "2 15": [0.395, 0.508],
        "2 20": [0.158, 0.218],
        "2 24": [0.067, 0.094],
        "2 28": [0.0, 0.0],
    }
    assert [round(errors[f"1 {rank}"][0], 3) for rank in range(2, 9)] == [0.775, 0.673, 0.571, 0.426, 0.295, 0.016, 0.0]
    assert errors["1 8"][0] < 1e-15 and errors["2 28"][0] < 1e-15
    assert numbers(NAME)["sampled"] == pytest.approx(errors["2 20"][1], rel=0.02)


def test_seven_eight_23_and_28_terms_are_exact() -> None:
    """Error; smallest and largest path weight; paths, none of which is lost."""
    exact = numbers(NAME)["exact"]
    assert list(exact) == ["7", "8", "23", "28"]
    assert all(error < 2e-15 for error, *_ in exact.values())
    assert [paths for *_, paths in exact.values()] == [5, 5, 15, 15]
    least, largest = zip(*(each[1:3] for each in exact.values()), strict=True)
    assert least == pytest.approx([1, 1, 3**-0.5, 1])
    assert largest == pytest.approx([2 / 3**0.5, 1, 1.9365, 1], abs=1e-4)


def test_gradients() -> None:
    shown = numbers(NAME)
    assert shown["gradient"] < 1e-8 and shown["rotation"] < 1e-13
    assert sorted(map(int, shown["bounds"])) == [10, 15, 20, 24]
    assert all(0.01 < value < 1 for value in shown["bounds"].values())


def test_the_price() -> None:
    price = numbers(NAME)["price"]
    assert {name: count for name, (count, _) in price.items()} == {
        "CP, 28 terms": 784,
        "sparse": 2 * 137,
        "CP, 23 terms": 644,
        "dense": 810,
    }
    assert all(seconds > 0 for _, seconds in price.values())


def test_the_page() -> None:
    check_page(NAME)
    assert pictures(NAME) == 1
