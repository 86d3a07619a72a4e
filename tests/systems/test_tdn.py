"""Notebook 12, TDN: every number of it."""

from __future__ import annotations

import re

import pytest

from tests.systems.notebooks import check_page, need_systems, numbers, output, pictures

need_systems()
NAME = "12-tdn"


def test_errors_by_rank_are_those_of_the_study() -> None:
    """docs/study/ranks.md; "0" stands for an exact decomposition."""
    errors = numbers(NAME)["errors"]
    shown = {key: [round(value, 3) for value in each[:2]] for key, each in errors.items()}
    assert {key: value for key, value in shown.items() if key[0] == "2" and int(key[2:]) not in (25, 26, 27)} == {
        "2 10": [0.6, 0.717],
        "2 14": [0.436, 0.551],
        "2 15": [0.393, 0.512],
        "2 20": [0.158, 0.218],
        "2 24": [0.067, 0.094],
        "2 28": [0.0, 0.0],
    }
    assert [shown[f"1 {rank}"][0] for rank in range(2, 9)] == [0.775, 0.673, 0.571, 0.426, 0.295, 0.016, 0.0]
    assert errors["1 8"][:2] == errors["2 28"][:2] == errors["3 85"][:2] == [0.0, 0.0]
    assert numbers(NAME)["sampled"] == pytest.approx(errors["2 20"][1], rel=0.02)


def test_the_published_column_stands_beside() -> None:
    """Exact at 28, where the schedule 7 L² has 0.02; before, the published points lie between both errors."""
    errors, published = numbers(NAME)["errors"], numbers(NAME)["published"]
    assert published == {"10": "0.60", "15": "0.42", "20": "0.21", "28": "0.02", "81": "< 0.01"}
    for rank in (10, 15, 20):
        error, equivariance, _ = errors[f"2 {rank}"]
        assert 0.98 * error < float(published[str(rank)]) < equivariance
    printed = output(NAME)
    for rank, value in published.items():
        assert rank == "81" or re.search(rf"^L = 2, R = {rank}: .* {value}$", printed, re.M), rank
    assert re.search(r"^L = 1, R =  7: .*R = 7 L² $", printed, re.M)


def test_the_a_priori_bound_is_vacuous() -> None:
    errors = numbers(NAME)["errors"]
    assert {key for key, (*_, bound) in errors.items() if 2 * bound < 2**0.5} == {"1 8"}
    assert all(error <= bound for error, _, bound in errors.values())
    assert len(errors) >= 21


def test_seven_eight_23_28_and_85_terms_are_exact_for_every_weighting() -> None:
    """Error; smallest and largest path weight; paths, none of which is lost; error with random weights of all paths."""
    exact = numbers(NAME)["exact"]
    assert list(exact) == ["7", "8", "23", "28", "85"]
    assert all(error < 3e-14 and any_weights < 3e-13 for error, *_, any_weights in exact.values())
    assert [each[3] for each in exact.values()] == [5, 5, 15, 15, 34]
    least, largest = zip(*(each[1:3] for each in exact.values()), strict=True)
    assert least == pytest.approx([1, 1, 3**-0.5, 1, 1])
    assert largest == pytest.approx([2 / 3**0.5, 1, 1.9365, 1, 1], abs=1e-4)


def test_gradients() -> None:
    shown = numbers(NAME)
    assert shown["gradient"] < 1e-8 and shown["rotation"] < 1e-13 and shown["same"] < 1e-13
    assert sorted(map(int, shown["bounds"])) == [10, 15, 20, 24]
    assert all(0.01 < value < 1 for value in shown["bounds"].values())


def test_the_price() -> None:
    price, counts = numbers(NAME)["price"], numbers(NAME)["counts"]
    assert {name: count for name, (count, _) in price.items()} == {
        "CP, 7 terms": 91,
        "CP, 8 terms": 104,
        "CP, 23 terms": 644,
        "CP, 28 terms": 784,
        "CP, 85 terms": 4165,
        "sparse": 205,
    }
    assert all(seconds > 0 for _, seconds in price.values())
    assert [counts[str(L)] for L in (1, 2, 4, 8)] == [[91, 32], [784, 274], [8512, 4104], [109312, 88342]]
    assert [L for L, (cp, sparse) in counts.items() if cp < sparse] == ["11"] and len(counts) == 11


def test_the_page() -> None:
    check_page(NAME)
    assert pictures(NAME) == 1
