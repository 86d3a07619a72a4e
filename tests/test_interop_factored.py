"""The factored product in torch and JAX: weights of paths, gradients to second order, the meta device, exports."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from coupling.lowrank import constructed, decompose, shipped, whole_problem
from coupling.products import FactoredProduct

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
import coupling.backends.jax as for_jax  # noqa: E402
import coupling.backends.torch as for_torch  # noqa: E402

LMAX = (2, 1, 2)
PATHS = len(FactoredProduct(*LMAX).paths)
SHAPES = {"paths": (PATHS,), "samples": (5, PATHS, 3), "shared": (5, 1, 3), "channels": (1, PATHS, 3)}


@pytest.fixture(autouse=True)
def _double() -> Any:
    with jax.enable_x64(True):
        yield


def given(kind: str) -> list[Any]:
    random = np.random.default_rng(2)
    return [random.standard_normal(shape) for shape in ((5, 9, 3), (5, 4, 1), SHAPES[kind])]


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_weights_give_what_numpy_gives(kind: str, layout: str) -> None:
    turned = [a if layout == "channels_last" or a.ndim < 2 else np.swapaxes(a, -1, -2) for a in given(kind)]
    expected = FactoredProduct(*LMAX, layout=layout)(*turned)
    tensors = [torch.from_numpy(a) for a in turned]
    module = for_torch.FactoredProduct(*LMAX, layout=layout)
    for one in (module, for_torch.deployable(module)):
        np.testing.assert_allclose(one(*tensors).numpy(), expected, atol=1e-13)
    for mode in (False, True):
        product = jax.jit(for_jax.FactoredProduct(*LMAX, layout=layout, forward_mode=mode))
        np.testing.assert_allclose(product(*turned), expected, atol=1e-13)


@pytest.mark.parametrize("kind", [None, *SHAPES])
def test_gradients_to_second_order_are_those_of_differences(kind: str | None) -> None:
    values = given(kind or "paths")[: 3 if kind else 2]
    values = [v[:2] if v.ndim > 2 else v for v in values]
    module = for_torch.FactoredProduct(1, 1, 1, factors=[f[:4] for f in shipped("whole", 1, 6).factors])
    values = [v[:, :4] if n == 0 else v for n, v in enumerate(values)]
    if kind:
        values[2] = values[2][..., :5, :] if values[2].ndim > 1 else values[2][:5]
    tensors = [torch.from_numpy(np.ascontiguousarray(v)).requires_grad_() for v in values]
    assert torch.autograd.gradcheck(module, tensors)
    assert torch.autograd.gradgradcheck(module, tensors)
    product = for_jax.FactoredProduct(1, 1, 1, 6)
    from jax.test_util import check_grads

    check_grads(product, tuple(values), order=2, modes=["rev"], rtol=1e-5)
    check_grads(for_jax.FactoredProduct(1, 1, 1, 6, forward_mode=True), tuple(values), order=2, rtol=1e-5)


def test_gradients_of_exact_factors_are_those_of_the_exact_layer() -> None:
    """And of fewer terms within the certificate: of a layer with weights, in every input."""
    tensors = [torch.from_numpy(a).requires_grad_() for a in given("samples")]
    exact = for_torch.ClebschGordan(*LMAX)
    g = torch.from_numpy(np.random.default_rng(0).standard_normal((5, 9, 3)))
    wanted = torch.autograd.grad((exact(*tensors) * g).sum(), tensors)
    found = torch.autograd.grad((for_torch.FactoredProduct(*LMAX)(*tensors) * g).sum(), tensors)
    assert max(float((a - b).abs().max()) for a, b in zip(found, wanted, strict=True)) < 1e-13
    x, y = tensors[0].detach().requires_grad_(), tensors[1].detach().expand(5, 4, 3)
    for rank in (10, 20, 24):
        few = for_torch.FactoredProduct(*LMAX, rank)
        off = torch.autograd.grad(((few(x, y) - exact(x, y)) * g).sum(), x)[0]
        limit = shipped("whole", 2, rank).error * 15**0.5 * y.norm(dim=1) * g.norm(dim=1)
        assert bool((off.norm(dim=1) <= limit).all()) and float((off.norm(dim=1) / limit).max()) > 0.01


def test_learned_weights_on_the_meta_device_and_back() -> None:
    tensors = [torch.from_numpy(a).float() for a in given("paths")]
    module = for_torch.FactoredProduct(*LMAX, learn=True)
    assert module.weights.shape == (PATHS,)
    expected = module(*tensors[:2])
    assert torch.allclose(expected, for_torch.FactoredProduct(*LMAX)(*tensors[:2]), atol=1e-5)
    meta = for_torch.FactoredProduct(*LMAX, learn=True, device="meta")
    assert meta(*(t.to("meta") for t in tensors[:2])).shape == (5, 9, 3)
    there = meta.to_empty(device="cpu")
    there.reset_parameters()
    assert torch.equal(there(*tensors[:2]), expected) and torch.equal(deepcopy(there)(*tensors[:2]), expected)
    there(*tensors[:2]).square().sum().backward()
    assert there.weights.grad.shape == (PATHS,) and there.weights.grad.any()


@pytest.mark.parametrize("kind", SHAPES)
def test_exports_keep_the_batch_symbolic(kind: str) -> None:
    arrays = given(kind)
    batch, same = torch.export.Dim("batch", min=2, max=64), arrays[2].shape[0] == 5
    tensors = [torch.from_numpy(a) for a in arrays]
    dynamic = ({0: batch}, {0: batch}, {0: batch} if same else {})
    bigger = [torch.cat([t, t]) if n < 2 or same else t for n, t in enumerate(tensors)]
    for module in (for_torch.FactoredProduct(*LMAX), for_torch.deployable(for_torch.FactoredProduct(*LMAX))):
        program = torch.export.export(
            module, tuple(tensors), dynamic_shapes={"x": dynamic[0], "y": dynamic[1], "weights": dynamic[2]}
        )
        np.testing.assert_allclose(program.module()(*bigger), module(*bigger), atol=1e-13)
    (n,) = jax.export.symbolic_shape("n")
    shapes = [(n, *a.shape[1:]) if i < 2 or same else a.shape for i, a in enumerate(arrays)]
    product = for_jax.FactoredProduct(*LMAX)
    made = jax.export.export(jax.jit(product))(*(jax.ShapeDtypeStruct(s, "float64") for s in shapes))
    numbers = [t.numpy() for t in bigger]
    np.testing.assert_allclose(made.call(*numbers), product(*numbers), atol=1e-13)


def test_what_holds_factors_is_taken_as_in_numpy() -> None:
    """Constructed terms, real and complex, a search's result, and a CP tensor: once only numpy took them."""
    x, y = np.random.default_rng(0).standard_normal((2, 5, 4, 3))
    complex_terms, found = constructed(1, complex_factors=True), decompose(whole_problem(1).tensor, 8, starts=4)
    for held in (constructed(1), complex_terms, complex_terms.factors, found):
        expected = FactoredProduct(1, 1, 1, factors=held)(x, y)
        tensors = map(torch.from_numpy, (x, y))
        np.testing.assert_allclose(for_torch.FactoredProduct(1, 1, 1, factors=held)(*tensors), expected, atol=1e-14)
        np.testing.assert_allclose(for_jax.FactoredProduct(1, 1, 1, factors=held)(x, y), expected, atol=1e-14)


def test_wrong_weights_are_said() -> None:
    x, y, _ = given("paths")
    for product, made in (
        (for_torch.FactoredProduct(*LMAX), torch.from_numpy),
        (for_jax.FactoredProduct(*LMAX), np.asarray),
    ):
        with pytest.raises(ValueError, match="weights must have 9 paths, or 1 for all, on axis -2, got 2"):
            product(made(x), made(y), made(np.ones((2, 3))))
        with pytest.raises(ValueError, match="one per path"):
            product(made(x), made(y), made(np.ones(2)))
