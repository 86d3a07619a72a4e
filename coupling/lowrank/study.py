"""Errors of a problem, rank by rank: every result kept as soon as it is there, so that a study can be resumed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from coupling.lowrank.decompose import Decomposition, decompose, tamest
from coupling.lowrank.exact import shared
from coupling.lowrank.factors import Factors
from coupling.lowrank.fit import EXACT
from coupling.lowrank.problems import Problem
from coupling.lowrank.records import Record, file_name, load, record_of, save

Report = Callable[[str], None]


def study(
    problem: Problem,
    ranks: Iterable[int],
    *,
    starts: int = 16,
    seed: int = 0,
    seconds: float | None = None,
    workers: int = 1,
    complex_factors: bool = False,
    store: Path | None = None,
    report: Report | None = None,
) -> list[Record]:
    """Return the best decomposition of each rank, in rising order, up to the first that is exact.

    starts, seed, seconds and workers are those of :func:`coupling.lowrank.decompose`, for each rank.  The first start
    of a rank goes on from the rank before, so that errors never rise.  Where the problem is symmetric,
    three of four starts keep factors equal.  With a folder as store, results are written there and taken from there
    when they were searched with at least as many starts; a time limit does not count against them.
    report gets one line for each result.

    >>> from coupling.lowrank.problems import normalization_problem
    >>> [(record.rank, record.exact) for record in study(normalization_problem("gaunt", 2), range(1, 4))]
    [(1, False), (2, True)]
    """
    records: list[Record] = []
    for rank in sorted(ranks):
        file = store / file_name(problem, rank, complex_factors) if store else None
        record = known(file, starts, seed)
        if record is None:
            guess = records[-1].factors if records else None
            found = search(problem, rank, starts, seed, seconds, workers, complex_factors, guess)
            record = replace(record_of(problem, found, seed), starts=starts if seconds is None else len(found.errors))
            if file:
                file.parent.mkdir(parents=True, exist_ok=True)
                save(record, file)
        records.append(record)
        if report:
            report(f"{problem.name} rank {rank}: {record.error:.2e}")
        if record.exact:
            break
    return records


def known(file: Path | None, starts: int, seed: int) -> Record | None:
    """Return a stored result that no new search of this size would change; exact ones always count."""
    if file is None or not file.is_file():
        return None
    record = load(file)
    return record if record.exact or (record.starts >= starts and record.seed == seed) else None


def search(
    problem: Problem,
    rank: int,
    starts: int,
    seed: int,
    seconds: float | None,
    workers: int,
    complex_factors: bool,
    guess: Factors | None,
) -> Decomposition:
    """Return the best decomposition; where the problem is symmetric, three of four starts share factors."""
    shares = {(0, 1, 2): 1.0} if problem.ties == (0, 1, 2) else {problem.ties: 0.75, (0, 1, 2): 0.25}
    found: list[Decomposition] = []
    for ties, share in shares.items():
        found.append(
            decompose(
                problem.tensor,
                rank,
                problem.mask,
                problem.weights,
                starts=math.ceil(share * starts),
                seed=seed,
                ties=ties,
                complex_factors=complex_factors,
                seconds=None if seconds is None else share * seconds,
                workers=workers,
                guess=None if guess is None or shared(guess, ties) != ties else guess,
                measure=problem.measure,
            )
        )
        if found[-1].error < EXACT:
            break
    best = tamest([(one.error, one.certificate.growth, one) for one in found])
    return replace(best, errors=tuple(np.sort([error for one in found for error in one.errors]).tolist()))
