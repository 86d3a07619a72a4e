"""Message passing: what one edge and one register of channels do, recorded once for every target.

An edge with harmonics Y has for each path p a small matrix, the *entries* of the edge,

    M_p[k, a] = Σ_b C_p[a, b, k] Y[b]

numbered n over all paths, those left out that are zero for every Y.  The message is z[k] = Σ_p M_p[k, a] w_p x[a].
Entries are constants of a tape: they come with the edge and are the same for all channels.  Arrays by their names:
``x``, ``w``, ``z`` and ``g``, the cotangent of z; ``dx`` and ``dw``, gradients; ``e``, sums over channels of the
gradient in the entries; ``dy``, the gradient in Y, not yet summed over the lanes of a register.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from coupling.programs.tape import Recording

Entry = tuple[int, int, int]


class EdgePath(NamedTuple):
    """A path: its number, first rows in x and z, and entries (a, k, n), sorted: order of x, of z, number."""

    number: int
    x: int
    z: int
    entries: tuple[Entry, ...]

    @property
    def columns(self) -> Iterable[tuple[int, list[Entry]]]:
        """The entries of each order of x."""
        return ((a, list(group)) for a, group in groupby(self.entries, itemgetter(0)))


#: Terms (b, number) of each entry: harmonics and the numbers of their coefficients.
Terms = tuple[tuple[tuple[int, int], ...], ...]


def matrix_entries(do: Recording, terms: Terms) -> None:
    """Write the entries ``m`` of an edge from its harmonics ``y``; constants are the coefficients.

    >>> from coupling.programs.tape import record
    >>> print(record(matrix_entries, (((0, 0), (2, 1)),)))
    t0 = constant[0]
    t1 = y[0]
    t2 = t0 * t1
    t3 = constant[1]
    t4 = y[2]
    t5 = fma(t3, t4, t2)
    m[0] = t5
    """
    for n, one in enumerate(terms):
        total = None
        for b, number in one:
            total = do.add_product(total, do.constant(number), do.load("y", b))
        do.store("m", n, total)


def message(do: Recording, paths: Iterable[EdgePath]) -> None:
    """Add the message of an edge to ``z``; constants are its entries.

    >>> from coupling.programs.tape import record
    >>> print(record(message, [EdgePath(0, 0, 0, ((0, 0, 0),))]))
    t0 = w[0]
    t1 = x[0]
    t2 = t0 * t1
    t3 = constant[0]
    t4 = z[0]
    t5 = fma(t3, t2, t4)
    z[0] = t5
    """
    total: dict[int, Any] = {}
    for path in paths:
        weight = do.load("w", path.number)
        for a, column in path.columns:
            scaled = do.add_product(None, weight, do.load("x", path.x + a))
            for _, k, n in column:
                factor, row = do.constant(n), path.z + k
                before = total[row] if row in total else do.load("z", row)
                total[row] = do.add_product(before, factor, scaled)
    for row, value in total.items():
        do.store("z", row, value)


def edge_gradients(do: Recording, paths: Iterable[EdgePath], weights: bool, features: bool = True) -> None:
    """Add the gradient in x of an edge to ``dx``, and write that in w to ``dw``; constants are its entries.

    features, weights : which of the two

    >>> from coupling.programs.tape import record
    >>> print(record(edge_gradients, [EdgePath(0, 0, 0, ((0, 0, 0),))], False))
    t0 = w[0]
    t1 = constant[0]
    t2 = g[0]
    t3 = t1 * t2
    t4 = t0 * t3
    t5 = dx[0]
    t6 = t5 + t4
    dx[0] = t6
    """
    for _, group in groupby(sorted(paths, key=itemgetter(1, 0)), itemgetter(1)):
        sums: dict[int, Any] = {}
        for path in group:
            weight, own = do.load("w", path.number) if features else None, None
            for a, column in path.columns:
                row, pulled = path.x + a, None
                for _, k, n in column:
                    pulled = do.add_product(pulled, do.constant(n), do.load("g", path.z + k))
                if features:
                    sums[row] = do.add_product(sums.get(row), weight, pulled)
                if weights:
                    own = do.add_product(own, pulled, do.load("x", row))
            if weights:
                do.store("dw", path.number, own)
        for row, value in sums.items():
            do.store("dx", row, do.add(do.load("dx", row), value))


class EntryProduct(NamedTuple):
    """The gradient in an entry n: the sum over channels of g[z] w[number] x[x]."""

    number: int
    x: int
    z: int
    n: int


def tiles(paths: Iterable[EdgePath], size: int) -> list[list[EntryProduct]]:
    """Return the products for all entries in tiles of at most ``size``; what shares w x stays together if it can.

    >>> len(tiles([EdgePath(0, 0, 0, ((0, 0, 0), (0, 1, 1)))], 1))
    2
    """
    found: list[list[EntryProduct]] = [[]]
    for path in paths:
        for a, column in path.columns:
            rows = [EntryProduct(path.number, path.x + a, path.z + k, n) for _, k, n in column]
            if len(found[-1]) + len(rows) > size:
                found.append([])
            for row in rows:
                if len(found[-1]) == size:
                    found.append([])
                found[-1].append(row)
    return [tile for tile in found if tile]


def entry_gradients(do: Recording, tile: Iterable[EntryProduct]) -> None:
    """Add the products of a tile to ``e``, in its order."""
    scaled: dict[tuple[int, int], Any] = {}
    for place, (number, x, z, _) in enumerate(tile):
        if (number, x) not in scaled:
            scaled[number, x] = do.add_product(None, do.load("w", number), do.load("x", x))
        do.store("e", place, do.add_product(do.load("e", place), scaled[number, x], do.load("g", z)))


def harmonic_gradients(do: Recording, tile: Iterable[EntryProduct], terms: Terms, written: set[int]) -> None:
    """Add the sums ``e`` of a tile to ``dy``, whose rows not yet ``written`` begin here; constants: coefficients."""
    total: dict[int, Any] = {}
    for place, product in enumerate(tile):
        value = do.load("e", place)
        for b, number in terms[product.n]:
            if b not in total:
                total[b] = do.load("dy", b) if b in written else None
            total[b] = do.add_product(total[b], do.constant(number), value)
    for b, sum_ in total.items():
        do.store("dy", b, sum_)
    written.update(total)
