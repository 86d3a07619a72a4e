"""Message passing by operations of numpy: where nothing is compiled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.products.edge_list import Edges
from coupling.products.edge_paths import EdgePaths

Array = NDArray[Any]


class _Line(NamedTuple):
    """One entry of all edges: number of the path, rows of x and z, terms and the entry [E, 1]."""

    path: int
    x: int
    z: int
    terms: tuple[tuple[int, int], ...]
    entry: Array


def _lines(paths: EdgePaths, y: Array) -> Iterator[_Line]:
    values = np.array(paths.values).astype(y.dtype)
    for path in paths.paths:
        for a, k, n in path.entries:
            entry = sum(values[number] * y[:, b, None] for b, number in paths.terms[n])
            yield _Line(path.number, path.x + a, path.z + k, paths.terms[n], np.asarray(entry))


def array_messages(paths: EdgePaths, x: Array, y: Array, w: Array, edges: Edges, out: Array) -> None:
    """Write messages to out; arrays as for the kernels."""
    out[:] = 0
    for line in _lines(paths, y):
        message = line.entry * w[:, line.path] * x[edges.senders, line.x]
        np.add.at(out[:, line.z], edges.receivers, message)


def array_gradients(
    paths: EdgePaths, g: Array, x: Array, y: Array, w: Array, edges: Edges
) -> tuple[Array, Array, Array]:
    """Return the gradients of Σ g · messages in x, y and w."""
    dx, dy, dw = np.zeros_like(x), np.zeros_like(y), np.zeros((len(edges), w.shape[1], x.shape[2]), x.dtype)
    values = np.array(paths.values).astype(y.dtype)
    for line in _lines(paths, y):
        one, three, weight = x[edges.senders, line.x], g[edges.receivers, line.z], w[:, line.path]
        np.add.at(dx[:, line.x], edges.senders, line.entry * weight * three)
        dw[:, line.path] += line.entry * one * three
        total = (weight * one * three).sum(axis=1)
        for b, number in line.terms:
            dy[:, b] += values[number] * total
    shared = tuple(axis for axis in (0, 2) if w.shape[axis] == 1)
    return dx, dy, dw.sum(axis=shared, keepdims=True) if shared else dw
