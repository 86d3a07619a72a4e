"""Finite groups of rotations, and of rotations with reflections, as orthogonal matrices.

    tetrahedral, octahedral, icosahedral       12, 24 and 60 rotations, with axes of order 3 along (1, 1, 1)
    cyclic-n                                   n rotations about z
    dihedral-n                                 these and n half turns about axes in the plane, one of them x
    pyramidal-n                                these n rotations about z and n reflections, one of them y → -y

A group is the closure of its generators.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from coupling.portable import read_only
from coupling.quoted import quoted

Floats = NDArray[np.float64]

POLYHEDRAL = {"tetrahedral": 12, "octahedral": 24, "icosahedral": 60}

#: Groups about one axis: what is added to its rotations.
AXIAL = "cyclic", "dihedral", "pyramidal"

#: The largest order of an axis.
MOST_FOLD = 12


def turn_about(axis: tuple[float, float, float], angle: float) -> Floats:
    """Return the rotation about an axis.

    >>> turn_about((0, 0, 1), np.pi / 2).round(12) + 0.0
    array([[ 0., -1.,  0.],
           [ 1.,  0.,  0.],
           [ 0.,  0.,  1.]])
    """
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    found: Floats = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return found


def group_generators(name: str) -> list[Floats]:
    """Return generators of a group; ValueError for another name."""
    third = turn_about((1, 1, 1), 2 * np.pi / 3)
    if name in POLYHEDRAL:
        golden = (1 + 5**0.5) / 2
        own = {
            "tetrahedral": turn_about((0, 0, 1), np.pi),
            "octahedral": turn_about((0, 0, 1), np.pi / 2),
            "icosahedral": turn_about((0, 1, golden), 2 * np.pi / 5),
        }
        return [third, turn_about((0, 0, 1), np.pi), own[name]]
    axial = re.fullmatch(r"(cyclic|dihedral|pyramidal)-([1-9][0-9]?)", name)
    if not axial or int(axial[2]) > MOST_FOLD:
        known = ", ".join([*POLYHEDRAL, *(f"{word}-n" for word in AXIAL)])
        raise ValueError(f"symmetry must be one of {known} with n from 1 to {MOST_FOLD}, got {quoted(name)}")
    about = [turn_about((0, 0, 1), 2 * np.pi / int(axial[2]))]
    further = {"cyclic": [], "dihedral": [np.diag([1.0, -1, -1])], "pyramidal": [np.diag([1.0, -1, 1])]}
    return about + further[axial[1]]


@cache
def point_group(name: str) -> Floats:
    """Return the elements [order, 3, 3] of a group, the identity first.

    >>> [len(point_group(name)) for name in ("tetrahedral", "octahedral", "icosahedral", "dihedral-5")]
    [12, 24, 60, 10]
    """
    found, by = [np.eye(3)], group_generators(name)
    for one in found:
        for other in by:
            new = one @ other
            if not any(np.allclose(new, old, rtol=0, atol=1e-9) for old in found):
                found.append(new)
    return read_only(np.array(found))


def multiplication_table(matrices: Floats) -> NDArray[np.int64]:
    """Return the number of the product of elements g and h of a group, [g, h].

    >>> multiplication_table(point_group("cyclic-3")).tolist()
    [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    products = np.einsum("gij,hjk->ghik", matrices, matrices)
    distance = abs(products[:, :, None] - matrices).max(axis=(3, 4))
    if distance.min(axis=2).max() > 1e-9:
        raise ArithmeticError("the matrices are not closed under multiplication")
    return np.asarray(distance.argmin(axis=2))


def has_reflections(name: str) -> bool:
    """Return whether a group has improper elements.

    >>> has_reflections("pyramidal-5"), has_reflections("dihedral-5")
    (True, False)
    """
    return bool((np.linalg.det(point_group(name)) < 0).any())
