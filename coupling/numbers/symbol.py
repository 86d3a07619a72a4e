"""What a kind of symbol is, and its values: from compiled functions, where these know it, or from exact integers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.exact.surd import Surd
from coupling.numbers.arguments import Signature, is_array, undoubled
from coupling.numbers.compiled import many

Integers = NDArray[np.int64]


class Symbol(NamedTuple):
    """A kind of symbol: what it takes, its exact value, whether it is imaginary, and how kernels compute it.

    kind is what :func:`coupling.numbers.compiled.many` takes; turn gives the rows and the signs that lead there.
    """

    signature: Signature
    exact: Callable[..., Surd]
    imaginary: bool = False
    kind: tuple[str, int] | None = None
    turn: Callable[[Integers], tuple[Integers, Integers]] | None = None

    def __call__(self, outside: str, *values: object) -> Any:
        """Return the correctly rounded value, or an array of values."""
        if any(map(is_array, values)):
            return self.over(outside, values)
        twice = self.signature.of_numbers(values, outside)
        value = float(self.of_rows(np.array([twice]))[0]) if twice is not None else 0.0
        return complex(0.0, value) if self.imaginary else value

    def over(self, outside: str, values: tuple[object, ...]) -> NDArray[Any]:
        """Return the values of symbols that broadcast."""
        twice, exists = self.signature.of_arrays(values, outside)
        result = np.zeros(exists.shape, complex if self.imaginary else float)
        part = result.imag if self.imaginary else result
        part[exists] = self.of_rows(twice[exists])
        return result

    def of_rows(self, rows: Integers) -> NDArray[np.float64]:
        """Return the values of rows of doubled numbers that exist, without their i."""
        values = self._compiled(rows)
        if values is None:
            return self._exact(rows)
        if (open_ones := np.isnan(values)).any():
            values[open_ones] = self._exact(rows[open_ones])
        return values

    def _compiled(self, rows: Integers) -> NDArray[np.float64] | None:
        if self.kind is None:
            return None
        turned, signs = self.turn(rows) if self.turn else (rows, None)
        values = many(self.kind, np.ascontiguousarray(turned))
        return values if values is None or signs is None else signs * values + 0.0  # no zero is negative

    def _exact(self, rows: Integers) -> NDArray[np.float64]:
        """Return the values from exact integers, each different row once."""
        if len(rows) == 1:
            return np.array([exact_value(self.exact, rows[0].tolist())])
        different, places = np.unique(rows, axis=0, return_inverse=True)
        values = np.array([exact_value(self.exact, row) for row in different.tolist()], float)
        return values[places.reshape(-1)]


def exact_value(function: Callable[..., Surd], twice: Iterable[int]) -> float:
    """Return the value of doubled numbers, without its i, from exact integers.

    >>> from coupling.exact import wigner_6j
    >>> exact_value(wigner_6j, (2, 2, 2, 2, 2, 2))
    0.16666666666666666
    """
    surd = function(*map(undoubled, twice))
    return complex(surd).imag if surd.unit else float(surd)
