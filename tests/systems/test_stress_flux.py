"""Notebook 17, stress and heat flux by automatic differentiation: every number of it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.systems.notebooks import check_page, need_systems, numbers, pictures

need_systems()
NAME = "17-stress-flux"


def test_argon_is_what_pairs_give() -> None:
    """In double precision; the terms of the flux have any sign, so most of it cancels."""
    known = numbers(NAME)["known"]
    assert known["forces"] < 3e-15 and known["strain"] < 3e-15 and known["flux"] < 1e-14


def test_five_forms_of_the_stress_and_three_of_the_flux() -> None:
    """Rounding; over edges, an error of another kind at two layers."""
    shown = numbers(NAME)
    assert set(shown["stresses"]) == {"1", "2"} and max(shown["stresses"].values()) < 1e-14
    assert max(shown["fluxes"][layers][0] for layers in "12") < 1e-14
    assert shown["fluxes"]["1"][1] < 1e-14 and 1e-3 < shown["fluxes"]["2"][1] < 1e-1


def test_differences_are_worse_than_derivatives() -> None:
    """The error falls with the square of the step, then rounding takes over; it stays above that of the derivative."""
    errors = np.array(numbers(NAME)["differences"])
    assert errors[1:4] / errors[2:5] == pytest.approx(100, rel=0.05)
    assert 1e-12 < errors.min() < 1e-8 and errors[-1] > 10 * errors.min()


def test_energies_drift_little() -> None:
    """Argon 5 ps at 5 fs, SnSe .5 ps at 1 fs; in eV per atom."""
    shown = numbers(NAME)
    assert 0 < shown["drift"]["Ar"] < 5e-5 and 0 < shown["drift"]["SnSe"] < 2e-4
    assert 30 < shown["kelvin"] < 120


def test_the_pressure_is_the_slope_of_the_cohesive_energy() -> None:
    shown = numbers(NAME)
    pressures, slopes, cohesion = (np.array(shown[name]) for name in ("pressures", "slopes", "cohesion"))
    assert abs(pressures - slopes).max() < 1e-6 * abs(pressures).max()
    assert pressures[0] > 0 > pressures[-1] and 0 < cohesion.argmin() < len(cohesion) - 1 and (cohesion < 0).all()


def test_the_conductivity_has_its_order_of_magnitude() -> None:
    """Solid argon conducts about 1 W/(m K) at 60 K; one run of 5 ps gives no more than the order."""
    kappa = np.array(numbers(NAME)["kappa"])
    assert len(kappa) == 400 and 0.05 < kappa.max() < 10


def test_the_page() -> None:
    check_page(NAME)
    assert pictures(NAME) == 1
