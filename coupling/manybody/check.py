"""Checks of files of bases: against characters, a new computation, and laws that do not know how they are made."""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array

from coupling.files.report import Check, Report, verdict
from coupling.manybody.builder import build_bases
from coupling.manybody.counts import count
from coupling.manybody.reader import wrong_in
from coupling.manybody.stored import Bases
from coupling.manybody.value import Basis
from coupling.sphere.rotations import random_rotation, rotation_matrix

#: Largest deviation from a law, of numbers about 1.
ROUNDING = 1e-11


def check(bases: Bases, full: bool = False, *, rebuilt: bool = True) -> Report:
    """Check bases and return the report; without ``rebuilt``, those that have just been built.

    All numbers are compared, ``full`` or not.

    >>> check(build_bases("symmetric-l1-n2"))  # doctest: +ELLIPSIS
    Bases('symmetric-l1-n2': 4 bases, 5 paths, 11 entries)
      ok      structure                4 cases   fields that fit each other
      ok      characters               4 cases   as many paths as the characters count
      ok      rebuilt                  7 cases   equal to a new computation, bit by bit
      ok      orthonormal              ... cases   largest deviation ...
      ok      rotation                 4 cases   largest deviation ...
    """
    found = [_structure(bases), _characters(bases), *([_rebuilt(bases)] if rebuilt else [])]
    if all(basis.orthonormal for basis in bases.values()):
        found.append(_orthonormal(bases))
    if bases.request.basis == "real":
        found.append(_rotation(bases))
    return Report(repr(bases), tuple(found))


def _structure(bases: Bases) -> Check:
    pairs = zip(bases.items(), bases.metadata["members"], strict=True)
    wrong = [f"{field} of {key}" for (key, basis), member in pairs for field, _ in wrong_in(basis, member)]
    return verdict("structure", len(bases), wrong, "fields that fit each other")


def _characters(bases: Bases) -> Check:
    request = bases.request
    kind = request.intermediates
    wrong = [
        (order, output)
        for (order, output), basis in bases.items()
        if len(basis.labels) != count(request.lmax, order, output, request.symmetry, intermediates=kind)
    ]
    return verdict("characters", len(bases), wrong, "as many paths as the characters count")


def _rebuilt(bases: Bases) -> Check:
    again = build_bases(bases.request)
    wrong = [name for name in bases.held if not np.array_equal(bases.held[name], again.held[name])]
    return verdict("rebuilt", len(bases.held), wrong, "equal to a new computation, bit by bit")


def _orthonormal(bases: Bases) -> Check:
    """Every component of every path has norm 1 as a tensor of its slots, and all are orthogonal."""
    deviations = [_from_orthonormal(basis) for basis in bases.values()]
    return _within("orthonormal", sum(basis.shape[0] * basis.shape[1] for basis in bases.values()), deviations)


def _from_orthonormal(basis: Basis) -> float:
    found = _rows(basis, basis.values) @ _rows(basis, basis.entries).T
    return float(abs(found - eye_array(found.shape[0])).max()) if found.shape[0] else 0.0


def _rows(basis: Basis, coefficients: NDArray[np.float64]) -> csr_array:
    """Return a matrix [paths · components, monomials]."""
    rows = basis.path * basis.shape[1] + basis.component
    return csr_array((coefficients, (rows, basis.monomial)), (basis.shape[0] * basis.shape[1], len(basis.monomials)))


def _rotation(bases: Bases) -> Check:
    """B(D A) = D B(A) for a rotation with a reflection, of random features."""
    random = np.random.default_rng(0)
    reflected = -random_rotation(random)
    top = max(bases.request.lmax, *(basis.irrep.twice // 2 for basis in bases.values()))
    size, matrix = (bases.request.lmax + 1) ** 2, rotation_matrix(reflected, top)
    features = random.standard_normal((4, bases.request.order, size)) / np.sqrt(size)
    return _within("rotation", len(bases), [_turned(basis, features, matrix) for basis in bases.values()])


def _turned(basis: Basis, features: NDArray[np.float64], matrix: NDArray[np.float64]) -> float:
    l, size = basis.irrep.twice // 2, features.shape[-1]
    block = matrix[l * l : (l + 1) ** 2, l * l : (l + 1) ** 2] * (1 if basis.irrep.natural else -1)
    found = _evaluated(basis, features @ matrix[:size, :size].T)
    return float(abs(found - _evaluated(basis, features) @ block.T).max(initial=0))


def _evaluated(basis: Basis, features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return B [n, paths, 2L+1] of features [n, slots, components]; those of the first slot, unless antisymmetric."""
    if basis.symmetry != "antisymmetric":
        return basis(features[:, 0])
    slots = features[:, : basis.order, basis.monomials]
    products = np.linalg.det(np.moveaxis(slots, 1, 2)) / factorial(basis.order)
    return np.asarray((_rows(basis, basis.values) @ products.T).T).reshape(len(features), *basis.shape)


def _within(name: str, cases: int, deviations: list[float]) -> Check:
    worst = max(deviations)
    return Check(name, worst <= ROUNDING, cases, f"largest deviation {worst:.1e}")
