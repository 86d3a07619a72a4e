"""Edges of a graph, sorted once by receiver and, for gradients by several threads, by sender."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.integers import degree
from coupling.kernels.edge_order import edge_order
from coupling.memory import require_memory
from coupling.portable import Portable, read_only
from coupling.quoted import quoted

Integers = NDArray[np.int64]


class Edges(Portable):
    """Edges j → i of a graph: senders j and receivers i, integers [E], with what message passing needs to know of them.

    nodes : the number of receivers, isolated ones included, or (receivers, senders) if they differ.  ``order`` [E]
    sorts the edges by receiver, edges of one receiver in the order given; ``starts`` [receivers + 1] says where those
    of each begin.  Self-loops and repeated edges are edges like any other.  Raises TypeError or ValueError for what is
    no list of integers, lists of different lengths, and indices outside 0 … nodes-1.

    >>> edges = Edges([1, 0, 1], [2, 0, 0], 3)
    >>> edges, edges.order.tolist(), edges.starts.tolist()
    (Edges(3 edges, 3 receivers, 3 senders), [1, 2, 0], [0, 2, 2, 3])
    """

    def __init__(self, senders: Any, receivers: Any, nodes: Any) -> None:
        both = nodes if isinstance(nodes, tuple) else (nodes, nodes)
        if len(both) != 2:
            raise ValueError(f"nodes must be a number or (receivers, senders), got {quoted(nodes)}")
        self.receiver_count, self.sender_count = (degree(n, "nodes") for n in both)
        require_memory(8 * (self.receiver_count + self.sender_count), "the places of the edges of each node")
        self.senders = read_only(_indices(senders, "senders", self.sender_count))
        self.receivers = read_only(_indices(receivers, "receivers", self.receiver_count))
        if len(self.senders) != len(self.receivers):
            lengths = len(self.senders), len(self.receivers)
            raise ValueError(f"senders and receivers must have one length, got {lengths[0]} and {lengths[1]}")
        order, starts = edge_order(self.receivers, self.receiver_count)
        self.order, self.starts = read_only(order), read_only(starts)

    def __repr__(self) -> str:
        return f"Edges({len(self)} edges, {self.receiver_count} receivers, {self.sender_count} senders)"

    def __len__(self) -> int:
        return len(self.senders)

    @cached_property
    def isolated(self) -> Integers:
        """The receivers without edges."""
        return np.flatnonzero(np.diff(self.starts) == 0)

    @cached_property
    def by_sender(self) -> tuple[Integers, Integers]:
        """The edges sorted by sender, those of one sender in the order of ``order``; and where those of each begin."""
        inner, starts = edge_order(self.senders[self.order], self.sender_count)
        return read_only(self.order[inner]), read_only(starts)

    def shares(self, workers: int, starts: Integers) -> list[int]:
        """Return where to cut the receivers, or senders, of ``starts`` so that workers have about as many edges each.

        >>> edges = Edges([0, 0, 0, 0], [0, 0, 1, 1], 2)
        >>> edges.shares(2, edges.starts)
        [0, 1, 2]
        """
        n = max(1, min(workers, len(starts) - 1))
        cuts = np.searchsorted(starts, [len(self) * k // n for k in range(1, n)])
        return [0, *cuts.tolist(), len(starts) - 1]


def _indices(values: Any, name: str, count: int) -> Integers:
    """Return indices as a C-contiguous array of int64, each at least 0 and below count."""
    given = np.asarray(values)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise TypeError(f"{name} must be integers [E], got {given.dtype} of shape {given.shape}")
    if given.size and not (given.min() >= 0 and given.max() < count):
        wrong = given[(given < 0) | (given >= count)][0]
        raise ValueError(
            f"{name} must lie in 0 … {count - 1}, got {wrong}" if count else f"{name} must be nodes, there are none"
        )
    found: Integers = np.ascontiguousarray(given, np.int64)
    return found
