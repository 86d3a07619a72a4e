"""The whole Clebsch-Gordan tensor as a sum of R outer products (CP decomposition), and the product that it makes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.conventions import CORE
from coupling.floating_point import default_rounding
from coupling.indexing import degree_slice, flat_size, path_array
from coupling.integers import count
from coupling.kernels.factored_product import ROWS, factored_product
from coupling.kernels.lanes import width
from coupling.memory import native
from coupling.numbers.coefficients import block
from coupling.portable import Kept, read_only
from coupling.products.blocks import BoundKernel
from coupling.products.product import Features, Product
from coupling.products.reach import Masks

#: Numbers of the terms that numpy forms at a time, with weights of paths.
AT_ONCE = 1 << 14

Array = NDArray[np.float64]
Triple = tuple[int, int, int]


class FactoredProduct(Product):
    """All paths of the Clebsch-Gordan product by R products: a CP decomposition of the whole tensor.

        z[k] = Σ_r c[k, r] (Σ_i a[i, r] x[i]) (Σ_j b[j, r] y[j])        Σ_r a_r ⊗ b_r ⊗ c_r ≈ Σ_p w_p C_p

    C_p is the real 3j symbol of the path p = (l1, l2, l3), of unit Frobenius norm; i, j and k are flat indices l²+l+m.

    - rank: that of a shipped decomposition, for weights 1 and degrees to 3; by default the largest, exact to rounding,
      8, 28 and 85 terms for degrees to 1, 2 and 3
    - factors: instead of a rank, three arrays a, b, c [(lmax+1)², R] of any decomposition, or what
      holds them: a result of :func:`coupling.lowrank.decompose`, a ``CPTensor`` of tensorly.  Features are real, so
      complex factors, whose sum must be real, become real ones: three terms for each complex term

    Rows of degrees that no path reaches are dropped, such outputs are zero and such inputs not read; so are terms of
    which nothing is left.  ``paths`` [P, 3] are all paths in lexicographic order, ``path_weights`` [P] the weights w
    with which :class:`coupling.products.ClebschGordan` is nearest.  Its outputs differ by at most ``error`` ‖x‖ ‖y‖ for
    a channel of a sample; with fewer terms than an exact decomposition has, equivariance fails by as much.

    ``product(x, y, weights)`` multiplies each path by a weight besides: [P], or [..., P, channels] of samples and
    channels, as radial networks make them (channels_first: [..., channels, P]).  With exact factors any weights are
    exact.  Then every term takes P products in the place of one, and what factors have off the paths drops out.
    [..., 1, channels] is *path-weight sharing*: one weight for all paths, which costs nothing.  Copies of a feature are
    channels: as many of x as of y are the mode uuu, one of y is uvu, and V copies of y mixed before the product,
    ``y @ w`` with w [V, channels], are uvu with weights that all paths share.

    Raises ValueError or TypeError for degrees without shipped factors, ranks, factors, weights or features that do not
    fit.  Source: tensor decomposition networks, arXiv 2507.01131; :func:`coupling.lowrank.whole_problem`.

    >>> product = FactoredProduct(1, 1, 1)
    >>> product.rank, product.path_weights.round(12).tolist(), product.error < 1e-15
    (8, [1.0, 1.0, 1.0, 1.0, 1.0], True)
    >>> x, y = np.eye(4)[:, [1]], np.eye(4)[:, [2]]  # two vectors, along y and z
    >>> product(x, y)[:, 0].round(8) + 0.0, round(float(product(x, y, [1, 1, 1, 1, 2])[3, 0]), 8)  # ε/√6: along x
    (array([0.        , 0.        , 0.        , 0.40824829]), 0.81649658)
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        rank: object = None,
        *,
        factors: Any = None,
        layout: str = "channels_last",
        workers: int = 1,
    ) -> None:
        super().__init__(lmax_in1, lmax_in2, lmax_out, layout=layout, workers=workers)
        l1, l2, l3 = self.lmax
        self._reached = min(l1, l2 + l3), min(l2, l1 + l3), min(l3, l1 + l2)
        if rank is not None and factors is not None:
            raise ValueError("give the rank of shipped factors or factors, not both")
        given = _shipped(max(self._reached), rank) if factors is None else _checked(factors, self.sizes)
        self.factors = _cut(given, self._reached, self.lmax)
        self.paths = read_only(path_array((l1, l2, l3)))
        self.weights = read_only(np.ones(len(self.paths)))
        self._kernels = Kept()

    @property
    def rank(self) -> int:
        """The number of terms, R."""
        return int(self.factors[0].shape[1])

    @property
    def operations(self) -> int:
        """The number of multiply-adds for one channel of one sample.

        >>> FactoredProduct(2, 2, 2).operations, FactoredProduct(2, 2, 2, 15).operations
        (784, 420)
        """
        return self.rank * (1 + sum(flat_size(l) for l in self._reached))

    @cached_property
    def path_weights(self) -> Array:
        """The weights [P] of the paths: ⟨Σ_r a_r ⊗ b_r ⊗ c_r, C_p⟩."""
        pairs = ((block(CORE, *path), self._block(*path)) for path in self.paths.tolist())
        return read_only(np.array([float(np.sum(core * found)) for core, found in pairs]))

    @cached_property
    def error(self) -> float:
        """‖Σ_r a_r ⊗ b_r ⊗ c_r - Σ_p w_p C_p‖, the distance from the nearest equivariant product.

        >>> round(FactoredProduct(2, 2, 2, 20).error, 4)
        0.5892
        """
        a, b, c = self.factors
        off = (np.einsum("ir,jr->ijr", a, b).reshape(-1, self.rank) @ c.T).reshape(self.sizes)
        for weight, path in zip(self.path_weights, self.paths.tolist(), strict=True):
            off[tuple(map(degree_slice, path))] -= weight * block(CORE, *path)
        return float(np.linalg.norm(off))

    def _block(self, l1: int, l2: int, l3: int) -> Array:
        a, b, c = (f[degree_slice(l)] for f, l in zip(self.factors, (l1, l2, l3), strict=True))
        found: Array = np.einsum("ir,jr,kr->ijk", a, b, c)
        return found

    @property
    def reached(self) -> Masks:
        """The degrees of x, y and z that are on a path."""
        first, second, third = (np.arange(l + 1) <= r for l, r in zip(self.lmax, self._reached, strict=True))
        return first, second, third

    def turn(self) -> FactoredProduct:
        """Return the product (y, z) → x of the same trilinear form: its factors are turned.

        >>> FactoredProduct(1, 2, 2).turn().lmax
        (2, 2, 1)
        """
        return self._turned

    @cached_property
    def _turned(self) -> FactoredProduct:
        (l1, l2, l3), (a, b, c) = self.lmax, self.factors
        return FactoredProduct(l2, l3, l1, factors=(b, c, a), layout=self.layout, workers=self.workers)

    def __call__(self, x: Features, y: Features, weights: ArrayLike | None = None) -> Features:
        """Return the product of x and y, in their common dtype, with weights of paths or without."""
        if weights is None:
            return super().__call__(x, y)
        first, second = self._feature(x, 0), self._feature(y, 1)
        dtype = np.result_type(first, second)
        given = np.asarray(native(weights), dtype)
        w = self._path_axis(given)
        if given.ndim > 1 and w.shape[-2] == 1:
            return super().__call__(native(x) * given, y)
        last = self.layout == "channels_last"
        z = self._weighted(first.astype(dtype, copy=False), second.astype(dtype, copy=False), w)
        return z if last else np.ascontiguousarray(np.swapaxes(z, -1, -2))

    def _weighted(self, x: Features, y: Features, weights: Features) -> Features:
        """Return the product with weights [..., P, channels], for some samples at a time: terms stay in a cache."""
        *lead, channels = np.broadcast_shapes(*((*v.shape[:-2], v.shape[-1]) for v in (x, y, weights)))
        rows = (
            np.broadcast_to(v, (*lead, v.shape[-2], channels)).reshape(-1, v.shape[-2], channels)
            for v in (x, y, weights)
        )
        n1, n2, n3 = (flat_size(l) for l in self._reached)
        matrices = [matrix.astype(x.dtype) for matrix in self.matrices]
        a, b, w = rows
        z, step = np.zeros((len(a), self.sizes[2], channels), x.dtype), max(1, AT_ONCE // (self.rank * channels or 1))
        for start in range(0, len(a), step):
            some = slice(start, start + step)
            z[some, :n3] = self.evaluate(np, a[some, :n1], b[some, :n2], w[some], matrices)
        return z.reshape(*lead, *z.shape[1:])

    def _path_axis(self, weights: Features) -> Features:
        """Return weights as [..., P or 1, channels] after checking their shape."""
        total, last = len(self.paths), self.layout == "channels_last"
        if weights.ndim < 2 and weights.shape != (total,):
            raise ValueError(f"weights must have shape ({total},), one per path, got {weights.shape}")
        w = weights[:, None] if weights.ndim < 2 else weights if last else np.swapaxes(weights, -1, -2)
        if w.shape[-2] not in (1, total):
            axis = -2 if last else -1
            raise ValueError(f"weights must have {total} paths, or 1 for all, on axis {axis}, got {w.shape[-2]}")
        return w

    @cached_property
    def matrices(self) -> tuple[Array, Array, Array]:
        """The matrices aᵀ [R, entries], bᵀ [R, entries] and c [entries, R], of entries that a path reaches.

        >>> [m.shape for m in FactoredProduct(1, 0, 2).matrices]
        [(5, 4), (5, 1), (4, 5)]
        """
        a, b, c = (f[: flat_size(l)] for f, l in zip(self.factors, self._reached, strict=True))
        return np.ascontiguousarray(a.T), np.ascontiguousarray(b.T), c

    def evaluate(self, xp: Any, x: Any, y: Any, weights: Any, matrices: Any) -> Any:
        """Return the product of entries that a path reaches, by the functions xp of the array API standard.

        x, y: [..., entries, channels] of one type; weights: [P] or [..., P, channels]; matrices: ``matrices``, of the
        same type
        """
        a, b, c = matrices
        w = weights[:, None] if weights.ndim == 1 else weights
        inputs = zip((a, b), (x, y), self._reached, strict=False)
        u, v = ([xp.matmul(m[:, s], f[..., s, :]) for s in map(degree_slice, range(l + 1))] for m, f, l in inputs)
        terms: list[Any] = [0.0] * (self._reached[2] + 1)
        for n, (l1, l2, l3) in enumerate(self.paths.tolist()):
            terms[l3] = terms[l3] + w[..., n : n + 1, :] * u[l1] * v[l2]
        return xp.concat([xp.matmul(c[degree_slice(l), :], term) for l, term in enumerate(terms)], axis=-2)

    def _compute(self, x: Features, y: Features, out: Features) -> None:
        kernel = self._kernels.get(out.dtype)
        if kernel is None:
            kernel = self._kernels[out.dtype] = self._kernel(out.dtype)
        kernel.run(x, y, out, self.workers)
        if self._reached[2] < self.lmax[2]:
            out[:, flat_size(self._reached[2]) :] = 0

    @default_rounding()
    def _kernel(self, dtype: np.dtype[Any]) -> BoundKernel:
        """Return the kernel with its tables."""
        w, used = width(dtype), tuple(flat_size(l) for l in self._reached)
        tables = tuple(_in_groups(matrix).astype(dtype) for matrix in self.matrices)
        return BoundKernel(
            factored_product, (w, (*used, self.rank), tables), w, (sum(self.sizes) + self.rank) * w, dtype
        )


def _shipped(lmax: int, rank: object) -> Any:
    """Return the factors of a shipped decomposition for degrees to lmax, or raise."""
    from coupling.lowrank.store import shipped  # loads mpmath, where a rank is given

    wanted = None if rank is None else count(rank, "rank")
    try:
        return shipped("whole", max(1, lmax), wanted).factors
    except ValueError as error:
        other = f"decompose(whole_problem({lmax}).tensor, R).factors of coupling.lowrank"
        raise ValueError(f"{error}; give others as factors, such as {other}") from None


def _checked(factors: Any, sizes: tuple[int, ...]) -> list[Array]:
    """Return three arrays [(lmax+1)², R] of finite real numbers, or raise."""
    arrays = given_arrays(factors)
    shapes = [a.shape for a in arrays]
    if len(shapes) != 3 or not shapes[0][1:] or shapes != [(n, shapes[0][1]) for n in sizes] or not shapes[0][1]:
        wanted = ", ".join(f"[{n}, R]" for n in sizes)
        raise ValueError(f"factors must be three arrays {wanted}, got shapes {shapes}")
    if any(a.dtype.kind not in "iufc" for a in arrays):
        raise TypeError(f"factors must be real or complex numbers, got {', '.join(str(a.dtype) for a in arrays)}")
    if not all(np.isfinite(a).all() for a in arrays):
        raise ValueError("factors must be finite")
    if any(np.iscomplexobj(a) for a in arrays):
        from coupling.lowrank.real_factors import real_factors  # features are real: a complex term is three real ones

        return list(real_factors([a.astype(complex) for a in arrays]))
    return [a.astype(float) for a in arrays]


def given_arrays(factors: Any) -> list[NDArray[Any]]:
    """Return three arrays as arrays, and those of what holds them: a result of a search, a CP tensor."""
    if hasattr(factors, "factors"):
        from coupling.lowrank.cp_tensors import factors_of  # loads mpmath, where a CP tensor is given

        factors = factors_of(factors)
    return [native(f) for f in factors]


def _cut(factors: Any, reached: Triple, lmax: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Return factors with zeros for what no path reaches, and without the terms of which nothing is left."""
    rows = [np.zeros((flat_size(l), f.shape[1])) for f, l in zip(factors, lmax, strict=True)]
    for one, f, l in zip(rows, factors, reached, strict=True):
        one[: flat_size(l)] = f[: flat_size(l)]
    left = np.all([one.any(axis=0) for one in rows], axis=0)
    left[0] |= not left.any()
    a, b, c = (read_only(np.ascontiguousarray(one[:, left])) for one in rows)
    return a, b, c


def _in_groups(matrix: Array) -> Array:
    """Return the numbers of a matrix in the order in which the kernel reads them: groups of rows, column by column.

    >>> _in_groups(np.arange(2.0)[:, None] + np.array([0, 10])).tolist()  # fewer rows than a group has
    [0.0, 10.0, 1.0, 11.0]
    """
    whole = len(matrix) // len(ROWS) * len(ROWS)
    groups = [matrix[r : r + len(ROWS)].T.ravel() for r in range(0, whole, len(ROWS))]
    return np.concatenate([*groups, matrix[whole:].ravel()])
