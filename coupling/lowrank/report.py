"""Tables of a study in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from coupling.lowrank.bounds import eckart_young, truncation_bound
from coupling.lowrank.certificate import DIVERGENT
from coupling.lowrank.records import Record

LEGEND = (
    "**0** a proved exact decomposition, **0?** one whose residual is below 1e-40 without a proof; "
    f"† terms more than {DIVERGENT:.0f} times their sum, a sign that no best fit of this rank exists."
)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table.

    >>> print(table(["R", "error"], [["1", "0.1"]]))
    | R | error |
    | --- | --- |
    | 1 | 0.1 |
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Return a number with two digits.

    >>> number(0.0938), number(1.2345e-5)
    ('0.094', '1.2e-05')
    """
    return f"{value:.2g}" if value >= 1e-3 else f"{value:.1e}"


def cell(record: Record | None) -> str:
    """Return the relative error of a record, marked as in LEGEND."""
    if record is None:
        return ""
    if record.exact:
        return "**0**" if record.proved else "**0?**"
    return number(record.error) + ("†" if record.growth > DIVERGENT else "")


def errors_by_rank(studies: Mapping[str, Sequence[Record]], first: str) -> str:
    """Return the table of relative errors: a line for each study, a column for each rank."""
    ranks = sorted({record.rank for records in studies.values() for record in records})
    rows = []
    for label, records in studies.items():
        found = {record.rank: record for record in records}
        bound = str(records[0].lower) if records else ""
        rows.append([label, *(cell(found.get(rank)) for rank in ranks), f"≥ {bound}"])
    return table([first, *(f"R = {rank}" for rank in ranks), "rank"], rows)


def worst_by_rank(studies: Mapping[str, Sequence[Record]], first: str) -> str:
    """Return the table of the largest errors, in the measure of the problem."""
    ranks = sorted({record.rank for records in studies.values() for record in records})
    rows = []
    for label, records in studies.items():
        found = {record.rank: record for record in records if not record.exact}
        rows.append([label, *(number(found[rank].worst) if rank in found else "" for rank in ranks)])
    return table([first, *(f"R = {rank}" for rank in ranks)], rows)


def whole_table(records: Sequence[Record], quoted: Mapping[int, str] | None = None) -> str:
    """Return the table of a whole coupling tensor: fit, equivariance, and what the bounds say about them."""
    names = ["R", "‖M̂-M‖/‖M‖", "equivariance", *(["quoted"] if quoted else []), "2‖M̂-M‖/‖M‖"]
    rows = []
    for record in records:
        lmax, error = record.spec["lmax"][0], 0.0 if record.exact else record.error
        equivariance = 0.0 if record.exact else record.equivariance or 0.0
        row = [str(record.rank), cell(record), _or_zero(equivariance)]
        row += [quoted.get(record.rank, "")] if quoted else []
        row += [_or_zero(2 * error), *_bounds(eckart_young(lmax, record.rank), truncation_bound(lmax, record.rank))]
        rows.append([*row, number(record.growth), f"{record.reached}/{record.starts}"])
    return table([*names, "singular values: fit ≥", "fit ≤", "growth", "starts"], rows)


def _or_zero(value: float) -> str:
    return number(value) if value else "0"


def _bounds(lower: float, upper: float) -> tuple[str, str]:
    """Return what two bounds of a relative error say: nothing below, if zero, and above, if no better than no fit."""
    return number(lower) if lower else "nothing", number(upper) if upper < 1 else "nothing"


def drawn(studies: Mapping[str, Sequence[Record]], column: int = 6) -> str:
    """Return error against rank as text: a letter for each study, two lines for a power of ten, exact fits below."""
    letters = dict(zip(studies, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=False))
    ranks = sorted({record.rank for records in studies.values() for record in records})
    heights = [_height(r.error) for records in studies.values() for r in records if not r.exact]
    top, bottom = max(heights, default=0), min(heights, default=0)
    cells: dict[tuple[int | None, int], str] = {}
    for label, records in studies.items():
        for record in records:
            place = None if record.exact else _height(record.error), ranks.index(record.rank)
            cells[place] = cells.get(place, "") + letters.get(label, "*")
    lines = [
        f"{f'1e{height // 2}' if height is not None and height % 2 == 0 else '':>6} |"
        + "".join(f"{_packed(cells.get((height, x), ''), column):^{column}}" for x in range(len(ranks)))
        for height in range(top, bottom - 1, -1)
    ]
    exact = " exact |" + "".join(f"{_packed(cells.get((None, x), ''), column):^{column}}" for x in range(len(ranks)))
    axis = "     R  " + "".join(f"{rank:^{column}}" for rank in ranks)
    legend = "   ".join(f"{letter} {label}" for label, letter in letters.items())
    return "\n".join(line.rstrip() for line in [*lines, exact, axis, f"        {legend}"])


def _height(error: float) -> int:
    return round(2 * math.log10(max(error, 1e-16)))


def _packed(text: str, width: int) -> str:
    return text if len(text) < width else f"{text[: width - 2]}+"


def error_curves(
    panels: Mapping[str, Mapping[str, Sequence[Record]]],
) -> dict[str, dict[str, tuple[list[int], list[float]]]]:
    """Return ranks and errors of results, for each panel and label: what :func:`coupling.plots.save_errors` draws.

    >>> from coupling.lowrank import shipped
    >>> error_curves({"gaunt": {"L = 2": [shipped("gaunt", 2)], "L = 9": []}})
    {'gaunt': {'L = 2': ([2], [0.0])}}
    """
    return {
        title: {
            label: ([r.rank for r in records], [0.0 if r.exact else r.error for r in records])
            for label, records in studies.items()
            if records
        }
        for title, studies in panels.items()
    }
