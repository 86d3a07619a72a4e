"""``coupling study … --method``: errors and times of tensorly's decompositions beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from coupling.cli.console import aligned, bar
from coupling.lowrank.methods import OURS, compare_methods
from coupling.lowrank.problems import Problem
from coupling.lowrank.records import number, table

#: Options that belong to a study of ours alone.
ALONE = {"chart": "--chart", "store": "--store", "complex_factors": "--complex", "seconds": "--seconds"}


def others(options: Mapping[str, Any]) -> bool:
    """Return whether a comparison is wanted, and refuse what it has not.

    >>> others({"methods": ()}), others({"methods": ("ours", "tucker")})
    (False, True)
    """
    if set(options["methods"]) <= {OURS}:
        return False
    given = [flag for name, flag in ALONE.items() if options.get(name)]
    if given:
        raise click.UsageError(f"--method compares errors and times: leave out {', '.join(given)}")
    return True


def print_methods(problems: Mapping[str, tuple[Problem, list[int]]], options: Mapping[str, Any], starts: int) -> None:
    """Compare the methods on problems, each at its ranks, and print a table."""
    rows = []
    with bar(sum(len(ranks) for _, ranks in problems.values())) as drawn:
        for label, (problem, ranks) in problems.items():
            for rank in ranks:
                for one in compare_methods(problem, rank, options["methods"], starts=starts, seed=options["seed"]):
                    error = number(one.error) if one.error else "0"
                    rows.append([label, str(rank), one.method, error, f"{one.seconds:.2f}", str(one.numbers)])
                drawn.update(1, f"{label}, R = {rank}")
    click.echo(f"Relative error of the entries that count, each the same; {starts} starts each.\n")
    click.echo(aligned(table(["tensor", "R", "method", "error", "seconds", "numbers"], rows)))
