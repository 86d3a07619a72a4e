"""Message passing: features of neighbours times harmonics of the edges, weighted and summed at each receiver."""

from __future__ import annotations

import json
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import CORE
from coupling.families import with_basis
from coupling.files.container import canonical_json
from coupling.indexing import flat_size
from coupling.integers import count, degree
from coupling.irreps import Irreps
from coupling.memory import native
from coupling.numbers.coefficients import block
from coupling.portable import Portable, read_only
from coupling.products.blocks import aligned_empty
from coupling.products.calls import KnownCalls
from coupling.products.edge_list import Edges
from coupling.products.edge_paths import LARGEST, EdgePaths, Slots, feature_slots, nonzero, selected_triples
from coupling.products.edge_runs import EdgeRuns
from coupling.products.edge_vectors import vector_gradients
from coupling.products.given_numbers import given_numbers
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.sphere.cartesian import cartesian_harmonics
from coupling.sphere.solid import NORMALIZATIONS

Array = NDArray[Any]
METHODS = ("auto", "straight", "loops")


class Convolution(Portable):
    """Message passing on a graph, in one pass over the edges, without an array of edges × paths × channels:

        m_i[l3 m3, c] = Σ_{e: j→i} Σ_p w[e, p, c] Σ_{m1 m2} C[m1, m2, m3] x_j[l1 m1, c] Y_e[l2 m2]      p = (l1, l2, l3)

    C is the real 3j symbol of unit norm, or that of another family with a real basis (``normalization``).

    irreps_in, irreps_out : :class:`coupling.Irreps` or what makes them, such as "128x0e + 128x1o" or a largest degree
        L, for 0e + 1o + 2e + … to L; all of one multiplicity, which is the number of channels, or 1 for any number
    lmax_edge : largest degree of the harmonics of an edge
    paths : "all" that couple with these parities, "even" or "odd" ones, or a list of degrees (l1, l2, l3), whose order
        is kept and whose parity e or o does not matter; l1 and l3 may be names, as in ("1o", 2, "1e").  ``paths``
        [P, 3] has the degrees in order: by irrep in, l2, irrep out, or as listed
    separate : every path has rows of its own in the output, in the order of the paths, ``rows[p]`` of path p; otherwise
        paths to one degree are added
    path_weights : a factor [P] for each path besides the weights of a call, ones by default
    harmonics : the normalization, "component", "integral" or "norm", of harmonics that are computed from vectors
    method : "straight", programs without loops, "loops", for large degrees, or "auto", which goes by the number of
        entries
    workers : threads; the output has the same bits for any number of them

    Raises ValueError or TypeError for arguments that do not fit.  Source: derivation ``real_basis``.

    >>> conv = Convolution(1, 2, 1)
    >>> conv.paths.tolist(), conv.sizes
    ([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 2, 1]], (4, 9, 4))
    >>> x, y, w = np.ones((2, 4, 8)), np.ones((3, 9)), np.ones((3, 5, 8))
    >>> conv(x, y, w, senders=[0, 1, 1], receivers=[1, 0, 1]).shape
    (2, 4, 8)
    """

    def __init__(
        self,
        irreps_in: object,
        lmax_edge: object,
        irreps_out: object,
        *,
        paths: Any = "all",
        separate: bool = False,
        path_weights: ArrayLike | None = None,
        normalization: str = CORE,
        harmonics: str = "component",
        method: str = "auto",
        workers: int = 1,
    ) -> None:
        family = with_basis(normalization, "real", "normalization")
        ends = feature_slots(irreps_in, "irreps_in"), feature_slots(irreps_out, "irreps_out")
        self.lmax_edge, self.workers = degree(lmax_edge, "lmax_edge"), count(workers, "workers")
        if self.lmax_edge > LARGEST:
            raise ValueError(f"lmax_edge must be from 0 to {LARGEST}, got {quoted(lmax_edge)}")
        self.method, self.family = one_of(method, METHODS, "method"), family.text
        self.harmonics = one_of(harmonics, tuple(NORMALIZATIONS), "harmonics")
        if not isinstance(separate, bool | np.bool_):
            raise TypeError(f"separate must be True or False, got {quoted(separate)}")
        self.separate = bool(separate)
        triples = selected_triples(ends[0], self.lmax_edge, ends[1], paths)
        triples = nonzero(triples, family, not isinstance(paths, str))
        self.paths = read_only(np.array([t.degrees for t in triples], np.int64).reshape(-1, 3))
        self.path_weights = read_only(_factors(path_weights, len(triples)))
        sizes = ends[0].rows, flat_size(self.lmax_edge), ends[1].rows
        self.channels = _common_channels(*ends)
        self.text = _text(irreps_in, irreps_out, self, paths)
        loops = None if self.method == "auto" else self.method == "loops"
        self._paths = EdgePaths(triples, family, self.path_weights, sizes, self.separate, loops)
        self.runs, self._calls = EdgeRuns(self._paths), KnownCalls()

    def __repr__(self) -> str:
        given, counts = json.loads(self.text), f"{len(self.paths)} paths | {self.operations[0]} multiply-adds"
        return f"Convolution({given['irreps_in']} x {self.lmax_edge} -> {given['irreps_out']} | {counts})"

    @property
    def sizes(self) -> tuple[int, int, int]:
        """The numbers of rows of x, of harmonics of an edge, and of rows of the output."""
        return self._paths.sizes

    @property
    def rows(self) -> tuple[slice, ...]:
        """The rows of the output that each path writes, with ``separate``; otherwise those of its degree."""
        if self.separate:
            return self._paths.rows
        return tuple(slice(t.z.row, t.z.row + 2 * t.z.l + 1) for t in self._paths.triples)

    @property
    def names(self) -> tuple[tuple[str, int, str], ...]:
        """The paths by the irreps they join, as a list of ``paths`` may have them.

        >>> Convolution("0e + 0o", 1, "1o").names
        (('0e', 1, '1o'),)
        """
        return tuple((t.x.name, t.l, t.z.name) for t in self._paths.triples)

    def dense(self, dtype: Any) -> list[tuple[slice, slice, slice, Array]]:
        """Return of each path the rows of x, harmonics and rows of the output, and its coefficients as an array
        [a, b, k], for programs that have no compiled functions.

        >>> [part.shape for *_, part in Convolution(0, 1, 1).dense("float32")]
        [(1, 1, 1), (1, 3, 3)]
        """
        return [
            (slice(t.x.row, t.x.row + 2 * t.x.l + 1), slice(t.l**2, (t.l + 1) ** 2), rows, (f * core).astype(dtype))
            for t, rows, f, core in zip(
                self._paths.triples, self.rows, self.path_weights.tolist(), self._blocks, strict=True
            )
        ]

    @cached_property
    def _blocks(self) -> list[Array]:
        return [block(self.family, *t.degrees) for t in self._paths.triples]

    @property
    def operations(self) -> tuple[int, int]:
        """Multiply-adds for one edge and channel: of messages, and of all gradients.

        >>> Convolution(1, 3, 3).operations
        (98, 218)
        """
        return self._paths.operations

    def __call__(
        self, x: Array, y: Array, weights: ArrayLike, senders: Any, receivers: Any = None, nodes: int | None = None
    ) -> Array:
        """Return the messages [nodes, rows, channels], in the common type of x, y and weights, float32 or float64.

        - x: features of the nodes [N, rows, channels]
        - y: harmonics of the edges [E, (lmax_edge+1)²]; or vectors [E, 3], whose harmonics are computed
        - weights: [E, P, channels], [E, P] or [P], or with an axis of length 1 in the place of E or channels
        - senders, receivers: integers [E]; ``nodes`` is the number of receivers, N by default.  In their place,
          ``Edges``, which are sorted once for many calls.

        Receivers without edges, and rows that no path reaches, are zero.
        """
        edges = self._edges(x, senders, receivers, nodes)
        x, y, w = self._inputs(x, self._of_vectors(y), weights, edges)
        out = aligned_empty((edges.receiver_count, self.sizes[2], x.shape[2]), x.dtype)
        self.runs.messages(x, y, w, edges, out, self.workers)
        return out

    def vjp(
        self,
        x: Array,
        y: Array,
        weights: ArrayLike,
        senders: Any,
        receivers: Any = None,
        *,
        cotangent: Array,
    ) -> tuple[Array, Array, Array]:
        """Return the gradients of Σ cotangent · messages in x, y (harmonics, or vectors) and weights, in one pass.

        >>> conv = Convolution(0, 0, 0)
        >>> one = np.ones((1, 1, 1))
        >>> [g.item() for g in conv.vjp(2 * one, np.array([[3.0]]), 5 * one, [0], [0], cotangent=one)]
        [15.0, 10.0, 6.0]
        """
        g = native(cotangent)
        edges = self._edges(x, senders, receivers, g.shape[0] if g.ndim == 3 else 0)
        given = self._inputs(x, self._of_vectors(y), weights, edges)
        if g.shape != (edges.receiver_count, self.sizes[2], given[0].shape[2]):
            wanted = edges.receiver_count, self.sizes[2], given[0].shape[2]
            raise ValueError(f"the cotangent must have shape {wanted}, got {g.shape}")
        dtype = np.result_type(_floating(g, "the cotangent"), given[0])
        a, b, w, g = (np.ascontiguousarray(value, dtype) for value in (*given, g))
        dx, dy, dw = self.runs.gradients(g, a, b, w, edges, self.workers)
        if np.shape(y)[-1] == 3:
            dy = vector_gradients(y, dy, self.lmax_edge, self.harmonics)
        return dx, dy, dw.reshape(np.shape(weights))

    def _of_vectors(self, y: Array) -> Array:
        """Return harmonics, computed where vectors are given."""
        if np.ndim(y) != 2 or np.shape(y)[1] != 3:
            return y
        return cartesian_harmonics(_floating(y, "vectors"), self.lmax_edge, normalization=self.harmonics)

    def _edges(self, x: Array, senders: Any, receivers: Any, nodes: int | None) -> Edges:
        if np.ndim(x) != 3 or np.shape(x)[1] != self.sizes[0]:
            raise ValueError(f"x must have shape [nodes, {self.sizes[0]}, channels], got {np.shape(x)}")
        if self.channels and np.shape(x)[2] != self.channels:
            raise ValueError(f"x must have {self.channels} channels, the multiplicity of its irreps, got {np.shape(x)}")
        count = np.shape(x)[0]
        if not isinstance(senders, Edges):
            return Edges(senders, receivers, (count if nodes is None else nodes, count))
        if receivers is not None:
            raise TypeError("receivers are part of the Edges, got both")
        if senders.sender_count != count or nodes not in (None, senders.receiver_count):
            raise ValueError(f"the nodes must be those of {senders!r}, got {count} features for {nodes} receivers")
        return senders

    def _inputs(self, x: Array, y: Array, weights: Any, edges: Edges) -> tuple[Array, Array, Array]:
        """Return x, y and weights [E or 1, P, channels or 1], C-contiguous and of one type, after checking them."""
        given = x, y, weights
        if any(type(value) is not np.ndarray or not value.flags.c_contiguous for value in given):
            return self._checked_inputs(*given, edges)
        key = len(edges), *((value.shape, value.dtype) for value in given)
        if (shape := self._calls.get(key)) is not None:
            return x, y, weights.reshape(shape)
        checked = self._checked_inputs(*given, edges)
        if all(a is b for a, b in zip(checked[:2], given, strict=False)) and checked[2].dtype is weights.dtype:
            self._calls.remember(key, checked[2].shape)
        return checked

    def _checked_inputs(self, x: Array, y: Array, weights: ArrayLike, edges: Edges) -> tuple[Array, Array, Array]:
        x, y, w = (_floating(v, n) for v, n in ((x, "x"), (y, "harmonics"), (weights, "weights")))
        if y.shape != (len(edges), self.sizes[1]):
            raise ValueError(f"harmonics must have shape ({len(edges)}, {self.sizes[1]}), got {y.shape}")
        w = w[None, :, None] if w.ndim == 1 else w[:, :, None] if w.ndim == 2 else w
        fits = w.ndim == 3 and w.shape[0] in (1, len(edges)) and w.shape[2] in (1, x.shape[2])
        if not fits or w.shape[1] != len(self.paths):
            wanted = len(edges), len(self.paths), x.shape[2]
            raise ValueError(
                f"weights must have shape {wanted}, {wanted[:2]} or {wanted[1:2]}, got {np.shape(weights)}"
            )
        dtype = np.result_type(x, y, w)
        x, y, w = (np.ascontiguousarray(value, dtype) for value in (x, y, w))
        return x, y, w


@lru_cache(maxsize=128)
def convolution_of(text: str) -> Convolution:
    """Return the convolution of a text, :attr:`Convolution.text`; ValueError for anything else.

    >>> convolution_of(Convolution(1, 2, 1, separate=True).text).sizes
    (4, 9, 11)
    """
    try:
        return Convolution(**json.loads(text))
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"a form must be a text of Convolution.text, got {quoted(text)}: {error!r:.200}") from None


def _text(irreps_in: Any, irreps_out: Any, conv: Convolution, paths: Any) -> str:
    """Return the description of a convolution, without its threads, as JSON."""
    content = {
        "irreps_in": str(Irreps(irreps_in)),
        "lmax_edge": conv.lmax_edge,
        "irreps_out": str(Irreps(irreps_out)),
        "paths": paths if isinstance(paths, str) else [[v if isinstance(v, str) else int(v) for v in p] for p in paths],
        "separate": conv.separate,
        "path_weights": conv.path_weights.tolist(),
        "normalization": conv.family,
        "harmonics": conv.harmonics,
        "method": conv.method,
    }
    return canonical_json(content)


def _common_channels(x: Slots, z: Slots) -> int:
    """Return the number of channels of two features, 0 for any."""
    if x.channels and z.channels and x.channels != z.channels:
        raise ValueError(f"irreps_in and irreps_out must have one multiplicity, got {x.channels} and {z.channels}")
    return x.channels or z.channels


def _floating(value: Any, name: str) -> Array:
    array = native(value)
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name} must be float32 or float64, got {array.dtype}")
    return array


def _factors(given: ArrayLike | None, paths: int) -> NDArray[np.float64]:
    factors = np.ones(paths) if given is None else given_numbers(given, "path_weights")
    if factors.shape != (paths,):
        raise ValueError(f"path_weights must have shape ({paths},), one per path, got {factors.shape}")
    return factors
