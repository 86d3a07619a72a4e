"""Splines of distances as operators of torch: values, derivatives of every order, batches, what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from coupling.backends.torch.spline_operators import spline_products, spline_values  # noqa: E402
from coupling.numbers.splines import RadialSpline, interpolate  # noqa: E402

COLUMNS = [1, 16, 37, 200]


def spline(columns: int) -> RadialSpline:
    values = np.random.default_rng(columns).normal(size=(13, columns))
    return RadialSpline(3.0, interpolate(values, True), (0.0, 0.0))


def inputs(columns: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, float]:
    made = spline(columns)
    r = torch.from_numpy(np.random.default_rng(0).uniform(0.01, 2.99, 23))
    return r, torch.from_numpy(made.tables).to(dtype), made.intervals / made.high


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-14)])
def test_every_derivative_has_the_precision_of_its_type(columns: int, dtype: torch.dtype, tolerance: float) -> None:
    r, tables, scale = inputs(columns, dtype)
    g = torch.from_numpy(np.random.default_rng(1).normal(size=(23, columns))).to(dtype)
    for order in range(6):
        wanted = torch.from_numpy(spline(columns)(r.numpy(), order))
        size = abs(spline(columns).tables[order]).max()
        found = spline_values(r, tables, scale, order)
        assert found.dtype == dtype and (found - wanted).abs().max() <= tolerance * size
        sums = spline_products(r, g, tables, scale, order)
        assert (sums - (g * wanted).sum(1)).abs().max() <= tolerance * size * columns
    assert not spline_values(r, tables, scale, 6).any() and not spline_products(r, g, tables, scale, 6).any()


def test_outside_the_knots_it_is_constant() -> None:
    _, tables, scale = inputs(16, torch.float64)
    r = torch.tensor([-1.0, 0.0, 3.0, 3.5], dtype=torch.float64, requires_grad=True)
    values = spline_values(r, tables, scale, 0)
    assert torch.equal(values[0], values[1]) and torch.equal(values[2], values[3])
    (slope,) = torch.autograd.grad(values.sum(), r)
    assert slope[0] == 0 and slope[1] != 0 and abs(slope[2]) < 1e-9 and slope[3] == 0
    assert spline_values(torch.tensor([float("nan")], dtype=torch.float64), tables, scale, 0).isnan().all()
    assert spline_values(r[:0], tables, scale, 0).shape == (0, 16)


def test_gradients_are_right_to_second_order_and_operators_keep_their_promises() -> None:
    r, tables, scale = inputs(5, torch.float64)
    r.requires_grad_()
    g = torch.randn(23, 5, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(lambda r: spline_values(r, tables, scale, 0), r)
    torch.autograd.gradgradcheck(lambda r: spline_values(r, tables, scale, 0), r)
    torch.autograd.gradgradcheck(lambda r, g: spline_products(r, g, tables, scale, 0), (r, g))
    torch.library.opcheck(spline_values, (r, tables, scale, 0))
    torch.library.opcheck(spline_products, (r, g, tables, scale, 1))
    with pytest.raises(ValueError, match="constants"):
        spline_values(r, tables.clone().requires_grad_(), scale, 0)


def test_batches_of_calls() -> None:
    r, tables, scale = inputs(5, torch.float64)
    batch = torch.stack([r, 0.5 * r])
    found = torch.vmap(lambda r: spline_values(r, tables, scale, 0))(batch)
    assert torch.equal(found, torch.stack([spline_values(one, tables, scale, 0) for one in batch]))
    ones = torch.ones(2, 23, 5, dtype=torch.float64)
    sums = torch.vmap(lambda r, g: spline_products(r, g, tables, scale, 1))(batch, ones)
    assert torch.equal(sums[1], spline_products(batch[1], ones[1], tables, scale, 1))


def test_tensors_that_do_not_fit() -> None:
    r, tables, scale = inputs(5, torch.float64)
    with pytest.raises(TypeError, match="r must be float64"):
        spline_values(r.float(), tables, scale, 0)
    with pytest.raises(ValueError, match="tables must be"):
        spline_values(r, tables[:5], scale, 0)
    with pytest.raises(TypeError, match="tables must be float32 or float64"):
        spline_values(r, tables.half(), scale, 0)
    with pytest.raises(ValueError, match="g must be"):
        spline_products(r, torch.ones(23, 4, dtype=torch.float64), tables, scale, 0)
