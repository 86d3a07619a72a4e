"""Arrays that go with the tables: grids, transforms, encoders of the matrix product, normalizations.

Names such as "gauss_legendre-l8" and "matrix-l4-float32" stand for requests; :mod:`coupling.arrays.request` lists them.
The reader knows nothing of the builder: a name is imported when it is first used, so that loading costs numpy only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coupling.arrays.arrays import Arrays
    from coupling.arrays.builder import build_arrays
    from coupling.arrays.reader import load_arrays
    from coupling.arrays.request import ArraysRequest

#: public name → the module that defines it
_HOME = {"Arrays": "arrays", "ArraysRequest": "request", "build_arrays": "builder", "load_arrays": "reader"}

__all__ = ["Arrays", "ArraysRequest", "build_arrays", "load_arrays"]


if not TYPE_CHECKING:  # to a type checker a name that is not above does not exist

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module 'coupling.arrays' has no attribute {name!r}")
        value = getattr(import_module(f"coupling.arrays.{_HOME[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return list(__all__)
