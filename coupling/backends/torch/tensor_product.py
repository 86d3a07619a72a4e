"""The tensor product of irreps as a module of torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from coupling.backends.torch.deployment import refuse_scripting, refuse_tracing
from coupling.backends.torch.eager import is_plain
from coupling.backends.torch.tensor_eager import TYPES, EagerTensor
from coupling.portable import Kept
from coupling.products.tensor_product import TensorProduct as Irrepwise


class TensorProduct(nn.Module):
    """The tensor product of features of irreps, :class:`coupling.products.TensorProduct`, as a module of torch.

    Arguments and options are those of that class; ``channelwise``, ``full`` and ``elementwise`` exist here too.
    learn: whether the module owns the weights, a parameter ``weights`` [weight_count] of a device and dtype, which
    begins with random numbers of the normal distribution, as those of e3nn do.  ``module(x, y, weights)`` takes others,
    [weight_count] or [..., weight_count].  The arithmetic is float32, or float64 if an input is; the output has the
    common type of x and y.  Derivatives of any order exist: where a compiler, a transform or a mode looks on, and for
    large tensors, every operation is one of torch; few samples in the memory of the processor go through compiled code.
    With basis "complex", x and y are complex64 or complex128, weights real or complex, all operations torch's, and the
    gradient of a real loss is the direction in which it rises, as everywhere in torch.

    >>> module = TensorProduct("2x0e + 2x1o", "1o", "2x0e + 2x1e", learn=True)
    >>> module(torch.ones(5, 8), torch.ones(3)).shape
    torch.Size([5, 8])
    """

    def __init__(self, *arguments: Any, learn: bool = False, device: Any = None, dtype: Any = None, **options: Any):
        super().__init__()
        self._take(Irrepwise(*arguments, **options), learn, device, dtype)

    def _take(self, product: Irrepwise, learn: bool, device: Any, dtype: Any) -> None:
        self.product = product
        if learn and not product.weight_count:
            raise ValueError(f"{product!r} has no weights to learn")
        self.weights: Any = None
        if learn:
            self.weights = nn.Parameter(torch.empty(product.weight_count, device=device, dtype=dtype))
            self.reset_parameters()
        numbers = [torch.tensor(0.0) if isinstance(c, float) else torch.from_numpy(c) for c in product.constants]
        self._constants = {kind: [c.to(kind) for c in numbers] for kind in (torch.float32, torch.float64)}
        self._elsewhere, self._eager = Kept(), EagerTensor(product)

    @classmethod
    def _of(cls, kind: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> TensorProduct:
        more = [options.pop(name, default) for name, default in (("learn", False), ("device", None), ("dtype", None))]
        module = cls.__new__(cls)
        nn.Module.__init__(module)
        module._take(getattr(Irrepwise, kind)(*arguments, **options), *more)
        return module

    @classmethod
    def channelwise(cls, *arguments: Any, **options: Any) -> TensorProduct:
        """Return the module of :meth:`coupling.products.TensorProduct.channelwise`."""
        return cls._of("channelwise", arguments, options)

    @classmethod
    def full(cls, *arguments: Any, **options: Any) -> TensorProduct:
        """Return the module of :meth:`coupling.products.TensorProduct.full`."""
        return cls._of("full", arguments, options)

    @classmethod
    def elementwise(cls, *arguments: Any, **options: Any) -> TensorProduct:
        """Return the module of :meth:`coupling.products.TensorProduct.elementwise`."""
        return cls._of("elementwise", arguments, options)

    def reset_parameters(self) -> None:
        """Set the weights that the module owns to random numbers of the normal distribution."""
        if self.weights is not None:
            nn.init.normal_(self.weights)

    def extra_repr(self) -> str:
        """Return irreps, and the counts of paths, weights and multiply-adds."""
        return repr(self.product)[len("TensorProduct(") : -1]

    def __prepare_scriptable__(self) -> Any:
        """Refuse TorchScript."""
        refuse_scripting(type(self).__name__)

    def forward(self, x: Tensor, y: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the product of x [..., dim] and y [..., dim], with weights in the place of its own."""
        own = self.weights if weights is None else weights
        plain = self.product.basis == "real" and is_plain(x, y, *(() if own is None else (own,)))
        if plain and x.dtype == y.dtype in TYPES:
            return self._eagerly(x, y, own)
        refuse_tracing()
        return self._traced(x, y, own)

    def _eagerly(self, x: Tensor, y: Tensor, weights: Tensor | None) -> Tensor:
        """Return the product of plain tensors of one type; shapes that were valid before are not checked again."""
        if weights is not None and weights.dtype is not x.dtype:
            weights = weights.to(x.dtype)
        return self._eager.product(x, y, weights)

    def _traced(self, x: Tensor, y: Tensor, own: Tensor | None) -> Tensor:
        real = self.product.basis == "real"
        for slot, value in enumerate((x, y)):
            if not (value.is_floating_point() if real else value.is_complex()):
                wanted = "real floating" if real else "complex"
                raise TypeError(f"input {slot + 1} must be {wanted}, got {value.dtype}")
        common = torch.promote_types(x.dtype, y.dtype)
        dtype = torch.promote_types(common, torch.float32)
        w = None if own is None else own.to(dtype)
        result: Tensor = self.product.evaluate(torch, x.to(dtype), y.to(dtype), w, self._constants_on(x.device, dtype))
        return result.to(common)

    def _constants_on(self, device: torch.device, dtype: torch.dtype) -> list[Any]:
        """Return the constants of the paths, numbers unchanged."""
        if dtype.is_complex:
            return [c if isinstance(c, float) else c.to(dtype) for c in self._constants_on(device, dtype.to_real())]
        tensors = self._constants[dtype]
        if device.type != "cpu" and (device, dtype) in self._elsewhere:
            tensors = self._elsewhere[device, dtype]
        elif device.type != "cpu":
            tensors = [value.to(device) for value in tensors]
            if not torch.compiler.is_compiling():
                self._elsewhere[device, dtype] = tensors
        pairs = zip(self.product.constants, tensors, strict=True)
        return [number if isinstance(number, float) else tensor for number, tensor in pairs]
