"""Entries of features in another order, both ways by reading: the gradient of a permutation is the inverse one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd import Function


class Reordered(nn.Module):
    """The permutation x[..., order] of the last axis.

    >>> Reordered(np.array([2, 0, 1]))(torch.tensor([[5.0, 6.0, 7.0]]))
    tensor([[7., 5., 6.]])
    """

    def __init__(self, order: NDArray[np.int64]) -> None:
        super().__init__()
        self.order = torch.from_numpy(np.ascontiguousarray(order))
        self.inverse = torch.from_numpy(np.argsort(order))

    def forward(self, x: Tensor) -> Tensor:
        """Return the entries in the new order."""
        result: Tensor = _Reorder.apply(x, self.order.to(x.device), self.inverse.to(x.device))
        return result


class _Reorder(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
        return x.index_select(-1, order)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[1:])
        ctx.save_for_forward(*inputs[1:])

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        order, inverse = ctx.saved_tensors
        return _Reorder.apply(g, inverse, order), None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> Tensor:
        result: Tensor = _Reorder.apply(tangent, *ctx.saved_tensors)
        return result
