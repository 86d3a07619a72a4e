"""Structures and neighbours, through ASE, which is optional."""

from __future__ import annotations

import math
import numbers
import re
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coupling.extras import from_extra
from coupling.files.container import read_regular
from coupling.memory import physical_memory, require_memory
from coupling.quoted import quoted
from coupling.selection import of_type

#: No larger file is read.
FILE_LIMIT = 1 << 30
#: Bytes of one image of an atom, and of one pair in the arrays of ASE and in features of 16 channels and degree 4.
POINT_BYTES, PAIR_BYTES = 64, 1024
#: What ASE raises for a file that it cannot read.
REFUSED = (ValueError, KeyError, IndexError, AttributeError, ArithmeticError, MemoryError)
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
    return from_extra(f"ase.{module}", "structures", "structures are read by")


def read_structure(name: str | Path = "quartz") -> Any:
    """Return the ase.Atoms of an XYZ or extended XYZ file (positions in Å), or of the shipped structure "quartz".

    The last frame of a trajectory.  A file has at most 1 GiB, and the lines that its numbers of atoms require.

    "quartz" is α-quartz, a crystal without mirror symmetry, by the measurements of L. Levien, C. T. Prewitt and
    D. J. Weidner, American Mineralogist 65, 920 (1980).  Raises ValueError for a file that is not XYZ or holds no
    atoms, and without ASE; OSError for one that cannot be read, a folder, a pipe or a device.

    >>> read_structure().get_chemical_formula()
    'O6Si3'
    """
    path = SHIPPED.get(str(name), Path(name))
    io, text = ase("io"), _text(path)
    try:
        atoms = io.read(StringIO(text), format="extxyz")
    except (*REFUSED, SyntaxError, StopIteration, OSError) as error:
        why = str(error) or type(error).__name__
        raise ValueError(f"{path} must be an XYZ or extended XYZ file, got one that ASE refuses: {why}") from None
    if not len(atoms):
        raise ValueError(f"{path} must hold atoms, got none")
    if not np.isfinite(atoms.positions).all():
        raise ValueError(f"{path} must hold finite positions")
    return atoms


def _text(path: Path) -> str:
    """Return the text of an XYZ file; ASE would look for a billion atoms wherever a line says so."""
    try:
        text = read_regular(path, FILE_LIMIT).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be an XYZ or extended XYZ file, UTF-8 text; byte {error.start} is not") from None
    lines, line = text.splitlines(), 0
    while line < len(lines) and (count := lines[line].strip()):
        atoms = int(count) if re.fullmatch(r"\d{1,18}", count, re.ASCII) else -1
        if not 0 <= atoms <= len(lines) - line - 2:
            left = max(len(lines) - line - 2, 0)
            raise ValueError(f"{path} line {line + 1} must be a number of atoms, at most {left}, got {count[:40]!r}")
        line += atoms + 2
    return text


def positive_cutoff(cutoff: object) -> float:
    """Return a cutoff in Å, a positive number, or raise.

    >>> positive_cutoff(3)
    3.0
    """
    if isinstance(cutoff, bool) or not isinstance(cutoff, numbers.Real):
        raise TypeError(f"cutoff must be a positive number of Å, got {type(cutoff).__name__} {quoted(cutoff)}")
    length = float(cutoff)
    if not (math.isfinite(length) and length > 0):
        raise ValueError(f"cutoff must be a positive number of Å, got {quoted(cutoff)}")
    return length


def neighbours(atoms: Any, cutoff: float) -> Neighbours:
    """Return all pairs within a cutoff in Å, periodic images included, each in both directions.

    Raises ValueError for a cutoff that is not a positive number, a periodic cell without a volume, or pairs at distance
    zero; MemoryError, naming the bytes, for more images or pairs than fit, as in a cell much smaller than the cutoff.

    >>> pairs = neighbours(read_structure(), 1.7)  # every Si has four O, every O two Si
    >>> len(pairs.centres), np.bincount(pairs.centres).tolist()
    (24, [4, 4, 4, 2, 2, 2, 2, 2, 2])
    """
    cutoff = positive_cutoff(cutoff)
    of_type(atoms, ase("atoms").Atoms, "atoms")
    require_memory(_bytes(atoms, float(cutoff)), f"finding the neighbours of {len(atoms)} atoms within {cutoff:g} Å")
    i, j, vectors = ase("neighborlist").neighbor_list("ijD", atoms, float(cutoff))
    if len(vectors) and np.linalg.norm(vectors, axis=1).min() < 1e-6:
        raise ValueError("two atoms must not be at the same place")
    return Neighbours(i.astype(np.int64), j.astype(np.int64), vectors, np.asarray(atoms.numbers, np.int64))


def _bytes(atoms: Any, cutoff: float) -> int:
    """Return the bytes that the search for neighbours takes, of images first: few images have few pairs."""
    images = [1, 1, 1]
    if atoms.pbc.any():
        cell = np.asarray(atoms.cell.complete().array, float)
        volume = abs(np.linalg.det(cell))
        if not (np.isfinite(volume) and volume > 0):
            raise ValueError(f"a periodic cell must have a volume, got the vectors {cell.tolist()}")
        reach = np.minimum(cutoff * np.linalg.norm(np.linalg.inv(cell), axis=0), 1e15)  # in cells
        images = [1 + 2 * math.ceil(n) if p else 1 for n, p in zip(reach, atoms.pbc, strict=True)]
    copies = math.prod(images)
    if copies * len(atoms) * POINT_BYTES > physical_memory() // 16:
        return copies * len(atoms) * PAIR_BYTES
    return _pairs(atoms, images, cutoff) * PAIR_BYTES


def _pairs(atoms: Any, images: list[int], cutoff: float) -> int:
    """Return the number of pairs: of atoms with all atoms of all images, counted without a list of them."""
    from scipy.spatial import cKDTree

    shifts = np.stack(np.meshgrid(*(np.arange(n) - n // 2 for n in images), indexing="ij"), axis=-1).reshape(-1, 3)
    scaled = np.asarray(atoms.get_scaled_positions(wrap=True)) if atoms.pbc.any() else None
    cell = np.asarray(atoms.cell.complete().array, float) if scaled is not None else np.eye(3)
    points = np.asarray(atoms.positions, float) if scaled is None else scaled @ cell
    copies = (points[None] + (shifts @ cell)[:, None]).reshape(-1, 3)
    near = (copies >= points.min(axis=0) - cutoff).all(axis=1) & (copies <= points.max(axis=0) + cutoff).all(axis=1)
    return int(cKDTree(points).count_neighbors(cKDTree(copies[near]), cutoff)) - len(points)
