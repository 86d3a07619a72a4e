"""Products of message passing in a model: features of neighbours times harmonics, weighted, and added up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coupling.backends.e3nn.reordered import Reordered
from coupling.backends.torch.convolution import Convolution
from coupling.backends.torch.tensor_product import TensorProduct
from coupling.foreign import named
from coupling.irreps import Irreps
from coupling.products.instructions import TensorPath


class Gathered(nn.Module):
    """A product whose messages are formed and then added up: what does not fit one pass over the edges.

    >>> product = TensorProduct.channelwise("2x0e", 1, layout="mul_ir")
    >>> edges = torch.tensor([0, 0, 1])
    >>> Gathered(product)(torch.ones(2, 2), torch.ones(3, 4), torch.ones(3, 4), edges, edges.flip(0))[:, 0]
    tensor([2., 1.])
    """

    def __init__(self, product: TensorProduct) -> None:
        super().__init__()
        self.product = product

    def forward(self, x: Tensor, y: Tensor, weights: Tensor, senders: Tensor, receivers: Tensor) -> Tensor:
        """Return the sums over edges, a row for each row of x."""
        messages = self.product(x[senders], y, weights)
        return messages.new_zeros((x.shape[0], messages.shape[-1])).index_add(0, receivers, messages)


class Fused(nn.Module):
    """A product of message passing in one pass over the edges: a convolution for each multiplicity of x.

    Features are in the layout mul_ir; weights have the order of the paths.  :func:`fits` says for which products.

    >>> product = TensorProduct.channelwise("2x0e + 3x1o", 1, layout="mul_ir")
    >>> edges = torch.tensor([0, 0, 1])
    >>> given = torch.ones(2, 11), torch.ones(3, 4), torch.ones(3, product.product.weight_count), edges, edges.flip(0)
    >>> fits(product), bool((Fused(product)(*given) - Gathered(product)(*given)).abs().max() < 1e-6)
    (True, True)
    """

    def __init__(self, product: TensorProduct) -> None:
        super().__init__()
        lists, paths = product.product, product.product.paths
        self.channels = list(dict.fromkeys(path.copies["u"] for path in paths))
        self.members = [[n for n, path in enumerate(paths) if path.copies["u"] == c] for c in self.channels]
        self.sizes = [path.copies["u"] for path in paths]
        read, written, made = [], [], []
        self.entries: list[int] = []
        for members in self.members:
            places = sorted({paths[n].places[0] for n in members})
            made.append(_convolution(lists.irreps1, places, [paths[n] for n in members], lists))
            read += [_channels_last(lists.irreps1, place) for place in places]
            written += [_channels_last(lists.irreps_out, paths[n].places[2]) for n in members]
            self.entries.append(sum(lists.irreps1[place].dim for place in places))
        self.convolutions = made
        used = np.concatenate(read)
        rest = np.setdiff1d(np.arange(lists.irreps1.dim), used)
        self.given = Reordered(np.concatenate([used, rest]))
        self.taken = Reordered(np.argsort(np.concatenate(written)))

    def forward(self, x: Tensor, y: Tensor, weights: Tensor, senders: Tensor, receivers: Tensor) -> Tensor:
        """Return the sums over edges, a row for each row of x."""
        features = self.given(x).split([*self.entries, x.shape[-1] - sum(self.entries)], -1)
        found = []
        for n, conv in enumerate(self.convolutions):
            a = features[n].reshape(x.shape[0], -1, self.channels[n])
            w = self._weights(weights, n).reshape(-1, len(self.members[n]), self.channels[n])
            found.append(conv(a, y, w, senders, receivers).flatten(1))
        return self.taken(torch.cat(found, -1) if len(found) > 1 else found[0])

    def _weights(self, weights: Tensor, group: int) -> Tensor:
        if len(self.members) == 1:
            return weights
        parts = weights.split(self.sizes, -1)
        return torch.cat([parts[n] for n in self.members[group]], -1)


def _channels_last(irreps: Irreps, place: int) -> NDArray[np.int64]:
    """Return where the entries of a term stand in the layout mul_ir, in the order orders first, channels last."""
    (mul, irrep), where = irreps[place], irreps.slices[place]
    return np.arange(where.start, where.stop).reshape(mul, irrep.dim).T.ravel()


def _convolution(irreps1: Irreps, places: Sequence[int], paths: Sequence[TensorPath], lists: Any) -> Convolution:
    """Return the convolution of the paths from some terms of x, all of one multiplicity."""
    sign = named(lists.convention).sign
    names = [
        (irreps1[i].irrep.name, path.degrees[1], lists.irreps_out[k].irrep.name)
        for path in paths
        for i, _, k in [path.places]
    ]
    outputs = dict.fromkeys(lists.irreps_out[path.places[2]] for path in paths)
    factors = [path.coefficient * sign(*path.degrees) for path in paths]
    lmax = int(lists.irreps2.lmax)
    given = [irreps1[place] for place in places]
    return Convolution(given, lmax, list(outputs), paths=names, separate=True, path_weights=factors)


def fits(product: TensorProduct) -> bool:
    """Return whether a product is that of message passing as :class:`Fused` has it.

    All paths have mode uvu and weights, the second list is that of harmonics 0e + 1o + … once each, the terms of x
    differ, every output has one path, and paths differ.

    >>> fits(TensorProduct("2x0e", "0e", "2x0e", layout="mul_ir"))
    False
    """
    lists, paths = product.product, product.product.paths
    if not paths or any(path.mode != "uvu" or not path.has_weight for path in paths):
        return False
    harmonics = lists.irreps2 == Irreps(int(lists.irreps2.lmax))
    distinct = len({term.irrep for term in lists.irreps1}) == len(lists.irreps1)
    outputs = sorted(path.places[2] for path in paths) == list(range(len(lists.irreps_out)))
    ends = {(path.places[:2], lists.irreps_out[path.places[2]].irrep) for path in paths}
    return harmonics and distinct and outputs and len(ends) == len(paths)
