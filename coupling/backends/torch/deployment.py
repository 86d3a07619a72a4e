"""Models for other processes: operations of torch alone, and why TorchScript is refused."""

from __future__ import annotations

from copy import deepcopy
from typing import NoReturn

import torch
from torch import nn

from coupling.quoted import quoted

ALTERNATIVE = "use torch.export on deployable(model); see docs/deployment.md"


def deployable(model: nn.Module) -> nn.Module:
    """Return a copy of a model whose products, convolutions and contractions are made of operations of torch alone.

    The modules of this package call compiled kernels by operators of their own, which only a process that has imported
    ``coupling`` knows.  The copy has the same parameters and numbers, to rounding, and no such operator: what
    ``torch.export``, AOTInductor and ``torch.onnx`` make of it needs no ``coupling``.  It is slower in Python, and
    holds messages of all edges, or products x_i y_j of all samples, in memory unless a compiler fuses them.  Harmonics
    that a model computes by the function ``cartesian_harmonics`` are left; a ``Convolution`` from vectors has its own.
    Raises TypeError for what is no module.

    >>> from coupling.backends.torch import Gaunt
    >>> deployable(nn.Sequential(Gaunt(1, 1, 1)))[0].program
    True
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a module of torch, got {quoted(model)}")
    made = deepcopy(model)
    for module in made.modules():
        if hasattr(module, "use_program"):
            module.use_program()
    return made


def refuse_scripting(name: str) -> NoReturn:
    """Raise NotImplementedError for ``torch.jit.script``.

    >>> refuse_scripting("Gaunt")
    Traceback (most recent call last):
    NotImplementedError: Gaunt cannot be scripted: TorchScript has no type for its paths and forms, and torch has \
deprecated it; use torch.export on deployable(model); see docs/deployment.md
    """
    raise NotImplementedError(
        f"{name} cannot be scripted: TorchScript has no type for its paths and forms, and torch has deprecated it; "
        + ALTERNATIVE
    )


def refuse_tracing() -> None:
    """Raise NotImplementedError inside ``torch.jit.trace``, which would fix the numbers of atoms and edges.

    >>> refuse_tracing()
    """
    if not torch.compiler.is_compiling() and torch._C._get_tracing_state() is not None:
        raise NotImplementedError(
            "torch.jit.trace would fix the numbers of samples, atoms and edges at those of the example, silently; "
            + ALTERNATIVE
        )
