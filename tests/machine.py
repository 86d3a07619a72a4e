"""How slow the processor at hand is: limits of processor time are for a core that takes ``LOOP`` seconds for a loop."""

from __future__ import annotations

import time

#: Processor seconds of a million steps of the loop below on the core that limits of time are for.
LOOP = 0.08


def slowness() -> float:
    """Return how many times as long as there a loop takes here, at least 1: limits of time are multiplied by it.

    It is measured in this moment, since other machines on the same processor slow it down, for a while.
    """
    return max(1.0, min(_loop() for _ in range(3)) / LOOP)


def _loop() -> float:
    start, total = time.process_time(), 0
    for i in range(1_000_000):
        total += i * i % 7
    return time.process_time() - start
