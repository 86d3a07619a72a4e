"""The speed that the exact layer promises, measured by the code of benchmarks/exact_vs_sympy.py."""

from __future__ import annotations

import pytest

from benchmarks.exact_vs_sympy import all_up_to, canonical, compare, one_large, sample
from coupling.indexing import path_count
from tests import machine


def test_canonical_symbols_are_listed_once(lmax: int) -> None:
    """One of each pair ±m of the orders of a path, a third, sixth … of the paths by l1 >= l2 >= l3."""
    symbols = canonical(lmax)
    assert len(set(symbols)) == len(symbols)
    assert all(s[0] >= s[1] >= s[2] >= s[0] - s[1] and sum(s[3:]) == 0 for s in symbols)
    distinct = {s[:3] for s in symbols}
    orderings = sum({1: 1, 2: 3, 3: 6}[len(set(l))] for l in distinct)
    assert orderings == path_count(lmax, lmax, lmax)


@pytest.mark.parametrize(("seconds", "times"), [(0.2, 2.5), (0.01, 1.0)])
def test_limits_grow_on_a_slower_processor_alone(seconds: float, times: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_loop", lambda: seconds)
    assert machine.slowness() == times


@pytest.mark.slow
def test_all_canonical_symbols_to_lmax_20_within_5_seconds() -> None:
    count, seconds = all_up_to(20)
    assert count == 187814
    assert seconds < 5


@pytest.mark.slow
def test_one_symbol_near_degree_1000_within_20_milliseconds() -> None:
    assert one_large() < 0.020


@pytest.mark.slow
def test_a_hundred_times_sympy_on_the_same_list() -> None:
    """Canonical 3j symbols up to lmax 20, both sides in alternation, medians."""
    ours, theirs = compare(sample(20, 1000))
    assert theirs > 100 * ours
