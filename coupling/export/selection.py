"""A part of a listing: the entries of chosen paths and orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.export.listing import Listing
from coupling.integers import integer
from coupling.quoted import quoted

#: Three numbers, None for any.
Pattern = Sequence[int | None]


def selected(listing: Listing, paths: Sequence[Pattern] = (), orders: Sequence[Pattern] = ()) -> Listing:
    """Return the entries on one of some paths, with orders among some; nothing said is everything.

    paths : degrees (l1, l2, l3), orders : (m1, m2, m3), in the slots of the table; None stands for any number
    Metadata say what was selected.  Raises ValueError for a pattern that no entry has, TypeError or ValueError for what
    is no pattern.

    >>> from coupling.export.listing import list_table
    >>> from coupling.tables import Request, build
    >>> listing = list_table(build(Request(lmax=2)))
    >>> part = selected(listing, [(1, None, 1)], [(0, None, 0)])
    >>> part.paths.tolist(), part.orders.tolist(), len(part), len(listing)
    ([[1, 0, 1], [1, 2, 1]], [[0, 0, 0], [0, 0, 0]], 2, 137)
    """
    if not paths and not orders:
        return listing
    degrees = listing.paths[listing.path]
    kept = _matching(degrees, paths, "path", len(listing)) & _matching(listing.orders, orders, "orders", len(listing))
    if not kept.any():
        raise ValueError("no entry has both the paths and the orders that are selected")
    used, path = np.unique(listing.path[kept], return_inverse=True)
    moved: dict[str, Any] = {name: getattr(listing, name)[kept] for name in ("orders", "index", "values")}
    words = {"paths": [list(p) for p in paths], "orders": [list(o) for o in orders]}
    return replace(listing, **moved, path=path.reshape(-1), paths=listing.paths[used], selection=words)


def _matching(numbers: NDArray[Any], patterns: Sequence[Pattern], what: str, count: int) -> NDArray[np.bool_]:
    """Return which rows fit one of the patterns; all without patterns."""
    if not patterns:
        return np.ones(count, bool)
    found = np.zeros(count, bool)
    for pattern in patterns:
        wanted = _pattern(pattern, what)
        fits = np.ones(count, bool)
        for k, number in enumerate(wanted):
            fits &= True if number is None else numbers[:, k] == number
        if not fits.any():
            said = " ".join("any" if n is None else str(n) for n in wanted)
            raise ValueError(f"no entry of the table has the {what} {said}")
        found |= fits
    return found


def _pattern(pattern: Any, what: str) -> list[int | None]:
    if not isinstance(pattern, (list, tuple)) or len(pattern) != 3:
        raise ValueError(f"a selection of {what} is three numbers, None for any, got {quoted(pattern)}")
    return [None if n is None else integer(n, f"number {k} of {what}") for k, n in enumerate(pattern, 1)]
