"""From exact numbers to narrower types in one rounding.

A double d that is nearest to the exact x may be rounded on to a narrower type, and the result is that of rounding x
itself, unless d lies exactly halfway between two numbers of that type: every such midpoint is a double, and rounding
to nearest keeps order, so d is above, at or below a midpoint whenever x is, except that x may differ from a midpoint
that d has become.  Those few are decided by comparing x with the midpoint, exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.exact.surd import Surd
from coupling.floating_point import default_rounding

Floats = NDArray[np.float64]


class BinaryFormat(NamedTuple):
    """A binary floating-point type: bits of its significand, the least exponent of a normal number 1.xxx·2^e, the
    largest number, and the type in which arrays of it are stored."""

    precision: int
    least_exponent: int
    largest: float
    storage: np.dtype


FORMATS = {
    "float64": BinaryFormat(53, -1022, float(np.finfo(np.float64).max), np.dtype("<f8")),
    "float32": BinaryFormat(24, -126, float(np.finfo(np.float32).max), np.dtype("<f4")),
    "float16": BinaryFormat(11, -14, float(np.finfo(np.float16).max), np.dtype("<f2")),
    "bfloat16": BinaryFormat(8, -126, float(2**127 * (2 - 2**-7)), np.dtype("<u2")),
}


@default_rounding()
def round_to(values: Floats, dtype: str, exact: Callable[[int], Surd]) -> tuple[Floats, int]:
    """Return the numbers of a type nearest to exact(0), exact(1), …, as doubles; and how many were decided exactly.

    values : the exact numbers rounded to double
    Ties go to even, and an exact tie is one of the exact number.  Raises ValueError beyond the largest number.

    >>> near = Surd(1, ((2**24 + 1) ** 2 << 60) + 1, 1 << 108)  # a little more than 1 + 2^-24, a midpoint of float32
    >>> float(near) == 1 + 2**-24, np.float32(float(near))
    (True, np.float32(1.0))
    >>> round_to(np.array([float(near)]), "float32", lambda index: near)
    (array([1.00000012]), 1)
    """
    if dtype == "float64":
        return values, 0
    precision, least, largest, _ = FORMATS[dtype]
    exponent = np.maximum(np.frexp(values)[1] - 1, least) - (precision - 1)
    scaled = np.ldexp(values, -exponent)
    rounded = np.rint(scaled)
    halfway = np.flatnonzero(abs(scaled - np.trunc(scaled)) == 0.5)
    for index in halfway.tolist():
        rounded[index] = _decide(float(scaled[index]), Fraction(float(values[index])), exact(index))
    result = np.ldexp(rounded, exponent)
    if (abs(result) > largest).any():
        worst = float(values[np.argmax(abs(result))])
        raise ValueError(f"{worst!r} is beyond the largest {dtype}, {largest!r}")
    return result + 0, len(halfway)


def _decide(scaled: float, midpoint: Fraction, value: Surd) -> float:
    below = float(np.floor(scaled))
    if value == midpoint:
        return float(np.rint(scaled))
    return below + 1 if value > midpoint else below


@default_rounding()
def stored(values: Floats, dtype: str) -> NDArray:
    """Return numbers of a type in that type; bfloat16 as the upper 16 bits of float32, in uint16.

    >>> stored(np.array([1.0, -2.0]), "bfloat16")
    array([16256, 49152], dtype=uint16)
    """
    if dtype == "bfloat16":
        return (values.astype("<f4").view("<u4") >> 16).astype("<u2")
    return values.astype(FORMATS[dtype].storage)


def shortest(values: Floats, dtype: str) -> list[str]:
    """Return numbers of a type in the fewest decimal digits that the type reads back as the same numbers.

    >>> third = round_to(np.array([1 / 3]), "float32", lambda entry: Surd(1, 1, 9))[0]
    >>> shortest(third, "float32"), shortest(third, "float64"), shortest(np.array([0.333984375]), "bfloat16")
    (['0.33333334'], ['0.3333333432674408'], ['0.334'])
    """
    if dtype == "bfloat16":
        return [_shortest_bfloat16(value) for value in values.tolist()]
    return [str(value) for value in values.astype(FORMATS[dtype].storage)]


def _shortest_bfloat16(value: float) -> str:
    """Return a number of bfloat16: two to four digits will do."""
    texts = (repr(float(f"{value:.{digits}g}")) for digits in range(1, 5))
    return next(text for text in texts if _to_bfloat16(float(text)) == value)


def _to_bfloat16(number: float) -> float:
    given = Fraction(number)
    exact = Surd.rational(given)
    return float(round_to(np.array([number]), "bfloat16", lambda entry: exact)[0][0])
