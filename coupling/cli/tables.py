"""``coupling build`` and ``coupling merge``: build table files from requests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coupling.cli.console import progress_bar
from coupling.cli.errors import FAILED, says_what_is_wrong
from coupling.cli.options import may_overwrite, with_options
from coupling.cli.value import parse_number
from coupling.conventions import FAMILIES
from coupling.quoted import quoted

if TYPE_CHECKING:
    from coupling.files import Kind
    from coupling.files.catalogue import Outcome
    from coupling.tables.request import Request

COLUMNS = "{:<16} {:>8} {:>12} {:>10} {:>10} {:>14} {:>8}  {}"
ARRAY_COLUMNS = "{:<24} {:>12} {:>14} {:>8}  {}"
HEADER = ("table", "paths", "non-zeros", "sym. zeros", "acc. zeros", "bytes", "seconds", "checks")


#: The arguments that describe a table: request files, or the same keys as options.
describes_a_request = with_options(
    click.argument("requests", nargs=-1, type=click.Path(path_type=Path), metavar="[REQUEST.toml]..."),
    click.option("--lmax", metavar="L or L1,L2,L3", help="The largest degree, or one per slot."),
    click.option("--basis", type=click.Choice(["real", "complex"]), help="Basis of the harmonics.  [default: real]"),
    click.option(
        "--families",
        metavar="A,B,...",
        help=f"{', '.join(FAMILIES)} or others.  [default: those of the four that have such paths]",
    ),
    click.option(
        "--parity",
        type=click.Choice(["all", "even", "odd"]),
        help="Paths: all, or even or odd l1+l2+l3.  [default: all]",
    ),
    click.option("--half-integers", is_flag=True, help="Half-integer degrees as well; in the complex basis."),
    click.option(
        "--output", "-o", type=click.Path(path_type=Path), metavar="PATH", help="Folder, or NAME.safetensors."
    ),
)


@click.command(
    short_help="Build tables from request files or options, or all that are shipped.",
    epilog="""\b
Examples:
  coupling build --all                            what this repository ships
  coupling build --lmax 8 --basis real            real-l8.safetensors, here
  coupling build my-table.toml --output tables/
  coupling build --lmax 32 --workers 8
  coupling build --lmax 5/2 --basis complex --half-integers     complex-half-l2.5.safetensors
  coupling build --lmax 64 --shard 3/16           one of 16 jobs; when all are done: coupling merge --lmax 64

Interrupt it at any time: the same command resumes, and the bytes are the same.
""",
)
@describes_a_request
@click.option("--all", "everything", is_flag=True, help="Every request of tables/requests; write manifest and picture.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Number of threads.")
@click.option("--shard", metavar="K/N", help="Build only the parts i with i mod N = K, 0 <= K < N; merge them later.")
@click.option("--force", is_flag=True, help="Build again what is up to date, and write over any file.")
@click.option("--check", "checked", is_flag=True, help="Check what was built (as --all does).")
@says_what_is_wrong
def build(everything: bool, workers: int, shard: str | None, force: bool, checked: bool, **what: Any) -> None:
    """Build tables from request files, from options, or all that are shipped.

    A finished table is kept; a table that is large is built in parts, so that it can be interrupted and spread over
    threads and over machines.  The same request gives the same bytes.

    The summary counts the entries that the selection rules allow: non-zeros, zeros by symmetry (odd l1+l2+l3, two
    equal columns), and accidental zeros.  Zeros are not stored.
    """
    if everything:
        if any(what.values()) or shard:
            raise ValueError("--all takes no request, no request options, no --output and no --shard")
        _build_all(workers, force)
    elif shard:
        _build_shards(_targets(**what), *_shard(shard), workers, force)
    else:
        _build(_targets(**what), workers, force, checked)


@click.command(
    short_help="Merge the parts that `coupling build --shard` has built.",
    epilog="""\b
Examples:
  coupling merge --lmax 64
  coupling merge my-table.toml --output tables/
""",
)
@describes_a_request
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Number of threads.")
@may_overwrite
@says_what_is_wrong
def merge(workers: int, force: bool, **what: Any) -> None:
    """Merge the parts that `coupling build --shard` has built, for the same request and output.

    Every part is computed again and compared, bit by bit.
    """
    from coupling.tables import merge as merge_parts

    for request, target in _targets(**what):
        table = merge_parts(request, target, workers=workers, force=force)
        click.echo(f"{target}: {table!r}")


def _targets(
    requests: tuple[Path, ...],
    lmax: str | None,
    basis: str | None,
    families: str | None,
    parity: str | None,
    half_integers: bool,
    output: Path | None,
) -> list[tuple[Request, Path]]:
    """Return the requests and the file of each; all are checked before anything is written."""
    from coupling.files.container import file_name
    from coupling.tables.request import Request
    from coupling.tables.request_file import read_request

    chosen = re.split(r",(?=[A-Za-z])", families) if families else None  # a comma between numbers is part of a name
    options = {"basis": basis, "parity": parity, "families": chosen, "half_integers": half_integers}
    given = {key: value for key, value in options.items() if value}
    if requests and (lmax or given):
        raise ValueError("give request files, or --lmax with further options, not both")
    if not requests and not lmax and not given:
        raise ValueError("nothing to build: give request files, --lmax, or --all")
    if not requests and not lmax:
        raise ValueError("--lmax is missing: the largest degree, as in --lmax 8, or one per slot, as in --lmax 4,4,8")
    wanted = [read_request(file) for file in requests] or [Request(lmax=_lmax(lmax or "", half_integers), **given)]  # type: ignore[arg-type]
    if output is not None and output.suffix not in ("", ".safetensors") and not output.is_dir():
        others = "`coupling export` writes npz, csv, json, C and Python"
        raise ValueError(
            f"--output is a folder that is there, a new one without a dot, or NAME.safetensors ({others}); got {output}"
        )
    if output is None or output.suffix != ".safetensors":
        return [(request, (output or Path()) / file_name(request.name)) for request in wanted]
    if len(wanted) > 1:
        raise ValueError(f"--output {output} is one file, there are {len(wanted)} requests: give a folder")
    return [(wanted[0], output)]


def _lmax(text: str, half_integers: bool) -> Any:
    if half_integers:
        numbers = [parse_number(part) for part in text.split(",")]
        return numbers[0] if len(numbers) == 1 else numbers
    if not re.fullmatch(r"\d{1,9}(,\d{1,9},\d{1,9})?", text, re.ASCII):
        halves = "; with --half-integers also 5/2" if re.search(r"[/.]", text) else ""
        raise ValueError(f"--lmax is a degree, as in 8, or three, as in 4,4,8{halves}; got {quoted(text)}")
    degrees = [int(l) for l in text.split(",")]
    return degrees[0] if len(degrees) == 1 else degrees


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text, re.ASCII)
    if not match or int(match[1]) >= int(match[2]):
        raise ValueError(f"--shard is K/N with 0 <= K < N, as in 0/4 … 3/4; got {quoted(text)}")
    return int(match[1]), int(match[2])


def _build_shards(targets: list[tuple[Request, Path]], shard: int, shards: int, workers: int, force: bool) -> None:
    from coupling.tables.builder import build_shard, shard_entries

    for request, target in targets:
        with progress_bar(request.name, shard_entries(request, shard, shards)) as count:
            built = build_shard(request, target, shard, shards, workers=workers, force=force, progress=count)
        click.echo(f"{target}: shard {shard}/{shards} is complete, {built} built now")


def _build(targets: list[tuple[Request, Path]], workers: int, force: bool, checked: bool) -> None:
    click.echo(COLUMNS.format(*HEADER))
    outcomes = [_build_table(*target, workers, force, checked) for target in targets]
    for outcome in outcomes:
        click.echo(f"file  {_shown(outcome.file)} ({'written' if outcome.built else 'unchanged'})")
    fail_if_any_failed(outcomes)


def _build_table(
    request: Request, file: Path, workers: int, force: bool, checked: bool, shipped: bool = False
) -> Outcome:
    """Build a table unless it is up to date, check it if wanted, and print its line."""
    from coupling.files.catalogue import build_one
    from coupling.tables import build
    from coupling.tables.builder import allowed_entries
    from coupling.tables.check import check
    from coupling.tables.reader import KIND

    with progress_bar(request.name, allowed_entries(request)) as heard:
        outcome = build_one(
            KIND, request, file, (lambda table, built: check(table)) if checked else None, force=force,
            same=(lambda: build(request, workers=workers).held) if shipped else None, workers=workers, progress=heard,
        )  # fmt: skip
    click.echo(summary(outcome))
    return outcome


def _build_all(workers: int, force: bool) -> None:
    from coupling.files import table_folder
    from coupling.files.catalogue import write_manifest
    from coupling.files.container import file_name
    from coupling.tables.request_file import read_requests

    folder = table_folder()
    if not (folder.parent / "pyproject.toml").is_file():
        raise ValueError("--all builds what the repository ships: run it in a checkout; `coupling load` gets one table")
    click.echo(COLUMNS.format(*HEADER))
    files = [(request, folder / "data" / file_name(request.name)) for request in read_requests(folder)]
    tables = [_build_table(*target, workers, force, checked=True, shipped=True) for target in files]
    others = [_build_listed(kind, folder, force) for kind in ("arrays", "bases")]
    fail_if_any_failed(tables)
    changed = write_manifest(folder, *([one.entry for one in each] for each in (tables, *others)), force=force)
    click.echo(f"\nmanifest  {_shown(folder / 'manifest.json')} ({'written' if changed else 'unchanged'})")
    _picture(folder / "data" / "coupling-structure.png", any(outcome.built for outcome in tables), force)


def _build_listed(name: str, folder: Path, force: bool) -> list[Outcome]:
    """Build what is shipped of a kind whose names stand for requests, in ``<name>.toml``; print a line for each."""
    from coupling.files import kind_named
    from coupling.files.catalogue import build_one, shipped_names
    from coupling.files.container import file_name

    kind: Any = kind_named(name)
    click.echo("\n" + ARRAY_COLUMNS.format(name, "numbers", "bytes", "seconds", "checks"))
    outcomes = []
    for request in map(partial(_named, kind), shipped_names(folder, kind.listed)):
        file, same = folder / "data" / file_name(request.name), lambda: kind.call("build", request).held  # noqa: B023
        rebuilt = lambda value, built: kind.call("check", value, rebuilt=not built)  # noqa: E731 - not what is new
        outcomes.append(build_one(kind, request, file, rebuilt, force=force, same=same))
        click.echo(arrays_summary(outcomes[-1]))
    fail_if_any_failed(outcomes)
    return outcomes


def _named(kind: Kind, name: str) -> Any:
    request = kind.named(name)
    if request is None:
        raise ValueError(kind.unknown.format(name=quoted(name), shipped=f"those of {kind.listed}.toml"))
    return request


def _picture(file: Path, stale: bool, force: bool) -> None:
    drawn = stale or not file.exists()
    if drawn:
        from coupling.plots import save_structure

        save_structure(file, force=force)
    click.echo(f"picture   {_shown(file)} ({'drawn' if drawn else 'unchanged'})")


def _shown(file: Path) -> Path:
    """Return a path as seen from here when it is below."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def summary(outcome: Outcome) -> str:
    """Return the line of a table in the summary."""
    counts = outcome.value.metadata["counts"]
    numbers = (counts["paths"], counts["entries"], counts["symmetry_zeros"], counts["accidental_zeros"], outcome.bytes)
    seconds = f"{outcome.seconds:.2f}" if outcome.built else "kept"
    return COLUMNS.format(
        outcome.value.request.name, *(f"{n:,}".replace(",", " ") for n in numbers), seconds, _passed(outcome)
    )


def arrays_summary(outcome: Outcome) -> str:
    """Return the line of a file of arrays, or of bases, in the summary."""
    numbers = sum(array.size for array in outcome.value.held.values()), outcome.bytes
    columns = (f"{n:,}".replace(",", " ") for n in numbers)
    seconds = f"{outcome.seconds:.2f}" if outcome.built else "kept"
    return ARRAY_COLUMNS.format(outcome.value.request.name, *columns, seconds, _passed(outcome))


def _passed(outcome: Outcome) -> str:
    checks = outcome.report.checks if outcome.report else ()
    return f"{sum(check.passed for check in checks)} of {len(checks)} passed" if checks else "not checked"


def fail_if_any_failed(outcomes: Sequence[Outcome]) -> None:
    """Print the reports that have failed and end with exit status 1 if there are any."""
    failed = [outcome.report for outcome in outcomes if outcome.report and not outcome.report.passed]
    for report in failed:
        click.echo(f"\n{report!r}", err=True)
    if failed:
        raise click.exceptions.Exit(FAILED)
