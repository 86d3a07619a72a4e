"""Sorting edges by one of their nodes: counting, stable, two passes over the list.

Domain: keys are int64 in 0 … count-1; nothing is checked.
"""

from __future__ import annotations

import numpy as np

from coupling.kernels.jit import kernel


@kernel
def edge_order(keys, count):
    """Return the order [E] that sorts keys, stable, and where each key begins in it [count + 1].

    >>> [array.tolist() for array in edge_order(np.array([2, 0, 2]), 3)]
    [[1, 0, 2], [0, 1, 1, 3]]
    """
    starts = np.zeros(count + 1, np.int64)
    for key in keys:
        starts[key + 1] += 1
    for k in range(count):
        starts[k + 1] += starts[k]
    place, order = starts[:-1].copy(), np.empty(keys.size, np.int64)
    for edge in range(keys.size):
        order[place[keys[edge]]] = edge
        place[keys[edge]] += 1
    return order, starts
