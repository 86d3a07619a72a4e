"""Decompositions whose set of terms has a finite symmetry group: the best errors over all path weights.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.sets [--starts 16] [--write]

Every start draws the kinds of its orbits, so the numbers of terms that a group has no orbits for stay empty.  Errors
are Frobenius norms relative to the tensor, with path weights between 1/3 and 3.  Seed 0 gives the same errors again.
--write renews docs/study/sets.md with its picture, and bounds.png of the page on the rank; ten minutes on an idle core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import writing
from coupling.lowrank import constructed, load_factors, whole_problem
from coupling.lowrank.border import CERTIFICATES
from coupling.lowrank.bounds import lower_bound
from coupling.lowrank.equivariant import orbit_search
from coupling.lowrank.every_weight import EVERY_WEIGHT
from coupling.lowrank.fit import EXACT
from coupling.lowrank.free_weights import FREE_WEIGHTS
from coupling.lowrank.matrix_terms import LARGEST
from coupling.lowrank.path_weights import UNIT
from coupling.lowrank.records import number, table

FOLDER = Path(__file__).parent.parent / "docs" / "study"
#: Real terms that are needed at degree limit 1, for all weights: the derivation ``degree_one``.
REAL = {1: 7}


class Searched(NamedTuple):
    """A table: its title, the degree limit, the parity, whether terms are cubes, ranks, groups, fraction of starts."""

    title: str
    lmax: int
    parity: str
    cubes: bool
    ranks: tuple[int, ...]
    groups: tuple[str, ...]
    fraction: float = 1.0


AXIAL = "dihedral-5", "dihedral-4", "dihedral-3", "cyclic-5"
SOLID = "octahedral", "tetrahedral", "icosahedral"
TABLES = (
    Searched(
        "L = 1, all paths", 1, "all", False, (5, 6, 7, 8), ("octahedral", "tetrahedral", "dihedral-3", "cyclic-3"), 4.0
    ),
    Searched("L = 2, all paths", 2, "all", False, (19, 20, 21, 22, 23, 24), (*SOLID, *AXIAL)),
    Searched("L = 2, even paths, cubes", 2, "even", True, (15, 16, 17), (*SOLID, "pyramidal-5"), 2.0),
    Searched("L = 3, even paths, cubes", 3, "even", True, (30, 31, 32, 33, 36), ("icosahedral",), 12.0),
    Searched("L = 3, all paths", 3, "all", False, (60, 63, 64, 65, 66), ("octahedral", "icosahedral"), 0.5),
)

PAGE = """<!-- Written by `python -m benchmarks.sets --write`. -->

# Sets of terms with a symmetry

The closed forms at degree limit 1 and the cubes of the even paths have sets of terms that a finite group permutes. A
search that keeps such a group has the terms of whole orbits: unknowns and equations are fewer by its order
(`coupling.lowrank.equivariant_study`, `coupling study whole --symmetry`). Here cyclic turns of the slots are symmetries
too. Best error over all path weights between 1/3 and 3, relative to the tensor with the nearest of them, of {starts}
seeded starts, times the number at a table, with real terms; **0** stands for an error below 1e-12; empty: no start drew
orbits of this number of terms with enough unknowns.

{tables}

![Error against the number of terms](sets.png)

What it says. At L = 1 the seven terms of ρ = 1 are found with tetrahedral symmetry. At L = 2 no group gives an exact
sum of all paths with fewer than 23 terms, and none of these gives one with 23 either. The even paths have 17 cubes at
L = 2, with the symmetry of a five-sided pyramid, and 32 at L = 3, the vertices and the faces of an icosahedron. At
L = 3 nothing exact was met with as few terms as [the constructed ones](whole.md) have. A search that ends above zero
proves nothing.
"""


def best(one: Searched, group: str, rank: int, starts: int) -> float | None:
    """Return the best error of some starts, or None where no orbits make this rank."""
    search = orbit_search(group, one.lmax, one.parity, FREE_WEIGHTS, exchange=True, cubes=one.cubes)
    least: float | None = None
    for start in range(starts):
        found = search.result(rank, 0, start, np.dtype(float))
        if found is not None:
            least = found[0] if least is None else min(least, found[0])
            if least < EXACT:
                break
    return least


def cell(error: float | None) -> str:
    """Return an error as the table shows it."""
    return "" if error is None else "**0**" if error < EXACT else number(error)


def measured(one: Searched, starts: int) -> dict[str, list[float | None]]:
    """Return the errors of all groups and ranks, and print them."""
    found = {}
    for group in one.groups:
        found[group] = [best(one, group, rank, max(1, round(starts * one.fraction))) for rank in one.ranks]
        print(one.title, group, *(cell(error) or "-" for error in found[group]), sep=" | ", flush=True)
    return found


def text_of(one: Searched, found: dict[str, list[float | None]]) -> str:
    """Return the table of a search."""
    rows = [[group, *map(cell, errors)] for group, errors in found.items()]
    times = "" if one.fraction == 1 else f", starts × {one.fraction:g}"
    return f"## {one.title}{times}\n\n{table(['group', *(f'R = {rank}' for rank in one.ranks)], rows)}"


def draw(file: Path, results: dict[str, dict[str, list[float | None]]], force: bool) -> None:
    """Draw the errors of L = 2, all paths."""
    from coupling.plots import curves
    from coupling.plots.style import save

    one = TABLES[1]
    series = {}
    for group, errors in results[one.title].items():
        points = [(float(rank), max(e, 1e-4)) for rank, e in zip(one.ranks, errors, strict=True) if e is not None]
        if points:
            series[group] = ([x for x, _ in points], [y for _, y in points])
    ax = curves(series, xlabel="number of terms", ylabel="best relative error", yscale="log")
    save(ax.figure, file, dpi=110, force=force)


def bounds() -> dict[str, tuple[list[int], list[int]]]:
    """Return degree limits and numbers of terms: what is enough, and lower bounds, beyond 1 of the border rank."""
    proved = {one.lmax: one.bound for one in CERTIFICATES if one.weights == UNIT}
    exact = {
        r.spec["lmax"][0]: r.rank for r in load_factors("whole") if r.exact and r.spec.get("weights", UNIT) == UNIT
    }
    enough = {lmax: constructed(lmax).rank for lmax in range(1, LARGEST + 1)}
    koszul = {lmax: lower_bound(whole_problem(lmax).objective) for lmax in (4, 5)}
    series = {
        "enough, weights 1": exact,
        "enough, best weights": enough,
        "needed, weights 1": dict(sorted((REAL | koszul | proved).items())),
        "needed, all weights": EVERY_WEIGHT | REAL,
    }
    return {name: (list(values), list(values.values())) for name, values in series.items()}


def draw_bounds(file: Path, force: bool) -> None:
    """Draw the gap between the bounds of the whole tensor."""
    from coupling.plots import curves
    from coupling.plots.style import save

    ax = curves(bounds(), xlabel="degree limit L", ylabel="real terms", yscale="log")
    ax.set_xticks(range(1, LARGEST + 1))
    save(ax.figure, file, dpi=110, force=force)


def main() -> None:
    """Print the tables; write the page on request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=16)
    writing.add_options(parser, "docs/study/sets.md and the pictures sets.png and bounds.png")
    given = parser.parse_args()
    files = FOLDER / "sets.md", FOLDER / "sets.png", FOLDER / "bounds.png"
    if given.write:
        writing.require(parser, given.force, "python -m benchmarks.sets", *files)
    results = {one.title: measured(one, given.starts) for one in TABLES}
    if given.write:
        tables = "\n\n".join(text_of(one, results[one.title]) for one in TABLES)
        writing.write(files[0], PAGE.format(starts=given.starts, tables=tables), given.force)
        draw(files[1], results, given.force)
        draw_bounds(files[2], given.force)


if __name__ == "__main__":
    main()
