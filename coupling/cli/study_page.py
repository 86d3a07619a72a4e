"""The study page: all tables and pictures, written by one command from stored or new results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import click
import numpy as np

from coupling.cli.study import chart, same
from coupling.cli.study_page_text import TEXT
from coupling.lowrank import normalization_problem, study, tensorly_decompose, whole_problem
from coupling.lowrank.decompose import decompose
from coupling.lowrank.factors import column_norms, distinct, tensor
from coupling.lowrank.problems import CLASSES, Problem
from coupling.lowrank.quadrature import bracket_factors, gaunt_factors, spread
from coupling.lowrank.records import Record
from coupling.lowrank.report import LEGEND, cell, errors_by_rank, number, table, whole_table
from coupling.plots import save_errors
from coupling.sphere.grids import lebedev
from coupling.tables.atomic import replacing

#: Equivariance errors of the n-body table of Lin et al., arXiv 2507.01131, degrees to 2, by rank.
QUOTED = {10: "0.60", 15: "0.42", 20: "0.21", 28: "0.02", 81: "< 0.01"}

FAMILIES = {"Gaunt": "gaunt", "bracket": "antisymmetric_gaunt"}
#: 2j for which no path of a degree limit is missing.
SPINS = {2: 2, 3: 4, 4: 4, 5: 5}

Studies = dict[str, list[Record]]


@dataclass(frozen=True)
class Search:
    """How hard a page searches, and where its results are kept."""

    full: bool
    workers: int
    store: Path | None

    def __call__(self, problem: Problem, ranks: Iterable[int], starts: int, fewer: int | None = None) -> list[Record]:
        """Return the records of a problem; starts for the full page, fewer for the reduced one."""
        chosen = starts if self.full else fewer or max(4, starts // 2)
        workers = self.workers if problem.mask is None else 1  # masked fits take less time than a new process
        click.echo(problem.name, err=True)
        return study(problem, ranks, starts=chosen, workers=workers, store=self.store)


def write(folder: Path, full: bool, workers: int, store: Path | None) -> None:
    """Write ranks.md and its pictures into a folder."""
    search = Search(full, workers, store)
    limits = {name: by_limit(family, search) for name, family in FAMILIES.items()}
    whole = {f"L = {lmax}": whole_records(lmax, search) for lmax in ((1, 2, 3) if full else (1, 2))}
    products = products_table(limits, 4)
    folder.mkdir(parents=True, exist_ok=True)
    chart(folder / "normalizations.png", {f"1/N, {name}": studies for name, studies in limits.items()})
    save_errors(folder / "degrees.png", fixed_rank(limits), "degree limit L")
    save_errors(folder / "whole.png", {"degrees to 2": compared(whole["L = 2"], products)}, "terms R")
    parts = {
        "set": "complete" if full else "reduced",
        "gaunt": errors_by_rank(limits["Gaunt"], "Gaunt"),
        "bracket": errors_by_rank(limits["bracket"], "bracket"),
        "variants": errors_by_rank(variant_studies(search), "L = 6"),
        "double": errors_by_rank(double_studies(search), "outputs to 2L"),
        "matrix": errors_by_rank(matrix_studies(search), "matrix product"),
        "exact": exact_table(search),
        "baseline": baseline_table(search),
        "whole": "\n\n".join(
            f"**{name}.**\n\n{whole_table(records, QUOTED if name == 'L = 2' else None)}"
            for name, records in whole.items()
        ),
        "lower": ", ".join(f"{records[0].lower} for {name}" for name, records in whole.items()),
        "complex": complex_line(search),
        "products": table(["degrees", "terms", "error", "products"], [line[:4] for line in products]),
        "legend": LEGEND,
    }
    text = Template(TEXT).substitute(parts)
    with replacing(folder / "ranks.md") as stream:
        stream.write(text.encode())


def by_limit(family: str, search: Search) -> Studies:
    """Return the studies of all degree limits."""
    limits = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16) if search.full else (1, 2, 3, 4, 5, 6, 8)
    first = 1 if family == "gaunt" else 2
    return {
        f"L = {lmax}": search(normalization_problem(family, lmax), range(1, 9 if search.full else 7), 64)
        for lmax in limits
        if lmax >= first
    }


def fixed_rank(limits: Mapping[str, Studies]) -> dict[str, dict[str, tuple[list[float], list[float]]]]:
    """Return error against degree limit, rank by rank; exact fits end a curve to the left and are left out."""
    panels: dict[str, dict[str, tuple[list[float], list[float]]]] = {}
    for name, studies in limits.items():
        curves: dict[str, tuple[list[float], list[float]]] = {}
        for label, records in studies.items():
            for record in records:
                if not record.exact and record.rank <= 6:
                    curve = curves.setdefault(f"R = {record.rank}", ([], []))
                    curve[0].append(int(label[4:]))
                    curve[1].append(record.error)
        panels[f"1/N, {name}"] = dict(sorted(curves.items()))
    return panels


def variant_studies(search: Search) -> Studies:
    """Return the variants at degree limit 6: signs, classes, weights, N itself."""
    studies: Studies = {}
    seen: list[Problem] = []
    for name, family in FAMILIES.items():
        kind = "even" if family == "gaunt" else "odd"
        wanted: list[tuple[str, Problem]] = [
            (f"{name}, positive", normalization_problem(family, 6)),
            (f"{name}, complex signs", normalization_problem(family, 6, signs="complex")),
            *((f"{name}, class {c}", normalization_problem(family, 6, c, signs="absolute")) for c in CLASSES[kind]),
            (f"{name}, component weights", normalization_problem(family, 6, weights="component")),
            (f"{name}, norm weights", normalization_problem(family, 6, weights="norm")),
            (f"{name}, N instead of 1/N", normalization_problem(family, 6, inverse=False)),
        ]
        for label, problem in wanted:
            if not any(same(problem, other) for other in seen):
                seen.append(problem)
                studies[label] = search(problem, range(1, 7), 64)
    return studies


def double_studies(search: Search) -> Studies:
    """Return the studies with outputs to twice the degree limit of the inputs."""
    limits = (1, 2, 3, 4, 6, 8) if search.full else (1, 2, 3, 4)
    return {
        f"{name}, L = {lmax}": search(normalization_problem(family, (lmax, lmax, 2 * lmax)), range(1, 9), 64)
        for name, family in FAMILIES.items()
        for lmax in limits
    }


def matrix_studies(search: Search) -> Studies:
    """Return the studies of the matrix product with the smallest spin that misses no path."""
    return {
        f"L = {lmax}, 2j = {twice}, {parity}": search(
            normalization_problem("matrix", lmax, parity, j=twice / 2), range(1, 7), 64
        )
        for lmax, twice in SPINS.items()
        if search.full or lmax < 5
        for parity in ("even", "odd", "all")
    }


def exact_table(search: Search) -> str:
    """Return the table of exact ranks against the count of equations over unknowns."""
    limits = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16) if search.full else (2, 3, 4, 5, 6, 7, 8)
    rows = []
    for name, family in FAMILIES.items():
        for lmax in limits:
            problem = normalization_problem(family, lmax)
            entries = distinct(zip(*(axis.tolist() for axis in problem.entries), strict=True), problem.ties)
            unknowns = lmax + (family == "gaunt")
            least = -(-len(entries) // unknowns)
            records = search(problem, range(least, least + 3), 64)
            last = records[-1]
            found = f"{last.rank} {'proved' if last.proved else '(1e-40)'}" if last.exact else "not found"
            rows.append([name, str(lmax), str(len(entries)), str(least), found, f"≥ {last.lower}"])
    return table(["product", "L", "paths l1 ≤ l2 ≤ l3", "⌈paths / degrees⌉", "exact at R", "rank"], rows)


def baseline_table(search: Search) -> str:
    """Return the errors of tensorly's fit beside ours, both without weights, at the same number of starts."""
    rows = []
    starts = 16 if search.full else 4
    for name, problem, ranks in (
        ("1/N, Gaunt, L = 4", normalization_problem("gaunt", 4), (1, 2, 3)),
        ("1/N, Gaunt, L = 6", normalization_problem("gaunt", 6), (2, 4, 5)),
        ("whole, L = 1", whole_problem(1), (5, 7, 8)),
        ("whole, L = 2", whole_problem(2), (15, 28, 30)),
    ):
        for rank in ranks:
            theirs = tensorly_decompose(problem.tensor, rank, problem.mask, starts=starts)
            ours = decompose(problem.tensor, rank, problem.mask, starts=starts, ties=problem.ties)
            rows.append([name, str(rank), number(theirs.error), number(ours.error)])
    return table(["tensor", "R", "tensorly, ALS with line search", "here"], rows)


def whole_records(lmax: int, search: Search) -> list[Record]:
    """Return the decompositions of the whole tensor; at degree limit 3 only as many as time allows."""
    ranks = {1: range(2, 9), 2: (10, 15, 20, 25, 28, 29, 30), 3: (28, 45, 63, 64, 81, 90)}[lmax]
    return search(whole_problem(lmax), ranks, {1: 64, 2: 32, 3: 2}[lmax], {1: 32, 2: 4, 3: 1}[lmax])


def complex_line(search: Search) -> str:
    """Return the errors with complex factors at L = 1, rank by rank."""
    starts = 32 if search.full else 8
    records = study(whole_problem(1), (5, 6, 7), starts=starts, complex_factors=True, store=search.store)
    return ", ".join(f"R = {record.rank}: {cell(record)}" for record in records)


def products_table(limits: Mapping[str, Studies], lmax: int) -> list[tuple[str, str, str, str, int, float]]:
    """Return lines of the whole tensor as a sum of products on Lebedev grids: degrees, terms, error, and what it is."""
    lines = []
    for l in range(2, lmax + 1):
        exact = whole_problem(l).tensor
        fits = [limits[name][f"L = {l}"] for name in ("Gaunt", "bracket")]
        for step in range(max(map(len, fits))):
            even, odd = (records[min(step, len(records) - 1)] for records in fits)
            factors = [
                spread(gaunt_factors(lebedev(3 * l), l), even.factors),
                spread(bracket_factors(lebedev(3 * l - 1), l), odd.factors),
            ]
            error = float(np.linalg.norm(sum(map(tensor, factors)) - exact) / np.linalg.norm(exact))
            terms = sum(int(np.count_nonzero(column_norms(x))) for x in factors)
            words = f"{even.rank} Gaunt, {odd.rank} bracket"
            lines.append((f"L = {l}", str(terms), "**0**" if error < 1e-12 else number(error), words, terms, error))
    return lines


def compared(records: Sequence[Record], products: Sequence[tuple]) -> dict[str, tuple[list[float], list[float]]]:
    """Return the curves of the picture of the whole tensor at degree limit 2."""
    ranks = [float(r.rank) for r in records]
    lines = [line for line in products if line[0] == "L = 2"]
    return {
        "fit, relative error": (ranks, [0.0 if r.exact else r.error for r in records]),
        "fit, equivariance error": (ranks, [0.0 if r.exact else float(r.equivariance or 0) for r in records]),
        "quoted equivariance error": ([10, 15, 20, 28], [float(QUOTED[k]) for k in (10, 15, 20, 28)]),
        "products on grids, relative error": ([line[4] for line in lines], [line[5] for line in lines]),
    }
