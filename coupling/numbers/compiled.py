"""When single symbols are compiled: as soon as a program wants many of them.

Importing numba takes longer than ten thousand symbols from exact integers, and compiling for an empty cache longer than
a million.  So the first ones come from integers, and what loads the compiled functions is work: the bits are the same.
"""

from __future__ import annotations

import os
from math import nan
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What is done before, in units of a small 3j symbol from integers, about 7 µs.
BUDGET = 20_000


def _nothing(*_: object) -> float:
    return nan


class CompiledSymbols:
    """The compiled functions of single symbols: NaN for what they do not know, which is everything before ``load``."""

    def __init__(self) -> None:
        self.three: Any = _nothing
        self.six: Any = _nothing
        self.nine: Any = _nothing
        self.kernels: Any = None
        self.spent = 0
        self._lock = Lock()

    def worth(self, work: int) -> bool:
        """Return whether compiled functions are worth loading, after more work; never with NUMBA_DISABLE_JIT."""
        self.spent += work
        return self.spent > BUDGET and os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")

    def wanted(self, work: int) -> Any:
        """Return the kernels of symbols, if they are loaded or if that is worth its time after more work; else None."""
        if self.kernels is None and self.worth(work):
            self.load()
        return self.kernels

    def load(self) -> None:
        """Load the kernels, or compile them."""
        with self._lock:
            if self.kernels is None:
                self._load()

    def _load(self) -> None:
        from numba import types

        from coupling.kernels import symbol_calls

        for function, count, others in ((symbol_calls.single_3j, 6, 1), (symbol_calls.single_6j, 6, 0),
                                        (symbol_calls.single_9j, 9, 0)):  # fmt: skip
            for kind in (types.int64, types.float64):
                function.compile((kind,) * count + (types.int64,) * others)
            function.disable_compile()
        self.three, self.six, self.nine = symbol_calls.single_3j, symbol_calls.single_6j, symbol_calls.single_9j
        self.kernels = symbol_calls


FUNCTIONS = CompiledSymbols()


def many(kind: tuple[str, int], rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Return the symbols of rows of doubled numbers that exist, NaN where a degree is above 2048; or None, if so few of
    them are not worth loading the kernels.

    kind is "three" with the number of ``coupling.kernels.symbols``, "six" or "nine".

    >>> FUNCTIONS.load()
    >>> many(("six", 0), np.full((1, 6), 2))
    array([0.16666667])
    """
    kernels = FUNCTIONS.wanted(len(rows) * {"three": 1, "six": 3, "nine": 50}[kind[0]])
    if kernels is None:
        return None
    values = np.empty(len(rows))
    if kind[0] == "three":
        kernels.many_3j(rows, kind[1], values)
    else:
        (kernels.many_6j if kind[0] == "six" else kernels.many_9j)(rows, values)
    return values
