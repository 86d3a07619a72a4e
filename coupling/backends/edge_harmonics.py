"""Harmonics of vectors by operations of a framework: derivatives of any order, at every vector.

Recurrences, normalizations and the zero vector are those of :mod:`coupling.sphere.cartesian`.
"""

from __future__ import annotations

from typing import Any

from coupling.sphere.solid import solid_tables


def edge_harmonics(xp: Any, vectors: Any, lmax: int, normalization: str) -> Any:
    """Return the harmonics [E, (lmax+1)²] of vectors [E, 3]; ``xp`` is torch or jax.numpy.

    A zero vector has harmonics 0 for l > 0, and no derivatives.

    >>> import numpy as np
    >>> edge_harmonics(np, np.array([[0.0, 0.0, 2.0], [0.0, 0.0, 0.0]]), 1, "norm").tolist()
    [[1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]]
    """
    factors, minus = solid_tables(lmax, normalization, "float64")[:2].tolist()
    square = (vectors * vectors).sum(-1)
    there = square > 0
    inverse = xp.where(there, 1 / xp.sqrt(xp.where(there, square, xp.ones_like(square))), xp.zeros_like(square))
    unit = vectors * inverse[:, None]
    x, y, z = unit[:, 0], unit[:, 1], unit[:, 2]
    one = xp.where(there, xp.ones_like(square), xp.zeros_like(square))
    rows: dict[tuple[int, int], Any] = {}
    re, im = xp.ones_like(square), xp.zeros_like(square)
    for m in range(lmax + 1):
        last, before = None, None
        for l in range(m, lmax + 1):
            k = l * (l + 1) // 2 + m
            if last is None:
                now = factors[k] * xp.ones_like(square)
            else:
                now = factors[k] * z * last
                now = now if before is None else now - minus[k] * one * before
            rows[l, m] = now * re
            if m:
                rows[l, -m] = now * im
            last, before = now, last
        re, im = x * re - y * im, x * im + y * re
    return xp.stack([rows[l, m] for l in range(lmax + 1) for m in range(-l, l + 1)], -1)
