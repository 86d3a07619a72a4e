"""``coupling study``: low-rank decompositions, their errors by rank, and the study page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coupling.cli.console import aligned
from coupling.cli.errors import FAILED, says_what_is_wrong
from coupling.cli.options import may_overwrite, with_options
from coupling.cli.study_options import FAMILY, FOLDER, SEARCH, SYMMETRY, ranks_of
from coupling.conventions import ANTISYMMETRIC_GAUNT, GAUNT
from coupling.threads import one_thread

if TYPE_CHECKING:
    from coupling.lowrank.records import Record


@click.group(
    short_help="Search low-rank decompositions, and print their errors by rank.",
    epilog="""\b
Examples:
  coupling study gaunt --lmax 6 --max-rank 6
  coupling study bracket --lmax 4 --weights component --parity ooo
  coupling study matrix --lmax 3 --spin 2 --parity even
  coupling study family gradient_dot --lmax 3
  coupling study vector --lmax 4 --max-rank 5
  coupling study signal --shifts=-1,0,1 --lmax 3
  coupling study joint --products gaunt+bracket --products vector --lmax 2
  coupling study whole --lmax 2 --workers 2 --store results --chart whole.png
  coupling study whole --lmax 1 --weights free
  coupling study whole --lmax 1 --weights free --symmetry tetrahedral --rank 7
  coupling study whole --lmax 1 --method ours --method parafac --method tucker
  coupling study verify results/*.safetensors --constructed
  coupling study page --folder docs/study
""",
)
@click.pass_context
def study(context: click.Context) -> None:
    """Search sums of few products, print and draw their errors by rank, and verify what was found.

    gaunt, bracket, matrix, vector, signal, family: the normalizations w/N of a product, whose rank is the number of its
    evaluations that simulate a Clebsch-Gordan product; errors are those of the weights of its paths.  joint: sums of
    several products.  whole: the coupling tensor of all paths.  Each process has one thread of linear algebra: its
    matrices are small.
    """
    context.with_resource(one_thread())


@study.command()
@with_options(*FAMILY, *SEARCH)
@says_what_is_wrong
def gaunt(**options: Any) -> None:
    """Simulate the weights of the even paths by few Gaunt products."""
    study_family(GAUNT, GAUNT, spin=None, **options)


@study.command()
@with_options(*FAMILY, *SEARCH)
@says_what_is_wrong
def bracket(**options: Any) -> None:
    """Simulate the weights of the odd paths by few brackets, antisymmetric Gaunt products."""
    study_family("bracket", ANTISYMMETRIC_GAUNT, spin=None, **options)


@study.command()
@click.option("--spin", metavar="SPIN", required=True, help="The spin of the matrices: 1/2, 1, 3/2, ...")
@with_options(*FAMILY, *SEARCH)
@says_what_is_wrong
def matrix(**options: Any) -> None:
    """Simulate the weights of all paths by few products of matrices of a spin."""
    from coupling.numbers.normalizations import MATRIX

    study_family(MATRIX, MATRIX, **options)


@study.command()
@with_options(*FAMILY, *SEARCH)
@says_what_is_wrong
def vector(**options: Any) -> None:
    """Simulate the weights of all paths but (0, 0, 0) by few single vector products."""
    from coupling.families.single_vector_product import FAMILY as SINGLE

    study_family("single vector product", SINGLE.name, spin=None, **options)


@study.command()
@click.option(
    "--shifts", metavar="S1,S2,S3", required=True, help="Shifts of inputs and output, -1, 0 or 1: --shifts=-1,0,1"
)
@with_options(*FAMILY, *SEARCH)
@says_what_is_wrong
def signal(shifts: str, **options: Any) -> None:
    """Simulate the paths of a general vector product between vector harmonics of three shifts."""
    from coupling.lowrank.shifts import SIGNAL, shifts_of

    if not shifts_of(f"{SIGNAL}:{shifts}"):
        raise click.UsageError(f"--shifts takes three of -1, 0 and 1, not all 0, as -1,0,1; got {shifts}")
    study_family(f"vector product {shifts}", f"{SIGNAL}:{shifts}", spin=None, **options)


@study.command()
@click.option(
    "--products",
    "sums",
    multiple=True,
    help="Products whose evaluations are added up, such as single+bracket.  Repeatable.  [default: eight sums]",
)
@click.option("--lmax", type=click.IntRange(1, 8), default=3, show_default=True, help="Degrees up to L.")
@click.option("--starts", type=click.IntRange(1), default=64, show_default=True, help="Starts for each split.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the starts.")
@says_what_is_wrong
def joint(sums: Sequence[str], lmax: int, starts: int, seed: int) -> None:
    """Search the fewest evaluations of several products that add up to all paths with weight 1.

    gaunt, bracket, single (the single vector product), gradient (the gradient-dot pairing) and vector (a general vector
    product, with three numbers for each degree of a slot).
    """
    from coupling.cli.study_joint import JOINT_LEGEND, SUMS, joint_results, joint_table

    found = joint_results([text.split("+") for text in sums] or SUMS, range(1, lmax + 1), starts, seed)
    click.echo(f"{aligned(JOINT_LEGEND)}\n\n{aligned(joint_table(found))}")


@study.command("family")
@click.argument("name", metavar="FAMILY")
@with_options(*FAMILY, *SEARCH)
@says_what_is_wrong
def any_family(name: str, **options: Any) -> None:
    """Decompose the normalizations of any family, such as gradient_dot."""
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
@with_options(*SEARCH, *SYMMETRY)
@says_what_is_wrong
def whole(**options: Any) -> None:
    """Decompose the coupling tensor of all paths, (L+1)² per side."""
    from coupling.cli.study_methods import others, print_methods
    from coupling.cli.study_whole import print_complex, print_whole, whole_problems
    from coupling.lowrank.free_weights import FREE_WEIGHTS
    from coupling.lowrank.records import LEGEND

    if others(options):
        print_methods(whole_problems(options), options, options["starts"] or 4)
        return
    check_chart(options)
    options["starts"] = options["starts"] or (64 if options["symmetry"] else 16)
    if options["weights"] == FREE_WEIGHTS and options["complex_factors"] and not options["symmetry"]:
        print_complex(options)
        return
    found = print_whole(options)
    click.echo(aligned(LEGEND))
    show({"whole coupling tensor": found}, options["chart"], options["force"])


@study.command()
@click.option("--lmax", type=click.IntRange(1, 5), default=5, show_default=True, help="Degrees up to L.")
@says_what_is_wrong
def constructed(lmax: int) -> None:
    """Multiply out the constructed terms of the whole tensor, as surds.

    Exit status 1 where an entry differs.
    """
    from coupling.cli.study_constructed import constructed_table

    text, exact = constructed_table(lmax)
    click.echo(aligned(text))
    if not exact:
        raise click.exceptions.Exit(FAILED)


@study.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--constructed", "computed", is_flag=True, help="Multiply out all constructed terms to degree 4 as well.")
@click.option("--bounds", is_flag=True, help="Compute the ranks behind the lower bounds of border ranks again.")
@says_what_is_wrong
def verify(files: Sequence[Path], computed: bool, bounds: bool) -> None:
    """Check stored results, and files of factors, in exact arithmetic.

    Exit status 1 when a claim does not hold.
    """
    from coupling.cli.study_constructed import verified_constructions
    from coupling.cli.study_verify import verified, verified_bounds

    if not (files or computed or bounds):
        raise click.UsageError("nothing to verify: give files of results, --constructed or --bounds")
    wrong, further = 0, (verified_constructions() if computed else (), verified_bounds() if bounds else ())
    for line, holds in chain(verified(files), *further):
        click.echo(line)
        wrong += not holds
    if wrong:
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
    """Write the study page with all tables and pictures.

    It takes half an hour on two cores; --size small takes two minutes.
    """
    from coupling.cli.study_page import write_study_page

    write_study_page(folder, store or folder / "results", size == "full", workers, fresh, force)


def study_family(name: str, family: str, **options: Any) -> None:
    """Print and draw the errors of the normalizations of a family."""
    from coupling.cli.study_families import family_limits, print_family
    from coupling.cli.study_methods import others, print_methods

    if others(options):
        limits = family_limits(name, family, options)
        print_methods({k: (one, ranks_of(options)) for k, one in limits.items()}, options, options["starts"] or 8)
        return
    check_chart(options)
    found = print_family(name, family, options | {"starts": options["starts"] or 256})
    show(found, options["chart"], options["force"])


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
