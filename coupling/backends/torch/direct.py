"""Operators of torch that are called without the operator where tensors are plain ones.

An operator of ``torch.library`` costs 20 to 60 µs in a call and as much in its gradient.  Where nothing looks on, as
:func:`coupling.backends.torch.eager.is_plain` says, its numbers are computed as they are, inside one function of
autograd if a gradient is needed.  The rule of the gradient is the operator's own and calls such operators again, so
every derivative decides anew.
"""

from __future__ import annotations

from collections.abc import Callable
from types import new_class
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from coupling.backends.torch.eager import is_plain

Rule = Callable[..., tuple[Any, ...]]


class DirectOperator:
    """An operator with the name, the computation and the rule of the gradient of ``torch.library.custom_op``.

    >>> double = DirectOperator("coupling::doubled_for_example", _doubled)
    >>> double.register_autograd(lambda ctx, g: (double(g),), lambda ctx, inputs, output: None)
    >>> x = torch.ones(2, requires_grad=True)
    >>> torch.autograd.grad(double(x).sum(), x)[0], double.operator(x).grad_fn is not None
    (tensor([2., 2.]), True)
    """

    def __init__(self, name: str, compute: Callable[..., Tensor]) -> None:
        self.compute, self.__doc__ = compute, compute.__doc__
        self.operator: Any = torch.library.custom_op(name, compute, mutates_args=())
        self.register_fake: Any = self.operator.register_fake
        self._function: Any = None

    def register_autograd(self, backward: Rule, setup_context: Callable[..., None]) -> None:
        """Give the operator its rule, and what it keeps of a call."""
        self.operator.register_autograd(backward, setup_context=setup_context)
        compute = self.compute

        def forward(ctx: Any, *inputs: Any) -> Tensor:
            output = compute(*inputs)
            setup_context(ctx, inputs, output)
            return output

        methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
        self._function = new_class("Direct", (Function,), exec_body=lambda names: names.update(methods))

    def __call__(self, *inputs: Any) -> Tensor:
        """Compute, by the operator if anything looks on."""
        tensors = [value for value in inputs if isinstance(value, Tensor)]
        if not is_plain(*tensors):
            through: Tensor = self.operator(*inputs)
            return through
        if torch.is_grad_enabled() and any(value.requires_grad for value in tensors):
            result: Tensor = self._function.apply(*inputs)
            return result
        return self.compute(*inputs)


def direct_operator(name: str) -> Callable[[Callable[..., Tensor]], DirectOperator]:
    """Return the decorator that makes an operator of a function of tensors and constants, tensors first."""
    return lambda compute: DirectOperator(name, compute)


def _doubled(x: Tensor) -> Tensor:
    return 2 * x
