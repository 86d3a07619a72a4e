"""``coupling study``: low-rank decompositions, their errors by rank, and the study page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coupling.cli.console import aligned, bar, tell
from coupling.cli.errors import FAILED, says_what_is_wrong
from coupling.cli.options import may_overwrite, with_options
from coupling.conventions import ANTISYMMETRIC_GAUNT, GAUNT
from coupling.threads import one_thread

if TYPE_CHECKING:
    from coupling.lowrank.problems import Problem
    from coupling.lowrank.records import Record

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)

SEARCH = (
    click.option("--max-rank", type=click.IntRange(1), help="Ranks 1 to R.  [default: 6; for whole, up to generic]"),
    click.option("--rank", "ranks", type=click.IntRange(1), multiple=True, help="These ranks instead.  Repeatable."),
    click.option("--starts", type=click.IntRange(1), help="Starts for each rank.  [default: 256, or 16 for whole]"),
    click.option("--seconds", type=float, help="Time for each rank; it ends the starts early."),
    click.option("--seed", type=int, default=0, show_default=True, help="Seed of the starts."),
    click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Number of processes."),
    click.option("--complex", "complex_factors", is_flag=True, help="Let factors be complex: sometimes a rank less."),
    click.option("--store", type=FOLDER, help="Folder of results, to go on later."),
    click.option("--chart", type=FILE, help="Draw error against rank: a PNG or SVG file."),
    may_overwrite,
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
    click.option("--direct", is_flag=True, help="Decompose N itself instead of w/N."),
)


@click.group(
    short_help="Errors of low-rank decompositions, by rank.",
    epilog="""\b
Examples:
  coupling study gaunt --lmax 6 --max-rank 6
  coupling study bracket --lmax 4 --weights component --parity ooo
  coupling study matrix --lmax 3 --spin 2 --parity even
  coupling study whole --lmax 2 --workers 2 --store results --chart whole.png
  coupling study whole --lmax 1 --weights free
  coupling study verify results/*.safetensors
  coupling study page --folder docs/study
""",
)
@click.pass_context
def study(context: click.Context) -> None:
    """Search sums of few products, print and draw their errors by rank, and verify what was found.

    gaunt, bracket, matrix, family: the normalizations w/N of a family, whose rank is the number of its products that
    simulate a Clebsch-Gordan product; errors are those of the weights of its paths.  whole: the coupling tensor of all
    paths.  Each process has one thread of linear algebra: its matrices are small.
    """
    context.with_resource(one_thread())


@study.command()
@with_options(*FAMILY, *SEARCH)
@says_what_is_wrong
def gaunt(**options: Any) -> None:
    """Even paths, by Gaunt products."""
    study_family(GAUNT, GAUNT, spin=None, **options)


@study.command()
@with_options(*FAMILY, *SEARCH)
@says_what_is_wrong
def bracket(**options: Any) -> None:
    """Odd paths, by brackets: antisymmetric Gaunt products."""
    study_family("bracket", ANTISYMMETRIC_GAUNT, spin=None, **options)


@study.command()
@click.option("--spin", metavar="SPIN", required=True, help="The spin of the matrices: 1/2, 1, 3/2, ...")
@with_options(*FAMILY, *SEARCH)
@says_what_is_wrong
def matrix(**options: Any) -> None:
    """All paths, by products of matrices of a spin."""
    from coupling.numbers.normalizations import MATRIX

    study_family(MATRIX, MATRIX, **options)


@study.command("family")
@click.argument("name", metavar="FAMILY")
@with_options(*FAMILY, *SEARCH)
@says_what_is_wrong
def any_family(name: str, **options: Any) -> None:
    """The normalizations of any family, such as gradient_dot."""
    study_family(name, name, spin=None, **options)


@study.command()
@click.option("--lmax", type=click.IntRange(1, 6), default=2, show_default=True, help="Degrees up to L.")
@click.option(
    "--parity", type=click.Choice(["all", "even", "odd"]), default="all", show_default=True, help="Paths by l1+l2+l3."
)
@click.option(
    "--weights",
    type=click.Choice(["unit", "matrix", "free"]),
    default="unit",
    show_default=True,
    help="Weights of the paths: 1; those of matrices of spin L/2; or variables of the search.",
)
@with_options(*SEARCH)
@says_what_is_wrong
def whole(**options: Any) -> None:
    """The coupling tensor of all paths, (L+1)² per side."""
    from coupling.cli.study_whole import print_whole
    from coupling.lowrank.records import LEGEND

    check_chart(options)
    found = print_whole(options | {"starts": options["starts"] or 16})
    click.echo(aligned(LEGEND))
    show({"whole coupling tensor": found}, options["chart"], options["force"])


@study.command()
@click.option("--lmax", type=click.IntRange(1, 5), default=5, show_default=True, help="Degrees up to L.")
@says_what_is_wrong
def constructed(lmax: int) -> None:
    """Multiply out the constructed terms of the whole tensor, as surds; exit status 1 where an entry differs."""
    from coupling.cli.study_whole import constructed_table

    text, exact = constructed_table(lmax)
    click.echo(aligned(text))
    if not exact:
        raise click.exceptions.Exit(FAILED)


@study.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@says_what_is_wrong
def verify(files: Sequence[Path]) -> None:
    """Check stored results, and files of factors, in exact arithmetic; exit status 1 when a claim does not hold."""
    from coupling.files import TableError
    from coupling.lowrank.store import read_any
    from coupling.lowrank.verification import false_claims

    failed = 0
    for file in files:
        try:
            records = read_any(file)
        except TableError as error:
            click.echo(f"{file.name}: refused: {error}")
            failed += 1
            continue
        for record in records:
            wrong = false_claims(record)
            claim = f"error {record.error:.3e}{', exact: proved' if record.proved else ''}"
            name = f"{file.name}: {record.name}, rank {record.rank}: "
            click.echo(name + ("; ".join(wrong) if wrong else f"verified, {claim}"))
            failed += bool(wrong)
    if failed:
        raise click.exceptions.Exit(FAILED)


@study.command()
@click.option("--folder", type=FOLDER, default=Path("study"), show_default=True, help="Where it is written.")
@click.option("--store", type=FOLDER, help="Folder of results.  [default: results in the folder]")
@click.option("--size", type=click.Choice(["small", "full"]), default="full", show_default=True, help="Size of study.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Number of processes.")
@click.option("--fresh", is_flag=True, help="Do not begin with what the shipped factors have.")
@may_overwrite
@says_what_is_wrong
def page(folder: Path, store: Path | None, size: str, workers: int, fresh: bool, force: bool) -> None:
    """Write the study page: all tables and pictures, half an hour on two cores; small: two minutes."""
    from coupling.cli.study_page import write_study_page

    write_study_page(folder, store or folder / "results", size == "full", workers, fresh, force)


def study_family(name: str, family: str, **options: Any) -> None:
    """Print and draw the errors of the normalizations of a family: for each degree limit, and variants of the last."""
    from coupling.lowrank.records import LEGEND, errors_by_rank, worst_by_rank

    check_chart(options)
    lmax = options["lmax"]
    options["starts"] = options["starts"] or 256
    limits = {f"L = {l}": p for l in range(1, lmax + 1) if (p := family_problem(family, l, options))}
    if not limits:
        raise ValueError(f"no path of {name} with parity {options['parity']} has degrees up to {lmax}")
    found = run_problems(limits | (others := variants(family, lmax, options)), options)
    by_limit, by_variant = ({label: found[label] for label in part} for part in (limits, others))
    click.echo(f"Relative error by rank; {next(iter(limits.values())).measure}.\n{aligned(LEGEND)}\n")
    click.echo(aligned(errors_by_rank(by_limit, "degrees")))
    click.echo(f"\nVariants at L = {lmax}\n\n{aligned(errors_by_rank(by_variant, 'paths, signs'))}")
    click.echo(f"\nLargest error of a path at L = {lmax}\n\n{aligned(worst_by_rank(by_variant, 'paths, signs'))}\n")
    panels = {f"{name}, degrees up to L": by_limit, f"{name}, variants at L = {lmax}": by_variant}
    show(panels, options["chart"], options["force"])


def family_problem(family: str, lmax: int, options: Mapping[str, Any], **changes: str) -> Problem | None:
    """Return the problem that the options describe, or None where it has no path."""
    from coupling.cli.value import parse_number
    from coupling.lowrank.problems import normalization_problem

    wanted = {key: options[key] for key in ("parity", "signs", "weights")} | changes
    spin = parse_number(options["spin"]) if options["spin"] else None
    try:
        box = (lmax, lmax, 2 * lmax if options["double"] else lmax)
        return normalization_problem(family, box, **wanted, inverse=not options["direct"], j=spin)
    except ValueError as error:
        if "no path" in str(error):
            return None
        raise


def variants(family: str, lmax: int, options: Mapping[str, Any]) -> dict[str, Problem]:
    """Return the problems of one degree limit with real, complex and no signs, and of the parity classes.

    Of classes that are the same up to the order of the slots only the first is kept.
    """
    from coupling.lowrank.problems import CLASSES, same
    from coupling.numbers.normalizations import parities_and_bases

    found: dict[str, Problem] = {}
    kinds, bases = parities_and_bases(family)
    for kind in kinds:
        wanted = [(kind, sign) for sign in (*bases, "absolute")] + [(name, "absolute") for name in CLASSES[kind]]
        for parity, sign in wanted:
            problem = family_problem(family, lmax, options, parity=parity, signs=sign)
            if problem and not any(same(problem, other) for other in found.values()):
                found[f"{parity}, {sign}" if parity == kind else parity] = problem
    return found


def run_problems(problems: Mapping[str, Problem], options: Mapping[str, Any]) -> dict[str, list[Record]]:
    """Return the results of all ranks of the problems; a bar on the error stream shows how far that is.

    A problem with the numbers of an earlier one, such as the even paths beside all paths of a family that has no
    others, gets the results of that one.
    """
    from coupling.lowrank.by_rank import study as search

    names = ("starts", "seed", "seconds", "workers", "complex_factors", "store")
    chosen = {name: options[name] for name in names}
    ranks = sorted(options["ranks"] or range(1, (options["max_rank"] or 6) + 1))
    found: dict[str, list[Record]] = {}
    with bar(len(problems) * len(ranks)) as drawn:
        for number, (label, problem) in enumerate(problems.items()):

            def progress(rank: int, starts: int, of: int, best: float, label: str = label, first: int = number) -> None:
                done = first * len(ranks) + ranks.index(rank)
                drawn.update(done - drawn.pos, f"{label}, R = {rank}: {starts} of {of} starts, {best:.1e}")

            earlier = next((found[name] for name in found if problems[name].objective.same_as(problem.objective)), None)
            found[label] = earlier or search(problem, ranks, **chosen, progress=progress, tell=tell)
            drawn.update((number + 1) * len(ranks) - drawn.pos, label)
    return found


def check_chart(options: Mapping[str, Any]) -> None:
    """Refuse, before the search, a chart that could not be written after it."""
    from coupling.plots.style import require_picture

    if options["chart"]:
        require_picture(options["chart"], options["force"])


def show(panels: Mapping[str, Mapping[str, list[Record]]], file: Path | None, force: bool = False) -> None:
    """Draw error against rank: as text, and into a file if one is named."""
    from coupling.lowrank.records import drawn, error_curves

    for title, studies in panels.items():
        click.echo(f"{title}: relative error against rank\n{drawn(studies)}\n")
    if file:
        from coupling.plots import save_errors

        save_errors(file, error_curves(panels), "rank R", force=force)
