"""Targets of the Makefile that choose tests."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.sources import ROOT


def chosen() -> list[str]:
    """The files and folders of ``make test-quick``."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (line,) = re.findall(r"^QUICK := (.*)", text, re.M)
    return line.split()


def test_the_quick_tests_are_there_and_hold_the_core() -> None:
    """Exact numbers, families, tabulation, what others read, and the order of imports; no file twice."""
    files = chosen()
    assert all((ROOT / file).exists() for file in files) and len(files) == len(set(files))
    assert {"coupling/exact", "coupling/families", "coupling/kernels", "coupling/numbers/tabulation.py"} <= set(files)
    subjects = ("exact_3j", "surd", "coefficients", "families", "tables_values", "export", "sphere", "imports")
    assert {f"tests/test_{subject}.py" for subject in subjects} <= set(files)


def test_make_runs_them_with_the_options_of_the_user() -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    command = ["make", "--no-print-directory", "--dry-run", "--always-make", "test-quick", "ARGS=-k gaunt", "WORKERS=3"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    assert printed.startswith(".venv/bin/python -m pytest -q -n 3 ") and printed.endswith(" -k gaunt")
    assert [word for word in printed.split() if "/" in word][1:] == chosen()


def test_contributors_are_told() -> None:
    assert re.search(r"^make test-quick\b", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M)
