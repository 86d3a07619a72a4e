"""Numbers as Python integers times 2^-bits: sums and products to any precision, and one rounding at the end.

Arrays are numpy arrays of objects.  Every operation truncates, so that a result is a few units off; what is rounded is
first moved by far more than that in both directions, and only a number that rounds to the same value either way is
let through.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.exact.rounding import isqrt_exact, root_bits
from coupling.exact.surd import Surd
from coupling.floating_point import BINARY_FORMATS, stored

Fixed = NDArray[Any]
#: A computed number differs from the exact one by less than this many units; less than ZERO of them is zero.
ERROR, ZERO = 1 << 40, 1 << 44
#: Bits of a Surd before it is rounded.
SURD_BITS = 512


def exact(value: float, bits: int) -> int:
    """Return a double as an integer times 2^-bits, exactly but for what is below 2^-bits.

    >>> exact(0.75, 4), exact(-2.0, 1)
    (12, -4)
    """
    mantissa, exponent = math.frexp(value)
    shift = exponent - 53 + bits
    integer = int(math.ldexp(mantissa, 53))
    return integer << shift if shift >= 0 else integer >> -shift


def root(numerator: int, denominator: int, bits: int) -> int:
    """Return √(numerator/denominator), truncated.

    >>> root(1, 4, 8) / 2**8
    0.5
    """
    return math.isqrt((numerator << 2 * bits) // denominator)


def pi(bits: int) -> int:
    """Return π, truncated.

    >>> pi(4) / 16
    3.125
    """
    from mpmath.libmp import pi_fixed

    return int(pi_fixed(bits))


def roots(values: Fixed, bits: int) -> Fixed:
    """Return the square roots of numbers >= 0, truncated.

    >>> roots(np.array([1 << 8, 4 << 8], object), 8) // 2**8
    array([1, 2], dtype=object)
    """
    return array([math.isqrt(value << bits) for value in values.tolist()])


def array(values: list[Any]) -> Fixed:
    """Return an array of integers of any size.

    >>> array([1, 1 << 80]).dtype
    dtype('O')
    """
    result = np.empty(len(values), object)
    result[:] = values
    return result


def rounded(values: Fixed, bits: int, dtype: str = "float64", known: Sequence[bool] | None = None) -> NDArray[Any]:
    """Return the numbers of a type that are nearest to the exact ones, in the form in which the type is stored.

    bfloat16 is its bits in uint16.  ``known`` says which numbers of a narrow type are exact, so that a tie goes to the
    even one.  Raises ArithmeticError when a number is not known well enough to be rounded, or
    is too large for the type.

    >>> rounded(np.array([[1 << 99, -1, 3 << 98]], object), 100)
    array([[0.5 , 0.  , 0.75]])
    >>> rounded(np.array([(1 << 100) // 3], object), 100, "bfloat16")
    array([16043], dtype=uint16)
    """
    precision, least = BINARY_FORMATS[dtype][:2]
    if dtype == "float64":
        flat = [_double(value, 1 << bits) for value in values.ravel().tolist()]
    else:
        errors = [0 if exactly else ERROR for exactly in (known or [False] * values.size)]
        pairs = zip(values.ravel().tolist(), errors, strict=True)
        flat = [_narrow(value, bits, precision, least, error) for value, error in pairs]
    doubles = np.array(flat, np.float64).reshape(values.shape)
    result = stored(doubles, dtype)
    if dtype != "bfloat16" and not np.isfinite(result).all():
        raise ArithmeticError(f"a number is beyond the largest {dtype}")
    return result


def _double(value: int, one: int) -> float:
    """Division of integers rounds once, to nearest."""
    below, above = (value - ERROR) / one, (value + ERROR) / one
    if below == above:
        return below
    return _zero(value)


def _zero(value: int) -> float:
    if abs(value) < ZERO:
        return 0.0
    raise ArithmeticError("cannot round correctly: the value is too close to a tie")


def _narrow(value: int, bits: int, precision: int, least: int, error: int) -> float:
    below, above = (_to_multiple(v, bits, precision, least) for v in (value - error, value + error))
    return below if below == above else _zero(value)


def _to_multiple(value: int, bits: int, precision: int, least: int) -> float:
    """Return value 2^-bits rounded to ``precision`` bits, or to a multiple of the smallest number of the type."""
    unit = max(abs(value).bit_length() - precision, least - precision + 1 + bits)
    if unit <= 0:
        return value / (1 << bits)
    quotient, rest = divmod(value, 1 << unit)
    half = 1 << (unit - 1)
    quotient += rest > half or (rest == half and quotient & 1)
    return math.ldexp(quotient, unit - bits)


def rounded_surds(values: Iterable[Surd], shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return real numbers as an array of a type, in the form in which it is stored.

    >>> rounded_surds([Surd(1, 1, 3), Surd(0), Surd(-1, 1, 4)], (3,), "float16")
    array([ 0.577,  0.   , -0.5  ], dtype=float16)
    """
    numbers = list(values)
    if dtype == "float64":
        return np.array([float(number) for number in numbers]).reshape(shape)
    known = [_has_few_bits(number) for number in numbers]
    return rounded(array([_of_surd(number) for number in numbers]), SURD_BITS, dtype, known).reshape(shape)


def _has_few_bits(number: Surd) -> bool:
    """Return whether a number is an integer over a power of two that SURD_BITS hold."""
    bottom = isqrt_exact(number.denominator)
    if bottom is None or bottom & (bottom - 1) or number.pi_power or bottom.bit_length() > SURD_BITS:
        return False
    return isqrt_exact(number.numerator) is not None


def _of_surd(number: Surd) -> int:
    """Return number·2^SURD_BITS, less one part in 2^200, or exactly where it has so few bits that it could be a tie."""
    top, bottom = isqrt_exact(number.numerator), isqrt_exact(number.denominator)
    if top is not None and bottom is not None and not number.pi_power and bottom & (bottom - 1) == 0:
        return number.sign * ((top << SURD_BITS) // bottom)
    root, exponent = root_bits(number.numerator, number.denominator, number.pi_power, 256)
    shift = exponent + SURD_BITS
    return number.sign * (root << shift if shift >= 0 else root >> -shift)
