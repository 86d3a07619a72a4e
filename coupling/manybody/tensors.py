"""Couplings of dense tensors from any source."""

from __future__ import annotations

from typing import Any

import numpy as np

from coupling.irreps import Irreps
from coupling.manybody.polynomials import Couplings
from coupling.quoted import quoted

#: Largest size of a rounded zero, in spacings of the type at 1, relative to the largest entry.
SPACINGS = 8


def tensor_couplings(output: object, tensor: Any, tolerance: float | None = None, symmetric: bool = True) -> Couplings:
    """Return the entries of a tensor U [2L+1, components, …, components, paths] of ν slots for an output.

    tolerance: entries up to this times the largest are dropped, after symmetrization if symmetric; default 8 times the
    spacing of the type at 1.  Raises ValueError for another shape, TypeError for what are no floating-point numbers.

    >>> found = tensor_couplings("1o", np.eye(3)[..., None])
    >>> found.order, found.path.tolist(), found.component.tolist(), found.monomials.ravel().tolist()
    (1, [0, 0, 0], [0, 1, 2], [0, 1, 2])
    """
    irreps = Irreps(output).each if isinstance(output, str) else ()
    if len(irreps) != 1 or irreps[0].twice % 2:
        raise ValueError(f"the output of a tensor must be the name of one irrep, such as 1o, got {quoted(output)}")
    u = np.asarray(tensor)
    if u.dtype.kind != "f":
        raise TypeError(f"a tensor must have floating-point numbers, got {u.dtype}")
    size = irreps[0].dim
    if u.ndim < 3 or u.shape[0] != size or len({*u.shape[1:-1]}) > 1:
        rule = f"[{size}, components, …, components, paths] for the output {irreps[0].name}"
        raise ValueError(f"a tensor must be {rule}, got shape {u.shape}")
    entries = np.argwhere(u)
    values = u[tuple(entries.T)].astype(float)
    if not np.isfinite(values).all():
        raise ValueError("a tensor must have finite numbers")
    if symmetric:
        entries[:, 1:-1].sort(axis=1)
        entries, which = np.unique(entries, axis=0, return_inverse=True)
        values = np.bincount(which.ravel(), values, len(entries))
    least = SPACINGS * float(np.finfo(u.dtype).eps) if tolerance is None else float(tolerance)
    kept = abs(values) > least * abs(values).max(initial=0)
    entries, values = entries[kept], values[kept]
    sizes = int(u.shape[-1]), size
    return Couplings(irreps[0].name, sizes, int(u.shape[1]), entries[:, -1], entries[:, 0], entries[:, 1:-1], values)
