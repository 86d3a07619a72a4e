"""Coupling trees as text."""

from __future__ import annotations

from coupling.integers import half
from coupling.irreps import Irrep
from coupling.manybody.blocks import Group
from coupling.manybody.powers import power
from coupling.manybody.trees import Tree


def copies(space: tuple[Irrep, ...]) -> list[str]:
    """Return a name for every irrep of a list; those that occur more than once are numbered.

    >>> copies((Irrep(0, 1), Irrep(2, -1), Irrep(2, -1)))
    ['0e', '1o:1', '1o:2']
    """
    seen: dict[Irrep, int] = {}
    names = []
    for irrep in space:
        seen[irrep] = seen.get(irrep, 0) + 1
        names.append(irrep.name if space.count(irrep) == 1 else f"{irrep.name}:{seen[irrep]}")
    return names


def label(groups: tuple[Group, ...], tree: Tree, names: list[str], symmetry: str) -> str:
    """Return a tree as text: powers and partial results in brackets, each followed by its irrep.

    A number after # tells multiplets of a power that have one degree apart.

    >>> from coupling.manybody.trees import Step
    >>> groups = Group(0, Irrep(2, -1), 0, 2), Group(1, Irrep(4, 1), 3, 1)
    >>> label(groups, (Step(0, 4, 4), Step(0, 4, 2)), ["1o", "2e"], "symmetric")
    '((1o^2)2e 2e)1e'
    """
    text, parity = "", 1
    for place, (group, step) in enumerate(zip(groups, tree, strict=True)):
        own = names[group.place]
        if group.n > 1:
            number = power(group.irrep.twice, group.n, symmetry).number(step.degree)
            sign = "^" if symmetry != "antisymmetric" else "^^"
            own = f"({own}{sign}{group.n}){Irrep(step.degree, group.irrep.parity**group.n).name}"
            own += f"#{step.number + 1}" if number > 1 else ""
        parity *= group.irrep.parity**group.n
        text = f"({text} {own}){half(step.result)}{_sign(parity)}" if place else own
    return text


def _sign(parity: int) -> str:
    return {1: "e", -1: "o", 0: ""}[parity]
