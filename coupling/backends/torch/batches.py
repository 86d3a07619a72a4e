"""The batch of ``torch.vmap`` for operators: the axis of each input first, joined to its rows, or call by call.

>>> import torch
>>> x = torch.arange(6.0).reshape(3, 2)
>>> batch_first(x, 1, 2).shape, batch_first(x, None, 4).shape, rows_joined(x[:, None], 0, 3).shape
(torch.Size([2, 3]), torch.Size([4, 3, 2]), torch.Size([3, 2]))
>>> [(a.tolist(), b.tolist()) for a, b in each_call((x, torch.ones(1)), (0, None), 3)]
[([0.0, 1.0], [1.0]), ([2.0, 3.0], [1.0]), ([4.0, 5.0], [1.0])]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import Tensor

__all__ = ["batch_first", "each_call", "rows_joined"]


def batch_first(value: Tensor, axis: int | None, size: int) -> Tensor:
    """Return a tensor with the axis of the batch first; one without such an axis is the same for all."""
    return value.expand(size, *value.shape) if axis is None else value.movedim(axis, 0)


def rows_joined(value: Tensor, axis: int | None, size: int) -> Tensor:
    """Return a tensor whose rows are those of all calls, one call after the other."""
    return batch_first(value, axis, size).flatten(0, 1)


def each_call(values: Sequence[Tensor], axes: Sequence[int | None], size: int) -> Iterator[tuple[Tensor, ...]]:
    """Return the tensors of each call; axes beyond the tensors belong to other arguments."""
    return zip(*(batch_first(value, axis, size) for value, axis in zip(values, axes, strict=False)), strict=True)
