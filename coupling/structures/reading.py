"""Structures and neighbours, through ASE, which is optional."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.quoted import quoted

#: Structures that come with the package.
SHIPPED = {"quartz": Path(__file__).parent / "data" / "quartz.xyz"}


class Neighbours(NamedTuple):
    """Pairs of atoms: from ``centres`` [n] to ``others`` [n] by ``vectors`` [n, 3] in Å; ``numbers`` [atoms] are Z.

    >>> Neighbours(np.array([0]), np.array([1]), np.array([[0.0, 0.0, 1.1]]), np.array([6, 8])).numbers
    array([6, 8])
    """

    centres: NDArray[np.int64]
    others: NDArray[np.int64]
    vectors: NDArray[np.float64]
    numbers: NDArray[np.int64]


def ase(module: str) -> Any:
    """Return a module of ASE, or raise ValueError that says how to install it.

    >>> ase("io").read is not None
    True
    """
    try:
        return import_module(f"ase.{module}")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "ase":
            raise
        raise ValueError("structures are read by ASE, which is not installed: pip install ase") from None


def read_structure(name: str | Path = "quartz") -> Any:
    """Return the ase.Atoms of an XYZ or extended XYZ file (positions in Å), or of the shipped structure "quartz".

    The last frame of a trajectory.  "quartz" is α-quartz, a crystal without mirror symmetry, by the measurements of
    L. Levien, C. T. Prewitt and D. J. Weidner, American Mineralogist 65, 920 (1980).  Raises ValueError for a file that
    is not XYZ or holds no atoms, and without ASE; OSError for one that cannot be read.

    >>> read_structure().get_chemical_formula()
    'O6Si3'
    """
    path = SHIPPED.get(str(name), Path(name))
    io = ase("io")
    with path.open(encoding="utf-8") as file:
        try:
            atoms = io.read(file, format="extxyz")
        except (ValueError, KeyError, IndexError, AttributeError, SyntaxError, StopIteration, OSError) as error:
            why = str(error) or type(error).__name__
            raise ValueError(f"{path} must be an XYZ or extended XYZ file, got one that ASE refuses: {why}") from None
    if not len(atoms):
        raise ValueError(f"{path} must hold atoms, got none")
    if not np.isfinite(atoms.positions).all():
        raise ValueError(f"{path} must hold finite positions")
    return atoms


def neighbours(atoms: Any, cutoff: float) -> Neighbours:
    """Return all pairs within a cutoff in Å, periodic images included, each in both directions.

    Raises ValueError for a cutoff that is not a positive number, or pairs at distance zero.

    >>> pairs = neighbours(read_structure(), 1.7)  # every Si has four O, every O two Si
    >>> len(pairs.centres), np.bincount(pairs.centres).tolist()
    (24, [4, 4, 4, 2, 2, 2, 2, 2, 2])
    """
    if not (np.isfinite(cutoff) and cutoff > 0):
        raise ValueError(f"cutoff must be a positive number of Å, got {quoted(cutoff)}")
    i, j, vectors = ase("neighborlist").neighbor_list("ijD", atoms, float(cutoff))
    if len(vectors) and np.linalg.norm(vectors, axis=1).min() < 1e-6:
        raise ValueError("two atoms must not be at the same place")
    return Neighbours(i.astype(np.int64), j.astype(np.int64), vectors, np.asarray(atoms.numbers, np.int64))
