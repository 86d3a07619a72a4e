"""Triton kernels in Triton's interpreter: run by tests/test_interop_triton.py, with TRITON_INTERPRET=1."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import coupling
from coupling.backends import triton_loops
from coupling.backends.cuda.tables import matrix_arrays
from coupling.backends.triton import TritonProduct
from coupling.products import AntisymmetricGaunt, ClebschGordan, Gaunt, MatrixProduct, Product, VectorSignal
from tests.dense import contracted, dense, largest_weight

STRAIGHT = (ClebschGordan, MatrixProduct, Gaunt, AntisymmetricGaunt, VectorSignal, VectorSignal.single)
ROUTES = [(ClebschGordan, "loops"), (MatrixProduct, "loops"), *((kind, "straight") for kind in STRAIGHT)]
DEGREES = [(0, 0, 0), (1, 1, 1), (2, 2, 2), (1, 2, 3), (3, 1, 2), (0, 2, 2), (1, 1, 4)]


def features(product: Product, lead: tuple[int, ...], channels: int, dtype: torch.dtype = torch.float64) -> list:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(*lead, *axes, channels, dtype=dtype, generator=generator) for axes in product.shapes]


@pytest.mark.parametrize(("kind", "route"), ROUTES)
def test_products_and_gradients(kind: type[Product], route: str) -> None:
    """Odd numbers of channels, several blocks, the last of them not full; z is poisoned by what memory held."""
    for number, degrees in enumerate(DEGREES):
        product = TritonProduct(kind(*degrees), route=route)
        x, y, g = features(product.product, (2, 45), 1 + 2 * (number % 4))
        x.requires_grad_(), y.requires_grad_()
        z = product(x, y)
        found = [z, *torch.autograd.grad(z, (x, y), g)]
        expected = contracted(dense(product.product), *(t.detach().numpy() for t in (x, y, g)))
        tolerance = 4e-14 * largest_weight(product.product)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one.detach().numpy().reshape(other.shape), other, rtol=0, atol=tolerance)
    assert len(DEGREES) == 7


@pytest.mark.parametrize(("kind", "route"), ROUTES)
def test_derivatives_of_derivatives(kind: type[Product], route: str) -> None:
    product = TritonProduct(kind(1, 1, 1), route=route)
    x, y, _ = features(product.product, (1,), 1)
    x.requires_grad_(), y.requires_grad_()
    assert torch.autograd.gradcheck(product, (x, y)) and torch.autograd.gradgradcheck(product, (x, y))


def test_a_matrix_product_of_weights_and_a_spin_and_one_beyond_what_is_unrolled() -> None:
    weights = [np.linspace(1, 2, l + 1) for l in (2, 1, 3)]
    for product in (MatrixProduct(2, 1, 3, weights=weights, spin=4), MatrixProduct(1, 1, 2, spin=9)):
        x, y, _ = features(product, (3,), 2)
        once = TritonProduct(product, route="loops")
        assert TritonProduct(product).route == ("loops" if product.spin > 8 else "straight")
        for _ in range(3):
            expected = contracted(dense(once.product), x.numpy(), y.numpy())[0]
            np.testing.assert_allclose(once(x, y), expected, rtol=0, atol=1e-12 * abs(expected).max())
            once, x, y = once.turn(), y, torch.from_numpy(expected)


def test_degrees_of_a_matrix_product_that_no_path_reaches_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their rows of the table do not exist: what lies behind it in memory is NaN here."""
    product = MatrixProduct(1, 1, 4)
    *places, table = matrix_arrays(product, np.dtype(float))
    memory = np.full(table.size + 4096, np.nan)
    memory[: table.size] = table.ravel()
    padded = memory[: table.size].reshape(table.shape)
    monkeypatch.setattr(triton_loops, "matrix_arrays", lambda *_: (*places, padded))
    x, y, _ = features(product, (3,), 2)
    z = TritonProduct(product, route="loops")(x, y)
    assert torch.isfinite(z).all() and (z[:, 9:] == 0).all() and (z[:, :9] != 0).any()


@pytest.mark.parametrize("route", ["straight", "loops"])
def test_a_table_file(route: str) -> None:
    product = ClebschGordan(2, 3, 2, normalization="gaunt", table=coupling.load("real-l4"))
    x, y, _ = features(product, (3,), 5)
    z = TritonProduct(product, route=route)(x, y).numpy()
    factors = coupling.normalization("gaunt", 3)[:3, :4, :3]
    np.testing.assert_allclose(z, contracted(dense(product, factors), x, y)[0], rtol=0, atol=4e-14)


@pytest.mark.parametrize(("kind", "route"), ROUTES)
def test_float32_and_what_is_not_contiguous(kind: type[Product], route: str) -> None:
    product = kind(2, 2, 2)
    x, y, _ = features(product, (3,), 5, torch.float32)
    x = x.mT.contiguous().mT
    z = TritonProduct(product, route=route)(x, y)
    error = abs(z.numpy() - contracted(dense(product), x, y)[0].reshape(z.shape)).max()
    assert z.dtype == torch.float32 and 0 < error < 2e-6 * largest_weight(product)
    assert TritonProduct(product, route=route)(x[:0], y[:0]).shape == (0, *product.shapes[2], 5)


def test_features_that_do_not_fit() -> None:
    product = TritonProduct(ClebschGordan(1, 1, 1))
    x = torch.ones(2, 4, 3)
    for bad, error, words in (
        ((x, x.double()), ValueError, "inputs must agree in type"),
        ((x, x[:1]), ValueError, "inputs must agree in type, device and all axes but entries"),
        ((x, x[:, :3]), ValueError, r"input 2 must have 4 = \(lmax\+1\)² entries"),
        ((x.int(), x), TypeError, "input 1 must be float32 or float64, got torch.int32"),
    ):
        with pytest.raises(error, match=words):
            product(*bad)
