"""Public reports about other programs, as scripts that end with status 0: what broke there does not break here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

CASES = sorted((Path(__file__).parent / "public_cases").glob("*.py"))
#: What a case needs that `make test` does not have; make test-interop runs it, by its name.
NEEDS = {"array_program_with_any_batch": "torch"}


def test_all_cases_are_here() -> None:
    assert len(CASES) == 9 and set(NEEDS) <= {path.stem for path in CASES}


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=f"frameworks-{p.stem}" if p.stem in NEEDS else p.stem) for p in CASES]
)
def test_the_script_of_a_public_report_ends_well(path: Path) -> None:
    if path.stem in NEEDS:
        pytest.importorskip(NEEDS[path.stem])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
