"""Counts as a table of text."""

from __future__ import annotations

from collections.abc import Sequence

from coupling.irreps import Irrep
from coupling.manybody.counts import count, counts
from coupling.manybody.space import factor_irreps
from coupling.manybody.symmetry import parse_order


def count_table(
    irreps: object,
    order: object,
    symmetry: object = "symmetric",
    outputs: Sequence[object] | None = None,
    plain: bool = True,
) -> str:
    """Return the counts of the orders 1 to ν, one line each, as text: of a symmetry, and of plain paths.

    symmetry       as in :func:`count`; a partition holds for the last order alone
    outputs        irreps; the default is every one to the largest degree of the inputs that occurs

    >>> print(count_table(1, 3))
    order   0e   0o    1e    1o
        1  1/1    -     -   1/1
        2  2/2    -   0/1   1/2
        3  2/4  0/1   0/3   2/6
    """
    number = parse_order(order)
    orders = range(1, number + 1) if isinstance(symmetry, str) else [number]
    names = [str(name) for name in outputs] if outputs else _occurring(irreps, list(orders))
    rows = [[str(n), *(_cell(irreps, n, name, symmetry, plain) for name in names)] for n in orders]
    rows.insert(0, ["order", *names])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _occurring(irreps: object, orders: list[int]) -> list[str]:
    space = factor_irreps(irreps)
    top = max(irrep.twice for irrep in space)
    occurring = {name for n in orders for name in counts(irreps, n, "plain")}
    parities = (0,) if space[0].parity == 0 else (1, -1)
    candidates = (Irrep(twice, parity).name for twice in range(top + 1) for parity in parities)
    return [name for name in candidates if name in occurring]


def _cell(irreps: object, order: int, name: str, symmetry: object, plain: bool) -> str:
    full = count(irreps, order, name, "plain")
    if not full:
        return "-"
    number = count(irreps, order, name, symmetry)
    return f"{number}/{full}" if plain and symmetry != "plain" else str(number)
