"""``coupling study whole``: the searches for each kind of path weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from coupling.cli.console import aligned, bar, tell
from coupling.cli.study_options import ranks_of
from coupling.lowrank.by_rank import study, whole_ranks
from coupling.lowrank.equivariant import equivariant_study
from coupling.lowrank.free_weights import FREE_WEIGHTS, complex_errors, free_study
from coupling.lowrank.path_weights import NAMED, OF_MATRICES, weights_array, whole_paths
from coupling.lowrank.problems import Problem, from_spec, whole_problem
from coupling.lowrank.records import Record, number, rank_cell, table, whole_table

WEIGHTS = *NAMED, FREE_WEIGHTS

COMPLEX_HEADER = "R", "‖T̂ - Σ w C‖/‖T̂‖", "growth", "starts"

#: Default ranks of complex terms over complex weights.
COMPLEX_RANKS = {1: [5, 6], 2: [16, 17, 18]}

#: Default ranks where path weights are not 1: up to the least for which an exact sum is known, or that of unit weights.
RANKS = {1: (4, 5, 6, 7, 8), 2: (15, 20, 22, 23)}


def default_ranks(lmax: int, weights: str) -> list[int]:
    """Return the default ranks of a search.

    >>> default_ranks(1, "free")
    [4, 5, 6, 7, 8]
    """
    return list(RANKS[lmax]) if weights in (FREE_WEIGHTS, OF_MATRICES) and lmax in RANKS else whole_ranks(lmax)


def print_whole(options: Mapping[str, Any]) -> dict[str, list[Record]]:
    """Search and print the results of each degree limit, and return them."""
    found = {}
    for lmax in range(1, options["lmax"] + 1):
        found[f"L = {lmax}"] = records = whole_records(lmax, options)
        click.echo(f"L = {lmax}: {(lmax + 1) ** 2} per side; {records[0].measure}.  {lost(records[-1])}", nl=False)
        bound = "" if options["weights"] == FREE_WEIGHTS else f"Rank {rank_cell(records)}"
        click.echo(f"{bound}\n\n{aligned(whole_table(records))}\n")
        if options["weights"] != "unit":
            click.echo(f"Path weights at R = {records[-1].rank}\n\n{aligned(weights_table(records[-1]))}\n")
    return found


def whole_problems(options: Mapping[str, Any]) -> dict[str, tuple[Problem, list[int]]]:
    """Return the problem and the ranks of each degree limit; their weights are given."""
    if options["weights"] == FREE_WEIGHTS:
        raise ValueError("free weights are searched by ours alone: give --weights unit or matrix with --method")
    return {
        f"L = {lmax}": (whole_problem(lmax, options["parity"], weights=options["weights"]), chosen_ranks(lmax, options))
        for lmax in range(1, options["lmax"] + 1)
    }


def chosen_ranks(lmax: int, options: Mapping[str, Any]) -> list[int]:
    """Return the ranks that the options name, or the default ones of a degree limit."""
    return ranks_of(options, default_ranks(lmax, options["weights"]))


def whole_records(lmax: int, options: Mapping[str, Any]) -> list[Record]:
    """Return the results of all ranks, with a bar on the error stream."""
    ranks = chosen_ranks(lmax, options)
    chosen = {name: options[name] for name in ("starts", "seed", "seconds", "store")}
    with bar(len(ranks)) as drawn:
        chosen["progress"] = shown(drawn, lmax, ranks)
        if options["symmetry"]:
            return orbits(lmax, ranks, options, **chosen)
        chosen["workers"] = options["workers"]
        if options["weights"] == FREE_WEIGHTS:
            return free_study(lmax, ranks, options["parity"], **chosen)
        problem = whole_problem(lmax, options["parity"], weights=options["weights"])
        return study(problem, ranks, complex_factors=options["complex_factors"], **chosen, tell=tell)


def shown(drawn: Any, lmax: int, ranks: list[int]) -> Callable[[int, int, int, float], None]:
    """Return what draws the progress of a search."""

    def progress(rank: int, done: int, of: int, best: float) -> None:
        drawn.update(ranks.index(rank) - drawn.pos, f"L = {lmax}, R = {rank}: {done} of {of} starts, {best:.1e}")

    return progress


def orbits(lmax: int, ranks: list[int], options: Mapping[str, Any], **chosen: Any) -> list[Record]:
    """Return the best sums of whole orbits of terms of each rank."""
    if options["complex_factors"]:
        raise ValueError("sums of orbits are searched with real factors only")
    chosen |= {"exchange": options["slots"] != "free", "cubes": options["slots"] == "equal"}
    records = equivariant_study(
        lmax, ranks, options["symmetry"], parity=options["parity"], weights=options["weights"], **chosen
    )
    if not records:
        raise ValueError(f"no orbits of {options['symmetry']} symmetry make {', '.join(map(str, ranks))} terms")
    return records


def print_complex(options: Mapping[str, Any]) -> None:
    """Search complex terms over complex weights, and print the errors of each rank."""
    for lmax in range(1, options["lmax"] + 1):
        ranks = COMPLEX_RANKS.get(lmax) or chosen_ranks(lmax, options)
        if options["ranks"] or options["max_rank"]:
            ranks = chosen_ranks(lmax, options)
        options_given = {name: options[name] for name in ("starts", "seed", "seconds", "workers")}
        with bar(len(ranks)) as drawn:
            step = shown(drawn, lmax, ranks)
            found = complex_errors(lmax, ranks, options["parity"], **options_given, progress=step)
        rows = [[str(rank), number(error), number(size), str(starts)] for rank, error, size, starts in found]
        click.echo(f"L = {lmax}: complex terms and weights\n\n{aligned(table(COMPLEX_HEADER, rows))}\n")


def weights_table(record: Record) -> str:
    """Return the path weights of a result, a path and its cyclic turns in one line where they agree.

    >>> from coupling.lowrank import shipped
    >>> print(weights_table(shipped("whole", 1)))
    | path | weight |
    | --- | --- |
    | 0 0 0 | 1.000000 |
    | 0 1 1 | 1.000000 |
    | 1 1 1 | 1.000000 |
    """
    (lmax,), parity = record.spec["lmax"], record.spec["parity"]
    weights = weights_array(record.spec.get("weights", NAMED[0]), lmax, parity)
    rows: list[list[str]] = []
    met: set[tuple[int, ...]] = set()
    for path in whole_paths(lmax, parity):
        turns = {path, path[1:] + path[:1], path[2:] + path[:2]}
        alike = len({f"{weights[turn]:.6f}" for turn in turns}) == 1
        if not alike or not turns & met:
            rows.append([" ".join(map(str, path)), f"{weights[path]:.6f}"])
        met.add(path)
    return table(["path", "weight"], rows)


def lost(record: Record) -> str:
    """Return a sentence about paths of weight zero, or an empty text."""
    paths = from_spec(record.spec).lost_paths
    return f"Lost paths: {', '.join(' '.join(map(str, path)) for path in paths)}.  " if paths else ""
