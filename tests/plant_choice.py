"""Which tests are run for a fault: the examples of its module, then the test files, the nearest first.

A file is near by the names between its tests and the line of the fault (:mod:`tests.plant_graph`), then by imports.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import coupling
from derivations.registry import IDS
from tests.sources import ROOT, absolute, imports, is_package, modules, tree

FIRST, SECOND = 3, 10  # test files in the inner circle, and in it and the next one
EXAMPLES = 6  # modules whose examples are run beside their users
FARTHEST = 3  # imports between a test and the module
#: These are about the project, or take minutes for everything; timing says nothing here.
LAST = (
    "test_benchmarks.py",
    "test_docs_run.py",
    "test_docs_site.py",
    "test_house.py",
    "test_imports.py",
    "test_package.py",
    "test_plant.py",
    "test_skips.py",
)
WHOLE = "test_package.py", "test_imports.py"  # for a module that no test imports, as __main__
FRAMEWORKS = re.compile(r"""(importorskip|find_spec)\(["'](torch|jax)\b|from tests\.frameworks import""")
TIMERS = {"perf_counter", "process_time", "monotonic", "timeit"}


def home(package: str, name: str) -> str:
    """The module in which `from package import name` ends: a submodule, or where the package has it from."""
    if f"{package}.{name}" in modules():
        return f"{package}.{name}"
    if package == "coupling":
        return coupling._HOME.get(name, package)
    for node in tree(modules()[package]).body if is_package(package) else ():
        if isinstance(node, ast.ImportFrom) and any((alias.asname or alias.name) == name for alias in node.names):
            target = absolute(package, node)
            return home(target, name) if target in modules() and target != package else package
    return package


def used(module: ast.Module, name: str) -> Iterator[str]:
    """The modules that a file uses by import, or as attributes of the package."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom):
            base = absolute(name, node) if name in modules() else node.module or ""
            yield from (home(base, alias.name) for alias in node.names if base in modules())
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "coupling":
            yield home("coupling", node.attr)


@cache
def uses(name: str) -> frozenset[str]:
    return frozenset({*used(tree(modules()[name]), name), *(t for t, _ in imports(name))} - {name, "coupling"})


@cache
def files_of_tests() -> dict[Path, frozenset[str]]:
    files = sorted((ROOT / "tests").glob("test_*.py"))
    return {file: frozenset(used(tree(file), "")) for file in files if file.name not in LAST}


@cache
def words_in(file: Path) -> frozenset[str]:
    """The words of a file, with dots between them and without."""
    found = re.findall(r"\w+(?:\.\w+)*", file.read_text(encoding="utf-8"))
    return frozenset({*found, *(word for dotted in found for word in dotted.split("."))})


@cache
def distances(module: str) -> dict[str, int]:
    """How many imports each module is away from one that uses it, itself included."""
    found, queue = {module: 0}, deque([module])
    while queue:
        here = queue.popleft()
        for name in used_by().get(here, ()):
            if name not in found:
                found[name] = found[here] + 1
                queue.append(name)
    return found


@cache
def used_by() -> dict[str, list[str]]:
    """The modules that use each module."""
    found: dict[str, list[str]] = {}
    for name in modules():
        for target in uses(name):
            found.setdefault(target, []).append(name)
    return found


def nearest(module: str, near: dict[str, int] | None = None) -> list[str]:
    """Test files by the names between their tests and a line, ``near``, of which more tests are better; then by their
    imports, by how often they name what the module defines, by how little else they use."""
    defined = {n.name for n in tree(modules()[module]).body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    away, ranked = distances(module), []
    between: dict[str, list[int]] = {}
    for test, distance in (near or {}).items():
        between.setdefault(test.split("::")[0], []).append(distance)
    for file, targets in files_of_tests().items():
        distance = min((away[t] for t in targets if t in away), default=FARTHEST + 1)
        mentions = len(words_in(file) & {*defined, module})
        own = module.split(".")[-1] in file.stem
        name = str(file.relative_to(ROOT))
        steps = between.get(name, [])
        if distance <= FARTHEST or mentions or own or steps:
            chance = sum(4.0**-step for step in steps)
            close = sum(away.get(target, FARTHEST) < 2 for target in targets) / max(1, len(targets))
            by_imports = distance - 2 * own - min(mentions, 2)
            ranked.append((-min(chance, 2), by_imports, -mentions, -close, name))
    return [file for *_, file in sorted(ranked)]


def stages(module: str, near: dict[str, int] | None = None) -> list[list[str]]:
    """The tests of a module, first the near ones, then those farther away; ``near`` by :func:`near_tests`."""
    path = modules()[module]
    relative = str(path.relative_to(ROOT))
    with_examples = [file for file, distance in examples(near or {}) if distance and file != relative]
    users = [str(modules()[n].relative_to(ROOT)) for n, d in distances(module).items() if d == 1]
    users = [user for user in dict.fromkeys([*with_examples, *users]) if ">>>" in (ROOT / user).read_text("utf-8")]
    proofs = [proofs_of(module)] if module.startswith("derivations.") else []
    own = [relative] if ">>>" in path.read_text(encoding="utf-8") else []
    files = nearest(module, near)
    circles = own + files[:FIRST], users[:EXAMPLES] + files[FIRST:SECOND], files[SECOND:]
    return [stage for stage in (*proofs, *circles) if stage] or [[f"tests/{file}" for file in WHOLE]]


def examples(near: dict[str, int]) -> list[tuple[str, int]]:
    """The files of the package whose examples may meet a line, with their distance, the nearest first."""
    found: dict[str, int] = {}
    for name, distance in near.items():
        file = name.split("::")[0]
        if not file.startswith("tests/"):
            found[file] = min(distance, found.get(file, distance))
    return sorted(found.items(), key=lambda entry: entry[1])


def with_frameworks(tests: list[str]) -> list[str]:
    """The files among tests that skip something where torch and JAX are missing."""
    return [test for test in tests if test.endswith(".py") and skips_without_frameworks(ROOT / test)]


@cache
def skips_without_frameworks(file: Path) -> bool:
    return FRAMEWORKS.search(file.read_text(encoding="utf-8")) is not None


def proofs_of(module: str) -> list[str]:
    """The derivations that use a module are verified, the nearest first."""
    near = [name.split(".")[-1] for name in distances(module) if name.startswith("derivations.")]
    which = " or ".join(f"holds[{name}]" for name in near if name in IDS)
    return ["tests/test_derivations.py", "-k", which] if which else []


@cache
def timed() -> list[str]:
    """The tests that measure time: other work on the machine makes them fail."""
    return [
        f"{file.relative_to(ROOT)}::{node.name}"
        for file in files_of_tests()
        for node in tree(file).body
        if isinstance(node, ast.FunctionDef) and any(word in ast.unparse(node) for word in TIMERS)
    ]


def framework(module: str) -> bool:
    """Whether a module needs torch or JAX, which the environment of `make test` has not."""
    names = {part for part in module.split(".") if part in ("torch", "jax", "triton")}
    return any(importlib.util.find_spec(name) is None for name in names)
