"""Paths of message passing: from features x, through the harmonics of an edge, to messages z."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CORE, parity_sign
from coupling.families import Family
from coupling.integers import degree
from coupling.irreps import Irrep, Irreps
from coupling.kernels.edge_blocks import PARTS, SUMS
from coupling.memory import require_memory
from coupling.numbers.coefficients import block
from coupling.numbers.plan import checked_paths
from coupling.portable import Portable
from coupling.programs.convolution import EdgePath, Terms
from coupling.quoted import quoted
from coupling.selection import PARITIES, one_of

Groups = tuple[tuple[EdgePath, ...], ...]

#: Largest degree of features and harmonics, and the most entries of an edge for which code without loops is written.
LARGEST, STRAIGHT = 32, 1200


class Slot(NamedTuple):
    """One irrep of a feature with channels: its degree, where its rows begin, and its parity, 1, -1 or 0 for none."""

    l: int
    row: int
    parity: int

    @property
    def name(self) -> str:
        """The irrep as text."""
        return Irrep(2 * self.l, self.parity).name


class Slots(NamedTuple):
    """The irreps of a feature [nodes, rows, channels], and its channels, 0 for any number."""

    each: tuple[Slot, ...]
    rows: int
    channels: int

    @property
    def name(self) -> str:
        """The irreps as text."""
        return " + ".join(slot.name for slot in self.each)


def feature_slots(value: Any, name: str) -> Slots:
    """Return the irreps of a feature, all of one multiplicity, which is the number of channels; 1 stands for any.

    >>> feature_slots("8x0e + 8x2e", "irreps_in")
    Slots(each=(Slot(l=0, row=0, parity=1), Slot(l=2, row=1, parity=1)), rows=6, channels=8)
    """
    terms = [term for term in Irreps(value) if term.mul]
    if not terms or max(term.irrep.l for term in terms) > LARGEST:
        raise ValueError(f"{name} must have degrees from 0 to {LARGEST}, at least one, got {quoted(value)}")
    several = {term.mul for term in terms}
    if len(several) > 1 or any(term.irrep.twice % 2 for term in terms):
        raise ValueError(f"{name} must have integer degrees of one multiplicity, the channels, got {quoted(value)}")
    found, row = [], 0
    for _, irrep in terms:
        found.append(Slot(irrep.twice // 2, row, irrep.parity))
        row += irrep.dim
    return Slots(tuple(found), row, max(several - {1}, default=0))


class EdgeTriple(NamedTuple):
    """A path: its slot of x, degree of the harmonics, and slot of z."""

    x: Slot
    l: int
    z: Slot

    @property
    def degrees(self) -> tuple[int, int, int]:
        """l1, l2 and l3."""
        return self.x.l, self.l, self.z.l

    @property
    def triangle(self) -> bool:
        """Whether the triangle rule holds."""
        l1, l2, l3 = self.degrees
        return abs(l1 - l2) <= l3 <= l1 + l2

    @property
    def couples(self) -> bool:
        """Whether the triangle rule holds, and the parities multiply to that of z."""
        signs = self.x.parity * parity_sign(self.l), self.z.parity
        return self.triangle and (signs[0] == signs[1] or 0 in signs)


def selected_triples(x: Slots, lmax: int, z: Slots, paths: Any) -> list[EdgeTriple]:
    """Return the paths "all", "even" or "odd" that couple, sorted by slot of x, degree, slot of z; or those listed.

    >>> one = feature_slots(1, "irreps_in")
    >>> [triple.degrees for triple in selected_triples(one, 1, one, "all")]
    [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    """
    if isinstance(paths, str):
        one_of(paths, PARITIES, "paths")
        every = (EdgeTriple(a, l, b) for a, l, b in product(x.each, range(lmax + 1), z.each))
        parity = {"even": 0, "odd": 1}.get(paths)
        return [t for t in every if t.couples and parity in (None, sum(t.degrees) % 2)]
    rows = [tuple(row) for row in paths] if _has_names(paths) else checked_paths(paths).tolist()
    found = [_listed(x, lmax, z, tuple(row)) for row in rows]
    if len(set(found)) < len(found):
        raise ValueError(f"paths must be distinct, got {quoted(paths)}")
    return found


def _has_names(paths: Any) -> bool:
    """Return whether paths name irreps, as ("1o", 2, "1e") does."""
    try:
        return any(isinstance(end, str) for row in paths if not isinstance(row, str) for end in row)
    except TypeError:
        return False


def _listed(x: Slots, lmax: int, z: Slots, path: tuple[Any, ...]) -> EdgeTriple:
    """Return a path by its degrees, or with names of irreps in the places of l1 and l3."""
    if len(path) != 3:
        raise ValueError(f"a path has three parts, l1, l2 and l3, got {quoted(path)}")
    l = degree(path[1], "l2")
    if l > lmax:
        raise ValueError(f"paths must have harmonics to lmax_edge {lmax}, got {quoted(path)}")
    triple = EdgeTriple(_end(x, path[0], "irreps_in"), l, _end(z, path[2], "irreps_out"))
    if not triple.couples and (_has_names([path]) or not triple.triangle):
        raise ValueError(f"a path satisfies the triangle rule, and the parities multiply, got {quoted(path)}")
    return triple


def _end(slots: Slots, wanted: Any, name: str) -> Slot:
    """Return the irrep of a feature by its name or its degree, of which there must be one."""
    found = [slot for slot in slots.each if wanted in (slot.name, slot.l)]
    if len(found) != 1:
        raise ValueError(f"paths must name what {name} has once, got {quoted(wanted)}: {len(found)} in {slots.name}")
    return found[0]


class EdgePaths(Portable):
    """Paths with their coefficients, numbered as programs read them.

    sizes : rows of x, harmonics, rows of z; ``paths`` has every path once, in order; ``terms`` of each entry: harmonics
    and the number of a coefficient; ``values`` : the coefficients
    """

    def __init__(
        self,
        triples: list[EdgeTriple],
        family: Family,
        factors: NDArray[np.float64],
        sizes: tuple[int, int, int],
        separate: bool,
        loops: bool | None = None,
    ) -> None:
        entries = sum((2 * t.x.l + 1) * (2 * t.z.l + 1) for t in triples)
        require_memory(200 * entries, "the entries of the paths")
        self.loops = entries > STRAIGHT if loops is None else loops
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
        core, values = block(CORE, l1, l2, l3), block(family, l1, l2, l3)
        met = np.full(core[:, 0].shape, True) if self.loops else (core != 0).any(axis=1)
        for a, k in np.argwhere(met).tolist():
            orders = np.flatnonzero(core[a, :, k]).tolist()
            entries.append((a, k, len(self._terms)))
            self._terms.append(tuple((l2 * l2 + b, len(self.values) + n) for n, b in enumerate(orders)))
            self.values += [factor * values[a, b, k] for b in orders]
        row = self.rows[number].start if self.separate else triple.z.row
        return EdgePath(number, triple.x.row, row, tuple(entries))

    @cached_property
    def groups(self) -> Groups:
        """The paths in groups that write few rows of z, so that these stay in registers; no two write the same."""
        most = SUMS // PARTS
        found: list[list[EdgePath]] = []
        have: set[int] = set()
        for path in sorted(self.paths, key=lambda path: path.z):
            rows = {path.z + k for _, k, _ in path.entries}
            if not found or (len(have | rows) > most and not rows & have):
                found.append([])
                have = set()
            found[-1].append(path)
            have |= rows
        return tuple(map(tuple, found))

    @cached_property
    def lists(self) -> NDArray[np.int64]:
        """What :mod:`coupling.kernels.edge_loops` reads; the paths to one row of z stand together."""
        order = sorted(range(len(self.paths)), key=lambda p: (self.triples[p].z.l, self.paths[p].z, self.paths[p].x))
        rows = [(self.triples[p].z.l, self.paths[p].z) for p in order]
        first = [n for n, row in enumerate(rows) if n == 0 or row != rows[n - 1]]
        slots = [[rows[n][1], n, m] for n, m in pairwise([*first, len(rows)])]
        degrees = [rows[n][0] for n in first]
        paths = [[p, self.paths[p].x, 2 * self.triples[p].x.l + 1, self.paths[p].entries[0][2]] for p in order]
        starts = np.cumsum([0, *map(len, self.terms)])
        ends = np.searchsorted(degrees, np.arange(self.largest + 2))
        ranges = np.column_stack([ends[:-1], ends[1:]])
        parts = [ranges, np.array(slots), np.array(paths), starts, np.array([b for t in self.terms for b, _ in t])]
        parts = [np.ravel(part).astype(np.int64) for part in parts]
        begin = np.cumsum([8, *map(len, parts)])
        return np.concatenate([[len(self.terms), self.sizes[1], self.sizes[0], self.sizes[2]], begin[1:5], *parts])

    @property
    def largest(self) -> int:
        """The largest degree of z."""
        return max((t.z.l for t in self.triples), default=0)

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


def nonzero(triples: list[EdgeTriple], family: Family, listed: bool) -> list[EdgeTriple]:
    """Return the paths on which a family is not zero; listed ones must all be."""
    kept = [t for t in triples if block(family, *t.degrees).any()]
    if listed and len(kept) < len(triples):
        wrong = next(t.degrees for t in triples if t not in kept)
        raise ValueError(f"paths must have coefficients {family.name} that are not all zero, got {quoted(wrong)}")
    return kept
