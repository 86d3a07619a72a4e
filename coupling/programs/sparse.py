"""The sparse product: its sums over the orders of one pair of degrees, without loops.

What the sums are: :mod:`coupling.kernels.sparse_product`.  All rows of x, y and z lie in one memory, ``a``.
"""

from __future__ import annotations

from typing import Any

from coupling.programs.tape import Recording

ROWS = "a"

Sections = tuple[Any, Any, Any]


def sparse_sums(do: Recording, sections: Sections, rows_of_z: range) -> None:
    """Write all sums of the sections double, single, mixed: (groups, items, rows) each, positions in rows.

    Constants are the coefficients of the sections, one after the other.  Rows of z without a sum become zero.

    >>> import numpy as np
    >>> none = np.zeros((0, 4), int), np.zeros((0, 4), int), np.zeros(0, int)
    >>> mixed = np.array([[4, 4, 1, 1]]), np.array([[0, 1, 0, 0]]), np.array([3])
    >>> from coupling.programs.tape import record
    >>> print(record(sparse_sums, (none, none, mixed), range(4, 7)))
    t0 = constant[0]
    t1 = a[3]
    t2 = t0 * t1
    t3 = a[0]
    t4 = t3 * t2
    t5 = a[1]
    t6 = t5 * t2
    a[4] = t4
    a[5] = t6
    a[6] = 0
    """
    start = 0
    for kind, (groups, items, rows) in enumerate(sections):
        item = 0
        for z, w, step, count in groups.tolist():
            targets = [[(z, step), (w, -1)], [(z, -1)], [(z, 1)]][kind]
            places = [[row, row + side] for row, side in targets]
            totals = [[_sum(do, row) for row in pair] for pair in places]
            for first, n, *u in items[item : item + count].tolist():
                terms = rows[first : first + n].tolist()
                for total, factor, (_, side) in zip(totals, u, targets, strict=False):
                    total[:] = (_mixed if kind == 2 else _pair)(do, total, factor, side, terms, start)
                    start += n
            for pair, total in zip(places, totals, strict=True):
                for row, value in zip(pair, total, strict=True):
                    do.store(ROWS, row, value)
            item += count
            do.forget()
    for row in rows_of_z:
        if not do.stored(ROWS, row):
            do.store(ROWS, row, None)


def _sum(do: Recording, row: int) -> Any:
    """Return what a row of z is so far, None at first."""
    return do.load(ROWS, row) if do.stored(ROWS, row) else None


def _pair(do: Recording, total: list[Any], u: int, side: int, terms: list[int], start: int) -> list[Any]:
    """Return total + u Σ κ v, or u* and z* if side is -1."""
    re = im = None
    for k, row in enumerate(terms, start):
        factor = do.constant(k)
        re = do.add_product(re, factor, do.load(ROWS, row))
        im = do.add_product(im, factor, do.load(ROWS, row + 1))
    u_re, u_im, minus = (do.load(ROWS, u + k) for k in (0, side, -side))
    return [
        do.add_product(do.add_product(total[0], u_re, re), minus, im),
        do.add_product(do.add_product(total[1], u_re, im), u_im, re),
    ]


def _mixed(do: Recording, total: list[Any], u: int, side: int, terms: list[int], start: int) -> list[Any]:
    """Return total + u Σ κ v with real v."""
    value = None
    for k, row in enumerate(terms, start):
        value = do.add_product(value, do.constant(k), do.load(ROWS, row))
    return [do.add_product(t, do.load(ROWS, u + k), value) for t, k in zip(total, (0, side), strict=True)]
