"""Products on the sphere: transforms between a feature and its Fourier coefficients, and their convolution.

Rows of Fourier coefficients: c_0, then Re c_m, Im c_m for m = 1 … l.  Other layouts and what the constants are:
:mod:`coupling.kernels.sphere_product`.  A program reads ``a`` (and ``b``) and writes the last array that it names.

A transform sums *functions* of θ: ``VALUE`` P_lm, ``SLOPE`` ∂P_lm/∂θ, ``ORDER`` m P_lm/sin θ, or several of them,
added as bits.  For each m the sums of what is even in cos θ come first, then those of what is odd.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from coupling.programs.tape import Recording, Tape, record

VALUE, SLOPE, ORDER = 1, 2, 4

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


def synthesis(do: Recording, lmax: int, n: int, functions: int = VALUE) -> None:
    """Write the Fourier coefficients at n colatitudes, north and south of each, to ``b``; a feature is in ``a``.

    Constants are [n, entry].
    """
    size = entry_count(functions, lmax)
    for entry, row, target, lengths in _lists(lmax, functions):
        sums: list[list[int | None]] = [[None] * n, [None] * n]
        for i in range(sum(lengths)):
            odd = int(i >= lengths[0])
            for k in range(n):
                factor, value = do.constant(k * size + entry + i), do.load("a", row + i)
                sums[odd][k] = do.add_product(sums[odd][k], factor, value)
        for k in range(n):
            even, uneven = sums[0][k], sums[1][k]
            do.store("b", 2 * k * (2 * lmax + 1) + target, do.add(even, uneven))
            do.store("b", (2 * k + 1) * (2 * lmax + 1) + target, do.subtract(even, uneven))
        do.forget()


def analysis(do: Recording, lmax: int, n: int, functions: int = VALUE) -> None:
    """Add sums over n colatitudes to ``b``; products [row, parity, n] are in ``a``, constants are [entry, n]."""
    for entry, row, source, lengths in _lists(lmax, functions):
        for i in range(sum(lengths)):
            odd = int(i >= lengths[0])
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


def subtraction(do: Recording, l3: int) -> None:
    """Write s - t of Fourier coefficients to ``z``."""
    for row in range(2 * l3 + 1):
        do.store("z", row, do.subtract(do.load("s", row), do.load("t", row)))


def even_count(functions: int, lmax: int, m: int) -> int:
    """Return how many functions of an order m and of degrees to lmax are even in cos θ.

    >>> even_count(VALUE, 3, 0), even_count(SLOPE, 3, 0), even_count(ORDER, 3, 0), even_count(SLOPE + ORDER, 3, 1)
    (2, 2, 0, 3)
    """
    same, other = (lmax - m) // 2 + 1, (lmax - m + 1) // 2
    return (functions & 1) * same + (functions >> 1 & 1) * other + (functions >> 2 & 1) * (same if m > 0 else 0)


def odd_count(functions: int, lmax: int, m: int) -> int:
    """Return how many functions of an order m and of degrees to lmax are odd in cos θ; there is no slope of degree 0.

    >>> odd_count(VALUE, 3, 0), odd_count(SLOPE, 3, 0), odd_count(ORDER, 3, 0), odd_count(SLOPE + ORDER, 3, 1)
    (2, 1, 0, 3)
    """
    same, other = (lmax - m) // 2 + (1 if m > 0 else 0), (lmax - m + 1) // 2
    return (functions & 1) * other + (functions >> 1 & 1) * same + (functions >> 2 & 1) * (other if m > 0 else 0)


def entry_count(functions: int, lmax: int) -> int:
    """Return how many functions there are of all orders m >= 0.

    >>> entry_count(VALUE, 2), entry_count(SLOPE, 2), entry_count(ORDER, 2)
    (6, 5, 3)
    """
    size = (lmax + 1) * (lmax + 2) // 2
    return (functions & 1) * size + (functions >> 1 & 1) * (size - 1) + (functions >> 2 & 1) * (size - lmax - 1)


def items(lmax: int, functions: int = VALUE) -> list[tuple[int, int, int]]:
    """Return (function, l, m) of the entries of a table.

    >>> items(1, SLOPE + ORDER)
    [(2, 1, 0), (4, 1, 1), (2, 1, 1)]
    """
    found = []
    for m in range(lmax + 1):
        for odd in (0, 1):
            for l in range(m, lmax + 1):
                for f in (VALUE, SLOPE, ORDER):
                    exists = l > 0 if f == SLOPE else m > 0 if f == ORDER else True
                    if functions & f and exists and (l + m + (f == SLOPE)) % 2 == odd:
                        found.append((f, l, m))
    return found


def rows(lmax: int, functions: int = VALUE) -> list[tuple[int, int, int]]:
    """Return (function, l, m) of the rows of a feature: as the entries of a table, for each m first m, then -m.

    >>> rows(1)
    [(1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 1, -1)]
    """
    entries = items(lmax, functions)
    signs = [(m, sign) for m in range(lmax + 1) for sign in ((1, -1) if m else (1,))]
    return [(f, l, sign * m) for m, sign in signs for f, l, order in entries if order == m]


def _lists(lmax: int, functions: int) -> list[tuple[int, int, int, tuple[int, int]]]:
    """Return (first entry, first row of the feature, row of Fourier coefficients, even and odd numbers) for all ±m."""
    found = []
    entry, row = 0, 0
    for m in range(lmax + 1):
        lengths = even_count(functions, lmax, m), odd_count(functions, lmax, m)
        for part in range(2 if m else 1):
            found.append((entry, row, max(0, 2 * m - 1 + part), lengths))
            row += sum(lengths)
        entry += sum(lengths)
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
