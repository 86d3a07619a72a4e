"""One level of forward mode: torch gives zeros for a jvp of a jvp of custom functions, which is refused here."""

from __future__ import annotations

from typing import Any

import torch


def require_one_forward_level() -> None:
    """Raise NotImplementedError inside a jvp of a jvp of ``torch.func``.

    torch calls the forward rule of an ``autograd.Function`` without the tangents of the outer jvp, so the second
    derivative would silently be zero.  Forward over reverse mode, ``torch.func.hessian``, is right.

    >>> require_one_forward_level()  # outside of torch.func
    """
    functorch: Any = torch._C._functorch
    levels = functorch.get_interpreter_stack() or []
    if sum(level.key() == functorch.TransformType.Jvp for level in levels) > 1:
        raise NotImplementedError(
            "torch does not carry tangents through a jvp of a jvp of custom functions: "
            "use forward over reverse mode, torch.func.hessian or jacfwd(jacrev(f))"
        )
