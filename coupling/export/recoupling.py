"""Tables of 6j and 9j symbols as CSV and as arrays for NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import coupling.exact
from coupling.export.npz import npz_bytes
from coupling.integers import half
from coupling.numbers.recoupling_tables import RecouplingTable
from coupling.selection import one_of
from coupling.version import __version__

#: Where the symbols are defined.
DEFINED = {"wigner_6j": "Edmonds 1957 eq. 6.3.7", "wigner_9j": "Edmonds 1957 eq. 6.4.3 rows first"}


def export_recoupling(table: RecouplingTable, format: str = "csv", exact: bool = False) -> bytes:
    """Return a table of 6j or 9j symbols as the bytes of a file.

    - format: "csv", lines ``# key: text`` that say what the table holds, then degrees and value of each symbol; or
      "npz", ``doubled`` [N, 6 or 9], twice the degrees, and ``values`` [N]
    - exact: in csv, the exact value of each symbol as well

    Every symbol whose triads couple is listed, accidental zeros too; the others are zero.  Raises ValueError for
    another format, and for ``exact`` in npz.

    >>> from coupling import tabulate
    >>> print(*export_recoupling(tabulate("wigner_6j", 1), exact=True).decode().splitlines()[-3:], sep="\\n")
    1,1,1,1,0,1,-0.3333333333333333,-1/3
    1,1,1,1,1,0,-0.3333333333333333,-1/3
    1,1,1,1,1,1,0.16666666666666666,1/6
    """
    if one_of(format, ("csv", "npz"), "format") == "csv":
        return "".join(f"{line}\n" for line in _lines(table, exact)).encode()
    if exact:
        raise ValueError("exact values are a column of csv; npz holds doubles alone")
    return npz_bytes({"doubled": table.doubled, "values": table.values}, _metadata(table))


def _metadata(table: RecouplingTable) -> dict[str, Any]:
    return {
        "schema": "coupling-export",
        "schema_version": 1,
        "table": table.name,
        "definition": DEFINED[table.name],
        "largest degree": str(half(int(table.doubled.max(initial=0)))),
        "rounding": "once and to nearest from the exact number",
        "symbols": len(table),
        "package_version": __version__,
    }


def _lines(table: RecouplingTable, exact: bool) -> Iterator[str]:
    facts = _metadata(table)
    for key in ("table", "definition", "largest degree", "rounding", "symbols"):
        yield f"# {key}: {facts[key]}"
    yield "# not listed: zero; the triads do not couple"
    yield f"# written by: coupling {__version__}"
    yield ",".join([f"j{k + 1}" for k in range(table.doubled.shape[1])] + ["value"] + ["exact"] * exact)
    symbol: Callable[..., coupling.exact.Surd] = getattr(coupling.exact, table.name)
    for row, value in zip(table.doubled.tolist(), table.values.tolist(), strict=True):
        degrees = ",".join(f"{twice // 2}.5" if twice & 1 else f"{twice // 2}" for twice in row)
        yield f"{degrees},{value!r}" + (f",{symbol(*(Fraction(twice, 2) for twice in row))}" if exact else "")
