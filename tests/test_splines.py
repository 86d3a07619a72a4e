"""Splines of functions of a distance: what they reproduce, how smooth they are, how far they are from the function."""

from __future__ import annotations

import numpy as np
import pytest

from coupling.numbers.splines import DEGREE, INTERVALS, RadialSpline, basis_matrix, fit_spline, interpolate

HIGH = 5.0


def wave(r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two oscillations that end as a cutoff does, with two derivatives, and their slopes."""
    k, x = np.array([2.0, 9.0]), np.asarray(r)[:, None]
    cut, slope = (1 - x / HIGH) ** 3, -3 / HIGH * (1 - x / HIGH) ** 2
    return np.cos(k * x) * cut, np.cos(k * x) * slope - k * np.sin(k * x) * cut


@pytest.mark.parametrize("degree", range(DEGREE + 1))
def test_the_pieces_add_up_to_one_and_each_goes_over_into_the_next(degree: int) -> None:
    pieces = basis_matrix(degree)
    assert np.abs(pieces.sum(1) - np.eye(degree + 1)[0]).max() < 1e-14
    for order in range(degree):  # at t = 1 a piece has the derivatives that the one before it has at t = 0
        ends = [sum(np.prod(np.arange(p - order + 1, p + 1)) * pieces[p] for p in range(order, degree + 1))]
        starts = np.prod(np.arange(1, order + 1)) * pieces[order]
        assert np.abs(ends[0][1:] - starts[:-1]).max() < 1e-12 and abs(ends[0][0]) < 1e-12


@pytest.mark.parametrize("power", range(DEGREE + 1))
def test_polynomials_to_degree_five_are_reproduced_with_all_derivatives(power: int) -> None:
    knots = np.linspace(0, 2, 9)
    spline = RadialSpline(2.0, interpolate(knots[:, None] ** power, False), (0.0, 0.0))
    r = np.linspace(0, 2, 33)
    for order in range(DEGREE + 1):
        factor = np.prod(np.arange(power - order + 1, power + 1)) if order <= power else 0
        wanted = factor * r ** max(power - order, 0)
        assert np.abs(spline(r, order)[:, 0] - wanted).max() < 1e-8 * max(1, 2.0**power) * 10**order


def test_four_derivatives_are_continuous_and_two_vanish_at_a_flat_end() -> None:
    spline = fit_spline(wave, HIGH, 1e-6, flat=True)
    knots = HIGH * np.arange(1, spline.intervals) / spline.intervals
    for order in range(DEGREE):
        sides = [spline(knots + side * 1e-9, order) for side in (-1, 1)]
        assert np.abs(sides[0] - sides[1]).max() < 3e-8 * np.abs(spline(knots, order + 1)).max(), order
    jump = np.abs(np.diff(spline(knots + 1e-9, DEGREE), axis=0)).max()
    assert jump > 1e-3 * np.abs(spline(knots, DEGREE)).max()  # it is no polynomial
    for order in (0, 1, 2):
        assert np.abs(spline(np.array([HIGH]), order)).max() < 1e-9 * np.abs(spline(knots, order)).max()
    free = fit_spline(wave, HIGH, 1e-6, flat=False)
    assert np.abs(free(np.array([HIGH]), 2)).max() > 1e-9 * np.abs(free(knots, 2)).max()


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-7])
def test_the_fewest_intervals_within_a_tolerance_and_the_errors_are_those_of_the_function(tolerance: float) -> None:
    spline = fit_spline(wave, HIGH, tolerance, flat=True)
    r = np.random.default_rng(0).uniform(0, HIGH, 4000)
    for order, (wanted, reported) in enumerate(zip(wave(r), spline.errors, strict=True)):
        found = np.abs(spline(r, order) - wanted).max() / np.abs(wanted).max()
        assert 0.1 * reported < found < 1.5 * reported <= 1.5 * tolerance
    if spline.intervals > INTERVALS[0]:
        fewer = HIGH * np.arange(spline.intervals // 2 + 1) / (spline.intervals // 2)
        coarse = RadialSpline(HIGH, interpolate(wave(fewer)[0], True), (0.0, 0.0))
        errors = [np.abs(coarse(r, n) - w).max() / np.abs(w).max() for n, w in enumerate(wave(r))]
        assert max(errors) > tolerance


def test_what_no_spline_comes_near_has_its_errors_too() -> None:
    def step(r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(np.asarray(r) < 1.7, 1.0, 0.0)[:, None], np.zeros((len(r), 1))

    spline = fit_spline(step, HIGH, 1e-7, flat=True)
    assert spline.intervals == INTERVALS[-1] and 0.1 < max(spline.errors) < np.inf
