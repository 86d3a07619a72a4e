"""Paths of message passing: from features x, through the harmonics of an edge, to messages z."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.families import Family
from coupling.integers import degree
from coupling.kernels.edge_blocks import PARTS, SUMS
from coupling.numbers.coefficients import block
from coupling.numbers.plan import checked_paths
from coupling.portable import Portable
from coupling.programs.convolution import EdgePath, Terms
from coupling.quoted import quoted
from coupling.selection import PARITIES, one_of

Groups = tuple[tuple[EdgePath, ...], ...]


class Slot(NamedTuple):
    """One degree of a feature: where its rows begin, and its parity, 1, -1 or 0 for none."""

    l: int
    row: int
    parity: int


def feature_slots(value: Any, name: str) -> tuple[Slot, ...]:
    """Return the degrees of a feature: of a largest degree L all of 0 … L, or those listed.

    >>> feature_slots((0, 2), "irreps_in")
    (Slot(l=0, row=0, parity=1), Slot(l=2, row=1, parity=1))
    """
    many = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    degrees = [degree(l, name) for l in value] if many else range(degree(value, name) + 1)
    found, row = [], 0
    for l in degrees:
        found.append(Slot(l, row, -1 if l % 2 else 1))
        row += 2 * l + 1
    return tuple(found)


class Triple(NamedTuple):
    """A path: its slot of x, degree of the harmonics, and slot of z."""

    x: Slot
    l: int
    z: Slot

    @property
    def degrees(self) -> tuple[int, int, int]:
        """l1, l2 and l3."""
        return self.x.l, self.l, self.z.l

    @property
    def couples(self) -> bool:
        """Whether the triangle rule holds, and the parities multiply to that of z."""
        l1, l2, l3 = self.degrees
        signs = self.x.parity * (-1 if l2 % 2 else 1), self.z.parity
        return abs(l1 - l2) <= l3 <= l1 + l2 and (signs[0] == signs[1] or 0 in signs)


def selected_triples(x: tuple[Slot, ...], lmax: int, z: tuple[Slot, ...], paths: Any) -> list[Triple]:
    """Return the paths "all", "even" or "odd" that couple, sorted by slot of x, degree, slot of z; or those listed.

    >>> one = feature_slots(1, "irreps_in")
    >>> [triple.degrees for triple in selected_triples(one, 1, one, "all")]
    [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    """
    if isinstance(paths, str):
        one_of(paths, PARITIES, "paths")
        every = (Triple(a, l, b) for a, l, b in product(x, range(lmax + 1), z))
        parity = {"even": 0, "odd": 1}.get(paths)
        return [t for t in every if t.couples and parity in (None, sum(t.degrees) % 2)]
    return [_listed(x, lmax, z, tuple(row)) for row in checked_paths(paths).tolist()]


def _listed(x: tuple[Slot, ...], lmax: int, z: tuple[Slot, ...], path: Any) -> Triple:
    """Return a path by its degrees, which the features must have once."""
    ends = []
    for l, slots, name in ((path[0], x, "irreps_in"), (path[2], z, "irreps_out")):
        found = [slot for slot in slots if slot.l == l]
        if len(found) != 1:
            raise ValueError(f"paths must have degrees that {name} has once, got {path}: {len(found)} of degree {l}")
        ends += found
    if path[1] > lmax:
        raise ValueError(f"paths must have harmonics to lmax_edge {lmax}, got {path}")
    return Triple(ends[0], path[1], ends[1])


class EdgePaths(Portable):
    """Paths with their coefficients, numbered as programs read them.

    sizes : rows of x, harmonics, rows of z; ``paths`` has every path once, in order; ``terms`` of each entry: harmonics
    and the number of a coefficient; ``values`` : the coefficients
    """

    def __init__(
        self,
        triples: list[Triple],
        family: Family,
        factors: NDArray[np.float64],
        sizes: tuple[int, int, int],
        separate: bool,
    ) -> None:
        self.triples, self.separate = tuple(triples), separate
        ends = np.cumsum([0, *(2 * t.z.l + 1 for t in triples)]).tolist()
        self.rows = tuple(slice(*pair) for pair in pairwise(ends))
        self.sizes = sizes[0], sizes[1], ends[-1] if separate else sizes[2]
        self.values: list[float] = []
        self._terms: list[tuple[tuple[int, int], ...]] = []
        self.paths = tuple(self._path(n, family, factor) for n, factor in enumerate(factors.tolist()))
        self.terms: Terms = tuple(self._terms)

    def _path(self, number: int, family: Family, factor: float) -> EdgePath:
        """Return a path, and add its entries and coefficients."""
        triple, entries = self.triples[number], []
        l1, l2, l3 = triple.degrees
        core, values = block("wigner_3j", l1, l2, l3), block(family, l1, l2, l3)
        for a, k in np.argwhere((core != 0).any(axis=1)).tolist():
            orders = np.flatnonzero(core[a, :, k]).tolist()
            entries.append((a, k, len(self._terms)))
            self._terms.append(tuple((l2 * l2 + b, len(self.values) + n) for n, b in enumerate(orders)))
            self.values += [factor * values[a, b, k] for b in orders]
        row = self.rows[number].start if self.separate else triple.z.row
        return EdgePath(number, triple.x.row, row, tuple(entries))

    @cached_property
    def groups(self) -> Groups:
        """The paths in groups that write few rows of z, so that these stay in registers."""
        most = SUMS // PARTS
        found: list[list[EdgePath]] = []
        have: set[int] = set()
        for path in sorted(self.paths, key=lambda path: path.z):
            rows = {path.z + k for _, k, _ in path.entries}
            if not found or len(have | rows) > most:
                found.append([])
                have = set()
            found[-1].append(path)
            have |= rows
        return tuple(map(tuple, found))

    @cached_property
    def unreached(self) -> list[int]:
        """The rows of z that no path writes."""
        written = {path.z + k for path in self.paths for _, k, _ in path.entries}
        return [row for row in range(self.sizes[2]) if row not in written]

    @property
    def operations(self) -> tuple[int, int]:
        """Multiply-adds for one edge and channel, of messages and of all gradients."""
        scaled = sum(2 * triple.x.l + 1 for triple in self.triples)
        return len(self.terms) + scaled, 2 * len(self.terms) + 3 * scaled


def nonzero(triples: list[Triple], family: Family, listed: bool) -> list[Triple]:
    """Return the paths on which a family is not zero; listed ones must all be."""
    kept = [t for t in triples if block(family, *t.degrees).any()]
    if listed and len(kept) < len(triples):
        wrong = next(t.degrees for t in triples if t not in kept)
        raise ValueError(f"paths must have coefficients {family.name} that are not all zero, got {quoted(wrong)}")
    return kept
