"""Results of a study: a decomposition of a problem with its certificates, and tables of results in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coupling.lowrank.bounds import eckart_young, truncation_bound
from coupling.lowrank.certificate import DIVERGENT, ExactCertificate, equivariance_error, exact_certificate
from coupling.lowrank.decomposition import Decomposition
from coupling.lowrank.factors import Factors, tensor
from coupling.lowrank.fit import EXACT
from coupling.lowrank.path_weights import UNIT, weights_array
from coupling.lowrank.problems import Problem, from_spec
from coupling.portable import Portable
from coupling.selection import PARITIES


@dataclass(frozen=True, eq=False)
class Record(Portable):
    """A decomposition of a problem with its certificates, as it is stored.

    ``error``, ``worst``: evaluated exactly from the stored factors; ``equivariance``: the relative mean equivariance
    error, for whole tensors; ``starts``: their number, ``reached``: the number that came within 1 % of the best.
    """

    spec: dict[str, Any]
    rank: int
    measure: str
    error: float
    worst: float
    growth: float
    congruence: float
    lower: int
    certificate: ExactCertificate
    equivariance: float | None
    starts: int
    reached: int
    seed: int
    factors: Factors = field(repr=False)

    @property
    def product_factors(self) -> dict[str | tuple[int, ...], Factors]:
        """The factors as :func:`coupling.products.simulate` takes them, for normalizations with real signs or none.

        >>> from coupling.lowrank import normalization_problem, study
        >>> [record] = study(normalization_problem("gaunt", 2, "ooe"), [1])
        >>> {key: [x.shape for x in three] for key, three in record.product_factors.items()}
        {(1, 1, 0): [(3, 1), (3, 1), (3, 1)]}
        """
        problem = from_spec(self.spec)
        kind = problem.spherical
        if kind is None or self.spec["signs"] == "complex":
            raise ValueError(f"products have no factors of {problem.name}")
        a, b, c = (np.zeros((limit + 1, self.rank)) for limit in self.spec["lmax"])
        for full, factor, axis in zip((a, b, c), self.factors, problem.degrees, strict=True):
            full[list(axis)] = factor
        parity = self.spec["parity"]
        return {kind if parity in PARITIES else tuple("eo".index(letter) for letter in parity): (a, b, c)}

    @property
    def name(self) -> str:
        """The name of the problem."""
        return from_spec(self.spec).name

    @property
    def exact(self) -> bool:
        """Whether refined factors reach a residual below 1e-40."""
        return self.certificate.refined is not None

    @property
    def proved(self) -> bool:
        """Whether it is proved that an exact decomposition of this rank exists."""
        return self.certificate.proved


def record_of(problem: Problem, found: Decomposition, seed: int) -> Record:
    """Return the record of a decomposition, its errors evaluated in exact arithmetic."""
    certificate = exact_certificate(problem, found.factors, refine=found.error < EXACT)
    near = sum(error <= max(1.01 * found.errors[0], EXACT) for error in found.errors)
    return Record(
        spec=problem.spec,
        rank=found.rank,
        measure=problem.measure,
        error=certificate.relative,
        worst=certificate.worst,
        growth=found.certificate.growth,
        congruence=found.certificate.congruence,
        lower=found.certificate.lower,
        certificate=certificate,
        equivariance=mean_equivariance_error(problem, found.factors),
        starts=len(found.errors),
        reached=near,
        seed=seed,
        factors=found.factors,
    )


def mean_equivariance_error(problem: Problem, factors: Factors) -> float | None:
    """Return the relative mean equivariance error of real factors of a whole tensor, else None."""
    if problem.spec["problem"] != "whole" or np.iscomplexobj(factors[0]):
        return None
    return equivariance_error(tensor(factors))


def factor_file_name(problem: Problem, rank: int, complex_factors: bool = False) -> str:
    """Return the file name of a problem and rank.

    >>> from coupling.lowrank.problems import whole_problem
    >>> factor_file_name(whole_problem(1), 7)
    'whole-wigner_3j-all-l1-r7.safetensors'
    """
    return f"{problem.name}-r{rank}{'-complex' if complex_factors else ''}.safetensors"


# -- tables in Markdown ------------------------------------------------------------------------

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


def errors_by_rank(
    studies: Mapping[str, Sequence[Record]], first: str, also: Mapping[str, Sequence[Record]] | None = None
) -> str:
    """Return the table of relative errors: a line for each study, a column for each R, and what is proved of the rank.

    also: by the labels of studies, results of problems of the same rank, such as those with other separable weights.
    """
    ranks = sorted({record.rank for records in studies.values() for record in records})
    rows = []
    for label, records in studies.items():
        found = {record.rank: record for record in records}
        proofs = [*records, *(also or {}).get(label, ())]
        rows.append([label, *(cell(found.get(rank)) for rank in ranks), rank_cell(proofs)])
    return table([first, *(f"R = {rank}" for rank in ranks), "rank"], rows)


def rank_cell(records: Sequence[Record]) -> str:
    """Return what results prove of the rank of a problem: the rank, an interval, or a lower bound.

    From above it is the least rank with a proved exact decomposition, from below the largest proved bound.

    >>> from coupling.lowrank import load_factors
    >>> of = {lmax: [r for r in load_factors("gaunt") if r.spec["lmax"][0] == lmax] for lmax in (4, 6, 16)}
    >>> [rank_cell(records) for records in of.values()]
    ['3', '4 to 5', '≥ 8']
    """
    lower = max((record.lower for record in records), default=0)
    enough = min((record.rank for record in records if record.proved), default=None)
    if enough is None:
        return f"≥ {lower}" if lower else ""
    return str(enough) if enough == lower else f"{lower} to {enough}"


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
        weights = weights_array(record.spec.get("weights", UNIT), lmax, record.spec["parity"])
        bounds = (bound(lmax, record.rank, weights) for bound in (eckart_young, truncation_bound))
        equivariance = 0.0 if record.exact else record.equivariance or 0.0
        row = [str(record.rank), cell(record), _or_zero(equivariance)]
        row += [quoted.get(record.rank, "")] if quoted else []
        row += [_or_zero(2 * error), *_bounds(*bounds)]
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

    def line(name: str, height: int | None) -> str:
        shown = (_packed(cells.get((height, x), ""), column) for x in range(len(ranks)))
        return f"{name:>6} |" + "".join(f"{text:^{column}}" for text in shown)

    lines = [line(f"1e{h // 2}" if h % 2 == 0 else "", h) for h in range(top, bottom - 1, -1)]
    axis = "     R  " + "".join(f"{rank:^{column}}" for rank in ranks)
    legend = "   ".join(f"{letter} {label}" for label, letter in letters.items())
    return "\n".join(row.rstrip() for row in [*lines, line("exact", None), axis, f"        {legend}"])


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
