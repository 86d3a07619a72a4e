"""Message passing without loops: what one edge and channel do, recorded on a tape for C, C++, CUDA, Triton and Python.

Arrays of a program: ``x``, ``y``, ``w`` and ``g`` are features, harmonics, weights and cotangents of an edge; ``z``,
``dx``, ``dw`` and ``dy`` are messages and gradients; ``e`` are the gradients in the entries of an edge, which are
summed over channels before they become those in y (:mod:`coupling.programs.convolution`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

import coupling.products.convolution as convolution
from coupling.memory import float_type
from coupling.programs.convolution import (
    EdgePath,
    EntryProduct,
    Terms,
    edge_gradients,
    entry_gradients,
    harmonic_gradients,
    message,
    tiles,
)
from coupling.programs.program import Program
from coupling.programs.tape import Recorder, Recording
from coupling.selection import of_type, one_of

#: What is computed: for each node, in the order of its edges, or for each edge.
OF_NODES, OF_EDGES = ("messages", "gradient"), ("weight_gradient", "harmonic_gradient")
KINDS = (*OF_NODES, *OF_EDGES)

#: Arrays by their letters, and those that each kind reads.
ARRAYS = {"x": "features", "y": "harmonics", "w": "weights", "g": "cotangents"}
INPUTS = {"messages": "xyw", "gradient": "gyw", "weight_gradient": "gxy", "harmonic_gradient": "gxw"}


class ChannelSums(NamedTuple):
    """The gradient in the harmonics: what adds to ``e`` for each channel, and to ``dy`` once for an edge."""

    entries: int
    channel: Program
    edge: Program


class ConvolutionTape(NamedTuple):
    """The programs of one kind, and the numbers of rows of x, y and z, of paths, and of entries of an edge.

    program : of one edge and channel; empty for the gradient in the harmonics, which has ``sums``
    """

    kind: str
    dtype: np.dtype[Any]
    sizes: tuple[int, int, int]
    paths: int
    entries: int
    program: Program
    sums: tuple[ChannelSums, ...]

    @property
    def fields(self) -> dict[str, Any]:
        """What a text names: inputs, and numbers of rows; of the gradient in x, it is cotangents that are summed."""
        inputs, harmonics, outputs = self.sizes
        of_x = self.kind == "gradient"
        return {
            "inputs": inputs,
            "harmonics": harmonics,
            "outputs": outputs,
            "paths": self.paths,
            "rows": inputs if of_x else outputs,
            "width": outputs if of_x else inputs,
            "letter": "g" if of_x else "x",
            "other": ARRAYS["g" if of_x else "x"],
        }


def convolution_tape(
    conv: convolution.Convolution, kind: str = "messages", dtype: object = "float32", tile: int | None = None
) -> ConvolutionTape:
    """Return the programs of message passing for one edge and channel.

    kind : "messages"; "gradient", that of Σ g · messages in x; "weight_gradient" and "harmonic_gradient", in the
        weights and the harmonics
    tile : the most entries that are summed over channels at a time; by default all

    >>> one = convolution.Convolution(0, 0, 0)
    >>> print(convolution_tape(one, "weight_gradient").program.tape)
    t0 = constant[0]
    t1 = y[0]
    t2 = t0 * t1
    t3 = g[0]
    t4 = t2 * t3
    t5 = x[0]
    t6 = t4 * t5
    dw[0] = t6
    """
    of_type(conv, convolution.Convolution, "conv")
    one_of(kind, KINDS, "kind")
    kept, made = float_type(dtype), conv.runs.paths
    numbers = np.array(made.values or [0.0]).astype(kept).astype(float).tolist()
    paths = [path._replace(entries=tuple(e for e in path.entries if made.terms[e[2]])) for path in made.paths]
    entries = sum(map(bool, made.terms))

    def finished(do: Recorder) -> Program:
        return Program(do.tape(), tuple(numbers), made.sizes, kept)

    do, sums = _WithEntries(made.terms), list[ChannelSums]()
    if kind == "harmonic_gradient":
        sums = _sums(tiles(paths, tile or max(1, entries)), made.terms, made.sizes[1], finished)
    else:
        RECORDED[kind](do, paths)
    return ConvolutionTape(kind, kept, made.sizes, len(paths), entries, finished(do), tuple(sums))


def _weight_gradients(do: Recording, paths: Iterable[EdgePath]) -> None:
    edge_gradients(do, paths, True, features=False)


def _feature_gradients(do: Recording, paths: Iterable[EdgePath]) -> None:
    edge_gradients(do, paths, False)


RECORDED = {"messages": message, "gradient": _feature_gradients, "weight_gradient": _weight_gradients}


def _sums(
    parts: list[list[EntryProduct]], terms: Terms, harmonics: int, finished: Callable[[Recorder], Program]
) -> list[ChannelSums]:
    """Return the programs of the gradient in the harmonics; the last one writes zeros where no path reaches."""
    found, written = list[ChannelSums](), set[int]()
    for number, part in enumerate(parts or [[]], 1):
        channel, edge = Recorder(), Recorder()
        entry_gradients(channel, part)
        harmonic_gradients(edge, part, terms, written)
        if number >= len(parts):
            for row in sorted(set(range(harmonics)) - written):
                edge.store("dy", row, None)
        found.append(ChannelSums(len(part), finished(channel), finished(edge)))
    return found


class _WithEntries(Recorder):
    """Records entries of an edge where a program asks for them as constants."""

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self.terms, self.entries = terms, dict[int, Any]()

    def constant(self, index: int) -> Any:
        if index not in self.entries:
            total = None
            for b, number in self.terms[index]:
                total = self.add_product(total, super().constant(number), self.load("y", b))
            self.entries[index] = total
        return self.entries[index]
