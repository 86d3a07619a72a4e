"""Run tests in copies of the tree, each in a fork of a process that has imported the libraries but nothing of ours.

One line of JSON in for each run: {"tree", "tests", "deselect", "cpu", "near", "cost"}; one line out: {"failed",
"met", "complete", "seconds", "cost"}.  ``failed`` is the first test that failed, the test during which the process died
or did not end, or null.  Tests come in the order of their seconds, ``cost``, over their chance to see the fault: it
halves with every name between the test and the fault, ``near``.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
from typing import Any

LIBRARIES = (
    "click ducc0 jsonschema llvmlite.binding matplotlib.figure matplotlib.pyplot mpmath numba numpy.testing "
    "platformdirs pytest safetensors.numpy scipy.linalg scipy.optimize scipy.sparse scipy.spatial scipy.special "
    "sympy tensorly torch jax"
).split()
OF_A_TEST = 90  # seconds of the processor for one test, compilation included
UNKNOWN, LEAST = 0.5, 0.01  # seconds of a test that was not met before, and of the cheapest
FAR = 7  # names between the fault and a test of which nothing is known
SILENCE = 400  # seconds without any news: a deadlock
MEMORY = 12 << 30


class Watch:
    """A plugin that reports every test and stops when the time is used up."""

    def __init__(self, pipe: int, cpu: float, job: dict[str, Any]) -> None:
        self.pipe, self.cpu, self.near, self.cost = pipe, cpu, job["near"], job["cost"]

    def say(self, *words: str) -> None:
        os.write(self.pipe, (json.dumps(words) + "\n").encode())

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        def rank(item: Any) -> float:
            away = self.near.get(item.nodeid.split("[")[0], FAR)
            return 2.0**away * max(self.cost.get(item.nodeid, UNKNOWN), LEAST)

        items.sort(key=rank)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        signal.setitimer(signal.ITIMER_PROF, OF_A_TEST)  # by default the signal ends the process, in any code
        self.say("start", nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.say("failed", report.nodeid)
        elif report.when == "call":
            self.say("cost", report.nodeid, str(round(report.duration, 3)))

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.say("failed", report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        if sum(os.times()[:4]) > self.cpu:
            os._exit(0)

    def pytest_sessionfinish(self) -> None:
        self.say("complete", "")


def child(job: dict, pipe: int) -> None:
    """Become the process of the tests: only the copy is on the path."""
    import resource

    import pytest

    tree = job["tree"]
    os.setsid()
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.chdir(tree)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.environ.update(PYTHONPATH=tree, XDG_CACHE_HOME=f"{tree}/.cache", MPLBACKEND="Agg", OMP_NUM_THREADS="1")
    sys.path[:] = [tree, *(p for p in sys.path if p and not os.path.isdir(os.path.join(p, "coupling")))]
    sys.path_importer_cache.clear()
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={tree}", f"--basetemp={tree}/.tmp"]
    options += [word for name in job["deselect"] for word in ("--deselect", name)]
    pytest.main([*options, *job["tests"]], plugins=[Watch(pipe, sum(os.times()[:4]) + job["cpu"], job)])
    os._exit(0)


def follow(pipe: int, process: int) -> dict[str, Any]:
    """Read the news of a child until it ends or says nothing for too long."""
    met, failed, current, text, complete = 0, None, "", b"", False
    cost: dict[str, float] = {}
    while failed is None:
        ready, _, _ = select.select([pipe], [], [], SILENCE)
        news = os.read(pipe, 65536) if ready else b""
        if not news:
            ended = bool(ready)
            break
        *lines, text = (text + news).split(b"\n")
        for kind, nodeid, *rest in map(json.loads, lines):
            met, complete = met + (kind == "start"), complete or kind == "complete"
            cost |= {nodeid: float(rest[0])} if rest else {}
            current = nodeid if kind == "start" else current
            failed = nodeid if kind == "failed" and failed is None else failed
    else:
        ended = True
    with contextlib.suppress(ProcessLookupError):
        if failed is not None or not ended:
            os.killpg(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)  # what the tests started and left behind
    if failed is None and not ended:
        failed = f"{current} (no end)"
    if failed is None and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        failed = f"{current} ({'no end' if number == signal.SIGPROF else signal.Signals(number).name})"
    return {"failed": failed, "met": met, "complete": complete, "cost": cost}


def run(job: dict[str, Any]) -> dict[str, Any]:
    begin = time.monotonic()
    read, write = os.pipe()
    process = os.fork()
    if not process:
        try:
            os.close(read)
            child(job, write)
        finally:
            os._exit(70)
    os.close(write)
    try:
        return follow(read, process) | {"seconds": round(time.monotonic() - begin, 1)}
    finally:
        os.close(read)


def main() -> None:
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.update(MPLBACKEND="Agg", OMP_NUM_THREADS="1")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
