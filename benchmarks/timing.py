"""Programs in comparison take turns: CPU time of the calling thread, medians.  Wrong values get no time.

Every table of another program's speed gets its figures from :func:`told`, which wants the values of the same run.  A
program that seems wrong is first looked up in its own documentation: order of arguments, doubled degrees, conventions.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np
from numpy.typing import ArrayLike

Runs = dict[str, Callable[[], object]]

#: A value whose relative error is above this is wrong, not inaccurate.
WRONG = 1e-6
UNTIMED = "not timed"


def wrong(values: ArrayLike, exact: ArrayLike) -> int:
    """How many values are wrong or no numbers; for zero, what is not small beside the largest.

    >>> wrong([1.0, 2.0, np.nan, 1e-17], [1.0, 1.0, 1.0, 0.0]), wrong([1.0], [1.0, 2.0])
    (2, 2)
    """
    found, true = np.asarray(values), np.asarray(exact)
    if found.shape != true.shape:
        return true.size
    scale = np.where(true == 0, abs(true).max(initial=0), abs(true))
    return int(np.count_nonzero(~(abs(found - true) <= WRONG * scale)))


def told(number: int, *figures: str) -> tuple[str, ...]:
    """The figures of speed of a program, of whose values ``number`` are wrong: none unless all are right.

    >>> told(0, "1.5", "20"), told(1, "1.5", "20")
    (('1.5', '20'), ('not timed', 'not timed'))
    """
    return tuple(UNTIMED for _ in figures) if number else figures


def seconds(run: Callable[[], object], repeats: int = 1) -> float:
    """The CPU time of one call, of all threads; results are dropped at once, so that their memory is used again."""
    start = process_time()
    for _ in range(repeats):
        run()
    return (process_time() - start) / repeats


def compared(runs: Runs, turns: int = 9, least: float = 0.03) -> dict[str, float]:
    """The median seconds of each function, all in turn; a turn repeats what is short until ``least`` seconds.

    What takes more than a third of a second is called three times only.
    """
    repeats, left = {}, {}
    for name, run in runs.items():
        run()
        once = seconds(run)
        repeats[name] = max(1, int(least / max(once, 1e-7)))
        left[name] = turns if once < 0.3 else 3
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(turns):
        for name, run in runs.items():
            if turn < left[name]:
                times[name].append(seconds(run, repeats[name]))
    return {name: median(values) for name, values in times.items()}
