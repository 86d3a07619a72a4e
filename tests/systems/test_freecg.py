"""Notebook 13, FreeCG: every number of it."""

from __future__ import annotations

from itertools import product

from tests.systems.notebooks import ROOT, check_page, need_systems, numbers, pictures

need_systems()
NAME = "13-freecg"


def test_abstract_edges_know_no_order_of_neighbours() -> None:
    assert numbers(NAME)["permutation"] < 1e-13


def test_there_are_four_paths_and_eight() -> None:
    shown = numbers(NAME)
    eight = sorted(map(list, product((1, 2), repeat=3)))
    assert sorted(shown["eight"]) == eight
    assert sorted(shown["paths"]) == [path for path in eight if sum(path) % 2 == 0] and len(shown["paths"]) == 4
    assert sorted({round(factor, 4) for factor in shown["factors"]}) == [0.6910, 0.7539]


def test_groups_are_a_masked_product() -> None:
    shown = numbers(NAME)
    t, g = shown["T, G"]
    assert shown["mask"] < 1e-13 and shown["gaunt"] < 1e-13
    assert shown["weights"] == [t**3 // g**2, t**3] and shown["pairs"] == [t**2 // g, t**2]


def test_the_layer_is_equivariant_with_inversion() -> None:
    shown = numbers(NAME)
    assert 0 < shown["equivariance"] < 1e-12 and shown["gradient"] < 1e-6


def test_a_shift_by_48_mixes_nothing() -> None:
    reach = numbers(NAME)["reach"]
    assert set(reach["48"]) == {8}
    assert reach["44"] == [min(8 * n, 384) for n in range(1, 51)]


def test_the_page() -> None:
    check_page(NAME)
    text = (ROOT / "notebooks" / f"{NAME}.md").read_text(encoding="utf-8")
    assert "*attention enhancer* is left out" in text and 'molecule("C6H6")' in text
    assert pictures(NAME) == 1
