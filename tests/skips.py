"""What is skipped is said in the last line, and under CI nothing is skipped that could be installed.

A reason that stands in RUN_ELSEWHERE says which command runs the test after all, or why no machine of CI can.  With
``CI=true`` every other skip fails.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

#: pattern of a reason → how it is named in the last line, who runs it
RUN_ELSEWHERE = {
    r"slow: pass --runslow": ("slow", "make test ARGS=--runslow"),
    r"(could not import|needs) '?(torch|jax|e3nn\.o3)\b": ("torch, JAX", "make test-interop"),
    r"could not import '(triton|cuda\.core|numba_cuda|nvidia\.cu13)|nvcc is not": (
        "CUDA",
        "its toolkit, .[cuda], triton",
    ),
    r"could not import 'e3nn_jax|'e3j\.|openequivariance is not": (
        "e3nn-jax, e3j, openequivariance",
        "in no environment of this project",
    ),
    r"with the convention .* is not installed": ("programs of the crosscheck", "make bench"),
    r"there is no kill -9|XDG_CACHE_HOME moves the cache": ("other systems", "Linux"),
    r"this disk has no files with holes": ("sparse files", "another disk"),
}
UNNEEDED = ("torch", "jax")  # coupling.interop has a folder for each


def reason_of(report: Any) -> str:
    """The reason of a skipped test or file, as it was written."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return " ".join(text.removeprefix("Skipped: ").split())


def known(reason: str) -> tuple[str, str] | None:
    """The name of a reason and who runs it; nothing else than torch may be missing where torch is installed."""
    for pattern, (name, runner) in RUN_ELSEWHERE.items():
        if re.search(pattern, reason):
            here = runner == "make test-interop" and all(find_spec(module) for module in UNNEEDED)
            return None if here else (name, runner)
    return None


def fail_under_ci(report: Any) -> None:
    """Turn a skip that nobody else makes up for into a failure."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        if known(reason := reason_of(report)) is None:
            report.outcome = "failed"
            report.longrepr = (
                f"skipped under CI: {reason}; install it in .ci/run, or name who runs it in tests/skips.py"
            )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[Any]:
    report = yield
    fail_under_ci(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[Any]:
    report = yield
    fail_under_ci(report)
    return report


def last_line(reports: list[Any]) -> str:
    """The skipped tests by reason, each with their number; a file that several workers skip counts once."""
    reasons = {report.nodeid: reason_of(report) for report in reports}
    counts = Counter(known(reason) or (reason, "") for reason in reasons.values())
    parts = [
        f"{count} for {name}{f' ({runner})' if runner else ''}" for (name, runner), count in sorted(counts.items())
    ]
    if missing := [name for name in UNNEEDED if find_spec(name) is None]:
        parts.append(f"examples of coupling.interop.{' and '.join(missing)} (make test-interop)")
    return f"skipped: {'; '.join(parts)}" if parts else "nothing skipped"


LINE = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    config.stash[LINE] = last_line(terminalreporter.stats.get("skipped", []))


def pytest_unconfigure(config: pytest.Config) -> None:
    """After everything that pytest says itself."""
    if line := config.stash.get(LINE, ""):
        print(line)
