"""Tables of coupling coefficients: request, build, check, save, load.

The loader knows nothing of the builder: a name is imported when it is first used, so that ``load`` costs numpy only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coupling.files import TableError
    from coupling.tables.builder import build, build_shard, merge
    from coupling.tables.reader import load
    from coupling.tables.request import Request
    from coupling.tables.request_file import read_request
    from coupling.tables.table import Table

#: public name → the module that defines it
_HOME = {
    "Request": "coupling.tables.request",
    "Table": "coupling.tables.table",
    "TableError": "coupling.files",
    "build": "coupling.tables.builder",
    "build_shard": "coupling.tables.builder",
    "load": "coupling.tables.reader",
    "merge": "coupling.tables.builder",
    "read_request": "coupling.tables.request_file",
}

__all__ = ["Request", "Table", "TableError", "build", "build_shard", "load", "merge", "read_request"]


if not TYPE_CHECKING:  # to a type checker a name that is not above does not exist

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module 'coupling.tables' has no attribute {name!r}")
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return list(__all__)
