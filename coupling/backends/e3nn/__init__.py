"""Models that are built on e3nn (MACE, NequIP and their like), with their products replaced by those of this package.

>>> import torch
>>> from e3nn import o3
>>> model = torch.nn.Sequential()
>>> model.product = o3.FullTensorProduct("2x1o", "1o")
>>> report = accelerate(model)
>>> report.replaced[0].name, report.left
('product', ())
>>> undo(model)
1
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coupling.backends.e3nn.report import ModelReport


def accelerate(
    model: Any, *, convolutions: bool = True, contractions: bool = True, products: bool = True
) -> ModelReport:
    """Replace the products of a model of torch by those of this package, in place; return what was done.

    - tensor products of e3nn, known by their instructions, irreps and weights, not by the name of their class
    - products of message passing together with the sum over neighbours, where the model has one place for both: blocks
      that call ``conv_tp(x, y, weights, edge_index)`` when they have an attribute ``conv_fusion``, as those of MACE do,
      and modules whose forward takes x, edge_attr, edge_weight, edge_dst, edge_src, as NequIP's do
    - symmetric contractions with buffers ``U_matrix_1`` … and weights by species, as MACE has them

    convolutions, contractions, products: which of the three are replaced.

    Each product is evaluated beside the module that it is to replace, on random numbers; the signs of its paths are
    those, of e3nn ≥ 0.5 or of e3nn ≤ 0.4, with which the values agree.  What agrees with neither, or has a mode that
    this package lacks, stays as it is, and the report says why.

    Parameters, buffers and submodules stay those of the model, with their names: ``state_dict`` and
    ``named_parameters`` do not change, training goes on, ``to`` and ``copy.deepcopy`` work.  :func:`undo` puts all
    modules back.  TorchScript cannot read the result, and says so: script the model before, or undo first.

    Raises TypeError for anything but a module of torch, and for a compiled or scripted one.

    >>> import torch
    >>> from e3nn import o3
    >>> model = torch.nn.ModuleDict({"tp": o3.FullyConnectedTensorProduct("4x0e + 4x1o", "0e + 1o", "2x1o + 2x1e")})
    >>> before = list(model.state_dict())
    >>> print(accelerate(model))
    replaced    multiply-adds
    tp                    126  4x0e+4x1o x 1x0e+1x1o -> 2x1o+2x1e, 3 paths, 24 weights
    >>> list(model.state_dict()) == before
    True
    """
    from coupling.backends.e3nn.replacing import replace

    return replace(model, convolutions=convolutions, contractions=contractions, products=products)


def undo(model: Any) -> int:
    """Put the modules back that :func:`accelerate` has replaced, with the parameters as they are now; return how many.

    >>> import torch
    >>> undo(torch.nn.Linear(2, 2))
    0
    """
    from coupling.backends.e3nn.replacing import restore

    return restore(model)


__all__ = ["accelerate", "undo"]
