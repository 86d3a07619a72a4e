"""Tables of a study in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from coupling.lowrank.bounds import eckart_young
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
    rows = []
    for record in records:
        lmax, said = record.spec["lmax"][0], (quoted or {}).get(record.rank, "")
        equivariance = 0.0 if record.equivariance is None or record.exact else record.equivariance
        rows.append(
            [
                str(record.rank),
                cell(record),
                number(equivariance) if equivariance else "0",
                said,
                number(2 * record.error) if not record.exact else "0",
                number(eckart_young(lmax, record.rank)) if eckart_young(lmax, record.rank) else "nothing",
                number(record.growth),
                f"{record.reached}/{record.starts}",
            ]
        )
    names = ["R", "‖M̂-M‖/‖M‖", "equivariance", "quoted", "2‖M̂-M‖/‖M‖", "singular values: fit ≥", "growth", "starts"]
    return table(names, rows)
