"""The tensor product of irreps in JAX: values of the product in numpy, jit, vmap, derivatives, types and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

jax: Any = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402

from coupling import products  # noqa: E402
from coupling.backends.jax import TensorProduct  # noqa: E402
from tests.test_tensor_product import IRREPS1, IRREPS2, features, modes  # noqa: E402


def given(product: products.TensorProduct, *lead: int, weights: tuple[int, ...] = ()) -> list[np.ndarray]:
    x, y = features(product.irreps1, 1, lead), features(product.irreps2, 2, lead)
    w = np.random.default_rng(3).standard_normal((*weights, product.weight_count))
    return [x, y, w]


@pytest.mark.parametrize("layout", ["ir_mul", "mul_ir"])
@pytest.mark.parametrize("has_weight", [True, False])
def test_values_are_those_of_numpy(has_weight: bool, layout: str) -> None:
    """Every mode, with weights shared and of each sample, compiled and not."""
    outputs, instructions = modes(has_weight)
    arguments, met = (IRREPS1, IRREPS2, outputs, instructions), 0
    numpy, ours = (cls(*arguments, layout=layout) for cls in (products.TensorProduct, TensorProduct))
    assert ours.weight_count == numpy.weight_count and repr(ours) == repr(numpy)
    with jax.enable_x64(True):
        for weights in ((), (4,)):
            x, y, w = given(numpy, 4, weights=weights)
            own = (w,) if has_weight else ()
            expected = numpy(x, y, *own)
            for function in (ours, jax.jit(ours)):
                found = function(x, y, *own)
                assert found.dtype == np.float64
                np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * abs(expected).max())
                met += 1
    assert met == 4


def test_derivatives_and_batches() -> None:
    """Gradients by both modes and by differences of the product, which is linear in each input; vmap is a loop."""
    product = TensorProduct("2x0e + 2x1o", "0e + 1o", "2x0e + 2x1o + 1e")
    with jax.enable_x64(True):
        x, y, w = map(jnp.asarray, given(product.product, 3))
        g = jnp.asarray(np.random.default_rng(4).standard_normal((3, product.product.irreps_out.dim)))
        energy = lambda x, y, w: (g * product(x, y, w)).sum()  # noqa: E731
        reverse = jax.jit(jax.grad(energy, (0, 1, 2)))(x, y, w)
        forward = jax.jacfwd(energy, (0, 1, 2))(x, y, w)
        for slot, (a, b) in enumerate(zip(reverse, forward, strict=True)):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
            direction = [x, y, w]
            direction[slot] = jnp.asarray(np.random.default_rng(5).standard_normal(direction[slot].shape))
            np.testing.assert_allclose((a * direction[slot]).sum(), energy(*direction), rtol=1e-12)
        batch = jax.vmap(product, (0, 0, None))(x, y, w)
        np.testing.assert_allclose(batch, product(x, y, w), rtol=1e-12, atol=1e-14)
        hessian = jax.hessian(lambda x: (product(x, y[0], w) ** 2).sum())(x[0])
        np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)
        assert abs(hessian).max() > 0.1


@pytest.mark.parametrize("maker", ["channelwise", "full", "elementwise"])
def test_named_products(maker: str) -> None:
    irreps = "2x0e + 2x1o"
    numpy, ours = (getattr(cls, maker)(irreps, irreps) for cls in (products.TensorProduct, TensorProduct))
    x, y, w = (value.astype(np.float32) for value in given(numpy, 3))
    own = (w,) if numpy.weight_count else ()
    np.testing.assert_allclose(ours(x, y, *own), numpy(x, y, *own), rtol=1e-4, atol=1e-5)
    assert ours(x, y, *own).dtype == np.float32


def test_types_and_what_does_not_fit() -> None:
    product = TensorProduct("2x1o", "1o", "2x0e")
    x, y, w = jnp.ones((3, 6)), jnp.ones(3), jnp.ones(product.weight_count)
    assert product(x.astype(jnp.bfloat16), y.astype(jnp.bfloat16), w).dtype == jnp.bfloat16
    assert product(np.ones((3, 6), ">f4"), y, w).shape == (3, 2)
    for bad, error, message in (
        ((x.astype(int), y, w), TypeError, "real floating"),
        ((x[:, :5], y, w), ValueError, r"input 1 must be \[..., 6\]"),
        ((x, y), ValueError, "weights, got none"),
        ((x, y, w[:1]), ValueError, "weights must be"),
    ):
        with pytest.raises(error, match=message):
            product(*bad)
    with pytest.raises(ValueError, match="half-integer"):
        TensorProduct("1x1/2e", "0e", "1x1/2e")


def test_spins_have_the_values_and_derivatives_of_the_complex_basis() -> None:
    """jit, vmap, a holomorphic derivative, and JAX's gradient of a real loss against differences."""
    lists = ("2x1/2 + 2x1", "2x1/2 + 1x0", "4x0 + 2x1/2 + 4x1 + 1x3/2")
    couplings = [(0, 0, 0, "uvuv"), (0, 1, 1, "uvu"), (0, 0, 2, "uvuv"), (1, 0, 3, "uvw"), (1, 0, 1, "uuu")]
    numpy, ours = (cls(*lists, couplings, basis="complex") for cls in (products.TensorProduct, TensorProduct))
    rng = np.random.default_rng(7)
    sizes = (2, numpy.irreps1.dim), (2, numpy.irreps2.dim), (numpy.weight_count,)
    x, y, w, dx = (rng.standard_normal(size) + 1j * rng.standard_normal(size) for size in (*sizes, sizes[0]))
    with jax.enable_x64(True):
        for weights in (w, w.real):
            expected = numpy(x, y, weights)
            for function in (ours, jax.jit(ours)):
                found = function(x, y, weights)
                assert found.dtype == np.complex128
                np.testing.assert_allclose(found, expected, atol=1e-14)
            np.testing.assert_allclose(jax.vmap(ours, (0, 0, None))(x, y, weights), expected, atol=1e-14)
        _, along = jax.jvp(lambda a: ours(a, y, w), (jnp.asarray(x),), (jnp.asarray(dx),))
        np.testing.assert_allclose(along, numpy(dx, y, w), atol=1e-13)

        def loss(a: Any, b: Any) -> Any:
            return (jnp.abs(ours(a, y, b)) ** 2).sum()

        gradients = jax.grad(loss, (0, 1))(jnp.asarray(x), jnp.asarray(w.real))
        assert gradients[1].dtype == np.float64
        step = 1e-6
        for direction in (1.0, 1j):  # JAX: the real part of Σ gradient · change is the change of the loss
            change = direction * dx
            difference = (loss(x + step * change, w.real) - loss(x - step * change, w.real)) / (2 * step)
            np.testing.assert_allclose((gradients[0] * change).sum().real, difference, rtol=1e-7)
    single = ours(x.astype(np.complex64), y.astype(np.complex64), w.astype(np.complex64))
    assert single.dtype == np.complex64
    np.testing.assert_allclose(single, numpy(x, y, w), atol=1e-5)
    with pytest.raises(TypeError, match=r"^input 1 must be complex, got float32$"):
        ours(x.real.astype(np.float32), y.astype(np.complex64), w.astype(np.complex64))
    with pytest.raises(TypeError, match=r"^input 2 must be real floating, got complex64$"):
        TensorProduct.full("1o", "1o")(np.ones(3, np.float32), np.ones(3, np.complex64))
