"""Imports go down, never round in circles, and `import coupling` is light."""

from __future__ import annotations

import subprocess
import sys
from graphlib import TopologicalSorter

import pytest

from tests.sources import ROOT, imports, inside, modules, unit, where

# A module has the rank of its longest prefix here.  Imports never go up.
RANKS = {
    "coupling.version": 0,
    "coupling.conventions": 0,
    "coupling.memory": 0,
    "coupling.quoted": 0,
    "coupling.integers": 0,
    "coupling.names": 0,
    "coupling.portable": 0,
    "coupling.floating_point": 0,
    "coupling.selection": 1,
    "coupling.indexing": 1,
    "coupling.exact.rounding": 1,
    "coupling.exact.formatting": 1,
    "coupling.exact.surd": 1,
    "coupling.exact": 2,
    "coupling.programs": 2,
    "coupling.kernels": 2,
    "coupling.sphere": 3,
    "coupling.foreign": 3,
    "coupling.coefficients": 3,
    "coupling.normalizations": 3,
    "coupling.factors": 3,
    "coupling.spins": 3,
    "coupling.families": 3,
    "coupling.recurrences": 3,
    "coupling.plan": 3,
    "coupling.tabulation": 3,
    "coupling.files": 1,
    "coupling.tables": 3,
    "coupling.arrays": 3,
    "coupling.accuracy": 4,
    "coupling.products": 4,
    "coupling.lowrank": 4,
    "coupling.interop": 5,
    "coupling.plots": 5,
    "coupling.structures": 5,
    "coupling.cli": 6,
    "coupling.__main__": 7,
}

# Routes to the same numbers: they meet in tests, never in an import.
ROUTES = ("coupling.exact", "coupling.kernels", "coupling.sphere", "derivations")

# What `import coupling` must not cost.
HEAVY = ("click", "matplotlib", "mpmath", "numba", "scipy", "sympy", "tensorly")


def rank(name: str) -> int:
    prefixes = [p for p in RANKS if name == p or name.startswith(p + ".")]
    if not prefixes:
        pytest.fail(f"{name} has no rank: give it one in RANKS")
    return RANKS[max(prefixes, key=len)]


def test_imports_never_go_up() -> None:
    edges = [
        (name, target, line)
        for name in modules()
        if inside(name, "coupling") and name != "coupling"
        for target, line in imports(name)
        if inside(target, "coupling") and target != "coupling"
    ]
    upward = [f"{where(n, i)} imports {t}" for n, t, i in edges if rank(t) > rank(n)]
    assert not upward
    assert len(edges) > len(modules()) // 2


def test_nobody_imports_from_the_package_root() -> None:
    edges = [(name, target, line) for name in modules() for target, line in imports(name)]
    root = [where(name, line) for name, target, line in edges if target == "coupling"]
    assert not [place for place in root if not place.startswith("coupling/__init__.py:")]
    assert edges


def test_the_routes_to_a_number_are_independent() -> None:
    for name in modules():
        for target, line in imports(name):
            own = [route for route in ROUTES if inside(name, route)]
            other = [route for route in ROUTES if inside(target, route)]
            witness = own == ["derivations"] and other == ["coupling.exact"]
            assert not own or not other or own == other or witness, where(name, line)


def test_derivations_stand_apart() -> None:
    allowed = ("derivations", "coupling.conventions", "coupling.selection", "coupling.exact")
    files = ("coupling.files.atomic", "coupling.files.ownership")  # they know no number
    for name in modules():
        for target, line in imports(name):
            if inside(name, "derivations"):
                assert inside(target, *allowed, *files), f"{where(name, line)} imports {target}"
            elif inside(target, "derivations"):
                assert inside(name, "coupling.cli"), f"{where(name, line)} imports {target}"


def test_no_import_cycles() -> None:
    """Neither when modules are loaded, nor between subpackages at whatever depth of the code."""
    loading = {name: {target for target, _ in imports(name, top=True)} for name in modules()}
    units: dict[str, set[str]] = {}
    for name in modules():
        found = {unit(target) for target, _ in imports(name)} - {"coupling"}
        units.setdefault(unit(name), set()).update(found - {unit(name)})
    for graph in (loading, units):
        order = list(TopologicalSorter(graph).static_order())  # CycleError names the cycle
        assert sorted(order) == sorted(graph)


def test_import_coupling_is_light() -> None:
    program = (
        "import numpy, sys, time; start = time.perf_counter(); import coupling;"
        "print(time.perf_counter() - start, *sys.modules)"
    )
    seconds = []
    for _ in range(5):  # the least of several: the machine has other things to do as well
        run = [sys.executable, "-c", program]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
        elapsed, *loaded = done.stdout.split()
        seconds.append(float(elapsed))
        assert not set(HEAVY) & set(loaded)
    assert "coupling" in loaded
    assert min(seconds) < 0.1
