"""The products as callables: any leading axes, both layouts, broadcasting, low precision, weights of every kind."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from coupling.conventions import CORE
from coupling.interop.forms import array_form, block_sizes, by_output, form_text, lists, path_list, separate_form
from coupling.interop.jax.rules import compute, product, weighted_product
from coupling.memory import native
from coupling.products.product import LAYOUTS
from coupling.selection import degrees, one_of
from coupling.tables import Table

Array = Any


class JaxProduct:
    """What the products have in common: features [..., (lmax+1)², channels], or channels first, to the rules and back.

    Leading axes and channels broadcast.  The arithmetic is float32, or float64 (with jax_enable_x64) if an input is;
    inputs of float16 and bfloat16 are converted to float32 first, and the output is rounded once to the common type of
    x and y.  forward_mode: derivatives by JAX's own rules, in both modes, instead of ``jax.custom_vjp``.
    """

    def __init__(
        self, lmax: tuple[object, object, object], kind: str, layout: str, forward_mode: bool, **options: Any
    ) -> None:
        l1, l2, l3 = degrees(*lmax)
        self.lmax = l1, l2, l3
        self.layout = one_of(layout, LAYOUTS, "layout")
        self.forward_mode = forward_mode
        self.form = form_text(kind, self.lmax, **options)
        self.sizes = array_form(self.form, 0).sizes

    def __repr__(self) -> str:
        degrees = ", ".join(map(str, self.lmax))
        return f"{type(self).__name__}({degrees}, layout={self.layout!r}, forward_mode={self.forward_mode})"

    def __call__(self, x: Array, y: Array) -> Array:
        """Return the product of x and y."""
        dtype, first, second = self._inputs(x, y)
        return self._output(self._product(self.form, first, second), dtype)

    def _product(self, form: str, x: Array, y: Array) -> Array:
        return compute(form, 0, x, y) if self.forward_mode else product(form, 0, x, y)

    def _inputs(self, x: Array, y: Array, *lanes: tuple[int, ...]) -> tuple[Any, Array, Array]:
        """Return the type of the output, and inputs [..., entries, channels] of one type, broadcast."""
        x, y = (self._last(_array(value), slot) for slot, value in enumerate((x, y)))
        dtype = jnp.result_type(x, y)
        lead = jnp.broadcast_shapes(*((*value.shape[:-2], value.shape[-1]) for value in (x, y)), *lanes)
        wide = jnp.promote_types(dtype, jnp.float32)
        first, second = (_broadcast(value.astype(wide), lead) for value in (x, y))
        return dtype, first, second

    def _last(self, value: Array, slot: int) -> Array:
        axis = -2 if self.layout == "channels_last" else -1
        if not jnp.issubdtype(value.dtype, jnp.floating):
            raise TypeError(f"input {slot + 1} must be real floating, got {value.dtype}")
        if value.ndim < 2 or value.shape[axis] != self.sizes[slot]:
            shape = value.shape
            raise ValueError(f"input {slot + 1} must have {self.sizes[slot]} entries on axis {axis}, got shape {shape}")
        return value if axis == -2 else jnp.swapaxes(value, -1, -2)

    def _output(self, z: Array, dtype: Any) -> Array:
        result = z.astype(dtype)
        return result if self.layout == "channels_last" else jnp.swapaxes(result, -1, -2)


def _array(value: Any) -> Array:
    """Return an array of JAX; JAX itself refuses those of numpy that are in another byte order."""
    return jnp.asarray(native(value) if isinstance(value, np.ndarray) else value)


def _broadcast(value: Array, lead: tuple[int, ...]) -> Array:
    return jnp.broadcast_to(value, (*lead[:-1], value.shape[-2], lead[-1]))


class ClebschGordan(JaxProduct):
    """The Clebsch-Gordan product of :class:`coupling.products.ClebschGordan`, with a weight for each path p:

        z[l3 m3] = Σ_p w_p Σ_{m1 m2} C[m1, m2, m3] x[l1 m1] y[l2 m2]        p = (l1, l2, l3)

    ``paths`` [P, 3] are the paths, in lexicographic order.  ``product(x, y, weights)`` takes weights [P], shared by all
    samples and channels, or [..., P, channels] (channels_first: [..., channels, P]), which broadcasts with the
    features, as radial networks make them; default ones.  parity, normalization, table and errors as in
    :class:`coupling.interop.arrays.ClebschGordan`, types and forward_mode as in :class:`JaxProduct`.

    >>> product = ClebschGordan(2, 2, 2, parity="even")
    >>> x, w = jnp.ones((10, 9, 8)), jnp.ones(len(product.paths))
    >>> import jax
    >>> jax.grad(lambda w: product(x, x, w).sum())(w).shape, product(x, x, jnp.ones((10, 11, 1))).shape
    ((11,), (10, 9, 8))
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        parity: str = "all",
        normalization: str = CORE,
        table: Table | None = None,
        layout: str = "channels_last",
        forward_mode: bool = False,
    ) -> None:
        lmax, options = (lmax_in1, lmax_in2, lmax_out), {"parity": parity, "normalization": normalization}
        super().__init__(lmax, "ClebschGordan", layout, forward_mode, table=table, **options)
        self.paths = path_list(self.form)
        self._separate = separate_form(self.lmax, table, parity, normalization)
        groups = by_output(self._separate, self.paths)
        ends = np.cumsum([0, *block_sizes(self._separate)]).tolist()
        self._counts = [len(group) for group in groups]
        self._order = np.array([path for group in groups for _, path in group], int)
        self._rows = np.array([row for group in groups for n, _ in group for row in range(ends[n], ends[n + 1])], int)

    def __call__(self, x: Array, y: Array, weights: Array = None) -> Array:
        """Return the product of x and y."""
        if weights is None:
            return super().__call__(x, y)
        w = _array(weights)
        if w.ndim > 1:
            return self._weigh(x, y, w)
        if w.shape != (len(self.paths),):
            raise ValueError(f"weights must have shape ({len(self.paths)},), one per path, got {w.shape}")
        dtype, first, second = self._inputs(x, y)
        function = compute if self.forward_mode else weighted_product
        return self._output(function(self.form, 0, first, second, w.astype(first.dtype)), dtype)

    def _weigh(self, x: Array, y: Array, w: Array) -> Array:
        """Return the product with weights of samples and channels."""
        w = w if self.layout == "channels_last" else jnp.swapaxes(w, -1, -2)
        if w.shape[-2] != len(self.paths):
            axis = -2 if self.layout == "channels_last" else -1
            raise ValueError(f"weights must have {len(self.paths)} paths on axis {axis}, got {w.shape[-2]}")
        dtype, first, second = self._inputs(x, y, (*w.shape[:-2], w.shape[-1]))
        weights = _broadcast(w.astype(first.dtype), (*first.shape[:-2], first.shape[-1]))
        paths = self._product(self._separate, first, second)
        return self._output(self._sum(paths, weights), dtype)

    def _sum(self, paths: Array, w: Array) -> Array:
        """Return the sums of the paths to each degree with weights [..., P, channels]."""
        rows, weights = paths[..., self._rows, :], w[..., self._order, :]
        sums, at, path = [], 0, 0
        for l, n in enumerate(self._counts):
            part = rows[..., at : at + n * (2 * l + 1), :]
            part = part.reshape(*part.shape[:-2], n, 2 * l + 1, part.shape[-1])
            sums.append((part * weights[..., path : path + n, None, :]).sum(-3))
            at, path = at + n * (2 * l + 1), path + n
        return jnp.concatenate(sums, -2)


class FullProduct(JaxProduct):
    """The product of :class:`coupling.products.FullProduct`, every path an output of its own.

    Arguments and output as there and in :class:`coupling.interop.arrays.FullProduct`; the rest as in
    :class:`JaxProduct`.

    >>> product = FullProduct(1, 1, 1)
    >>> product(jnp.ones((4, 1)), jnp.ones((4, 1))).shape, product.offsets.tolist()
    ((11, 1), [0, 1, 4, 7, 8, 11])
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        parity: str = "all",
        normalization: str = CORE,
        table: Table | None = None,
        layout: str = "channels_last",
        forward_mode: bool = False,
    ) -> None:
        lmax, options = (lmax_in1, lmax_in2, lmax_out), {"parity": parity, "normalization": normalization}
        super().__init__(lmax, "FullProduct", layout, forward_mode, table=table, **options)
        form: Any = array_form(self.form, 0)
        self.paths, self.offsets = form.paths, form.offsets


class Gaunt(JaxProduct):
    """The Gaunt product of :class:`coupling.products.Gaunt`; see :class:`JaxProduct`.

    weights: three lists of lmax+1 numbers, one per degree, constant; to learn them, multiply features by them.

    >>> Gaunt(1, 1, 2)(jnp.ones((5, 4, 3)), jnp.ones((4, 1))).shape
    (5, 9, 3)
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        weights: Any = None,
        layout: str = "channels_last",
        forward_mode: bool = False,
    ) -> None:
        super().__init__((lmax_in1, lmax_in2, lmax_out), "Gaunt", layout, forward_mode, weights=lists(weights))


class AntisymmetricGaunt(JaxProduct):
    """The bracket of :class:`coupling.products.AntisymmetricGaunt`; arguments as for :class:`Gaunt`.

    >>> AntisymmetricGaunt(2, 2, 2)(jnp.ones((5, 9, 3)), jnp.ones((9, 1))).shape
    (5, 9, 3)
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        weights: Any = None,
        layout: str = "channels_last",
        forward_mode: bool = False,
    ) -> None:
        lmax = lmax_in1, lmax_in2, lmax_out
        super().__init__(lmax, "AntisymmetricGaunt", layout, forward_mode, weights=lists(weights))


class MatrixProduct(JaxProduct):
    """The product of :class:`coupling.products.MatrixProduct`; spin as there, other arguments as for :class:`Gaunt`.

    >>> MatrixProduct(2, 2, 2)(jnp.ones((5, 9, 3)), jnp.ones((9, 3))).shape
    (5, 9, 3)
    """

    def __init__(
        self,
        lmax_in1: object,
        lmax_in2: object,
        lmax_out: object,
        *,
        spin: float | None = None,
        weights: Any = None,
        layout: str = "channels_last",
        forward_mode: bool = False,
    ) -> None:
        lmax = lmax_in1, lmax_in2, lmax_out
        super().__init__(lmax, "MatrixProduct", layout, forward_mode, spin=spin, weights=lists(weights))
