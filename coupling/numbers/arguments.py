"""Degrees and orders of single symbols: numbers, or arrays of them that broadcast.

Two kinds of argument have no symbol.  An argument that is no degree or order at all (0.3, a text, a degree beyond the
largest one) raises.  An argument that a sum over symbols may run into lies *outside*: a negative degree, |m| > j, an
order that is not of its degree's kind.  It raises as well, or counts as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.integers import doubled, half
from coupling.memory import require_memory
from coupling.quoted import quoted
from coupling.selection import LARGEST_DEGREE, degrees, doubled_degrees, doubled_symbol, integer_symbol, one_of

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

#: Values of the option ``outside``.
OUTSIDE = ("raise", "zero")

#: Doubled numbers of arrays are cut to this size, which no degree reaches.
CUT = 1 << 40


class Signature(NamedTuple):
    """What a symbol takes: ``degrees`` degrees, then as many orders, or none; and whether degrees are integers."""

    degrees: int
    orders: bool
    integers: bool

    @property
    def names(self) -> list[str]:
        """The names of the arguments in messages.

        >>> Signature(1, True, False).names
        ['degree 1', 'order 1']
        """
        slots = range(1, self.degrees + 1)
        return [f"degree {slot}" for slot in slots] + [f"order {slot}" for slot in slots if self.orders]

    def strict(self, values: Sequence[object]) -> tuple[int, ...]:
        """Return doubled numbers that all exist, or raise.

        >>> Signature(3, True, False).strict((0.5, 0.5, 1, 0.5, 0.5, -1))
        (1, 1, 2, 1, 1, -2)
        """
        if not self.orders:
            return tuple(2 * l for l in degrees(*values)) if self.integers else doubled_degrees(*values)
        if self.integers:
            return tuple(2 * value for value in integer_symbol(*values))
        return doubled_symbol(*values)

    def lenient(self, values: Sequence[object]) -> tuple[int, ...] | None:
        """Return doubled numbers, or None where one lies outside; what is no degree or order raises.

        >>> Signature(1, True, False).lenient((1, 2)), Signature(1, True, False).lenient((1, 1))
        (None, (2, 2))
        """
        twice = tuple(doubled(value, name) for value, name in zip(values, self.names, strict=True))
        for slot, j in enumerate(twice[: self.degrees], 1):
            if self.integers and j & 1:
                raise ValueError(f"degree {slot} must be an integer, got {quoted(values[slot - 1])}")
            if j > 2 * LARGEST_DEGREE:
                raise ValueError(f"degree {slot} must be <= {LARGEST_DEGREE}, got {half(j)}")
        js, ms = twice[: self.degrees], twice[self.degrees :]
        lies_outside = any(j < 0 for j in js) or any(abs(m) > j or (j - m) & 1 for j, m in zip(js, ms, strict=False))
        return None if lies_outside else twice

    def of_numbers(self, values: Sequence[object], outside: str) -> tuple[int, ...] | None:
        """Return doubled numbers of one symbol; None where outside is "zero" and one of them lies outside.

        >>> Signature(1, True, False).of_numbers((1, 2), "zero") is None
        True
        """
        if outside == "raise":
            return self.strict(values)
        one_of(outside, OUTSIDE, "outside")
        return self.lenient(values)

    def of_arrays(self, values: Sequence[object], outside: str) -> tuple[Integers, Booleans]:
        """Return doubled numbers [..., n] of symbols that broadcast, and which of them exist; all of them, where
        outside is "raise".

        Raises TypeError or ValueError that names the first symbol with an argument that cannot be, and its index.

        >>> Signature(1, True, False).of_arrays(([1, 2], 2), "zero")[1]
        array([False,  True])
        """
        one_of(outside, OUTSIDE, "outside")
        arrays = [_as_array(value, name) for value, name in zip(values, self.names, strict=True)]
        shape = _common_shape(arrays, self.names)
        require_memory(8 * (4 * len(arrays) + 2) * prod(shape), f"an array of {prod(shape)} symbols")
        read = [_doubled(array, name) for array, name in zip(arrays, self.names, strict=True)]
        twice = np.stack([np.broadcast_to(numbers, shape) for numbers, _ in read], axis=-1)
        broken = np.zeros(shape, np.bool_)
        for _, marked in read:
            broken |= marked
        beyond = self._beyond(twice)
        lies_outside = self._outside(twice)
        refused = broken | beyond | (lies_outside if outside == "raise" else False)
        if refused.any():
            self._refuse(int(refused.argmax()), arrays, shape, outside)
        return twice, ~lies_outside

    def _beyond(self, twice: Integers) -> Booleans:
        """Return where a degree is too large, or no integer where it has to be one."""
        js = twice[..., : self.degrees]
        found = (js > 2 * LARGEST_DEGREE) | ((js & 1 == 1) & self.integers)
        return np.asarray(found.any(axis=-1))

    def _outside(self, twice: Integers) -> Booleans:
        js = twice[..., : self.degrees]
        found = js < 0
        if self.orders:
            ms = twice[..., self.degrees :]
            found = found | (abs(ms) > js) | ((js - ms) & 1 == 1)
        return np.asarray(found.any(axis=-1))

    def _refuse(self, place: int, given: list[NDArray[Any]], shape: tuple[int, ...], outside: str) -> None:
        """Raise what the symbol at a place in an array raises, with its index."""
        where = tuple(map(int, np.unravel_index(place, shape)))
        row = [_item(np.broadcast_to(array, shape)[where]) for array in given]
        try:
            self.of_numbers(row, outside)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{error} at index {where[0] if len(where) == 1 else where}") from None
        raise ValueError(f"the symbol of {quoted(row)} does not exist, at index {where}")


def is_array(value: object) -> bool:
    """Return whether an argument is an array with axes, or a sequence that makes one.

    >>> is_array([1, 2]), is_array(np.float64(1)), is_array(np.array(1))
    (True, False, False)
    """
    if isinstance(value, (list, tuple, range)):
        return True
    if isinstance(value, np.generic) or not hasattr(value, "__array__"):
        return False
    return bool(np.ndim(value))


def undoubled(twice: int) -> int | Fraction:
    """Return twice/2, an integer where it is one.

    >>> undoubled(4), undoubled(1)
    (2, Fraction(1, 2))
    """
    return Fraction(twice, 2) if twice & 1 else twice // 2


def _item(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _as_array(value: object, name: str) -> NDArray[Any]:
    """Return an argument as an array; a nested sequence as one of objects, of which numpy would make numbers of
    booleans."""
    if not isinstance(value, (list, tuple)):
        return np.asarray(value)
    try:
        return np.array(value, dtype=object)
    except ValueError as error:  # arrays of unequal shapes inside
        raise ValueError(f"{name} must be one number or an array of them, got {quoted(value)}: {error}") from None


def _doubled(given: NDArray[Any], name: str) -> tuple[Integers, Booleans]:
    """Return the doubled numbers of an array, and where it has none."""
    if given.dtype.kind in "iu":
        return 2 * np.clip(given, -CUT, CUT).astype(np.int64), np.zeros(given.shape, np.bool_)
    if given.dtype.kind == "f":
        with np.errstate(all="ignore"):
            twice = 2 * given.astype(np.float64)
            whole = np.isfinite(twice) & (np.floor(twice) == twice) & (twice == 2 * given)
        return np.where(whole, np.clip(twice, -CUT, CUT), 0).astype(np.int64), ~whole
    if given.dtype.kind == "O":
        return _doubled_objects(given, name)
    raise TypeError(f"{name} must be an integer or half-integer, got an array of {given.dtype}")


def _doubled_objects(given: NDArray[Any], name: str) -> tuple[Integers, Booleans]:
    twice, broken = np.zeros(given.shape, np.int64), np.zeros(given.shape, np.bool_)
    for index in np.ndindex(given.shape):
        try:
            twice[index] = max(-CUT, min(CUT, doubled(given[index], name)))
        except (TypeError, ValueError):
            broken[index] = True
    return twice, broken


def _common_shape(given: list[NDArray[Any]], names: list[str]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*(array.shape for array in given))
    except (ValueError, RuntimeError):  # the second for more than 32 axes
        found = ", ".join(f"{name} {array.shape}" for name, array in zip(names, given, strict=True) if array.ndim)
        raise ValueError(f"arrays must have shapes that broadcast, got {found}") from None
