"""For all tests and examples: one seed for each, and none where a framework is not installed."""

import sys
from importlib.util import find_spec

import pytest

# Modules that need a framework that is not installed have no examples to run.
collect_ignore_glob = [f"coupling/backends/{name}/*" for name in ("e3nn", "jax", "torch") if find_spec(name) is None]
if find_spec("torch") is None:
    collect_ignore = ["coupling/atoms/derivatives.py"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=0, help="where torch's random numbers begin in every test [0]")


@pytest.fixture(autouse=True)
def seeded(request: pytest.FixtureRequest) -> None:
    """A test draws the same numbers of torch alone, among others, and in any order; numpy and JAX are given seeds."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(request.config.getoption("--seed"))
