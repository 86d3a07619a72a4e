"""``{inner-modules}``: what every module is for that has no page of its own; and references to what lies in them.

A reference to a name inside such a module is no link, but it must exist: otherwise the build warns.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

FOLDER = Path(__file__).resolve().parent.parent
DOCUMENTED = re.compile(r"^\.\. automodule:: (coupling[\w.]*)$", re.M)


def documented() -> set[str]:
    """Return the modules that a page of the reference describes."""
    return {name for page in FOLDER.glob("reference/**/*.md") for name in DOCUMENTED.findall(page.read_text("utf-8"))}


def inner_modules() -> list[str]:
    """Return the other modules of the package, sorted."""
    import coupling

    found = {module.name for module in pkgutil.walk_packages(coupling.__path__, "coupling.")}
    return sorted(found - documented() - {"coupling.__main__"})


class InnerModules(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        text = "\n\n".join(f".. automodule:: {name}\n   :no-members:\n   :no-index:" for name in inner_modules())
        headed = re.sub(r"^\.\. automodule:: (\S+)", r".. rubric:: \1\n\n.. automodule:: \1", text, flags=re.M)
        return self.parse_text_to_nodes(f"```{{eval-rst}}\n{headed}\n```")


def exists(target: str) -> bool:
    """Return whether a dotted name of the package can be imported.

    >>> exists("coupling.exact.surd.Surd.latex"), exists("coupling.exact.surd.Sword")
    (True, False)
    """
    parts = target.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for name in parts[length:]:
            thing = getattr(thing, name, None)
        return thing is not None
    return False


def missing_reference(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    target = node.get("reftarget", "")
    return contnode if target.startswith("coupling.") and exists(target) else None


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("inner-modules", InnerModules)
    app.connect("missing-reference", missing_reference)
    return {"parallel_read_safe": True}
