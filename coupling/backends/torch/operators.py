"""Three operators, closed under derivative: a product, a product with weights, and the gradient in the weights.

    product(x, y)  →  z                       gradients: product(y, g) and product(g, x), slots turned
    weighted_product(x, y, w)  →  z           the same with w, and weight_gradient(x, y, g)
    weight_gradient(x, y, z)  →  w            weighted_product of the other two with the cotangent h in place of w

Features are [batch, entries, channels] of one batch and channels, all float32 or all float64; ``form`` is the text of
:attr:`coupling.products.form.Form.text`, ``turns`` (0, 1 or 2) how often its slots are turned, (x, y, z) → (y, z, x).
To torch they are ``torch.ops.coupling.product`` and so on.  Raises TypeError or ValueError for other features, weights,
forms and turns.

>>> from coupling.products.form import Form
>>> x, y, form = torch.ones(1, 4, 1), torch.ones(1, 4, 1), Form.of("ClebschGordan", 1, 1, 0).text
>>> product(x, y, form, 0), weighted_product(x, y, torch.tensor([2.0, 0.0]), form, 0)
(tensor([[[2.7321]]]), tensor([[[2.]]]))
>>> weight_gradient(x, y, torch.ones(1, 1, 1), form)
tensor([1.0000, 1.7321])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from coupling.backends.array_api.programs import program_of
from coupling.backends.torch.batches import each_call, rows_joined
from coupling.products.clebsch_gordan import ClebschGordan
from coupling.products.form import read_form
from coupling.quoted import quoted

#: Elements of features per thread, at least.
NUMBERS_PER_THREAD = 1 << 18

#: Largest number of products x_i y_j in memory at a time, where the operators are array programs.
PRODUCTS_AT_ONCE = 1 << 28


@torch.library.custom_op("coupling::product", mutates_args=())
def product(x: Tensor, y: Tensor, form: str, turns: int) -> Tensor:
    """Return the product [batch, entries, channels] of a form whose slots are turned."""
    _require(form, turns, x, y)
    if x.is_cpu:
        return _compiled(x, y, lambda workers: read_form(form, turns).product(workers))
    return _in_parts(program_of(form, turns), x, y)


@torch.library.custom_op("coupling::weighted_product", mutates_args=())
def weighted_product(x: Tensor, y: Tensor, weights: Tensor, form: str, turns: int) -> Tensor:
    """Return the product of a form "ClebschGordan" with the weights [P] of its paths."""
    _require(form, turns, x, y, like=weights)
    if weights.shape != (weight_count(form),):
        raise ValueError(f"weights must have shape ({weight_count(form)},), one per path, got {tuple(weights.shape)}")
    if x.is_cpu:
        return _compiled(x, y, lambda workers: read_form(form, turns).product(workers), weights)
    return _in_parts(program_of(form, turns), x, y, weights)


@torch.library.custom_op("coupling::weight_gradient", mutates_args=())
def weight_gradient(x: Tensor, y: Tensor, z: Tensor, form: str) -> Tensor:
    """Return the gradient [P] of Σ z · weighted_product(x, y, w) in w."""
    _require(form, 0, x, y, z)
    weight_count(form)
    if x.is_cpu:
        given = (value.detach().contiguous().numpy() for value in (x, y, z))
        return torch.from_numpy(read_form(form).product().weight_gradient(*given)).to(x.dtype)
    return _sum_of_parts(program_of(form, 0), x, y, z)


def weight_count(form: str) -> int:
    """Return the number of paths of a form that has a weight for each, or raise.

    >>> from coupling.products.form import Form
    >>> weight_count(Form.of("ClebschGordan", 1, 1, 1, paths="even").text)
    4
    """
    product = read_form(form).product()
    if not isinstance(product, ClebschGordan):
        raise ValueError(f"paths have weights in forms of the kind ClebschGordan, got {quoted(form)}")
    return len(product.paths)


def _require(form: str, turns: int, *features: Tensor, like: Tensor | None = None) -> None:
    """Raise for features that are not those of a form, of one type with ``like``: kernels read them unchecked."""
    if turns not in (0, 1, 2):
        raise ValueError(f"turns must be 0, 1 or 2, got {quoted(turns)}")
    kinds = [(value.dtype, value.device) for value in (*features, *(() if like is None else (like,)))]
    if len(set(kinds)) > 1 or kinds[0][0] not in (torch.float32, torch.float64):
        raise TypeError(f"the inputs of the operator must all be float32 or all float64 on one device, got {kinds}")
    shapes, sizes = [tuple(value.shape) for value in features], (read_form(form).product().sizes * 2)[turns:]
    first = shapes[0]
    if any(len(s) != 3 or s != (first[0], size, first[2]) for s, size in zip(shapes, sizes, strict=False)):
        wanted = ", ".join(f"[batch, {size}, channels]" for size in sizes[: len(shapes)])
        raise ValueError(f"the features of the operator must be {wanted} of one batch and channels, got {shapes}")


def _compiled(x: Tensor, y: Tensor, of: Callable[[int], Any], weights: Tensor | None = None) -> Tensor:
    """Run a compiled product on the memory of tensors, by as many threads as torch has and as are worth it."""
    workers = max(1, min(torch.get_num_threads(), (x.numel() + y.numel()) // NUMBERS_PER_THREAD))
    one = of(workers)
    out = x.new_empty((x.shape[0], one.sizes[2], x.shape[2]))
    arrays = x.detach().contiguous().numpy(), y.detach().contiguous().numpy(), out.numpy()
    one._compute(*arrays) if weights is None else one.compute_weighted(*arrays, weights.detach().contiguous().numpy())
    return out


def _step(form: Any, x: Tensor) -> int:
    return max(1, PRODUCTS_AT_ONCE // max(1, form.sizes[0] * form.sizes[1] * x.shape[2]))


def _in_parts(form: Any, x: Tensor, y: Tensor, *weights: Tensor) -> Tensor:
    """Run an array program on parts of the batch."""
    out, step = x.new_empty((x.shape[0], form.sizes[2], x.shape[2])), _step(form, x)
    for begin in range(0, x.shape[0], step):
        part = slice(begin, begin + step)
        out[part] = form.flat(x[part], y[part], *weights)
    return out


def _sum_of_parts(form: Any, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Add the gradients in the weights from parts of the batch."""
    total, step = x.new_zeros(len(form.paths)), _step(form, x)
    for begin in range(0, x.shape[0], step):
        part = slice(begin, begin + step)
        total += form.weight_gradient(x[part], y[part], z[part])
    return total


def in_order(a: Tensor, b: Tensor, c: Tensor, turns: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return x, y, z from the features of slots that are turned.

    >>> [str(value) for value in in_order("y", "z", "x", 1)]
    ['x', 'y', 'z']
    """
    x, y, z = ((a, b, c) * 2)[(3 - turns) % 3 :][:3]
    return x, y, z


# -- shapes without numbers -------------------------------------------------------------------


@product.register_fake
def _(x: Tensor, y: Tensor, form: str, turns: int) -> Tensor:
    return x.new_empty((x.shape[0], read_form(form, turns).product().sizes[2], x.shape[2]))


@weighted_product.register_fake
def _(x: Tensor, y: Tensor, weights: Tensor, form: str, turns: int) -> Tensor:
    return x.new_empty((x.shape[0], read_form(form, turns).product().sizes[2], x.shape[2]))


@weight_gradient.register_fake
def _(x: Tensor, y: Tensor, z: Tensor, form: str) -> Tensor:
    return x.new_empty((weight_count(form),))


# -- derivatives ------------------------------------------------------------------------------


def _keep_product(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, y, ctx.form, ctx.turns = inputs
    ctx.save_for_backward(x, y)


def _product_backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
    (x, y), t = ctx.saved_tensors, ctx.turns
    in_x = product(y, g, ctx.form, (t + 1) % 3) if ctx.needs_input_grad[0] else None
    in_y = product(g, x, ctx.form, (t + 2) % 3) if ctx.needs_input_grad[1] else None
    return in_x, in_y, None, None


def _keep_weighted(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, y, weights, ctx.form, ctx.turns = inputs
    ctx.save_for_backward(x, y, weights)


def _weighted_backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
    (x, y, w), t, form = ctx.saved_tensors, ctx.turns, ctx.form
    in_x = weighted_product(y, g, w, form, (t + 1) % 3) if ctx.needs_input_grad[0] else None
    in_y = weighted_product(g, x, w, form, (t + 2) % 3) if ctx.needs_input_grad[1] else None
    in_w = weight_gradient(*in_order(x, y, g, t), form) if ctx.needs_input_grad[2] else None
    return in_x, in_y, in_w, None, None


def _keep_gradient(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *features, ctx.form = inputs
    ctx.save_for_backward(*features)


def _gradient_backward(ctx: Any, h: Tensor) -> tuple[Any, ...]:
    x, y, z = ctx.saved_tensors
    pairs = ((y, z, 1), (z, x, 2), (x, y, 0))
    needs = ctx.needs_input_grad
    found = [weighted_product(a, b, h, ctx.form, t) if n else None for (a, b, t), n in zip(pairs, needs, strict=False)]
    return *found, None


product.register_autograd(_product_backward, setup_context=_keep_product)
weighted_product.register_autograd(_weighted_backward, setup_context=_keep_weighted)
weight_gradient.register_autograd(_gradient_backward, setup_context=_keep_gradient)


# -- batches of calls -------------------------------------------------------------------------


@product.register_vmap
def _(info: Any, axes: tuple[Any, ...], x: Tensor, y: Tensor, form: str, turns: int) -> tuple[Tensor, int]:
    n = info.batch_size
    z = product(rows_joined(x, axes[0], n), rows_joined(y, axes[1], n), form, turns)
    return z.unflatten(0, (n, -1)), 0


@weighted_product.register_vmap
def _(info: Any, axes: tuple[Any, ...], x: Tensor, y: Tensor, w: Tensor, form: str, turns: int) -> tuple[Tensor, int]:
    n = info.batch_size
    if axes[2] is None:
        z = weighted_product(rows_joined(x, axes[0], n), rows_joined(y, axes[1], n), w, form, turns)
        return z.unflatten(0, (n, -1)), 0
    return torch.stack([weighted_product(*one, form, turns) for one in each_call((x, y, w), axes, n)]), 0


@weight_gradient.register_vmap
def _(info: Any, axes: tuple[Any, ...], x: Tensor, y: Tensor, z: Tensor, form: str) -> tuple[Tensor, int]:
    return torch.stack([weight_gradient(*one, form) for one in each_call((x, y, z), axes, info.batch_size)]), 0
