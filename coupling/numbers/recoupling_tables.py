"""Tables of 6j and 9j symbols: all that no selection rule forbids, to a largest degree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.integers import half
from coupling.memory import require_memory
from coupling.numbers.symbols import wigner_6j, wigner_9j
from coupling.portable import Portable
from coupling.quoted import quoted
from coupling.selection import doubled_degrees

Integers = NDArray[np.int64]

#: name → the function of arrays, and the degrees that have to couple
KINDS: dict[str, tuple[Callable[..., Any], tuple[tuple[int, int, int], ...]]] = {
    "wigner_6j": (wigner_6j, ((0, 1, 2), (0, 4, 5), (3, 1, 5), (3, 4, 2))),
    "wigner_9j": (wigner_9j, ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8))),
}


@dataclass(frozen=True, eq=False)
class RecouplingTable(Portable):
    """All 6j or 9j symbols to a largest degree whose triads couple.

    doubled [N, 6 or 9], twice the degrees in lexicographic order, and values [N], each correctly rounded; accidental
    zeros are among them.
    """

    name: str
    doubled: Integers
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def degrees(self) -> NDArray[np.float64]:
        """The degrees [N, 6 or 9], integers and half-integers.

        >>> tabulate_recoupling("wigner_6j", 1).degrees[-1]
        array([1., 1., 1., 1., 1., 1.])
        """
        return self.doubled / 2

    def dense(self) -> NDArray[np.float64]:
        """Return an array with an axis for each degree, at twice the degree where there are half-integers.

        Zero where a triad does not couple.  Raises MemoryError for an array that does not fit.

        >>> tabulate_recoupling("wigner_6j", 1).dense()[1, 1, 1, 1, 1, 1]
        np.float64(0.16666666666666666)
        """
        step = 1 if (self.doubled & 1).any() else 2
        places = self.doubled // step
        shape = (int(places.max(initial=0)) + 1,) * self.doubled.shape[1]
        require_memory(8 * prod(shape), f"the dense table of {self.name}")
        result = np.zeros(shape)
        result[tuple(places.T)] = self.values
        return result


def tabulate_recoupling(name: object, lmax: object, half_integers: bool = False) -> RecouplingTable:
    """Return all 6j or 9j symbols with degrees to lmax, integers, or half-integers as well.

    name is "wigner_6j" or "wigner_9j".  Raises ValueError or TypeError for another name, and a degree that does not
    exist; MemoryError, before it is allocated, for a table that does not fit.

    >>> table = tabulate_recoupling("wigner_9j", 0.5, half_integers=True)
    >>> len(table), table.degrees[-1], table.values[-1]
    (16, array([0.5, 0.5, 0. , 0.5, 0.5, 0. , 0. , 0. , 0. ]), np.float64(0.5))
    """
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError(f"a table of symbols is one of {', '.join(KINDS)}, got {quoted(name)}")
    if not isinstance(half_integers, bool):
        raise TypeError(f"half_integers must be True or False, got {quoted(half_integers)}")
    (twice,) = doubled_degrees(lmax)
    if twice & 1 and not half_integers:
        raise ValueError(f"lmax must be an integer without half_integers, got {half(twice)}")
    function, triads = KINDS[name]
    doubled = _coupled(twice, 1 if half_integers else 2, triads)
    return RecouplingTable(str(name), doubled, function(*(doubled.T / 2)))


def _coupled(twice: int, step: int, triads: tuple[tuple[int, int, int], ...]) -> Integers:
    """Return the rows of doubled degrees 0, step, … twice whose triads couple, in lexicographic order.

    Degrees are added one by one; a row goes as soon as a triad whose degrees are all there does not couple.
    """
    one, count = np.arange(0, twice + 1, step), 1 + max(max(triad) for triad in triads)
    rows = one[:, None]
    for place in range(1, count):
        require_memory(8 * (2 * place + 8) * len(rows) * len(one), f"a table of more than {len(rows)} symbols")
        rows = np.column_stack([np.repeat(rows, len(one), axis=0), np.tile(one, len(rows))])
        for triad in triads:
            if max(triad) == place:
                a, b, c = (rows[:, slot] for slot in triad)
                rows = rows[(abs(a - b) <= c) & (c <= a + b) & ((a + b + c) % 2 == 0)]
                del a, b, c
    return np.ascontiguousarray(rows)
