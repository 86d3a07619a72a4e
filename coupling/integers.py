"""Arguments that are integers or half-integers: any numeric type is accepted, and becomes a Python integer.

numpy's integers overflow in silence, also inside a Fraction; booleans and texts are no numbers here.
"""

from __future__ import annotations

import numbers
import operator
from fractions import Fraction
from typing import Any, cast

from coupling.quoted import quoted


def doubled(value: object, name: str) -> int:
    """Return 2·value as an integer; value must be an integer or half-integer of any numeric type.

    >>> doubled(3, "l"), doubled(0.5, "j"), doubled(Fraction(-3, 2), "m")
    (6, 1, -3)
    """
    if type(value) is int:
        return 2 * value
    twice = 2 * _rational(value, name, "an integer or half-integer")
    if twice.denominator != 1:
        raise ValueError(f"{name} must be an integer or half-integer, got {quoted(value)}")
    return twice.numerator


def integer(value: object, name: str) -> int:
    """Return value as an integer; 2.0 and numpy integers are accepted, True and 0.5 are not.

    >>> integer(2.0, "l")
    2
    """
    if type(value) is int:
        return value
    number = _rational(value, name, "an integer")
    if number.denominator != 1:
        raise ValueError(f"{name} must be an integer, got {quoted(value)}")
    return number.numerator


def _rational(value: object, name: str, kind: str) -> int | Fraction:
    if isinstance(value, (bool, str, bytes)) or type(value).__name__ in ("bool", "bool_"):
        raise TypeError(f"{name} must be {kind}, got {type(value).__name__} {quoted(value)}")
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        pass
    try:
        return _fraction(value)
    except TypeError:
        raise TypeError(f"{name} must be {kind}, got {type(value).__name__} {quoted(value)}") from None
    except (ValueError, OverflowError):
        raise ValueError(f"{name} must be {kind}, got {quoted(value)}") from None


def _fraction(value: object) -> Fraction:
    """Return a SymPy number, read from its text, or any real number as a Fraction of Python integers, exactly."""
    if hasattr(value, "free_symbols"):
        return Fraction(str(value))
    if isinstance(value, numbers.Rational):  # a Fraction keeps numpy's integers, which overflow in silence
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, numbers.Real):
        number = float(value)
        if number != value:
            raise ValueError("not a number, or more digits than a double holds")
        return Fraction(number)
    return Fraction(cast(Any, value))


def degree(value: object, name: str = "degree") -> int:
    """Return value as a degree l = 0, 1, 2, …, or raise.

    >>> degree(4)
    4
    """
    l = integer(value, name)
    if l < 0:
        raise ValueError(f"{name} must be >= 0, got {quoted(l)}")
    return l


def count(value: object, name: str) -> int:
    """Return value as a number of things 1, 2, 3, …, such as threads or terms, or raise.

    >>> count(2, "workers")
    2
    """
    number = value if type(value) is int else _rational(value, name, "an integer >= 1")
    if number < 1 or number.denominator != 1:
        raise ValueError(f"{name} must be an integer >= 1, got {quoted(value)}")
    return number.numerator


def half(twice: int) -> str:
    """Return how a message writes twice/2.

    >>> half(3), half(-4)
    ('3/2', '-2')
    """
    return quoted(twice // 2) if twice % 2 == 0 else f"{quoted(twice)}/2"


def is_integer(value: object) -> bool:
    """Return whether value is of an integer type, Python's, numpy's or SymPy's; booleans and floats are not.

    >>> is_integer(2), is_integer(True), is_integer(2.0)
    (True, False, False)
    """
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def only_integers(values: tuple[Any, ...], what: str) -> list[int]:
    """Return integers of any type as Python's; floats are refused, even 2.0.

    >>> import numpy as np
    >>> only_integers((1, np.int64(2)), "a Surd")
    [1, 2]
    """
    if not all(map(is_integer, values)):
        raise TypeError(f"{what} is made of integers, got {quoted(values)}")
    return [int(value) for value in values]
