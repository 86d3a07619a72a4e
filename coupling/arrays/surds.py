"""Arrays of exact numbers in a floating-point type, each rounded once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.arrays.fixed import array, rounded
from coupling.exact.rounding import isqrt_exact, root_bits
from coupling.exact.surd import Surd

BITS = 512


def rounded_surds(values: Iterable[Surd], shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return real numbers as an array of a type, in the form in which it is stored.

    >>> rounded_surds([Surd(1, 1, 3), Surd(0), Surd(-1, 1, 4)], (3,), "float16")
    array([ 0.577,  0.   , -0.5  ], dtype=float16)
    """
    numbers = list(values)
    if dtype == "float64":
        return np.array([float(number) for number in numbers]).reshape(shape)
    return rounded(array([_fixed(number) for number in numbers]), BITS, dtype).reshape(shape)


def _fixed(number: Surd) -> int:
    """Return number·2^BITS, less one part in 2^200, or exactly where it has so few bits that it could be a tie."""
    top, bottom = isqrt_exact(number.numerator), isqrt_exact(number.denominator)
    if top is not None and bottom is not None and not number.pi_power and bottom & (bottom - 1) == 0:
        return number.sign * ((top << BITS) // bottom)
    root, exponent = root_bits(number.numerator, number.denominator, number.pi_power, 256)
    shift = exponent + BITS
    return number.sign * (root << shift if shift >= 0 else root >> -shift)
