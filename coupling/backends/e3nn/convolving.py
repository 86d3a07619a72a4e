"""Products of message passing in a model: features of neighbours times harmonics, weighted, and added up."""

from __future__ import annotations

from torch import Tensor

from coupling.backends.torch.tensor_product import TensorProduct


class Gathered:
    """A product whose messages are formed and then added up: what does not fit the one pass over edges.

    >>> import torch
    >>> product = TensorProduct.channelwise("2x0e", 1, layout="mul_ir")
    >>> edges = torch.tensor([0, 0, 1])
    >>> Gathered(product)(torch.ones(2, 2), torch.ones(3, 4), torch.ones(3, 4), edges, edges.flip(0))[:, 0]
    tensor([2., 1.])
    """

    def __init__(self, product: TensorProduct) -> None:
        self.product = product

    def __call__(self, x: Tensor, y: Tensor, weights: Tensor, senders: Tensor, receivers: Tensor) -> Tensor:
        """Return the sums over edges, a row for each row of x."""
        messages = self.product(x[senders], y, weights)
        return messages.new_zeros((x.shape[0], messages.shape[-1])).index_add(0, receivers, messages)
