"""The edge frame as a module of torch."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from coupling.backends.array_api.edge_frame import FrameConstants, FrameProgram, Framework
from coupling.backends.array_api.rotations import LARGEST_RECURRED
from coupling.backends.torch.deployment import refuse_scripting, refuse_tracing
from coupling.portable import Kept
from coupling.products.edge_frame import EdgeFrame as Numpy
from coupling.products.edge_frame import require_frame_shapes
from coupling.quoted import quoted


class EdgeFrame(nn.Module):
    """Message passing in the frame of an edge, :class:`coupling.products.EdgeFrame`, as a module of torch.

    Arguments are those of that class, degrees to 100.  ``module(x, vectors, so2_weights)`` takes x [edges,
    (lmax_in+1)², channels], vectors [edges, 3] and SO(2) weights [weight_count], [edges, weight_count] or [edges,
    weight_count, channels]; :meth:`so2_weights` makes these of weights of paths.  Rotations are polynomials of a unit
    quaternion, every operation is one of torch: derivatives of any order exist in every direction of an edge, the poles
    included.  The arithmetic is float32, or float64 if an input is; the output has the common type of x and vectors.
    Values are not checked: an edge of length zero has no frame and gives NaN.

    >>> module = EdgeFrame(2, 2)
    >>> module(torch.ones(5, 9, 8), torch.ones(5, 3), module.so2_weights(torch.ones(5, 19))).shape
    torch.Size([5, 9, 8])
    """

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__()
        self.frame = frame = Numpy(*arguments, **options)
        if max(frame.lmax_in, frame.lmax_out) > LARGEST_RECURRED:
            degrees = quoted((frame.lmax_in, frame.lmax_out))
            raise ValueError(f"degrees of an edge frame must be <= {LARGEST_RECURRED} here, got {degrees}")
        self._program = FrameProgram(frame)
        self._constants = {dtype: self._made("cpu", dtype) for dtype in (torch.float32, torch.float64)}
        self._elsewhere = Kept()

    def _made(self, device: Any, dtype: torch.dtype) -> FrameConstants:
        """Return the constants of the program as tensors."""
        isometries, places = self._program.constants
        numbers = [torch.tensor(array, dtype=dtype, device=device) for array in isometries]
        indices = [tuple(torch.tensor(array, device=device) for array in both) for both in places]
        return FrameConstants(numbers, indices)

    def _constants_on(self, device: torch.device, dtype: torch.dtype) -> FrameConstants:
        if device.type == "cpu":
            return self._constants[dtype]
        if (device, dtype) not in self._elsewhere:
            made = self._made(device, dtype)
            if torch.compiler.is_compiling():
                return made
            self._elsewhere[device, dtype] = made
        found: FrameConstants = self._elsewhere[device, dtype]
        return found

    @property
    def weight_count(self) -> int:
        """The number of SO(2) weights."""
        return self.frame.weight_count

    def extra_repr(self) -> str:
        """Return degrees and orders, and counts of paths, weights and operations."""
        return repr(self.frame)[len("EdgeFrame(") : -1]

    def __prepare_scriptable__(self) -> Any:
        """Refuse TorchScript."""
        refuse_scripting(type(self).__name__)

    def so2_weights(self, path_weights: Tensor) -> Tensor:
        """Return SO(2) weights [..., weight_count] of weights of paths [..., paths]; see the class of numpy."""
        return path_weights @ _like(self.frame.matrix.T.copy(), path_weights)

    def path_weights(self, so2_weights: Tensor) -> Tensor:
        """Return weights of paths [..., paths] of SO(2) weights [..., weight_count]; see the class of numpy."""
        return so2_weights @ _like(self.frame.matrix.copy(), so2_weights)

    def forward(self, x: Tensor, vectors: Tensor, so2_weights: Tensor) -> Tensor:
        """Return z [edges, (lmax_out+1)², channels]."""
        refuse_tracing()
        for name, value in (("x", x), ("vectors", vectors), ("so2_weights", so2_weights)):
            if not value.is_floating_point():
                raise TypeError(f"{name} must be real floating, got {value.dtype}")
        wide = require_frame_shapes(self.frame, x.shape, vectors.shape, so2_weights.shape)
        common = torch.promote_types(x.dtype, vectors.dtype)
        dtype = torch.promote_types(common, torch.float32)
        given = x.to(dtype), vectors.to(dtype), so2_weights.reshape(wide).to(dtype)
        result: Tensor = self._program(Framework(torch, torch.detach, self._constants_on(x.device, dtype)), *given)
        return result.to(common)


def _like(array: Any, other: Tensor) -> Tensor:
    return torch.tensor(array, dtype=other.dtype, device=other.device)


EdgeFrame.__signature__ = inspect.signature(Numpy)
