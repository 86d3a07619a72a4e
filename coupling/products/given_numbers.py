"""Weights and other numbers that a caller gives: real, in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.quoted import quoted


def given_numbers(values: Any, name: str) -> NDArray[np.float64]:
    """Return a new array of doubles; fractions and exact numbers are rounded.

    Raises TypeError, naming the argument, for texts, None, complex numbers and lists of unequal length.

    >>> given_numbers([1, 2.5], "weights")
    array([1. , 2.5])
    >>> given_numbers("sparse", "weights")
    Traceback (most recent call last):
    TypeError: weights must be real numbers, got 'sparse'
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO" or (array.dtype.kind == "O" and any(one is None for one in array.flat)):
            raise TypeError(f"an array of {array.dtype}")
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be real numbers, got {quoted(values)}") from error
