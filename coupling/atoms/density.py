"""The density of neighbours around an atom, in real spherical harmonics and radial channels.

    x[i, lm, n] = Σ_j Z_j g_n(r_ij) R_lm(r_ij/|r_ij|)      over the neighbours j of atom i with |r_ij| < c
    g_n(r) = √(2/c) sin((n+1)π r/c)/r · f(r)               n from 0 on, one for each channel
    f(r) = ½ (1 + cos(π r/c))                              continuous with its slope at c, and zero beyond

c is the cutoff, Z the atomic number, r in Å, so x is in Å^-3/2.  g_n are the spherical Bessel functions of degree 0
that vanish at the cutoff, orthonormal on the ball but for f (J. Gasteiger, J. Groß, S. Günnemann, arXiv 2003.03123);
f is the cutoff function of J. Behler and M. Parrinello, Phys. Rev. Lett. 98, 146401 (2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coupling.atoms.reading import Neighbours, positive_cutoff
from coupling.integers import count
from coupling.quoted import quoted
from coupling.selection import degrees
from coupling.sphere import angles, harmonics

Array = NDArray[np.float64]


def cutoff_function(r: ArrayLike, cutoff: float) -> Array:
    """Return ½ (1 + cos(π r/cutoff)), zero from the cutoff on; r and cutoff in Å.

    >>> cutoff_function([0.0, 2.0, 4.0, 5.0], 4.0).round(12).tolist()
    [1.0, 0.5, 0.0, 0.0]
    """
    cutoff = positive_cutoff(cutoff)
    distance = np.asarray(r, float)
    return np.where(distance < cutoff, 0.5 * (1 + np.cos(np.pi * np.minimum(distance, cutoff) / cutoff)), 0.0)


def radial_functions(r: ArrayLike, channels: int, cutoff: float) -> Array:
    """Return g_n(r) [..., channels] in Å^-3/2, for r > 0 and a cutoff in Å; others raise ValueError or TypeError.

    >>> radial_functions([1.0, 4.0], 3, 4.0).round(3).tolist()
    [[0.427, 0.604, 0.427], [0.0, -0.0, 0.0]]
    """
    cutoff, channels = positive_cutoff(cutoff), count(channels, "channels")
    distance = np.asarray(r, float)[..., None]
    if not ((distance > 0) & np.isfinite(distance)).all():
        ends = f"{quoted(distance.min())} to {quoted(distance.max())}"
        raise ValueError(f"distances must be positive and finite, got {ends}")
    inside = np.minimum(distance, cutoff)
    waves = np.sin(np.pi / cutoff * (1 + np.arange(channels)) * inside) / inside
    return np.sqrt(2 / cutoff) * waves * cutoff_function(distance, cutoff)


@dataclass(frozen=True)
class NeighbourDensity:
    """The expansion to degree lmax with ``channels`` radial channels and a cutoff in Å.

    >>> from coupling.atoms import neighbours, read_structure
    >>> density = NeighbourDensity(lmax=2, channels=4, cutoff=3.0)
    >>> density(neighbours(read_structure(), 3.0)).shape
    (9, 9, 4)
    """

    lmax: int
    channels: int
    cutoff: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "lmax", degrees(self.lmax)[0])
        object.__setattr__(self, "channels", count(self.channels, "channels"))
        object.__setattr__(self, "cutoff", positive_cutoff(self.cutoff))

    def __call__(self, pairs: Neighbours) -> Array:
        """Return the features [atoms, (lmax+1)², channels] of all atoms; zero for one without neighbours."""
        radial = radial_functions(np.linalg.norm(pairs.vectors, axis=1), self.channels, self.cutoff)
        radial = radial * pairs.numbers[pairs.others, None]
        angular = harmonics(self.lmax, *angles(pairs.vectors)).real
        result = np.zeros((len(pairs.numbers), (self.lmax + 1) ** 2, self.channels))
        order = np.argsort(pairs.centres, kind="stable")
        bounds = np.searchsorted(pairs.centres[order], np.arange(len(result) + 1))
        for atom in range(len(result)):
            own = order[bounds[atom] : bounds[atom + 1]]
            result[atom] = angular[own].T @ radial[own]
        return result
