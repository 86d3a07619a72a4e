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

from coupling.selection import one_of

if TYPE_CHECKING:
    from coupling.backends.e3nn.report import ModelReport


def accelerate(
    model: Any,
    *,
    convolutions: bool = True,
    contractions: bool = True,
    products: bool = True,
    layers: bool = True,
    radial: str = "networks",
    tolerance: float = 1e-7,
) -> ModelReport:
    """Replace the products of a model of torch by those of this package, in place; return what was done.

    - tensor products of e3nn, known by their instructions, irreps and weights, not by the name of their class
    - products of message passing together with the sum over neighbours, where the model has one place for both: blocks
      that call ``conv_tp(x, y, weights, edge_index)`` when they have an attribute ``conv_fusion``, as those of MACE do,
      and modules whose forward takes x, edge_attr, edge_weight, edge_dst, edge_src, as NequIP's do
    - symmetric contractions with buffers ``U_matrix_1`` … and weights by species, as MACE has them

    - linear layers of irreps, and networks of scalars with silu, which take fewer operations on features here

    convolutions, contractions, products, layers: which of the four are replaced.

    radial="spline": radial networks that are functions of the distance alone become splines of degree 5, with four
    continuous derivatives.  They have as few intervals as keep values and derivatives within ``tolerance`` of those of
    the network, relative to the largest, measured in float64 at five points of every interval; the report has what was
    measured.  A spline stands for a network with the parameters of now: while they are frozen (``requires_grad`` False)
    and have these values.  In training, and after a change, the network itself is evaluated.  Networks whose features
    depend on the species, or that no spline comes near enough, stay, and the report says why.  So far for models whose
    features are made by a module with ``forward(edge_lengths, node_attrs, edge_index, atomic_numbers)``, as MACE's.

    Each product is evaluated beside the module that it is to replace, on random numbers; the signs of its paths are
    those, of e3nn ≥ 0.5 or of e3nn ≤ 0.4, with which the values agree.  What agrees with neither, or has a mode that
    this package lacks, stays as it is, and the report says why.

    Parameters, buffers and submodules stay those of the model, with their names: ``state_dict`` and
    ``named_parameters`` do not change, training goes on, ``to`` and ``copy.deepcopy`` work.  :func:`undo` puts all
    modules back.  TorchScript cannot read the result, and says so: script the model before, or undo first.

    Raises TypeError for anything but a module of torch, and for a compiled or scripted one; ValueError for any other
    ``radial`` and for a tolerance that is not between 0 and 1.

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
    from coupling.numbers.splines import relative_tolerance

    splines = one_of(radial, ("networks", "spline"), "radial") == "spline"
    wanted = relative_tolerance(tolerance)
    which = {"convolutions": convolutions, "contractions": contractions, "products": products, "layers": layers}
    return replace(model, wanted if splines else None, **which)


def undo(model: Any) -> int:
    """Put the modules back that :func:`accelerate` has replaced, with the parameters as they are now; return how many.

    >>> import torch
    >>> undo(torch.nn.Linear(2, 2))
    0
    """
    from coupling.backends.e3nn.replacing import restore

    return restore(model)


__all__ = ["accelerate", "undo"]
