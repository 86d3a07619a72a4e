"""Doubtful entries of a table: those that a kernel cannot round with certainty are listed, and become exact ones."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from coupling.families import Family
from coupling.numbers.plan import TablePlan
from coupling.selection import orders

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Number of doubtful entries that a kernel call can list; where there are more, the kernel is called again.
ROOM = 64


def listed_by(call: Callable[[Integers], int]) -> Integers:
    """Return the doubtful entries that a kernel lists; it is called again where the list is too short."""
    listed = np.empty((ROOM, 5), np.int64)
    count = call(listed)
    if count > len(listed):
        listed = np.empty((count, 5), np.int64)
        call(listed)
    return listed[:count]


def replace_doubtful(family: Family, basis: str, plan: TablePlan, doubtful: Integers, values: Floats) -> None:
    """Put the exact value, rounded, wherever a doubtful entry of a canonical path went."""
    value, signs = family.exact(basis), family.order_signs(basis)
    position = {
        tuple(path): offset for path, offset in zip(plan.paths.tolist(), plan.offsets[:-1].tolist(), strict=True)
    }
    for l1, l2, l3, m1, m2 in doubtful.tolist():
        columns = list(zip((l1, l2, l3), (abs(m1), abs(m2), abs(m1 + m2)), strict=True))
        for (a, p), (b, q), (c, r) in set(permutations(columns)):
            if (a, b, c) in position:
                for index, m in enumerate(orders(a, b, c, basis)):
                    if (abs(m[0]), abs(m[1]), abs(m[2])) == (p, q, r):
                        surd = value(a, b, c, *(sign * order for sign, order in zip(signs, m, strict=True)))
                        values[position[a, b, c] + index] = complex(surd).imag if surd.unit else float(surd)
