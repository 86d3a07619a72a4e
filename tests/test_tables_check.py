"""The checks of a table: they pass on a good one, and each of them fails on what it is there to find."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from coupling.conventions import BASES, FAMILIES
from coupling.selection import orders, paths
from coupling.tables import Request, Table, build
from coupling.tables import check as check_module
from coupling.tables.check import check
from coupling.tables.reader import check_entries

NAMES = ["structure", "slices", "orthogonality", "permutations", "reversal", "reduced factors", "exact values"]


def failed(table: Table) -> set[str]:
    report = check(table)
    assert report.passed == all(c.passed for c in report.checks)
    return {c.name for c in report.checks if not c.passed}


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("parity", ["all", "even", "odd"])
@pytest.mark.parametrize("box", [(4, 4, 4), (2, 3, 5), (5, 2, 3), (3, 5, 2), (1, 1, 6)])
def test_good_tables_pass(box: tuple[int, int, int], parity: str, basis: str) -> None:
    report = build(Request(lmax=box, basis=basis, parity=parity)).check()
    assert report.passed, report
    assert [c.name for c in report.checks] == [name for name in NAMES if basis == "complex" or name != "reversal"]
    cases = {c.name: c.cases for c in report.checks}
    assert cases.pop("orthogonality") > 0 or parity != "all"
    assert all(cases.values()) or cases["permutations"] == 0


def changed(table: Table, **arrays: Any) -> Table:
    return replace(table, **arrays)


def core(table: Table, change: Callable[[np.ndarray], Any]) -> Table:
    values = table.core.copy()
    change(values)
    return changed(table, core=values)


def at(table: Table, *path: int) -> slice:
    position = table.index(*path)
    assert position is not None
    return slice(*table.offsets[position : position + 2].tolist())


def one_ulp(values: np.ndarray) -> None:
    values[100] = np.nextafter(values[100], 2)


def one_part_in_a_million(values: np.ndarray) -> None:
    values[100] *= 1 + 1e-6


@pytest.mark.parametrize("basis", BASES)
def test_one_unit_in_the_last_place_is_found(basis: str) -> None:
    table = build(Request(lmax=4, basis=basis))
    assert failed(core(table, one_ulp)) >= {"permutations"}
    assert failed(core(table, one_part_in_a_million)) >= {"slices", "orthogonality", "permutations"}
    met = 0
    for entry in range(at(table, 1, 2, 3).start, at(table, 1, 2, 3).stop):  # a path that stands for its class
        bad = core(table, lambda values, entry=entry: np.put(values, entry, np.nextafter(values[entry], 2)))
        assert failed(bad) >= {"permutations", "exact values"}
        met += 1
    assert met > 10


def test_a_sign_that_respects_all_identities_of_one_path_is_found() -> None:
    """All entries of one class of paths negated: norms, orthogonality and permutations hold, the sign is wrong."""
    table = build(Request(lmax=3))

    def negate(values: np.ndarray) -> None:
        for path in table.paths.tolist():
            if sorted(path) == [1, 2, 3]:
                values[at(table, *path)] *= -1

    assert failed(core(table, negate)) == {"exact values"}


@pytest.mark.parametrize(("box", "classes"), [((5, 2, 3), 7), ((3, 5, 2), 9), ((6, 1, 1), 1)])
def test_a_sign_is_found_where_the_sorted_path_lies_outside_the_table(box: tuple[int, int, int], classes: int) -> None:
    """Of such a class no member is sorted; each has a member that is compared with exact values all the same."""
    table = build(Request(lmax=box))
    members: dict[tuple[int, ...], list[list[int]]] = {}
    for path in table.paths.tolist():
        members.setdefault(tuple(sorted(path)), []).append(path)
    outside = [group for key, group in members.items() if list(key) not in group]

    for group in outside:

        def negate(values: np.ndarray, group: list[list[int]] = group) -> None:
            for path in group:
                values[at(table, *path)] *= -1

        assert "exact values" in failed(core(table, negate))
    assert len(outside) == classes


def test_a_wrong_sign_of_an_entry_is_found_by_orthogonality_alone() -> None:
    table = build(Request(lmax=3))

    def negate(values: np.ndarray) -> None:
        values[at(table, 1, 1, 2).start] *= -1

    assert failed(core(table, negate)) == {"orthogonality", "permutations", "exact values"}


def test_a_missing_entry_is_found() -> None:
    table = build(Request(lmax=3))
    keep = np.ones(len(table.core), bool)
    keep[at(table, 1, 2, 2).start] = False
    offsets = table.offsets.copy()
    offsets[table.index(1, 2, 2) + 1 :] -= 1  # type: ignore[operator]
    counts = {**table.metadata["counts"], "entries": len(table.core) - 1}
    counts["accidental_zeros"] += 1
    bad = changed(
        table,
        core=table.core[keep],
        orders=table.orders[keep],
        offsets=offsets,
        metadata={**table.metadata, "counts": counts},
    )
    assert failed(bad) >= {"slices", "permutations", "exact values"}
    assert failed(changed(bad, metadata=table.metadata)) == {"structure"}


@pytest.mark.parametrize("basis", BASES)
def test_a_reduced_factor_one_ulp_off_is_found(basis: str) -> None:
    table, met = build(Request(lmax=2, basis=basis)), 0
    for family, factors in table.factors.items():
        for path in range(len(table)):
            values = factors.copy()
            values[path] = np.nextafter(values[path], 9)
            bad = changed(table, factors={**table.factors, family: values})
            seen_on_load = family in ("wigner_3j", "clebsch_gordan") or factors[path] == 0
            assert failed(bad) == {"structure" if seen_on_load else "reduced factors"}
            met += 1
    assert met == 60


@pytest.mark.parametrize("basis", BASES)
def test_the_factors_of_another_family_are_seen_on_load(basis: str) -> None:
    """Of every family in place of every other, and with a sign or a size that is not its own."""
    table, met = build(Request(lmax=3, basis=basis, families=[*FAMILIES, "gradient_dot"])), 0
    for family, factors in table.factors.items():
        wrong = [values for name, values in table.factors.items() if name != family]
        wrong += [-factors, 2 * factors]
        for values in wrong:
            assert failed(changed(table, factors={**table.factors, family: values})) == {"structure"}
            met += 1
    assert met == 5 * 6


def test_reversal_is_found() -> None:
    table = build(Request(lmax=3, basis="complex"))

    def negate(values: np.ndarray) -> None:
        values[at(table, 1, 2, 3).start] *= -1

    assert "reversal" in failed(core(table, negate))


@pytest.mark.parametrize(
    ("name", "index", "value"),
    [("core", 3, np.nan), ("core", 3, 0.0), ("orders", 3, 100), ("offsets", 2, 0), ("paths", 0, 1)],
)
def test_structure_is_found(name: str, index: int, value: float) -> None:
    table = build(Request(lmax=2))
    array = getattr(table, name).copy()
    array[index] = value
    assert failed(changed(table, **{name: array})) == {"structure"}


def test_the_report_says_it_line_by_line() -> None:
    table = build(Request(lmax=3))
    good, bad = repr(check(table)), repr(check(core(table, one_ulp)))
    assert len(good.splitlines()) == 7 and all(line.startswith("  ok ") for line in good.splitlines()[1:])
    assert "  FAILED  permutations" in bad and "differ, the first at" in bad


def test_large_tables_are_compared_on_evenly_spaced_paths_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coupling.tables.check.EXACT_LIMIT", 1000)
    table = build(Request(lmax=6))
    part, whole = check(table).checks[-1], check(table, full=True).checks[-1]
    assert part.passed and whole.passed
    assert "on 13 of 50 paths" in part.detail and "of" not in whole.detail
    canonical = [path for path in paths(6) if list(path) == sorted(path)]
    assert 0 < part.cases < whole.cases == sum(len(list(orders(*path, "real"))) for path in canonical)


def test_checks_of_all_entries_need_memory_for_some_paths_only() -> None:
    """Degree 20 has 3.3 million entries, of 37 MB: what goes through all of them holds a part at a time."""
    table = build(Request(lmax=20))
    peaks = []
    for through in (lambda: check_entries("x", table), lambda: check_module._slices(table)):
        tracemalloc.start()
        through()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert len(table.core) > 3 * 10**6 and max(peaks) < 12 * 2**20, peaks
