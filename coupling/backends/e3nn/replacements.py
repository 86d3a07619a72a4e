"""Modules that stand in the place of a model's own, with its parameters, buffers and submodules under their names."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from coupling.backends.e3nn.contracting import Contracted, one_species

#: Of a module, what its replacement shares with it: the same dictionaries, so that a change in one is one in both.
SHARED = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")


class Replacement(nn.Module):
    """A module with the parameters, buffers, submodules and attributes of another, its ``original``.

    >>> taken = Replacement(nn.Linear(2, 3))
    >>> list(taken.state_dict()), taken.weight is taken.original.weight, taken.in_features
    (['weight', 'bias'], True, 2)
    """

    def __init__(self, original: nn.Module) -> None:
        super().__init__()
        self.training = original.training
        self._share(original)

    def _share(self, original: nn.Module) -> None:
        self.__dict__.update({name: vars(original)[name] for name in SHARED}, original=original)

    def __getstate__(self) -> dict[str, Any]:
        """What is shared belongs to the original, which may keep compiled submodules in another form."""
        return {name: value for name, value in self.__dict__.items() if name not in SHARED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._share(state["original"])

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if "original" not in vars(self):
                raise
            return getattr(vars(self)["original"], name)

    def __prepare_scriptable__(self) -> nn.Module:
        raise RuntimeError(
            "TorchScript cannot read the operators of coupling: undo(model) before scripting, or use torch.export"
        )

    def restore(self, parent: nn.Module) -> None:
        """Undo what was changed in the module that holds this one."""


class ProductReplacement(Replacement):
    """A tensor product by :class:`coupling.backends.torch.TensorProduct`.

    >>> from e3nn import o3
    >>> from coupling.backends.e3nn.reading import read_product
    >>> theirs = o3.FullTensorProduct("2x1o", "1o")
    >>> ProductReplacement(theirs, read_product(theirs)).weight_numel
    0
    """

    def __init__(self, original: nn.Module, product: nn.Module) -> None:
        super().__init__(original)
        self.__dict__["product"] = product

    def forward(self, x: Tensor, y: Tensor, weight: Any = None) -> Tensor:
        """Return the product, with weights as the original takes them."""
        if isinstance(weight, list):
            weight = self.original._prep_weights_python(weight)
        own = self.weight if weight is None and self.weight_numel else weight
        result: Tensor = self.product(x, y, own)
        return result


class ConvolutionReplacement(ProductReplacement):
    """A tensor product that also gathers and adds up when it is given edges: ``conv_tp(x, y, weights, edge_index)``.

    The module that holds it gets the attribute ``conv_fusion``.

    >>> ConvolutionReplacement.__mro__[1].__name__
    'ProductReplacement'
    """

    def __init__(self, original: nn.Module, product: nn.Module, convolution: Any) -> None:
        super().__init__(original, product)
        self.__dict__["convolution"] = convolution

    def forward(self, x: Tensor, y: Tensor, weight: Any = None, edge_index: Any = None) -> Tensor:
        """Return the product, or its sums over the edges to each row of x."""
        if edge_index is None:
            return super().forward(x, y, weight)
        result: Tensor = self.convolution(x, y, weight, edge_index[0], edge_index[1])
        return result

    def restore(self, parent: nn.Module) -> None:
        """Take the attribute ``conv_fusion`` away again."""
        del parent.conv_fusion


class ScatterReplacement(Replacement):
    """A module that multiplies features of neighbours and adds them up.

    >>> "edge_dst" in ScatterReplacement.forward.__annotations__
    True
    """

    def __init__(self, original: nn.Module, convolution: Any) -> None:
        super().__init__(original)
        self.__dict__["convolution"] = convolution

    def forward(self, x: Tensor, edge_attr: Tensor, edge_weight: Tensor, edge_dst: Tensor, edge_src: Tensor) -> Tensor:
        """Return the sums over the edges to each row of x."""
        result: Tensor = self.convolution(x, edge_attr, edge_weight, edge_src, edge_dst)
        return result


class ContractionReplacement(Replacement):
    """A symmetric contraction, ``contraction(x, attributes)``; rows of attributes must be one in one place.

    Other rows go to the original.

    >>> ContractionReplacement.__mro__[1].__name__
    'Replacement'
    """

    def __init__(self, original: nn.Module, contracted: Contracted) -> None:
        super().__init__(original)
        self.__dict__["contracted"] = contracted

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the outputs one after another."""
        species = one_species(y)
        result: Tensor = self.original(x, y) if species is None else self.contracted(x, species, self.contractions)
        return result
