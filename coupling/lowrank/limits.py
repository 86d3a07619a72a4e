"""Studies of one family for several degree limits, and of siblings, each helped by the others.

Degree limits are searched in rising order; what was found for the one before grows and begins another fit.  In the end,
from the largest limit down and up again, every result is compared with what its neighbours lead to.  Siblings are
compared with one another: :mod:`coupling.lowrank.siblings`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from coupling.lowrank.by_rank import Effort, from_next_ranks, improved, study, until_exact
from coupling.lowrank.factors import Factors
from coupling.lowrank.problems import Problem
from coupling.lowrank.records import Record
from coupling.lowrank.siblings import as_sibling
from coupling.lowrank.store import keep

#: Times that all results are compared, down and up; less where nothing gets better.
SWEEPS = 3

#: Called with the name of a problem, the rank, its starts that are done, their number, the best error so far.
LimitProgress = Callable[[str, int, int, int, float], None]


def study_limits(
    problems: Mapping[str, Problem],
    ranks: Iterable[int],
    *,
    store: Path | None = None,
    progress: LimitProgress | None = None,
    tell: Callable[[str], object] = warnings.warn,
    **options: Any,
) -> dict[str, list[Record]]:
    """Return the results of :func:`coupling.lowrank.study` for problems of one kind with rising degree limits.

    options: starts, seed, seconds, workers and complex_factors.  The same options give the same results.

    >>> from coupling.lowrank.problems import normalization_problem
    >>> found = study_limits({str(l): normalization_problem("gaunt", l) for l in (2, 3)}, [1, 2], starts=8)
    >>> [[round(record.error, 3) for record in records] for records in found.values()]
    [[0.047, 0.0], [0.06, 0.0]]
    """
    ranks, found = list(ranks), {}
    before: dict[int, Factors] = {}
    for name, problem in problems.items():

        def step(*words: Any, name: str = name) -> None:
            if progress is not None:
                progress(name, *words)

        found[name] = study(problem, ranks, store=store, guesses=before, progress=step, tell=tell, **options)
        before = factors_by_rank(found[name])
    effort = Effort(**{f.name: options[f.name] for f in fields(Effort) if f.name in options})
    return continued(problems, found, effort, store)


def factors_by_rank(records: Iterable[Record]) -> dict[int, Factors]:
    """Return the factors of results by rank."""
    return {record.rank: record.factors for record in records}


def continued(
    problems: Mapping[str, Problem], found: Mapping[str, list[Record]], effort: Effort, store: Path | None = None
) -> dict[str, list[Record]]:
    """Return results for rising degree limits, each at least as good as what its neighbours lead to.

    A result is compared with the cut of that of the next larger degree limit and with the growth of that of the next
    smaller one; where one of a degree limit gets better, all of it are compared with those of the next rank without a
    term.  With a folder as store, those that are better are written there.

    >>> from coupling.lowrank import load_factors
    >>> from coupling.lowrank.problems import from_spec
    >>> some = [record for record in load_factors("gaunt") if record.rank == 1 and record.spec["lmax"][0] in (3, 4)]
    >>> problems = {record.name: from_spec(record.spec) for record in some}
    >>> again = continued(problems, {record.name: [record] for record in some}, Effort(starts=1))
    >>> [one[0] is record for one, record in zip(again.values(), some)]
    [True, True]
    """
    tables = {name: {record.rank: record for record in records} for name, records in found.items()}
    down = [(small, large) for small, large in pairwise(problems)][::-1]
    tried: set[tuple[Record, Record]] = set()
    for _ in range(SWEEPS):
        changed: dict[str, list[Record]] = {}
        for name, other in down + [(large, small) for small, large in reversed(down)]:
            better = list(_from_other(problems[name], tables[name], tables[other], _as_it_is, effort, tried))
            changed[name] = changed.get(name, []) + better
        for name in (name for name, some in changed.items() if some):
            changed[name] += from_next_ranks(problems[name], tables[name], effort)
        for record in (record for some in changed.values() for record in some if store is not None):
            keep(record, store)  # type: ignore[arg-type]
        if not any(changed.values()):
            break
    return {name: until_exact(table) for name, table in tables.items()}


def continued_siblings(
    problems: Mapping[str, Problem],
    found: Mapping[str, Sequence[Record]],
    effort: Effort,
    store: Path | None = None,
    fixed: Collection[str] = (),
) -> dict[str, list[Record]]:
    """Return results of problems, each at least as good as what its siblings lead to; those named as fixed stay.

    Where one of a problem gets better, all of it are compared with those of the next rank without a term.  With a
    folder as store, those that are better are written there.

    >>> from coupling.lowrank import shipped, study
    >>> from coupling.lowrank.problems import normalization_problem
    >>> problems = {weights: normalization_problem("gaunt", 6, weights=weights) for weights in ("component", "unit")}
    >>> weak = study(problems["component"], [3], starts=1, seed=2)
    >>> found = continued_siblings(problems, {"component": weak, "unit": [shipped("gaunt", 6, 3)]}, Effort(starts=1))
    >>> weak[0].error > 2 * found["component"][0].error, round(found["component"][0].error, 4)
    (True, 0.0011)
    """
    tables = {name: {record.rank: record for record in records} for name, records in found.items()}
    tried: set[tuple[Record, Record]] = set()
    for _ in range(SWEEPS):
        changed = False
        for name in (name for name in tables if name not in fixed):
            better = [
                record
                for other in tables
                if other != name
                for record in _from_other(
                    problems[name],
                    tables[name],
                    tables[other],
                    partial(as_sibling, problems[name], problems[other]),
                    effort,
                    tried,
                )
            ]
            if better:
                better += from_next_ranks(problems[name], tables[name], effort)
            for record in better if store is not None else ():
                keep(record, store)  # type: ignore[arg-type]
            changed = changed or bool(better)
        if not changed:
            break
    return {name: until_exact(table) for name, table in tables.items()}


def _as_it_is(factors: Factors) -> Factors:
    return factors


def _from_other(
    problem: Problem,
    table: dict[int, Record],
    other: Mapping[int, Record],
    guess: Callable[[Factors], Factors | None],
    effort: Effort,
    tried: set[tuple[Record, Record]],
) -> Iterable[Record]:
    """Replace results by what those of another problem lead to, where that is better, and yield these."""
    for rank in sorted(table.keys() & other.keys()):
        if (table[rank], other[rank]) in tried:
            continue
        tried.add((table[rank], other[rank]))
        begin = guess(other[rank].factors)
        record = table[rank] if begin is None else improved(problem, table[rank], begin, effort)
        if record is not table[rank]:
            table[rank] = record
            yield record
