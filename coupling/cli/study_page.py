"""Write the study page: all tables and pictures, and the files of factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from coupling.cli.study_jobs import begin, counted, sections, work
from coupling.cli.study_joint import JOINT_LEGEND, SUMS, joint_results, joint_table
from coupling.cli.study_page_text import TEXT
from coupling.conventions import GAUNT
from coupling.files import Kind
from coupling.files.atomic import write_file
from coupling.files.ownership import require_replaceable
from coupling.lowrank import normalization_problem, tensorly_decompose, whole_problem
from coupling.lowrank.baseline import tensorly
from coupling.lowrank.bounds import bracket_factors, gaunt_factors, term_products
from coupling.lowrank.by_rank import Effort, searched
from coupling.lowrank.factors import column_norms, tensor
from coupling.lowrank.methods import unweighted
from coupling.lowrank.problems import from_spec
from coupling.lowrank.records import (
    LEGEND,
    Record,
    cell,
    error_curves,
    errors_by_rank,
    number,
    rank_cell,
    table,
    whole_table,
)
from coupling.lowrank.store import FACTORS, PROBLEMS, save_factors
from coupling.plots import save_errors
from coupling.plots.style import require_picture
from coupling.sphere.grids import lebedev

#: Equivariance errors of the n-body table of Lin et al., arXiv 2507.01131, degrees to 2, by rank.
QUOTED = {10: "0.60", 15: "0.42", 20: "0.21", 28: "0.02", 81: "< 0.01"}

#: The pictures of the page.
PICTURES = ("normalizations", "degrees", "variants", "outputs", "vector", "whole")

#: Sections of the page beside those of both Gaunt families and of the whole tensor, with real factors.
REST = ("variants", "double", "matrix", "vector", "pairing", "shifts", "exact")

#: The file of factors beside the page with the results of its other tables: the next run begins with them.
OTHERS = "page"

Studies = dict[str, list[Record]]


def write_study_page(
    folder: Path, store: Path, full: bool, workers: int, fresh: bool = False, force: bool = False
) -> None:
    """Write ranks.md, its pictures and the files of factors into a folder; nothing where a foreign file is."""
    require_study_page(folder, force)
    folder.mkdir(parents=True, exist_ok=True)
    jobs = sections(full)
    if not fresh:
        begin(jobs, store, folder / f"{OTHERS}.safetensors")
    found = work(jobs, store, workers)
    limits = {name: found[name] for name in ("Gaunt", "bracket")}
    products = products_table(limits, 4)
    shifted = 4 if full else 2
    bracket = found["bracket"][f"L = {shifted}"]
    draw_pictures(folder, found, products, force)
    parts = {
        "even": errors_by_rank(found["Gaunt"], "Gaunt", of_family(found["exact"], "Gaunt")),
        "odd": errors_by_rank(found["bracket"], "bracket", of_family(found["exact"], "bracket")),
        "variants": errors_by_rank(found["variants"], f"L = {6 if full else 4}", of_same_rank(found["variants"])),
        "double": errors_by_rank(found["double"], "outputs to 2L"),
        "matrix": errors_by_rank(found["matrix"], "matrix product"),
        "vector": errors_by_rank(found["vector"], "single vector product"),
        "pairing": errors_by_rank(found["pairing"], "gradient-dot pairing"),
        "shifts": errors_by_rank(found["shifts"], f"shifts, L = {shifted}", two_zeros(found["shifts"], bracket)),
        "joint": joint_table(joint_results(SUMS, range(1, 5 if full else 3), 64 if full else 16)),
        "joint_legend": JOINT_LEGEND,
        "exact": exact_table(found["exact"]),
        "baseline": baseline_table(full),
        "whole": "\n\n".join(
            f"**{name}.**\n\n{whole_table(records, QUOTED if name == 'L = 2' else None)}"
            for name, records in found["whole"].items()
        ),
        "lower": ", ".join(f"{records[0].lower} for {name}" for name, records in found["whole"].items()),
        "complex": ", ".join(f"R = {record.rank}: {cell(record)}" for record in found["complex"]["L = 1"]),
        "products": table(["degrees", "terms", "error", "products"], [line[:4] for line in products]),
        "legend": LEGEND,
        "command": "coupling study page" + ("" if full else " --size small"),
    }
    write_file(folder / "ranks.md", Template(TEXT).substitute(parts).encode(), force=force)
    for name, records in to_ship(found).items():
        save_factors(records, folder / f"{name}.safetensors", force=force)


def require_study_page(folder: Path, force: bool) -> None:
    """Raise, before anything is searched, FileExistsError where a file of the page could not be written.

    ValueError where tensorly, its baseline, is not installed.
    """
    tensorly("decomposition")
    require_replaceable(folder / "ranks.md", Kind("page of coupling study"), force)
    for name in PICTURES:
        require_picture(folder / f"{name}.png", force)
    for name in (*PROBLEMS, OTHERS):
        require_replaceable(folder / f"{name}.safetensors", FACTORS, force)


def to_ship(found: Mapping[str, Studies]) -> dict[str, list[Record]]:
    """Return the results that are written as files of factors: of both Gaunt families, of the whole tensor to degree 3,
    and all others of the page with real factors.
    """
    groups = {GAUNT: found["Gaunt"], "bracket": found["bracket"], "whole": found["whole"]}
    every = {name: [r for records in studies.values() for r in records] for name, studies in groups.items()}
    large = [record for record in every["whole"] if record.spec["lmax"][0] > 3]
    every["whole"] = [record for record in every["whole"] if record.spec["lmax"][0] <= 3]
    known = [(record.spec, record.rank) for name in (GAUNT, "bracket") for record in every[name]]
    rest = (r for name in REST for records in found[name].values() for r in records)
    return every | {OTHERS: [r for r in rest if (r.spec, r.rank) not in known] + large}


def of_family(studies: Studies, name: str) -> Studies:
    """Return the results of one family, labelled by the degree limit alone."""
    return {label.removeprefix(f"{name}, "): records for label, records in studies.items() if label.startswith(name)}


def of_same_rank(variants: Studies) -> Studies:
    """Return, for each line with other weights, the results with weights 1: separable weights change no rank."""
    weighted = (label for label in variants if label.endswith(" weights"))
    return {label: variants[f"{label.partition(',')[0]}, positive"] for label in weighted}


def two_zeros(shifts: Studies, bracket: Sequence[Record]) -> Studies:
    """Return, for each shift tensor with two zeros, the results of the bracket, whose rank it has."""
    return {label: list(bracket) for label in shifts if label.split(", ").count("0") == 2}


def draw_pictures(folder: Path, found: Mapping[str, Studies], products: Sequence[tuple], force: bool = False) -> None:
    """Write the pictures, ``PICTURES``."""
    limits = {name: found[name] for name in ("Gaunt", "bracket")}
    sides = {
        f"variants, {name}": {k.removeprefix(f"{name}, "): v for k, v in found["variants"].items() if name in k}
        for name in limits
    }
    vectors = {"single vector product": found["vector"], "shift tensors": found["shifts"]}
    panels: dict[str, tuple[Any, str]] = {
        "normalizations": (error_curves({f"1/N, {name}": studies for name, studies in limits.items()}), "rank R"),
        "degrees": (fixed_rank(limits), "degree limit L"),
        "variants": (error_curves(sides), "rank R"),
        "outputs": (error_curves({"outputs to 2L": found["double"], "matrix product": found["matrix"]}), "rank R"),
        "vector": (error_curves(vectors), "rank R"),
        "whole": ({"degrees to 2": compared(found["whole"]["L = 2"], products)}, "terms R"),
    }
    for name in PICTURES:
        save_errors(folder / f"{name}.png", *panels[name], force=force)


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


def exact_table(studies: Studies) -> str:
    """Return the table of exact ranks against the count of equations over unknowns."""
    rows = []
    for label, records in studies.items():
        paths, least = counted(from_spec(records[0].spec))
        last = records[-1]
        exact = f"{last.rank} {'proved' if last.proved else '(1e-40)'}" if last.exact else f"none to {last.rank}"
        rows.append([label, str(paths), str(least), exact, rank_cell(records)])
    return table(["product", "paths l1 ≤ l2 ≤ l3", "⌈paths / degrees⌉", "exact at R", "rank"], rows)


def baseline_table(full: bool) -> str:
    """Return the errors of tensorly's fit beside ours, both without weights, at the same number of starts."""
    rows, starts = [], 16 if full else 2
    wanted = [
        ("1/N, Gaunt, L = 4", normalization_problem(GAUNT, 4), (1, 2, 3)),
        ("whole, L = 1", whole_problem(1), (5, 7, 8)),
        ("1/N, Gaunt, L = 6", normalization_problem(GAUNT, 6), (2, 4, 5)),
        ("whole, L = 2", whole_problem(2), (15, 28)),
    ]
    for name, problem, ranks in wanted if full else wanted[:2]:
        for rank in ranks:
            theirs = tensorly_decompose(problem.tensor, rank, problem.mask, starts=starts)
            ours = searched(unweighted(problem), rank, Effort(starts), None)
            rows.append([name, str(rank), number(theirs.error), cell(ours)])
    return table(["tensor", "R", "tensorly, ALS with line search", "here"], rows)


def products_table(limits: Mapping[str, Studies], lmax: int) -> list[tuple[str, str, str, str, int, float]]:
    """Return lines of the whole tensor as a sum of products on Lebedev grids: degrees, terms, error, and what it is."""
    lines = []
    for l in range(2, lmax + 1):
        exact = whole_problem(l).tensor
        fits = [limits[name][f"L = {l}"] for name in ("Gaunt", "bracket")]
        for step in range(max(map(len, fits))):
            even, odd = (records[min(step, len(records) - 1)] for records in fits)
            factors = [
                term_products(gaunt_factors(lebedev(3 * l), l), even.factors),
                term_products(bracket_factors(lebedev(3 * l - 1), l), odd.factors),
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
