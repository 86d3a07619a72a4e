"""Radial networks as splines in a model: replacements that know when their parameters have changed."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from coupling.backends.e3nn.frozen import FrozenTensors
from coupling.backends.e3nn.replacements import Replacement
from coupling.backends.torch.spline_operators import spline_values
from coupling.numbers.splines import RadialSpline


class DistanceReplacement(Replacement):
    """Features of distances that carry the distances they are made of, as an attribute of the tensor.

    Whatever makes another tensor of them, such as features joined to others, loses the attribute.

    >>> DistanceReplacement.__mro__[1].__name__
    'Replacement'
    """

    def forward(self, edge_lengths: Tensor, *others: Any, **named: Any) -> Any:
        """Return what the original returns."""
        found = self.original(edge_lengths, *others, **named)
        features = found[0] if isinstance(found, tuple) else found
        if not torch.compiler.is_compiling():
            features.edge_lengths = edge_lengths
        return found


class RadialReplacement(Replacement):
    """A radial network as a spline, where its input carries distances and its parameters are frozen and unchanged.

    Everywhere else, in training above all, the network itself is evaluated: the original, or what replaces it too.

    >>> RadialReplacement.__mro__[1].__name__
    'Replacement'
    """

    def __init__(self, original: nn.Module, spline: RadialSpline, constants: FrozenTensors, network: nn.Module) -> None:
        super().__init__(original)
        self.__dict__.update(spline=spline, constants=constants, network=network, tables={})

    def forward(self, x: Tensor) -> Tensor:
        """Return the weights [edges, n]."""
        lengths = getattr(x, "edge_lengths", None)
        usable = lengths is not None and lengths.shape == (*x.shape[:-1], 1) and self.constants.hold()
        result: Tensor = self._spline(lengths, x.dtype) if usable else self.network(x)
        return result

    def _spline(self, lengths: Tensor, dtype: torch.dtype) -> Tensor:
        scale = self.spline.intervals / self.spline.high
        values = spline_values(lengths.reshape(-1).double(), self._tables(dtype, lengths.device), scale, 0)
        return values.reshape(*lengths.shape[:-1], -1)

    def _tables(self, dtype: torch.dtype, device: torch.device) -> Tensor:
        if (dtype, device) not in self.tables:
            self.tables[dtype, device] = torch.from_numpy(self.spline.tables).to(device, dtype)
        found: Tensor = self.tables[dtype, device]
        return found
