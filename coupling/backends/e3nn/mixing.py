"""Products with the species of an atom: a matrix of each species mixes the copies of every degree."""

from __future__ import annotations

from math import prod, sqrt

import torch
from torch import Tensor, nn

from coupling.backends.e3nn.contracting import one_species
from coupling.backends.torch.tensor_product import TensorProduct


class Mixed(nn.Module):
    """A product of x with scalars that say the species: atoms of one species are multiplied by one matrix.

    Rows of y that are not one in one place and zero elsewhere, and y that need a gradient, take the product
    itself.  :func:`mixes` says for which products.

    >>> product = TensorProduct("2x1o", "3x0e", "4x1o", layout="mul_ir")
    >>> x, y, weights = torch.randn(5, 6), torch.eye(3)[[0, 2, 1, 0, 2]], torch.randn(24)
    >>> mixes(product), bool((Mixed(product)(x, y, weights) - product(x, y, weights)).abs().max() < 1e-5)
    (True, True)
    """

    def __init__(self, product: TensorProduct) -> None:
        super().__init__()
        self.product = product
        lists = product.product
        self.given = [term.dim for term in lists.irreps1]
        self.shapes = [path.weight_shape for path in lists.paths]
        self.factors = [path.coefficient / sqrt(2 * path.degrees[2] + 1) for path in lists.paths]

    def forward(self, x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
        """Return the product of x [atoms, dim] and y [atoms, species]."""
        species = None if y.requires_grad or x.ndim != 2 or weights.ndim != 1 else one_species(y)
        if species is None:
            result: Tensor = self.product(x, y, weights)
            return result
        order = species.argsort(stable=True)
        counts = species.bincount(minlength=y.shape[-1]).tolist()
        found = self._sorted(x.index_select(0, order), counts, weights)
        return found.index_select(0, order.argsort())

    def _sorted(self, x: Tensor, counts: list[int], weights: Tensor) -> Tensor:
        """Return the product for atoms that are sorted by species."""
        lists = self.product.product
        parts = x.split(self.given, -1)
        own = weights.split([prod(shape) for shape in self.shapes])
        sums: list[Tensor | None] = [None] * len(lists.irreps_out)
        for path, flat, shape, factor in zip(lists.paths, own, self.shapes, self.factors, strict=True):
            i, _, k = path.places
            components = parts[i].shape[1] // shape[0]
            block = parts[i].reshape(x.shape[0], shape[0], components).transpose(1, 2).reshape(-1, shape[0])
            matrices = flat.reshape(shape).unbind(1)
            rows = zip(block.split([count * components for count in counts]), matrices, strict=True)
            made = torch.cat([one @ matrix for one, matrix in rows if one.shape[0]] or [block @ matrices[0]])
            before = sums[k]  # factors after sums: rounded weights cost a digit of float32
            sums[k] = made * factor if before is None else torch.add(before, made, alpha=factor)
        blocks = zip(sums, lists.irreps_out, strict=True)
        flat_blocks = [
            x.new_zeros((x.shape[0], term.dim)) if found is None else _mul_ir(found, x.shape[0], term.mul)
            for found, term in blocks
        ]
        return torch.cat(flat_blocks, -1)


def _mul_ir(rows: Tensor, atoms: int, copies: int) -> Tensor:
    """Return rows [atoms · components, copies] as [atoms, copies · components]."""
    return rows.reshape(atoms, -1, copies).transpose(1, 2).flatten(1)


def mixes(product: TensorProduct) -> bool:
    """Return whether a product is one with the scalars of a species: one term of y, 0e, and all paths uvw.

    >>> mixes(TensorProduct("2x1o", "1o", "4x1e", layout="mul_ir"))
    False
    """
    lists = product.product
    scalar = len(lists.irreps2) == 1 and lists.irreps2[0].irrep.twice == 0
    return scalar and bool(lists.paths) and all(path.mode == "uvw" and path.has_weight for path in lists.paths)
