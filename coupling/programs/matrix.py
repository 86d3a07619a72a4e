"""The matrix product: encoding, multiplying and decoding of matrices, for one dimension n and largest degree.

A feature x has the rows x[l²+l+m].  A *pair* is a list of what belongs to the diagonals m and -m, one number on the
diagonal 0.  Mathematics and constants: see :mod:`coupling.kernels.matrix_product`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import Any

from coupling.programs.tape import Recording, Tape, record

#: Factors of the sums that make a tile, and whether they are subtracted: R S - Rᵀ Sᵀ + S Rᵀ + Sᵀ R.
SUMS = (("R", "S", False), ("Rt", "St", True), ("S", "Rt", False), ("St", "R", False))


def encode(do: Recording, n: int, lmax: int) -> None:
    """Write the ``matrix`` of a ``feature``."""
    entry = count()
    for m in range(lmax + 1):
        pairs = {l: _butterfly(do, _rows(do, l, m)) for l in range(m, lmax + 1)}
        for t in range((n - m + 1) // 2):
            even = _weighted(do, [pairs[l] for l in range(m, lmax + 1, 2)], entry)
            odd = _weighted(do, [pairs[l] for l in range(m + 1, lmax + 1, 2)], entry)
            for p, combine in ((t, do.add), (n - m - 1 - t, do.subtract)):
                pair = [combine(a, b) for a, b in zip(even, odd, strict=True)] if odd else even
                for place, value in zip(_entries(p, m, n), pair, strict=True):
                    do.store("matrix", place, value)


def decode(do: Recording, n: int, lmax: int) -> None:
    """Write the ``feature`` of a ``matrix``."""
    entry = count()
    for m in range(lmax + 1):
        pairs = [(t, n - m - 1 - t) for t in range((n - m + 1) // 2)]
        ends = [[[do.load("matrix", e) for e in _entries(p, m, n)] for p in both] for both in pairs]
        for first, combine in ((m, do.add), (m + 1, do.subtract)):
            folded = [[combine(a, b) for a, b in zip(near, far, strict=True)] for near, far in ends]
            for l in range(first, lmax + 1, 2):
                pair = _butterfly(do, _weighted(do, folded, entry))
                for order, value in zip(_orders(m), pair, strict=True):
                    do.store("feature", l * l + l + order, value)


def multiply(do: Recording, n: int, rows: int, columns: int) -> None:
    """Write a ``tile`` of R S - Rᵀ Sᵀ + S Rᵀ + Sᵀ R.

    The factors are the arrays left-R, …, right-Rt, whose row n·i + r is the entry (i, r) of the matrix that begins at
    the tile's first row, or column, and is not transposed: left-Rt is the matrix R from the tile's first column on.
    """
    total: dict[tuple[int, int], int] = {}
    for left, right, subtract in SUMS:
        for r in range(n):
            column = [do.load(f"left-{left}", _place(left, i, r, n)) for i in range(rows)]
            column = [do.negate(a) for a in column] if subtract else column
            for j in range(columns):
                b = do.load(f"right-{right}", _place(right, r, j, n))
                for i in range(rows):
                    total[i, j] = do.add_product(total.get((i, j)), column[i], b)
    for (i, j), value in total.items():
        do.store("tile", i * n + j, value)


def _rows(do: Recording, l: int, m: int) -> list[Any]:
    return [do.load("feature", l * l + l + order) for order in _orders(m)]


def _place(factor: str, i: int, j: int, n: int) -> int:
    return j * n + i if factor.endswith("t") else i * n + j


def _orders(m: int) -> list[int]:
    return [m, -m] if m else [0]


def _entries(p: int, m: int, n: int) -> list[int]:
    return [p * n + p + m, (p + m) * n + p] if m else [p * n + p]


def _butterfly(do: Recording, pair: list[Any]) -> list[Any]:
    """Return the sum and the difference of a pair; one number stays."""
    return [do.add(*pair), do.subtract(*pair)] if len(pair) == 2 else pair


def _weighted(do: Recording, pairs: list[list[Any]], entry: Iterator[int]) -> list[Any]:
    """Return the sum of the pairs, each times the next constant; of no pairs, an empty list."""
    total: list[Any] = []
    for pair in pairs:
        factor = do.constant(next(entry))
        total = [do.add_product(t, factor, v) for t, v in zip(total or [None] * len(pair), pair, strict=True)]
    return total


PROGRAMS: dict[str, Callable[..., None]] = {"encode": encode, "decode": decode, "multiply": multiply}


@cache
def matrix_tape(name: str, arguments: tuple[int, ...]) -> Tape:
    """Return one of the programs for a dimension n and a largest degree, or the shape of a tile.

    >>> print(matrix_tape("encode", (2, 0)))
    t0 = feature[0]
    t1 = constant[0]
    t2 = t1 * t0
    matrix[0] = t2
    matrix[3] = t2
    """
    return record(PROGRAMS[name], *arguments)
