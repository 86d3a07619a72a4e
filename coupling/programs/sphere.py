"""Products on the sphere: transforms between a feature and its Fourier coefficients, and their convolution.

Rows of Fourier coefficients: c_0, then Re c_m, Im c_m for m = 1 … l.  Other layouts and what the constants are:
:mod:`coupling.kernels.sphere_product`.  A program reads ``a`` (and ``b``) and writes the last array that it names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from coupling.programs.tape import Recording, Tape, record

#: Orders that are summed side by side: two sums and two factors for each stay in registers.
TILE = 5


def convolution(do: Recording, l1: int, l2: int, l3: int, hermitian: int) -> None:
    """Write Σ c_m1 d_m2 over m1 + m2 = m for m = 0 … l3 to ``c``; c_m is in ``a`` and d_m in ``b``.

    Negative orders of c are conj(c_m), those of d hermitian·conj(d_m), with d_0 = 0 if hermitian is -1.  Order 0 of the
    result is real for hermitian 1 and imaginary for -1; that number is its row.
    """
    for begin in range(0, l3 + 1, TILE):
        sums: dict[int, int] = {}
        orders = range(begin, min(begin + TILE, l3 + 1))
        for m1 in range(-l1, l1 + 1):
            for m in orders:
                if abs(m - m1) <= l2 and not (m == 0 and m1 < 0):
                    for row, i, j, minus in _products(m, m1, m - m1, hermitian):
                        left, right = do.load("a", i), do.load("b", j)
                        sums[row] = do.add_product(sums.get(row), do.negate(left) if minus else left, right)
        for m in orders:
            for row in (2 * m - 1, 2 * m) if m else (0,):
                do.store("c", row, sums.get(row))
        do.forget()


def _products(m: int, m1: int, m2: int, hermitian: int) -> list[tuple[int, int, int, bool]]:
    """Return (row of the sum, row of c, row of d, whether to subtract) of the products in c_m1 d_m2."""
    c = [(2 * abs(m1) - 1, False), (2 * abs(m1), m1 < 0)] if m1 else [(0, False)]
    flip = m2 < 0 and hermitian < 0
    d = [(2 * abs(m2) - 1, flip), (2 * abs(m2), (m2 < 0) != flip)] if m2 else [(0, False)] * (hermitian > 0)
    found = []
    for p, (i, s) in enumerate(c):
        for q, (j, t) in enumerate(d):
            imaginary = (p + q) % 2
            if m or imaginary == (hermitian < 0):
                row = 2 * m - 1 + imaginary if m else 0
                # in order 0, m1 and -m1 add the same
                found += [(row, i, j, (s != t) != (p + q == 2))] * (2 if m == 0 and m1 else 1)
    return found


def synthesis(do: Recording, lmax: int, n: int) -> None:
    """Write the Fourier coefficients at n colatitudes, north and south of each, to ``b``; a feature is in ``a``.

    Constants are [n, entry].
    """
    size = (lmax + 1) * (lmax + 2) // 2
    for m, entry, row, target in _lists(lmax):
        sums: list[list[int | None]] = [[None] * n, [None] * n]
        for i in range(lmax - m + 1):
            odd = int(i > (lmax - m) // 2)
            for k in range(n):
                factor, value = do.constant(k * size + entry + i), do.load("a", row + i)
                sums[odd][k] = do.add_product(sums[odd][k], factor, value)
        for k in range(n):
            even, uneven = sums[0][k], sums[1][k]
            do.store("b", 2 * k * (2 * lmax + 1) + target, do.add(even, uneven))
            do.store("b", (2 * k + 1) * (2 * lmax + 1) + target, do.subtract(even, uneven))
        do.forget()


def analysis(do: Recording, lmax: int, n: int) -> None:
    """Add sums over n colatitudes to ``b``; products [row, parity, n] are in ``a``, constants are [entry, n]."""
    for m, entry, row, source in _lists(lmax):
        for i in range(lmax - m + 1):
            odd = int(i > (lmax - m) // 2)
            total = do.load("b", row + i)
            for k in range(n):
                factor, value = do.constant((entry + i) * n + k), do.load("a", (2 * source + odd) * n + k)
                total = do.add_product(total, factor, value)
            do.store("b", row + i, total)
        do.forget()


def difference(do: Recording, l3: int) -> None:
    """Write -i (s - t) of Fourier coefficients to ``z``; order 0 of s and t is the imaginary part alone."""
    do.store("z", 0, do.subtract(do.load("s", 0), do.load("t", 0)))
    for re in range(1, 2 * l3 + 1, 2):
        do.store("z", re, do.subtract(do.load("s", re + 1), do.load("t", re + 1)))
        do.store("z", re + 1, do.subtract(do.load("t", re), do.load("s", re)))


def fold(do: Recording, l3: int, n: int, k: int, alone: bool, minus: bool) -> None:
    """Write the rows [2l3+1, parity, n] of ``e`` that belong to colatitude k, from ``north`` and ``south``.

    alone: the colatitude is the equator; minus: the southern value has the wrong sign.
    """
    for row in range(2 * l3 + 1):
        north, south = do.load("north", row), None if alone else do.load("south", row)
        pair = (north, north) if alone else (do.add(north, south), do.subtract(north, south))
        for parity, value in enumerate(pair[::-1] if minus and not alone else pair):
            do.store("e", (2 * row + parity) * n + k, value)


def _lists(lmax: int) -> list[tuple[int, int, int, int]]:
    """Return (m, first entry of the table, first row of the feature, row of Fourier coefficients) for all ±m."""
    found = []
    entry, row = 0, 0
    for m in range(lmax + 1):
        for part in range(2 if m else 1):
            found.append((m, entry, row, max(0, 2 * m - 1 + part)))
            row += lmax - m + 1
        entry += lmax - m + 1
    return found


PROGRAMS: dict[str, Callable[..., None]] = {"convolution": convolution, "synthesis": synthesis, "analysis": analysis}


@cache
def sphere_tape(name: str, arguments: tuple[int, ...]) -> Tape:
    """Return one of the programs for given degrees.

    >>> print(sphere_tape("convolution", (0, 1, 1, 1)))
    t0 = a[0]
    t1 = b[0]
    t2 = t0 * t1
    t3 = b[1]
    t4 = t0 * t3
    t5 = b[2]
    t6 = t0 * t5
    c[0] = t2
    c[1] = t4
    c[2] = t6
    """
    return record(PROGRAMS[name], *arguments)
