"""Message passing for JAX."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from coupling.backends.jax.sphere import cartesian_harmonics
from coupling.products.convolution import Convolution as Messages
from coupling.products.edge_list import Edges

Array = Any

#: Edges whose messages are in memory at the same time.
EDGES_AT_ONCE = 4096

TEXT = """Here a function of JAX arrays, ``conv(x, y, weights, senders, receivers, nodes=None)``: an array program over
4096 edges at a time, which can be compiled, batched and differentiated in both modes any number of times.  Gradients
compute the messages of these edges again, and keep inputs alone.  The arithmetic is float32, or float64 (with
jax_enable_x64) if x, y or the weights are.  Smaller types are converted to float32 first, and the output is rounded
once to the common type.  Under ``jax.jit`` indices are not checked: JAX takes the nearest node for a sender that does
not exist, and leaves out an edge to a receiver that does not.

>>> conv = Convolution(1, 2, 1)
>>> x, y, w = jnp.ones((2, 4, 8)), jnp.ones((3, 9)), jnp.ones((3, 5, 8))
>>> jax.jit(conv)(x, y, w, jnp.array([0, 1, 1]), jnp.array([1, 0, 1])).shape
(2, 4, 8)
"""


class Convolution:
    """Message passing on a graph."""

    def __init__(self, *arguments: Any, **options: Any):
        if "workers" in options:
            raise TypeError("workers are threads of compiled functions, which these are not")
        conv = Messages(*arguments, **options)
        self.form, self.sizes, self.rows, self.operations = conv.text, conv.sizes, conv.rows, conv.operations
        self.paths, self.names, self.lmax_edge = conv.paths, conv.names, conv.lmax_edge
        self.harmonics, self._channels, self._dense = conv.harmonics, conv.channels, conv.dense("float64")

    def __call__(
        self, x: Array, y: Array, weights: Array, senders: Array, receivers: Array, nodes: int | None = None
    ) -> Array:
        """Return the messages [nodes, rows, channels]; y are harmonics, or vectors [E, 3]."""
        x, y, w = (_floating(value, name) for value, name in ((x, "x"), (y, "harmonics"), (weights, "weights")))
        if x.ndim != 3 or x.shape[1] != self.sizes[0] or (self._channels and x.shape[2] != self._channels):
            raise ValueError(
                f"x must have shape [nodes, {self.sizes[0]}, {self._channels or 'channels'}], got {x.shape}"
            )
        count = x.shape[0] if nodes is None else nodes
        s, r = _indices(senders, receivers, count, x.shape[0])
        dtype = jnp.result_type(x, y, w)
        wide = jnp.promote_types(dtype, jnp.float32)
        x, y, w = x.astype(wide), y.astype(wide), w.astype(wide)
        if y.ndim == 2 and y.shape[1] == 3:
            y = cartesian_harmonics(y, self.lmax_edge, normalization=self.harmonics)
        w = w[None, :, None] if w.ndim == 1 else w[:, :, None] if w.ndim == 2 else w
        self._require(x, y, w, len(s))
        with jax.default_matmul_precision("highest"):
            return self._messages(x, y, w, s, r, count).astype(dtype)

    def _require(self, x: Array, y: Array, w: Array, edges: int) -> None:
        fits = y.shape == (edges, self.sizes[1]) and w.ndim == 3 and w.shape[1] == len(self.paths)
        if not fits or w.shape[0] not in (1, edges) or w.shape[2] not in (1, x.shape[2]):
            wanted = f"[{edges}, {self.sizes[1]}] and [{edges} or 1, {len(self.paths)}, channels or 1]"
            raise ValueError(f"harmonics and weights must be {wanted}, got {y.shape} and {w.shape}")

    def _messages(self, x: Array, y: Array, w: Array, s: Array, r: Array, nodes: int) -> Array:
        """Add the messages of some edges at a time; edges that fill the last part have no receiver."""
        out, edges = jnp.zeros((nodes, self.sizes[2], x.shape[2]), x.dtype), len(s)
        parts = max(1, -(-edges // EDGES_AT_ONCE))
        size = -(-edges // parts)
        more = parts * size - edges
        each = [jnp.pad(y, ((0, more), (0, 0))), jnp.pad(s, (0, more)), jnp.pad(r, (0, more), constant_values=nodes)]
        if w.shape[0] > 1:
            each.append(jnp.pad(w, ((0, more), (0, 0), (0, 0))))
        step = jax.checkpoint(partial(self._part, x, None if w.shape[0] > 1 else w))
        if parts == 1:
            return step(out, each)[0]
        split = [value.reshape(parts, size, *value.shape[1:]) for value in each]
        return jax.lax.scan(step, out, split)[0]

    def _part(self, x: Array, shared: Array | None, out: Array, each: list[Array]) -> tuple[Array, None]:
        y, s, r, *own = each
        w = own[0] if shared is None else shared
        for p, (rows, harmonics, z, core) in enumerate(self._dense):
            matrix = jnp.einsum("abk,eb->eka", jnp.asarray(core, x.dtype), y[:, harmonics])
            out = out.at[r, z].add(matrix @ (x[s, rows] * w[:, p, None]), mode="drop")
        return out, None


def _floating(value: Any, name: str) -> Array:
    array = jnp.asarray(value)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise TypeError(f"{name} must be real floating, got {array.dtype}")
    return array


def _indices(senders: Any, receivers: Any, nodes: int, count: int) -> tuple[Array, Array]:
    """Return indices, checked where they are known."""
    if not isinstance(senders, jax.core.Tracer) and not isinstance(receivers, jax.core.Tracer):
        edges = Edges(np.asarray(senders), np.asarray(receivers), (nodes, count))
        senders, receivers = edges.senders, edges.receivers
    return jnp.asarray(senders), jnp.asarray(receivers)


Convolution.__doc__ = (inspect.getdoc(Messages) or "").split("\n>>> ")[0].rstrip() + f"\n\n{TEXT}"
