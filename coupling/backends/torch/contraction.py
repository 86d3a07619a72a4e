"""Symmetric contractions as modules of torch."""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from coupling.backends.array_api.contraction import contract_arrays, merge_arrays
from coupling.backends.torch.contraction_operators import contract, contract_weights
from coupling.backends.torch.deployment import refuse_scripting, refuse_tracing
from coupling.integers import count
from coupling.products.contraction_plan import ContractionPlan, register_plan
from coupling.products.symmetric_contraction import SymmetricContraction as Contraction

Weights = Any


class SymmetricContraction(nn.Module):
    """The contraction of :class:`coupling.products.SymmetricContraction` on tensors.

    bases, slots, layout: as there.  learn=True: the module owns the weights, parameters ``weights`` [species, paths,
    channels], one for each basis, standard normal over the number of paths; ``species`` and ``channels`` are their
    numbers.  Otherwise ``module(A, weights, species)`` takes them in the call.

    On the processor the operators are compiled kernels, with derivatives in A and in the weights to second order by
    kernels and beyond by torch; they work under torch.compile.  On other devices, inside transforms of ``torch.func``,
    and with ``program=True``, everything is an array program of torch's own functions.  The arithmetic is
    float32, or float64 if A or weights are; float16 and bfloat16 are converted to float32 first, and the output is
    rounded once to the type of A.

    >>> from coupling.manybody import basis
    >>> module = SymmetricContraction([basis(3, n, l) for l in (0, 1) for n in (1, 2, 3)], learn=True, channels=8)
    >>> module(torch.ones(5, 16, 8)).shape
    torch.Size([5, 4, 8])
    """

    def __init__(
        self,
        bases: Any,
        *,
        slots: str = "same",
        layout: str = "channels_last",
        learn: bool = False,
        species: int = 1,
        channels: int | None = None,
        program: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        made = bases if isinstance(bases, Contraction) else Contraction(bases, slots=slots, layout=layout)
        self.contraction, self.layout, self.slots, self.program = made, made.layout, made.slots, bool(program)
        self.paths, self.outputs, self.name = made.paths, made.outputs, register_plan(made.plan)
        self.weights: Any = None
        if learn:
            sizes = [(count(species, "species"), paths, count(channels, "channels")) for paths in self.paths]
            own = [nn.Parameter(torch.empty(size, device=device, dtype=dtype)) for size in sizes]
            self.weights = nn.ParameterList(own)
            self.reset_parameters()

    @classmethod
    def from_tensors(
        cls,
        tensors: Any,
        *,
        tolerance: float | None = None,
        slots: str = "same",
        layout: str = "channels_last",
        **options: Any,
    ) -> SymmetricContraction:
        """Return the module of dense tensors U, such as the buffers of a model; see the class in numpy.

        >>> U = torch.eye(4)[None, ..., None]
        >>> SymmetricContraction.from_tensors([("0e", U)])(torch.ones(2, 4, 1), torch.ones(1, 1))
        tensor([[[4.]],
        <BLANKLINE>
                [[4.]]])
        """
        arrays = [(output, u.detach().cpu().numpy() if isinstance(u, Tensor) else u) for output, u in tensors]
        return cls(Contraction.from_tensors(arrays, tolerance=tolerance, slots=slots, layout=layout), **options)

    def reset_parameters(self) -> None:
        """Set the weights that the module owns to new ones."""
        for parameter in self.weights if self.weights is not None else ():
            if not parameter.is_meta:
                with torch.no_grad():
                    parameter.normal_().div_(max(1, parameter.shape[1]))

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.name = register_plan(self.contraction.plan)

    def extra_repr(self) -> str:
        """Return outputs, paths and layout."""
        outputs = " + ".join(name for name, _ in self.outputs)
        return f"{outputs}, paths={self.paths}, layout={self.layout!r}"

    def use_program(self) -> None:
        """Compute by operations of torch alone from now on; see :func:`coupling.backends.torch.deployable`."""
        self.program = True

    def __prepare_scriptable__(self) -> Any:
        """Refuse TorchScript."""
        refuse_scripting(type(self).__name__)

    @property
    def plan(self) -> ContractionPlan:
        """What is computed."""
        return self.contraction.plan

    def merge(self, weights: Weights = None) -> Tensor:
        """Return coefficients [species, terms, channels], which ``forward`` takes as ``coefficients``.

        Where weights stay and get no gradient, this is done once.
        """
        own = self.weights if weights is None else weights
        if own is None:
            raise TypeError("the module owns no weights: give them in the call, or learn=True")
        given = [own] if isinstance(own, Tensor) else list(own)
        shapes = [tuple(w.shape) for w in given]
        wanted = [(*shapes[0][:-2], paths, shapes[0][-1]) for paths in self.paths] if shapes else []
        if shapes != wanted or len(shapes[0]) not in (2, 3):
            raise ValueError(f"weights must be [species, paths, channels] with paths {self.paths}, got {shapes}")
        joined = torch.cat(given, -2)
        joined = joined if joined.ndim == 3 else joined[None]
        joined = joined.to(torch.promote_types(joined.dtype, torch.float32))
        return merge_arrays(self.plan, joined) if self._by_program(joined) else contract_weights(joined, self.name)

    def forward(
        self,
        features: Tensor | list[Tensor],
        weights: Weights = None,
        species: Tensor | None = None,
        *,
        coefficients: Tensor | None = None,
    ) -> Tensor:
        """Return B [..., rows, channels] of A, or [..., channels, rows]; species [...]: integers."""
        refuse_tracing()
        a = self._features(features)
        table = self.merge(weights) if coefficients is None else coefficients
        dtype = torch.promote_types(torch.promote_types(a.dtype, table.dtype), torch.float32)
        lead, flat = a.shape[:-2], a.reshape(prod(a.shape[:-2]), *a.shape[-2:]).to(dtype)
        kinds = self._species(species, lead, table.shape[0], flat)
        table = table.to(dtype)
        if self._by_program(flat):
            out = contract_arrays(self.plan, flat, table, kinds)
        else:
            out = contract(flat, table, kinds, self.name)
        out = out.to(a.dtype if a.dtype.itemsize < 4 else dtype).reshape(*lead, *out.shape[1:])
        return out if self.layout == "channels_last" else out.transpose(-1, -2).contiguous()

    def _by_program(self, value: Tensor) -> bool:
        """Return whether the array program is to be taken: for other devices, and inside transforms of torch.func."""
        if self.program or value.device.type != "cpu":
            return True
        return not torch.compiler.is_compiling() and transforming()

    def _features(self, features: Tensor | list[Tensor]) -> Tensor:
        """Return A with channels last, images joined."""
        images = self.contraction.images
        given = features if self.slots == "separate" else [features]
        if not isinstance(given, list | tuple) or len(given) != images:
            raise TypeError(f"with separate slots A must be a list of {images} tensors, one for each slot")
        last = [x if self.layout == "channels_last" else x.transpose(-1, -2) for x in given]
        size = self.contraction.components // images
        for x in last:
            if not x.is_floating_point():
                raise TypeError(f"A must be real floating, got {x.dtype}")
            if x.ndim < 2 or x.shape[-2] != size:
                axis = -2 if self.layout == "channels_last" else -1
                raise ValueError(f"A must have {size} components on axis {axis}, got {size_of(x, self.layout)}")
        return last[0] if len(last) == 1 else torch.cat(torch.broadcast_tensors(*last), -2)

    def _species(self, species: Tensor | None, lead: Any, kinds: int, a: Tensor) -> Tensor:
        """Return species [atoms]."""
        if species is None:
            if kinds != 1:
                raise ValueError(f"weights of {kinds} species need species, an integer for each atom")
            return torch.zeros(a.shape[0], dtype=torch.int64, device=a.device)
        if species.is_floating_point() or species.shape != lead:
            raise ValueError(f"species must be integers {tuple(lead)}, got {species.dtype} {tuple(species.shape)}")
        return species.reshape(-1).to(torch.int64)


#: Whether a transform of torch.func is at work; torch has no public name for it.
transforming: Any = getattr(torch._C, "_are_functorch_transforms_active", lambda: False)


def size_of(x: Tensor, layout: str) -> tuple[int, ...]:
    """Return the shape of a tensor as it was given.

    >>> size_of(torch.ones(2, 3), "channels_first")
    (3, 2)
    """
    return tuple(x.shape) if layout == "channels_last" else tuple(x.transpose(-1, -2).shape)
