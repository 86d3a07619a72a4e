"""Weights of edges as splines of the distance, in the place of radial networks whose parameters do not change."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from coupling.backends.e3nn.frozen import FrozenTensors
from coupling.backends.e3nn.layers import DenseReplacement, replaced_network
from coupling.backends.e3nn.reading import Unread, code_of, is_product
from coupling.backends.e3nn.replacements import Replacement
from coupling.backends.e3nn.report import ModelEntry
from coupling.backends.e3nn.splining import DistanceReplacement, RadialReplacement
from coupling.numbers.splines import DEGREE, Array, RadialSpline, fit_spline

#: What a module that makes features of distances is given.
EMBEDDED = ("edge_lengths", "node_attrs", "edge_index", "atomic_numbers")

#: The kind of an entry of the report.
KIND = "radial spline"

#: Fraction of the largest distance at which features are evaluated in the place of 0, where sin(r)/r is 0/0.
SMALLEST = 1e-9


def embeddings(model: nn.Module) -> Iterator[ModulePlace]:
    """Yield the modules that make features of distances.

    >>> list(embeddings(nn.Linear(1, 1)))
    []
    """
    for place in _places(model):
        if code_of(place.module).co_varnames[1 : 1 + len(EMBEDDED)] == EMBEDDED:
            yield place


def networks(model: nn.Module) -> Iterator[ModulePlace]:
    """Yield the modules that make the weights of products.

    >>> list(networks(nn.Linear(1, 1)))
    []
    """
    for place in _places(model):
        products = [child for child in place.parent.children() if is_product(child) and not child.internal_weights]
        sizes = {product.weight_numel for product in products}
        ends = {size for parameter in place.module.parameters() if parameter.ndim == 2 for size in parameter.shape}
        if sizes & ends and not is_product(place.module) and not hasattr(place.module, "irreps_in"):
            yield place


def _places(model: nn.Module) -> Iterator[ModulePlace]:
    for path, parent in list(model.named_modules()):
        for name, child in list(parent.named_children()):
            own = vars(child)["original"] if isinstance(child, DenseReplacement) else child
            if not isinstance(own, Replacement):
                yield ModulePlace(parent, name, f"{path}.{name}" if path else name, own)


class ModulePlace(NamedTuple):
    """A module, the module it is in, its name there, and that in the model.

    >>> ModulePlace(nn.Sequential(), "act", "net.act", nn.SiLU()).path
    'net.act'
    """

    parent: Any
    name: str
    path: str
    module: Any


class Radial:
    """Features of distances in a model, evaluated in float64, apart from the model.

    parent: the module with ``atomic_numbers`` and ``r_max``; embedding: its module that makes features
    """

    def __init__(self, parent: Any, embedding: Any) -> None:
        self.kinds, self.high = int(parent.atomic_numbers.numel()), float(parent.r_max)
        self.numbers, self.embedding = parent.atomic_numbers.cpu(), copy.deepcopy(embedding).cpu().double()

    def features(self, r: Tensor, pairs: Tensor) -> Tensor:
        """Return the features [m, n] of distances [m] and species [2, m]."""
        attributes = torch.eye(self.kinds, dtype=torch.float64)
        found = self.embedding(r.clamp(min=SMALLEST * self.high)[:, None], attributes, pairs, self.numbers)
        features: Tensor = found[0] if isinstance(found, tuple) else found
        return features

    def refused(self) -> Unread | None:
        """Return why the features are no functions of the distance alone, or None."""
        kinds = torch.arange(self.kinds)
        pairs = torch.cartesian_prod(kinds, kinds).T
        r = self.high * torch.tensor([0.1, 0.3, 0.55, 0.9], dtype=torch.float64)
        found = torch.stack([self.features(one.expand(pairs.shape[1]), pairs) for one in r])
        if (found - found[:, :1]).abs().max() > 1e-12 * found.abs().max():
            return Unread("the features depend on the species of both atoms, and a spline is one of the distance alone")
        beyond = self.features(
            self.high * torch.tensor([1.0, 1.01, 1.5], dtype=torch.float64), pairs[:, :1].expand(2, 3)
        )
        if (beyond - beyond[:1]).abs().max() > 1e-12 * found.abs().max():
            return Unread(f"the features do not end at r_max, {self.high:g}")
        return None

    def function(self, network: nn.Module) -> Callable[[Array], tuple[Array, Array]]:
        """Return the weights of a network, and their derivatives, as a function of distances."""
        wide = copy.deepcopy(network).cpu().double().requires_grad_(False)

        def evaluate(r: Array) -> tuple[Array, Array]:
            with torch.enable_grad():
                given = torch.from_numpy(np.asarray(r, float)).requires_grad_()
                values = wide(self.features(given, torch.zeros(2, len(r), dtype=torch.int64)))
                g = torch.zeros_like(values, requires_grad=True)
                (pulled,) = torch.autograd.grad(values, given, g, create_graph=True)
                (slopes,) = torch.autograd.grad(pulled.sum(), g)
            return values.detach().numpy(), slopes.numpy()

        return evaluate

    def spline(self, network: nn.Module, tolerance: float) -> RadialSpline | Unread:
        """Return the spline of a network, or why there is none."""
        try:
            function = self.function(network)
            ends = function(self.high * np.array([0.0, 0.5, 0.999, 1.0]))
        except RuntimeError:
            return Unread("its input is more than the features of the distance")
        if not all(np.isfinite(values).all() for values in ends):
            return Unread("its weights are not finite at every distance")
        _, slopes = ends
        flat = bool(abs(slopes[-1]).max() == 0 and abs(slopes[-2]).max() <= 1e-4 * abs(slopes).max())
        made = fit_spline(function, self.high, tolerance, flat)
        if max(made.errors) > tolerance:
            text = f"{made.intervals} intervals deviate by {max(made.errors):.1e}"
            return Unread(f"{text} from it, more than the tolerance {tolerance:.1e}")
        return made


def spline_text(spline: RadialSpline, frozen: bool) -> str:
    """Return the description of a spline and its deviation from its network.

    >>> spline_text(RadialSpline(5.0, np.zeros((37, 8)), (1e-9, 2e-8)), True)
    'spline of degree 5 to r = 5, 32 intervals, 8 weights: relative deviation 1.0e-09, of derivatives 2.0e-08'
    """
    count, (value, slope) = spline.coefficients.shape[1], spline.errors
    text = f"spline of degree {DEGREE} to r = {spline.high:g}, {spline.intervals} intervals, {count} weights: "
    text += f"relative deviation {value:.1e}, of derivatives {slope:.1e}"
    return text if frozen else f"{text}; the network itself until its parameters are frozen"


def replace_radial(
    model: nn.Module, tolerance: float, layers: bool = True
) -> tuple[list[ModelEntry], list[ModelEntry]]:
    """Replace the radial networks of a model by splines; return what was replaced and what was left.

    layers: whether networks are evaluated by this package where no spline is

    >>> replace_radial(nn.Linear(1, 1), 1e-7)[1][0].text
    'no module makes features of edge_lengths, node_attrs, edge_index, atomic_numbers'
    """
    found, made, left = list(embeddings(model)), [], []
    if len(found) != 1:
        number = "no module makes" if not found else f"{len(found)} modules make"
        return [], [ModelEntry("model", KIND, 0, f"{number} features of {', '.join(EMBEDDED)}")]
    place = found[0]
    radial = Radial(place.parent, place.module)
    if refused := radial.refused():
        return [], [ModelEntry(place.path, KIND, 0, refused.reason)]
    for network in list(networks(model)):
        spline = radial.spline(network.module, tolerance)
        if isinstance(spline, Unread):
            left.append(ModelEntry(network.path, KIND, 0, spline.reason))
            continue
        constants = FrozenTensors(place.module, network.module)
        own = replaced_network(network.module) if layers else network.module
        network.parent._modules[network.name] = RadialReplacement(network.module, spline, constants, own)
        operations = (DEGREE + 1) * spline.coefficients.shape[1]
        made.append(ModelEntry(network.path, KIND, operations, spline_text(spline, constants.hold())))
    if made:
        place.parent._modules[place.name] = DistanceReplacement(place.module)
    return made, left
