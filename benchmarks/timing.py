"""What is compared takes turns: CPU time of the calling thread, medians."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time

Runs = dict[str, Callable[[], object]]


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
