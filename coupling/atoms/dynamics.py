"""Motion under the forces of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Array = Any


def verlet_step(
    positions: Array, velocities: Array, forces: Array, masses: Array, dt: float, force: Callable[[Array], Array]
) -> tuple[Array, Array, Array]:
    """Return positions, velocities and forces [nodes, 3] after a step of velocity Verlet.

    masses [nodes] and dt are in units in which m v² is an energy, as those of ASE are; ``force(positions)`` gives the
    forces, and ``forces`` are those at the start.  Any arrays; in JAX a step may be compiled and scanned.  Source:
    W. C. Swope, H. C. Andersen, P. H. Berens, K. R. Wilson, J. Chem. Phys. 76, 637 (1982).

    >>> import numpy as np
    >>> x, v, m = np.ones((1, 3)), np.zeros((1, 3)), np.ones(1)
    >>> f = -x
    >>> for _ in range(628):
    ...     x, v, f = verlet_step(x, v, f, m, 0.01, lambda x: -x)
    >>> bool(abs(x - 1).max() < 1e-4 and abs((x**2 + v**2) / 2 - 0.5).max() < 1e-4)  # a period of the oscillator
    True
    """
    half = velocities + dt / 2 * forces / masses[:, None]
    moved = positions + dt * half
    new = force(moved)
    return moved, half + dt / 2 * new / masses[:, None], new
