"""Which degrees of its three features a product reaches: those on a path whose weight is not zero.

What no path reaches is not computed.  An output of such a degree is exactly zero, whatever the inputs are, and an input
of such a degree is not read: NaN and infinity in it do not come out, and its gradient is exactly zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Masks = tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]
Triple = tuple[int, int, int]


def reached_degrees(
    weights: tuple[NDArray[Any], ...],
    parity: int | None = None,
    classes: NDArray[Any] | None = None,
    vanishes: Callable[[int, int, int], bool] | None = None,
) -> Masks:
    """Return three masks [lmax+1] of the degrees on a path with a(l1) b(l2) c(l3) s(l1 % 2, l2 % 2) not zero.

    parity: that of l1+l2+l3, None for both; classes: s [2, 2]; vanishes: whether a path that these allow has a factor
    of zero.

    >>> one = np.ones(3)
    >>> [mask.tolist() for mask in reached_degrees((one, one, np.ones(6)), parity=1)]
    [[False, True, True], [False, True, True], [False, True, True, True, False, False]]
    """
    a, b, c = (np.asarray(w) != 0 for w in weights)
    first, second, third = np.zeros_like(a), np.zeros_like(b), np.zeros_like(c)
    l2, l3 = np.ogrid[: len(b), : len(c)]
    for l1 in np.flatnonzero(a).tolist():
        on = (abs(l1 - l2) <= l3) & (l3 <= l1 + l2) & b[:, None] & c
        on &= True if parity is None else (l1 + l2 + l3) % 2 == parity
        on &= True if classes is None else classes[l1 % 2, l2 % 2] != 0
        if vanishes is not None:  # only of paths to a degree that no other has reached
            for q, r in np.argwhere(on & ~(first[l1] & second[:, None] & third)).tolist():
                on[q, r] = not vanishes(l1, q, r)
        first[l1] = on.any()
        second |= on.any(axis=1)
        third |= on.any(axis=0)
    return first, second, third


def rows_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask of the entries l²+l+m from that of the degrees.

    >>> rows_of(np.array([False, True])).tolist()
    [False, True, True, True]
    """
    return np.repeat(mask, 2 * np.arange(len(mask)) + 1)


def largest(masks: Masks) -> Triple:
    """Return the largest degree of each slot that is reached, -1 where none is.

    >>> largest(reached_degrees((np.ones(2), np.ones(1), np.ones(3))))
    (1, 0, 1)
    """
    l1, l2, l3 = (int(np.flatnonzero(mask).max(initial=-1)) for mask in masks)
    return l1, l2, l3


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int, bool]]:
    """Return the runs of equal values of a mask: where each begins and ends, and its value.

    >>> runs(np.array([False, True, True]))
    [(0, 1, False), (1, 3, True)]
    """
    if not mask.size:
        return []
    ends = np.flatnonzero(np.diff(mask, append=~mask[-1:])) + 1
    starts = [0, *ends[:-1].tolist()]
    return [(start, end, bool(mask[start])) for start, end in zip(starts, ends.tolist(), strict=True)]
