"""What is skipped is said in the last line, and under CI nothing is skipped that could be installed.

A reason in RUN_ELSEWHERE says which command runs the test after all, or why no machine of CI can.  With
``CI=true`` every other skip fails, and one that ``make test-interop`` is said to make up for and does not.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

INTEROP = "make test-interop"
UNNEEDED = ("torch", "jax")  # coupling.backends has a folder for each

#: pattern of a reason → how it is named in the last line, who runs it
RUN_ELSEWHERE = {
    r"slow: pass --runslow": ("slow", "make test ARGS=--runslow"),
    r"e3nn with the convention e3nn_0_4 is not": ("e3nn before 0.5", "no environment holds two versions"),
    r"fairchem-core with the convention fairchem is not": ("fairchem", "its requirements exclude those of others"),
    r"(could not import|needs) '?(torch|jax|triton)\b": ("torch, JAX, Triton", INTEROP),
    r"could not import '(cuda\.core|numba_cuda|nvidia\.cu13)\b|nvcc is not installed": ("compilers for CUDA", INTEROP),
    r"could not import '(onnxruntime|onnxscript)\b": ("ONNX", INTEROP),
    r"g\+\+ is not installed": ("a C++ compiler", "a machine that has g++"),
    r"not the environment of make test-systems": ("published systems", "make test-systems"),
    r"could not import '(mace|nequip)\b": ("MACE and NequIP", "make test-clients"),
    r"could not import '(e3nn\.o3|e3nn_jax|e3j\.ops\.coef|wignernj)\b": ("programs to compare with", INTEROP),
    r"with the convention .* is not installed|openequivariance is not": ("programs to compare with", INTEROP),
    r"there is no kill -9|XDG_CACHE_HOME moves the cache": ("other systems", "Linux"),
    r"this disk has no files with holes": ("sparse files", "another disk"),
}
if sys.version_info < (3, 12):
    RUN_ELSEWHERE = {r"'e3j\.ops|e3j with the": ("e3j", f"{INTEROP} with Python 3.12 or newer"), **RUN_ELSEWHERE}


def reason_of(report: Any) -> str:
    """The reason of a skipped test or file, as it was written."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return " ".join(text.removeprefix("Skipped: ").split())


def installed() -> bool:
    """Whether this is the environment of ``make test-interop``, in which nothing may be missing."""
    return all(find_spec(module) for module in UNNEEDED)


def known(reason: str) -> tuple[str, str] | None:
    """The name of a reason and who runs it, or None if nobody does."""
    for pattern, (name, runner) in RUN_ELSEWHERE.items():
        if re.search(pattern, reason):
            if runner == INTEROP and installed():
                return None
            return name, runner.replace("make test ", f"{INTEROP} ") if installed() else runner
    return None


@cache
def selection() -> tuple[list[str], str]:
    """The files and the expression of names in the Makefile by which ``make test-interop`` chooses."""
    text = (Path(__file__).resolve().parent.parent / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    files, words = (re.search(rf"^{name} := (.*)", text, re.M) for name in ("INTEROP", "INTEROP_TESTS"))
    assert files and words
    return files[1].split(), words[1]


def chosen(nodeid: str) -> bool:
    """Whether ``make test-interop`` runs a test; of a file skipped as a whole, whether it has it."""
    files, words = selection()
    if "::" not in nodeid:
        return nodeid in files
    bools = re.sub(r"\w+", lambda m: m[0] if m[0] in ("not", "and", "or") else str(m[0] in nodeid.lower()), words)
    return nodeid.startswith(tuple(files)) and bool(eval(bools))


def made_up_for(report: Any, reason: str) -> bool:
    """Whether another command runs what is skipped here."""
    found = known(reason)
    return found is not None and (found[1] != INTEROP or chosen(report.nodeid))


def fail_under_ci(report: Any) -> None:
    """Turn a skip that nobody else makes up for into a failure."""
    strict = os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail")
    if strict and not made_up_for(report, reason := reason_of(report)):
        report.outcome = "failed"
        report.longrepr = (
            f"skipped under CI: {reason}; install it in .ci/run, let make test-interop run it, "
            "or name who runs it in tests/skips.py"
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
        parts.append(f"examples of coupling.backends.{' and '.join(missing)} (make test-interop)")
    return f"skipped: {'; '.join(parts)}" if parts else "nothing skipped"


LINE = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    config.stash[LINE] = last_line(terminalreporter.stats.get("skipped", []))


def pytest_unconfigure(config: pytest.Config) -> None:
    """After everything that pytest says itself."""
    if line := config.stash.get(LINE, ""):
        print(line)
