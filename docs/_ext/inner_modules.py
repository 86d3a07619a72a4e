"""Nothing is left out of the reference: what has no page of its own is found here.

``{other-packages}`` describes every module with public names, ``__all__``, that no page of the reference asks for;
``{inner-modules}`` says what the modules without public names are for.  A reference to a name inside one of them is no
link, but the name must exist: otherwise the build warns.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent
PACKAGE = FOLDER.parent / "coupling"
ASKED_FOR = re.compile(r"^\.\. automodule:: (coupling[\w.]*)$", re.M)


def asked_for() -> set[str]:
    """Return the modules that a page of the reference describes."""
    return {name for page in FOLDER.glob("reference/**/*.md") for name in ASKED_FOR.findall(page.read_text("utf-8"))}


def left_out() -> dict[str, bool]:
    """Return the other modules of the package, sorted, and whether they have public names."""
    found = {}
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = "\n__all__ = [" in file.read_text(encoding="utf-8")
    return {name: found[name] for name in sorted(found.keys() - asked_for() - {"coupling.__main__"})}


def other_packages() -> str:
    """Return reStructuredText that describes every public name of the modules that are left out."""
    options = "   :members:\n   :imported-members:\n   :special-members: __call__"
    return "\n\n".join(f"{heading(name)}\n{options}" for name, public in left_out().items() if public)


def inner_modules() -> str:
    """Return reStructuredText with the docstring of every module that has no public names and is left out."""
    options = "   :no-members:\n   :no-index:"
    return "\n\n".join(f"{heading(name)}\n{options}" for name, public in left_out().items() if not public)


def heading(name: str) -> str:
    return f".. rubric:: {name}\n\n.. automodule:: {name}"


def exists(target: str) -> bool:
    """Return whether a dotted name of the package exists; a module that needs a program that is absent is read instead.

    >>> exists("coupling.exact.surd.Surd.latex"), exists("coupling.exact.surd.Sword")
    (True, False)
    >>> exists("coupling.backends.torch"), exists("coupling.backends.torches")
    (True, False)
    """
    parts = target.split(".")
    length = max((k for k in range(1, len(parts) + 1) if _file(parts[:k])), default=0)
    if not length:
        return False
    try:
        thing: Any = importlib.import_module(".".join(parts[:length]))
    except ImportError:
        text = _file(parts[:length]).read_text(encoding="utf-8")  # type: ignore[union-attr]
        return all(re.search(rf"^ *(?:def|class) {name}\b|^{name}\b", text, re.M) for name in parts[length:])
    for name in parts[length:]:
        thing = getattr(thing, name, None)
    return thing is not None


def _file(parts: list[str]) -> Path | None:
    path = PACKAGE.parent.joinpath(*parts)
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def missing_reference(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    target = node.get("reftarget", "")
    return contnode if target.startswith("coupling.") and exists(target) else None


def setup(app: Any) -> dict[str, bool]:
    from sphinx.util.docutils import SphinxDirective

    def directive(text: Any) -> type[SphinxDirective]:
        def run(self: SphinxDirective) -> list[Any]:
            return self.parse_text_to_nodes(f"```{{eval-rst}}\n{text()}\n```")

        return type("Directive", (SphinxDirective,), {"run": run})

    app.add_directive("other-packages", directive(other_packages))
    app.add_directive("inner-modules", directive(inner_modules))
    app.connect("missing-reference", missing_reference)
    return {"parallel_read_safe": True}
