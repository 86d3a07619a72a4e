"""Exact bases of tensor powers of irreps."""

from __future__ import annotations

from fractions import Fraction
from math import comb, factorial, prod

import numpy as np

from coupling.manybody.blocks import Block, Indices, block, groups_of, keys, reaches
from coupling.manybody.irreps import Irrep, parse_irrep, parse_irreps
from coupling.manybody.labels import copies, label
from coupling.manybody.symmetry import SYMMETRIES, parse_order, parse_symmetry
from coupling.manybody.value import Basis
from coupling.quoted import quoted
from coupling.selection import check_basis, one_of

PATHS = ("kernel",)

#: Monomials of a tensor power, at most.
LARGEST = 1 << 26


def basis(
    irreps: object,
    order: object,
    degree: object,
    symmetry: object = "symmetric",
    *,
    paths: str = "kernel",
    basis: str = "real",
) -> Basis:
    """Return the couplings of ν factors of a space to one irrep: exact, orthonormal, equivariant.

    irreps, order, degree    as for :func:`coupling.manybody.count`
    symmetry    "symmetric", "antisymmetric" or "plain"
    paths       "kernel", the basis of this package, or that of another program
    basis       "real" or "complex" components, of A and of the output

    The paths "kernel" are sorted by the multiset (plain: the sequence) of the irreps of the list, in lexicographic
    order. Powers of one irrep are coupled from left to right, plain factors one after another, each coupling with the
    coefficients of this package, complex or real; the paths of one multiset are sorted by their partial results,
    degrees ascending.  The multiplets of a power of one irrep are those of :mod:`coupling.manybody.powers`.  Raises
    ValueError or TypeError for what cannot exist; an irrep that does not occur has no paths.  Source:
    :mod:`coupling.manybody.trees`.

    >>> basis(2, 3, 1).labels[:3], basis("1/2", 3, 0.5, "plain", basis="complex").labels
    (('((0e^2)0e 1o)1o', '((0e 1o)1o 2e)1o', '(1o^3)1o'), ('((1/2 1/2)0 1/2)1/2', '((1/2 1/2)1 1/2)1/2'))
    """
    space, number = parse_irreps(irreps), parse_order(order)
    output, kind = parse_irrep(degree, space), parse_symmetry(symmetry, number)
    one_of(paths, PATHS, "paths")
    check_basis(basis)
    if not isinstance(kind, str):
        raise ValueError(f"a basis has the symmetry {', '.join(SYMMETRIES)}, got {quoted(symmetry)}: only counted")
    if basis == "real" and any(irrep.twice % 2 for irrep in (*space, output)):
        raise ValueError(f"half-integer degrees have no real basis: basis must be complex, got {quoted(irreps)}")
    dimension = sum(irrep.dimension for irrep in space)
    total = dimension**number if kind == "plain" else comb(dimension + number - 1, number)
    if total > LARGEST:
        raise ValueError(
            f"a basis has at most {LARGEST} monomials, got {quoted(total)} of {quoted(irreps)}, order {number}"
        )
    blocks = [
        block(groups, output, kind, basis) for groups in groups_of(space, number, kind) if reaches(groups, output, kind)
    ]
    return assembled(space, number, output, kind, basis, blocks)


def assembled(
    space: tuple[Irrep, ...], order: int, output: Irrep, symmetry: str, basis: str, blocks: list[Block]
) -> Basis:
    """Return the basis that holds the multiplets of blocks, one after another."""
    names = copies(space)
    slots = 1 if symmetry == "plain" else factorial(order)
    entries: list[list[Indices]] = [[] for _ in range(4)]
    monomials: list[Indices] = [np.zeros((0, order), np.int64)]
    labels: list[str] = []
    norms: list[Fraction] = []
    known = 0
    for each in blocks:
        _, first, which = np.unique(keys(each.monomials), return_index=True, return_inverse=True)
        rows = each.monomials[first]
        path, column = np.nonzero(each.values)
        found = path + len(labels), (each.component[column] + output.twice) // 2, which[column] + known
        for kept, new in zip(entries, (*found, each.values[path, column]), strict=True):
            kept.append(new)
        monomials.append(rows)
        known += len(rows)
        labels += [label(each.groups, tree, names, symmetry) for tree in each.multiplets.trees]
        norms += [value / slots for value in each.norms]
    path, component, monomial, integers = (np.concatenate(kept) if kept else np.zeros(0, np.int64) for kept in entries)
    rows = np.concatenate(monomials)
    radicands, radicand = _radicands(space, rows, basis)
    return Basis(
        irreps=" + ".join(irrep.name for irrep in space),
        order=order,
        output=output.name,
        symmetry=symmetry,
        paths="kernel",
        basis=basis,
        labels=tuple(labels),
        monomials=rows,
        path=path,
        component=component,
        monomial=monomial,
        integers=integers,
        radicands=radicands,
        radicand=radicand,
        norms=tuple(norms),
    )


def _radicands(space: tuple[Irrep, ...], monomials: Indices, basis: str) -> tuple[tuple[Fraction, ...], Indices]:
    """Return the squares by which monomials of divided powers exceed those of components: Π binom(2l, l-m).

    In the real basis of |m|, and over 2 for every m ≠ 0.
    """
    each: list[Fraction] = []
    for irrep in space:
        for k in range(irrep.dimension):
            halved = 2 if basis == "real" and 2 * k != irrep.twice else 1
            each.append(Fraction(comb(irrep.twice, k), halved))
    different = sorted(set(each))
    kinds = np.array([different.index(value) for value in each], np.int64)
    sets = np.sort(kinds[monomials], axis=1)
    _, first, which = np.unique(keys(sets), return_index=True, return_inverse=True)
    return tuple(_product([different[kind] for kind in row]) for row in sets[first].tolist()), which


def _product(values: list[Fraction]) -> Fraction:
    return Fraction(prod(value.numerator for value in values), prod(value.denominator for value in values))
