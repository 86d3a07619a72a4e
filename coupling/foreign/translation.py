"""Arrays that exist already, from one convention to another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import CORE
from coupling.families import Family
from coupling.families import family as known
from coupling.foreign.convention import Convention
from coupling.foreign.named import named
from coupling.selection import degree


def translate(
    array: ArrayLike,
    l1: object,
    l2: object,
    l3: object,
    source: Convention | str,
    target: Convention | str = "coupling",
    family: str | Family = CORE,
) -> NDArray[Any]:
    """Return the coefficients of a path, given in one convention, in another.

    array : of the shape that ``coupling.block(family, l1, l2, l3, convention=source)`` has; degrees (input, input,
        output) whatever the slots of the conventions
    Only places and signs change, bit for bit, unless the factors of the two differ; then every entry is multiplied by
    their ratio, correctly rounded, so two roundings (relative error at most 1.5 · 2⁻⁵²).  Raises ValueError for an
    array of another shape, and for two conventions in different bases.  Source: ``coupling.foreign.convention``.

    >>> import coupling
    >>> old = coupling.block("wigner_3j", 1, 2, 2, convention="e3nn_0_4")
    >>> new = translate(old, 1, 2, 2, "e3nn_0_4", "e3nn")
    >>> (new == -old).all(), (new == coupling.block("wigner_3j", 1, 2, 2, convention="e3nn")).all()
    (np.True_, np.True_)
    """
    s, t = named(source), named(target)
    record = known(family)
    path = degree(l1, "degree 1"), degree(l2, "degree 2"), degree(l3, "degree 3")
    given = np.asarray(array)
    shape = tuple(2 * path[slot] + 1 for slot in s.slots)
    if given.shape != shape:
        raise ValueError(f"the path {path} in the convention {s.name} has shape {shape}, got {given.shape}")
    if s.basis != t.basis:
        raise ValueError(f"{s.name} is {s.basis} and {t.name} {t.basis}: transform with change_of_basis on each axis")
    ratio = t.factor(record, *path) / s.factor(record, *path)
    moved = t.arrange(s.restore(given, path), path)
    return moved if ratio == 1 else moved * float(ratio) + 0
