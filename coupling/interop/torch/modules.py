"""Modules around the operators: any leading axes, both layouts, broadcasting, low precision, weights of every kind."""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from coupling.conventions import CORE
from coupling.interop.forms import array_form, block_sizes, by_output, form_text, lists, path_list, separate_form
from coupling.interop.torch.functions import apply_product, apply_weighted_product
from coupling.products.product import LAYOUTS
from coupling.selection import degrees, one_of
from coupling.tables import Table


class FormModule(nn.Module):
    """What the modules share: features [..., (lmax+1)², channels], or channels first, to the operators and back.

    Leading axes and channels broadcast.  The arithmetic is float32, or float64 if an input is; inputs of float16 and
    bfloat16, as autocast makes them, are converted to float32 first, and the output is rounded once to the common type
    of x and y.  So autocast does not lower the precision of the sums.

    Nothing but the arguments and the parameters decides what a module computes: there are no buffers.  A module that
    is built on the meta device is complete once its parameters are there.
    """

    def __init__(self, lmax: tuple[object, object, object], kind: str, layout: str, **options: Any) -> None:
        super().__init__()
        l1, l2, l3 = degrees(*lmax)
        self.lmax = l1, l2, l3
        self.layout = one_of(layout, LAYOUTS, "layout")
        self.form = form_text(kind, self.lmax, **options)
        self.sizes = array_form(self.form, 0).sizes

    def extra_repr(self) -> str:
        """Return the degrees and the layout."""
        return f"{', '.join(map(str, self.lmax))}, layout={self.layout!r}"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the product of x and y."""
        dtype, lead, (first, second) = self._inputs(x, y)
        return self._output(apply_product(first, second, self.form), lead, dtype)

    def _inputs(
        self, x: Tensor, y: Tensor, *lanes: tuple[int, ...]
    ) -> tuple[torch.dtype, tuple[int, ...], list[Tensor]]:
        """Return the type of the output, leading axes and channels, and inputs [batch, entries, channels]."""
        dtype = torch.promote_types(x.dtype, y.dtype)
        last = [self._last(value, slot) for slot, value in enumerate((x, y))]
        lead = torch.broadcast_shapes(*((*value.shape[:-2], value.shape[-1]) for value in last), *lanes)
        wide = torch.promote_types(dtype, torch.float32)
        return dtype, tuple(lead), [flat(value.to(wide), tuple(lead)) for value in last]

    def _last(self, value: Tensor, slot: int) -> Tensor:
        axis = -2 if self.layout == "channels_last" else -1
        if not value.is_floating_point():
            raise TypeError(f"input {slot + 1} must be real floating, got {value.dtype}")
        if value.ndim < 2 or value.shape[axis] != self.sizes[slot]:
            shape = tuple(value.shape)
            raise ValueError(f"input {slot + 1} must have {self.sizes[slot]} entries on axis {axis}, got shape {shape}")
        return value if axis == -2 else value.transpose(-1, -2)

    def _output(self, z: Tensor, lead: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        result = z.reshape(*lead[:-1], *z.shape[1:]).to(dtype)
        return result if self.layout == "channels_last" else result.transpose(-1, -2).contiguous()


def flat(value: Tensor, lead: tuple[int, ...]) -> Tensor:
    """Return [..., entries, channels] broadcast to leading axes and channels, as [batch, entries, channels].

    >>> flat(torch.ones(4, 1), (2, 3, 5)).shape
    torch.Size([6, 4, 5])
    """
    entries = value.shape[-2]
    return value.expand(*lead[:-1], entries, lead[-1]).reshape(prod(lead[:-1]), entries, lead[-1])


class ClebschGordan(FormModule):
    """The Clebsch-Gordan product of :class:`coupling.products.ClebschGordan`, with a weight for each path p:

        z[l3 m3] = Σ_p w_p Σ_{m1 m2} C[m1, m2, m3] x[l1 m1] y[l2 m2]        p = (l1, l2, l3)

    ``paths`` [P, 3] are the paths, in lexicographic order.  learn: whether the module owns the weights, a parameter
    [P] of ones at first.  ``module(x, y, weights)`` takes others: [P], shared by all samples and channels, or
    [..., P, channels] (channels_first: [..., channels, P]), which broadcasts with the features, as radial networks make
    them; then every path is formed separately.  All are differentiable.  parity, normalization, table and errors as in
    :class:`coupling.interop.arrays.ClebschGordan`, types as in :class:`FormModule`; device and dtype are those of
    the parameter.

    >>> module = ClebschGordan(2, 2, 2, learn=True)
    >>> x, y = torch.ones(10, 9, 8), torch.ones(10, 9, 8)
    >>> module(x, y).sum().backward()
    >>> module.weights.grad.shape, module(x, y, torch.ones(10, 15, 1)).shape
    (torch.Size([15]), torch.Size([10, 9, 8]))
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        learn: bool = False,
        parity: str = "all",
        normalization: str = CORE,
        table: Table | None = None,
        layout: str = "channels_last",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        options = {"parity": parity, "normalization": normalization}
        super().__init__((lmax_in1, lmax_in2, lmax_out), "ClebschGordan", layout, table=table, **options)
        self.paths = path_list(self.form)
        own = torch.empty(len(self.paths), device=device, dtype=dtype) if learn else None
        self.weights = None if own is None else nn.Parameter(own)
        self.reset_parameters()
        self._separate = separate_form(self.lmax, table, parity, normalization)
        self._sizes, self._groups = block_sizes(self._separate), by_output(self._separate, self.paths)
        self._count = len(self.paths)  # torch.compile makes a tensor of an array that it meets

    def reset_parameters(self) -> None:
        """Set the weights that the module owns to ones, as after ``to_empty``."""
        if self.weights is not None:
            nn.init.ones_(self.weights)

    def forward(self, x: Tensor, y: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the product of x and y."""
        w = self.weights if weights is None else weights
        if w is None:
            return super().forward(x, y)
        if w.ndim > 1:
            return self._weigh(x, y, w)
        dtype, lead, (first, second) = self._inputs(x, y)
        return self._output(apply_weighted_product(first, second, w.to(first.dtype), self.form), lead, dtype)

    def _weigh(self, x: Tensor, y: Tensor, w: Tensor) -> Tensor:
        """Return the product with weights of samples and channels."""
        w = w if self.layout == "channels_last" else w.transpose(-1, -2)
        if w.shape[-2] != self._count:
            axis = -2 if self.layout == "channels_last" else -1
            raise ValueError(f"weights must have {self._count} paths on axis {axis}, got {w.shape[-2]}")
        dtype, lead, (first, second) = self._inputs(x, y, (*w.shape[:-2], w.shape[-1]))
        paths = apply_product(first, second, self._separate)
        return self._output(self._sum(paths, flat(w.to(first.dtype), lead)), lead, dtype)

    def _sum(self, paths: Tensor, w: Tensor) -> Tensor:
        """Return [batch, entries, channels]: the sums of the paths to each degree with weights [batch, P, channels]."""
        blocks, weights = paths.split(self._sizes, 1), w.unbind(1)
        nothing = (paths[:, :0] * w[:, :0]).sum(1, keepdim=True)  # zero, and differentiable like the others
        sums = []
        for l, group in enumerate(self._groups):
            block, weight = [blocks[n] for n, _ in group], [weights[n] for _, n in group]
            whole = (torch.stack(block, 1) * torch.stack(weight, 1).unsqueeze(2)).sum(1) if group else nothing
            sums.append(whole.expand(-1, 2 * l + 1, -1))
        return torch.cat(sums, 1)


class FullProduct(FormModule):
    """The product of :class:`coupling.products.FullProduct`, every path an output of its own.

    Arguments and output as there and in :class:`coupling.interop.arrays.FullProduct`, types as in :class:`FormModule`.

    >>> module = FullProduct(1, 1, 1)
    >>> module(torch.ones(4, 1), torch.ones(4, 1)).shape, module.offsets.tolist()
    (torch.Size([11, 1]), [0, 1, 4, 7, 8, 11])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        parity: str = "all",
        normalization: str = CORE,
        table: Table | None = None,
        layout: str = "channels_last",
    ) -> None:
        options = {"parity": parity, "normalization": normalization}
        super().__init__((lmax_in1, lmax_in2, lmax_out), "FullProduct", layout, table=table, **options)
        form: Any = array_form(self.form, 0)
        self.paths, self.offsets = form.paths, form.offsets


class Gaunt(FormModule):
    """The Gaunt product of :class:`coupling.products.Gaunt`; types as in :class:`FormModule`.

    weights: three lists of lmax+1 numbers, one per degree, constant; to learn them, multiply features by them.

    >>> Gaunt(1, 1, 2)(torch.ones(5, 4, 3), torch.ones(4, 1)).shape
    torch.Size([5, 9, 3])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        weights: Any = None,
        layout: str = "channels_last",
    ) -> None:
        super().__init__((lmax_in1, lmax_in2, lmax_out), "Gaunt", layout, weights=lists(weights))


class AntisymmetricGaunt(FormModule):
    """The bracket of :class:`coupling.products.AntisymmetricGaunt`; arguments as for :class:`Gaunt`.

    >>> x = torch.randn(5, 9, 3)
    >>> bool((AntisymmetricGaunt(2, 2, 2)(x, x) == 0).all())
    True
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        weights: Any = None,
        layout: str = "channels_last",
    ) -> None:
        super().__init__((lmax_in1, lmax_in2, lmax_out), "AntisymmetricGaunt", layout, weights=lists(weights))


class MatrixProduct(FormModule):
    """The product of :class:`coupling.products.MatrixProduct`; spin as there, other arguments as for :class:`Gaunt`.

    >>> MatrixProduct(2, 2, 2)(torch.ones(5, 9, 3), torch.ones(9, 3)).shape
    torch.Size([5, 9, 3])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        spin: float | None = None,
        weights: Any = None,
        layout: str = "channels_last",
    ) -> None:
        lmax = lmax_in1, lmax_in2, lmax_out
        super().__init__(lmax, "MatrixProduct", layout, spin=spin, weights=lists(weights))
