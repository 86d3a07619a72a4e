"""How far every test is from a definition: the test names it, or names what names it, and so on, by the texts alone.

A node is a definition in a file: a function, a class, a method, a constant.  It points to every definition of a name in
its own module and in those that the module uses.  A class points to what its methods name, so a test that
makes an object is as near to each method as to the class.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.sources import ROOT, is_package, modules, tree

Node = tuple[str, str]  # file relative to the root, and name of the definition
FARTHEST = 6  # names between a test and a definition


def definitions(module: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Yield the names that a file defines, methods too, with the nodes of the syntax tree."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                yield from ((f"{node.name}.{m.name}", m) for m in node.body if isinstance(m, ast.FunctionDef))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((name.id, node) for t in targets for name in ast.walk(t) if isinstance(name, ast.Name))


def mentioned(node: ast.AST) -> set[str]:
    """The names and attributes in a definition, those of strings of a command line or of getattr too."""
    found = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.Constant(value=str(text)) if text.isidentifier():
                found.add(text)
    return found


def aliases(module: ast.Module) -> dict[str, str]:
    """The names under which a file imports others: ``from x import y as z`` gives z → y."""
    return {
        alias.asname: alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }


def files_used() -> Iterator[tuple[str, list[str]]]:
    """Yield every file of the package and the tests with those in which its names may be defined, itself first.

    Of a package that is used they are also those from which it has its own names.
    """
    from tests.plant_choice import LAST, used, uses

    tests = [path for path in (ROOT / "tests").glob("*.py") if path.name not in LAST]
    given = [(path, uses(name)) for name, path in modules().items()]
    given += [(path, frozenset(used(tree(path), ""))) for path in sorted(tests)]
    for path, targets in given:
        wide = {*targets}.union(*(uses(target) for target in targets if is_package(target)))
        helpers = {node.module for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)}
        others = [f"tests/{file.name}" for file in tests if f"tests.{file.stem}" in helpers]
        yield named(path), [named(path), *(named(modules()[name]) for name in sorted(wide)), *others]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def mentioned_by() -> dict[Node, frozenset[Node]]:
    """The definitions that name each definition: those of the package and of the tests."""
    used = dict(files_used())
    every = {file: [(name, mentioned(node)) for name, node in definitions(tree(ROOT / file))] for file in used}
    defined: dict[str, dict[str, list[str]]] = {}
    for file, inside in every.items():
        for name, _ in inside:
            defined.setdefault(file, {}).setdefault(name.split(".")[-1], []).append(name)
    found: dict[Node, set[Node]] = {}
    for file, near in used.items():
        other = aliases(tree(ROOT / file))
        for name, words in every[file]:
            for word in {other.get(word, word) for word in words}:
                for where in near:
                    for whole in defined.get(where, {}).get(word, ()):
                        found.setdefault((where, whole), set()).add((file, name))
    return {node: frozenset(users) for node, users in found.items()}


def distances_of(starts: Iterable[Node]) -> dict[Node, int]:
    """How many names each definition is away from those at the start."""
    found = dict.fromkeys(starts, 0)
    queue = deque(found)
    while queue:
        here = queue.popleft()
        if found[here] == FARTHEST:
            break
        for node in mentioned_by().get(here, ()):
            if node not in found:
                found[node] = found[here] + 1
                queue.append(node)
    return found


def around(file: str, line: int) -> list[Node]:
    """The definitions in which a line stands; all of a file where it stands in none."""
    every = [(name, node.lineno, node.end_lineno or 0) for name, node in definitions(tree(ROOT / file))]  # type: ignore[attr-defined]
    inner = [(file, name) for name, first, last in every if first <= line <= last]
    return inner or [(file, name) for name, *_ in every]


def near_tests(file: str, line: int) -> dict[str, int]:
    """Return of each test and example, without parameters, how far it is from a line of a file."""
    found = {}
    for (where, name), distance in distances_of(around(file, line)).items():
        if where.startswith("tests/test_") and name.startswith("test_"):
            found[f"{where}::{name}"] = distance
        elif not where.startswith("tests/"):
            module = where.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            found[f"{where}::{module}.{name}"] = distance
    return found
