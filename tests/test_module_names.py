"""Public names at the top of modules: a class has a name of its own in the whole package."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.sources import inside, modules, tree

#: Modules that name their classes on purpose as others do: `coupling.products` on the arrays of another framework.
BACKENDS = ("coupling.interop.arrays.constructors",)


def types_at_the_top(module: str) -> dict[str, ast.stmt]:
    """The classes of a module and its names of types, those without an underscore."""
    found: dict[str, ast.stmt] = {}
    for node in tree(modules()[module]).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            found |= {name: node for name in names if name[0].isupper() and not name.isupper()}
    return {name: node for name, node in found.items() if not name.startswith("_")}


def test_no_class_has_two_meanings() -> None:
    """Neither two classes have one name, nor a class and what another module calls a type."""
    places: dict[str, dict[str, ast.stmt]] = defaultdict(dict)
    for module in modules():
        if inside(module, "coupling") and module not in BACKENDS:
            for name, node in types_at_the_top(module).items():
                places[name][module] = node
    classes = {n: p for n, p in places.items() if any(isinstance(node, ast.ClassDef) for node in p.values())}
    several = {name: sorted(where) for name, where in classes.items() if len(where) > 1}
    assert not several and len(classes) > 130
    assert {"Block", "Bound", "Entries", "Form", "Plan", "Program"} <= set(classes)
