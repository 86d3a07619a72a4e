"""The modules of `coupling` and `derivations` as syntax trees, and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    files = [p for folder in ("coupling", "derivations") for p in (ROOT / folder).rglob("*.py")]
    return {module_name(path): path for path in sorted(files)}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def is_package(name: str) -> bool:
    return name in modules() and modules()[name].name == "__init__.py"


def absolute(name: str, node: ast.ImportFrom) -> str:
    """The module named by a from-import inside module `name`, relative dots resolved."""
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    base = parts[: len(parts) - node.level + is_package(name)]
    return ".".join(base + ([node.module] if node.module else []))


def imports(name: str, top: bool = False) -> Iterator[tuple[str, int]]:
    """Every module of the house that `name` imports, with the line: at any depth, or only at the top.

    `from package import x` counts as an import of the package, and of x where x is a module.
    """
    module = tree(modules()[name])
    for node in module.body if top else ast.walk(module):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = absolute(name, node)
            targets = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from ((target, node.lineno) for target in targets if target in modules())


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def unit(name: str) -> str:
    """`coupling.tables` of `coupling.tables.check`; `derivations` of all of its modules."""
    return ".".join(name.split(".")[: 2 if inside(name, "coupling") else 1])


def where(name: str, line: int) -> str:
    return f"{modules()[name].relative_to(ROOT)}:{line}"
