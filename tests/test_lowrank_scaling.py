"""Scales and layouts of a fit: what they leave as it is, and what they find."""

from __future__ import annotations

import numpy as np
import pytest

from coupling.lowrank.factors import layout_of
from coupling.lowrank.objective import Objective, scaled_problem

SHAPES = [(2, 2, 2), (3, 3, 3), (4, 4, 7), (2, 3, 5)]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e5])
def test_a_scaled_problem_has_entries_of_order_one_and_is_the_same_problem(
    shape: tuple[int, int, int], masked: bool, size: float
) -> None:
    """The squares of all weighted entries add up to the sum of the lengths, whatever their size was before."""
    random = np.random.default_rng(sum(shape))
    target = size * random.normal(size=shape)
    weights = (random.random(shape) < 0.8) * 1.0 if masked else None
    objective = Objective(target, weights)
    found, scales = scaled_problem(objective, (0, 1, 2))
    seen = found.target if found.weights is None else found.weights * found.target
    assert np.sum(seen**2) == pytest.approx(sum(shape), rel=1e-12)
    np.testing.assert_allclose(np.einsum("ijk,i,j,k->ijk", found.target, *scales), target, rtol=1e-12)
    assert [len(scale) for scale in scales] == list(shape)


def test_tied_slots_have_one_scale() -> None:
    target = np.random.default_rng(1).random((3, 3, 5)) + 0.5
    _, (first, second, third) = scaled_problem(Objective(target, np.ones(target.shape)), (0, 0, 1))
    assert np.array_equal(first, second) and not np.array_equal(first, third[:3])


def test_the_layout_of_most_symmetry_is_found() -> None:
    """Equal factors; parts of the longest one; two that are equal beside another; none."""
    random = np.random.default_rng(2)
    x, y = random.normal(size=(5, 4)), random.normal(size=(5, 4))
    assert layout_of([x, x, x], (0, 0, 0)).ties == (0, 0, 0)
    assert layout_of([x[:3], x[:3], x], (0, 0, 0)).ties == (0, 0, 0)
    assert layout_of([x[:3], x[:3], y], (0, 0, 0)).ties == (0, 0, 1)
    assert layout_of([x, x, y], (0, 0, 1)).ties == (0, 0, 1)
    assert layout_of([x[:3], y[:3], y], (0, 0, 0)).ties == (0, 1, 2)
    assert layout_of([x[:3], x[:3], y], (0, 1, 2)).ties == (0, 1, 2)
    for factors in ([x, x, y], [x[:3], x[:3], y], [x, y, x]):
        layout = layout_of(factors)
        assert all(map(np.array_equal, layout.unpack(layout.pack(factors)), factors))
