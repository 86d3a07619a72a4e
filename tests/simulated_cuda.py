"""Kernels of numba-cuda on numba's simulator: run by tests/test_interop_cuda.py, with NUMBA_ENABLE_CUDASIM=1."""

from __future__ import annotations

from itertools import product as combinations

import numpy as np
import pytest
from numba import cuda

import coupling
from coupling.backends.cuda import CudaProduct
from coupling.backends.cuda import product as module
from coupling.products import AntisymmetricGaunt, ClebschGordan, Gaunt, MatrixProduct, Product, Simulation, VectorSignal
from tests.dense import contracted, dense

#: Unequal degrees, 0 among them, paths missing at both ends, an output beyond the sum of the inputs.
DEGREES = [*combinations(range(3), repeat=3), (1, 2, 3), (3, 1, 2), (1, 1, 4)]


@pytest.fixture(autouse=True)
def few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator starts a thread of the system for each of a block: two workers of 8 lanes, several blocks."""
    monkeypatch.setattr(module, "tile_lanes", lambda numbers, itemsize: 8)
    monkeypatch.setattr(module, "THREADS", 16)


def features(product: Product, lead: tuple[int, ...], channels: int, dtype: object = float) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.normal(size=(*lead, *axes, channels)).astype(dtype) for axes in product.shapes]


def check_product_and_gradients(
    product: Product, lead: tuple[int, ...], channels: int, factors: np.ndarray | None = None
) -> None:
    """Against the dense tensor, in float64; z is poisoned before."""
    x, y, g = features(product, lead, channels)
    device = CudaProduct(product)
    z = cuda.to_device(np.full(g.shape, np.nan))
    assert device(x, y, out=z) is z and device.route_of(float) == "loops"
    for found, expected in zip([z, *device.vjp(x, y, g)], contracted(dense(product, factors), x, y, g), strict=True):
        np.testing.assert_allclose(found.copy_to_host().reshape(expected.shape), expected, rtol=0, atol=4e-14)


KINDS = [ClebschGordan, MatrixProduct, Gaunt, AntisymmetricGaunt, VectorSignal, VectorSignal.single]


@pytest.mark.parametrize("kind", KINDS)
def test_products_and_gradients(kind: type[Product]) -> None:
    """Odd numbers of channels, blocks that end within a sample, one that is not full."""
    for number, degrees in enumerate(DEGREES):
        check_product_and_gradients(kind(*degrees), (3,), 1 + 2 * (number % 3))
    assert len(DEGREES) == 30


def test_every_path_alone() -> None:
    """A weight on one path at a time, so that no error hides behind another."""
    lmax = 2, 2, 3
    paths = ClebschGordan(*lmax).paths
    for weights in -1.5 * np.eye(len(paths)):
        product = ClebschGordan(*lmax, weights)
        x, y, _ = features(product, (1,), 3)
        z = CudaProduct(product)(x, y).copy_to_host()
        np.testing.assert_allclose(z, contracted(dense(product), x, y)[0], rtol=0, atol=4e-15)
        assert z.any()
    assert len(paths) == 18


@pytest.mark.parametrize("normalization", ["clebsch_gordan", "gaunt", "antisymmetric_gaunt"])
def test_a_table_file(normalization: str) -> None:
    """Coefficients as they are mapped from a file that reaches farther than the product, in every normalization."""
    product = ClebschGordan(3, 2, 3, normalization=normalization, table=coupling.load("real-l4"))
    factors = coupling.normalization(normalization, 4)[:4, :3, :4]
    check_product_and_gradients(product, (2, 1), 3, factors)


def test_weights_and_spins_of_the_matrix_product() -> None:
    weights = [np.arange(1, 4.0), np.array([0.5, -1, 2]), np.array([1, 0, 3.0])]
    check_product_and_gradients(MatrixProduct(2, 2, 2, spin=3, weights=weights), (2,), 5)


def test_weights_and_classes_of_products_on_the_sphere() -> None:
    """Weights of degrees, classes of parities that are several terms, a Gaunt product and a bracket in one kernel."""
    weights = [np.arange(1, 4.0), np.array([0.5, -1, 2]), np.array([1, 0, 3.0])]
    check_product_and_gradients(Gaunt(2, 2, 2, weights=weights, classes=[[1, 2], [-1, 0.5]]), (2,), 3)
    check_product_and_gradients(AntisymmetricGaunt(2, 2, 2, weights=weights, classes=[[1, -2], [1, 0.5]]), (2,), 3)
    check_product_and_gradients(Simulation(2, 2, 2, {"even": weights, "odd": weights[::-1]}), (2,), 3)
    fields = [0.1 * np.multiply.outer(w, w).reshape(3, 1, 3).repeat(2, axis=1) for w in weights]
    check_product_and_gradients(VectorSignal(2, 2, 2, fields=fields, weights=[[w, -w] for w in weights]), (2,), 3)


def test_equal_inputs_of_brackets_and_fields_give_exactly_zero() -> None:
    for product in (AntisymmetricGaunt(2, 2, 3), VectorSignal(2, 2, 2)):
        x, _, _ = features(product, (2,), 3)
        assert not CudaProduct(product)(x, x).copy_to_host().any()


def test_float32() -> None:
    for product in (ClebschGordan(2, 3, 2), MatrixProduct(2, 3, 2), Gaunt(2, 3, 2), VectorSignal(2, 1, 2)):
        x, y, _ = features(product, (2,), 5, np.float32)
        z = CudaProduct(product)(x, y).copy_to_host()
        exact = contracted(dense(product), x, y)[0].reshape(z.shape)
        assert z.dtype == np.float32 and 0 < abs(z - exact).max() < 2e-6


@pytest.mark.parametrize("kind", [ClebschGordan, MatrixProduct])
def test_the_product_on_the_processor_is_the_same(kind: type[Product]) -> None:
    """Another route to the same numbers: to rounding."""
    product = kind(3, 3, 3)
    x, y, g = features(product, (2,), 3)
    device = CudaProduct(product)
    results, known = (device(x, y), *device.vjp(x, y, g)), (product(x, y), *product.vjp(x, y, g))
    for found, expected in zip(results, known, strict=True):
        np.testing.assert_allclose(found.copy_to_host(), expected, rtol=0, atol=2e-14)


def test_features_that_do_not_fit() -> None:
    product = CudaProduct(ClebschGordan(1, 1, 1))
    x = np.ones((2, 4, 3))
    for bad, error, words in (
        ((x, x.astype(np.float32)), ValueError, "must be of one type"),
        ((x, x[:1]), ValueError, "one shape but for their entries"),
        ((x, x[:, :3]), ValueError, r"input 2 must have 4 = \(lmax\+1\)² entries"),
        ((x.astype(int), x), TypeError, "input 1 must be float32 or float64, got int64"),
    ):
        with pytest.raises(error, match=words):
            product(*bad)
    with pytest.raises(ValueError, match="out must be float64"):
        product(x, x, out=np.zeros((2, 4, 4)))
    with pytest.raises(ValueError, match="route must be one of"):
        CudaProduct(ClebschGordan(1, 1, 1), route="fast")
    with pytest.raises(ValueError, match="layout must be channels_last"):
        CudaProduct(ClebschGordan(1, 1, 1, layout="channels_first"))
    with pytest.raises(TypeError, match="got FullProduct"):
        CudaProduct(coupling.products.FullProduct(1, 1, 1))
    with pytest.raises(ValueError, match=r"input 1 must have 3 components and 4 = \(lmax\+1\)² entries"):
        CudaProduct(VectorSignal(1, 1, 1))(x, x)
    assert CudaProduct(ClebschGordan(1, 1, 1))(x[:0], x[:0]).shape == (0, 4, 3)
