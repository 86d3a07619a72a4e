"""Options and surroundings of the suite."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _numba_cache() -> Path:
    """A cache folder that changes with the kernels.

    numba compares the date of a compiled function's own file only: after an edit of a helper in
    another file it would go on serving the old machine code.
    """
    digest = hashlib.sha256()
    for source in sorted((ROOT / "coupling").rglob("*.py")):
        if "njit" in (text := source.read_text(encoding="utf-8")):
            digest.update(text.encode())
    return ROOT / "build" / "numba" / digest.hexdigest()[:12]


# numba and matplotlib read these when they are imported, here and in subprocesses.
os.environ["NUMBA_CACHE_DIR"] = str(_numba_cache())
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


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT
