"""Exact numbers as double-doubles: the separable factors that the kernels multiply their integers by.

A *scaled* factor is (h, l, exponent) with value (h + l)·2^exponent and h in [1, 2), so that nothing overflows or
underflows.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import parity_sign
from coupling.exact.rounding import root_bits
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import norm
from coupling.families import Family
from coupling.kernels.chain import Roots
from coupling.kernels.regge import MAX_TOTAL, binomials, inverse_roots
from coupling.numbers.plan import ORDERINGS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Bits of a square root that are computed before it is cut into two doubles.
BITS = 140


def scaled(value: Surd) -> tuple[float, float, float]:
    """Return |value| as (h, l, exponent) with a relative error below 2^-105.

    >>> scaled(Surd(1, 9, 4))
    (1.5, 0.0, 0.0)
    """
    root, exponent = root_bits(value.numerator, value.denominator, value.pi_power, BITS)
    shift = root.bit_length() - 1
    high = root >> (shift - 52)
    low = root - (high << (shift - 52))
    if low >> (shift - 53):  # round to nearest, so that the second double takes as much as it can
        high, low = high + 1, low - (1 << (shift - 52))
    return high * 2.0**-52, low * 2.0**-shift, float(exponent + shift)


def double_double(value: Surd) -> tuple[float, float]:
    """Return |value| as an unscaled double-double.

    >>> double_double(Surd(1, 2))
    (1.4142135623730951, -9.667293313452913e-17)
    """
    high, low, exponent = scaled(value)
    return float(np.ldexp(high, int(exponent))), float(np.ldexp(low, int(exponent)))


@lru_cache(maxsize=8)
def chain_roots(lmax: int) -> Roots:
    """Return the tables that :func:`coupling.kernels.chain.tabulate` needs for degrees ≤ lmax."""
    size = min(3 * lmax, MAX_TOTAL) + 2
    hi, lo, root_h, root_l = (np.zeros((size, size)) for _ in range(4))
    binomials(size, hi, lo)
    inverse_roots(size, hi, lo, root_h, root_l)
    degree = np.array([double_double(Surd(1, 2 * l + 1)) for l in range(lmax + 1)])
    casimir = np.array([double_double(Surd(1, l * (l + 1))) if l else (0.0, 0.0) for l in range(lmax + 1)])
    constants = np.array([double_double(Surd(1, 1, 4, 1)), double_double(Surd(1, 1, 2))])
    return Roots(hi, lo, root_h, root_l, degree, casimir, constants)


@lru_cache(maxsize=512)
def path_roots(l: int) -> Floats:
    """Return 1/√binom(2l, p) for p = 0 … 2l as scaled factors [2l+1, 3].

    >>> path_roots(1)[:, 0] * 2.0 ** path_roots(1)[:, 2]
    array([1.        , 0.70710678, 1.        ])
    """
    half = []
    binomial = 1
    for p in range(l + 1):
        half.append(scaled(Surd(1, 1, binomial)))
        binomial = binomial * (2 * l - p) // (p + 1)
    return np.array(half + half[-2::-1])


def path_factors(factor: Surd, real: bool, l1: int, l2: int, l3: int) -> Floats:
    """Return √N times the factor of a canonical path [2, 3], for entries without and with a zero order; zeros for zero.

    In the real basis the first is over √2.

    >>> path_factors(Surd(0), True, 1, 1, 2).any()
    np.False_
    """
    whole = factor * Surd(1, *norm(l1 + l2 - l3, -l1 + l2 + l3, l1 - l2 + l3))
    if not whole:
        return np.zeros((2, 3))
    signs = np.array([whole.sign, whole.sign, 1.0])
    halved = whole * Surd(1, 1, 2) if real else whole
    return np.array([scaled(halved), scaled(whole)]) * signs


def ordering_sizes(
    family: Family, basis: str, path: list[int], where: Integers
) -> list[tuple[Surd, Integers, list[int]]]:
    """Return the sizes that the factor has, other than zero, on the orderings of a path that are wanted; where each of
    them belongs, as ``where`` has it; and the starts of those with a negative factor.

    >>> from coupling.families import family
    >>> where = np.arange(6)  # the size of gradient_dot on (1, 1, 2) differs from that on (2, 1, 1), and the sign
    >>> [(size, sorted(set(mine.tolist()) - {-1}), negative)
    ...  for size, mine, negative in ordering_sizes(family("gradient_dot"), "real", [1, 1, 2], where)]
    [(√(27/(2π)), [0, 1, 2, 3], []), (√(3/(2π)), [4, 5], [4, 5])]
    """
    found: dict[Surd, tuple[Integers, list[int]]] = {}
    for number, (i, j, k) in enumerate(ORDERINGS):
        if where[number] >= 0 and (factor := family.reduced(path[i], path[j], path[k], basis)):
            mine, negative = found.setdefault(abs(factor), (np.full(6, -1), []))
            mine[number] = where[number]
            negative += [int(where[number])] if factor.sign < 0 else []
    return [(size, *places) for size, places in found.items()]


def row_starts(l1: int, l2: int, l3: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the digits [l1+1, n] of (-1)^(p1+a) binom(c, p1), base 2^32, and their number [l1+1], for a canonical
    path; the last digit is signed.

    >>> digits, lengths = row_starts(1, 1, 1)
    >>> digits[:, 0], lengths
    (array([-1,  1]), array([1, 1]))
    """
    digits, lengths = _signed_binomials(l1 - l2 + l3, (l1 + l2 - l3) & 1, (l1 + l2 + l3) // 32 + 4)
    return digits[: l1 + 1], lengths[: l1 + 1]


@lru_cache(maxsize=8)
def _signed_binomials(c: int, odd: int, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the digits of (-1)^(p1+a) binom(c, p1) for p1 = 0 … c, where a is odd or not: all paths of a chain have
    the same c and odd a."""
    digits, lengths = np.zeros((c + 1, size), np.int64), np.zeros(c + 1, np.int64)
    for p1 in range(c + 1):
        value = parity_sign(p1 + odd) * comb(c, p1)
        lengths[p1] = n = value.bit_length() // 32 + 1
        row = np.frombuffer(value.to_bytes(4 * n, "little", signed=True), np.uint32).astype(np.int64)
        row[-1] -= (row[-1] >> 31) << 32
        digits[p1, :n] = row
    return digits, lengths
