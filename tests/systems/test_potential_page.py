"""Notebook 18, the potential to copy: every number of it."""

from __future__ import annotations

from tests.systems.notebooks import check_page, need_systems, numbers, pictures

need_systems()
NAME = "18-potential"


def test_crystals_held_out() -> None:
    """eV/Å and eV per atom."""
    errors = numbers(NAME)["errors"]
    assert errors["forces"] < 0.06 and errors["size"] > 1.3 and errors["energies"] < 0.05


def test_energies_are_kept() -> None:
    assert 0 < numbers(NAME)["drift"] < 5e-3


def test_the_page() -> None:
    check_page(NAME)
    assert pictures(NAME) == 1
