"""Input of the compiled tensor product: paths, sums of their blocks, and where the copies of features are."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.irreps import Irreps
from coupling.kernels.tensor_product import COLUMNS, FIRST_INSIDE, SAME, SECOND_INSIDE, TURNED, space_parts
from coupling.kernels.tensor_product import W as WEIGHTS
from coupling.kernels.tiles import lanes
from coupling.products.blocks import aligned_zeros
from coupling.products.instructions import MODES, TensorPath, triangle_copies

Array = NDArray[Any]


class TensorTables(NamedTuple):
    """The tables of :mod:`coupling.kernels.tensor_product`, and the numbers of its work space."""

    tables: tuple[Array, ...]
    sizes: Array

    def space(self, dtype: Any) -> Array:
        """Return work space, with ones in the place of weights that a path does not have."""
        space = aligned_zeros(int(self.sizes[1:].sum()), np.dtype(dtype))
        end = int(self.sizes[1:5].sum())
        space[end - self.sizes[4] : end] = 1
        return space


class Places:
    """Where numbers are in an array and in work space, part by part, rows padded to whole registers."""

    def __init__(self, register: int) -> None:
        self.size, self._register = 0, register
        self._starts, self._parts = dict[Any, int](), [np.zeros((2, 0), np.int64)]

    def wide(self, count: int) -> int:
        """Return a number of copies, padded."""
        return -(-count // self._register) * self._register

    def start(self, key: Any, places: Array) -> int:
        """Return where the part of a key begins, which has these places [rows, copies]."""
        if key not in self._starts:
            rows, wide = places.shape[0], self.wide(places.shape[1])
            inside = self.size + np.arange(rows * wide).reshape(rows, wide)[:, : places.shape[1]]
            self._parts.append(np.stack([places.ravel(), inside.ravel()]))
            self._starts[key], self.size = self.size, self.size + rows * wide
        return self._starts[key]

    def list(self) -> Array:
        """Return the places of all parts, [2, n]."""
        return np.ascontiguousarray(np.concatenate(self._parts, 1))


class Meeting(NamedTuple):
    """How the copies of a path meet: which are inside, a and b, the copies of the lists, and whether weights mix them.

    shape: of the copies of the output in the order of work space; turned: whether its two axes are exchanged
    """

    kind: int
    a: int
    b: int
    chosen: tuple[Any, Any]
    shape: tuple[int, ...]
    mixed: bool

    @classmethod
    def of(cls, path: TensorPath) -> Meeting:
        """Return how the copies of a path meet.

        >>> from coupling.products.instructions import path_of
        >>> lists = Irreps("8x1o"), Irreps("0e"), Irreps("8x1o")
        >>> Meeting.of(path_of((0, 0, 0, "uvu"), *lists)) == (FIRST_INSIDE, 1, 8, (None, None), (8,), False)
        True
        """
        x, y, letters, out = MODES[path.mode]
        first, second, mixed = path.copies[x], path.copies[y], out == "w"
        if x == y:
            chosen = triangle_copies(first) if "p" in letters else (None, None)
            return cls(SAME, 1, path.pairs, chosen, (path.copies["w"] if mixed else path.pairs,), mixed)
        kind, a, b = (SECOND_INSIDE, first, second)
        if out == "u" or (out != "v" and second == 1):
            kind, a, b = (FIRST_INSIDE, second, first)
        shape = {"w": (path.copies.get("w", 0),), "u": (first,), "v": (second,), "uv": (a, b)}[out]
        return cls(kind, a, b, (None, None), shape, mixed)


class Maker:
    """The tables of paths, made one path after another, for a layout and a number of lanes in a register."""

    def __init__(self, lists: Sequence[Irreps], layout: str, register: int) -> None:
        self.lists, self.layout, self.register = lists, layout, register
        self.places = [Places(register) for _ in range(5)]  # of x, y, weights, z and turned weights
        self.rows: list[list[int]] = []
        self.terms: list[tuple[int, ...]] = []
        self.seconds: list[int] = []
        self.values: list[float] = []
        self.weights, self.ones, self.pairs, self.copies = 0, 0, 0, register

    def add(self, path: TensorPath, constant: Array | float) -> None:
        """Add a path."""
        meeting, begin = Meeting.of(path), len(self.terms)
        self._add_sums(path, constant)
        x, y = (self._start(slot, path.places[slot], meeting.chosen[slot]) for slot in (0, 1))
        wide, firsts, seconds, outs = map(self.places[0].wide, (meeting.b, *self._copies(path, meeting)))
        apart = len(meeting.shape) == 2
        z = self._start(2, path.places[2], None, meeting.shape)
        w, turned = self._weight(path, meeting)
        orders, many = int(2 * path.degrees[2]) + 1, outs * meeting.a if apart else outs
        row = [x, y, w, z, firsts, seconds, many, meeting.kind, meeting.a, meeting.b, wide, wide if apart else 0]
        self.rows.append([*row, int(meeting.mixed), begin, len(self.terms), orders, turned, meeting.shape[0]])
        self.pairs, self.copies = max(self.pairs, orders * meeting.a * wide), max(self.copies, seconds)

    @staticmethod
    def _copies(path: TensorPath, meeting: Meeting) -> tuple[int, int, int]:
        if meeting.kind == SAME:
            return meeting.b, meeting.b, meeting.shape[-1]
        return path.copies["u"], path.copies["v"], meeting.shape[-1]

    def _start(self, slot: int, place: int, copies: Array | None, shape: tuple[int, ...] = ()) -> int:
        """Return where the copies of an irrep begin in work space, those that are listed, or all."""
        mul, irrep = self.lists[slot][place]
        whole = np.arange(mul * irrep.dim).reshape((irrep.dim, mul) if self.layout == "ir_mul" else (mul, irrep.dim))
        whole = (whole if self.layout == "ir_mul" else whole.T) + self.lists[slot].slices[place].start
        whole = whole if copies is None else whole[:, copies]
        if len(shape) == 2:  # rows for each order and a
            whole = whole.reshape(-1, shape[1])
        key = place, None if copies is None else copies.tobytes(), shape
        return self.places[(0, 1, 3)[slot]].start(key, whole)

    def _weight(self, path: TensorPath, meeting: Meeting) -> tuple[int, int]:
        """Return where the weights of a path begin, and where they are turned; where there are none, ones are read."""
        count = prod(path.weight_shape)
        shape = (meeting.a * meeting.b, meeting.shape[0]) if meeting.mixed else (meeting.a, meeting.b)
        turned = (meeting.a * meeting.shape[0], meeting.b) if meeting.mixed else (0, 0)
        if not path.has_weight:
            self.ones = max(self.ones, *(rows * self.places[2].wide(copies) for rows, copies in (shape, turned)))
            return -1, -1
        listed = self.weights + np.arange(count)
        if meeting.kind == FIRST_INSIDE:  # u is inside, but the slower one in the list
            listed = np.swapaxes(listed.reshape(meeting.b, meeting.a, -1), 0, 1).ravel()
        self.weights += count
        start = self.places[2].start(len(self.rows), listed.reshape(shape))
        if not meeting.mixed:
            return start, 0
        other = np.swapaxes(listed.reshape(meeting.a, meeting.b, -1), 1, 2).reshape(turned)
        return start, self.places[4].start(len(self.rows), other)

    def _add_sums(self, path: TensorPath, constant: Array | float) -> None:
        """Add the j and values of all sums of a block that are not empty."""
        l1, l2, l3 = path.degrees
        block = constant
        if isinstance(block, float):
            block = block * np.eye(int(2 * l3) + 1).reshape([int(2 * l) + 1 for l in (l1, l2, l3)])
        for i, k in zip(*np.nonzero(block.any(1)), strict=True):
            js = np.flatnonzero(block[i, :, k])
            self.terms.append((int(i), int(k), len(self.seconds), len(self.seconds) + len(js)))
            self.seconds += js.tolist()
            self.values += block[i, js, k].tolist()

    def made(self, dtype: Any) -> TensorTables:
        """Return the tables, values of a type."""
        rows = np.array(self.rows, np.int64).reshape(-1, COLUMNS)
        x, y, w, z, turned = (places.size for places in self.places)
        own = [self.register, x, y, w, self.ones, z, self.pairs, self.copies, self.register, turned]
        sizes = np.array([*own, x, y, w, self.pairs, self.copies], np.int64)
        none, at = rows[:, WEIGHTS] < 0, space_parts(sizes)
        rows[none, WEIGHTS], rows[none, TURNED] = w, at[2] + w - at[7]
        tables = (
            rows,
            np.array(self.terms, np.int64).reshape(-1, 4),
            np.array(self.seconds, np.int64),
            np.array(self.values, dtype),
            *(places.list() for places in self.places),
        )
        return TensorTables(tables, sizes)


def tensor_tables(
    paths: Sequence[TensorPath], constants: Sequence[Array | float], lists: Sequence[Irreps], layout: str, dtype: Any
) -> TensorTables:
    """Return the tables of paths with their constants, for features in a layout, of a type.

    >>> from coupling.products.instructions import path_of
    >>> lists = Irreps("2x1o"), Irreps("0e"), Irreps("2x1o")
    >>> tables, _ = tensor_tables([path_of((0, 0, 0, "uvu"), *lists)], [3.0], lists, "mul_ir", "float32")
    >>> tables[3].tolist(), tables[4][0].tolist()
    ([3.0, 3.0, 3.0], [0, 3, 1, 4, 2, 5])
    """
    maker = Maker(lists, layout, lanes(dtype))
    for path, constant in zip(paths, constants, strict=True):
        maker.add(path, constant)
    return maker.made(dtype)
