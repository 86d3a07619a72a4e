"""``coupling study joint``: how few evaluations of several products make all paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from coupling.cli.console import bar
from coupling.conventions import GAUNT
from coupling.lowrank.joint_search import JointResult, joint_study
from coupling.lowrank.records import number, table

#: The sums of the study page.
SUMS: tuple[tuple[str, ...], ...] = (
    (GAUNT, "bracket"),
    ("gradient", GAUNT, "bracket"),
    ("single",),
    ("single", GAUNT),
    ("single", "bracket"),
    ("single", GAUNT, "bracket"),
    ("vector",),
    ("vector", GAUNT, "bracket"),
)

JOINT_LEGEND = (
    "Fewest evaluations for which an exact sum is proved, with their split in the order of the products; ≥ a proved "
    "lower bound where it is smaller; + 1 the path (0, 0, 0), one multiplication.  Errors where none is exact."
)

Results = dict[str, dict[int, JointResult]]


def joint_results(sums: Iterable[Sequence[str]], limits: Sequence[int], starts: int, seed: int = 0) -> Results:
    """Return the last result of each sum of products and degree limit; a bar on the error stream shows the progress.

    >>> found = joint_results([("single",)], [1, 2], 8)
    >>> {limit: result.evaluations for limit, result in found["single"].items()}
    {1: 1, 2: 2}
    """
    found: Results = {}
    every = [tuple(names) for names in sums]
    with bar(len(every) * len(limits)) as drawn:
        for names in every:
            found["+".join(names)] = results = {}
            for lmax in limits:

                def progress(total: int, splits: int, names: Sequence[str] = names, lmax: int = lmax) -> None:
                    drawn.update(0, f"{'+'.join(names)}, L = {lmax}: {splits} splits of {total}")

                results[lmax] = joint_study(names, lmax, starts=starts, seed=seed, progress=progress)[-1]
                drawn.update(1)
    return found


def joint_table(found: Mapping[str, Mapping[int, JointResult]]) -> str:
    """Return the table of fewest evaluations: a line for each sum of products, a column for each degree limit."""
    limits = sorted({lmax for results in found.values() for lmax in results})
    rows = [
        [name, *(joint_cell(results[lmax]) if lmax in results else "" for lmax in limits)]
        for name, results in found.items()
    ]
    return table(["evaluations of", *(f"L = {lmax}" for lmax in limits)], rows)


def joint_cell(result: JointResult) -> str:
    """Return the number of evaluations of a result, its split and its lower bound.

    >>> from coupling.lowrank.joint_search import joint_study
    >>> joint_cell(joint_study(["gaunt", "bracket"], 2, starts=8)[-1])
    '3 = 2+1'
    """
    parts = "+".join(map(str, result.counts.values()))
    split = f" = {parts}" if len(result.counts) > 1 else ""
    lower = f", ≥ {result.lower}" if result.lower < result.evaluations else ""
    error = "" if result.proved else f" ({number(result.error)})"
    return f"{result.evaluations}{split}{' + 1' if result.lost else ''}{error}{lower}"
