"""Choice of the basis of the couplings, its order and its signs: this package's own, or another program's.

- ``"kernel"``: the basis of this package, :func:`coupling.manybody.basis`
- ``"mace"``, plain: all paths of MACE's ``U_matrix_real``, signs of e3nn 0.4.4, which mace-torch requires.  Factors are
  coupled one after another, and after each factor the partial results are sorted by degree, odd before even, those of
  one irrep in the order in which they arose: partial result before, next factor, degree.
- ``"e3nn"``, plain: the same with the signs of e3nn 0.5 and later, which are those of this package
- ``"mace"``, symmetric: the reduced basis of MACE's pull request 1739.  Paths couple one factor after another; their
  order is that of the partial result before the last factor, by degree, even before odd, then of the path to it, then
  of the place of the last factor in the list.  A path is kept if, symmetrized, it is independent of those kept before
  (Gram-Schmidt), and it is kept as it is: not orthogonal.  All components together have norm 1, and the first entry of
  the tensor [component, slots …] that is not zero is positive.  Labels are the paths that are kept.
- ``"cuequivariance"``, symmetric: what ``reduced_symmetric_tensor_product_basis`` of cuEquivariance returns, by the
  steps of :mod:`coupling.manybody.cuequivariance`; not orthogonal.  Labels are trees, before rows were made sparse.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import tee
from typing import Any

import numpy as np

from coupling.foreign.signs import e3nn_0_4
from coupling.integers import half
from coupling.irreps import Irrep
from coupling.manybody.assembly import Space, assembled
from coupling.manybody.blocks import MultipletBlock
from coupling.manybody.combinations import Order, Pivotal, combined, gram_schmidt, sequences
from coupling.manybody.cuequivariance import coupled_rows, made_sparse
from coupling.manybody.labels import copies, label
from coupling.manybody.value import Basis
from coupling.quoted import quoted

Key = Any


def kernel(asked: Space, paths: str) -> Basis:
    """Return the basis of this package."""
    blocks = [_chosen(block, _natural_trees(block, asked.intermediates)) for block in asked.blocks()]
    names = copies(asked.irreps)
    return assembled(asked, blocks, [_labels(asked, block, names) for block in blocks], paths)


def other(asked: Space, paths: str) -> Basis:
    """Return the basis of e3nn or MACE."""
    if asked.symmetry == "symmetric" and paths == "mace":
        return reduced(asked, paths)
    if asked.symmetry != "plain" or asked.basis != "real" or asked.irreps[0].parity == 0:
        kinds = "plain or symmetric" if paths == "mace" else "plain"
        raise ValueError(
            f"the paths {paths} are {kinds}, in the real basis, of irreps with a parity, "
            f"got {quoted((asked.symmetry, asked.basis, asked.irreps[0].name))}"
        )
    blocks = [_chosen(block, _natural_trees(block, asked.intermediates)) for block in asked.blocks()]
    if paths == "mace":
        blocks = [_negated(block) for block in blocks]
    names = copies(asked.irreps)
    order = [_nested_key(block, tree) for block in blocks for tree in block.multiplets.trees]
    return assembled(asked, blocks, [_labels(asked, block, names) for block in blocks], paths, order)


def reference(asked: Space, paths: str) -> Basis:
    """Return the basis of cuEquivariance."""
    if asked.symmetry != "symmetric" or asked.basis != "real":
        given = quoted((asked.symmetry, asked.basis))
        raise ValueError(f"the paths {paths} are symmetric, in the real basis, got {given}")
    names, blocks = copies(asked.irreps), asked.blocks()
    made = [combined(block, made_sparse(block, coupled_rows(block))) for block in blocks]
    return assembled(asked, made, [_labels(asked, block, names) for block in blocks], paths)


#: What makes the basis of each name.
MAKERS: dict[str, Callable[[Space, str], Basis]] = {
    "kernel": kernel,
    "mace": other,
    "e3nn": other,
    "cuequivariance": reference,
}


def _labels(asked: Space, block: MultipletBlock, names: list[str]) -> list[str]:
    return [label(block.groups, tree, names, asked.symmetry) for tree in block.multiplets.trees]


def _natural_trees(block: MultipletBlock, intermediates: str) -> list[int]:
    """Return which multiplets of a block have natural partial results after the first factor, or all."""
    trees = block.multiplets.trees
    return [i for i, _ in enumerate(trees) if intermediates == "all" or all(x.natural for x in _results(block, i)[1:])]


def _results(block: MultipletBlock, number: int) -> list[Irrep]:
    """Return the partial results of a multiplet, the output last."""
    found, parity = [], 1
    for group, step in zip(block.groups, block.multiplets.trees[number], strict=True):
        parity *= group.irrep.parity**group.n
        found.append(Irrep(step.result, parity))
    return found


def _chosen(block: MultipletBlock, numbers: list[int]) -> MultipletBlock:
    """Return a block with some of its multiplets."""
    own = block.multiplets
    if len(numbers) == len(own.trees):
        return block
    trees, norms = tuple(own.trees[i] for i in numbers), tuple(own.norms[i] for i in numbers)
    return block._replace(
        multiplets=own._replace(trees=trees, vectors=own.vectors[numbers], norms=norms),
        values=block.values[numbers],
        divisors=block.divisors[numbers],
        norms=tuple(block.norms[i] for i in numbers),
    )


def _negated(block: MultipletBlock) -> MultipletBlock:
    """Return a block of plain slots with the signs of e3nn 0.4.4."""
    values = block.values.copy()
    for number, tree in enumerate(block.multiplets.trees):
        results = [step.result // 2 for step in tree]
        for before, group, after in zip(results, block.groups[1:], results[1:], strict=False):
            values[number] *= e3nn_0_4(before, group.irrep.twice // 2, after)
    return block._replace(values=values)


def _nested_key(block: MultipletBlock, tree: Any) -> Key:
    """Return what sorts paths as nested sorted lists do."""
    key: Key = (block.groups[0].place,)
    parity = block.groups[0].irrep.parity
    for number, (before, group) in enumerate(zip(tree, block.groups[1:], strict=False)):
        key = (before.result, parity, key) if number else key
        key = (key, group.place)
        parity *= group.irrep.parity
    return key


def reduced(asked: Space, paths: str) -> Basis:
    """Return the symmetrized paths that are independent in the order of their enumeration."""
    names, blocks, labels, order = copies(asked.irreps), [], [], []
    for block in asked.blocks():
        pivotal = Pivotal(block, asked.symmetry, asked.output.twice)
        found = sorted(sequences(block.groups, asked.output.twice), key=lambda path: _enumerated_key(asked, path))
        rows, candidates = tee(pivotal.row(*each) for each in found)
        kept = [number for number, _ in gram_schmidt(candidates, block.multiplets.norms)]
        own = [row for number, row in zip(range(kept[-1] + 1), rows, strict=False) if number in kept]
        made = _positive(combined(block, own))
        blocks.append(made._replace(norms=tuple(norm * asked.output.dim for norm in made.norms)))
        labels.append([path_label(asked, found[i], names) for i in kept])
        order += [_enumerated_key(asked, found[i]) for i in kept]
    return assembled(asked, blocks, labels, paths, order)


def _positive(block: MultipletBlock) -> MultipletBlock:
    """Return a block whose tensors have a positive first entry: of the least component, the first monomial."""
    columns = np.flatnonzero(block.component == block.component.min())
    columns = columns[np.lexsort(block.monomials[columns].T[::-1])]
    values = block.values.copy()
    for row in values:
        if next(x for x in row[columns] if x) < 0:
            row *= -1
    return block._replace(values=values)


def _enumerated_key(asked: Space, path: Order) -> Key:
    """Return what sorts paths as the enumeration does: partial result before the last factor, its path, the factor."""
    places, results = path
    key: Key = (places[0],)
    parity = asked.irreps[places[0]].parity
    for before, place in zip(results, places[1:], strict=False):
        key = ((before, -parity), key, place)
        parity *= asked.irreps[place].parity
    return key


def path_label(asked: Space, path: Order, names: list[str]) -> str:
    """Return a path of factors coupled one after another as text.

    >>> asked = Space((Irrep(0, 1), Irrep(2, -1)), 2, Irrep(2, -1), "symmetric", "real")
    >>> path_label(asked, ((0, 1), (0, 2)), ["0e", "1o"])
    '(0e 1o)1o'
    """
    text, parity = "", 1
    for slot, (place, result) in enumerate(zip(*path, strict=True)):
        parity *= asked.irreps[place].parity
        sign = {1: "e", -1: "o", 0: ""}[parity]
        text = f"({text} {names[place]}){half(result)}{sign}" if slot else names[place]
    return text
