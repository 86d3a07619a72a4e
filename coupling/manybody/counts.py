"""How many invariants and covariants of ν copies of a density there are, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from coupling.irreps import Irrep
from coupling.manybody.characters import PowerCharacters
from coupling.manybody.space import factor_irreps, output_irrep
from coupling.manybody.symmetry import parse_order, parse_symmetry
from coupling.quoted import quoted
from coupling.selection import one_of

INTERMEDIATES = ("all", "natural")


def count(
    irreps: object,
    order: object,
    degree: object,
    symmetry: object = "symmetric",
    *,
    sides: int = 1,
    intermediates: str = "all",
) -> int:
    """Return how often an irrep occurs in the ν-fold tensor power of a sum of irreps.

    - irreps: a largest degree (parities of harmonics) or text: ``"4x0e + 4x1o"``, or ``"0 + 1/2 + 1"`` without parities
    - order: the number ν of factors, 1 … 32
    - degree: the output: ``"1e"``, or a degree that has the parity of harmonics
    - symmetry: of the slots: "symmetric" (products of one density), "antisymmetric", "plain" (independent factors, or
      paths of coupled factors), or a partition of ν such as (2, 1), for its Schur functor
    - sides: 2 takes each irrep l as (l, l) of SU(2) × SU(2), as hyperspherical harmonics are; the output too
    - intermediates: "natural" counts the plain paths, coupled one factor after another, whose partial results all have
      the parity (-1)^l, a filter that generators use

    Exact, in integers.  Zero when the irrep does not occur: its degree is too large, or its parity is not reached.
    Raises ValueError or TypeError for what cannot exist.  Source: :mod:`coupling.manybody.characters`.

    >>> count(3, 3, 0), count(3, 3, 0, "plain"), count(3, 4, "0o"), count("1o", 3, "1o", (2, 1))
    (8, 23, 3, 1)
    """
    _, _, multiplicity = _counter(irreps, order, symmetry, sides, intermediates)
    return multiplicity(output_irrep(degree, factor_irreps(irreps)))


def counts(
    irreps: object,
    order: object,
    symmetry: object = "symmetric",
    *,
    sides: int = 1,
    intermediates: str = "all",
) -> dict[str, int]:
    """Return how often each irrep occurs in a tensor power: :func:`count` for every output that occurs.

    They are sorted by degree, e before o.

    >>> counts("0 + 1 + 2", 2)
    {'0': 3, '1': 2, '2': 4, '3': 1, '4': 1}
    """
    space, top, multiplicity = _counter(irreps, order, symmetry, sides, intermediates)
    found = {output.name: multiplicity(output) for output in _outputs(space, top)}
    return {name: number for name, number in found.items() if number}


def _counter(
    irreps: object, order: object, symmetry: object, sides: object, intermediates: object
) -> tuple[tuple[Irrep, ...], int, Callable[[Irrep], int]]:
    """Return the factors, twice the largest degree of an output, and the multiplicity as a function of the output."""
    space, number = factor_irreps(irreps), parse_order(order)
    if type(sides) is not int or sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2, got {quoted(sides)}")
    kind = parse_symmetry(symmetry, number)
    if one_of(intermediates, INTERMEDIATES, "intermediates") == "natural":
        if kind != "plain" or sides == 2:
            raise ValueError(f"natural intermediates are of plain paths with one side, got {quoted((symmetry, sides))}")
        found = _natural(space, number)
        return space, max(irrep.twice for irrep in found), lambda output: found.get(output, 0)
    power = PowerCharacters(space, number, sides)
    return space, number * power.top, lambda output: power.multiplicity(kind, output)


def _outputs(space: tuple[Irrep, ...], top: int) -> Iterator[Irrep]:
    """Yield the irreps that can occur, by degree, e before o."""
    parities = (0,) if space[0].parity == 0 else (1, -1)
    for twice in range(top + 1):
        yield from (Irrep(twice, parity) for parity in parities)


@lru_cache(maxsize=64)
def _natural(space: tuple[Irrep, ...], order: int) -> dict[Irrep, int]:
    """Return the paths of each output, coupled one factor after another, all partial results natural."""
    first: dict[Irrep, int] = {}
    for irrep in space:
        first[irrep] = first.get(irrep, 0) + 1
    total = dict(first)
    for _ in range(order - 1):
        total = _coupled(total, first)
    return total


def _coupled(left: dict[Irrep, int], right: dict[Irrep, int]) -> dict[Irrep, int]:
    result: dict[Irrep, int] = {}
    for a, number in left.items():
        for b, other in right.items():
            for twice in range(abs(a.twice - b.twice), a.twice + b.twice + 1, 2):
                irrep = Irrep(twice, a.parity * b.parity)
                if irrep.natural:
                    result[irrep] = result.get(irrep, 0) + number * other
    return result
