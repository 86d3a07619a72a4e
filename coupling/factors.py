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
from coupling.exact.reduced import reduced
from coupling.exact.rounding import root_bits
from coupling.exact.surd import Surd
from coupling.exact.wigner_3j import norm
from coupling.kernels.chain import Roots
from coupling.kernels.regge import MAX_TOTAL, binomials, inverse_roots

Floats = NDArray[np.float64]

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


def path_factors(family: str, basis: str, l1: int, l2: int, l3: int, third: int) -> Floats:
    """Return the factors [2, 3] of a canonical path, for entries without and with a zero order; zero factors off the
    family's paths.

    Both equal √N · reduced(family), the first over √2 in the real basis.  third is the degree in the third slot,
    which matters for clebsch_gordan alone.
    """
    num, den = norm(l1 + l2 - l3, -l1 + l2 + l3, l1 - l2 + l3)
    whole = Surd(1, num, den)
    if family == "clebsch_gordan":
        whole = whole * Surd(1, 2 * third + 1)
    else:
        whole = whole * reduced(family, l1, l2, l3, basis)
    if not whole:
        return np.zeros((2, 3))
    signs = np.array([whole.sign, whole.sign, 1.0])
    halved = whole * Surd(1, 1, 2) if basis == "real" else whole
    return np.array([scaled(halved), scaled(whole)]) * signs


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
