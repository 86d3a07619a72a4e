"""The walk over the modules of a model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import nn

from coupling.backends.e3nn.contracting import read_contraction
from coupling.backends.e3nn.convolving import Fused, Gathered, fits
from coupling.backends.e3nn.layers import (
    DenseReplacement,
    Linear,
    LinearReplacement,
    is_dense,
    is_linear,
    read_dense,
    read_linear,
)
from coupling.backends.e3nn.mixing import Mixed, mixes
from coupling.backends.e3nn.radial import replace_radial
from coupling.backends.e3nn.reading import (
    Unread,
    code_of,
    is_contraction,
    is_product,
    is_scattered,
    multiply_adds,
    read_product,
)
from coupling.backends.e3nn.replacements import (
    ContractionReplacement,
    ConvolutionReplacement,
    ProductReplacement,
    Replacement,
    ScatterReplacement,
)
from coupling.backends.e3nn.report import ModelEntry, ModelReport
from coupling.backends.torch.tensor_product import TensorProduct


class Walk:
    """One walk over a model: what is replaced, and the entries of the report.

    >>> Walk(True, True, True).replaced
    []
    """

    def __init__(self, convolutions: bool, contractions: bool, products: bool, layers: bool = True) -> None:
        self.convolutions, self.contractions, self.products = convolutions, contractions, products
        self.layers = layers
        self.replaced: list[ModelEntry] = []
        self.left: list[ModelEntry] = []

    def visit(self, parent: nn.Module, prefix: str = "") -> None:
        """Replace what can be replaced below a module."""
        for name, child in list(parent.named_children()):
            path = f"{prefix}{name}"
            if isinstance(child, Replacement):
                continue
            if made := self._replacement(parent, child, path):
                parent._modules[name] = made
                continue
            if (operations := multiply_adds(child)) and not is_product(child):
                self.left.append(
                    ModelEntry(path, "module", operations, f"{type(child).__name__}: no product of features")
                )
            self.visit(child, f"{path}.")

    def _replacement(self, parent: nn.Module, child: Any, path: str) -> nn.Module | None:
        if is_product(child):
            fused = self.convolutions and path.endswith("conv_tp") and takes_edges(parent)
            return self._product(parent, child, path, fused)
        if self.convolutions and is_scattered(child):
            return self._scattered(child, path)
        if self.contractions and is_contraction(child):
            return self._contraction(child, path)
        if self.layers and (is_linear(child) or is_dense(child)):
            return self._layer(child, path)
        return None

    def _layer(self, child: Any, path: str) -> nn.Module | None:
        linear = is_linear(child)
        made = read_linear(child) if linear else read_dense(child)
        if isinstance(made, Unread):
            return None
        if isinstance(made, Linear):
            text = f"{child.irreps_in} -> {child.irreps_out}"
            self.replaced.append(ModelEntry(path, "linear layer", multiply_adds(child), text))
            return LinearReplacement(child, made)
        operations = sum(map(multiply_adds, child.children()))
        self.replaced.append(ModelEntry(path, "network", operations, f"{child.hs} with silu"))
        return DenseReplacement(child, made)

    def _contraction(self, child: Any, path: str) -> nn.Module | None:
        made = read_contraction(child)
        if isinstance(made, Unread):
            self.left.append(ModelEntry(path, "symmetric contraction", 0, made.reason))
            return None
        own, channels = made.contraction, made.channels
        operations = channels * (2 * own.contraction.terms + len(own.plan.split.products))
        text = f"{len(own.outputs)} outputs, {sum(own.paths)} paths, {own.contraction.terms} terms"
        self.replaced.append(ModelEntry(path, "symmetric contraction", operations, text))
        return ContractionReplacement(child, made)

    def _product(self, parent: nn.Module, child: Any, path: str, fused: bool) -> nn.Module | None:
        made = read_product(child) if fused or self.products else Unread("products were not to be replaced")
        if isinstance(made, Unread):
            self.left.append(ModelEntry(path, "tensor product", 0, made.reason))
            return None
        if not fused:
            self._note(path, "tensor product", made)
            return ProductReplacement(child, Mixed(made) if mixes(made) else made)
        parent.conv_fusion = True
        self._note(path, "convolution", made)
        return ConvolutionReplacement(child, made, Fused(made) if fits(made) else Gathered(made))

    def _scattered(self, child: Any, path: str) -> nn.Module | None:
        name, inner = next((name, one) for name, one in child.named_children() if is_product(one))
        made = read_product(inner)
        if isinstance(made, Unread):
            self.left.append(ModelEntry(f"{path}.{name}", "convolution", 0, made.reason))
            return None
        self._note(path, "convolution", made)
        return ScatterReplacement(child, Fused(made) if fits(made) else Gathered(made))

    def _note(self, path: str, kind: str, made: TensorProduct) -> None:
        product = made.product
        lists = f"{product.irreps1} x {product.irreps2} -> {product.irreps_out}"
        text = f"{lists}, {len(product.paths)} paths, {product.weight_count} weights"
        self.replaced.append(ModelEntry(path, kind, product.operations, text))


def takes_edges(module: nn.Module) -> bool:
    """Return whether a module hands its edges to its product when it has the attribute ``conv_fusion``, and has none.

    >>> takes_edges(nn.Linear(1, 1))
    False
    """
    if hasattr(module, "conv_fusion") or not hasattr(module, "conv_tp"):
        return False
    return "conv_fusion" in code_of(module).co_consts


def replace(model: Any, tolerance: float | None = None, **which: bool) -> ModelReport:
    """Return the report of a model whose products have been replaced; see :func:`coupling.backends.e3nn.accelerate`.

    tolerance: of the splines that replace radial networks; None: no splines

    >>> replace(nn.Linear(2, 2), convolutions=True, contractions=True, products=True).replaced
    ()
    """
    if not isinstance(model, nn.Module) or isinstance(model, torch.jit.ScriptModule) or hasattr(model, "_orig_mod"):
        kind = type(model).__name__
        raise TypeError(f"model must be a module of torch that is neither scripted nor compiled, got {kind}")
    walk = Walk(**which)
    with torch.no_grad():
        if tolerance is not None:
            made, left = replace_radial(model, tolerance, walk.layers)
            walk.replaced += made
            walk.left += left
        walk.visit(model)
    return ModelReport(tuple(walk.replaced), tuple(walk.left), partial(restore, model))


def restore(model: nn.Module) -> int:
    """Put the originals back; return how many.

    >>> restore(nn.Linear(2, 2))
    0
    """
    found = list(_replacements(model))
    for parent, name, made in found:
        made.restore(parent)
        made.original.train(made.training)
        parent._modules[name] = made.original
    return len(found)


def _replacements(model: nn.Module) -> Iterator[tuple[nn.Module, str, Any]]:
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Replacement):
                yield parent, name, child
