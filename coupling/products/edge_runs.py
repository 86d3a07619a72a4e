"""Runs of the kernels of message passing: memory of each thread, functions by their addresses, shares of the edges."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numba import config
from numpy.typing import NDArray

from coupling.floating_point import default_rounding
from coupling.kernels.convolution import EdgeSpace, send_gradients, send_messages
from coupling.kernels.edge_blocks import (
    PARTS,
    EdgeCode,
    entries_function,
    gradients_function,
    harmonics_function,
    messages_function,
    register_code,
)
from coupling.kernels.edge_loops import loop_entries, loop_gradients, loop_harmonics, loop_messages
from coupling.kernels.jit import entry_point
from coupling.kernels.tiles import lanes
from coupling.portable import Kept, Portable
from coupling.products.blocks import aligned_empty, aligned_zeros
from coupling.products.edge_arrays import array_gradients, array_messages
from coupling.products.edge_list import Edges
from coupling.products.edge_paths import EdgePaths

Array = NDArray[Any]

#: Entries, messages, gradients in x and weights, gradients in harmonics.
STRAIGHT: tuple[Any, ...] = entries_function, messages_function, gradients_function, harmonics_function
LOOPS: tuple[Any, ...] = loop_entries, loop_messages, loop_gradients, loop_harmonics

#: Bytes of weights beyond which they are prefetched: for messages, and for gradients, which write as many.
FAR, FAR_GRADIENTS = 4 << 20, 2 << 20


class KeptMessages(NamedTuple):
    """What is kept between calls: addresses, coefficients, work space that no call uses, the entry of the kernel."""

    code: Array
    numbers: Array
    spaces: list[EdgeSpace]
    entry: list[Callable[..., Any]]


class EdgeRuns(Portable):
    """The compiled functions of some paths."""

    def __init__(self, paths: EdgePaths) -> None:
        self.paths = paths
        self._coefficients, self._messages = Kept(), Kept()

    @cached_property
    def digest(self) -> str:
        """What numba keeps the compiled functions by."""
        code = EdgeCode(self.paths.groups, self.paths.terms, self.paths.sizes)
        digest = hashlib.sha256(repr(code).encode()).hexdigest()
        register_code(digest, code)
        return digest

    def messages(self, x: Array, y: Array, w: Array, edges: Edges, out: Array, workers: int = 1) -> None:
        """Write messages to out; all arrays are C-contiguous, of one type."""
        if config.DISABLE_JIT:  # type: ignore[attr-defined]
            return array_messages(self.paths, x, y, w, edges, out)
        kept, far = self._kept(x, w), int(w.nbytes > FAR)

        def run(first: int, last: int) -> None:
            try:
                space = kept.spaces.pop()
            except IndexError:
                space = self._space(x, w)
            tables = kept.code, kept.numbers, self.paths.lists, space, far
            given = out, x, w, y, _arrays(edges, edges.order, edges.starts), first, last, *tables
            if not kept.entry:
                kept.entry.append(entry_point(send_messages, *given))
            kept.entry[0](*given)
            kept.spaces.append(space)

        many = [0, len(edges.starts) - 1] if workers == 1 else edges.shares(workers, edges.starts)
        self._each(run, many)
        if self.paths.unreached:
            out[:, self.paths.unreached] = 0
        if edges.isolated.size:
            out[edges.isolated] = 0
        return None

    def _kept(self, x: Array, w: Array) -> KeptMessages:
        """Return what messages of some type and channels keep between calls."""
        key = x.dtype, x.shape[2], w.shape[2] < x.shape[2]
        if key not in self._messages:
            self._messages[key] = KeptMessages(self._addresses(x.dtype, messages=True), self._numbers(x.dtype), [], [])
        found: KeptMessages = self._messages[key]
        return found

    def gradients(
        self,
        g: Array,
        x: Array,
        y: Array,
        w: Array,
        edges: Edges,
        workers: int = 1,
        wanted: tuple[bool, bool, bool] = (True, True, True),
    ) -> tuple[Array, Array, Array]:
        """Return the gradients of Σ g · messages in x, y and w; those that are not wanted are empty."""
        if config.DISABLE_JIT:  # type: ignore[attr-defined]
            return array_gradients(self.paths, g, x, y, w, edges)
        apart = (len(edges), x.shape[2]) != (w.shape[0], w.shape[2])
        dx = aligned_empty((len(x) if wanted[0] else 0, *x.shape[1:]), x.dtype)
        dx[:] = 0
        dw = np.zeros(w.shape) if apart else aligned_empty((len(w) if wanted[2] else 0, *w.shape[1:]), w.dtype)
        dy = np.empty_like(y if wanted[1] else y[:0])
        many = edges.shares(1 if apart else workers, edges.starts)
        alone = len(many) == 2
        flags = wanted[0] and alone, wanted[2], wanted[1]
        if any(flags):
            self._pass(g, x, y, w, (dx, dw, dy), edges, (edges.order, edges.starts), many, flags, not apart)
        if wanted[0] and not alone:
            order, starts = edges.by_sender
            shares = edges.shares(workers, starts)
            self._pass(g, x, y, w, (dx, dw, dy), edges, (order, starts), shares, (True, False, False), not apart)
        return dx, dy, dw.astype(x.dtype, copy=False)

    def _pass(
        self,
        g: Array,
        x: Array,
        y: Array,
        w: Array,
        gradients: tuple[Array, Array, Array],
        edges: Edges,
        ordered: tuple[Array, Array],
        shares: list[int],
        wanted: tuple[bool, bool, bool],
        direct: bool,
    ) -> None:
        """Run over edges in an order; wanted: the gradients in x, w and y."""
        code = self._addresses(x.dtype, weights=int(wanted[1]))
        numbers, far, starts = self._numbers(x.dtype), int(w.nbytes > FAR_GRADIENTS), ordered[1]

        def run(first: int, last: int) -> None:
            flags, space = np.array(wanted, np.int64), self._space(x, w)
            part = _arrays(edges, *ordered), starts[first], starts[last], code, numbers, self.paths.lists, space
            send_gradients(g, x, w, y, *gradients, *part, flags, int(direct), far)

        self._each(run, shares)

    @staticmethod
    def _each(run: Callable[[int, int], None], shares: list[int]) -> None:
        if len(shares) == 2:
            run(*shares)
            return
        run(0, 0)  # compiles, in this thread
        with ThreadPoolExecutor(len(shares) - 1) as pool:
            list(pool.map(run, shares[:-1], shares[1:]))

    def _addresses(self, dtype: np.dtype[Any], messages: bool = False, weights: int = 0) -> Array:
        """Return the addresses of the functions for messages, or for gradients, in weights too or not."""
        key: Any = self.paths.largest if self.paths.loops else self.digest
        entries, send, pull, sums = LOOPS if self.paths.loops else STRAIGHT
        used = [entries(key, dtype), send(key, dtype)] if messages else []
        used = used or [entries(key, dtype), pull(key, dtype, weights), sums(key, dtype)]
        return np.array([function.address for function in used])

    @default_rounding()
    def _numbers(self, dtype: np.dtype[Any]) -> Array:
        if dtype not in self._coefficients:
            self._coefficients[dtype] = np.array(self.paths.values or [0.0]).astype(dtype)
        found: Array = self._coefficients[dtype]
        return found

    def _space(self, x: Array, w: Array) -> EdgeSpace:
        """Return the memory of one thread."""
        (n_x, n_y, n_z), n_w, lane = self.paths.sizes, len(self.paths.paths), lanes(x.dtype)
        width = PARTS * lane
        tail, spread = x.shape[2] % width > 0, w.shape[2] < x.shape[2]
        window = lane if tail else 0
        padded = -(-n_y // lane) * lane
        rows = (
            max(n_x, n_z) * width,
            max(window * n_x, n_x + n_z + n_w) * width,
            window * n_w * width,
            lane * n_w * width if spread else 0,
            n_x * (x.shape[2] + width),
            n_w * width,
            padded * (lane + 1),
        )
        count = (n_y + len(self.paths.terms) + 1) * lane
        ends = list(accumulate((count, *(-(-n // lane) * lane for n in rows)), initial=0))
        whole = aligned_zeros(ends[-1], x.dtype)
        table, *parts = (whole[first:last] for first, last in pairwise(ends))
        return EdgeSpace(table.reshape(-1, lane), np.zeros((6, lane), np.int64), *parts)


def _arrays(edges: Edges, order: Array, starts: Array) -> tuple[Array, ...]:
    return order, edges.senders, edges.receivers, starts
