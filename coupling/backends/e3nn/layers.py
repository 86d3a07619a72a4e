"""Linear layers of irreps, and networks of scalars, of e3nn with fewer operations on features; the numbers stay."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod, sqrt
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from coupling.backends.e3nn.reading import Unread, agree
from coupling.backends.e3nn.replacements import Replacement
from coupling.irreps import Irreps

LINEAR = ("irreps_in", "irreps_out", "instructions", "weight_numel", "bias_numel")


class Linear(NamedTuple):
    """A linear layer: each instruction mixes the copies of a term, and what goes to one term is added.

    The features are taken apart once and put together once, in both directions.  Factors are those of
    sums: rounded into the weights they would cost accuracy.

    >>> layer = Linear([2, 3], [2, 3], [(0, 0, (2, 2), 1.0), (1, 1, (1, 1), 0.5)], [2, 1])
    >>> layer(torch.ones(1, 5), torch.ones(5))
    tensor([[2.0000, 2.0000, 0.5000, 0.5000, 0.5000]])
    """

    sizes: list[int]
    written: list[int]
    paths: list[tuple[int, int, tuple[int, ...], float]]
    copies: list[int]

    def __call__(self, x: Tensor, weight: Tensor) -> Tensor:
        """Return the features [..., dim], both in the layout mul_ir."""
        flat = x.reshape(-1, x.shape[-1])
        parts = flat.split(self.sizes, -1)
        rows: dict[int, Tensor] = {}
        sums: list[Tensor | None] = [None] * len(self.written)
        for (i, k, shape, factor), own in zip(self.paths, weight.split([prod(p[2]) for p in self.paths]), strict=True):
            if i not in rows:
                rows[i] = parts[i].reshape(flat.shape[0], shape[0], -1).transpose(1, 2).reshape(-1, shape[0])
            matrix, before = own.reshape(shape), sums[k]
            if before is None:
                sums[k] = (rows[i] @ matrix) * factor
            else:
                sums[k] = torch.addmm(before, rows[i], matrix, alpha=factor)
        blocks = [
            flat.new_zeros((flat.shape[0], size)) if found is None else _mul_ir(found, flat.shape[0], mul)
            for found, size, mul in zip(sums, self.written, self.copies, strict=True)
        ]
        return torch.cat(blocks, -1).reshape(*x.shape[:-1], -1)


def _mul_ir(rows: Tensor, samples: int, copies: int) -> Tensor:
    return rows.reshape(samples, -1, copies).transpose(1, 2).flatten(1)


class Dense(NamedTuple):
    """A network of scalars: matrices between which every number goes through silu; constants are in the matrices.

    >>> Dense([1.0, 2.0])(torch.zeros(3, 1), [torch.ones(1, 2), torch.ones(2, 4)]).shape
    torch.Size([3, 4])
    """

    factors: list[float]

    def __call__(self, x: Tensor, weights: Iterable[Tensor]) -> Tensor:
        """Return the outputs [..., n]."""
        first, *others = (weight * factor for weight, factor in zip(weights, self.factors, strict=True))
        x = x @ first
        for weight in others:
            x = nn.functional.silu(x) @ weight
        return x


class LinearReplacement(Replacement):
    """A linear layer of e3nn; weights that are given in the call go to the original.

    >>> LinearReplacement.__mro__[1].__name__
    'Replacement'
    """

    def __init__(self, original: nn.Module, linear: Linear) -> None:
        super().__init__(original)
        self.__dict__["linear"] = linear

    def forward(self, features: Tensor, weight: Any = None, bias: Any = None) -> Tensor:
        """Return the features mixed."""
        given = weight is not None or bias is not None
        result: Tensor = self.original(features, weight, bias) if given else self.linear(features, self.weight)
        return result


class DenseReplacement(Replacement):
    """A network of scalars of e3nn.

    >>> DenseReplacement.__mro__[1].__name__
    'Replacement'
    """

    def __init__(self, original: nn.Module, dense: Dense) -> None:
        super().__init__(original)
        self.__dict__["dense"] = dense

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs."""
        return self.dense(x, [layer.weight for layer in self.children()])


def is_linear(module: nn.Module) -> bool:
    """Return whether a module is a linear layer of irreps.

    >>> is_linear(nn.Linear(1, 1))
    False
    """
    return all(hasattr(module, name) for name in LINEAR) and not hasattr(module, "irreps_in1")


def read_linear(module: Any) -> Linear | Unread:
    """Return what a linear layer computes, or why it stays.

    >>> from e3nn import o3
    >>> read_linear(o3.Linear("4x0e + 1o", "3x0e + 1o")).paths
    [(0, 0, (4, 3), 0.5), (1, 1, (1, 1), 1.0)]
    """
    weight = getattr(module, "weight", None)
    if module.bias_numel or not isinstance(weight, nn.Parameter) or weight.ndim != 1 or not module.instructions:
        return Unread("no weights of its own that are shared, or biases")
    before, after = (Irreps(str(irreps)) for irreps in (module.irreps_in, module.irreps_out))
    paths = [(i.i_in, i.i_out, tuple(i.path_shape), float(i.path_weight)) for i in module.instructions]
    if any(i < 0 or 0 in shape for i, _, shape, _ in paths):
        return Unread("biases, or terms without copies")
    made = Linear([t.dim for t in before], [t.dim for t in after], paths, [t.mul for t in after])
    x = torch.randn(3, before.dim, generator=torch.Generator().manual_seed(0), dtype=weight.dtype).to(weight.device)
    return made if agree(made(x, weight), module(x)) else Unread("its values are not those of its instructions")


def is_dense(module: nn.Module) -> bool:
    """Return whether a module is a network of scalars of e3nn.

    >>> is_dense(nn.Linear(1, 1))
    False
    """
    layers = list(module.children())
    names = ("weight", "act", "h_in", "var_in", "var_out")
    return hasattr(module, "hs") and len(layers) > 1 and all(hasattr(one, name) for one in layers for name in names)


def read_dense(module: Any) -> Dense | Unread:
    """Return what a network computes, or why it stays.

    >>> from e3nn import nn as networks
    >>> [round(factor, 3) for factor in read_dense(networks.FullyConnectedNet([4, 8, 2], nn.functional.silu)).factors]
    [0.5, 0.594]
    """
    layers = list(module.children())
    *inner, last = [one.act for one in layers]
    if last is not None or any(getattr(act, "f", None) is not nn.functional.silu for act in inner):
        return Unread("another activation than silu")
    sizes = [sqrt(one.h_in * one.var_in) for one in layers]
    given = [
        1.0,
        *((1.0 if act._is_id else act.cst) * sqrt(one.var_out) for act, one in zip(inner, layers, strict=False)),
    ]
    factors = [scale / size for scale, size in zip(given, sizes, strict=True)]
    factors[-1] *= sqrt(layers[-1].var_out)
    made, like = Dense(factors), layers[0].weight
    x = torch.randn(3, layers[0].weight.shape[0], generator=torch.Generator().manual_seed(0), dtype=like.dtype)
    x = x.to(like.device)
    return (
        made
        if agree(made(x, [one.weight for one in layers]), module(x))
        else Unread("its values are not those of its layers")
    )


def replaced_network(module: nn.Module) -> nn.Module:
    """Return what replaces a network, or the network itself.

    >>> replaced_network(nn.Linear(1, 1))
    Linear(in_features=1, out_features=1, bias=True)
    """
    made = read_dense(module) if is_dense(module) else Unread("")
    return module if isinstance(made, Unread) else DenseReplacement(module, made)
