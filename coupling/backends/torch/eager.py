"""Products outside of compilers and transforms: one function of autograd, and nothing between it and the kernel.

An operator of ``torch.library`` and a function with a rule for ``vmap`` cost tens of microseconds in every call.  Where
tensors are plain ones in the memory of the processor, and neither a compiler, nor a transform of ``torch.func``, nor a
mode, nor forward differentiation looks on, the kernel is called as it is.  Every gradient is such a product again; what
autograd hands to it decides anew, so batched gradients and compiled autograd find the operators.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function, forward_ad

from coupling.backends.torch.functions import apply_product, apply_weight_gradient, apply_weighted_product
from coupling.backends.torch.operators import NUMBERS_PER_THREAD, in_order
from coupling.portable import Kept
from coupling.products.form import read_form

#: The types of tensors that may be plain.
PLAIN = (Tensor, nn.Parameter)

#: Whether a tensor is one of many that ``is_grads_batched`` hands to the rules of autograd: nothing else shows it.
_is_of_a_batch: Any = torch._C._functorch.is_legacy_batchedtensor


def is_plain(*tensors: Tensor) -> bool:
    """Return whether nothing looks on, and tensors are dense ones of the processor that fit one thread.

    >>> is_plain(torch.ones(2)), is_plain(torch.ones(2, device="meta"))
    (True, False)
    """
    functorch: Any = torch._C
    if (
        torch.compiler.is_compiling()
        or functorch._are_functorch_transforms_active()
        or functorch._len_torch_dispatch_stack()
        or functorch._len_torch_function_stack()
        or forward_ad._current_level >= 0
        or functorch._get_tracing_state() is not None
    ):
        return False
    for value in tensors:
        if type(value) not in PLAIN or not value.is_cpu or value.layout is not torch.strided or value.is_neg():
            return False
        if value.numel() >= NUMBERS_PER_THREAD or _is_of_a_batch(value):
            return False
    return True


class EagerForm:
    """A form with its three turns, called on plain tensors [batch, entries, channels] of one type that fit it.

    >>> from coupling.products.form import Form
    >>> one = EagerForm(Form.of("ClebschGordan", 1, 1, 0).text)
    >>> one.product(torch.ones(1, 4, 1), torch.ones(1, 4, 1))
    tensor([[[2.7321]]])
    """

    def __init__(self, form: str) -> None:
        self.form, self._products = form, Kept()

    def _turned(self, turns: int) -> tuple[Any, int]:
        """Return the product whose slots are turned, and the number of entries of its output."""
        if turns not in self._products:
            one = read_form(self.form, turns).product()
            self._products[turns] = one, one.sizes[2]
        found: tuple[Any, int] = self._products[turns]
        return found

    def product(self, x: Tensor, y: Tensor, turns: int = 0) -> Tensor:
        """Return the product of the form whose slots are turned."""
        if not is_plain(x, y):
            return apply_product(x, y, self.form, turns)
        if torch.is_grad_enabled() and (x.requires_grad or y.requires_grad):
            result: Tensor = _Product.apply(x, y, self, turns)
            return result
        return self.compute(x, y, turns)

    def compute(self, x: Tensor, y: Tensor, turns: int, weights: Tensor | None = None) -> Tensor:
        """Return the numbers of the product, or of the product with weights [P]."""
        one, size = self._turned(turns)
        out = torch.empty((x.shape[0], size, x.shape[2]), dtype=x.dtype)
        arrays = x.detach().contiguous().numpy(), y.detach().contiguous().numpy(), out.numpy()
        one._compute(*arrays) if weights is None else one.compute_weighted(
            *arrays, weights.detach().contiguous().numpy()
        )
        return out

    def weighted(self, x: Tensor, y: Tensor, weights: Tensor, turns: int = 0) -> Tensor:
        """Return the product with weights [P] of paths."""
        if not is_plain(x, y, weights):
            return apply_weighted_product(x, y, weights, self.form, turns)
        if torch.is_grad_enabled() and (x.requires_grad or y.requires_grad or weights.requires_grad):
            result: Tensor = _WeightedProduct.apply(x, y, weights, self, turns)
            return result
        return self.compute(x, y, turns, weights)

    def weight_gradient(self, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
        """Return the gradient [P] of Σ z · weighted(x, y, w) in w."""
        if not is_plain(x, y, z):
            return apply_weight_gradient(x, y, z, self.form)
        if torch.is_grad_enabled() and (x.requires_grad or y.requires_grad or z.requires_grad):
            result: Tensor = _WeightGradient.apply(x, y, z, self)
            return result
        return self.sum_gradient(x, y, z)

    def sum_gradient(self, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
        """Return the numbers of the gradient in the weights."""
        arrays = (value.detach().contiguous().numpy() for value in (x, y, z))
        return torch.from_numpy(self._turned(0)[0].sum_weight_gradient(*arrays)).to(x.dtype)


class _Product(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, form: EagerForm, turns: int) -> Tensor:
        ctx.save_for_backward(x, y)
        ctx.constants = form, turns
        return form.compute(x, y, turns)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        (x, y), (form, t), needs = ctx.saved_tensors, ctx.constants, ctx.needs_input_grad
        in_x = form.product(y, g, (t + 1) % 3) if needs[0] else None
        in_y = form.product(g, x, (t + 2) % 3) if needs[1] else None
        return in_x, in_y, None, None


class _WeightedProduct(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, weights: Tensor, form: EagerForm, turns: int) -> Tensor:
        ctx.save_for_backward(x, y, weights)
        ctx.constants = form, turns
        return form.compute(x, y, turns, weights)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        (x, y, w), (form, t), needs = ctx.saved_tensors, ctx.constants, ctx.needs_input_grad
        in_x = form.weighted(y, g, w, (t + 1) % 3) if needs[0] else None
        in_y = form.weighted(g, x, w, (t + 2) % 3) if needs[1] else None
        in_w = form.weight_gradient(*in_order(x, y, g, t)) if needs[2] else None
        return in_x, in_y, in_w, None, None


class _WeightGradient(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, z: Tensor, form: EagerForm) -> Tensor:
        ctx.save_for_backward(x, y, z)
        ctx.form = form
        return form.sum_gradient(x, y, z)

    @staticmethod
    def backward(ctx: Any, h: Tensor) -> tuple[Any, ...]:
        x, y, z = ctx.saved_tensors
        pairs = zip(((y, z, 1), (z, x, 2), (x, y, 0)), ctx.needs_input_grad, strict=False)
        return *(ctx.form.weighted(a, b, h, t) if n else None for (a, b, t), n in pairs), None
