"""Symmetric contractions in a model: powers of a density with tensors U, weighted by species and channel."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from coupling.backends.e3nn.frozen import hold
from coupling.backends.e3nn.reading import Unread, agree
from coupling.backends.torch.contraction import SymmetricContraction


class Contracted(nn.Module):
    """The contraction of a model's own buffers ``U_matrix_1`` … of every output, all outputs at once.

    parts: the modules of the outputs, each with buffers U, ``correlation``, ``weights`` and ``weights_max``

    >>> Contracted.forward.__annotations__["return"]
    'Tensor'
    """

    def __init__(self, parts: Any) -> None:
        super().__init__()
        tensors, self.used = [], []
        for number, part in enumerate(parts):
            for order in range(1, part.correlation + 1):
                u = _with_components(getattr(part, f"U_matrix_{order}"), order)
                if bool(u.any()):
                    tensors.append((_name(u.shape[0]), u))
                    self.used.append((number, order))
        self.contraction = SymmetricContraction.from_tensors(tensors)
        self.channels = int(parts[0].weights_max.shape[-1])
        self.components = [rows for _, rows in self.contraction.outputs]
        self.merged: tuple[list[Tensor], Tensor] | None = None

    def forward(self, x: Tensor, species: Tensor, parts: Any) -> Tensor:
        """Return the outputs one after another, [atoms, channels · components] each, of x [atoms, channels, rows]."""
        weights = [_weights(parts[number], order) for number, order in self.used]
        found = self.contraction(x.transpose(1, 2), None, species, coefficients=self._coefficients(weights))
        blocks = found.split(self.components, 1)
        return torch.cat([block.transpose(1, 2).flatten(1) for block in blocks], -1)

    def _coefficients(self, weights: list[Tensor]) -> Tensor:
        """Return the coefficients of weights, computed once while these are frozen and unchanged."""
        if self.merged and hold(self.merged[0], weights) and self.merged[1].dtype == weights[0].dtype:
            return self.merged[1]
        found = self.contraction.merge(weights)
        self.merged = None if found.requires_grad else ([weight.detach().clone() for weight in weights], found)
        return found


def _weights(part: Any, order: int) -> Tensor:
    """Return the weights [species, paths, channels] of an order; those of the largest stand apart, others descend."""
    weight: Tensor = part.weights_max if order == part.correlation else part.weights[part.correlation - 1 - order]
    return weight


def _with_components(u: Tensor, order: int) -> Tensor:
    """Return U [components, rows, …, rows, paths]; a scalar output has no axis of its own."""
    return u[None] if u.ndim == order + 1 else u


def _name(components: int) -> str:
    """Return an irrep of that many components; its parity does not matter here."""
    return f"{(components - 1) // 2}e"


def one_species(attributes: Tensor) -> Tensor | None:
    """Return the species [atoms] of rows that are one in one place and zero elsewhere, or None for other rows.

    Also None where a tracer or another mode looks on, or a program is exported: what is traced must not depend on the
    values of these rows.

    >>> one_species(torch.eye(3)).tolist(), one_species(torch.ones(2, 2))
    ([0, 1, 2], None)
    """
    compiling: bool = torch.compiler.is_compiling()
    if torch.compiler.is_exporting() if compiling else torch._C._len_torch_dispatch_stack():
        return None
    species = attributes.argmax(-1)
    rows = torch.zeros_like(attributes).scatter_(-1, species[..., None], 1)
    return species if torch.equal(rows, attributes) else None


def read_contraction(module: Any) -> Contracted | Unread:
    """Return the contraction of this package with the values of a module, or why there is none.

    >>> read_contraction.__annotations__["return"]
    'Contracted | Unread'
    """
    parts = list(module.contractions)
    components = [_with_components(part.U_matrix_1, 1).shape[0] for part in parts]
    if len(set(components)) < len(components):
        return Unread(f"outputs must have different degrees, got components {components}")
    made = Contracted(parts)
    weight = _weights(parts[0], parts[0].correlation)
    kinds, _, channels = weight.shape
    rows = parts[0].U_matrix_1.shape[-2]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn((kinds + 1, channels, rows), generator=generator, dtype=weight.dtype).to(weight.device)
    species = torch.arange(kinds + 1, device=weight.device) % kinds
    attributes = torch.eye(kinds, dtype=weight.dtype, device=weight.device)[species]
    if agree(made(x, species, parts), module(x, attributes)):
        return made
    return Unread("its values are not those of its tensors U and weights")
