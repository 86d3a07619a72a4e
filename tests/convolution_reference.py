"""Messages and their gradients from dense blocks, in float64: what every form of message passing must give."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from coupling.numbers.coefficients import block
from coupling.products import Convolution

Array = np.ndarray


class Case(NamedTuple):
    """Inputs of a convolution, and a cotangent."""

    x: Array
    y: Array
    w: Array
    senders: Array
    receivers: Array
    g: Array

    @property
    def inputs(self) -> tuple[Array, ...]:
        """What a call takes."""
        return self[:5]


def case(conv: Convolution, nodes: int, edges: int, channels: int, dtype: Any = float, weights: str = "epc") -> Case:
    """Random inputs with isolated nodes, self-loops and repeated edges; weights has a letter for each of its axes."""
    random = np.random.default_rng(edges + 7 * channels)
    n_x, n_y, n_z = conv.sizes
    axes = {"e": edges, "p": len(conv.paths), "c": channels, "1": 1}
    shapes = (nodes, n_x, channels), (edges, n_y), tuple(axes[a] for a in weights), (nodes, n_z, channels)
    x, y, w, g = (random.standard_normal(shape).astype(dtype) for shape in shapes)
    senders = random.integers(0, nodes, edges)
    return Case(x, y, w, senders, random.integers(0, max(1, nodes - 2), edges), g)


def full_weights(conv: Convolution, c: Case) -> Array:
    """Weights with all axes."""
    w = c.w.astype(float)
    w = w[None, :, None] if w.ndim == 1 else w[:, :, None] if w.ndim == 2 else w
    return np.broadcast_to(w, (len(c.senders), len(conv.paths), c.x.shape[2]))


def expected(conv: Convolution, c: Case) -> tuple[Array, ...]:
    """Messages, and gradients in x, y and weights."""
    x, y, w, g = (v.astype(float) for v in (c.x, c.y, full_weights(conv, c), c.g))
    out, dx, dy, dw = np.zeros(g.shape), np.zeros(x.shape), np.zeros(y.shape), np.zeros(w.shape)
    starts = {int(l): int(sum(2 * k + 1 for k in degrees_in(conv) if k < l)) for l in degrees_in(conv)}
    for p, (l1, l2, l3) in enumerate(conv.paths.tolist()):
        core = conv.path_weights[p] * block(conv.family, l1, l2, l3)
        row, harmonics, z = slice(starts[l1], starts[l1] + 2 * l1 + 1), slice(l2 * l2, (l2 + 1) ** 2), conv.rows[p]
        one, two, three = x[c.senders][:, row], y[:, harmonics], g[c.receivers][:, z]
        np.add.at(out[:, z], c.receivers, np.einsum("abk,eac,eb,ec->ekc", core, one, two, w[:, p]))
        np.add.at(dx[:, row], c.senders, np.einsum("abk,ekc,eb,ec->eac", core, three, two, w[:, p]))
        dy[:, harmonics] += np.einsum("abk,ekc,eac,ec->eb", core, three, one, w[:, p])
        dw[:, p] += np.einsum("abk,ekc,eac,eb->ec", core, three, one, two)
    shape = (1, *c.w.shape, 1) if c.w.ndim == 1 else (*c.w.shape, 1) if c.w.ndim == 2 else c.w.shape
    shared = tuple(axis for axis in (0, 2) if shape[axis] == 1 and dw.shape[axis] != 1)
    return out, dx, dy, dw.sum(axis=shared, keepdims=True).reshape(c.w.shape)


def degrees_in(conv: Convolution) -> list[int]:
    """The degrees of x, each once."""
    found, rows, l = sorted(set(conv.paths[:, 0].tolist())), conv.sizes[0], 0
    while sum(2 * k + 1 for k in found) < rows:
        if l not in found:
            found.append(l)
        l += 1
    return sorted(found)
