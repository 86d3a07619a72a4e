"""Clebsch-Gordan products of other programs, on the features and paths of ours: all paths to lmax, weights one.

Each maker takes lmax and features x, y [batch, (lmax+1)², channels] and returns a ``Peer``: functions without arguments
that compute the product and its gradients in x and y, and one that returns the product as an array like x, which is
compared before anything is timed.  Conversion to the program's layout, tracing and compilation happen before.
One thread; float32 products of matrices are not rounded to fewer bits ("highest"), though no CPU does.
"""

from __future__ import annotations

import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from coupling.indexing import degree_slice, path_array
from coupling.numbers.tabulation import tabulate

Array = np.ndarray


class Peer(NamedTuple):
    """What is timed, and the result as an array like x; a program without one is not timed.

    weights : those of all paths [P], where they are not one
    """

    forward: Callable[[], Any]
    backward: Callable[[Array], Callable[[], Any]]
    result: Callable[[], Array | None]
    weights: Array | None = None


def blocks(lmax: int) -> dict[tuple[int, int, int], Array]:
    """C of all paths to lmax, of unit Frobenius norm."""
    return tabulate("wigner_3j", lmax).blocks()


def dense(lmax: int) -> Array:
    """C[i, j, k] over flat indices."""
    tensor = np.zeros([(lmax + 1) ** 2] * 3)
    for path, block in blocks(lmax).items():
        tensor[tuple(degree_slice(l) for l in path)] = block
    return tensor


def by_jax(function: Callable[..., Any], x: Array, y: Array, result: Callable[[Any], Array | None], *more: Any) -> Peer:
    """Jit a function of two arrays, and of parameters, and its gradients in the two arrays."""
    import jax

    forward = jax.jit(function)
    gradients = jax.jit(lambda x, y, g, *more: jax.vjp(lambda x, y: function(x, y, *more), x, y)[1](g))
    x, y = jax.numpy.asarray(x), jax.numpy.asarray(y)

    def backward(_: Array) -> Callable[[], Any]:
        g = jax.random.normal(jax.random.PRNGKey(0), forward(x, y, *more).shape, x.dtype)
        return lambda: jax.block_until_ready(gradients(x, y, g, *more))

    run = lambda: forward(x, y, *more)  # noqa: E731
    return Peer(lambda: jax.block_until_ready(run()), backward, lambda: result(run()))


def by_torch(function: Callable[..., Any], x: Array, y: Array, result: Callable[[Any], Array]) -> Peer:
    """Run a function of two tensors, and its gradients, in one thread."""
    import torch

    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    first, second = (torch.from_numpy(np.ascontiguousarray(value)) for value in (x, y))

    def forward() -> Any:
        with torch.no_grad():
            return function(first, second)

    def backward(_: Array) -> Callable[[], Any]:
        a, b, g = first.clone().requires_grad_(), second.clone().requires_grad_(), torch.randn_like(forward())
        return lambda: torch.autograd.grad(function(a, b), (a, b), g)

    return Peer(forward, backward, lambda: result(forward().numpy()))


def einsum_jax(lmax: int, x: Array, y: Array) -> Peer:
    """The dense contraction, compiled by XLA."""
    import jax.numpy as jnp

    tensor = jnp.asarray(dense(lmax).astype(x.dtype))
    return by_jax(lambda x, y: jnp.einsum("bic,bjc,ijk->bkc", x, y, tensor, precision="highest"), x, y, np.asarray)


def einsum_numpy(lmax: int, x: Array, y: Array) -> Peer:
    """The dense contraction by opt_einsum on numpy: products of pairs, then one product of matrices."""
    from opt_einsum import contract_expression

    tensor = dense(lmax).astype(x.dtype)
    names = {"z": "ijk,bic,bjc->bkc", "x": "ijk,bkc,bjc->bic", "y": "ijk,bic,bkc->bjc"}
    run = {key: contract_expression(name, tensor, x.shape, y.shape, constants=[0]) for key, name in names.items()}
    backward = lambda g: lambda: (run["x"](g, y), run["y"](x, g))  # noqa: E731
    return Peer(lambda: run["z"](x, y), backward, lambda: run["z"](x, y))


def grouped(value: Array, lmax: int) -> Array:
    """[batch, Σ channels·(2l+1)], degree by degree and channel by channel, of features [batch, (lmax+1)², channels]."""
    parts = [np.swapaxes(value[:, degree_slice(l)], 1, 2).reshape(len(value), -1) for l in range(lmax + 1)]
    return np.concatenate(parts, axis=1)


def ungrouped(value: Array, lmax: int) -> Array:
    """The inverse of ``grouped``."""
    channels = value.shape[1] // (lmax + 1) ** 2
    parts = [
        np.swapaxes(value[:, l * l * channels : (l + 1) ** 2 * channels].reshape(len(value), channels, -1), 1, 2)
        for l in range(lmax + 1)
    ]
    return np.concatenate(parts, axis=1)


def e3nn_torch(compiled: bool) -> Callable[[int, Array, Array], Peer]:
    """A maker for ``e3nn.o3.TensorProduct``, channel by channel ("uuu"): as TorchScript, or by torch.compile."""

    def make(lmax: int, x: Array, y: Array) -> Peer:
        import e3nn
        import torch
        from e3nn import o3

        torch.set_default_dtype(torch.float32 if x.dtype == np.float32 else torch.float64)
        e3nn.set_optimization_defaults(jit_script_fx=not compiled, jit_mode="inductor" if compiled else "script")
        irreps = o3.Irreps([(x.shape[2], (l, 1)) for l in range(lmax + 1)])
        paths = [(*path, "uuu", False) for path in blocks(lmax)]
        none = {"irrep_normalization": "none", "path_normalization": "none"}
        product = o3.TensorProduct(irreps, irreps, irreps, paths, shared_weights=True, **none)
        torch.compiler.reset()  # it refuses a program after eight others of the same name
        run = torch.compile(product, fullgraph=True) if compiled else product
        return by_torch(run, grouped(x, lmax), grouped(y, lmax), lambda z: ungrouped(z, lmax))

    return make


def e3nn_jax(lmax: int, x: Array, y: Array) -> Peer:
    """``e3nn_jax.tensor_product`` of every channel, paths to one degree added, compiled by XLA."""
    import e3nn_jax as e3nn
    import jax.numpy as jnp

    irreps = e3nn.Irreps([(1, (l, 1)) for l in range(lmax + 1)])
    wanted = [e3nn.Irrep(l, 1) for l in range(lmax + 1)]

    def product(x: Any, y: Any) -> Any:
        first, second = e3nn.IrrepsArray(irreps, x), e3nn.IrrepsArray(irreps, y)
        z = e3nn.tensor_product(first, second, filter_ir_out=wanted, irrep_normalization="none")
        return jnp.concatenate([chunk.sum(axis=-2) for chunk in z.regroup().chunks], axis=-1)

    first, second = (np.ascontiguousarray(np.swapaxes(value, 1, 2)) for value in (x, y))
    return by_jax(product, first, second, lambda z: np.swapaxes(np.asarray(z), 1, 2))


def polynomial(lmax: int, channels: int) -> Any:
    """The product as a segmented polynomial of cuequivariance: one segment per degree, one path per (l1, l2, l3)."""
    import cuequivariance as cue

    form = cue.SegmentedTensorProduct.from_subscripts("iu,ju,ku+ijk")
    for operand in range(3):
        for l in range(lmax + 1):
            form.add_segment(operand, (2 * l + 1, channels))
    for path, block in blocks(lmax).items():
        form.add_path(*path, c=block)
    return cue.SegmentedPolynomial.eval_last_operand(form)


def cuequivariance_jax(lmax: int, x: Array, y: Array) -> Peer:
    """The segmented polynomial of cuequivariance_jax; on a CPU there is the method "naive" only."""
    import cuequivariance_jax as cuex
    import jax

    shape, form = x.shape, polynomial(lmax, x.shape[2])
    first, second = x.reshape(len(x), -1), y.reshape(len(y), -1)
    out = [jax.ShapeDtypeStruct(first.shape, first.dtype)]
    run = lambda x, y: cuex.segmented_polynomial(form, [x, y], out, method="naive")[0]  # noqa: E731
    return by_jax(run, first, second, lambda z: np.asarray(z).reshape(shape))


def cuequivariance_torch(lmax: int, x: Array, y: Array) -> Peer:
    """The segmented polynomial of cuequivariance_torch, method "naive"."""
    import cuequivariance_torch as cuet
    import torch

    dtype = torch.float32 if x.dtype == np.float32 else torch.float64
    form = cuet.SegmentedPolynomial(polynomial(lmax, x.shape[2]), method="naive", math_dtype=dtype)
    run = lambda x, y: form([x, y])[0]  # noqa: E731
    return by_torch(run, x.reshape(len(x), -1), y.reshape(len(y), -1), lambda z: z.reshape(x.shape))


def e3x_tensor(lmax: int, x: Array, y: Array) -> Peer:
    """``e3x.nn.Tensor``, compiled by XLA; tensors come in, tensors and pseudotensors come out: even and odd paths.

    Its coupling tensors are √(2l3+1) C, its weights [parity, l1, parity, l2, parity, l3, channel] are 1/√(2l3+1) here.
    """
    scale = 1 / np.sqrt(2 * np.arange(lmax + 1) + 1)
    return e3x_layer("Tensor", lmax, x, y, lambda shape: np.broadcast_to(scale[:, None], shape))[0]


def e3x_fused(lmax: int, x: Array, y: Array) -> Peer:
    """``e3x.nn.FusedTensor``: matrices, with weights in factors, which are one here.

    What its paths then weigh is found from its products of unit vectors.
    """
    peer, run = e3x_layer("FusedTensor", lmax, x, y, np.ones)
    n = (lmax + 1) ** 2
    i, j = np.divmod(np.arange(n * n), n)
    unit = np.eye(n, dtype=x.dtype)[:, :, None]
    tensor = run(unit[i], unit[j])[..., 0].reshape(n, n, n)
    weights = np.zeros((lmax + 1,) * 3)
    for path, block in blocks(lmax).items():
        weights[path] = np.sum(tensor[tuple(degree_slice(l) for l in path)] * block)
    return peer._replace(weights=weights[tuple(path_array((lmax, lmax, lmax)).T)])


def e3x_layer(
    layer: str, lmax: int, x: Array, y: Array, fill: Callable[[tuple[int, ...]], Array]
) -> tuple[Peer, Callable[[Array, Array], Array]]:
    """A layer of e3x with parameters of our choice, and the same layer of one channel as a function."""
    import e3x
    import jax

    module = getattr(e3x.nn, layer)(max_degree=lmax, cartesian_order=False, dtype=x.dtype, param_dtype=x.dtype)

    def parameters(first: Array) -> Any:
        shapes = module.init(jax.random.PRNGKey(0), first[:1], first[:1])
        return jax.tree_util.tree_map(lambda given: jax.numpy.asarray(fill(given.shape), x.dtype), shapes)

    def alone(a: Array, b: Array) -> Array:
        given = parameters(a[:, None])
        return np.asarray(jax.jit(module.apply)(given, a[:, None], b[:, None])).sum(axis=1)

    first, second = x[:, None], y[:, None]
    run = lambda x, y, p: module.apply(p, x, y)  # noqa: E731
    return by_jax(run, first, second, lambda z: np.asarray(z).sum(axis=1), parameters(first)), alone


#: Name, maker and module of every program.
PEERS: dict[str, tuple[Callable[[int, Array, Array], Peer], str]] = {
    "dense einsum, jax": (einsum_jax, "jax"),
    "dense einsum, opt_einsum": (einsum_numpy, "opt_einsum"),
    "e3nn": (e3nn_torch(False), "e3nn"),
    "e3nn, compiled": (e3nn_torch(True), "e3nn"),
    "e3nn-jax": (e3nn_jax, "e3nn_jax"),
    "cuequivariance-jax": (cuequivariance_jax, "cuequivariance_jax"),
    "cuequivariance-torch": (cuequivariance_torch, "cuequivariance_torch"),
    "e3x Tensor": (e3x_tensor, "e3x"),
    "e3x FusedTensor": (e3x_fused, "e3x"),
}


def installed(name: str) -> bool:
    """Whether the program of that name can be imported."""
    return find_spec(PEERS[name][1]) is not None
