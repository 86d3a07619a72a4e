"""The record of a program of the comparison, and the quantities that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Functions = dict[str, Callable[..., Array]]
Case = tuple[int, ...]

#: Quantities that a program may have, and their arguments; every other quantity is a family of :func:`coupling.block`.
HARMONICS, FAMILY, ROTATIONS = "harmonics", "family of 3j", "wigner_D"
#: Symbols of integers and half-integers, compared one by one; of 3j those alone that have half-integers.
HALVES, SIX_J, NINE_J = "3j, half-integers", "wigner_6j", "wigner_9j"
ONE_BY_ONE = (HALVES, SIX_J, NINE_J)


def any_version(version: tuple[int, ...]) -> bool:
    """Return that the convention is that of every version.

    >>> any_version((1, 2))
    True
    """
    return True


@dataclass(frozen=True)
class PeerProgram:
    """A program that computes something in a named convention.

    convention : a name of ``coupling.foreign``
    distribution : under which name its version is installed
    functions : imports it and returns its functions by quantity: "harmonics" takes a degree and unit vectors [n, 3] and
        returns [n, 2l+1]; "family of 3j" takes l1, l2, m1, m2 and returns 3j(l1 l2 l; m1 m2 -m1-m2) for all l;
        "wigner_D" takes a degree and rotations, Euler angles [n, 3] about the axes ``euler`` of the convention or,
        where it names none, matrices [n, 3, 3], and returns [n, 2l+1, 2l+1]; "wigner_6j", "wigner_9j" and "3j,
        half-integers" take a degree and doubled symbols [n, 6 or 9], and return [n]; any other is a family of
        ``coupling.block`` and takes three degrees, (input, input, output)
    versions : whether the convention is that of a version
    limits : quantity → the degree up to which it is compared at most; "" for all others
    hard : quantity → cases beyond, in which it is known to lose digits or to fail

    >>> from coupling.crosscheck import PROGRAMS
    >>> [program.convention for program in PROGRAMS if program.distribution == "sphericart"]
    ['sphericart']
    """

    convention: str
    distribution: str
    functions: Callable[[], Functions]
    versions: Callable[[tuple[int, ...]], bool] = any_version
    limits: Mapping[str, int] = field(default_factory=dict)
    hard: Mapping[str, tuple[Case, ...]] = field(default_factory=dict)

    @property
    def version(self) -> str | None:
        """The installed version, if it is one that has the convention."""
        try:
            text = metadata.version(self.distribution)
        except metadata.PackageNotFoundError:
            return None
        numbers = tuple(int(part) for part in text.split("+")[0].split(".") if part.isdigit())
        return text if self.versions(numbers) else None

    def largest(self, quantity: str, lmax: int) -> int:
        """Return the degree up to which a quantity is compared.

        >>> PeerProgram("e3x", "e3x", dict, limits={"": 15, "harmonics": 4}).largest("wigner_3j", 20)
        15
        """
        return min(lmax, self.limits.get(quantity, self.limits.get("", lmax)))


def angles(points: Array) -> tuple[Array, Array]:
    """Return colatitude and longitude of unit vectors [n, 3]."""
    x, y, z = points.T
    return np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
