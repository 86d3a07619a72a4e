"""Whether a double is the nearest one to an exact number, decided without the code that rounded it."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath

from coupling.exact import Surd


def is_nearest(value: float, exact: Surd) -> bool:
    """Whether no other double is nearer to a real Surd; in a tie the last bit must be 0.

    The midpoints to the two neighbours are compared with the number by their squares, π to 600 digits.
    """
    if exact.sign <= 0:
        return value == 0 if not exact.sign else value <= 0 and is_nearest(-value, -exact)
    below = (Fraction(value) + Fraction(math.nextafter(value, -1))) / 2
    above = (Fraction(value) + Fraction(math.nextafter(value, math.inf))) / 2
    low, high = (_side(mid, exact) for mid in (max(below, Fraction(0)), above))
    even = int(Fraction(value) / Fraction(math.ulp(value))) % 2 == 0
    return (low < 0 or (low == 0 and even)) and (high > 0 or (high == 0 and even))


def _side(midpoint: Fraction, exact: Surd) -> int:
    """The sign of midpoint - exact, for numbers >= 0."""
    if not exact.pi_power:
        return (midpoint**2 > exact.square) - (midpoint**2 < exact.square)
    with mpmath.workdps(600):
        ratio = midpoint**2 / exact.square
        difference = mpmath.mpf(ratio.numerator) / ratio.denominator - mpmath.pi**-exact.pi_power
        return int(mpmath.sign(difference))
