"""Splines of degree 5 on even knots as operators, closed under derivatives of any order.

Of a spline S [n values] of a distance r, ``order`` times differentiated,

    spline_values(r, …)[e, c] = S⁽ᵒ⁾_c(r_e)             spline_products(r, g, …)[e] = Σ_c g[e, c] S⁽ᵒ⁾_c(r_e)

tables [6, intervals + 5, n]: of every derivative the coefficients, which are differences of those of the one before,
so that nothing cancels in the type of the tables; scale: intervals per unit of r.  Distances are float64.  Outside the
knots a spline is constant.  Tables get no gradient.  On the processor they are compiled functions, elsewhere operations
of torch.  Raises TypeError or ValueError for tensors that do not fit.

>>> tables = torch.zeros(6, 6, 1)
>>> tables[0] = torch.arange(6.0)[:, None]  # S = r + 2
>>> tables[1, :5] = 1
>>> r = torch.tensor([0.25], dtype=torch.float64)
>>> spline_values(r, tables, 1.0, 0).item(), round(spline_products(r, torch.ones(1, 1), tables, 1.0, 1).item(), 6)
(2.25, 1.0)
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

import coupling.kernels.banded as kernels
from coupling.backends.torch.batches import each_call
from coupling.kernels.tiles import lanes
from coupling.numbers.splines import DEGREE, basis_matrix


@torch.library.custom_op("coupling::spline_values", mutates_args=())
def spline_values(r: Tensor, tables: Tensor, scale: float, order: int) -> Tensor:
    """Return the values [E, n] of a derivative."""
    _require(r, tables)
    if order > DEGREE:
        return tables.new_zeros((r.shape[0], tables.shape[2]))
    factors, first = _factors(r, tables, scale, order)
    table = tables[order]
    if not r.is_cpu:
        return torch.einsum("ek,ekc->ec", factors, table[_rows(first, factors.shape[1])])
    out = tables.new_empty((r.shape[0], tables.shape[2]))
    kernels.combine_rows(out.numpy(), *_arrays(factors, first, table), *_shape(table, factors.shape[1]))
    return out


@torch.library.custom_op("coupling::spline_products", mutates_args=())
def spline_products(r: Tensor, g: Tensor, tables: Tensor, scale: float, order: int) -> Tensor:
    """Return the sums [E] of values of a derivative times g [E, n]."""
    _require(r, tables)
    if g.dtype != tables.dtype or g.shape != (r.shape[0], tables.shape[2]):
        wanted = r.shape[0], tables.shape[2]
        raise ValueError(f"g must be {tables.dtype} {wanted}, got {g.dtype} {tuple(g.shape)}")
    if order > DEGREE:
        return torch.zeros_like(r)
    factors, first = _factors(r, tables, scale, order)
    table, rows = tables[order], factors.shape[1]
    if not r.is_cpu:
        found = torch.einsum("ec,ekc->ek", g, table[_rows(first, rows)])
    else:
        found, shape = torch.empty_like(factors), _shape(table, rows)
        space = np.empty((rows, len(shape[0])), found.numpy().dtype)
        kernels.project_rows(found.numpy(), *_arrays(g, first, table), *shape, space)
    return (found * factors).sum(1).to(r.dtype)


def _factors(r: Tensor, tables: Tensor, scale: float, order: int) -> tuple[Tensor, Tensor]:
    """Return what the rows of a sum are multiplied by [E, rows], and the first of them [E]."""
    intervals = tables.shape[1] - DEGREE
    u = r.detach() * scale
    inside = u.clamp(0, intervals)
    first = inside.nan_to_num(0).floor().clamp(max=intervals - 1)
    t = (inside - first)[:, None] ** torch.arange(DEGREE + 1 - order, device=r.device)
    factors = t @ torch.from_numpy(_pieces(DEGREE - order)).to(r.device)
    if order:
        factors[(u < 0) | (u > intervals)] = 0
    return factors.to(tables.dtype), first.to(torch.int64)


@cache
def _pieces(degree: int) -> Any:
    return basis_matrix(degree)


def _rows(first: Tensor, rows: int) -> Tensor:
    return first[:, None] + torch.arange(rows, device=first.device)


def _arrays(*tensors: Tensor) -> list[Any]:
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


def _shape(table: Tensor, rows: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the numbers of lanes and of rows as kernels take them, as tuples of that length."""
    return (0,) * lanes(str(table.dtype).removeprefix("torch.")), (0,) * rows


def _require(r: Tensor, tables: Tensor) -> None:
    """Raise for tensors that do not fit together: kernels read them unchecked."""
    if tables.dtype not in (torch.float32, torch.float64) or tables.device != r.device:
        raise TypeError(f"tables must be float32 or float64 where r is, got {tables.dtype} {tables.device}")
    if r.dtype != torch.float64 or r.ndim != 1:
        raise TypeError(f"r must be float64 [E], got {r.dtype} {tuple(r.shape)}")
    if tables.ndim != 3 or tables.shape[0] != DEGREE + 1 or tables.shape[1] <= DEGREE:
        raise ValueError(f"tables must be [{DEGREE + 1}, intervals + {DEGREE}, n], got {tuple(tables.shape)}")


@spline_values.register_fake
def _(r: Tensor, tables: Tensor, scale: float, order: int) -> Tensor:
    return tables.new_empty((r.shape[0], tables.shape[2]))


@spline_products.register_fake
def _(r: Tensor, g: Tensor, tables: Tensor, scale: float, order: int) -> Tensor:
    return torch.empty_like(r)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, ctx.scale, ctx.order = inputs
    if tensors[-1].requires_grad:
        raise ValueError("the tables of a spline are constants and get no gradient")
    ctx.save_for_backward(*tensors)


def _values_backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
    r, tables = ctx.saved_tensors
    return spline_products(r, g, tables, ctx.scale, ctx.order + 1), None, None, None


def _products_backward(ctx: Any, h: Tensor) -> tuple[Any, ...]:
    (r, g, tables), needs = ctx.saved_tensors, ctx.needs_input_grad
    in_r = h * spline_products(r, g, tables, ctx.scale, ctx.order + 1) if needs[0] else None
    in_g = h.to(g.dtype)[:, None] * spline_values(r, tables, ctx.scale, ctx.order) if needs[1] else None
    return in_r, in_g, None, None, None


spline_values.register_autograd(_values_backward, setup_context=_keep)
spline_products.register_autograd(_products_backward, setup_context=_keep)


@spline_values.register_vmap
def _(info: Any, axes: tuple[Any, ...], *inputs: Any) -> tuple[Tensor, int]:
    *tensors, scale, order = inputs
    return torch.stack([spline_values(*one, scale, order) for one in each_call(tensors, axes, info.batch_size)]), 0


@spline_products.register_vmap
def _(info: Any, axes: tuple[Any, ...], *inputs: Any) -> tuple[Tensor, int]:
    *tensors, scale, order = inputs
    return torch.stack([spline_products(*one, scale, order) for one in each_call(tensors, axes, info.batch_size)]), 0
