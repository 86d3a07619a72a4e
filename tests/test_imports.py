"""Imports go down, never round in circles, and `import coupling` is light."""

from __future__ import annotations

import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import import_module

import pytest

from tests.sources import ROOT, imports, inside, modules, unit, where

# The packages and the modules beside them, the lowest first: a module imports nothing of a later one, wherever in its
# code the import is.
ORDER = """
version threads floating_point conventions extras portable quoted integers memory names selection indexing irreps
programs kernels numba files exact families foreign sphere numbers manybody arrays tables lowrank products crosscheck
export plots backends atoms cli __main__
""".split()

# Files and what is kept in them, the lowest first: a module imports none that stands after it, wherever in its code the
# import is.  Builders and checks are named by the records of the kinds, as texts: `test_kinds_name_what_exists`.
STRICT = """
coupling.files
coupling.files.container
coupling.files.report
coupling.files.ownership
coupling.files.atomic
coupling.files.sources
coupling.files.cache
coupling.files.reader
coupling.files.catalogue
coupling.manybody.request
coupling.manybody.stored
coupling.manybody.reader
coupling.manybody.builder
coupling.manybody.check
coupling.tables.request
coupling.tables.request_file
coupling.tables.table
coupling.tables.reader
coupling.tables.core
coupling.tables.parts
coupling.tables.assembly
coupling.tables.builder
coupling.tables.check
coupling.tables
coupling.arrays.request
coupling.arrays.values
coupling.arrays.arrays
coupling.arrays.reader
coupling.arrays.fixed
coupling.arrays.harmonics
coupling.arrays.fourier
coupling.arrays.encoders
coupling.arrays.rotations
coupling.arrays.designs
coupling.arrays.grid
coupling.arrays.builder
coupling.arrays.check
coupling.arrays
coupling.lowrank.factors
coupling.lowrank.real_factors
coupling.lowrank.point_groups
coupling.lowrank.orbits
coupling.lowrank.cp_tensors
coupling.lowrank.objective
coupling.lowrank.fit
coupling.lowrank.stacks
coupling.lowrank.bounds
coupling.lowrank.path_weights
coupling.lowrank.invariants
coupling.lowrank.border
coupling.lowrank.bilinear
coupling.lowrank.linear_forms
coupling.lowrank.matrix_terms
coupling.lowrank.degree_one
coupling.lowrank.exact_sums
coupling.lowrank.every_weight
coupling.lowrank.even_cubes
coupling.lowrank.icosahedral_cubes
coupling.lowrank.constructed
coupling.lowrank.shifts
coupling.lowrank.entries
coupling.lowrank.problems
coupling.lowrank.siblings
coupling.lowrank.certificate
coupling.lowrank.decomposition
coupling.lowrank.continuation
coupling.lowrank.records
coupling.lowrank.verification
coupling.lowrank.store
coupling.lowrank.by_rank
coupling.lowrank.limits
coupling.lowrank.baseline
coupling.lowrank.evaluations
coupling.lowrank.joint
coupling.lowrank.joint_search
coupling.lowrank.methods
coupling.lowrank.free_weights
coupling.lowrank.free_refinement
coupling.lowrank.equivariant
coupling.lowrank.alternating
coupling.lowrank
coupling.cli.console
coupling.cli.study
coupling.cli.study_jobs
coupling.cli.study_page
""".split()

# Routes to the same numbers: they meet in tests, never in an import.
ROUTES = ("coupling.exact", "coupling.kernels", "coupling.sphere", "derivations")

# Kernels that know no coupling coefficient: the harmonics of vectors are compiled.
APART = ("coupling.kernels.lanes", "coupling.kernels.solid_harmonics")

# What `import coupling` must not cost.
HEAVY = ("click", "matplotlib", "mpmath", "numba", "scipy", "sympy", "tensorly")


def rank(name: str) -> int:
    own = unit(name).removeprefix("coupling.")
    if own not in ORDER:
        pytest.fail(f"{name} has no rank: give {own} one in ORDER")
    return ORDER.index(own)


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
            other = [route for route in ROUTES if inside(target, route) and not inside(target, *APART)]
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


def test_files_have_a_strict_order() -> None:
    """Modules of files, tables, arrays and lowrank have a place; imports, lazy ones too, go to earlier places only."""
    place, met = {name: number for number, name in enumerate(STRICT)}, 0
    packages = ("coupling.files", "coupling.tables", "coupling.arrays", "coupling.lowrank")
    assert {name for name in modules() if inside(name, *packages)} == {n for n in STRICT if inside(n, *packages)}
    for name in STRICT:
        for target, line in imports(name):
            if target in place and name not in ("coupling.tables", "coupling.arrays", "coupling.cli.study"):
                assert place[target] < place[name], f"{where(name, line)} imports {target}"
                met += 1
    assert met > 100


def test_no_circle_of_lazy_imports() -> None:
    """In the whole package, each import counted wherever it stands, also those for types alone."""
    graph = {name: {target for target, _ in imports(name)} - {name} for name in modules()}
    assert sorted(TopologicalSorter(graph).static_order()) == sorted(graph)  # CycleError names the circle


def test_kinds_name_what_exists() -> None:
    """Builders and checks are imported by their names in one place, ``Kind.call``."""
    from coupling.files import HOMES, kind_named

    for name in HOMES:
        kind = kind_named(name)
        assert kind is not None and kind.name == name and kind.version >= 1
        for text in filter(None, (kind.build, kind.check)):
            module, function = text.split(":")
            assert callable(getattr(import_module(module), function)) and module in modules()
    called = {name for name, path in modules().items() if "import_module(" in path.read_text(encoding="utf-8")}
    packages = ("coupling.files", "coupling.tables", "coupling.arrays")
    assert {n for n in called if inside(n, *packages)} == set(packages)  # and public names, when they are first used


#: What `coupling.tables.load` walks through for a shipped table: everything else is numbers, or their names.
WALK = {
    "coupling.files",
    "coupling.files.container",
    "coupling.files.reader",
    "coupling.tables.reader",
    "coupling.tables.request",
    "coupling.tables.table",
}


def test_load_walks_six_modules() -> None:
    """Besides the packages `coupling` and `coupling.tables`, which the call names, and what only counts or names."""
    program = "import sys, coupling.tables; coupling.tables.load('real-l4'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if inside(name, "coupling")}
    walked = {name for name in loaded if inside(name, "coupling.files", "coupling.tables")}
    assert walked - {"coupling.tables"} == WALK and len(WALK) == 6
    numbers = ("coupling.families", "coupling.conventions", "coupling.selection", "coupling.indexing",
               "coupling.integers", "coupling.floating_point", "coupling.names", "coupling.quoted", "coupling.memory",
               "coupling.portable", "coupling.numbers.sizes", "coupling.version")  # fmt: skip
    assert {n for n in loaded - walked if not inside(n, *numbers)} == {"coupling", "coupling.numbers"}
    assert not set(HEAVY) & set(done.stdout.split())


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
