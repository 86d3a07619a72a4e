"""Message passing as a module of torch."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from coupling.backends.torch.convolution_functions import apply_convolution
from coupling.backends.torch.convolution_program import (
    dense_paths,
    harmonics_numbers,
    harmonics_program,
    messages_program,
)
from coupling.backends.torch.deployment import refuse_scripting, refuse_tracing
from coupling.backends.torch.harmonics import cartesian_harmonics
from coupling.products.convolution import Convolution as Messages
from coupling.products.convolution import convolution_of

TEXT = """Here a module of torch: ``module(x, y, weights, senders, receivers, nodes=None)`` on tensors, indices of any
integer type.  The arithmetic is float32, or float64 if x, y or the weights are; float16 and bfloat16, as autocast makes
them, are converted to float32 first, and the output is rounded once to the common type.  Derivatives of any order
exist, by the same operators; nothing but inputs is kept for them.  The threads are those of torch, and the output has
the same bits for any number.  There are no buffers and no parameters.

>>> conv = Convolution(1, 2, 1)
>>> x, y, w = torch.ones(2, 4, 8), torch.ones(3, 9), torch.ones(3, 5, 8)
>>> conv(x, y, w, torch.tensor([0, 1, 1]), torch.tensor([1, 0, 1])).shape
torch.Size([2, 4, 8])
"""


class Convolution(nn.Module):
    """Message passing on a graph."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__()
        if "workers" in options:
            raise TypeError("workers are the threads of torch, torch.set_num_threads")
        conv = Messages(*arguments, **options)
        self.form, self.sizes, self.rows, self.operations = conv.text, conv.sizes, conv.rows, conv.operations
        self.paths, self.names, self.lmax_edge = conv.paths, conv.names, conv.lmax_edge
        self.harmonics = conv.harmonics
        self._count, self._channels = len(conv.paths), conv.channels
        self.program = False  #: whether it is made of operations of torch alone, see :func:`deployable`
        self._dense: dict[torch.dtype, tuple[list[Any], list[Any]]] = {}

    def use_program(self) -> None:
        """Compute by operations of torch alone from now on; see :func:`coupling.backends.torch.deployable`."""
        conv, self.program = convolution_of(self.form), True
        for dtype in (torch.float32, torch.float64):
            self._dense[dtype] = dense_paths(conv, dtype), harmonics_numbers(self.lmax_edge, self.harmonics, dtype)

    def __prepare_scriptable__(self) -> Any:
        """Refuse TorchScript."""
        refuse_scripting(type(self).__name__)

    def extra_repr(self) -> str:
        """Return the numbers of rows, paths and multiply-adds."""
        return f"rows {self.sizes[0]} → {self.sizes[2]}, lmax_edge {self.lmax_edge}, {self._count} paths"

    def forward(
        self, x: Tensor, y: Tensor, weights: Tensor, senders: Tensor, receivers: Tensor, nodes: int | None = None
    ) -> Tensor:
        """Return the messages [nodes, rows, channels]; y are harmonics, or vectors [E, 3]."""
        refuse_tracing()
        for name, value in (("x", x), ("harmonics", y), ("weights", weights)):
            if not value.is_floating_point():
                raise TypeError(f"{name} must be real floating, got {value.dtype}")
        if x.ndim != 3 or x.shape[1] != self.sizes[0] or (self._channels and x.shape[2] != self._channels):
            channels = self._channels or "channels"
            raise ValueError(f"x must have shape [nodes, {self.sizes[0]}, {channels}], got {tuple(x.shape)}")
        w = weights[None, :, None] if weights.ndim == 1 else weights.unsqueeze(-1) if weights.ndim == 2 else weights
        dtype = torch.promote_types(torch.promote_types(x.dtype, y.dtype), w.dtype)
        wide = torch.promote_types(dtype, torch.float32)
        edges = (self._indices(senders, "senders"), self._indices(receivers, "receivers"))
        count = x.shape[0] if nodes is None else nodes
        harmonics = y.to(wide)
        if y.ndim == 2 and y.shape[1] == 3:
            harmonics = self._of_vectors(harmonics)
        if self.program:
            inputs = x.to(wide), harmonics, w.to(wide), *edges
            return messages_program(*inputs, count, self._dense[wide][0], self.sizes[2]).to(dtype)
        return apply_convolution(x.to(wide), harmonics, w.to(wide), *edges, count, self.form).to(dtype)

    def _of_vectors(self, vectors: Tensor) -> Tensor:
        """Return the harmonics of vectors [E, 3]."""
        if self.program:
            return harmonics_program(vectors, self.lmax_edge, self.harmonics, self._dense[vectors.dtype][1])
        return cartesian_harmonics(vectors, self.lmax_edge, normalization=self.harmonics)

    @staticmethod
    def _indices(value: Tensor, name: str) -> Tensor:
        if value.is_floating_point() or value.is_complex() or value.dtype == torch.bool:
            raise TypeError(f"{name} must be integers [E], got {value.dtype}")
        return value.to(torch.int64)


def _signature() -> inspect.Signature:
    return inspect.Signature([p for p in inspect.signature(Messages).parameters.values() if p.name != "workers"])


Convolution.__signature__ = _signature()
Convolution.__doc__ = (inspect.getdoc(Messages) or "").split("\n>>> ")[0].rstrip() + f"\n\n{TEXT}"
