"""The edge frame in torch and JAX: values of numpy, derivatives in every direction, forces of a convolution, symmetry.

Edges along every axis, near the poles and on the equator, where the rotation to the pole jumps, are among the vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch: Any = pytest.importorskip("torch")
jax: Any = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402

from coupling.backends import jax as of_jax  # noqa: E402
from coupling.backends import torch as of_torch  # noqa: E402
from coupling.backends.testing import check_conservative, check_equivariant  # noqa: E402
from coupling.products import EdgeFrame  # noqa: E402

random = np.random.default_rng(0)
VECTORS = np.concatenate(
    [
        random.standard_normal((3, 3)),
        np.eye(3),
        -np.eye(3),
        [[1e-9, 0, 1], [0, -1e-9, -1], [3, 4, 1e-12], [3, 4, -1e-12]],
    ]
)


def inputs(frame: EdgeFrame, kind: str = "each", channels: int = 2, edges: Any = VECTORS) -> list[np.ndarray]:
    generator = np.random.default_rng(1)
    shapes = {"all": (), "each": (len(edges),), "channels": (len(edges),)}
    weights = (*shapes[kind], frame.weight_count, *((channels,) if kind == "channels" else ()))
    x = generator.standard_normal((len(edges), (frame.lmax_in + 1) ** 2, channels))
    return [x, np.array(edges, float), generator.standard_normal(weights)]


def tensors(values: list[np.ndarray], grad: bool = False) -> list[Any]:
    return [torch.from_numpy(value).requires_grad_(grad) for value in values]


@pytest.mark.parametrize(
    ("degrees", "kind"),
    [
        ((0, 2, None), "all"),
        ((3, 3, None), "each"),
        ((3, 4, 1), "channels"),
        ((4, 0, 0), "each"),
        ((2, 1, None), "all"),
    ],
)
def test_values_are_those_of_numpy(degrees: Any, kind: str) -> None:
    lmax_in, lmax_out, mmax = degrees
    frame = EdgeFrame(lmax_in, lmax_out, mmax=mmax)
    values = inputs(frame, kind)
    expected, module = frame(*values), of_torch.EdgeFrame(lmax_in, lmax_out, mmax=mmax)
    found = module(*tensors(values))
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-13 * abs(expected).max())
    single = module(*(t.float() for t in tensors(values)))
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), expected, rtol=0, atol=3e-6 * abs(expected).max())


@pytest.mark.parametrize(("degrees", "kind"), [((2, 1, None), "each"), ((1, 2, 1), "channels")])
def test_values_of_jax_are_those_of_numpy(degrees: Any, kind: str) -> None:
    lmax_in, lmax_out, mmax = degrees
    frame, function = (cls(lmax_in, lmax_out, mmax=mmax) for cls in (EdgeFrame, of_jax.EdgeFrame))
    values = inputs(frame, kind)
    expected = frame(*values)
    with jax.enable_x64(True):
        found = jax.jit(function)(*values)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * abs(expected).max())
    single = jax.jit(function)(*(value.astype("f4") for value in values))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=0, atol=3e-6 * abs(expected).max())


@pytest.mark.parametrize("mmax", [None, 1])
def test_derivatives_to_second_order(mmax: int | None) -> None:
    module = of_torch.EdgeFrame(2, 2, mmax=mmax)
    given = tensors(inputs(module.frame), grad=True)
    assert torch.autograd.gradcheck(module, given, fast_mode=True)
    few = tensors(inputs(EdgeFrame(1, 1), channels=1, edges=VECTORS[[0, 5, 8, 11]]), grad=True)
    assert torch.autograd.gradgradcheck(
        of_torch.EdgeFrame(1, 1, mmax=mmax), few[:2] + [few[2][:, :6].detach()][:0] + few[2:]
    )
    z = module(*given)
    (gradient,) = torch.autograd.grad((z * z).sum(), given[1])
    assert ((gradient * given[1]).sum(-1).abs() < 1e-12 * gradient.abs().max()).all()  # only the direction counts


def test_forces_are_those_of_a_convolution() -> None:
    """The weights of paths converted: positions have the same gradient through the frame and through harmonics."""
    conv = of_torch.Convolution(2, 3, 2)
    paths = [path.tolist() for path in conv.paths]
    module = of_torch.EdgeFrame(2, 2, lmax_edge=3, paths=paths)
    x, vectors, _ = tensors(inputs(module.frame, channels=4), grad=True)
    w = torch.randn(len(VECTORS), len(paths), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    w.requires_grad_()
    edges = torch.arange(len(VECTORS))
    outputs = [module(x, vectors, module.so2_weights(w)), conv(x, vectors, w, edges, edges)]
    torch.testing.assert_close(*outputs, rtol=1e-12, atol=1e-12)
    g = torch.randn(outputs[0].shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found, expected = (torch.autograd.grad(z, (x, vectors, w), g) for z in outputs)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-11)
    back = module.path_weights(module.so2_weights(w))
    torch.testing.assert_close(back, w)


def test_hessians_are_finite_and_symmetric_at_the_poles() -> None:
    x, vectors, s = inputs(EdgeFrame(1, 1), channels=1)
    with jax.enable_x64(True):
        function = of_jax.EdgeFrame(1, 1)

        def energy(v: Any, x: Any, s: Any) -> Any:
            return (function(x[None], v[None], s[None]) ** 2).sum()

        hessians = np.asarray(jax.jit(jax.vmap(jax.hessian(energy)))(vectors, x, s))
    assert hessians.shape == (len(VECTORS), 3, 3) and np.isfinite(hessians).all()
    for hessian in hessians:
        assert abs(hessian).max() > 1e-3
        np.testing.assert_allclose(hessian, hessian.T, atol=1e-11 * abs(hessian).max())


def test_forces_are_conservative_and_messages_equivariant() -> None:
    module = of_torch.EdgeFrame(2, 2, mmax=1)
    x, _, s = tensors(inputs(module.frame, channels=1, edges=VECTORS[:6]))
    positions = torch.from_numpy(np.random.default_rng(2).standard_normal((6, 3)))
    positions[1] = positions[0] + torch.tensor([0.0, 0.0, -1.2])  # an edge along the pole
    senders, receivers = torch.arange(6), torch.tensor([1, 2, 3, 4, 5, 0])

    def energy(r: Any) -> Any:
        return (module(x, r[receivers] - r[senders], s) ** 2).sum()

    check_conservative(energy, positions)

    even = torch.from_numpy(module.frame.paths.sum(1) % 2 == 0)
    w = torch.where(even, torch.from_numpy(np.random.default_rng(3).standard_normal(len(even))), 0.0)

    def messages(features: Any, r: Any) -> Any:
        return module(features[..., None], r, module.so2_weights(w)).flatten(1)

    natural = "0e + 1o + 2e"
    check_equivariant(messages, [x[..., 0], torch.from_numpy(VECTORS[:6])], [natural, "cartesian"], natural)


def test_compilers_and_batches() -> None:
    module = of_torch.EdgeFrame(2, 1)
    given = tensors(inputs(module.frame))
    expected = module(*given)
    compiled = torch.compile(module, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(*given), expected)
    n = torch.export.Dim("n")
    program = torch.export.export(module, tuple(given), dynamic_shapes=({0: n}, {0: n}, {0: n}))
    for count in (5, module.weight_count):
        fewer = [value[:count] for value in given]
        torch.testing.assert_close(program.module()(*fewer), expected[:count])
    with jax.enable_x64(True):
        function = of_jax.EdgeFrame(2, 1)
        one = jax.jit(jax.vmap(lambda x, v, s: function(x[None], v[None], s[None])[0]))(*inputs(module.frame))
        np.testing.assert_allclose(one, expected.numpy(), atol=1e-12)
        weights = jax.grad(lambda w: (function.path_weights(function.so2_weights(w)) * w).sum())(jnp.ones(10))
        np.testing.assert_allclose(weights, 2 * np.ones(10))


def test_types_and_what_does_not_fit() -> None:
    module, function = of_torch.EdgeFrame(1, 1), of_jax.EdgeFrame(1, 1)
    x, v, s = (value.float() for value in tensors(inputs(module.frame)))
    assert module(x.half(), v.half(), s).dtype == torch.float16
    assert module(x, v, s.double()).dtype == torch.float32
    assert repr(module) == repr(module.frame) == repr(function) and module.weight_count == function.weight_count == 6
    nothing = v.clone()
    nothing[0] = 0
    assert torch.isnan(module(x, nothing, s)[0, 1:]).all() and torch.isfinite(module(x, nothing, s)[1:]).all()
    with pytest.raises(TypeError, match="must be real floating"):
        module(x, v.long(), s)
    with pytest.raises(TypeError, match="must be real floating"):
        function(x.numpy(), v.numpy().astype(int), s.numpy())
    with pytest.raises(ValueError, match="x must have shape"):
        module(x[:, :3], v, s)
    with pytest.raises(ValueError, match="vectors must have shape"):
        function(x.numpy(), v.numpy()[:4], s.numpy())
    with pytest.raises(ValueError, match="so2_weights must have one of the shapes"):
        module(x, v, s[:, :5])
    for cls in (of_torch.EdgeFrame, of_jax.EdgeFrame):
        with pytest.raises(ValueError, match="must be <= 100 here"):
            cls(101, 0)
