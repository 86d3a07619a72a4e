"""Options that the commands of ``coupling study`` share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from coupling.cli.options import may_overwrite

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)

SEARCH = (
    click.option("--max-rank", type=click.IntRange(1), help="Ranks 1 to R.  [default: 6; for whole, up to generic]"),
    click.option("--rank", "ranks", type=click.IntRange(1), multiple=True, help="These ranks instead.  Repeatable."),
    click.option("--starts", type=click.IntRange(1), help="Starts for each rank.  [default: 256, or 16 for whole]"),
    click.option("--seconds", type=float, help="Time for each rank; it ends the starts early."),
    click.option("--seed", type=int, default=0, show_default=True, help="Seed of the starts."),
    click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Number of processes."),
    click.option("--complex", "complex_factors", is_flag=True, help="Complex factors: sometimes one term fewer."),
    click.option("--store", type=FOLDER, help="Folder of results, to go on later."),
    click.option(
        "--method",
        "methods",
        type=click.Choice(["ours", "parafac", "tucker"]),
        multiple=True,
        help="Compare with tensorly's CP or Tucker decomposition: errors and times.  Repeatable.",
    ),
    click.option("--chart", type=FILE, help="Draw error against rank: a PNG or SVG file."),
    may_overwrite,
)
SYMMETRY = (
    click.option(
        "--symmetry",
        metavar="GROUP",
        help="Search whole orbits of terms only: tetrahedral, octahedral, icosahedral, cyclic-N, dihedral-N, or, for "
        "even paths, pyramidal-N.",
    ),
    click.option(
        "--slots",
        type=click.Choice(["cyclic", "free", "equal"]),
        default="cyclic",
        show_default=True,
        help="With --symmetry: cyclic turns of the slots are symmetries as well; they are not; all terms are cubes.",
    ),
)
FAMILY = (
    click.option("--lmax", type=click.IntRange(1, 16), default=4, show_default=True, help="Degrees up to L."),
    click.option("--double", is_flag=True, help="Outputs to degree 2L instead of L."),
    click.option(
        "--parity",
        default="all",
        show_default=True,
        help="Paths: all, even or odd l1+l2+l3, or a class such as ooe (parities of l1, l2, l3).",
    ),
    click.option(
        "--signs",
        type=click.Choice(["real", "complex", "absolute"]),
        default="real",
        show_default=True,
        help="Signs of the normalization: as in the real basis, as in the complex one, or none.",
    ),
    click.option(
        "--weights",
        type=click.Choice(["unit", "component", "norm"]),
        default="unit",
        show_default=True,
        help="Weights of the product to simulate: 1 on every path, or e3nn's component or norm.",
    ),
    click.option("--direct", is_flag=True, help="Decompose the normalization N itself, not the weights over it, w/N."),
)


def ranks_of(options: Mapping[str, Any], default: Iterable[int] = range(1, 7)) -> list[int]:
    """Return the ranks that the options name, in rising order: those of --rank, or up to --max-rank, or the default.

    >>> ranks_of({"ranks": (3, 2), "max_rank": 9}), ranks_of({"ranks": (), "max_rank": 2})
    ([2, 3], [1, 2])
    """
    return sorted(options["ranks"] or (range(1, options["max_rank"] + 1) if options["max_rank"] else default))
