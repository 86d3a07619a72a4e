"""The operators for every mode of differentiation: also forward mode, and the transforms of torch.func.

``torch.library`` knows backward rules alone: in forward mode the operators themselves have no tangent, and under
torch.compile torch.func does not accept them.  The modules therefore call the operators through these functions.
``torch.compile`` puts a call into its graph without reading it, since it does not accept forward rules, and
differentiates it when it traces the graph.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

import coupling.backends.torch.operators as operators
from coupling.backends.torch.forward_mode import require_one_forward_level


@torch.compiler.allow_in_graph
def apply_product(x: Tensor, y: Tensor, form: str, turns: int = 0) -> Tensor:
    """Return :func:`coupling.backends.torch.operators.product`, differentiable in every mode.

    >>> from coupling.products.form import Form
    >>> form, one = Form.of("Gaunt", 1, 1, 0).text, torch.ones(1, 4, 1)
    >>> torch.func.jvp(lambda x: apply_product(x, one, form), (one,), (2 * one,))[1]
    tensor([[[2.2568]]])
    """
    result: Tensor = _Product.apply(x, y, form, turns)
    return result


@torch.compiler.allow_in_graph
def apply_weighted_product(x: Tensor, y: Tensor, weights: Tensor, form: str, turns: int = 0) -> Tensor:
    """Return :func:`coupling.backends.torch.operators.weighted_product`, differentiable in every mode.

    >>> from coupling.products.form import Form
    >>> form, one = Form.of("ClebschGordan", 1, 1, 0).text, torch.ones(1, 4, 1)
    >>> torch.func.jacfwd(lambda w: apply_weighted_product(one, one, w, form).sum())(torch.ones(2))
    tensor([1.0000, 1.7321])
    """
    result: Tensor = _WeightedProduct.apply(x, y, weights, form, turns)
    return result


@torch.compiler.allow_in_graph
def apply_weight_gradient(x: Tensor, y: Tensor, z: Tensor, form: str) -> Tensor:
    """Return :func:`coupling.backends.torch.operators.weight_gradient`, differentiable in every mode.

    >>> from coupling.products.form import Form
    >>> form, one = Form.of("ClebschGordan", 1, 1, 0).text, torch.ones(1, 4, 1)
    >>> apply_weight_gradient(one, one, one[:, :1], form)
    tensor([1.0000, 1.7321])
    """
    result: Tensor = _WeightGradient.apply(x, y, z, form)
    return result


class _Multilinear(Function):
    """A function linear in each of its tensors, which stand first; constants follow."""

    generate_vmap_rule = True

    def __init_subclass__(cls, **options: Any) -> None:
        """Keep the signature, which torch asks for in every call."""
        super().__init_subclass__(**options)
        cls.forward.__signature__ = inspect.signature(cls.forward)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Keep the tensors for both modes, and the constants."""
        tensors = [value for value in inputs if isinstance(value, Tensor)]
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)
        ctx.constants = inputs[len(tensors) :]


class _Product(_Multilinear):
    @staticmethod
    def forward(x: Tensor, y: Tensor, form: str, turns: int) -> Tensor:
        return operators.product(x, y, form, turns)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        (x, y), (form, t), needs = ctx.saved_tensors, ctx.constants, ctx.needs_input_grad
        in_x = _Product.apply(y, g, form, (t + 1) % 3) if needs[0] else None
        in_y = _Product.apply(g, x, form, (t + 2) % 3) if needs[1] else None
        return in_x, in_y, None, None

    @staticmethod
    def jvp(ctx: Any, dx: Tensor | None, dy: Tensor | None, *_: None) -> Tensor | None:
        x, y = ctx.saved_tensors
        return _total(_Product, ctx.constants, [(dx, y), (x, dy)])


class _WeightedProduct(_Multilinear):
    @staticmethod
    def forward(x: Tensor, y: Tensor, weights: Tensor, form: str, turns: int) -> Tensor:
        return operators.weighted_product(x, y, weights, form, turns)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        (x, y, w), (form, t), needs = ctx.saved_tensors, ctx.constants, ctx.needs_input_grad
        in_x = _WeightedProduct.apply(y, g, w, form, (t + 1) % 3) if needs[0] else None
        in_y = _WeightedProduct.apply(g, x, w, form, (t + 2) % 3) if needs[1] else None
        in_w = _WeightGradient.apply(*operators.in_order(x, y, g, t), form) if needs[2] else None
        return in_x, in_y, in_w, None, None

    @staticmethod
    def jvp(ctx: Any, dx: Tensor | None, dy: Tensor | None, dw: Tensor | None, *_: None) -> Tensor | None:
        x, y, w = ctx.saved_tensors
        return _total(_WeightedProduct, ctx.constants, [(dx, y, w), (x, dy, w), (x, y, dw)])


class _WeightGradient(_Multilinear):
    @staticmethod
    def forward(x: Tensor, y: Tensor, z: Tensor, form: str) -> Tensor:
        return operators.weight_gradient(x, y, z, form)

    @staticmethod
    def backward(ctx: Any, h: Tensor) -> tuple[Any, ...]:
        (x, y, z), (form,) = ctx.saved_tensors, ctx.constants
        pairs = zip(((y, z, 1), (z, x, 2), (x, y, 0)), ctx.needs_input_grad, strict=False)
        return *(_WeightedProduct.apply(a, b, h, form, t) if n else None for (a, b, t), n in pairs), None

    @staticmethod
    def jvp(ctx: Any, dx: Tensor | None, dy: Tensor | None, dz: Tensor | None, _: None) -> Tensor | None:
        x, y, z = ctx.saved_tensors
        return _total(_WeightGradient, ctx.constants, [(dx, y, z), (x, dy, z), (x, y, dz)])


def _total(function: Any, constants: tuple[Any, ...], cases: list[tuple[Any, ...]]) -> Tensor | None:
    """Return the sum of a function over those cases in which no tensor is missing."""
    require_one_forward_level()
    values = [function.apply(*case, *constants) for case in cases if all(value is not None for value in case)]
    return sum(values[1:], values[0]) if values else None
