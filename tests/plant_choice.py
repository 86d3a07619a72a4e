"""Which tests are run for a fault in a module: its own examples, then the test files, the nearest by imports first."""

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
def distances(module: str) -> dict[str, int]:
    """How many imports each module is away from one that uses it, itself included."""
    found, queue = {module: 0}, deque([module])
    while queue:
        here = queue.popleft()
        for name in modules():
            if name not in found and here in uses(name):
                found[name] = found[here] + 1
                queue.append(name)
    return found


def nearest(module: str) -> list[str]:
    """Test files by their distance, by how often they name what the module defines, by how little else they use."""
    defined = [n.name for n in tree(modules()[module]).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    names = re.compile(r"\b(" + "|".join([*map(re.escape, defined), re.escape(module)]) + r")\b")
    away, ranked = distances(module), []
    for file, targets in files_of_tests().items():
        distance = min((away[t] for t in targets if t in away), default=FARTHEST + 1)
        mentions = len(set(names.findall(file.read_text(encoding="utf-8"))))
        own = module.split(".")[-1] in file.stem
        if distance <= FARTHEST or mentions or own:
            close = sum(away.get(target, FARTHEST) < 2 for target in targets) / max(1, len(targets))
            ranked.append((distance - 2 * own - min(mentions, 2), -mentions, -close, str(file.relative_to(ROOT))))
    return [file for *_, file in sorted(ranked)]


def stages(module: str) -> list[list[str]]:
    """The tests of a module, first the near ones, then those farther away."""
    path = modules()[module]
    relative = str(path.relative_to(ROOT))
    users = [str(modules()[n].relative_to(ROOT)) for n, d in distances(module).items() if d == 1][:6]
    users = [user for user in users if ">>>" in (ROOT / user).read_text(encoding="utf-8")]
    proofs = [proofs_of(module)] if module.startswith("derivations.") else []
    own = [relative] if ">>>" in path.read_text(encoding="utf-8") else []
    files = nearest(module)
    circles = own + files[:FIRST], users + files[FIRST:SECOND], files[SECOND:]
    return [stage for stage in (*proofs, *circles) if stage] or [[f"tests/{file}" for file in WHOLE]]


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
