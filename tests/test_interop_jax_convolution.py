"""Message passing for JAX: values, derivatives of both modes, compilation, parts of the edges, types, indices."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from coupling import products
from tests.convolution_reference import case, expected

jax = pytest.importorskip("jax")

import coupling.backends.jax as interop  # noqa: E402
from coupling.backends.jax import convolution as module  # noqa: E402

jnp = jax.numpy
KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "summed": ((1, 2, 2), {}),
    "apart": ((2, 1, 2), {"separate": True, "path_weights": [0.5, -1.0, 2.0, 1.0, 3.0, 1.0, 1.0]}),
}


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def error(found: Any, wanted: Any) -> float:
    """The largest difference relative to the largest value."""
    return float(abs(np.asarray(found, float) - wanted).max() / abs(wanted).max())


CASES = [("summed", "epc", 4), ("summed", "p", 4096), ("apart", "ep", 4096), ("apart", "1pc", 4)]


@pytest.mark.parametrize(("kind", "weights", "at_once"), CASES)
def test_values_and_gradients(kind: str, weights: str, at_once: int, monkeypatch: Any) -> None:
    """Of all edges at once, and of parts, the last of which is not full."""
    arguments, options = KINDS[kind]
    conv, numpy = interop.Convolution(*arguments, **options), products.Convolution(*arguments, **options)
    c = case(numpy, 5, 11, 3, float, weights)
    monkeypatch.setattr(module, "EDGES_AT_ONCE", at_once)

    def total(x: Any, y: Any, w: Any) -> tuple[Any, Any]:
        out = conv(x, y, w, c.senders, c.receivers)
        return (out * c.g).sum(), out

    gradients, out = jax.jit(jax.grad(total, (0, 1, 2), has_aux=True))(*c.inputs[:3])
    assert max(map(error, (out, *gradients), expected(numpy, c))) < 1e-14


def test_second_derivatives_in_both_modes() -> None:
    conv = interop.Convolution(1, 2, 2)
    c = case(products.Convolution(1, 2, 2), 4, 7, 2)

    def energy(y: Any) -> Any:
        return (conv(c.x, y, c.w, c.senders, c.receivers) ** 2).sum()

    hessians = [jax.jit(jax.hessian(energy))(c.y), jax.jacrev(jax.grad(energy))(c.y)]
    assert error(hessians[0], np.asarray(hessians[1])) < 1e-13
    flat = np.asarray(hessians[0]).reshape(c.y.size, c.y.size)
    assert abs(flat - flat.T).max() < 1e-13 * abs(flat).max()


def test_vectors_and_batches() -> None:
    conv, numpy = interop.Convolution(1, 3, 2), products.Convolution(1, 3, 2)
    c = case(numpy, 5, 9, 3)
    v = np.random.default_rng(1).standard_normal((9, 3))
    v[4] = 0
    inputs = c.x, v, *c.inputs[2:]
    assert error(conv(*inputs), numpy(*inputs)) < 1e-14
    gradient = jax.grad(lambda v: (conv(c.x, v, *c.inputs[2:]) * c.g).sum())(v)
    assert error(gradient, numpy.vjp(*inputs, cotangent=c.g)[1]) < 1e-14 and not np.asarray(gradient)[4].any()
    many = jnp.stack([c.x, 2 * c.x])
    batch = jax.vmap(lambda x: conv(x, *inputs[1:]))(many)
    assert error(batch[1], np.asarray(conv(2 * c.x, *inputs[1:]))) < 1e-15


def test_types_copies_and_what_is_refused() -> None:
    conv, numpy = interop.Convolution(1, 2, 2), products.Convolution(1, 2, 2)
    c = case(numpy, 5, 9, 3, np.float32)
    exact = expected(numpy, c)[0]
    for dtype, bound in ((jnp.float32, 1e-6), (jnp.bfloat16, 3e-2), (jnp.float16, 4e-3)):
        out = conv(*(jnp.asarray(value, dtype) for value in c.inputs[:3]), *c.inputs[3:])
        assert out.dtype == dtype and error(out, exact) < bound
    for again in (copy.deepcopy(conv), pickle.loads(pickle.dumps(conv))):
        assert error(again(*c.inputs), exact) < 1e-6
    empty = conv(c.x, c.y[:0], c.w[:0], c.senders[:0], c.receivers[:0])
    assert empty.shape == (5, 9, 3) and not np.asarray(empty).any()
    for words, kind, changed in (
        ("x must be real floating", TypeError, {"x": c.x.astype(int)}),
        (r"\[nodes, 4, channels\]", ValueError, {"x": c.x[:, :3]}),
        ("harmonics and weights must be", ValueError, {"y": c.y[:, :5]}),
        ("harmonics and weights must be", ValueError, {"w": c.w[:, :5]}),
        ("receivers must lie in 0 … 4, got 5", ValueError, {"receivers": c.receivers * 0 + 5}),
    ):
        with pytest.raises(kind, match=words):
            conv(*c._replace(**changed).inputs)
    with pytest.raises(TypeError, match="workers"):
        interop.Convolution(1, 1, 1, workers=2)
