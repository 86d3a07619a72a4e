"""The command that measures a whole NequIP model: its figures are those of models that agree, of one run."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("nequip")
from benchmarks import nequip

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compilation takes minutes, and what is compiled is traced in tests/clients/test_nequip.py."""
    monkeypatch.setattr(nequip, "MODES", ("eager",))


@pytest.mark.parametrize("damaged", [False, True])
def test_the_model_that_differs_is_not_timed(damaged: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    own = nequip.models

    def models(preset: str, dtype: str) -> dict[str, Any]:
        found = own(preset, dtype)
        if damaged:
            next(p for p in found["accelerated"].parameters() if p.ndim == 1).mul_(1.001)
        return found

    monkeypatch.setattr(nequip, "models", models)
    lines, shares, edges = nequip.rows("S", 1)
    assert edges == 64 * 46 and len(lines) == 2 and len(shares) == 1
    assert "not timed" not in lines[0]
    assert ("not timed" in lines[1]) == ("not timed" in shares[0]) == damaged


def test_a_model_without_what_is_replaced_takes_less_time() -> None:
    """And each replaced module is missing: convolutions, products, linear layers."""
    found, given = nequip.models("S", "float32"), nequip.crystal()
    absent = [name for name, module in found["without"].named_modules() if isinstance(module, nequip.Absent)]
    assert {name.rpartition(".")[2] for name in absent} == {"tp_scatter", "sc", "linear_1", "linear_2", "mul"}
    assert nequip.results(found["without"], given)["forces"].shape == (64, 3)
    times = nequip.in_turn({name: lambda m=m: nequip.results(m, given) for name, m in found.items()}, 3)
    assert times["without"][0] < 0.8 * times["untouched"][0]
