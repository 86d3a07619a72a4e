"""From a name or request to arrays."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from coupling.arrays.arrays import Arrays
from coupling.arrays.encoders import build_encoders
from coupling.arrays.fourier import build_fourier
from coupling.arrays.grid import build_grid
from coupling.arrays.metadata import describe
from coupling.arrays.normalizations import build_normalizations
from coupling.arrays.request import GRIDS, ArraysRequest, request_of
from coupling.floating_point import default_rounding
from coupling.quoted import quoted

BUILDERS = {
    **dict.fromkeys(GRIDS, build_grid),
    "fourier": build_fourier,
    "matrix": build_encoders,
    "normalization": build_normalizations,
}


@default_rounding()
def build_arrays(request: ArraysRequest | str) -> Arrays:
    """Return arrays, each number rounded once from its exact value; a request, or its name.

    Raises ValueError for a name or option that does not exist, ArithmeticError for a number that the type cannot hold.

    >>> build_arrays("fourier-l2-float32")
    Arrays('fourier-l2-float32': series [6, 3])
    """
    wanted = request_of(request) if isinstance(request, str) else request
    if wanted is None:
        raise ValueError(f"no arrays are called {quoted(request)}")
    made = BUILDERS[wanted.kind](wanted)
    arrays = {tensor.name: made[tensor.name] for tensor in wanted.tensors}
    return Arrays(wanted, MappingProxyType(describe(wanted)), MappingProxyType(arrays))


def shipped_names(folder: Path) -> list[str]:
    """Return the names of the arrays that are shipped, ``arrays.toml`` of a folder.

    >>> from coupling.tables.manifest import table_folder
    >>> "gauss_legendre-l4" in shipped_names(table_folder())
    True
    """
    import tomllib

    return [str(name) for name in tomllib.loads((folder / "arrays.toml").read_text(encoding="utf-8"))["names"]]
