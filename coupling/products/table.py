"""The table of a product's coefficients."""

from __future__ import annotations

from functools import lru_cache

from coupling.conventions import CORE
from coupling.products.sparse_program import Lmax
from coupling.quoted import quoted
from coupling.selection import one_of
from coupling.tables.builder import build
from coupling.tables.request import Request
from coupling.tables.table import Table


@lru_cache(maxsize=8)
def table_of(lmax: Lmax, family: str) -> Table:
    """Return a table for degrees up to lmax, with the factors of a family.

    >>> table_of((1, 1, 2), "gaunt")
    Table('real-l1-1-2': real basis, lmax (1, 1, 2), 6 paths, 27 entries, 2 families)
    """
    return build(Request(lmax=lmax, families=list(dict.fromkeys((CORE, family)))))


def checked_table(table: object, lmax: Lmax, family: str) -> Table:
    """Return table if it holds coefficients of a family for degrees up to lmax, or raise.

    >>> checked_table(table_of((1, 1, 2), "gaunt"), (1, 1, 1), "gaunt").request.lmax
    (1, 1, 2)
    """
    if not isinstance(table, Table):
        raise TypeError(f"table must be a coupling.Table, got {type(table).__name__} {quoted(table)}")
    if table.request.basis != "real":
        raise ValueError(f"table must be in the real basis, got {quoted(table)}")
    if any(have < want for have, want in zip(table.request.lmax, lmax, strict=True)):
        raise ValueError(f"table must reach lmax {lmax}, got {table.request.lmax}")
    one_of(family, tuple(table.factors), "normalization")
    return table
