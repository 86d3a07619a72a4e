"""What is computed once of parameters that do not change, and whether they still are what they were."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from coupling.backends.torch.contraction import transforming


def hold(values: Sequence[Tensor], tensors: Sequence[Tensor]) -> bool:
    """Return whether tensors take part in no gradient, and have the values they had, in whatever type they are now.

    Values are compared: not every change in place counts in the version of a tensor, one of ``.data`` does not.

    >>> weight = torch.ones(2)
    >>> hold([torch.ones(2, dtype=torch.float64)], [weight]), hold([torch.zeros(2)], [weight])
    (True, False)
    """
    if torch.compiler.is_compiling() or transforming() or any(tensor.requires_grad for tensor in tensors):
        return False
    return len(values) == len(tensors) and all(
        own.shape == now.shape and torch.equal(own.to(now), now) for own, now in zip(values, tensors, strict=True)
    )


class FrozenTensors:
    """Present values of the parameters and buffers of modules.

    >>> layer = nn.Linear(2, 2).requires_grad_(False)
    >>> kept = FrozenTensors(layer)
    >>> kept.hold(), bool(layer.weight.data.add_(1).any()), kept.hold()
    (True, True, False)
    """

    def __init__(self, *modules: nn.Module) -> None:
        self.modules = modules
        self.values = [tensor.detach().clone() for tensor in self.tensors]

    @property
    def tensors(self) -> list[Tensor]:
        """Parameters and buffers."""
        return [tensor for module in self.modules for tensor in (*module.parameters(), *module.buffers())]

    def hold(self) -> bool:
        """Return whether all are frozen and have the values they had."""
        return hold(self.values, self.tensors)
