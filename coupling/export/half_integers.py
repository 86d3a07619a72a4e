"""Tables of half-integer degrees as CSV, with degrees and orders such as 3/2, and as arrays of doubled numbers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.conventions import CONVENTION_ID, CORE
from coupling.export.npz import npz_bytes
from coupling.families import family as known
from coupling.integers import half
from coupling.memory import require_memory
from coupling.numbers.half_integers import row_values
from coupling.selection import one_of
from coupling.tables.table import Table
from coupling.version import __version__

#: Bytes that an entry needs in memory: its six doubled numbers, three times, and its value, three times.
ENTRY_BYTES = 168

FORMATS = ("csv", "npz")


def export_half_integers(table: Table, format: str = "csv", family: str = CORE, exact: bool = True) -> bytes:
    """Return the coefficients of a table of half-integers as the bytes of a file, each correctly rounded.

    - format: "csv", lines ``# key: text`` that say what the table holds, then degrees, orders and value of each
      coefficient; or "npz", ``doubled`` [E, 6], twice the degrees and orders, and ``values`` [E]
    - exact: in csv, the exact value as well

    Every coefficient that is not zero is listed.  Raises ValueError for another format and a family that the table does
    not hold.

    >>> from coupling.tables import Request, build
    >>> table = build(Request(lmax=0.5, basis="complex", half_integers=True))
    >>> print(*export_half_integers(table, family="clebsch_gordan").decode().splitlines()[-2:], sep="\\n")
    1/2,1/2,0,-1/2,1/2,0,-0.7071067811865476,-√(1/2)
    1/2,1/2,0,1/2,-1/2,0,0.7071067811865476,√(1/2)
    """
    if format not in FORMATS:
        those = f"{' and '.join(FORMATS)} hold half-integers, and the header of `coupling symbols` computes them in C"
        raise ValueError(f"the format {format} has integer degrees, {table.request.name} half-integers; {those}")
    one_of(family, tuple(table.factors), "family")
    require_memory(ENTRY_BYTES * len(table.core), f"the export of {table.request.name}")
    rows, values = _coefficients(table, family)
    if format == "csv":
        return "".join(f"{line}\n" for line in _lines(table, family, rows, values, exact)).encode()
    return npz_bytes({"doubled": rows, "values": values}, _metadata(table, family, len(rows)))


def _coefficients(table: Table, family: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the doubled degrees and orders [E, 6] of the coefficients that are not zero, and their values."""
    record, counts = known(family), np.diff(table.offsets)
    orders = table.orders.astype(np.int64) * record.order_signs(table.request.basis)
    rows = np.hstack([np.repeat(table.paths, counts, axis=0).astype(np.int64), orders])
    rows = np.ascontiguousarray(rows[np.repeat(table.factors[family] != 0, counts)])
    return rows, row_values(record, rows)


def _metadata(table: Table, family: str, coefficients: int) -> dict[str, Any]:
    return {
        "schema": "coupling-export",
        "schema_version": 1,
        "table": f"{table.request.name} (sha256 {table.metadata.get('checksum', 'not saved')})",
        "family": family,
        "basis": table.request.basis,
        "relative to": CONVENTION_ID,
        "largest degrees": " ".join(half(int(2 * l)) for l in table.lmax),
        "rounding": "once and to nearest from the exact number",
        "coefficients": coefficients,
        "package_version": __version__,
    }


def _lines(
    table: Table, family: str, rows: NDArray[np.int64], values: NDArray[np.float64], exact: bool
) -> Iterator[str]:
    facts = _metadata(table, family, len(rows))
    for key in ("table", "family", "basis", "relative to", "largest degrees", "rounding", "coefficients"):
        yield f"# {key}: {facts[key]}"
    yield "# not listed: zero"
    yield f"# written by: coupling {__version__}"
    yield "j1,j2,j3,m1,m2,m3,value" + ",exact" * exact
    symbol = known(family).exact(table.request.basis)
    for row, value in zip(rows.tolist(), values.tolist(), strict=True):
        numbers = ",".join(map(half, row))
        yield f"{numbers},{value!r}" + (f",{symbol(*(Fraction(twice, 2) for twice in row))}" if exact else "")
