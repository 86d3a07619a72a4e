"""``coupling study``: how few products are enough, and at which error."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coupling.cli.errors import FAILED, says_what_is_wrong

if TYPE_CHECKING:
    from coupling.lowrank.problems import Problem
    from coupling.lowrank.records import Record

FAMILIES = {"gaunt": "gaunt", "bracket": "antisymmetric_gaunt", "matrix": "matrix"}


@click.command(
    short_help="Errors of low-rank decompositions, by rank.",
    epilog="""\b
Examples:
  coupling study gaunt --lmax 6 --max-rank 6
  coupling study bracket --lmax 4 --weights component --parity ooo
  coupling study matrix --lmax 3 --spin 2 --parity even
  coupling study whole --lmax 2 --workers 2 --store results --chart whole.png
  coupling study page --folder docs/study
  coupling study --verify results/gaunt-inverse-all-real-unit-l6.6.6-r5.json
""",
)
@click.argument("problem", required=False, type=click.Choice([*FAMILIES, "whole", "page"]), metavar="PROBLEM")
@click.option("--lmax", type=click.IntRange(1, 16), default=4, show_default=True, help="Degrees up to L.")
@click.option("--double", is_flag=True, help="Outputs to 2L instead of L.")
@click.option("--max-rank", type=click.IntRange(1), default=6, show_default=True, help="Ranks 1 to R.")
@click.option("--rank", "ranks", type=click.IntRange(1), multiple=True, help="These ranks instead.  Repeatable.")
@click.option("--parity", default="all", show_default=True, help="all, even, odd or a class such as ooe.")
@click.option("--signs", type=click.Choice(["real", "complex", "absolute"]), default="real", show_default=True)
@click.option("--weights", type=click.Choice(["unit", "component", "norm"]), default="unit", show_default=True)
@click.option("--direct", is_flag=True, help="N itself instead of 1/N.")
@click.option("--spin", metavar="SPIN", help="The spin of the matrix product: 1/2, 1, 3/2, ...")
@click.option("--starts", type=click.IntRange(1), default=8, show_default=True, help="Starts for each rank.")
@click.option("--seconds", type=float, help="Time for each rank, instead of all starts.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--complex", "complex_factors", is_flag=True, help="Complex factors.")
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), help="Folder of results, to go on later.")
@click.option("--chart", type=click.Path(path_type=Path, dir_okay=False), help="Draw error against rank: a PNG file.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="With page: where it is written.")
@click.option("--full", is_flag=True, help="With page: all problems and more starts, half an hour on two cores.")
@click.option("--verify", "files", type=click.Path(path_type=Path, exists=True), multiple=True, help="Check results.")
@says_what_is_wrong
def study(problem: str | None, files: tuple[Path, ...], folder: Path | None, full: bool, **options: Any) -> None:
    """Search sums of few products, print their errors by rank, and draw them.

    gaunt, bracket, matrix: the normalizations w/N of a family, whose rank is the number of its products that simulate
    a Clebsch-Gordan product; errors are those of the weights of its paths.  whole: the coupling tensor of all paths.
    --verify checks stored results in exact arithmetic; exit status 1 when a claim does not hold.
    """
    if (problem is None) != bool(files):
        raise ValueError("study takes a problem, or --verify with files")
    if files:
        verify(files)
    elif problem == "page":
        from coupling.cli.study_page import write

        write(folder or Path("study"), full, options["workers"], options["store"])
    elif problem == "whole":
        study_whole(**options)
    else:
        study_family(FAMILIES[str(problem)], **options)


def verify(files: Sequence[Path]) -> None:
    """Print which claims of stored results hold."""
    from coupling.lowrank.records import load
    from coupling.lowrank.records import verify as check

    failed = 0
    for file in files:
        wrong = check(load(file))
        click.echo(f"{file.name}: {'; '.join(wrong) if wrong else 'verified'}")
        failed += bool(wrong)
    if failed:
        raise click.exceptions.Exit(FAILED)


def study_family(family: str, **options: Any) -> None:
    """Print and draw the errors of the normalizations of a family: for each degree limit, and variants of the last."""
    from coupling.lowrank.report import LEGEND, errors_by_rank, worst_by_rank

    lmax = options["lmax"]
    limits = {f"L = {l}": p for l in range(1, lmax + 1) if (p := family_problem(family, l, options))}
    by_limit = {label: run(problem, options) for label, problem in limits.items()}
    by_variant = {label: run(problem, options) for label, problem in variants(family, lmax, options).items()}
    click.echo(f"Relative error by rank; {next(iter(limits.values())).measure}.\n{LEGEND}\n")
    click.echo(errors_by_rank(by_limit, "degrees"))
    click.echo(f"\nVariants at L = {lmax}\n\n{errors_by_rank(by_variant, 'paths, signs')}")
    click.echo(f"\nLargest error of a path at L = {lmax}\n\n{worst_by_rank(by_variant, 'paths, signs')}")
    if options["chart"]:
        chart(options["chart"], {"degrees up to L": by_limit, f"variants at L = {lmax}": by_variant})


def family_problem(family: str, lmax: int, options: dict[str, Any], **changes: str) -> Problem | None:
    """Return the problem that the options describe, or None where it has no path."""
    from coupling.lowrank.problems import normalization_problem

    wanted = {key: options[key] for key in ("parity", "signs", "weights")} | changes
    spin = float(Fraction(options["spin"])) if options["spin"] else None
    try:
        box = (lmax, lmax, 2 * lmax if options["double"] else lmax)
        return normalization_problem(family, box, **wanted, inverse=not options["direct"], j=spin)
    except ValueError as error:
        if "no path" in str(error):
            return None
        raise


def variants(family: str, lmax: int, options: dict[str, Any]) -> dict[str, Problem]:
    """Return the problems of one degree limit with real, complex and no signs, and of the parity classes.

    Of classes that are the same up to the order of the slots only the first is kept.
    """
    from coupling.lowrank.problems import CLASSES

    kinds = {"gaunt": ("even",), "antisymmetric_gaunt": ("odd",), "matrix": ("even", "odd")}[family]
    found: dict[str, Problem] = {}
    signs = ("real", "complex", "absolute") if family == "matrix" else ("real", "complex")
    for kind in kinds:
        wanted = [(kind, sign) for sign in signs] + [(name, "absolute") for name in CLASSES[kind]]
        for parity, sign in wanted:
            problem = family_problem(family, lmax, options, parity=parity, signs=sign)
            if problem and not any(same(problem, other) for other in found.values()):
                found[f"{parity}, {sign}" if parity == kind else parity] = problem
    return found


def same(one: Problem, other: Problem) -> bool:
    """Return whether two problems differ in the order of their slots only."""
    from itertools import permutations

    import numpy as np

    pairs: list[tuple[Any, Any]] = [(one.tensor, other.tensor), (one.weights, other.weights)]

    def equal(x: Any, y: Any) -> bool:
        return x.shape == y.shape and bool(np.allclose(x, y, rtol=1e-12, atol=0))

    return any(all(equal(x, y.transpose(turn)) for x, y in pairs) for turn in permutations(range(3)))


def study_whole(**options: Any) -> None:
    """Print and draw the errors of the whole coupling tensor."""
    from coupling.lowrank.problems import whole_problem
    from coupling.lowrank.report import LEGEND, whole_table

    found = {}
    for lmax in range(1, options["lmax"] + 1):
        problem = whole_problem(lmax, options["parity"])
        found[f"L = {lmax}"] = run(problem, options | {"ranks": options["ranks"] or whole_ranks(lmax)})
        click.echo(f"L = {lmax}: {len(problem.tensor)} per side; {problem.measure}.  Rank ≥ ", nl=False)
        click.echo(f"{found[f'L = {lmax}'][0].lower}\n\n{whole_table(found[f'L = {lmax}'])}\n")
    click.echo(LEGEND)
    if options["chart"]:
        chart(options["chart"], {"whole coupling tensor": found})


def whole_ranks(lmax: int) -> list[int]:
    """Return ranks worth a search: up to that of a generic tensor of this size, ⌈n³/(3n-2)⌉, and 7L², 7L²+1, 8."""
    n = (lmax + 1) ** 2
    generic = -(-(n**3) // (3 * n - 2))
    parts = {generic * k // 6 for k in range(2, 7)} | {7 * lmax**2, 7 * lmax**2 + 1}
    return sorted(rank for rank in parts if rank <= generic + 1)


def run(problem: Problem, options: dict[str, Any]) -> list[Record]:
    """Search all ranks of a problem, with a line on the error stream for each result."""
    from coupling.lowrank import study as search

    names = ("starts", "seed", "seconds", "workers", "complex_factors", "store")
    chosen = {name: options[name] for name in names}
    ranks = options["ranks"] or range(1, options["max_rank"] + 1)
    return search(problem, ranks, **chosen, report=lambda line: click.echo(line, err=True))


def chart(file: Path, panels: dict[str, dict[str, list[Record]]]) -> None:
    """Draw error against rank."""
    from coupling.plots import save_errors

    curves = {
        title: {
            label: ([r.rank for r in records], [0.0 if r.exact else r.error for r in records])
            for label, records in studies.items()
            if records
        }
        for title, studies in panels.items()
    }
    save_errors(file, curves, "rank R")
