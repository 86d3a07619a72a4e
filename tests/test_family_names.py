"""No module asks for the name of a family: only its own file, the conventions and the examples of the command line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from coupling.families import names
from tests.sources import ROOT, inside, modules, tree, where

#: Names of families as constants; they may be passed on, never compared.
CONSTANTS = {"CORE", "CLEBSCH_GORDAN", "GAUNT", "ANTISYMMETRIC_GAUNT"}

#: Modules with prose on functions of other programs, some of which are called as our families are.
PROSE = ("coupling.foreign.named", "coupling.crosscheck.page")

#: Compared all the same: whether an option has its default, which a file name or a refusal then leaves out.
DEFAULTS = {"coupling.cli.export": 2}


def docstrings(module: ast.Module) -> set[int]:
    """The ids of the nodes of all docstrings, which are prose and examples."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


def python_names(module: ast.Module) -> set[int]:
    """The ids of the strings that name Python objects: ``__all__``, and the table of lazy names of the package."""
    found = set()
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(t, ast.Name) and t.id in ("__all__", "_HOME") for t in targets):
            found |= {id(part) for part in ast.walk(node)}
    return found


def examples(name: str, module: ast.Module) -> set[int]:
    """The ids of the epilogs of commands, which list examples."""
    calls = (node for node in ast.walk(module) if isinstance(node, ast.Call) and inside(name, "coupling.cli"))
    return {id(keyword.value) for call in calls for keyword in call.keywords if keyword.arg == "epilog"}


def strings(name: str, module: ast.Module) -> Iterator[tuple[str, int]]:
    """Every string of a module, those between the braces of f-strings included, with its line."""
    left_out = docstrings(module) | python_names(module) | examples(name, module)
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.value, node.lineno


def named(text: str) -> bool:
    """Whether a text has the name of a family in it, as a word or a part of an identifier."""
    return any(re.search(rf"(?<![a-z0-9]){name}(?![a-z0-9])", text) for name in names())


def test_no_string_names_a_family() -> None:
    met, own = 0, {f"coupling.families.{name}" for name in names()}
    for name, path in modules().items():
        if inside(name, "coupling") and name not in own and name != "coupling.conventions":
            for text, line in strings(name, tree(path)):
                prose = name in PROSE and " " in text
                assert prose or not named(text), f"{where(name, line)}: {text!r}"
                met += 1
    assert met > 3000


def test_no_name_of_a_family_is_compared() -> None:
    compared: dict[str, int] = {}
    for name, path in modules().items():
        for node in ast.walk(tree(path)) if inside(name, "coupling") else ():
            sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            if isinstance(node, ast.Match):
                sides = [node.subject]
            if any(isinstance(side, ast.Name) and side.id in CONSTANTS for side in sides) and not kernel(name):
                compared[name] = compared.get(name, 0) + 1
    assert compared == DEFAULTS


def kernel(name: str) -> bool:
    """Whether GAUNT and the others are numbers of kernels in a module, not names."""
    interop = ("coupling.backends.array_api.grid", "coupling.backends.bound", "coupling.backends.cuda.sphere")
    return inside(name, "coupling.kernels", "coupling.products", *interop)


@pytest.mark.parametrize(
    "line", ['x = f == "gaunt"', 'x = {"clebsch_gordan": 1}', 'x = f"reduced_gaunt {y}"', 'def f(x="wigner_3j"): ...']
)
def test_the_scan_finds_a_name(line: str) -> None:
    assert any(named(text) for text, _ in strings("coupling.new", ast.parse(line)))


def test_the_scan_leaves_prose_and_python_names_alone() -> None:
    text = '"""Docstring: gaunt."""\n__all__ = ["gaunt"]\n\ndef f():\n    """gaunt"""\n'
    assert not any(named(text) for text, _ in strings("coupling.new", ast.parse(text)))
    assert not named("Gaunt product") and not named("gauntlet") and (ROOT / Path("coupling")).is_dir()
