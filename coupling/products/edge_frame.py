"""Message passing in the frame of an edge: rotate, apply an SO(2) layer, rotate back; any path weights at O(L³)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.indexing import degree_slice, flat_size
from coupling.memory import native, require_memory
from coupling.portable import Kept, Portable, read_only
from coupling.products.edge_frame_runs import LARGEST_COMPILED, CompiledFrame
from coupling.products.edge_frame_weights import conversion, edge_frame_paths, pairs_of
from coupling.quoted import quoted
from coupling.selection import degree
from coupling.sphere.directions import real_numbers
from coupling.sphere.edge_rotations import edge_rotations
from coupling.sphere.legendre import bounded_degree
from coupling.sphere.wigner import LARGEST_MATRIX, wigner_D

Array = NDArray[Any]


class EdgeFrame(Portable):
    """z = D(R)ᵀ S D(R) x for edges with vectors r, R the rotation that takes r to the pole, S an SO(2) layer.

    S maps degree l1 to l3 order by order, with weights s of each pair (l1, l3) and k = min(l1, l3, mmax),

        z_m = a_m x_m - b_m x_-m,   z_-m = a_m x_-m + b_m x_m,   z_0 = a_0 x_0,   s = (√2 b_k, …, a_0, …, √2 a_k)

    With s = M w, M orthogonal (:func:`coupling.exact.edge_frame_matrix`), this is the coupling with the harmonics Y of
    r in component normalization,

        z[l3 m3] = Σ_{l1 l2} w[l1 l2 l3] Σ_{m1 m2} C[m1, m2, m3] x[l1 m1] Y_l2m2(r)

    lmax_in, lmax_out : largest degrees of x and z, at most 1000
    lmax_edge : largest degree of the harmonics, lmax_in + lmax_out by default, with which every SO(2) layer is a
        coupling; ``paths`` are all that couple to it, sorted by l1, l3, l2
    mmax : largest order that the layer keeps, as in eSCN and UMA; others of x do not count and those of z are zero
        in the frame; all by default
    paths : other degrees (l1, l2, l3), in the order of the weights that are converted

    Multiplications for each edge and channel: ``multiplications``, against O(L⁵) or so non-zeros of C.  Raises
    ValueError or TypeError for arguments that do not fit.  Source: derivation ``edge_frame``.

    >>> frame = EdgeFrame(2, 2)
    >>> frame.weight_count, frame.multiplications, len(frame.paths)
    (19, 99, 19)
    >>> frame(np.ones((5, 9, 8)), np.ones((5, 3)), np.ones(19)).shape
    (5, 9, 8)
    """

    def __init__(
        self, lmax_in: object, lmax_out: object, *, lmax_edge: object = None, mmax: object = None, paths: Any = None
    ) -> None:
        self.lmax_in, self.lmax_out = degree(lmax_in, "lmax_in"), degree(lmax_out, "lmax_out")
        if max(self.lmax_in, self.lmax_out) > LARGEST_MATRIX:
            raise ValueError(f"degrees of an edge frame must be <= {LARGEST_MATRIX}, got {quoted((lmax_in, lmax_out))}")
        most = min(self.lmax_in, self.lmax_out)
        self.mmax = most if mmax is None else min(bounded_degree(mmax, "mmax"), most)
        whole = self.lmax_in + self.lmax_out
        self.lmax_edge = whole if lmax_edge is None else min(bounded_degree(lmax_edge, "lmax_edge"), whole)
        require_memory(64 * (self.lmax_in + 1) ** 2 * (self.lmax_out + 1) ** 2, "the weights of an edge frame")
        self._kept = Kept()
        self.pairs, self._starts = pairs_of(self.lmax_in, self.lmax_out, self.mmax)
        self._count = int(self._starts[-1])
        self.paths = read_only(edge_frame_paths(paths, self.lmax_in, self.lmax_edge, self.lmax_out))

    def __repr__(self) -> str:
        """Name the degrees and orders, and count paths, weights and operations.

        >>> EdgeFrame(2, 2)
        EdgeFrame(2, 2, mmax 2 | 19 paths | 19 SO(2) weights | 99 multiplications)
        """
        counts = f"{len(self.paths)} paths | {self.weight_count} SO(2) weights | {self.multiplications} multiplications"
        return f"EdgeFrame({self.lmax_in}, {self.lmax_out}, mmax {self.mmax} | {counts})"

    @property
    def weight_count(self) -> int:
        """The number of SO(2) weights, Σ 2 min(l1, l3, mmax) + 1 over the pairs of degrees."""
        return self._count

    @property
    def multiplications(self) -> int:
        """Multiplications for each edge and channel: both rotations, orders to mmax, and 1 + 4k for each pair."""
        turned = sum(
            (2 * l + 1) * (2 * min(l, self.mmax) + 1) for top in (self.lmax_in, self.lmax_out) for l in range(top + 1)
        )
        return turned + sum(1 + 4 * min(l1, l3, self.mmax) for l1, l3 in self.pairs.tolist())

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """[weight_count, paths]: SO(2) weights s = matrix @ w from path weights w, every entry correctly rounded.

        Orthogonal when all paths are there and mmax cuts nothing.  Folded into the last linear layer of a radial
        network it costs nothing for an edge.
        """
        return read_only(conversion(self.pairs, self._starts, self.paths, self.mmax))

    def so2_weights(self, path_weights: ArrayLike) -> NDArray[np.float64]:
        """Return SO(2) weights [..., weight_count] of path weights [..., paths]: the same layer if mmax cuts nothing.

        Else the nearest layer without the orders that are cut.
        """
        return _last_axis(path_weights, len(self.paths), "path weights") @ self.matrix.T

    def path_weights(self, so2_weights: ArrayLike) -> NDArray[np.float64]:
        """Return path weights [..., paths] of SO(2) weights [..., weight_count]: Mᵀ s.

        The same layer when lmax_edge >= l1+l3 for all pairs and mmax cuts nothing; else the orthogonal projection on
        what the paths reach, the nearest layer by the sum of squares of its matrix.

        >>> frame = EdgeFrame(1, 2)
        >>> s = np.arange(float(frame.weight_count))
        >>> bool(np.allclose(frame.so2_weights(frame.path_weights(s)), s))
        True
        """
        return _last_axis(so2_weights, self.weight_count, "SO(2) weights") @ self.matrix

    def _compiled(self, dtype: Any) -> CompiledFrame:
        """Return the kernel for arrays of a type."""
        if dtype not in self._kept:
            starts = read_only(self._starts[:-1].reshape(self.lmax_in + 1, self.lmax_out + 1))
            degrees = self.lmax_in, self.lmax_out, self.mmax
            self._kept[dtype] = CompiledFrame(degrees, starts, self.weight_count, dtype)
        made: CompiledFrame = self._kept[dtype]
        return made

    def by_order(self, so2_weights: ArrayLike) -> list[tuple[Array, Array]]:
        """Return (a_m, b_m) for m = 0 … mmax, each [..., lmax_out+1-m, lmax_in+1-m], rows l3 and columns l1 from m on.

        What eSCN and UMA call the real and imaginary weights of order m; b_0 is zero.

        >>> [a.tolist() for a, _ in EdgeFrame(1, 1).by_order([1.0, 2, 3, 0, 4, 0])]
        [[[1.0, 3.0], [2.0, 4.0]], [[0.0]]]
        """
        s = _last_axis(so2_weights, self.weight_count, "SO(2) weights")
        sizes = [(self.lmax_out + 1 - m, self.lmax_in + 1 - m) for m in range(self.mmax + 1)]
        found = [(np.zeros((*s.shape[:-1], *size)), np.zeros((*s.shape[:-1], *size))) for size in sizes]
        for m, half, at, l3, l1 in self._places():
            found[m][half][..., l3 - m, l1 - m] = s[..., at] / np.sqrt(2 if m else 1)
        return found

    def from_orders(self, blocks: Sequence[tuple[ArrayLike, ArrayLike]]) -> Array:
        """Return the SO(2) weights [..., weight_count] of matrices (a_m, b_m): the inverse of :meth:`by_order`.

        >>> frame = EdgeFrame(1, 1)
        >>> frame.from_orders(frame.by_order([1.0, 2, 3, 0, 4, 5])).round(12).tolist()
        [1.0, 2.0, 3.0, 0.0, 4.0, 5.0]
        """
        given = [(np.asarray(a, np.float64), np.asarray(b, np.float64)) for a, b in blocks]
        sizes = [(self.lmax_out + 1 - m, self.lmax_in + 1 - m) for m in range(self.mmax + 1)]
        if [part.shape[-2:] for pair in given for part in pair] != [size for size in sizes for _ in range(2)]:
            raise ValueError(f"there must be two matrices for each order, of the shapes {sizes}")
        s = np.zeros((*given[0][0].shape[:-2], self.weight_count))
        for m, half, at, l3, l1 in self._places():
            s[..., at] = given[m][half][..., l3 - m, l1 - m] * np.sqrt(2 if m else 1)
        return s

    def places_by_order(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return for each order where the SO(2) weights of a_m and b_m are, rows l3 and columns l1 from m on.

        For m = 0 both are the same, as b_0 is zero and has none.

        >>> [a.tolist() for a, _ in EdgeFrame(1, 1).places_by_order()]
        [[[0, 2], [1, 4]], [[5]]]
        """
        sizes = [(self.lmax_out + 1 - m, self.lmax_in + 1 - m) for m in range(self.mmax + 1)]
        found = [(np.zeros(size, np.int64), np.zeros(size, np.int64)) for size in sizes]
        for m, half, at, l3, l1 in self._places():
            found[m][half][l3 - m, l1 - m] = at
        return [found[0][:1] * 2, *found[1:]]

    def _places(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield order, 0 for a or 1 for b, the place of the weight, l3 and l1."""
        for (l1, l3), start in zip(self.pairs.tolist(), self._starts.tolist(), strict=False):
            k = min(l1, l3, self.mmax)
            yield from ((abs(m), int(m < 0), start + k + m, l3, l1) for m in range(-k, k + 1))

    def __call__(self, x: ArrayLike, vectors: ArrayLike, so2_weights: ArrayLike) -> Array:
        """Return z [edges, (lmax_out+1)², channels] of x [edges, (lmax_in+1)², channels] and vectors [edges, 3].

        so2_weights [weight_count], for every edge [edges, weight_count], or also channel [edges, weight_count,
        channels].  Of a vector only the direction counts; the zero vector raises ValueError.  The output is
        float32 where x is, else float64.
        """
        features, edges = native(x), real_numbers(vectors, "vectors")
        for name, value in (("x", features), ("so2_weights", np.asarray(so2_weights))):
            if value.dtype.kind not in "fiu":
                raise TypeError(f"{name} must be real numbers, got {value.dtype}")
        dtype = np.dtype(np.float32 if features.dtype == np.float32 else np.float64)
        weights = np.asarray(so2_weights, dtype)
        weights = weights.reshape(require_frame_shapes(self, features.shape, edges.shape, weights.shape))
        if not edges.any(axis=-1).all():
            raise ValueError("vectors must not have length zero: the zero vector has no frame")
        if max(self.lmax_in, self.lmax_out) > LARGEST_COMPILED:
            return self.by_matrices(features.astype(np.float64), edges, weights).astype(dtype)
        return self._compiled(dtype).run(np.ascontiguousarray(features, dtype), edges, np.ascontiguousarray(weights))

    def by_matrices(self, x: Array, vectors: Array, weights: Array) -> Array:
        """Return the same from the matrices D(R), one array operation for each degree; weights of three axes.

        >>> frame, x, r = EdgeFrame(1, 1), np.ones((1, 4, 1)), np.ones((1, 3))
        >>> bool(np.allclose(frame.by_matrices(x, r, np.ones((1, 6, 1))), frame(x, r, np.ones(6))))
        True
        """
        turns = edge_rotations(vectors)
        top = max(self.lmax_in, self.lmax_out)
        matrices = [wigner_D(l, turns) for l in range(top + 1)]
        inside = np.concatenate([matrices[l] @ x[:, degree_slice(l)] for l in range(self.lmax_in + 1)], 1)
        layer = self.apply(inside, weights)
        back = [np.swapaxes(matrices[l], 1, 2) @ layer[:, degree_slice(l)] for l in range(self.lmax_out + 1)]
        return np.concatenate(back, 1)

    def apply(self, x: Array, weights: Array) -> Array:
        """Return S x in the frame, x [edges, (lmax_in+1)², channels] and weights of three axes that broadcast.

        >>> EdgeFrame(0, 1).apply(np.ones((1, 1, 1)), np.array([[[2.0], [3.0]]]))[0, :, 0]
        array([2., 0., 3., 0.])
        """
        z = np.zeros((x.shape[0], flat_size(self.lmax_out), x.shape[2]))
        for (l1, l3), start in zip(self.pairs.tolist(), self._starts.tolist(), strict=False):
            k, middle_in, middle_out = min(l1, l3, self.mmax), l1 * l1 + l1, l3 * l3 + l3
            z[:, middle_out] += weights[:, start + k] * x[:, middle_in]
            if k:
                b = weights[:, start : start + k][:, ::-1] / np.sqrt(2)
                a = weights[:, start + k + 1 : start + 2 * k + 1] / np.sqrt(2)
                cosine = x[:, middle_in + 1 : middle_in + k + 1]
                sine = x[:, middle_in - k : middle_in][:, ::-1]
                z[:, middle_out + 1 : middle_out + k + 1] += a * cosine - b * sine
                z[:, middle_out - k : middle_out] += (a * sine + b * cosine)[:, ::-1]
        return z


def require_frame_shapes(
    frame: EdgeFrame, x: Sequence[int], vectors: Sequence[int], weights: Sequence[int]
) -> tuple[int, ...]:
    """Return the shape of weights with three axes, [1 or edges, weight_count, 1 or channels], or raise ValueError.

    >>> require_frame_shapes(EdgeFrame(1, 1), (5, 4, 8), (5, 3), (5, 6))
    (5, 6, 1)
    """
    if len(x) != 3 or x[1] != flat_size(frame.lmax_in):
        raise ValueError(f"x must have shape [edges, {flat_size(frame.lmax_in)}, channels], got {tuple(x)}")
    if tuple(vectors) != (x[0], 3):
        raise ValueError(f"vectors must have shape [{x[0]}, 3], got {tuple(vectors)}")
    count = frame.weight_count
    wanted = (count,), (x[0], count), (x[0], count, x[2])
    if len(weights) not in (1, 2, 3) or tuple(weights) != wanted[len(weights) - 1]:  # others would fix n in an export
        raise ValueError(f"so2_weights must have one of the shapes {list(wanted)}, got {tuple(weights)}")
    return (*(1,) * (len(weights) == 1), *weights, *(1,) * (len(weights) < 3))


def m_primary(lmax: object, mmax: object = None) -> NDArray[np.intp]:
    """Return the flat indices l²+l+m in the order of eSCN and UMA: m = 0, then m and -m, each for ascending l.

    Orders beyond mmax are left out.  fairchem stores the axes of e3nn, with the edge along y: change the basis first.

    >>> m_primary(2).tolist(), m_primary(2, 1).tolist()
    ([0, 2, 6, 3, 7, 1, 5, 8, 4], [0, 2, 6, 3, 7, 1, 5])
    """
    top = bounded_degree(lmax, "lmax", LARGEST_MATRIX)
    most = top if mmax is None else min(bounded_degree(mmax, "mmax"), top)
    signed = [0, *(sign * m for m in range(1, most + 1) for sign in (1, -1))]
    return np.array([l * l + l + m for m in signed for l in range(abs(m), top + 1)])


def _last_axis(values: ArrayLike, size: int, name: str) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim == 0 or array.shape[-1] != size:
        raise ValueError(f"{name} must be real numbers [..., {size}], got {array.dtype} of shape {array.shape}")
    return array.astype(np.float64)
