"""Harmonics of vectors for torch, differentiable any number of times, in every mode.

Two operators: the harmonics of vectors [n, 3], and Σ_k g_k ∂Y_k/∂v.  Derivatives of solid harmonics are solid harmonics
of the degree below, so derivatives of both are the same two operators again, and torch's own operations on [n, 3].
On a processor they are compiled kernels on the memory of the tensors, elsewhere operations of torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from coupling.backends.array_api.harmonics import lowered, solid_harmonics, tangent_of_solid, unit_vectors
from coupling.backends.torch.batches import rows_joined
from coupling.backends.torch.forward_mode import require_one_forward_level
from coupling.kernels.lanes import width
from coupling.kernels.solid_harmonics import harmonics_gradient, harmonics_of_vectors, space_needed
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.sphere.cartesian import LARGEST
from coupling.sphere.legendre import bounded_degree
from coupling.sphere.solid import NORMALIZATIONS, solid_tables

Options = tuple[int, str, bool]


def cartesian_harmonics(vectors: Tensor, lmax: int, *, normalization: str = "integral", solid: bool = False) -> Tensor:
    """Return the real harmonics [..., (lmax+1)²] of vectors [..., 3], as :func:`coupling.sphere.cartesian_harmonics`.

    Arguments, formulas and the zero vector as there: its derivatives of all orders are zero for spherical harmonics.
    Derivatives of any order in reverse mode, forward mode over it, ``torch.func`` and ``torch.compile``; forward over
    forward mode raises NotImplementedError.  float16 and bfloat16
    are computed in float32.  Values of vectors are not checked.  Raises TypeError or ValueError for other arguments.

    >>> v = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    >>> cartesian_harmonics(v, 1, normalization="norm", solid=True)[:, 1:].sum().backward()
    >>> v.grad
    tensor([[1., 1., 1.]])
    """
    _require(vectors, solid)
    one_of(normalization, tuple(NORMALIZATIONS), "normalization")
    kind = torch.float64 if vectors.dtype == torch.float64 else torch.float32
    l = bounded_degree(lmax, "lmax", LARGEST[str(kind).removeprefix("torch.")])
    flat = vectors.to(kind).reshape(-1, 3)
    return _values(flat, (l, normalization, solid)).reshape(*vectors.shape[:-1], (l + 1) ** 2).to(vectors.dtype)


def _require(vectors: Any, solid: Any) -> None:
    if not isinstance(vectors, Tensor) or not vectors.is_floating_point():
        raise TypeError(f"vectors must be a real floating tensor, got {quoted(getattr(vectors, 'dtype', vectors))}")
    if vectors.ndim == 0 or vectors.shape[-1] != 3:
        raise ValueError(f"vectors must have shape [..., 3], got {tuple(vectors.shape)}")
    if not isinstance(solid, bool):
        raise TypeError(f"solid must be True or False, got {quoted(solid)}")


# -- operators --------------------------------------------------------------------------------


@torch.library.custom_op("coupling::harmonics", mutates_args=())
def harmonics_operator(v: Tensor, lmax: int, normalization: str, solid: bool) -> Tensor:
    """Return the harmonics [n, (lmax+1)²] of vectors [n, 3] in float32 or float64."""
    if not v.is_cpu:
        return solid_harmonics(torch, v if solid else unit_vectors(torch, v)[0], lmax, normalization)
    out, none = v.new_empty((v.shape[0], (lmax + 1) ** 2)), v.new_empty((0, 0)).numpy()
    given, tables, w, space = _memory(v, lmax, normalization, 0)
    harmonics_of_vectors(given, tables, lmax, 0, not solid, w, space, out.numpy(), none, none)
    return out


@torch.library.custom_op("coupling::harmonics_gradient", mutates_args=())
def gradient_operator(v: Tensor, g: Tensor, lmax: int, normalization: str, solid: bool) -> Tensor:
    """Return Σ_k g_k ∂Y_k/∂v [n, 3] for cotangents g [n, (lmax+1)²]."""
    if not v.is_cpu:
        return _gradient_elsewhere(v, g, lmax, normalization, solid)
    out = torch.empty_like(v, memory_format=torch.contiguous_format)
    given, tables, w, space = _memory(v, lmax, normalization, 1)
    weights = g.detach().contiguous().numpy()
    harmonics_gradient(given, weights, tables, lmax, not solid, w, space, out.numpy())
    return out


def _memory(v: Tensor, lmax: int, normalization: str, derivatives: int) -> tuple[Any, Any, int, Any]:
    given = v.detach().contiguous().numpy()
    w = width(given.dtype)
    space = v.new_empty(space_needed(lmax, derivatives) * w).numpy()
    return given, solid_tables(lmax, normalization, given.dtype.name), w, space


def _gradient_elsewhere(v: Tensor, g: Tensor, lmax: int, normalization: str, solid: bool) -> Tensor:
    at, inverse = (v, None) if solid else unit_vectors(torch, v)
    if lmax == 0:
        return torch.zeros_like(v)
    below, axes = solid_harmonics(torch, at, lmax - 1, normalization), torch.eye(3, dtype=v.dtype, device=v.device)
    parts = [(lowered(g, lmax, normalization, axis, _constant(v)) * below).sum(-1) for axis in axes]
    gradient = torch.stack(parts, -1)
    return gradient if inverse is None else _across(gradient, at) * inverse


@harmonics_operator.register_fake
def _(v: Tensor, lmax: int, normalization: str, solid: bool) -> Tensor:
    return v.new_empty((v.shape[0], (lmax + 1) ** 2))


@gradient_operator.register_fake
def _(v: Tensor, g: Tensor, lmax: int, normalization: str, solid: bool) -> Tensor:
    return torch.empty_like(v, memory_format=torch.contiguous_format)


@harmonics_operator.register_vmap
def _(info: Any, axes: Any, v: Tensor, lmax: int, normalization: str, solid: bool) -> tuple[Tensor, int]:
    n = info.batch_size
    return harmonics_operator(rows_joined(v, axes[0], n), lmax, normalization, solid).unflatten(0, (n, -1)), 0


@gradient_operator.register_vmap
def _(info: Any, axes: Any, v: Tensor, g: Tensor, lmax: int, normalization: str, solid: bool) -> tuple[Tensor, int]:
    n = info.batch_size
    flat = rows_joined(v, axes[0], n), rows_joined(g, axes[1], n)
    return gradient_operator(*flat, lmax, normalization, solid).unflatten(0, (n, -1)), 0


# -- derivatives ------------------------------------------------------------------------------


class _Harmonics(Function):
    """Y(v)."""

    generate_vmap_rule = True

    @staticmethod
    def forward(v: Tensor, lmax: int, normalization: str, solid: bool) -> Tensor:
        return harmonics_operator(v, lmax, normalization, solid)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        v, *ctx.options = inputs
        ctx.save_for_backward(v)
        ctx.save_for_forward(v)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        (v,) = ctx.saved_tensors
        return _gradient(v, g, tuple(ctx.options)), None, None, None

    @staticmethod
    def jvp(ctx: Any, dv: Tensor, *_: None) -> Tensor:
        require_one_forward_level()
        (v,) = ctx.saved_tensors
        return _tangent(v, dv, tuple(ctx.options))


class _Gradient(Function):
    """Σ_k g_k ∂Y_k/∂v, linear in g."""

    generate_vmap_rule = True

    @staticmethod
    def forward(v: Tensor, g: Tensor, lmax: int, normalization: str, solid: bool) -> Tensor:
        return gradient_operator(v, g, lmax, normalization, solid)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        v, g, *ctx.options = inputs
        ctx.save_for_backward(v, g)
        ctx.save_for_forward(v, g)

    @staticmethod
    def backward(ctx: Any, h: Tensor) -> tuple[Any, ...]:
        (v, g), options, needs = ctx.saved_tensors, tuple(ctx.options), ctx.needs_input_grad
        in_v = _curvature(v, g, h, options) if needs[0] else None
        return in_v, _tangent(v, h, options) if needs[1] else None, None, None, None

    @staticmethod
    def jvp(ctx: Any, dv: Tensor | None, dg: Tensor | None, *_: None) -> Tensor | None:
        require_one_forward_level()
        (v, g), options = ctx.saved_tensors, tuple(ctx.options)
        parts = [] if dv is None else [_curvature(v, g, dv, options)]  # second derivatives are symmetric
        parts += [] if dg is None else [_gradient(v, dg, options)]
        return sum(parts[1:], parts[0]) if parts else None


@torch.compiler.allow_in_graph
def _values(v: Tensor, options: Options) -> Tensor:
    result: Tensor = _Harmonics.apply(v, *options)
    return result


@torch.compiler.allow_in_graph
def _gradient(v: Tensor, g: Tensor, options: Options) -> Tensor:
    result: Tensor = _Gradient.apply(v, g, *options)
    return result


def _constant(like: Tensor) -> Callable[[Any], Tensor]:
    return lambda array: torch.tensor(array, dtype=like.dtype, device=like.device)


def _across(h: Tensor, u: Tensor) -> Tensor:
    """Return the part of h at right angles to unit vectors u."""
    return h - u * (u * h).sum(-1, keepdim=True)


def _tangent(v: Tensor, h: Tensor, options: Options) -> Tensor:
    """Return Σ_i h_i ∂_i Y [n, (lmax+1)²]."""
    lmax, normalization, solid = options
    if lmax == 0:
        return h[..., :1] * 0
    if not solid:
        v, inverse = unit_vectors(torch, v)
        h = _across(h, v) * inverse
    below = _values(v, (lmax - 1, normalization, True))
    result: Tensor = tangent_of_solid(below, lmax, normalization, h, _constant(v))
    return result


def _curvature(v: Tensor, g: Tensor, h: Tensor, options: Options) -> Tensor:
    """Return Σ_k g_k Σ_j ∂_i ∂_j Y_k h_j [n, 3].

    For spherical harmonics, with t = Σ g ∂S at u = v/|v|, P the projection at right angles to u, and C that of S,
    [P C P h - u (h·Pt) - Ph (u·t) - (u·h) Pt] / |v|².
    """
    lmax, normalization, solid = options
    if lmax == 0:
        return h * 0
    if solid:
        return _gradient(v, lowered(g, lmax, normalization, h, _constant(v)), (lmax - 1, normalization, True))
    u, inverse = unit_vectors(torch, v)
    across = _across(h, u)
    inner = _across(_curvature(u, g, across, (lmax, normalization, True)), u)
    t = _gradient(u, g, (lmax, normalization, True))
    flat, radial = _across(t, u), (u * t).sum(-1, keepdim=True)
    turning = u * (h * flat).sum(-1, keepdim=True) + across * radial + (u * h).sum(-1, keepdim=True) * flat
    return (inner - turning) * inverse * inverse
