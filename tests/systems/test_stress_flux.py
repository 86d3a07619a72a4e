"""Notebook 17, stress and heat flux by automatic differentiation: every number of it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.systems.notebooks import ROOT, check_page, need_systems, numbers, pictures

need_systems()
NAME = "17-stress-flux"


def test_argon_is_what_pairs_give() -> None:
    """In double precision, beside extended precision; autograd sums over the strain by itself, without compensation."""
    known = numbers(NAME)["known"]
    assert known["forces"] < 2e-15 and known["flux"] < 2e-15 and known["edges"] < 1e-15 and known["strain"] < 3e-15


def test_five_forms_of_the_stress_and_three_of_the_flux() -> None:
    """Rounding; norms over twenty sets of velocities."""
    shown = numbers(NAME)
    assert set(shown["stresses"]) == {"1", "2"} and max(shown["stresses"].values()) < 1e-14
    assert max(shown["fluxes"][layers][0] for layers in "12") < 1e-15
    assert shown["fluxes"]["1"][1] < 4e-15 and 1e-3 < shown["fluxes"]["2"][1] < 1e-2


def test_the_error_over_edges_grows_with_the_weight_of_the_network() -> None:
    """None without the network; then in proportion, while pairs make most of the flux."""
    wrong = {float(share): error for share, error in numbers(NAME)["wrong"].items()}
    assert sorted(wrong) == [0, 1, 3, 10] and wrong[0] < 4e-15
    assert 1e-4 < wrong[1] < 1e-3 and wrong[3] == pytest.approx(3 * wrong[1], rel=0.1)
    assert wrong[3] < wrong[10] < 10 * wrong[1]
    assert wrong[10] == pytest.approx(numbers(NAME)["fluxes"]["2"][1])


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
    """Solid argon conducts about 1 W/(m K) at 60 K; one run of 5 ps gives no more than the order, as the page says."""
    kappa = np.array(numbers(NAME)["kappa"])
    assert len(kappa) == 400 and 0.05 < kappa.max() < 10
    assert np.ptp(kappa[200:]) > 0.1 * abs(kappa[-1])
    assert "not converged" in (ROOT / "notebooks" / f"{NAME}.md").read_text(encoding="utf-8")


def test_the_page() -> None:
    check_page(NAME)
    assert pictures(NAME) == 1
