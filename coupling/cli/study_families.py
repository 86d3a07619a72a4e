"""``coupling study gaunt``, ``bracket``, ``matrix``, ``vector`` and ``family``: the searches for one family."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from coupling.cli.console import aligned, bar, tell
from coupling.cli.study_options import ranks_of
from coupling.cli.value import parse_number
from coupling.lowrank.by_rank import study
from coupling.lowrank.limits import study_limits
from coupling.lowrank.problems import CLASSES, Problem, normalization_problem, same
from coupling.lowrank.records import LEGEND, Record, errors_by_rank, worst_by_rank
from coupling.lowrank.shifts import shifts_of
from coupling.numbers.normalizations import parities_and_bases


def print_family(name: str, family: str, options: Mapping[str, Any]) -> dict[str, dict[str, list[Record]]]:
    """Print the errors of the normalizations of a family, for each degree limit, and variants of the last; return the
    panels of their picture."""
    lmax, limits = options["lmax"], family_limits(name, family, options)
    found = run_problems(limits, others := variants(family, lmax, options), options)
    by_limit, by_variant = ({label: found[label] for label in part} for part in (limits, others))
    click.echo(f"Relative error by rank; {next(iter(limits.values())).measure}.\n{aligned(LEGEND)}\n")
    click.echo(aligned(errors_by_rank(by_limit, "degrees")))
    click.echo(f"\nVariants at L = {lmax}\n\n{aligned(errors_by_rank(by_variant, 'paths, signs'))}")
    click.echo(f"\nLargest error of a path at L = {lmax}\n\n{aligned(worst_by_rank(by_variant, 'paths, signs'))}\n")
    return {f"{name}, degrees up to L": by_limit, f"{name}, variants at L = {lmax}": by_variant}


def family_limits(name: str, family: str, options: Mapping[str, Any]) -> dict[str, Problem]:
    """Return the problem of each degree limit that has a path."""
    lmax = options["lmax"]
    limits = {f"L = {l}": p for l in range(1, lmax + 1) if (p := family_problem(family, l, options))}
    if not limits:
        raise ValueError(f"no path of {name} with parity {options['parity']} has degrees up to {lmax}")
    return limits


def family_problem(family: str, lmax: int, options: Mapping[str, Any], **changes: str) -> Problem | None:
    """Return the problem that the options describe, or None where it has no path."""
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
    found: dict[str, Problem] = {}
    kinds, bases = (("all",), ("real",)) if shifts_of(family) else parities_and_bases(family)
    for kind in kinds:
        wanted = [(kind, sign) for sign in (*bases, "absolute")] + [
            (name, "absolute") for name in CLASSES.get(kind, ())
        ]
        for parity, sign in wanted:
            problem = family_problem(family, lmax, options, parity=parity, signs=sign)
            if problem and not any(same(problem, other) for other in found.values()):
                found[f"{parity}, {sign}" if parity == kind else parity] = problem
    return found


def run_problems(
    limits: Mapping[str, Problem], others: Mapping[str, Problem], options: Mapping[str, Any]
) -> dict[str, list[Record]]:
    """Return the results of all ranks, of degree limits that help each other and of other problems; a bar on the error
    stream shows how far that is.

    A problem with the numbers of an earlier one, such as the even paths beside all paths of a family that has no
    others, gets the results of that one.
    """
    names = ("starts", "seed", "seconds", "workers", "complex_factors", "store")
    chosen = {name: options[name] for name in names}
    ranks, problems = ranks_of(options), {**limits, **others}
    places = {label: number * len(ranks) for number, label in enumerate(problems)}
    with bar(len(problems) * len(ranks)) as drawn:

        def progress(label: str, rank: int, starts: int, of: int, best: float) -> None:
            done = places[label] + ranks.index(rank)
            drawn.update(done - drawn.pos, f"{label}, R = {rank}: {starts} of {of} starts, {best:.1e}")

        found = study_limits(limits, ranks, **chosen, progress=progress, tell=tell)
        for label, problem in others.items():
            drawn.update(places[label] - drawn.pos, label)
            earlier = next((found[name] for name in found if problems[name].objective.same_as(problem.objective)), None)
            step = partial(progress, label)
            found[label] = earlier or study(problem, ranks, **chosen, progress=step, tell=tell)
        drawn.update(len(problems) * len(ranks) - drawn.pos, next(reversed(found)))
    return found
