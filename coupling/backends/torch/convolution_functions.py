"""Message passing for every mode of differentiation: also forward mode, and the transforms of torch.func.

As :mod:`coupling.backends.torch.functions` does for products: ``torch.library`` knows backward rules alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

import coupling.backends.torch.convolution_operators as operators
from coupling.backends.torch.convolution_operators import IN_W, IN_X, IN_Y, second_gradients

BITS = (IN_X, IN_Y, IN_W)


@torch.compiler.allow_in_graph
def apply_convolution(
    x: Tensor, y: Tensor, w: Tensor, senders: Tensor, receivers: Tensor, nodes: int, form: str
) -> Tensor:
    """Return :func:`coupling.backends.torch.convolution_operators.messages`, differentiable in every mode.

    >>> from coupling.products import Convolution
    >>> one, node, form = torch.ones(1, 1, 1), torch.tensor([0]), Convolution(0, 0, 0).text
    >>> torch.func.jvp(lambda x: apply_convolution(x, one[0], one, node, node, 1, form), (one,), (2 * one,))[1]
    tensor([[[2.]]])
    """
    result: Tensor = _Messages.apply(x, y, w, senders, receivers, nodes, form)
    return result


class _Kept(Function):
    """A function that keeps its tensors, which stand first, and its constants, for both modes."""

    generate_vmap_rule = True

    def __init_subclass__(cls, **options: Any) -> None:
        """Keep the signature, which torch asks for in every call."""
        super().__init_subclass__(**options)
        cls.forward.__signature__ = inspect.signature(cls.forward)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        tensors = [value for value in inputs if isinstance(value, Tensor)]
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)
        ctx.constants = inputs[len(tensors) :]


class _Messages(_Kept):
    @staticmethod
    def forward(*inputs: Any) -> Tensor:
        found: Tensor = operators.messages(*inputs)
        return found

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        needs = ctx.needs_input_grad[:3]
        wanted = sum(bit for bit, need in zip(BITS, needs, strict=True) if need)
        found = _Gradients.apply(g, *ctx.saved_tensors, ctx.constants[1], wanted)
        return *(value if need else None for value, need in zip(found, needs, strict=True)), None, None, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor | None:
        x, y, w, *edges = ctx.saved_tensors
        values = [_Messages.apply(*one, *edges, *ctx.constants) for one in _moved((x, y, w), tangents[:3])]
        return sum(values[1:], values[0]) if values else None


def _moved(tensors: tuple[Tensor, ...], tangents: Any) -> Iterator[list[Tensor]]:
    """Yield the tensors with one of them in turn replaced by its tangent, if it has one."""
    for place, tangent in enumerate(tangents):
        if tangent is not None:
            yield [tangent if n == place else value for n, value in enumerate(tensors)]


class _Gradients(_Kept):
    @staticmethod
    def forward(*inputs: Any) -> tuple[Tensor, Tensor, Tensor]:
        found: tuple[Tensor, Tensor, Tensor] = operators.message_gradients(*inputs)
        return found

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> tuple[Any, ...]:
        apply = _Messages.apply, _Gradients.apply
        form, wanted = ctx.constants
        found = second_gradients(apply, ctx.saved_tensors, form, wanted, cotangents, ctx.needs_input_grad)
        return *found, None, None, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> tuple[Any, ...]:
        (g, x, y, w, *edges), (form, wanted) = ctx.saved_tensors, ctx.constants
        total = [
            torch.zeros_like(v) if wanted & bit else v.new_empty(0) for v, bit in zip((x, y, w), BITS, strict=True)
        ]
        for place, tangent in enumerate(tangents[:4]):
            if tangent is not None:
                others = wanted & ~(BITS[place - 1] if place else 0)
                inputs = [tangent if n == place else value for n, value in enumerate((g, x, y, w))]
                found = _Gradients.apply(*inputs, *edges, form, others)
                total = [t + f if others & bit else t for t, f, bit in zip(total, found, BITS, strict=True)]
        return tuple(total)
