"""Spherical designs: points that all have the same weight.

A design of strength t averages every polynomial up to degree t exactly (Delsarte, Goethals, Seidel 1977).  Two poles
and the corners of Platonic solids are designs of strength 1, 2, 3 and 5; beyond, pairs of antipodal points are sought
by Gauss-Newton steps on Σ_p R_lm(p) = 0, even l <= t; odd l hold by symmetry.  About t²/2 points are enough (Hardin and
Sloane 1996, Womersley 2018).  The search proves nothing: the residual of the points in the file is checked.

The points are data of the repository, ``designs.safetensors`` beside the manifest, found once; a search on another
machine finds other points, equally good.  ``python -m coupling.arrays.designs FILE T...`` searches and writes such a
file.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coupling.arrays.request import DESIGNS
from coupling.files import table_folder
from coupling.files.atomic import write
from coupling.files.container import Tensor, read

Doubles = NDArray[np.float64]

SCHEMA = "coupling-designs"
#: What a mean over the points may differ from the mean over the sphere, for any harmonic up to the strength.
RESIDUAL = 1e-15


def platonic(strength: int) -> Doubles:
    """Return two poles, a tetrahedron, an octahedron or an icosahedron: strength 1, 2, 3 or 5.

    >>> platonic(3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]]
    """
    if strength == 1:
        return np.array([[0.0, 0, 1], [0, 0, -1]])
    if strength == 2:
        return np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    if strength == 3:
        return np.concatenate([np.eye(3), 0 - np.eye(3)]) + 0.0
    golden = (1 + np.sqrt(5)) / 2
    corners = [np.roll([0, a, b * golden], k) for k in range(3) for a in (1, -1) for b in (1, -1)]
    return np.array(corners) / np.sqrt(1 + golden**2)


def search(strength: int, tries: int = 20) -> Doubles:
    """Return an antipodal design of an odd strength, the first half its points, the second their antipodes.

    Begins with about t²/2 points on a spiral and takes two more after ``tries`` tries that do not converge.

    >>> points = search(7)
    >>> len(points), bool(residual(points, 7) < RESIDUAL)
    (32, True)
    """
    for half in count((strength * (strength + 1) + 7) // 4):
        for seed in range(tries):
            points = _descend(_spiral(half, seed), strength)
            full = np.concatenate([points, -points])
            if residual(full, strength) < RESIDUAL:
                return full
    raise AssertionError


def residual(points: Doubles, strength: int) -> float:
    """Return the largest |mean over the points| of √4π R_lm, 1 <= l <= t.

    >>> bool(residual(platonic(5), 5) < 1e-15), bool(residual(platonic(5), 6) > 0.1)
    (True, True)
    """
    from coupling.sphere import harmonics

    x, y, z = points.T
    sums = harmonics(strength, np.arctan2(np.hypot(x, y), z), np.arctan2(y, x))[:, 1:].mean(axis=0)
    return float(abs(sums).max() * np.sqrt(4 * np.pi))


def _spiral(half: int, seed: int) -> Doubles:
    """Points of the northern hemisphere, evenly spaced, then randomly perturbed."""
    k = np.arange(half) + 0.5
    z, phi = 1 - k / half, np.pi * (1 + np.sqrt(5)) * k
    s = np.sqrt(1 - z * z)
    points = np.stack([s * np.cos(phi), s * np.sin(phi), z], axis=-1)
    points += np.random.default_rng(seed).normal(size=points.shape) * 0.3 / np.sqrt(half)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _descend(points: Doubles, strength: int) -> Doubles:
    from coupling.sphere import gradients, harmonics

    l = np.repeat(np.arange(strength + 1), 2 * np.arange(strength + 1) + 1)
    even = (l % 2 == 0) & (l > 0)
    best, worse = np.inf, 0
    for _ in range(80):
        x, y, z = points.T
        theta, phi = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
        defect = harmonics(strength, theta, phi)[:, even].sum(axis=0)
        norm = float(np.linalg.norm(defect))
        worse = worse + 1 if norm > 0.9 * best else 0
        best = min(best, norm)
        if worse > 12 or norm < 1e-15 * len(points):
            break
        jacobian = np.concatenate(list(gradients(strength, theta, phi)[..., even]))
        step = np.linalg.lstsq(jacobian.T, -defect, rcond=1e-12)[0]
        step *= min(1, 0.3 / np.sqrt(len(points)) / abs(step).max())
        points = _moved(points, theta, phi, *step.reshape(2, -1))
    return points


def _moved(points: Doubles, theta: Doubles, phi: Doubles, south: Doubles, east: Doubles) -> Doubles:
    ct, st, cp, sp = np.cos(theta), np.sin(theta), np.cos(phi), np.sin(phi)
    e_theta, e_phi = np.stack([ct * cp, ct * sp, -st], -1), np.stack([-sp, cp, 0 * sp], -1)
    moved = points + south[:, None] * e_theta + east[:, None] * e_phi
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)


def read_design(strength: int) -> Doubles:
    """Return the points [n, 3] of a design of the repository, verified; its weights are 4π/n.

    >>> read_design(5).shape, bool(residual(read_design(5), 5) < RESIDUAL)
    ((12, 3), True)
    """
    return read(table_folder() / "designs.safetensors").arrays[f"strength_{strength}"]


def write_designs(file: Path, designs: dict[int, Doubles]) -> None:
    """Write designs, strength → points, to a file."""
    metadata = {"schema": SCHEMA, "schema_version": 1, "points": "x, y, z; every weight is 4 pi / n"}
    tensors = [Tensor(f"strength_{t}", "F64", points.shape) for t, points in designs.items()]
    write(file, metadata, tensors, designs.values())


def find(strength: int) -> Doubles:
    """Return the corners of a Platonic solid, or else what :func:`search` finds."""
    return platonic(strength) if strength < 6 else search(strength)


if __name__ == "__main__":
    target, *strengths = sys.argv[1:]
    write_designs(Path(target), {t: find(t) for t in map(int, strengths or map(str, DESIGNS))})
