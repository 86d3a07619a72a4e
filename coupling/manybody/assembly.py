"""From the multiplets of blocks to one :class:`coupling.manybody.Basis`."""

from __future__ import annotations

from fractions import Fraction
from math import comb, factorial, prod
from typing import Any, NamedTuple

import numpy as np

from coupling.irreps import Irrep
from coupling.manybody.blocks import Indices, MultipletBlock, block_multiplets, groups_of, keys, reaches
from coupling.manybody.value import Basis


class Space(NamedTuple):
    """Of which power, and to which output: the inputs of :func:`basis`, checked."""

    irreps: tuple[Irrep, ...]
    order: int
    output: Irrep
    symmetry: str
    basis: str
    intermediates: str = "all"

    def blocks(self) -> list[MultipletBlock]:
        """Return the blocks in which the output occurs, in the order of this package."""
        groups = (each for each in groups_of(self.irreps, self.order, self.symmetry))
        return [
            block_multiplets(each, self.output, self.symmetry, self.basis)
            for each in groups
            if reaches(each, self.output, self.symmetry)
        ]


def assembled(
    asked: Space,
    blocks: list[MultipletBlock],
    labels: list[list[str]],
    paths: str = "kernel",
    order: list[Any] | None = None,
) -> Basis:
    """Return the basis that holds the multiplets of blocks, one after another or sorted by keys of their paths."""
    slots = 1 if asked.symmetry == "plain" else factorial(asked.order)
    entries: list[list[Indices]] = [[] for _ in range(4)]
    monomials: list[Indices] = [np.zeros((0, asked.order), np.int64)]
    norms: list[Fraction] = []
    known = 0
    for each in blocks:
        _, first, which = np.unique(keys(each.monomials), return_index=True, return_inverse=True)
        path, column = np.nonzero(each.values)
        component = (each.component[column] + asked.output.twice) // 2
        found = path + len(norms), component, which[column] + known, each.values[path, column]
        for kept, new in zip(entries, found, strict=True):
            kept.append(new)
        monomials.append(each.monomials[first])
        known += len(first)
        norms += [value / slots for value in each.norms]
    joined = [np.concatenate(kept) if kept else np.zeros(0, np.int64) for kept in entries]
    names = [name for each in labels for name in each]
    if order is not None:
        sort = sorted(range(len(names)), key=order.__getitem__)
        names, norms, joined = [names[i] for i in sort], [norms[i] for i in sort], _resorted(joined, sort)
    rows = np.concatenate(monomials)
    radicands, radicand = _radicands(asked.irreps, rows, asked.basis)
    path, component, monomial, integers = joined
    return Basis(
        irreps=" + ".join(irrep.name for irrep in asked.irreps),
        order=asked.order,
        output=asked.output.name,
        symmetry=asked.symmetry,
        paths=paths,
        basis=asked.basis,
        labels=tuple(names),
        monomials=rows,
        path=path,
        component=component,
        monomial=monomial,
        integers=integers,
        radicands=radicands,
        radicand=radicand,
        norms=tuple(norms),
        intermediates=asked.intermediates,
    )


def _resorted(entries: list[Indices], order: list[int]) -> list[Indices]:
    """Return entries with the paths in another order, sorted by it."""
    place = np.argsort(np.array(order, np.int64))
    path = place[entries[0]]
    moved = np.argsort(path, kind="stable")
    return [path[moved], *(values[moved] for values in entries[1:])]


def _radicands(space: tuple[Irrep, ...], monomials: Indices, basis: str) -> tuple[tuple[Fraction, ...], Indices]:
    """Return the squares by which monomials of divided powers exceed those of components: Π binom(2l, l-m).

    In the real basis of |m|, and over 2 for every m ≠ 0.
    """
    each: list[Fraction] = []
    for irrep in space:
        for k in range(irrep.dim):
            halved = 2 if basis == "real" and 2 * k != irrep.twice else 1
            each.append(Fraction(comb(irrep.twice, k), halved))
    different = sorted(set(each))
    kinds = np.array([different.index(value) for value in each], np.int64)
    sets = np.sort(kinds[monomials], axis=1)
    _, first, which = np.unique(keys(sets), return_index=True, return_inverse=True)
    return tuple(_product([different[kind] for kind in row]) for row in sets[first].tolist()), which


def _product(values: list[Fraction]) -> Fraction:
    return Fraction(prod(value.numerator for value in values), prod(value.denominator for value in values))
