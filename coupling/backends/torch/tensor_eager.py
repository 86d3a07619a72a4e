"""The tensor product of plain tensors: one function of autograd around compiled code, closed under derivative.

T(x, y, w, z) = Σ z · product(x, y, w) is linear in each of its four slots.  The product is ∂T/∂z, its gradients are
∂T/∂x, ∂T/∂y and ∂T/∂w, and every derivative of one of these is another with a cotangent in the place of a slot.  Where
a compiler, a transform or a mode looks on, the same is made of operations of torch; see
:mod:`coupling.backends.torch.eager`.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from coupling.backends.torch.eager import is_plain
from coupling.products.calls import KnownCalls
from coupling.products.tensor_product import TensorProduct

#: Of the types of torch that the kernels have, those of numpy.
TYPES = {torch.float32: "float32", torch.float64: "float64"}


class Samples(NamedTuple):
    """The leading axes of all tensors, their number of samples, and the shapes of the four slots: [n] or [batch, n]."""

    lead: tuple[int, ...]
    batch: int
    shapes: tuple[tuple[int, ...], ...]
    steps: tuple[int, ...]

    @classmethod
    def of(cls, shapes: tuple[Any, ...], dim: int) -> Samples:
        """Return the samples of tensors [..., n] whose leading axes broadcast; those without axes are shared.

        >>> Samples.of(((2, 1, 4), (3, 5), (7,)), 9)
        Samples(lead=(2, 3), batch=6, shapes=((6, 4), (6, 5), (7,), (6, 9)), steps=(4, 5, 0, 9))
        """
        lead = tuple(torch.broadcast_shapes(*(shape[:-1] for shape in shapes)))
        batch = prod(lead)
        flat = [(shape[0],) if len(shape) == 1 else (batch, shape[-1]) for shape in shapes]
        steps = [0 if len(shape) == 1 else shape[-1] for shape in shapes]
        return cls(lead, batch, (*flat, (batch, dim)), (*steps, dim))

    def flat(self, value: Tensor, slot: int) -> Tensor:
        """Return a tensor with its samples on one axis, or a shared one as it is."""
        wanted = self.shapes[slot]
        if value.shape == wanted:
            return value
        return value.expand(*self.lead, wanted[-1]).reshape(wanted)


class EagerTensor:
    """A tensor product on plain tensors of one type that fit it; what follows from their shapes is kept.

    >>> one = EagerTensor(TensorProduct.full("1o", "1o", "0e"))
    >>> one.product(torch.ones(2, 3), torch.ones(3), None)
    tensor([[1.7321],
            [1.7321]])
    """

    def __init__(self, product: TensorProduct) -> None:
        self.form, self._known = product, KnownCalls()

    def constants(self, like: Tensor) -> list[Any]:
        """Return the constants of the product as tensors of the type of another, numbers as they are."""
        return [c if isinstance(c, float) else torch.from_numpy(c).to(like) for c in self.form.constants]

    def product(self, x: Tensor, y: Tensor, weights: Tensor | None) -> Tensor:
        """Return the product of tensors that are known to be plain; shapes that were valid before are not checked."""
        w = x.new_empty(0) if weights is None else weights
        key = x.shape, y.shape, w.shape
        samples = self._known.get(key)
        if samples is None:
            self.form.check(x, y, weights)
            samples = self._known.remember(key, Samples.of(key, self.form.irreps_out.dim))
        flat = samples.flat(x, 0), samples.flat(y, 1), samples.flat(w, 2)
        if torch.is_grad_enabled() and (x.requires_grad or y.requires_grad or w.requires_grad):
            z: Tensor = _Slot.apply(self, 3, samples, *flat)
        else:
            z = self.compute(3, samples, flat)
        return z if z.shape[:-1] == samples.lead else z.reshape(*samples.lead, z.shape[-1])

    def slot(self, slot: int, samples: Samples, others: tuple[Tensor, ...]) -> Tensor:
        """Return the derivative of T in a slot; others are what is in the three others, in their order."""
        if not is_plain(*others):
            return self.traced(slot, samples, others)
        if torch.is_grad_enabled() and any(value.requires_grad for value in others):
            result: Tensor = _Slot.apply(self, slot, samples, *others)
            return result
        return self.compute(slot, samples, others)

    def compute(self, slot: int, samples: Samples, others: tuple[Tensor, ...]) -> Tensor:
        """Return the numbers of a slot, by the kernel."""
        out = torch.zeros(samples.shapes[slot], dtype=others[0].dtype)
        arrays = [_numbers(value) for value in others]
        arrays.insert(slot, _numbers(out))
        compiled = self.form.compiled(arrays[0].dtype)
        compiled.run(slot, tuple(arrays), samples.steps, samples.batch)
        return out

    def gradients(self, samples: Samples, tensors: tuple[Tensor, ...], needs: tuple[bool, ...]) -> list[Tensor | None]:
        """Return the numbers of the needed gradients in x, y and weights, by one kernel; tensors are x, y, w and z."""
        arrays = tuple(_numbers(value) for value in tensors)
        found = [
            torch.zeros(samples.shapes[n], dtype=tensors[0].dtype) if needed else None for n, needed in enumerate(needs)
        ]
        written = tuple(arrays[n] if out is None else _numbers(out) for n, out in enumerate(found))
        wanted = sum(1 << n for n, needed in enumerate(needs) if needed)
        self.form.compiled(arrays[0].dtype).gradients(arrays, written, wanted, samples.steps, samples.batch)
        return found

    def traced(self, slot: int, samples: Samples, others: tuple[Tensor, ...]) -> Tensor:
        """Return the same by operations of torch."""

        def run(*given: Tensor) -> Tensor:
            x, y, w = given
            z: Tensor = self.form.evaluate(torch, x, y, w, self.constants(x))
            return z if len(z.shape) == 2 else z.expand(samples.shapes[3])

        if slot == 3:
            return run(*others)
        rest, z = list(others[:2]), others[2]
        start = torch.zeros(samples.shapes[slot], dtype=z.dtype, device=z.device)
        _, pull = torch.func.vjp(lambda value: run(*rest[:slot], value, *rest[slot:]), start)
        found: Tensor = pull(z)[0]
        return found


def _numbers(value: Tensor) -> Any:
    """Return the numbers of a plain tensor, flat; a view where they are contiguous."""
    return value.detach().numpy().reshape(-1)


class _Slot(Function):
    @staticmethod
    def forward(ctx: Any, form: EagerTensor, slot: int, samples: Samples, *others: Tensor) -> Tensor:
        ctx.save_for_backward(*others)
        ctx.constants = form, slot, samples
        return form.compute(slot, samples, others)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        form, slot, samples = ctx.constants
        if slot == 3 and not torch.is_grad_enabled() and is_plain(g, *ctx.saved_tensors):
            return None, None, None, *form.gradients(samples, (*ctx.saved_tensors, g), ctx.needs_input_grad[3:])
        whole = list(ctx.saved_tensors)
        whole.insert(slot, g)
        slots = [n for n in range(4) if n != slot]
        found = [
            form.slot(n, samples, (*whole[:n], *whole[n + 1 :])) if needed else None
            for n, needed in zip(slots, ctx.needs_input_grad[3:], strict=True)
        ]
        return None, None, None, *found
