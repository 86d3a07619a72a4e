"""Options and surroundings of the suite."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.skips import (  # noqa: F401  hooks
    pytest_make_collect_report,
    pytest_runtest_makereport,
    pytest_terminal_summary,
    pytest_unconfigure,
)

ROOT = Path(__file__).resolve().parent.parent


# Run in processes of their own by the tests that name them: simulator and interpreter are chosen at import.
collect_ignore = ["interpreted_triton.py", "public_cases", "simulated_cuda.py"]

# matplotlib reads it when it is imported, here and in subprocesses.
os.environ["MPLBACKEND"] = "Agg"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lmax", type=int, default=5, help="degree limit of the enumerations [5]")
    parser.addoption("--runslow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--runslow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow: pass --runslow"))


@pytest.fixture(scope="session")
def lmax(request: pytest.FixtureRequest) -> int:
    """The degree up to which enumerating tests go (`--lmax`)."""
    return int(request.config.getoption("--lmax"))


@pytest.fixture
def shipped_sources(monkeypatch: pytest.MonkeyPatch) -> str:
    """The digest of the sources that the shipped files were built by takes the place of that of these sources.

    So a rebuild gives the same bytes, if it gives the same numbers.
    """
    from coupling.tables import load

    digest: str = load(ROOT / "tables" / "data" / "real-l4.safetensors").metadata["builder"]
    monkeypatch.setattr("coupling.files.sources.builder_digest", lambda: digest)
    return digest


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT
