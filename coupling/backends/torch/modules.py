"""The products as modules of torch."""

from __future__ import annotations

import inspect
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from coupling.backends.array_api.programs import program_of
from coupling.backends.bound import Bound, example_shapes, single_of
from coupling.backends.torch.deployment import refuse_scripting, refuse_tracing
from coupling.backends.torch.eager import EagerForm, is_plain
from coupling.backends.torch.functions import apply_product, apply_weighted_product
from coupling.products.calls import KnownCall, KnownCalls
from coupling.products.clebsch_gordan import ClebschGordan as Sparse
from coupling.products.form import KINDS, described
from coupling.products.product import Product
from coupling.products.simulate import named_factors

#: What a constructor takes besides the arguments of the form.
MORE = tuple(
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
    for name, default in (("learn", False), ("device", None), ("dtype", None))
)

#: The types of the arithmetic.
PRECISIONS = torch.float32, torch.float64

TEXT = """Here a module of torch: tensors of any leading axes, weights of a call and their derivatives as in
:mod:`coupling.backends.bound`.  learn: whether the module owns the weights, parameters ``weights`` that begin with
those given or with ones, of a device and dtype.  The arithmetic is float32, or float64 if an input is; inputs of
float16 and bfloat16, as autocast makes them, are converted to float32 first, and the output is rounded once to the
common type of x and y.  So autocast does not lower the precision of the sums."""


class FormModule(nn.Module, Bound):
    """What the modules have in common: ``module(x, y, weights=None)`` on tensors.

    Nothing but the arguments and the parameters decides what a module computes: there are no buffers.  A module that
    is built on the meta device is complete once its parameters are there.
    """

    xp = torch

    def __init__(self, *arguments: Any, learn: bool = False, device: Any = None, dtype: Any = None, **options: Any):
        super().__init__()
        product = self._bind(arguments, options)
        if learn and self._weighs is None:
            raise ValueError(f"{self.kind} has no weights to learn")
        self.program = False  #: whether it is made of operations of torch alone, see :func:`deployable`
        self._calls, self._eager = KnownCalls(), EagerForm(self.form)
        self._names: list[Any] = []
        self.weights: Any = None
        if learn:
            self._start = self._initial(product)
            shapes = [tuple(w.shape) for w in self._start]
            own = [nn.Parameter(torch.empty(shape, device=device, dtype=dtype)) for shape in shapes]
            self.weights = own[0] if self._weighs == "_by_path" else nn.ParameterList(own)
            self.reset_parameters()
        if isinstance(product, Sparse):
            self._groups = _by_output(product)
            self._sizes = (2 * product.paths[:, 2] + 1).tolist()

    def _initial(self, product: Any) -> list[Any]:
        """Return the weights that the module begins with, and keep the names of factors."""
        if self._weighs == "_by_path":
            return [product.weights]
        if self._weighs == "_by_degree":
            return list(product.weights if hasattr(product, "weights") else product.terms[0].weights)
        named = named_factors(self.lmax, product.factors)
        self._names = list(named)
        return [factor for three in named.values() for factor in three]

    def reset_parameters(self) -> None:
        """Set the weights that the module owns to those it began with, as after ``to_empty``."""
        if self.weights is None:
            return
        own = [self.weights] if isinstance(self.weights, nn.Parameter) else self.weights
        with torch.no_grad():
            for parameter, start in zip(own, self._start, strict=True):
                if not parameter.is_meta:
                    parameter.copy_(torch.from_numpy(np.array(start)))

    def extra_repr(self) -> str:
        """Return the degrees and the layout."""
        return f"{', '.join(map(str, self.lmax))}, layout={self.layout!r}"

    def forward(self, x: Tensor, y: Tensor, weights: Any = None) -> Tensor:
        """Return the product of x and y, with weights in the place of its own."""
        own = self._own() if weights is None else weights
        tensors = (x, y) if own is None else (x, y, own)
        if not self.program and (own is None or self._separate) and is_plain(*tensors):
            return self._eagerly(x, y, own)
        refuse_tracing()
        return self._call(x, y, own)

    def _eagerly(self, x: Tensor, y: Tensor, weights: Tensor | None) -> Tensor:
        """Return the product of plain tensors; shapes and types that were valid before are not checked again."""
        key = x.shape, y.shape, x.dtype, y.dtype, None if weights is None else weights.shape
        known = self._calls.get(key)
        if known is None:
            z = self._call(x, y, weights)
            if x.dtype == y.dtype in PRECISIONS and (weights is None or weights.ndim == 1):
                self._calls.remember(key, self._known(x, y))
            return z
        first, second = self._flat(x, 0, known), self._flat(y, 1, known)
        if weights is None:
            z = self._eager.product(first, second)
        else:
            z = self._eager.weighted(first, second, weights.to(x.dtype))
        z = z if known.broadcast[2] == known.flat[2] else z.reshape(known.broadcast[2])
        return z if known.last else z.movedim(-1, -1 - known.axes[2]).contiguous()

    def _known(self, x: Tensor, y: Tensor) -> KnownCall:
        last, leads = self.layout == "channels_last", []
        for value, axes in ((x, self._shapes[0]), (y, self._shapes[1])):
            at = value.ndim - 1 - len(axes)
            leads.append((*value.shape[:at], value.shape[-1 if last else at]))
        *lead, channels = np.broadcast_shapes(*leads)
        return KnownCall.of(self._shapes, tuple(lead), channels, x.dtype, last)

    @staticmethod
    def _flat(value: Tensor, slot: int, known: KnownCall) -> Tensor:
        """Return a feature [batch, entries, channels] with the leading axes and channels of both."""
        wanted = known.broadcast[slot]
        value = value if known.last else value.movedim(-1 - known.axes[slot], -1)
        value = value if value.shape == wanted else value.expand(wanted)
        return value if wanted == known.flat[slot] else value.reshape(known.flat[slot])

    def use_program(self) -> None:
        """Compute by operations of torch alone from now on; see :func:`coupling.backends.torch.deployable`."""
        self.program = True

    def __prepare_scriptable__(self) -> Any:
        """Refuse TorchScript."""
        refuse_scripting(type(self).__name__)

    def _own(self) -> Any:
        """Return the weights that the module owns as a call takes them."""
        if not self._names:
            return self.weights
        own = list(self.weights)
        return {name: own[3 * n : 3 * n + 3] for n, name in enumerate(self._names)}

    def _product(self, form: str, x: Tensor, y: Tensor) -> Tensor:
        if self.program:
            return program_of(form, 0).flat(x, y)
        z = apply_product(_flat(x), _flat(y), form)
        return z.reshape(*x.shape[:-2], *z.shape[-2:])

    def _weighted(self, x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
        if self.program or not self._separate:
            return program_of(self.form, 0).flat(x, y, weights)
        z = apply_weighted_product(_flat(x), _flat(y), weights, self.form)
        return z.reshape(*x.shape[:-2], *z.shape[-2:])

    def _summed(self, separate: Tensor, weights: Tensor) -> Tensor:
        blocks, w = separate.split(self._sizes, -2), weights.unbind(-2)
        nothing = (separate[..., :0, :] * weights[..., :0, :]).sum(-2, keepdim=True)  # zero, and differentiable
        sums = []
        for l, group in enumerate(self._groups):
            block, weight = [blocks[n] for n in group], [w[n] for n in group]
            whole = (torch.stack(block, -3) * torch.stack(weight, -2).unsqueeze(-2)).sum(-3) if group else nothing
            sums.append(whole.expand(*whole.shape[:-2], 2 * l + 1, -1))
        return torch.cat(sums, -2)

    def _cast(self, value: Any, dtype: Any) -> Tensor:
        converted: Tensor = value.to(dtype)
        return converted

    def _like(self, value: Any, other: Tensor) -> Tensor:
        return torch.tensor(value, dtype=other.dtype, device=other.device)

    def _require_floating(self, value: Tensor, slot: int) -> None:
        if not value.is_floating_point():
            raise TypeError(f"input {slot + 1} must be real floating, got {value.dtype}")

    def _output(self, z: Tensor, dtype: torch.dtype) -> Tensor:
        return super()._output(z, dtype).contiguous()


def _flat(x: Tensor) -> Tensor:
    """Return [..., entries, channels] as [batch, entries, channels]."""
    return x.reshape(prod(x.shape[:-2]), *x.shape[-2:])


def _by_output(product: Product) -> list[list[int]]:
    """Return for each degree of the output the paths that lead to it."""
    degrees = product.paths[:, 2].tolist()  # type: ignore[attr-defined]
    return [[n for n, l3 in enumerate(degrees) if l3 == l] for l in range(product.lmax[2] + 1)]


def constructor(kind: str) -> Any:
    """Return the class of the modules of one kind.

    >>> constructor("Gaunt")(1, 1, 2)(torch.ones(5, 4, 3), torch.ones(4, 1)).shape
    torch.Size([5, 9, 3])
    """
    x, y = example_shapes(kind)
    example = f">>> {kind}(2, 1, 2)(torch.ones{x}, torch.ones{y}).shape[0]\n5"
    made = type(kind, (FormModule,), {"kind": kind, **single_of(kind)})
    return described(made, kind, __name__, f"{TEXT}\n\n{example}", MORE)


(
    AntisymmetricGaunt,
    ClebschGordan,
    FactoredProduct,
    FullProduct,
    Gaunt,
    MatrixProduct,
    RoutedProduct,
    Simulation,
    VectorSignal,
) = map(constructor, KINDS)
